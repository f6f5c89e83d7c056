/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/reactor.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_WORKERS (bytestag_workers_get_type ())
G_DECLARE_FINAL_TYPE (BytestagWorkers, bytestag_workers, BYTESTAG, WORKERS, GObject)

/* @n_threads threads that run jobs in order of submission. Completions are brought
 * to @context's thread and posted to @reactor. Its last unref waits for the jobs
 * that run (cancelled) and calls no completion any more. */
BytestagWorkers *bytestag_workers_new (BytestagReactor *reactor,
                                       GMainContext    *context,
                                       guint            n_threads,
                                       const char      *name);

G_END_DECLS
