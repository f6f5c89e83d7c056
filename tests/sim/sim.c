/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim.h"

#include <math.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>

#include "core/timer-queue.h"
#include "storage/aggregated-table.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define PORT 7001
#define TABLE_BYTES (64 * 1024 * 1024)

typedef struct {
  BytestagSim *sim;
  guint index;
  BytestagEndpoint address;
  gboolean online;
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  BytestagNetwork *network;
  BytestagTimer wake;
} SimNode;

typedef struct {
  BytestagEndpoint address;
  BytestagSimPeerFunc func;
  gpointer user_data;
} SimPeer;

/* A datagram under way. */
typedef struct {
  BytestagSim *sim;
  BytestagTimer timer;
  BytestagEndpoint from, to;
  GList link;
  gsize length;
  guint8 data[];
} SimDatagram;

struct _BytestagSim
{
  BytestagTestClock *clock;
  BytestagRng *rng;
  BytestagTimerQueue *events;
  guint64 seed;
  gint64 median;
  gdouble sigma;
  guint loss;
  GPtrArray *nodes;
  GHashTable *nodes_by_address;
  GHashTable *peers;
  GQueue under_way;
  guint64 n_datagrams;
  gnutls_hash_hd_t trace;
};

/* The transport of a node */

#define BYTESTAG_TYPE_SIM_TRANSPORT (bytestag_sim_transport_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSimTransport, bytestag_sim_transport, BYTESTAG, SIM_TRANSPORT, GObject)

struct _BytestagSimTransport
{
  GObject parent_instance;

  SimNode *node; /* NULL when the simulator has gone */
};

static gboolean
sim_transport_send (BytestagTransport      *transport,
                    const BytestagEndpoint *to,
                    const guint8           *data,
                    gsize                   length)
{
  SimNode *node = BYTESTAG_SIM_TRANSPORT (transport)->node;

  if (node->online)
    bytestag_sim_send (node->sim, &node->address, to, data, length);
  return TRUE;
}

static void
sim_transport_get_address (BytestagTransport *transport,
                           BytestagEndpoint  *address)
{
  *address = BYTESTAG_SIM_TRANSPORT (transport)->node->address;
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

/* Links */

static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* A pair of nodes always has the same latency, and no memory holds it. */
static gint64
get_latency (BytestagSim            *self,
             const BytestagEndpoint *a,
             const BytestagEndpoint *b)
{
  guint64 low, high, bits;
  gdouble u, v, normal;
  guint32 word_a, word_b;

  memcpy (&word_a, a->address, sizeof word_a);
  memcpy (&word_b, b->address, sizeof word_b);
  low = MIN (word_a, word_b);
  high = MAX (word_a, word_b);
  bits = mix (mix (self->seed + low) + high);

  /* Box and Muller */
  u = (gdouble) ((bits >> 40) + 1) / (gdouble) (1 << 24);
  v = (gdouble) (bits & 0xffffff) / (gdouble) (1 << 24);
  normal = sqrt (-2 * log (u)) * cos (2 * G_PI * v);
  return MAX (1, (gint64) ((gdouble) self->median * exp (self->sigma * normal) / 2));
}

static void
trace_datagram (BytestagSim       *self,
                const SimDatagram *datagram)
{
  gint64 time = bytestag_sim_get_time (self);

  gnutls_hash (self->trace, &time, sizeof time);
  gnutls_hash (self->trace, &datagram->from, sizeof datagram->from);
  gnutls_hash (self->trace, &datagram->to, sizeof datagram->to);
  gnutls_hash (self->trace, datagram->data, datagram->length);
}

static void
wake_cb (gpointer user_data);

static void
arm_wake (SimNode *node)
{
  gint64 deadline = bytestag_engine_get_deadline (BYTESTAG_ENGINE (node->network));

  if (deadline == G_MAXINT64)
    bytestag_timer_queue_disarm (node->sim->events, &node->wake);
  else
    bytestag_timer_queue_arm (node->sim->events, &node->wake,
                              MAX (deadline, bytestag_sim_get_time (node->sim)), wake_cb, node);
}

static void
wake_cb (gpointer user_data)
{
  SimNode *node = user_data;

  bytestag_engine_tick (BYTESTAG_ENGINE (node->network));
  arm_wake (node);
}

static void
deliver_cb (gpointer user_data)
{
  SimDatagram *datagram = user_data;
  BytestagSim *self = datagram->sim;
  SimNode *node = g_hash_table_lookup (self->nodes_by_address, &datagram->to);
  SimPeer *peer = g_hash_table_lookup (self->peers, &datagram->to);

  g_queue_unlink (&self->under_way, &datagram->link);
  self->n_datagrams++;
  trace_datagram (self, datagram);

  if (node != NULL && node->online)
    {
      bytestag_engine_receive (BYTESTAG_ENGINE (node->network), &datagram->from, datagram->data, datagram->length);
      arm_wake (node);
    }
  else if (peer != NULL)
    {
      peer->func (self, &datagram->from, datagram->data, datagram->length, peer->user_data);
    }
  g_free (datagram);
}

void
bytestag_sim_send (BytestagSim            *self,
                   const BytestagEndpoint *from,
                   const BytestagEndpoint *to,
                   const guint8           *data,
                   gsize                   length)
{
  SimDatagram *datagram;

  if (self->loss > 0 && bytestag_rng_range (self->rng, 1000) < self->loss)
    return;

  datagram = g_malloc0 (sizeof *datagram + length);
  datagram->sim = self;
  datagram->from = *from;
  datagram->to = *to;
  datagram->length = length;
  memcpy (datagram->data, data, length);
  datagram->link.data = datagram;
  g_queue_push_tail_link (&self->under_way, &datagram->link);
  bytestag_timer_queue_arm (self->events, &datagram->timer,
                            bytestag_sim_get_time (self) + get_latency (self, from, to), deliver_cb, datagram);
}

/* Nodes */

static void
sim_node_free (gpointer data)
{
  SimNode *node = data;

  bytestag_timer_queue_disarm (node->sim->events, &node->wake);
  bytestag_network_shut_down (node->network);
  bytestag_reactor_close (node->reactor);
  g_clear_object (&node->network);
  g_clear_object (&node->table);
  g_clear_object (&node->reactor);
  g_free (node);
}

static SimNode *
get_node (BytestagSim *self,
          guint        index)
{
  g_assert_cmpuint (index, <, self->nodes->len);
  return self->nodes->pdata[index];
}

static SimNode *
add_node (BytestagSim *self)
{
  SimNode *node = g_new0 (SimNode, 1);
  g_autoptr (BytestagTestRng) rng = NULL;
  g_autofree char *host = NULL;

  node->sim = self;
  node->index = self->nodes->len;
  node->online = TRUE;
  host = g_strdup_printf ("%u.%u.%u.1", 20 + node->index % 50, node->index / 50 % 256, node->index / 12800);
  bytestag_endpoint_set_host (&node->address, host, -1, PORT);

  rng = bytestag_test_rng_new (mix (self->seed) + node->index);
  node->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  node->table = BYTESTAG_KVP_TABLE (bytestag_memory_table_new (TABLE_BYTES));

  g_ptr_array_add (self->nodes, node);
  g_hash_table_insert (self->nodes_by_address, &node->address, node);
  return node;
}

static BytestagNetwork *
start_node (SimNode          *node,
            BytestagKvpTable *table)
{
  g_autoptr (BytestagSimTransport) transport = g_object_new (BYTESTAG_TYPE_SIM_TRANSPORT, NULL);

  transport->node = node;
  node->network = bytestag_network_new (node->reactor, BYTESTAG_TRANSPORT (transport), table, NULL, NULL);
  return node->network;
}

BytestagNetwork *
bytestag_sim_add_node (BytestagSim *self)
{
  SimNode *node = add_node (self);

  return start_node (node, node->table);
}

BytestagNetwork *
bytestag_sim_add_sharing_node (BytestagSim               *self,
                               BytestagSharedFilesTable **shared)
{
  SimNode *node = add_node (self);
  g_autoptr (BytestagTestWorker) worker = bytestag_test_worker_new (node->reactor);
  g_autoptr (BytestagKvpTable) own = BYTESTAG_KVP_TABLE (bytestag_shared_files_table_new (BYTESTAG_WORKER (worker)));
  g_autoptr (BytestagKvpTable) table = BYTESTAG_KVP_TABLE (bytestag_aggregated_table_new (own, node->table));

  *shared = BYTESTAG_SHARED_FILES_TABLE (own);
  return start_node (node, table);
}

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
  SimNode *node = get_node (self, index);

  return bytestag_node_new (bytestag_network_get_key (node->network), &node->address);
}

void
bytestag_sim_set_online (BytestagSim *self,
                         guint        index,
                         gboolean     online)
{
  get_node (self, index)->online = online;
}

void
bytestag_sim_add_peer (BytestagSim            *self,
                       const BytestagEndpoint *address,
                       BytestagSimPeerFunc     func,
                       gpointer                user_data)
{
  SimPeer *peer = g_new0 (SimPeer, 1);

  peer->address = *address;
  peer->func = func;
  peer->user_data = user_data;
  g_hash_table_replace (self->peers, &peer->address, peer);
}

/* The simulator */

BytestagSim *
bytestag_sim_new (guint64 seed)
{
  BytestagSim *self = g_new0 (BytestagSim, 1);

  self->seed = seed;
  self->clock = bytestag_test_clock_new ();
  self->rng = BYTESTAG_RNG (bytestag_test_rng_new (seed));
  self->events = bytestag_timer_queue_new ();
  self->median = 80 * 1000;
  self->sigma = 0.8;
  self->nodes = g_ptr_array_new_with_free_func (sim_node_free);
  self->nodes_by_address = g_hash_table_new (bytestag_endpoint_hash, bytestag_endpoint_equal);
  self->peers = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal, NULL, g_free);
  g_queue_init (&self->under_way);
  g_assert_cmpint (gnutls_hash_init (&self->trace, GNUTLS_DIG_SHA256), ==, 0);
  return self;
}

void
bytestag_sim_free (BytestagSim *self)
{
  GList *link;

  g_hash_table_unref (self->nodes_by_address);
  g_ptr_array_unref (self->nodes);
  g_hash_table_unref (self->peers);
  while ((link = g_queue_pop_head_link (&self->under_way)) != NULL)
    {
      SimDatagram *datagram = link->data;

      bytestag_timer_queue_disarm (self->events, &datagram->timer);
      g_free (datagram);
    }
  bytestag_timer_queue_free (self->events);
  gnutls_hash_deinit (self->trace, NULL);
  g_object_unref (self->rng);
  g_object_unref (self->clock);
  g_free (self);
}

void
bytestag_sim_set_latency (BytestagSim *self,
                          gint64       median,
                          gdouble      sigma)
{
  self->median = median;
  self->sigma = sigma;
}

void
bytestag_sim_set_loss (BytestagSim *self,
                       guint        per_mille)
{
  self->loss = per_mille;
}

gint64
bytestag_sim_get_time (BytestagSim *self)
{
  return bytestag_clock_get_time (BYTESTAG_CLOCK (self->clock));
}

BytestagClock *
bytestag_sim_get_clock (BytestagSim *self)
{
  return BYTESTAG_CLOCK (self->clock);
}

/* What the caller did since the last run may have moved deadlines. */
static void
arm_all (BytestagSim *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    arm_wake (self->nodes->pdata[i]);
}

/* Runs what comes next, if it comes before @end. */
static gboolean
step (BytestagSim *self,
      gint64       end)
{
  gint64 deadline = bytestag_timer_queue_get_deadline (self->events);
  gint64 now = bytestag_sim_get_time (self);

  if (deadline > end)
    return FALSE;

  if (deadline > now)
    bytestag_test_clock_advance (self->clock, deadline - now);
  bytestag_timer_queue_run (self->events, bytestag_sim_get_time (self));
  return TRUE;
}

void
bytestag_sim_run (BytestagSim *self,
                  gint64       duration)
{
  gint64 end = bytestag_sim_get_time (self) + duration;

  arm_all (self);
  while (step (self, end))
    continue;
  if (bytestag_sim_get_time (self) < end)
    bytestag_test_clock_advance (self->clock, end - bytestag_sim_get_time (self));
}

static void
finished_cb (BytestagTask *task,
             gboolean     *finished)
{
  *finished = TRUE;
}

gboolean
bytestag_sim_run_task (BytestagSim *self,
                       gpointer     task,
                       gint64       duration)
{
  gint64 end = bytestag_sim_get_time (self) + duration;
  gboolean finished = FALSE;
  gulong id = g_signal_connect (task, "finished", G_CALLBACK (finished_cb), &finished);

  arm_all (self);
  while (!finished && step (self, end))
    continue;
  g_signal_handler_disconnect (task, id);
  return finished;
}

guint64
bytestag_sim_get_n_datagrams (BytestagSim *self)
{
  return self->n_datagrams;
}

char *
bytestag_sim_dup_trace_hash (BytestagSim *self)
{
  gnutls_hash_hd_t copy = gnutls_hash_copy (self->trace);
  guint8 digest[32];
  GString *text = g_string_new (NULL);

  g_assert_nonnull (copy);
  gnutls_hash_deinit (copy, digest);
  for (guint i = 0; i < sizeof digest; i++)
    g_string_append_printf (text, "%02x", digest[i]);
  return g_string_free (text, FALSE);
}

GBytes *
bytestag_sim_make_value (gsize size,
                         guint seed)
{
  guint8 *bytes = g_malloc (MAX (size, 1));

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * seed + i / 251);
  return g_bytes_new_take (bytes, size);
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  g_assert_no_error (error);
}

void
bytestag_sim_put_value (BytestagSim *self,
                        guint        index,
                        GBytes      *value,
                        BytestagKey *key)
{
  BytestagKvpRecord record = { 0 };

  bytestag_key_digest (key, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  record.id.key = record.id.index = *key;
  record.size = g_bytes_get_size (value);
  record.is_original = TRUE;
  bytestag_kvp_table_write (get_node (self, index)->table, &record, value, written_cb, NULL);
}

gboolean
bytestag_sim_join_all (BytestagSim *self,
                       gint64       duration)
{
  g_autoptr (GPtrArray) joins = g_ptr_array_new_with_free_func (g_object_unref);
  const BytestagEndpoint *first = &get_node (self, 0)->address;

  for (guint i = 1; i < self->nodes->len; i++)
    {
      g_ptr_array_add (joins, bytestag_network_join_network (bytestag_sim_get_node (self, i), first));
      /* As people come: one after the other. */
      bytestag_sim_run (self, 100 * 1000);
    }
  bytestag_sim_run (self, duration);

  for (guint i = 0; i < joins->len; i++)
    if (bytestag_task_get_state (joins->pdata[i]) != BYTESTAG_TASK_DONE)
      return FALSE;
  return TRUE;
}
