/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/kept-store.h"

G_BEGIN_DECLS

/* Folders of files, each for a last byte of the index: the first bytes are much the same in
 * all that one node keeps. */
#define BYTESTAG_KEPT_FOLDERS 256
#define BYTESTAG_KEPT_FOLDER_NAME_SIZE 3
/* "KEY-INDEX" in hex. */
#define BYTESTAG_KEPT_FILE_NAME_SIZE (2 * 2 * BYTESTAG_KEY_SIZE + 2)

struct _BytestagKeptStore
{
  char *folder;
  char *path; /* of the database */
  int top;    /* descriptors of the folder, and of that of the files; -1: not open */
  int values;
  gboolean has_reserve;
  BytestagDatabase *database;
  gboolean is_read_only;

  /* Where loading stands: whatever types hostile rows have. */
  sqlite3_value *last_key;
  sqlite3_value *last_index;
  guint n_loaded;
};

/* What is done with the files of a folder: those that are not known go, all go, or those
 * that are values are taken up. */
typedef enum {
  BYTESTAG_SWEEP_UNKNOWN,
  BYTESTAG_SWEEP_ALL,
  BYTESTAG_SWEEP_TAKE_UP,
} BytestagSweep;

void     bytestag_kept_store_get_folder_name (const BytestagKey       *index,
                                              char                    *name);
void     bytestag_kept_store_get_file_name (const BytestagKvpId       *id,
                                              char                    *name);
/* Whether @name is one that _get_file_name() writes, in the folder of @step. */
gboolean bytestag_kept_store_parse_file_name (const char              *name,
                                              guint                    step,
                                              BytestagKvpId           *id);
/* Whether the value is a file, and no row. */
gboolean bytestag_kept_store_is_file       (const BytestagKvpRecord   *record);
/* A descriptor of a folder of files, or -1 where there is none. */
int      bytestag_kept_store_open_folder   (BytestagKeptStore         *self,
                                              guint                    step);
void     bytestag_kept_store_bind_id       (sqlite3_stmt              *statement,
                                              const BytestagKvpId     *id);
/* Steps a statement that gives no row, or at most one that does not matter. */
gboolean bytestag_kept_store_run           (BytestagKeptStore         *self,
                                              sqlite3_stmt            *statement,
                                              GError                 **error);
gboolean bytestag_kept_store_insert_record (BytestagKeptStore         *self,
                                              const BytestagKvpRecord *record,
                                              GError                 **error);
/* FALSE, with an error. */
gboolean bytestag_kept_store_fail_closed   (GError                   **error);
void     bytestag_kept_store_sweep_folder  (BytestagKeptStore         *self,
                                              guint                    step,
                                              BytestagSweep            sweep);

G_END_DECLS
