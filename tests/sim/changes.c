/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/population.h"
#include "sim/scenario.h"

/* Nodes whose address, id or clock is not what others think. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)

#define N_NODES 60
#define N_VALUES 15
#define COPIES 10
/* Between two changes, µs; and before a get, so that who restarted has joined. */
#define CHANGE_INTERVAL (90 * SECOND)
#define SETTLING (30 * SECOND)

static void
publish_and_get (BytestagPopulation *population,
                 guint               n_gets,
                 void (*change) (BytestagPopulation *population))
{
  for (guint i = 0; i < N_VALUES; i++)
    bytestag_population_publish (population, bytestag_population_choose (population), 300 + i, COPIES);

  for (guint i = 0; i < n_gets; i++)
    {
      if (change != NULL)
        change (population);
      bytestag_sim_run (population->sim, SETTLING);
      bytestag_population_get (population, bytestag_population_choose (population), i % N_VALUES);
      bytestag_sim_run (population->sim, CHANGE_INTERVAL);
    }
  bytestag_sim_run (population->sim, 600 * SECOND);
  bytestag_population_check_tables (population);
}

/* One node moves, or restarts: where it was or elsewhere, and with the id and the
 * values that it had. */
static void
change_one (BytestagPopulation *population)
{
  BytestagSim *sim = population->sim;
  guint index = bytestag_population_choose (population);

  switch (bytestag_rng_range (bytestag_sim_get_rng (sim), 3))
    {
    case 0:
      bytestag_sim_move (sim, index);
      break;
    case 1:
      bytestag_sim_leave (sim, index);
      bytestag_sim_restart (sim, index, TRUE);
      bytestag_population_join (population, index);
      break;
    default:
      bytestag_sim_crash (sim, index);
      bytestag_sim_move (sim, index);
      bytestag_sim_restart (sim, index, TRUE);
      bytestag_population_join (population, index);
      break;
    }
}

void
bytestag_scenario_moves (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_NODES);

  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  publish_and_get (population, size == BYTESTAG_SCENARIO_FULL ? 500 : 80, change_one);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99);
}

/* Half of the clocks are up to a quarter of an hour off, and a tenth are years. */
static gint64
draw_offset (BytestagSim *sim)
{
  gdouble kind = bytestag_sim_draw (sim);
  gdouble share = 2 * bytestag_sim_draw (sim) - 1;

  if (kind < 0.1)
    return (gint64) (share * 10 * 365 * 24 * HOUR);
  return kind < 0.6 ? (gint64) (share * HOUR / 4) : 0;
}

void
bytestag_scenario_clock_skew (guint64              seed,
                              BytestagScenarioSize size,
                              GArray              *metrics)
{
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_NODES);

  for (guint i = 0; i < N_NODES; i++)
    bytestag_sim_set_wall_offset (population->sim, i, draw_offset (population->sim));
  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  publish_and_get (population, size == BYTESTAG_SCENARIO_FULL ? 500 : 80, NULL);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99.9);
}
