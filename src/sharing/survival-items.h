/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/publication.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SURVIVAL_ROW (bytestag_survival_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSurvivalRow, bytestag_survival_row, BYTESTAG, SURVIVAL_ROW, GObject)

/* How many pieces have so many copies. Properties: "copies" (uint; the last row's mean so
 * many or more); notified: "n-pieces" (uint), "until" (int64 unix seconds: the soonest end
 * of the promises of one of them; 0: there is none, or it is unknown). */
guint                bytestag_survival_row_get_copies   (BytestagSurvivalRow *self);
guint                bytestag_survival_row_get_n_pieces (BytestagSurvivalRow *self);
gint64               bytestag_survival_row_get_until    (BytestagSurvivalRow *self);

#define BYTESTAG_TYPE_WEAK_PIECE (bytestag_weak_piece_get_type ())
G_DECLARE_FINAL_TYPE (BytestagWeakPiece, bytestag_weak_piece, BYTESTAG, WEAK_PIECE, GObject)

/* A piece of which fewer copies are promised than are wanted. Properties: "id"
 * (BytestagKvpId), "kind" (uint, a BytestagPieceKind), "wanted" (uint), "name" (string,
 * nullable: the file that it belongs to); notified: "copies" (uint), "until" (int64 unix
 * seconds, as above). */
const BytestagKvpId *bytestag_weak_piece_get_id         (BytestagWeakPiece   *self);
BytestagPieceKind    bytestag_weak_piece_get_kind       (BytestagWeakPiece   *self);
guint                bytestag_weak_piece_get_wanted     (BytestagWeakPiece   *self);
/* (transfer none) (nullable) */
const char          *bytestag_weak_piece_get_name       (BytestagWeakPiece   *self);
guint                bytestag_weak_piece_get_copies     (BytestagWeakPiece   *self);
gint64               bytestag_weak_piece_get_until      (BytestagWeakPiece   *self);

/* What BytestagSurvival does with them. */
BytestagSurvivalRow *bytestag_survival_row_new          (guint                copies);
void                 bytestag_survival_row_set          (BytestagSurvivalRow *self,
                                                         guint                n_pieces,
                                                         gint64               until);
/* @name: (transfer full) (nullable) */
BytestagWeakPiece   *bytestag_weak_piece_new            (const BytestagPiece *piece,
                                                         char                *name);
void                 bytestag_weak_piece_set            (BytestagWeakPiece   *self,
                                                         guint                copies,
                                                         gint64               until);

G_END_DECLS
