/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Also bytestag_network_store_record(). */
#include "config.h"

#include "core/limits.h"
#include "sim/sim.h"
#include "support/test-signer.h"
#include "wire/record.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_NODES 8
#define NOW G_GINT64_CONSTANT (1600000000)

static const BytestagKey collection = { { 1, 2, 3 } };

/* A small network, in which node 1 has the id of @signer. */
typedef struct {
  BytestagSim *sim;
  BytestagTestSigner *signer;
  BytestagEndpoint address; /* of node 1 */
} Test;

static void
set_up (Test         *test,
        gconstpointer data)
{
  test->sim = bytestag_sim_new (5);
  test->signer = bytestag_test_signer_new ();
  bytestag_sim_set_latency (test->sim, 20 * 1000, 0);
  bytestag_sim_make_address (500, &test->address);
  for (guint i = 0; i < N_NODES; i++)
    {
      if (i == 1)
        bytestag_sim_add_node_at (test->sim, &test->address, bytestag_test_signer_get_node_id (test->signer));
      else
        bytestag_sim_add_node (test->sim);
    }
  g_assert_true (bytestag_sim_join_all (test->sim, 60 * SECOND));
}

static void
tear_down (Test         *test,
           gconstpointer data)
{
  bytestag_sim_free (test->sim);
  g_object_unref (test->signer);
}

static void
assert_done (Test    *test,
             gpointer task)
{
  g_assert_true (bytestag_sim_run_task (test->sim, task, 120 * SECOND));
  g_assert_no_error (bytestag_task_get_error (task));
}

/* Node 1 says that it shares the collection, at @address. */
static void
provide (Test                   *test,
         const BytestagEndpoint *address)
{
  g_autoptr (GBytes) value = NULL;
  g_autoptr (BytestagStoreValueTask) task = NULL;
  BytestagKey key;

  value = bytestag_record_build_provider (BYTESTAG_SIGNER (test->signer), &collection, address, 1, NOW, NULL);
  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &key);
  task = bytestag_network_store_record (bytestag_sim_get_node (test->sim, 1), &key, value, 4);
  assert_done (test, task);
  g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, 4);
}

static void
provider_found_cb (BytestagFindRecordsTask *task,
                   BytestagNode            *node,
                   guint                   *n_found)
{
  (*n_found)++;
}

static void
test_provider (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagFindRecordsTask) task = NULL;
  GPtrArray *providers;
  guint n_found = 0;

  provide (test, &test->address);
  bytestag_sim_run (test->sim, SECOND);
  task = bytestag_network_find_providers (bytestag_sim_get_node (test->sim, 5), &collection);
  g_signal_connect (task, "provider-found", G_CALLBACK (provider_found_cb), &n_found);
  assert_done (test, task);
  providers = bytestag_find_records_task_get_providers (task);
  g_assert_cmpuint (providers->len, ==, 1);
  g_assert_cmpuint (n_found, ==, 1);
  g_assert_true (bytestag_endpoint_equal (bytestag_node_get_endpoint (providers->pdata[0]), &test->address));
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (providers->pdata[0]),
                                     bytestag_test_signer_get_node_id (test->signer)));
}

/* Who does not answer with the id that signed is none. */
static void
test_other_port (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagFindRecordsTask) task = NULL;
  BytestagEndpoint elsewhere = test->address;

  elsewhere.port++;
  provide (test, &elsewhere);
  task = bytestag_network_find_providers (bytestag_sim_get_node (test->sim, 5), &collection);
  assert_done (test, task);
  g_assert_cmpuint (bytestag_find_records_task_get_providers (task)->len, ==, 0);
}

static void
test_none (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagFindRecordsTask) task = NULL;

  task = bytestag_network_find_providers (bytestag_sim_get_node (test->sim, 5), &collection);
  assert_done (test, task);
  g_assert_cmpuint (bytestag_find_records_task_get_providers (task)->len, ==, 0);
}

/* @n_entries of a catalogue that node 1 has published come in their order. */
static void
check_catalogue (Test *test,
                 guint n_entries)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_catalogue_entry_free);
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (BytestagFindRecordsTask) task = NULL;
  g_autoptr (BytestagNode) owner = bytestag_sim_make_contact (test->sim, 1);
  BytestagKey key;
  GPtrArray *found;

  for (guint i = 0; i < n_entries; i++)
    {
      BytestagKey k = { { (guint8) i, (guint8) (i >> 8) } };

      g_ptr_array_add (entries, bytestag_catalogue_entry_new (&k, "name", i, 1));
    }
  pages = bytestag_record_build_catalogue (BYTESTAG_SIGNER (test->signer), entries, NOW, NULL);
  bytestag_record_derive_key (BYTESTAG_KVP_CATALOGUE, bytestag_test_signer_get_node_id (test->signer), &key);
  for (guint i = 0; i < pages->len; i++)
    {
      g_autoptr (BytestagStoreValueTask) store = NULL;

      store = bytestag_network_store_record (bytestag_sim_get_node (test->sim, 1), &key, pages->pdata[i], 4);
      assert_done (test, store);
    }

  task = bytestag_network_find_catalogue (bytestag_sim_get_node (test->sim, 6), owner);
  assert_done (test, task);
  found = bytestag_find_records_task_get_entries (task);
  g_assert_cmpuint (found->len, ==, n_entries);
  for (guint i = 0; i < n_entries; i++)
    g_assert_cmpuint (((BytestagCatalogueEntry *) found->pdata[i])->size, ==, i);
}

static void
test_catalogue (Test         *test,
                gconstpointer data)
{
  check_catalogue (test, 1);
}

static void
test_pages (Test         *test,
            gconstpointer data)
{
  check_catalogue (test, 3 * BYTESTAG_LIMIT_ENTRIES_OF_PAGE);
}

/* BYTESTAG_LIMIT_RECORDS_READ of those that one node keeps, however many it names. */
static void
test_limit (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagFindRecordsTask) task = NULL;
  BytestagKvpRecord record = { .kind = BYTESTAG_KVP_PROVIDER, .until = NOW + 3600 };

  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection, &record.id.key);
  for (guint i = 0; i < BYTESTAG_LIMIT_RECORDS_READ + 4; i++)
    {
      g_autoptr (BytestagTestSigner) signer = bytestag_test_signer_new ();
      g_autoptr (GBytes) value = NULL;
      BytestagEndpoint nobody;

      bytestag_sim_make_address (600 + i, &nobody);
      value = bytestag_record_build_provider (BYTESTAG_SIGNER (signer), &collection, &nobody, 1, NOW, NULL);
      record.size = g_bytes_get_size (value);
      bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), record.size);
      bytestag_kvp_table_write (bytestag_sim_get_table (test->sim, 2), &record, value, NULL, NULL);
    }
  task = bytestag_network_find_providers (bytestag_sim_get_node (test->sim, 5), &collection);
  assert_done (test, task);
  g_assert_cmpuint (bytestag_find_records_task_get_providers (task)->len, ==, 0);
  g_assert_cmpuint (bytestag_network_get_counters (bytestag_sim_get_node (test->sim, 2))->uploads, ==,
                    BYTESTAG_LIMIT_RECORDS_READ);
}

static void
test_cancel (Test         *test,
             gconstpointer data)
{
  for (gint64 after = 0; after < SECOND / 4; after += SECOND / 50)
    {
      BytestagFindRecordsTask *task;

      provide (test, &test->address);
      task = bytestag_network_find_providers (bytestag_sim_get_node (test->sim, 5), &collection);
      bytestag_sim_run (test->sim, after);
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

#define TEST(path, func) g_test_add ("/dht/find-records-task/" path, Test, NULL, set_up, func, tear_down)
  TEST ("provider", test_provider);
  TEST ("other-port", test_other_port);
  TEST ("none", test_none);
  TEST ("catalogue", test_catalogue);
  TEST ("pages", test_pages);
  TEST ("limit", test_limit);
  TEST ("cancel", test_cancel);

  return g_test_run ();
}
