/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seed's bytestag.dht.network_test, over real UDP on the loopback. */
#include "config.h"

#include "process/udp-node.h"

#define N_NODES 2
/* Seconds (seed: TIMEOUT). */
#define TIMEOUT 5

typedef struct {
  BytestagUdpNode *nodes[N_NODES];
} Test;

static gboolean
timeout_cb (gpointer user_data)
{
  g_test_fail_printf ("Nothing came of it in %u s", TIMEOUT);
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* setup_nodes */
static void
setup (Test         *test,
       gconstpointer data)
{
  for (guint i = 0; i < N_NODES; i++)
    test->nodes[i] = bytestag_udp_node_new ();
}

/* stop_event_reactors, join_event_reactors */
static void
teardown (Test         *test,
          gconstpointer data)
{
  for (guint i = 0; i < N_NODES; i++)
    g_clear_pointer (&test->nodes[i], bytestag_udp_node_free);
}

static void
assert_done (gpointer task)
{
  bytestag_udp_node_wait (task);
  g_assert_no_error (bytestag_task_get_error (task));
}

static gboolean
has_contact (BytestagUdpNode *node,
             BytestagUdpNode *other)
{
  BytestagEndpoint address;

  bytestag_udp_node_get_address (other, &address);
  return bytestag_routing_table_find (bytestag_network_get_routing_table (node->network),
                                      bytestag_network_get_key (other->network), &address) != NULL;
}

/* Until both are contacts of each other: the one that was asked has to hear a pong first. */
static void
wait_for_contacts (Test *test)
{
  gboolean over = FALSE;
  guint timeout = g_timeout_add_seconds (TIMEOUT, timeout_cb, &over);

  while (!over && (!has_contact (test->nodes[0], test->nodes[1]) || !has_contact (test->nodes[1], test->nodes[0])))
    g_main_context_iteration (NULL, TRUE);
  if (!over)
    g_source_remove (timeout);
}

/* "It should send a ping and receive a response" */
static void
test_ping_address (Test         *test,
                   gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;
  BytestagEndpoint address;

  bytestag_udp_node_get_address (test->nodes[1], &address);
  task = bytestag_network_ping_address (test->nodes[0]->network, &address);
  assert_done (task);
  g_assert_cmpint (bytestag_ping_task_get_rtt (task), >=, 0);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (bytestag_ping_task_get_node (task)),
                                     bytestag_network_get_key (test->nodes[1]->network)));
}

/* "It should send a PING and reply with a PONG and both contacts are added to routing table" */
static void
test_ping_rpc (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;
  g_autoptr (BytestagNode) contact = bytestag_udp_node_make_contact (test->nodes[1]);

  task = bytestag_network_ping_node (test->nodes[0]->network, contact);
  assert_done (task);
  wait_for_contacts (test);
  g_assert_true (has_contact (test->nodes[0], test->nodes[1]));
  g_assert_true (has_contact (test->nodes[1], test->nodes[0]));
}

/* "It should get a list of nodes" */
static void
test_find_node_rpc (Test         *test,
                    gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = NULL;
  g_autoptr (BytestagNode) contact = bytestag_udp_node_make_contact (test->nodes[1]);

  task = bytestag_network_find_nodes_from_node (test->nodes[0]->network, contact,
                                                bytestag_network_get_key (test->nodes[0]->network));
  assert_done (task);
  g_assert_nonnull (bytestag_find_nodes_task_get_nodes (task));
  g_assert_cmpuint (bytestag_find_nodes_task_get_nodes (task)->len, >=, 1);
}

static GBytes *
make_value (gsize size)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * 7 + i / 251);
  return g_bytes_new_take (bytes, size);
}

/* "It should get the size of the data from the node" */
static void
test_find_binary_value_size_from_node (Test         *test,
                                       gconstpointer data)
{
  g_autoptr (GBytes) value = make_value (4567);
  g_autoptr (BytestagFindValueTask) task = NULL;
  g_autoptr (BytestagNode) contact = bytestag_udp_node_make_contact (test->nodes[1]);
  BytestagKey key;
  const BytestagExchangeInfo *info;

  key = bytestag_udp_node_put_value (test->nodes[1], NULL, value, 1353571200);
  task = bytestag_network_find_value_from_node (test->nodes[0]->network, contact, &key, NULL);
  assert_done (task);

  g_assert_cmpuint (bytestag_find_value_task_get_result (task)->values->len, ==, 1);
  info = bytestag_find_value_task_get_result (task)->values->pdata[0];
  g_assert_true (bytestag_key_equal (&info->id.key, &key));
  g_assert_cmpint (info->size, ==, 4567);
}

/* "It should download the value from the other node" */
static void
test_get_value_from_other_node (Test         *test,
                                gconstpointer data)
{
  g_autoptr (GBytes) value = make_value (100000);
  g_autoptr (GBytes) received = NULL;
  g_autoptr (BytestagDownloadTask) task = NULL;
  g_autoptr (BytestagNode) contact = bytestag_udp_node_make_contact (test->nodes[1]);
  BytestagKey key;

  key = bytestag_udp_node_put_value (test->nodes[1], NULL, value, 1353571200);
  task = bytestag_network_get_value_from_node (test->nodes[0]->network, contact, &key, NULL, 0);
  assert_done (task);

  received = bytestag_download_task_dup_bytes (task);
  g_assert_true (g_bytes_equal (received, value));
}

typedef struct {
  BytestagKvpId id;
  gboolean stored;
} Stored;

static void
value_stored_cb (BytestagNetwork     *network,
                 const BytestagKvpId *id,
                 Stored              *stored)
{
  stored->id = *id;
  stored->stored = TRUE;
}

/* "It should store the data to another node" */
static void
test_store_to_node (Test         *test,
                    gconstpointer data)
{
  g_autoptr (GBytes) value = make_value (50000);
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_autoptr (BytestagNode) contact = bytestag_udp_node_make_contact (test->nodes[1]);
  Stored stored = { .stored = FALSE };
  BytestagKvpRecord record;
  BytestagKvpId id;
  gboolean over = FALSE;
  guint timeout;
  gint64 timestamp = g_get_real_time () / G_USEC_PER_SEC - 100;

  bytestag_key_digest (&id.index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  id.key = id.index;
  g_signal_connect (test->nodes[1]->network, "value-stored", G_CALLBACK (value_stored_cb), &stored);

  task = bytestag_network_store_to_node (test->nodes[0]->network, contact, &id.key, &id.index, value, timestamp);
  assert_done (task);
  g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 50000);

  timeout = g_timeout_add_seconds (TIMEOUT, timeout_cb, &over);
  while (!over && !stored.stored)
    g_main_context_iteration (NULL, TRUE);
  if (!over)
    g_source_remove (timeout);

  g_assert_true (bytestag_kvp_id_equal (&stored.id, &id));
  g_assert_true (bytestag_kvp_table_lookup (test->nodes[1]->table, &id, &record));
  g_assert_cmpuint (record.size, ==, 50000);
  g_assert_cmpint (record.timestamp, ==, timestamp);
}

#define TEST(name) \
  g_test_add ("/network_test/TestNetworkControllerMultiNode/" #name, Test, NULL, setup, name, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST (test_find_binary_value_size_from_node);
  TEST (test_find_node_rpc);
  TEST (test_get_value_from_other_node);
  TEST (test_ping_address);
  TEST (test_ping_rpc);
  TEST (test_store_to_node);

  return g_test_run ();
}
