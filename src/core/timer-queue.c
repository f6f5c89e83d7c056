/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/timer-queue.h"

struct _BytestagTimerQueue
{
  GPtrArray *heap; /* (element-type BytestagTimer) borrowed; heap[i]->position is i + 1 */
  guint64 next_sequence;
  gint64 now; /* of the run that goes on */
  gboolean running;
};

BytestagTimerQueue *
bytestag_timer_queue_new (void)
{
  BytestagTimerQueue *self = g_new0 (BytestagTimerQueue, 1);

  self->heap = g_ptr_array_new ();
  return self;
}

void
bytestag_timer_queue_free (BytestagTimerQueue *self)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (!self->running);

  for (guint i = 0; i < self->heap->len; i++)
    ((BytestagTimer *) self->heap->pdata[i])->position = 0;
  g_ptr_array_unref (self->heap);
  g_free (self);
}

static gboolean
is_before (const BytestagTimer *a,
           const BytestagTimer *b)
{
  if (a->deadline != b->deadline)
    return a->deadline < b->deadline;
  return a->sequence < b->sequence;
}

static void
place (BytestagTimerQueue *self,
       guint position,
       BytestagTimer *timer)
{
  self->heap->pdata[position - 1] = timer;
  timer->position = position;
}

static BytestagTimer *
at (BytestagTimerQueue *self,
    guint position)
{
  return self->heap->pdata[position - 1];
}

/* Puts @timer where it belongs, starting from the hole at @position. */
static void
sift (BytestagTimerQueue *self,
      guint position,
      BytestagTimer *timer)
{
  while (position > 1 && is_before (timer, at (self, position / 2)))
    {
      place (self, position, at (self, position / 2));
      position /= 2;
    }

  while (2 * position <= self->heap->len)
    {
      guint child = 2 * position;

      if (child < self->heap->len && is_before (at (self, child + 1), at (self, child)))
        child++;
      if (is_before (timer, at (self, child)))
        break;
      place (self, position, at (self, child));
      position = child;
    }
  place (self, position, timer);
}

void
bytestag_timer_queue_arm (BytestagTimerQueue *self,
                          BytestagTimer *timer,
                          gint64 deadline,
                          BytestagTimerFunc func,
                          gpointer user_data)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (timer != NULL);
  g_return_if_fail (func != NULL);

  bytestag_timer_queue_disarm (self, timer);

  /* What is armed for the past during a run must come behind all that was due
   * before it, or the run, which stops at the first new one, would miss those. */
  timer->deadline = self->running ? MAX (deadline, self->now) : deadline;
  timer->sequence = self->next_sequence++;
  timer->func = func;
  timer->user_data = user_data;

  g_ptr_array_add (self->heap, timer);
  sift (self, self->heap->len, timer);
}

void
bytestag_timer_queue_disarm (BytestagTimerQueue *self,
                             BytestagTimer *timer)
{
  guint position;
  BytestagTimer *last;

  g_return_if_fail (self != NULL);
  g_return_if_fail (timer != NULL);

  if (timer->position == 0)
    return;

  g_return_if_fail (timer->position <= self->heap->len && at (self, timer->position) == timer);

  position = timer->position;
  timer->position = 0;
  last = at (self, self->heap->len);
  g_ptr_array_set_size (self->heap, (int) self->heap->len - 1);
  if (last != timer)
    sift (self, position, last);
}

gboolean
bytestag_timer_is_armed (const BytestagTimer *timer)
{
  g_return_val_if_fail (timer != NULL, FALSE);

  return timer->position != 0;
}

gint64
bytestag_timer_queue_get_deadline (BytestagTimerQueue *self)
{
  g_return_val_if_fail (self != NULL, G_MAXINT64);

  return self->heap->len > 0 ? at (self, 1)->deadline : G_MAXINT64;
}

guint
bytestag_timer_queue_run (BytestagTimerQueue *self,
                          gint64 now,
                          BytestagTimerGoesOnFunc goes_on,
                          gpointer user_data)
{
  guint64 end;
  guint n_fired = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (!self->running, 0);

  self->running = TRUE;
  self->now = now;
  end = self->next_sequence;
  while (self->heap->len > 0 && at (self, 1)->deadline <= now && at (self, 1)->sequence < end)
    {
      BytestagTimer *timer = at (self, 1);
      BytestagTimerFunc func = timer->func;
      gpointer func_data = timer->user_data;

      /* The timer's memory may go in the call. */
      bytestag_timer_queue_disarm (self, timer);
      func (func_data);
      n_fired++;
      if (goes_on != NULL && !goes_on (user_data))
        break;
    }
  self->running = FALSE;
  return n_fired;
}
