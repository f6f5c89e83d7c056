/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-read.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

static BytestagJsonValue
read_value (const char *text)
{
  BytestagScanner scanner;
  BytestagJsonValue value = { 0 };

  bytestag_scanner_init (&scanner, text, strlen (text), 8, 100);
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  return value;
}

static void
test_type (void)
{
  BytestagJsonValue value;
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_json_read (&value, BYTESTAG_JSON_ARRAY, " [1] ", 5, 8, 100, &error));
  g_assert_cmpmem (value.text, value.length, "[1]", 3);
  g_assert_false (bytestag_json_read (&value, BYTESTAG_JSON_OBJECT, "[1]", 3, 8, 100, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

static void
test_members (void)
{
  static const char * const names[] = { "a", "b", "missing", "d" };
  BytestagJsonValue object = read_value ("{\"a\":1,\"b\":{\"a\":9},\"\\u0061\":2,\"c\":3, \"d\" : null}");
  BytestagJsonValue values[4];

  bytestag_json_read_members (&object, names, values, 4);
  g_assert_cmpmem (values[0].text, values[0].length, "2", 1);
  g_assert_cmpmem (values[1].text, values[1].length, "{\"a\":9}", 7);
  g_assert_cmpint (values[2].type, ==, BYTESTAG_JSON_ABSENT);
  g_assert_cmpint (values[3].type, ==, BYTESTAG_JSON_NULL);
  g_assert_true (bytestag_json_read_is_null (&values[2]));
  g_assert_true (bytestag_json_read_is_null (&values[3]));
  g_assert_false (bytestag_json_read_is_null (&values[0]));
}

static void
assert_string (const char *text, const char *expected)
{
  BytestagJsonValue value = read_value (text);
  g_autofree char *string = bytestag_json_read_string (&value);

  g_assert_cmpstr (string, ==, expected);
}

static void
test_strings (void)
{
  assert_string ("\"\"", "");
  assert_string ("12", NULL);
  assert_string ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz");
  assert_string ("\"\\u00e9\xc3\xa9\\ud83d\\ude00\"", "\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80");
  assert_string ("\"a\\u0000b\"", "a\xc0\x80" "b");
  assert_string ("\"\\ud800\"", "\xed\xa0\x80");
  assert_string ("\"\\udc00\\ud800x\"", "\xed\xb0\x80\xed\xa0\x80x");
  assert_string ("\"\\ud800\\u0041\"", "\xed\xa0\x80" "A");
}

static void
assert_integer (const char *text, guint64 number, const char *kept)
{
  BytestagJsonValue value = read_value (text);
  g_autoptr (GError) error = NULL;
  BytestagJsonInteger integer;

  g_assert_true (bytestag_json_read_integer (&value, &integer, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (integer.value, ==, number);
  g_assert_cmpstr (integer.text, ==, kept);
  bytestag_json_integer_clear (&integer);
  g_assert_null (integer.text);
}

static void
assert_no_integer (const char *text, int code)
{
  BytestagJsonValue value = read_value (text);
  g_autoptr (GError) error = NULL;
  BytestagJsonInteger integer;

  g_assert_false (bytestag_json_read_integer (&value, &integer, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
  g_assert_null (integer.text);
}

static void
test_integers (void)
{
  g_autofree char *longest = g_strnfill (BYTESTAG_LIMIT_INFO_DIGITS, '9');
  g_autofree char *too_long = g_strnfill (BYTESTAG_LIMIT_INFO_DIGITS + 1, '9');

  assert_integer ("null", 0, NULL);
  assert_integer ("false", 0, NULL);
  assert_integer ("true", 1, "true");
  assert_integer ("0", 0, NULL);
  assert_integer ("-0", 0, NULL);
  assert_integer ("9223372036854775808", G_GUINT64_CONSTANT (9223372036854775808), NULL);
  assert_integer ("18446744073709551615", G_MAXUINT64, NULL);
  assert_integer ("18446744073709551616", G_MAXUINT64, "18446744073709551616");
  assert_integer (longest, G_MAXUINT64, longest);

  assert_no_integer (too_long, BYTESTAG_ERROR_TOO_LARGE);
  assert_no_integer ("-1", BYTESTAG_ERROR_INVALID);
  assert_no_integer ("1.0", BYTESTAG_ERROR_INVALID);
  assert_no_integer ("1e3", BYTESTAG_ERROR_INVALID);
  assert_no_integer ("NaN", BYTESTAG_ERROR_INVALID);
  assert_no_integer ("\"1\"", BYTESTAG_ERROR_INVALID);
  assert_no_integer ("[]", BYTESTAG_ERROR_INVALID);
}

static void
test_keys (void)
{
  BytestagJsonValue two = read_value ("[\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"00000000000000000000000000000000000000ff\"]");
  const char * const bad[] = { "[]", "{}", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", "[true]", "[null]", "[\"short\"]" };
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) keys = bytestag_json_read_keys (&two, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 2);
  g_assert_cmpuint (g_array_index (keys, BytestagKey, 1).bytes[19], ==, 0xff);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      BytestagJsonValue value = read_value (bad[i]);
      g_autoptr (GError) refused = NULL;

      g_assert_null (bytestag_json_read_keys (&value, &refused));
      g_assert_error (refused, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-read/type", test_type);
  g_test_add_func ("/json-read/members", test_members);
  g_test_add_func ("/json-read/strings", test_strings);
  g_test_add_func ("/json-read/integers", test_integers);
  g_test_add_func ("/json-read/keys", test_keys);
  return g_test_run ();
}
