/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"

/* One sharing that is told of. */
typedef struct {
  GTask *task;
  BytestagShare *share; /* (nullable) the one that is hashed, then the one that is online */
  gboolean budgeted; /* what it costs was told */
} Telling;

static void
telling_free (gpointer data)
{
  Telling *telling = data;

  g_clear_object (&telling->share);
  g_clear_object (&telling->task);
  g_free (telling);
}

/* (transfer full) (element-type GFile) of a list of text in either form (control.h). */
static GListModel *
lookup_files (GVariantDict *arguments)
{
  GListStore *files = g_list_store_new (G_TYPE_FILE);
  g_autoptr (GVariant) paths = g_variant_dict_lookup_value (arguments, "paths", NULL);

  for (gsize i = 0; paths != NULL && g_variant_is_container (paths) && i < g_variant_n_children (paths); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (paths, i);
      g_autoptr (GVariant) path = g_variant_is_of_type (child, G_VARIANT_TYPE_VARIANT)
                                    ? g_variant_get_variant (child) : g_variant_ref (child);

      if (g_variant_is_of_type (path, G_VARIANT_TYPE_STRING))
        {
          g_autoptr (GFile) file = g_file_new_for_path (g_variant_get_string (path, NULL));

          g_list_store_append (files, file);
        }
    }

  return G_LIST_MODEL (files);
}

/* What it costs, once it is known how much there is. */
static void
tell_budget (Telling *telling)
{
  BytestagClient *client = g_task_get_source_object (telling->task);
  BytestagBudget budget;

  if (telling->budgeted || bytestag_share_get_n_files (telling->share) == 0)
    return;

  telling->budgeted = TRUE;
  bytestag_costs_estimate (bytestag_client_get_costs (client), bytestag_share_get_n_files (telling->share),
                           bytestag_share_get_size (telling->share), &budget);
  bytestag_verb_say_budget (telling->task, &budget);
}

static void
tell_hashing (BytestagShare *share,
              GParamSpec    *pspec,
              Telling       *telling)
{
  if (bytestag_share_get_state (share) != BYTESTAG_SHARE_HASHING)
    return;

  bytestag_verb_say (telling->task, "hashing",
                     "name", "s", bytestag_share_get_name (share) != NULL ? bytestag_share_get_name (share) : "",
                     "bytes", "x", (gint64) bytestag_share_get_bytes_hashed (share),
                     "seconds-left", "x", bytestag_share_get_seconds_left (share),
                     "size", "x", (gint64) bytestag_share_get_size (share),
                     "files", "x", (gint64) bytestag_share_get_n_files (share),
                     NULL);
  tell_budget (telling);
}

static void
tell_sent (Telling    *telling,
           const char *event)
{
  BytestagPublication *publication = bytestag_share_get_publication (telling->share);
  gint64 percent_there = publication != NULL ? bytestag_publication_get_percent_there (publication) : -1;

  bytestag_verb_say (telling->task, event,
                     "sent", "x", (gint64) bytestag_share_get_n_pieces_sent (telling->share),
                     "pieces", "x", (gint64) bytestag_share_get_n_pieces (telling->share),
                     "percent-there", "x", percent_there,
                     NULL);
}

/* Whether nobody is there to send to, and nobody is on the way. */
static gboolean
is_alone (BytestagClient *client)
{
  return bytestag_client_get_n_peers (client) == 0 && !bytestag_client_is_joining (client);
}

static void
stop_listening (Telling *telling)
{
  GCancellable *cancellable = g_task_get_cancellable (telling->task);

  g_signal_handlers_disconnect_by_data (telling->share, telling);
  g_signal_handlers_disconnect_by_data (g_task_get_source_object (telling->task), telling);
  /* Not by g_cancellable_disconnect(): it may be what is cancelled. */
  if (cancellable != NULL)
    g_signal_handlers_disconnect_by_data (cancellable, telling);
}

/* Over when everything was sent once, or nobody is there, who gets it later, or nobody listens. */
static void
look (Telling *telling)
{
  /* What is said to somebody who has gone cancels the task, which ends the telling. */
  g_autoptr (GTask) task = g_object_ref (telling->task);
  BytestagShareState state = bytestag_share_get_state (telling->share);
  gboolean is_cancelled = g_cancellable_is_cancelled (g_task_get_cancellable (task));

  if (state == BYTESTAG_SHARE_STOPPED)
    {
      stop_listening (telling);
      g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, "%s", _("The sharing was stopped"));
      telling_free (telling);
    }
  else if (is_cancelled || state == BYTESTAG_SHARE_ONLINE ||
           (state == BYTESTAG_SHARE_PUBLISHING && is_alone (g_task_get_source_object (task))))
    {
      stop_listening (telling);
      if (!is_cancelled)
        tell_sent (telling, "published");
      g_task_return_boolean (task, TRUE);
      telling_free (telling);
    }
  else if (state == BYTESTAG_SHARE_PUBLISHING && !bytestag_verb_say_paused (telling->task))
    {
      tell_sent (telling, "publishing");
    }
}

static void
cancelled_cb (GCancellable *cancellable,
              Telling      *telling)
{
  look (telling);
}

static void
look_cb (GObject    *object,
         GParamSpec *pspec,
         Telling    *telling)
{
  look (telling);
}

static void
shared_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Telling *telling = user_data;
  GError *error = NULL;
  g_autoptr (BytestagShare) share = bytestag_client_share_finish (BYTESTAG_CLIENT (source), result, &error);
  g_autofree char *link = NULL;
  g_auto (GStrv) skipped = NULL;

  if (telling->share != NULL)
    {
      g_signal_handlers_disconnect_by_data (telling->share, telling);
      g_object_get (telling->share, "skipped", &skipped, NULL);
      for (guint i = 0; skipped != NULL && skipped[i] != NULL; i++)
        bytestag_verb_say (telling->task, "skipped", "path", "s", skipped[i], NULL);
    }
  if (share == NULL)
    {
      g_task_return_error (telling->task, error);
      telling_free (telling);
      return;
    }

  g_set_object (&telling->share, share);
  tell_budget (telling);
  link = bytestag_link_to_uri (bytestag_share_get_link (share));
  bytestag_verb_say (telling->task, "link",
                     "link", "s", link,
                     "name", "s", bytestag_share_get_name (share),
                     "files", "x", (gint64) bytestag_share_get_n_files (share),
                     "size", "x", (gint64) bytestag_share_get_size (share),
                     NULL);
  g_signal_connect (share, "notify::state", G_CALLBACK (look_cb), telling);
  g_signal_connect (share, "notify::n-pieces-sent", G_CALLBACK (look_cb), telling);
  g_signal_connect (source, "notify::joining", G_CALLBACK (look_cb), telling);
  /* Among what a person should know is that copies wait. */
  g_signal_connect (source, "notify::notice", G_CALLBACK (look_cb), telling);
  if (g_task_get_cancellable (telling->task) != NULL)
    g_signal_connect (g_task_get_cancellable (telling->task), "cancelled", G_CALLBACK (cancelled_cb), telling);
  look (telling);
}

void
bytestag_verb_share (GTask        *task,
                     GVariantDict *arguments)
{
  BytestagClient *client = g_task_get_source_object (task);
  g_autoptr (GListModel) files = lookup_files (arguments);
  BytestagShare *share = NULL;
  const char *name = NULL;
  const char *comment = NULL;
  Telling *telling = g_new0 (Telling, 1);

  g_variant_dict_lookup (arguments, "name", "&s", &name);
  g_variant_dict_lookup (arguments, "comment", "&s", &comment);

  telling->task = task;
  /* What was begun is told by the library, however the telling ends. */
  g_task_set_check_cancellable (task, FALSE);
  bytestag_client_share_async (client, files, name, comment, &share, g_task_get_cancellable (task),
                               shared_cb, telling);
  if (share != NULL)
    {
      telling->share = g_object_ref (share);
      g_signal_connect (telling->share, "notify::bytes-hashed", G_CALLBACK (tell_hashing), telling);
    }
}
