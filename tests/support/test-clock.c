/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-clock.h"

struct _BytestagTestClock
{
  GObject parent_instance;

  gint64 time;
  gint64 wall_time;
};

static void bytestag_test_clock_clock_init (BytestagClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTestClock, bytestag_test_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_CLOCK, bytestag_test_clock_clock_init))

static gint64
bytestag_test_clock_get_time (BytestagClock *clock)
{
  return BYTESTAG_TEST_CLOCK (clock)->time;
}

static gint64
bytestag_test_clock_get_wall_time (BytestagClock *clock)
{
  return BYTESTAG_TEST_CLOCK (clock)->wall_time;
}

static void
bytestag_test_clock_clock_init (BytestagClockInterface *iface)
{
  iface->get_time = bytestag_test_clock_get_time;
  iface->get_wall_time = bytestag_test_clock_get_wall_time;
}

static void
bytestag_test_clock_class_init (BytestagTestClockClass *klass)
{
}

static void
bytestag_test_clock_init (BytestagTestClock *self)
{
  self->time = G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC;
  self->wall_time = G_GINT64_CONSTANT (1600000000) * G_USEC_PER_SEC;
}

BytestagTestClock *
bytestag_test_clock_new (void)
{
  return g_object_new (BYTESTAG_TYPE_TEST_CLOCK, NULL);
}

void
bytestag_test_clock_advance (BytestagTestClock *self,
                             gint64 interval)
{
  g_return_if_fail (BYTESTAG_IS_TEST_CLOCK (self));
  g_return_if_fail (interval >= 0);

  self->time += interval;
  self->wall_time += interval;
}

void
bytestag_test_clock_set_time (BytestagTestClock *self,
                              gint64 time)
{
  g_return_if_fail (BYTESTAG_IS_TEST_CLOCK (self));

  self->time = time;
}

void
bytestag_test_clock_set_wall_time (BytestagTestClock *self,
                                   gint64 wall_time)
{
  g_return_if_fail (BYTESTAG_IS_TEST_CLOCK (self));

  self->wall_time = wall_time;
}
