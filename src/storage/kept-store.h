/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"
#include "storage/database.h"

G_BEGIN_DECLS

/* What is kept for others, on the disk: FOLDER/kept.db holds the records, and the values of
 * up to BYTESTAG_LIMIT_VALUE_IN_ROW bytes; larger ones are files below FOLDER/values,
 * BYTESTAG_LIMIT_FILES_OF_FOLDER in a folder. For
 * the disk worker: every call may block. Not a GObject. */
typedef struct _BytestagKeptStore BytestagKeptStore;

typedef enum {
  BYTESTAG_KEPT_WRITE,  /* a value that is not there */
  BYTESTAG_KEPT_UPDATE, /* a new record; size and a known source stay */
  BYTESTAG_KEPT_REMOVE,
} BytestagKeptChangeKind;

typedef struct
{
  BytestagKeptChangeKind kind;
  BytestagKvpRecord record;
  GBytes *value; /* of a write */
  BytestagKvpWriteFunc done; /* of whoever made it, for when it is on the disk; nullable */
  gpointer user_data;
} BytestagKeptChange;

/* Opens nothing yet. */
BytestagKeptStore *bytestag_kept_store_new        (const char              *folder);
/* Closes it. */
void               bytestag_kept_store_free       (BytestagKeptStore       *self);
/* Makes the folders and the database where there are none. @set_aside: as
 * bytestag_database_open(); what the values' own names tell is then taken up again, for a
 * day. What is NEWER is read only. */
gboolean           bytestag_kept_store_open       (BytestagKeptStore       *self,
                                                   BytestagDatabaseOpening *opening,
                                                   char                   **set_aside,
                                                   GError                 **error);
void               bytestag_kept_store_close      (BytestagKeptStore       *self);

/* The next records (element-type BytestagKvpRecord), at most BYTESTAG_LIMIT_LOADED_BATCH,
 * from the first on after _open(); *@more FALSE: there are none behind them. *@n_bad grows by
 * what cannot be right, or has no value, and is removed; *@n_unreadable by what cannot be
 * looked at now, and stays. */
gboolean           bytestag_kept_store_load       (BytestagKeptStore       *self,
                                                   GArray                  *records,
                                                   guint                   *n_bad,
                                                   guint                   *n_unreadable,
                                                   gboolean                *more,
                                                   GError                 **error);
/* Removes files that no record names, of one folder after the other. FALSE: all are done. */
gboolean           bytestag_kept_store_sweep      (BytestagKeptStore       *self);

/* Makes @changes (element-type BytestagKeptChange), in order: they are on the disk when
 * this returns TRUE, and none is known when it returns FALSE. Before the first value of all
 * a reserve is made, of BYTESTAG_LIMIT_RESERVE bytes. */
gboolean           bytestag_kept_store_apply      (BytestagKeptStore       *self,
                                                   const GArray            *changes,
                                                   GError                 **error);
/* The same on a full disk, where even to note what is removed takes room: that of the
 * reserve. @has_room: (out): whether there is a reserve again, and room for a value. */
gboolean           bytestag_kept_store_retry      (BytestagKeptStore       *self,
                                                   const GArray            *changes,
                                                   gboolean                *has_room,
                                                   GError                 **error);
/* (transfer full) (nullable): NULL on error, BYTESTAG_ERROR_WRONG_DATA where it is not
 * there, or is not what its index says. */
GBytes            *bytestag_kept_store_read       (BytestagKeptStore       *self,
                                                   const BytestagKvpRecord *record,
                                                   GError                 **error);
/* Gives back some of the space of what was removed; *@more: there is some left. */
gboolean           bytestag_kept_store_shrink     (BytestagKeptStore       *self,
                                                   gboolean                *more,
                                                   GError                 **error);
/* Deletes all, also what is damaged, and opens it anew. When this returns TRUE, nothing of
 * it comes back, but the files are only set aside, which takes no longer for many:
 * bytestag_kept_store_clear() unlinks them. After FALSE there may be some too. */
gboolean           bytestag_kept_store_delete_all (BytestagKeptStore       *self,
                                                   GError                 **error);
/* Unlinks up to BYTESTAG_LIMIT_CLEARED_FILES of the files that were set aside, also before
 * the last start; whether it is open or not. FALSE: no more can be. */
gboolean           bytestag_kept_store_clear      (BytestagKeptStore       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKeptStore, bytestag_kept_store_free)

G_END_DECLS
