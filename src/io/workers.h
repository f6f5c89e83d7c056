/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/reactor.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_WORKERS (bytestag_workers_get_type ())
G_DECLARE_FINAL_TYPE (BytestagWorkers, bytestag_workers, BYTESTAG, WORKERS, GObject)

/* @n_threads threads, called @name, that run jobs in order of submission.
 * Completions are brought to @context's thread (nullable: the default one) and
 * posted to @reactor. Made and used on that thread. */
BytestagWorkers *bytestag_workers_new  (BytestagReactor *reactor,
                                        GMainContext    *context,
                                        guint            n_threads,
                                        const char      *name);
/* Cancels every job that waits or runs (its own cancellable too), waits for the
 * threads, runs what waited here, cancelled, and gives each job back by its
 * completion before it returns, so that none is lost. Jobs given later come back cancelled. The last unref does the
 * same; whose jobs keep a reference to their owner, and so to this, stops first. */
void             bytestag_workers_stop (BytestagWorkers *self);

G_END_DECLS
