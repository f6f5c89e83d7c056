/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "storage/shared-files-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_RECORD_KEEPER (bytestag_record_keeper_get_type ())
G_DECLARE_FINAL_TYPE (BytestagRecordKeeper, bytestag_record_keeper, BYTESTAG, RECORD_KEEPER, GObject)

/* Lets others find this node as one that shares a collection (B.3 "Records"): a provider's
 * record for each, signed, and stored again before its holders have gone; and, only when the person
 * wants to be browsed, a catalogue of all. When sharing stops they are not renewed, and
 * end within a day. A node that nobody can reach, or that does not know its address, says
 * nothing. Ends with its last reference. */
BytestagRecordKeeper *bytestag_record_keeper_new           (BytestagNetwork      *network,
                                                            BytestagSigner       *signer);
/* Where the catalogue is served from to those who ask this node itself. Before anything is
 * added, once. */
void                  bytestag_record_keeper_set_table     (BytestagRecordKeeper *self,
                                                            BytestagSharedFilesTable *table);
/* @name: (nullable) valid UTF-8; @size: bytes. One that is there is passed over. */
void                  bytestag_record_keeper_add           (BytestagRecordKeeper *self,
                                                            const BytestagKey    *collection,
                                                            const char           *name,
                                                            guint64               size,
                                                            guint64               n_files);
void                  bytestag_record_keeper_remove        (BytestagRecordKeeper *self,
                                                            const BytestagKey    *collection);
/* Whether the catalogue is stored; FALSE at first. */
void                  bytestag_record_keeper_set_browsable (BytestagRecordKeeper *self,
                                                            gboolean              browsable);
gboolean              bytestag_record_keeper_get_browsable (BytestagRecordKeeper *self);
guint                 bytestag_record_keeper_get_n_collections (BytestagRecordKeeper *self);
/* Records that went to at least one node, so far. */
guint64               bytestag_record_keeper_get_n_stored  (BytestagRecordKeeper *self);

G_END_DECLS
