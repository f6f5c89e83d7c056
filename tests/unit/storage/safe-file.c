/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/safe-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "support/test-folder.h"

typedef struct
{
  char *base;
  int folder;
} Fixture;

static void
set_up (Fixture *self, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  self->base = bytestag_test_folder_new ();
  path = g_build_filename (self->base, "folder", NULL);
  self->folder = bytestag_safe_folder_open (AT_FDCWD, path, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer user_data)
{
  close (self->folder);
  bytestag_test_folder_remove (self->base);
}

static void
assert_contents (Fixture *self, const char *name, const char *expected)
{
  g_autofree char *path = g_build_filename (self->base, "folder", name, NULL);
  g_autofree char *contents = NULL;
  struct stat status;

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, expected);
  g_assert_cmpint (lstat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode, ==, S_IFREG | 0600);
}

static void
write_text (Fixture *self, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  int fd = bytestag_safe_file_write (self->folder, name, text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_true (bytestag_safe_file_sync (fd, &error));
  g_assert_no_error (error);
}

static void
test_writes (Fixture *self, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  write_text (self, "file", "hello");
  assert_contents (self, "file", "hello");
  g_assert_true (bytestag_safe_folder_sync (self->folder, &error));
}

/* What is in its place goes, a link as well, and not what it leads to. */
static void
test_replaces (Fixture *self, gconstpointer user_data)
{
  g_autofree char *other = bytestag_test_folder_write (self->base, "other", "other", 5);
  g_autofree char *contents = NULL;

  write_text (self, "file", "longer than what comes");
  write_text (self, "file", "short");
  assert_contents (self, "file", "short");
  g_assert_cmpint (symlinkat ("../other", self->folder, "link"), ==, 0);
  write_text (self, "link", "ours");
  assert_contents (self, "link", "ours");
  g_assert_true (g_file_get_contents (other, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "other");
}

static void
test_fails (Fixture *self, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkdirat (self->folder, "taken", 0700), ==, 0);
  g_assert_cmpint (bytestag_safe_file_write (self->folder, "taken", "x", 1, &error), ==, -1);
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_cmpint (bytestag_safe_file_write (-1, "file", "x", 1, &error), ==, -1);
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (bytestag_safe_file_sync (-1, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (bytestag_safe_folder_sync (-1, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

/* Made once, then the same; a link is none. */
static void
test_folders (Fixture *self, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  struct stat status, again;

  for (guint turn = 0; turn < 2; turn++)
    {
      int fd = bytestag_safe_folder_open (self->folder, "inner", &error);

      g_assert_no_error (error);
      g_assert_cmpint (fstat (fd, turn == 0 ? &status : &again), ==, 0);
      close (fd);
    }
  g_assert_cmpuint (status.st_ino, ==, again.st_ino);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);

  g_assert_cmpint (symlinkat ("inner", self->folder, "link"), ==, 0);
  g_assert_cmpint (bytestag_safe_folder_open (self->folder, "link", &error), ==, -1);
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

#define ADD(name, test) g_test_add ("/storage/safe-file/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("writes", test_writes);
  ADD ("replaces", test_replaces);
  ADD ("fails", test_fails);
  ADD ("folders", test_folders);

  return g_test_run ();
}
