/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/types.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_ENDPOINT (bytestag_endpoint_get_type ())

/* Room for an IPv6 address in text and the final NUL. */
#define BYTESTAG_ENDPOINT_HOST_SIZE 46

typedef enum {
  BYTESTAG_FAMILY_NONE = 0,
  BYTESTAG_FAMILY_IPV4 = 4,
  BYTESTAG_FAMILY_IPV6 = 6,
} BytestagFamily;

/**
 * BytestagEndpoint:
 * @family: a #BytestagFamily; none when unset
 * @port: in host byte order
 * @address: 4 or 16 bytes, network byte order, the rest zero
 *
 * A numeric UDP address, by value. Unused bytes are zero, so two endpoints may
 * be compared with memcmp().
 */
struct _BytestagEndpoint
{
  guint8 address[16];
  guint16 port;
  guint8 family;
  guint8 reserved;
};

GType             bytestag_endpoint_get_type    (void) G_GNUC_CONST;
BytestagEndpoint *bytestag_endpoint_copy        (const BytestagEndpoint *self);
void              bytestag_endpoint_free        (BytestagEndpoint       *self);

/* @host is numeric, without a scope; never asks a resolver. IPv4-mapped IPv6
 * becomes IPv4. @length in bytes, -1: up to the NUL. Returns FALSE, and leaves
 * @self as it is, for anything else. */
gboolean          bytestag_endpoint_set_host    (BytestagEndpoint       *self,
                                                 const char             *host,
                                                 gssize                  length,
                                                 guint16                 port);
/* "HOST:PORT", "[V6]:PORT"; numeric, port 1 to 65535. On failure
 * (BYTESTAG_ERROR_INVALID) @self is untouched. */
gboolean          bytestag_endpoint_parse       (BytestagEndpoint       *self,
                                                 const char             *text,
                                                 GError                **error);
/* Writes the host and a NUL, at most BYTESTAG_ENDPOINT_HOST_SIZE bytes; returns its
 * length, 0 for one that is unset. */
gsize             bytestag_endpoint_write_host  (const BytestagEndpoint *self,
                                                 char                   *host);
/* (transfer full) "HOST:PORT" or "[V6]:PORT". */
char             *bytestag_endpoint_to_string   (const BytestagEndpoint *self);

gboolean          bytestag_endpoint_equal       (gconstpointer           a,
                                                 gconstpointer           b);
/* Salted like bytestag_key_hash(). */
guint             bytestag_endpoint_hash        (gconstpointer           self);
/* Whether they differ in the port at most. */
gboolean          bytestag_endpoint_same_host   (const BytestagEndpoint *a,
                                                 const BytestagEndpoint *b);
/* Loopback, private (RFC 1918, 4193), link-local, and carrier NAT: what B.5
 * exempts from rules by network. */
gboolean          bytestag_endpoint_is_private  (const BytestagEndpoint *self);
/* The network that rules by network count @self for (B.5): the /24 of IPv4, the /64 of
 * IPv6, with port 0. FALSE for private ones, which are exempt, unless @private_too. */
gboolean          bytestag_endpoint_get_network (const BytestagEndpoint *self,
                                                 gboolean                private_too,
                                                 BytestagEndpoint       *network);
/* Whether both are of one such network. */
gboolean          bytestag_endpoint_same_network (const BytestagEndpoint *a,
                                                 const BytestagEndpoint *b);
/* Whether a datagram may be sent there at all: set, port not 0, not
 * unspecified, multicast or broadcast. */
gboolean          bytestag_endpoint_is_usable   (const BytestagEndpoint *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagEndpoint, bytestag_endpoint_free)

G_END_DECLS
