/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

static BytestagJoinTask *
join (Fixture *test)
{
  return bytestag_network_join_network (test->network, bytestag_foreign_get_address (test->peer));
}

static void
reply_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, user_data);
}

/* One node that knows nobody is a network too. */
static void
test_empty (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagJoinTask) task = join (test);

  bytestag_foreign_set_func (test->peer, reply_cb, (gpointer) ", \"nodes\": []");
  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (test->network)), ==, 1);
}

static void
no_id_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  bytestag_foreign_send (peer, from, "{\"reply_id\": \"%s\"}", json_object_get_string_member (message, "seq_id"));
}

static void
test_no_node_id (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagJoinTask) task = join (test);

  bytestag_foreign_set_pongs (test->peer, FALSE);
  bytestag_foreign_set_func (test->peer, no_id_cb, NULL);
  fixture_assert_fails (test, task, 5 * SECOND, BYTESTAG_ERROR_INVALID);
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagJoinTask) task = join (test);

  bytestag_foreign_set_pongs (test->peer, FALSE);
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
}

static void
test_ourselves (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagJoinTask) task = bytestag_network_join_network (test->network, &test->address);

  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_INVALID);
}

/* A join is done before the other buckets are refreshed: that goes on by itself. */
static void
test_refresh (Fixture      *test,
              gconstpointer data)
{
  BytestagKey near = *bytestag_network_get_key (test->network);
  GListModel *tasks = bytestag_network_get_tasks (test->network);
  g_autoptr (BytestagNode) neighbour = NULL;
  g_autoptr (BytestagJoinTask) task = NULL;

  near.bytes[0] ^= 0x04; /* bucket 5: five are farther */
  neighbour = bytestag_node_new (&near, bytestag_foreign_get_address (test->peer));
  bytestag_routing_table_node_update (bytestag_network_get_routing_table (test->network), neighbour, NULL);

  bytestag_foreign_set_func (test->peer, reply_cb, (gpointer) ", \"nodes\": []");
  task = join (test);
  fixture_assert_done (test, task, 20 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (tasks), ==, 3);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (tasks), ==, 0);
}

/* After all have joined the far buckets are full. */
static void
test_table (Fixture      *test,
              gconstpointer data)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);
  guint n_of_others[2] = { 0, 0 };

  while (bytestag_sim_get_n_nodes (test->sim) < 100)
    bytestag_sim_add_node (test->sim);
  g_assert_true (bytestag_sim_join_all (test->sim, 60 * SECOND));

  for (guint i = 1; i < 100; i++)
    {
      guint number = bytestag_routing_table_get_bucket_number (table,
                                                               bytestag_network_get_key (bytestag_sim_get_node (test->sim, i)));
      if (number < 2)
        n_of_others[number]++;
    }
  for (guint number = 0; number < 2; number++)
    g_assert_cmpuint (bytestag_bucket_get_n_nodes (bytestag_routing_table_get_nth_bucket (table, number)), ==,
                      MIN (n_of_others[number], BYTESTAG_MAX_BUCKET_SIZE));
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  static const gint64 moments[] = { 5 * 1000, 30 * 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      BytestagJoinTask *task = join (test);

      bytestag_sim_run (test->sim, moments[i]);
      bytestag_task_cancel (BYTESTAG_TASK (task));
      bytestag_sim_run (test->sim, 1);
      g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), ==, 0);
      g_assert_finalize_object (task);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/join-task/empty", test_empty);
  FIXTURE_TEST ("/dht/join-task/no-node-id", test_no_node_id);
  FIXTURE_TEST ("/dht/join-task/silence", test_silence);
  FIXTURE_TEST ("/dht/join-task/ourselves", test_ourselves);
  FIXTURE_TEST ("/dht/join-task/refresh", test_refresh);
  FIXTURE_TEST ("/dht/join-task/table", test_table);
  FIXTURE_TEST ("/dht/join-task/cancel", test_cancel);

  return g_test_run ();
}
