/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/reactor.h"

#include "core/limits.h"

typedef struct {
  BytestagEventFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} Event;

/* A power of two, so that positions wrap by masking. */
#define INITIAL_EVENTS 64

struct _BytestagReactor
{
  GObject parent_instance;

  BytestagClock *clock;
  BytestagRng *rng;
  BytestagTimerQueue *timers;

  /* A ring that grows and never shrinks: posting allocates nothing. */
  Event *events;
  guint n_allocated;
  guint first;
  guint n_events;

  gboolean running; /* a timer or an event is */
  gint64 tick_end;  /* when the tick that runs is to begin nothing more */
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (BytestagReactor, bytestag_reactor, G_TYPE_OBJECT)

static void
bytestag_reactor_dispose (GObject *object)
{
  BytestagReactor *self = BYTESTAG_REACTOR (object);

  bytestag_reactor_close (self);

  G_OBJECT_CLASS (bytestag_reactor_parent_class)->dispose (object);
}

static void
bytestag_reactor_finalize (GObject *object)
{
  BytestagReactor *self = BYTESTAG_REACTOR (object);

  g_clear_pointer (&self->timers, bytestag_timer_queue_free);
  g_clear_pointer (&self->events, g_free);
  g_clear_object (&self->clock);
  g_clear_object (&self->rng);

  G_OBJECT_CLASS (bytestag_reactor_parent_class)->finalize (object);
}

static void
bytestag_reactor_class_init (BytestagReactorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_reactor_dispose;
  object_class->finalize = bytestag_reactor_finalize;
}

static void
bytestag_reactor_init (BytestagReactor *self)
{
  self->timers = bytestag_timer_queue_new ();
  self->n_allocated = INITIAL_EVENTS;
  self->events = g_new (Event, self->n_allocated);
}

BytestagReactor *
bytestag_reactor_new (BytestagClock *clock,
                      BytestagRng *rng)
{
  BytestagReactor *self;

  g_return_val_if_fail (BYTESTAG_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (BYTESTAG_IS_RNG (rng), NULL);

  self = g_object_new (BYTESTAG_TYPE_REACTOR, NULL);
  self->clock = g_object_ref (clock);
  self->rng = g_object_ref (rng);
  return self;
}

BytestagClock *
bytestag_reactor_get_clock (BytestagReactor *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (self), NULL);

  return self->clock;
}

BytestagRng *
bytestag_reactor_get_rng (BytestagReactor *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (self), NULL);

  return self->rng;
}

gint64
bytestag_reactor_get_time (BytestagReactor *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (self), 0);

  return bytestag_clock_get_time (self->clock);
}

gint64
bytestag_reactor_get_wall_time (BytestagReactor *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (self), 0);

  return bytestag_clock_get_wall_time (self->clock);
}

void
bytestag_reactor_arm (BytestagReactor *self,
                      BytestagTimer *timer,
                      gint64 delay,
                      BytestagTimerFunc func,
                      gpointer user_data)
{
  gint64 now;

  g_return_if_fail (BYTESTAG_IS_REACTOR (self));

  now = bytestag_clock_get_time (self->clock);
  bytestag_timer_queue_arm (self->timers, timer, delay < G_MAXINT64 - now ? now + delay : G_MAXINT64,
                            func, user_data);
}

void
bytestag_reactor_disarm (BytestagReactor *self,
                         BytestagTimer *timer)
{
  g_return_if_fail (timer != NULL);

  /* Before the other check: the reactor disarms all when it goes, and a dispose
   * that comes later need not know. */
  if (!bytestag_timer_is_armed (timer))
    return;

  g_return_if_fail (BYTESTAG_IS_REACTOR (self));
  bytestag_timer_queue_disarm (self->timers, timer);
}

static void
grow (BytestagReactor *self)
{
  Event *events = g_new (Event, (gsize) self->n_allocated * 2);

  for (guint i = 0; i < self->n_events; i++)
    events[i] = self->events[(self->first + i) & (self->n_allocated - 1)];
  g_free (self->events);
  self->events = events;
  self->first = 0;
  self->n_allocated *= 2;
}

void
bytestag_reactor_post (BytestagReactor *self,
                       BytestagEventFunc func,
                       gpointer user_data,
                       GDestroyNotify destroy)
{
  guint end;

  g_return_if_fail (BYTESTAG_IS_REACTOR (self));
  g_return_if_fail (func != NULL);

  if (self->closed)
    {
      if (destroy != NULL)
        destroy (user_data);
      return;
    }

  if (self->n_events == self->n_allocated)
    grow (self);
  end = (self->first + self->n_events) & (self->n_allocated - 1);
  self->events[end] = (Event) { func, user_data, destroy };
  self->n_events++;
}

static Event
take_event (BytestagReactor *self)
{
  Event event = self->events[self->first];

  self->first = (self->first + 1) & (self->n_allocated - 1);
  self->n_events--;
  return event;
}

/* One at least; after @end (G_MAXINT64: no limit) none begins. */
static void
run_events (BytestagReactor *self,
            gint64 end)
{
  while (self->n_events > 0)
    {
      Event event = take_event (self);

      event.func (event.user_data);
      if (event.destroy != NULL)
        event.destroy (event.user_data);
      if (end != G_MAXINT64 && bytestag_clock_get_time (self->clock) >= end)
        break;
    }
}

void
bytestag_reactor_drain (BytestagReactor *self,
                        gint64 budget)
{
  g_return_if_fail (BYTESTAG_IS_REACTOR (self));

  if (self->running)
    return;

  g_object_ref (self);
  self->running = TRUE;
  run_events (self, budget >= 0 ? bytestag_clock_get_time (self->clock) + budget : G_MAXINT64);
  self->running = FALSE;
  g_object_unref (self);
}

static gboolean
has_time (gpointer user_data)
{
  BytestagReactor *self = user_data;

  return bytestag_clock_get_time (self->clock) < self->tick_end;
}

void
bytestag_reactor_tick (BytestagReactor *self)
{
  gint64 now;

  g_return_if_fail (BYTESTAG_IS_REACTOR (self));

  if (self->running)
    return;

  g_object_ref (self);
  self->running = TRUE;
  now = bytestag_clock_get_time (self->clock);
  self->tick_end = now + BYTESTAG_LIMIT_TICK_US;
  bytestag_timer_queue_run (self->timers, now, has_time, self);
  run_events (self, self->tick_end);
  self->running = FALSE;
  g_object_unref (self);
}

gint64
bytestag_reactor_get_deadline (BytestagReactor *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (self), G_MAXINT64);

  return self->n_events > 0 ? 0 : bytestag_timer_queue_get_deadline (self->timers);
}

void
bytestag_reactor_close (BytestagReactor *self)
{
  g_return_if_fail (BYTESTAG_IS_REACTOR (self));

  self->closed = TRUE;
  while (self->n_events > 0)
    {
      Event event = take_event (self);

      if (event.destroy != NULL)
        event.destroy (event.user_data);
    }
}
