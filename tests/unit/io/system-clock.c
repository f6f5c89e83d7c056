/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/system-clock.h"

static void
test_time (void)
{
  g_autoptr (BytestagSystemClock) clock = bytestag_system_clock_new ();
  gint64 monotonic = g_get_monotonic_time ();
  gint64 before = bytestag_clock_get_time (BYTESTAG_CLOCK (clock));
  gint64 after = bytestag_clock_get_time (BYTESTAG_CLOCK (clock));

  g_assert_cmpint (before, <=, after);
  /* It is the monotonic clock and the time that the computer slept. */
  g_assert_cmpint (before, >=, monotonic);
}

static void
test_wall_time (void)
{
  g_autoptr (BytestagSystemClock) clock = bytestag_system_clock_new ();
  gint64 before = g_get_real_time ();
  gint64 wall_time = bytestag_clock_get_wall_time (BYTESTAG_CLOCK (clock));

  g_assert_cmpint (ABS (wall_time - before), <, 60 * G_USEC_PER_SEC);
}

static void
test_finalize (void)
{
  BytestagSystemClock *clock = bytestag_system_clock_new ();

  g_assert_finalize_object (clock);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/io/system-clock/time", test_time);
  g_test_add_func ("/io/system-clock/wall-time", test_wall_time);
  g_test_add_func ("/io/system-clock/finalize", test_finalize);

  return g_test_run ();
}
