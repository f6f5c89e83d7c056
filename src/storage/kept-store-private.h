/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/kept-store.h"

G_BEGIN_DECLS

/* A file is named by a number that no other had before, and lies in a folder with those
 * that came with it, so that one sync of the folder does for all of them. Its name tells
 * the id too, for when its record is lost: "NUMBER-KEY-INDEX" in hex. */
#define BYTESTAG_KEPT_FOLDER_NAME_SIZE 9
#define BYTESTAG_KEPT_FILE_NAME_SIZE (10 + 2 * (2 * BYTESTAG_KEY_SIZE + 1) + 1)
#define BYTESTAG_KEPT_MAX_FILE ((G_GINT64_CONSTANT (1) << 40) - 1)

struct _BytestagKeptStore
{
  char *folder;
  char *path; /* of the database */
  int top;    /* descriptors of the folder, and of that of the files; -1: not open */
  int values;
  gboolean has_reserve;
  BytestagDatabase *database;
  gboolean is_read_only;
  gint64 next_file;

  /* Where loading stands: whatever types hostile rows have. */
  sqlite3_value *last_key;
  sqlite3_value *last_index;
  guint n_loaded;
  guint n_rows; /* read for that */
  GPtrArray *unswept; /* (element-type utf8) (nullable) folders */
};

/* What is done with the files of a folder: those that are not known go, or those that are
 * values are taken up. */
typedef enum {
  BYTESTAG_SWEEP_UNKNOWN,
  BYTESTAG_SWEEP_TAKE_UP,
} BytestagSweep;

void     bytestag_kept_store_get_folder_name (gint64                   file,
                                              char                    *name);
void     bytestag_kept_store_get_file_name (gint64                     file,
                                              const BytestagKvpId     *id,
                                              char                    *name);
/* Whether @name is one that _get_file_name() writes, in the folder called @folder. */
gboolean bytestag_kept_store_parse_file_name (const char              *name,
                                              const char              *folder,
                                              gint64                  *file,
                                              BytestagKvpId           *id);
/* Whether the value is a file, and no row. */
gboolean bytestag_kept_store_is_file       (const BytestagKvpRecord   *record);
void     bytestag_kept_store_bind_id       (sqlite3_stmt              *statement,
                                              const BytestagKvpId     *id);
/* Steps a statement that gives no row, or at most one that does not matter. */
gboolean bytestag_kept_store_run           (BytestagKeptStore         *self,
                                              sqlite3_stmt            *statement,
                                              GError                 **error);
gboolean bytestag_kept_store_insert_record (BytestagKeptStore         *self,
                                              const BytestagKvpRecord *record,
                                              gint64                   file,
                                              GError                 **error);
/* Makes them where there are none. */
gboolean bytestag_kept_store_open_folders  (BytestagKeptStore         *self,
                                              GError                 **error);
void     bytestag_kept_store_drop_reserve  (BytestagKeptStore         *self);
/* FALSE, with an error. */
gboolean bytestag_kept_store_fail_closed   (GError                   **error);
/* Does so to all files of the folder called @name. */
void     bytestag_kept_store_sweep_folder  (BytestagKeptStore         *self,
                                              const char              *name,
                                              BytestagSweep            sweep);
/* To those of all folders. */
void     bytestag_kept_store_sweep_all     (BytestagKeptStore         *self,
                                              BytestagSweep            sweep);

G_END_DECLS
