/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_WORKER (bytestag_test_worker_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestWorker, bytestag_test_worker, BYTESTAG, TEST_WORKER, GObject)

/* Runs each job at once, in the call that gives it; completions are events of
 * @reactor. */
BytestagTestWorker *bytestag_test_worker_new (BytestagReactor *reactor);

G_END_DECLS
