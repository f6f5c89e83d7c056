/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-guard.h"

#include <string.h>

#include "core/error.h"

#define MANY 1000

static void
assert_accepted (const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_json_guard (text, strlen (text), 8, MANY, &error));
  g_assert_no_error (error);
}

static void
assert_refused (const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (bytestag_json_guard (text, strlen (text), 8, MANY, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
}

static void
test_accepted (void)
{
  static const char * const texts[] = {
    "{}", "[]", " [ 1 , 2 ] \n", "\"\"", "0", "-0", "-1.5e+3", "1E9", "NaN", "-Infinity", "true", "null",
    "{\"a\":{\"b\":[null,false,{}]},\"a\":1}", "\"\\ud800 \\u0000 \\/\"", "\"\xc3\xa9\"",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_accepted (texts[i]);
}

/* What json-glib 1.6 lets pass, and what breaks off. */
static void
test_refused (void)
{
  static const char * const texts[] = {
    "", " ", "{", "[", "\"", "\"\\", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "var x = {};",
    "/* */ {}", "[01]", "[0x10]", "[1.]", "[.5]", "[1e]", "[+1]", "[--1]", "[1 2]", "{} {}", "[}", "{]",
    "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf{}", "tru", "nan", "[1]x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_refused (texts[i], BYTESTAG_ERROR_INVALID);
  g_assert_false (bytestag_json_guard ("[\0]", 3, 8, MANY, NULL));
  g_assert_false (bytestag_json_guard (NULL, 0, 8, MANY, NULL));
}

static void
test_depth (void)
{
  g_autofree char *bomb = g_malloc (75000);
  g_autoptr (GError) error = NULL;

  assert_accepted ("[[[[[[[[]]]]]]]]");
  assert_refused ("[[[[[[[[[]]]]]]]]]", BYTESTAG_ERROR_TOO_LARGE);

  /* Overflows the stack of json-glib 1.6. */
  memset (bomb, '[', 75000);
  g_assert_false (bytestag_json_guard (bomb, 75000, 64, G_MAXUINT, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
}

static void
test_tokens (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_json_guard ("[1,2,3]", 7, 8, 4, &error));
  g_assert_no_error (error);
  g_assert_false (bytestag_json_guard ("[1,2,3]", 7, 8, 3, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-guard/accepted", test_accepted);
  g_test_add_func ("/json-guard/refused", test_refused);
  g_test_add_func ("/json-guard/depth", test_depth);
  g_test_add_func ("/json-guard/tokens", test_tokens);
  return g_test_run ();
}
