/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim/sim.h"

G_BEGIN_DECLS

/* A network of real nodes, and values of known bytes that are published in it. */
typedef struct {
  GBytes *bytes;
  BytestagKey key; /* and index */
} BytestagPopulationValue;

typedef struct {
  BytestagSim *sim;
  GArray *values; /* (element-type BytestagPopulationValue) */
  /* Gets that have ended: those that brought the value, and the others. One that
   * brings another value aborts. */
  guint n_found, n_missed;
} BytestagPopulation;


/* Nodes that do not know each other yet. */
BytestagPopulation *bytestag_population_new      (guint64              seed,
                                                  guint                n_nodes);
void                bytestag_population_free     (BytestagPopulation  *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagPopulation, bytestag_population_free)

/* The index of a node that runs, at random. */
guint               bytestag_population_choose   (BytestagPopulation  *self);
/* Lets the node join through one that runs, at random. */
void                bytestag_population_join     (BytestagPopulation  *self,
                                                  guint                index);
/* Publishes a new value from the node, whose own copy is then gone: the others hold
 * it. Returns its number. */
guint               bytestag_population_publish  (BytestagPopulation  *self,
                                                  guint                index,
                                                  gsize                size,
                                                  guint                copies);
/* Starts a get, which is counted when it ends, unless its node has ended first. */
void                bytestag_population_get      (BytestagPopulation  *self,
                                                  guint                index,
                                                  guint                number);
/* Of those that ended, 0 to 100. */
gdouble             bytestag_population_get_percent_found (BytestagPopulation *self);
/* Aborts when a table holds what is no value of this population. Returns how many
 * copies there are. */
guint               bytestag_population_check_tables (BytestagPopulation *self);

G_END_DECLS
