/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/writer.h"

#include <float.h>
#include <math.h>
#include <string.h>

void
bytestag_writer_init (BytestagWriter *self,
                      char           *buffer,
                      gsize           size)
{
  *self = (BytestagWriter) { .text = buffer, .size = size };
}

/* Room for @length bytes, which are then taken; NULL: none. */
static char *
reserve (BytestagWriter *self,
         gsize           length)
{
  char *room;

  if (self->overflows || self->size - self->length < length)
    {
      self->overflows = TRUE;
      return NULL;
    }
  room = self->text + self->length;
  self->length += length;
  return room;
}

static void
append (BytestagWriter *self,
        const char     *text,
        gsize           length)
{
  char *room = reserve (self, length);

  if (room != NULL)
    memcpy (room, text, length);
}

/* Before each value or name. */
static void
separate (BytestagWriter *self)
{
  if (self->needs_comma)
    append (self, ", ", 2);
  self->needs_comma = TRUE;
}

void
bytestag_writer_begin_object (BytestagWriter *self)
{
  separate (self);
  append (self, "{", 1);
  self->needs_comma = FALSE;
}

void
bytestag_writer_end_object (BytestagWriter *self)
{
  append (self, "}", 1);
  self->needs_comma = TRUE;
}

void
bytestag_writer_begin_array (BytestagWriter *self)
{
  separate (self);
  append (self, "[", 1);
  self->needs_comma = FALSE;
}

void
bytestag_writer_end_array (BytestagWriter *self)
{
  append (self, "]", 1);
  self->needs_comma = TRUE;
}

void
bytestag_writer_add_name (BytestagWriter *self,
                          const char     *name)
{
  gsize length = strlen (name);
  char *room = reserve (self, length + (self->needs_comma ? 6 : 4));

  if (room != NULL)
    {
      if (self->needs_comma)
        {
          *room++ = ',';
          *room++ = ' ';
        }
      *room++ = '"';
      memcpy (room, name, length);
      memcpy (room + length, "\": ", 3);
    }
  self->needs_comma = FALSE;
}

void
bytestag_writer_add_null (BytestagWriter *self)
{
  bytestag_writer_add_raw (self, "null", 4);
}

static void
append_unit (BytestagWriter *self,
             guint           unit)
{
  static const char digits[] = "0123456789abcdef";
  const char escape[] = {
    '\\', 'u', digits[unit >> 12], digits[(unit >> 8) & 15], digits[(unit >> 4) & 15], digits[unit & 15],
  };

  append (self, escape, sizeof escape);
}

static void
append_escaped (BytestagWriter *self,
                gunichar        character)
{
  static const char letters[] = "\"\\bfnrt";
  static const char characters[] = "\"\\\b\f\n\r\t";
  const char *special = character != 0 && character < 0x80 ? strchr (characters, (char) character) : NULL;

  if (special != NULL)
    {
      const char escape[] = { '\\', letters[special - characters] };

      append (self, escape, sizeof escape);
    }
  else if (character < 0x10000)
    append_unit (self, character);
  else
    {
      append_unit (self, 0xd800 + ((character - 0x10000) >> 10));
      append_unit (self, 0xdc00 + ((character - 0x10000) & 0x3ff));
    }
}

void
bytestag_writer_add_string (BytestagWriter *self,
                            const char     *text,
                            gssize          length)
{
  const char *end = text + (length < 0 ? strlen (text) : (gsize) length);
  const char *at = text;

  separate (self);
  append (self, "\"", 1);
  while (at < end)
    {
      const char *plain = at;

      while (at < end && *at >= ' ' && *at < 0x7f && *at != '"' && *at != '\\')
        at++;
      append (self, plain, at - plain);
      if (at < end)
        {
          append_escaped (self, g_utf8_get_char (at));
          at = g_utf8_next_char (at);
        }
    }
  append (self, "\"", 1);
}

void
bytestag_writer_add_integer (BytestagWriter *self,
                             gint64          value)
{
  char digits[20];
  char *at = digits + sizeof digits;
  guint64 rest = value < 0 ? -(guint64) value : (guint64) value;

  do
    *--at = '0' + rest % 10;
  while ((rest /= 10) != 0);
  if (value < 0)
    *--at = '-';
  bytestag_writer_add_raw (self, at, digits + sizeof digits - at);
}

/* The fewest significant digits that read back as @value (finite, not 0), and
 * the power of ten of the first one. */
static int
find_digits (gdouble  value,
             char     digits[17],
             int     *exponent)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char format[8];
  int n_digits = 0;

  /* 15 digits always read back from a decimal of 15, but for subnormals. */
  for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++)
    {
      g_snprintf (format, sizeof format, "%%.%de", precision);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  for (const char *at = text; *at != 'e'; at++)
    if (*at != '.')
      digits[n_digits++] = *at;
  *exponent = (int) g_ascii_strtoll (strchr (text, 'e') + 1, NULL, 10);
  while (n_digits > 1 && digits[n_digits - 1] == '0')
    n_digits--;
  return n_digits;
}

/* Python's layout of a float: 1.5, 12.0, 0.0001, 1e-05, 1.5e+16. */
static void
append_digits (BytestagWriter *self,
               const char     *digits,
               int             n_digits,
               int             exponent)
{
  char text[8];
  int before = exponent + 1;

  if (exponent < -4 || exponent >= 16)
    {
      append (self, digits, 1);
      if (n_digits > 1)
        {
          append (self, ".", 1);
          append (self, digits + 1, n_digits - 1);
        }
      append (self, text, g_snprintf (text, sizeof text, "e%+03d", exponent));
      return;
    }
  if (before <= 0)
    {
      append (self, "0.000", 2 - before);
      append (self, digits, n_digits);
      return;
    }
  append (self, digits, MIN (before, n_digits));
  append (self, "0000000000000000", MAX (before - n_digits, 0));
  append (self, ".", 1);
  if (n_digits > before)
    append (self, digits + before, n_digits - before);
  else
    append (self, "0", 1);
}

void
bytestag_writer_add_real (BytestagWriter *self,
                          gdouble         value)
{
  char digits[17];
  int n_digits, exponent;

  if (!isfinite (value))
    {
      bytestag_writer_add_null (self);
      return;
    }
  separate (self);
  if (signbit (value))
    append (self, "-", 1);
  if (value == 0)
    {
      append (self, "0.0", 3);
      return;
    }
  n_digits = find_digits (fabs (value), digits, &exponent);
  append_digits (self, digits, n_digits, exponent);
}

void
bytestag_writer_add_base64 (BytestagWriter *self,
                            const guint8   *data,
                            gsize           length)
{
  gsize text_length = (length + 2) / 3 * 4;
  char *room;
  int state = 0, save = 0;
  gsize written;

  separate (self);
  append (self, "\"", 1);
  room = reserve (self, text_length);
  if (room != NULL)
    {
      written = g_base64_encode_step (data, length, FALSE, room, &state, &save);
      g_base64_encode_close (FALSE, room + written, &state, &save);
    }
  append (self, "\"", 1);
}

void
bytestag_writer_add_raw (BytestagWriter *self,
                         const char     *json,
                         gsize           length)
{
  separate (self);
  append (self, json, length);
}
