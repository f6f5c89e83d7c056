/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

static BytestagPingTask *
ping (Fixture *test)
{
  return bytestag_network_ping_address (test->network, bytestag_foreign_get_address (test->peer));
}

static void
test_pong (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = ping (test);

  g_assert_cmpint (bytestag_ping_task_get_rtt (task), ==, -1);
  fixture_assert_done (test, task, SECOND);
  g_assert_cmpint (bytestag_ping_task_get_rtt (task), ==, 20 * 1000);
  g_assert_true (bytestag_node_equal (bytestag_ping_task_get_node (task), test->contact));
  g_assert_cmpint (bytestag_node_get_rtt (bytestag_ping_task_get_node (task)), ==, 20 * 1000);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (test->network)), ==, 1);
}

static void
reply_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  bytestag_foreign_send (peer, from, "{\"reply_id\": \"%s\"%s}", json_object_get_string_member (message, "seq_id"),
                         (const char *) user_data);
}

/* Pings are answered without an id, but with @members. */
static void
set_reply (Fixture    *test,
           const char *members)
{
  bytestag_foreign_set_pongs (test->peer, FALSE);
  bytestag_foreign_set_func (test->peer, reply_cb, (gpointer) members);
}

static void
test_no_node_id (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = ping (test);

  set_reply (test, "");
  fixture_assert_done (test, task, SECOND);
  g_assert_null (bytestag_ping_task_get_node (task));
  g_assert_cmpint (bytestag_ping_task_get_rtt (task), >=, 0);
}

static void
test_seq_id_too (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = ping (test);

  set_reply (test, ", \"seq_id\": \"mine\"");
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
}

static void
test_other_port (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagForeign) other = bytestag_foreign_new (test->sim, "9.1.2.4");
  g_autoptr (BytestagPingTask) task = ping (test);
  g_autofree char *text = NULL;
  g_autofree char *id = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  bytestag_sim_run (test->sim, SECOND);
  text = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"ping\", \"seq_id\": \"*\", \"ext\": 2}",
                          test->own_id);
  id = fixture_expect (test, test->peer, text);
  bytestag_foreign_send (other, &test->address, "{\"reply_id\": \"%s\"}", id);
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNMATCHED], ==, 1);
}

static void
test_failure (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagNode *contact;

  fixture_meet (test);
  contact = bytestag_routing_table_find (bytestag_network_get_routing_table (test->network),
                                         bytestag_foreign_get_id (test->peer),
                                         bytestag_foreign_get_address (test->peer));
  bytestag_foreign_set_pongs (test->peer, FALSE);
  task = bytestag_network_ping_node (test->network, contact);
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (bytestag_node_get_failures (contact), ==, 1);
  g_assert_cmpint (bytestag_ping_task_get_rtt (task), ==, -1);
}

static void
test_unusable (Fixture      *test,
               gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagEndpoint nowhere;

  bytestag_endpoint_set_host (&nowhere, "0.0.0.0", -1, 1);
  task = bytestag_network_ping_address (test->network, &nowhere);
  fixture_assert_fails (test, task, SECOND, BYTESTAG_ERROR_BUSY);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  BytestagPingTask *task = ping (test);

  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_CANCELLED);
  g_assert_finalize_object (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/ping-task/pong", test_pong);
  FIXTURE_TEST ("/dht/ping-task/no-node-id", test_no_node_id);
  FIXTURE_TEST ("/dht/ping-task/seq-id-too", test_seq_id_too);
  FIXTURE_TEST ("/dht/ping-task/other-port", test_other_port);
  FIXTURE_TEST ("/dht/ping-task/failure", test_failure);
  FIXTURE_TEST ("/dht/ping-task/unusable", test_unusable);
  FIXTURE_TEST ("/dht/ping-task/cancel", test_cancel);

  return g_test_run ();
}
