/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/publisher.h"
#include "sharing/share.h"
#include "storage/shared-files-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_LIBRARY (bytestag_library_get_type ())
G_DECLARE_FINAL_TYPE (BytestagLibrary, bytestag_library, BYTESTAG, LIBRARY, GObject)

/* What the person here shares: a GListModel of BytestagShare. Hashes with @worker,
 * serves through @table, publishes through @network. Properties, notified: "problem" (string,
 * nullable): what is wrong with the list that was saved, a sentence for a person; "loaded"
 * (boolean): the list is what was shared before.
 *
 * A share whose link was told is there after any end of the process, and one that was being
 * hashed goes on where it was. The files themselves are only ever read. */

/* A library that keeps its list in the file @path, in a folder that exists, by jobs of @disk,
 * which runs one at a time; @path NULL: in memory alone. What was shared is in the list soon,
 * and served and published a while after. */
BytestagLibrary *bytestag_library_new_saved  (BytestagNetwork          *network,
                                              BytestagSharedFilesTable *table,
                                              BytestagWorker           *worker,
                                              const char               *path,
                                              BytestagWorker           *disk);
/* One that forgets; @worker runs one job at a time. */
BytestagLibrary *bytestag_library_new        (BytestagNetwork          *network,
                                              BytestagSharedFilesTable *table,
                                              BytestagWorker           *worker);
/* Compares what is shared with what is on disk, in jobs of @worker (one thread of its own: a
 * drive that does not answer holds it up): when it is shared or shared again, when @watcher
 * (nullable) tells of a change, and every 5 minutes where it cannot. Files that were moved or renamed are
 * served on; "away", "n-changed", "n-deleted", "n-new" and "last-checked" of the shares tell the rest. Once. */
void             bytestag_library_set_watcher (BytestagLibrary         *self,
                                              BytestagFolderWatcher    *watcher,
                                              BytestagWorker           *worker);
/* A person wants to know now; nothing without a watcher. */
void             bytestag_library_check_soon  (BytestagLibrary         *self,
                                              BytestagShare            *share);
/* Before the workers stop: ends hashing and publishing; nothing is forgotten. */
void             bytestag_library_close      (BytestagLibrary          *self);
/* Starts sharing @paths (absolute; files and folders; a folder is walked
 * recursively, sorted, links not followed, hidden files left out unless named
 * themselves). @name: (nullable) the file's or folder's own. Returns the item, which is in the list at
 * once (transfer none); the same collection again gives the item that is there, after hashing,
 * and the new one leaves the list. @comment: (nullable). */
BytestagShare   *bytestag_library_share      (BytestagLibrary          *self,
                                              const char * const       *paths,
                                              const char               *name,
                                              const char               *comment);
/* Shares what is at the paths of @share now as a new version (B.3, `timestamp`), with a link
 * of its own; only what is not as it was is read. @share stays shared, for those who have its
 * link, until every piece of the new one has been published once; then it is stopped. If
 * nothing is new, the new item leaves the list, and @share is its twin. Returns it
 * (transfer none) (nullable): NULL while @share itself has no link. */
BytestagShare   *bytestag_library_share_new_version (BytestagLibrary   *self,
                                              BytestagShare            *share);
/* Ends hashing, publishing and serving, takes the item out and forgets it. */
void             bytestag_library_stop       (BytestagLibrary          *self,
                                              BytestagShare            *share);
/* Copies of a part (B.3) of what is shared from now on: 1 to 20, default 4. */
void             bytestag_library_set_copies (BytestagLibrary          *self,
                                              guint                     copies);
/* HOST:PORT that new links carry as x.pe, at most 3. */
void             bytestag_library_set_link_peers (BytestagLibrary      *self,
                                              const char * const       *peers);
/* The same, of all. */
void             bytestag_library_publish_again (BytestagLibrary       *self);
/* Publishes at once what has fewer copies than are wanted of @share. */
void             bytestag_library_send_again (BytestagLibrary          *self,
                                              BytestagShare            *share);
/* (transfer none) (nullable) NULL once it is closed. */
BytestagPublisher *bytestag_library_get_publisher (BytestagLibrary     *self);
/* (transfer none) (nullable) */
const char      *bytestag_library_get_problem (BytestagLibrary         *self);
gboolean         bytestag_library_is_loaded  (BytestagLibrary          *self);

/* @files: (nullable) (element-type BytestagSavedFile), without parts; NULL with @error. */
typedef void (*BytestagLibraryFilesFunc) (GPtrArray *files, const GError *error, gpointer user_data);
/* Files of @share in the order of the collection, up to @max behind position @after (-1: from
 * the first on); @done is called once, later. */
void             bytestag_library_list_files (BytestagLibrary          *self,
                                              BytestagShare            *share,
                                              gint64                    after,
                                              guint                     max,
                                              BytestagLibraryFilesFunc  done,
                                              gpointer                  user_data);

G_END_DECLS
