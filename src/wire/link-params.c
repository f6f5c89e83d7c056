/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/link-params.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"

static void
link_param_free (BytestagLinkParam *param)
{
  g_free (param->name);
  g_free (param->value);
  g_free (param);
}

/* "+" is a space, %XX a byte; what is then not UTF-8, and a NUL, becomes U+FFFD.
 * A % without two digits stays. */
static char *
decode (const char *text, gsize length)
{
  GString *bytes = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == '%' && i + 2 < length && g_ascii_isxdigit (text[i + 1]) && g_ascii_isxdigit (text[i + 2]))
        {
          g_string_append_c (bytes, g_ascii_xdigit_value (text[i + 1]) << 4 | g_ascii_xdigit_value (text[i + 2]));
          i += 2;
        }
      else
        {
          g_string_append_c (bytes, text[i] == '+' ? ' ' : text[i]);
        }
    }

  char *valid = g_utf8_make_valid (bytes->str, bytes->len);
  g_string_free (bytes, TRUE);
  return valid;
}

static void
add_field (GPtrArray *params, const char *field, gsize length)
{
  const char *equals = memchr (field, '=', length);

  /* A word without a value says nothing. */
  if (equals == NULL || equals == field + length - 1)
    return;

  BytestagLinkParam *param = g_new (BytestagLinkParam, 1);
  param->name = decode (field, equals - field);
  param->value = decode (equals + 1, field + length - equals - 1);
  if (g_str_has_prefix (param->name, "xt."))
    param->name[2] = '\0';
  g_ptr_array_add (params, param);
}

static gboolean
has_scheme (const char *uri, const char * const *schemes)
{
  const char *colon = strchr (uri, ':');

  for (guint i = 0; colon != NULL && schemes[i] != NULL; i++)
    if (strlen (schemes[i]) == (gsize) (colon - uri) && g_ascii_strncasecmp (uri, schemes[i], colon - uri) == 0)
      return TRUE;

  return FALSE;
}

GPtrArray *
bytestag_link_params_parse (const char *uri, const char * const *schemes, GError **error)
{
  g_return_val_if_fail (uri != NULL && schemes != NULL, NULL);

  if (!has_scheme (uri, schemes))
    {
      if (schemes[1] != NULL)
        g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                     _("A link starts with “%s:” or “%s:”"), schemes[0], schemes[1]);
      else
        g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("A link starts with “%s:”"), schemes[0]);
      return NULL;
    }

  const char *query = strchr (uri, '?');
  if (query == NULL)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                           _("The link ends before it says what it leads to"));
      return NULL;
    }

  GPtrArray *params = g_ptr_array_new_with_free_func ((GDestroyNotify) link_param_free);
  for (const char *at = query + 1; *at != '\0';)
    {
      gsize length = strcspn (at, "&");

      add_field (params, at, length);
      at += length + (at[length] == '&' ? 1 : 0);
    }

  return params;
}

const char *
bytestag_link_params_first (GPtrArray *params, const char *name)
{
  g_return_val_if_fail (params != NULL && name != NULL, NULL);

  for (guint i = 0; i < params->len; i++)
    {
      const BytestagLinkParam *param = g_ptr_array_index (params, i);

      if (strcmp (param->name, name) == 0)
        return param->value;
    }

  return NULL;
}

gboolean
bytestag_link_topic_read_key (const char *topic, const char *urn, BytestagKey *key, GError **error)
{
  g_return_val_if_fail (topic != NULL && urn != NULL && key != NULL, FALSE);

  return g_str_has_prefix (topic, urn) && bytestag_key_parse (key, topic + strlen (urn), -1, error);
}

char *
bytestag_link_topic_new (const BytestagKey *key)
{
  g_return_val_if_fail (key != NULL, NULL);

  g_autofree char *text = bytestag_key_to_base32 (key);
  return g_strconcat (BYTESTAG_LINK_URN, text, NULL);
}
