/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"
#include "core/timer-queue.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_REACTOR (bytestag_reactor_get_type ())
G_DECLARE_FINAL_TYPE (BytestagReactor, bytestag_reactor, BYTESTAG, REACTOR, GObject)

typedef void (*BytestagEventFunc) (gpointer user_data);

/* What the classes of an engine share: its clock, its randomness, its timers and
 * its queue of events. It has no loop: a driver calls it. Completions never run
 * inside the call that caused them; they are posted here. (Seed: EventReactor.) */
/* Takes references to both. */
BytestagReactor *bytestag_reactor_new          (BytestagClock     *clock,
                                                BytestagRng       *rng);
/* (transfer none) */
BytestagClock   *bytestag_reactor_get_clock    (BytestagReactor   *self);
/* (transfer none) */
BytestagRng     *bytestag_reactor_get_rng      (BytestagReactor   *self);
/* µs of the clock. */
gint64           bytestag_reactor_get_time     (BytestagReactor   *self);
/* µs since 1970. */
gint64           bytestag_reactor_get_wall_time (BytestagReactor  *self);

/* Arms @timer, or arms it anew, for now + @delay µs. */
void             bytestag_reactor_arm          (BytestagReactor   *self,
                                                BytestagTimer     *timer,
                                                gint64             delay,
                                                BytestagTimerFunc  func,
                                                gpointer           user_data);
/* Does nothing to a timer that is not armed, whatever @self is; the reactor disarms
 * all timers when it goes. */
void             bytestag_reactor_disarm       (BytestagReactor   *self,
                                                BytestagTimer     *timer);

/* Posts an event; @destroy (nullable) is called after it ran, or when the
 * reactor goes. Events run in order of posting. */
void             bytestag_reactor_post         (BytestagReactor   *self,
                                                BytestagEventFunc  func,
                                                gpointer           user_data,
                                                GDestroyNotify     destroy);
/* Runs what is posted, and what that posts, until the queue is empty or @budget
 * µs have gone (< 0: no limit; the virtual clock does not move, so a simulator
 * has none). One event runs at least. Does nothing inside a timer or an event. */
void             bytestag_reactor_drain        (BytestagReactor   *self,
                                                gint64             budget);
/* Due timers, then events, until none is left or BYTESTAG_LIMIT_TICK_US have gone,
 * and one of each in any case; for what is left the deadline has come. Does nothing
 * inside a timer or an event. */
void             bytestag_reactor_tick         (BytestagReactor   *self);
/* 0 when an event waits, else the next timer's deadline, else G_MAXINT64. */
gint64           bytestag_reactor_get_deadline (BytestagReactor   *self);
/* Ends it: what is posted, and what will be, is destroyed without running. For
 * the owner of an engine that goes: events that hold objects which hold the
 * reactor would keep all of them for ever. */
void             bytestag_reactor_close        (BytestagReactor   *self);

G_END_DECLS
