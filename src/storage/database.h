/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* One SQLite file and our only connection to it: write-ahead log, synced at each commit,
 * locked by this process alone. For the disk worker: every call may block. Not a GObject.
 *
 * Errors are G_IO_ERROR_NO_SPACE where the disk is full, BYTESTAG_ERROR_BUSY where another
 * process has the file, BYTESTAG_ERROR_INVALID where it is damaged, else
 * BYTESTAG_ERROR_FAILED; each a sentence for a person. */
typedef struct _BytestagDatabase BytestagDatabase;

/**
 * BytestagDatabaseOpening:
 * @BYTESTAG_DATABASE_CREATED: there was none, or an empty one
 * @BYTESTAG_DATABASE_OPENED: it was there, and was brought to the newest version
 * @BYTESTAG_DATABASE_REBUILT: the one that was there is damaged and was set aside; this one
 *   is new
 * @BYTESTAG_DATABASE_NEWER: made by a newer version, or by another program: it can be read
 *   only, and nothing of it was changed
 */
typedef enum {
  BYTESTAG_DATABASE_CREATED,
  BYTESTAG_DATABASE_OPENED,
  BYTESTAG_DATABASE_REBUILT,
  BYTESTAG_DATABASE_NEWER,
} BytestagDatabaseOpening;

/* Opens the file at @path, makes it (mode 0600) where there is none, and checks it. Its
 * folder must exist; the file itself may not be a link. @path (nullable): NULL is one in
 * memory, which goes when it is closed. @migrations (array
 * zero-terminated): SQL that makes version i + 1 (PRAGMA user_version) of version i, each
 * run in a transaction of its own; kept by the caller only during the call.
 * @set_aside: (out) (nullable) (transfer full): where the damaged one is now, with the
 * -wal file that belongs to it; NULL unless REBUILT. What is damaged is named after the
 * time of its last change, and overwrites nothing. That the disk fails or is full is an
 * error, and says nothing about the file. (transfer full) (nullable): NULL on error. */
BytestagDatabase *bytestag_database_open       (const char               *path,
                                                guint32                   application_id,
                                                const char * const       *migrations,
                                                BytestagDatabaseOpening  *opening,
                                                char                    **set_aside,
                                                GError                  **error);
/* Rolls back what was begun. */
void              bytestag_database_close      (BytestagDatabase         *self);
/* (transfer none) */
sqlite3          *bytestag_database_get_handle (BytestagDatabase         *self);
/* (transfer none) (nullable) a statement, reset and without bindings. It is made once for
 * each pointer @sql, a constant that outlives @self; so there is one user at a time. */
sqlite3_stmt     *bytestag_database_prepare    (BytestagDatabase         *self,
                                                const char               *sql,
                                                GError                  **error);
/* Steps @statement; @row: (out) (optional): whether there is a row. FALSE: error, and the
 * statement is reset, as it also is at its end. */
gboolean          bytestag_database_step       (BytestagDatabase         *self,
                                                sqlite3_stmt             *statement,
                                                gboolean                 *row,
                                                GError                  **error);
/* Runs statements that give no rows, or none that matter. */
gboolean          bytestag_database_execute    (BytestagDatabase         *self,
                                                const char               *sql,
                                                GError                  **error);
/* @value: (out): the one number that @sql gives. */
gboolean          bytestag_database_get_number (BytestagDatabase         *self,
                                                const char               *sql,
                                                gint64                   *value,
                                                GError                  **error);
gboolean          bytestag_database_begin      (BytestagDatabase         *self,
                                                GError                  **error);
/* TRUE: what was written since _begin() is on the disk. FALSE: nothing of it is. */
gboolean          bytestag_database_commit     (BytestagDatabase         *self,
                                                GError                  **error);
/* Does nothing outside a transaction: SQLite ends one itself after some errors. */
void              bytestag_database_rollback   (BytestagDatabase         *self);
/* Gives up to @n_pages free pages (4 KiB) back to the disk; @more: (out): whether some are
 * left. Outside a transaction. */
gboolean          bytestag_database_shrink     (BytestagDatabase         *self,
                                                guint                     n_pages,
                                                gboolean                 *more,
                                                GError                  **error);
/* Brings the log into the file, and makes the log empty. Outside a transaction. */
gboolean          bytestag_database_checkpoint (BytestagDatabase         *self,
                                                GError                  **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagDatabase, bytestag_database_close)

G_END_DECLS
