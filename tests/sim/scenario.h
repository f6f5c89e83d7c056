/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/sim.h"

G_BEGIN_DECLS

/**
 * BytestagScenarioSize:
 * @BYTESTAG_SCENARIO_SMALL: what the test command has time for
 * @BYTESTAG_SCENARIO_FULL: what the report measures
 */
typedef enum {
  BYTESTAG_SCENARIO_SMALL,
  BYTESTAG_SCENARIO_FULL,
} BytestagScenarioSize;

typedef enum {
  BYTESTAG_AT_MOST,
  BYTESTAG_AT_LEAST,
} BytestagBound;

/* What came of a scenario: the mean over its seeds must keep the limit. */
typedef struct {
  const char *what;
  gdouble value;
  BytestagBound bound;
  gdouble limit;
} BytestagMetric;

/* (element-type BytestagMetric) */
void bytestag_metrics_add (GArray        *metrics,
                           const char    *what,
                           gdouble        value,
                           BytestagBound  bound,
                           gdouble        limit);

/**
 * BytestagScenario:
 * @run: measures, with every draw from @seed. What must never be aborts
 * @seeds: how many fixed seeds the test command runs, from 1 on; 0: none
 */
typedef struct {
  const char *name;
  const char *description;
  void (*run) (guint64 seed, BytestagScenarioSize size, GArray *metrics);
  guint seeds;
} BytestagScenario;

extern const BytestagScenario bytestag_scenarios[];
extern const guint bytestag_n_scenarios;

/* (nullable) */
const BytestagScenario *bytestag_scenario_find (const char             *name);
/* Runs it; when something aborts meanwhile, the last words name scenario and seed.
 * (transfer full) (element-type BytestagMetric) */
GArray                 *bytestag_scenario_run  (const BytestagScenario *self,
                                                guint64                 seed,
                                                BytestagScenarioSize    size);
gboolean                bytestag_metric_holds  (const BytestagMetric   *self);

/* The scenarios, one file for each subject. */
#define BYTESTAG_DECLARE_SCENARIO(name) \
  void bytestag_scenario_##name (guint64 seed, BytestagScenarioSize size, GArray *metrics)

BYTESTAG_DECLARE_SCENARIO (lookup_1k);
BYTESTAG_DECLARE_SCENARIO (lookup_10k);
BYTESTAG_DECLARE_SCENARIO (lookup_100k);
BYTESTAG_DECLARE_SCENARIO (dead_20);
BYTESTAG_DECLARE_SCENARIO (quiet);
BYTESTAG_DECLARE_SCENARIO (hostile_20);
BYTESTAG_DECLARE_SCENARIO (hostile_30);
BYTESTAG_DECLARE_SCENARIO (hostile_subnet);
BYTESTAG_DECLARE_SCENARIO (lying);
BYTESTAG_DECLARE_SCENARIO (flood);
BYTESTAG_DECLARE_SCENARIO (churn);
BYTESTAG_DECLARE_SCENARIO (partition);
BYTESTAG_DECLARE_SCENARIO (lossy);
BYTESTAG_DECLARE_SCENARIO (nat);
BYTESTAG_DECLARE_SCENARIO (moves);
BYTESTAG_DECLARE_SCENARIO (clock_skew);
BYTESTAG_DECLARE_SCENARIO (clock_day);
BYTESTAG_DECLARE_SCENARIO (memory);
BYTESTAG_DECLARE_SCENARIO (speed);
BYTESTAG_DECLARE_SCENARIO (survival_slow);
BYTESTAG_DECLARE_SCENARIO (survival_fast);
BYTESTAG_DECLARE_SCENARIO (survival_gone);
BYTESTAG_DECLARE_SCENARIO (survival_hidden);

G_END_DECLS
