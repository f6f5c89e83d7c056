/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/record-keeper.h"

#include "core/limits.h"
#include "sim/sim.h"
#include "support/test-signer.h"
#include "support/test-worker.h"
#include "wire/record.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)
#define N_NODES 8

/* A small network, in which node 1 has the id of @signer. */
typedef struct {
  BytestagSim *sim;
  BytestagTestSigner *signer;
  BytestagRecordKeeper *keeper;
} Test;

static void
set_up (Test          *test,
        gconstpointer  data)
{
  BytestagEndpoint address;

  test->sim = bytestag_sim_new (5);
  test->signer = bytestag_test_signer_new ();
  bytestag_sim_set_latency (test->sim, 20 * 1000, 0);
  bytestag_sim_make_address (500, &address);
  for (guint i = 0; i < N_NODES; i++)
    {
      if (i == 1)
        bytestag_sim_add_node_at (test->sim, &address, bytestag_test_signer_get_node_id (test->signer));
      else
        bytestag_sim_add_node (test->sim);
    }
  g_assert_true (bytestag_sim_join_all (test->sim, 60 * SECOND));
  test->keeper = bytestag_record_keeper_new (bytestag_sim_get_node (test->sim, 1), BYTESTAG_SIGNER (test->signer));
}

static void
tear_down (Test          *test,
           gconstpointer  data)
{
  g_clear_object (&test->keeper);
  bytestag_sim_free (test->sim);
  g_object_unref (test->signer);
}

static BytestagKey
make_collection (guint number)
{
  BytestagKey key;

  bytestag_key_digest (&key, &number, sizeof number);
  return key;
}

static void
add (Test  *test,
     guint  number)
{
  BytestagKey key = make_collection (number);
  g_autofree char *name = g_strdup_printf ("collection %u", number);

  bytestag_record_keeper_add (test->keeper, &key, name, 1000 + number, 3);
}

static void
see_record (const BytestagKvpRecord *record,
            gpointer                 user_data)
{
  *(gint64 *) user_data = MAX (*(gint64 *) user_data, (gint64) bytestag_kvp_record_get_expiry (record));
}

/* Nodes but the own one that hold a record about @subject; @end: (out) (optional) the latest end. */
static guint
count_holders (Test              *test,
               BytestagKvpKind    kind,
               const BytestagKey *subject,
               gint64            *end)
{
  BytestagKey key;
  gint64 latest = 0;
  guint n = 0;

  bytestag_record_derive_key (kind, subject, &key);
  for (guint i = 0; i < N_NODES; i++)
    n += bytestag_kvp_table_visit_key (bytestag_sim_get_table (test->sim, i), &key, see_record, &latest) > 0;
  if (end != NULL)
    *end = latest;
  return n;
}

static gint64
now_of (Test *test)
{
  BytestagNetwork *network = bytestag_sim_get_node (test->sim, 1);

  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (network)) / G_USEC_PER_SEC;
}

/* Each collection has its record, which is there as long as it is shared, and a day at most after. */
static void
test_providers (Test          *test,
                gconstpointer  data)
{
  BytestagKey one = make_collection (1);
  BytestagKey other = make_collection (2);
  gint64 end;
  gint64 later_end;

  add (test, 1);
  add (test, 1);
  add (test, 2);
  g_assert_cmpuint (bytestag_record_keeper_get_n_collections (test->keeper), ==, 2);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (bytestag_record_keeper_get_n_stored (test->keeper), ==, 2);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &one, &end), ==, N_NODES - 1);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &other, NULL), ==, N_NODES - 1);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_CATALOGUE, bytestag_test_signer_get_node_id (test->signer), NULL),
                    ==, 0);

  /* Renewed, over a change of the day too. */
  bytestag_record_keeper_remove (test->keeper, &other);
  bytestag_record_keeper_remove (test->keeper, &other);
  bytestag_sim_run (test->sim, 50 * HOUR);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &one, &later_end), ==, N_NODES - 1);
  g_assert_cmpint (later_end, >, end);
  g_assert_cmpint (later_end, >, now_of (test) + 19 * 3600);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &other, NULL), ==, 0);

  bytestag_record_keeper_remove (test->keeper, &one);
  bytestag_sim_run (test->sim, 26 * HOUR);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &one, NULL), ==, 0);
}

/* Only when the person says so, and with what is shared now. */
static void
test_catalogue (Test          *test,
                gconstpointer  data)
{
  const BytestagKey *own = bytestag_test_signer_get_node_id (test->signer);
  gint64 end;

  bytestag_record_keeper_set_browsable (test->keeper, TRUE);
  g_assert_true (bytestag_record_keeper_get_browsable (test->keeper));
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_CATALOGUE, own, NULL), ==, 0);
  add (test, 1);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_CATALOGUE, own, &end), ==, N_NODES - 1);
  bytestag_sim_run (test->sim, 20 * HOUR);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_CATALOGUE, own, &end), ==, N_NODES - 1);
  g_assert_cmpint (end, >, now_of (test) + 19 * 3600);

  bytestag_record_keeper_set_browsable (test->keeper, FALSE);
  bytestag_sim_run (test->sim, 26 * HOUR);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_CATALOGUE, own, NULL), ==, 0);
}

static guint
count_served (Test                     *test,
              BytestagSharedFilesTable *table)
{
  gint64 latest = 0;
  BytestagKey key;

  bytestag_record_derive_key (BYTESTAG_KVP_CATALOGUE, bytestag_test_signer_get_node_id (test->signer), &key);
  return bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (table), &key, see_record, &latest);
}

/* The newest one, to those who ask the node itself. */
static void
test_served (Test          *test,
             gconstpointer  data)
{
  BytestagReactor *reactor = bytestag_network_get_reactor (bytestag_sim_get_node (test->sim, 1));
  g_autoptr (BytestagWorker) worker = BYTESTAG_WORKER (bytestag_test_worker_new (reactor));
  g_autoptr (BytestagSharedFilesTable) table = bytestag_shared_files_table_new (worker);
  BytestagKey one = make_collection (1);
  BytestagKey other = make_collection (2);

  bytestag_record_keeper_set_table (test->keeper, table);
  add (test, 1);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_served (test, table), ==, 0);
  bytestag_record_keeper_set_browsable (test->keeper, TRUE);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_served (test, table), ==, 1);
  add (test, 2);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_served (test, table), ==, 1);
  bytestag_record_keeper_remove (test->keeper, &one);
  bytestag_record_keeper_remove (test->keeper, &other);
  g_assert_cmpuint (count_served (test, table), ==, 0);

  add (test, 1);
  bytestag_sim_run (test->sim, 60 * SECOND);
  bytestag_record_keeper_set_browsable (test->keeper, FALSE);
  g_assert_cmpuint (count_served (test, table), ==, 0);
  bytestag_record_keeper_set_browsable (test->keeper, TRUE);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_served (test, table), ==, 1);
  g_assert_finalize_object (g_steal_pointer (&test->keeper));
  g_assert_cmpuint (count_served (test, table), ==, 0);
}

/* Who cannot be reached, or whom nobody knows, says nothing, until that changes. */
static void
test_unreachable (Test          *test,
                  gconstpointer  data)
{
  BytestagNetwork *network = bytestag_sim_get_node (test->sim, 1);
  BytestagKey one = make_collection (1);

  bytestag_network_set_read_only (network, TRUE);
  add (test, 1);
  bytestag_sim_run (test->sim, HOUR);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &one, NULL), ==, 0);
  bytestag_network_set_read_only (network, FALSE);
  bytestag_sim_run (test->sim, 60 * SECOND);
  g_assert_cmpuint (count_holders (test, BYTESTAG_KVP_PROVIDER, &one, NULL), ==, N_NODES - 1);
}

/* Few at a time; and it may go meanwhile. */
static void
test_bound (Test          *test,
            gconstpointer  data)
{
  GListModel *tasks = bytestag_network_get_tasks (bytestag_sim_get_node (test->sim, 1));
  guint most = 0;

  for (guint i = 0; i < 30; i++)
    add (test, i);
  for (guint i = 0; i < 500; i++)
    {
      bytestag_sim_run (test->sim, SECOND / 50);
      most = MAX (most, g_list_model_get_n_items (tasks));
    }
  g_assert_cmpuint (most, ==, BYTESTAG_LIMIT_RECORDS_SENDING);
  g_assert_finalize_object (g_steal_pointer (&test->keeper));
  bytestag_sim_run (test->sim, 60 * SECOND);
}

#define TEST(path, func) g_test_add ("/sharing/record-keeper/" path, Test, NULL, set_up, func, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("providers", test_providers);
  TEST ("catalogue", test_catalogue);
  TEST ("served", test_served);
  TEST ("unreachable", test_unreachable);
  TEST ("bound", test_bound);
  return g_test_run ();
}
