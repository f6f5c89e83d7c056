/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/population.h"
#include "sim/scenario.h"

/* Bad links: what is lost, doubled, late, or behind a NAT. */

#define SECOND G_GINT64_CONSTANT (1000000)

/* Transfers over bad links */

#define N_LOSSY_NODES 30

/* The largest datagram that is not cut into fragments, which many networks lose. */
#define ETHERNET 1472

static const gsize sizes[] = { 1, 100, 1023, 1024, 1025, 5000, 20000, 100000, 262144 };

typedef struct {
  BytestagPopulation *population;
  guint n_whole, n_failed;
} Transfers;

static void
stored_cb (BytestagTask *task,
           Transfers    *transfers)
{
  gboolean is_done = bytestag_task_get_state (task) == BYTESTAG_TASK_DONE;

  g_assert_true (is_done || bytestag_task_get_error (task) != NULL);
  transfers->n_whole += is_done;
  transfers->n_failed += !is_done;
}

static void
fetched_cb (BytestagTask *task,
            Transfers    *transfers)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (BYTESTAG_DOWNLOAD_TASK (task));
  const guint *number = g_object_get_data (G_OBJECT (task), "number");
  gboolean is_done = bytestag_task_get_state (task) == BYTESTAG_TASK_DONE;

  /* DONE says that the sender has ended; that all of it came is seen by the hash. */
  if (is_done)
    is_done = g_bytes_equal (bytes, g_array_index (transfers->population->values, BytestagPopulationValue,
                                                   *number).bytes);
  else
    g_assert_nonnull (bytestag_task_get_error (task));
  transfers->n_whole += is_done;
  transfers->n_failed += !is_done;
}

static void
transfer (Transfers *transfers,
          guint      number,
          guint      holder)
{
  BytestagSim *sim = transfers->population->sim;
  const BytestagPopulationValue *value = &g_array_index (transfers->population->values, BytestagPopulationValue,
                                                         number);
  BytestagNetwork *here = bytestag_sim_get_node (sim, holder);
  guint other = (holder + 1 + bytestag_rng_range (bytestag_sim_get_rng (sim), N_LOSSY_NODES - 1)) % N_LOSSY_NODES;
  g_autoptr (BytestagNode) to = bytestag_sim_make_contact (sim, other);
  g_autoptr (BytestagNode) from = bytestag_sim_make_contact (sim, holder);
  g_autoptr (BytestagStoreToNodeTask) store = NULL;
  g_autoptr (BytestagDownloadTask) fetch = NULL;

  store = bytestag_network_store_to_node (here, to, &value->key, &value->key, value->bytes, 1600000000);
  g_signal_connect (store, "finished", G_CALLBACK (stored_cb), transfers);
  fetch = bytestag_network_get_value_from_node (bytestag_sim_get_node (sim, other), from, &value->key, &value->key, 0);
  g_object_set_data_full (G_OBJECT (fetch), "number", g_memdup2 (&number, sizeof number), g_free);
  g_signal_connect (fetch, "finished", G_CALLBACK (fetched_cb), transfers);
}

void
bytestag_scenario_lossy (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  guint n_values = size == BYTESTAG_SCENARIO_FULL ? 400 : 80;
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_LOSSY_NODES);
  BytestagSimLink *link = bytestag_sim_get_link (population->sim);
  Transfers transfers = { population };

  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  link->lost = 20;
  link->doubled = 10;
  link->late = 50;
  link->jitter = 0.2;
  link->largest = ETHERNET;

  for (guint i = 0; i < n_values; i++)
    {
      BytestagPopulationValue value = { bytestag_sim_make_value (sizes[i % G_N_ELEMENTS (sizes)] + i, 2 * i + 3) };

      bytestag_sim_put_value (population->sim, i % N_LOSSY_NODES, value.bytes, &value.key);
      g_array_append_val (population->values, value);
      transfer (&transfers, i, i % N_LOSSY_NODES);
      bytestag_sim_run (population->sim, 2 * SECOND);
    }
  bytestag_sim_run (population->sim, 3600 * SECOND);

  bytestag_population_check_tables (population);
  bytestag_metrics_add (metrics, "transfers that neither arrive whole nor fail",
                        2 * n_values - transfers.n_whole - transfers.n_failed, BYTESTAG_AT_MOST, 0);
  bytestag_metrics_add (metrics, "transfers that arrive whole, %", 100.0 * transfers.n_whole / (2 * n_values),
                        BYTESTAG_AT_LEAST, 90);
}

/* Gets among nodes of which many are behind a NAT */

#define N_NAT_NODES 100
#define N_NAT_VALUES 20
#define NAT_COPIES 8
#define PORT_RESTRICTED_PERCENT 30
#define SYMMETRIC_PERCENT 10

static void
hide_some (BytestagSim *sim)
{
  /* Somebody must be there to be met. */
  for (guint i = 1; i < N_NAT_NODES; i++)
    {
      guint percent = bytestag_rng_range (bytestag_sim_get_rng (sim), 100);

      if (percent < PORT_RESTRICTED_PERCENT)
        bytestag_sim_put_behind_nat (sim, i, BYTESTAG_NAT_PORT_RESTRICTED);
      else if (percent < PORT_RESTRICTED_PERCENT + SYMMETRIC_PERCENT)
        bytestag_sim_put_behind_nat (sim, i, BYTESTAG_NAT_SYMMETRIC);
    }
}

void
bytestag_scenario_nat (guint64              seed,
                       BytestagScenarioSize size,
                       GArray              *metrics)
{
  guint n_gets = size == BYTESTAG_SCENARIO_FULL ? 2000 : 300;
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_NAT_NODES);
  BytestagSim *sim = population->sim;

  hide_some (sim);
  g_assert_true (bytestag_sim_join_all (sim, 600 * SECOND));
  for (guint i = 0; i < N_NAT_VALUES; i++)
    bytestag_population_publish (population, bytestag_population_choose (population), 500 + i, NAT_COPIES);

  /* Long enough that what a NAT let through at first is shut. */
  bytestag_sim_run (sim, 1800 * SECOND);
  for (guint i = 0; i < n_gets; i++)
    {
      bytestag_population_get (population, bytestag_population_choose (population), i % N_NAT_VALUES);
      bytestag_sim_run (sim, SECOND);
    }
  bytestag_sim_run (sim, 600 * SECOND);

  bytestag_population_check_tables (population);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99);
}
