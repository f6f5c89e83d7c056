/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop.h"

/* Longer than anything takes on a machine that is busy. */
#define DEADLINE_SECONDS 60

static gboolean
deadline_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_CONTINUE;
}

void
loop_until (LoopCondition condition,
            gpointer      data)
{
  gboolean late = FALSE;
  guint deadline = g_timeout_add_seconds (DEADLINE_SECONDS, deadline_cb, &late);

  while (!condition (data))
    {
      g_assert_false (late);
      g_main_context_iteration (NULL, TRUE);
    }

  g_source_remove (deadline);
}

void
loop_result_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
has_result (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

GAsyncResult *
loop_take_result (GAsyncResult **result)
{
  loop_until (has_result, result);
  return g_steal_pointer (result);
}
