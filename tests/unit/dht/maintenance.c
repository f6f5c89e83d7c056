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

/* Contacts at which nobody is, and those of them that were asked. */
typedef struct {
  BytestagNetwork *network;
  GArray *pinged;     /* (element-type guint) buckets */
  GHashTable *hosts;  /* (element-type utf8) a set */
} Dead;

static gboolean
dead_cb (BytestagSim            *sim,
         const BytestagEndpoint *from,
         const BytestagEndpoint *to,
         const guint8           *data,
         gsize                   length,
         gpointer                user_data)
{
  Dead *dead = user_data;
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  bytestag_endpoint_write_host (to, host);
  g_hash_table_add (dead->hosts, g_strdup (host));
  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (dead->network->routing_table, number);

      for (guint i = 0; bucket != NULL && i < bytestag_bucket_get_n_nodes (bucket); i++)
        if (bytestag_endpoint_equal (bytestag_node_get_endpoint (bytestag_bucket_peek (bucket, i)), to))
          g_array_append_val (dead->pinged, number);
    }
  return FALSE;
}

/* @n contacts of bucket @number that have failed twice. */
static void
add_stale (Fixture *test,
           guint    number,
           guint    n)
{
  BytestagRng *rng = bytestag_sim_get_rng (test->sim);

  for (guint i = 0; i < n; i++)
    {
      BytestagEndpoint address;
      BytestagNode *node;
      BytestagKey id;

      bytestag_sim_make_address (5000 + number * BYTESTAG_MAX_BUCKET_SIZE + i, &address);
      bytestag_key_random_in_bucket (&id, bytestag_network_get_key (test->network), number, rng);
      bytestag_sim_introduce (test->sim, 0, &id, &address);
      node = bytestag_routing_table_find (test->network->routing_table, &id, &address);
      g_assert_nonnull (node);
      bytestag_node_failed (node);
      bytestag_node_failed (node);
    }
}

/* Up to the next check of the buckets, and what it sends. */
static void
run_to_check (Fixture *test)
{
  gint64 wait = test->network->refresh_timer.deadline - bytestag_sim_get_time (test->sim);

  bytestag_sim_run (test->sim, wait + SECOND / 10);
}

/* Stale ones are pinged once, so many at a check, nearest bucket first; each check goes on
 * where the last one ended, be it within a bucket, so that all have their turn. */
static void
test_stale (Fixture      *test,
            gconstpointer data)
{
  const guint n_of_bucket = BYTESTAG_MAX_BUCKET_SIZE, n_stale = 4 * n_of_bucket;
  g_autoptr (GArray) pinged = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GHashTable) hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Dead dead = { test->network, pinged, hosts };

  bytestag_sim_set_nobody_func (test->sim, dead_cb, &dead);
  for (guint number = 0; number < 4; number++)
    add_stale (test, number, n_of_bucket);

  /* In the hour before the buckets are refreshed. */
  for (guint n = BYTESTAG_LIMIT_STALE_PINGS; n <= 4 * BYTESTAG_LIMIT_STALE_PINGS; n += BYTESTAG_LIMIT_STALE_PINGS)
    {
      run_to_check (test);
      g_assert_cmpuint (pinged->len, ==, n);
      g_assert_cmpuint (g_hash_table_size (hosts), ==, MIN (n, n_stale));
      /* No answer, and no second sending. */
      bytestag_sim_run (test->sim, 20 * SECOND);
      g_assert_cmpuint (pinged->len, ==, n);
    }
  for (guint i = 0; i < pinged->len; i++)
    g_assert_cmpuint (g_array_index (pinged, guint, i), ==, 3 - i % n_stale / n_of_bucket);
}

/* When they are fewer each check asks all of them, once. */
static void
test_few_stale (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (GArray) pinged = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GHashTable) hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Dead dead = { test->network, pinged, hosts };

  bytestag_sim_set_nobody_func (test->sim, dead_cb, &dead);
  add_stale (test, 0, 3);
  add_stale (test, 1, 2);
  for (guint n = 5; n <= 15; n += 5)
    {
      run_to_check (test);
      g_assert_cmpuint (pinged->len, ==, n);
      g_assert_cmpuint (g_hash_table_size (hosts), ==, 5);
    }
}

/* A contact that comes back is one again; who is no more than questionable is not asked. */
static void
test_stale_returns (Fixture      *test,
                    gconstpointer data)
{
  BytestagNode *contact;
  guint n_pings;

  fixture_meet (test);
  contact = bytestag_routing_table_find (test->network->routing_table, bytestag_foreign_get_id (test->peer),
                                         bytestag_foreign_get_address (test->peer));
  bytestag_node_failed (contact);
  n_pings = bytestag_foreign_get_n_pings (test->peer);
  run_to_check (test);
  g_assert_cmpint (bytestag_node_get_state (contact), ==, BYTESTAG_NODE_QUESTIONABLE);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, n_pings);

  bytestag_node_failed (contact);
  g_assert_cmpint (bytestag_node_get_state (contact), ==, BYTESTAG_NODE_STALE);
  run_to_check (test);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, n_pings + 1);
  g_assert_cmpint (bytestag_node_get_state (contact), ==, BYTESTAG_NODE_GOOD);
  g_assert_cmpuint (bytestag_node_get_failures (contact), ==, 0);
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
  FIXTURE_TEST ("/dht/maintenance/stale", test_stale);
  FIXTURE_TEST ("/dht/maintenance/few-stale", test_few_stale);
  FIXTURE_TEST ("/dht/maintenance/stale-returns", test_stale_returns);

  return g_test_run ();
}
