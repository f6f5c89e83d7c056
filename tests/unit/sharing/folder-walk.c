/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/folder-walk.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-folder.h"

typedef struct {
  char *folder;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  bytestag_test_folder_remove (self->folder);
}

static char *
make_path (Fixture    *self,
           const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
make_file (Fixture    *self,
           const char *name)
{
  g_autofree char *path = make_path (self, name);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (bytestag_test_folder_write (self->folder, name, name, strlen (name)));
}

/* Walks names of the folder, which are separated by spaces. */
static BytestagFolderWalk *
walk (Fixture     *self,
      const char  *names,
      GError     **error)
{
  g_auto (GStrv) paths = g_strsplit (names, " ", -1);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      char *path = make_path (self, paths[i]);

      g_free (paths[i]);
      paths[i] = path;
    }

  return bytestag_folder_walk ((const char * const *) paths, NULL, error);
}

static void
assert_found (Fixture    *self,
              const char *names,
              const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagFolderWalk) found = walk (self, names, &error);
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 size = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < found->files->len; i++)
    {
      const BytestagWalkFile *file = g_ptr_array_index (found->files, i);
      g_auto (GStrv) filename = bytestag_walk_file_dup_filename (file);
      g_autofree char *name = g_strjoinv ("/", filename);

      g_assert_true (g_str_has_suffix (file->path, file->name));
      g_assert_true (g_path_is_absolute (file->path));
      g_assert_true (g_file_test (file->path, G_FILE_TEST_IS_REGULAR));
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", name);
      size += file->stamp.size;
    }
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_cmpuint (found->size, ==, size);
}

static void
assert_refused (Fixture    *self,
                const char *names,
                GQuark      domain,
                int         code,
                const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagFolderWalk) found = walk (self, names, &error);

  g_assert_error (error, domain, code);
  g_assert_null (found);
  g_assert_nonnull (strstr (error->message, word));
}

static void
test_order (Fixture       *self,
            gconstpointer  data)
{
  make_file (self, "all/b");
  make_file (self, "all/a/z");
  make_file (self, "all/a/é");
  make_file (self, "all/a.x");
  make_file (self, "all/B");

  /* By the bytes of each element. */
  assert_found (self, "all", "B a/z a/é a.x b");
  assert_found (self, "all/", "B a/z a/é a.x b");
  assert_found (self, "all/b", "b");
}

static void
test_several (Fixture       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagFolderWalk) found = NULL;

  make_file (self, "x/folder/in");
  make_file (self, "y/file");
  make_file (self, "z/folder/in");

  assert_found (self, "x/folder y/file", "file folder/in");
  assert_found (self, "y/file x/folder", "file folder/in");
  found = walk (self, "x/folder y/file", NULL);
  g_assert_cmpstr (found->name, ==, "file");
  assert_refused (self, "x/folder z/folder", BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "same name");
}

static void
test_left_out (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *link = make_path (self, "all/link");
  g_autofree char *folder_link = make_path (self, "all/folder-link");
  g_autofree char *fifo = make_path (self, "all/fifo");
  g_autoptr (BytestagFolderWalk) found = NULL;

  make_file (self, "all/plain");
  make_file (self, "all/.hidden");
  make_file (self, "all/.git/config");
  make_file (self, "all/part.bytestag-incomplete");
  g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
  g_assert_cmpint (symlink ("/", folder_link), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  assert_found (self, "all", "plain");
  found = walk (self, "all", NULL);
  g_assert_cmpuint (bytestag_skip_list_get_n_skipped (found->skipped), ==, 6);
  g_assert_cmpuint (bytestag_skip_list_get_n_problems (found->skipped), ==, 0);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_HIDDEN], ==, 2);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_INCOMPLETE], ==, 1);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_LINK], ==, 2);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_SPECIAL], ==, 1);

  /* Unless they are named. */
  assert_found (self, "all/.hidden", ".hidden");
  assert_found (self, "all/.git", "config");
  assert_refused (self, "all/link", BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "symbolic link");
  assert_refused (self, "all/fifo", BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "neither");
}

static void
test_bad (Fixture       *self,
          gconstpointer  data)
{
  g_autofree char *empty = make_path (self, "empty/below");
  g_autoptr (GString) deep = g_string_new ("deep");

  g_assert_cmpint (g_mkdir_with_parents (empty, 0700), ==, 0);
  assert_refused (self, "empty", BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "is empty");
  assert_refused (self, "missing", G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "missing");

  make_file (self, "names/line\nfeed");
  assert_refused (self, "names", BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME, "cannot be shared under this name");
  make_file (self, "bytes/not\xffutf8");
  assert_refused (self, "bytes", BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME, "cannot be shared under this name");

  for (guint i = 0; i < BYTESTAG_LIMIT_PATH_ELEMENTS; i++)
    g_string_append (deep, "/d");
  g_string_append (deep, "/file");
  make_file (self, deep->str);
  assert_refused (self, "deep", BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, "too deep");
}

static guint
count (Fixture            *self,
       const char         *names,
       BytestagSkipReason  reason,
       const char         *words)
{
  g_autoptr (BytestagFolderWalk) found = walk (self, names, NULL);

  g_assert_nonnull (found);
  for (guint i = 0; i < found->skipped->files->len; i++)
    {
      const BytestagSkippedFile *file = g_ptr_array_index (found->skipped->files, i);

      if (file->reason == reason)
        g_assert_nonnull (strstr (file->words, words));
    }
  return found->skipped->n_skipped[reason];
}

/* One that nobody could write, or read, does not keep the others from being shared. */
static void
test_one_of_many (Fixture       *self,
                  gconstpointer  data)
{
  g_autofree char *long_name = g_strnfill (BYTESTAG_LIMIT_NAME_BYTES + 1, 'n');
  g_autofree char *long_path = g_build_filename ("all", long_name, NULL);
  g_autoptr (GString) deep = g_string_new ("all/deep");
  g_autoptr (BytestagFolderWalk) found = NULL;

  make_file (self, "all/plain");
  make_file (self, "all/not\xffutf8");
  make_file (self, "all/folder\xff/in");
  make_file (self, "all/folder\xff/in-too");
  make_file (self, long_path);
  for (guint i = 0; i < BYTESTAG_LIMIT_PATH_ELEMENTS; i++)
    g_string_append (deep, "/d");
  g_string_append (deep, "/file");
  make_file (self, deep->str);

  assert_found (self, "all", "plain");
  /* A folder of a bad name counts once. */
  g_assert_cmpuint (count (self, "all", BYTESTAG_SKIP_NAME, "cannot be shared under this name"), ==, 3);
  g_assert_cmpuint (count (self, "all", BYTESTAG_SKIP_DEPTH, "too deep"), ==, 1);
  found = walk (self, "all", NULL);
  g_assert_cmpuint (bytestag_skip_list_get_n_problems (found->skipped), ==, 4);
  g_assert_cmpuint (bytestag_skip_list_get_n_skipped (found->skipped), ==, 4);

  /* What is missing among several. */
  assert_found (self, "all/plain missing", "plain");
  g_assert_cmpuint (count (self, "all/plain missing", BYTESTAG_SKIP_UNREADABLE, "No such file"), ==, 1);
}

/* Nothing is locked for root, who is nobody meanwhile. */
static void
test_unreadable_folder (Fixture       *self,
                        gconstpointer  data)
{
  const uid_t nobody = 65534;
  g_autofree char *all = make_path (self, "all");
  g_autofree char *locked = make_path (self, "all/locked");
  g_autofree char *closed = make_path (self, "all/closed");
  gboolean is_root = geteuid () == 0;

  make_file (self, "all/plain");
  make_file (self, "all/locked/in");
  make_file (self, "all/closed");
  g_assert_cmpint (chmod (locked, 0), ==, 0);
  g_assert_cmpint (chmod (closed, 0), ==, 0);
  if (is_root)
    {
      g_assert_cmpint (chown (self->folder, nobody, (gid_t) -1), ==, 0);
      g_assert_cmpint (chown (all, nobody, (gid_t) -1), ==, 0);
      g_assert_cmpint (seteuid (nobody), ==, 0);
    }

  g_assert_cmpuint (count (self, "all", BYTESTAG_SKIP_UNREADABLE, "locked"), ==, 1);
  /* That a file is locked is met when it is opened. */
  assert_found (self, "all", "closed plain");
  assert_refused (self, "all/locked", G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "locked");

  if (is_root)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_cmpint (chmod (locked, 0700), ==, 0);
}

/* Of what was left out so much is named that a person can read it. */
static void
test_many_left_out (Fixture       *self,
                    gconstpointer  data)
{
  g_autoptr (BytestagFolderWalk) found = NULL;

  make_file (self, "all/plain");
  for (guint i = 0; i < BYTESTAG_LIMIT_SKIPPED_NAMED + 20; i++)
    {
      g_autofree char *hidden = g_strdup_printf ("all/.%u", i);

      make_file (self, hidden);
    }
  make_file (self, "all/line\nfeed");

  found = walk (self, "all", NULL);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_HIDDEN], ==, BYTESTAG_LIMIT_SKIPPED_NAMED + 20);
  g_assert_cmpuint (found->skipped->n_skipped[BYTESTAG_SKIP_NAME], ==, 1);
  g_assert_cmpuint (found->skipped->files->len, ==, BYTESTAG_LIMIT_SKIPPED_NAMED + 1);
}

/* A folder and what lies in it, the same twice: shared once, and so the same link. */
static void
test_repeated (Fixture       *self,
               gconstpointer  data)
{
  make_file (self, "all/a");
  make_file (self, "all/b/c");
  make_file (self, "all/.hidden");
  make_file (self, "all-b/d");

  assert_found (self, "all all/a", "a b/c");
  assert_found (self, "all/b/c all all/b", "a b/c");
  g_assert_cmpuint (count (self, "all/b/c all all/b", BYTESTAG_SKIP_REPEATED, "shared already"), ==, 2);
  assert_found (self, "all all", "a b/c");
  assert_found (self, "all/a all/b/../a", "a");
  /* What its folder would leave out was meant. */
  assert_found (self, "all all/.hidden", ".hidden all/a all/b/c");
  assert_found (self, "all all-b", "all/a all/b/c all-b/d");
}

static void
test_links (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *loop = make_path (self, "all/folder/loop");
  g_autofree char *hard = make_path (self, "all/hard");
  g_autofree char *file = make_path (self, "all/file");

  make_file (self, "all/folder/in");
  make_file (self, "all/file");
  g_assert_cmpint (symlink ("..", loop), ==, 0);
  g_assert_cmpint (link (file, hard), ==, 0);

  assert_found (self, "all", "file folder/in hard");
  g_assert_cmpuint (count (self, "all", BYTESTAG_SKIP_LINK, "symbolic link"), ==, 1);
}

static void
test_cancelled (Fixture       *self,
                gconstpointer  data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  make_file (self, "all/b");
  g_cancellable_cancel (cancellable);
  g_assert_null (bytestag_folder_walk ((const char * const []) { self->folder, NULL }, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/sharing/folder-walk/order", test_order);
  TEST ("/sharing/folder-walk/several", test_several);
  TEST ("/sharing/folder-walk/left-out", test_left_out);
  TEST ("/sharing/folder-walk/bad", test_bad);
  TEST ("/sharing/folder-walk/one-of-many", test_one_of_many);
  TEST ("/sharing/folder-walk/unreadable-folder", test_unreadable_folder);
  TEST ("/sharing/folder-walk/many-left-out", test_many_left_out);
  TEST ("/sharing/folder-walk/repeated", test_repeated);
  TEST ("/sharing/folder-walk/links", test_links);
  TEST ("/sharing/folder-walk/cancelled", test_cancelled);
  return g_test_run ();
}
