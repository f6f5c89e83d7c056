/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "io/udp-transport.h"

G_BEGIN_DECLS

/* Just below GTK's redraw (GDK_PRIORITY_REDRAW, which this room does not see): a
 * flood of datagrams must not stop frames. */
#define BYTESTAG_PRIORITY_ENGINE (G_PRIORITY_HIGH_IDLE + 21)

/* A source that feeds @engine from the sockets and ticks it at its deadlines: at
 * most BYTESTAG_LIMIT_DATAGRAMS_OF_TURN datagrams or BYTESTAG_LIMIT_RECEIVING_US a
 * turn, then a tick. Needs no callback. @clock: the one of the engine's deadlines.
 * (transfer full), not attached. */
GSource *bytestag_engine_source_new              (BytestagUdpTransport *transport,
                                                  BytestagEngine       *engine,
                                                  BytestagClock        *clock);
/* The longest dispatch so far, µs. */
gint64   bytestag_engine_source_get_longest_turn (GSource              *source);

G_END_DECLS
