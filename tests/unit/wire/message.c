/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "wire/message.h"

static BytestagSlice
slice_of (const char *json)
{
  return (BytestagSlice) { json, json != NULL ? strlen (json) : 0 };
}

static void
test_drops (void)
{
  for (int drop = BYTESTAG_DROP_NONE; drop < BYTESTAG_N_DROPS; drop++)
    for (int other = BYTESTAG_DROP_NONE; other < drop; other++)
      g_assert_cmpstr (bytestag_drop_to_string (drop), !=, bytestag_drop_to_string (other));
  g_assert_cmpstr (bytestag_drop_to_string (BYTESTAG_DROP_NOT_ZLIB), ==, "not-zlib");
}

static void
test_truthy (void)
{
  static const char *const truthy[] = { "\"seq\"", "12345", "1.5", "true", "[1]", "{\"a\": 1}" };
  static const char *const falsy[] = { NULL, "null", "0", "\"\"", "false", "[]", "{}" };

  for (guint i = 0; i < G_N_ELEMENTS (truthy); i++)
    {
      BytestagSlice slice = slice_of (truthy[i]);

      g_assert_true (bytestag_slice_is_truthy (&slice));
    }
  for (guint i = 0; i < G_N_ELEMENTS (falsy); i++)
    {
      BytestagSlice slice = slice_of (falsy[i]);

      g_assert_false (bytestag_slice_is_truthy (&slice));
    }
}

static void
test_scalar (void)
{
  static const char *const scalars[] = { "\"\"", "1", "-1.5", "true", "false", "null", "NaN" };
  static const char *const others[] = { NULL, "[]", "{}", "[1]" };

  for (guint i = 0; i < G_N_ELEMENTS (scalars); i++)
    {
      BytestagSlice slice = slice_of (scalars[i]);

      g_assert_true (bytestag_slice_is_scalar (&slice));
    }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      BytestagSlice slice = slice_of (others[i]);

      g_assert_false (bytestag_slice_is_scalar (&slice));
    }
}

static void
test_equal (void)
{
  static const struct {
    const char *a, *b;
    gboolean equal;
  } cases[] = {
    { "\"a/b\"", "\"a/b\"", TRUE }, { "\"a/b\"", "\"a\\/b\"", TRUE }, { "\"\\u00e9\"", "\"\xc3\xa9\"", TRUE },
    { "\"\"", "\"\"", TRUE }, { "1", "1", TRUE }, { "[1]", "[1]", TRUE }, { "null", "null", TRUE },
    { NULL, NULL, TRUE },
    { "\"\\ud800\"", "\"\\ud800\"", TRUE },
    { "\"a\"", "\"b\"", FALSE }, { "\"a\"", "\"ab\"", FALSE }, { "\"1\"", "1", FALSE }, { "1", "2", FALSE },
    { "null", NULL, FALSE }, { "\"\"", NULL, FALSE }, { "\"\\ud800\"", "\"\\ud801\"", FALSE },
    { "true", "\"true\"", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      BytestagSlice a = slice_of (cases[i].a);
      BytestagSlice b = slice_of (cases[i].b);

      g_assert_cmpint (bytestag_slice_equal (&a, &b), ==, cases[i].equal);
      g_assert_cmpint (bytestag_slice_equal (&b, &a), ==, cases[i].equal);
    }
}

static void
test_get_key (void)
{
  BytestagSlice plain = slice_of ("\"HRI/pBil0IfY1gDQz2xzgisUn5M=\"");
  BytestagSlice escaped = slice_of ("\"HRI\\/pBil0IfY1gDQz2xzgisUn5M=\"");
  BytestagSlice others[] = { slice_of ("\"x\""), slice_of ("true"), slice_of ("null"), slice_of (NULL),
                             slice_of ("[]") };
  BytestagKey key, escaped_key;
  g_autofree char *text = NULL;

  g_assert_true (bytestag_slice_get_key (&plain, &key));
  g_assert_true (bytestag_slice_get_key (&escaped, &escaped_key));
  g_assert_true (bytestag_key_equal (&key, &escaped_key));
  text = bytestag_key_to_base64 (&key);
  g_assert_cmpstr (text, ==, "HRI/pBil0IfY1gDQz2xzgisUn5M=");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (bytestag_slice_get_key (&others[i], &key));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/drops", test_drops);
  g_test_add_func ("/message/truthy", test_truthy);
  g_test_add_func ("/message/scalar", test_scalar);
  g_test_add_func ("/message/equal", test_equal);
  g_test_add_func ("/message/get-key", test_get_key);
  return g_test_run ();
}
