/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/sim.h"

#define MAX_NODES 200
#define MAX_VALUES 300
#define COPIES 4

#define SECOND G_GINT64_CONSTANT (1000000)

static guint64 seed = 1;
static guint n_nodes = MAX_NODES;
static guint n_values = MAX_VALUES;

/* Sizes of values: most fit into a few chunks, some are large. */
static gsize
get_size (guint number)
{
  return number % 20 == 0 ? 20000 + number * 7 : 1 + number * 37 % 3000;
}

static void
store_values (BytestagSim *sim,
              BytestagKey *keys)
{
  for (guint i = 0; i < n_values; i++)
    {
      g_autoptr (GBytes) value = bytestag_sim_make_value (get_size (i), 2 * i + 3);
      g_autoptr (BytestagStoreValueTask) task = NULL;
      guint index = i * 7 % n_nodes;

      bytestag_sim_put_value (sim, index, value, &keys[i]);
      task = bytestag_network_store_value (bytestag_sim_get_node (sim, index), &keys[i], &keys[i], COPIES);
      g_assert_true (bytestag_sim_run_task (sim, task, 600 * SECOND));
      g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
      g_assert_cmpuint (bytestag_store_value_task_get_n_copies (task), ==, COPIES);

      /* From here on the storer is a node like any other. */
      bytestag_kvp_table_remove (bytestag_network_get_table (bytestag_sim_get_node (sim, index)),
                                 &(BytestagKvpId) { keys[i], keys[i] });
    }
}

static void
get_values (BytestagSim       *sim,
            const BytestagKey *keys)
{
  for (guint i = 0; i < n_values; i++)
    {
      g_autoptr (GBytes) value = bytestag_sim_make_value (get_size (i), 2 * i + 3);
      g_autoptr (BytestagGetValueTask) task = NULL;
      guint index = (i * 7 + 101) % n_nodes;

      task = bytestag_network_get_value (bytestag_sim_get_node (sim, index), &keys[i], &keys[i]);
      g_assert_true (bytestag_sim_run_task (sim, task, 600 * SECOND));
      g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
      g_assert_true (g_bytes_equal (bytestag_get_value_task_get_bytes (task), value));
    }
}

/* (transfer full) the trace hash */
static char *
run_network (guint64 with_seed)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (with_seed);
  BytestagKey keys[MAX_VALUES];

  for (guint i = 0; i < n_nodes; i++)
    bytestag_sim_add_node (sim);
  g_assert_true (bytestag_sim_join_all (sim, 60 * SECOND));
  for (guint i = 0; i < n_nodes; i++)
    bytestag_routing_table_check_invariants (
      bytestag_network_get_routing_table (bytestag_sim_get_node (sim, i)));

  store_values (sim, keys);
  get_values (sim, keys);

  g_test_message ("%" G_GUINT64_FORMAT " datagrams in %" G_GINT64_FORMAT " s of virtual time",
                  bytestag_sim_get_n_datagrams (sim), bytestag_sim_get_time (sim) / SECOND);
  return bytestag_sim_dup_trace_hash (sim);
}

static void
test_stores_and_gets (void)
{
  g_autofree char *first = NULL;
  g_autofree char *again = NULL;

  g_test_message ("seed %" G_GUINT64_FORMAT, seed);
  first = run_network (seed);
  again = run_network (seed);
  g_assert_cmpstr (first, ==, again);
}

static void
test_seed_matters (void)
{
  char *hashes[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagSim) sim = bytestag_sim_new (seed + i);

      for (guint n = 0; n < 5; n++)
        bytestag_sim_add_node (sim);
      g_assert_true (bytestag_sim_join_all (sim, 60 * SECOND));
      hashes[i] = bytestag_sim_dup_trace_hash (sim);
    }
  g_assert_cmpstr (hashes[0], !=, hashes[1]);
  g_free (hashes[0]);
  g_free (hashes[1]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  if (g_getenv ("BYTESTAG_SIM_SEED") != NULL)
    seed = g_ascii_strtoull (g_getenv ("BYTESTAG_SIM_SEED"), NULL, 10);

  /* A small network, for builds with sanitizers. */
  if (argc > 1)
    {
      n_nodes = CLAMP (g_ascii_strtoull (argv[1], NULL, 10), 2, MAX_NODES);
      n_values = n_nodes * MAX_VALUES / MAX_NODES;
    }

  g_test_add_func ("/sim/stores-and-gets", test_stores_and_gets);
  g_test_add_func ("/sim/seed-matters", test_seed_matters);

  return g_test_run ();
}
