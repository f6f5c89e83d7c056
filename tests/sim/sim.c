/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim-private.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>

#include "support/test-rng.h"

/* The world: its time, and what is under way in it. */

/* Uptime of the nodes at the beginning, so that ages may be subtracted from it. */
#define BEGINNING (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

typedef struct {
  BytestagEndpoint address;
  BytestagSimPeerFunc func;
  gpointer user_data;
} Peer;

/* A datagram under way. From @arrives_at on it is what the trace is made of. */
typedef struct {
  BytestagSim *sim;
  BytestagTimer timer;
  GList link;
  gsize length;
  gboolean is_forged;
  gint64 arrives_at;
  BytestagEndpoint from, to;
  guint8 data[];
} Datagram;

/* What was asked for by bytestag_sim_call(). */
typedef struct {
  BytestagSim *sim;
  BytestagTimer timer;
  GList link;
  BytestagSimCallFunc func;
  gpointer user_data;
} Call;

/* Datagrams */

static void
trace_datagram (BytestagSim    *self,
                const Datagram *datagram)
{
  gsize begin = G_STRUCT_OFFSET (Datagram, arrives_at);

  gnutls_hash (self->trace, (const guint8 *) datagram + begin,
               G_STRUCT_OFFSET (Datagram, data) - begin + datagram->length);
}

static guint64
count_drops (BytestagNetwork *network)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (network);
  guint64 n = 0;

  for (guint i = 0; i < BYTESTAG_N_DROPS; i++)
    n += counters->drops[i];
  return n;
}

static void
give_to_node (BytestagSimNode *node,
              Datagram        *datagram)
{
  guint64 n_drops = datagram->is_forged ? count_drops (node->network) : 0;

  bytestag_engine_receive (BYTESTAG_ENGINE (node->network), &datagram->from, datagram->data, datagram->length);
  if (datagram->is_forged)
    g_assert_cmpuint (count_drops (node->network), ==, n_drops + 1);
  _bytestag_sim_node_arm (node);
  if (node->sim->checks)
    _bytestag_sim_check_node (node);
}

/* Whether somebody took it. */
static gboolean
give (BytestagSim *self,
      Datagram    *datagram)
{
  BytestagSimNode *node = _bytestag_sim_find_receiver (self, &datagram->from, &datagram->to);
  Peer *peer = node == NULL ? g_hash_table_lookup (self->peers, &datagram->to) : NULL;

  if (node != NULL)
    give_to_node (node, datagram);
  else if (peer != NULL)
    peer->func (self, &datagram->from, datagram->data, datagram->length, peer->user_data);
  return node != NULL || peer != NULL;
}

static void
deliver_cb (gpointer user_data)
{
  Datagram *datagram = user_data;
  BytestagSim *self = datagram->sim;

  g_queue_unlink (&self->under_way, &datagram->link);
  self->n_datagrams++;
  if (self->trace != NULL)
    trace_datagram (self, datagram);

  if (!give (self, datagram) && self->nobody_func != NULL &&
      self->nobody_func (self, &datagram->from, &datagram->to, datagram->data, datagram->length,
                         self->nobody_data))
    give (self, datagram);
  g_free (datagram);
}

static void
send_copy (BytestagSim            *self,
           const BytestagEndpoint *from,
           const BytestagEndpoint *to,
           const guint8           *data,
           gsize                   length,
           gboolean                is_forged,
           gint64                  delay)
{
  Datagram *datagram = g_malloc (sizeof *datagram + length);

  *datagram = (Datagram) {
    .sim = self,
    .length = length,
    .is_forged = is_forged,
    .arrives_at = self->time->now + delay,
    .from = *from,
    .to = *to,
    .link.data = datagram,
  };
  memcpy (datagram->data, data, length);
  g_queue_push_tail_link (&self->under_way, &datagram->link);
  bytestag_timer_queue_arm (self->events, &datagram->timer, datagram->arrives_at, deliver_cb, datagram);
}

static void
send_copies (BytestagSim            *self,
             const BytestagEndpoint *from,
             const BytestagEndpoint *to,
             const guint8           *data,
             gsize                   length,
             gboolean                is_forged)
{
  gint64 delays[BYTESTAG_SIM_LINK_COPIES];
  guint n = bytestag_sim_link_carry (&self->link, self->rng, from, to, length, delays);

  for (guint i = 0; i < n; i++)
    send_copy (self, from, to, data, length, is_forged, delays[i]);
}

void
bytestag_sim_send (BytestagSim            *self,
                   const BytestagEndpoint *from,
                   const BytestagEndpoint *to,
                   const guint8           *data,
                   gsize                   length)
{
  send_copies (self, from, to, data, length, FALSE);
}

void
bytestag_sim_send_forged (BytestagSim            *self,
                          const BytestagEndpoint *from,
                          const BytestagEndpoint *to,
                          const guint8           *data,
                          gsize                   length)
{
  send_copies (self, from, to, data, length, TRUE);
}

void
bytestag_sim_add_peer (BytestagSim            *self,
                       const BytestagEndpoint *address,
                       BytestagSimPeerFunc     func,
                       gpointer                user_data)
{
  Peer *peer = g_new0 (Peer, 1);

  peer->address = *address;
  peer->func = func;
  peer->user_data = user_data;
  g_hash_table_replace (self->peers, &peer->address, peer);
}

void
bytestag_sim_set_nobody_func (BytestagSim           *self,
                              BytestagSimNobodyFunc  func,
                              gpointer               user_data)
{
  self->nobody_func = func;
  self->nobody_data = user_data;
}

/* The world */

BytestagSim *
bytestag_sim_new (guint64 seed)
{
  BytestagSim *self = g_new0 (BytestagSim, 1);
  gnutls_hash_hd_t trace;

  self->seed = seed;
  self->time = g_rc_box_new0 (BytestagSimTime);
  self->time->now = BEGINNING;
  self->rng = BYTESTAG_RNG (bytestag_test_rng_new (seed));
  self->events = bytestag_timer_queue_new ();
  bytestag_sim_link_init (&self->link, seed);
  self->nodes = g_ptr_array_new_with_free_func (_bytestag_sim_node_free);
  self->nodes_by_address = g_hash_table_new (bytestag_endpoint_hash, bytestag_endpoint_equal);
  self->nodes_by_nat = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal, g_free, NULL);
  self->peers = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal, NULL, g_free);
  g_queue_init (&self->under_way);
  g_queue_init (&self->calls);
  g_assert_cmpint (gnutls_hash_init (&trace, GNUTLS_DIG_SHA256), ==, 0);
  self->trace = trace;
  self->checks = TRUE;
  _bytestag_sim_start_checks (self);
  return self;
}

/* Disarms what is in @queue, at @timer_offset in each element, and frees it. */
static void
drop_all (BytestagSim *self,
          GQueue      *queue,
          gsize        timer_offset)
{
  GList *link;

  while ((link = g_queue_pop_head_link (queue)) != NULL)
    {
      gpointer element = link->data;

      bytestag_timer_queue_disarm (self->events, G_STRUCT_MEMBER_P (element, timer_offset));
      g_free (element);
    }
}

void
bytestag_sim_free (BytestagSim *self)
{
  self->checks = FALSE;
  g_hash_table_remove_all (self->nodes_by_address);
  g_hash_table_remove_all (self->nodes_by_nat);
  g_ptr_array_unref (self->nodes);
  g_hash_table_unref (self->nodes_by_address);
  g_hash_table_unref (self->nodes_by_nat);
  g_hash_table_unref (self->peers);
  drop_all (self, &self->under_way, G_STRUCT_OFFSET (Datagram, timer));
  drop_all (self, &self->calls, G_STRUCT_OFFSET (Call, timer));
  bytestag_timer_queue_disarm (self->events, &self->check_timer);
  bytestag_timer_queue_free (self->events);
  if (self->trace != NULL)
    gnutls_hash_deinit (self->trace, NULL);
  g_object_unref (self->rng);
  g_rc_box_release (self->time);
  g_free (self);
}

BytestagSimLink *
bytestag_sim_get_link (BytestagSim *self)
{
  return &self->link;
}

void
bytestag_sim_set_latency (BytestagSim *self,
                          gint64       median,
                          gdouble      sigma)
{
  self->link.median = median;
  self->link.sigma = sigma;
}

void
bytestag_sim_set_loss (BytestagSim *self,
                       guint        per_mille)
{
  self->link.lost = per_mille;
}

void
bytestag_sim_set_checks (BytestagSim *self,
                         gboolean     checks)
{
  self->checks = checks;
  if (!checks && self->trace != NULL)
    gnutls_hash_deinit (g_steal_pointer (&self->trace), NULL);
}

BytestagRng *
bytestag_sim_get_rng (BytestagSim *self)
{
  return self->rng;
}

gdouble
bytestag_sim_draw (BytestagSim *self)
{
  return bytestag_rng_range (self->rng, G_MAXUINT32) / (gdouble) G_MAXUINT32;
}

/* Time */

gint64
bytestag_sim_get_time (BytestagSim *self)
{
  return self->time->now;
}

static void
call_cb (gpointer user_data)
{
  g_autofree Call *call = user_data;

  g_queue_unlink (&call->sim->calls, &call->link);
  call->func (call->sim, call->user_data);
}

void
bytestag_sim_call (BytestagSim         *self,
                   gint64               delay,
                   BytestagSimCallFunc  func,
                   gpointer             user_data)
{
  Call *call = g_new0 (Call, 1);

  call->sim = self;
  call->func = func;
  call->user_data = user_data;
  call->link.data = call;
  g_queue_push_tail_link (&self->calls, &call->link);
  bytestag_timer_queue_arm (self->events, &call->timer, self->time->now + delay, call_cb, call);
}

/* What the caller did since the last run may have moved deadlines. */
static void
arm_all (BytestagSim *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    _bytestag_sim_node_arm (self->nodes->pdata[i]);
}

/* Runs what comes next, if it comes before @end. */
static gboolean
step (BytestagSim *self,
      gint64       end)
{
  gint64 deadline = bytestag_timer_queue_get_deadline (self->events);

  if (deadline > end)
    return FALSE;

  self->time->now = MAX (self->time->now, deadline);
  bytestag_timer_queue_run (self->events, self->time->now, NULL, NULL);
  return TRUE;
}

void
bytestag_sim_run (BytestagSim *self,
                  gint64       duration)
{
  gint64 end = self->time->now + duration;

  arm_all (self);
  while (step (self, end))
    continue;
  self->time->now = end;
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
  gint64 end = self->time->now + duration;
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
