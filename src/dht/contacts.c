/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* How nodes become contacts, and stop being any: by answering, or not. */

typedef struct {
  BytestagEndpoint address;
  gint64 time;
  GList link; /* in BytestagProver.proofs */
} BytestagProof;

/* What waits for the oldest member of a full bucket to answer. */
typedef struct {
  BytestagNetwork *network; /* borrowed: the reply table calls before it goes */
  BytestagBucket *bucket;
  BytestagNode *oldest;
} BytestagEviction;

static void
eviction_free (BytestagEviction *eviction)
{
  g_object_unref (eviction->bucket);
  g_object_unref (eviction->oldest);
  g_free (eviction);
}

BytestagNode *
_bytestag_network_ref_node (BytestagNetwork        *self,
                            const BytestagKey      *id,
                            const BytestagEndpoint *endpoint)
{
  BytestagNode *node = bytestag_routing_table_find (self->routing_table, id, endpoint);

  return node != NULL ? g_object_ref (node) : bytestag_node_new (id, endpoint);
}

gint64
_bytestag_network_get_patience (BytestagNetwork *self,
                                BytestagNode    *node)
{
  gint64 rtt = bytestag_node_get_rtt (node);

  if (rtt < 0)
    return _bytestag_round_trips_get_unmet_timeout (&self->round_trips);

  return _bytestag_round_trips_get_known_timeout (rtt, bytestag_node_get_rtt_deviation (node));
}

/* Who answered a request for @asked: @asked itself, a contact, or a node that was
 * not known by this id. */
static BytestagNode *
ref_answerer (BytestagNetwork        *self,
              BytestagNode           *asked,
              const BytestagKey      *id,
              const BytestagEndpoint *from)
{
  BytestagNode *contact = bytestag_routing_table_find (self->routing_table, id, from);

  if (contact != NULL)
    return g_object_ref (contact);

  if (asked != NULL && bytestag_key_equal (bytestag_node_get_key (asked), id))
    return g_object_ref (asked);

  return bytestag_node_new (id, from);
}

BytestagNode *
_bytestag_network_answered (BytestagNetwork        *self,
                            BytestagNode           *asked,
                            const BytestagMessage  *message,
                            const BytestagEndpoint *from,
                            gint64                  rtt)
{
  BytestagNode *node;
  gint64 now = bytestag_reactor_get_time (self->reactor);

  if (rtt >= 0)
    _bytestag_round_trips_add (&self->round_trips, rtt);
  if (message->has_you)
    _bytestag_votes_add (&self->votes, from, &message->you);
  if (message->time > 0)
    _bytestag_clock_votes_add (&self->clock_votes, from, message->time, now);

  if (message->node_id_member != BYTESTAG_MEMBER_VALID ||
      bytestag_key_equal (&message->node_id, bytestag_node_get_key (self->node)))
    return NULL;

  node = ref_answerer (self, asked, &message->node_id, from);
  bytestag_node_answered (node, rtt, now);
  bytestag_node_set_extensions (node, message->extensions);

  if (asked != NULL && asked != node)
    {
      if (bytestag_key_equal (bytestag_node_get_key (asked), &message->node_id))
        {
          /* A caller's own object of the contact. */
          bytestag_node_answered (asked, rtt, now);
          bytestag_node_set_extensions (asked, message->extensions);
        }
      else
        {
          /* Another node lives at this endpoint now. */
          _bytestag_network_unanswered (self, asked);
        }
    }

  bytestag_routing_table_node_update (self->routing_table, node, NULL);
  return node;
}

void
_bytestag_network_unanswered (BytestagNetwork *self,
                              BytestagNode    *asked)
{
  BytestagNode *contact = bytestag_routing_table_find (self->routing_table,
                                                       bytestag_node_get_key (asked),
                                                       bytestag_node_get_endpoint (asked));

  if (contact != NULL)
    bytestag_routing_table_node_failed (self->routing_table, contact);
  if (contact != asked)
    bytestag_node_failed (asked);
}

/* Full buckets (A.4): the oldest member stays if it answers. */

static void
end_eviction (BytestagEviction *eviction,
              gboolean          oldest_lives)
{
  BytestagRoutingTable *routing_table = eviction->network->routing_table;

  /* One that answered something else meanwhile is no longer the oldest, and what
   * is the oldest now was not asked. */
  if (oldest_lives || bytestag_bucket_peek_nth_oldest (eviction->bucket, 0) != eviction->oldest)
    bytestag_routing_table_keep_old_node (routing_table, eviction->bucket);
  else
    bytestag_routing_table_keep_new_node (routing_table, eviction->bucket);
}

static void
eviction_reply_cb (const BytestagMessage  *message,
                   const BytestagEndpoint *from,
                   gint64                  rtt,
                   gpointer                user_data)
{
  BytestagEviction *eviction = user_data;
  BytestagNetwork *self = eviction->network;

  if (message != NULL)
    {
      g_autoptr (BytestagNode) node = _bytestag_network_answered (self, eviction->oldest, message, from, rtt);

      /* Another id at its endpoint means that it is gone. */
      end_eviction (eviction, node == eviction->oldest);
    }
  else if (self->replies != NULL)
    {
      bytestag_node_failed (eviction->oldest);
      end_eviction (eviction, FALSE);
    }

  eviction_free (eviction);
}

static void
bucket_full_cb (BytestagRoutingTable *routing_table,
                BytestagBucket       *bucket,
                BytestagNode         *node,
                BytestagNode         *oldest,
                BytestagNetwork      *self)
{
  BytestagEviction *eviction = g_new0 (BytestagEviction, 1);

  eviction->network = self;
  eviction->bucket = g_object_ref (bucket);
  eviction->oldest = g_object_ref (oldest);

  if (_bytestag_network_send_ping (self, bytestag_node_get_endpoint (oldest), eviction_reply_cb, eviction) == 0)
    {
      /* Nothing was asked, so nothing speaks against the old one. */
      bytestag_routing_table_keep_old_node (routing_table, bucket);
      eviction_free (eviction);
    }
}

/* Proof of a sender's address (B.5) */

static void
proof_reply_cb (const BytestagMessage  *message,
                const BytestagEndpoint *from,
                gint64                  rtt,
                gpointer                user_data)
{
  BytestagNetwork *self = user_data;
  g_autoptr (BytestagNode) node = NULL;

  if (message != NULL)
    node = _bytestag_network_answered (self, NULL, message, from, rtt);
}

static void
drop_oldest_proof (BytestagProver *prover)
{
  GList *link = g_queue_peek_head_link (&prover->proofs);
  BytestagProof *proof = link->data;

  g_queue_unlink (&prover->proofs, link);
  g_hash_table_remove (prover->addresses, &proof->address);
  g_free (proof);
}

/* Whether @from may be pinged now, and then remembers it. */
static gboolean
may_prove (BytestagProver         *prover,
           const BytestagEndpoint *from,
           gint64                  now)
{
  BytestagProof *proof;

  for (GList *oldest; (oldest = g_queue_peek_head_link (&prover->proofs)) != NULL;)
    {
      proof = oldest->data;
      if (now - proof->time < BYTESTAG_LIMIT_PROVING_INTERVAL_US)
        break;
      drop_oldest_proof (prover);
    }

  if (g_hash_table_contains (prover->addresses, from))
    return FALSE;
  if (!bytestag_token_bucket_take (&prover->limit, 1, now))
    return FALSE;

  if (prover->proofs.length >= BYTESTAG_LIMIT_PROVING_ADDRESSES)
    drop_oldest_proof (prover);

  proof = g_new0 (BytestagProof, 1);
  proof->address = *from;
  proof->time = now;
  proof->link.data = proof;
  g_queue_push_tail_link (&prover->proofs, &proof->link);
  g_hash_table_insert (prover->addresses, &proof->address, proof);
  return TRUE;
}

void
_bytestag_network_heard (BytestagNetwork        *self,
                         const BytestagKey      *id,
                         const BytestagEndpoint *from)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);
  BytestagNode *contact;

  if (bytestag_key_equal (id, bytestag_node_get_key (self->node)))
    return;

  contact = bytestag_routing_table_find (self->routing_table, id, from);
  if (contact != NULL && bytestag_node_get_failures (contact) == 0)
    {
      BytestagBucket *bucket = bytestag_routing_table_get_bucket (self->routing_table, contact);

      bytestag_node_seen (contact, now);
      bytestag_bucket_touch (bucket, contact, now);
      return;
    }

  /* One that failed shows that it lives by a reply alone: whoever can write its
   * address on a datagram must not keep it in the table. */
  if (may_prove (&self->prover, from, now))
    _bytestag_network_send_ping_once (self, from, proof_reply_cb, self);
}

GPtrArray *
_bytestag_network_read_nodes (BytestagNetwork       *self,
                              const BytestagMessage *message)
{
  BytestagWireNode found[BYTESTAG_LIMIT_NODES_OF_REPLY];
  GPtrArray *nodes;
  int n = bytestag_message_read_nodes (message, found, G_N_ELEMENTS (found));

  if (n <= 0)
    return NULL;

  nodes = g_ptr_array_new_full ((guint) n, g_object_unref);
  for (int i = 0; i < n; i++)
    g_ptr_array_add (nodes, _bytestag_network_ref_node (self, &found[i].key, &found[i].endpoint));
  return nodes;
}

GPtrArray *
_bytestag_read_values (const BytestagMessage *message)
{
  BytestagExchangeInfo found[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  GPtrArray *values;
  int n = bytestag_message_read_vals (message, found, G_N_ELEMENTS (found));

  if (n < 0)
    return NULL;

  values = bytestag_exchange_info_list_new ();
  for (int i = 0; i < n; i++)
    g_ptr_array_add (values, bytestag_exchange_info_copy (&found[i]));
  return values;
}

void
_bytestag_network_init_contacts (BytestagNetwork *self)
{
  bytestag_token_bucket_init (&self->prover.limit,
                              BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND,
                              BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND,
                              bytestag_reactor_get_time (self->reactor));
  self->prover.addresses = g_hash_table_new (bytestag_endpoint_hash, bytestag_endpoint_equal);
  g_queue_init (&self->prover.proofs);
  g_signal_connect_object (self->routing_table, "bucket-full", G_CALLBACK (bucket_full_cb), self, 0);
}

void
_bytestag_network_clear_contacts (BytestagNetwork *self)
{
  while (self->prover.proofs.length > 0)
    drop_oldest_proof (&self->prover);
  g_clear_pointer (&self->prover.addresses, g_hash_table_unref);
}
