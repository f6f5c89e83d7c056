/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/verbs-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"

typedef struct {
  GTask *task;
  BytestagDownload *download;
} Telling;

static void
tell (BytestagDownload *download,
      GParamSpec       *pspec,
      Telling          *telling)
{
  if (bytestag_download_get_state (download) == BYTESTAG_DOWNLOAD_OPENING)
    bytestag_verb_say (telling->task, "opening",
                       "status", "s", bytestag_download_get_status (download),
                       NULL);
  else if (bytestag_download_get_state (download) == BYTESTAG_DOWNLOAD_RUNNING)
    bytestag_verb_say (telling->task, "fetching",
                       "name", "s", bytestag_download_get_name (download),
                       "bytes", "x", (gint64) bytestag_download_get_bytes_done (download),
                       "size", "x", (gint64) bytestag_download_get_size (download),
                       "files", "x", (gint64) bytestag_download_get_n_files (download),
                       "files-done", "x", (gint64) bytestag_download_get_n_files_done (download),
                       "rate", "x", (gint64) bytestag_download_get_rate (download),
                       "status", "s", bytestag_download_get_status (download),
                       NULL);
}

static void
got_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  Telling *telling = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&telling->task);
  g_autoptr (BytestagDownload) download = g_steal_pointer (&telling->download);
  g_autofree char *path = NULL;
  GError *error = NULL;
  gboolean got = bytestag_client_get_finish (BYTESTAG_CLIENT (source), result, &error);

  g_signal_handlers_disconnect_by_data (download, telling);
  g_free (telling);
  if (!got)
    {
      g_task_return_error (task, error);
      return;
    }

  path = g_filename_to_utf8 (bytestag_download_get_folder (download), -1, NULL, NULL, NULL);
  bytestag_verb_say (task, "saved",
                     "path", "s", path != NULL ? path : "",
                     "name", "s", bytestag_download_get_name (download),
                     "files", "x", (gint64) bytestag_download_get_n_files (download),
                     "size", "x", (gint64) bytestag_download_get_size (download),
                     NULL);
  g_task_return_boolean (task, TRUE);
}

void
bytestag_verb_get (GTask        *task,
                   GVariantDict *arguments)
{
  g_autoptr (GTask) owned = task;
  BytestagClient *client = g_task_get_source_object (task);
  g_autoptr (BytestagLink) link = NULL;
  const char *text = "";
  const char *folder = NULL;
  GError *error = NULL;
  BytestagDownload *download;
  Telling *telling;

  g_variant_dict_lookup (arguments, "link", "&s", &text);
  g_variant_dict_lookup (arguments, "folder", "&s", &folder);
  link = bytestag_link_parse (text, &error);
  if (link == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  telling = g_new0 (Telling, 1);
  telling->task = g_steal_pointer (&owned);
  g_task_set_check_cancellable (task, FALSE);
  bytestag_client_get_async (client, link, folder, &download, g_task_get_cancellable (task), got_cb, telling);
  telling->download = g_object_ref (download);
  g_signal_connect (download, "notify::status", G_CALLBACK (tell), telling);
  g_signal_connect (download, "notify::bytes-done", G_CALLBACK (tell), telling);
  tell (download, NULL, telling);
}
