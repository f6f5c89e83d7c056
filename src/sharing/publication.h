/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/kvp-id.h"

G_BEGIN_DECLS

/* What a value is for: in this order they go. */
typedef enum {
  BYTESTAG_PIECE_ROOT, /* a root, page or partpage */
  BYTESTAG_PIECE_FILE_INFO,
  BYTESTAG_PIECE_PART,
} BytestagPieceKind;

/**
 * BytestagPiece:
 * @id: its name; the index of a root, page or part is its key
 * @size: bytes of the value, below BYTESTAG_MAX_VALUE_SIZE
 * @until: unix seconds: the end of the soonest of the @copies latest promises, or of all
 *   there are, if fewer; 0: nobody promises it. Safe until then: if @n_copies >= @copies
 * @looked: unix seconds of the last look; 0: never
 * @kind: a BytestagPieceKind
 * @copies: that are wanted, 1 to 20; 0 when it is added: as the publication says
 * @n_copies: that are promised, as the holders said at the last look; one vote for each
 *   network, none for a holder that failed a spot check
 * @n_originals: whose end is unknown: those that were stored to originals within the day,
 *   and those of nodes that share the same themselves
 *
 * A value of a collection that is shared, and how well it is kept by others. All that is
 * to be saved of it.
 */
typedef struct {
  BytestagKvpId id;
  guint32 size;
  guint32 until;
  guint32 looked;
  guint8 kind;
  guint8 copies;
  guint8 n_copies;
  guint8 n_originals;
} BytestagPiece;

/**
 * BytestagPublicationPhase:
 * @BYTESTAG_PUBLICATION_IDLE: not started, or removed
 * @BYTESTAG_PUBLICATION_FIRST_COPIES: there are pieces that nobody else holds
 * @BYTESTAG_PUBLICATION_MORE_COPIES: every piece has a copy, some fewer than are wanted
 * @BYTESTAG_PUBLICATION_COMPLETE: every piece is where it should be, and is looked after
 */
typedef enum {
  BYTESTAG_PUBLICATION_IDLE,
  BYTESTAG_PUBLICATION_FIRST_COPIES,
  BYTESTAG_PUBLICATION_MORE_COPIES,
  BYTESTAG_PUBLICATION_COMPLETE,
} BytestagPublicationPhase;

#define BYTESTAG_TYPE_PUBLICATION_PHASE (bytestag_publication_phase_get_type ())
GType bytestag_publication_phase_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_PUBLICATION (bytestag_publication_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPublication, bytestag_publication, BYTESTAG, PUBLICATION, GObject)

/* The pieces of one collection, at a publisher. Properties, notified 4 times a second at
 * most: "n-pieces", "n-sent" (uint: those that somebody else holds, or that went to an
 * original), "n-complete" (uint: those with all copies that are wanted, or can be had),
 * "n-there" (uint: those that enough nodes held before anything was sent), "phase".
 * Signals: "first-copies": every piece has a copy now; "complete": every piece has all, each once until the phase
 * goes back; "piece-changed" (gconstpointer before, gconstpointer after; BytestagPiece
 * both): a look, or a store to an original, changed its state. */

/* Adds pieces, with the state that was saved, or with zeros as the state; those that this
 * publication has already are passed over. At most BYTESTAG_LIMIT_PIECES_OF_SLICE in one
 * call: a caller with more comes again in another event. Not once it is removed. */
void                     bytestag_publication_add_pieces     (BytestagPublication *self,
                                                              const BytestagPiece *pieces,
                                                              guint                n);
guint                    bytestag_publication_get_n_pieces   (BytestagPublication *self);
/* Those that could not be added: others have them too, and there are BYTESTAG_LIMIT_OWNER_SETS
 * different sets of publications with pieces in common. */
guint                    bytestag_publication_get_n_refused  (BytestagPublication *self);
guint                    bytestag_publication_get_n_sent     (BytestagPublication *self);
guint                    bytestag_publication_get_n_complete (BytestagPublication *self);
guint                    bytestag_publication_get_n_there    (BytestagPublication *self);
/* "62 % already on the network": of those that were looked at for the first time, 0 to 100; -1: none
 * was since the program began. */
int                      bytestag_publication_get_percent_there (BytestagPublication *self);
BytestagPublicationPhase bytestag_publication_get_phase      (BytestagPublication *self);
/* The @number-th piece, in the order in which they were added; from memory. FALSE: there are not so many. */
gboolean                 bytestag_publication_get_piece      (BytestagPublication *self,
                                                              guint                number,
                                                              BytestagPiece       *piece);

G_END_DECLS
