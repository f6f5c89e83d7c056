/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/downloads.h"
#include "sharing/library.h"
#include "sim/sim.h"

/* A small network on virtual time. Node 0 shares files of a folder; the others
 * are plain nodes. Workers run their jobs at once. */

G_BEGIN_DECLS

#define SECOND G_GINT64_CONSTANT (1000000)
#define FIXTURE_N_NODES 8

typedef struct {
  BytestagSim *sim;
  char *folder;
  BytestagNetwork *network; /* of node 0 */
  BytestagSharedFilesTable *shared;
  BytestagWorker *worker;
} Fixture;

/* All nodes have joined. */
void            fixture_set_up      (Fixture           *self,
                                     gconstpointer      data);
/* Nobody has met anybody. */
void            fixture_set_up_alone (Fixture          *self,
                                      gconstpointer     data);
void            fixture_tear_down   (Fixture           *self,
                                     gconstpointer      data);
/* (transfer full) a worker of another node. */
BytestagWorker *fixture_make_worker (Fixture           *self,
                                     guint              node);
/* (transfer full) path of a new file, its folders made: @size bytes that @seed tells. */
char           *fixture_write       (Fixture           *self,
                                     const char        *name,
                                     gsize              size,
                                     guint              seed);
/* (transfer full) */
char           *fixture_path        (Fixture           *self,
                                     const char        *name);
/* Runs until @signal of @object comes, at most @seconds; whether it came. */
gboolean        fixture_run_signal  (Fixture           *self,
                                     gpointer           object,
                                     const char        *signal,
                                     gint64             seconds);
/* A value that node @index holds under its own digest, which is returned. */
BytestagKey     fixture_put         (Fixture           *self,
                                     guint              index,
                                     gconstpointer      data,
                                     gssize             length);
/* The same bytes in both files. */
void            fixture_assert_same (const char        *one,
                                     const char        *other);

#define FIXTURE_TEST(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
#define FIXTURE_TEST_ALONE(path, func) g_test_add (path, Fixture, NULL, fixture_set_up_alone, func, fixture_tear_down)

G_END_DECLS
