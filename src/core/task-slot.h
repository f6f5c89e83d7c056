/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/task.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TASK_SLOT (bytestag_task_slot_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTaskSlot, bytestag_task_slot, BYTESTAG, TASK_SLOT, GObject)

/* Runs at most "max-running" tasks at one time and queues the others. A
 * GListModel of BytestagTask: running and queued ones, in order of adding; a
 * task leaves it when it has finished. (Seed: FnTaskSlot.) */
BytestagTaskSlot *bytestag_task_slot_new             (guint             max_running);
/* Takes a PENDING task and starts it when there is room. */
void              bytestag_task_slot_add             (BytestagTaskSlot *self,
                                                      BytestagTask     *task);
guint             bytestag_task_slot_get_max_running (BytestagTaskSlot *self);
void              bytestag_task_slot_set_max_running (BytestagTaskSlot *self,
                                                      guint             max_running);
guint             bytestag_task_slot_get_n_running   (BytestagTaskSlot *self);
void              bytestag_task_slot_cancel_all      (BytestagTaskSlot *self);

G_END_DECLS
