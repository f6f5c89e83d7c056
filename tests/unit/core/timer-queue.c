/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/timer-queue.h"

#include <string.h>

#include "support/test-rng.h"

typedef struct {
  BytestagTimerQueue *queue;
  BytestagTimer timers[4];
  GString *log;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->queue = bytestag_timer_queue_new ();
  fixture->log = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  g_clear_pointer (&fixture->queue, bytestag_timer_queue_free);
  g_string_free (fixture->log, TRUE);
}

static Fixture *current;

static void
log_timer (gpointer user_data)
{
  g_string_append_c (current->log, (char) ('0' + GPOINTER_TO_INT (user_data)));
}

static void
arm (Fixture *fixture,
     guint number,
     gint64 deadline)
{
  current = fixture;
  bytestag_timer_queue_arm (fixture->queue, &fixture->timers[number], deadline, log_timer,
                            GINT_TO_POINTER (number));
}

static void
assert_fires (Fixture *fixture,
              gint64 now,
              const char *expected)
{
  current = fixture;
  g_string_truncate (fixture->log, 0);
  g_assert_cmpuint (bytestag_timer_queue_run (fixture->queue, now, NULL, NULL), ==, strlen (expected));
  g_assert_cmpstr (fixture->log->str, ==, expected);
}

static void
test_order (Fixture *fixture,
            gconstpointer data)
{
  arm (fixture, 0, 30);
  arm (fixture, 1, 10);
  arm (fixture, 2, 20);
  arm (fixture, 3, 10);
  g_assert_cmpint (bytestag_timer_queue_get_deadline (fixture->queue), ==, 10);

  assert_fires (fixture, 9, "");
  assert_fires (fixture, 20, "132");
  g_assert_cmpint (bytestag_timer_queue_get_deadline (fixture->queue), ==, 30);
  assert_fires (fixture, 1000, "0");
  g_assert_cmpint (bytestag_timer_queue_get_deadline (fixture->queue), ==, G_MAXINT64);
  assert_fires (fixture, 1000, "");
}

static void
test_rearm (Fixture *fixture,
            gconstpointer data)
{
  arm (fixture, 0, 10);
  arm (fixture, 1, 10);
  /* Armed again for the same time, it comes behind. */
  arm (fixture, 0, 10);
  assert_fires (fixture, 10, "10");

  arm (fixture, 0, 20);
  arm (fixture, 0, 40);
  assert_fires (fixture, 39, "");
  arm (fixture, 0, 30);
  assert_fires (fixture, 39, "0");
}

static void
test_disarm (Fixture *fixture,
             gconstpointer data)
{
  g_assert_false (bytestag_timer_is_armed (&fixture->timers[0]));
  bytestag_timer_queue_disarm (fixture->queue, &fixture->timers[0]);

  arm (fixture, 0, 10);
  arm (fixture, 1, 11);
  arm (fixture, 2, 12);
  g_assert_true (bytestag_timer_is_armed (&fixture->timers[0]));
  bytestag_timer_queue_disarm (fixture->queue, &fixture->timers[0]);
  bytestag_timer_queue_disarm (fixture->queue, &fixture->timers[0]);
  g_assert_false (bytestag_timer_is_armed (&fixture->timers[0]));
  assert_fires (fixture, 100, "12");
  g_assert_false (bytestag_timer_is_armed (&fixture->timers[1]));
}

static void
rearm_for_past (gpointer user_data)
{
  arm (user_data, 0, -5);
  g_string_append_c (current->log, 'r');
}

/* A timer that re-arms itself for the past must neither spin nor keep others,
 * that were due, from firing. */
static void
test_rearm_in_run (Fixture *fixture,
                   gconstpointer data)
{
  current = fixture;
  bytestag_timer_queue_arm (fixture->queue, &fixture->timers[3], 1, rearm_for_past, fixture);
  arm (fixture, 1, 2);
  arm (fixture, 2, 9);

  g_assert_cmpuint (bytestag_timer_queue_run (fixture->queue, 10, NULL, NULL), ==, 3);
  g_assert_cmpstr (fixture->log->str, ==, "r12");
  g_assert_true (bytestag_timer_is_armed (&fixture->timers[0]));
  g_assert_cmpint (bytestag_timer_queue_get_deadline (fixture->queue), <=, 10);
  assert_fires (fixture, 10, "0");
}

static void
disarm_others (gpointer user_data)
{
  Fixture *fixture = user_data;

  bytestag_timer_queue_disarm (fixture->queue, &fixture->timers[1]);
  arm (fixture, 2, 15);
}

static void
test_change_in_run (Fixture *fixture,
                    gconstpointer data)
{
  current = fixture;
  bytestag_timer_queue_arm (fixture->queue, &fixture->timers[0], 1, disarm_others, fixture);
  arm (fixture, 1, 2);
  arm (fixture, 2, 3);
  arm (fixture, 3, 4);

  g_assert_cmpuint (bytestag_timer_queue_run (fixture->queue, 10, NULL, NULL), ==, 2);
  g_assert_cmpstr (fixture->log->str, ==, "3");
  assert_fires (fixture, 15, "2");
}

/* The owner of a timer may go when it fires. */
static void
test_free_in_run (Fixture *fixture,
                  gconstpointer data)
{
  BytestagTimer *timer = g_new0 (BytestagTimer, 1);

  bytestag_timer_queue_arm (fixture->queue, timer, 5, g_free, timer);
  arm (fixture, 0, 6);
  g_assert_cmpuint (bytestag_timer_queue_run (fixture->queue, 10, NULL, NULL), ==, 2);
}

static void
test_free_armed (Fixture *fixture,
                 gconstpointer data)
{
  arm (fixture, 0, 10);
  arm (fixture, 1, 10);
  g_clear_pointer (&fixture->queue, bytestag_timer_queue_free);
  g_assert_false (bytestag_timer_is_armed (&fixture->timers[0]));
  g_assert_false (bytestag_timer_is_armed (&fixture->timers[1]));
}

typedef struct {
  BytestagTimer timer;
  gint64 deadline;
  guint64 order;
} Armed;

static gint64 last_deadline;
static guint64 last_order;

static void
check_order (gpointer user_data)
{
  Armed *armed = user_data;

  g_assert_cmpint (armed->deadline, >=, last_deadline);
  if (armed->deadline == last_deadline)
    g_assert_cmpuint (armed->order, >, last_order);
  last_deadline = armed->deadline;
  last_order = armed->order;
}

static void
test_many (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (4);
  g_autofree Armed *armed = g_new0 (Armed, 500);
  guint n_armed = 0;

  for (guint64 order = 1; order <= 20000; order++)
    {
      Armed *one = &armed[bytestag_rng_range (BYTESTAG_RNG (rng), 500)];

      if (bytestag_rng_range (BYTESTAG_RNG (rng), 3) == 0)
        {
          n_armed -= bytestag_timer_is_armed (&one->timer);
          bytestag_timer_queue_disarm (fixture->queue, &one->timer);
          continue;
        }
      n_armed += !bytestag_timer_is_armed (&one->timer);
      one->deadline = bytestag_rng_range (BYTESTAG_RNG (rng), 100);
      one->order = order;
      bytestag_timer_queue_arm (fixture->queue, &one->timer, one->deadline, check_order, one);
    }

  last_deadline = -1;
  g_assert_cmpuint (n_armed, >, 100);
  g_assert_cmpuint (bytestag_timer_queue_run (fixture->queue, 100, NULL, NULL), ==, n_armed);
}

#define ADD(name, func) g_test_add ("/core/timer-queue/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("order", test_order);
  ADD ("rearm", test_rearm);
  ADD ("disarm", test_disarm);
  ADD ("rearm-in-run", test_rearm_in_run);
  ADD ("change-in-run", test_change_in_run);
  ADD ("free-in-run", test_free_in_run);
  ADD ("free-armed", test_free_armed);
  ADD ("many", test_many);
  return g_test_run ();
}
