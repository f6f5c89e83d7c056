/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/crowd.h"
#include "sim/scenario.h"

/* Look-ups of random keys in networks of known shape: what they cost and find. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_CLOSEST BYTESTAG_MAX_BUCKET_SIZE

typedef struct {
  guint n;
  gdouble hops, requests, found, seconds; /* sums */
} Sums;

/* One more than the steps to the closest candidate that answered. */
static guint
count_hops (BytestagShortlist *shortlist)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (shortlist));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (G_LIST_MODEL (shortlist), i);

      if (bytestag_candidate_get_state (candidate) == BYTESTAG_CANDIDATE_ANSWERED)
        return bytestag_candidate_get_step (candidate) + 1;
    }
  return 0;
}

/* How many of the @N_CLOSEST nodes closest to the key it has found, without the asker. */
static guint
count_found (BytestagCrowd     *crowd,
             BytestagShortlist *shortlist,
             guint              asker)
{
  const BytestagKey *key = bytestag_shortlist_get_key (shortlist);
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_sorted_nodes (shortlist);
  guint closest[N_CLOSEST + 1];
  guint n = bytestag_crowd_find_closest (crowd, key, closest, G_N_ELEMENTS (closest));
  guint n_seen = 0, n_found = 0;

  for (guint i = 0; i < n && n_seen < N_CLOSEST; i++)
    {
      if (closest[i] == asker)
        continue;
      n_seen++;
      for (guint other = 0; other < nodes->len; other++)
        n_found += bytestag_key_equal (bytestag_node_get_key (nodes->pdata[other]),
                                       bytestag_crowd_get_id (crowd, closest[i]));
    }
  return n_found;
}

static void
look_up (BytestagSim   *sim,
         BytestagCrowd *crowd,
         Sums          *sums)
{
  guint asker = bytestag_crowd_choose (crowd);
  BytestagNetwork *network = bytestag_sim_get_node (sim, bytestag_crowd_wake (crowd, asker));
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  gint64 start = bytestag_sim_get_time (sim);
  BytestagShortlist *shortlist;
  BytestagKey key;

  bytestag_key_random (&key, bytestag_sim_get_rng (sim));
  task = bytestag_network_find_node_shortlist (network, &key);
  g_assert_true (bytestag_sim_run_task (sim, task, 300 * SECOND));
  shortlist = bytestag_find_shortlist_task_get_shortlist (task);

  sums->n++;
  sums->hops += count_hops (shortlist);
  sums->requests += bytestag_find_shortlist_task_get_n_requests (task);
  sums->found += count_found (crowd, shortlist, asker);
  sums->seconds += (gdouble) (bytestag_sim_get_time (sim) - start) / SECOND;
}

static void
look_up_many (guint64  seed,
              guint    n_members,
              gdouble  dead,
              guint    n_lookups,
              Sums    *sums)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, n_members);

  bytestag_crowd_kill (crowd, dead);
  for (guint i = 0; i < n_lookups; i++)
    {
      look_up (sim, crowd, sums);
      /* What one taught the nodes is no help to the next. */
      bytestag_crowd_rest (crowd);
    }
}

static void
measure (guint64  seed,
         guint    n_members,
         guint    n_lookups,
         gdouble  max_hops,
         gdouble  max_requests,
         GArray  *metrics)
{
  Sums sums = { 0 };

  look_up_many (seed, n_members, 0, n_lookups, &sums);
  bytestag_metrics_add (metrics, "mean hops", sums.hops / sums.n, BYTESTAG_AT_MOST, max_hops);
  bytestag_metrics_add (metrics, "mean requests", sums.requests / sums.n, BYTESTAG_AT_MOST, max_requests);
  bytestag_metrics_add (metrics, "of the 20 closest found", sums.found / sums.n, BYTESTAG_AT_LEAST, 20);
}

void
bytestag_scenario_lookup_1k (guint64              seed,
                             BytestagScenarioSize size,
                             GArray              *metrics)
{
  measure (seed, 1000, size == BYTESTAG_SCENARIO_FULL ? 500 : 60, 2.1, 23, metrics);
}

void
bytestag_scenario_lookup_10k (guint64              seed,
                              BytestagScenarioSize size,
                              GArray              *metrics)
{
  measure (seed, 10000, size == BYTESTAG_SCENARIO_FULL ? 500 : 60, 2.7, 24, metrics);
}

void
bytestag_scenario_lookup_100k (guint64              seed,
                               BytestagScenarioSize size,
                               GArray              *metrics)
{
  measure (seed, 100000, size == BYTESTAG_SCENARIO_FULL ? 500 : 50, 3.3, 26, metrics);
}

void
bytestag_scenario_dead_20 (guint64              seed,
                           BytestagScenarioSize size,
                           GArray              *metrics)
{
  guint n_lookups = size == BYTESTAG_SCENARIO_FULL ? 500 : 50;
  Sums none = { 0 }, some = { 0 };

  look_up_many (seed, 10000, 0, n_lookups, &none);
  look_up_many (seed, 10000, 0.2, n_lookups, &some);
  bytestag_metrics_add (metrics, "of the 20 closest found", some.found / some.n, BYTESTAG_AT_LEAST, 19);
  bytestag_metrics_add (metrics, "time, times that with none dead", some.seconds / none.seconds, BYTESTAG_AT_MOST,
                        2.5);
}

/* What a few look-ups set off in a network where nothing else happens: who is asked
 * pings the asker, and may ping who would have to make room for it; and that is all. */
void
bytestag_scenario_quiet (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, size == BYTESTAG_SCENARIO_FULL ? 10000 : 2000);
  Sums sums = { 0 };

  for (guint i = 0; i < 3; i++)
    look_up (sim, crowd, &sums);
  bytestag_sim_run (sim, 30 * SECOND);
  bytestag_metrics_add (metrics, "datagrams for each request of a look-up",
                        (gdouble) bytestag_sim_get_n_datagrams (sim) / sums.requests, BYTESTAG_AT_MOST, 10);
}
