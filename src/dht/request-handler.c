/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"
#include "wire/json-keys.h"

/* The five RPCs as a peer asks them (A.1.4): one function each. Nothing here
 * allocates but an accepted or renewing store and a served value. */

/* A reply carries at most as many as an original sends. */
#define NODES_OF_REPLY BYTESTAG_MAX_BUCKET_SIZE

/* Bytes that the reply to @request may have: B.1, and B.5 where the sender's address may
 * be another's. A list leaves room there for the ping that proves the sender: the two share
 * the bytes, and once it is proven it gets all of the list. */
static gsize
get_reply_limit (BytestagNetwork        *self,
                 const BytestagEndpoint *to,
                 const BytestagMessage  *request,
                 gboolean                is_list)
{
  gsize limit = request->extensions >= 0 ? BYTESTAG_LIMIT_REPLY : BYTESTAG_LIMIT_DATAGRAM;
  gsize earned;

  if (_bytestag_network_is_proven (self, request, to))
    return limit;

  earned = BYTESTAG_LIMIT_AMPLIFICATION * request->datagram_length;
  if (is_list && earned > BYTESTAG_PING_BYTES && _bytestag_network_wants_proof (self, request, to))
    earned -= BYTESTAG_PING_BYTES;
  return MIN (limit, earned);
}

/* Bytes that a request of ours has at least; a shorter one may not have earned a reply with
 * everything in it. */
#define ORDINARY_REQUEST 96

static void
begin_reply (BytestagNetwork *self)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_sender (self->codec, bytestag_node_get_key (self->node));
}

/* The last members. (transfer none) (nullable) the datagram. */
static const guint8 *
end_reply (BytestagNetwork        *self,
           const BytestagEndpoint *to,
           const BytestagMessage  *request,
           gsize                  *length)
{
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_REPLY_ID, &request->seq_id, TRUE);
  if (request->extensions >= 0)
    {
      bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_EXTENSIONS, _bytestag_network_get_extensions (self));
      bytestag_codec_add_endpoint (self->codec, BYTESTAG_JSON_YOU, to);
      /* Our addition to B.1: what our clock says, for the votes of B.5. */
      if (request->datagram_length >= ORDINARY_REQUEST)
        bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_TIME,
                                    bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC);
    }
  return bytestag_codec_end (self->codec, length);
}

static void
send_reply (BytestagNetwork        *self,
            const BytestagEndpoint *to,
            const guint8           *data,
            gsize                   length)
{
  self->counters.requests_served++;
  self->counters.datagrams_sent++;
  self->counters.bytes_sent += length;
  _bytestag_guard_answered (&self->guard, to, bytestag_reactor_get_time (self->reactor));
  bytestag_transport_send (self->transport, to, data, length);
}

static void
finish_reply (BytestagNetwork        *self,
              const BytestagEndpoint *to,
              const BytestagMessage  *request)
{
  gsize length;
  const guint8 *data = end_reply (self, to, request, &length);

  if (data == NULL)
    return;
  if (length <= get_reply_limit (self, to, request, FALSE))
    send_reply (self, to, data, length);
  else
    self->counters.drops[BYTESTAG_DROP_UNPROVEN]++;
}

/* One fewer than was tried, or as many as the size of what was tried promises. */
static guint
get_next_count (guint count,
                gsize length,
                gsize limit)
{
  guint promised = length > 0 ? (guint) (count * limit / length) : count / 2;

  return MIN (promised, count - 1);
}

/* A key that a request needs; true makes a random one, as originals do (A.1.3). */
static gboolean
resolve_key (BytestagNetwork   *self,
             BytestagMember     member,
             const BytestagKey *given,
             BytestagKey       *key)
{
  if (member == BYTESTAG_MEMBER_VALID)
    *key = *given;
  else if (member == BYTESTAG_MEMBER_RANDOM)
    bytestag_key_random (key, bytestag_reactor_get_rng (self->reactor));
  else
    return FALSE;
  return TRUE;
}

static BytestagDrop
handle_ping (BytestagNetwork        *self,
             const BytestagEndpoint *from,
             const BytestagMessage  *request)
{
  begin_reply (self);
  finish_reply (self, from, request);
  return BYTESTAG_DROP_NONE;
}

/* What a batch asks for (B.3): until when each of the keys is promised. */
typedef struct {
  gint64 untils[BYTESTAG_LIMIT_KEYS_OF_REQUEST];
  int n; /* 0: it is not told */
} HeldKeys;

static gint64
get_held_until (BytestagNetwork   *self,
                const BytestagKey *key)
{
  BytestagKvpId id = { *key, *key };
  BytestagKvpRecord record;
  gdouble expiry;

  if (bytestag_network_is_denied (self, &id) || !bytestag_kvp_table_lookup (self->table, &id, &record))
    return 0;

  expiry = bytestag_kvp_record_get_expiry (&record);
  return expiry > 0 ? (gint64) expiry : BYTESTAG_HELD_UNPROMISED;
}

static void
look_up_held (BytestagNetwork        *self,
              const BytestagEndpoint *from,
              const BytestagMessage  *request,
              HeldKeys               *held)
{
  BytestagKey keys[BYTESTAG_LIMIT_KEYS_OF_REQUEST];
  int n = 0;

  held->n = 0;
  if (request->extensions < 0 || (request->extensions & BYTESTAG_EXTENSION_PROMISES) == 0 ||
      request->keys.text == NULL || !_bytestag_network_is_proven (self, request, from))
    return;

  n = bytestag_message_read_keys (request, keys, G_N_ELEMENTS (keys));
  for (int i = 0; i < n; i++)
    held->untils[i] = get_held_until (self, &keys[i]);
  held->n = MAX (n, 0);
}

/* @held: (nullable) */
static void
add_held (BytestagNetwork *self,
          const HeldKeys  *held)
{
  if (held != NULL && held->n > 0)
    bytestag_codec_add_integers (self->codec, BYTESTAG_JSON_HELD, held->untils, (guint) held->n);
}

static void
write_nodes (BytestagNetwork        *self,
             const BytestagEndpoint *from,
             const BytestagMessage  *request,
             BytestagNode          **nodes,
             guint                   count)
{
  begin_reply (self);
  bytestag_codec_begin_nodes (self->codec);
  for (guint i = 0; i < count; i++)
    bytestag_codec_add_node (self->codec, bytestag_node_get_key (nodes[i]), bytestag_node_get_endpoint (nodes[i]));

  /* An original that joins through a node without contacts takes an empty list
   * for a failure (A.2, 7): it hears of itself, as from an original. */
  if (count == 0 && request->node_id_member == BYTESTAG_MEMBER_VALID &&
      from->family == BYTESTAG_FAMILY_IPV4)
    bytestag_codec_add_node (self->codec, &request->node_id, from);
  bytestag_codec_end_nodes (self->codec);
}

/* The closest contacts, as many as fit, nearest first. @held: (nullable) goes before them. */
static void
reply_nodes (BytestagNetwork        *self,
             const BytestagEndpoint *from,
             const BytestagMessage  *request,
             const BytestagKey      *key,
             const HeldKeys         *held)
{
  BytestagNode *nodes[NODES_OF_REPLY];
  guint n = bytestag_routing_table_select_close (self->routing_table, key, nodes, NODES_OF_REPLY);
  guint count = 0;
  gsize limit = get_reply_limit (self, from, request, TRUE);

  /* Peers understand IPv6 by bit 8 of B.1 only. */
  for (guint i = 0; i < n; i++)
    if (bytestag_node_get_endpoint (nodes[i])->family == BYTESTAG_FAMILY_IPV4)
      nodes[count++] = nodes[i];

  for (;;)
    {
      gsize length = 0;
      const guint8 *data;

      write_nodes (self, from, request, nodes, count);
      add_held (self, held);
      data = end_reply (self, from, request, &length);
      if (data != NULL && length <= limit)
        {
          send_reply (self, from, data, length);
          return;
        }
      if (count == 0)
        {
          self->counters.drops[BYTESTAG_DROP_UNPROVEN]++;
          return;
        }
      count = get_next_count (count, data != NULL ? length : 0, limit);
    }
}

static BytestagDrop
handle_find_node (BytestagNetwork        *self,
                  const BytestagEndpoint *from,
                  const BytestagMessage  *request)
{
  BytestagKey key;

  if (!resolve_key (self, request->key_member, &request->key, &key))
    return BYTESTAG_DROP_BAD_MEMBER;

  reply_nodes (self, from, request, &key, NULL);
  return BYTESTAG_DROP_NONE;
}

typedef struct {
  BytestagNetwork *network;
  BytestagExchangeInfo infos[BYTESTAG_LIMIT_INDICES_OF_KEY];
  guint n;
} FoundValues;

static void
visit_value (const BytestagKvpRecord *record,
             gpointer                 user_data)
{
  FoundValues *found = user_data;

  if (found->n < G_N_ELEMENTS (found->infos) && !bytestag_network_is_denied (found->network, &record->id))
    bytestag_exchange_info_from_record (&found->infos[found->n++], record);
}

static void
reply_values (BytestagNetwork        *self,
              const BytestagEndpoint *from,
              const BytestagMessage  *request,
              const FoundValues      *found,
              const HeldKeys         *held)
{
  gsize limit = get_reply_limit (self, from, request, TRUE);
  guint count = found->n;

  while (count > 0)
    {
      gsize length = 0;
      const guint8 *data;

      begin_reply (self);
      bytestag_codec_begin_vals (self->codec);
      for (guint i = 0; i < count; i++)
        {
          BytestagExchangeInfo info = found->infos[i];

          if (request->extensions < 0)
            info.until = 0;
          bytestag_codec_add_val (self->codec, &info);
        }
      bytestag_codec_end_vals (self->codec);
      add_held (self, held);
      data = end_reply (self, from, request, &length);
      if (data != NULL && length <= limit)
        {
          send_reply (self, from, data, length);
          return;
        }
      count = get_next_count (count, data != NULL ? length : 0, limit);
    }

  self->counters.drops[BYTESTAG_DROP_UNPROVEN]++;
}

void
_bytestag_network_answer_find_value (BytestagNetwork        *self,
                                     const BytestagEndpoint *from,
                                     const BytestagMessage  *request)
{
  BytestagKvpRecord record;
  BytestagKvpId id;
  FoundValues found;
  HeldKeys held;

  resolve_key (self, request->key_member, &request->key, &id.key);

  /* The very value, or everything under the key, or who may know more. */
  found.network = self;
  found.n = 0;
  id.index = request->index;
  if (request->index_member == BYTESTAG_MEMBER_VALID &&
      bytestag_kvp_table_lookup (self->table, &id, &record))
    visit_value (&record, &found);
  else
    bytestag_kvp_table_visit_key (self->table, &id.key, visit_value, &found);

  look_up_held (self, from, request, &held);
  if (found.n > 0)
    reply_values (self, from, request, &found, &held);
  else
    reply_nodes (self, from, request, &id.key, &held);
}

static BytestagDrop
handle_find_value (BytestagNetwork        *self,
                   const BytestagEndpoint *from,
                   const BytestagMessage  *request)
{
  if (request->key_member < BYTESTAG_MEMBER_VALID)
    return BYTESTAG_DROP_BAD_MEMBER;

  if (!_bytestag_network_defer_batch (self, from, request))
    _bytestag_network_answer_find_value (self, from, request);
  return BYTESTAG_DROP_NONE;
}

/* What became of a store, to whoever understands it (B.3 "Refresh"), and until when the
 * value is promised; an original hears of neither. @word: (nullable) */
static void
add_outcome (BytestagNetwork         *self,
             const BytestagMessage   *request,
             const char              *word,
             const BytestagKvpRecord *record)
{
  gdouble expiry = record != NULL ? bytestag_kvp_record_get_expiry (record) : 0;

  if (request->extensions < 0)
    return;

  if (word != NULL)
    bytestag_codec_add_true (self->codec, word);
  if (expiry > 0)
    bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_UNTIL, (gint64) expiry);
}

/* Held already, or no room for it: answered without a transfer. FALSE: it is to come. */
static gboolean
answer_offer (BytestagNetwork         *self,
              const BytestagEndpoint  *from,
              const BytestagMessage   *request,
              const BytestagKvpRecord *offer)
{
  BytestagKvpRecord held;

  gboolean is_denied = bytestag_network_is_denied (self, &offer->id);

  if (!is_denied && bytestag_kvp_table_lookup (self->table, &offer->id, &held))
    {
      _bytestag_network_renew_life (self, from, request, offer, &held);
      begin_reply (self);
      add_outcome (self, request, BYTESTAG_JSON_HAVE, &held);
      finish_reply (self, from, request);
      return TRUE;
    }

  /* A replica whose time is over needs none. What is denied is refused without a word on why. */
  if (!is_denied && bytestag_kvp_table_can_keep (self->table, offer) &&
      (self->clock_difference != 0 || bytestag_kvp_record_get_expiry (offer) > offer->last_update))
    return FALSE;

  begin_reply (self);
  add_outcome (self, request, BYTESTAG_JSON_FULL, NULL);
  finish_reply (self, from, request);
  return TRUE;
}

static BytestagDrop
handle_store (BytestagNetwork        *self,
              const BytestagEndpoint *from,
              const BytestagMessage  *request)
{
  g_autoptr (BytestagReadStoreTask) task = NULL;
  g_autoptr (BytestagNode) node = NULL;
  BytestagKvpRecord record = { 0 };

  if (!resolve_key (self, request->key_member, &request->key, &record.id.key) ||
      !resolve_key (self, request->index_member, &request->index, &record.id.index) ||
      !request->has_size || !request->has_timestamp)
    return BYTESTAG_DROP_BAD_MEMBER;

  /* What arrives decides, not what is announced: an offer is refused only for
   * want of room. Who stored a replica first is not asked: anybody could say so of
   * anybody (B.5), so it counts for its sender unless it is held already. */
  record.size = (guint64) MAX (request->size, 0);
  record.timestamp = request->timestamp;
  record.has_timestamp = !request->timestamp_overflows;
  record.source = *from;
  _bytestag_network_grant_life (self, request, &record);

  /* "full" would be a lie, and "lost" another: in 5 s, when the peer asks again, it is known. */
  if (bytestag_kvp_table_is_opening (self->table))
    return BYTESTAG_DROP_RATE;
  if (answer_offer (self, from, request, &record))
    return BYTESTAG_DROP_NONE;

  /* Silence, as from an original: the peer asks again, or another node. */
  if (!_bytestag_network_has_store_place (self, from, _bytestag_network_is_proven (self, request, from)))
    return BYTESTAG_DROP_RATE;

  /* A sender that does not say who it is may store all the same; the node of the
   * task is then nobody's. */
  node = _bytestag_network_ref_node (self, &request->node_id, from);
  task = _bytestag_read_store_task_new (self, node, &record);
  _bytestag_network_add_store (self, task);
  self->counters.stores_accepted++;

  begin_reply (self);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_TRANSFER_ID,
                          _bytestag_download_task_get_transfer_id (BYTESTAG_DOWNLOAD_TASK (task)));
  add_outcome (self, request, NULL, &record);
  finish_reply (self, from, request);
  return BYTESTAG_DROP_NONE;
}

void
_bytestag_network_handle_request (BytestagNetwork        *self,
                                  const BytestagEndpoint *from,
                                  const BytestagMessage  *request)
{
  guint64 n_sent = self->counters.bytes_sent;
  BytestagDrop drop = _bytestag_guard_take (&self->guard, from, bytestag_reactor_get_time (self->reactor));

  if (drop != BYTESTAG_DROP_NONE)
    {
      self->counters.drops[drop]++;
      return;
    }

  switch (request->rpc)
    {
    case BYTESTAG_RPC_PING:
      drop = handle_ping (self, from, request);
      break;
    case BYTESTAG_RPC_FIND_NODE:
      drop = handle_find_node (self, from, request);
      break;
    case BYTESTAG_RPC_FIND_VALUE:
      drop = handle_find_value (self, from, request);
      break;
    case BYTESTAG_RPC_GET_VALUE:
      drop = _bytestag_network_serve_value (self, from, request);
      break;
    case BYTESTAG_RPC_STORE:
      drop = handle_store (self, from, request);
      break;
    case BYTESTAG_RPC_UNKNOWN:
    default:
      drop = BYTESTAG_DROP_UNKNOWN_RPC;
      break;
    }

  if (drop != BYTESTAG_DROP_NONE)
    self->counters.drops[drop]++;

  /* Also the sender of a request that we do not know (A.1.3). After the reply,
   * so that a proving ping does not overtake it. */
  _bytestag_network_heard (self, request, from, (gsize) (self->counters.bytes_sent - n_sent));
}
