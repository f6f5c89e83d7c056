/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/canonical.h"

#include <string.h>

void
bytestag_canonical_init (BytestagCanonical *self)
{
  g_return_if_fail (self != NULL);

  *self = (BytestagCanonical) { .text = g_string_new (NULL), .is_first = TRUE };
}

GBytes *
bytestag_canonical_finish (BytestagCanonical *self)
{
  g_return_val_if_fail (self->text != NULL && self->depth == 0, NULL);

  return g_string_free_to_bytes (g_steal_pointer (&self->text));
}

char *
bytestag_canonical_finish_text (BytestagCanonical *self)
{
  g_return_val_if_fail (self->text != NULL && self->depth == 0, NULL);

  return g_string_free (g_steal_pointer (&self->text), FALSE);
}

static void
begin_value (BytestagCanonical *self)
{
  if (!self->is_first)
    g_string_append_c (self->text, ',');
  self->is_first = FALSE;
}

static void
begin_container (BytestagCanonical *self, char bracket)
{
  begin_value (self);
  g_assert (self->depth < BYTESTAG_CANONICAL_DEPTH);
  self->names[self->depth++] = NULL;
  self->is_first = TRUE;
  g_string_append_c (self->text, bracket);
}

static void
end_container (BytestagCanonical *self, char bracket)
{
  g_assert (self->depth > 0);
  self->depth--;
  self->is_first = FALSE;
  g_string_append_c (self->text, bracket);
}

void
bytestag_canonical_begin_object (BytestagCanonical *self)
{
  begin_container (self, '{');
}

void
bytestag_canonical_end_object (BytestagCanonical *self)
{
  end_container (self, '}');
}

void
bytestag_canonical_begin_array (BytestagCanonical *self)
{
  begin_container (self, '[');
}

void
bytestag_canonical_end_array (BytestagCanonical *self)
{
  end_container (self, ']');
}

void
bytestag_canonical_member (BytestagCanonical *self, const char *name)
{
  g_assert (self->depth > 0);

  const char **last = &self->names[self->depth - 1];
  g_assert (*last == NULL || strcmp (*last, name) < 0);
  *last = name;

  begin_value (self);
  g_string_append_c (self->text, '"');
  g_string_append (self->text, name);
  g_string_append (self->text, "\":");
  self->is_first = TRUE;
}

static void
append_ascii (GString *text, char c)
{
  static const char escaped[] = "\"\\\b\t\n\f\r";
  static const char letters[] = "\"\\btnfr";
  const char *found = strchr (escaped, c);

  if (found != NULL)
    g_string_append_printf (text, "\\%c", letters[found - escaped]);
  else if (c >= 0x20 && c < 0x7f)
    g_string_append_c (text, c);
  else
    g_string_append_printf (text, "\\u%04x", c);
}

static void
append_unichar (GString *text, gunichar c)
{
  if (c < 0x10000)
    g_string_append_printf (text, "\\u%04x", c);
  else
    g_string_append_printf (text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
}

/* A character that is not ASCII: UTF-8, or one of the two additions of
 * bytestag_json_read_string(). */
static const char *
append_character (GString *text, const char *at)
{
  const guchar *bytes = (const guchar *) at;
  gunichar c = g_utf8_get_char_validated (at, -1);

  if (c != (gunichar) -1 && c != (gunichar) -2)
    {
      append_unichar (text, c);
      return g_utf8_next_char (at);
    }

  if (bytes[0] == 0xc0 && bytes[1] == 0x80)
    {
      append_unichar (text, 0);
      return at + 2;
    }

  if (bytes[0] == 0xed && bytes[1] >= 0xa0 && bytes[1] < 0xc0 && bytes[2] >= 0x80 && bytes[2] < 0xc0)
    {
      append_unichar (text, 0xd000 | (bytes[1] & 0x3f) << 6 | (bytes[2] & 0x3f));
      return at + 3;
    }

  append_unichar (text, 0xfffd);
  return at + 1;
}

void
bytestag_canonical_string (BytestagCanonical *self, const char *string)
{
  g_return_if_fail (string != NULL);

  begin_value (self);
  g_string_append_c (self->text, '"');
  while (*string != '\0')
    {
      if ((guchar) *string < 0x80)
        append_ascii (self->text, *string++);
      else
        string = append_character (self->text, string);
    }
  g_string_append_c (self->text, '"');
}

void
bytestag_canonical_null (BytestagCanonical *self)
{
  begin_value (self);
  g_string_append (self->text, "null");
}

void
bytestag_canonical_unsigned (BytestagCanonical *self, guint64 value)
{
  begin_value (self);
  g_string_append_printf (self->text, "%" G_GUINT64_FORMAT, value);
}

void
bytestag_canonical_signed (BytestagCanonical *self, gint64 value)
{
  begin_value (self);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
bytestag_canonical_double (BytestagCanonical *self, gdouble value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  static const char * const formats[] = { "%.15g", "%.16g", "%.17g" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_ascii_formatd (text, sizeof text, formats[i], value);
      if (memcmp (&(gdouble) { g_ascii_strtod (text, NULL) }, &value, sizeof value) == 0)
        break;
    }

  begin_value (self);
  g_string_append (self->text, text);
  if (strpbrk (text, ".e") == NULL)
    g_string_append (self->text, ".0");
}

void
bytestag_canonical_key (BytestagCanonical *self, const BytestagKey *key)
{
  char text[BYTESTAG_KEY_BASE64_LENGTH];

  begin_value (self);
  bytestag_key_write_base64 (key, text);
  g_string_append_c (self->text, '"');
  g_string_append_len (self->text, text, sizeof text);
  g_string_append_c (self->text, '"');
}

void
bytestag_canonical_keys (BytestagCanonical *self, const BytestagKey *keys, guint n_keys)
{
  bytestag_canonical_begin_array (self);
  for (guint i = 0; i < n_keys; i++)
    bytestag_canonical_key (self, &keys[i]);
  bytestag_canonical_end_array (self);
}

void
bytestag_canonical_base64 (BytestagCanonical *self, const guint8 *data, gsize length)
{
  g_autofree char *text = g_base64_encode (data, length);

  bytestag_canonical_string (self, text);
}

void
bytestag_canonical_raw (BytestagCanonical *self, const char *text, gsize length)
{
  begin_value (self);
  g_string_append_len (self->text, text, length);
}
