/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/types.h"

G_BEGIN_DECLS

typedef enum {
  BYTESTAG_TASK_PENDING,
  BYTESTAG_TASK_RUNNING,
  BYTESTAG_TASK_DONE,
  BYTESTAG_TASK_FAILED,
  BYTESTAG_TASK_CANCELLED,
} BytestagTaskState;

#define BYTESTAG_TYPE_TASK_STATE (bytestag_task_state_get_type ())
GType bytestag_task_state_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_TASK (bytestag_task_get_type ())
G_DECLARE_DERIVABLE_TYPE (BytestagTask, bytestag_task, BYTESTAG, TASK, GObject)

/**
 * BytestagTaskClass:
 * @start: begins the work; it may end the task at once, since "finished" is
 *   posted and never reaches a caller inside its own call
 * @stop: (nullable): the task was cancelled after @start: let go of requests
 *   and timers. Not called after done or fail, before which a subclass lets go
 *   of them itself
 *
 * A piece of work that a caller or a view holds. Properties, notified: "state",
 * "progress" and "total" (uint64, bytes or steps; total 0: not known), "rate"
 * (uint64, a second), "error" (GError, nullable). Signal "finished" (no
 * arguments), emitted once, from a fresh event of the reactor, after the state
 * became DONE, FAILED or CANCELLED.
 *
 * A running task holds a reference to itself until it finished: who drops the
 * last other one does not end it, _cancel() does. An engine that goes before the
 * event ran takes the event along: then "finished" never comes.
 */
struct _BytestagTaskClass
{
  GObjectClass parent_class;

  void (*start) (BytestagTask *self);
  void (*stop)  (BytestagTask *self);

  gpointer padding[4];
};

/* PENDING to RUNNING. Starting twice, or after _cancel(), is a programming error. */
void              bytestag_task_start        (BytestagTask *self);
/* Ends it: state CANCELLED, error BYTESTAG_ERROR_CANCELLED. Does nothing on one
 * that has finished. */
void              bytestag_task_cancel       (BytestagTask *self);
BytestagTaskState bytestag_task_get_state    (BytestagTask *self);
gboolean          bytestag_task_is_finished  (BytestagTask *self);
guint64           bytestag_task_get_progress (BytestagTask *self);
guint64           bytestag_task_get_total    (BytestagTask *self);
/* A second, over the last four seconds as they are now; 0 unless RUNNING. While
 * progress comes, "rate" is notified at most twice a second; while none comes
 * nothing is, so a view that shows a rate asks again. */
guint64           bytestag_task_get_rate     (BytestagTask *self);
/* (transfer none) (nullable) set exactly when FAILED or CANCELLED */
const GError     *bytestag_task_get_error    (BytestagTask *self);
/* (transfer none) (nullable) NULL only when finished, and the reactor is gone */
BytestagReactor  *bytestag_task_get_reactor  (BytestagTask *self);

/* For subclasses. "reactor" is a construct-only property. The first of done,
 * fail, cancel counts; later ones do nothing. */
void              bytestag_task_done         (BytestagTask *self);
void              bytestag_task_fail         (BytestagTask *self,
                                              GError       *error); /* (transfer full) */
/* @code: a BytestagError */
void              bytestag_task_fail_literal (BytestagTask *self,
                                              int           code,
                                              const char   *message);
void              bytestag_task_set_total    (BytestagTask *self,
                                              guint64       total);
/* May go back, as when bytes turn out to be wrong; that is no negative rate. What
 * was set before the start does not count for the rate. */
void              bytestag_task_set_progress (BytestagTask *self,
                                              guint64       progress);

G_END_DECLS
