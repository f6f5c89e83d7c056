/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we ask, as text: members in the original's order, ours last. */
#include "config.h"

#include <string.h>

#include "dht/network-private.h"
#include "fixture.h"

#define KEY "dETvGdDv3RxbSczQJlhhLYov6bk="
#define INDEX "0JQeaNqPOBUf+Gph/Fn3xc+fyqI="

static void
expect (Fixture    *test,
        const char *members)
{
  g_autofree char *text = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", %s}", test->own_id, members);
  g_autofree char *id = NULL;

  bytestag_sim_run (test->sim, SECOND / 10);
  id = fixture_expect (test, test->peer, text);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

static BytestagKey
parse (const char *text)
{
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, text, -1, NULL));
  return key;
}

static void
test_ping (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  task = bytestag_network_ping_node (test->network, test->contact);
  expect (test, "\"rpc\": \"ping\", \"seq_id\": \"*\", \"ext\": 2");
}

static void
test_find_node (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = NULL;
  BytestagKey key = parse (KEY);

  task = bytestag_network_find_nodes_from_node (test->network, test->contact, &key);
  expect (test, "\"rpc\": \"findnode\", \"key\": \"" KEY "\", \"seq_id\": \"*\", \"ext\": 2");
}

/* An original is never asked without an index (A.2, 1). */
static void
test_find_value (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagFindValueTask) with = NULL;
  g_autoptr (BytestagFindValueTask) without = NULL;
  g_autoptr (BytestagFindValueTask) ours = NULL;
  BytestagKey key = parse (KEY), index = parse (INDEX);

  with = bytestag_network_find_value_from_node (test->network, test->contact, &key, &index);
  expect (test, "\"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": \"" INDEX "\", \"seq_id\": \"*\", \"ext\": 2");
  without = bytestag_network_find_value_from_node (test->network, test->contact, &key, NULL);
  expect (test, "\"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"seq_id\": \"*\", \"ext\": 2");

  bytestag_node_set_extensions (test->contact, 0);
  ours = bytestag_network_find_value_from_node (test->network, test->contact, &key, NULL);
  expect (test, "\"rpc\": \"findval\", \"key\": \"" KEY "\", \"seq_id\": \"*\", \"ext\": 2");
}

static void
test_store (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_autoptr (GBytes) value = bytestag_sim_make_value (77, 7);
  BytestagKey key = parse (KEY), index = parse (INDEX);

  task = bytestag_network_store_to_node (test->network, test->contact, &key, &index, value, 1353571200);
  expect (test, "\"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" INDEX
                "\", \"size\": 77, \"timestmp\": 1353571200, \"seq_id\": \"*\", \"ext\": 2");
}

/* Those who know of promises are asked for one (B.3 "Life"). */
static void
test_store_to_ours (Fixture      *test,
                    gconstpointer data)
{
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_autoptr (BytestagStoreToNodeTask) old = NULL;
  g_autoptr (BytestagStoreValueTask) replica = NULL;
  g_autoptr (GBytes) value = bytestag_sim_make_value (77, 7);
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  BytestagKvpRecord record = { .timestamp = 1500000000, .has_timestamp = TRUE, .until = 1600009000, .copies = 9 };

  bytestag_node_set_extensions (test->contact, 2);
  record.id = (BytestagKvpId) { parse (KEY), parse (INDEX) };
  task = bytestag_network_store_to_node (test->network, test->contact, &record.id.key, &record.id.index, value,
                                         1353571200);
  expect (test, "\"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" INDEX
                "\", \"size\": 77, \"timestmp\": 1353571200, \"keep\": 1209600, \"seq_id\": \"*\", \"ext\": 2");

  /* A replica says nothing but what its publisher was promised. */
  bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, value, NULL, NULL);
  g_ptr_array_add (nodes, test->contact);
  replica = bytestag_network_replicate_value (test->network, &record.id.key, &record.id.index, 9, nodes);
  expect (test, "\"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" INDEX
                "\", \"size\": 77, \"timestmp\": 1500000000, \"until\": 1600009000, \"copies\": 9, "
                "\"seq_id\": \"*\", \"ext\": 2");

  /* Ours that knows of none. */
  bytestag_node_set_extensions (test->contact, 1);
  old = bytestag_network_store_to_node (test->network, test->contact, &record.id.key, &record.id.index, value, 5);
  expect (test, "\"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" INDEX
                "\", \"size\": 77, \"timestmp\": 5, \"seq_id\": \"*\", \"ext\": 2");
}

static void
test_get_value (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagDownloadTask) whole = NULL;
  g_autoptr (BytestagDownloadTask) rest = NULL;
  BytestagKey key = parse (KEY), index = parse (INDEX);

  whole = bytestag_network_get_value_from_node (test->network, test->contact, &key, NULL, 0);
  expect (test, "\"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"xferid\": \"*\", \"ext\": 2");
  rest = bytestag_network_get_value_from_node (test->network, test->contact, &key, &index, 1024);
  expect (test, "\"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" INDEX
                "\", \"xferid\": \"*\", \"valofs\": 1024, \"ext\": 2");
}

/* The same bytes once more after 5 s, and an end after 10 s (A.1.2). */
static void
test_times (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  task = bytestag_network_ping_node (test->network, test->contact);
  bytestag_sim_run (test->sim, 4900 * 1000);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  bytestag_sim_run (test->sim, 200 * 1000);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 2);
  bytestag_sim_run (test->sim, 4800 * 1000);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_RUNNING);
  bytestag_sim_run (test->sim, 200 * 1000);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_FAILED);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 2);
}

/* Who cannot be reached does not say its id in what it asks (B.1). */
static void
test_read_only (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagPingTask) ping = NULL;
  g_autoptr (BytestagFindNodesTask) find_nodes = NULL;
  g_autoptr (BytestagFindValueTask) find_value = NULL;
  g_autoptr (BytestagStoreToNodeTask) store = NULL;
  g_autoptr (BytestagDownloadTask) get_value = NULL;
  g_autoptr (GBytes) value = bytestag_sim_make_value (77, 7);
  g_autofree char *answer = NULL;
  BytestagKey key = parse (KEY), index = parse (INDEX);

  bytestag_network_set_read_only (test->network, TRUE);
  bytestag_foreign_set_pongs (test->peer, FALSE);
  ping = bytestag_network_ping_node (test->network, test->contact);
  find_nodes = bytestag_network_find_nodes_from_node (test->network, test->contact, &key);
  find_value = bytestag_network_find_value_from_node (test->network, test->contact, &key, NULL);
  store = bytestag_network_store_to_node (test->network, test->contact, &key, &index, value, 1353571200);
  get_value = bytestag_network_get_value_from_node (test->network, test->contact, &key, NULL, 0);
  bytestag_sim_run (test->sim, SECOND / 10);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *text = bytestag_foreign_take (test->peer);

      g_assert_true (g_str_has_prefix (text, "{\"netid\": \"BYTESTAG\", \"rpc\": \""));
      g_assert_true (g_str_has_suffix (text, ", \"ext\": 6}"));
      g_assert_null (strstr (text, test->own_id));
    }

  /* In what it answers it does, and that nobody can reach it. */
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\", \"seq_id\": \"a\", \"ext\": 0, \"more\": \"" KEY INDEX "\"}");
  bytestag_sim_run (test->sim, SECOND / 10);
  answer = bytestag_foreign_take (test->peer);
  g_assert_nonnull (strstr (answer, test->own_id));
  g_assert_nonnull (strstr (answer, "\"ext\": 6"));
}

/* What B.5 reckons with for a ping of ours. */
static void
test_ping_bytes (Fixture      *test,
                 gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    {
      BytestagNetwork *network = bytestag_sim_add_node (test->sim);
      g_autoptr (BytestagPingTask) task = NULL;
      gsize n_before = bytestag_foreign_get_n_received (test->peer);

      task = bytestag_network_ping_node (network, test->contact);
      fixture_assert_done (test, task, SECOND);
      g_assert_cmpuint (bytestag_foreign_get_n_received (test->peer) - n_before, <=, BYTESTAG_PING_BYTES);
      g_assert_cmpuint (bytestag_foreign_get_n_received (test->peer) - n_before, >, 100);
    }
}

/* Bytes of what asks the peer for nodes, and for a value. */
static void
measure_lists (Fixture *test,
               gsize   *find_node,
               gsize   *find_value)
{
  g_autoptr (BytestagFindNodesTask) nodes = NULL;
  g_autoptr (BytestagFindValueTask) value = NULL;
  BytestagKey key = parse (KEY);
  gsize n = bytestag_foreign_get_n_received (test->peer);

  nodes = bytestag_network_find_nodes_from_node (test->network, test->contact, &key);
  bytestag_sim_run (test->sim, SECOND / 10);
  *find_node = bytestag_foreign_get_n_received (test->peer) - n;
  n += *find_node;
  value = bytestag_network_find_value_from_node (test->network, test->contact, &key, &key);
  bytestag_sim_run (test->sim, SECOND / 10);
  *find_value = bytestag_foreign_get_n_received (test->peer) - n;
  bytestag_task_cancel (BYTESTAG_TASK (nodes));
  bytestag_task_cancel (BYTESTAG_TASK (value));
  bytestag_sim_run (test->sim, 1);
}

/* Who does not know our address, since we have not answered it, is sent as much as earns all
 * of its list (B.5); who asked us in the last half hour is not. */
static void
test_earning (Fixture      *test,
              gconstpointer data)
{
  gsize find_node, find_value;

  measure_lists (test, &find_node, &find_value);
  g_assert_cmpuint (find_node, ==, BYTESTAG_EARNING_BYTES);
  g_assert_cmpuint (find_value, ==, BYTESTAG_EARNING_BYTES);

  /* That it answers us is nothing that it knows of us. */
  fixture_meet (test);
  measure_lists (test, &find_node, &find_value);
  g_assert_cmpuint (find_node, ==, BYTESTAG_EARNING_BYTES);

  bytestag_foreign_send (test->peer, &test->address, "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\", \"seq_id\": \"a\"}");
  bytestag_sim_run (test->sim, SECOND / 10);
  measure_lists (test, &find_node, &find_value);
  g_assert_cmpuint (find_node, <, 200);
  g_assert_cmpuint (find_value, <, 250);
  bytestag_sim_run (test->sim, 1790 * SECOND);
  measure_lists (test, &find_node, &find_value);
  g_assert_cmpuint (find_node, <, 200);
  bytestag_sim_run (test->sim, 20 * SECOND);
  measure_lists (test, &find_node, &find_value);
  g_assert_cmpuint (find_node, ==, BYTESTAG_EARNING_BYTES);
}

/* So a stranger of ours has all of the list at once, which together with the ping that
 * proves it is no more than three times what it sent. */
static void
test_earned (Fixture      *test,
             gconstpointer data)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);
  BytestagNetwork *stranger;
  g_autoptr (BytestagNode) contact = bytestag_sim_make_contact (test->sim, 0);
  BytestagKey key = parse (KEY);
  const BytestagNetworkCounters *asked = bytestag_network_get_counters (test->network);

  for (guint i = 0; i < 60; i++)
    {
      BytestagEndpoint address;
      g_autoptr (BytestagNode) node = NULL;
      BytestagKey id;

      bytestag_sim_make_address (5000 + i, &address);
      bytestag_key_digest (&id, &i, sizeof i);
      node = bytestag_node_new (&id, &address);
      bytestag_node_answered (node, SECOND / 10, bytestag_sim_get_time (test->sim));
      bytestag_routing_table_node_update (table, node, NULL);
    }

  stranger = bytestag_sim_add_node (test->sim);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagFindNodesTask) task = NULL;

      task = bytestag_network_find_nodes_from_node (stranger, contact, &key);
      fixture_assert_done (test, task, SECOND);
      g_assert_cmpuint (bytestag_find_nodes_task_get_nodes (task)->len, ==, BYTESTAG_MAX_BUCKET_SIZE);
      g_assert_cmpuint (asked->bytes_sent, <=,
                        BYTESTAG_LIMIT_AMPLIFICATION * bytestag_network_get_counters (stranger)->bytes_sent);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/requests/ping", test_ping);
  FIXTURE_TEST ("/dht/requests/find-node", test_find_node);
  FIXTURE_TEST ("/dht/requests/find-value", test_find_value);
  FIXTURE_TEST ("/dht/requests/store", test_store);
  FIXTURE_TEST ("/dht/requests/store-to-ours", test_store_to_ours);
  FIXTURE_TEST ("/dht/requests/get-value", test_get_value);
  FIXTURE_TEST ("/dht/requests/times", test_times);
  FIXTURE_TEST ("/dht/requests/read-only", test_read_only);
  FIXTURE_TEST ("/dht/requests/ping-bytes", test_ping_bytes);
  FIXTURE_TEST ("/dht/requests/earning", test_earning);
  FIXTURE_TEST ("/dht/requests/earned", test_earned);

  return g_test_run ();
}
