/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/churn-meter.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_STATE (bytestag_state_get_type ())
G_DECLARE_FINAL_TYPE (BytestagState, bytestag_state, BYTESTAG, STATE, GObject)

/* What a start remembers of the one before, in FOLDER/state.ini: nothing that a person
 * chose, and nothing that cannot be lost. A file that is missing, damaged or longer than
 * BYTESTAG_LIMIT_STATE_BYTES says nothing. */
BytestagState *bytestag_state_new         (const char         *folder);
/* The port that was used last; 0: not known. */
guint16        bytestag_state_get_port    (BytestagState      *self);
/* Saved at once. */
void           bytestag_state_set_port    (BytestagState      *self,
                                           guint16             port);
/* Lets @churn_meter go on from what was counted before, and saves what it counts by
 * @worker: each hour, so that a crash loses little. */
void           bytestag_state_keep_churn  (BytestagState      *self,
                                           BytestagChurnMeter *churn_meter,
                                           BytestagReactor    *reactor,
                                           BytestagWorker     *worker);
/* Saves, and forgets the churn meter. @worker must have ended what it had. */
void           bytestag_state_close       (BytestagState      *self);

G_END_DECLS
