/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

/* Waiting on the default main context: nothing sleeps, everything has an end. */

G_BEGIN_DECLS

typedef gboolean (*LoopCondition) (gpointer data);

/* Runs until @condition holds, or the test fails after a while. */
void          loop_until        (LoopCondition  condition,
                                 gpointer       data);
/* A GAsyncReadyCallback for loop_take_result(): @user_data is a GAsyncResult **. */
void          loop_result_cb    (GObject       *source,
                                 GAsyncResult  *result,
                                 gpointer       user_data);
/* (transfer full) the result, when it came. */
GAsyncResult *loop_take_result  (GAsyncResult **result);

G_END_DECLS
