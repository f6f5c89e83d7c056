/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "sharing/publish-queue.h"
#include "sharing/replicator.h"
#include "sim/population.h"
#include "sim/scenario.h"

/* What a person shares stays available though the computer is off most of the time, or
 * for good, and though those that keep it come and go. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

/* The computer is on so long each day. */
#define ON_TIME (2 * HOUR)
#define GET_INTERVAL (60 * SECOND)
#define PUBLISHER 0

typedef struct {
  guint n_nodes, n_parts, copies;
  gint64 half_life;
  guint n_days;
  guint n_days_on; /* the publisher comes on these days, and then never again */
} Course;

typedef struct {
  const Course *course;
  BytestagPopulation *population;
  struct _Place *places;
  GArray *ids;
  BytestagPublishQueue *queue;
  BytestagPublication *publication;
  guint day, hour;
  guint64 n_bytes_sent;
  guint64 n_bytes_of_days[32];
  gdouble least_available; /* % */
  guint n_fewest;
} World;

typedef struct _Place {
  World *world;
  guint index;
  BytestagReplicator *replicator;
} Place;

static void live (Place *place);

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
  bytestag_population_join (place->world->population, place->index);
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

static void switch_on_cb (BytestagSim *sim, gpointer user_data);

static void
switch_off_cb (BytestagSim *sim,
               gpointer     user_data)
{
  World *world = user_data;
  BytestagNetwork *network = bytestag_sim_get_node (sim, PUBLISHER);

  g_message ("day %u: sent %u of %u, %" G_GUINT64_FORMAT " bytes", world->day, bytestag_publication_get_n_sent (world->publication),
             world->ids->len, bytestag_network_get_counters (network)->bytes_sent);
  world->n_bytes_of_days[world->day] = bytestag_network_get_counters (network)->bytes_sent;
  g_clear_object (&world->queue);
  g_clear_object (&world->publication);
  g_clear_object (&world->places[PUBLISHER].replicator);
  bytestag_sim_leave (sim, PUBLISHER);
  world->day++;
  if (world->day < world->course->n_days_on)
    bytestag_sim_call (sim, DAY - ON_TIME, switch_on_cb, world);
}

static void
begin_day (World *world)
{
  BytestagSim *sim = world->population->sim;
  BytestagNetwork *network = bytestag_sim_get_node (sim, PUBLISHER);

  world->places[PUBLISHER].replicator = bytestag_replicator_new (network);
  world->queue = bytestag_publish_queue_new (network);
  world->publication = bytestag_publication_new ();
  for (guint i = 0; i < world->ids->len; i++)
    bytestag_publication_add (world->publication, &g_array_index (world->ids, BytestagKvpId, i), world->course->copies);
  bytestag_publish_queue_add (world->queue, world->publication);
  bytestag_sim_call (sim, ON_TIME - 60 * SECOND, switch_off_cb, world);
}

static void
joined_cb (BytestagSim *sim,
           gpointer     user_data)
{
  begin_day (user_data);
}

static void
switch_on_cb (BytestagSim *sim,
              gpointer     user_data)
{
  World *world = user_data;

  bytestag_sim_restart (sim, PUBLISHER, TRUE);
  bytestag_population_join (world->population, PUBLISHER);
  bytestag_sim_call (sim, 60 * SECOND, joined_cb, world);
}

/* How many nodes hold it, the publisher aside. */
static guint
count_holders (World               *world,
               const BytestagKvpId *id)
{
  BytestagSim *sim = world->population->sim;
  guint n = 0;

  for (guint i = PUBLISHER + 1; i < world->course->n_nodes; i++)
    n += bytestag_sim_get_node (sim, i) != NULL && bytestag_kvp_table_lookup (bytestag_sim_get_table (sim, i), id, NULL);
  return n;
}

static void
look_cb (BytestagSim *sim,
         gpointer     user_data)
{
  World *world = user_data;
  guint n_available = 0;
  guint n_copies = 0;
  guint histogram[32] = { 0 };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < world->ids->len; i++)
    {
      guint n = count_holders (world, &g_array_index (world->ids, BytestagKvpId, i));

      n_available += n > 0;
      n_copies += n;
      histogram[MIN (n, 31)]++;
    }
  world->least_available = MIN (world->least_available, 100.0 * n_available / world->ids->len);
  for (guint i = 0; i < 32; i++)
    if (histogram[i] > 0)
      g_string_append_printf (text, " %u:%u", i, histogram[i]);
  g_message ("hour %u: %u of %u available, %.2f copies;%s; gets %u/%u", ++world->hour, n_available, world->ids->len,
             (gdouble) n_copies / world->ids->len, text->str, world->population->n_found, world->population->n_missed);
  g_string_free (text, TRUE);
  bytestag_sim_call (sim, HOUR, look_cb, world);
}

static void
make_parts (World *world)
{
  BytestagSim *sim = world->population->sim;

  world->ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  for (guint i = 0; i < world->course->n_parts; i++)
    {
      BytestagPopulationValue value;
      BytestagKvpId id;

      value.bytes = bytestag_sim_make_value (200 + i % 700, 2 * i + 3);
      bytestag_sim_put_value (sim, PUBLISHER, value.bytes, &value.key);
      id = (BytestagKvpId) { value.key, value.key };
      g_array_append_val (world->ids, id);
      g_array_append_val (world->population->values, value);
    }
}

static void
get_cb (BytestagSim *sim,
        gpointer     user_data)
{
  World *world = user_data;
  guint number = bytestag_rng_range (bytestag_sim_get_rng (sim), world->ids->len);
  guint index;

  do
    index = bytestag_population_choose (world->population);
  while (index == PUBLISHER);
  bytestag_population_get (world->population, index, number);
  bytestag_sim_call (sim, GET_INTERVAL, get_cb, world);
}

static void
run_course (const Course *course,
            guint64       seed,
            GArray       *metrics)
{
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, course->n_nodes);
  g_autofree Place *places = g_new0 (Place, course->n_nodes);
  World world = { .course = course, .population = population, .places = places, .least_available = 100 };

  bytestag_codec_set_plain (TRUE);
  bytestag_sim_set_checks (population->sim, FALSE);
  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  make_parts (&world);
  for (guint i = 0; i < course->n_nodes; i++)
    {
      places[i] = (Place) { .world = &world, .index = i };
      if (i != PUBLISHER)
        live (&places[i]);
    }
  begin_day (&world);
  bytestag_sim_call (population->sim, HOUR, look_cb, &world);
  bytestag_sim_call (population->sim, HOUR, get_cb, &world);
  bytestag_sim_run (population->sim, course->n_days * DAY);

  bytestag_metrics_add (metrics, "parts available at the worst hour, %", world.least_available, BYTESTAG_AT_LEAST, 99.9);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99.9);
  g_clear_object (&world.queue);
  g_clear_object (&world.publication);
  for (guint i = 0; i < course->n_nodes; i++)
    g_clear_object (&places[i].replicator);
  g_array_unref (world.ids);
  bytestag_codec_set_plain (FALSE);
}

void
bytestag_scenario_survival_slow (guint64              seed,
                                 BytestagScenarioSize size,
                                 GArray              *metrics)
{
  static const Course full = { 300, 1000, 4, 12 * HOUR, 7, 7 };
  static const Course small = { 60, 100, 4, 12 * HOUR, 2, 2 };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}

void
bytestag_scenario_survival_fast (guint64              seed,
                                 BytestagScenarioSize size,
                                 GArray              *metrics)
{
  static const Course full = { 300, 1000, 10, 2 * HOUR, 7, 7 };
  static const Course small = { 60, 100, 10, 2 * HOUR, 2, 2 };

  run_course (size == BYTESTAG_SCENARIO_FULL ? &full : &small, seed, metrics);
}
