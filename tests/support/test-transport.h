/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_TRANSPORT (bytestag_test_transport_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestTransport, bytestag_test_transport, BYTESTAG, TEST_TRANSPORT, GObject)

/* A transport that sends nothing and keeps what it was given, in order. */
BytestagTestTransport *bytestag_test_transport_new     (const BytestagEndpoint *address);
/* Datagrams that wait to be taken. */
guint                  bytestag_test_transport_get_n_datagrams (BytestagTestTransport *self);
/* (transfer full) (nullable) the first one that waits. @to: (out) (optional) */
GBytes                *bytestag_test_transport_take    (BytestagTestTransport  *self,
                                                        BytestagEndpoint       *to);
/* From now on every datagram is refused, and not kept; or taken again. */
void                   bytestag_test_transport_set_broken (BytestagTestTransport *self,
                                                           gboolean            broken);

G_END_DECLS
