/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "client/control-line.h"
#include "client/control.h"
#include "fuzz.h"

/* A line of the control socket. What can be read is written, and read as the same. */

static void
check_request (GVariant *line)
{
  g_autofree char *verb = NULL;
  g_autoptr (GVariant) arguments = g_variant_lookup_value (line, "args", G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantDict) dict = { 0 };
  const char *text = NULL;

  if (g_variant_lookup (line, "verb", "s", &verb))
    g_assert_true (g_utf8_validate (verb, -1, NULL));
  g_variant_dict_init (&dict, arguments);
  if (g_variant_dict_lookup (&dict, "key", "&s", &text) || g_variant_dict_lookup (&dict, "link", "&s", &text))
    g_assert_true (g_utf8_validate (text, -1, NULL));
}

/* None of ours has any; json-glib writes some of them as no JSON ("8e+18.0", "inf"). */
static gboolean
has_double (GVariant *value)
{
  gboolean found = g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE);

  for (gsize i = 0; !found && g_variant_is_container (value) && i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      found = has_double (child);
    }
  return found;
}

static void
check_again (GVariant *line)
{
  g_autoptr (GBytes) written = bytestag_control_line_to_bytes (line);
  gsize length;
  const char *text = g_bytes_get_data (written, &length);
  g_autoptr (GBytes) without_newline = g_bytes_new_from_bytes (written, 0, length - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) again = NULL;

  g_assert_true (memchr (text, '\n', length) == text + length - 1);
  again = bytestag_control_line_from_bytes (without_newline, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_equal (line, again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) line = bytestag_control_line_from_bytes (bytes, &error);

  g_assert_true ((line == NULL) == (error != NULL));
  if (line == NULL)
    return 0;

  g_assert_true (g_variant_is_of_type (line, G_VARIANT_TYPE_VARDICT));
  check_request (line);
  if (!has_double (line))
    check_again (line);
  return 0;
}
