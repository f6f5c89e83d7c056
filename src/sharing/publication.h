/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/kvp-id.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PUBLICATION (bytestag_publication_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPublication, bytestag_publication, BYTESTAG, PUBLICATION, GObject)

/* The values of one collection and which of them went to at least one node.
 * A pass offers each that did not, in order. Signal "passed": a pass is over. */
BytestagPublication *bytestag_publication_new          (void);
/* @copies: to how many nodes it goes. Not during a pass. */
void                 bytestag_publication_add          (BytestagPublication *self,
                                                        const BytestagKvpId *id,
                                                        guint                copies);
guint                bytestag_publication_get_n_pieces (BytestagPublication *self);
guint                bytestag_publication_get_n_sent   (BytestagPublication *self);
gboolean             bytestag_publication_is_passing   (BytestagPublication *self);

/* For the queue. Starts a pass; FALSE when nothing is left to send, or one is on its way. */
gboolean             bytestag_publication_begin        (BytestagPublication *self);
/* The next value of this pass; FALSE: all are taken. */
gboolean             bytestag_publication_take         (BytestagPublication *self,
                                                        guint               *piece,
                                                        BytestagKvpId       *id,
                                                        guint               *copies);
/* What came of a value that was taken. */
void                 bytestag_publication_give_back    (BytestagPublication *self,
                                                        guint                piece,
                                                        gboolean             sent);
/* Takes no more in this pass. */
void                 bytestag_publication_cut_short    (BytestagPublication *self);

G_END_DECLS
