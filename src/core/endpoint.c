/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/endpoint.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "core/salted-hash.h"

/* Endpoints are hashed and compared as memory. */
G_STATIC_ASSERT (sizeof (BytestagEndpoint) == 20);
G_STATIC_ASSERT (BYTESTAG_ENDPOINT_HOST_SIZE >= INET6_ADDRSTRLEN);

G_DEFINE_BOXED_TYPE (BytestagEndpoint, bytestag_endpoint, bytestag_endpoint_copy, bytestag_endpoint_free)

static const guint8 mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

BytestagEndpoint *
bytestag_endpoint_copy (const BytestagEndpoint *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
bytestag_endpoint_free (BytestagEndpoint *self)
{
  g_free (self);
}

gboolean
bytestag_endpoint_set_host (BytestagEndpoint *self,
                            const char *host,
                            gssize length,
                            guint16 port)
{
  BytestagEndpoint endpoint = { .port = port };
  char text[BYTESTAG_ENDPOINT_HOST_SIZE];
  gsize n_characters;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (host != NULL || length == 0, FALSE);

  n_characters = length < 0 ? strlen (host) : (gsize) length;
  if (n_characters == 0 || n_characters >= sizeof text || memchr (host, '\0', n_characters) != NULL)
    return FALSE;
  memcpy (text, host, n_characters);
  text[n_characters] = '\0';

  if (inet_pton (AF_INET, text, endpoint.address) == 1)
    endpoint.family = BYTESTAG_FAMILY_IPV4;
  else if (inet_pton (AF_INET6, text, endpoint.address) == 1)
    endpoint.family = BYTESTAG_FAMILY_IPV6;
  else
    return FALSE;

  if (endpoint.family == BYTESTAG_FAMILY_IPV6 &&
      memcmp (endpoint.address, mapped_prefix, sizeof mapped_prefix) == 0)
    {
      memmove (endpoint.address, endpoint.address + 12, 4);
      memset (endpoint.address + 4, 0, 12);
      endpoint.family = BYTESTAG_FAMILY_IPV4;
    }

  *self = endpoint;
  return TRUE;
}

/* 1 to 65535 in one to five digits; else 0. */
static guint16
parse_port (const char *text)
{
  guint port = 0;
  gsize length = strlen (text);

  if (length == 0 || length > 5)
    return 0;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return 0;
      port = port * 10 + (guint) (text[i] - '0');
    }
  return port <= G_MAXUINT16 ? port : 0;
}

gboolean
bytestag_endpoint_parse (BytestagEndpoint *self,
                         const char *text,
                         GError **error)
{
  BytestagEndpoint endpoint;
  const char *colon;
  const char *host;
  gsize length;
  guint16 port;
  gboolean bracketed;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  colon = strrchr (text, ':');
  port = colon != NULL ? parse_port (colon + 1) : 0;
  if (port == 0)
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                   _("“%s” does not end with a colon and a port between 1 and 65535"), text);
      return FALSE;
    }

  host = text;
  length = (gsize) (colon - text);
  bracketed = length >= 2 && host[0] == '[' && host[length - 1] == ']';
  if (bracketed)
    {
      host++;
      length -= 2;
    }
  /* Without brackets nobody can tell the last group of an IPv6 address from a port. */
  if (bracketed != (memchr (host, ':', length) != NULL) ||
      !bytestag_endpoint_set_host (&endpoint, host, (gssize) length, port))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                   _("“%s” is not a numeric address like 192.0.2.1:4000 or [2001:db8::1]:4000"), text);
      return FALSE;
    }

  *self = endpoint;
  return TRUE;
}

gsize
bytestag_endpoint_write_host (const BytestagEndpoint *self,
                              char *host)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (host != NULL, 0);

  host[0] = '\0';
  if (self->family == BYTESTAG_FAMILY_IPV4)
    inet_ntop (AF_INET, self->address, host, BYTESTAG_ENDPOINT_HOST_SIZE);
  else if (self->family == BYTESTAG_FAMILY_IPV6)
    inet_ntop (AF_INET6, self->address, host, BYTESTAG_ENDPOINT_HOST_SIZE);
  return strlen (host);
}

char *
bytestag_endpoint_to_string (const BytestagEndpoint *self)
{
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  g_return_val_if_fail (self != NULL, NULL);

  bytestag_endpoint_write_host (self, host);
  return g_strdup_printf (self->family == BYTESTAG_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", host, self->port);
}

gboolean
bytestag_endpoint_equal (gconstpointer a,
                         gconstpointer b)
{
  return memcmp (a, b, sizeof (BytestagEndpoint)) == 0;
}

guint
bytestag_endpoint_hash (gconstpointer self)
{
  return bytestag_salted_hash (self, sizeof (BytestagEndpoint));
}

gboolean
bytestag_endpoint_same_host (const BytestagEndpoint *a,
                             const BytestagEndpoint *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  return a->family == b->family && memcmp (a->address, b->address, sizeof a->address) == 0;
}

/* Whether the first @n_bits of the address are those of @prefix. */
static gboolean
in_network (const BytestagEndpoint *self,
            const guint8 *prefix,
            guint n_bits)
{
  guint whole = n_bits / 8;
  guint8 mask = 0xff << (8 - n_bits % 8) & 0xff;

  return memcmp (self->address, prefix, whole) == 0 &&
         (n_bits % 8 == 0 || ((self->address[whole] ^ prefix[whole]) & mask) == 0);
}

typedef struct {
  guint8 family;
  guint8 n_bits;
  guint8 prefix[16];
} Network;

static gboolean
in_any_network (const BytestagEndpoint *self,
                const Network *networks,
                guint n_networks)
{
  for (guint i = 0; i < n_networks; i++)
    if (self->family == networks[i].family && in_network (self, networks[i].prefix, networks[i].n_bits))
      return TRUE;
  return FALSE;
}

gboolean
bytestag_endpoint_is_private (const BytestagEndpoint *self)
{
  static const Network networks[] = {
    { BYTESTAG_FAMILY_IPV4, 8, { 127 } },
    { BYTESTAG_FAMILY_IPV4, 8, { 10 } },
    { BYTESTAG_FAMILY_IPV4, 12, { 172, 16 } },
    { BYTESTAG_FAMILY_IPV4, 16, { 192, 168 } },
    { BYTESTAG_FAMILY_IPV4, 16, { 169, 254 } },
    { BYTESTAG_FAMILY_IPV4, 10, { 100, 64 } },
    { BYTESTAG_FAMILY_IPV6, 128, { [15] = 1 } },
    { BYTESTAG_FAMILY_IPV6, 7, { 0xfc } },
    { BYTESTAG_FAMILY_IPV6, 10, { 0xfe, 0x80 } },
  };

  g_return_val_if_fail (self != NULL, FALSE);

  return in_any_network (self, networks, G_N_ELEMENTS (networks));
}

static gsize
get_network_bytes (const BytestagEndpoint *self)
{
  return self->family == BYTESTAG_FAMILY_IPV6 ? 8 : 3;
}

gboolean
bytestag_endpoint_get_network (const BytestagEndpoint *self,
                               gboolean private_too,
                               BytestagEndpoint *network)
{
  gsize kept = get_network_bytes (self);

  g_return_val_if_fail (self != NULL && network != NULL, FALSE);

  if (self->family == BYTESTAG_FAMILY_NONE || (!private_too && bytestag_endpoint_is_private (self)))
    return FALSE;

  *network = *self;
  network->port = 0;
  memset (network->address + kept, 0, sizeof network->address - kept);
  return TRUE;
}

gboolean
bytestag_endpoint_same_network (const BytestagEndpoint *a,
                                const BytestagEndpoint *b)
{
  return a->family == b->family && memcmp (a->address, b->address, get_network_bytes (a)) == 0;
}

gboolean
bytestag_endpoint_is_usable (const BytestagEndpoint *self)
{
  static const Network networks[] = {
    { BYTESTAG_FAMILY_IPV4, 8, { 0 } },
    { BYTESTAG_FAMILY_IPV4, 4, { 224 } },
    { BYTESTAG_FAMILY_IPV4, 32, { 255, 255, 255, 255 } },
    { BYTESTAG_FAMILY_IPV6, 128, { 0 } },
    { BYTESTAG_FAMILY_IPV6, 8, { 0xff } },
  };

  g_return_val_if_fail (self != NULL, FALSE);

  return self->family != BYTESTAG_FAMILY_NONE && self->port != 0 &&
         !in_any_network (self, networks, G_N_ELEMENTS (networks));
}
