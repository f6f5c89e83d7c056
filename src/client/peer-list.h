/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/routing-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PEER_LIST (bytestag_peer_list_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPeerList, bytestag_peer_list, BYTESTAG, PEER_LIST, GObject)

/* All contacts of a routing table as one flat GListModel of BytestagNode, the
 * farthest bucket first. */
BytestagPeerList *bytestag_peer_list_new (BytestagRoutingTable *table);

G_END_DECLS
