/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/limits.h"
#include "dht/routing-table.h"

/* What the files of the routing table share. */

G_BEGIN_DECLS

/* One bit for each bucket, bucket 0 highest: the order of a key's own bits. */
#define N_WORDS 3
#define WORD_BITS 64

#define BYTESTAG_N_NETWORK_BOUNDS 256

/* Nodes that wait behind a full bucket, the newest last. */
typedef struct {
  guint n_nodes;
  BytestagNode *nodes[BYTESTAG_LIMIT_REPLACEMENTS];
} Replacements;

struct _BytestagRoutingTable
{
  GObject parent_instance;

  BytestagKey key;
  BytestagClock *clock;
  /* Made when first looked at or filled. */
  BytestagBucket *buckets[BYTESTAG_KEY_BITS];
  Replacements *replacements[BYTESTAG_KEY_BITS];
  /* Buckets that hold somebody. */
  guint64 filled[N_WORDS];
  guint num_contacts;
  gboolean limits_private;
  /* For each network, by a hash of it, no fewer than the contacts that it has. */
  guint8 network_bounds[BYTESTAG_N_NETWORK_BOUNDS];
};

/* diversity.c */
/* A contact came in. Bounds only grow by that; who leaves is missed until the contacts are
 * counted anew. */
void     _bytestag_routing_table_add_to_bound    (BytestagRoutingTable   *self,
                                                  const BytestagEndpoint *endpoint);
/* Whether the network of @endpoint has not got its share of contacts yet, once @leaving
 * (nullable), a member of @bucket (nullable), is gone. */
gboolean _bytestag_routing_table_is_diverse      (BytestagRoutingTable   *self,
                                                  BytestagBucket         *bucket,
                                                  const BytestagEndpoint *endpoint,
                                                  BytestagNode           *leaving);
/* Aborts when a network has more. */
void     _bytestag_routing_table_check_diversity (BytestagRoutingTable   *self);

G_END_DECLS
