/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/byzantine.h"
#include "sim/scenario.h"

/* Gets of values among members that lie: what is right is found all the same, and
 * nothing else is ever taken for it. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_MEMBERS 10000
#define VALUE_BYTES 700
#define SMALL_GETS 40
#define FULL_GETS 300

/* Gives a new value to the honest among the 20 closest to it. */
static void
place_value (BytestagSim   *sim,
             BytestagCrowd *crowd,
             guint          number,
             GBytes       **value,
             BytestagKey   *key)
{
  guint closest[BYTESTAG_MAX_BUCKET_SIZE];
  guint n;

  *value = bytestag_sim_make_value (VALUE_BYTES + number, 2 * number + 1);
  bytestag_key_digest (key, g_bytes_get_data (*value, NULL), g_bytes_get_size (*value));
  n = bytestag_crowd_find_closest (crowd, key, closest, G_N_ELEMENTS (closest));
  for (guint i = 0; i < n; i++)
    if (bytestag_crowd_is_honest (crowd, closest[i]))
      bytestag_sim_put_value (sim, bytestag_crowd_wake (crowd, closest[i]), *value, key);
}

static gboolean
get_value (BytestagSim   *sim,
           BytestagCrowd *crowd,
           guint          number)
{
  BytestagNetwork *network = bytestag_sim_get_node (sim, bytestag_crowd_wake (crowd, bytestag_crowd_choose (crowd)));
  g_autoptr (GBytes) value = NULL;
  g_autoptr (BytestagGetValueTask) task = NULL;
  BytestagKey key;

  place_value (sim, crowd, number, &value, &key);
  task = bytestag_network_get_value (network, &key, &key);
  g_assert_true (bytestag_sim_run_task (sim, task, 3600 * SECOND));
  if (bytestag_task_get_state (BYTESTAG_TASK (task)) != BYTESTAG_TASK_DONE)
    return FALSE;

  g_assert_true (g_bytes_equal (bytestag_get_value_task_get_bytes (task), value));
  return TRUE;
}

static gdouble
get_many (guint64                 seed,
          BytestagScenarioSize    size,
          gdouble                 share,
          gboolean                one_network,
          BytestagByzantineFlags  flags)
{
  guint n_gets = size == BYTESTAG_SCENARIO_FULL ? FULL_GETS : SMALL_GETS;
  guint n_found = 0;
  BytestagSim *sim = bytestag_sim_new (seed);
  BytestagCrowd *crowd = bytestag_crowd_new (sim, N_MEMBERS);
  BytestagByzantine *byzantine = bytestag_byzantine_new (sim, crowd, share, one_network, flags);

  for (guint i = 0; i < n_gets; i++)
    {
      n_found += get_value (sim, crowd, i);
      bytestag_crowd_rest (crowd);
    }
  bytestag_crowd_free (crowd);
  bytestag_sim_free (sim);
  bytestag_byzantine_free (byzantine);
  return 100.0 * n_found / n_gets;
}

void
bytestag_scenario_hostile_20 (guint64              seed,
                              BytestagScenarioSize size,
                              GArray              *metrics)
{
  bytestag_metrics_add (metrics, "gets that succeed, %",
                        get_many (seed, size, 0.2, FALSE, BYTESTAG_BYZANTINE_INVENTS_IDS), BYTESTAG_AT_LEAST, 97);
}

void
bytestag_scenario_hostile_30 (guint64              seed,
                              BytestagScenarioSize size,
                              GArray              *metrics)
{
  bytestag_metrics_add (metrics, "gets that succeed, %",
                        get_many (seed, size, 0.3, FALSE, BYTESTAG_BYZANTINE_INVENTS_IDS), BYTESTAG_AT_LEAST, 90);
}

void
bytestag_scenario_hostile_subnet (guint64              seed,
                                  BytestagScenarioSize size,
                                  GArray              *metrics)
{
  bytestag_metrics_add (metrics, "gets that succeed, %",
                        get_many (seed, size, 0.3, TRUE, BYTESTAG_BYZANTINE_INVENTS_IDS), BYTESTAG_AT_LEAST, 97);
}

/* Every other kind of hostility, each alone. */
void
bytestag_scenario_lying (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  static const struct {
    const char *what;
    BytestagByzantineFlags flags;
  } kinds[] = {
    { "gets among other ids each time, %", BYTESTAG_BYZANTINE_CHANGES_IDS },
    { "gets among forged replies, %", BYTESTAG_BYZANTINE_FORGES },
    { "gets among wrong values, %", BYTESTAG_BYZANTINE_GIVES_WRONG_VALUES },
    { "gets among endless transfers, %", BYTESTAG_BYZANTINE_GIVES_FOR_EVER },
    { "gets among bombs, %", BYTESTAG_BYZANTINE_BOMBS },
    { "gets among floods, %", BYTESTAG_BYZANTINE_FLOODS },
    { "gets among the silent, %", BYTESTAG_BYZANTINE_IS_SILENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    bytestag_metrics_add (metrics, kinds[i].what, get_many (seed, size, 0.2, FALSE, kinds[i].flags),
                          BYTESTAG_AT_LEAST, 97);
}
