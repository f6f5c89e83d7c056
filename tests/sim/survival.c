/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "core/limits.h"
#include "sharing/budget.h"
#include "sharing/churn-meter.h"
#include "sharing/publisher.h"
#include "sharing/replicator.h"
#include "sharing/survival.h"
#include "sim/population.h"
#include "sim/scenario.h"

/* What a person shares stays available though the computer is off most of the time, or
 * for good, and though those that keep it come and go. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

/* The computer is on so long each day, and joins first. */
#define ON_TIME (2 * HOUR)
#define JOINING (60 * SECOND)
#define GET_INTERVAL (60 * SECOND)
#define SMALLEST_PART 200
#define LARGEST_PART 900
/* The first node is who the others join through. */
#define PUBLISHER 1
/* Does all that the publisher does, but for publishing: what that costs is the difference. */
#define TWIN 2

/**
 * Course:
 * @half_life: µs; of what the others are on
 * @n_days: how long is looked
 * @n_days_on: the publisher comes on these days, and then never again
 * @is_hidden: nobody can reach the publisher: it is behind a NAT, and read-only (B.1)
 */
typedef struct {
  guint n_nodes, n_parts, copies;
  gint64 half_life;
  guint n_days, n_days_on;
  gboolean is_hidden;
} Course;

typedef struct _World World;

typedef struct {
  World *world;
  guint index;
  BytestagReplicator *replicator;
} Place;

struct _World
{
  const Course *course;
  BytestagPopulation *population;
  Place *places;
  GArray *pieces;      /* (element-type BytestagPiece) as they were saved */
  GHashTable *numbers; /* of pieces, by id */
  guint day;

  /* while the publisher is on */
  BytestagPublisher *publisher;
  BytestagPublication *publication;
  BytestagSurvival *survival;
  BytestagChurnMeter *meter;

  /* what was found */
  BytestagBudgetRates rates;
  gdouble first_upload, upkeep; /* bytes */
  gdouble first_budget, upkeep_budget;
  gint64 safe_until;            /* unix seconds, as told on the last day */
  gdouble least_available;      /* % */
};

static gboolean
is_other (guint index)
{
  return index != PUBLISHER && index != TWIN;
}

/* Through somebody who can be reached. */
static void
join (World *world,
      guint  index)
{
  BytestagSim *sim = world->population->sim;
  g_autoptr (BytestagJoinTask) task = NULL;
  BytestagEndpoint through;
  guint other;

  do
    other = bytestag_population_choose (world->population);
  while (!is_other (other) || other == index);
  bytestag_sim_get_address (sim, other, &through);
  task = bytestag_network_join_network (bytestag_sim_get_node (sim, index), &through);
}

/* Others */

static void live (Place *place);

/* One goes, as in the scenario "churn". */
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
  join (place->world, place->index);
  live (place);
}

static void
live (Place *place)
{
  BytestagSim *sim = place->world->population->sim;
  gdouble half_lives = -log2 (1 - bytestag_sim_draw (sim) * 0.999999);

  place->replicator = bytestag_replicator_new (bytestag_sim_get_node (sim, place->index));
  bytestag_sim_call (sim, (gint64) (half_lives * (gdouble) place->world->course->half_life), replace_cb, place);
}

static void
get_cb (BytestagSim *sim,
        gpointer     user_data)
{
  World *world = user_data;
  guint number = bytestag_rng_range (bytestag_sim_get_rng (sim), world->pieces->len);

  bytestag_sim_call (sim, GET_INTERVAL, get_cb, world);
  /* Who has it for sure must not be the one that gives it. */
  if (world->publisher == NULL)
    bytestag_population_get (world->population, bytestag_population_choose (world->population), number);
}

/* The publisher */

/* What publishing has cost since both were switched on. */
static gdouble
get_cost (World *world)
{
  BytestagSim *sim = world->population->sim;

  return (gdouble) bytestag_network_get_counters (bytestag_sim_get_node (sim, PUBLISHER))->bytes_sent -
         (gdouble) bytestag_network_get_counters (bytestag_sim_get_node (sim, TWIN))->bytes_sent;
}

/* The same datagrams as those of bytestag_budget_rates_init(), in plain JSON: keys of 28
 * characters, four more between two of them. */
static void
init_rates (BytestagBudgetRates *rates)
{
  bytestag_budget_rates_init (rates);
  rates->bytes_per_byte = 4.0 / 3;
  rates->bytes_per_store = 278 + 102 + 62; /* the offer, a chunk and the end */
  rates->bytes_per_renewal = 278;
  rates->bytes_per_check = 229 + 87;       /* getval, ack */
  rates->bytes_per_request = 1250;
}

static void
plan (World          *world,
      BytestagBudget *budget)
{
  BytestagBudgetPlan plan = { .on_time = ON_TIME / SECOND };

  for (guint i = 0; i < world->pieces->len; i++)
    bytestag_budget_plan_add (&plan, 1, g_array_index (world->pieces, BytestagPiece, i).size, world->course->copies);
  bytestag_budget_compute (&plan, &world->rates, budget);
}

/* Before anything is sent. */
static void
plan_first_day (World *world)
{
  BytestagBudget budget;

  init_rates (&world->rates);
  plan (world, &budget);
  world->first_budget = (gdouble) budget.initial_bytes;
}

/* With what the first day has taught: how fast nodes go, and what it takes to ask them afterwards. */
static void
plan_other_days (World *world)
{
  const BytestagPublisherCounters *counters = bytestag_publisher_get_counters (world->publisher);
  BytestagBudget budget;

  bytestag_budget_rates_calibrate (&world->rates, world->pieces->len, counters->n_upkeep_looked,
                                   counters->n_upkeep_requests, counters->n_stored, counters->n_confirming);
  if (bytestag_churn_meter_is_known (world->meter))
    world->rates.loss_per_hour = bytestag_churn_meter_get_loss_per_hour (world->meter);
  plan (world, &budget);
  world->upkeep_budget = (gdouble) budget.upkeep_bytes * (world->course->n_days_on - 1);
}

static void
add_pieces (World *world)
{
  for (guint i = 0; i < world->pieces->len; i += BYTESTAG_LIMIT_PIECES_OF_SLICE)
    bytestag_publication_add_pieces (world->publication, &g_array_index (world->pieces, BytestagPiece, i),
                                     MIN (BYTESTAG_LIMIT_PIECES_OF_SLICE, world->pieces->len - i));
}

static void switch_on_cb (BytestagSim *sim, gpointer user_data);

static void
switch_off_cb (BytestagSim *sim,
               gpointer     user_data)
{
  World *world = user_data;

  g_assert_cmpuint (bytestag_publication_get_n_sent (world->publication), ==, world->pieces->len);
  if (world->day == 0)
    {
      world->first_upload = get_cost (world);
      plan_other_days (world);
    }
  else
    {
      world->upkeep += get_cost (world);
    }
  world->safe_until = bytestag_survival_get_safe_until (world->survival);

  g_clear_object (&world->survival);
  g_clear_object (&world->meter);
  g_clear_object (&world->publisher);
  g_clear_object (&world->publication);
  bytestag_sim_leave (sim, PUBLISHER);
  bytestag_sim_leave (sim, TWIN);
  if (++world->day < world->course->n_days_on)
    bytestag_sim_call (sim, DAY - ON_TIME, switch_on_cb, world);
}

static void
save (const BytestagPiece *pieces,
      guint                n,
      gpointer             user_data)
{
  World *world = user_data;

  for (guint i = 0; i < n; i++)
    {
      guint number = GPOINTER_TO_UINT (g_hash_table_lookup (world->numbers, &pieces[i].id));

      g_array_index (world->pieces, BytestagPiece, number) = pieces[i];
    }
}

static void
begin_day_cb (BytestagSim *sim,
              gpointer     user_data)
{
  World *world = user_data;
  BytestagNetwork *network = bytestag_sim_get_node (sim, PUBLISHER);

  world->publisher = bytestag_publisher_new (network);
  bytestag_publisher_set_save_func (world->publisher, save, world);
  world->publication = bytestag_publisher_add (world->publisher, world->course->copies);
  add_pieces (world);
  bytestag_publisher_start (world->publisher, world->publication);
  world->survival = bytestag_survival_new (network, world->publication);
  world->meter = bytestag_churn_meter_new (bytestag_network_get_reactor (network),
                                           bytestag_network_get_routing_table (network));
  bytestag_sim_call (sim, ON_TIME - JOINING, switch_off_cb, world);
}

static void
switch_on_cb (BytestagSim *sim,
              gpointer     user_data)
{
  World *world = user_data;

  for (guint index = PUBLISHER; index <= TWIN; index++)
    {
      bytestag_network_set_read_only (bytestag_sim_restart (sim, index, TRUE), world->course->is_hidden);
      join (world, index);
    }
  bytestag_sim_call (sim, JOINING, begin_day_cb, world);
}

/* The world */

/* Whether somebody else is on who holds it. */
static gboolean
is_available (World               *world,
              const BytestagKvpId *id)
{
  BytestagSim *sim = world->population->sim;

  for (guint i = 0; i < world->course->n_nodes; i++)
    if (is_other (i) && bytestag_sim_get_node (sim, i) != NULL &&
        bytestag_kvp_table_lookup (bytestag_sim_get_table (sim, i), id, NULL))
      return TRUE;
  return FALSE;
}

static void
look (World *world)
{
  guint n_available = 0;

  for (guint i = 0; i < world->pieces->len; i++)
    n_available += is_available (world, &g_array_index (world->pieces, BytestagPiece, i).id);
  world->least_available = MIN (world->least_available, 100.0 * n_available / world->pieces->len);
}

static void
make_parts (World *world)
{
  world->pieces = g_array_new (FALSE, FALSE, sizeof (BytestagPiece));
  world->numbers = g_hash_table_new (bytestag_kvp_id_hash, bytestag_kvp_id_equal);
  for (guint i = 0; i < world->course->n_parts; i++)
    {
      BytestagPiece piece = { .kind = BYTESTAG_PIECE_PART };
      BytestagPopulationValue value;

      value.bytes = bytestag_sim_make_value (SMALLEST_PART + i * 137 % (LARGEST_PART - SMALLEST_PART), 2 * i + 3);
      bytestag_sim_put_value (world->population->sim, PUBLISHER, value.bytes, &value.key);
      piece.id = (BytestagKvpId) { value.key, value.key };
      piece.size = (guint32) g_bytes_get_size (value.bytes);
      g_array_append_val (world->pieces, piece);
      g_array_append_val (world->population->values, value);
    }
  for (guint i = 0; i < world->pieces->len; i++)
    g_hash_table_insert (world->numbers, &g_array_index (world->pieces, BytestagPiece, i).id, GUINT_TO_POINTER (i));
}

/* Seconds of the wall clocks, which are all right. */
static gint64
get_now (World *world)
{
  BytestagNetwork *network = bytestag_sim_get_node (world->population->sim, world->course->n_nodes - 1);

  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (network)) / SECOND;
}

/* Looks each hour, to the end, or as long as it was said to be safe. */
static void
run_days (World *world)
{
  const Course *course = world->course;
  BytestagSim *sim = world->population->sim;

  begin_day_cb (sim, world);
  bytestag_sim_run (sim, HOUR);
  bytestag_sim_call (sim, GET_INTERVAL, get_cb, world);
  for (guint hour = 1; hour < course->n_days * 24; hour++)
    {
      look (world);
      if (world->day == course->n_days_on && course->n_days_on < course->n_days &&
          get_now (world) + 3600 >= world->safe_until)
        break;
      bytestag_sim_run (sim, HOUR);
    }
}

static void
tell (World  *world,
      GArray *metrics)
{
  bytestag_metrics_add (metrics, "parts available at the worst hour, %", world->least_available,
                        BYTESTAG_AT_LEAST, 99.9);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (world->population),
                        BYTESTAG_AT_LEAST, 99.9);
  bytestag_metrics_add (metrics, "first upload to its budget", world->first_upload / world->first_budget,
                          BYTESTAG_AT_MOST, 1.5);
  if (world->course->n_days_on > 1)
    bytestag_metrics_add (metrics, "upkeep to its budget", world->upkeep / world->upkeep_budget,
                          BYTESTAG_AT_MOST, 1.5);
  else
    bytestag_metrics_add (metrics, "days for which it was said to be safe",
                          (gdouble) (world->safe_until - get_now (world)) / 86400 + world->course->n_days,
                          BYTESTAG_AT_LEAST, 1);
}

static void
run_world (const Course *course,
           guint64       seed,
           GArray       *metrics)
{
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, course->n_nodes);
  g_autofree Place *places = g_new0 (Place, course->n_nodes);
  World world = { .course = course, .population = population, .places = places, .least_available = 100 };

  bytestag_sim_set_checks (population->sim, FALSE);
  for (guint index = PUBLISHER; index <= TWIN; index++)
    if (course->is_hidden)
      {
        bytestag_sim_put_behind_nat (population->sim, index, BYTESTAG_NAT_PORT_RESTRICTED);
        bytestag_network_set_read_only (bytestag_sim_get_node (population->sim, index), TRUE);
      }
  g_assert_true (bytestag_sim_join_all (population->sim, JOINING));
  make_parts (&world);
  plan_first_day (&world);
  for (guint i = 0; i < course->n_nodes; i++)
    {
      places[i] = (Place) { .world = &world, .index = i };
      if (is_other (i))
        live (&places[i]);
    }

  run_days (&world);
  tell (&world, metrics);

  g_clear_object (&world.survival);
  g_clear_object (&world.meter);
  g_clear_object (&world.publisher);
  g_clear_object (&world.publication);
  for (guint i = 0; i < course->n_nodes; i++)
    g_clear_object (&places[i].replicator);
  g_hash_table_unref (world.numbers);
  g_array_unref (world.pieces);
}

/* Without zlib, which would take half of the time; what is measured and what is reckoned are
 * both of larger datagrams then. */
static void
run_course (const Course *course,
            guint64       seed,
            GArray       *metrics)
{
  bytestag_codec_set_plain (TRUE);
  run_world (course, seed, metrics);
  bytestag_codec_set_plain (FALSE);
}

void
bytestag_scenario_survival_slow (guint64              seed,
                                 BytestagScenarioSize size,
                                 GArray              *metrics)
{
  static const Course full = { 300, 500, 4, 12 * HOUR, 7, 7, FALSE };
  static const Course small = { 60, 100, 4, 12 * HOUR, 2, 2, FALSE };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}

void
bytestag_scenario_survival_fast (guint64              seed,
                                 BytestagScenarioSize size,
                                 GArray              *metrics)
{
  static const Course full = { 300, 200, 10, 2 * HOUR, 7, 7, FALSE };
  static const Course small = { 50, 50, 10, 2 * HOUR, 2, 2, FALSE };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}

void
bytestag_scenario_survival_gone (guint64              seed,
                                 BytestagScenarioSize size,
                                 GArray              *metrics)
{
  static const Course full = { 300, 300, 4, 12 * HOUR, 16, 1, FALSE };
  static const Course small = { 50, 100, 4, 12 * HOUR, 2, 1, FALSE };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}

void
bytestag_scenario_survival_hidden (guint64              seed,
                                   BytestagScenarioSize size,
                                   GArray              *metrics)
{
  static const Course full = { 300, 300, 4, 12 * HOUR, 3, 3, TRUE };
  static const Course small = { 60, 100, 4, 12 * HOUR, 2, 2, TRUE };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}
