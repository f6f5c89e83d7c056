/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"
#include "core/task.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_TASK (bytestag_test_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestTask, bytestag_test_task, BYTESTAG, TEST_TASK, BytestagTask)

/* A task that runs until the test ends it, and counts what happens to it. */
BytestagTask *bytestag_test_task_new            (BytestagReactor *reactor);
/* Makes start() end it at once. */
void          bytestag_test_task_set_instant    (BytestagTask    *task);
guint         bytestag_test_task_get_n_started  (BytestagTask    *task);
guint         bytestag_test_task_get_n_stopped  (BytestagTask    *task);
guint         bytestag_test_task_get_n_finished (BytestagTask    *task);

G_END_DECLS
