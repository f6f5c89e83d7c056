/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-builder.h"

#include <gnutls/crypto.h>

#include "core/error.h"
#include "core/limits.h"

/* (transfer full) a file of @n_parts parts that @seed tells. */
static BytestagFileInfo *
make_file (guint seed,
           guint n_parts)
{
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_parts);
  g_autofree char *name = g_strdup_printf ("file-%u", seed);
  BytestagKey hash = { { 0 } };

  for (guint i = 0; i < n_parts; i++)
    {
      memcpy (parts[i].bytes, &seed, sizeof seed);
      memcpy (parts[i].bytes + 8, &i, sizeof i);
    }
  memcpy (hash.bytes + 4, &seed, sizeof seed);

  return bytestag_file_info_new (&hash, parts, n_parts, (guint64) n_parts * BYTESTAG_PART_SIZE,
                                 (const char * const []) { name, NULL }, NULL);
}

static GPtrArray *
make_files (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static void
test_small (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagBuiltCollection) built = NULL;
  g_autoptr (BytestagCollectionInfo) read = NULL;
  const BytestagBuiltValue *root;
  const BytestagBuiltValue *info;
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  g_ptr_array_add (files, make_file (1, 1));
  g_ptr_array_add (files, make_file (2, 2));
  built = bytestag_built_collection_new (files, "name", "comment", NULL);

  g_assert_cmpuint (built->pages->len, ==, 1);
  root = &g_array_index (built->pages, BytestagBuiltValue, 0);
  g_assert_true (bytestag_key_equal (&root->id.key, &built->key));
  g_assert_true (bytestag_key_equal (&root->id.index, &built->key));
  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (root->bytes, NULL), g_bytes_get_size (root->bytes), sha256);
  g_assert_cmpmem (sha256, sizeof sha256, built->sha256, sizeof built->sha256);
  read = bytestag_collection_info_from_bytes (root->bytes, NULL);
  g_assert_cmpstr (bytestag_collection_info_get_name (read), ==, "name");
  g_assert_cmpstr (bytestag_collection_info_get_comment (read), ==, "comment");
  g_assert_cmpint (bytestag_collection_info_get_timestamp (read), ==, 0);

  /* Only the file of two parts has an info of its own (A.3 B6), without its name. */
  g_assert_cmpuint (built->file_infos->len, ==, 1);
  info = &g_array_index (built->file_infos, BytestagBuiltValue, 0);
  g_assert_true (bytestag_key_equal (&info->id.key, bytestag_file_info_get_hash (files->pdata[1])));
  g_assert_false (bytestag_key_equal (&info->id.key, &info->id.index));
  g_assert_null (g_strstr_len (g_bytes_get_data (info->bytes, NULL), (gssize) g_bytes_get_size (info->bytes), "file-2"));
}

static void
test_paged (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagBuiltCollection) built = NULL;
  const BytestagBuiltValue *root;
  g_autoptr (BytestagCollectionInfo) read = NULL;
  const BytestagPageRef *pages;
  guint n_pages;

  for (guint i = 0; i < 5000; i++)
    g_ptr_array_add (files, make_file (i, 1));
  built = bytestag_built_collection_new (files, "name", NULL, NULL);

  g_assert_cmpuint (built->pages->len, >, 2);
  root = &g_array_index (built->pages, BytestagBuiltValue, 0);
  read = bytestag_collection_info_from_bytes (root->bytes, NULL);
  pages = bytestag_collection_info_get_pages (read, &n_pages);
  g_assert_cmpuint (n_pages, ==, built->pages->len - 1);
  for (guint i = 0; i < built->pages->len; i++)
    {
      const BytestagBuiltValue *value = &g_array_index (built->pages, BytestagBuiltValue, i);

      g_assert_cmpuint (g_bytes_get_size (value->bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
      g_assert_true (bytestag_key_equal (&value->id.key, &value->id.index));
    }
  g_assert_nonnull (pages);
}

static void
test_file_info_limit (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagBuiltCollection) built = NULL;
  const BytestagBuiltValue *info;

  g_ptr_array_add (files, make_file (1, BYTESTAG_LIMIT_FILE_INFO_PARTS));
  g_ptr_array_add (files, make_file (2, BYTESTAG_LIMIT_FILE_INFO_PARTS + 1));
  built = bytestag_built_collection_new (files, "name", NULL, NULL);
  g_assert_cmpuint (built->file_infos->len, ==, 1);
  info = &g_array_index (built->file_infos, BytestagBuiltValue, 0);
  g_assert_cmpuint (g_bytes_get_size (info->bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
}

static void
test_too_large (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autofree char *comment = g_strnfill (BYTESTAG_LIMIT_INFO_WRITTEN, 'x');
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (files, make_file (1, 1));
  g_assert_null (bytestag_built_collection_new (files, "name", comment, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/collection-builder/small", test_small);
  g_test_add_func ("/sharing/collection-builder/paged", test_paged);
  g_test_add_func ("/sharing/collection-builder/file-info-limit", test_file_info_limit);
  g_test_add_func ("/sharing/collection-builder/too-large", test_too_large);
  return g_test_run ();
}
