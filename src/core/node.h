/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"
#include "core/key.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_NODE (bytestag_node_get_type ())
G_DECLARE_FINAL_TYPE (BytestagNode, bytestag_node, BYTESTAG, NODE, GObject)

/* A node that was silent for so long is questionable: as in BEP 5, most NATs
 * have forgotten a flow by then. */
#define BYTESTAG_NODE_SILENCE_US (G_GINT64_CONSTANT (900) * G_USEC_PER_SEC)

/* Capabilities (B.1), a bit mask. */
typedef enum {
  BYTESTAG_EXTENSION_QUIC = 1 << 0,
  BYTESTAG_EXTENSION_PROMISES = 1 << 1,
  BYTESTAG_EXTENSION_READ_ONLY = 1 << 2,
  BYTESTAG_EXTENSION_IPV6 = 1 << 3,
  BYTESTAG_EXTENSION_DIAL_BACK = 1 << 4,
} BytestagExtensions;

/**
 * BytestagNodeState:
 * @BYTESTAG_NODE_NEW: never answered us
 * @BYTESTAG_NODE_GOOD: answered its last request, and lately
 * @BYTESTAG_NODE_QUESTIONABLE: one failure, or silent for 15 minutes
 * @BYTESTAG_NODE_STALE: failed twice or more in a row
 */
typedef enum {
  BYTESTAG_NODE_NEW,
  BYTESTAG_NODE_GOOD,
  BYTESTAG_NODE_QUESTIONABLE,
  BYTESTAG_NODE_STALE,
} BytestagNodeState;

#define BYTESTAG_TYPE_NODE_STATE (bytestag_node_state_get_type ())
GType                   bytestag_node_state_get_type (void) G_GNUC_CONST;

/* An end-point connection: a key and an endpoint, which make its identity and
 * never change; and what we learnt of it. Properties (all read-only, notified):
 * "key" (BytestagKey), "address" (string HOST:PORT), "state", "rtt" (int64 µs),
 * "first-seen", "last-seen" (int64 µs of the clock, -1: never), "failures" (uint),
 * "extensions" (int). */
/* (transfer full) */
BytestagNode           *bytestag_node_new            (const BytestagKey      *key,
                                                      const BytestagEndpoint *endpoint);
/* (transfer full) a node as a list of a peer names it: @host may be any text, and is kept; when
 * it is not numeric, the endpoint is unset. */
BytestagNode           *bytestag_node_new_for_host   (const BytestagKey      *key,
                                                      const char             *host,
                                                      guint16                 port);
/* (transfer none) */
const BytestagKey      *bytestag_node_get_key        (BytestagNode           *self);
/* (transfer none) */
const BytestagEndpoint *bytestag_node_get_endpoint   (BytestagNode           *self);
/* (transfer full) the host alone */
char                   *bytestag_node_dup_host       (BytestagNode           *self);
guint16                 bytestag_node_get_port       (BytestagNode           *self);
/* Key and address (host and port) are equal. */
gboolean                bytestag_node_equal          (BytestagNode           *self,
                                                      BytestagNode           *other);

/* It answered: @rtt in µs (< 0: unknown, e.g. after a retransmission), @now of the clock. */
void                    bytestag_node_answered       (BytestagNode           *self,
                                                      gint64                  rtt,
                                                      gint64                  now);
/* It sent us something: alive, but whether our requests reach it is not known, so
 * failures stay. */
void                    bytestag_node_seen           (BytestagNode           *self,
                                                      gint64                  now);
/* A request to it got no answer in time. */
void                    bytestag_node_failed         (BytestagNode           *self);
/* Smoothed round trip and its deviation (RFC 6298), µs; -1: not measured. */
gint64                  bytestag_node_get_rtt        (BytestagNode           *self);
gint64                  bytestag_node_get_rtt_deviation (BytestagNode        *self);
/* µs of the clock; -1: never. */
gint64                  bytestag_node_get_first_seen (BytestagNode           *self);
gint64                  bytestag_node_get_last_seen  (BytestagNode           *self);
/* In a row. */
guint                   bytestag_node_get_failures   (BytestagNode           *self);
/* The state at the last change; _update_state() looks at the age. */
BytestagNodeState       bytestag_node_get_state      (BytestagNode           *self);
void                    bytestag_node_update_state   (BytestagNode           *self,
                                                      gint64                  now);
/* Capabilities (B.1): -1 for an original node, else its "ext" bits. */
int                     bytestag_node_get_extensions (BytestagNode           *self);
void                    bytestag_node_set_extensions (BytestagNode           *self,
                                                      int                     extensions);
/* It says that nobody can reach it (B.1): it is asked nothing, and named to nobody. */
gboolean                bytestag_node_is_read_only   (BytestagNode           *self);

G_END_DECLS
