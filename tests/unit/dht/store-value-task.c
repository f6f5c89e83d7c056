/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

typedef struct {
  guint n_started, n_finished;
  guint most; /* at one time */
} Seen;

static void
started_cb (BytestagStoreValueTask  *task,
            BytestagStoreToNodeTask *store,
            Seen                    *seen)
{
  g_assert_false (bytestag_task_is_finished (BYTESTAG_TASK (store)));
  seen->n_started++;
  seen->most = MAX (seen->most, seen->n_started - seen->n_finished);
}

static void
finished_cb (BytestagStoreValueTask  *task,
             BytestagStoreToNodeTask *store,
             Seen                    *seen)
{
  g_assert_true (bytestag_task_is_finished (BYTESTAG_TASK (store)));
  seen->n_finished++;
}

static BytestagStoreValueTask *
store (Fixture           *test,
       const BytestagKey *key,
       guint              copies,
       Seen              *seen)
{
  BytestagStoreValueTask *task = bytestag_network_store_value (test->network, key, key, copies);

  g_signal_connect (task, "store-started", G_CALLBACK (started_cb), seen);
  g_signal_connect (task, "store-finished", G_CALLBACK (finished_cb), seen);
  return task;
}

static BytestagKey
put (Fixture *test)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (5000, 7);
  BytestagKey key;

  bytestag_sim_put_value (test->sim, 0, value, &key);
  return key;
}

static void
grow (Fixture *test,
      guint    n_nodes)
{
  while (bytestag_sim_get_n_nodes (test->sim) < n_nodes)
    bytestag_sim_add_node (test->sim);
  g_assert_true (bytestag_sim_join_all (test->sim, 20 * SECOND));
}

static gboolean
holds (Fixture           *test,
       BytestagNetwork   *network,
       const BytestagKey *key)
{
  return bytestag_kvp_table_lookup (bytestag_network_get_table (network), &(BytestagKvpId) { *key, *key }, NULL);
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      key)
{
  return bytestag_key_compare_distance (key, bytestag_network_get_key (*(BytestagNetwork *const *) a),
                                        bytestag_network_get_key (*(BytestagNetwork *const *) b));
}

/* (transfer full) all nodes but the storer, nearest to @key first. */
static GPtrArray *
sort_nodes (Fixture           *test,
            const BytestagKey *key)
{
  GPtrArray *nodes = g_ptr_array_new ();

  for (guint i = 1; i < bytestag_sim_get_n_nodes (test->sim); i++)
    g_ptr_array_add (nodes, bytestag_sim_get_node (test->sim, i));
  g_ptr_array_sort_with_data (nodes, compare, (gpointer) key);
  return nodes;
}

static void
test_copies (Fixture      *test,
             gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  grow (test, 40);
  nodes = sort_nodes (test, &key);
  task = store (test, &key, 7, &seen);
  fixture_assert_done (test, task, 60 * SECOND);
  bytestag_sim_run (test->sim, SECOND);

  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, 7);
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 7);
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, 7);
  g_assert_cmpuint (seen.n_started, ==, 7);
  g_assert_cmpuint (seen.n_finished, ==, 7);
  g_assert_cmpuint (seen.most, ==, BYTESTAG_NETWORK_PARALLELISM);
  for (guint i = 0; i < nodes->len; i++)
    g_assert_cmpint (holds (test, nodes->pdata[i], &key), ==, i < 7);
}

/* What has it already counts, and is sent nothing. */
static void
test_held (Fixture      *test,
           gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (BytestagStoreValueTask) first = NULL;
  g_autoptr (BytestagStoreValueTask) again = NULL;
  Seen seen = { 0 };
  guint64 n_datagrams;

  grow (test, 10);
  first = store (test, &key, 4, &seen);
  fixture_assert_done (test, first, 60 * SECOND);
  bytestag_sim_run (test->sim, 10 * SECOND);
  n_datagrams = bytestag_sim_get_n_datagrams (test->sim);
  again = store (test, &key, 4, &seen);
  fixture_assert_done (test, again, 60 * SECOND);
  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (again), ==, 4);
  g_assert_cmpuint (bytestag_sim_get_n_datagrams (test->sim) - n_datagrams, <, 40);
}

/* The nearest one dies after the look-up: the next takes its place. */
static void
test_failure (Fixture      *test,
              gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  grow (test, 12);
  nodes = sort_nodes (test, &key);
  task = store (test, &key, 4, &seen);
  while (seen.n_started == 0)
    bytestag_sim_run (test->sim, 1000);
  for (guint i = 1; i < 12; i++)
    if (bytestag_sim_get_node (test->sim, i) == nodes->pdata[0])
      bytestag_sim_set_online (test->sim, i, FALSE);
  fixture_assert_done (test, task, 60 * SECOND);
  bytestag_sim_run (test->sim, SECOND);

  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, 4);
  g_assert_cmpuint (seen.n_started, ==, 5);
  g_assert_false (holds (test, nodes->pdata[0], &key));
  for (guint i = 1; i < 5; i++)
    g_assert_true (holds (test, nodes->pdata[i], &key));
}

/* Fewer nodes than copies: all of them. */
static void
test_few (Fixture      *test,
          gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  grow (test, 3);
  task = store (test, &key, 20, &seen);
  fixture_assert_done (test, task, 60 * SECOND);
  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, 2);
}

static void
test_no_peers (Fixture      *test,
               gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  task = store (test, &key, 4, &seen);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_NO_PEERS);
  g_assert_cmpuint (seen.n_started, ==, 0);
}

static void
test_not_held (Fixture      *test,
               gconstpointer data)
{
  BytestagKey key = { { 1 } };
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  fixture_meet (test);
  task = store (test, &key, 4, &seen);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_NOT_FOUND);
}

/* What the person shares is to be kept, by as many nodes as is wanted. */
static void
test_promise (Fixture      *test,
              gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (BytestagStoreValueTask) task = NULL;
  BytestagKvpRecord record;
  Seen seen = { 0 };

  grow (test, 10);
  nodes = sort_nodes (test, &key);
  task = store (test, &key, 4, &seen);
  fixture_assert_done (test, task, 60 * SECOND);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_true (bytestag_kvp_table_lookup (bytestag_network_get_table (nodes->pdata[0]),
                                            &(BytestagKvpId) { key, key }, &record));
  g_assert_cmpint (record.until, >, 1600000000 + BYTESTAG_TIME_KEEP);
  g_assert_cmpuint (record.copies, ==, 4);
}

static void
full_cb (BytestagForeign        *peer,
         const BytestagEndpoint *from,
         const char             *rpc,
         JsonObject             *message,
         gpointer                user_data)
{
  guint *n_stores = user_data;

  if (g_str_equal (rpc, "findnode"))
    bytestag_foreign_reply (peer, from, message, ", \"nodes\": []");
  if (g_str_equal (rpc, "store"))
    {
      (*n_stores)++;
      bytestag_foreign_reply (peer, from, message, ", \"full\": true");
    }
}

/* Who is full holds no copy: the next one takes its place. */
static void
test_full (Fixture      *test,
           gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };
  guint n_stores = 0;

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  bytestag_foreign_set_func (test->peer, full_cb, &n_stores);
  fixture_meet (test);
  task = store (test, &key, 4, &seen);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_FAILED);
  g_assert_cmpuint (n_stores, ==, 1);

  g_clear_object (&task);
  grow (test, 5);
  task = store (test, &key, 4, &seen);
  fixture_assert_done (test, task, 60 * SECOND);
  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, 4);
}

/* Of what is kept for others we hold a copy ourselves, if we are near enough. */
static void
test_replicate (Fixture      *test,
                gconstpointer data)
{
  grow (test, 30);
  for (guint near = 0; near < 2; near++)
    {
      g_autoptr (GBytes) value = bytestag_sim_make_value (500, 11 + near);
      g_autoptr (GPtrArray) nodes = NULL;
      g_autoptr (GPtrArray) contacts = g_ptr_array_new_with_free_func (g_object_unref);
      g_autoptr (BytestagStoreValueTask) task = NULL;
      BytestagKvpRecord record = { .until = 1600090000, .copies = 4 };
      BytestagKvpRecord replica;
      guint n_held = 0;

      record.id.key = *bytestag_network_get_key (test->network);
      record.id.key.bytes[near ? 19 : 0] ^= near ? 1 : 0xff;
      bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), 500);
      bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, value, NULL, NULL);

      nodes = sort_nodes (test, &record.id.key);
      for (guint i = 0; i < nodes->len; i++)
        for (guint n = 1; n < bytestag_sim_get_n_nodes (test->sim); n++)
          if (bytestag_sim_get_node (test->sim, n) == nodes->pdata[i])
            {
              BytestagNode *contact = bytestag_sim_make_contact (test->sim, n);

              bytestag_node_set_extensions (contact, 2);
              g_ptr_array_add (contacts, contact);
            }
      task = bytestag_network_replicate_value (test->network, &record.id.key, &record.id.index, 4, contacts);
      fixture_assert_done (test, task, 60 * SECOND);
      bytestag_sim_run (test->sim, SECOND);

      g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, near ? 3 : 4);
      for (guint i = 0; i < nodes->len; i++)
        if (bytestag_kvp_table_lookup (bytestag_network_get_table (nodes->pdata[i]), &record.id, &replica))
          {
            g_assert_cmpuint (i, <, near ? 3 : 4);
            g_assert_cmpint (replica.until, ==, 1600090000);
            g_assert_cmpuint (replica.copies, ==, 4);
            n_held++;
          }
      g_assert_cmpuint (n_held, ==, near ? 3 : 4);
    }
}

static void
no_store_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  if (g_str_equal (rpc, "findnode"))
    bytestag_foreign_reply (peer, from, message, ", \"nodes\": []");
}

static void
test_nobody_takes_it (Fixture      *test,
                      gconstpointer data)
{
  BytestagKey key = put (test);
  g_autoptr (BytestagStoreValueTask) task = NULL;
  Seen seen = { 0 };

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, no_store_cb, NULL);
  task = store (test, &key, 4, &seen);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_FAILED);
  g_assert_cmpuint (seen.n_finished, ==, 1);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  static const gint64 moments[] = { 5 * 1000, 30 * 1000, 150 * 1000 };
  BytestagKey key = put (test);

  grow (test, 6);
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      Seen seen = { 0 };
      BytestagStoreValueTask *task = store (test, &key, 4, &seen);

      bytestag_sim_run (test->sim, moments[i]);
      bytestag_task_cancel (BYTESTAG_TASK (task));
      bytestag_sim_run (test->sim, SECOND);
      g_assert_finalize_object (task);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/store-value-task/copies", test_copies);
  FIXTURE_TEST ("/dht/store-value-task/held", test_held);
  FIXTURE_TEST ("/dht/store-value-task/failure", test_failure);
  FIXTURE_TEST ("/dht/store-value-task/few", test_few);
  FIXTURE_TEST ("/dht/store-value-task/no-peers", test_no_peers);
  FIXTURE_TEST ("/dht/store-value-task/not-held", test_not_held);
  FIXTURE_TEST ("/dht/store-value-task/nobody-takes-it", test_nobody_takes_it);
  FIXTURE_TEST ("/dht/store-value-task/cancel", test_cancel);
  FIXTURE_TEST ("/dht/store-value-task/promise", test_promise);
  FIXTURE_TEST ("/dht/store-value-task/full", test_full);
  FIXTURE_TEST ("/dht/store-value-task/replicate", test_replicate);

  return g_test_run ();
}
