/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/collection-info.h"

#define MANY_FILES 100000

/* A key that is another one for each @number. */
static BytestagKey
make_key (guint64 number)
{
  BytestagKey key;

  bytestag_key_digest (&key, &number, sizeof number);
  return key;
}

static BytestagFileInfo *
make_file (const char *name, guint64 n_parts, guint64 salt)
{
  g_autofree BytestagKey *parts = g_new (BytestagKey, n_parts);
  const char * const filename[] = { "folder", name, NULL };
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  for (guint i = 0; i < n_parts; i++)
    parts[i] = make_key (salt + i);
  memset (sha256, salt, sizeof sha256);
  return bytestag_file_info_new (&parts[0], parts, n_parts, (n_parts - 1) * BYTESTAG_PART_SIZE + 1,
                                 filename, sha256);
}

static BytestagCollectionInfo *
make_collection (guint n_files, guint n_parts)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *name = g_strdup_printf ("\u00e9 %u", i);

      g_ptr_array_add (files, make_file (name, n_parts, (guint64) i << 32));
    }
  return bytestag_collection_info_new (files, "collection", "comment", 0);
}

/* The values by their keys, as a network would hold them. */
static GHashTable *
index_values (GPtrArray *values)
{
  GHashTable *table = g_hash_table_new_full (bytestag_key_hash, bytestag_key_equal, g_free, NULL);

  for (guint i = 0; i < values->len; i++)
    {
      GBytes *bytes = g_ptr_array_index (values, i);
      BytestagKey *key = g_new (BytestagKey, 1);

      g_assert_cmpuint (g_bytes_get_size (bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
      bytestag_key_digest (key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_hash_table_insert (table, key, bytes);
    }
  return table;
}

static GBytes *
look_up (GHashTable *values, const BytestagKey *key)
{
  GBytes *bytes = g_hash_table_lookup (values, key);

  g_assert_nonnull (bytes);
  return bytes;
}

/* Puts the parts of a file together from its pages. (transfer full) */
static BytestagFileInfo *
fetch_parts (GHashTable *values, BytestagFileInfo *file)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  guint n_pages;
  const BytestagKey *pages = bytestag_file_info_get_part_pages (file, &n_pages);

  if (n_pages == 0)
    return g_object_ref (file);

  for (guint i = 0; i < n_pages; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) page = bytestag_parts_page_from_bytes (look_up (values, &pages[i]), &error);

      g_assert_no_error (error);
      g_array_append_vals (parts, page->data, page->len);
    }
  return bytestag_file_info_with_parts (file, (const BytestagKey *) parts->data, parts->len);
}

static gpointer
copy_file (gconstpointer file, gpointer data)
{
  return g_object_ref ((gpointer) file);
}

/* As a downloader does. (transfer full) (element-type BytestagFileInfo) */
static GPtrArray *
fetch_files (GHashTable *values, GBytes *root_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) root = bytestag_collection_info_from_bytes (root_bytes, &error);
  GPtrArray *files = NULL;
  const BytestagPageRef *pages;
  guint n_pages;

  g_assert_no_error (error);
  files = g_ptr_array_copy (bytestag_collection_info_get_files (root), copy_file, NULL);
  g_ptr_array_set_free_func (files, g_object_unref);
  pages = bytestag_collection_info_get_pages (root, &n_pages);
  for (guint i = 0; i < n_pages; i++)
    {
      g_autoptr (GPtrArray) page = bytestag_collection_page_from_bytes (look_up (values, &pages[i].key), &error);
      guint64 size = 0;

      g_assert_no_error (error);
      g_assert_cmpuint (page->len, ==, pages[i].n_files);
      for (guint j = 0; j < page->len; j++)
        {
          size += bytestag_file_info_get_size (g_ptr_array_index (page, j));
          g_ptr_array_add (files, fetch_parts (values, g_ptr_array_index (page, j)));
        }
      g_assert_cmpuint (size, ==, pages[i].size);
    }
  return files;
}

static void
assert_same_file (BytestagFileInfo *a, BytestagFileInfo *b)
{
  g_autoptr (GBytes) a_bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (a));
  g_autoptr (GBytes) b_bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (b));

  g_assert_true (bytestag_file_info_check (b, NULL));
  g_assert_true (g_bytes_equal (a_bytes, b_bytes));
}

/* Pages a collection, checks the bounds and that all of it comes back. (transfer full) */
static GPtrArray *
assert_round_trip (BytestagCollectionInfo *info)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *values = bytestag_collection_info_paginate (info, &error);
  GPtrArray *files = bytestag_collection_info_get_files (info);

  g_assert_no_error (error);
  g_autoptr (GHashTable) table = index_values (values);
  g_autoptr (GPtrArray) again = fetch_files (table, g_ptr_array_index (values, values->len - 1));

  g_assert_cmpuint (again->len, ==, files->len);
  for (guint i = 0; i < files->len; i++)
    assert_same_file (g_ptr_array_index (files, i), g_ptr_array_index (again, i));
  return values;
}

static void
test_one_value (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (3, 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) values = bytestag_collection_info_paginate (info, &error);
  g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));

  g_assert_no_error (error);
  g_assert_cmpuint (values->len, ==, 1);
  g_assert_true (g_bytes_equal (g_ptr_array_index (values, 0), bytes));
}

static void
test_many_files (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (MANY_FILES, 1);
  g_autoptr (GPtrArray) values = assert_round_trip (info);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) root =
    bytestag_collection_info_from_bytes (g_ptr_array_index (values, values->len - 1), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_collection_info_get_count (root), ==, MANY_FILES);
  g_assert_cmpuint (bytestag_collection_info_get_size (root), ==, MANY_FILES);
  g_assert_cmpstr (bytestag_collection_info_get_name (root), ==, "collection");

  /* No page could have taken the first file of the next one. */
  for (guint i = 0; i + 2 < values->len; i++)
    g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (values, i)), >, BYTESTAG_LIMIT_INFO_WRITTEN - 300);
}

static void
test_same_bytes (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (2000, 3);
  g_autoptr (BytestagCollectionInfo) same = make_collection (2000, 3);
  g_autoptr (GPtrArray) values = assert_round_trip (info);
  g_autoptr (GPtrArray) same_values = assert_round_trip (same);

  g_assert_cmpuint (values->len, >, 2);
  g_assert_cmpuint (values->len, ==, same_values->len);
  for (guint i = 0; i < values->len; i++)
    g_assert_true (g_bytes_equal (g_ptr_array_index (values, i), g_ptr_array_index (same_values, i)));
}

/* One file of 8,500 parts is longer than a page; it has two pages of parts. */
static void
test_long_file (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (1, 8500);
  g_autoptr (GPtrArray) values = assert_round_trip (info);
  g_autoptr (GArray) first = bytestag_parts_page_from_bytes (g_ptr_array_index (values, 0), NULL);
  g_autoptr (GArray) second = bytestag_parts_page_from_bytes (g_ptr_array_index (values, 1), NULL);

  g_assert_cmpuint (values->len, ==, 4);
  g_assert_cmpuint (first->len, ==, BYTESTAG_LIMIT_PARTS_OF_PAGE);
  g_assert_cmpuint (second->len, ==, 8500 - BYTESTAG_LIMIT_PARTS_OF_PAGE);
}

/* The parts of all files whose list of parts may be published as a FileInfo stay with their file. */
static void
test_longest_whole_file (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (1, 8400);
  g_autoptr (GPtrArray) values = assert_round_trip (info);

  g_assert_cmpuint (values->len, <=, 2);
}

/* Long and short files side by side, 1 TiB in all. */
static void
test_mixed (void)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagCollectionInfo) info = NULL;
  g_autoptr (GPtrArray) values = NULL;

  for (guint i = 0; i < 64; i++)
    {
      g_ptr_array_add (files, make_file ("long", 65536, 0));
      g_ptr_array_add (files, make_file ("short", 1 + i, i));
    }
  info = bytestag_collection_info_new (files, NULL, NULL, 0);
  g_assert_cmpuint (bytestag_collection_info_get_size (info), >, G_GUINT64_CONSTANT (1) << 40);
  values = assert_round_trip (info);
}

static void
test_too_large (void)
{
  const BytestagKey key = { { 0 } };
  g_autofree char *text = g_strnfill (BYTESTAG_LIMIT_INFO_WRITTEN, 'c');
  const char * const filename[] = { text, NULL };
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagCollectionInfo) comment = NULL;
  g_autoptr (BytestagCollectionInfo) name = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (files, make_file ("file", 1, 0));
  comment = bytestag_collection_info_new (files, "name", text, 0);
  g_assert_null (bytestag_collection_info_paginate (comment, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
  g_clear_error (&error);

  g_ptr_array_add (files, bytestag_file_info_new (&key, &key, 1, 1, filename, NULL));
  name = bytestag_collection_info_new (files, "name", NULL, 0);
  g_assert_null (bytestag_collection_info_paginate (name, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
}

static void
test_bad_page (void)
{
  static const char * const texts[] = {
    "", "[]", "{}", "{\"!\":\"BytestagPage\"}", "{\"!\":\"BytestagPage\",\"files\":[]}",
    "{\"!\":\"BytestagPage\",\"files\":[{}]}",
    "{\"files\":[{\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"parts\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]}]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (texts[i], strlen (texts[i]));
      g_autoptr (GError) error = NULL;

      g_assert_null (bytestag_collection_page_from_bytes (bytes, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/collection-pages/one-value", test_one_value);
  g_test_add_func ("/collection-pages/many-files", test_many_files);
  g_test_add_func ("/collection-pages/same-bytes", test_same_bytes);
  g_test_add_func ("/collection-pages/long-file", test_long_file);
  g_test_add_func ("/collection-pages/longest-whole-file", test_longest_whole_file);
  g_test_add_func ("/collection-pages/mixed", test_mixed);
  g_test_add_func ("/collection-pages/too-large", test_too_large);
  g_test_add_func ("/collection-pages/bad-page", test_bad_page);
  return g_test_run ();
}
