/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-worker.h"

struct _BytestagTestWorker
{
  GObject parent_instance;

  BytestagReactor *reactor;
};

typedef struct
{
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
bytestag_test_worker_run (BytestagWorker      *worker,
                          BytestagJobFunc      func,
                          gpointer             job,
                          GCancellable        *cancellable,
                          BytestagJobDoneFunc  done,
                          gpointer             user_data)
{
  Completion *completion = g_new (Completion, 1);

  *completion = (Completion) { job, done, user_data };
  func (job, cancellable);
  bytestag_reactor_post (BYTESTAG_TEST_WORKER (worker)->reactor, complete_cb, completion, g_free);
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
