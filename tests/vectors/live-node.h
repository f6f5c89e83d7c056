/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "dht/network.h"

/* A live node and a foreign peer that talks to it in raw datagrams: over real
 * UDP, or on virtual time. */

G_BEGIN_DECLS

typedef struct _LiveNode LiveNode;

/* @on_socket: real UDP on loopback and the system's clock. @id: (nullable). */
LiveNode               *live_node_new            (gboolean               on_socket,
                                                  const BytestagKey     *id);
void                    live_node_free           (LiveNode              *self);
BytestagNetwork        *live_node_get_network    (LiveNode              *self);
BytestagKvpTable       *live_node_get_table      (LiveNode              *self);
/* Values that the table holds. */
guint                   live_node_get_n_values   (LiveNode              *self);
/* Where the peer's datagrams come from; and a second port of it. */
const BytestagEndpoint *live_node_get_peer       (LiveNode              *self);
/* Whether the peer is a contact of the node. */
gboolean                live_node_knows_peer     (LiveNode              *self);
/* The peer answers the node's pings as @id (NULL: not at all), and they are left
 * out of what settle returns. */
void                    live_node_answer_pings   (LiveNode              *self,
                                                  const BytestagKey     *id);
void                    live_node_send           (LiveNode              *self,
                                                  const guint8          *data,
                                                  gsize                  length);
void                    live_node_send_json      (LiveNode              *self,
                                                  JsonNode              *json);
/* The same from the peer's second port. */
void                    live_node_send_other     (LiveNode              *self,
                                                  JsonNode              *json);
/* Lets the node handle what was sent; returns what it has sent to the peer since
 * the last call. (transfer full) (element-type JsonNode) */
GPtrArray              *live_node_settle         (LiveNode              *self);
/* On virtual time: runs the node for @microseconds. */
void                    live_node_advance        (LiveNode              *self,
                                                  gint64                 microseconds);
/* µs of the node's clock. */
gint64                  live_node_get_time       (LiveNode              *self);

/* One zlib stream of the JSON; and back (NULL: not that). (transfer full) */
GBytes                 *datagram_from_json       (JsonNode              *json);
JsonNode               *datagram_to_json         (const guint8          *data,
                                                  gsize                  length);
/* Test bytes: byte i = (i·seed + floor (i/251)) & 255. (transfer full) */
GBytes                 *pattern_bytes            (gsize                  size,
                                                  guint                  seed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LiveNode, live_node_free)

G_END_DECLS
