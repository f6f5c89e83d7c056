/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "wire/scanner.h"

#define DEPTH 8
#define TOKENS 2000

static BytestagScanResult
scan (const char *text,
      gsize       length,
      guint       max_depth,
      guint       max_tokens)
{
  /* Exactly as long as the text: a sanitizer sees reads past its end. */
  g_autofree char *copy = g_memdup2 (text, length);
  BytestagScanner scanner;
  BytestagJsonValue value;

  bytestag_scanner_init (&scanner, copy, length, max_depth, max_tokens);
  if (bytestag_scanner_read_value (&scanner, &value))
    bytestag_scanner_finish (&scanner);
  return scanner.result;
}

/* The case at hand, in one printable line. */
static void
say (const char *text)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

static void
test_valid (void)
{
  static const char *const texts[] = {
    "{}", "[]", " \t\r\n{ \n} \n", "[ ]", "null", "true", "false", "\"\"", "0", "-0", "12", "-12", "1.5",
    "0.5", "-0.0",
    "1e5", "1E+5", "1e-5", "1.25e10", "0e0", "123456789012345678901234567890", "1e400", "NaN", "Infinity",
    "-Infinity",
    "[NaN, -Infinity,Infinity]", "{\"a\":1}", "{\"a\" : 1 , \"b\":[1,2 , {}]}", "{\"a\":1,\"a\":2}",
    "{\"\":\"\"}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\"", "\"\\ud800\"", "\"\\udc00\\ud800x\"",
    "\"\\u0000\"",
    "\"\x7f\"", "\"\xc3\xa9\"", "\"\xe6\x97\xa5\"", "\"\xf0\x9f\x98\x80\"",
    "\"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
    "\"\xf4\x8f\xbf\xbf\"", "[[[[[[[1]]]]]]]", "[1,[2,[3,{\"a\":[4]}]],5]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      say (texts[i]);
      g_assert_cmpint (scan (texts[i], strlen (texts[i]), DEPTH, TOKENS), ==, BYTESTAG_SCAN_OK);
    }
}

static void
test_invalid (void)
{
  static const char *const texts[] = {
    "", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}", "{1:2}", "{a:1}", "{'a':1}", "{\"a\":1,,\"b\":2}", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1",
    "[1,",
    "{\"a\":1", "{\"a\":", "{\"a", "{\"a\"", "nul", "nulll", "True", "tru", "nan", "NAN", "Inf", "infinity",
    "-infinity",
    "+Infinity", "-NaN", "+1", "01", "-01", "00", "1.", ".5", "-", "-.5", "1e", "1e+", "1.e5", "0x10",
    "1_000", "1a",
    "1 2", "{} x", "[] []", "{}\xff", "\xef\xbb\xbf{}", "/* c */ {}", "// c\n{}", "'a'", "\"", "\"a",
    "\"\\\"", "\"\\",
    "\"\\x41\"", "\"\\'\"", "\"\\u12\"", "\"\\u123", "\"\\u12g4\"", "\"\\u 123\"", "\"\\U1234\"", "\"a\nb\"",
    "\"a\tb\"",
    "\"\x01\"", "\"\x1f\"", "\"\xff\"", "\"\x80\"", "\"\xc3\"", "\"\xc3(\"", "\"\xc0\x80\"", "\"\xc1\xbf\"",
    "\"\xe0\x80\x80\"", "\"\xe0\x9f\xbf\"", "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"", "\"\xf0\x80\x80\x80\"",
    "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"", "\"\xf5\x80\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"",
    "\"\xe6\x97\"",
    "\"\xe6\x97", "\"\xf0\x9f\x98", "{\"a\xff\":1}", "\v1", "\f1", "\xc2\xa0" "1", "var x = {};",
  };
  static const char nuls[] = "[1\0]";

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      say (texts[i]);
      g_assert_cmpint (scan (texts[i], strlen (texts[i]), DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
    }
  g_assert_cmpint (scan (nuls, sizeof nuls - 1, DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
  g_assert_cmpint (scan ("\"\0\"", 3, DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
  g_assert_cmpint (scan ("\"\\\0\"", 4, DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
  g_assert_cmpint (scan ("{}\0", 3, DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
}

/* Of a valid text no shorter beginning is valid, when it ends with a bracket. */
static void
test_cut (void)
{
  static const char text[] = "{\"a\": [1, -2.5e3, \"x\\u00e9\\n\xc3\xa9\", null, true, false, "
                             "{\"b\": NaN}], \"c\": {}}";

  for (gsize length = 0; length < sizeof text - 1; length++)
    g_assert_cmpint (scan (text, length, DEPTH, TOKENS), ==, BYTESTAG_SCAN_SYNTAX);
  g_assert_cmpint (scan (text, sizeof text - 1, DEPTH, TOKENS), ==, BYTESTAG_SCAN_OK);
}

static void
test_depth (void)
{
  g_autofree char *many = g_strnfill (100000, '[');

  g_assert_cmpint (scan ("[[[]]]", 6, 3, TOKENS), ==, BYTESTAG_SCAN_OK);
  g_assert_cmpint (scan ("[[[]]]", 6, 2, TOKENS), ==, BYTESTAG_SCAN_LIMIT);
  g_assert_cmpint (scan ("{\"a\":{\"b\":{}}}", 14, 3, TOKENS), ==, BYTESTAG_SCAN_OK);
  g_assert_cmpint (scan ("{\"a\":{\"b\":{}}}", 14, 2, TOKENS), ==, BYTESTAG_SCAN_LIMIT);
  g_assert_cmpint (scan ("1", 1, 0, TOKENS), ==, BYTESTAG_SCAN_OK);
  g_assert_cmpint (scan ("[]", 2, 0, TOKENS), ==, BYTESTAG_SCAN_LIMIT);
  g_assert_cmpint (scan (many, 100000, BYTESTAG_SCANNER_DEPTH, 200000), ==, BYTESTAG_SCAN_LIMIT);
  memset (many + BYTESTAG_SCANNER_DEPTH, ']', BYTESTAG_SCANNER_DEPTH);
  g_assert_cmpint (scan (many, 2 * BYTESTAG_SCANNER_DEPTH, BYTESTAG_SCANNER_DEPTH, 200000), ==,
                   BYTESTAG_SCAN_OK);
}

static void
test_tokens (void)
{
  /* Five values: the object, 1, the array, 2 and 3. */
  static const char text[] = "{\"a\": 1, \"b\": [2, 3]}";

  g_assert_cmpint (scan (text, sizeof text - 1, DEPTH, 5), ==, BYTESTAG_SCAN_OK);
  g_assert_cmpint (scan (text, sizeof text - 1, DEPTH, 4), ==, BYTESTAG_SCAN_LIMIT);
  g_assert_cmpint (scan (text, sizeof text - 1, DEPTH, 0), ==, BYTESTAG_SCAN_LIMIT);
}

static void
assert_value (const BytestagJsonValue *value,
              BytestagJsonType         type,
              const char              *text)
{
  g_assert_cmpint (value->type, ==, type);
  g_assert_cmpmem (value->text, value->length, text, strlen (text));
}

static void
test_pull (void)
{
  static const char text[] = " { \"a\" : [ 1 , {\"x\": []} , \"s\" ] ,\"b\":-1.5, \"c\":{ } } ";
  BytestagScanner scanner;
  BytestagJsonValue name, value;

  bytestag_scanner_init (&scanner, text, sizeof text - 1, DEPTH, TOKENS);
  g_assert_false (bytestag_scanner_begin_array (&scanner));
  g_assert_true (bytestag_scanner_begin_object (&scanner));
  g_assert_true (bytestag_scanner_next_member (&scanner, &name));
  assert_value (&name, BYTESTAG_JSON_STRING, "\"a\"");
  g_assert_true (bytestag_scanner_begin_array (&scanner));
  g_assert_true (bytestag_scanner_next_element (&scanner));
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  assert_value (&value, BYTESTAG_JSON_INTEGER, "1");
  g_assert_true (bytestag_scanner_next_element (&scanner));
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  assert_value (&value, BYTESTAG_JSON_OBJECT, "{\"x\": []}");
  g_assert_true (bytestag_scanner_next_element (&scanner));
  g_assert_false (bytestag_scanner_begin_object (&scanner));
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  assert_value (&value, BYTESTAG_JSON_STRING, "\"s\"");
  g_assert_false (bytestag_scanner_next_element (&scanner));
  g_assert_true (bytestag_scanner_next_member (&scanner, &name));
  assert_value (&name, BYTESTAG_JSON_STRING, "\"b\"");
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  assert_value (&value, BYTESTAG_JSON_REAL, "-1.5");
  g_assert_true (bytestag_scanner_next_member (&scanner, &name));
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  assert_value (&value, BYTESTAG_JSON_OBJECT, "{ }");
  g_assert_false (bytestag_scanner_next_member (&scanner, &name));
  g_assert_true (bytestag_scanner_finish (&scanner));
  g_assert_cmpint (scanner.result, ==, BYTESTAG_SCAN_OK);
}

static void
test_types (void)
{
  static const struct {
    const char *text;
    BytestagJsonType type;
  } cases[] = {
    { "null", BYTESTAG_JSON_NULL }, { "true", BYTESTAG_JSON_TRUE }, { "false", BYTESTAG_JSON_FALSE },
    { "\"1\"", BYTESTAG_JSON_STRING }, { "1", BYTESTAG_JSON_INTEGER }, { "-0", BYTESTAG_JSON_INTEGER },
    { "1.0", BYTESTAG_JSON_REAL }, { "1e1", BYTESTAG_JSON_REAL }, { "NaN", BYTESTAG_JSON_REAL },
    { "Infinity", BYTESTAG_JSON_REAL }, { "-Infinity", BYTESTAG_JSON_REAL },
    { "[1]", BYTESTAG_JSON_ARRAY }, { "{}", BYTESTAG_JSON_OBJECT },
  };
  BytestagScanner scanner;
  BytestagJsonValue value;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      bytestag_scanner_init (&scanner, cases[i].text, strlen (cases[i].text), DEPTH, TOKENS);
      g_assert_true (bytestag_scanner_read_value (&scanner, &value));
      assert_value (&value, cases[i].type, cases[i].text);
    }
}

/* After an error nothing is read any more. */
static void
test_error_stays (void)
{
  static const char text[] = "[1, x, 2]";
  BytestagScanner scanner;
  BytestagJsonValue name, value;

  bytestag_scanner_init (&scanner, text, sizeof text - 1, DEPTH, TOKENS);
  g_assert_true (bytestag_scanner_begin_array (&scanner));
  g_assert_true (bytestag_scanner_next_element (&scanner));
  g_assert_true (bytestag_scanner_read_value (&scanner, &value));
  g_assert_true (bytestag_scanner_next_element (&scanner));
  g_assert_false (bytestag_scanner_read_value (&scanner, &value));
  g_assert_false (bytestag_scanner_read_value (&scanner, &value));
  g_assert_false (bytestag_scanner_next_element (&scanner));
  g_assert_false (bytestag_scanner_next_member (&scanner, &name));
  g_assert_false (bytestag_scanner_begin_array (&scanner));
  g_assert_false (bytestag_scanner_begin_object (&scanner));
  g_assert_false (bytestag_scanner_finish (&scanner));
  g_assert_cmpint (scanner.result, ==, BYTESTAG_SCAN_SYNTAX);
}

/* The differential test: json-glib, which is another reader by other people,
 * must see what the scanner sees. */

static void
add_space (GString *text)
{
  static const char *const spaces[] = { "", "", "", " ", "\n", "\t", "\r\n", "  " };

  g_string_append (text, spaces[g_test_rand_int_range (0, G_N_ELEMENTS (spaces))]);
}

static void
add_random_string (GString *text,
                   int      unique)
{
  static const char *const pieces[] = {
    "a", "Zz9", " ", "/", "\\/", "\\\"", "\\\\", "\\b\\f\\n\\r\\t", "\\u00e9", "\\u0041", "\\uD83D\\uDE00",
    "\xc3\xa9",
    "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "{}[],:", "true", "\x7f",
  };

  g_string_append_c (text, '"');
  if (unique >= 0)
    g_string_append_printf (text, "%d-", unique);
  for (int n = g_test_rand_int_range (0, 5); n > 0; n--)
    g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  g_string_append_c (text, '"');
}

static void
add_random_number (GString *text)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
      g_string_append_printf (text, "%d", g_test_rand_int_range (-10, 10));
      break;
    case 1:
      g_string_append_printf (text, "%" G_GINT64_FORMAT,
                              (gint64) ((guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ()));
      break;
    case 2:
      g_string_append (text,
                       g_ascii_formatd (buffer, sizeof buffer, "%.6f", g_test_rand_double_range (-1e6, 1e6)));
      break;
    default:
      g_string_append (text,
                       g_ascii_formatd (buffer, sizeof buffer, "%.16e",
                                        g_test_rand_double_range (-1e6, 1e6)));
    }
}

static void
add_random_value (GString *text,
                  guint    depth)
{
  int kind = g_test_rand_int_range (0, depth > 0 ? 8 : 5);
  int n = g_test_rand_int_range (0, 5);

  add_space (text);
  if (kind < 2)
    add_random_string (text, -1);
  else if (kind < 4)
    add_random_number (text);
  else if (kind == 4)
    g_string_append (text, n < 2 ? "true" : n < 4 ? "false" : "null");
  else
    {
      g_string_append_c (text, kind == 5 ? '[' : '{');
      add_space (text);
      for (int i = 0; i < n; i++)
        {
          if (i > 0)
            g_string_append_c (text, ',');
          add_space (text);
          if (kind > 5)
            {
              add_random_string (text, i);
              add_space (text);
              g_string_append_c (text, ':');
            }
          add_random_value (text, depth - 1);
        }
      g_string_append_c (text, kind == 5 ? ']' : '}');
    }
  add_space (text);
}

/* A scanned value, read by json-glib on its own. */
static JsonNode *
read_alone (const BytestagJsonValue *value)
{
  g_autofree char *text = g_strdup_printf ("[%.*s]", (int) value->length, value->text);
  g_autoptr (JsonNode) array = json_from_string (text, NULL);

  g_assert_nonnull (array);
  return json_array_dup_element (json_node_get_array (array), 0);
}

static void assert_same (BytestagScanner *scanner, JsonNode *node);

/* How often each name is still to come in the object that was entered. */
static GHashTable *
count_names (BytestagScanner scanner)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  BytestagJsonValue name, ignored;

  while (bytestag_scanner_next_member (&scanner, &name))
    {
      g_autoptr (JsonNode) decoded = read_alone (&name);
      const char *text = json_node_get_string (decoded);
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, text));

      g_hash_table_insert (counts, g_strdup (text), GUINT_TO_POINTER (count + 1));
      g_assert_true (bytestag_scanner_read_value (&scanner, &ignored));
    }
  return counts;
}

static void
assert_same_object (BytestagScanner *scanner,
                    JsonNode        *node)
{
  JsonObject *object = json_node_get_object (node);
  g_autoptr (GHashTable) counts = count_names (*scanner);
  BytestagJsonValue name, ignored;

  g_assert_cmpuint (g_hash_table_size (counts), ==, json_object_get_size (object));
  while (bytestag_scanner_next_member (scanner, &name))
    {
      g_autoptr (JsonNode) decoded = read_alone (&name);
      const char *text = json_node_get_string (decoded);
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, text)) - 1;

      g_hash_table_insert (counts, g_strdup (text), GUINT_TO_POINTER (count));
      /* The last one counts. */
      if (count > 0)
        g_assert_true (bytestag_scanner_read_value (scanner, &ignored));
      else
        assert_same (scanner, json_object_get_member (object, text));
    }
}

static void
assert_same (BytestagScanner *scanner,
             JsonNode        *node)
{
  BytestagJsonValue value;
  guint n = 0;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      g_assert_true (bytestag_scanner_begin_object (scanner));
      assert_same_object (scanner, node);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      g_assert_true (bytestag_scanner_begin_array (scanner));
      while (bytestag_scanner_next_element (scanner))
        assert_same (scanner, json_array_get_element (json_node_get_array (node), n++));
      g_assert_cmpuint (n, ==, json_array_get_length (json_node_get_array (node)));
    }
  else
    {
      g_autoptr (JsonNode) alone = NULL;

      g_assert_true (bytestag_scanner_read_value (scanner, &value));
      alone = read_alone (&value);
      g_assert_true (json_node_equal (alone, node));
      g_assert_cmpint (value.type == BYTESTAG_JSON_STRING, ==,
                       json_node_get_value_type (node) == G_TYPE_STRING);
      g_assert_cmpint (value.type == BYTESTAG_JSON_INTEGER, ==,
                       json_node_get_value_type (node) == G_TYPE_INT64);
      g_assert_cmpint (value.type == BYTESTAG_JSON_REAL, ==,
                       json_node_get_value_type (node) == G_TYPE_DOUBLE);
      g_assert_cmpint (value.type == BYTESTAG_JSON_NULL, ==, JSON_NODE_HOLDS_NULL (node));
    }
}

static void
assert_same_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);
  BytestagScanner scanner;

  g_assert_no_error (error);
  g_assert_nonnull (node);
  bytestag_scanner_init (&scanner, text, strlen (text), DEPTH, TOKENS);
  assert_same (&scanner, node);
  g_assert_true (bytestag_scanner_finish (&scanner));
}

static void
test_like_json_glib (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      add_random_value (text, 6);
      say (text->str);
      g_assert_cmpint (scan (text->str, text->len, DEPTH, TOKENS), ==, BYTESTAG_SCAN_OK);
      assert_same_text (text->str);
    }
}

/* What json-glib 1.6 is known to read otherwise: NUL, lone surrogates and great
 * numbers. */
static gboolean
is_comparable (const char *text)
{
  g_autoptr (GRegex) odd = g_regex_new ("\\\\u0000|\\\\ud|[0-9]{19}|e[+-]?[0-9]{3}",
                                        G_REGEX_CASELESS | G_REGEX_RAW,
                                        0, NULL);

  return !g_regex_match (odd, text, 0, NULL);
}

/* One byte of a valid text is changed, added or taken: what the scanner still
 * takes, json-glib takes, with the same content. (Not the reverse: json-glib
 * takes much that is not JSON.) */
static void
test_mutated_like_json_glib (void)
{
  static const char bytes[] = "{}[]:,\"\\ \t0123456789+-.eEtfnau/\x01\x80\xc3\xff";
  guint n_taken = 0;

  for (guint i = 0; i < 6000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      char byte = bytes[g_test_rand_int_range (0, sizeof bytes - 1)];
      gsize at;

      add_random_value (text, 3);
      at = g_test_rand_int_range (0, text->len);
      if (g_test_rand_bit ())
        text->str[at] = byte;
      else if (g_test_rand_bit ())
        g_string_insert_c (text, at, byte);
      else
        g_string_erase (text, at, 1);
      if (scan (text->str, text->len, DEPTH, TOKENS) != BYTESTAG_SCAN_OK || !is_comparable (text->str))
        continue;
      say (text->str);
      n_taken++;
      assert_same_text (text->str);
    }
  g_assert_cmpuint (n_taken, >, 500);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scanner/valid", test_valid);
  g_test_add_func ("/scanner/invalid", test_invalid);
  g_test_add_func ("/scanner/cut", test_cut);
  g_test_add_func ("/scanner/depth", test_depth);
  g_test_add_func ("/scanner/tokens", test_tokens);
  g_test_add_func ("/scanner/pull", test_pull);
  g_test_add_func ("/scanner/types", test_types);
  g_test_add_func ("/scanner/error-stays", test_error_stays);
  g_test_add_func ("/scanner/like-json-glib", test_like_json_glib);
  g_test_add_func ("/scanner/mutated-like-json-glib", test_mutated_like_json_glib);
  return g_test_run ();
}
