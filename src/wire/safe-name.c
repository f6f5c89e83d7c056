/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/safe-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"

/* WHITE SQUARE: stands for what a person could not see, or should not be misled by. */
#define BOX 0x25a1

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME, message);
  return FALSE;
}

char *
bytestag_safe_filename (const char *name, gssize length, GError **error)
{
  g_return_val_if_fail (name != NULL || length == 0, NULL);

  gsize n = length < 0 ? strlen (name) : (gsize) length;

  if (n == 2 && memcmp (name, "..", 2) == 0)
    {
      refuse (error, _("The name “..” cannot be the name of a file"));
      return NULL;
    }

  char *safe = g_malloc (n + 1);

  for (gsize i = 0; i < n; i++)
    safe[i] = name[i] == '/' || name[i] == '\0' ? '_' : name[i];
  safe[n] = '\0';
  return safe;
}

static gboolean
has_control_characters (const char *name)
{
  for (const char *at = name; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return TRUE;

  return FALSE;
}

gboolean
bytestag_safe_name_check (const char *name, GError **error)
{
  g_return_val_if_fail (name != NULL, FALSE);

  if (name[0] == '\0')
    return refuse (error, _("A name is empty"));
  /* A NUL is in no C string; the readers give it as bytes that are not UTF-8. */
  if (!g_utf8_validate (name, -1, NULL))
    return refuse (error, _("A name holds characters that do not exist"));
  if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return refuse (error, _("The names “.” and “..” cannot be names of files"));
  if (strchr (name, '/') != NULL)
    return refuse (error, _("A name holds “/”"));
  if (has_control_characters (name))
    return refuse (error, _("A name holds control characters"));
  if (strlen (name) > BYTESTAG_LIMIT_NAME_BYTES)
    return refuse (error, _("A name is too long"));
  if (g_str_has_suffix (name, BYTESTAG_INCOMPLETE_SUFFIX))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                   _("A name ends in “%s”, which is for files that are not complete"), BYTESTAG_INCOMPLETE_SUFFIX);
      return FALSE;
    }

  return TRUE;
}

gboolean
bytestag_safe_path_check (const char * const *elements, GError **error)
{
  gsize length = 0;
  guint n = 0;

  g_return_val_if_fail (elements != NULL, FALSE);

  for (; elements[n] != NULL; n++)
    {
      if (n == BYTESTAG_LIMIT_PATH_ELEMENTS)
        return refuse (error, _("A file lies too deep in folders"));
      if (!bytestag_safe_name_check (elements[n], error))
        return FALSE;
      length += strlen (elements[n]) + 1;
    }

  if (n == 0)
    return refuse (error, _("A file has no name"));
  if (length - 1 > BYTESTAG_LIMIT_PATH_BYTES)
    return refuse (error, _("The path of a file is too long"));

  return TRUE;
}

/* Format characters (Cf) that are seen: signs before numbers in Arabic and Syriac. */
static gboolean
is_visible_format (gunichar c)
{
  return (c >= 0x600 && c <= 0x605) || c == 0x6dd || c == 0x70f || c == 0x8e2;
}

static gboolean
is_hidden (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return TRUE;
    case G_UNICODE_FORMAT:
      return !is_visible_format (c);
    default:
      /* The fillers of Hangul, letters that show nothing. */
      return c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0;
    }
}

static char *
for_display (const char *text, const char *kept)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *shown = g_string_sized_new (strlen (valid));

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (shown, is_hidden (c) && (c > 0x7f || strchr (kept, c) == NULL) ? BOX : c);
    }

  return g_string_free (shown, FALSE);
}

char *
bytestag_name_for_display (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  return for_display (name, "");
}

char *
bytestag_text_for_display (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  return for_display (text, "\n\t");
}
