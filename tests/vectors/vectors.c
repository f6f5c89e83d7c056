/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vectors.h"

#include <string.h>

static char *
vectors_path (const char *name)
{
  const char *folder = g_getenv ("BYTESTAG_TEST_VECTORS");
  g_autofree char *file = g_strconcat (name, ".json", NULL);

  return folder && *folder ? g_build_filename (folder, file, NULL)
                           : g_test_build_filename (G_TEST_DIST, "vectors", file, NULL);
}

/* The code of a \uXXXX escape; 0 for any other text. */
static guint
escaped_code (const char *text)
{
  char digits[5] = { 0 };

  if (text[0] != '\\' || text[1] != 'u' || strlen (text) < 6)
    return 0;
  memcpy (digits, text + 2, 4);
  return g_ascii_strtoull (digits, NULL, 16);
}

/* json-glib does not read a surrogate without its other half: it becomes U+FFFD.
 * Returns the length of the escape, of both halves when they are there. */
static gsize
mend_escape (char *escape)
{
  guint code = escaped_code (escape);

  if (code < 0xd800 || code > 0xdfff)
    return 2;
  if (code < 0xdc00 && (escaped_code (escape + 6) & 0xfc00) == 0xdc00)
    return 12;
  memcpy (escape + 2, "fffd", 4);
  return 6;
}

/* Python writes numbers that JSON does not have, and json-glib does not read either:
 * they become null or 0. */
static gsize
mend_number (char *text)
{
  static const char *const words[] = { "-Infinity", "Infinity", "NaN" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (text, words[i]))
      {
        gsize length = strlen (words[i]);

        memset (text, ' ', length);
        memcpy (text, length < 4 ? "0" : "null", length < 4 ? 1 : 4);
        return length;
      }
  return 1;
}

static void
mend_json (char *text)
{
  gboolean in_string = FALSE;

  while (*text)
    {
      if (in_string && *text == '\\')
        text += mend_escape (text);
      else if (*text == '"')
        {
          in_string = !in_string;
          text++;
        }
      else
        text += in_string ? 1 : mend_number (text);
    }
}

JsonArray *
vectors_load (const char *name, JsonNode **root)
{
  g_autofree char *path = vectors_path (name);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  mend_json (text);
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  *root = json_parser_steal_root (parser);
  return json_object_get_array_member (json_node_get_object (*root), "cases");
}

int
vectors_run_cases (const char *name, GTestDataFunc func)
{
  g_autoptr (JsonNode) root = NULL;
  JsonArray *cases = vectors_load (name, &root);
  guint n_cases = cases ? json_array_get_length (cases) : 0;

  for (guint i = 0; i < n_cases; i++)
    {
      JsonObject *json = json_array_get_object_element (cases, i);
      JsonNode *title = json_object_get_member (json, "name");
      g_autofree char *path = title && JSON_NODE_HOLDS_VALUE (title)
        && json_node_get_value_type (title) == G_TYPE_STRING
        ? g_strdup_printf ("/%s/%u-%s", name, i, json_node_get_string (title))
        : g_strdup_printf ("/%s/%u", name, i);

      /* A case's own "/" would be a folder of tests. */
      for (char *c = path + strlen (name) + 2; *c; c++)
        if (*c == '/')
          *c = '_';
      g_test_add_data_func (path, json, func);
    }
  g_print ("# %s: %u cases\n", name, n_cases);
  return g_test_run ();
}

int
vectors_run_values (const char *name, GTestDataFunc func)
{
  g_autofree char *path = vectors_path (name);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  BytestagJsonValue file, cases, value;
  BytestagScanner scanner;
  gsize length;

  if (g_file_get_contents (path, &text, &length, NULL))
    {
      bytestag_json_read (&file, BYTESTAG_JSON_OBJECT, text, length, BYTESTAG_SCANNER_DEPTH, G_MAXUINT, &error);
      g_assert_no_error (error);
      cases = vectors_member (&file, "cases");
      bytestag_json_read_begin (&scanner, &cases);
      while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &value))
        {
          g_autofree char *test = g_strdup_printf ("/%s/%u", name, values->len);

          g_ptr_array_add (values, g_memdup2 (&value, sizeof value));
          g_test_add_data_func (test, g_ptr_array_index (values, values->len - 1), func);
        }
    }
  g_print ("# %s: %u cases\n", name, values->len);
  return g_test_run ();
}

BytestagJsonValue
vectors_member (const BytestagJsonValue *object, const char *name)
{
  BytestagJsonValue value;

  bytestag_json_read_members (object, &name, &value, 1);
  return value;
}

char *
vectors_member_text (const BytestagJsonValue *object, const char *name)
{
  BytestagJsonValue value = vectors_member (object, name);

  return bytestag_json_read_string (&value);
}

void
vectors_member_key (const BytestagJsonValue *object, const char *name, BytestagKey *key)
{
  BytestagJsonValue value = vectors_member (object, name);
  g_autoptr (GError) error = NULL;

  bytestag_json_read_key (&value, key, &error);
  g_assert_no_error (error);
}

GBytes *
vectors_member_bytes (const BytestagJsonValue *object, const char *name)
{
  g_autofree char *hex = vectors_member_text (object, name);
  GBytes *bytes = hex ? vectors_hex_bytes (hex) : NULL;

  g_assert_nonnull (bytes);
  return bytes;
}

GBytes *
vectors_hex_bytes (const char *hex)
{
  gsize length = strlen (hex) / 2;
  g_autofree guint8 *bytes = g_malloc (length + 1);

  if (strlen (hex) % 2 || strspn (hex, "0123456789abcdefABCDEF") != strlen (hex))
    return NULL;
  for (gsize i = 0; i < length; i++)
    bytes[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

const char *
json_text (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
    ? json_node_get_string (node) : NULL;
}
