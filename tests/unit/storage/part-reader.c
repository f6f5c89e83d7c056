/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/part-reader.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "support/test-folder.h"

typedef struct
{
  char *folder;
  char *path;
  BytestagFileStamp stamp;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  int fd;

  fixture->folder = bytestag_test_folder_new ();
  fixture->path = bytestag_test_folder_write (fixture->folder, "file", "0123456789", 10);
  fd = open (fixture->path, O_RDONLY);
  g_assert_true (bytestag_file_stamp_read (&fixture->stamp, fd));
  close (fd);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_free (fixture->path);
  bytestag_test_folder_remove (fixture->folder);
}

static BytestagPartReader *
make_reader (Fixture *fixture, guint64 offset, gsize length, const char *expected)
{
  BytestagKey hash;

  bytestag_key_digest (&hash, expected, length);

  return bytestag_part_reader_new (fixture->path, &fixture->stamp, offset, length, &hash, FALSE);
}

static void
test_reads (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagPartReader) reader = make_reader (fixture, 4, 3, "456");
  GBytes *bytes;

  bytestag_part_reader_run (reader, NULL);
  g_assert_no_error (bytestag_part_reader_get_error (reader));
  bytes = bytestag_part_reader_get_bytes (reader);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "456", 3);
  g_assert_cmpstr (bytestag_part_reader_get_path (reader), ==, fixture->path);
}

static void
test_wrong_hash (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagPartReader) reader = make_reader (fixture, 4, 3, "457");

  bytestag_part_reader_run (reader, NULL);
  g_assert_error (bytestag_part_reader_get_error (reader), BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED);
  g_assert_null (bytestag_part_reader_get_bytes (reader));
}

static void
test_beyond_end (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagPartReader) reader = make_reader (fixture, 8, 3, "89");

  bytestag_part_reader_run (reader, NULL);
  g_assert_error (bytestag_part_reader_get_error (reader), BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED);
}

static void
test_cancelled (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagPartReader) reader = make_reader (fixture, 4, 3, "456");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  bytestag_part_reader_run (reader, cancellable);
  g_assert_error (bytestag_part_reader_get_error (reader), BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
}

#define ADD(name, test) g_test_add ("/storage/part-reader/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("reads", test_reads);
  ADD ("wrong-hash", test_wrong_hash);
  ADD ("beyond-end", test_beyond_end);
  ADD ("cancelled", test_cancelled);

  return g_test_run ();
}
