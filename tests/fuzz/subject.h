/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

/* The live node that a target feeds: a real network on a clock that the target
 * moves, with a table in memory, whose datagrams come back to the target. What must
 * hold of any node is checked after each datagram and each step of time. */

G_BEGIN_DECLS

typedef struct _Subject Subject;

/* A request of the node, or a chunk of its, that waits for an answer. */
typedef struct {
  BytestagEndpoint to;
  BytestagRpc rpc;   /* BYTESTAG_RPC_UNKNOWN: a chunk */
  char *id;          /* (nullable) JSON text of the id that an answer repeats */
  char *transfer_id; /* (nullable) JSON text */
} SubjectRequest;

Subject               *subject_new          (void);
/* Also asserts that the network goes when its last reference does. */
void                   subject_free         (Subject                *self);
BytestagNetwork       *subject_get_network  (Subject                *self);
/* (transfer none) 16 of them: public and private, IPv4 and IPv6, some of one
 * network, the node's own, and three to which nothing may be sent. */
const BytestagEndpoint *subject_endpoint    (guint                   number);
/* A datagram as it is. */
void                   subject_receive      (Subject                *self,
                                             const BytestagEndpoint *from,
                                             const guint8           *data,
                                             gsize                   length);
/* JSON text, deflated. In it "@" stands for the id of the node's last request, "#"
 * for the transfer id that it told or was told last. */
void                   subject_receive_text (Subject                *self,
                                             const BytestagEndpoint *from,
                                             const char             *text,
                                             gsize                   length);
/* µs, with a tick at each of the node's deadlines. */
void                   subject_advance      (Subject                *self,
                                             gint64                  interval);
/* Offers @value and sends it, a byte of it changed when @is_wrong. */
void                   subject_store        (Subject                *self,
                                             const BytestagEndpoint *from,
                                             const guint8           *value,
                                             gsize                   length,
                                             gboolean                is_wrong);
/* Puts a value into the node's own table. */
void                   subject_own_value    (Subject                *self,
                                             const char             *value,
                                             BytestagKey            *key);
/* (transfer none) (nullable) the request that waits longest; valid until the next
 * call, and taken off. */
const SubjectRequest  *subject_next_request (Subject                *self);
/* (transfer none) (nullable) the last one that was sent. */
const SubjectRequest  *subject_last_request (Subject                *self);

G_END_DECLS
