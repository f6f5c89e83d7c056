/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "sharing/file-digest.h"
#include "support/test-folder.h"

/* A folder "shared" with files in it, as they were when they were shared. */
typedef struct {
  char *path; /* within the root */
  guint root;
  BytestagFileStamp stamp;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
} Shared;

typedef struct {
  char *folder;
  GPtrArray *roots;      /* paths */
  GPtrArray *identities;
  GArray *files;         /* (element-type Shared) */
  GHashTable *digests;
  BytestagLibraryCheck *check;
} Fixture;

static void
shared_clear (gpointer data)
{
  g_free (((Shared *) data)->path);
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->roots = g_ptr_array_new_with_free_func (g_free);
  self->identities = g_ptr_array_new_with_free_func (g_free);
  self->files = g_array_new (FALSE, FALSE, sizeof (Shared));
  g_array_set_clear_func (self->files, shared_clear);
  self->digests = bytestag_library_check_digests_new ();
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_clear_pointer (&self->check, bytestag_library_check_unref);
  g_hash_table_unref (self->digests);
  g_ptr_array_unref (self->roots);
  g_ptr_array_unref (self->identities);
  g_array_unref (self->files);
  bytestag_test_folder_remove (self->folder);
}

static char *
path_of (Fixture    *self,
         const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
write_text (Fixture    *self,
            const char *name,
            const char *text)
{
  g_autofree char *path = path_of (self, name);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (bytestag_test_folder_write (self->folder, name, text, strlen (text)));
}

/* In place: the inode stays. */
static void
overwrite (Fixture    *self,
           const char *name,
           const char *text)
{
  g_autofree char *path = path_of (self, name);
  int fd = open (path, O_WRONLY | O_TRUNC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

static void
move (Fixture    *self,
      const char *from,
      const char *to)
{
  g_autofree char *from_path = path_of (self, from);
  g_autofree char *to_path = path_of (self, to);

  g_assert_cmpint (g_rename (from_path, to_path), ==, 0);
}

static void
delete (Fixture    *self,
        const char *name)
{
  g_autofree char *path = path_of (self, name);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
make_folder (Fixture    *self,
             const char *name)
{
  g_autofree char *path = path_of (self, name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
set_time (Fixture    *self,
          const char *name,
          gint64      seconds,
          long        ns)
{
  g_autofree char *path = path_of (self, name);
  const struct timespec times[] = { { seconds, ns }, { seconds, ns } };

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

static guint
share_root (Fixture    *self,
            const char *name)
{
  g_ptr_array_add (self->roots, path_of (self, name));
  g_ptr_array_add (self->identities, NULL);
  return self->roots->len - 1;
}

/* @path: within the root. */
static guint
share_file (Fixture    *self,
            guint       root,
            const char *path)
{
  g_autofree char *whole = g_build_filename (g_ptr_array_index (self->roots, root), path[0] != '\0' ? path : NULL, NULL);
  g_auto (BytestagFileDigest) digest = { 0 };
  Shared shared = { .path = g_strdup (path), .root = root };
  int fd = open (whole, O_RDONLY);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (bytestag_file_stamp_read (&shared.stamp, fd));
  g_assert_true (bytestag_file_digest_read (&digest, fd, NULL, NULL, NULL));
  close (fd);
  memcpy (shared.sha256, digest.sha256, sizeof shared.sha256);
  g_array_append_val (self->files, shared);

  return self->files->len - 1;
}

static void
fill (Fixture *self)
{
  g_clear_pointer (&self->check, bytestag_library_check_unref);
  self->check = bytestag_library_check_new (self->digests);
  for (guint i = 0; i < self->roots->len; i++)
    g_assert_cmpuint (bytestag_library_check_add_root (self->check, g_ptr_array_index (self->roots, i),
                                                       g_ptr_array_index (self->identities, i)), ==, i);
  for (guint i = 0; i < self->files->len; i++)
    {
      const Shared *shared = &g_array_index (self->files, Shared, i);

      g_assert_cmpuint (bytestag_library_check_add_file (self->check, shared->root, shared->path, &shared->stamp,
                                                         shared->sha256), ==, i);
    }
}

static void
check (Fixture *self)
{
  fill (self);
  g_assert_true (bytestag_library_check_run (self->check, NULL));
}

/* Nothing has changed, and roots are known from now on. */
static void
settle (Fixture *self)
{
  guint n;

  check (self);
  bytestag_library_check_get_changes (self->check, &n);
  g_assert_cmpuint (n, ==, 0);
  for (guint i = 0; i < self->roots->len; i++)
    {
      const BytestagCheckedRoot *root = bytestag_library_check_get_root (self->check, i);

      g_assert_cmpint (root->outcome, ==, BYTESTAG_ROOT_HERE);
      g_assert_nonnull (root->identity);
      g_free (g_ptr_array_index (self->identities, i));
      g_ptr_array_index (self->identities, i) = g_strdup (root->identity);
    }
  g_assert_cmpuint (bytestag_library_check_get_n_read (self->check), ==, 0);
}

static const BytestagFileChange *
find_change (Fixture *self,
             guint    file)
{
  guint n;
  const BytestagFileChange *changes = bytestag_library_check_get_changes (self->check, &n);

  for (guint i = 0; i < n; i++)
    {
      if (changes[i].file == file)
        return &changes[i];
    }
  return NULL;
}

static BytestagFileOutcome
outcome_of (Fixture *self,
            guint    file)
{
  const BytestagFileChange *change = find_change (self, file);

  return change != NULL ? change->outcome : BYTESTAG_FILE_UNCHANGED;
}

static void
assert_moved (Fixture    *self,
              guint       file,
              guint       root,
              const char *path)
{
  const BytestagFileChange *change = find_change (self, file);

  g_assert_nonnull (change);
  g_assert_cmpint (change->outcome, ==, BYTESTAG_FILE_MOVED);
  g_assert_cmpuint (change->root, ==, root);
  g_assert_cmpstr (change->path, ==, path);
}

#define assert_outcome(self, file, expected) \
  g_assert_cmpint (outcome_of (self, file), ==, BYTESTAG_FILE_ ## expected)
#define assert_root(self, root, expected) \
  g_assert_cmpint (bytestag_library_check_get_root ((self)->check, root)->outcome, ==, BYTESTAG_ROOT_ ## expected)
#define assert_n_read(self, n) g_assert_cmpuint (bytestag_library_check_get_n_read ((self)->check), ==, n)
#define assert_n_new(self, root, n) \
  g_assert_cmpuint (bytestag_library_check_get_root ((self)->check, root)->n_new, ==, n)

static void
test_unchanged (Fixture       *self,
                gconstpointer  data)
{
  const char * const *folders;
  guint root;
  guint n;

  write_text (self, "all/a", "one");
  write_text (self, "all/sub/b", "two");
  root = share_root (self, "all");
  share_file (self, root, "sub/b");
  share_file (self, root, "a");
  settle (self);
  settle (self);
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
test_new (Fixture       *self,
          gconstpointer  data)
{
  guint root;

  write_text (self, "all/a", "one");
  root = share_root (self, "all");
  share_file (self, root, "a");
  settle (self);
  assert_n_new (self, root, 0);

  write_text (self, "all/sub/new", "one");
  write_text (self, "all/newer", "1");
  write_text (self, "all/.hidden", "1");
  write_text (self, "all/.git/config", "1");
  write_text (self, "all/x.bytestag-incomplete", "1");
  settle (self);
  assert_n_new (self, root, 2);
}

static void
test_renamed (Fixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/sub/b", "two");
  write_text (self, "all/c", "one");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "sub/b");
  c = share_file (self, root, "c");
  settle (self);

  move (self, "all/a", "all/A");
  move (self, "all/sub", "all/other");
  check (self);
  assert_moved (self, a, root, "A");
  assert_moved (self, b, root, "other/b");
  assert_outcome (self, c, UNCHANGED);
  assert_n_read (self, 0);
  assert_n_new (self, root, 0);
  g_assert_true (bytestag_file_stamp_equal (&find_change (self, a)->stamp, &g_array_index (self->files, Shared, a).stamp));
}

/* a ↔ b, and a third in a ring. */
static void
test_swapped (Fixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  write_text (self, "all/c", "3");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  c = share_file (self, root, "c");
  settle (self);

  move (self, "all/a", "all/x");
  move (self, "all/b", "all/a");
  move (self, "all/c", "all/b");
  move (self, "all/x", "all/c");
  check (self);
  assert_moved (self, a, root, "c");
  assert_moved (self, b, root, "a");
  assert_moved (self, c, root, "b");
  assert_n_read (self, 0);
}

/* mv b a: what was in a is nowhere. */
static void
test_overwritten (Fixture       *self,
                  gconstpointer  data)
{
  guint root;
  guint a;
  guint b;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  settle (self);

  move (self, "all/b", "all/a");
  check (self);
  assert_moved (self, b, root, "a");
  assert_outcome (self, a, DELETED);
}

static void
test_changed (Fixture       *self,
              gconstpointer  data)
{
  guint root;
  guint longer;
  guint same_size;
  guint replaced;
  guint saved;

  write_text (self, "all/longer", "one");
  write_text (self, "all/same size", "two");
  write_text (self, "all/replaced", "three");
  write_text (self, "all/saved", "four");
  root = share_root (self, "all");
  longer = share_file (self, root, "longer");
  same_size = share_file (self, root, "same size");
  replaced = share_file (self, root, "replaced");
  saved = share_file (self, root, "saved");
  settle (self);

  overwrite (self, "all/longer", "longer");
  overwrite (self, "all/same size", "TWO");
  set_time (self, "all/same size", 1000, 1);
  write_text (self, "all/replaced", "III");
  /* As editors do, which keep what was there. */
  move (self, "all/saved", "all/saved~");
  write_text (self, "all/saved", "four and more");
  check (self);
  assert_outcome (self, longer, CHANGED);
  assert_outcome (self, same_size, CHANGED);
  assert_outcome (self, replaced, CHANGED);
  assert_outcome (self, saved, CHANGED);
  g_assert_cmpuint (find_change (self, longer)->stamp.size, ==, 6);
  /* The one whose size tells nothing; and that is remembered. */
  assert_n_read (self, 3);
  check (self);
  assert_outcome (self, same_size, CHANGED);
  assert_n_read (self, 0);
}

/* A clock that was set back, then forward: only a time, nothing else. */
static void
test_touched (Fixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  settle (self);

  set_time (self, "all/a", 1000, 0);
  set_time (self, "all/b", G_GINT64_CONSTANT (4000000000), 0);
  check (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, RESTAMPED);
  g_assert_cmpint (find_change (self, a)->stamp.mtime, ==, G_GINT64_CONSTANT (1000000000000));
  g_assert_cmpint (find_change (self, b)->stamp.mtime, ==, G_GINT64_CONSTANT (4000000000) * 1000000000);
  assert_n_read (self, 6);
}

static void
test_deleted (Fixture       *self,
              gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  write_text (self, "all/sub/c", "three");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  c = share_file (self, root, "sub/c");
  settle (self);

  delete (self, "all/a");
  /* Moved and changed at once: nobody can tell. */
  move (self, "all/b", "all/moved");
  overwrite (self, "all/moved", "changed");
  delete (self, "all/sub/c");
  delete (self, "all/sub");
  check (self);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, DELETED);
  assert_outcome (self, c, DELETED);
  assert_n_new (self, root, 1);
  assert_n_read (self, 0);
}

/* Links and what is no plain file in place of what was shared: never followed, opened or waited for. */
static void
test_links_and_fifos (Fixture       *self,
                      gconstpointer  data)
{
  g_autofree char *link = path_of (self, "all/link");
  g_autofree char *fifo = path_of (self, "all/fifo");
  g_autofree char *sub = path_of (self, "all/sub");
  g_autofree char *elsewhere = path_of (self, "elsewhere");
  guint root;
  guint files[3];

  write_text (self, "all/link", "one");
  write_text (self, "all/fifo", "two");
  write_text (self, "all/sub/c", "three");
  root = share_root (self, "all");
  files[0] = share_file (self, root, "link");
  files[1] = share_file (self, root, "fifo");
  files[2] = share_file (self, root, "sub/c");
  settle (self);

  make_folder (self, "elsewhere");
  move (self, "all/link", "elsewhere/link");
  move (self, "all/sub/c", "elsewhere/c");
  delete (self, "all/sub");
  delete (self, "all/fifo");
  g_assert_cmpint (symlink ("../elsewhere/link", link), ==, 0);
  g_assert_cmpint (symlink (elsewhere, sub), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  check (self);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    assert_outcome (self, files[i], DELETED);
  assert_n_new (self, root, 0);
}

/* One inode under several names. */
static void
test_hard_links (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *a = path_of (self, "all/a");
  g_autofree char *b = path_of (self, "all/b");
  g_autofree char *unshared = path_of (self, "all/unshared");
  guint root;
  guint one;
  guint other;

  write_text (self, "all/a", "one");
  g_assert_cmpint (link (a, b), ==, 0);
  root = share_root (self, "all");
  one = share_file (self, root, "a");
  other = share_file (self, root, "b");
  settle (self);

  move (self, "all/a", "all/d");
  move (self, "all/b", "all/c");
  check (self);
  /* Which is which is no question, so long as each has its own. */
  assert_moved (self, one, root, "c");
  assert_moved (self, other, root, "d");

  move (self, "all/d", "all/a");
  move (self, "all/c", "all/b");
  settle (self);
  g_assert_cmpint (link (a, unshared), ==, 0);
  delete (self, "all/a");
  check (self);
  assert_moved (self, one, root, "unshared");
  assert_outcome (self, other, UNCHANGED);

  delete (self, "all/unshared");
  check (self);
  assert_outcome (self, one, DELETED);
  assert_outcome (self, other, UNCHANGED);
}

/* The inode, size and time of a file that is gone, and other bytes. */
static void
test_inode_reused (Fixture       *self,
                   gconstpointer  data)
{
  Shared *gone;
  Shared *same_path;
  guint root;
  guint a;
  guint b;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  set_time (self, "all/a", 1000, 0);
  set_time (self, "all/b", 1000, 0);
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  settle (self);
  gone = &g_array_index (self->files, Shared, a);
  same_path = &g_array_index (self->files, Shared, b);
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
  check (self);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, CHANGED);
  assert_n_read (self, 6);

  /* ... and where it is not known, another name and a time of whole seconds are in doubt. */
  gone->stamp.birth = 0;
  check (self);
  assert_outcome (self, a, DELETED);
  gone->sha256[0] ^= 1;
  check (self);
  assert_moved (self, a, root, "a");
}

/* Copied back by a backup: other inodes, the rest as it was. */
static void
test_restored (Fixture       *self,
               gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/sub/b", "two");
  write_text (self, "all/sub/c", "two");
  set_time (self, "all/a", 1000, 7);
  set_time (self, "all/sub/b", 1000, 8);
  set_time (self, "all/sub/c", 1000, 9);
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "sub/b");
  c = share_file (self, root, "sub/c");
  settle (self);

  move (self, "all", ".old");
  write_text (self, "all/a", "one");
  write_text (self, "all/elsewhere/b", "two");
  write_text (self, "all/sub/c", "OWT");
  set_time (self, "all/a", 1000, 7);
  set_time (self, "all/elsewhere/b", 1000, 8);
  set_time (self, "all/sub/c", 1000, 9);
  check (self);
  assert_root (self, root, HERE);
  assert_outcome (self, a, RESTAMPED);
  assert_moved (self, b, root, "elsewhere/b");
  assert_outcome (self, c, CHANGED);
  assert_n_read (self, 9);
  check (self);
  assert_n_read (self, 0);
}

/* Of one name and size: the one of the same time is tried first. */
static void
test_copies (Fixture       *self,
             gconstpointer  data)
{
  guint root;
  guint a;

  write_text (self, "all/index", "one");
  set_time (self, "all/index", 1000, 7);
  root = share_root (self, "all");
  a = share_file (self, root, "index");
  settle (self);

  delete (self, "all/index");
  for (guint i = 0; i < BYTESTAG_LIMIT_CHECK_TRIES; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%03u/index", i);

      write_text (self, name, "ONE");
      set_time (self, name, 1000, 8);
    }
  write_text (self, "all/right/index", "one");
  set_time (self, "all/right/index", 1000, 7);
  check (self);
  assert_moved (self, a, root, "right/index");
  assert_n_read (self, 3);

  /* Of another time, it is one too many. */
  set_time (self, "all/right/index", 1000, 9);
  check (self);
  assert_outcome (self, a, DELETED);
  set_time (self, "all/000/index", 1000, 10);
  check (self);
  assert_moved (self, a, root, "right/index");
}

static void
test_root_moved (Fixture       *self,
                 gconstpointer  data)
{
  const BytestagCheckedRoot *told;
  guint folder;
  guint file;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/sub/b", "two");
  write_text (self, "place/other", "four");
  write_text (self, "file", "three");
  folder = share_root (self, "all");
  file = share_root (self, "file");
  a = share_file (self, folder, "a");
  b = share_file (self, folder, "sub/b");
  c = share_file (self, file, "");
  settle (self);

  move (self, "all", "renamed");
  move (self, "file", "renamed file");
  move (self, "renamed/sub/b", "renamed/sub/B");
  check (self);
  told = bytestag_library_check_get_root (self->check, folder);
  g_assert_cmpint (told->outcome, ==, BYTESTAG_ROOT_MOVED);
  g_assert_true (g_str_has_suffix (told->path, "/renamed"));
  g_assert_cmpstr (told->identity, ==, g_ptr_array_index (self->identities, folder));
  told = bytestag_library_check_get_root (self->check, file);
  g_assert_cmpint (told->outcome, ==, BYTESTAG_ROOT_MOVED);
  g_assert_true (g_str_has_suffix (told->path, "/renamed file"));
  assert_outcome (self, a, UNCHANGED);
  assert_outcome (self, c, UNCHANGED);
  assert_moved (self, b, folder, "sub/B");
  assert_n_read (self, 0);

  /* Another folder, in which nothing else is shared: only who names it finds it there. */
  move (self, "renamed", "place/all");
  check (self);
  assert_root (self, folder, GONE);
  assert_outcome (self, a, DELETED);
  fill (self);
  {
    g_autofree char *place = path_of (self, "place");

    bytestag_library_check_add_place (self->check, place);
  }
  g_assert_true (bytestag_library_check_run (self->check, NULL));
  assert_root (self, folder, MOVED);
  assert_outcome (self, a, UNCHANGED);
}

/* Another folder got its name meanwhile. */
static void
test_root_replaced (Fixture       *self,
                    gconstpointer  data)
{
  guint root;
  guint file_root;
  guint a;
  guint b;

  write_text (self, "all/a", "one");
  write_text (self, "file", "three");
  root = share_root (self, "all");
  file_root = share_root (self, "file");
  a = share_file (self, root, "a");
  b = share_file (self, file_root, "");
  settle (self);

  move (self, "all", "old");
  write_text (self, "all/b", "other");
  move (self, "file", "file~");
  write_text (self, "file", "THREE");
  check (self);
  assert_root (self, root, MOVED);
  assert_outcome (self, a, UNCHANGED);
  assert_root (self, file_root, HERE);
  assert_outcome (self, b, CHANGED);

  /* Nothing is left of it, and something else is there. */
  delete (self, "old/a");
  delete (self, "old");
  check (self);
  assert_root (self, root, HERE);
  assert_outcome (self, a, DELETED);
  assert_n_new (self, root, 1);

  /* Nothing at all: it may be where a drive is mounted. */
  delete (self, "all/b");
  check (self);
  assert_root (self, root, AWAY);
  assert_outcome (self, a, UNCHANGED);
  g_assert_cmpstr (bytestag_library_check_get_root (self->check, root)->identity, ==,
                   g_ptr_array_index (self->identities, root));
}

static void
test_root_gone (Fixture       *self,
                gconstpointer  data)
{
  const char * const *folders;
  guint root;
  guint a;
  guint n;

  write_text (self, "above/all/a", "one");
  root = share_root (self, "above/all");
  a = share_file (self, root, "a");
  settle (self);

  delete (self, "above/all/a");
  delete (self, "above/all");
  delete (self, "above");
  check (self);
  assert_root (self, root, GONE);
  assert_outcome (self, a, DELETED);
  folders = bytestag_library_check_get_folders (self->check, root, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpstr (folders[0], ==, self->folder);

  /* A drive that was mounted above it and is not now; so, too, when it is not known. */
  g_free (g_ptr_array_index (self->identities, root));
  g_ptr_array_index (self->identities, root) = g_strdup_printf ("folder 1 2 3 %s/above", self->folder);
  check (self);
  assert_root (self, root, AWAY);
  assert_outcome (self, a, UNCHANGED);
  g_clear_pointer (&g_ptr_array_index (self->identities, root), g_free);
  check (self);
  assert_root (self, root, AWAY);
}

/* From one share to another. */
static void
test_across_roots (Fixture       *self,
                   gconstpointer  data)
{
  guint outer;
  guint inner;
  guint files[4];

  write_text (self, "outer/inner/a", "one");
  write_text (self, "outer/inner/b", "two");
  outer = share_root (self, "outer");
  inner = share_root (self, "outer/inner");
  files[0] = share_file (self, outer, "inner/a");
  files[1] = share_file (self, outer, "inner/b");
  files[2] = share_file (self, inner, "a");
  files[3] = share_file (self, inner, "b");
  settle (self);

  /* Shared twice, it is one file, for both. */
  move (self, "outer/inner/a", "outer/a");
  check (self);
  assert_moved (self, files[0], outer, "a");
  assert_moved (self, files[2], outer, "a");
  assert_outcome (self, files[1], UNCHANGED);
  assert_outcome (self, files[3], UNCHANGED);
  assert_n_read (self, 0);
}

/* Whoever may not look into a folder does not know that its files are gone. Root may: so this is
 * done by another user. */
static void
test_unreadable (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *path = path_of (self, "all/sub");
  guint root;
  guint a;
  guint b;
  pid_t child;
  int status;

  write_text (self, "all/a", "one");
  write_text (self, "all/sub/b", "two");
  write_text (self, "all/subway", "two");
  root = share_root (self, "all");
  a = share_file (self, root, "subway");
  b = share_file (self, root, "sub/b");
  settle (self);

  g_assert_cmpint (g_chmod (self->folder, 0755), ==, 0);
  {
    g_autofree char *all = path_of (self, "all");

    g_assert_cmpint (g_chmod (all, 0755), ==, 0);
  }
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  child = fork ();
  if (child == 0)
    {
      if (geteuid () == 0 && setresuid (65534, 65534, 65534) != 0)
        _exit (77);
      fill (self);
      bytestag_library_check_run (self->check, NULL);
      _exit (outcome_of (self, a) == BYTESTAG_FILE_UNCHANGED && outcome_of (self, b) == BYTESTAG_FILE_AWAY ? 0 : 1);
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
run_with_drive (Fixture *self)
{
  g_autofree char *drive = path_of (self, "drive");
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

  write_text (self, "drive/all/a", "one");
  write_text (self, "drive/b", "two");
  below = share_root (self, "drive/all");
  itself = share_root (self, "drive");
  a = share_file (self, below, "a");
  b = share_file (self, itself, "b");
  settle (self);

  g_assert_cmpint (umount (drive), ==, 0);
  check (self);
  assert_root (self, below, AWAY);
  assert_root (self, itself, AWAY);
  assert_outcome (self, a, UNCHANGED);
  assert_outcome (self, b, UNCHANGED);

  /* The drive is there, and they are not. */
  g_assert_cmpint (mount ("none", drive, "tmpfs", 0, "size=1m"), ==, 0);
  write_text (self, "drive/b", "two");
  check (self);
  assert_root (self, below, GONE);
  assert_root (self, itself, HERE);
  assert_outcome (self, a, DELETED);
  assert_outcome (self, b, RESTAMPED);
  return 0;
}

/* Of a shared folder, only a part is on a drive that is not there. */
static int
run_with_part_on_drive (Fixture *self)
{
  g_autofree char *drive = path_of (self, "drive");
  guint root;
  guint a;
  guint b;
  guint c;

  if (unshare (CLONE_NEWNS) != 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount ("none", drive, "tmpfs", 0, "size=1m") != 0)
    return 77;

  write_text (self, "drive/a", "one");
  write_text (self, "b", "two");
  write_text (self, "c", "three");
  root = share_root (self, ".");
  a = share_file (self, root, "drive/a");
  b = share_file (self, root, "b");
  c = share_file (self, root, "c");
  settle (self);

  g_assert_cmpint (umount (drive), ==, 0);
  delete (self, "c");
  check (self);
  assert_outcome (self, a, AWAY);
  assert_outcome (self, b, UNCHANGED);
  assert_outcome (self, c, DELETED);
  return 0;
}

static void
test_drive (Fixture       *self,
            gconstpointer  data)
{
  int (*run) (Fixture *) = data;
  pid_t child;
  int status;

  make_folder (self, "drive");
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
test_device_number (Fixture       *self,
                    gconstpointer  data)
{
  guint root;
  guint a;
  guint b;
  guint c;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  write_text (self, "all/c", "three");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  c = share_file (self, root, "c");
  settle (self);

  for (guint i = 0; i < 3; i++)
    g_array_index (self->files, Shared, i).stamp.device += 1;
  move (self, "all/b", "all/moved");
  delete (self, "all/c");
  check (self);
  assert_outcome (self, a, RESTAMPED);
  assert_moved (self, b, root, "moved");
  assert_outcome (self, c, DELETED);
  g_assert_cmpuint (find_change (self, a)->stamp.device, ==, g_array_index (self->files, Shared, a).stamp.device - 1);
}

static void
test_cancelled (Fixture       *self,
                gconstpointer  data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint root;

  write_text (self, "all/a", "one");
  root = share_root (self, "all");
  share_file (self, root, "a");
  fill (self);
  g_cancellable_cancel (cancellable);
  g_assert_false (bytestag_library_check_run (self->check, cancellable));
}

/* A folder into which something pours files without end. */
static void
test_too_many (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *folder = path_of (self, "all/full");
  g_autofree char *linked = NULL;
  guint root;
  guint a;
  guint b;
  guint n_new;

  write_text (self, "all/a", "one");
  write_text (self, "all/b", "two");
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  settle (self);

  make_folder (self, "all/full");
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
  delete (self, "all/b");
  check (self);
  n_new = bytestag_library_check_get_root (self->check, root)->n_new;
  g_assert_cmpuint (n_new, <=, BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES + 4);
  g_assert_cmpuint (n_new, >=, BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES);
  assert_outcome (self, b, DOUBTFUL);
  g_assert_true (outcome_of (self, a) == BYTESTAG_FILE_UNCHANGED || outcome_of (self, a) == BYTESTAG_FILE_DOUBTFUL);
}

/* Enough was read; the rest is for the next time. */
static void
test_reads_so_much (Fixture       *self,
                    gconstpointer  data)
{
  g_autofree char *path = path_of (self, "all/a");
  guint root;
  guint a;
  guint b;

  write_text (self, "all/a", "");
  write_text (self, "all/b", "two");
  g_assert_cmpint (truncate (path, BYTESTAG_LIMIT_CHECK_BYTES), ==, 0);
  root = share_root (self, "all");
  a = share_file (self, root, "a");
  b = share_file (self, root, "b");
  settle (self);

  set_time (self, "all/a", 1000, 1);
  set_time (self, "all/b", 1000, 1);
  check (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, DOUBTFUL);
  assert_n_read (self, BYTESTAG_LIMIT_CHECK_BYTES);
  check (self);
  assert_outcome (self, a, RESTAMPED);
  assert_outcome (self, b, RESTAMPED);
  assert_n_read (self, 3);
}

/* What is read too much to be remembered is read again; what nobody asks for any more makes room. */
static void
test_remembers_so_many (Fixture       *self,
                        gconstpointer  data)
{
  guint root;

  make_folder (self, "all");
  root = share_root (self, "all");
  for (guint i = 0; i <= BYTESTAG_LIMIT_CHECK_DIGESTS; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%u", i);

      write_text (self, name, "one");
      share_file (self, root, name + strlen ("all/"));
      if (i == 0)
        settle (self);
      set_time (self, name, 1000, 1);
    }

  check (self);
  assert_n_read (self, 3 * (BYTESTAG_LIMIT_CHECK_DIGESTS + 1));
  g_assert_cmpuint (g_hash_table_size (self->digests), ==, BYTESTAG_LIMIT_CHECK_DIGESTS);
  check (self);
  assert_n_read (self, 3);

  g_array_set_size (self->files, 10);
  check (self);
  assert_n_read (self, 0);
  g_assert_cmpuint (g_hash_table_size (self->digests), ==, 10);
}

#define TEST(name, func) g_test_add ("/sharing/library-check/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("unchanged", test_unchanged);
  TEST ("new", test_new);
  TEST ("renamed", test_renamed);
  TEST ("swapped", test_swapped);
  TEST ("overwritten", test_overwritten);
  TEST ("changed", test_changed);
  TEST ("touched", test_touched);
  TEST ("deleted", test_deleted);
  TEST ("links-and-fifos", test_links_and_fifos);
  TEST ("hard-links", test_hard_links);
  TEST ("inode-reused", test_inode_reused);
  TEST ("restored", test_restored);
  TEST ("copies", test_copies);
  TEST ("root-moved", test_root_moved);
  TEST ("root-replaced", test_root_replaced);
  TEST ("root-gone", test_root_gone);
  TEST ("across-roots", test_across_roots);
  TEST ("unreadable", test_unreadable);
  g_test_add ("/sharing/library-check/drive", Fixture, run_with_drive, set_up, test_drive, tear_down);
  g_test_add ("/sharing/library-check/part-on-drive", Fixture, run_with_part_on_drive, set_up, test_drive, tear_down);
  TEST ("device-number", test_device_number);
  TEST ("cancelled", test_cancelled);
  TEST ("too-many", test_too_many);
  TEST ("reads-so-much", test_reads_so_much);
  TEST ("remembers-so-many", test_remembers_so_many);
  return g_test_run ();
}
