/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/watched-folders.h"

#include "core/limits.h"

typedef struct {
  char *path;
  GPtrArray *owners; /* as often as sets of theirs have it */
  gboolean watched;  /* it did not tell of a change since */
} Folder;

struct _BytestagWatchedFolders
{
  BytestagReactor *reactor;
  BytestagFolderWatcher *watcher;
  gulong handler;
  BytestagFolderChangedFunc changed;
  gpointer user_data;
  GHashTable *folders; /* path → Folder */
  GQueue unwanted;     /* (element-type filename) maybe wanted again */
  BytestagTimer timer;
};

static void
folder_free (gpointer data)
{
  Folder *folder = data;

  g_free (folder->path);
  g_ptr_array_unref (folder->owners);
  g_free (folder);
}

static void
changed_cb (BytestagFolderWatcher  *watcher,
            const char             *path,
            BytestagWatchedFolders *self)
{
  Folder *folder = g_hash_table_lookup (self->folders, path);

  if (folder == NULL)
    return;

  folder->watched = FALSE;
  for (guint i = 0; i < folder->owners->len; i++)
    self->changed (g_ptr_array_index (folder->owners, i), self->user_data);
}

BytestagWatchedFolders *
bytestag_watched_folders_new (BytestagReactor           *reactor,
                              BytestagFolderWatcher     *watcher,
                              BytestagFolderChangedFunc  changed,
                              gpointer                   user_data)
{
  BytestagWatchedFolders *self = g_new0 (BytestagWatchedFolders, 1);

  self->reactor = g_object_ref (reactor);
  if (watcher != NULL)
    {
      self->watcher = g_object_ref (watcher);
      self->handler = g_signal_connect (watcher, "changed", G_CALLBACK (changed_cb), self);
    }
  self->changed = changed;
  self->user_data = user_data;
  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, folder_free);
  g_queue_init (&self->unwanted);

  return self;
}

static void
unwatch_path (BytestagWatchedFolders *self,
              const char             *path)
{
  Folder *folder = g_hash_table_lookup (self->folders, path);

  if (folder == NULL || folder->owners->len > 0)
    return;

  if (folder->watched)
    bytestag_folder_watcher_unwatch (self->watcher, path);
  g_hash_table_remove (self->folders, path);
}

void
bytestag_watched_folders_free (BytestagWatchedFolders *self)
{
  char *path;

  if (self == NULL)
    return;

  while ((path = g_queue_pop_head (&self->unwanted)) != NULL)
    {
      unwatch_path (self, path);
      g_free (path);
    }
  bytestag_reactor_disarm (self->reactor, &self->timer);
  if (self->watcher != NULL)
    g_signal_handler_disconnect (self->watcher, self->handler);
  g_hash_table_unref (self->folders);
  g_clear_object (&self->watcher);
  g_object_unref (self->reactor);
  g_free (self);
}

void
bytestag_folder_set_init (BytestagFolderSet *set)
{
  set->folders = g_ptr_array_new ();
  set->all = TRUE;
}

gboolean
bytestag_watched_folders_add (BytestagWatchedFolders *self,
                              BytestagFolderSet      *set,
                              const char             *path,
                              gpointer                owner)
{
  Folder *folder = g_hash_table_lookup (self->folders, path);
  gboolean is_gone = FALSE;
  gboolean anew;

  if (!set->all)
    return FALSE;

  anew = folder == NULL || !folder->watched;
  if (anew && (self->watcher == NULL || !bytestag_folder_watcher_watch (self->watcher, path, &is_gone)))
    {
      set->all = FALSE;
      return is_gone;
    }

  if (folder == NULL)
    {
      folder = g_new0 (Folder, 1);
      folder->path = g_strdup (path);
      folder->owners = g_ptr_array_new ();
      g_hash_table_insert (self->folders, folder->path, folder);
    }
  folder->watched = TRUE;
  g_ptr_array_add (folder->owners, owner);
  g_ptr_array_add (set->folders, folder);

  return anew;
}

guint
bytestag_watched_folders_renew (BytestagWatchedFolders *self,
                                BytestagFolderSet      *set,
                                guint                   from)
{
  guint n_renewed = 0;

  for (; from < set->folders->len && n_renewed < BYTESTAG_LIMIT_WATCH_SLICE; from++)
    {
      Folder *folder = g_ptr_array_index (set->folders, from);

      if (folder->watched)
        continue;

      folder->watched = bytestag_folder_watcher_watch (self->watcher, folder->path, NULL);
      n_renewed++;
    }

  return from;
}

/* A slice at a time: letting a folder go asks the kernel. */
static void
unwatch_cb (gpointer user_data)
{
  BytestagWatchedFolders *self = user_data;

  for (guint i = 0; i < BYTESTAG_LIMIT_WATCH_SLICE && self->unwanted.length > 0; i++)
    {
      g_autofree char *path = g_queue_pop_head (&self->unwanted);

      unwatch_path (self, path);
    }

  if (self->unwanted.length > 0)
    bytestag_reactor_arm (self->reactor, &self->timer, G_USEC_PER_SEC / 100, unwatch_cb, self);
}

void
bytestag_watched_folders_clear (BytestagWatchedFolders *self,
                                BytestagFolderSet      *set,
                                gpointer                owner)
{
  for (guint i = 0; i < set->folders->len; i++)
    {
      Folder *folder = g_ptr_array_index (set->folders, i);

      g_ptr_array_remove_fast (folder->owners, owner);
      if (folder->owners->len == 0)
        g_queue_push_tail (&self->unwanted, g_strdup (folder->path));
    }
  g_clear_pointer (&set->folders, g_ptr_array_unref);

  if (self->unwanted.length > 0 && !bytestag_timer_is_armed (&self->timer))
    bytestag_reactor_arm (self->reactor, &self->timer, 0, unwatch_cb, self);
}
