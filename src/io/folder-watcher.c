/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/folder-watcher.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/limits.h"

struct _BytestagGioFolderWatcher
{
  GObject parent_instance;

  GMainContext *context;
  GHashTable *monitors; /* path → GFileMonitor */
  int probe;            /* an inotify of ours; -1: there is none, or not yet */
};

static void bytestag_gio_folder_watcher_iface_init (BytestagFolderWatcherInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagGioFolderWatcher, bytestag_gio_folder_watcher, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_FOLDER_WATCHER,
                                                      bytestag_gio_folder_watcher_iface_init))

static void
free_monitor (gpointer data)
{
  GFileMonitor *monitor = data;

  g_signal_handlers_disconnect_matched (monitor, G_SIGNAL_MATCH_ID,
                                        g_signal_lookup ("changed", G_TYPE_FILE_MONITOR), 0, NULL, NULL, NULL);
  /* What it has heard already is dropped, however much it is. */
  g_file_monitor_cancel (monitor);
  g_object_unref (monitor);
}

static void
changed_cb (GFileMonitor      *monitor,
            GFile             *file,
            GFile             *other,
            GFileMonitorEvent  event,
            gpointer           user_data)
{
  BytestagGioFolderWatcher *self = user_data;
  g_autoptr (BytestagGioFolderWatcher) alive = g_object_ref (self);
  g_autofree char *path = g_strdup (g_object_get_data (G_OBJECT (monitor), "path"));

  g_hash_table_remove (self->monitors, path);
  bytestag_folder_watcher_tell (BYTESTAG_FOLDER_WATCHER (self), path);
}

/* What is shared with other computers, or made by a program, changes without a word. */
static gboolean
does_tell (const char *path,
           gboolean   *is_gone)
{
  struct statfs status;

  if (statfs (path, &status) != 0)
    {
      *is_gone = errno == ENOENT || errno == ENOTDIR;
      return FALSE;
    }

  switch ((guint32) status.f_type)
    {
    case NFS_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
    case CEPH_SUPER_MAGIC:
    case V9FS_MAGIC:
      return FALSE;
    default:
      return TRUE;
    }
}

/* A person may watch so many folders, by all programs; beyond that GFileMonitor says nothing and
 * tells nothing. */
static gboolean
may_watch_more (BytestagGioFolderWatcher *self,
                const char               *path)
{
  char ignored[sizeof (struct inotify_event) + NAME_MAX + 1];
  int watch;

  /* A user has 128 of them for all programs: not before there is something to watch. And
   * it stays, since closing one takes milliseconds. */
  if (self->probe < 0)
    self->probe = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  watch = self->probe >= 0 ? inotify_add_watch (self->probe, path, IN_DELETE_SELF | IN_ONLYDIR) : -1;

  if (watch < 0)
    return FALSE;

  inotify_rm_watch (self->probe, watch);
  while (read (self->probe, ignored, sizeof ignored) > 0)
    continue;
  return TRUE;
}

static gboolean
bytestag_gio_folder_watcher_watch (BytestagFolderWatcher *watcher,
                                   const char            *path,
                                   gboolean              *is_gone)
{
  BytestagGioFolderWatcher *self = BYTESTAG_GIO_FOLDER_WATCHER (watcher);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GFileMonitor *monitor;

  *is_gone = FALSE;
  if (g_hash_table_contains (self->monitors, path))
    return TRUE;
  if (g_hash_table_size (self->monitors) >= BYTESTAG_LIMIT_WATCHED_FOLDERS || !does_tell (path, is_gone) ||
      !may_watch_more (self, path))
    return FALSE;

  g_main_context_push_thread_default (self->context);
  monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, NULL);
  g_main_context_pop_thread_default (self->context);
  if (monitor == NULL)
    return FALSE;

  g_object_set_data_full (G_OBJECT (monitor), "path", g_strdup (path), g_free);
  g_signal_connect (monitor, "changed", G_CALLBACK (changed_cb), self);
  g_hash_table_insert (self->monitors, g_strdup (path), monitor);
  return TRUE;
}

static void
bytestag_gio_folder_watcher_unwatch (BytestagFolderWatcher *watcher,
                                     const char            *path)
{
  g_hash_table_remove (BYTESTAG_GIO_FOLDER_WATCHER (watcher)->monitors, path);
}

static void
bytestag_gio_folder_watcher_iface_init (BytestagFolderWatcherInterface *iface)
{
  iface->watch = bytestag_gio_folder_watcher_watch;
  iface->unwatch = bytestag_gio_folder_watcher_unwatch;
}

static void
bytestag_gio_folder_watcher_dispose (GObject *object)
{
  BytestagGioFolderWatcher *self = BYTESTAG_GIO_FOLDER_WATCHER (object);

  g_clear_pointer (&self->monitors, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (bytestag_gio_folder_watcher_parent_class)->dispose (object);
}

static void
bytestag_gio_folder_watcher_finalize (GObject *object)
{
  BytestagGioFolderWatcher *self = BYTESTAG_GIO_FOLDER_WATCHER (object);

  if (self->probe >= 0)
    close (self->probe);

  G_OBJECT_CLASS (bytestag_gio_folder_watcher_parent_class)->finalize (object);
}

static void
bytestag_gio_folder_watcher_class_init (BytestagGioFolderWatcherClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_gio_folder_watcher_dispose;
  G_OBJECT_CLASS (klass)->finalize = bytestag_gio_folder_watcher_finalize;
}

static void
bytestag_gio_folder_watcher_init (BytestagGioFolderWatcher *self)
{
  self->monitors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_monitor);
  self->probe = -1;
}

BytestagFolderWatcher *
bytestag_gio_folder_watcher_new (GMainContext *context)
{
  BytestagGioFolderWatcher *self = g_object_new (BYTESTAG_TYPE_GIO_FOLDER_WATCHER, NULL);

  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());

  return BYTESTAG_FOLDER_WATCHER (self);
}
