/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/json-guard.h"

/* The text was guarded: it is one whole JSON value, and nothing here has to look
 * for faults of form again. */

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first byte after the string that starts at @at. */
static const char *
string_end (const char *at)
{
  for (at++; *at != '"'; at++)
    if (*at == '\\')
      at++;

  return at + 1;
}

static const char *
container_end (const char *at)
{
  guint depth = 0;

  while (TRUE)
    {
      if (*at == '"')
        {
          at = string_end (at);
          continue;
        }

      if (*at == '{' || *at == '[')
        depth++;
      else if ((*at == '}' || *at == ']') && --depth == 0)
        return at + 1;
      at++;
    }
}

/* The first byte after the value that starts at @at and ends not after @end. */
static const char *
value_end (const char *at, const char *end)
{
  if (*at == '"')
    return string_end (at);
  if (*at == '{' || *at == '[')
    return container_end (at);

  while (at < end && *at != ',' && *at != ']' && *at != '}' && *at != ':' && !is_space (*at))
    at++;

  return at;
}

gboolean
bytestag_json_text_parse (BytestagJsonText *self,
                          const char       *text,
                          gsize             length,
                          guint             max_depth,
                          guint             max_tokens,
                          GError          **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (!bytestag_json_guard (text, length, max_depth, max_tokens, error))
    return FALSE;

  const char *start = text;
  while (is_space (*start))
    start++;

  self->text = start;
  self->length = value_end (start, text + length) - start;
  return TRUE;
}

BytestagJsonTextKind
bytestag_json_text_get_kind (const BytestagJsonText *self)
{
  g_return_val_if_fail (self != NULL, BYTESTAG_JSON_TEXT_NONE);

  if (self->text == NULL)
    return BYTESTAG_JSON_TEXT_NONE;

  switch (self->text[0])
    {
    case '{':
      return BYTESTAG_JSON_TEXT_OBJECT;
    case '[':
      return BYTESTAG_JSON_TEXT_ARRAY;
    case '"':
      return BYTESTAG_JSON_TEXT_STRING;
    case 't':
      return BYTESTAG_JSON_TEXT_TRUE;
    case 'f':
      return BYTESTAG_JSON_TEXT_FALSE;
    case 'n':
      return BYTESTAG_JSON_TEXT_NULL;
    default:
      break;
    }

  for (gsize i = self->text[0] == '-' ? 1 : 0; i < self->length; i++)
    if (!g_ascii_isdigit (self->text[i]))
      return BYTESTAG_JSON_TEXT_FLOAT;

  return BYTESTAG_JSON_TEXT_INTEGER;
}

gboolean
bytestag_json_text_is_null (const BytestagJsonText *self)
{
  BytestagJsonTextKind kind = bytestag_json_text_get_kind (self);

  return kind == BYTESTAG_JSON_TEXT_NONE || kind == BYTESTAG_JSON_TEXT_NULL;
}

void
bytestag_json_text_iter_init (BytestagJsonTextIter *iter, const BytestagJsonText *self)
{
  BytestagJsonTextKind kind = bytestag_json_text_get_kind (self);

  g_return_if_fail (kind == BYTESTAG_JSON_TEXT_OBJECT || kind == BYTESTAG_JSON_TEXT_ARRAY);

  iter->at = self->text + 1;
  iter->end = self->text + self->length - 1;
  iter->is_object = kind == BYTESTAG_JSON_TEXT_OBJECT;
}

/* Steps over space and the one character between two things; FALSE at the end. */
static gboolean
iter_take (BytestagJsonTextIter *iter, char between, BytestagJsonText *value)
{
  while (iter->at < iter->end && (is_space (*iter->at) || *iter->at == between))
    iter->at++;
  if (iter->at == iter->end)
    return FALSE;

  const char *end = value_end (iter->at, iter->end);
  if (value != NULL)
    *value = (BytestagJsonText) { iter->at, end - iter->at };
  iter->at = end;
  return TRUE;
}

gboolean
bytestag_json_text_iter_next (BytestagJsonTextIter *iter,
                              BytestagJsonText     *name,
                              BytestagJsonText     *value)
{
  if (!iter->is_object)
    return iter_take (iter, ',', value);

  return iter_take (iter, ',', name) && iter_take (iter, ':', value);
}

guint
bytestag_json_text_count (const BytestagJsonText *self)
{
  BytestagJsonTextIter iter;
  guint n = 0;

  bytestag_json_text_iter_init (&iter, self);
  while (bytestag_json_text_iter_next (&iter, NULL, NULL))
    n++;

  return n;
}

void
bytestag_json_text_get_members (const BytestagJsonText *self,
                                const char * const     *names,
                                BytestagJsonText       *values,
                                guint                   n_names)
{
  BytestagJsonTextIter iter;
  BytestagJsonText name, value;

  memset (values, 0, n_names * sizeof *values);
  bytestag_json_text_iter_init (&iter, self);
  while (bytestag_json_text_iter_next (&iter, &name, &value))
    for (guint i = 0; i < n_names; i++)
      if (bytestag_json_text_equals (&name, names[i]))
        values[i] = value;
}

static guint
read_hex4 (const char *at)
{
  guint unit = 0;

  for (int i = 0; i < 4; i++)
    unit = unit << 4 | g_ascii_xdigit_value (at[i]);

  return unit;
}

/* Reads the \uXXXX, or the pair of them, that ends before the end of its string. */
static const char *
decode_unicode (const char *at, GString *string)
{
  gunichar c = read_hex4 (at);

  at += 4;
  if (c >= 0xd800 && c < 0xdc00 && at[0] == '\\' && at[1] == 'u')
    {
      guint low = read_hex4 (at + 2);

      if (low >= 0xdc00 && low < 0xe000)
        {
          c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        }
    }

  if (c == 0)
    {
      g_string_append (string, "\xc0\x80");
    }
  else
    {
      /* g_unichar_to_utf8() also writes a lone surrogate, as its three bytes. */
      char utf8[6];
      g_string_append_len (string, utf8, g_unichar_to_utf8 (c, utf8));
    }

  return at;
}

static char
decode_short_escape (char c)
{
  switch (c)
    {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
    }
}

char *
bytestag_json_text_dup_string (const BytestagJsonText *self)
{
  g_return_val_if_fail (bytestag_json_text_get_kind (self) == BYTESTAG_JSON_TEXT_STRING, NULL);

  const char *at = self->text + 1;
  const char *end = self->text + self->length - 1;
  GString *string = g_string_sized_new (end - at);

  while (at < end)
    {
      const char *escape = memchr (at, '\\', end - at);

      if (escape == NULL)
        escape = end;
      g_string_append_len (string, at, escape - at);
      if (escape == end)
        break;

      if (escape[1] == 'u')
        {
          at = decode_unicode (escape + 2, string);
        }
      else
        {
          g_string_append_c (string, decode_short_escape (escape[1]));
          at = escape + 2;
        }
    }

  return g_string_free (string, FALSE);
}

gboolean
bytestag_json_text_equals (const BytestagJsonText *self, const char *string)
{
  gsize length = self->length - 2;

  g_return_val_if_fail (bytestag_json_text_get_kind (self) == BYTESTAG_JSON_TEXT_STRING, FALSE);

  if (memchr (self->text, '\\', self->length) == NULL)
    return strlen (string) == length && memcmp (self->text + 1, string, length) == 0;

  g_autofree char *decoded = bytestag_json_text_dup_string (self);
  return strcmp (decoded, string) == 0;
}

gboolean
bytestag_json_text_read_key (const BytestagJsonText *self, BytestagKey *key, GError **error)
{
  if (bytestag_json_text_get_kind (self) != BYTESTAG_JSON_TEXT_STRING)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "A key is missing.");
      return FALSE;
    }

  if (memchr (self->text, '\\', self->length) == NULL)
    return bytestag_key_parse (key, self->text + 1, self->length - 2, error);

  g_autofree char *text = bytestag_json_text_dup_string (self);
  return bytestag_key_parse (key, text, -1, error);
}

GArray *
bytestag_json_text_read_keys (const BytestagJsonText *self, GError **error)
{
  BytestagJsonTextIter iter;
  BytestagJsonText value;

  if (bytestag_json_text_get_kind (self) != BYTESTAG_JSON_TEXT_ARRAY)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "A list of keys is missing.");
      return NULL;
    }

  g_autoptr (GArray) keys = g_array_sized_new (FALSE, FALSE, sizeof (BytestagKey), bytestag_json_text_count (self));

  bytestag_json_text_iter_init (&iter, self);
  while (bytestag_json_text_iter_next (&iter, NULL, &value))
    {
      BytestagKey key;

      if (!bytestag_json_text_read_key (&value, &key, error))
        return NULL;
      g_array_append_val (keys, key);
    }

  if (keys->len == 0)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "A list of keys is empty.");
      return NULL;
    }

  return g_steal_pointer (&keys);
}

static gboolean
read_digits (const BytestagJsonText *self, BytestagJsonInteger *integer, GError **error)
{
  g_autofree char *digits = g_strndup (self->text, self->length);

  if (digits[0] == '-')
    {
      if (strcmp (digits, "-0") == 0)
        return TRUE;
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "A number is negative.");
      return FALSE;
    }

  if (self->length > BYTESTAG_LIMIT_INFO_DIGITS)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, "A number is too long.");
      return FALSE;
    }

  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, &integer->value, NULL))
    {
      integer->value = G_MAXUINT64;
      integer->text = g_steal_pointer (&digits);
    }

  return TRUE;
}

gboolean
bytestag_json_text_read_integer (const BytestagJsonText *self,
                                 BytestagJsonInteger    *integer,
                                 GError                **error)
{
  *integer = (BytestagJsonInteger) { 0, NULL };

  switch (bytestag_json_text_get_kind (self))
    {
    case BYTESTAG_JSON_TEXT_NONE:
    case BYTESTAG_JSON_TEXT_NULL:
    case BYTESTAG_JSON_TEXT_FALSE:
      return TRUE;

    case BYTESTAG_JSON_TEXT_TRUE:
      integer->value = 1;
      integer->text = g_strdup ("true");
      return TRUE;

    case BYTESTAG_JSON_TEXT_INTEGER:
      return read_digits (self, integer, error);

    case BYTESTAG_JSON_TEXT_OBJECT:
    case BYTESTAG_JSON_TEXT_ARRAY:
    case BYTESTAG_JSON_TEXT_STRING:
    case BYTESTAG_JSON_TEXT_FLOAT:
    default:
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "A number is not a whole number.");
      return FALSE;
    }
}

gboolean
bytestag_json_text_read_int64 (const BytestagJsonText *self, gint64 *value)
{
  switch (bytestag_json_text_get_kind (self))
    {
    case BYTESTAG_JSON_TEXT_TRUE:
    case BYTESTAG_JSON_TEXT_FALSE:
      *value = bytestag_json_text_get_kind (self) == BYTESTAG_JSON_TEXT_TRUE;
      return TRUE;

    case BYTESTAG_JSON_TEXT_INTEGER:
      {
        g_autofree char *digits = g_strndup (self->text, self->length);
        return g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64, value, NULL);
      }

    case BYTESTAG_JSON_TEXT_NONE:
    case BYTESTAG_JSON_TEXT_NULL:
    case BYTESTAG_JSON_TEXT_OBJECT:
    case BYTESTAG_JSON_TEXT_ARRAY:
    case BYTESTAG_JSON_TEXT_STRING:
    case BYTESTAG_JSON_TEXT_FLOAT:
    default:
      return FALSE;
    }
}

gboolean
bytestag_json_text_read_double (const BytestagJsonText *self, gdouble *value)
{
  BytestagJsonTextKind kind = bytestag_json_text_get_kind (self);

  if (kind == BYTESTAG_JSON_TEXT_TRUE || kind == BYTESTAG_JSON_TEXT_FALSE)
    {
      *value = kind == BYTESTAG_JSON_TEXT_TRUE;
      return TRUE;
    }
  if (kind != BYTESTAG_JSON_TEXT_INTEGER && kind != BYTESTAG_JSON_TEXT_FLOAT)
    return FALSE;

  g_autofree char *digits = g_strndup (self->text, self->length);
  *value = g_ascii_strtod (digits, NULL);
  return isfinite (*value);
}

void
bytestag_json_integer_clear (BytestagJsonInteger *integer)
{
  g_clear_pointer (&integer->text, g_free);
  integer->value = 0;
}
