/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/info-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/json-keys.h"

gboolean
bytestag_info_refuse (GError **error, const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, message);
  return FALSE;
}

gboolean
bytestag_info_parse (BytestagJsonValue *object, GBytes *bytes, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  if (length > BYTESTAG_LIMIT_INFO_READ)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           _("The description is larger than any value can be"));
      return FALSE;
    }

  return bytestag_json_read (object, BYTESTAG_JSON_OBJECT, text, length,
                             BYTESTAG_LIMIT_INFO_DEPTH, BYTESTAG_LIMIT_INFO_TOKENS, error);
}

gboolean
bytestag_info_has_header (const BytestagJsonValue *object, const char *header)
{
  static const char * const names[] = { BYTESTAG_JSON_HEADER };
  BytestagJsonValue value;

  bytestag_json_read_members (object, names, &value, 1);
  return value.type == BYTESTAG_JSON_STRING &&
         bytestag_json_value_equal_string (&value, header);
}

gboolean
bytestag_info_read_string (const BytestagJsonValue *value, char **string)
{
  *string = NULL;

  if (bytestag_json_read_is_null (value))
    return TRUE;
  if (value->type != BYTESTAG_JSON_STRING)
    return FALSE;
  if (value->length > strlen ("\"\""))
    *string = bytestag_json_read_string (value);
  return TRUE;
}

void
bytestag_info_write_integer (BytestagCanonical         *writer,
                             const char                *name,
                             const BytestagJsonInteger *integer)
{
  if (integer->value == 0)
    return;

  bytestag_canonical_member (writer, name);
  if (integer->text != NULL)
    bytestag_canonical_raw (writer, integer->text, strlen (integer->text));
  else
    bytestag_canonical_unsigned (writer, integer->value);
}

guint64
bytestag_info_saturating_add (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}
