/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/folder-watcher.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "support/test-folder.h"

typedef struct {
  GMainContext *context;
  BytestagFolderWatcher *watcher;
  char *folder;
  GPtrArray *told; /* (element-type filename) in order */
} Fixture;

static void
changed_cb (BytestagFolderWatcher *watcher,
            const char            *path,
            Fixture               *self)
{
  g_ptr_array_add (self->told, g_strdup (path));
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->context = g_main_context_new ();
  self->folder = bytestag_test_folder_new ();
  self->told = g_ptr_array_new_with_free_func (g_free);
  self->watcher = bytestag_gio_folder_watcher_new (self->context);
  g_signal_connect (self->watcher, "changed", G_CALLBACK (changed_cb), self);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  if (self->watcher != NULL)
    g_assert_finalize_object (self->watcher);
  /* Monitors that were cancelled are let go by their sources. */
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->told);
  bytestag_test_folder_remove (self->folder);
}

static char *
path_of (Fixture    *self,
         const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/* (transfer full) */
static char *
make_folder (Fixture    *self,
             const char *name)
{
  char *path = path_of (self, name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  return path;
}

static void
write_text (Fixture    *self,
            const char *name,
            const char *text)
{
  g_free (bytestag_test_folder_write (self->folder, name, text, strlen (text)));
}

static gboolean
too_late_cb (gpointer user_data)
{
  g_error ("Nothing was told");
  return G_SOURCE_REMOVE;
}

static void
wait_for (Fixture *self,
          guint    n_told)
{
  GSource *guard = g_timeout_source_new_seconds (60);

  g_source_set_callback (guard, too_late_cb, NULL, NULL);
  g_source_attach (guard, self->context);
  while (self->told->len < n_told)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (guard);
  g_source_unref (guard);
}

/* What came before a change of @sentinel, a folder that is watched, has been told. */
static void
assert_told (Fixture    *self,
             const char *sentinel,
             const char *expected)
{
  g_autofree char *name = g_build_filename (sentinel, "x", NULL);
  g_autofree char *file = path_of (self, name);

  write_text (self, name, "");
  wait_for (self, expected != NULL ? 2 : 1);
  g_assert_cmpuint (self->told->len, ==, expected != NULL ? 2 : 1);
  if (expected != NULL)
    g_assert_cmpstr (g_ptr_array_index (self->told, 0), ==, expected);
  g_ptr_array_set_size (self->told, 0);
  g_assert_cmpint (g_remove (file), ==, 0);
}

static void
watch (Fixture    *self,
       const char *path)
{
  g_assert_true (bytestag_folder_watcher_watch (self->watcher, path, NULL));
}

static void
test_changes (Fixture       *self,
              gconstpointer  data)
{
  g_autofree char *folder = make_folder (self, "a");
  g_autofree char *sentinel = make_folder (self, "z");
  g_autofree char *one = path_of (self, "a/one");
  g_autofree char *two = path_of (self, "a/two");
  FILE *stream;

  watch (self, folder);
  watch (self, sentinel);
  assert_told (self, "z", NULL);

  /* Made, ... */
  watch (self, sentinel);
  write_text (self, "a/one", "1");
  assert_told (self, "z", folder);

  /* ... told once alone, ... */
  watch (self, sentinel);
  write_text (self, "a/three", "1");
  assert_told (self, "z", NULL);

  /* ... changed, ... */
  watch (self, folder);
  watch (self, folder);
  watch (self, sentinel);
  stream = g_fopen (one, "a");
  fputs ("2", stream);
  fclose (stream);
  assert_told (self, "z", folder);

  /* ... renamed, ... */
  watch (self, folder);
  watch (self, sentinel);
  g_assert_cmpint (g_rename (one, two), ==, 0);
  assert_told (self, "z", folder);

  /* ... deleted. */
  watch (self, folder);
  watch (self, sentinel);
  g_assert_cmpint (g_remove (two), ==, 0);
  assert_told (self, "z", folder);
}

static void
test_unwatch (Fixture       *self,
              gconstpointer  data)
{
  g_autofree char *folder = make_folder (self, "a");
  g_autofree char *sentinel = make_folder (self, "z");

  watch (self, folder);
  watch (self, sentinel);
  bytestag_folder_watcher_unwatch (self->watcher, folder);
  bytestag_folder_watcher_unwatch (self->watcher, folder);
  write_text (self, "a/one", "1");
  assert_told (self, "z", NULL);
}

static void
test_folder_moved (Fixture       *self,
                   gconstpointer  data)
{
  g_autofree char *folder = make_folder (self, "a");
  g_autofree char *moved = path_of (self, "b");

  watch (self, folder);
  g_assert_cmpint (g_rename (folder, moved), ==, 0);
  wait_for (self, 1);
  g_assert_cmpstr (g_ptr_array_index (self->told, 0), ==, folder);

  watch (self, moved);
  g_assert_cmpint (g_rmdir (moved), ==, 0);
  wait_for (self, 2);
  g_assert_cmpstr (g_ptr_array_index (self->told, 1), ==, moved);

  g_assert_false (bytestag_folder_watcher_watch (self->watcher, moved, NULL));
}

/* One word for ten thousand changes. */
static void
test_burst (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *folder = make_folder (self, "a");
  g_autofree char *sentinel = make_folder (self, "z");

  watch (self, folder);
  watch (self, sentinel);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%u", folder, i);
      FILE *stream = g_fopen (path, "w");

      g_assert_nonnull (stream);
      fclose (stream);
    }
  assert_told (self, "z", folder);
}

static void
test_limit (Fixture       *self,
            gconstpointer  data)
{
  for (guint i = 0; i <= BYTESTAG_LIMIT_WATCHED_FOLDERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = make_folder (self, name);
      gboolean watched = bytestag_folder_watcher_watch (self->watcher, path, NULL);

      if (!watched && i < BYTESTAG_LIMIT_WATCHED_FOLDERS)
        {
          g_test_skip ("not so many folders may be watched here");
          return;
        }
      g_assert_true (watched == (i < BYTESTAG_LIMIT_WATCHED_FOLDERS));
    }

  {
    g_autofree char *first = path_of (self, "0");
    g_autofree char *last = g_strdup_printf ("%s/%u", self->folder, BYTESTAG_LIMIT_WATCHED_FOLDERS);

    bytestag_folder_watcher_unwatch (self->watcher, first);
    watch (self, last);
  }
}

/* A file system that says nothing of changes. */
static void
test_no_folder (Fixture       *self,
                gconstpointer  data)
{
  g_autofree char *file = bytestag_test_folder_write (self->folder, "file", "", 0);
  g_autofree char *missing = path_of (self, "missing");
  gboolean is_gone = FALSE;

  g_assert_false (bytestag_folder_watcher_watch (self->watcher, file, NULL));
  g_assert_false (bytestag_folder_watcher_watch (self->watcher, missing, &is_gone));
  g_assert_true (is_gone);
}

/* What needs a namespace of its own is done in another process, before GLib has threads there. */
static void
run_apart (Fixture *self,
           int    (*run) (Fixture *))
{
  pid_t child;
  int status;

#ifdef __SANITIZE_THREAD__
  /* It loses sight of GLib's locks there, and takes what its thread frees for a race. */
  g_test_skip ("the thread sanitizer does not follow a fork");
  return;
#endif

  child = fork ();
  if (child == 0)
    _exit (run (self));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("no namespace may be made here");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* Not as g_file_set_contents(), which would make another file. */
static gboolean
set_kernel_value (const char *path,
                  const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean set = fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text);

  if (fd >= 0)
    close (fd);
  return set;
}

static gboolean
enter_namespace (void)
{
  g_autofree char *map = g_strdup_printf ("0 %u 1", geteuid ());

  return unshare (CLONE_NEWUSER | CLONE_NEWNS) == 0 && set_kernel_value ("/proc/self/uid_map", map);
}

static int
run_unmounted (Fixture *self)
{
  g_autofree char *drive = path_of (self, "drive");

  if ((geteuid () == 0 ? unshare (CLONE_NEWNS) != 0 : !enter_namespace ()) ||
      mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount ("none", drive, "tmpfs", 0, "size=1m") != 0)
    return 77;

  watch (self, drive);
  g_assert_cmpint (umount (drive), ==, 0);
  wait_for (self, 1);
  g_assert_cmpstr (g_ptr_array_index (self->told, 0), ==, drive);
  return 0;
}

/* The drive goes. */
static void
test_unmounted (Fixture       *self,
                gconstpointer  data)
{
  g_free (make_folder (self, "drive"));
  run_apart (self, run_unmounted);
}

static int
run_few (Fixture *self)
{
  g_autoptr (BytestagFolderWatcher) watcher = NULL;
  g_autofree char *a = path_of (self, "a");
  g_autofree char *b = path_of (self, "b");

  if (!enter_namespace () || !set_kernel_value ("/proc/sys/user/max_inotify_watches", "1"))
    return 77;

  /* What was made outside counts there. */
  watcher = bytestag_gio_folder_watcher_new (self->context);
  g_assert_true (bytestag_folder_watcher_watch (watcher, a, NULL));
  g_assert_false (bytestag_folder_watcher_watch (watcher, b, NULL));
  bytestag_folder_watcher_unwatch (watcher, a);
  g_assert_true (bytestag_folder_watcher_watch (watcher, b, NULL));
  return 0;
}

/* Other programs have taken all watches that a person has. */
static void
test_few (Fixture       *self,
          gconstpointer  data)
{
  g_free (make_folder (self, "a"));
  g_free (make_folder (self, "b"));
  run_apart (self, run_few);
}

/* It goes while something is on its way. */
static void
test_last_unref (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *folder = make_folder (self, "a");

  watch (self, folder);
  write_text (self, "a/one", "1");
  g_assert_finalize_object (g_steal_pointer (&self->watcher));
  g_assert_cmpuint (self->told->len, ==, 0);
}

#define TEST(name, func) g_test_add ("/io/folder-watcher/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("unmounted", test_unmounted);
  TEST ("few", test_few);
  TEST ("changes", test_changes);
  TEST ("unwatch", test_unwatch);
  TEST ("folder-moved", test_folder_moved);
  TEST ("burst", test_burst);
  TEST ("limit", test_limit);
  TEST ("no-folder", test_no_folder);
  TEST ("last-unref", test_last_unref);
  return g_test_run ();
}
