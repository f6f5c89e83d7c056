/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"
#include "fixture.h"

static void
test_refresh (Fixture      *test,
              gconstpointer data)
{
  guint n;

  fixture_meet (test);
  bytestag_foreign_forget (test->peer);

  /* Nothing before an hour, then one look-up in each bucket up to the contact's. */
  bytestag_sim_run (test->sim, 3590 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  bytestag_sim_run (test->sim, 1100 * SECOND);
  n = bytestag_foreign_forget (test->peer);
  g_assert_cmpuint (n, >=, 1);

  /* It answered nothing, and so is no longer fresh; the buckets were looked at. */
  bytestag_sim_run (test->sim, 2000 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

/* At most three look-ups at one time. */
static void
test_bounded (Fixture      *test,
              gconstpointer data)
{
  BytestagKey near = *bytestag_network_get_key (test->network);
  g_autoptr (BytestagNode) node = NULL;
  guint n_tasks;

  near.bytes[2] ^= 1; /* bucket 23 */
  node = bytestag_node_new (&near, bytestag_foreign_get_address (test->peer));
  g_assert_true (bytestag_routing_table_node_update (bytestag_network_get_routing_table (test->network), node, NULL));

  _bytestag_network_refresh_all (test->network);
  n_tasks = g_list_model_get_n_items (bytestag_network_get_tasks (test->network));
  g_assert_cmpuint (n_tasks, ==, BYTESTAG_LIMIT_REFRESHES);

  /* Each of the 23 farther buckets has its turn. */
  bytestag_sim_run (test->sim, 200 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), ==, 0);
  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      g_assert_false (test->network->refresh_wanted[number]);
      g_assert_cmpint (test->network->refreshed[number] != 0, ==, number < 23);
    }
}

static void
test_states (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagNode) contact = NULL;

  fixture_meet (test);
  contact = g_object_ref (bytestag_routing_table_find (bytestag_network_get_routing_table (test->network),
                                                       bytestag_foreign_get_id (test->peer),
                                                       bytestag_foreign_get_address (test->peer)));
  g_assert_cmpint (bytestag_node_get_state (contact), ==, BYTESTAG_NODE_GOOD);
  bytestag_sim_run (test->sim, 2100 * SECOND);
  g_assert_cmpint (bytestag_node_get_state (contact), ==, BYTESTAG_NODE_QUESTIONABLE);
}

/* Nodes that start together do not check together. */
static void
test_jitter (Fixture      *test,
             gconstpointer data)
{
  BytestagNetwork *other = bytestag_sim_add_node (test->sim);

  g_assert_cmpint (test->network->refresh_timer.deadline, !=, other->refresh_timer.deadline);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/maintenance/refresh", test_refresh);
  FIXTURE_TEST ("/dht/maintenance/bounded", test_bounded);
  FIXTURE_TEST ("/dht/maintenance/states", test_states);
  FIXTURE_TEST ("/dht/maintenance/jitter", test_jitter);

  return g_test_run ();
}
