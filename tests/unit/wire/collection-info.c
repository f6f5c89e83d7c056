/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/collection-info.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-model.h"

#define K0 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define FILE_0 "{\"!\":\"BytestagFileInfo\",\"hash\":\"" K0 "\",\"parts\":[\"" K0 "\"]}"
#define START "{\"!\":\"BytestagCollectionInfo\","
#define PAGE(files, size) "{\"files\":" #files ",\"key\":\"" K0 "\",\"size\":" #size "}"

static BytestagCollectionInfo *
read_text (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return bytestag_collection_info_from_bytes (bytes, error);
}

static void
assert_written_again (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) info = read_text (text, &error);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *again = NULL;

  g_assert_no_error (error);
  bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));
  again = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpstr (again, ==, expected);
}

static void
assert_refused (const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (read_text (text, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
}

/* Two files, the second of @size bytes. */
static BytestagCollectionInfo *
make_collection (guint64 size)
{
  const BytestagKey key = { { 0 } };
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (files, bytestag_file_info_new (&key, &key, 1, 5, NULL, NULL));
  g_ptr_array_add (files, bytestag_file_info_new (&key, &key, 1, size, NULL, NULL));
  return bytestag_collection_info_new (files, "na\x01me", "two\nlines", 7);
}

static void
test_new (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (10);
  g_autoptr (BytestagCollectionInfo) huge = make_collection (G_MAXUINT64);
  g_autofree char *name = NULL;
  g_autofree char *comment = NULL;
  guint64 count, size;
  gint64 timestamp;
  guint n_pages = 1;

  g_assert_cmpstr (bytestag_collection_info_get_name (info), ==, "na\x01me");
  g_assert_cmpstr (bytestag_collection_info_get_comment (info), ==, "two\nlines");
  g_assert_cmpint (bytestag_collection_info_get_timestamp (info), ==, 7);
  g_assert_cmpuint (bytestag_collection_info_get_count (info), ==, 2);
  g_assert_cmpuint (bytestag_collection_info_get_size (info), ==, 15);
  g_assert_cmpuint (bytestag_collection_info_get_files (info)->len, ==, 2);
  g_assert_null (bytestag_collection_info_get_pages (info, &n_pages));
  g_assert_cmpuint (n_pages, ==, 0);
  g_assert_cmpuint (bytestag_collection_info_get_size (huge), ==, G_MAXUINT64);

  g_object_get (info, "name", &name, "comment", &comment, "timestamp", &timestamp, "count", &count, "size", &size, NULL);
  g_assert_cmpstr (name, ==, "na\u25a1me");
  g_assert_cmpstr (comment, ==, "two\nlines");
  g_assert_cmpint (timestamp, ==, 7);
  g_assert_cmpuint (count, ==, 2);
  g_assert_cmpuint (size, ==, 15);
}

/* Immutable: a model that never changes. */
static void
test_model (void)
{
  g_autoptr (BytestagCollectionInfo) info = make_collection (10);
  g_autoptr (BytestagTestModel) mirror = bytestag_test_model_new (G_LIST_MODEL (info));
  g_autoptr (BytestagFileInfo) second = g_list_model_get_item (G_LIST_MODEL (info), 1);

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (info)) == BYTESTAG_TYPE_FILE_INFO);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (info)), ==, 2);
  g_assert_cmpuint (bytestag_file_info_get_size (second), ==, 10);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (info), 2));
  bytestag_test_model_check (mirror);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 0);
}

static void
test_quirks (void)
{
#define FILES "\"files\":[" FILE_0 "]"
  assert_written_again ("{" FILES "}", START FILES "}");
  assert_written_again ("{" FILES ",\"name\":\"\",\"comment\":null,\"timestamp\":false}", START FILES "}");
  assert_written_again ("{" FILES ",\"timestamp\":true,\"count\":9,\"size\":[],\"pages\":5}",
                        START FILES ",\"timestamp\":true}");
  assert_written_again ("{" FILES ",\"timestamp\":36893488147419103232,\"comment\":\"\\ud800\"}",
                        START "\"comment\":\"\\ud800\"," FILES ",\"timestamp\":36893488147419103232}");

  assert_refused ("{" FILES ",\"name\":5}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" FILES ",\"name\":false}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" FILES ",\"comment\":[]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" FILES ",\"timestamp\":-1}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" FILES ",\"timestamp\":1.0}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{\"files\":{}}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{\"files\":[[]]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{\"files\":[" FILE_0 ",{}]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{}", BYTESTAG_ERROR_INVALID);
}

static void
test_timestamp_that_c_cannot_say (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) info = read_text ("{" FILES ",\"timestamp\":36893488147419103232}", &error);

  g_assert_no_error (error);
  g_assert_cmpint (bytestag_collection_info_get_timestamp (info), ==, G_MAXINT64);
}

/* The root of a collection in pages. */
static void
test_root (void)
{
  const char text[] = START "\"comment\":\"c\",\"count\":5,\"name\":\"n\",\"pages\":[" PAGE (3, 70) "," PAGE (2, 0)
                            "],\"size\":70,\"timestamp\":9}";
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) info = read_text (text, &error);
  const BytestagPageRef *pages;
  guint n_pages;

  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_collection_info_get_count (info), ==, 5);
  g_assert_cmpuint (bytestag_collection_info_get_size (info), ==, 70);
  g_assert_cmpuint (bytestag_collection_info_get_files (info)->len, ==, 0);
  pages = bytestag_collection_info_get_pages (info, &n_pages);
  g_assert_cmpuint (n_pages, ==, 2);
  g_assert_cmpuint (pages[0].n_files, ==, 3);
  g_assert_cmpuint (pages[0].size, ==, 70);
  assert_written_again (text, text);
}

static void
assert_bad_root (const char *count, const char *size, const char *pages, int code)
{
  g_autofree char *text = g_strdup_printf ("{\"count\":%s,\"size\":%s,\"pages\":%s}", count, size, pages);

  assert_refused (text, code);
}

static void
test_bad_root (void)
{
  assert_bad_root ("2", "1", "[" PAGE (1, 1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "2", "[" PAGE (1, 1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("null", "1", "[" PAGE (1, 1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "\"1\"", "[" PAGE (1, 1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("0", "1", "[" PAGE (0, 1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "-1", "[" PAGE (1, -1) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "9223372036854775807", "[" PAGE (1, 9223372036854775808) "]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("0", "0", "[]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("0", "0", "{}", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "1", "[[]]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "1", "[{\"files\":1,\"size\":1}]", BYTESTAG_ERROR_INVALID);
  assert_bad_root ("1", "1", "[{\"key\":\"" K0 "\",\"size\":1}]", BYTESTAG_ERROR_INVALID);
}

static void
test_most_files (void)
{
  G_STATIC_ASSERT (BYTESTAG_LIMIT_COLLECTION_FILES == 1000000);
  assert_written_again ("{\"count\":1000000,\"size\":0,\"pages\":[" PAGE (1000000, 0) "]}",
                        START "\"count\":1000000,\"pages\":[" PAGE (1000000, 0) "],\"size\":0}");
  assert_bad_root ("1000001", "0", "[" PAGE (1000000, 0) "," PAGE (1, 0) "]", BYTESTAG_ERROR_TOO_LARGE);
}

static void
test_finalize (void)
{
  BytestagCollectionInfo *info = make_collection (1);
  g_autoptr (GError) error = NULL;
  BytestagCollectionInfo *root = read_text ("{\"count\":1,\"size\":1,\"pages\":[" PAGE (1, 1) "]}", &error);

  g_assert_no_error (error);
  g_assert_finalize_object (info);
  g_assert_finalize_object (root);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/collection-info/new", test_new);
  g_test_add_func ("/collection-info/model", test_model);
  g_test_add_func ("/collection-info/quirks", test_quirks);
  g_test_add_func ("/collection-info/timestamp-that-c-cannot-say", test_timestamp_that_c_cannot_say);
  g_test_add_func ("/collection-info/root", test_root);
  g_test_add_func ("/collection-info/bad-root", test_bad_root);
  g_test_add_func ("/collection-info/most-files", test_most_files);
  g_test_add_func ("/collection-info/finalize", test_finalize);
  return g_test_run ();
}
