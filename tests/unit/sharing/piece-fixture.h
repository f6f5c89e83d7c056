/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fixture.h"
#include "sharing/publisher.h"

/* Pieces that node 0 publishes to the other nodes of a fixture. */

G_BEGIN_DECLS

/* A value of node 0, as a piece that nobody knows anything of yet. */
BytestagPiece        fixture_make_piece    (Fixture             *self,
                                            guint                number,
                                            BytestagPieceKind    kind);
BytestagKvpTable    *fixture_table_of      (Fixture             *self,
                                            guint                node);
/* Unix seconds. */
gint64               fixture_now           (Fixture             *self);
/* Nodes but the own one that hold it. */
guint                fixture_count_holders (Fixture             *self,
                                            const BytestagKvpId *id);
/* Node @node holds the piece already; @text (nullable): it says so, but has this. */
void                 fixture_let_hold      (Fixture             *self,
                                            guint                node,
                                            const BytestagPiece *piece,
                                            guint                number,
                                            const char          *text,
                                            gint64               until);
/* (transfer full) */
BytestagPublication *fixture_publish       (BytestagPublisher   *publisher,
                                            const BytestagPiece *pieces,
                                            guint                n,
                                            guint                copies);
BytestagPiece        fixture_get_piece     (BytestagPublication *publication,
                                            guint                number);

G_END_DECLS
