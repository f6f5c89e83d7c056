/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"

static const char *
get_state_nick (BytestagShare *share)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (BYTESTAG_TYPE_SHARE_STATE);

  return g_enum_get_value (klass, (int) bytestag_share_get_state (share))->value_nick;
}

static const char *
get_paused (GTask *task)
{
  BytestagLibrary *library = bytestag_client_get_library (g_task_get_source_object (task));

  return bytestag_publisher_get_paused (bytestag_library_get_publisher (library));
}

gboolean
bytestag_verb_say_paused (GTask *task)
{
  const char *reason = get_paused (task);

  if (reason != NULL)
    bytestag_verb_say (task, "paused", "reason", "s", reason, NULL);
  return reason != NULL;
}

static void
say_share (GTask         *task,
           BytestagShare *share)
{
  BytestagLink *link = bytestag_share_get_link (share);
  g_autofree char *uri = link != NULL ? bytestag_link_to_uri (link) : g_strdup ("");
  const GError *error = bytestag_share_get_error (share);
  const char *paused = get_paused (task);

  bytestag_verb_say (task, "share",
                     "link", "s", uri,
                     "name", "s", bytestag_share_get_name (share) != NULL ? bytestag_share_get_name (share) : "",
                     "state", "s", get_state_nick (share),
                     "files", "x", (gint64) bytestag_share_get_n_files (share),
                     "size", "x", (gint64) bytestag_share_get_size (share),
                     "pieces", "x", (gint64) bytestag_share_get_n_pieces (share),
                     "sent", "x", (gint64) bytestag_share_get_n_pieces_sent (share),
                     "copies", "x", (gint64) bytestag_share_get_copies (share),
                     "away", "b", bytestag_share_is_away (share),
                     "changed", "x", (gint64) bytestag_share_get_n_changed (share),
                     "deleted", "x", (gint64) bytestag_share_get_n_deleted (share),
                     "new", "x", (gint64) bytestag_share_get_n_new (share),
                     "last-checked", "x", bytestag_share_get_last_checked (share),
                     "paused", "s", paused != NULL && bytestag_share_get_publication (share) != NULL ? paused : "",
                     "problem", "s", error != NULL ? error->message : "",
                     NULL);
}

void
bytestag_verb_library (GTask        *task,
                       GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  GListModel *library = G_LIST_MODEL (bytestag_client_get_library (g_task_get_source_object (task)));

  for (guint i = 0; i < g_list_model_get_n_items (library); i++)
    {
      g_autoptr (BytestagShare) share = g_list_model_get_item (library, i);

      say_share (task, share);
    }

  g_task_return_boolean (task, TRUE);
}

BytestagShare *
bytestag_verb_lookup_share (GTask         *task,
                            GVariantDict  *arguments,
                            GError       **error)
{
  GListModel *library = G_LIST_MODEL (bytestag_client_get_library (g_task_get_source_object (task)));
  const char *text = "";
  BytestagKey key;

  g_variant_dict_lookup (arguments, "link", "&s", &text);
  if (!bytestag_verb_read_key (text, &key, error))
    return NULL;

  for (guint i = 0; i < g_list_model_get_n_items (library); i++)
    {
      g_autoptr (BytestagShare) share = g_list_model_get_item (library, i);
      BytestagLink *own = bytestag_share_get_link (share);

      if (own != NULL && bytestag_key_equal (bytestag_link_get_key (own), &key))
        return g_steal_pointer (&share);
    }

  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND, _("No such collection is shared here"));
  return NULL;
}

void
bytestag_verb_stop_sharing (GTask        *task,
                            GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (BytestagShare) share = bytestag_verb_lookup_share (task, arguments, &error);

  if (share == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  bytestag_library_stop (bytestag_client_get_library (client), share);
  bytestag_verb_say (task, "stopped", "name", "s", bytestag_share_get_name (share), NULL);
  g_task_return_boolean (task, TRUE);
}
