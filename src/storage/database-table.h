/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DATABASE_TABLE (bytestag_database_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDatabaseTable, bytestag_database_table, BYTESTAG, DATABASE_TABLE, GObject)

/**
 * BytestagDatabaseTableState:
 * @BYTESTAG_DATABASE_TABLE_LOADING: what is on the disk is still read
 * @BYTESTAG_DATABASE_TABLE_READY: it keeps values
 * @BYTESTAG_DATABASE_TABLE_NO_SPACE: the disk is full: what is kept is served, no more is
 *   taken; it goes on by itself when there is room
 * @BYTESTAG_DATABASE_TABLE_READ_ONLY: it was written by a newer version, and is served
 * @BYTESTAG_DATABASE_TABLE_FAILED: the disk cannot be read or written
 */
typedef enum {
  BYTESTAG_DATABASE_TABLE_LOADING,
  BYTESTAG_DATABASE_TABLE_READY,
  BYTESTAG_DATABASE_TABLE_NO_SPACE,
  BYTESTAG_DATABASE_TABLE_READ_ONLY,
  BYTESTAG_DATABASE_TABLE_FAILED,
} BytestagDatabaseTableState;

#define BYTESTAG_TYPE_DATABASE_TABLE_STATE (bytestag_database_table_state_get_type ())
GType                      bytestag_database_table_state_get_type (void) G_GNUC_CONST;

/* @error: (nullable): NULL when nothing is kept any more. */
typedef void (*BytestagDatabaseTableFunc) (const GError *error, gpointer user_data);

/* Values that are kept for others on the disk (seed: DatabaseKVPTable). What is held is
 * answered from memory; a value is held, and its write completes, when it is synced, which
 * is done for groups of them (BYTESTAG_LIMIT_GROUP_COMMIT_US). Makes room, refuses and has
 * quotas as BytestagMemoryTable, within "max-bytes". Whoever changes a record by update()
 * is not told when it is on the disk: in the next group.
 *
 * Properties, notified: "state"; "max-bytes" (uint64, writable): 0, as at first, keeps
 * nothing; what is above it goes in slices, of the source with the most bytes first, and of
 * that what is farthest from the center; "n-values" (uint), "n-bytes" (uint64): of those on
 * their way to the disk too; "n-damaged" (uint): values that were not what they should be
 * when they were loaded or read, and so were dropped; "n-unreadable" (uint): that could not be
 * looked at when they were loaded, and are held all the same; "problem" (string, nullable): what a
 * person should know; "clearing" (boolean): files of values that were deleted all at once
 * are still unlinked, so that more of the disk is taken than "n-bytes" says. */
/* @folder is made when there is none; @disk runs one job at a time. Takes references. */
BytestagDatabaseTable     *bytestag_database_table_new (const char            *folder,
                                                        BytestagWorker        *disk,
                                                        BytestagReactor       *reactor);
/* Opens and reads what is there. After "max-bytes" and the center were set: what is above
 * the limit goes. */
void                       bytestag_database_table_load (BytestagDatabaseTable *self);
BytestagDatabaseTableState bytestag_database_table_get_state (BytestagDatabaseTable *self);
guint64                    bytestag_database_table_get_max_bytes (BytestagDatabaseTable *self);
void                       bytestag_database_table_set_max_bytes (BytestagDatabaseTable *self,
                                                        guint64                max_bytes);
guint                      bytestag_database_table_get_n_values (BytestagDatabaseTable *self);
guint64                    bytestag_database_table_get_n_bytes (BytestagDatabaseTable *self);
guint                      bytestag_database_table_get_n_damaged (BytestagDatabaseTable *self);
/* (transfer none) (nullable) */
const char                *bytestag_database_table_get_problem (BytestagDatabaseTable *self);
gboolean                   bytestag_database_table_is_clearing (BytestagDatabaseTable *self);
/* Deletes everything that is kept for others, a damaged database too; at once nothing of it
 * is held any more. @done (nullable) is called when nothing of it comes back, whatever
 * happens, and its space is the disk's again; but on a disk that is too slow or too busy for
 * that, and when the table is closed, without the latter: "clearing" is TRUE then, until it
 * is, also after the next start (BYTESTAG_LIMIT_CLEARING_US). Values are kept again before
 * that. What is newer is left alone: an error. */
void                       bytestag_database_table_delete_all (BytestagDatabaseTable *self,
                                                        BytestagDatabaseTableFunc done,
                                                        gpointer               user_data);
/* Gives all that waits to the disk, and takes no more: when the worker has stopped, it is
 * there. Before the last reference goes. */
void                       bytestag_database_table_close (BytestagDatabaseTable *self);

G_END_DECLS
