/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

/* A node on a real socket of the loopback, driven by the default main context. */

G_BEGIN_DECLS

typedef struct {
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  BytestagNetwork *network;
  GSource *source;
} BytestagUdpNode;

BytestagUdpNode *bytestag_udp_node_new         (void);
void             bytestag_udp_node_free        (BytestagUdpNode  *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagUdpNode, bytestag_udp_node_free)

/* 127.0.0.1 and its port. */
void             bytestag_udp_node_get_address (BytestagUdpNode  *self,
                                                BytestagEndpoint *address);
/* (transfer full) the node as others know it. */
BytestagNode    *bytestag_udp_node_make_contact (BytestagUdpNode *self);
/* Keeps a value under @key and its own digest, which is returned. */
BytestagKey      bytestag_udp_node_put_value   (BytestagUdpNode   *self,
                                                const BytestagKey *key,
                                                GBytes            *value,
                                                gint64             timestamp);
/* Runs the main context until @task has finished. */
void             bytestag_udp_node_wait        (gpointer          task);

G_END_DECLS
