/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_REPLICATOR (bytestag_replicator_get_type ())
G_DECLARE_FINAL_TYPE (BytestagReplicator, bytestag_replicator, BYTESTAG, REPLICATOR, GObject)

/* Keeps what we hold for others at the nodes that are nearest to it, as these come and go
 * (seed: Replicator; B.3 "Replication"): each value is stored to them 45 to 60 minutes
 * after the last time, unless another node has done that in the last 30; and at once when one
 * of them says that it does not hold it (the network's "value-lost"), or within minutes when
 * one of them falls silent. Begins at once, and ends with its last reference. */
BytestagReplicator *bytestag_replicator_new       (BytestagNetwork    *network);
/* Values that are on their way now. */
guint               bytestag_replicator_get_n_sending (BytestagReplicator *self);
/* Look-ups so far, and values that were sent to other nodes. */
guint               bytestag_replicator_get_n_lookups (BytestagReplicator *self);
guint               bytestag_replicator_get_n_sent (BytestagReplicator *self);

G_END_DECLS
