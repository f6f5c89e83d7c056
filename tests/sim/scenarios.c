/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/scenario.h"

const BytestagScenario bytestag_scenarios[] = {
  { "lookup-1k", "look-ups among 1,000 nodes", bytestag_scenario_lookup_1k, 1 },
  { "lookup-10k", "look-ups among 10,000 nodes", bytestag_scenario_lookup_10k, 1 },
  { "lookup-100k", "look-ups among 100,000 nodes", bytestag_scenario_lookup_100k, 0 },
  { "dead-20", "look-ups among 10,000 nodes of which 20 % are dead", bytestag_scenario_dead_20, 1 },
  { "quiet", "what a few look-ups set off in a quiet network", bytestag_scenario_quiet, 1 },
  { "hostile-20", "gets among 10,000 nodes of which 20 % invent ids next to the key", bytestag_scenario_hostile_20, 1 },
  { "hostile-30", "the same with 30 %", bytestag_scenario_hostile_30, 1 },
  { "hostile-subnet", "the same with 30 %, all in one /24", bytestag_scenario_hostile_subnet, 1 },
  { "lying", "gets among 10,000 nodes of which 20 % lie in another way", bytestag_scenario_lying, 1 },
  { "churn", "values of publishers who left, under a half-life of 2 hours", bytestag_scenario_churn, 1 },
  { "survival-slow", "parts of who is on 2 hours a day, 4 copies, under a half-life of 12 hours",
    bytestag_scenario_survival_slow, 1 },
  { "survival-fast", "the same with 10 copies, under a half-life of 2 hours", bytestag_scenario_survival_fast, 1 },
  { "survival-gone", "parts of who left for good after a day, until it was said to be safe",
    bytestag_scenario_survival_gone, 1 },
  { "survival-hidden", "parts of who cannot be reached, and is on 2 hours a day", bytestag_scenario_survival_hidden, 1 },
  { "partition", "two halves that do not hear each other for hours", bytestag_scenario_partition, 1 },
  { "lossy", "transfers under loss, duplicates and reordering", bytestag_scenario_lossy, 1 },
  { "nat", "gets among nodes of which 40 % are behind a NAT", bytestag_scenario_nat, 1 },
  { "moves", "gets among nodes that move and restart", bytestag_scenario_moves, 1 },
  { "clock-skew", "gets among nodes whose clocks are wrong", bytestag_scenario_clock_skew, 1 },
  { "clock-day", "values of which publishers, holders or both have clocks that are set by a day",
    bytestag_scenario_clock_day, 1 },
  { "flood", "a node that is flooded, with forged addresses too", bytestag_scenario_flood, 1 },
  { "memory", "bytes of a simulated node", bytestag_scenario_memory, 1 },
  { "speed", "requests of look-ups in a second of CPU time", bytestag_scenario_speed, 0 },
};

const guint bytestag_n_scenarios = G_N_ELEMENTS (bytestag_scenarios);
