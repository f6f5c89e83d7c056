/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <malloc.h>
#include <time.h>

#include "sim/crowd.h"
#include "sim/scenario.h"

/* What a simulated node costs: the program's own memory and time. */

#define SECOND G_GINT64_CONSTANT (1000000)

static gsize
get_memory (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static gdouble
get_cpu_seconds (void)
{
  struct timespec time;

  g_assert_cmpint (clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time), ==, 0);
  return (gdouble) time.tv_sec + (gdouble) time.tv_nsec / 1e9;
}

static void
wake_all (BytestagCrowd *crowd,
          guint          n)
{
  for (guint i = 0; i < n; i++)
    bytestag_crowd_wake (crowd, i);
}

void
bytestag_scenario_memory (guint64              seed,
                          BytestagScenarioSize size,
                          GArray              *metrics)
{
  guint n_nodes = size == BYTESTAG_SCENARIO_FULL ? 5000 : 500;
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, 5000);
  gsize before;

  /* What the checks remember is no part of a node. */
  bytestag_sim_set_checks (sim, FALSE);
  before = get_memory ();
  wake_all (crowd, n_nodes);
  bytestag_metrics_add (metrics, "bytes for a node with a full table", (gdouble) (get_memory () - before) / n_nodes,
                        BYTESTAG_AT_MOST, 200000);
}

/* Speed */

#define N_SPEED_NODES 1000
#define LOOKUP_INTERVAL (SECOND / 50)

static void
look_up_cb (BytestagSim *sim,
            gpointer     user_data)
{
  BytestagCrowd *crowd = user_data;
  guint index = bytestag_crowd_wake (crowd, bytestag_crowd_choose (crowd));
  BytestagKey key;

  bytestag_key_random (&key, bytestag_sim_get_rng (sim));
  g_object_unref (bytestag_network_find_node_shortlist (bytestag_sim_get_node (sim, index), &key));
  bytestag_sim_call (sim, LOOKUP_INTERVAL, look_up_cb, crowd);
}

static guint64
count_served (BytestagSim *sim)
{
  guint64 n = 0;

  for (guint i = 0; i < bytestag_sim_get_n_nodes (sim); i++)
    n += bytestag_network_get_counters (bytestag_sim_get_node (sim, i))->requests_served;
  return n;
}

/* Request events in a second of CPU: that a request is read and answered is one, that
 * its reply is read and acted upon is another. Of some turns the fastest counts: whoever
 * shares the machine can only make one slower. */
static gdouble
measure_speed (guint64              seed,
               BytestagScenarioSize size)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, N_SPEED_NODES);
  gdouble fastest = 0;

  bytestag_sim_set_checks (sim, FALSE);
  wake_all (crowd, N_SPEED_NODES);
  bytestag_sim_call (sim, LOOKUP_INTERVAL, look_up_cb, crowd);
  bytestag_sim_run (sim, 2 * SECOND);

  for (guint i = 0; i < (size == BYTESTAG_SCENARIO_FULL ? 20 : 5); i++)
    {
      guint64 n_before = count_served (sim);
      gdouble began = get_cpu_seconds ();

      bytestag_sim_run (sim, 2 * SECOND);
      fastest = MAX (fastest, 2 * (gdouble) (count_served (sim) - n_before) / (get_cpu_seconds () - began));
    }
  return fastest;
}

void
bytestag_scenario_speed (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  bytestag_metrics_add (metrics, "request events a second of one core, zlib included", measure_speed (seed, size),
                        BYTESTAG_AT_LEAST, 10000);
  bytestag_codec_set_plain (TRUE);
  bytestag_metrics_add (metrics, "request events a second of one core, without", measure_speed (seed, size),
                        BYTESTAG_AT_LEAST, 50000);
  bytestag_codec_set_plain (FALSE);
}
