/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/scenario.h"

/* Runs one scenario with one seed, and prints a line for each thing that it
 * measured: WHAT, VALUE, "at most" or "at least", LIMIT, with tabs between. Exit
 * status 1: a limit is missed. Or lists the scenarios: NAME, DESCRIPTION. */

static char *scenario_name;
static gint64 seed = 1;
static gboolean small;
static gboolean list;

static const GOptionEntry entries[] = {
  { "list", 0, 0, G_OPTION_ARG_NONE, &list, "Lists the scenarios", NULL },
  { "scenario", 0, 0, G_OPTION_ARG_STRING, &scenario_name, "Runs this one", "NAME" },
  { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Seed of every draw", "N" },
  { "small", 0, 0, G_OPTION_ARG_NONE, &small, "The size of the test command", NULL },
  G_OPTION_ENTRY_NULL
};

static int
run (const BytestagScenario *scenario)
{
  g_autoptr (GArray) metrics = NULL;
  int status = 0;

  metrics = bytestag_scenario_run (scenario, (guint64) seed,
                                   small ? BYTESTAG_SCENARIO_SMALL : BYTESTAG_SCENARIO_FULL);
  for (guint i = 0; i < metrics->len; i++)
    {
      const BytestagMetric *metric = &g_array_index (metrics, BytestagMetric, i);

      g_print ("%s\t%.6g\t%s\t%.6g\n", metric->what, metric->value,
               metric->bound == BYTESTAG_AT_MOST ? "at most" : "at least", metric->limit);
      if (!bytestag_metric_holds (metric))
        status = 1;
    }
  return status;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  const BytestagScenario *scenario;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  if (list)
    {
      for (guint i = 0; i < bytestag_n_scenarios; i++)
        g_print ("%s\t%s\n", bytestag_scenarios[i].name, bytestag_scenarios[i].description);
      return 0;
    }

  scenario = scenario_name != NULL ? bytestag_scenario_find (scenario_name) : NULL;
  if (scenario == NULL)
    {
      g_printerr ("Which scenario? --list names them.\n");
      return 2;
    }
  return run (scenario);
}
