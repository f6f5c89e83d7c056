/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/scenario.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What is shown when an assertion fails. A handler of signals may only write what
 * is there already. */
static char last_words[160];

static void
last_words_cb (int number)
{
  G_GNUC_UNUSED gssize written = write (STDERR_FILENO, last_words, strlen (last_words));

  signal (number, SIG_DFL);
  raise (number);
}

GArray *
bytestag_scenario_run (const BytestagScenario *self,
                       guint64                 seed,
                       BytestagScenarioSize    size)
{
  static const int numbers[] = { SIGABRT, SIGSEGV, SIGBUS, SIGTRAP };
  GArray *metrics = g_array_new (FALSE, FALSE, sizeof (BytestagMetric));

  g_snprintf (last_words, sizeof last_words,
              "\nFailed; to see it again: ./dev sim --scenario %s --seed %" G_GUINT64_FORMAT "%s\n", self->name, seed,
              size == BYTESTAG_SCENARIO_SMALL ? " --small" : "");
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], last_words_cb);

  self->run (seed, size, metrics);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], SIG_DFL);
  return metrics;
}

void
bytestag_metrics_add (GArray        *metrics,
                      const char    *what,
                      gdouble        value,
                      BytestagBound  bound,
                      gdouble        limit)
{
  BytestagMetric metric = { what, value, bound, limit };

  g_array_append_val (metrics, metric);
}

gboolean
bytestag_metric_holds (const BytestagMetric *self)
{
  return self->bound == BYTESTAG_AT_MOST ? self->value <= self->limit : self->value >= self->limit;
}

const BytestagScenario *
bytestag_scenario_find (const char *name)
{
  for (guint i = 0; i < bytestag_n_scenarios; i++)
    if (g_str_equal (bytestag_scenarios[i].name, name))
      return &bytestag_scenarios[i];
  return NULL;
}
