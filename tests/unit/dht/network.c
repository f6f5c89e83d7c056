/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-model.h"
#include "support/test-rng.h"
#include "support/test-transport.h"

static void
test_constants (void)
{
  g_assert_cmpstr (BYTESTAG_NETWORK_ID, ==, "BYTESTAG");
  g_assert_cmpint (BYTESTAG_MAX_VALUE_SIZE, ==, 1048576);
  g_assert_cmpint (BYTESTAG_NETWORK_PARALLELISM, ==, 3);
  g_assert_cmpint (BYTESTAG_TIME_EXPIRE, ==, 86490);
  g_assert_cmpint (BYTESTAG_TIME_REFRESH, ==, 3600);
  g_assert_cmpint (BYTESTAG_TIME_REPLICATE, ==, 3600);
  g_assert_cmpint (BYTESTAG_TIME_REPUBLISH, ==, 86400);
}

typedef struct {
  BytestagReactor *reactor;
  BytestagTestTransport *transport;
  BytestagKvpTable *table;
} Parts;

static Parts
make_parts (void)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (4);
  BytestagEndpoint address;
  Parts parts;

  bytestag_endpoint_set_host (&address, "10.0.0.9", -1, 7000);
  parts.reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  parts.transport = bytestag_test_transport_new (&address);
  parts.table = BYTESTAG_KVP_TABLE (bytestag_memory_table_new (1000));
  return parts;
}

static void
clear_parts (Parts *parts)
{
  g_assert_finalize_object (parts->reactor);
  g_assert_finalize_object (parts->transport);
  g_assert_finalize_object (parts->table);
}

static void
test_new (void)
{
  Parts parts = make_parts ();
  g_autoptr (BytestagTaskSlot) slot = bytestag_task_slot_new (3);
  BytestagKey id = { { 1, 2, 3 } };
  BytestagNetwork *network;
  BytestagEndpoint address;

  network = bytestag_network_new (parts.reactor, BYTESTAG_TRANSPORT (parts.transport), parts.table, &id, slot);
  g_assert_true (bytestag_key_equal (bytestag_network_get_key (network), &id));
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (bytestag_network_get_node (network)), &id));
  g_assert_true (bytestag_network_get_download_slot (network) == slot);
  g_assert_true (bytestag_network_get_reactor (network) == parts.reactor);
  g_assert_true (bytestag_network_get_table (network) == parts.table);
  bytestag_network_get_address (network, &address);
  g_assert_cmpint (address.port, ==, 7000);
  g_assert_false (bytestag_network_get_seen_address (network, &address));
  g_assert_true (bytestag_key_equal (bytestag_routing_table_get_key (bytestag_network_get_routing_table (network)), &id));

  g_assert_finalize_object (network);
  clear_parts (&parts);
}

static void
test_random_id (void)
{
  Parts parts = make_parts ();
  BytestagNetwork *networks[2];

  for (guint i = 0; i < 2; i++)
    networks[i] = bytestag_network_new (parts.reactor, BYTESTAG_TRANSPORT (parts.transport), parts.table, NULL, NULL);
  g_assert_false (bytestag_key_equal (bytestag_network_get_key (networks[0]), bytestag_network_get_key (networks[1])));
  for (guint i = 0; i < 2; i++)
    g_assert_finalize_object (networks[i]);
  clear_parts (&parts);
}

static void
test_properties (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (BytestagNode) node = NULL;
  g_autoptr (BytestagRoutingTable) table = NULL;
  g_autoptr (BytestagTaskSlot) slot = NULL;
  g_autoptr (GListModel) tasks = NULL;

  g_object_get (test->network,
                "node", &node,
                "routing-table", &table,
                "download-slot", &slot,
                "tasks", &tasks,
                NULL);
  g_assert_true (node == bytestag_network_get_node (test->network));
  g_assert_true (table == bytestag_network_get_routing_table (test->network));
  g_assert_true (slot == bytestag_network_get_download_slot (test->network));
  g_assert_true (tasks == bytestag_network_get_tasks (test->network));
}

static void
test_drops (Fixture      *test,
            gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  const BytestagEndpoint *from = bytestag_foreign_get_address (test->peer);
  guint8 large[BYTESTAG_LIMIT_DATAGRAM + 1] = { 0x78, 0x9c };

  bytestag_network_receive (test->network, from, (const guint8 *) "hello", 5);
  bytestag_network_receive (test->network, from, (const guint8 *) "", 0);
  bytestag_network_receive (test->network, from, large, sizeof large);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NOT_ZLIB], ==, 2);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_TOO_LONG], ==, 1);
  g_assert_cmpuint (counters->datagrams_received, ==, 3);
  g_assert_cmpuint (counters->bytes_received, ==, 5 + sizeof large);

  bytestag_foreign_send (test->peer, &test->address, "{\"rpc\": \"ping\"}");
  bytestag_foreign_send (test->peer, &test->address, "{\"reply_id\": \"nobody\"}");
  bytestag_foreign_send (test->peer, &test->address, "{\"xfer_id\": \"nobody\", \"xfer_data\": \"AAAA\"}");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NET_ID], ==, 1);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_UNMATCHED], ==, 2);

  bytestag_foreign_send (test->peer, &test->address, "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\"}");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
  g_assert_cmpuint (counters->datagrams_sent, ==, 1);
  g_assert_cmpuint (counters->requests_served, ==, 1);
}

/* Nothing is ever sent to an address that cannot be one. */
static void
test_unusable_sender (Fixture      *test,
                      gconstpointer data)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  BytestagEndpoint from = *bytestag_foreign_get_address (test->peer);
  guint8 datagram[200];
  const guint8 *data_of_codec;
  gsize length;

  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, bytestag_foreign_get_id (test->peer));
  bytestag_codec_add_string (codec, "rpc", "ping");
  data_of_codec = bytestag_codec_end (codec, &length);
  g_assert_cmpuint (length, <=, sizeof datagram);
  memcpy (datagram, data_of_codec, length);

  bytestag_network_receive (test->network, &from, datagram, length);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->requests_served, ==, 1);
  from.port = 0;
  bytestag_network_receive (test->network, &from, datagram, length);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->requests_served, ==, 1);
}

static void
finished_cb (BytestagTask *task,
             guint        *n)
{
  g_assert_cmpint (bytestag_task_get_state (task), ==, BYTESTAG_TASK_CANCELLED);
  (*n)++;
}

/* Every kind of task at once, and a store and a getval of the peer: shut down ends
 * all, and nothing is left (the fixture checks the network). */
static void
test_shut_down (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagTestModel) model = bytestag_test_model_new (bytestag_network_get_tasks (test->network));
  g_autoptr (GBytes) value = bytestag_sim_make_value (5000, 7);
  g_autofree char *text = NULL;
  BytestagKey key, other = { { 1 } };
  guint n = 0;

  fixture_meet (test);
  bytestag_sim_put_value (test->sim, 0, value, &key);
  text = bytestag_key_to_base64 (&key);
  bytestag_foreign_set_pongs (test->peer, FALSE);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"getval\", \"key\": \"%s\", \"index\": \"%s\", \"xferid\": 77}",
                         text, text);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"store\", \"key\": \"%s\", \"index\": "
                         "\"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\", \"size\": 5, \"timestmp\": 5}", text);

  g_ptr_array_add (tasks, bytestag_network_ping_node (test->network, test->contact));
  g_ptr_array_add (tasks, bytestag_network_join_network (test->network, bytestag_node_get_endpoint (test->contact)));
  g_ptr_array_add (tasks, bytestag_network_find_nodes_from_node (test->network, test->contact, &key));
  g_ptr_array_add (tasks, bytestag_network_find_value_from_node (test->network, test->contact, &key, NULL));
  g_ptr_array_add (tasks, bytestag_network_find_node_shortlist (test->network, &key));
  g_ptr_array_add (tasks, bytestag_network_find_value_shortlist (test->network, &key, &key, TRUE));
  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL; i++)
    g_ptr_array_add (tasks, bytestag_network_get_value_from_node (test->network, test->contact, &key, NULL, 0));
  g_ptr_array_add (tasks, bytestag_network_get_value (test->network, &other, &other));
  g_ptr_array_add (tasks, bytestag_network_store_to_node (test->network, test->contact, &key, &key, value, 1));
  g_ptr_array_add (tasks, bytestag_network_store_value (test->network, &key, &key, 4));
  for (guint i = 0; i < tasks->len; i++)
    g_signal_connect (tasks->pdata[i], "finished", G_CALLBACK (finished_cb), &n);
  bytestag_sim_run (test->sim, 50 * 1000);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), >=, 4);

  bytestag_network_shut_down (test->network);
  g_assert_cmpuint (n, ==, 0);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (n, ==, tasks->len);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), ==, 0);
  bytestag_test_model_check (model);

  /* Deaf and dumb from now on; asking it for something fails. */
  bytestag_foreign_forget (test->peer);
  bytestag_foreign_send (test->peer, &test->address, "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\"}");
  bytestag_sim_run (test->sim, 30 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  bytestag_network_shut_down (test->network);
}

/* The same without a run afterwards: the events never come. */
static void
test_abandoned (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagJoinTask) join = NULL;
  g_autoptr (BytestagStoreToNodeTask) store = NULL;
  g_autoptr (GBytes) value = bytestag_sim_make_value (5000, 7);
  BytestagKey key = { { 1 } };

  join = bytestag_network_join_network (test->network, bytestag_node_get_endpoint (test->contact));
  store = bytestag_network_store_to_node (test->network, test->contact, &key, &key, value, 1);
  bytestag_network_shut_down (test->network);
}

static void
test_after_shut_down (Fixture      *test,
                      gconstpointer data)
{
  g_autoptr (BytestagPingTask) ping = NULL;
  g_autoptr (BytestagFindShortlistTask) lookup = NULL;

  fixture_meet (test);
  bytestag_network_shut_down (test->network);
  ping = bytestag_network_ping_node (test->network, test->contact);
  lookup = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (ping)), ==, BYTESTAG_TASK_FAILED);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (lookup)), ==, BYTESTAG_TASK_FAILED);
}

static void
send_pings (Fixture    *test,
            const char *host,
            guint       n)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);

  for (guint i = 0; i < n; i++)
    bytestag_foreign_send (peer, &test->address, "{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\"}");
}

static gboolean
is_answered (Fixture    *test,
             const char *host)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);

  bytestag_foreign_send (peer, &test->address, "{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\"}");
  bytestag_sim_run (test->sim, 20 * 1000);
  return bytestag_foreign_forget (peer) == 1;
}

/* A network that floods us gets its share alone, and no other one less (B.5). */
static void
test_flood (Fixture      *test,
            gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  static const char *const hosts[][3] = {
    { "9.8.7.1", "9.8.7.2", "9.8.6.1" },
    { "2a00::1", "2a00::ffff:1", "2a00:0:0:1::1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      guint64 n_served = counters->requests_served, n_dropped = counters->drops[BYTESTAG_DROP_NETWORK_RATE];
      g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, hosts[i][1]);
      g_autoptr (BytestagPingTask) task = NULL;

      send_pings (test, hosts[i][0], BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST + 1000);
      bytestag_sim_run (test->sim, 10 * 1000);
      g_assert_cmpuint (counters->requests_served - n_served, ==, BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST);
      g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NETWORK_RATE] - n_dropped, ==, 1000);
      g_assert_true (is_answered (test, hosts[i][2]));

      /* An answer that we wait for is heard all the same, also of that network. */
      task = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
      bytestag_sim_run (test->sim, 9990);
      send_pings (test, hosts[i][0], 100);
      fixture_assert_done (test, task, SECOND);
      bytestag_sim_run (test->sim, SECOND);
    }
}

/* Nor is it worth being read: what is nothing is counted too. */
static void
test_flood_of_nothing (Fixture      *test,
                       gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);

  for (guint i = 0; i < BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST + 1; i++)
    bytestag_sim_send (test->sim, bytestag_foreign_get_address (test->peer), &test->address,
                       (const guint8 *) "nothing", 7);
  bytestag_sim_run (test->sim, 10 * 1000);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NETWORK_RATE], ==, 1);
  g_assert_true (is_answered (test, "9.1.3.200"));
}

static void
test_flood_private (Fixture      *test,
                    gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  guint n = BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST + 100;

  send_pings (test, "192.168.1.1", n);
  bytestag_sim_run (test->sim, 20 * 1000);
  g_assert_cmpuint (counters->requests_served, ==, n);

  bytestag_network_set_limits_private (test->network, TRUE);
  send_pings (test, "192.168.1.1", n);
  bytestag_sim_run (test->sim, 10 * 1000);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NETWORK_RATE], ==, 100);
}

/* All that have not answered us together, which those that have do not feel. */
static void
test_flood_of_all (Fixture      *test,
                   gconstpointer data)
{
  const BytestagNetworkCounters *counters = bytestag_network_get_counters (test->network);
  guint n_networks = BYTESTAG_LIMIT_REQUESTS_BURST / BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST;

  fixture_meet (test);
  for (guint i = 0; i < n_networks; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.9.%u.1", i);

      send_pings (test, host, BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST);
    }
  send_pings (test, "9.10.0.1", 1);
  bytestag_foreign_send (test->peer, &test->address, "{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\"}");
  bytestag_sim_run (test->sim, 20 * 1000);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_TOTAL_RATE], ==, 1);
  g_assert_cmpuint (counters->drops[BYTESTAG_DROP_NETWORK_RATE], ==, 0);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dht/network/constants", test_constants);
  g_test_add_func ("/dht/network/new", test_new);
  g_test_add_func ("/dht/network/random-id", test_random_id);
  FIXTURE_TEST ("/dht/network/properties", test_properties);
  FIXTURE_TEST ("/dht/network/drops", test_drops);
  FIXTURE_TEST ("/dht/network/unusable-sender", test_unusable_sender);
  FIXTURE_TEST ("/dht/network/flood", test_flood);
  FIXTURE_TEST ("/dht/network/flood/nothing", test_flood_of_nothing);
  FIXTURE_TEST ("/dht/network/flood/private", test_flood_private);
  FIXTURE_TEST ("/dht/network/flood/all", test_flood_of_all);
  FIXTURE_TEST ("/dht/network/shut-down", test_shut_down);
  FIXTURE_TEST ("/dht/network/abandoned", test_abandoned);
  FIXTURE_TEST ("/dht/network/after-shut-down", test_after_shut_down);

  return g_test_run ();
}
