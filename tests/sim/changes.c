/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/replicator.h"
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

/* A day too late or too early, by a fifth of the clocks each. */

#define N_CLOCKS 40
#define DAY (24 * HOUR)
/* Of values that are kept already; seconds. */
#define LIFE (6 * 3600)
#define LOOK_INTERVAL (600 * SECOND)

typedef enum {
  CLOCK_RIGHT,
  CLOCK_AHEAD,
  CLOCK_BEHIND,
} ClockKind;

/* Of the node @index, once they are set. */
static ClockKind
get_clock_kind (guint index)
{
  return index % 5 == 3 ? CLOCK_AHEAD : index % 5 == 4 ? CLOCK_BEHIND : CLOCK_RIGHT;
}

static gint64
get_right_seconds (BytestagSim *sim)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (bytestag_sim_get_node (sim, 0))) / SECOND;
}

/* A value that @index keeps for others, whose replicator brings it to 3 more. */
static void
keep_for_a_while (BytestagPopulation *population,
                  guint               index,
                  gint64              until)
{
  BytestagKvpRecord record = { .until = until, .copies = 4, .has_timestamp = TRUE };
  BytestagPopulationValue value;

  value.bytes = bytestag_sim_make_value (300 + index, 2 * population->values->len + 3);
  bytestag_key_digest (&value.key, g_bytes_get_data (value.bytes, NULL), g_bytes_get_size (value.bytes));
  g_array_append_val (population->values, value);
  record.id = (BytestagKvpId) { value.key, value.key };
  record.size = g_bytes_get_size (value.bytes);
  record.timestamp = get_right_seconds (population->sim);
  bytestag_kvp_table_write (bytestag_sim_get_table (population->sim, index), &record, value.bytes, NULL, NULL);
}

/* Whether the node holds the value. */
static gboolean
holds (BytestagPopulation *population,
       guint               index,
       guint               number)
{
  const BytestagKey *key = &g_array_index (population->values, BytestagPopulationValue, number).key;

  return bytestag_kvp_table_lookup (bytestag_sim_get_table (population->sim, index), &(BytestagKvpId) { *key, *key },
                                    NULL);
}

/* Runs @n_looks intervals; returns how many copies that were there have gone. */
static guint
count_dropped (BytestagPopulation *population,
               guint               n_looks)
{
  guint n_values = population->values->len;
  g_autofree gboolean *held = g_new0 (gboolean, N_CLOCKS * n_values);
  guint n = 0;

  for (guint look = 0; look <= n_looks; look++)
    {
      for (guint i = 0; i < N_CLOCKS * n_values; i++)
        {
          gboolean is_held = holds (population, i / n_values, i % n_values);

          n += held[i] && !is_held;
          held[i] = is_held;
        }
      bytestag_sim_run (population->sim, look < n_looks ? LOOK_INTERVAL : 0);
    }
  return n;
}

/* Copies at nodes whose clocks are right of the first @n_values. */
static guint
count_at_right_clocks (BytestagPopulation *population,
                       guint               n_values)
{
  guint n = 0;

  for (guint i = 0; i < N_CLOCKS * n_values; i++)
    n += get_clock_kind (i / n_values) == CLOCK_RIGHT && holds (population, i / n_values, i % n_values);
  return n;
}

/* Of publishers, holders and both: what they hold is neither dropped before its end, nor
 * kept for ever by those that are right. */
void
bytestag_scenario_clock_day (guint64              seed,
                             BytestagScenarioSize size,
                             GArray              *metrics)
{
  guint n_values = size == BYTESTAG_SCENARIO_FULL ? 100 : 20;
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_CLOCKS);
  BytestagReplicator *replicators[N_CLOCKS];
  guint n_early, n_later;

  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  for (guint i = 0; i < n_values; i++)
    keep_for_a_while (population, i % N_CLOCKS, get_right_seconds (population->sim) + LIFE);
  for (guint i = 0; i < N_CLOCKS; i++)
    replicators[i] = bytestag_replicator_new (bytestag_sim_get_node (population->sim, i));
  bytestag_sim_run (population->sim, HOUR);

  for (guint i = 0; i < N_CLOCKS; i++)
    if (get_clock_kind (i) != CLOCK_RIGHT)
      bytestag_sim_set_wall_offset (population->sim, i, get_clock_kind (i) == CLOCK_AHEAD ? DAY : -DAY);
  for (guint i = 0; i < n_values; i++)
    bytestag_population_publish (population, i % N_CLOCKS, 1000 + i, COPIES);
  n_early = count_dropped (population, (LIFE - 2 * 3600) / (LOOK_INTERVAL / SECOND));
  g_assert_cmpuint (count_at_right_clocks (population, n_values), >, 0);

  bytestag_sim_run (population->sim, 2 * HOUR);
  n_later = count_at_right_clocks (population, n_values);
  bytestag_metrics_add (metrics, "copies dropped before their end", n_early, BYTESTAG_AT_MOST, 0);
  bytestag_metrics_add (metrics, "copies kept after it by nodes whose clocks are right", n_later, BYTESTAG_AT_MOST, 0);
  for (guint i = 0; i < N_CLOCKS; i++)
    g_object_unref (replicators[i]);
}
