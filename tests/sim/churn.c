/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "sharing/replicator.h"
#include "sim/population.h"
#include "sim/scenario.h"

/* Nodes come and go all the time, and what was published once stays. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)
#define HALF_LIFE (2 * HOUR)

#define COPIES BYTESTAG_MAX_BUCKET_SIZE
#define GET_INTERVAL (10 * SECOND)
#define MAX_VALUE_BYTES 900

typedef struct {
  BytestagPopulation *population;
  guint index;
  BytestagReplicator *replicator;
} Place;

static void live (Place *place);

/* One goes, half of them without a word, and another one comes: one in four is the
 * same again, the others know and hold nothing, and half of them live elsewhere. */
static void
replace_cb (BytestagSim *sim,
            gpointer     user_data)
{
  Place *place = user_data;
  gboolean keeps = bytestag_sim_draw (sim) < 0.25;

  g_clear_object (&place->replicator);
  if (bytestag_sim_draw (sim) < 0.5)
    bytestag_sim_leave (sim, place->index);
  else
    bytestag_sim_crash (sim, place->index);
  if (bytestag_sim_draw (sim) < 0.5)
    bytestag_sim_move (sim, place->index);
  bytestag_sim_restart (sim, place->index, keeps);
  bytestag_population_join (place->population, place->index);
  live (place);
}

static void
live (Place *place)
{
  BytestagSim *sim = place->population->sim;
  gdouble half_lives = -log2 (1 - bytestag_sim_draw (sim) * 0.999999);

  place->replicator = bytestag_replicator_new (bytestag_sim_get_node (sim, place->index));
  bytestag_sim_call (sim, (gint64) (half_lives * HALF_LIFE), replace_cb, place);
}

static void
get_cb (BytestagSim *sim,
        gpointer     user_data)
{
  BytestagPopulation *population = user_data;
  guint number = bytestag_rng_range (bytestag_sim_get_rng (sim), population->values->len);

  bytestag_population_get (population, bytestag_population_choose (population), number);
  bytestag_sim_call (sim, GET_INTERVAL, get_cb, population);
}

void
bytestag_scenario_churn (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  gboolean is_full = size == BYTESTAG_SCENARIO_FULL;
  guint n_nodes = is_full ? 1000 : 60;
  guint n_values = is_full ? 50 : 6;
  gint64 duration = is_full ? 24 * HOUR : 4 * HOUR;
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, n_nodes);
  g_autofree Place *places = g_new0 (Place, n_nodes);

  /* The large one is measured, the small one is checked: that takes most of its time. */
  bytestag_sim_set_checks (population->sim, !is_full);
  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  for (guint i = 0; i < n_values; i++)
    bytestag_population_publish (population, i * 7 % n_nodes, 1 + i * 137 % MAX_VALUE_BYTES, COPIES);

  for (guint i = 0; i < n_nodes; i++)
    {
      places[i] = (Place) { .population = population, .index = i };
      live (&places[i]);
    }
  bytestag_sim_call (population->sim, GET_INTERVAL, get_cb, population);
  bytestag_sim_run (population->sim, duration);

  bytestag_population_check_tables (population);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99.9);
  for (guint i = 0; i < n_nodes; i++)
    g_clear_object (&places[i].replicator);
}
