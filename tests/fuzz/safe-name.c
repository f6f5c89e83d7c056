/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "fuzz.h"
#include "wire/safe-name.h"

/* Names from peers. */

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *name = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autofree char *safe = bytestag_safe_filename ((const char *) data, size, NULL);
  g_autofree char *shown = bytestag_name_for_display (name);
  g_autofree char *shown_again = bytestag_name_for_display (shown);

  g_assert_true (safe == NULL || (strlen (safe) == size && strchr (safe, '/') == NULL));
  g_assert_true (g_utf8_validate (shown, -1, NULL));
  g_assert_cmpstr (shown, ==, shown_again);
  if (bytestag_safe_name_check (name, NULL))
    {
      g_assert_null (strchr (name, '/'));
      g_assert_true (strcmp (name, ".") != 0 && strcmp (name, "..") != 0);
      g_assert_cmpuint (strlen (name), <=, BYTESTAG_LIMIT_NAME_BYTES);
    }
  return 0;
}
