/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/population.h"
#include "sim/scenario.h"

/* The network falls into two halves, first in one direction only, and heals. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)

#define N_NODES 80
#define COPIES 4
#define REFRESH_PERIOD (BYTESTAG_TIME_REFRESH * SECOND)

/* Which half an address is in. */
static gboolean
is_left (const BytestagEndpoint *address)
{
  guint number;

  g_assert_true (bytestag_sim_read_address (address, &number));
  return number % 2 == 0;
}

static gboolean
cut_both (const BytestagEndpoint *from,
          const BytestagEndpoint *to,
          gpointer                user_data)
{
  return is_left (from) != is_left (to);
}

static gboolean
cut_to_left (const BytestagEndpoint *from,
             const BytestagEndpoint *to,
             gpointer                user_data)
{
  return !is_left (from) && is_left (to);
}

/* From a node of each half. */
static void
publish (BytestagPopulation *population,
         guint               n_pairs)
{
  for (guint i = 0; i < 2 * n_pairs; i++)
    {
      guint index = (bytestag_population_choose (population) & ~1u) + i % 2;

      bytestag_population_publish (population, index, 100 + i, COPIES);
    }
}

void
bytestag_scenario_partition (guint64              seed,
                             BytestagScenarioSize size,
                             GArray              *metrics)
{
  guint n_pairs = size == BYTESTAG_SCENARIO_FULL ? 20 : 5;
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_NODES);
  BytestagSimLink *link = bytestag_sim_get_link (population->sim);

  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  publish (population, n_pairs);

  link->is_cut = cut_to_left;
  bytestag_sim_run (population->sim, HOUR);
  publish (population, n_pairs);
  link->is_cut = cut_both;
  bytestag_sim_run (population->sim, 4 * HOUR);
  publish (population, n_pairs);

  link->is_cut = NULL;
  bytestag_sim_run (population->sim, REFRESH_PERIOD);

  /* Each value from both halves. */
  for (guint i = 0; i < 2 * population->values->len; i++)
    {
      guint index = (bytestag_population_choose (population) & ~1u) + i % 2;

      bytestag_population_get (population, index, i / 2);
      bytestag_sim_run (population->sim, SECOND);
    }
  bytestag_sim_run (population->sim, 600 * SECOND);

  g_assert_cmpuint (population->n_found + population->n_missed, ==, 2 * population->values->len);
  bytestag_population_check_tables (population);
  bytestag_metrics_add (metrics, "values found again from both halves, %",
                        bytestag_population_get_percent_found (population), BYTESTAG_AT_LEAST, 100);
}
