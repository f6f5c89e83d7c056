/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "wire/writer.h"

static void
assert_written (const BytestagWriter *writer,
                const char           *expected)
{
  g_autofree char *text = g_strndup (writer->text, writer->length);

  g_assert_false (writer->overflows);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_form (void)
{
  char buffer[256];
  BytestagWriter writer;

  bytestag_writer_init (&writer, buffer, sizeof buffer);
  bytestag_writer_begin_object (&writer);
  bytestag_writer_add_name (&writer, "a");
  bytestag_writer_begin_array (&writer);
  bytestag_writer_end_array (&writer);
  bytestag_writer_add_name (&writer, "b");
  bytestag_writer_begin_array (&writer);
  bytestag_writer_add_integer (&writer, 1);
  bytestag_writer_begin_object (&writer);
  bytestag_writer_add_name (&writer, "x");
  bytestag_writer_add_null (&writer);
  bytestag_writer_add_name (&writer, "y");
  bytestag_writer_add_raw (&writer, "true", 4);
  bytestag_writer_end_object (&writer);
  bytestag_writer_begin_object (&writer);
  bytestag_writer_end_object (&writer);
  bytestag_writer_add_string (&writer, "s", -1);
  bytestag_writer_end_array (&writer);
  bytestag_writer_add_name (&writer, "c");
  bytestag_writer_add_real (&writer, 2);
  bytestag_writer_end_object (&writer);
  assert_written (&writer, "{\"a\": [], \"b\": [1, {\"x\": null, \"y\": true}, {}, \"s\"], \"c\": 2.0}");
}

static void
test_integers (void)
{
  static const struct {
    gint64 value;
    const char *text;
  } cases[] = {
    { 0, "0" }, { 7, "7" }, { -7, "-7" }, { 1353571200, "1353571200" },
    { G_MAXINT64, "9223372036854775807" }, { G_MININT64, "-9223372036854775808" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char buffer[32];
      BytestagWriter writer;

      bytestag_writer_init (&writer, buffer, sizeof buffer);
      bytestag_writer_add_integer (&writer, cases[i].value);
      assert_written (&writer, cases[i].text);
    }
}

/* What Python prints of them. */
static void
test_reals (void)
{
  static const struct {
    gdouble value;
    const char *text;
  } cases[] = {
    { 0.0, "0.0" }, { -0.0, "-0.0" }, { 1.0, "1.0" }, { -1.5, "-1.5" }, { 0.1, "0.1" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1.0 / 3, "0.3333333333333333" }, { 100.0, "100.0" }, { 1353571200.75, "1353571200.75" },
    { 1353571200.123456, "1353571200.123456" }, { 1700000000.1234567, "1700000000.1234567" },
    { 0.0001, "0.0001" }, { 0.00012345, "0.00012345" }, { 0.00001, "1e-05" }, { 1.25e-7, "1.25e-07" },
    { 1e15, "1000000000000000.0" }, { 123456789012345.6, "123456789012345.6" },
    { 9999999999999998.0, "9999999999999998.0" },
    { 1e16, "1e+16" }, { 1.5e16, "1.5e+16" }, { 12345678901234567.0, "1.2345678901234568e+16" },
    { 1e22, "1e+22" },
    { 1e100, "1e+100" }, { DBL_MAX, "1.7976931348623157e+308" }, { DBL_MIN, "2.2250738585072014e-308" },
    { 0x1p-1074, "5e-324" }, { 2e-320, "2e-320" }, { 5e-5, "5e-05" },
    { 2251799813685248.5, "2251799813685248.5" },
    { NAN, "null" }, { INFINITY, "null" }, { -INFINITY, "null" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char buffer[64];
      BytestagWriter writer;

      bytestag_writer_init (&writer, buffer, sizeof buffer);
      bytestag_writer_add_real (&writer, cases[i].value);
      assert_written (&writer, cases[i].text);
    }
}

static void
test_reals_read_back (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      union { guint64 bits; gdouble value; } real;
      char buffer[64];
      BytestagWriter writer;

      real.bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
      if (!isfinite (real.value))
        continue;
      bytestag_writer_init (&writer, buffer, sizeof buffer - 1);
      bytestag_writer_add_real (&writer, real.value);
      g_assert_false (writer.overflows);
      buffer[writer.length] = '\0';
      g_assert_true (g_ascii_strtod (buffer, NULL) == real.value);
    }
}

static void
test_strings (void)
{
  static const struct {
    const char *text;
    gssize length;
    const char *json;
  } cases[] = {
    { "", -1, "\"\"" }, { "plain / ~", -1, "\"plain / ~\"" }, { "\"\\", -1, "\"\\\"\\\\\"" },
    { "\b\f\n\r\t", -1, "\"\\b\\f\\n\\r\\t\"" }, { "\x01\x1f\x7f", -1, "\"\\u0001\\u001f\\u007f\"" },
    { "a\0b", 3, "\"a\\u0000b\"" }, { "\xc3\xa9", -1, "\"\\u00e9\"" },
    { "\xe6\x97\xa5x", -1, "\"\\u65e5x\"" },
    { "\xf0\x9f\x98\x80", -1, "\"\\ud83d\\ude00\"" }, { "cut here", 3, "\"cut\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char buffer[64];
      BytestagWriter writer;

      bytestag_writer_init (&writer, buffer, sizeof buffer);
      bytestag_writer_add_string (&writer, cases[i].text, cases[i].length);
      assert_written (&writer, cases[i].json);
    }
}

static void
test_base64 (void)
{
  guint8 data[100];

  for (guint i = 0; i < sizeof data; i++)
    data[i] = i * 7;
  for (guint length = 0; length <= sizeof data; length++)
    {
      g_autofree char *base64 = g_base64_encode (data, length);
      g_autofree char *expected = g_strdup_printf ("\"%s\"", base64);
      g_autofree char *buffer = g_malloc (strlen (expected));
      BytestagWriter writer;

      /* Just fits. */
      bytestag_writer_init (&writer, buffer, strlen (expected));
      bytestag_writer_add_base64 (&writer, data, length);
      assert_written (&writer, expected);
    }
}

static void
write_all (BytestagWriter *writer)
{
  static const guint8 data[] = { 1, 2, 3, 4 };

  bytestag_writer_begin_object (writer);
  bytestag_writer_add_name (writer, "a");
  bytestag_writer_begin_array (writer);
  bytestag_writer_add_string (writer, "x\n\xc3\xa9", -1);
  bytestag_writer_add_integer (writer, -12);
  bytestag_writer_add_real (writer, 1e20);
  bytestag_writer_add_real (writer, 12.5);
  bytestag_writer_add_base64 (writer, data, sizeof data);
  bytestag_writer_add_null (writer);
  bytestag_writer_end_array (writer);
  bytestag_writer_end_object (writer);
}

static void
test_overflow (void)
{
  static const char expected[] = "{\"a\": [\"x\\n\\u00e9\", -12, 1e+20, 12.5, \"AQIDBA==\", null]}";
  BytestagWriter writer;

  for (gsize size = 0; size <= sizeof expected - 1; size++)
    {
      g_autofree char *buffer = g_malloc (size);

      bytestag_writer_init (&writer, buffer, size);
      write_all (&writer);
      g_assert_cmpint (writer.overflows, ==, size < sizeof expected - 1);
      g_assert_cmpuint (writer.length, <=, size);
      if (!writer.overflows)
        assert_written (&writer, expected);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/writer/form", test_form);
  g_test_add_func ("/writer/integers", test_integers);
  g_test_add_func ("/writer/reals", test_reals);
  g_test_add_func ("/writer/reals-read-back", test_reals_read_back);
  g_test_add_func ("/writer/strings", test_strings);
  g_test_add_func ("/writer/base64", test_base64);
  g_test_add_func ("/writer/overflow", test_overflow);
  return g_test_run ();
}
