/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"

G_BEGIN_DECLS

/**
 * BytestagNatKind:
 * @BYTESTAG_NAT_PORT_RESTRICTED: one outer port for everybody, and in comes what is
 *   from an endpoint that was sent to
 * @BYTESTAG_NAT_SYMMETRIC: another outer port for each endpoint that is sent to, and
 *   only that one gets in by it
 */
typedef enum {
  BYTESTAG_NAT_PORT_RESTRICTED,
  BYTESTAG_NAT_SYMMETRIC,
} BytestagNatKind;

/* How long a mapping lives after the last datagram that went out by it, µs (RFC 4787,
 * REQ-5: no less than two minutes). */
#define BYTESTAG_NAT_LIFETIME (G_GINT64_CONSTANT (120) * G_USEC_PER_SEC)

/* The box between one host and the internet. */
typedef struct _BytestagNat BytestagNat;

/* @outer: the host is that of the box; the port the first that it gives out. */
BytestagNat *bytestag_nat_new    (BytestagNatKind         kind,
                                  const BytestagEndpoint *outer);
void         bytestag_nat_free   (BytestagNat            *self);
/* A datagram goes out to @to: opens or keeps its mapping, and writes the endpoint
 * that it comes from. */
void         bytestag_nat_send   (BytestagNat            *self,
                                  gint64                  now,
                                  const BytestagEndpoint *to,
                                  BytestagEndpoint       *outer);
/* Whether a datagram of @from to @outer, an endpoint of the box, is let in. */
gboolean     bytestag_nat_admits (BytestagNat            *self,
                                  gint64                  now,
                                  const BytestagEndpoint *from,
                                  const BytestagEndpoint *outer);

G_END_DECLS
