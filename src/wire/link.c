/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/link.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/file-info.h"
#include "wire/link-params.h"

/* 32 bytes in base32: 52 characters, 4 of padding that links leave out. */
#define SHA256_BASE32_LENGTH 52
/* The longest name of a host (RFC 1035). */
#define HOST_LENGTH 253

static const char base32_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

struct _BytestagLink
{
  GObject parent_instance;

  BytestagKey key;
  guint8 *sha256;
  char *name;
  guint64 size;
  GPtrArray *peers; /* of char* */
};

G_DEFINE_FINAL_TYPE (BytestagLink, bytestag_link, G_TYPE_OBJECT)

static void
bytestag_link_finalize (GObject *object)
{
  BytestagLink *self = BYTESTAG_LINK (object);

  g_clear_pointer (&self->sha256, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->peers, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_link_parent_class)->finalize (object);
}

static void
bytestag_link_class_init (BytestagLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_link_finalize;
}

static void
bytestag_link_init (BytestagLink *self)
{
  self->peers = g_ptr_array_new_with_free_func (g_free);
}

static gboolean
is_host_name (const char *host, gsize length)
{
  static const char others[] = "-._";

  if (length == 0 || length > HOST_LENGTH)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (host[i]) && (host[i] == '\0' || strchr (others, host[i]) == NULL))
      return FALSE;

  return TRUE;
}

static gboolean
is_peer (const char *text)
{
  const char *colon = strrchr (text, ':');
  BytestagEndpoint endpoint;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, NULL, NULL))
    return FALSE;

  return is_host_name (text, colon - text) || bytestag_endpoint_parse (&endpoint, text, NULL);
}

static void
add_peer (BytestagLink *self, const char *text)
{
  if (self->peers->len < BYTESTAG_LIMIT_LINK_PEERS && is_peer (text))
    g_ptr_array_add (self->peers, g_strdup (text));
}

BytestagLink *
bytestag_link_new (const BytestagKey *key,
                   const guint8      *sha256,
                   const char        *name,
                   guint64            size,
                   GPtrArray         *peers)
{
  g_return_val_if_fail (key != NULL, NULL);

  BytestagLink *self = g_object_new (BYTESTAG_TYPE_LINK, NULL);

  self->key = *key;
  self->sha256 = g_memdup2 (sha256, BYTESTAG_SHA256_SIZE);
  self->name = name != NULL && name[0] != '\0' ? g_utf8_make_valid (name, -1) : NULL;
  self->size = size;
  for (guint i = 0; peers != NULL && i < peers->len; i++)
    add_peer (self, g_ptr_array_index (peers, i));
  return self;
}

static gboolean
read_hex (const char *text, guint8 *sha256)
{
  if (strlen (text) != 2 * BYTESTAG_SHA256_SIZE)
    return FALSE;

  for (guint i = 0; i < BYTESTAG_SHA256_SIZE; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      sha256[i] = high << 4 | low;
    }

  return TRUE;
}

static gboolean
read_base32 (const char *text, guint8 *sha256)
{
  guint bits = 0, n_bits = 0, n = 0;
  gsize length = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567");

  if (length != SHA256_BASE32_LENGTH || (text[length] != '\0' && strcmp (text + length, "====") != 0))
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      const char *digit = strchr (base32_digits, g_ascii_toupper (text[i]));

      bits = (bits << 5 | (guint) (digit - base32_digits)) & 0xfff;
      n_bits += 5;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          sha256[n++] = bits >> n_bits;
        }
    }

  return TRUE;
}

static gboolean
read_sha256 (const char *text, guint8 *sha256)
{
  gsize length;

  if (read_hex (text, sha256) || read_base32 (text, sha256))
    return TRUE;

  g_autofree guint8 *bytes = g_base64_decode (text, &length);
  if (length != BYTESTAG_SHA256_SIZE)
    return FALSE;

  memcpy (sha256, bytes, length);
  return TRUE;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
read_topic (GPtrArray *params, BytestagKey *key, GError **error)
{
  const char *topic = bytestag_link_params_first (params, "xt");

  if (topic == NULL)
    return refuse (error, _("The link does not say what it leads to"));
  if (g_str_has_prefix (topic, BYTESTAG_BITTORRENT_URN))
    return refuse (error, _("This is a link of BitTorrent"));
  if (!g_str_has_prefix (topic, BYTESTAG_LINK_URN))
    return refuse (error, _("This is a link of another program"));
  if (!bytestag_link_topic_read_key (topic, BYTESTAG_LINK_URN, key, NULL))
    return refuse (error, _("The key in the link is damaged: copy the whole link again"));

  return TRUE;
}

static BytestagLink *
link_from_params (GPtrArray *params, GError **error)
{
  guint8 digest[BYTESTAG_SHA256_SIZE];
  const guint8 *sha256 = NULL;
  BytestagKey key;

  if (!read_topic (params, &key, error))
    return NULL;

  const char *text = bytestag_link_params_first (params, "x.s2");
  if (text != NULL)
    {
      if (!read_sha256 (text, digest))
        {
          refuse (error, _("The checksum in the link is damaged: copy the whole link again"));
          return NULL;
        }
      sha256 = digest;
    }

  guint64 size = 0;
  text = bytestag_link_params_first (params, "xl");
  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &size, NULL))
    size = 0;

  BytestagLink *self = bytestag_link_new (&key, sha256, bytestag_link_params_first (params, "dn"), size, NULL);
  for (guint i = 0; i < params->len; i++)
    {
      const BytestagLinkParam *param = g_ptr_array_index (params, i);

      if (strcmp (param->name, "x.pe") == 0)
        add_peer (self, param->value);
    }

  return self;
}

BytestagLink *
bytestag_link_parse (const char *text, GError **error)
{
  static const char * const schemes[] = { BYTESTAG_LINK_SCHEME, BYTESTAG_MAGNET_SCHEME, NULL };

  g_return_val_if_fail (text != NULL, NULL);

  if (strlen (text) > BYTESTAG_LIMIT_LINK_BYTES)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, _("The link is too long"));
      return NULL;
    }

  g_autofree char *uri = g_strstrip (g_strdup (text));
  if (uri[0] == '\0')
    {
      refuse (error, _("There is no link"));
      return NULL;
    }

  g_autoptr (GPtrArray) params = bytestag_link_params_parse (uri, schemes, error);
  return params != NULL ? link_from_params (params, error) : NULL;
}

static void
append_base32 (GString *uri, const guint8 *sha256)
{
  guint bits = 0, n_bits = 0;

  for (guint i = 0; i < BYTESTAG_SHA256_SIZE; i++)
    {
      bits = (bits << 8 | sha256[i]) & 0xfff;
      n_bits += 8;
      for (; n_bits >= 5; n_bits -= 5)
        g_string_append_c (uri, base32_digits[(bits >> (n_bits - 5)) & 31]);
    }

  g_string_append_c (uri, base32_digits[(bits << (5 - n_bits)) & 31]);
}

static void
append_name (GString *uri, const char *name)
{
  gsize length = strlen (name);

  if (length > BYTESTAG_LIMIT_NAME_BYTES)
    length = g_utf8_find_prev_char (name, name + BYTESTAG_LIMIT_NAME_BYTES + 1) - name;

  g_autofree char *cut = g_strndup (name, length);
  g_string_append (uri, "&dn=");
  g_string_append_uri_escaped (uri, cut, NULL, FALSE);
}

static char *
write_uri (BytestagLink *self, const char *scheme)
{
  g_autofree char *topic = bytestag_link_topic_new (&self->key);
  GString *uri = g_string_new (scheme);

  g_string_append_printf (uri, ":?xt=%s", topic);
  if (self->sha256 != NULL)
    {
      g_string_append (uri, "&x.s2=");
      append_base32 (uri, self->sha256);
    }
  if (self->name != NULL)
    append_name (uri, self->name);
  if (self->size != 0)
    g_string_append_printf (uri, "&xl=%" G_GUINT64_FORMAT, self->size);
  for (guint i = 0; i < self->peers->len; i++)
    {
      g_string_append (uri, "&x.pe=");
      g_string_append_uri_escaped (uri, g_ptr_array_index (self->peers, i), ":", FALSE);
    }

  return g_string_free (uri, FALSE);
}

char *
bytestag_link_to_uri (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return write_uri (self, BYTESTAG_LINK_SCHEME);
}

char *
bytestag_link_to_magnet (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return write_uri (self, BYTESTAG_MAGNET_SCHEME);
}

const BytestagKey *
bytestag_link_get_key (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return &self->key;
}

const guint8 *
bytestag_link_get_sha256 (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return self->sha256;
}

const char *
bytestag_link_get_name (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return self->name;
}

guint64
bytestag_link_get_size (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), 0);

  return self->size;
}

GPtrArray *
bytestag_link_get_peers (BytestagLink *self)
{
  g_return_val_if_fail (BYTESTAG_IS_LINK (self), NULL);

  return self->peers;
}
