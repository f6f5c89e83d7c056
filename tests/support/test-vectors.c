/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-vectors.h"

#include <string.h>

static gboolean
keep_or_replace (const GMatchInfo *match,
                 GString          *result,
                 gpointer          replacement)
{
  g_autofree char *kept = g_match_info_fetch (match, 1);

  g_string_append (result, kept != NULL && kept[0] != '\0' ? kept : (const char *) replacement);
  return FALSE;
}

/* Puts @replacement for what @pattern matches outside of its first group. */
static char *
replace (const char *text,
         const char *pattern,
         const char *replacement)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, &error);
  char *result;

  g_assert_no_error (error);
  result = g_regex_replace_eval (regex, text, -1, 0, 0, keep_or_replace, (gpointer) replacement, &error);
  g_assert_no_error (error);
  return result;
}

/* json-glib reads neither the NaN and Infinity nor the lone surrogates of
 * Python's JSON: null and U+FFFD instead. */
static char *
make_readable (const char *json)
{
  g_autofree char *numbers = replace (json, "(\"(?:[^\"\\\\]|\\\\.)*+\")|-?\\b(?:NaN|Infinity)\\b", "null");

  return replace (numbers, "(\\\\\\\\|\\\\u[dD][89abAB]..\\\\u[dD][c-fC-F]..)|\\\\u[dD][89a-fA-F]..",
                  "\\ufffd");
}

JsonArray *
test_vectors_load (const char *name)
{
  const char *folder = g_getenv ("BYTESTAG_TEST_VECTORS");
  g_autofree char *base = g_strconcat (name, ".json", NULL);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, base, NULL)
                                         : g_test_build_filename (G_TEST_DIST, "vectors", base, NULL);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  g_autofree char *readable = NULL;
  JsonObject *root;

  if (folder != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the folder of vectors does not have this file");
      return NULL;
    }
  g_file_get_contents (path, &json, NULL, &error);
  g_assert_no_error (error);
  readable = make_readable (json);
  json_parser_load_from_data (parser, readable, -1, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));
  return json_array_ref (json_object_get_array_member (root, "cases"));
}

void
test_vectors_ran (const char *name,
                  guint       n_cases)
{
  g_test_message ("%s: %u cases", name, n_cases);
}

GBytes *
test_vectors_bytes (const char *hex)
{
  gsize length = strlen (hex) / 2;
  g_autofree guint8 *bytes = g_malloc (length);

  if (strstr (hex, "...") != NULL)
    return NULL;
  for (gsize i = 0; i < length; i++)
    bytes[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}
