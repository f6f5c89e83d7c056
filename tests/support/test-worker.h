/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_WORKER (bytestag_test_worker_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestWorker, bytestag_test_worker, BYTESTAG, TEST_WORKER, GObject)

/* Runs each job at once, in the call that gives it; completions are events of
 * @reactor. */
BytestagTestWorker *bytestag_test_worker_new        (BytestagReactor    *reactor);
/* From now on jobs wait until they are told to run, in their order. */
void                bytestag_test_worker_hold       (BytestagTestWorker *self);
guint               bytestag_test_worker_get_n_held (BytestagTestWorker *self);
void                bytestag_test_worker_run_held   (BytestagTestWorker *self,
                                                     guint               n_jobs);
/* Runs what is held, and holds nothing any more. */
void                bytestag_test_worker_release    (BytestagTestWorker *self);

G_END_DECLS
