/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim-private.h"

/* What must hold of every node at any time, beside what the network itself knows
 * to hold. */

#define INTERVAL (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)

/* No look-up lives longer, µs: it sends at most BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP
 * requests, of which each holds one of three places for a second at most, and waits
 * 10 s for the last one. Those of a get and a store are look-ups too. */
#define LOOKUP_BUDGET (G_GINT64_CONSTANT (100) * G_USEC_PER_SEC)

#define FIRST_SEEN "bytestag-sim-first-seen"

static void
check_tasks (BytestagSimNode *self)
{
  GListModel *tasks = bytestag_network_get_tasks (self->network);

  for (guint i = 0; i < g_list_model_get_n_items (tasks); i++)
    {
      g_autoptr (BytestagTask) task = g_list_model_get_item (tasks, i);
      gint64 *first_seen = g_object_get_data (G_OBJECT (task), FIRST_SEEN);

      if (!BYTESTAG_IS_FIND_SHORTLIST_TASK (task))
        continue;
      if (first_seen == NULL)
        {
          first_seen = g_new (gint64, 1);
          *first_seen = self->sim->time->now;
          g_object_set_data_full (G_OBJECT (task), FIRST_SEEN, first_seen, g_free);
        }
      g_assert_cmpint (self->sim->time->now - *first_seen, <=, LOOKUP_BUDGET);
    }
}

/* A contact is somebody who answered, and nobody answers who was not asked. */
static void
check_contacts (BytestagSimNode *self)
{
  BytestagRoutingTable *routing_table = bytestag_network_get_routing_table (self->network);

  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (routing_table, number);
      guint n = bucket != NULL ? bytestag_bucket_get_n_nodes (bucket) : 0;

      for (guint i = 0; i < n; i++)
        g_assert_true (g_hash_table_contains (self->asked,
                                              bytestag_node_get_endpoint (bytestag_bucket_peek (bucket, i))));
    }
}

void
_bytestag_sim_check_node (BytestagSimNode *self)
{
  bytestag_network_check_invariants (self->network);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (self->table), <=, BYTESTAG_SIM_TABLE_BYTES);
}

static void
check_all_cb (gpointer user_data)
{
  BytestagSim *self = user_data;

  for (guint i = 0; self->checks && i < self->nodes->len; i++)
    {
      BytestagSimNode *node = self->nodes->pdata[i];

      if (node->network == NULL)
        continue;
      _bytestag_sim_check_node (node);
      check_tasks (node);
      check_contacts (node);
    }
  _bytestag_sim_start_checks (self);
}

void
_bytestag_sim_start_checks (BytestagSim *self)
{
  bytestag_timer_queue_arm (self->events, &self->check_timer, self->time->now + INTERVAL, check_all_cb, self);
}
