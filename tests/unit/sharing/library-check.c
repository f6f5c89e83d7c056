/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check-fixture.h"
#include "core/limits.h"

static void
test_unchanged (CheckFixture       *self,
                gconstpointer  data)
{
  const char * const *folders;
  guint root;
  guint n;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/sub/b", "two");
  root = check_fixture_share_root (self, "all");
  check_fixture_share_file (self, root, "sub/b");
  check_fixture_share_file (self, root, "a");
  check_fixture_settle (self);
  check_fixture_settle (self);
  g_assert_cmpuint (bytestag_library_check_get_n_roots (self->check), ==, 1);
  g_assert_cmpuint (bytestag_library_check_get_n_files (self->check), ==, 2);
  g_assert_cmpint (bytestag_library_check_get_cpu_time (self->check), >=, 0);

  folders = bytestag_library_check_get_folders (self->check, root, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (folders[0], ==, g_ptr_array_index (self->roots, 0));
  g_assert_true (g_str_has_suffix (folders[1], "/all/sub"));
}

/* Told, not added; what sharing leaves out is not even told. */
static void
test_new (CheckFixture       *self,
          gconstpointer  data)
{
  guint root;

  check_fixture_write_text (self, "all/a", "one");
  root = check_fixture_share_root (self, "all");
  check_fixture_share_file (self, root, "a");
  check_fixture_settle (self);
  assert_n_new (self, root, 0);

  check_fixture_write_text (self, "all/sub/new", "one");
  check_fixture_write_text (self, "all/newer", "1");
  check_fixture_write_text (self, "all/.hidden", "1");
  check_fixture_write_text (self, "all/.git/config", "1");
  check_fixture_write_text (self, "all/x.bytestag-incomplete", "1");
  check_fixture_settle (self);
  assert_n_new (self, root, 2);

  /* Those that were there before it was shared were left out for some reason. */
  check_fixture_fill (self);
  bytestag_library_check_set_created (self->check, root, G_MAXINT32);
  g_assert_true (bytestag_library_check_run (self->check, NULL));
  assert_n_new (self, root, 0);
  check_fixture_fill (self);
  bytestag_library_check_set_created (self->check, root, 1000);
  g_assert_true (bytestag_library_check_run (self->check, NULL));
  assert_n_new (self, root, 2);
}

static void
test_renamed (CheckFixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/sub/b", "two");
  check_fixture_write_text (self, "all/c", "one");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "sub/b");
  c = check_fixture_share_file (self, root, "c");
  check_fixture_settle (self);

  check_fixture_move (self, "all/a", "all/A");
  check_fixture_move (self, "all/sub", "all/other");
  check_fixture_run (self);
  check_fixture_assert_moved (self, a, root, "A");
  check_fixture_assert_moved (self, b, root, "other/b");
  assert_outcome (self, c, UNCHANGED);
  assert_n_read (self, 0);
  assert_n_new (self, root, 0);
  g_assert_true (bytestag_file_stamp_equal (&check_fixture_find_change (self, a)->stamp, &g_array_index (self->files, SharedFile, a).stamp));
}

/* a ↔ b, and a third in a ring. */
static void
test_swapped (CheckFixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  check_fixture_write_text (self, "all/c", "3");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  c = check_fixture_share_file (self, root, "c");
  check_fixture_settle (self);

  check_fixture_move (self, "all/a", "all/x");
  check_fixture_move (self, "all/b", "all/a");
  check_fixture_move (self, "all/c", "all/b");
  check_fixture_move (self, "all/x", "all/c");
  check_fixture_run (self);
  check_fixture_assert_moved (self, a, root, "c");
  check_fixture_assert_moved (self, b, root, "a");
  check_fixture_assert_moved (self, c, root, "b");
  assert_n_read (self, 0);
}

/* mv b a: what was in a is nowhere. */
static void
test_overwritten (CheckFixture       *self,
                  gconstpointer  data)
{
  guint root;
  guint a;
  guint b;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);

  check_fixture_move (self, "all/b", "all/a");
  check_fixture_run (self);
  check_fixture_assert_moved (self, b, root, "a");
  assert_outcome (self, a, DELETED);
}

static void
test_changed (CheckFixture       *self,
              gconstpointer  data)
{
  guint root;
  guint longer;
  guint same_size;
  guint replaced;
  guint saved;

  check_fixture_write_text (self, "all/longer", "one");
  check_fixture_write_text (self, "all/same size", "two");
  check_fixture_write_text (self, "all/replaced", "three");
  check_fixture_write_text (self, "all/saved", "four");
  root = check_fixture_share_root (self, "all");
  longer = check_fixture_share_file (self, root, "longer");
  same_size = check_fixture_share_file (self, root, "same size");
  replaced = check_fixture_share_file (self, root, "replaced");
  saved = check_fixture_share_file (self, root, "saved");
  check_fixture_settle (self);

  check_fixture_overwrite (self, "all/longer", "longer");
  check_fixture_overwrite (self, "all/same size", "TWO");
  check_fixture_set_time (self, "all/same size", 1000, 1);
  check_fixture_write_text (self, "all/replaced", "III");
  /* As editors do, which keep what was there. */
  check_fixture_move (self, "all/saved", "all/saved~");
  check_fixture_write_text (self, "all/saved", "four and more");
  check_fixture_run (self);
  assert_outcome (self, longer, CHANGED);
  assert_outcome (self, same_size, CHANGED);
  assert_outcome (self, replaced, CHANGED);
  assert_outcome (self, saved, CHANGED);
  g_assert_cmpuint (check_fixture_find_change (self, longer)->stamp.size, ==, 6);
  /* The one whose size tells nothing; and that is remembered. */
  assert_n_read (self, 3);
  check_fixture_run (self);
  assert_outcome (self, same_size, CHANGED);
  assert_n_read (self, 0);
}

/* A clock that was set back, then forward: only a time, nothing else. */
static void
test_touched (CheckFixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);

  check_fixture_set_time (self, "all/a", 1000, 0);
  check_fixture_set_time (self, "all/b", G_GINT64_CONSTANT (4000000000), 0);
  check_fixture_run (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, RESTAMPED);
  g_assert_cmpint (check_fixture_find_change (self, a)->stamp.mtime, ==, G_GINT64_CONSTANT (1000000000000));
  g_assert_cmpint (check_fixture_find_change (self, b)->stamp.mtime, ==, G_GINT64_CONSTANT (4000000000) * 1000000000);
  assert_n_read (self, 6);
}

static void
test_deleted (CheckFixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  check_fixture_write_text (self, "all/sub/c", "three");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  c = check_fixture_share_file (self, root, "sub/c");
  check_fixture_settle (self);

  check_fixture_delete (self, "all/a");
  /* Moved and changed at once: nobody can tell. */
  check_fixture_move (self, "all/b", "all/moved");
  check_fixture_overwrite (self, "all/moved", "changed");
  check_fixture_delete (self, "all/sub/c");
  check_fixture_delete (self, "all/sub");
  check_fixture_run (self);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, DELETED);
  assert_outcome (self, c, DELETED);
  assert_n_new (self, root, 1);
  assert_n_read (self, 0);
}

/* Links and what is no plain file in place of what was shared: never followed, opened or waited for. */
static void
test_links_and_fifos (CheckFixture       *self,
                      gconstpointer  data)
{
  g_autofree char *link = check_fixture_path_of (self, "all/link");
  g_autofree char *fifo = check_fixture_path_of (self, "all/fifo");
  g_autofree char *sub = check_fixture_path_of (self, "all/sub");
  g_autofree char *elsewhere = check_fixture_path_of (self, "elsewhere");
  guint root;
  guint files[3];

  check_fixture_write_text (self, "all/link", "one");
  check_fixture_write_text (self, "all/fifo", "two");
  check_fixture_write_text (self, "all/sub/c", "three");
  root = check_fixture_share_root (self, "all");
  files[0] = check_fixture_share_file (self, root, "link");
  files[1] = check_fixture_share_file (self, root, "fifo");
  files[2] = check_fixture_share_file (self, root, "sub/c");
  check_fixture_settle (self);

  check_fixture_make_folder (self, "elsewhere");
  check_fixture_move (self, "all/link", "elsewhere/link");
  check_fixture_move (self, "all/sub/c", "elsewhere/c");
  check_fixture_delete (self, "all/sub");
  check_fixture_delete (self, "all/fifo");
  g_assert_cmpint (symlink ("../elsewhere/link", link), ==, 0);
  g_assert_cmpint (symlink (elsewhere, sub), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  check_fixture_run (self);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    assert_outcome (self, files[i], DELETED);
  assert_n_new (self, root, 0);
}

/* One inode under several names. */
static void
test_hard_links (CheckFixture       *self,
                 gconstpointer  data)
{
  g_autofree char *a = check_fixture_path_of (self, "all/a");
  g_autofree char *b = check_fixture_path_of (self, "all/b");
  g_autofree char *unshared = check_fixture_path_of (self, "all/unshared");
  guint root;
  guint one;
  guint other;

  check_fixture_write_text (self, "all/a", "one");
  g_assert_cmpint (link (a, b), ==, 0);
  root = check_fixture_share_root (self, "all");
  one = check_fixture_share_file (self, root, "a");
  other = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);

  check_fixture_move (self, "all/a", "all/d");
  check_fixture_move (self, "all/b", "all/c");
  check_fixture_run (self);
  /* Which is which is no question, so long as each has its own. */
  check_fixture_assert_moved (self, one, root, "c");
  check_fixture_assert_moved (self, other, root, "d");

  check_fixture_move (self, "all/d", "all/a");
  check_fixture_move (self, "all/c", "all/b");
  check_fixture_settle (self);
  g_assert_cmpint (link (a, unshared), ==, 0);
  check_fixture_delete (self, "all/a");
  check_fixture_run (self);
  check_fixture_assert_moved (self, one, root, "unshared");
  assert_outcome (self, other, UNCHANGED);

  check_fixture_delete (self, "all/unshared");
  check_fixture_run (self);
  assert_outcome (self, one, DELETED);
  assert_outcome (self, other, UNCHANGED);
}

/* The inode, size and time of a file that is gone, and other bytes. */
static void
test_inode_reused (CheckFixture       *self,
                   gconstpointer  data)
{
  SharedFile *gone;
  SharedFile *same_path;
  guint root;
  guint a;
  guint b;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  check_fixture_set_time (self, "all/a", 1000, 0);
  check_fixture_set_time (self, "all/b", 1000, 0);
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);
  gone = &g_array_index (self->files, SharedFile, a);
  same_path = &g_array_index (self->files, SharedFile, b);
  if (gone->stamp.birth == 0)
    {
      g_test_skip ("inodes have no birth here");
      return;
    }

  /* As if "gone" had had the inode that is "a" now, and "b" had been written anew: the birth tells, ... */
  g_free (gone->path);
  gone->path = g_strdup ("gone");
  gone->stamp.birth--;
  gone->sha256[0] ^= 1;
  same_path->stamp.birth--;
  same_path->sha256[0] ^= 1;
  check_fixture_run (self);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, CHANGED);
  assert_n_read (self, 6);

  /* ... and where it is not known, another name and a time of whole seconds are in doubt. */
  gone->stamp.birth = 0;
  check_fixture_run (self);
  assert_outcome (self, a, DELETED);
  gone->sha256[0] ^= 1;
  check_fixture_run (self);
  check_fixture_assert_moved (self, a, root, "a");
}

/* Copied back by a backup: other inodes, the rest as it was. */
static void
test_restored (CheckFixture       *self,
               gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/sub/b", "two");
  check_fixture_write_text (self, "all/sub/c", "two");
  check_fixture_set_time (self, "all/a", 1000, 7);
  check_fixture_set_time (self, "all/sub/b", 1000, 8);
  check_fixture_set_time (self, "all/sub/c", 1000, 9);
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "sub/b");
  c = check_fixture_share_file (self, root, "sub/c");
  check_fixture_settle (self);

  check_fixture_move (self, "all", ".old");
  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/elsewhere/b", "two");
  check_fixture_write_text (self, "all/sub/c", "OWT");
  check_fixture_set_time (self, "all/a", 1000, 7);
  check_fixture_set_time (self, "all/elsewhere/b", 1000, 8);
  check_fixture_set_time (self, "all/sub/c", 1000, 9);
  check_fixture_run (self);
  assert_root (self, root, HERE);
  assert_outcome (self, a, RESTAMPED);
  check_fixture_assert_moved (self, b, root, "elsewhere/b");
  assert_outcome (self, c, CHANGED);
  assert_n_read (self, 9);
  check_fixture_run (self);
  assert_n_read (self, 0);
}

/* Of one name and size: the one of the same time is tried first. */
static void
test_copies (CheckFixture       *self,
             gconstpointer  data)
{
  guint root;
  guint a;

  check_fixture_write_text (self, "all/index", "one");
  check_fixture_set_time (self, "all/index", 1000, 7);
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "index");
  check_fixture_settle (self);

  check_fixture_delete (self, "all/index");
  for (guint i = 0; i < BYTESTAG_LIMIT_CHECK_TRIES; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%03u/index", i);

      check_fixture_write_text (self, name, "ONE");
      check_fixture_set_time (self, name, 1000, 8);
    }
  check_fixture_write_text (self, "all/right/index", "one");
  check_fixture_set_time (self, "all/right/index", 1000, 7);
  check_fixture_run (self);
  check_fixture_assert_moved (self, a, root, "right/index");
  assert_n_read (self, 3);

  /* Of another time, it is one too many. */
  check_fixture_set_time (self, "all/right/index", 1000, 9);
  check_fixture_run (self);
  assert_outcome (self, a, DELETED);
  check_fixture_set_time (self, "all/000/index", 1000, 10);
  check_fixture_run (self);
  check_fixture_assert_moved (self, a, root, "right/index");
}

static void
test_cancelled (CheckFixture       *self,
                gconstpointer  data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint root;

  check_fixture_write_text (self, "all/a", "one");
  root = check_fixture_share_root (self, "all");
  check_fixture_share_file (self, root, "a");
  check_fixture_fill (self);
  g_cancellable_cancel (cancellable);
  g_assert_false (bytestag_library_check_run (self->check, cancellable));
}

/* A folder into which something pours files without end. */
static void
test_too_many (CheckFixture       *self,
               gconstpointer  data)
{
  g_autofree char *folder = check_fixture_path_of (self, "all/full");
  g_autofree char *linked = NULL;
  guint root;
  guint a;
  guint b;
  guint n_new;

  check_fixture_write_text (self, "all/a", "one");
  check_fixture_write_text (self, "all/b", "two");
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);

  check_fixture_make_folder (self, "all/full");
  for (guint i = 0; i <= BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES + 4; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%u", folder, i);

      /* A new file, when there are as many links to one as there may be. */
      if (linked == NULL || link (linked, path) != 0)
        {
          int fd = open (path, O_CREAT | O_WRONLY, 0600);

          g_assert_cmpint (fd, >=, 0);
          close (fd);
          g_free (linked);
          linked = g_steal_pointer (&path);
        }
    }
  check_fixture_delete (self, "all/b");
  check_fixture_run (self);
  n_new = bytestag_library_check_get_root (self->check, root)->n_new;
  g_assert_cmpuint (n_new, <=, BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES + 4);
  g_assert_cmpuint (n_new, >=, BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES);
  assert_outcome (self, b, DOUBTFUL);
  g_assert_true (check_fixture_outcome_of (self, a) == BYTESTAG_FILE_UNCHANGED || check_fixture_outcome_of (self, a) == BYTESTAG_FILE_DOUBTFUL);
}

/* Enough was read; the rest is for the next time. */
static void
test_reads_so_much (CheckFixture       *self,
                    gconstpointer  data)
{
  g_autofree char *path = check_fixture_path_of (self, "all/a");
  guint root;
  guint a;
  guint b;

  check_fixture_write_text (self, "all/a", "");
  check_fixture_write_text (self, "all/b", "two");
  g_assert_cmpint (truncate (path, BYTESTAG_LIMIT_CHECK_BYTES), ==, 0);
  root = check_fixture_share_root (self, "all");
  a = check_fixture_share_file (self, root, "a");
  b = check_fixture_share_file (self, root, "b");
  check_fixture_settle (self);

  check_fixture_set_time (self, "all/a", 1000, 1);
  check_fixture_set_time (self, "all/b", 1000, 1);
  check_fixture_run (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, DOUBTFUL);
  assert_n_read (self, BYTESTAG_LIMIT_CHECK_BYTES);
  check_fixture_run (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, RESTAMPED);
  assert_n_read (self, 3);
}

/* What is read too much to be remembered is read again; what nobody asks for any more makes room. */
static void
test_remembers_so_many (CheckFixture       *self,
                        gconstpointer  data)
{
  guint root;

  check_fixture_make_folder (self, "all");
  root = check_fixture_share_root (self, "all");
  for (guint i = 0; i <= BYTESTAG_LIMIT_CHECK_DIGESTS; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%u", i);

      check_fixture_write_text (self, name, "one");
      check_fixture_share_file (self, root, name + strlen ("all/"));
      if (i == 0)
        check_fixture_settle (self);
      check_fixture_set_time (self, name, 1000, 1);
    }

  check_fixture_run (self);
  assert_n_read (self, 3 * (BYTESTAG_LIMIT_CHECK_DIGESTS + 1));
  g_assert_cmpuint (g_hash_table_size (self->digests), ==, BYTESTAG_LIMIT_CHECK_DIGESTS);
  check_fixture_run (self);
  assert_n_read (self, 3);

  g_array_set_size (self->files, 10);
  check_fixture_run (self);
  assert_n_read (self, 0);
  g_assert_cmpuint (g_hash_table_size (self->digests), ==, 10);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CHECK_FIXTURE_TEST ("/sharing/library-check/unchanged", test_unchanged);
  CHECK_FIXTURE_TEST ("/sharing/library-check/new", test_new);
  CHECK_FIXTURE_TEST ("/sharing/library-check/renamed", test_renamed);
  CHECK_FIXTURE_TEST ("/sharing/library-check/swapped", test_swapped);
  CHECK_FIXTURE_TEST ("/sharing/library-check/overwritten", test_overwritten);
  CHECK_FIXTURE_TEST ("/sharing/library-check/changed", test_changed);
  CHECK_FIXTURE_TEST ("/sharing/library-check/touched", test_touched);
  CHECK_FIXTURE_TEST ("/sharing/library-check/deleted", test_deleted);
  CHECK_FIXTURE_TEST ("/sharing/library-check/links-and-fifos", test_links_and_fifos);
  CHECK_FIXTURE_TEST ("/sharing/library-check/hard-links", test_hard_links);
  CHECK_FIXTURE_TEST ("/sharing/library-check/inode-reused", test_inode_reused);
  CHECK_FIXTURE_TEST ("/sharing/library-check/restored", test_restored);
  CHECK_FIXTURE_TEST ("/sharing/library-check/copies", test_copies);
  CHECK_FIXTURE_TEST ("/sharing/library-check/cancelled", test_cancelled);
  CHECK_FIXTURE_TEST ("/sharing/library-check/too-many", test_too_many);
  CHECK_FIXTURE_TEST ("/sharing/library-check/reads-so-much", test_reads_so_much);
  CHECK_FIXTURE_TEST ("/sharing/library-check/remembers-so-many", test_remembers_so_many);
  return g_test_run ();
}
