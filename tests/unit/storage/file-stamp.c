/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/file-stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test-folder.h"

static void
read_stamp (const char *path, BytestagFileStamp *stamp)
{
  int fd = open (path, O_RDONLY);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (bytestag_file_stamp_read (stamp, fd));
  close (fd);
}

static void
test_tells_changes (void)
{
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "a", "12345", 5);
  g_autofree char *other = bytestag_test_folder_write (folder, "b", "12345", 5);
  const struct timespec times[] = { { 1000, 1 }, { 1000, 1 } };
  const struct timespec later[] = { { 1000, 1 }, { 1000, 2 } };
  BytestagFileStamp first;
  BytestagFileStamp second;

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  g_assert_cmpint (utimensat (AT_FDCWD, other, times, 0), ==, 0);
  read_stamp (path, &first);
  g_assert_cmpuint (first.size, ==, 5);
  g_assert_cmpint (first.mtime, ==, 1000 * (gint64) 1000000000 + 1);
  read_stamp (path, &second);
  g_assert_true (bytestag_file_stamp_equal (&first, &second));

  read_stamp (other, &second);
  g_assert_false (bytestag_file_stamp_equal (&first, &second));

  g_assert_cmpint (utimensat (AT_FDCWD, path, later, 0), ==, 0);
  read_stamp (path, &second);
  g_assert_false (bytestag_file_stamp_equal (&first, &second));

  g_assert_cmpint (truncate (path, 4), ==, 0);
  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  read_stamp (path, &second);
  g_assert_false (bytestag_file_stamp_equal (&first, &second));

  bytestag_test_folder_remove (folder);
}

static void
test_regular_files_only (void)
{
  char *folder = bytestag_test_folder_new ();
  int fd = open (folder, O_RDONLY);
  BytestagFileStamp stamp;

  g_assert_false (bytestag_file_stamp_read (&stamp, fd));
  g_assert_cmpint (errno, ==, EINVAL);
  close (fd);
  g_assert_false (bytestag_file_stamp_read (&stamp, fd));
  g_assert_cmpint (errno, ==, EBADF);

  bytestag_test_folder_remove (folder);
}

/* An inode that another file got, with the size and time of the first. */
static void
test_birth (void)
{
  BytestagFileStamp one = { .size = 5, .mtime = 7, .inode = 11, .device = 13, .birth = 17 };
  BytestagFileStamp other = one;

  other.birth = 18;
  g_assert_false (bytestag_file_stamp_equal (&one, &other));
  other.birth = 0;
  g_assert_true (bytestag_file_stamp_equal (&one, &other));
  g_assert_true (bytestag_file_stamp_equal (&other, &one));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/storage/file-stamp/tells-changes", test_tells_changes);
  g_test_add_func ("/storage/file-stamp/regular-files-only", test_regular_files_only);
  g_test_add_func ("/storage/file-stamp/birth", test_birth);

  return g_test_run ();
}
