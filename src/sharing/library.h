/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/share.h"
#include "storage/shared-files-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_LIBRARY (bytestag_library_get_type ())
G_DECLARE_FINAL_TYPE (BytestagLibrary, bytestag_library, BYTESTAG, LIBRARY, GObject)

/* What the person here shares: a GListModel of BytestagShare. Hashes with @worker,
 * serves through @table, publishes through @network. */
BytestagLibrary *bytestag_library_new        (BytestagNetwork          *network,
                                              BytestagSharedFilesTable *table,
                                              BytestagWorker           *worker);
/* Starts sharing @paths (absolute; files and folders; a folder is walked
 * recursively, sorted, links not followed, hidden files left out unless named
 * themselves). @name: (nullable) the file's or folder's own. Returns the item, which is in the list at
 * once (transfer none); the same collection again gives the item that is there, after hashing,
 * and the new one leaves the list. @comment: (nullable). */
BytestagShare   *bytestag_library_share      (BytestagLibrary          *self,
                                              const char * const       *paths,
                                              const char               *name,
                                              const char               *comment);
/* Ends hashing, publishing and serving, and takes the item out. */
void             bytestag_library_stop       (BytestagLibrary          *self,
                                              BytestagShare            *share);
/* Copies of a part (B.3): 1 to 20, default 4. */
void             bytestag_library_set_copies (BytestagLibrary          *self,
                                              guint                     copies);
/* HOST:PORT that new links carry as x.pe, at most 3. */
void             bytestag_library_set_link_peers (BytestagLibrary      *self,
                                              const char * const       *peers);
/* Publishes what was not sent while there were no peers. */
void             bytestag_library_publish_again (BytestagLibrary       *self);

G_END_DECLS
