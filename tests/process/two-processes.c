/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two processes over real UDP: each RPC, with values around every boundary of the
 * transfer. */
#include "config.h"

#include <gio/gio.h>

#include "process/udp-node.h"

typedef struct {
  BytestagUdpNode *node;
  GSubprocess *process;
  BytestagNode *peer;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "process", "peer", NULL);
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;
  BytestagEndpoint endpoint;
  BytestagKey id;

  test->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                                    program, NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (test->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);

  words = g_strsplit (line, " ", 2);
  g_assert_true (bytestag_endpoint_parse (&endpoint, words[0], &error));
  g_assert_true (bytestag_key_parse (&id, words[1], -1, &error));
  test->peer = bytestag_node_new (&id, &endpoint);
  test->node = bytestag_udp_node_new ();
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* The end of its input ends it; a leak makes it fail. */
  g_output_stream_close (g_subprocess_get_stdin_pipe (test->process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check (test->process, NULL, &error);
  g_assert_no_error (error);

  g_clear_object (&test->process);
  g_clear_object (&test->peer);
  g_clear_pointer (&test->node, bytestag_udp_node_free);
}

static void
assert_done (gpointer task)
{
  bytestag_udp_node_wait (task);
  g_assert_no_error (bytestag_task_get_error (task));
  g_assert_cmpint (bytestag_task_get_state (task), ==, BYTESTAG_TASK_DONE);
}

static void
join (Test *test)
{
  g_autoptr (BytestagJoinTask) task = NULL;

  task = bytestag_network_join_network (test->node->network, bytestag_node_get_endpoint (test->peer));
  assert_done (task);
}

static void
test_ping (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagPingTask) task = NULL;

  task = bytestag_network_ping_address (test->node->network, bytestag_node_get_endpoint (test->peer));
  assert_done (task);
  g_assert_true (bytestag_node_equal (bytestag_ping_task_get_node (task), test->peer));
}

static void
test_join (Test         *test,
           gconstpointer data)
{
  join (test);
  g_assert_nonnull (bytestag_routing_table_find (bytestag_network_get_routing_table (test->node->network),
                                                 bytestag_node_get_key (test->peer),
                                                 bytestag_node_get_endpoint (test->peer)));
}

static void
test_find_node (Test         *test,
                gconstpointer data)
{
  g_autoptr (BytestagFindNodesTask) task = NULL;
  GPtrArray *nodes;

  join (test);
  task = bytestag_network_find_nodes_from_node (test->node->network, test->peer,
                                                bytestag_node_get_key (test->peer));
  assert_done (task);

  /* It knows nobody but us. */
  nodes = bytestag_find_nodes_task_get_nodes (task);
  g_assert_cmpuint (nodes->len, ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (nodes->pdata[0]),
                                     bytestag_network_get_key (test->node->network)));
}

static GBytes *
make_value (gsize size)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * 13 + i / 251);
  return g_bytes_new_take (bytes, size);
}

/* store, findval, getval, and a get that looks for it: with one size. */
static void
test_value (Test         *test,
            gconstpointer data)
{
  g_autoptr (GBytes) value = make_value (GPOINTER_TO_SIZE (data));
  g_autoptr (BytestagStoreToNodeTask) store = NULL;
  g_autoptr (BytestagStoreToNodeTask) again = NULL;
  g_autoptr (BytestagFindValueTask) find = NULL;
  g_autoptr (BytestagDownloadTask) download = NULL;
  g_autoptr (BytestagGetValueTask) get = NULL;
  g_autoptr (GBytes) downloaded = NULL;
  BytestagKey key;
  const BytestagExchangeInfo *info;
  /* An older one would be clamped (B.5). */
  gint64 timestamp = g_get_real_time () / G_USEC_PER_SEC - 3600;

  bytestag_key_digest (&key, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  join (test);

  store = bytestag_network_store_to_node (test->node->network, test->peer, &key, &key, value, timestamp);
  assert_done (store);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (store), ==, BYTESTAG_STORE_SENT);
  g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (store), ==, g_bytes_get_size (value));

  again = bytestag_network_store_to_node (test->node->network, test->peer, &key, &key, value, timestamp);
  assert_done (again);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (again), ==, BYTESTAG_STORE_HELD);

  find = bytestag_network_find_value_from_node (test->node->network, test->peer, &key, &key);
  assert_done (find);
  g_assert_cmpuint (bytestag_find_value_task_get_result (find)->values->len, ==, 1);
  info = bytestag_find_value_task_get_result (find)->values->pdata[0];
  g_assert_cmpint (info->size, ==, g_bytes_get_size (value));
  g_assert_cmpint ((gint64) info->timestamp, ==, timestamp);

  download = bytestag_network_get_value_from_node (test->node->network, test->peer, &key, NULL, 0);
  assert_done (download);
  downloaded = bytestag_download_task_dup_bytes (download);
  g_assert_true (g_bytes_equal (downloaded, value));

  get = bytestag_network_get_value (test->node->network, &key, &key);
  assert_done (get);
  g_assert_true (g_bytes_equal (bytestag_get_value_task_get_bytes (get), value));
}

static void
test_offset (Test         *test,
             gconstpointer data)
{
  g_autoptr (GBytes) value = make_value (3000);
  g_autoptr (GBytes) expected = g_bytes_new_from_bytes (value, 1500, 1500);
  g_autoptr (BytestagStoreToNodeTask) store = NULL;
  g_autoptr (BytestagDownloadTask) download = NULL;
  g_autoptr (GBytes) downloaded = NULL;
  BytestagKey key;

  bytestag_key_digest (&key, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  store = bytestag_network_store_to_node (test->node->network, test->peer, &key, &key, value, 1);
  assert_done (store);

  download = bytestag_network_get_value_from_node (test->node->network, test->peer, &key, &key, 1500);
  assert_done (download);
  downloaded = bytestag_download_task_dup_bytes (download);
  g_assert_true (g_bytes_equal (downloaded, expected));
}

int
main (int   argc,
      char *argv[])
{
  static const gsize sizes[] = { 1, 1024, 1025, 262144, 1048575 };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/process/ping", Test, NULL, setup, test_ping, teardown);
  g_test_add ("/process/join", Test, NULL, setup, test_join, teardown);
  g_test_add ("/process/find-node", Test, NULL, setup, test_find_node, teardown);
  g_test_add ("/process/offset", Test, NULL, setup, test_offset, teardown);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/process/value/%" G_GSIZE_FORMAT, sizes[i]);

      g_test_add (path, Test, GSIZE_TO_POINTER (sizes[i]), setup, test_value, teardown);
    }

  return g_test_run ();
}
