/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-task.h"

struct _BytestagTestTask
{
  BytestagTask parent_instance;

  gboolean instant;
  guint n_started;
  guint n_stopped;
  guint n_finished;
};

G_DEFINE_FINAL_TYPE (BytestagTestTask, bytestag_test_task, BYTESTAG_TYPE_TASK)

static void
bytestag_test_task_start (BytestagTask *task)
{
  BytestagTestTask *self = BYTESTAG_TEST_TASK (task);

  self->n_started++;
  if (self->instant)
    bytestag_task_done (task);
}

static void
bytestag_test_task_stop (BytestagTask *task)
{
  BYTESTAG_TEST_TASK (task)->n_stopped++;
}

static void
finished_cb (BytestagTestTask *self)
{
  self->n_finished++;
}

static void
bytestag_test_task_class_init (BytestagTestTaskClass *klass)
{
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  task_class->start = bytestag_test_task_start;
  task_class->stop = bytestag_test_task_stop;
}

static void
bytestag_test_task_init (BytestagTestTask *self)
{
  g_signal_connect (self, "finished", G_CALLBACK (finished_cb), NULL);
}

BytestagTask *
bytestag_test_task_new (BytestagReactor *reactor)
{
  return g_object_new (BYTESTAG_TYPE_TEST_TASK, "reactor", reactor, NULL);
}

void
bytestag_test_task_set_instant (BytestagTask *task)
{
  BYTESTAG_TEST_TASK (task)->instant = TRUE;
}

guint
bytestag_test_task_get_n_started (BytestagTask *task)
{
  return BYTESTAG_TEST_TASK (task)->n_started;
}

guint
bytestag_test_task_get_n_stopped (BytestagTask *task)
{
  return BYTESTAG_TEST_TASK (task)->n_stopped;
}

guint
bytestag_test_task_get_n_finished (BytestagTask *task)
{
  return BYTESTAG_TEST_TASK (task)->n_finished;
}
