/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/workers.h"

#include <pthread.h>

#include "support/test-clock.h"
#include "support/test-rng.h"

typedef struct
{
  GMainContext *context;
  BytestagReactor *reactor;
  BytestagWorkers *workers;
  GString *done; /* the names of the jobs that came back, in order */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  fixture->context = g_main_context_new ();
  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  fixture->workers = bytestag_workers_new (fixture->reactor, fixture->context, GPOINTER_TO_UINT (user_data), "test");
  fixture->done = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  if (fixture->workers != NULL)
    g_assert_finalize_object (fixture->workers);
  if (fixture->reactor != NULL)
    g_assert_finalize_object (fixture->reactor);
  g_main_context_unref (fixture->context);
  g_string_free (fixture->done, TRUE);
}

/* pthread's, which a thread sanitizer sees into. */
typedef struct
{
  pthread_mutex_t mutex;
  pthread_cond_t cond;
  gboolean open;
  guint n_waiting;
} Gate;

#define GATE_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, FALSE, 0 }

static void
gate_open (Gate *gate)
{
  pthread_mutex_lock (&gate->mutex);
  gate->open = TRUE;
  pthread_cond_broadcast (&gate->cond);
  pthread_mutex_unlock (&gate->mutex);
}

static void
gate_pass (Gate *gate)
{
  pthread_mutex_lock (&gate->mutex);
  gate->n_waiting++;
  pthread_cond_broadcast (&gate->cond);
  while (!gate->open)
    pthread_cond_wait (&gate->cond, &gate->mutex);
  pthread_mutex_unlock (&gate->mutex);
}

static void
gate_wait_for (Gate *gate, guint n_waiting)
{
  pthread_mutex_lock (&gate->mutex);
  while (gate->n_waiting < n_waiting)
    pthread_cond_wait (&gate->cond, &gate->mutex);
  pthread_mutex_unlock (&gate->mutex);
}

typedef struct
{
  char name;
  Gate *gate;
  gboolean ran;
  gboolean was_cancelled;
  gboolean on_other_thread;
  GThread *caller;
} Job;

static void
run_job (gpointer data, GCancellable *cancellable)
{
  Job *job = data;

  if (job->gate != NULL)
    gate_pass (job->gate);
  job->ran = TRUE;
  job->on_other_thread = g_thread_self () != job->caller;
  job->was_cancelled = g_cancellable_is_cancelled (cancellable);
}

/* Holds its thread until it is cancelled. */
static void
run_until_cancelled (gpointer data, GCancellable *cancellable)
{
  Job *job = data;

  gate_pass (job->gate);
  while (!g_cancellable_is_cancelled (cancellable))
    g_thread_yield ();
  job->was_cancelled = TRUE;
}

static void
job_done (gpointer data, gpointer user_data)
{
  Fixture *fixture = user_data;
  Job *job = data;

  g_assert_true (g_thread_self () == job->caller);
  g_string_append_c (fixture->done, job->name);
}

static void
submit (Fixture *fixture, Job *job, BytestagJobFunc func, GCancellable *cancellable)
{
  job->caller = g_thread_self ();
  bytestag_worker_run (BYTESTAG_WORKER (fixture->workers), func, job, cancellable, job_done, fixture);
}

/* Both halves of the way back: the context brings, the reactor runs. */
static void
wait_for_done (Fixture *fixture, gsize n_done)
{
  while (fixture->done->len < n_done)
    {
      g_main_context_iteration (fixture->context, TRUE);
      bytestag_reactor_drain (fixture->reactor, -1);
    }
}

static void
test_runs (Fixture *fixture, gconstpointer user_data)
{
  Job job = { 'a' };

  submit (fixture, &job, run_job, NULL);
  g_assert_cmpstr (fixture->done->str, ==, "");
  wait_for_done (fixture, 1);
  g_assert_true (job.ran);
  g_assert_true (job.on_other_thread);
  g_assert_false (job.was_cancelled);
}

/* A completion is an event: it waits for the engine's turn. */
static void
test_completion_is_event (Fixture *fixture, gconstpointer user_data)
{
  Job job = { 'a' };

  submit (fixture, &job, run_job, NULL);
  g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, 0);
  g_assert_cmpstr (fixture->done->str, ==, "");
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpstr (fixture->done->str, ==, "a");
}

static void
test_order (Fixture *fixture, gconstpointer user_data)
{
  Job jobs[26] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      jobs[i].name = (char) ('a' + i);
      submit (fixture, &jobs[i], run_job, NULL);
    }
  wait_for_done (fixture, G_N_ELEMENTS (jobs));
  g_assert_cmpstr (fixture->done->str, ==, "abcdefghijklmnopqrstuvwxyz");
}

/* All threads work at one time, and a slow job holds up no other. */
static void
test_parallel (Fixture *fixture, gconstpointer user_data)
{
  Gate gate = GATE_INIT;
  Job slow = { 's', &gate };
  Job quick = { 'q' };

  submit (fixture, &slow, run_job, NULL);
  gate_wait_for (&gate, 1);
  submit (fixture, &quick, run_job, NULL);
  wait_for_done (fixture, 1);
  gate_open (&gate);
  wait_for_done (fixture, 2);
  g_assert_cmpstr (fixture->done->str, ==, "qs");
}

/* Who cancels still gets the job back. */
static void
test_cancelled (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Job job = { 'a' };

  g_cancellable_cancel (cancellable);
  submit (fixture, &job, run_job, cancellable);
  wait_for_done (fixture, 1);
  g_assert_true (job.was_cancelled);
}

/* Stopping gives back what runs, what waits, and what has been posted. */
static void
test_stop (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Gate gate = GATE_INIT;
  Job posted = { 'p' };
  Job running = { 'r', &gate };
  Job waiting = { 'w' };
  Job late = { 'l' };

  gate_open (&gate);
  submit (fixture, &posted, run_job, NULL);
  g_main_context_iteration (fixture->context, TRUE);
  submit (fixture, &running, run_until_cancelled, cancellable);
  submit (fixture, &waiting, run_job, NULL);
  gate_wait_for (&gate, 1);

  bytestag_workers_stop (fixture->workers);
  g_assert_cmpstr (fixture->done->str, ==, "prw");
  g_assert_false (posted.was_cancelled);
  g_assert_true (running.was_cancelled);
  g_assert_true (waiting.was_cancelled);
  g_assert_true (g_cancellable_is_cancelled (cancellable));

  bytestag_workers_stop (fixture->workers);
  submit (fixture, &late, run_job, NULL);
  g_assert_cmpstr (fixture->done->str, ==, "prw");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->done->str, ==, "prwl");
  g_assert_true (late.was_cancelled);
}

static void
test_last_unref (Fixture *fixture, gconstpointer user_data)
{
  Gate gate = GATE_INIT;
  Job running = { 'r', &gate };
  Job waiting = { 'w' };

  gate_open (&gate);
  submit (fixture, &running, run_until_cancelled, NULL);
  submit (fixture, &waiting, run_job, NULL);
  g_assert_finalize_object (g_steal_pointer (&fixture->workers));
  g_assert_cmpstr (fixture->done->str, ==, "rw");
  /* The reactor knows nothing of them any more. */
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->done->str, ==, "rw");
}

/* The reactor goes first: what it had to tell is told. */
static void
test_reactor_goes (Fixture *fixture, gconstpointer user_data)
{
  Job job = { 'a' };

  submit (fixture, &job, run_job, NULL);
  g_main_context_iteration (fixture->context, TRUE);
  g_object_run_dispose (G_OBJECT (fixture->reactor));
  g_assert_cmpstr (fixture->done->str, ==, "a");
}

static void
test_many (Fixture *fixture, gconstpointer user_data)
{
  const guint n_jobs = 2000;
  g_autofree Job *jobs = g_new0 (Job, n_jobs);

  for (guint i = 0; i < n_jobs; i++)
    {
      jobs[i].name = 'x';
      submit (fixture, &jobs[i], run_job, NULL);
      if (i % 100 == 0)
        g_main_context_iteration (fixture->context, FALSE);
    }
  wait_for_done (fixture, n_jobs);
  for (guint i = 0; i < n_jobs; i++)
    g_assert_true (jobs[i].ran);
}

#define ADD(name, n_threads, test) \
  g_test_add ("/io/workers/" name, Fixture, GUINT_TO_POINTER (n_threads), set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("runs", 1, test_runs);
  ADD ("completion-is-event", 1, test_completion_is_event);
  ADD ("order", 1, test_order);
  ADD ("parallel", 2, test_parallel);
  ADD ("cancelled", 1, test_cancelled);
  ADD ("stop", 1, test_stop);
  ADD ("last-unref", 1, test_last_unref);
  ADD ("reactor-goes", 1, test_reactor_goes);
  ADD ("many", 4, test_many);

  return g_test_run ();
}
