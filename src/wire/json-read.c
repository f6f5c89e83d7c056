/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/json-read.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/json-guard.h"

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, message);
  return FALSE;
}

gboolean
bytestag_json_read (BytestagJsonValue *self,
                    BytestagJsonType   type,
                    const char        *text,
                    gsize              length,
                    guint              max_depth,
                    guint              max_tokens,
                    GError           **error)
{
  BytestagScanner scanner;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (type == BYTESTAG_JSON_ARRAY || type == BYTESTAG_JSON_OBJECT, FALSE);

  if (!bytestag_json_guard (text, length, max_depth, max_tokens, error))
    return FALSE;

  bytestag_scanner_init (&scanner, text, length, max_depth, max_tokens);
  bytestag_scanner_read_value (&scanner, self);
  if (self->type == type)
    return TRUE;

  return refuse (error, _("The data is damaged, or not of Bytestag"));
}

/* A value that was scanned is within bounds already. */
static void
begin (BytestagScanner *scanner, const BytestagJsonValue *value)
{
  bytestag_scanner_init (scanner, value->text, value->length, BYTESTAG_SCANNER_DEPTH, G_MAXUINT);
}

void
bytestag_json_read_begin (BytestagScanner *scanner, const BytestagJsonValue *array)
{
  g_return_if_fail (array->type == BYTESTAG_JSON_ARRAY);

  begin (scanner, array);
  bytestag_scanner_begin_array (scanner);
}

void
bytestag_json_read_members (const BytestagJsonValue *object,
                            const char * const      *names,
                            BytestagJsonValue       *values,
                            guint                    n_names)
{
  BytestagScanner scanner;
  BytestagJsonValue name, value;

  g_return_if_fail (object->type == BYTESTAG_JSON_OBJECT);

  memset (values, 0, n_names * sizeof *values);
  begin (&scanner, object);
  bytestag_scanner_begin_object (&scanner);
  while (bytestag_scanner_next_member (&scanner, &name) && bytestag_scanner_read_value (&scanner, &value))
    for (guint i = 0; i < n_names; i++)
      if (bytestag_json_value_equal_string (&name, names[i]))
        values[i] = value;
}

gboolean
bytestag_json_read_is_null (const BytestagJsonValue *self)
{
  return self->type == BYTESTAG_JSON_ABSENT || self->type == BYTESTAG_JSON_NULL;
}

char *
bytestag_json_read_string (const BytestagJsonValue *self)
{
  if (self->type != BYTESTAG_JSON_STRING)
    return NULL;

  const char *at = self->text + 1;
  const char *end = self->text + self->length - 1;
  GString *string = g_string_sized_new (end - at);

  while (at < end)
    {
      const char *escape = memchr (at, '\\', end - at);
      gunichar c;

      if (escape == NULL)
        escape = end;
      g_string_append_len (string, at, escape - at);
      at = escape;
      if (at == end)
        break;

      at += bytestag_json_unescape (at, end, &c);
      if (c == 0)
        g_string_append (string, "\xc0\x80");
      else /* writes a lone surrogate too, as its three bytes */
        g_string_append_unichar (string, c);
    }

  return g_string_free (string, FALSE);
}

gboolean
bytestag_json_read_key (const BytestagJsonValue *self, BytestagKey *key, GError **error)
{
  switch (bytestag_json_value_get_key (self, key))
    {
    case BYTESTAG_MEMBER_VALID:
      return TRUE;
    case BYTESTAG_MEMBER_ABSENT:
      return refuse (error, _("A key is missing"));
    case BYTESTAG_MEMBER_INVALID:
    case BYTESTAG_MEMBER_RANDOM: /* A.1.3: an original makes up a key; no file has it */
    default:
      return refuse (error, _("A key is damaged"));
    }
}

GArray *
bytestag_json_read_keys (const BytestagJsonValue *self, GError **error)
{
  BytestagScanner scanner;
  BytestagJsonValue value;
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  if (self->type != BYTESTAG_JSON_ARRAY)
    {
      refuse (error, _("A list of keys is missing"));
      return NULL;
    }

  bytestag_json_read_begin (&scanner, self);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &value))
    {
      BytestagKey key;

      if (!bytestag_json_read_key (&value, &key, error))
        return NULL;
      g_array_append_val (keys, key);
    }

  if (keys->len == 0)
    {
      refuse (error, _("A list of keys is empty"));
      return NULL;
    }

  return g_steal_pointer (&keys);
}

static gboolean
read_digits (const BytestagJsonValue *self, BytestagJsonInteger *integer, GError **error)
{
  if (self->length > BYTESTAG_LIMIT_INFO_DIGITS)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, _("A number is too long"));
      return FALSE;
    }

  g_autofree char *digits = g_strndup (self->text, self->length);
  if (strcmp (digits, "-0") == 0)
    return TRUE;
  if (digits[0] == '-')
    return refuse (error, _("A number is negative"));

  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, &integer->value, NULL))
    {
      integer->value = G_MAXUINT64;
      integer->text = g_steal_pointer (&digits);
    }

  return TRUE;
}

gboolean
bytestag_json_read_integer (const BytestagJsonValue *self, BytestagJsonInteger *integer, GError **error)
{
  *integer = (BytestagJsonInteger) { 0, NULL };

  switch (self->type)
    {
    case BYTESTAG_JSON_ABSENT:
    case BYTESTAG_JSON_NULL:
    case BYTESTAG_JSON_FALSE:
      return TRUE;

    case BYTESTAG_JSON_TRUE:
      *integer = (BytestagJsonInteger) { 1, g_strdup ("true") };
      return TRUE;

    case BYTESTAG_JSON_INTEGER:
      return read_digits (self, integer, error);

    case BYTESTAG_JSON_REAL:
    case BYTESTAG_JSON_STRING:
    case BYTESTAG_JSON_ARRAY:
    case BYTESTAG_JSON_OBJECT:
    default:
      return refuse (error, _("A number is not a whole number"));
    }
}

void
bytestag_json_integer_clear (BytestagJsonInteger *integer)
{
  g_clear_pointer (&integer->text, g_free);
  integer->value = 0;
}
