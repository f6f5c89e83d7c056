/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/file-digest.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <unistd.h>

#include "support/test-folder.h"

static void
check_size (const char *folder,
            gsize       size)
{
  g_autofree guint8 *data = g_malloc (size + 1);
  g_autofree char *path = NULL;
  g_auto (BytestagFileDigest) digest = { NULL };
  g_autoptr (GError) error = NULL;
  _Atomic guint64 n_read = 0;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagKey hash;
  gsize n_parts = MAX (1, (size + BYTESTAG_PART_SIZE - 1) / BYTESTAG_PART_SIZE);
  int fd;

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (i * 31 + i / 251);
  path = bytestag_test_folder_write (folder, "file", data, size);
  fd = open (path, O_RDONLY);
  g_assert_true (bytestag_file_digest_read (&digest, fd, &n_read, NULL, &error));
  g_assert_no_error (error);
  close (fd);

  bytestag_key_digest (&hash, data, size);
  gnutls_hash_fast (GNUTLS_DIG_SHA256, data, size, sha256);
  g_assert_cmpmem (digest.hash.bytes, sizeof hash.bytes, hash.bytes, sizeof hash.bytes);
  g_assert_cmpmem (digest.sha256, sizeof sha256, sha256, sizeof sha256);
  g_assert_cmpuint (digest.size, ==, size);
  g_assert_cmpuint (n_read, ==, size);
  g_assert_cmpuint (digest.parts->len, ==, n_parts);
  for (gsize i = 0; i < n_parts; i++)
    {
      gsize offset = i * BYTESTAG_PART_SIZE;

      bytestag_key_digest (&hash, data + offset, MIN (size - offset, BYTESTAG_PART_SIZE));
      g_assert_true (bytestag_key_equal (&g_array_index (digest.parts, BytestagKey, i), &hash));
    }
}

static void
test_sizes (void)
{
  const gsize sizes[] = { 0, 1, BYTESTAG_PART_SIZE - 1, BYTESTAG_PART_SIZE, BYTESTAG_PART_SIZE + 1,
                          3 * BYTESTAG_PART_SIZE, 5000000 };
  char *folder = bytestag_test_folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    check_size (folder, sizes[i]);

  bytestag_test_folder_remove (folder);
}

static void
test_cancelled (void)
{
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "file", "x", 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  BytestagFileDigest digest;
  int fd = open (path, O_RDONLY);

  g_cancellable_cancel (cancellable);
  g_assert_false (bytestag_file_digest_read (&digest, fd, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (digest.parts);
  close (fd);
  bytestag_test_folder_remove (folder);
}

/* What is longer each time one looks would never end. */
static void
test_growing (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (BytestagFileDigest) digest = { NULL };
  int fd = open ("/dev/zero", O_RDONLY);

  g_assert_true (bytestag_file_digest_read (&digest, fd, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (digest.size, ==, BYTESTAG_PART_SIZE);
  close (fd);
}

static void
test_unreadable (void)
{
  g_autoptr (GError) error = NULL;
  BytestagFileDigest digest;
  int fd = open ("/", O_RDONLY | O_DIRECTORY);

  g_assert_false (bytestag_file_digest_read (&digest, fd, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  close (fd);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/file-digest/sizes", test_sizes);
  g_test_add_func ("/sharing/file-digest/cancelled", test_cancelled);
  g_test_add_func ("/sharing/file-digest/unreadable", test_unreadable);
  g_test_add_func ("/sharing/file-digest/growing", test_growing);
  return g_test_run ();
}
