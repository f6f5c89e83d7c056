/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-value.h"

#include <math.h>
#include <string.h>

/* Longer numbers are not read as floats: no more digits can matter to one. */
#define REAL_SIZE 1100

void
bytestag_json_value_init (BytestagJsonValue *self,
                          const char        *text,
                          gsize              length)
{
  BytestagJsonType type;

  switch (length > 0 ? *text : '\0')
    {
    case '\0': type = BYTESTAG_JSON_ABSENT; break;
    case 'n': type = BYTESTAG_JSON_NULL; break;
    case 'f': type = BYTESTAG_JSON_FALSE; break;
    case 't': type = BYTESTAG_JSON_TRUE; break;
    case '"': type = BYTESTAG_JSON_STRING; break;
    case '[': type = BYTESTAG_JSON_ARRAY; break;
    case '{': type = BYTESTAG_JSON_OBJECT; break;
    default:
      type = BYTESTAG_JSON_INTEGER;
      /* "N" and "I" stand for NaN, Infinity and -Infinity. */
      for (gsize i = 0; i < length; i++)
        if (strchr (".eENI", text[i]) != NULL)
          type = BYTESTAG_JSON_REAL;
    }
  *self = (BytestagJsonValue) { type, text, length };
}

static guint
read_hex (const char *text)
{
  guint unit = 0;

  for (guint i = 0; i < 4; i++)
    unit = unit * 16 + g_ascii_xdigit_value (text[i]);
  return unit;
}

guint
bytestag_json_unescape (const char *text,
                        const char *end,
                        gunichar   *character)
{
  static const char letters[] = "bfnrt";
  static const char characters[] = "\b\f\n\r\t";
  const char *letter;
  guint low;

  if (text[1] != 'u')
    {
      letter = strchr (letters, text[1]);
      *character = letter != NULL ? characters[letter - letters] : text[1];
      return 2;
    }
  *character = read_hex (text + 2);
  if (*character >= 0xd800 && *character < 0xdc00 && end - text >= 12 && text[6] == '\\' && text[7] == 'u')
    {
      low = read_hex (text + 8);
      if (low >= 0xdc00 && low < 0xe000)
        {
          *character = 0x10000 + ((*character - 0xd800) << 10) + (low - 0xdc00);
          return 12;
        }
    }
  return 6;
}

gssize
bytestag_json_value_get_string (const BytestagJsonValue *self,
                                char                    *text,
                                gsize                    max)
{
  const char *at, *end;
  gsize length = 0;
  gunichar character;
  char utf8[6];
  gsize n;

  if (self->type != BYTESTAG_JSON_STRING)
    return -1;
  at = self->text + 1;
  end = self->text + self->length - 1;
  if (memchr (at, '\\', end - at) == NULL)
    {
      if ((gsize) (end - at) > max)
        return -1;
      memcpy (text, at, end - at);
      return end - at;
    }
  while (at < end)
    {
      if (*at == '\\')
        {
          at += bytestag_json_unescape (at, end, &character);
          if (character >= 0xd800 && character < 0xe000)
            return -1;
          n = g_unichar_to_utf8 (character, utf8);
        }
      else
        {
          utf8[0] = *at++;
          n = 1;
        }
      if (length + n > max)
        return -1;
      memcpy (text + length, utf8, n);
      length += n;
    }
  return length;
}

gboolean
bytestag_json_value_equal_string (const BytestagJsonValue *self,
                                  const char              *text)
{
  char decoded[64];
  gsize length = strlen (text);

  g_assert (length <= sizeof decoded);
  return bytestag_json_value_get_string (self, decoded, sizeof decoded) == (gssize) length
         && memcmp (decoded, text, length) == 0;
}

/* Adds digits to a number that is kept negative, where there is one more of them. */
static gboolean
add_digit (gint64 *negative,
           int     digit)
{
  return !__builtin_mul_overflow (*negative, 10, negative)
         && !__builtin_sub_overflow (*negative, digit, negative);
}

/* Reads [+-]digits with single underscores between digits, as Python's int(). */
static gboolean
read_decimal (const char *at,
              const char *end,
              gint64     *integer,
              gboolean   *overflows)
{
  gint64 negative = 0;
  gboolean is_negative = at < end && *at == '-';
  gboolean too_big = FALSE;

  if (at < end && (*at == '-' || *at == '+'))
    at++;
  if (at == end)
    return FALSE;
  for (const char *digit = at; digit < end; digit++)
    {
      if (*digit == '_' && digit > at && digit[-1] != '_' && digit + 1 < end)
        continue;
      if (!g_ascii_isdigit (*digit))
        return FALSE;
      too_big = too_big || !add_digit (&negative, *digit - '0');
    }
  if (!is_negative && negative == G_MININT64)
    too_big = TRUE;
  if (too_big)
    *integer = is_negative ? G_MININT64 : G_MAXINT64;
  else
    *integer = is_negative ? negative : -negative;
  if (overflows != NULL)
    *overflows = too_big;
  return TRUE;
}

gboolean
bytestag_json_value_get_integer (const BytestagJsonValue *self,
                                 gint64                  *integer,
                                 gboolean                *overflows)
{
  switch (self->type)
    {
    case BYTESTAG_JSON_FALSE:
    case BYTESTAG_JSON_TRUE:
      *integer = self->type == BYTESTAG_JSON_TRUE;
      if (overflows != NULL)
        *overflows = FALSE;
      return TRUE;
    case BYTESTAG_JSON_INTEGER:
      return read_decimal (self->text, self->text + self->length, integer, overflows);
    default:
      return FALSE;
    }
}

gboolean
bytestag_json_value_get_real (const BytestagJsonValue *self,
                              gdouble                 *real)
{
  char text[REAL_SIZE + 1];

  switch (self->type)
    {
    case BYTESTAG_JSON_FALSE:
    case BYTESTAG_JSON_TRUE:
      *real = self->type == BYTESTAG_JSON_TRUE;
      return TRUE;
    case BYTESTAG_JSON_INTEGER:
    case BYTESTAG_JSON_REAL:
      if (self->length > REAL_SIZE)
        return FALSE;
      memcpy (text, self->text, self->length);
      text[self->length] = '\0';
      /* Takes NaN and Infinity too. */
      *real = g_ascii_strtod (text, NULL);
      return self->type == BYTESTAG_JSON_REAL || isfinite (*real);
    default:
      return FALSE;
    }
}

static gboolean
is_python_space (char byte)
{
  return byte == ' ' || (byte >= '\t' && byte <= '\r') || (byte >= 0x1c && byte <= 0x1f);
}

gboolean
bytestag_json_value_convert_integer (const BytestagJsonValue *self,
                                     gint64                  *integer,
                                     gboolean                *overflows)
{
  char text[BYTESTAG_LIMIT_JSON_STRING];
  const char *at, *end;
  gssize length;
  gdouble real;

  if (self->type == BYTESTAG_JSON_STRING)
    {
      length = bytestag_json_value_get_string (self, text, sizeof text);
      if (length < 0)
        return FALSE;
      at = text;
      end = text + length;
      while (at < end && is_python_space (*at))
        at++;
      while (end > at && is_python_space (end[-1]))
        end--;
      return read_decimal (at, end, integer, overflows);
    }
  if (self->type != BYTESTAG_JSON_REAL)
    return bytestag_json_value_get_integer (self, integer, overflows);

  if (!bytestag_json_value_get_real (self, &real) || !isfinite (real))
    return FALSE;
  if (overflows != NULL)
    *overflows = real >= 0x1p63 || real < -0x1p63;
  *integer = real >= 0x1p63 ? G_MAXINT64 : real < -0x1p63 ? G_MININT64 : (gint64) real;
  return TRUE;
}

BytestagMember
bytestag_json_value_get_key (const BytestagJsonValue *self,
                             BytestagKey             *key)
{
  char text[BYTESTAG_LIMIT_JSON_STRING];
  gssize length;

  switch (self->type)
    {
    case BYTESTAG_JSON_ABSENT:
    case BYTESTAG_JSON_NULL:
      return BYTESTAG_MEMBER_ABSENT;
    case BYTESTAG_JSON_TRUE:
      return BYTESTAG_MEMBER_RANDOM;
    case BYTESTAG_JSON_STRING:
      length = bytestag_json_value_get_string (self, text, sizeof text);
      if (length >= 0 && bytestag_key_parse (key, text, length, NULL))
        return BYTESTAG_MEMBER_VALID;
      return BYTESTAG_MEMBER_INVALID;
    default:
      return BYTESTAG_MEMBER_INVALID;
    }
}

/* An array or object with nothing but white space in it. */
static gboolean
is_empty (const BytestagJsonValue *self)
{
  for (gsize i = 1; i + 1 < self->length; i++)
    if (!g_ascii_isspace (self->text[i]))
      return FALSE;
  return TRUE;
}

gboolean
bytestag_json_value_is_truthy (const BytestagJsonValue *self)
{
  gdouble real;

  switch (self->type)
    {
    case BYTESTAG_JSON_ABSENT:
    case BYTESTAG_JSON_NULL:
    case BYTESTAG_JSON_FALSE:
      return FALSE;
    case BYTESTAG_JSON_TRUE:
      return TRUE;
    case BYTESTAG_JSON_INTEGER:
    case BYTESTAG_JSON_REAL:
      return !bytestag_json_value_get_real (self, &real) || real != 0;
    case BYTESTAG_JSON_STRING:
      return self->length > 2;
    case BYTESTAG_JSON_ARRAY:
    case BYTESTAG_JSON_OBJECT:
      return !is_empty (self);
    default:
      g_return_val_if_reached (FALSE);
    }
}
