/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "dht/network-private.h"

/* How nodes become contacts, and stop being any: by answering, or not. */

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

/* A node that answered: it becomes a contact, or stays one, unless it says that nobody
 * can reach it (B.1). */
static void
enter_contact (BytestagNetwork *self,
               BytestagNode    *node)
{
  g_autoptr (GError) error = NULL;
  BytestagNode *known = bytestag_routing_table_find_elsewhere (self->routing_table, bytestag_node_get_key (node),
                                                               bytestag_node_get_endpoint (node));

  if (bytestag_node_is_read_only (node))
    bytestag_routing_table_remove (self->routing_table, node);
  else if (known != NULL)
    _bytestag_network_contact_claimed (self, known, node);
  else if (!bytestag_routing_table_node_update (self->routing_table, node, &error) &&
           g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED))
    self->counters.drops[BYTESTAG_DROP_DIVERSITY]++;
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
    {
      _bytestag_clock_votes_add (&self->clock_votes, from, message->time, now);
      _bytestag_network_check_clock (self);
    }

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

  enter_contact (self, node);
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
  BytestagEviction *eviction;

  /* It answered lately: nobody needs to ask again. */
  bytestag_node_update_state (oldest, bytestag_reactor_get_time (self->reactor));
  if (bytestag_node_get_state (oldest) == BYTESTAG_NODE_GOOD)
    {
      bytestag_routing_table_keep_old_node (routing_table, bucket);
      return;
    }

  eviction = g_new0 (BytestagEviction, 1);
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

static void
meet_reply_cb (const BytestagMessage  *message,
                const BytestagEndpoint *from,
                gint64                  rtt,
                gpointer                user_data)
{
  BytestagNetwork *self = user_data;
  g_autoptr (BytestagNode) node = NULL;

  if (message != NULL)
    node = _bytestag_network_answered (self, NULL, message, from, rtt);
}

void
_bytestag_network_meet (BytestagNetwork        *self,
                        const BytestagEndpoint *to)
{
  _bytestag_network_send_ping_once (self, to, meet_reply_cb, self);
}

/* Proof of a sender's address (B.5) */

void
_bytestag_network_ask_for_proof (BytestagNetwork        *self,
                                 const BytestagEndpoint *from)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);

  if (!_bytestag_guard_can_ping (&self->guard, from, now))
    return;

  _bytestag_guard_take_ping (&self->guard, from, now);
  _bytestag_network_meet (self, from);
}

/* @id: (nullable) */
static gboolean
is_proven (BytestagNetwork        *self,
           const BytestagKey      *id,
           const BytestagEndpoint *from)
{
  BytestagNode *contact;

  if (_bytestag_guard_is_proven (&self->guard, from, bytestag_reactor_get_time (self->reactor)))
    return TRUE;

  /* Only who answered becomes a contact; but where one fell silent somebody else may live. */
  contact = id != NULL ? bytestag_routing_table_find (self->routing_table, id, from) : NULL;
  return contact != NULL && bytestag_node_get_failures (contact) == 0;
}

gboolean
_bytestag_network_is_proven (BytestagNetwork        *self,
                             const BytestagMessage  *message,
                             const BytestagEndpoint *from)
{
  return is_proven (self, message->node_id_member == BYTESTAG_MEMBER_VALID ? &message->node_id : NULL, from);
}

gboolean
_bytestag_network_is_node_proven (BytestagNetwork *self,
                                  BytestagNode    *node)
{
  return is_proven (self, bytestag_node_get_key (node), bytestag_node_get_endpoint (node));
}

/* Whether an answer of the sender would change something: that it is a contact, or may be
 * sent more. */
static gboolean
needs_proof (BytestagNetwork        *self,
             const BytestagMessage  *request,
             const BytestagEndpoint *from)
{
  gboolean has_id = request->node_id_member == BYTESTAG_MEMBER_VALID;
  BytestagNode *contact;

  if (has_id && bytestag_key_equal (&request->node_id, bytestag_node_get_key (self->node)))
    return FALSE;

  /* Only once it is proven it is told what it asks for, and it asks for much at once: also who
   * says no id since nobody can reach it (B.1), and who is behind a NAT that lets our ping in. */
  if (request->keys.text != NULL && !_bytestag_network_is_proven (self, request, from))
    return TRUE;

  /* Whoever says no id cannot become a contact. */
  if (!has_id)
    return FALSE;

  /* One that failed shows that it lives by a reply alone: whoever can write its
   * address on a datagram must not keep it in the table. */
  contact = bytestag_routing_table_find (self->routing_table, &request->node_id, from);
  if (contact != NULL)
    return bytestag_node_get_failures (contact) > 0;

  /* Peers of ours ask with as many bytes as an answer needs; originals do not. To ping
   * each stranger would set a whole network talking: its answer would have us ping the
   * oldest of a full bucket, to which we may be a stranger in turn. */
  if (request->extensions < 0 && !_bytestag_network_is_proven (self, request, from))
    return TRUE;

  /* A contact that started again on another port. */
  if (bytestag_routing_table_find_elsewhere (self->routing_table, &request->node_id, from) != NULL)
    return TRUE;

  return bytestag_routing_table_has_place (self->routing_table, &request->node_id, from);
}

gboolean
_bytestag_network_wants_proof (BytestagNetwork        *self,
                               const BytestagMessage  *request,
                               const BytestagEndpoint *from)
{
  return needs_proof (self, request, from) &&
         _bytestag_guard_can_ping (&self->guard, from, bytestag_reactor_get_time (self->reactor));
}

void
_bytestag_network_heard (BytestagNetwork        *self,
                         const BytestagMessage  *request,
                         const BytestagEndpoint *from,
                         gsize                   n_replied)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);
  BytestagNode *contact = NULL;

  if (request->node_id_member == BYTESTAG_MEMBER_VALID)
    contact = bytestag_routing_table_find (self->routing_table, &request->node_id, from);

  if (contact != NULL && bytestag_node_get_failures (contact) == 0)
    {
      bytestag_node_seen (contact, now);
      bytestag_bucket_touch (bytestag_routing_table_get_bucket (self->routing_table, contact), contact, now);
      return;
    }

  if (!needs_proof (self, request, from))
    return;

  /* What it is sent is bounded by what it sent, and the ping is a part of that. */
  if (_bytestag_network_is_proven (self, request, from) ||
      n_replied + BYTESTAG_PING_BYTES <= BYTESTAG_LIMIT_AMPLIFICATION * request->datagram_length)
    _bytestag_network_ask_for_proof (self, from);
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
  _bytestag_guard_init (&self->guard, bytestag_reactor_get_time (self->reactor));
  g_signal_connect_object (self->routing_table, "bucket-full", G_CALLBACK (bucket_full_cb), self, 0);
}
