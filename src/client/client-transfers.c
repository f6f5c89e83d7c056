/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/client.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#include "core/error.h"

/* Sharing and fetching as GTasks: what the faces call. */

typedef struct {
  BytestagShare *share;
  gulong ready;
  gulong failed;
  gulong state;
  GCancellable *cancellable; /* (nullable) */
  gulong cancelled;
} Sharing;

typedef struct {
  BytestagDownload *download;
  gulong finished;
  gulong joining;
  gulong n_peers;
  GCancellable *cancellable; /* (nullable) */
  gulong cancelled;
} Getting;

static void
sharing_free (gpointer data)
{
  Sharing *sharing = data;

  g_clear_signal_handler (&sharing->cancelled, sharing->cancellable);
  g_clear_object (&sharing->cancellable);
  g_clear_object (&sharing->share);
  g_free (sharing);
}

static void
stop_listening (Sharing *sharing)
{
  g_clear_signal_handler (&sharing->ready, sharing->share);
  g_clear_signal_handler (&sharing->failed, sharing->share);
  g_clear_signal_handler (&sharing->state, sharing->share);
  g_clear_signal_handler (&sharing->cancelled, sharing->cancellable);
}

static void
ready_cb (BytestagShare *share,
          GTask         *task)
{
  g_autoptr (GTask) owned = task;
  BytestagShare *twin = bytestag_share_get_twin (share);

  stop_listening (g_task_get_task_data (task));
  g_task_return_pointer (task, g_object_ref (twin != NULL ? twin : share), g_object_unref);
}

static void
failed_cb (BytestagShare *share,
           GTask         *task)
{
  g_autoptr (GTask) owned = task;

  stop_listening (g_task_get_task_data (task));
  g_task_return_error (task, g_error_copy (bytestag_share_get_error (share)));
}

static void
state_cb (BytestagShare *share,
          GParamSpec    *pspec,
          GTask         *task)
{
  g_autoptr (GTask) owned = NULL;

  /* One with a twin is about to say that it is ready. */
  if (bytestag_share_get_state (share) != BYTESTAG_SHARE_STOPPED || bytestag_share_get_twin (share) != NULL)
    return;

  owned = task;
  stop_listening (g_task_get_task_data (task));
  g_task_return_new_error (task, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, "%s", _("Cancelled"));
}

static void
share_cancelled_cb (GCancellable *cancellable,
                    GTask        *task)
{
  Sharing *sharing = g_task_get_task_data (task);
  BytestagClient *self = g_task_get_source_object (task);

  bytestag_library_stop (bytestag_client_get_library (self), sharing->share);
}

/* What follows @folder in @path, or NULL where it does not lie below, and is not the folder itself. */
static const char *
skip_folder (const char *path,
             const char *folder)
{
  gsize length = g_str_equal (folder, "/") ? 0 : strlen (folder);

  if (strncmp (path, folder, length) != 0 || (path[length] != '\0' && path[length] != '/'))
    return NULL;

  return path + length;
}

/* Whoever has the key of the data folder is this computer, so it never goes out:
 * not alone, and not with a folder around it, unless what hides it is left out anyway. */
static gboolean
check_private (BytestagClient  *self,
               const char      *path,
               GError         **error)
{
  const char *folder = bytestag_instance_get_folder (bytestag_client_get_instance (self));
  char *real_path = realpath (path, NULL);
  char *real_folder = realpath (folder, NULL);
  gboolean private = FALSE;

  if (real_path != NULL && real_folder != NULL)
    {
      const char *below = skip_folder (real_folder, real_path);

      private = skip_folder (real_path, real_folder) != NULL || (below != NULL && strstr (below, "/.") == NULL);
    }
  free (real_path);
  free (real_folder);

  if (private)
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                   _("“%s” is not shared: Bytestag keeps its own data there, with the secret key of this computer"),
                   shown);
    }

  return !private;
}

/* (transfer full) NULL: one of them is not on this computer, or nobody else's. */
static char **
list_paths (BytestagClient  *self,
            GListModel      *files,
            GError         **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      g_autofree char *path = g_file_get_path (file);

      if (path == NULL)
        {
          g_autofree char *name = g_file_get_parse_name (file);

          g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                       _("“%s” is not a file on this computer"), name);
          return NULL;
        }
      if (!check_private (self, path, error))
        return NULL;
      g_strv_builder_add (builder, path);
    }
  if (g_list_model_get_n_items (files) == 0)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("There is nothing to share"));
      return NULL;
    }

  return g_strv_builder_end (builder);
}

void
bytestag_client_share_async (BytestagClient      *self,
                             GListModel          *files,
                             const char          *name,
                             const char          *comment,
                             BytestagShare      **share,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_auto (GStrv) paths = NULL;
  GError *error = NULL;
  Sharing *sharing;

  g_return_if_fail (BYTESTAG_IS_CLIENT (self));
  g_return_if_fail (bytestag_client_get_library (self) != NULL);
  g_return_if_fail (G_IS_LIST_MODEL (files));

  if (share != NULL)
    *share = NULL;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, bytestag_client_share_async);
  paths = list_paths (self, files, &error);
  if (paths == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;

  /* A share comes back also when its task was cancelled: the library says how it ended. */
  g_task_set_check_cancellable (task, FALSE);
  sharing = g_new0 (Sharing, 1);
  sharing->share = g_object_ref (bytestag_library_share (bytestag_client_get_library (self),
                                                         (const char * const *) paths, name, comment));
  if (share != NULL)
    *share = sharing->share;
  sharing->ready = g_signal_connect (sharing->share, "ready", G_CALLBACK (ready_cb), task);
  sharing->failed = g_signal_connect (sharing->share, "failed", G_CALLBACK (failed_cb), task);
  sharing->state = g_signal_connect (sharing->share, "notify::state", G_CALLBACK (state_cb), task);
  if (cancellable != NULL)
    {
      sharing->cancellable = g_object_ref (cancellable);
      sharing->cancelled = g_signal_connect (cancellable, "cancelled", G_CALLBACK (share_cancelled_cb), task);
    }
  g_task_set_task_data (task, sharing, sharing_free);
  g_steal_pointer (&task);
}

BytestagShare *
bytestag_client_share_finish (BytestagClient  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
getting_free (gpointer data)
{
  Getting *getting = data;

  g_clear_signal_handler (&getting->cancelled, getting->cancellable);
  g_clear_object (&getting->cancellable);
  g_clear_object (&getting->download);
  g_free (getting);
}

/* It may look for things as soon as somebody can be asked, or nobody will come. */
static void
let_go_cb (BytestagClient *self,
           GParamSpec     *pspec,
           GTask          *task)
{
  Getting *getting = g_task_get_task_data (task);

  if (bytestag_client_get_n_peers (self) == 0 && bytestag_client_is_joining (self))
    return;

  g_clear_signal_handler (&getting->joining, self);
  g_clear_signal_handler (&getting->n_peers, self);
  bytestag_download_set_held (getting->download, FALSE);
}

static void
finished_cb (BytestagDownload *download,
             GTask            *task)
{
  g_autoptr (GTask) owned = task;
  Getting *getting = g_task_get_task_data (task);
  BytestagClient *self = g_task_get_source_object (task);

  g_clear_signal_handler (&getting->finished, download);
  g_clear_signal_handler (&getting->joining, self);
  g_clear_signal_handler (&getting->n_peers, self);

  if (bytestag_download_get_error (download) != NULL)
    g_task_return_error (task, g_error_copy (bytestag_download_get_error (download)));
  else
    g_task_return_boolean (task, TRUE);
}

static void
get_cancelled_cb (GCancellable     *cancellable,
                  BytestagDownload *download)
{
  bytestag_download_cancel (download);
}

void
bytestag_client_get_async (BytestagClient      *self,
                           BytestagLink        *link,
                           const char          *folder,
                           BytestagDownload   **download,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autofree char *default_folder = NULL;
  GPtrArray *peers;
  Getting *getting;
  GTask *task;

  g_return_if_fail (BYTESTAG_IS_CLIENT (self));
  g_return_if_fail (bytestag_client_get_downloads (self) != NULL);
  g_return_if_fail (BYTESTAG_IS_LINK (link));

  if (folder == NULL)
    folder = default_folder = bytestag_client_dup_download_folder (self);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, bytestag_client_get_async);
  g_task_set_check_cancellable (task, FALSE);
  getting = g_new0 (Getting, 1);
  g_task_set_task_data (task, getting, getting_free);
  getting->download = g_object_ref (bytestag_downloads_add (bytestag_client_get_downloads (self), link, folder));
  getting->finished = g_signal_connect (getting->download, "finished", G_CALLBACK (finished_cb), task);
  if (download != NULL)
    *download = getting->download;

  bytestag_download_set_held (getting->download, TRUE);
  getting->joining = g_signal_connect (self, "notify::joining", G_CALLBACK (let_go_cb), task);
  getting->n_peers = g_signal_connect (self, "notify::n-peers", G_CALLBACK (let_go_cb), task);
  peers = bytestag_link_get_peers (link);
  for (guint i = 0; i < peers->len; i++)
    bytestag_client_join_async (self, g_ptr_array_index (peers, i), NULL, NULL, NULL);
  if (getting->joining != 0)
    let_go_cb (self, NULL, task);

  if (cancellable != NULL)
    {
      getting->cancellable = g_object_ref (cancellable);
      getting->cancelled = g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (get_cancelled_cb),
                                                    getting->download, 0);
      if (g_cancellable_is_cancelled (cancellable))
        bytestag_download_cancel (getting->download);
    }
}

gboolean
bytestag_client_get_finish (BytestagClient  *self,
                            GAsyncResult    *result,
                            GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
