/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_UDP_TRANSPORT (bytestag_udp_transport_get_type ())
G_DECLARE_FINAL_TYPE (BytestagUdpTransport, bytestag_udp_transport, BYTESTAG, UDP_TRANSPORT, GObject)

/* A UDP socket (IPv4; and IPv6 on the same port where there is one, unless @host
 * is an IPv4 address). @host: (nullable) numeric address to bind, NULL: any.
 * @port 0: any. A port in use: BYTESTAG_ERROR_BUSY, in words. */
BytestagUdpTransport *bytestag_udp_transport_new    (const char           *host,
                                                     guint16               port,
                                                     GError              **error);
/* A source that feeds @engine from the socket and ticks it at its deadlines: just
 * below redraw priority, at most BYTESTAG_LIMIT_DATAGRAMS_OF_TURN datagrams or
 * BYTESTAG_LIMIT_TURN_US a turn. (transfer full), not attached. */
GSource              *bytestag_engine_source_new    (BytestagUdpTransport *transport,
                                                     BytestagEngine       *engine,
                                                     BytestagClock        *clock);
/* The longest dispatch so far, µs. */
gint64                bytestag_engine_source_get_longest_turn (GSource    *source);

G_END_DECLS
