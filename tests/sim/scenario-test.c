/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/crowd.h"
#include "sim/scenario.h"

/* Each scenario of the table, with its fixed seeds; and that one which fails says how
 * to see it again. */

/* Makes this program run a scenario that fails. */
#define PLANTED "--planted"

#define SECOND G_GINT64_CONSTANT (1000000)

static const char *program;

/* The table */

static void
show (const BytestagMetric *metric)
{
  g_test_message ("%s: %.6g, %s %.6g", metric->what, metric->value,
                  metric->bound == BYTESTAG_AT_MOST ? "at most" : "at least", metric->limit);
}

/* The means over the seeds. (transfer full) */
static GArray *
run_seeds (const BytestagScenario *scenario)
{
  GArray *means = bytestag_scenario_run (scenario, 1, BYTESTAG_SCENARIO_SMALL);

  for (guint seed = 2; seed <= scenario->seeds; seed++)
    {
      g_autoptr (GArray) metrics = bytestag_scenario_run (scenario, seed, BYTESTAG_SCENARIO_SMALL);

      g_assert_cmpuint (metrics->len, ==, means->len);
      for (guint i = 0; i < means->len; i++)
        g_array_index (means, BytestagMetric, i).value += g_array_index (metrics, BytestagMetric, i).value;
    }
  for (guint i = 0; i < means->len; i++)
    g_array_index (means, BytestagMetric, i).value /= scenario->seeds;
  return means;
}

static void
test_scenario (gconstpointer data)
{
  const BytestagScenario *scenario = data;
  g_autoptr (GArray) means = run_seeds (scenario);
  guint n_missed = 0;

  for (guint i = 0; i < means->len; i++)
    {
      const BytestagMetric *metric = &g_array_index (means, BytestagMetric, i);

      show (metric);
      n_missed += !bytestag_metric_holds (metric);
    }

  /* Not by an assertion: the scenarios after this one are run too. */
  if (n_missed > 0)
    g_test_fail_printf ("%s misses %u limits", scenario->name, n_missed);
}

/* What fails names scenario and seed */

static void
fail_plainly (guint64              seed,
              BytestagScenarioSize size,
              GArray              *metrics)
{
  g_assert_cmpuint (seed, ==, 0);
}

/* A contact whom nobody ever asked. */
static void
break_an_invariant (guint64              seed,
                    BytestagScenarioSize size,
                    GArray              *metrics)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  BytestagNetwork *network = bytestag_sim_add_node (sim);
  BytestagKey id = { { 1 } };
  g_autoptr (BytestagNode) stranger = NULL;
  BytestagEndpoint address;

  bytestag_sim_make_address (5, &address);
  stranger = bytestag_node_new (&id, &address);
  bytestag_routing_table_node_update (bytestag_network_get_routing_table (network), stranger, NULL);
  bytestag_sim_run (sim, 61 * SECOND);
}

/* Something that is called forged, and is answered. */
static void
accept_what_is_forged (guint64              seed,
                       BytestagScenarioSize size,
                       GArray              *metrics)
{
  static const char ping[] = "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\", \"seq_id\": \"0123456789\"}";
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  BytestagEndpoint from, to;

  bytestag_codec_set_plain (TRUE);
  bytestag_sim_add_node (sim);
  bytestag_sim_get_address (sim, 0, &to);
  bytestag_sim_make_address (5, &from);
  bytestag_sim_send_forged (sim, &from, &to, (const guint8 *) ping, sizeof ping - 1);
  bytestag_sim_run (sim, SECOND);
}

static const BytestagScenario planted[] = {
  { "plain", "", fail_plainly },
  { "contact", "", break_an_invariant },
  { "forged", "", accept_what_is_forged },
};

/* Not by g_test_subprocess(), in which an assertion that fails does not abort. */
static void
test_failure (gconstpointer data)
{
  const BytestagScenario *scenario = data;
  g_autofree char *words = g_strdup_printf ("./dev sim --scenario %s --seed 7\n", scenario->name);
  const char *const command[] = { program, PLANTED, scenario->name, NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  process = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &text, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_signaled (process));
  g_assert_true (g_str_has_suffix (text, words));
}

static int
run_planted (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (planted); i++)
    if (g_str_equal (planted[i].name, name))
      g_array_unref (bytestag_scenario_run (&planted[i], 7, BYTESTAG_SCENARIO_FULL));
  return 0;
}

/* The crowd */

#define N_MEMBERS 500

/* What the binary search finds is what sorting all finds, and tables are full. */
static void
test_crowd (void)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (3);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, N_MEMBERS);
  BytestagRoutingTable *routing_table = NULL;

  routing_table = bytestag_network_get_routing_table (bytestag_sim_get_node (sim, bytestag_crowd_wake (crowd, 7)));
  g_assert_cmpuint (bytestag_bucket_get_n_nodes (bytestag_routing_table_get_nth_bucket (routing_table, 0)), ==,
                    BYTESTAG_MAX_BUCKET_SIZE);

  for (guint i = 0; i < 50; i++)
    {
      guint closest[BYTESTAG_MAX_BUCKET_SIZE];
      BytestagKey key;
      guint n_nearer = 0;

      bytestag_key_random (&key, bytestag_sim_get_rng (sim));
      g_assert_cmpuint (bytestag_crowd_find_closest (crowd, &key, closest, 20), ==, 20);
      for (guint number = 0; number < N_MEMBERS; number++)
        n_nearer += bytestag_key_compare_distance (&key, bytestag_crowd_get_id (crowd, number),
                                                   bytestag_crowd_get_id (crowd, closest[19])) < 0;
      g_assert_cmpuint (n_nearer, ==, 19);
      for (guint rank = 1; rank < 20; rank++)
        g_assert_cmpint (bytestag_key_compare_distance (&key, bytestag_crowd_get_id (crowd, closest[rank - 1]),
                                                        bytestag_crowd_get_id (crowd, closest[rank])), <, 0);
    }
}

/* Same draws, same datagrams: also of nodes that are made on the way. */
static char *
trace_crowd (guint64 seed)
{
  g_autoptr (BytestagSim) sim = bytestag_sim_new (seed);
  g_autoptr (BytestagCrowd) crowd = bytestag_crowd_new (sim, N_MEMBERS);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagKey key;

  bytestag_sim_get_link (sim)->lost = 20;
  bytestag_sim_get_link (sim)->doubled = 10;
  bytestag_sim_get_link (sim)->late = 50;
  bytestag_key_random (&key, bytestag_sim_get_rng (sim));
  task = bytestag_network_find_node_shortlist (bytestag_sim_get_node (sim, bytestag_crowd_wake (crowd, 3)), &key);
  g_assert_true (bytestag_sim_run_task (sim, task, 100 * SECOND));
  return bytestag_sim_dup_trace_hash (sim);
}

static void
test_trace (void)
{
  g_autofree char *first = trace_crowd (1);
  g_autofree char *again = trace_crowd (1);
  g_autofree char *other = trace_crowd (2);

  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (first, !=, other);
}

int
main (int   argc,
      char *argv[])
{
  if (argc == 3 && g_str_equal (argv[1], PLANTED))
    return run_planted (argv[2]);

  program = argv[0];
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < bytestag_n_scenarios; i++)
    {
      g_autofree char *path = g_strconcat ("/scenario/", bytestag_scenarios[i].name, NULL);

      if (bytestag_scenarios[i].seeds > 0)
        g_test_add_data_func (path, &bytestag_scenarios[i], test_scenario);
    }
  for (guint i = 0; i < G_N_ELEMENTS (planted); i++)
    {
      g_autofree char *path = g_strconcat ("/failure/", planted[i].name, NULL);

      g_test_add_data_func (path, &planted[i], test_failure);
    }
  g_test_add_func ("/crowd/closest", test_crowd);
  g_test_add_func ("/crowd/trace", test_trace);

  return g_test_run ();
}
