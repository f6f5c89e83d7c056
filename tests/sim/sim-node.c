/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim-private.h"

#include "sim/mix.h"
#include "storage/aggregated-table.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

/* The nodes of the world: their ports, and how they come and go. */

#define PORT 7001

/* The wall clock at an uptime of 0: 2020-09-13 11:26:40 UTC. */
#define WALL_BEGINNING (G_GINT64_CONSTANT (1599996400) * G_USEC_PER_SEC)

/* The clock of a node */

#define BYTESTAG_TYPE_SIM_CLOCK (bytestag_sim_clock_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSimClock, bytestag_sim_clock, BYTESTAG, SIM_CLOCK, GObject)

struct _BytestagSimClock
{
  GObject parent_instance;

  BytestagSimTime *time;
  gint64 wall_offset;
};

static gint64
sim_clock_get_time (BytestagClock *clock)
{
  return ((BytestagSimClock *) clock)->time->now;
}

static gint64
sim_clock_get_wall_time (BytestagClock *clock)
{
  BytestagSimClock *self = BYTESTAG_SIM_CLOCK (clock);

  return WALL_BEGINNING + self->time->now + self->wall_offset;
}

static void
sim_clock_iface_init (BytestagClockInterface *iface)
{
  iface->get_time = sim_clock_get_time;
  iface->get_wall_time = sim_clock_get_wall_time;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagSimClock, bytestag_sim_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_CLOCK, sim_clock_iface_init))

static void
bytestag_sim_clock_finalize (GObject *object)
{
  g_rc_box_release (BYTESTAG_SIM_CLOCK (object)->time);

  G_OBJECT_CLASS (bytestag_sim_clock_parent_class)->finalize (object);
}

static void
bytestag_sim_clock_class_init (BytestagSimClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_sim_clock_finalize;
}

static void
bytestag_sim_clock_init (BytestagSimClock *self)
{
}

/* The transport of a node */

#define BYTESTAG_TYPE_SIM_TRANSPORT (bytestag_sim_transport_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSimTransport, bytestag_sim_transport, BYTESTAG, SIM_TRANSPORT, GObject)

struct _BytestagSimTransport
{
  GObject parent_instance;

  BytestagSimNode *node; /* NULL once the node is down */
};

static void
note_asked (BytestagSimNode        *node,
            const BytestagEndpoint *to)
{
  if (node->sim->checks && !g_hash_table_contains (node->asked, to))
    g_hash_table_add (node->asked, bytestag_endpoint_copy (to));
}

static gboolean
sim_transport_send (BytestagTransport      *transport,
                    const BytestagEndpoint *to,
                    const guint8           *data,
                    gsize                   length)
{
  BytestagSimNode *node = ((BytestagSimTransport *) transport)->node;
  BytestagEndpoint from;

  if (node == NULL || !node->online)
    return TRUE;

  note_asked (node, to);
  if (node->nat != NULL)
    bytestag_nat_send (node->nat, bytestag_sim_get_time (node->sim), to, &from);
  else
    from = node->address;
  bytestag_sim_send (node->sim, &from, to, data, length);
  return TRUE;
}

static void
sim_transport_get_address (BytestagTransport *transport,
                           BytestagEndpoint  *address)
{
  BytestagSimNode *node = BYTESTAG_SIM_TRANSPORT (transport)->node;

  if (node != NULL)
    *address = node->inner;
  else
    *address = (BytestagEndpoint) { 0 };
}

static void
sim_transport_iface_init (BytestagTransportInterface *iface)
{
  iface->send = sim_transport_send;
  iface->get_address = sim_transport_get_address;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagSimTransport, bytestag_sim_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_TRANSPORT, sim_transport_iface_init))

static void
bytestag_sim_transport_class_init (BytestagSimTransportClass *klass)
{
}

static void
bytestag_sim_transport_init (BytestagSimTransport *self)
{
}

/* Waking */

static void
wake_cb (gpointer user_data)
{
  BytestagSimNode *self = user_data;

  bytestag_engine_tick (BYTESTAG_ENGINE (self->network));
  _bytestag_sim_node_arm (self);
  if (self->sim->checks)
    _bytestag_sim_check_node (self);
}

void
_bytestag_sim_node_arm (BytestagSimNode *self)
{
  gint64 deadline = G_MAXINT64;

  if (self->network != NULL)
    deadline = bytestag_engine_get_deadline (BYTESTAG_ENGINE (self->network));

  if (deadline == G_MAXINT64)
    bytestag_timer_queue_disarm (self->sim->events, &self->wake);
  else if (!bytestag_timer_is_armed (&self->wake) || self->wake.deadline != deadline)
    bytestag_timer_queue_arm (self->sim->events, &self->wake, MAX (deadline, self->sim->time->now), wake_cb, self);
}

/* Addresses */

void
bytestag_sim_make_address (guint             number,
                           BytestagEndpoint *address)
{
  g_assert_cmpuint (number, <, 50 * 256 * 256);
  *address = (BytestagEndpoint) {
    .address = { (guint8) (20 + number % 50), (guint8) (number / 50 % 256), (guint8) (number / 12800), 1 },
    .port = PORT,
    .family = BYTESTAG_FAMILY_IPV4,
  };
}

gboolean
bytestag_sim_read_address (const BytestagEndpoint *address,
                           guint                  *number)
{
  const guint8 *bytes = address->address;

  if (address->family != BYTESTAG_FAMILY_IPV4 || bytes[0] < 20 || bytes[0] >= 70 || bytes[3] != 1)
    return FALSE;
  *number = bytes[0] - 20 + 50 * bytes[1] + 12800 * bytes[2];
  return TRUE;
}

static BytestagEndpoint *
copy_host (const BytestagEndpoint *address)
{
  BytestagEndpoint *host = bytestag_endpoint_copy (address);

  host->port = 0;
  return host;
}

/* Lets datagrams to its address find the node; and no more. */
static void
show (BytestagSimNode *self)
{
  if (self->nat != NULL)
    g_hash_table_insert (self->sim->nodes_by_nat, copy_host (&self->address), self);
  else
    g_hash_table_insert (self->sim->nodes_by_address, &self->address, self);
}

static void
hide (BytestagSimNode *self)
{
  g_autofree BytestagEndpoint *host = copy_host (&self->address);

  if (g_hash_table_lookup (self->sim->nodes_by_nat, host) == self)
    g_hash_table_remove (self->sim->nodes_by_nat, host);
  if (g_hash_table_lookup (self->sim->nodes_by_address, &self->address) == self)
    g_hash_table_remove (self->sim->nodes_by_address, &self->address);
}

BytestagSimNode *
_bytestag_sim_find_receiver (BytestagSim            *self,
                             const BytestagEndpoint *from,
                             const BytestagEndpoint *to)
{
  BytestagSimNode *node = g_hash_table_lookup (self->nodes_by_address, to);

  if (node == NULL && g_hash_table_size (self->nodes_by_nat) > 0)
    {
      g_autofree BytestagEndpoint *host = copy_host (to);

      node = g_hash_table_lookup (self->nodes_by_nat, host);
      if (node != NULL && !bytestag_nat_admits (node->nat, self->time->now, from, to))
        return NULL;
    }
  return node != NULL && node->online && node->network != NULL ? node : NULL;
}

/* Life */

static BytestagSimNode *
get_node (BytestagSim *self,
          guint        index)
{
  g_assert_cmpuint (index, <, self->nodes->len);
  return self->nodes->pdata[index];
}

static void
start (BytestagSimNode *self)
{
  BytestagSimClock *clock = g_object_new (BYTESTAG_TYPE_SIM_CLOCK, NULL);
  /* A node that restarts throws other dice. */
  g_autoptr (BytestagTestRng) rng =
    bytestag_test_rng_new (bytestag_mix (self->sim->seed + (guint64) self->sim->time->now) + self->index);
  BytestagSimTransport *transport = g_object_new (BYTESTAG_TYPE_SIM_TRANSPORT, NULL);

  clock->time = g_rc_box_acquire (self->sim->time);
  clock->wall_offset = self->wall_offset;
  transport->node = self;
  self->transport = G_OBJECT (transport);
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  g_object_unref (clock);
}

static void
run (BytestagSimNode   *self,
     const BytestagKey *id)
{
  self->network = bytestag_network_new (self->reactor, BYTESTAG_TRANSPORT (self->transport), self->front, id, NULL);
  self->id = *bytestag_network_get_key (self->network);
  show (self);
}

/* The program ends, and what it knew is gone. */
static void
stop (BytestagSimNode *self)
{
  if (self->network == NULL)
    return;

  hide (self);
  bytestag_timer_queue_disarm (self->sim->events, &self->wake);
  bytestag_network_shut_down (self->network);
  bytestag_reactor_close (self->reactor);
  /* Whoever still holds a task of it sends nothing more. */
  ((BytestagSimTransport *) self->transport)->node = NULL;
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);
  g_clear_object (&self->transport);
}

void
_bytestag_sim_node_free (gpointer data)
{
  BytestagSimNode *self = data;

  stop (self);
  g_clear_pointer (&self->nat, bytestag_nat_free);
  g_clear_object (&self->front);
  g_clear_object (&self->table);
  g_hash_table_unref (self->asked);
  g_free (self);
}

/* (transfer none) a node that does not run yet. */
static BytestagSimNode *
add (BytestagSim            *sim,
     const BytestagEndpoint *address)
{
  BytestagSimNode *self = g_new0 (BytestagSimNode, 1);

  self->sim = sim;
  self->index = sim->nodes->len;
  self->address = self->inner = *address;
  self->online = TRUE;
  self->table = bytestag_memory_table_new (BYTESTAG_SIM_TABLE_BYTES);
  self->asked = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal,
                                       (GDestroyNotify) bytestag_endpoint_free, NULL);
  g_ptr_array_add (sim->nodes, self);
  start (self);
  return self;
}

static BytestagSimNode *
add_somewhere (BytestagSim *sim)
{
  BytestagEndpoint address;

  bytestag_sim_make_address (sim->n_addresses++, &address);
  return add (sim, &address);
}

BytestagNetwork *
bytestag_sim_add_node (BytestagSim *self)
{
  BytestagSimNode *node = add_somewhere (self);

  node->front = BYTESTAG_KVP_TABLE (g_object_ref (node->table));
  run (node, NULL);
  return node->network;
}

BytestagNetwork *
bytestag_sim_add_sharing_node (BytestagSim               *self,
                               BytestagSharedFilesTable **shared)
{
  BytestagSimNode *node = add_somewhere (self);
  g_autoptr (BytestagTestWorker) worker = bytestag_test_worker_new (node->reactor);
  g_autoptr (BytestagKvpTable) own = BYTESTAG_KVP_TABLE (bytestag_shared_files_table_new (BYTESTAG_WORKER (worker)));

  *shared = BYTESTAG_SHARED_FILES_TABLE (own);
  node->front = BYTESTAG_KVP_TABLE (bytestag_aggregated_table_new (own, BYTESTAG_KVP_TABLE (node->table)));
  run (node, NULL);
  return node->network;
}

BytestagNetwork *
bytestag_sim_add_node_at (BytestagSim            *self,
                          const BytestagEndpoint *address,
                          const BytestagKey      *id)
{
  BytestagSimNode *node = add (self, address);

  node->front = BYTESTAG_KVP_TABLE (g_object_ref (node->table));
  run (node, id);
  return node->network;
}

void
bytestag_sim_crash (BytestagSim *self,
                    guint        index)
{
  BytestagSimNode *node = get_node (self, index);

  node->online = FALSE;
  stop (node);
}

void
bytestag_sim_leave (BytestagSim *self,
                    guint        index)
{
  stop (get_node (self, index));
}

void
bytestag_sim_clear (BytestagSim *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    bytestag_sim_crash (self, i);
  g_ptr_array_set_size (self->nodes, 0);
}

BytestagNetwork *
bytestag_sim_restart (BytestagSim *self,
                      guint        index,
                      gboolean     keeps)
{
  BytestagSimNode *node = get_node (self, index);
  BytestagKey id = node->id;

  g_assert_null (node->network);
  if (!keeps)
    {
      g_set_object (&node->table, NULL);
      node->table = bytestag_memory_table_new (BYTESTAG_SIM_TABLE_BYTES);
      g_set_object (&node->front, BYTESTAG_KVP_TABLE (node->table));
    }
  node->online = TRUE;
  start (node);
  run (node, keeps ? &id : NULL);
  return node->network;
}

void
bytestag_sim_set_online (BytestagSim *self,
                         guint        index,
                         gboolean     online)
{
  get_node (self, index)->online = online;
}

static void
renew_nat (BytestagSimNode *self)
{
  g_clear_pointer (&self->nat, bytestag_nat_free);
  self->nat = bytestag_nat_new (self->nat_kind, &self->address);
}

void
bytestag_sim_move (BytestagSim *self,
                   guint        index)
{
  BytestagSimNode *node = get_node (self, index);

  hide (node);
  bytestag_sim_make_address (self->n_addresses++, &node->address);
  if (node->nat != NULL)
    renew_nat (node);
  else
    node->inner = node->address;
  if (node->network != NULL)
    show (node);
}

void
bytestag_sim_put_behind_nat (BytestagSim     *self,
                             guint            index,
                             BytestagNatKind  kind)
{
  BytestagSimNode *node = get_node (self, index);

  hide (node);
  node->nat_kind = kind;
  renew_nat (node);
  node->inner = (BytestagEndpoint) {
    .address = { 192, 168, (guint8) (index / 250), (guint8) (index % 250 + 1) },
    .port = PORT,
    .family = BYTESTAG_FAMILY_IPV4,
  };
  show (node);
}

void
bytestag_sim_set_wall_offset (BytestagSim *self,
                              guint        index,
                              gint64       offset)
{
  BytestagSimNode *node = get_node (self, index);

  node->wall_offset = offset;
  if (node->reactor != NULL)
    BYTESTAG_SIM_CLOCK (bytestag_reactor_get_clock (node->reactor))->wall_offset = offset;
}

/* Getters */

guint
bytestag_sim_get_n_nodes (BytestagSim *self)
{
  return self->nodes->len;
}

BytestagNetwork *
bytestag_sim_get_node (BytestagSim *self,
                       guint        index)
{
  return get_node (self, index)->network;
}

BytestagKvpTable *
bytestag_sim_get_table (BytestagSim *self,
                        guint        index)
{
  return BYTESTAG_KVP_TABLE (get_node (self, index)->table);
}

void
bytestag_sim_get_address (BytestagSim      *self,
                          guint             index,
                          BytestagEndpoint *address)
{
  *address = get_node (self, index)->address;
}

BytestagNode *
bytestag_sim_make_contact (BytestagSim *self,
                           guint        index)
{
  BytestagSimNode *node = get_node (self, index);

  return bytestag_node_new (&node->id, &node->address);
}

void
bytestag_sim_introduce (BytestagSim            *self,
                        guint                   index,
                        const BytestagKey      *id,
                        const BytestagEndpoint *address)
{
  BytestagSimNode *node = get_node (self, index);
  g_autoptr (BytestagNode) contact = bytestag_node_new (id, address);

  note_asked (node, address);
  bytestag_node_answered (contact, 2 * bytestag_sim_link_get_latency (&self->link, &node->address, address),
                          self->time->now);
  bytestag_node_set_extensions (contact, 0);
  bytestag_routing_table_node_update (bytestag_network_get_routing_table (node->network), contact, NULL);
}
