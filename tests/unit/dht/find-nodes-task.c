/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

#define NODE "{\"host\": \"127.0.0.1\", \"port\": 10, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}"

static void
reply_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, user_data);
}

static BytestagFindNodesTask *
ask (Fixture    *test,
     const char *members)
{
  bytestag_foreign_set_func (test->peer, reply_cb, (gpointer) members);
  return bytestag_network_find_nodes_from_node (test->network, test->contact,
                                                bytestag_network_get_key (test->network));
}

static void
test_nodes (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = ask (test, ", \"nodes\": [" NODE ", " NODE "]");
  GPtrArray *nodes;

  fixture_assert_done (test, task, SECOND);
  nodes = bytestag_find_nodes_task_get_nodes (task);
  g_assert_cmpuint (nodes->len, ==, 2);
  g_assert_cmpuint (bytestag_node_get_port (nodes->pdata[0]), ==, 10);
}

/* Named nodes are no contacts before they answer; the one that named them is. */
static void
test_contacts (Fixture      *test,
               gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = ask (test, ", \"nodes\": [" NODE "]");
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);

  fixture_assert_done (test, task, SECOND);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (table), ==, 1);
  g_assert_nonnull (bytestag_routing_table_find (table, bytestag_foreign_get_id (test->peer),
                                                 bytestag_foreign_get_address (test->peer)));
}

static void
test_bad_lists (Fixture      *test,
                gconstpointer data)
{
  static const char *const lists[] = {
    "",
    ", \"nodes\": []",
    ", \"nodes\": {\"a\": 1}",
    ", \"nodes\": [" NODE ", {\"host\": \"127.0.0.1\", \"port\": 0, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]",
    ", \"nodes\": [" NODE ", 5]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (BytestagFindNodesTask) task = ask (test, lists[i]);

      fixture_assert_fails (test, task, SECOND, BYTESTAG_ERROR_INVALID);
      g_assert_null (bytestag_find_nodes_task_get_nodes (task));
    }
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = NULL;

  task = bytestag_network_find_nodes_from_node (test->network, test->contact,
                                                bytestag_network_get_key (test->network));
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  BytestagFindNodesTask *task = ask (test, ", \"nodes\": [" NODE "]");

  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_finalize_object (task);
}

static void
test_cancel_inside (Fixture      *test,
                    gconstpointer data)
{
  fixture_cancel_inside (test, ask (test, ", \"nodes\": [" NODE "]"), "notify::last-seen");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/find-nodes-task/nodes", test_nodes);
  FIXTURE_TEST ("/dht/find-nodes-task/contacts", test_contacts);
  FIXTURE_TEST ("/dht/find-nodes-task/bad-lists", test_bad_lists);
  FIXTURE_TEST ("/dht/find-nodes-task/silence", test_silence);
  FIXTURE_TEST ("/dht/find-nodes-task/cancel", test_cancel);
  FIXTURE_TEST ("/dht/find-nodes-task/cancel-inside", test_cancel_inside);

  return g_test_run ();
}
