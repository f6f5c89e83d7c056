/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/scenario.h"

const BytestagScenario bytestag_scenarios[] = {
  { "lookup-1k", "look-ups among 1,000 nodes", bytestag_scenario_lookup_1k, 2 },
  { "lookup-10k", "look-ups among 10,000 nodes", bytestag_scenario_lookup_10k, 2 },
  { "lookup-100k", "look-ups among 100,000 nodes", bytestag_scenario_lookup_100k, 0 },
  { "dead-20", "look-ups among 10,000 nodes of which 20 % are dead", bytestag_scenario_dead_20, 2 },
};

const guint bytestag_n_scenarios = G_N_ELEMENTS (bytestag_scenarios);
