/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

static void
deleted_cb (const GError *error,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  BytestagDatabaseTable *kept = bytestag_client_get_kept (g_task_get_source_object (task));

  /* On a slow disk. */
  if (error == NULL && kept != NULL && bytestag_database_table_is_clearing (kept))
    bytestag_verb_say (task, "clearing", NULL);

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

void
bytestag_verb_delete_kept (GTask        *task,
                           GVariantDict *arguments)
{
  BytestagDatabaseTable *kept = bytestag_client_get_kept (g_task_get_source_object (task));

  bytestag_verb_say (task, "deleting",
                     "values", "x", (gint64) bytestag_database_table_get_n_values (kept),
                     "bytes", "x", (gint64) bytestag_database_table_get_n_bytes (kept),
                     NULL);
  bytestag_database_table_delete_all (kept, deleted_cb, task);
}
