/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* Buckets in which nothing happened for BYTESTAG_TIME_REFRESH are refreshed by a
 * look-up of a random key in them (A.4). */

#define CHECK_INTERVAL (G_GINT64_CONSTANT (900) * G_USEC_PER_SEC)
/* Nodes that started together must not all refresh together. */
#define CHECK_JITTER_SECONDS 90

static void start_refreshing (BytestagNetwork *self);

static void
refresh_finished_cb (BytestagTask    *task,
                     BytestagNetwork *self)
{
  self->n_refreshing--;
  if (self->replies != NULL)
    start_refreshing (self);
}

static void
start_refreshing (BytestagNetwork *self)
{
  for (guint number = 0; number < BYTESTAG_KEY_BITS && self->n_refreshing < BYTESTAG_LIMIT_REFRESHES; number++)
    {
      g_autoptr (BytestagFindShortlistTask) task = NULL;
      BytestagKey key;

      if (!self->refresh_wanted[number])
        continue;

      self->refresh_wanted[number] = FALSE;
      self->refreshed[number] = bytestag_reactor_get_time (self->reactor);
      bytestag_key_random_in_bucket (&key, bytestag_node_get_key (self->node), number,
                                     bytestag_reactor_get_rng (self->reactor));
      self->n_refreshing++;
      task = bytestag_network_find_node_shortlist (self, &key);
      g_signal_connect_object (task, "finished", G_CALLBACK (refresh_finished_cb), self, 0);
    }
}

/* The bucket of the closest neighbour: nearer ones are empty, and a look-up would
 * find nobody for them. -1: no contacts. */
static int
get_closest_bucket (BytestagNetwork *self)
{
  for (int number = BYTESTAG_KEY_BITS - 1; number >= 0; number--)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (self->routing_table, (guint) number);

      if (bucket != NULL && bytestag_bucket_get_n_nodes (bucket) > 0)
        return number;
    }
  return -1;
}

void
_bytestag_network_refresh_all (BytestagNetwork *self)
{
  int closest = get_closest_bucket (self);

  for (int number = 0; number < closest; number++)
    self->refresh_wanted[number] = TRUE;
  start_refreshing (self);
}

/* Contacts grow old in silence: views see it at the next check. */
static void
update_states (BytestagBucket *bucket,
               gint64          now)
{
  for (guint i = 0; i < bytestag_bucket_get_n_nodes (bucket); i++)
    bytestag_node_update_state (bytestag_bucket_peek (bucket, i), now);
}

static void
check_buckets (BytestagNetwork *self)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);
  int closest = get_closest_bucket (self);

  for (int number = 0; number <= closest; number++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (self->routing_table, (guint) number);
      gint64 updated = self->refreshed[number];

      if (bucket != NULL)
        {
          updated = MAX (updated, bytestag_bucket_get_last_update (bucket));
          update_states (bucket, now);
        }
      if (now - updated >= BYTESTAG_TIME_REFRESH * G_GINT64_CONSTANT (1000000))
        self->refresh_wanted[number] = TRUE;
    }
  start_refreshing (self);
}

/* From the next slot on. Returns whether all of the bucket had their turn. */
static gboolean
ping_stale_of_bucket (BytestagNetwork *self,
                      BytestagBucket  *bucket,
                      guint           *n_left)
{
  for (; self->next_stale_slot < bytestag_bucket_get_n_nodes (bucket); self->next_stale_slot++)
    {
      BytestagNode *node = bytestag_bucket_peek (bucket, self->next_stale_slot);

      if (bytestag_node_get_state (node) != BYTESTAG_NODE_STALE)
        continue;
      if (*n_left == 0)
        return FALSE;
      (*n_left)--;
      _bytestag_network_meet (self, bytestag_node_get_endpoint (node));
    }
  return TRUE;
}

/* Contacts that stopped answering stay until others take their place (B.5), and nobody
 * asks them meanwhile. When it was the network between us that failed, this is how both
 * halves find each other again. Nearest buckets first, where each neighbour counts, going
 * on at the next check where this one ended. */
static void
ping_stale (BytestagNetwork *self)
{
  guint n_left = BYTESTAG_LIMIT_STALE_PINGS;

  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      guint number = (self->last_stale_bucket + BYTESTAG_KEY_BITS - 1) % BYTESTAG_KEY_BITS;
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (self->routing_table, number);

      if (bucket != NULL && !ping_stale_of_bucket (self, bucket, &n_left))
        return;
      self->last_stale_bucket = number;
      self->next_stale_slot = 0;
    }
}

static void
arm_check (BytestagNetwork *self);

static void
check_cb (gpointer user_data)
{
  BytestagNetwork *self = user_data;

  arm_check (self);
  ping_stale (self);
  check_buckets (self);
}

static void
arm_check (BytestagNetwork *self)
{
  gint64 jitter = bytestag_rng_range (bytestag_reactor_get_rng (self->reactor),
                                      2 * CHECK_JITTER_SECONDS * 1000) * G_GINT64_CONSTANT (1000);

  bytestag_reactor_arm (self->reactor, &self->refresh_timer,
                        CHECK_INTERVAL - CHECK_JITTER_SECONDS * G_USEC_PER_SEC + jitter, check_cb, self);
}

void
_bytestag_network_start_maintenance (BytestagNetwork *self)
{
  arm_check (self);
  _bytestag_network_start_expiry (self);
}

void
_bytestag_network_stop_maintenance (BytestagNetwork *self)
{
  bytestag_reactor_disarm (self->reactor, &self->refresh_timer);
  _bytestag_network_stop_expiry (self);
}
