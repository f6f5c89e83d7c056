/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_UDP_TRANSPORT (bytestag_udp_transport_get_type ())
G_DECLARE_FINAL_TYPE (BytestagUdpTransport, bytestag_udp_transport, BYTESTAG, UDP_TRANSPORT, GObject)

/* Sockets of a transport: IPv4 and IPv6. */
#define BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS 2

/* A UDP socket (IPv4; and IPv6 on the same port where there is one, unless @host
 * names one of the two). @host: (nullable) numeric address to bind, NULL: any.
 * @port 0: any. A port in use: BYTESTAG_ERROR_BUSY, in words. */
BytestagUdpTransport *bytestag_udp_transport_new         (const char            *host,
                                                          guint16                port,
                                                          GError               **error);
/* Gives the port back, whoever still holds the transport: nothing is sent or received any
 * more. No source may poll its sockets. */
void                  bytestag_udp_transport_close       (BytestagUdpTransport  *self);
/* The sockets to poll for input; returns how many (1 or 2). They stay the transport's. */
guint                 bytestag_udp_transport_get_sockets (BytestagUdpTransport  *self,
                                                          int                   *sockets);
/* Takes the next datagram; FALSE: none waits. @data: (out) (transfer none), until
 * the next call. A @length over BYTESTAG_LIMIT_DATAGRAM is one that was cut. */
gboolean              bytestag_udp_transport_receive     (BytestagUdpTransport  *self,
                                                          BytestagEndpoint      *from,
                                                          const guint8         **data,
                                                          gsize                 *length);
/* Whether datagrams wait that were read from the sockets already, so that no
 * poll will tell of them. */
gboolean              bytestag_udp_transport_has_pending (BytestagUdpTransport  *self);
/* From now until it is released, what is sent goes together, in its order: at the
 * release, or before that when BYTESTAG_LIMIT_DATAGRAMS_OF_TURN wait or their bytes
 * fill the queue. A datagram that cannot be sent then is lost like any. */
void                  bytestag_udp_transport_hold        (BytestagUdpTransport  *self);
void                  bytestag_udp_transport_release     (BytestagUdpTransport  *self);

G_END_DECLS
