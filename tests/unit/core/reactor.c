/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/reactor.h"

#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-rng.h"

typedef struct {
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  GString *log;
} Fixture;

static Fixture *current;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  fixture->clock = bytestag_test_clock_new ();
  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (fixture->clock), BYTESTAG_RNG (rng));
  fixture->log = g_string_new (NULL);
  current = fixture;
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  if (fixture->reactor != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->reactor));
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->log, TRUE);
}

static void
log_text (gpointer user_data)
{
  g_string_append (current->log, user_data);
}

static void
log_destroy (gpointer user_data)
{
  g_string_append_c (current->log, '~');
}

static void
post (const char *text)
{
  bytestag_reactor_post (current->reactor, log_text, (gpointer) text, NULL);
}

static void
test_post (Fixture *fixture,
           gconstpointer data)
{
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, G_MAXINT64);
  post ("a");
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "b", log_destroy);
  post ("c");
  g_assert_cmpstr (fixture->log->str, ==, "");
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, 0);

  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "ab~c");
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, G_MAXINT64);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "ab~c");
}

static void
post_more (gpointer user_data)
{
  post ("x");
  bytestag_reactor_drain (current->reactor, -1);
  bytestag_reactor_tick (current->reactor);
  post ("y");
}

/* What an event posts runs in the same drain, but never inside the event. */
static void
test_post_in_event (Fixture *fixture,
                    gconstpointer data)
{
  bytestag_reactor_post (fixture->reactor, post_more, NULL, log_destroy);
  post ("b");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "~bxy");
}

static void
post_in_destroy (gpointer user_data)
{
  post ("d");
}

static void
test_post_in_destroy (Fixture *fixture,
                      gconstpointer data)
{
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "a", post_in_destroy);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "ad");
}

static void
take_time (gpointer user_data)
{
  g_string_append_c (current->log, 't');
  bytestag_test_clock_advance (current->clock, 100);
}

static void
test_budget (Fixture *fixture,
             gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    bytestag_reactor_post (fixture->reactor, take_time, NULL, NULL);

  bytestag_reactor_drain (fixture->reactor, 300);
  g_assert_cmpstr (fixture->log->str, ==, "ttt");
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, 0);
  bytestag_reactor_drain (fixture->reactor, 0);
  g_assert_cmpstr (fixture->log->str, ==, "tttt");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "tttttttttt");
}

/* A tick ends when its time is over: the frame clock waits behind it. */
static void
test_tick_events (Fixture *fixture,
                  gconstpointer data)
{
  guint expected = BYTESTAG_LIMIT_TICK_US / 100;

  for (guint i = 0; i < 2 * expected; i++)
    bytestag_reactor_post (fixture->reactor, take_time, NULL, NULL);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpuint (fixture->log->len, ==, expected);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpuint (fixture->log->len, ==, 2 * expected);
}

/* It has one time for timers and events together; one event runs in any case, so that
 * timers do not keep all events waiting. */
static void
test_tick_timers (Fixture *fixture,
                  gconstpointer data)
{
  enum { N_TIMERS = BYTESTAG_LIMIT_TICK_US / 100 };
  BytestagTimer timers[N_TIMERS + 2] = { 0 };

  for (guint i = 0; i < N_TIMERS + 2; i++)
    bytestag_reactor_arm (fixture->reactor, &timers[i], 1, take_time, NULL);
  for (guint i = 0; i < N_TIMERS; i++)
    post ("e");
  bytestag_test_clock_advance (fixture->clock, 1);

  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpuint (fixture->log->len, ==, N_TIMERS + 1);
  g_assert_cmpint (fixture->log->str[N_TIMERS], ==, 'e');
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, 0);

  /* Two timers are left, and all events. */
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpuint (fixture->log->len, ==, 2 * N_TIMERS + 2);
  g_assert_cmpint (fixture->log->str[N_TIMERS + 1], ==, 't');
  g_assert_cmpint (fixture->log->str[N_TIMERS + 2], ==, 't');
  g_assert_cmpint (fixture->log->str[N_TIMERS + 3], ==, 'e');
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, G_MAXINT64);
}

static void
test_many_events (Fixture *fixture,
                  gconstpointer data)
{
  guint expected = 0;

  /* The ring starts at different places, and grows. */
  for (guint round = 1; round < 300; round += 7)
    {
      for (guint i = 0; i < round; i++)
        post (i % 2 == 0 ? "e" : "o");
      expected += round;
      bytestag_reactor_drain (fixture->reactor, -1);
      g_assert_cmpuint (fixture->log->len, ==, expected);
      for (guint i = 0; i < round; i++)
        g_assert_cmpint (fixture->log->str[expected - round + i], ==, i % 2 == 0 ? 'e' : 'o');
    }
}

static void
log_and_post (gpointer user_data)
{
  g_string_append (current->log, user_data);
  post ("p");
  bytestag_reactor_drain (current->reactor, -1);
}

static void
test_timers (Fixture *fixture,
             gconstpointer data)
{
  gint64 now = bytestag_reactor_get_time (fixture->reactor);
  BytestagTimer first = { 0 };
  BytestagTimer second = { 0 };

  bytestag_reactor_arm (fixture->reactor, &second, 200, log_and_post, (gpointer) "2");
  bytestag_reactor_arm (fixture->reactor, &first, 100, log_and_post, (gpointer) "1");
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, now + 100);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpstr (fixture->log->str, ==, "");

  bytestag_test_clock_advance (fixture->clock, 300);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpstr (fixture->log->str, ==, "12pp");

  bytestag_reactor_arm (fixture->reactor, &first, 0, log_text, (gpointer) "0");
  bytestag_reactor_disarm (fixture->reactor, &first);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_cmpstr (fixture->log->str, ==, "12pp");
}

static void
test_never (Fixture *fixture,
            gconstpointer data)
{
  BytestagTimer timer = { 0 };

  bytestag_reactor_arm (fixture->reactor, &timer, G_MAXINT64, log_text, (gpointer) "n");
  g_assert_cmpint (bytestag_reactor_get_deadline (fixture->reactor), ==, G_MAXINT64);
  bytestag_reactor_disarm (fixture->reactor, &timer);
}

static void
test_ports (Fixture *fixture,
            gconstpointer data)
{
  g_assert_true (bytestag_reactor_get_clock (fixture->reactor) == BYTESTAG_CLOCK (fixture->clock));
  g_assert_true (BYTESTAG_IS_RNG (bytestag_reactor_get_rng (fixture->reactor)));
  bytestag_test_clock_set_time (fixture->clock, 123);
  bytestag_test_clock_set_wall_time (fixture->clock, 456);
  g_assert_cmpint (bytestag_reactor_get_time (fixture->reactor), ==, 123);
  g_assert_cmpint (bytestag_reactor_get_wall_time (fixture->reactor), ==, 456);
}

static void
test_close (Fixture *fixture,
            gconstpointer data)
{
  /* The event holds the reactor: nobody else could end the circle. */
  bytestag_reactor_post (fixture->reactor, log_text, g_object_ref (fixture->reactor), g_object_unref);
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "a", log_destroy);
  bytestag_reactor_close (fixture->reactor);
  g_assert_cmpstr (fixture->log->str, ==, "~");
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "b", log_destroy);
  g_assert_cmpstr (fixture->log->str, ==, "~~");
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "~~");
}

static void
close_reactor (gpointer user_data)
{
  bytestag_reactor_close (current->reactor);
}

static void
test_close_in_event (Fixture *fixture,
                     gconstpointer data)
{
  bytestag_reactor_post (fixture->reactor, close_reactor, NULL, log_destroy);
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "a", log_destroy);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpstr (fixture->log->str, ==, "~~");
}

/* With events and timers left; a timer's owner may disarm it afterwards. */
static void
test_finalize (Fixture *fixture,
               gconstpointer data)
{
  BytestagTimer timer = { 0 };

  bytestag_reactor_arm (fixture->reactor, &timer, 100, log_text, (gpointer) "t");
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "a", log_destroy);
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "b", NULL);
  g_assert_finalize_object (g_steal_pointer (&fixture->reactor));
  g_assert_cmpstr (fixture->log->str, ==, "~");
  g_assert_false (bytestag_timer_is_armed (&timer));
  bytestag_reactor_disarm (NULL, &timer);
}

static void
release_reactor (gpointer user_data)
{
  g_clear_object (&current->reactor);
}

static void
test_finalize_in_event (Fixture *fixture,
                        gconstpointer data)
{
  bytestag_reactor_post (fixture->reactor, release_reactor, NULL, NULL);
  bytestag_reactor_post (fixture->reactor, log_text, (gpointer) "a", log_destroy);
  bytestag_reactor_tick (fixture->reactor);
  g_assert_null (fixture->reactor);
  g_assert_cmpstr (fixture->log->str, ==, "a~");
}

#define ADD(name, func) g_test_add ("/core/reactor/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("post", test_post);
  ADD ("post-in-event", test_post_in_event);
  ADD ("post-in-destroy", test_post_in_destroy);
  ADD ("budget", test_budget);
  ADD ("tick/events", test_tick_events);
  ADD ("tick/timers", test_tick_timers);
  ADD ("many-events", test_many_events);
  ADD ("timers", test_timers);
  ADD ("never", test_never);
  ADD ("ports", test_ports);
  ADD ("close", test_close);
  ADD ("close-in-event", test_close_in_event);
  ADD ("finalize", test_finalize);
  ADD ("finalize-in-event", test_finalize_in_event);
  return g_test_run ();
}
