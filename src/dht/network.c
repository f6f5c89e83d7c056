/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network.h"

#include "dht/network-private.h"

enum {
  PROP_0,
  PROP_NODE,
  PROP_ROUTING_TABLE,
  PROP_DOWNLOAD_SLOT,
  PROP_TASKS,
  PROP_CLOCK_DISAGREES,
  PROP_CLOCK_DIFFERENCE,
  N_PROPS
};

enum {
  VALUE_STORED,
  VALUE_LOST,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void engine_iface_init (BytestagEngineInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagNetwork, bytestag_network, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_ENGINE, engine_iface_init))

/* A codec is 200 kB of buffers and is used only within a call, so that the
 * networks of a thread share one: a simulator runs thousands. */
static _Thread_local BytestagCodec *shared_codec;
static _Thread_local guint n_codec_users;

static BytestagCodec *
acquire_codec (void)
{
  if (n_codec_users++ == 0)
    shared_codec = bytestag_codec_new ();
  return shared_codec;
}

static void
release_codec (void)
{
  g_assert (n_codec_users > 0);
  if (--n_codec_users == 0)
    g_clear_pointer (&shared_codec, bytestag_codec_free);
}

/* Running tasks */

static void
task_finished_cb (BytestagTask    *task,
                  BytestagNetwork *self)
{
  guint position;

  if (g_list_store_find (self->tasks, task, &position))
    g_list_store_remove (self->tasks, position);
  g_ptr_array_remove (self->running, task);
}

void
_bytestag_network_keep (BytestagNetwork *self,
                        BytestagTask    *task)
{
  g_ptr_array_add (self->running, g_object_ref (task));
  g_signal_connect_object (task, "finished", G_CALLBACK (task_finished_cb), self, 0);
}

gpointer
_bytestag_network_run (BytestagNetwork *self,
                       gpointer         task,
                       gboolean         visible)
{
  _bytestag_network_keep (self, task);
  if (visible)
    g_list_store_append (self->tasks, task);
  bytestag_task_start (task);
  return task;
}

/* Datagrams and time */

/* A datagram that was read. */
static BytestagDrop
take_message (BytestagNetwork        *self,
              const BytestagEndpoint *from,
              const BytestagMessage  *message,
              gint64                  now)
{
  switch (message->kind)
    {
    case BYTESTAG_MESSAGE_REPLY:
      if (!bytestag_reply_table_dispatch (self->replies, from, message))
        return BYTESTAG_DROP_UNMATCHED;
      _bytestag_guard_prove (&self->guard, from, now);
      _bytestag_network_serve_proven (self, from);
      _bytestag_network_answer_deferred (self, from);
      return BYTESTAG_DROP_NONE;

    case BYTESTAG_MESSAGE_TRANSFER:
      return _bytestag_network_take_packet (self, from, message);

    case BYTESTAG_MESSAGE_REQUEST:
      _bytestag_network_handle_request (self, from, message);
      return BYTESTAG_DROP_NONE;

    default:
      g_assert_not_reached ();
    }
}

/* Whether we have asked @from for something, be it a reply or a value. */
static gboolean
waits_for (BytestagNetwork        *self,
           const BytestagEndpoint *from)
{
  for (guint i = 0; i < self->downloads->len; i++)
    {
      BytestagNode *node = bytestag_download_task_get_node (self->downloads->pdata[i]);

      if (bytestag_endpoint_equal (bytestag_node_get_endpoint (node), from))
        return TRUE;
    }
  return bytestag_reply_table_waits_for (self->replies, from);
}

void
bytestag_network_receive (BytestagNetwork        *self,
                          const BytestagEndpoint *from,
                          const guint8           *data,
                          gsize                   length)
{
  g_autoptr (BytestagNetwork) alive = NULL;
  BytestagMessage message;
  BytestagDrop drop;
  gint64 now;

  g_return_if_fail (BYTESTAG_IS_NETWORK (self));
  g_return_if_fail (from != NULL);

  if (self->replies == NULL)
    return;

  /* A task that ends may have held the last reference. */
  alive = g_object_ref (self);

  self->counters.datagrams_received++;
  self->counters.bytes_received += length;

  now = bytestag_reactor_get_time (self->reactor);
  if (!bytestag_endpoint_is_usable (from))
    drop = BYTESTAG_DROP_BAD_MEMBER;
  /* But an answer is read: a flood, forged or not, must not make us deaf to its network. */
  else if (_bytestag_guard_is_flooding (&self->guard, from, now) && !waits_for (self, from))
    drop = BYTESTAG_DROP_NETWORK_RATE;
  else
    {
      drop = bytestag_codec_read (self->codec, data, length, &message);
      if (drop == BYTESTAG_DROP_NONE)
        drop = take_message (self, from, &message, now);
      /* What is nothing was read all the same. */
      if (drop != BYTESTAG_DROP_NONE)
        _bytestag_guard_take (&self->guard, from, now);
    }

  if (drop != BYTESTAG_DROP_NONE)
    self->counters.drops[drop]++;
  /* What this leaves runs in the tick, which is soon. */
  bytestag_reactor_drain (self->reactor, BYTESTAG_LIMIT_RECEIVING_US / 4);
}

void
bytestag_network_tick (BytestagNetwork *self)
{
  g_autoptr (BytestagNetwork) alive = NULL;

  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  alive = g_object_ref (self);
  bytestag_reactor_tick (self->reactor);
}

gint64
bytestag_network_get_deadline (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), G_MAXINT64);

  return bytestag_reactor_get_deadline (self->reactor);
}

static void
engine_receive (BytestagEngine         *engine,
                const BytestagEndpoint *from,
                const guint8           *data,
                gsize                   length)
{
  bytestag_network_receive (BYTESTAG_NETWORK (engine), from, data, length);
}

static void
engine_tick (BytestagEngine *engine)
{
  bytestag_network_tick (BYTESTAG_NETWORK (engine));
}

static gint64
engine_get_deadline (BytestagEngine *engine)
{
  return bytestag_network_get_deadline (BYTESTAG_NETWORK (engine));
}

static void
engine_iface_init (BytestagEngineInterface *iface)
{
  iface->receive = engine_receive;
  iface->tick = engine_tick;
  iface->get_deadline = engine_get_deadline;
}

/* The operations */

BytestagPingTask *
bytestag_network_ping_address (BytestagNetwork        *self,
                               const BytestagEndpoint *address)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (address != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_ping_task_new (self, address, NULL), FALSE);
}

BytestagPingTask *
bytestag_network_ping_node (BytestagNetwork *self,
                            BytestagNode    *node)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);

  return _bytestag_network_run (self, _bytestag_ping_task_new (self, bytestag_node_get_endpoint (node), node), FALSE);
}

BytestagJoinTask *
bytestag_network_join_network (BytestagNetwork        *self,
                               const BytestagEndpoint *address)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (address != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_join_task_new (self, address), TRUE);
}

BytestagFindNodesTask *
bytestag_network_find_nodes_from_node (BytestagNetwork   *self,
                                       BytestagNode      *node,
                                       const BytestagKey *key)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_find_nodes_task_new (self, node, key), FALSE);
}

BytestagFindValueTask *
bytestag_network_find_value_from_node (BytestagNetwork   *self,
                                       BytestagNode      *node,
                                       const BytestagKey *key,
                                       const BytestagKey *index)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_find_value_task_new (self, node, key, index), FALSE);
}

BytestagFindShortlistTask *
bytestag_network_find_node_shortlist (BytestagNetwork   *self,
                                      const BytestagKey *key)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_find_shortlist_task_new (self, key, NULL, FALSE, FALSE), TRUE);
}

BytestagFindShortlistTask *
bytestag_network_find_value_shortlist (BytestagNetwork   *self,
                                       const BytestagKey *key,
                                       const BytestagKey *index,
                                       gboolean           stop_at_value)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return _bytestag_network_run (self, _bytestag_find_shortlist_task_new (self, key, index, TRUE, stop_at_value), TRUE);
}

BytestagDownloadTask *
bytestag_network_get_value_from_node (BytestagNetwork   *self,
                                      BytestagNode      *node,
                                      const BytestagKey *key,
                                      const BytestagKey *index,
                                      gsize              offset)
{
  BytestagKvpId id;
  BytestagDownloadTask *task;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  id.key = *key;
  id.index = index != NULL ? *index : *key;
  task = _bytestag_download_task_new (self, node, &id, offset);
  _bytestag_network_keep (self, BYTESTAG_TASK (task));
  _bytestag_network_queue_download (self, task);
  return task;
}

BytestagGetValueTask *
bytestag_network_get_value (BytestagNetwork   *self,
                            const BytestagKey *key,
                            const BytestagKey *index)
{
  BytestagKvpId id;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL && index != NULL, NULL);

  id.key = *key;
  id.index = *index;
  return _bytestag_network_run (self, _bytestag_get_value_task_new (self, &id), FALSE);
}

BytestagStoreToNodeTask *
bytestag_network_store_to_node (BytestagNetwork   *self,
                                BytestagNode      *node,
                                const BytestagKey *key,
                                const BytestagKey *index,
                                GBytes            *value,
                                gint64             timestamp)
{
  BytestagKvpRecord record = { .timestamp = timestamp };

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (key != NULL && index != NULL && value != NULL, NULL);

  record.id.key = *key;
  record.id.index = *index;
  return _bytestag_network_run (self, _bytestag_store_to_node_task_new (self, node, &record, BYTESTAG_TIME_KEEP, value), FALSE);
}

BytestagStoreValueTask *
bytestag_network_store_value (BytestagNetwork   *self,
                              const BytestagKey *key,
                              const BytestagKey *index,
                              guint              copies)
{
  BytestagKvpId id;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL && index != NULL, NULL);
  g_return_val_if_fail (copies >= 1 && copies <= BYTESTAG_MAX_BUCKET_SIZE, NULL);

  id.key = *key;
  id.index = *index;
  return _bytestag_network_run (self, _bytestag_store_value_task_new (self, &id, copies, NULL), FALSE);
}

BytestagStoreValueTask *
bytestag_network_replicate_value (BytestagNetwork   *self,
                                  const BytestagKey *key,
                                  const BytestagKey *index,
                                  guint              copies,
                                  GPtrArray         *nodes)
{
  BytestagKvpId id;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL && index != NULL && nodes != NULL, NULL);
  g_return_val_if_fail (copies >= 1 && copies <= BYTESTAG_MAX_BUCKET_SIZE, NULL);

  id.key = *key;
  id.index = *index;
  return _bytestag_network_run (self, _bytestag_store_value_task_new (self, &id, copies, nodes), FALSE);
}

/* Getters */

BytestagNode *
bytestag_network_get_node (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return self->node;
}

const BytestagKey *
bytestag_network_get_key (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return bytestag_node_get_key (self->node);
}

void
bytestag_network_get_address (BytestagNetwork  *self,
                              BytestagEndpoint *address)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));
  g_return_if_fail (address != NULL);

  bytestag_transport_get_address (self->transport, address);
}

gboolean
bytestag_network_get_seen_address (BytestagNetwork  *self,
                                   BytestagEndpoint *address)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  if (self->votes.believed)
    *address = self->votes.address;
  return self->votes.believed;
}

BytestagReactor *
bytestag_network_get_reactor (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return self->reactor;
}

BytestagKvpTable *
bytestag_network_get_table (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return self->table;
}

BytestagRoutingTable *
bytestag_network_get_routing_table (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return self->routing_table;
}

BytestagTaskSlot *
bytestag_network_get_download_slot (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return self->download_slot;
}

void
bytestag_network_set_read_only (BytestagNetwork *self,
                                gboolean         is_read_only)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  self->is_read_only = is_read_only;
}

gboolean
bytestag_network_get_read_only (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), FALSE);

  return self->is_read_only;
}

void
bytestag_network_set_limits_private (BytestagNetwork *self,
                                     gboolean         limits_private)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  self->guard.limits_private = limits_private;
  bytestag_routing_table_set_limits_private (self->routing_table, limits_private);
}

GListModel *
bytestag_network_get_tasks (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return G_LIST_MODEL (self->tasks);
}

gint64
bytestag_network_get_clock_difference (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), 0);

  return self->clock_difference;
}

void
_bytestag_network_set_clock_difference (BytestagNetwork *self,
                                        gint64           difference)
{
  gint64 before = self->clock_difference;

  if (difference == before)
    return;

  self->clock_difference = difference;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOCK_DIFFERENCE]);
  if (difference == 0 || before == 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOCK_DISAGREES]);
}

const BytestagNetworkCounters *
bytestag_network_get_counters (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);

  return &self->counters;
}

void
bytestag_network_check_invariants (BytestagNetwork *self)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  if (self->replies == NULL)
    return;

  bytestag_routing_table_check_invariants (self->routing_table);
  g_assert (bytestag_reply_table_get_n_pending (self->replies) <= BYTESTAG_LIMIT_PENDING_REQUESTS);
  g_assert (self->stores->len <= BYTESTAG_LIMIT_INCOMING_STORES);
  g_assert (self->uploads->len <= BYTESTAG_LIMIT_UPLOADS);
  g_assert (self->downloads->len <= BYTESTAG_LIMIT_DOWNLOADS);
  g_assert (self->deferred->len <= BYTESTAG_LIMIT_DEFERRED_BATCHES);
  g_assert (self->moves->len <= BYTESTAG_LIMIT_MOVES);
  g_assert (self->drains->len <= BYTESTAG_LIMIT_DRAINS);
  g_assert (self->n_refreshing <= BYTESTAG_LIMIT_REFRESHES);
}

/* Life */

void
bytestag_network_shut_down (BytestagNetwork *self)
{
  g_autoptr (GPtrArray) running = NULL;
  g_autoptr (BytestagReplyTable) replies = NULL;

  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  if (self->replies == NULL)
    return;

  _bytestag_network_stop_maintenance (self);
  _bytestag_network_stop_denying (self);
  g_ptr_array_set_size (self->deferred, 0);
  g_ptr_array_set_size (self->moves, 0);

  /* Cancelling one task may cancel others. */
  running = g_ptr_array_copy (self->running, (GCopyFunc) g_object_ref, NULL);
  g_ptr_array_set_free_func (running, g_object_unref);
  for (guint i = 0; i < running->len; i++)
    bytestag_task_cancel (running->pdata[i]);
  g_ptr_array_set_size (self->running, 0);
  g_list_store_remove_all (self->tasks);

  _bytestag_network_stop_downloads (self);
  _bytestag_network_stop_uploads (self);

  /* What still waits is told, and finds the network shut down. */
  replies = g_steal_pointer (&self->replies);
}

static void
bytestag_network_begin (BytestagNetwork   *self,
                        const BytestagKey *node_id)
{
  BytestagEndpoint address;
  BytestagKey key;

  if (node_id != NULL)
    key = *node_id;
  else
    bytestag_key_random (&key, bytestag_reactor_get_rng (self->reactor));

  bytestag_transport_get_address (self->transport, &address);
  self->node = bytestag_node_new (&key, &address);
  self->routing_table = bytestag_routing_table_new (&key, bytestag_reactor_get_clock (self->reactor));
  self->replies = bytestag_reply_table_new (self->reactor, self->transport);
  _bytestag_network_init_contacts (self);
  _bytestag_network_start_maintenance (self);
}

BytestagNetwork *
bytestag_network_new (BytestagReactor   *reactor,
                      BytestagTransport *transport,
                      BytestagKvpTable  *table,
                      const BytestagKey *node_id,
                      BytestagTaskSlot  *download_slot)
{
  BytestagNetwork *self;

  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);
  g_return_val_if_fail (BYTESTAG_IS_TRANSPORT (transport), NULL);
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (table), NULL);
  g_return_val_if_fail (download_slot == NULL || BYTESTAG_IS_TASK_SLOT (download_slot), NULL);

  self = g_object_new (BYTESTAG_TYPE_NETWORK, NULL);
  self->reactor = g_object_ref (reactor);
  self->transport = g_object_ref (transport);
  self->table = g_object_ref (table);
  /* Downloads are let in by _bytestag_network_queue_download(), so that the
   * stores of others always find a place beside them. */
  self->download_slot = download_slot != NULL
                          ? g_object_ref (download_slot)
                          : bytestag_task_slot_new (BYTESTAG_LIMIT_DOWNLOADS + BYTESTAG_LIMIT_INCOMING_STORES);
  bytestag_network_begin (self, node_id);
  return self;
}

static void
bytestag_network_dispose (GObject *object)
{
  BytestagNetwork *self = BYTESTAG_NETWORK (object);

  if (self->replies != NULL)
    bytestag_network_shut_down (self);

  G_OBJECT_CLASS (bytestag_network_parent_class)->dispose (object);
}

static void
bytestag_network_finalize (GObject *object)
{
  BytestagNetwork *self = BYTESTAG_NETWORK (object);

  _bytestag_guard_clear (&self->guard);
  g_clear_pointer (&self->incoming, g_hash_table_unref);
  g_clear_pointer (&self->downloads, g_ptr_array_unref);
  g_clear_pointer (&self->stores, g_ptr_array_unref);
  g_clear_pointer (&self->stores_running, g_ptr_array_unref);
  g_clear_pointer (&self->drains, g_ptr_array_unref);
  g_clear_pointer (&self->uploads, g_ptr_array_unref);
  g_clear_pointer (&self->deferred, g_ptr_array_unref);
  g_clear_pointer (&self->moves, g_ptr_array_unref);
  g_clear_pointer (&self->keepings, g_ptr_array_unref);
  g_clear_pointer (&self->short_chunks, bytestag_endpoint_cache_free);
  g_clear_pointer (&self->running, g_ptr_array_unref);
  g_clear_object (&self->tasks);
  g_clear_object (&self->download_slot);
  g_clear_object (&self->routing_table);
  g_clear_object (&self->node);
  g_clear_object (&self->table);
  g_clear_object (&self->transport);
  g_clear_object (&self->reactor);
  release_codec ();

  G_OBJECT_CLASS (bytestag_network_parent_class)->finalize (object);
}

static void
bytestag_network_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  BytestagNetwork *self = BYTESTAG_NETWORK (object);

  switch (prop_id)
    {
    case PROP_NODE:
      g_value_set_object (value, self->node);
      break;
    case PROP_ROUTING_TABLE:
      g_value_set_object (value, self->routing_table);
      break;
    case PROP_DOWNLOAD_SLOT:
      g_value_set_object (value, self->download_slot);
      break;
    case PROP_TASKS:
      g_value_set_object (value, self->tasks);
      break;
    case PROP_CLOCK_DISAGREES:
      g_value_set_boolean (value, self->clock_difference != 0);
      break;
    case PROP_CLOCK_DIFFERENCE:
      g_value_set_int64 (value, self->clock_difference);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_network_class_init (BytestagNetworkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_network_dispose;
  object_class->finalize = bytestag_network_finalize;
  object_class->get_property = bytestag_network_get_property;

  properties[PROP_NODE] =
    g_param_spec_object ("node", NULL, NULL, BYTESTAG_TYPE_NODE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ROUTING_TABLE] =
    g_param_spec_object ("routing-table", NULL, NULL, BYTESTAG_TYPE_ROUTING_TABLE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_DOWNLOAD_SLOT] =
    g_param_spec_object ("download-slot", NULL, NULL, BYTESTAG_TYPE_TASK_SLOT,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_TASKS] =
    g_param_spec_object ("tasks", NULL, NULL, G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_CLOCK_DISAGREES] =
    g_param_spec_boolean ("clock-disagrees", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_CLOCK_DIFFERENCE] =
    g_param_spec_int64 ("clock-difference", NULL, NULL, G_MININT64, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * BytestagNetwork::value-stored:
   * @self: the network
   * @id: (type BytestagKvpId): what a peer stored here, and the table keeps now
   */
  signals[VALUE_STORED] =
    g_signal_new ("value-stored", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_KVP_ID | G_SIGNAL_TYPE_STATIC_SCOPE);

  /**
   * BytestagNetwork::value-lost:
   * @self: the network
   * @id: (type BytestagKvpId): a value that is kept here for others, and that one of the nodes
   *   that are to hold it too says it does not (B.3 "Replication")
   */
  signals[VALUE_LOST] =
    g_signal_new ("value-lost", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_KVP_ID | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
bytestag_network_init (BytestagNetwork *self)
{
  self->codec = acquire_codec ();
  self->tasks = g_list_store_new (BYTESTAG_TYPE_TASK);
  self->running = g_ptr_array_new_with_free_func (g_object_unref);
  self->incoming = g_hash_table_new (bytestag_key_hash, bytestag_key_equal);
  self->downloads = g_ptr_array_new ();
  self->stores = g_ptr_array_new ();
  self->stores_running = g_ptr_array_new ();
  g_queue_init (&self->stores_waiting);
  self->drains = g_ptr_array_new ();
  self->uploads = g_ptr_array_new ();
  g_queue_init (&self->waiting);
  g_queue_init (&self->uploads_waiting);
  _bytestag_network_init_deferred (self);
  _bytestag_network_init_moves (self);
  self->keepings = g_ptr_array_new ();
  self->short_chunks = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_SHORT_CHUNK_ENDPOINTS, sizeof (guint8));
}
