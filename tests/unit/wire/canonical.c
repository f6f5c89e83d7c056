/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/canonical.h"

#include <float.h>

/* What a writer was told, as text; ends it. */
static void
assert_text (BytestagCanonical *writer, const char *expected)
{
  g_autofree char *text = bytestag_canonical_finish_text (writer);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_string (const char *string, const char *expected)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_string (&writer, string);
  assert_text (&writer, expected);
}

static void
assert_double (gdouble value, const char *expected)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_double (&writer, value);
  assert_text (&writer, expected);
}

static void
test_form (void)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, "!");
  bytestag_canonical_begin_array (&writer);
  bytestag_canonical_end_array (&writer);
  bytestag_canonical_member (&writer, "a");
  bytestag_canonical_begin_array (&writer);
  bytestag_canonical_unsigned (&writer, G_MAXUINT64);
  bytestag_canonical_signed (&writer, G_MININT64);
  bytestag_canonical_null (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_end_object (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, "b");
  bytestag_canonical_raw (&writer, "true", 4);
  bytestag_canonical_end_object (&writer);
  bytestag_canonical_end_array (&writer);
  bytestag_canonical_member (&writer, "c");
  bytestag_canonical_base64 (&writer, (const guint8 *) "\xff\xfe", 2);
  bytestag_canonical_end_object (&writer);
  assert_text (&writer,
               "{\"!\":[],\"a\":[18446744073709551615,-9223372036854775808,null,{},{\"b\":true}],\"c\":\"//4=\"}");
}

static void
test_keys (void)
{
  const BytestagKey keys[2] = { { { 0 } }, { { [19] = 0xff } } };
  BytestagCanonical writer;
  g_autoptr (GBytes) bytes = NULL;
  const char expected[] = "[\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"AAAAAAAAAAAAAAAAAAAAAAAAAP8=\"]";

  bytestag_canonical_init (&writer);
  bytestag_canonical_keys (&writer, keys, G_N_ELEMENTS (keys));
  bytes = bytestag_canonical_finish (&writer);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, sizeof expected - 1);
}

static void
test_strings (void)
{
  assert_string ("", "\"\"");
  assert_string (" ~/'<&", "\" ~/'<&\"");
  assert_string ("\"\\\b\t\n\f\r", "\"\\\"\\\\\\b\\t\\n\\f\\r\"");
  assert_string ("\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"");
  assert_string ("\xc2\x80\xc3\xa9\xe6\x97\xa5\xef\xbf\xbf", "\"\\u0080\\u00e9\\u65e5\\uffff\"");
  assert_string ("\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "\"\\ud800\\udc00\\ud83d\\ude00\\udbff\\udfff\"");
}

/* What the reader makes of a NUL and of lone surrogates; and bytes that nothing makes. */
static void
test_not_utf8 (void)
{
  assert_string ("a\xc0\x80z", "\"a\\u0000z\"");
  assert_string ("\xed\xa0\x80lone", "\"\\ud800lone\"");
  assert_string ("\xed\xbf\xbf", "\"\\udfff\"");
  assert_string ("\xff", "\"\\ufffd\"");
  assert_string ("\xc0\x81", "\"\\ufffd\\ufffd\"");
  assert_string ("\xed\xa0", "\"\\ufffd\\ufffd\"");
  assert_string ("\xed", "\"\\ufffd\"");
  assert_string ("\xc0", "\"\\ufffd\"");
  assert_string ("\xe6\x97", "\"\\ufffd\\ufffd\"");
}

static void
test_doubles (void)
{
  assert_double (0, "0.0");
  assert_double (4, "4.0");
  assert_double (-4.25, "-4.25");
  assert_double (0.1, "0.1");
  assert_double (1353571200.123, "1353571200.123");
  assert_double (0.1 + 0.2, "0.30000000000000004");
  assert_double (DBL_MAX, "1.7976931348623157e+308");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canonical/form", test_form);
  g_test_add_func ("/canonical/keys", test_keys);
  g_test_add_func ("/canonical/strings", test_strings);
  g_test_add_func ("/canonical/not-utf8", test_not_utf8);
  g_test_add_func ("/canonical/doubles", test_doubles);
  return g_test_run ();
}
