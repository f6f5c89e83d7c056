/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/download-target.h"

#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-folder.h"

#define TEXT "some bytes"

typedef struct {
  char *folder;
  BytestagFileInfo *info; /* of TEXT */
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagKey hash;

  self->folder = bytestag_test_folder_new ();
  bytestag_key_digest (&hash, TEXT, strlen (TEXT));
  gnutls_hash_fast (GNUTLS_DIG_SHA256, TEXT, strlen (TEXT), sha256);
  self->info = bytestag_file_info_new (&hash, &hash, 1, strlen (TEXT), NULL, sha256);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_clear_object (&self->info);
  bytestag_test_folder_remove (self->folder);
}

static BytestagDownloadTarget *
make_target (Fixture    *self,
             const char *name,
             gboolean    single)
{
  g_autoptr (GError) error = NULL;
  BytestagDownloadTarget *target = bytestag_download_target_new (self->folder, name, single, &error);

  g_assert_no_error (error);
  return target;
}

static void
assert_text (Fixture    *self,
             const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, TEXT);
}

static gboolean
is_there (Fixture    *self,
          const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  GStatBuf info;

  return g_lstat (path, &info) == 0;
}

static void
write_text (BytestagDownloadTarget *target,
            const char * const     *filename)
{
  g_autoptr (GBytes) end = g_bytes_new (TEXT + 5, strlen (TEXT) - 5);
  g_autoptr (GBytes) start = g_bytes_new (TEXT, 5);
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_download_target_write (target, filename, 5, end, &error));
  g_assert_true (bytestag_download_target_write (target, filename, 0, start, &error));
  g_assert_no_error (error);
}

static void
test_folder (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagDownloadTarget) target = make_target (self, "things", FALSE);
  g_autoptr (BytestagDownloadTarget) second = make_target (self, "things", FALSE);
  const char * const filename[] = { "a", "b", "c.txt", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_str_has_suffix (bytestag_download_target_get_path (target), "/things"));
  g_assert_true (g_str_has_suffix (bytestag_download_target_get_path (second), "/things (2)"));
  write_text (target, filename);
  g_assert_true (is_there (self, "things/a/b/c.txt.bytestag-incomplete"));
  g_assert_true (bytestag_download_target_finish (target, filename, self->info, NULL, &error));
  g_assert_no_error (error);
  assert_text (self, "things/a/b/c.txt");
  g_assert_false (is_there (self, "things/a/b/c.txt.bytestag-incomplete"));
}

static void
test_single (Fixture       *self,
             gconstpointer  data)
{
  const char * const filename[] = { "c.txt", NULL };
  g_autoptr (BytestagDownloadTarget) first = make_target (self, "c.txt", TRUE);
  g_autoptr (BytestagDownloadTarget) second = make_target (self, "c.txt", TRUE);
  g_autoptr (GError) error = NULL;

  /* The name of the first is taken as soon as it is begun. */
  g_assert_true (g_str_has_suffix (bytestag_download_target_get_path (second), "/c (2).txt"));
  write_text (second, filename);
  g_assert_true (bytestag_download_target_finish (second, filename, self->info, NULL, &error));
  assert_text (self, "c (2).txt");

  /* And what comes to be there meanwhile is not overwritten. */
  g_free (bytestag_test_folder_write (self->folder, "c.txt", "other", 5));
  write_text (first, filename);
  g_assert_true (bytestag_download_target_finish (first, filename, self->info, NULL, &error));
  g_assert_no_error (error);
  assert_text (self, "c (3).txt");
}

static void
test_long_name (Fixture       *self,
                gconstpointer  data)
{
  const char * const filename[] = { "ignored", NULL };
  g_autoptr (GString) name = g_string_new (NULL);
  g_autoptr (BytestagDownloadTarget) first = NULL;
  g_autoptr (BytestagDownloadTarget) second = NULL;
  g_autofree char *base = NULL;

  while (name->len + 2 <= BYTESTAG_LIMIT_NAME_BYTES)
    g_string_append (name, "é");
  first = make_target (self, name->str, TRUE);
  second = make_target (self, name->str, TRUE);
  base = g_path_get_basename (bytestag_download_target_get_path (second));
  g_assert_cmpuint (strlen (base), <=, BYTESTAG_LIMIT_NAME_BYTES);
  g_assert_true (g_utf8_validate (base, -1, NULL));
  g_assert_true (g_str_has_suffix (base, "é (2)"));
  write_text (second, filename);
}

static void
test_wrong (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagDownloadTarget) target = make_target (self, "things", FALSE);
  const char * const filename[] = { "a", "b", NULL };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("some other", 10);
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_download_target_write (target, filename, 0, bytes, NULL));
  g_assert_false (bytestag_download_target_finish (target, filename, self->info, NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_false (is_there (self, "things/a/b"));

  bytestag_download_target_discard (target, filename);
  g_assert_false (is_there (self, "things"));
}

/* SHA-1 fits, SHA-256 does not. */
static void
test_forged (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagDownloadTarget) target = make_target (self, "things", FALSE);
  const char * const filename[] = { "b", NULL };
  const guint8 sha256[BYTESTAG_SHA256_SIZE] = { 0 };
  g_autoptr (BytestagFileInfo) info =
    bytestag_file_info_new (bytestag_file_info_get_hash (self->info), bytestag_file_info_get_hash (self->info), 1,
                            strlen (TEXT), NULL, sha256);
  g_autoptr (GError) error = NULL;

  write_text (target, filename);
  g_assert_false (bytestag_download_target_finish (target, filename, info, NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA);
}

static void
assert_not_written (Fixture                *self,
                    BytestagDownloadTarget *target,
                    const char * const     *filename)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (TEXT, strlen (TEXT));
  g_autoptr (GError) error = NULL;

  g_assert_false (bytestag_download_target_write (target, filename, 0, bytes, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "Cannot write"));
}

/* Whoever can write into the folder cannot lead us out of it. */
static void
test_links (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagDownloadTarget) target = make_target (self, "things", FALSE);
  g_autofree char *outside = bytestag_test_folder_write (self->folder, "outside", "keep", 4);
  g_autofree char *file_link = g_build_filename (self->folder, "things", "f.bytestag-incomplete", NULL);
  g_autofree char *folder_link = g_build_filename (self->folder, "things", "d", NULL);
  g_autofree char *hard_link = g_build_filename (self->folder, "things", "h.bytestag-incomplete", NULL);
  g_autofree char *text = NULL;

  g_assert_cmpint (symlink (outside, file_link), ==, 0);
  g_assert_cmpint (symlink (self->folder, folder_link), ==, 0);
  g_assert_cmpint (link (outside, hard_link), ==, 0);
  assert_not_written (self, target, (const char * const []) { "f", NULL });
  assert_not_written (self, target, (const char * const []) { "d", "x", NULL });
  assert_not_written (self, target, (const char * const []) { "h", NULL });

  g_assert_true (g_file_get_contents (outside, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "keep");
  g_assert_false (is_there (self, "x.bytestag-incomplete"));
}

static void
test_discard (Fixture       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagDownloadTarget) target = make_target (self, "things", FALSE);
  g_autoptr (BytestagDownloadTarget) single = make_target (self, "one", TRUE);
  const char * const kept[] = { "a", "kept", NULL };
  const char * const left[] = { "a", "b", "left", NULL };

  write_text (target, kept);
  write_text (target, left);
  g_assert_true (bytestag_download_target_finish (target, kept, self->info, NULL, NULL));
  bytestag_download_target_discard (target, left);
  g_assert_true (is_there (self, "things/a/kept"));
  g_assert_false (is_there (self, "things/a/b"));

  bytestag_download_target_discard (single, (const char * const []) { "one", NULL });
  g_assert_false (is_there (self, "one.bytestag-incomplete"));
  /* What was never begun. */
  bytestag_download_target_discard (target, (const char * const []) { "x", "y", NULL });
}

static void
test_no_folder (Fixture       *self,
                gconstpointer  data)
{
  g_autofree char *file = bytestag_test_folder_write (self->folder, "file", "x", 1);
  g_autofree char *new_folder = g_build_filename (self->folder, "new", "folder", NULL);
  g_autoptr (BytestagDownloadTarget) target = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_download_target_new (file, "things", FALSE, &error));
  g_assert_nonnull (error);
  target = bytestag_download_target_new (new_folder, "things", FALSE, NULL);
  g_assert_nonnull (target);
  g_assert_true (is_there (self, "new/folder/things"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/sharing/download-target/folder", test_folder);
  TEST ("/sharing/download-target/single", test_single);
  TEST ("/sharing/download-target/long-name", test_long_name);
  TEST ("/sharing/download-target/wrong", test_wrong);
  TEST ("/sharing/download-target/forged", test_forged);
  TEST ("/sharing/download-target/links", test_links);
  TEST ("/sharing/download-target/discard", test_discard);
  TEST ("/sharing/download-target/no-folder", test_no_folder);
  return g_test_run ();
}
