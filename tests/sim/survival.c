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

/* The computer is on so long each day. */
#define ON_TIME (2 * HOUR)
#define GET_INTERVAL (60 * SECOND)
#define PUBLISHER 0
/* Does all that the publisher does, but for publishing: what that costs is the difference. */
#define TWIN 1

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
  GArray *pieces;      /* (element-type BytestagPiece) as they were saved */
  GHashTable *numbers; /* of pieces, by id */
  BytestagPublisher *publisher;
  BytestagPublication *publication;
  BytestagSurvival *survival;
  BytestagChurnMeter *meter;
  guint day, hour;
  gdouble least_available; /* % */
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

static guint64
get_bytes_sent (World *world,
                guint  index)
{
  return bytestag_network_get_counters (bytestag_sim_get_node (world->population->sim, index))->bytes_sent;
}

static void
switch_off_cb (BytestagSim *sim,
               gpointer     user_data)
{
  World *world = user_data;
  const BytestagPublisherCounters *counters = bytestag_publisher_get_counters (world->publisher);

  g_message ("day %u: sent %u complete %u of %u, %" G_GUINT64_FORMAT " bytes, twin %" G_GUINT64_FORMAT
             "; requests %" G_GUINT64_FORMAT " looked %" G_GUINT64_FORMAT " stored %" G_GUINT64_FORMAT " renewed %" G_GUINT64_FORMAT
             "; %s; churn %d %g",
             world->day, bytestag_publication_get_n_sent (world->publication),
             bytestag_publication_get_n_complete (world->publication),
             world->pieces->len, get_bytes_sent (world, PUBLISHER), get_bytes_sent (world, TWIN),
             counters->n_requests, counters->n_looked, counters->n_stored, counters->n_renewed,
             bytestag_survival_get_words (world->survival), bytestag_churn_meter_is_known (world->meter),
             bytestag_churn_meter_get_loss_per_hour (world->meter));
  g_clear_object (&world->survival);
  g_clear_object (&world->meter);
  g_clear_object (&world->publisher);
  g_clear_object (&world->publication);
  bytestag_sim_leave (sim, PUBLISHER);
  bytestag_sim_leave (sim, TWIN);
  world->day++;
  if (world->day < world->course->n_days_on)
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
begin_day (World *world)
{
  BytestagSim *sim = world->population->sim;
  BytestagNetwork *network = bytestag_sim_get_node (sim, PUBLISHER);

  world->publisher = bytestag_publisher_new (network);
  bytestag_publisher_set_save_func (world->publisher, save, world);
  world->publication = bytestag_publisher_add (world->publisher, world->course->copies);
  for (guint i = 0; i < world->pieces->len; i += BYTESTAG_LIMIT_PIECES_OF_SLICE)
    bytestag_publication_add_pieces (world->publication, &g_array_index (world->pieces, BytestagPiece, i),
                                     MIN (BYTESTAG_LIMIT_PIECES_OF_SLICE, world->pieces->len - i));
  bytestag_publisher_start (world->publisher, world->publication);
  world->survival = bytestag_survival_new (network, world->publication);
  world->meter = bytestag_churn_meter_new (bytestag_network_get_reactor (network),
                                           bytestag_network_get_routing_table (network));
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
  bytestag_sim_restart (sim, TWIN, TRUE);
  bytestag_population_join (world->population, PUBLISHER);
  bytestag_population_join (world->population, TWIN);
  bytestag_sim_call (sim, 60 * SECOND, joined_cb, world);
}

/* How many nodes hold it, the publisher aside. */
static guint
count_holders (World               *world,
               const BytestagKvpId *id)
{
  BytestagSim *sim = world->population->sim;
  guint n = 0;

  for (guint i = TWIN + 1; i < world->course->n_nodes; i++)
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

  for (guint i = 0; i < world->pieces->len; i++)
    {
      guint n = count_holders (world, &g_array_index (world->pieces, BytestagPiece, i).id);

      n_available += n > 0;
      n_copies += n;
      histogram[MIN (n, 31)]++;
    }
  world->least_available = MIN (world->least_available, 100.0 * n_available / world->pieces->len);
  for (guint i = 0; i < 32; i++)
    if (histogram[i] > 0)
      g_string_append_printf (text, " %u:%u", i, histogram[i]);
  { guint nl=0, ns=0; for (guint i = 0; i < world->course->n_nodes; i++) if (world->places[i].replicator) { nl += bytestag_replicator_get_n_lookups (world->places[i].replicator); ns += bytestag_replicator_get_n_sent (world->places[i].replicator); } g_message ("datagrams %" G_GUINT64_FORMAT " lookups %u sent %u", bytestag_sim_get_n_datagrams (sim), nl, ns); }
  g_message ("hour %u: %u of %u available, %.2f copies;%s; gets %u/%u", ++world->hour, n_available, world->pieces->len,
             (gdouble) n_copies / world->pieces->len, text->str, world->population->n_found, world->population->n_missed);
  g_string_free (text, TRUE);
  bytestag_sim_call (sim, HOUR, look_cb, world);
}

static void
make_parts (World *world)
{
  BytestagSim *sim = world->population->sim;

  world->pieces = g_array_new (FALSE, FALSE, sizeof (BytestagPiece));
  world->numbers = g_hash_table_new (bytestag_kvp_id_hash, bytestag_kvp_id_equal);
  for (guint i = 0; i < world->course->n_parts; i++)
    {
      BytestagPopulationValue value;
      BytestagPiece piece = { .kind = BYTESTAG_PIECE_PART };

      value.bytes = bytestag_sim_make_value (200 + i % 700, 2 * i + 3);
      bytestag_sim_put_value (sim, PUBLISHER, value.bytes, &value.key);
      piece.id = (BytestagKvpId) { value.key, value.key };
      piece.size = (guint32) g_bytes_get_size (value.bytes);
      g_array_append_val (world->pieces, piece);
      g_array_append_val (world->population->values, value);
    }
  for (guint i = 0; i < world->pieces->len; i++)
    g_hash_table_insert (world->numbers, &g_array_index (world->pieces, BytestagPiece, i).id, GUINT_TO_POINTER (i));
}

static void
get_cb (BytestagSim *sim,
        gpointer     user_data)
{
  World *world = user_data;
  guint number = bytestag_rng_range (bytestag_sim_get_rng (sim), world->pieces->len);
  guint index;

  do
    index = bytestag_population_choose (world->population);
  while (index <= TWIN);
  bytestag_population_get (world->population, index, number);
  bytestag_sim_call (sim, GET_INTERVAL, get_cb, world);
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
  g_assert_true (bytestag_sim_join_all (population->sim, 60 * SECOND));
  make_parts (&world);
  for (guint i = 0; i < course->n_nodes; i++)
    {
      places[i] = (Place) { .world = &world, .index = i };
      if (i > TWIN)
        live (&places[i]);
    }
  begin_day (&world);
  bytestag_sim_call (population->sim, HOUR, look_cb, &world);
  bytestag_sim_call (population->sim, HOUR, get_cb, &world);
  bytestag_sim_run (population->sim, course->n_days * DAY);

  bytestag_metrics_add (metrics, "parts available at the worst hour, %", world.least_available, BYTESTAG_AT_LEAST, 99.9);
  bytestag_metrics_add (metrics, "gets that succeed, %", bytestag_population_get_percent_found (population),
                        BYTESTAG_AT_LEAST, 99.9);
  g_clear_object (&world.survival);
  g_clear_object (&world.meter);
  g_clear_object (&world.publisher);
  g_clear_object (&world.publication);
  for (guint i = 0; i < course->n_nodes; i++)
    g_clear_object (&places[i].replicator);
  g_hash_table_unref (world.numbers);
  g_array_unref (world.pieces);
}

/* Without zlib, which would take most of the time: bytes are more than they are. */
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
