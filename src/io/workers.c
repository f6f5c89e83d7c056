/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/workers.h"

#include <pthread.h>

#include "io/engine-source.h"

/* A job on its way: pending -> running -> finished -> posted. What it holds
 * belongs to one thread at a time, handed over under the mutex. */
typedef struct
{
  GList link; /* in one of the queues; allocates nothing */
  BytestagWorkers *workers;
  BytestagJobFunc func;
  gpointer data;
  GCancellable *cancellable;
  BytestagJobDoneFunc done;
  gpointer user_data;
} Job;

/* pthread's mutex and not GMutex, which thread sanitizers cannot see into. */
struct _BytestagWorkers
{
  GObject parent_instance;

  BytestagReactor *reactor;
  GThread **threads;
  guint n_threads;
  GSource *source;  /* brings finished jobs to the engine's thread */
  gboolean stopped; /* of the engine's thread */
  GQueue posted;    /* of the engine's thread: in the reactor's queue */

  pthread_mutex_t mutex;
  pthread_cond_t wake;
  gboolean stopping;
  GQueue pending;
  GQueue running;
  GQueue finished;
};

typedef struct
{
  GSource source;
  BytestagWorkers *workers; /* destroys the source before it goes */
} FinishedSource;

static void bytestag_workers_worker_init (BytestagWorkerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagWorkers, bytestag_workers, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_WORKER, bytestag_workers_worker_init))

/* Gives the job back to its owner, once. */
static void
complete_job (Job *job)
{
  BytestagJobDoneFunc done = job->done;

  if (done == NULL)
    return;

  job->done = NULL;
  g_queue_unlink (&job->workers->posted, &job->link);
  job->workers = NULL;
  g_clear_object (&job->cancellable);
  done (job->data, job->user_data);
}

static void
job_event_cb (gpointer user_data)
{
  complete_job (user_data);
}

/* The reactor drops the event: it ran, or the reactor goes. */
static void
job_event_destroy (gpointer user_data)
{
  Job *job = user_data;

  complete_job (job);
  g_free (job);
}

static void
complete_posted (BytestagWorkers *self)
{
  while (self->posted.length > 0)
    complete_job (self->posted.head->data);
}

static void
post_job (BytestagWorkers *self, Job *job)
{
  g_queue_push_tail_link (&self->posted, &job->link);
  bytestag_reactor_post (self->reactor, job_event_cb, job, job_event_destroy);
}

static void
post_finished (BytestagWorkers *self)
{
  GQueue finished;
  GList *link;

  pthread_mutex_lock (&self->mutex);
  finished = self->finished;
  g_queue_init (&self->finished);
  pthread_mutex_unlock (&self->mutex);

  while ((link = g_queue_pop_head_link (&finished)) != NULL)
    post_job (self, link->data);
}

static gboolean
finished_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  /* Before the queue is emptied: a job that ends now sets it again. */
  g_source_set_ready_time (source, -1);
  post_finished (((FinishedSource *) source)->workers);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs finished_source_funcs = {
  .dispatch = finished_source_dispatch,
};

static gpointer
worker_thread (gpointer user_data)
{
  BytestagWorkers *self = user_data;

  pthread_mutex_lock (&self->mutex);
  for (;;)
    {
      GList *link;
      Job *job;

      while (self->pending.length == 0 && !self->stopping)
        pthread_cond_wait (&self->wake, &self->mutex);

      if (self->stopping)
        break;

      link = g_queue_pop_head_link (&self->pending);
      job = link->data;
      g_queue_push_tail_link (&self->running, link);
      pthread_mutex_unlock (&self->mutex);

      job->func (job->data, job->cancellable);

      pthread_mutex_lock (&self->mutex);
      g_queue_unlink (&self->running, link);
      g_queue_push_tail_link (&self->finished, link);
      if (self->finished.length == 1)
        g_source_set_ready_time (self->source, 0);
    }
  pthread_mutex_unlock (&self->mutex);

  return NULL;
}

static void
bytestag_workers_run (BytestagWorker      *worker,
                      BytestagJobFunc      func,
                      gpointer             data,
                      GCancellable        *cancellable,
                      BytestagJobDoneFunc  done,
                      gpointer             user_data)
{
  BytestagWorkers *self = BYTESTAG_WORKERS (worker);
  Job *job = g_new0 (Job, 1);

  job->link.data = job;
  job->workers = self;
  job->func = func;
  job->data = data;
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : g_cancellable_new ();
  job->done = done;
  job->user_data = user_data;

  if (self->stopped)
    {
      g_cancellable_cancel (job->cancellable);
      func (data, job->cancellable);
      post_job (self, job);
      return;
    }

  pthread_mutex_lock (&self->mutex);
  g_queue_push_tail_link (&self->pending, &job->link);
  pthread_cond_signal (&self->wake);
  pthread_mutex_unlock (&self->mutex);
}

static void
bytestag_workers_worker_init (BytestagWorkerInterface *iface)
{
  iface->run = bytestag_workers_run;
}

static void
collect_cancellables (GPtrArray *cancellables, const GQueue *jobs)
{
  for (GList *link = jobs->head; link != NULL; link = link->next)
    {
      Job *job = link->data;

      g_ptr_array_add (cancellables, g_object_ref (job->cancellable));
    }
}

void
bytestag_workers_stop (BytestagWorkers *self)
{
  g_autoptr (GPtrArray) cancellables = NULL;
  GQueue pending;
  GList *link;

  g_return_if_fail (BYTESTAG_IS_WORKERS (self));

  if (self->stopped)
    return;

  self->stopped = TRUE;
  cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  /* What waits is taken from the threads, so that none begins it in earnest. */
  pthread_mutex_lock (&self->mutex);
  pending = self->pending;
  g_queue_init (&self->pending);
  collect_cancellables (cancellables, &self->running);
  collect_cancellables (cancellables, &pending);
  self->stopping = TRUE;
  pthread_cond_broadcast (&self->wake);
  pthread_mutex_unlock (&self->mutex);

  /* Unlocked, since a handler of "cancelled" may do anything. */
  for (guint i = 0; i < cancellables->len; i++)
    g_cancellable_cancel (g_ptr_array_index (cancellables, i));

  for (guint i = 0; i < self->n_threads; i++)
    g_thread_join (self->threads[i]);
  self->n_threads = 0;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);

  post_finished (self);
  while ((link = g_queue_pop_head_link (&pending)) != NULL)
    {
      Job *job = link->data;

      job->func (job->data, job->cancellable);
      post_job (self, job);
    }
  complete_posted (self);
}

static void
bytestag_workers_dispose (GObject *object)
{
  BytestagWorkers *self = BYTESTAG_WORKERS (object);

  bytestag_workers_stop (self);
  complete_posted (self);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_workers_parent_class)->dispose (object);
}

static void
bytestag_workers_finalize (GObject *object)
{
  BytestagWorkers *self = BYTESTAG_WORKERS (object);

  g_free (self->threads);
  pthread_cond_destroy (&self->wake);
  pthread_mutex_destroy (&self->mutex);

  G_OBJECT_CLASS (bytestag_workers_parent_class)->finalize (object);
}

static void
bytestag_workers_class_init (BytestagWorkersClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_workers_dispose;
  object_class->finalize = bytestag_workers_finalize;
}

static void
bytestag_workers_init (BytestagWorkers *self)
{
  pthread_mutex_init (&self->mutex, NULL);
  pthread_cond_init (&self->wake, NULL);
  g_queue_init (&self->pending);
  g_queue_init (&self->running);
  g_queue_init (&self->finished);
  g_queue_init (&self->posted);
}

BytestagWorkers *
bytestag_workers_new (BytestagReactor *reactor, GMainContext *context, guint n_threads, const char *name)
{
  BytestagWorkers *self;

  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);
  g_return_val_if_fail (n_threads > 0, NULL);

  self = g_object_new (BYTESTAG_TYPE_WORKERS, NULL);
  self->reactor = g_object_ref (reactor);

  self->source = g_source_new (&finished_source_funcs, sizeof (FinishedSource));
  ((FinishedSource *) self->source)->workers = self;
  g_source_set_static_name (self->source, "[bytestag] finished jobs");
  g_source_set_priority (self->source, BYTESTAG_PRIORITY_ENGINE);
  g_source_attach (self->source, context);

  self->threads = g_new0 (GThread *, n_threads);
  for (self->n_threads = 0; self->n_threads < n_threads; self->n_threads++)
    self->threads[self->n_threads] = g_thread_new (name, worker_thread, self);

  return self;
}
