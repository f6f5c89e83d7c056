/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/task.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TASK_SLOT (bytestag_task_slot_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTaskSlot, bytestag_task_slot, BYTESTAG, TASK_SLOT, GObject)

/* Runs at most "max-running" (uint, notified) tasks at one time and queues the
 * others. A GListModel of BytestagTask: running and queued ones, in order of
 * adding; a task leaves it at its "finished", and only then is its place free.
 * Property "n-running" (uint, read-only, notified). When the slot goes, running
 * tasks run on and queued ones are let go of. (Seed: FnTaskSlot.) */
/* @max_running: 0: nothing starts until it is raised */
BytestagTaskSlot *bytestag_task_slot_new             (guint             max_running);
/* Takes a reference to a PENDING task, and starts it when there is room; that may
 * be inside the call. */
void              bytestag_task_slot_add             (BytestagTaskSlot *self,
                                                      BytestagTask     *task);
guint             bytestag_task_slot_get_max_running (BytestagTaskSlot *self);
/* More start at once; when it is lowered, those that run may end. */
void              bytestag_task_slot_set_max_running (BytestagTaskSlot *self,
                                                      guint             max_running);
guint             bytestag_task_slot_get_n_running   (BytestagTaskSlot *self);
/* Cancels queued and running ones; they leave at their "finished". */
void              bytestag_task_slot_cancel_all      (BytestagTaskSlot *self);

G_END_DECLS
