/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-vectors.h"

#include <string.h>

JsonArray *
test_vectors_load (const char *name)
{
  const char *folder = g_getenv ("BYTESTAG_TEST_VECTORS");
  g_autofree char *base = g_strconcat (name, ".json", NULL);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, base, NULL)
                                         : g_test_build_filename (G_TEST_DIST, "vectors", base, NULL);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  JsonObject *root;

  if (folder != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the folder of vectors does not have this file");
      return NULL;
    }
  json_parser_load_from_file (parser, path, &error);
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
