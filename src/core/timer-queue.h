/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/types.h"

G_BEGIN_DECLS

typedef void (*BytestagTimerFunc) (gpointer user_data);

/**
 * BytestagTimer:
 *
 * One timer, embedded in what it belongs to, so that arming allocates nothing.
 * Zeroed memory is a timer that is not armed. The owner disarms it before its
 * memory goes.
 */
struct _BytestagTimer
{
  gint64 deadline;
  guint64 sequence;
  guint position; /* in the heap, 1-based; 0: not armed */
  BytestagTimerFunc func;
  gpointer user_data;
};

/* All timers of an engine, in one heap ordered by (deadline, order of arming):
 * equal deadlines fire in the order in which they were armed. */
BytestagTimerQueue *bytestag_timer_queue_new          (void);
/* Disarms what is armed. */
void                bytestag_timer_queue_free         (BytestagTimerQueue *self);
/* Arms or re-arms; both take O(log n) steps. @deadline in µs of the clock. The
 * timer is not armed any more when @func is called, which may free it. */
void                bytestag_timer_queue_arm          (BytestagTimerQueue *self,
                                                       BytestagTimer      *timer,
                                                       gint64              deadline,
                                                       BytestagTimerFunc   func,
                                                       gpointer            user_data);
void                bytestag_timer_queue_disarm       (BytestagTimerQueue *self,
                                                       BytestagTimer      *timer);
gboolean            bytestag_timer_is_armed           (const BytestagTimer *timer);
/* The next deadline, or G_MAXINT64. */
gint64              bytestag_timer_queue_get_deadline (BytestagTimerQueue *self);
/* FALSE: enough. */
typedef gboolean (*BytestagTimerGoesOnFunc) (gpointer user_data);
/* Fires every timer that was due at @now when the call began; one that re-arms
 * itself for the past waits for the next call. After each @goes_on (nullable) is
 * asked; what it leaves stays armed. Returns how many fired. */
guint               bytestag_timer_queue_run          (BytestagTimerQueue *self,
                                                       gint64              now,
                                                       BytestagTimerGoesOnFunc goes_on,
                                                       gpointer            user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagTimerQueue, bytestag_timer_queue_free)

G_END_DECLS
