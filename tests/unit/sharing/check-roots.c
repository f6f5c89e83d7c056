/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check-fixture.h"

static void
test_root_moved (CheckFixture       *self,
                 gconstpointer  data)
{
  const BytestagCheckedRoot *told;
  guint folder;
  guint file;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/sub/b", "two");
  check_fixture_write_text (self, "place/other", "four");
  check_fixture_write_text (self, "file", "three");
  folder = check_fixture_share_root (self, "all");
  file = check_fixture_share_root (self, "file");
  a = check_fixture_share_file (self, folder, "a");
  b = check_fixture_share_file (self, folder, "sub/b");
  c = check_fixture_share_file (self, file, "");
  check_fixture_settle (self);

  check_fixture_move (self, "all", "renamed");
  check_fixture_move (self, "file", "renamed file");
  check_fixture_move (self, "renamed/sub/b", "renamed/sub/B");
  check_fixture_run (self);
  told = bytestag_library_check_get_root (self->check, folder);
  g_assert_cmpint (told->outcome, ==, BYTESTAG_ROOT_MOVED);
  g_assert_true (g_str_has_suffix (told->path, "/renamed"));
  g_assert_cmpstr (told->identity, ==, g_ptr_array_index (self->identities, folder));
  told = bytestag_library_check_get_root (self->check, file);
  g_assert_cmpint (told->outcome, ==, BYTESTAG_ROOT_MOVED);
  g_assert_true (g_str_has_suffix (told->path, "/renamed file"));
  assert_outcome (self, a, UNCHANGED);
  assert_outcome (self, c, UNCHANGED);
  check_fixture_assert_moved (self, b, folder, "sub/B");
  assert_n_read (self, 0);

  /* Another folder, in which nothing else is shared: only who names it finds it there. */
  check_fixture_move (self, "renamed", "place/all");
  check_fixture_run (self);
  assert_root (self, folder, GONE);
  assert_outcome (self, a, DELETED);
  check_fixture_fill (self);
  {
    g_autofree char *place = check_fixture_path_of (self, "place");

    bytestag_library_check_add_place (self->check, place);
  }
  g_assert_true (bytestag_library_check_run (self->check, NULL));
  assert_root (self, folder, MOVED);
  assert_outcome (self, a, UNCHANGED);
}

/* Another folder got its name meanwhile. */
static void
test_root_replaced (CheckFixture       *self,
                    gconstpointer  data)
{
  guint root;
  guint file_root;
  guint a;
  guint b;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "file", "three");
  root = check_fixture_share_root (self, "all");
  file_root = check_fixture_share_root (self, "file");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, file_root, "");
  check_fixture_settle (self);

  check_fixture_move (self, "all", "old");
  check_fixture_write_text (self, "all/b", "other");
  check_fixture_move (self, "file", "file~");
  check_fixture_write_text (self, "file", "THREE");
  check_fixture_run (self);
  assert_root (self, root, MOVED);
  assert_outcome (self, a, UNCHANGED);
  assert_root (self, file_root, HERE);
  assert_outcome (self, b, CHANGED);

  /* Nothing is left of it, and something else is there, of which one can be shared. */
  check_fixture_write_text (self, "all/b\nc", "other");
  check_fixture_delete (self, "old/a");
  check_fixture_delete (self, "old");
  check_fixture_run (self);
  assert_root (self, root, HERE);
  assert_outcome (self, a, DELETED);
  assert_n_new (self, root, 1);

  /* Nothing at all: it may be where a drive is mounted. */
  check_fixture_delete (self, "all/b");
  check_fixture_delete (self, "all/b\nc");
  check_fixture_run (self);
  assert_root (self, root, AWAY);
  assert_outcome (self, a, UNCHANGED);
  g_assert_cmpstr (bytestag_library_check_get_root (self->check, root)->identity, ==,
                   g_ptr_array_index (self->identities, root));
}

static void
test_root_gone (CheckFixture       *self,
                gconstpointer  data)
{
  const char * const *folders;
  guint root;
  guint a;
  guint n;

  check_fixture_write_text (self, "above/all/a", "one");
  root = check_fixture_share_root (self, "above/all");
  a = check_fixture_share_file (self, root, "a");
  check_fixture_settle (self);

  check_fixture_delete (self, "above/all/a");
  check_fixture_delete (self, "above/all");
  check_fixture_delete (self, "above");
  check_fixture_run (self);
  assert_root (self, root, GONE);
  assert_outcome (self, a, DELETED);
  folders = bytestag_library_check_get_folders (self->check, root, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpstr (folders[0], ==, self->folder);

  /* A drive that was mounted above it and is not now; so, too, when it is not known. */
  g_free (g_ptr_array_index (self->identities, root));
  g_ptr_array_index (self->identities, root) = g_strdup_printf ("folder 1 2 3 %s/above", self->folder);
  check_fixture_run (self);
  assert_root (self, root, AWAY);
  assert_outcome (self, a, UNCHANGED);
  g_clear_pointer (&g_ptr_array_index (self->identities, root), g_free);
  check_fixture_run (self);
  assert_root (self, root, AWAY);
}

/* From one share to another. */
static void
test_across_roots (CheckFixture       *self,
                   gconstpointer  data)
{
  guint outer;
  guint inner;
  guint guests;
  guint files[4];

  self->apart = TRUE;
  check_fixture_write_text (self, "outer/inner/a", "one");
  check_fixture_write_text (self, "outer/inner/b", "two");
  outer = check_fixture_share_root (self, "outer");
  inner = check_fixture_share_root (self, "outer/inner");
  files[0] = check_fixture_share_file (self, outer, "inner/a");
  files[1] = check_fixture_share_file (self, outer, "inner/b");
  files[2] = check_fixture_share_file (self, inner, "a");
  files[3] = check_fixture_share_file (self, inner, "b");
  check_fixture_settle (self);

  /* SharedFile twice, it is one file, for both. */
  check_fixture_move (self, "outer/inner/a", "outer/a");
  check_fixture_run (self);
  check_fixture_assert_moved (self, files[0], outer, "a");
  check_fixture_assert_moved (self, files[2], outer, "a");
  assert_n_new (self, outer, 0);
  assert_outcome (self, files[1], UNCHANGED);
  assert_outcome (self, files[3], UNCHANGED);
  assert_n_read (self, 0);

  /* Gone over from one to the other, it is a new one there. */
  check_fixture_write_text (self, "elsewhere/other", "three");
  guests = check_fixture_share_root (self, "elsewhere");
  check_fixture_move (self, "outer/inner/b", "elsewhere/b");
  check_fixture_run (self);
  check_fixture_assert_moved (self, files[1], guests, "b");
  check_fixture_assert_moved (self, files[3], guests, "b");
  assert_n_new (self, guests, 2);
}

/* Whoever may not look into a folder does not know that its files are gone. Root may: so this is
 * done by another user. */
static void
test_unreadable (CheckFixture       *self,
                 gconstpointer  data)
{
  g_autofree char *path = check_fixture_path_of (self, "all/sub");
  guint root;
  guint a;
  guint b;
  pid_t child;
  int status;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/sub/b", "two");
  check_fixture_write_text (self, "all/subway", "two");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "subway");
  b = check_fixture_share_file (self, root, "sub/b");
  check_fixture_settle (self);

  g_assert_cmpint (g_chmod (self->folder, 0755), ==, 0);
  {
    g_autofree char *all = check_fixture_path_of (self, "all");

    g_assert_cmpint (g_chmod (all, 0755), ==, 0);
  }
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  child = fork ();
  if (child == 0)
    {
      if (geteuid () == 0 && setresuid (65534, 65534, 65534) != 0)
        _exit (77);
      check_fixture_fill (self);
      bytestag_library_check_run (self->check, NULL);
      _exit (check_fixture_outcome_of (self, a) == BYTESTAG_FILE_UNCHANGED && check_fixture_outcome_of (self, b) == BYTESTAG_FILE_AWAY ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("cannot become another user");
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

/* In a namespace of its own, where it may mount. */
static int
run_with_drive (CheckFixture *self)
{
  g_autofree char *drive = check_fixture_path_of (self, "drive");
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", geteuid ());
  guint below;
  guint itself;
  guint a;
  guint b;

  if (geteuid () == 0 ? unshare (CLONE_NEWNS) != 0
                      : unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
                        !set_kernel_value ("/proc/self/uid_map", uid_map))
    return 77;
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount ("none", drive, "tmpfs", 0, "size=1m") != 0)
    return 77;

  check_fixture_write_text (self, "drive/all/a", "one");
  check_fixture_write_text (self, "drive/b", "two");
  below = check_fixture_share_root (self, "drive/all");
  itself = check_fixture_share_root (self, "drive");
  a = check_fixture_share_file (self, below, "a");
  b = check_fixture_share_file (self, itself, "b");
  check_fixture_settle (self);

  g_assert_cmpint (umount (drive), ==, 0);
  check_fixture_run (self);
  assert_root (self, below, AWAY);
  assert_root (self, itself, AWAY);
  assert_outcome (self, a, UNCHANGED);
  assert_outcome (self, b, UNCHANGED);

  /* The drive is there, and they are not. */
  g_assert_cmpint (mount ("none", drive, "tmpfs", 0, "size=1m"), ==, 0);
  check_fixture_write_text (self, "drive/b", "two");
  check_fixture_run (self);
  assert_root (self, below, GONE);
  assert_root (self, itself, HERE);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, RESTAMPED);
  return 0;
}

/* Of a shared folder, only a part is on a drive that is not there. */
static int
run_with_part_on_drive (CheckFixture *self)
{
  g_autofree char *drive = check_fixture_path_of (self, "drive");
  guint root;
  guint a;
  guint b;
  guint c;

  if (unshare (CLONE_NEWNS) != 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount ("none", drive, "tmpfs", 0, "size=1m") != 0)
    return 77;

  check_fixture_write_text (self, "drive/a", "one");
  check_fixture_write_text (self, "b", "two");
  check_fixture_write_text (self, "c", "three");
  root = check_fixture_share_root (self, ".");
  a = check_fixture_share_file (self, root, "drive/a");
  b = check_fixture_share_file (self, root, "b");
  c = check_fixture_share_file (self, root, "c");
  check_fixture_settle (self);

  g_assert_cmpint (umount (drive), ==, 0);
  check_fixture_delete (self, "c");
  check_fixture_run (self);
  assert_outcome (self, a, AWAY);
  assert_outcome (self, b, UNCHANGED);
  assert_outcome (self, c, DELETED);
  return 0;
}

static void
test_drive (CheckFixture       *self,
            gconstpointer  data)
{
  int (*run) (CheckFixture *) = data;
  pid_t child;
  int status;

  check_fixture_make_folder (self, "drive");
  child = fork ();
  if (child == 0)
    _exit (run (self));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("nothing may be mounted here");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* The device number of a drive is another after a restart. */
static void
test_device_number (CheckFixture       *self,
                    gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  check_fixture_write_text (self, "all/c", "three");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  c = check_fixture_share_file (self, root, "c");
  check_fixture_settle (self);

  for (guint i = 0; i < 3; i++)
    g_array_index (self->files, SharedFile, i).stamp.device += 1;
  check_fixture_move (self, "all/b", "all/moved");
  check_fixture_delete (self, "all/c");
  check_fixture_run (self);
  assert_outcome (self, a, RESTAMPED);
  check_fixture_assert_moved (self, b, root, "moved");
  assert_outcome (self, c, DELETED);
  g_assert_cmpuint (check_fixture_find_change (self, a)->stamp.device, ==, g_array_index (self->files, SharedFile, a).stamp.device - 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/root-moved", test_root_moved);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/root-replaced", test_root_replaced);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/root-gone", test_root_gone);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/across-roots", test_across_roots);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/unreadable", test_unreadable);
  g_test_add ("/sharing/check-roots/drive", CheckFixture, run_with_drive, check_fixture_set_up, test_drive,
              check_fixture_tear_down);
  g_test_add ("/sharing/check-roots/part-on-drive", CheckFixture, run_with_part_on_drive, check_fixture_set_up, test_drive,
              check_fixture_tear_down);
  CHECK_FIXTURE_TEST ("/sharing/check-roots/device-number", test_device_number);
  return g_test_run ();
}
