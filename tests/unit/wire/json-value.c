/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "wire/json-value.h"

static BytestagJsonValue
value_of (const char *json)
{
  BytestagJsonValue value;

  bytestag_json_value_init (&value, json, json != NULL ? strlen (json) : 0);
  return value;
}

static void
test_init (void)
{
  static const struct {
    const char *json;
    BytestagJsonType type;
  } cases[] = {
    { NULL, BYTESTAG_JSON_ABSENT }, { "null", BYTESTAG_JSON_NULL }, { "false", BYTESTAG_JSON_FALSE },
    { "true", BYTESTAG_JSON_TRUE }, { "0", BYTESTAG_JSON_INTEGER }, { "-12", BYTESTAG_JSON_INTEGER },
    { "1.5", BYTESTAG_JSON_REAL }, { "1e5", BYTESTAG_JSON_REAL }, { "1E5", BYTESTAG_JSON_REAL },
    { "NaN", BYTESTAG_JSON_REAL }, { "Infinity", BYTESTAG_JSON_REAL }, { "-Infinity", BYTESTAG_JSON_REAL },
    { "\"\"", BYTESTAG_JSON_STRING }, { "[]", BYTESTAG_JSON_ARRAY }, { "{}", BYTESTAG_JSON_OBJECT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (value_of (cases[i].json).type, ==, cases[i].type);
}

static void
test_string (void)
{
  static const struct {
    const char *json;
    const char *text; /* NULL: none */
    gssize length;
  } cases[] = {
    { "\"\"", "", 0 }, { "\"abc\"", "abc", 3 }, { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8 },
    { "\"\\u00e9\xc3\xa9\"", "\xc3\xa9\xc3\xa9", 4 }, { "\"\\u65E5\"", "\xe6\x97\xa5", 3 },
    { "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4 }, { "\"a\\u0000b\"", "a\0b", 3 },
    { "\"\\ud800\"", NULL, 0 }, { "\"\\udc00\\ud800\"", NULL, 0 }, { "\"\\ud800\\ud83d\\ude00\"", NULL, 0 },
    { "\"\\ud800x\"", NULL, 0 }, { "1", NULL, 0 }, { "null", NULL, 0 }, { "[\"a\"]", NULL, 0 },
    { NULL, NULL, 0 },
  };
  char text[8];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      BytestagJsonValue value = value_of (cases[i].json);
      gssize length = bytestag_json_value_get_string (&value, text, sizeof text);

      if (cases[i].text == NULL)
        g_assert_cmpint (length, ==, -1);
      else
        g_assert_cmpmem (text, length, cases[i].text, cases[i].length);
    }
}

static void
test_string_too_long (void)
{
  BytestagJsonValue plain = value_of ("\"123456789\"");
  BytestagJsonValue escaped = value_of ("\"1234567\\u00e9\"");
  char text[9];

  g_assert_cmpint (bytestag_json_value_get_string (&plain, text, 9), ==, 9);
  g_assert_cmpint (bytestag_json_value_get_string (&plain, text, 8), ==, -1);
  g_assert_cmpint (bytestag_json_value_get_string (&escaped, text, 9), ==, 9);
  g_assert_cmpint (bytestag_json_value_get_string (&escaped, text, 8), ==, -1);
}

static void
test_equal_string (void)
{
  BytestagJsonValue value = value_of ("\"BYTESTAG\"");
  BytestagJsonValue escaped = value_of ("\"\\u0042YTESTAG\"");
  BytestagJsonValue number = value_of ("1");

  g_assert_true (bytestag_json_value_equal_string (&value, "BYTESTAG"));
  g_assert_true (bytestag_json_value_equal_string (&escaped, "BYTESTAG"));
  g_assert_false (bytestag_json_value_equal_string (&value, "BYTESTA"));
  g_assert_false (bytestag_json_value_equal_string (&value, "BYTESTAGS"));
  g_assert_false (bytestag_json_value_equal_string (&value, "bytestag"));
  g_assert_false (bytestag_json_value_equal_string (&number, "1"));
}

typedef struct {
  const char *json;
  gboolean is_valid;
  gint64 integer;
  gboolean overflows;
} IntegerCase;

typedef gboolean (*IntegerFunc) (const BytestagJsonValue *self, gint64 *integer, gboolean *overflows);

static void
assert_integers (IntegerFunc        function,
                 const IntegerCase *cases,
                 guint              n_cases)
{
  for (guint i = 0; i < n_cases; i++)
    {
      BytestagJsonValue value = value_of (cases[i].json);
      gint64 integer = 0;
      gboolean overflows = FALSE;

      g_assert_cmpint (function (&value, &integer, &overflows), ==, cases[i].is_valid);
      g_assert_cmpint (function (&value, &integer, NULL), ==, cases[i].is_valid);
      if (cases[i].is_valid)
        {
          g_assert_cmpint (integer, ==, cases[i].integer);
          g_assert_cmpint (overflows, ==, cases[i].overflows);
        }
    }
}

static void
test_integer (void)
{
  static const IntegerCase cases[] = {
    { "0", TRUE, 0, FALSE }, { "-0", TRUE, 0, FALSE }, { "12", TRUE, 12, FALSE }, { "-12", TRUE, -12, FALSE },
    { "true", TRUE, 1, FALSE }, { "false", TRUE, 0, FALSE },
    { "9223372036854775807", TRUE, G_MAXINT64, FALSE }, { "9223372036854775808", TRUE, G_MAXINT64, TRUE },
    { "-9223372036854775808", TRUE, G_MININT64, FALSE }, { "-9223372036854775809", TRUE, G_MININT64, TRUE },
    { "1180591620717411303424", TRUE, G_MAXINT64, TRUE },
    { "-1180591620717411303424", TRUE, G_MININT64, TRUE },
    { "1.0", FALSE, 0, FALSE }, { "1e3", FALSE, 0, FALSE }, { "NaN", FALSE, 0, FALSE },
    { "\"1\"", FALSE, 0, FALSE },
    { "null", FALSE, 0, FALSE }, { "[]", FALSE, 0, FALSE }, { "{}", FALSE, 0, FALSE },
    { NULL, FALSE, 0, FALSE },
  };

  assert_integers (bytestag_json_value_get_integer, cases, G_N_ELEMENTS (cases));
}

/* As Python's int() takes them. */
static void
test_convert_integer (void)
{
  static const IntegerCase cases[] = {
    { "12", TRUE, 12, FALSE }, { "true", TRUE, 1, FALSE }, { "false", TRUE, 0, FALSE },
    { "3.9", TRUE, 3, FALSE }, { "-3.9", TRUE, -3, FALSE }, { "0.5", TRUE, 0, FALSE },
    { "1e3", TRUE, 1000, FALSE },
    { "1353571200.75", TRUE, 1353571200, FALSE }, { "1e18", TRUE, 1000000000000000000, FALSE },
    { "9223372036854775808.0", TRUE, G_MAXINT64, TRUE },
    { "-9223372036854775808.0", TRUE, G_MININT64, FALSE },
    { "1e19", TRUE, G_MAXINT64, TRUE }, { "-1e19", TRUE, G_MININT64, TRUE },
    { "NaN", FALSE, 0, FALSE }, { "Infinity", FALSE, 0, FALSE }, { "-Infinity", FALSE, 0, FALSE },
    { "1e400", FALSE, 0, FALSE },
    { "\"12\"", TRUE, 12, FALSE }, { "\" 12\\n\"", TRUE, 12, FALSE },
    { "\"\\u001c\\t+12\\u000b\\f \"", TRUE, 12, FALSE },
    { "\"-7\"", TRUE, -7, FALSE }, { "\"007\"", TRUE, 7, FALSE }, { "\"1_000\"", TRUE, 1000, FALSE },
    { "\"1180591620717411303424\"", TRUE, G_MAXINT64, TRUE }, { "\"\\u0031\"", TRUE, 1, FALSE },
    { "\"\"", FALSE, 0, FALSE }, { "\" \"", FALSE, 0, FALSE }, { "\"x\"", FALSE, 0, FALSE },
    { "\"1.0\"", FALSE, 0, FALSE },
    { "\"1e3\"", FALSE, 0, FALSE }, { "\"0x10\"", FALSE, 0, FALSE }, { "\"+\"", FALSE, 0, FALSE },
    { "\"-\"", FALSE, 0, FALSE }, { "\"+-1\"", FALSE, 0, FALSE }, { "\"- 1\"", FALSE, 0, FALSE },
    { "\"1 2\"", FALSE, 0, FALSE }, { "\"_1\"", FALSE, 0, FALSE }, { "\"1_\"", FALSE, 0, FALSE },
    { "\"1__0\"", FALSE, 0, FALSE }, { "\"+_1\"", FALSE, 0, FALSE }, { "\"_\"", FALSE, 0, FALSE },
    { "\"1\\u0000\"", FALSE, 0, FALSE }, { "\"\\ud800\"", FALSE, 0, FALSE },
    { "null", FALSE, 0, FALSE }, { "[1]", FALSE, 0, FALSE }, { "{}", FALSE, 0, FALSE },
    { NULL, FALSE, 0, FALSE },
  };

  assert_integers (bytestag_json_value_convert_integer, cases, G_N_ELEMENTS (cases));
}

static void
test_real (void)
{
  static const struct {
    const char *json;
    gboolean is_valid;
    gdouble real;
  } cases[] = {
    { "4", TRUE, 4 }, { "-4", TRUE, -4 }, { "4.25", TRUE, 4.25 }, { "1e-3", TRUE, 0.001 },
    { "true", TRUE, 1 },
    { "false", TRUE, 0 }, { "1180591620717411303424", TRUE, 0x1p70 }, { "1e400", TRUE, INFINITY },
    { "Infinity", TRUE, INFINITY }, { "-Infinity", TRUE, -INFINITY },
    { "\"4\"", FALSE, 0 }, { "null", FALSE, 0 }, { "[4]", FALSE, 0 }, { "{}", FALSE, 0 }, { NULL, FALSE, 0 },
  };
  g_autofree char *digits = g_strnfill (400, '9');
  g_autofree char *more_digits = g_strnfill (2000, '9');
  BytestagJsonValue value = value_of ("NaN");
  gdouble real;

  g_assert_true (bytestag_json_value_get_real (&value, &real));
  g_assert_true (isnan (real));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      value = value_of (cases[i].json);
      real = 0;
      g_assert_cmpint (bytestag_json_value_get_real (&value, &real), ==, cases[i].is_valid);
      g_assert_true (real == cases[i].real);
    }
  /* Python: OverflowError, int too large to convert to float. */
  value = value_of (digits);
  g_assert_false (bytestag_json_value_get_real (&value, &real));
  value = value_of (more_digits);
  g_assert_false (bytestag_json_value_get_real (&value, &real));
}

static void
test_key (void)
{
  static const struct {
    const char *json;
    BytestagMember member;
  } cases[] = {
    { NULL, BYTESTAG_MEMBER_ABSENT }, { "null", BYTESTAG_MEMBER_ABSENT }, { "true", BYTESTAG_MEMBER_RANDOM },
    { "\"3LAc8JrXEVIdnHSLfEPtsLpqvVs=\"", BYTESTAG_MEMBER_VALID },
    { "\"3LAc8JrXEVIdnHSLfEPtsLpqvVs\\u003D\"", BYTESTAG_MEMBER_VALID },
    { "\"3LAc8JrXEVIdnHSLfEPtsLpqvVs=\\n\"", BYTESTAG_MEMBER_VALID },
    { "\"DCB01CF09AD711521D9C748B7C43EDB0BA6ABD5B\"", BYTESTAG_MEMBER_VALID },
    { "\"3SYBZ4E224IVEHM4OSFXYQ7NWC5GVPK3\"", BYTESTAG_MEMBER_VALID },
    { "false", BYTESTAG_MEMBER_INVALID }, { "5", BYTESTAG_MEMBER_INVALID }, { "[]", BYTESTAG_MEMBER_INVALID },
    { "{}", BYTESTAG_MEMBER_INVALID }, { "\"\"", BYTESTAG_MEMBER_INVALID },
    { "\"MTIz\"", BYTESTAG_MEMBER_INVALID },
    { "\"\\ud8003LAc8JrXEVIdnHSLfEPtsLpqvVs=\"", BYTESTAG_MEMBER_INVALID },
  };
  static const guint8 expected[] = {
    0xdc, 0xb0, 0x1c, 0xf0, 0x9a, 0xd7, 0x11, 0x52, 0x1d, 0x9c, 0x74, 0x8b, 0x7c, 0x43, 0xed, 0xb0, 0xba,
    0x6a, 0xbd, 0x5b,
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      BytestagJsonValue value = value_of (cases[i].json);
      BytestagKey key = { 0 };

      g_assert_cmpint (bytestag_json_value_get_key (&value, &key), ==, cases[i].member);
      if (cases[i].member == BYTESTAG_MEMBER_VALID)
        g_assert_cmpmem (key.bytes, sizeof key.bytes, expected, sizeof expected);
    }
}

static void
test_truthy (void)
{
  static const char *const truthy[] = {
    "true", "1", "-1", "12345", "0.1", "1e-300", "NaN", "Infinity", "-Infinity", "\"0\"", "\" \"", "[0]",
    "[[]]", "{\"\":0}",
  };
  static const char *const falsy[] = {
    NULL, "null", "false", "0", "-0", "0.0", "-0.0", "0e5", "1e-999", "\"\"", "[]", "{}", "[ \n]", "{\t }",
  };

  for (guint i = 0; i < G_N_ELEMENTS (truthy); i++)
    {
      BytestagJsonValue value = value_of (truthy[i]);

      g_assert_true (bytestag_json_value_is_truthy (&value));
    }
  for (guint i = 0; i < G_N_ELEMENTS (falsy); i++)
    {
      BytestagJsonValue value = value_of (falsy[i]);

      g_assert_false (bytestag_json_value_is_truthy (&value));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-value/init", test_init);
  g_test_add_func ("/json-value/string", test_string);
  g_test_add_func ("/json-value/string-too-long", test_string_too_long);
  g_test_add_func ("/json-value/equal-string", test_equal_string);
  g_test_add_func ("/json-value/integer", test_integer);
  g_test_add_func ("/json-value/convert-integer", test_convert_integer);
  g_test_add_func ("/json-value/real", test_real);
  g_test_add_func ("/json-value/key", test_key);
  g_test_add_func ("/json-value/truthy", test_truthy);
  return g_test_run ();
}
