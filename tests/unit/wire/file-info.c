/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/file-info.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

/* A key of zeros, and one that ends in ff. */
#define K0 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define K1 "AAAAAAAAAAAAAAAAAAAAAAAAAP8="
#define SHA256 "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU="
#define START "{\"!\":\"BytestagFileInfo\","

static const BytestagKey keys[2] = { { { 0 } }, { { [19] = 0xff } } };

static BytestagFileInfo *
read_text (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return bytestag_file_info_from_bytes (bytes, error);
}

static void
assert_bytes (BytestagFileInfo *info, const char *expected)
{
  g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_assert_cmpstr (text, ==, expected);
}

/* Read and written again, @text is @expected. */
static void
assert_written_again (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagFileInfo) info = read_text (text, &error);

  g_assert_no_error (error);
  assert_bytes (info, expected);
}

static void
assert_refused (const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (read_text (text, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
}

static BytestagFileInfo *
make_info (void)
{
  const char * const filename[] = { "a", "b\u00e9", NULL };
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  memset (sha256, 0xa5, sizeof sha256);
  return bytestag_file_info_new (&keys[1], keys, 2, BYTESTAG_PART_SIZE + 1, filename, sha256);
}

static void
test_new (void)
{
  g_autoptr (BytestagFileInfo) info = make_info ();
  g_autoptr (BytestagFileInfo) bare = bytestag_file_info_strip (info);
  guint n_parts, n_part_pages;
  const char text[] = START "\"filename\":[\"a\",\"b\\u00e9\"],\"hash\":\"" K1 "\",\"parts\":[\"" K0 "\",\"" K1 "\"],"
                            "\"sha256\":\"" SHA256 "\",\"size\":262145}";

  assert_bytes (info, text);
  assert_written_again (text, text);
  assert_bytes (bare, START "\"hash\":\"" K1 "\",\"parts\":[\"" K0 "\",\"" K1 "\"]}");

  g_assert_true (bytestag_key_equal (bytestag_file_info_get_hash (info), &keys[1]));
  g_assert_cmpmem (bytestag_file_info_get_parts (info, &n_parts), sizeof keys, keys, sizeof keys);
  g_assert_cmpuint (n_parts, ==, 2);
  g_assert_null (bytestag_file_info_get_part_pages (info, &n_part_pages));
  g_assert_cmpuint (n_part_pages, ==, 0);
  g_assert_cmpstr (bytestag_file_info_get_filename (info)[1], ==, "b\u00e9");
  g_assert_null (bytestag_file_info_get_sha256 (bare));
  g_assert_null (bytestag_file_info_get_filename (bare));
  g_assert_cmpuint (bytestag_file_info_get_size (bare), ==, 0);
}

static void
test_properties (void)
{
  g_autoptr (BytestagFileInfo) info = make_info ();
  g_autoptr (BytestagFileInfo) bare = bytestag_file_info_strip (info);
  g_autoptr (BytestagKey) hash = NULL;
  g_autofree char *name = NULL;
  g_autofree char *no_name = NULL;
  guint64 size;
  guint n_parts;

  g_object_get (info, "file-hash", &hash, "size", &size, "display-name", &name, "n-parts", &n_parts, NULL);
  g_assert_true (bytestag_key_equal (hash, &keys[1]));
  g_assert_cmpuint (size, ==, BYTESTAG_PART_SIZE + 1);
  g_assert_cmpstr (name, ==, "a/b\u00e9");
  g_assert_cmpuint (n_parts, ==, 2);
  g_object_get (bare, "display-name", &no_name, NULL);
  g_assert_null (no_name);
}

/* The SHA-1 of nothing, as hash and as the one part; no size (B.3). */
static void
test_empty_file (void)
{
  g_autoptr (BytestagFileInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  const char * const filename[] = { "empty", NULL };
  BytestagKey nothing;

  bytestag_key_digest (&nothing, "", 0);
  info = bytestag_file_info_new (&nothing, &nothing, 1, 0, filename, NULL);
  assert_bytes (info, START "\"filename\":[\"empty\"],\"hash\":\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\","
                            "\"parts\":[\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"]}");
  g_assert_true (bytestag_file_info_check (info, &error));
  g_assert_no_error (error);
}

/* What an original writes or drops, and what only ours knows. */
static void
test_quirks (void)
{
#define HASH_AND_PARTS "\"hash\":\"" K1 "\",\"parts\":[\"" K0 "\"]"
  assert_written_again ("{" HASH_AND_PARTS ",\"size\":true}", START HASH_AND_PARTS ",\"size\":true}");
  assert_written_again ("{" HASH_AND_PARTS ",\"size\":false}", START HASH_AND_PARTS "}");
  assert_written_again ("{" HASH_AND_PARTS ",\"size\":123456789012345678901234567890}",
                        START HASH_AND_PARTS ",\"size\":123456789012345678901234567890}");
  assert_written_again ("{" HASH_AND_PARTS ",\"filename\":\"plain\"}", START "\"filename\":\"plain\"," HASH_AND_PARTS "}");
  assert_written_again ("{" HASH_AND_PARTS ",\"filename\":[\"\\ud800\\u0000\",\"\"]}",
                        START "\"filename\":[\"\\ud800\\u0000\",\"\"]," HASH_AND_PARTS "}");
  assert_written_again ("{\"x\":[[[[[[[[[[{}]]]]]]]]]],\"!\":7,\"h\\u0061sh\":\"" K1 "\",\"parts\":[\"" K0 "\"]}",
                        START HASH_AND_PARTS "}");
  assert_written_again ("{\"parts\":5," HASH_AND_PARTS ",\"partpages\":\"ignored\",\"sha256\":null}",
                        START HASH_AND_PARTS "}");

  assert_refused ("{" HASH_AND_PARTS ",\"filename\":[]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" HASH_AND_PARTS ",\"filename\":\"\"}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" HASH_AND_PARTS ",\"filename\":{}}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" HASH_AND_PARTS ",\"filename\":[\"a\",null]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" HASH_AND_PARTS ",\"sha256\":\"AAAA\"}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{" HASH_AND_PARTS ",\"sha256\":5}", BYTESTAG_ERROR_INVALID);
  assert_refused ("{\"hash\":true,\"parts\":[\"" K0 "\"]}", BYTESTAG_ERROR_INVALID);
  assert_refused ("[" START HASH_AND_PARTS "}]", BYTESTAG_ERROR_INVALID);
}

static void
test_paged (void)
{
  const char text[] = START "\"hash\":\"" K1 "\",\"partpages\":[\"" K1 "\",\"" K0 "\"],\"size\":2147483649}";
  const guint n_whole = BYTESTAG_LIMIT_PARTS_OF_PAGE + 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagFileInfo) info = read_text (text, &error);
  g_autoptr (BytestagFileInfo) one_page = NULL;
  g_autoptr (BytestagFileInfo) whole = NULL;
  g_autoptr (BytestagFileInfo) short_of_one = NULL;
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_whole);
  guint n_parts;

  g_assert_no_error (error);
  assert_bytes (info, text);
  g_assert_null (bytestag_file_info_get_parts (info, &n_parts));
  g_assert_cmpuint (n_parts, ==, 0);
  g_assert_true (bytestag_file_info_check (info, &error));

  one_page = bytestag_file_info_new_paged (info, keys, 1);
  g_assert_false (bytestag_file_info_check (one_page, NULL));

  whole = bytestag_file_info_with_parts (info, parts, n_whole);
  g_assert_true (bytestag_file_info_check (whole, &error));
  g_assert_null (bytestag_file_info_get_part_pages (whole, NULL));
  g_assert_cmpuint (bytestag_file_info_get_size (whole), ==, 2147483649);

  short_of_one = bytestag_file_info_with_parts (info, parts, n_whole - 1);
  g_assert_false (bytestag_file_info_check (short_of_one, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

static void
test_check_size (void)
{
  static const struct { guint64 size; guint n_parts; } good[] = {
    { 0, 1 }, { 0, 2 }, { 1, 1 }, { 262144, 1 }, { 262145, 2 }, { 524288, 2 },
  }, bad[] = {
    { 1, 2 }, { 262144, 2 }, { 262145, 1 }, { 524289, 2 }, { G_MAXUINT64, 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (BytestagFileInfo) info = bytestag_file_info_new (keys, keys, good[i].n_parts, good[i].size, NULL, NULL);

      g_assert_true (bytestag_file_info_check (info, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (BytestagFileInfo) info = bytestag_file_info_new (keys, keys, bad[i].n_parts, bad[i].size, NULL, NULL);

      g_assert_false (bytestag_file_info_check (info, NULL));
    }
}

static void
test_parts_page (void)
{
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, BYTESTAG_LIMIT_PARTS_OF_PAGE);
  g_autoptr (GBytes) bytes = bytestag_parts_page_to_bytes (keys, 2);
  g_autoptr (GBytes) longest = bytestag_parts_page_to_bytes (parts, BYTESTAG_LIMIT_PARTS_OF_PAGE);
  g_autoptr (GArray) again = NULL;
  g_autoptr (GArray) longest_again = NULL;
  g_autoptr (GError) error = NULL;
  const char text[] = "{\"!\":\"BytestagParts\",\"parts\":[\"" K0 "\",\"" K1 "\"]}";

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, sizeof text - 1);
  again = bytestag_parts_page_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (again->data, again->len * sizeof (BytestagKey), keys, sizeof keys);

  g_assert_cmpuint (g_bytes_get_size (longest), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
  longest_again = bytestag_parts_page_from_bytes (longest, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (longest_again->len, ==, BYTESTAG_LIMIT_PARTS_OF_PAGE);
}

static void
assert_no_parts_page (const char *text, int code)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_parts_page_from_bytes (bytes, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
}

static void
test_bad_parts_page (void)
{
  GString *too_long = g_string_new ("{\"!\":\"BytestagParts\",\"parts\":[\"" K0 "\"");

  for (guint i = 0; i < BYTESTAG_LIMIT_PARTS_OF_PAGE; i++)
    g_string_append (too_long, ",\"" K0 "\"");
  g_string_append (too_long, "]}");

  assert_no_parts_page (too_long->str, BYTESTAG_ERROR_TOO_LARGE);
  assert_no_parts_page ("{\"parts\":[\"" K0 "\"]}", BYTESTAG_ERROR_INVALID);
  assert_no_parts_page ("{\"!\":\"BytestagFileInfo\",\"parts\":[\"" K0 "\"]}", BYTESTAG_ERROR_INVALID);
  assert_no_parts_page ("{\"!\":\"BytestagParts\",\"parts\":[]}", BYTESTAG_ERROR_INVALID);
  assert_no_parts_page ("{\"!\":\"BytestagParts\"}", BYTESTAG_ERROR_INVALID);
  assert_no_parts_page ("", BYTESTAG_ERROR_INVALID);
  g_string_free (too_long, TRUE);
}

/* Each bound of limits.h for what is read. */
static void
test_limits (void)
{
  g_autofree char *spaces = g_strnfill (BYTESTAG_LIMIT_INFO_READ + 1, ' ');
  const gsize length = strlen (START HASH_AND_PARTS "}");
  g_autoptr (BytestagFileInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  GString *deep = g_string_new ("{" HASH_AND_PARTS ",\"x\":");
  GString *many = g_string_new ("{" HASH_AND_PARTS ",\"x\":[0");

  memcpy (spaces, START HASH_AND_PARTS "}", length);
  assert_refused (spaces, BYTESTAG_ERROR_TOO_LARGE);
  spaces[BYTESTAG_LIMIT_INFO_READ] = '\0';
  info = read_text (spaces, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < BYTESTAG_LIMIT_INFO_DEPTH; i++)
    g_string_append_c (deep, '[');
  assert_refused (deep->str, BYTESTAG_ERROR_TOO_LARGE);

  for (guint i = 0; i < BYTESTAG_LIMIT_INFO_TOKENS; i++)
    g_string_append (many, ",0");
  g_string_append (many, "]}");
  assert_refused (many->str, BYTESTAG_ERROR_TOO_LARGE);

  g_string_free (deep, TRUE);
  g_string_free (many, TRUE);
}

static void
test_finalize (void)
{
  BytestagFileInfo *info = make_info ();
  BytestagFileInfo *paged = bytestag_file_info_new_paged (info, keys, 2);

  g_assert_finalize_object (info);
  g_assert_finalize_object (paged);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-info/new", test_new);
  g_test_add_func ("/file-info/properties", test_properties);
  g_test_add_func ("/file-info/empty-file", test_empty_file);
  g_test_add_func ("/file-info/quirks", test_quirks);
  g_test_add_func ("/file-info/paged", test_paged);
  g_test_add_func ("/file-info/check-size", test_check_size);
  g_test_add_func ("/file-info/parts-page", test_parts_page);
  g_test_add_func ("/file-info/bad-parts-page", test_bad_parts_page);
  g_test_add_func ("/file-info/limits", test_limits);
  g_test_add_func ("/file-info/finalize", test_finalize);
  return g_test_run ();
}
