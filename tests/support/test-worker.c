/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-worker.h"

struct _BytestagTestWorker
{
  GObject parent_instance;

  BytestagReactor *reactor;
  gboolean holds;
  GQueue held; /* (element-type Completion) */
};

typedef struct
{
  BytestagJobFunc func;
  GCancellable *cancellable; /* (nullable) (transfer none) its owner holds it until the job is done */
  gpointer job;
  BytestagJobDoneFunc done;
  gpointer user_data;
} Completion;

static void bytestag_test_worker_worker_init (BytestagWorkerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTestWorker, bytestag_test_worker, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_WORKER, bytestag_test_worker_worker_init))

static void
complete_cb (gpointer user_data)
{
  Completion *completion = user_data;

  completion->done (completion->job, completion->user_data);
}

static void
run_job (BytestagTestWorker *self,
         Completion         *completion)
{
  completion->func (completion->job, completion->cancellable);
  bytestag_reactor_post (self->reactor, complete_cb, completion, g_free);
}

static void
bytestag_test_worker_run (BytestagWorker      *worker,
                          BytestagJobFunc      func,
                          gpointer             job,
                          GCancellable        *cancellable,
                          BytestagJobDoneFunc  done,
                          gpointer             user_data)
{
  BytestagTestWorker *self = BYTESTAG_TEST_WORKER (worker);
  Completion *completion = g_new (Completion, 1);

  *completion = (Completion) { func, cancellable, job, done, user_data };
  if (self->holds)
    g_queue_push_tail (&self->held, completion);
  else
    run_job (self, completion);
}

static void
bytestag_test_worker_worker_init (BytestagWorkerInterface *iface)
{
  iface->run = bytestag_test_worker_run;
}

static void
bytestag_test_worker_dispose (GObject *object)
{
  g_clear_object (&BYTESTAG_TEST_WORKER (object)->reactor);

  G_OBJECT_CLASS (bytestag_test_worker_parent_class)->dispose (object);
}

static void
bytestag_test_worker_class_init (BytestagTestWorkerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_test_worker_dispose;
}

static void
bytestag_test_worker_init (BytestagTestWorker *self)
{
}

BytestagTestWorker *
bytestag_test_worker_new (BytestagReactor *reactor)
{
  BytestagTestWorker *self = g_object_new (BYTESTAG_TYPE_TEST_WORKER, NULL);

  self->reactor = g_object_ref (reactor);

  return self;
}

void
bytestag_test_worker_hold (BytestagTestWorker *self)
{
  self->holds = TRUE;
}

guint
bytestag_test_worker_get_n_held (BytestagTestWorker *self)
{
  return self->held.length;
}

void
bytestag_test_worker_run_held (BytestagTestWorker *self,
                               guint               n_jobs)
{
  for (; n_jobs > 0 && self->held.length > 0; n_jobs--)
    run_job (self, g_queue_pop_head (&self->held));
}

void
bytestag_test_worker_release (BytestagTestWorker *self)
{
  self->holds = FALSE;
  bytestag_test_worker_run_held (self, bytestag_test_worker_get_n_held (self));
}
