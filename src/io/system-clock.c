/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/system-clock.h"

#include <time.h>

struct _BytestagSystemClock
{
  GObject parent_instance;
};

static void bytestag_system_clock_clock_init (BytestagClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagSystemClock, bytestag_system_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_CLOCK, bytestag_system_clock_clock_init))

static gint64
read_clock (clockid_t id)
{
  struct timespec now;

  clock_gettime (id, &now);

  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gint64
bytestag_system_clock_get_time (BytestagClock *clock)
{
  return read_clock (CLOCK_BOOTTIME);
}

static gint64
bytestag_system_clock_get_wall_time (BytestagClock *clock)
{
  return read_clock (CLOCK_REALTIME);
}

static void
bytestag_system_clock_clock_init (BytestagClockInterface *iface)
{
  iface->get_time = bytestag_system_clock_get_time;
  iface->get_wall_time = bytestag_system_clock_get_wall_time;
}

static void
bytestag_system_clock_class_init (BytestagSystemClockClass *klass)
{
}

static void
bytestag_system_clock_init (BytestagSystemClock *self)
{
}

BytestagSystemClock *
bytestag_system_clock_new (void)
{
  return g_object_new (BYTESTAG_TYPE_SYSTEM_CLOCK, NULL);
}
