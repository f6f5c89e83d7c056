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
 * @start: begins the work; never completes the task inside the call's caller's
 *   view, since completion is posted to the reactor
 * @stop: the task was cancelled: let go of requests and timers
 *
 * A piece of work that a caller or a view holds. Properties, notified: "state",
 * "progress" and "total" (uint64, bytes or steps; total 0: not known), "rate"
 * (uint64, a second), "error" (GError, nullable). Signal "finished" (no
 * arguments), emitted once, from a fresh event of the reactor, after the state
 * became DONE, FAILED or CANCELLED.
 *
 * A running task holds a reference to itself until it finished.
 */
struct _BytestagTaskClass
{
  GObjectClass parent_class;

  void (*start) (BytestagTask *self);
  void (*stop)  (BytestagTask *self);

  gpointer padding[4];
};

/* PENDING to RUNNING. Starting twice is a programming error. */
void              bytestag_task_start        (BytestagTask *self);
/* Ends it: state CANCELLED, error BYTESTAG_ERROR_CANCELLED. Does nothing on one
 * that has finished. */
void              bytestag_task_cancel       (BytestagTask *self);
BytestagTaskState bytestag_task_get_state    (BytestagTask *self);
gboolean          bytestag_task_is_finished  (BytestagTask *self);
guint64           bytestag_task_get_progress (BytestagTask *self);
guint64           bytestag_task_get_total    (BytestagTask *self);
guint64           bytestag_task_get_rate     (BytestagTask *self);
/* (transfer none) (nullable) */
const GError     *bytestag_task_get_error    (BytestagTask *self);
BytestagReactor  *bytestag_task_get_reactor  (BytestagTask *self);

/* For subclasses. "reactor" is a construct-only property. The first of done,
 * fail, cancel counts; later ones do nothing. */
void              bytestag_task_done         (BytestagTask *self);
void              bytestag_task_fail         (BytestagTask *self,
                                              GError       *error); /* (transfer full) */
void              bytestag_task_fail_literal (BytestagTask *self,
                                              int           code,
                                              const char   *message);
void              bytestag_task_set_total    (BytestagTask *self,
                                              guint64       total);
void              bytestag_task_set_progress (BytestagTask *self,
                                              guint64       progress);

G_END_DECLS
