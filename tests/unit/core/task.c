/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/task.h"

#include "core/error.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-task.h"

typedef struct {
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagTask *task;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  fixture->clock = bytestag_test_clock_new ();
  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (fixture->clock), BYTESTAG_RNG (rng));
  fixture->task = bytestag_test_task_new (fixture->reactor);
}

/* Whatever a test left of them must go: nothing may hold anything in a circle. */
static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  if (fixture->task != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->task));
  if (fixture->reactor != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->reactor));
  g_assert_finalize_object (fixture->clock);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          guint *count)
{
  *count += 1;
}

static void
assert_ended (Fixture *fixture,
              BytestagTaskState state)
{
  g_assert_cmpint (bytestag_task_get_state (fixture->task), ==, state);
  g_assert_true (bytestag_task_is_finished (fixture->task));
  g_assert_cmpuint (bytestag_test_task_get_n_finished (fixture->task), ==, 0);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (bytestag_test_task_get_n_finished (fixture->task), ==, 1);
  g_assert_true (bytestag_task_get_reactor (fixture->task) == fixture->reactor);
}

static void
test_done (Fixture *fixture,
           gconstpointer data)
{
  guint n_states = 0;

  g_signal_connect (fixture->task, "notify::state", G_CALLBACK (count_cb), &n_states);
  g_assert_cmpint (bytestag_task_get_state (fixture->task), ==, BYTESTAG_TASK_PENDING);
  g_assert_false (bytestag_task_is_finished (fixture->task));
  bytestag_task_start (fixture->task);
  g_assert_cmpint (bytestag_task_get_state (fixture->task), ==, BYTESTAG_TASK_RUNNING);
  g_assert_false (bytestag_task_is_finished (fixture->task));
  g_assert_cmpuint (bytestag_test_task_get_n_started (fixture->task), ==, 1);

  bytestag_task_done (fixture->task);
  assert_ended (fixture, BYTESTAG_TASK_DONE);
  g_assert_null (bytestag_task_get_error (fixture->task));
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 0);
  g_assert_cmpuint (n_states, ==, 2);
}

static void
test_fail (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_errors = 0;

  g_signal_connect (fixture->task, "notify::error", G_CALLBACK (count_cb), &n_errors);
  bytestag_task_start (fixture->task);
  bytestag_task_fail (fixture->task, g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_FULL, "No room"));
  assert_ended (fixture, BYTESTAG_TASK_FAILED);
  g_assert_error (bytestag_task_get_error (fixture->task), BYTESTAG_ERROR, BYTESTAG_ERROR_FULL);
  g_object_get (fixture->task, "error", &error, NULL);
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FULL);
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 0);
  g_assert_cmpuint (n_errors, ==, 1);
}

static void
test_fail_literal (Fixture *fixture,
                   gconstpointer data)
{
  bytestag_task_start (fixture->task);
  bytestag_task_fail_literal (fixture->task, BYTESTAG_ERROR_TIMED_OUT, "100% silence");
  assert_ended (fixture, BYTESTAG_TASK_FAILED);
  g_assert_error (bytestag_task_get_error (fixture->task), BYTESTAG_ERROR, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpstr (bytestag_task_get_error (fixture->task)->message, ==, "100% silence");
}

static void
test_cancel (Fixture *fixture,
             gconstpointer data)
{
  bytestag_task_start (fixture->task);
  bytestag_task_cancel (fixture->task);
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 1);
  assert_ended (fixture, BYTESTAG_TASK_CANCELLED);
  g_assert_error (bytestag_task_get_error (fixture->task), BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
}

/* One that never ran has nothing to stop. */
static void
test_cancel_pending (Fixture *fixture,
                     gconstpointer data)
{
  bytestag_task_cancel (fixture->task);
  assert_ended (fixture, BYTESTAG_TASK_CANCELLED);
  g_assert_cmpuint (bytestag_test_task_get_n_started (fixture->task), ==, 0);
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 0);
}

static void
test_instant (Fixture *fixture,
              gconstpointer data)
{
  bytestag_test_task_set_instant (fixture->task);
  bytestag_task_start (fixture->task);
  assert_ended (fixture, BYTESTAG_TASK_DONE);
}

static void
test_first_end_counts (Fixture *fixture,
                       gconstpointer data)
{
  bytestag_task_start (fixture->task);
  bytestag_task_done (fixture->task);
  bytestag_task_cancel (fixture->task);
  bytestag_task_fail (fixture->task, g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, "Late"));
  bytestag_task_fail_literal (fixture->task, BYTESTAG_ERROR_FAILED, "Late");
  bytestag_task_done (fixture->task);
  assert_ended (fixture, BYTESTAG_TASK_DONE);
  g_assert_null (bytestag_task_get_error (fixture->task));
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 0);

  bytestag_task_cancel (fixture->task);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (bytestag_test_task_get_n_finished (fixture->task), ==, 1);
}

static void
cancel_cb (BytestagTask *task)
{
  bytestag_task_cancel (task);
}

/* Cancelled by who is told that it runs, before the class heard of it. */
static void
test_cancel_in_notify (Fixture *fixture,
                       gconstpointer data)
{
  g_signal_connect (fixture->task, "notify::state", G_CALLBACK (cancel_cb), NULL);
  bytestag_task_start (fixture->task);
  assert_ended (fixture, BYTESTAG_TASK_CANCELLED);
  g_assert_cmpuint (bytestag_test_task_get_n_started (fixture->task), ==, 0);
  g_assert_cmpuint (bytestag_test_task_get_n_stopped (fixture->task), ==, 0);
}

static void
test_progress (Fixture *fixture,
               gconstpointer data)
{
  guint n_progress = 0;
  guint n_total = 0;
  guint64 progress, total;

  g_signal_connect (fixture->task, "notify::progress", G_CALLBACK (count_cb), &n_progress);
  g_signal_connect (fixture->task, "notify::total", G_CALLBACK (count_cb), &n_total);
  bytestag_task_set_total (fixture->task, 100);
  bytestag_task_set_total (fixture->task, 100);
  bytestag_task_set_progress (fixture->task, 0);
  bytestag_task_set_progress (fixture->task, 40);
  bytestag_task_set_progress (fixture->task, 40);
  g_object_get (fixture->task, "progress", &progress, "total", &total, NULL);
  g_assert_cmpuint (progress, ==, 40);
  g_assert_cmpuint (total, ==, 100);
  g_assert_cmpuint (n_progress, ==, 1);
  g_assert_cmpuint (n_total, ==, 1);
}

/* 1,000 bytes each 10 ms, from a cold start, through a pause, to the end. */
static void
test_rate (Fixture *fixture,
           gconstpointer data)
{
  guint64 progress = 5000000;
  guint n_rates = 0;

  /* What was there before the start was not fetched by this task. */
  bytestag_task_set_progress (fixture->task, progress);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);
  bytestag_task_start (fixture->task);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);
  g_signal_connect (fixture->task, "notify::rate", G_CALLBACK (count_cb), &n_rates);

  for (guint i = 0; i < 1000; i++)
    {
      bytestag_test_clock_advance (fixture->clock, 10000);
      bytestag_task_set_progress (fixture->task, progress += 1000);
      if (i >= 100)
        {
          g_assert_cmpuint (bytestag_task_get_rate (fixture->task), >=, 98000);
          g_assert_cmpuint (bytestag_task_get_rate (fixture->task), <=, 103000);
        }
    }
  /* Twice a second, not for each packet. */
  g_assert_cmpuint (n_rates, ==, 20);

  bytestag_test_clock_advance (fixture->clock, 2 * G_USEC_PER_SEC);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), <, 60000);
  bytestag_test_clock_advance (fixture->clock, 4 * G_USEC_PER_SEC);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);

  /* Progress that is taken back (a wrong hash) is no speed. */
  bytestag_task_set_progress (fixture->task, 0);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);
  bytestag_task_set_progress (fixture->task, 100000);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), >, 0);
  bytestag_task_done (fixture->task);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);
  bytestag_reactor_drain (fixture->reactor, -1);
}

/* The first packet is not a rate of bytes by microseconds. */
static void
test_first_rate (Fixture *fixture,
                 gconstpointer data)
{
  bytestag_task_start (fixture->task);
  bytestag_test_clock_advance (fixture->clock, 1);
  bytestag_task_set_progress (fixture->task, 1000);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 2000);
  bytestag_task_cancel (fixture->task);
  bytestag_reactor_drain (fixture->reactor, -1);
}

static void
test_holds_itself (Fixture *fixture,
                   gconstpointer data)
{
  BytestagTask *task = g_steal_pointer (&fixture->task);
  gpointer watched = task;

  g_object_add_weak_pointer (G_OBJECT (task), &watched);
  bytestag_task_start (task);
  g_object_unref (task);
  g_assert_nonnull (watched);
  bytestag_task_done (task);
  g_assert_nonnull (watched);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_null (watched);
}

/* An engine that goes with an event in its queue. */
static void
test_reactor_goes (Fixture *fixture,
                   gconstpointer data)
{
  BytestagTask *task = g_steal_pointer (&fixture->task);
  gpointer watched = task;

  g_object_add_weak_pointer (G_OBJECT (task), &watched);
  bytestag_task_start (task);
  bytestag_task_cancel (task);
  g_object_unref (task);
  g_assert_nonnull (watched);
  g_assert_finalize_object (g_steal_pointer (&fixture->reactor));
  g_assert_null (watched);
}

/* As before, but somebody looks at the task still. */
static void
test_reactor_goes_first (Fixture *fixture,
                         gconstpointer data)
{
  bytestag_task_start (fixture->task);
  bytestag_task_done (fixture->task);
  g_assert_finalize_object (g_steal_pointer (&fixture->reactor));

  g_assert_null (bytestag_task_get_reactor (fixture->task));
  g_assert_cmpint (bytestag_task_get_state (fixture->task), ==, BYTESTAG_TASK_DONE);
  g_assert_cmpuint (bytestag_task_get_rate (fixture->task), ==, 0);
  g_assert_cmpuint (bytestag_test_task_get_n_finished (fixture->task), ==, 0);
  bytestag_task_set_progress (fixture->task, 10);
  bytestag_task_cancel (fixture->task);
}

/* Once the end was told, the task holds its reactor again: there is no circle. */
static void
test_reactor_stays (Fixture *fixture,
                    gconstpointer data)
{
  gpointer watched = fixture->reactor;

  g_object_add_weak_pointer (G_OBJECT (fixture->reactor), &watched);
  bytestag_task_start (fixture->task);
  bytestag_task_done (fixture->task);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_object_unref (g_steal_pointer (&fixture->reactor));
  g_assert_true (bytestag_task_get_reactor (fixture->task) == watched);
  g_assert_nonnull (watched);
  g_assert_finalize_object (g_steal_pointer (&fixture->task));
  g_assert_null (watched);
}

/* The task holds the last reference to its reactor, and gives it up inside done(). */
static void
test_reactor_goes_in_done (Fixture *fixture,
                           gconstpointer data)
{
  g_object_unref (g_steal_pointer (&fixture->reactor));
  bytestag_task_start (fixture->task);
  bytestag_task_done (fixture->task);
  g_assert_null (bytestag_task_get_reactor (fixture->task));
}

static void
test_finalize (Fixture *fixture,
               gconstpointer data)
{
  g_assert_finalize_object (g_steal_pointer (&fixture->task));

  fixture->task = bytestag_test_task_new (fixture->reactor);
  bytestag_task_start (fixture->task);
  bytestag_task_fail_literal (fixture->task, BYTESTAG_ERROR_FAILED, "Failed");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_finalize_object (g_steal_pointer (&fixture->task));
}

#define ADD(name, func) g_test_add ("/core/task/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("done", test_done);
  ADD ("fail", test_fail);
  ADD ("fail-literal", test_fail_literal);
  ADD ("cancel", test_cancel);
  ADD ("cancel/pending", test_cancel_pending);
  ADD ("cancel/in-notify", test_cancel_in_notify);
  ADD ("instant", test_instant);
  ADD ("first-end-counts", test_first_end_counts);
  ADD ("progress", test_progress);
  ADD ("rate", test_rate);
  ADD ("rate/first", test_first_rate);
  ADD ("holds-itself", test_holds_itself);
  ADD ("reactor-goes", test_reactor_goes);
  ADD ("reactor-goes/first", test_reactor_goes_first);
  ADD ("reactor-goes/in-done", test_reactor_goes_in_done);
  ADD ("reactor-stays", test_reactor_stays);
  ADD ("finalize", test_finalize);
  return g_test_run ();
}
