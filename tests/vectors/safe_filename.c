/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every name of safe_filename.json. */
#include <string.h>

#include "vectors.h"
#include "wire/safe-name.h"

/* The string of @value with its NULs as they are. */
static GString *
read_string (const BytestagJsonValue *value)
{
  g_autofree char *text = bytestag_json_read_string (value);
  GString *string = g_string_new (NULL);

  for (const char *at = text; *at != '\0';)
    {
      gboolean is_nul = strncmp (at, "\xc0\x80", 2) == 0;

      g_string_append_c (string, is_nul ? '\0' : *at);
      at += is_nul ? 2 : 1;
    }
  return string;
}

static void
test_safe_filename (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  BytestagJsonValue input = vectors_member (vector, "input");
  GString *name = read_string (&input);
  g_autofree char *expected = vectors_member_text (vector, "output");
  g_autoptr (GError) error = NULL;
  g_autofree char *safe = bytestag_safe_filename (name->str, name->len, &error);

  g_string_free (name, TRUE);
  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_nonnull (error);
      g_assert_null (safe);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpstr (safe, ==, expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("safe_filename", test_safe_filename);
}
