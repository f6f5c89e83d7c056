/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/publication.h"

G_BEGIN_DECLS

/* All pieces that are published, each once, in order of id: a million in 48 MiB. Not a
 * GObject. A piece has a slot that stays while it is there, and the numbers of the
 * publications that have it. */
typedef struct _BytestagPieceTable BytestagPieceTable;

#define BYTESTAG_NO_SLOT G_MAXUINT32
/* No slot has this number either: there is no room. */
#define BYTESTAG_FULL_SLOT (G_MAXUINT32 - 1)

/**
 * BytestagPieceEntry:
 * @original_hour: of the last store to originals, hours since 1970, the last 7 bits
 * @tried: all was done that can be since the state changed
 * @everybody: all nodes that there are hold it, though they are fewer than wanted
 * @owners: the table's own
 *
 * BytestagPiece, packed; but for its index, where that is not its key.
 */
typedef struct {
  BytestagKey key;
  guint32 until;
  guint32 looked;
  guint32 size : 20;
  guint32 kind : 2;
  guint32 copies : 5;
  guint32 n_copies : 5;
  guint32 n_originals : 5;
  guint32 original_hour : 7;
  guint32 tried : 1;
  guint32 everybody : 1;
  guint32 owners : 18;
} BytestagPieceEntry;

G_STATIC_ASSERT (sizeof (BytestagPieceEntry) == 36);

typedef void (*BytestagOwnerFunc) (guint owner, gpointer user_data);
/* Returns FALSE to end the visit behind this one. */
typedef gboolean (*BytestagPieceVisitFunc) (guint32 slot, BytestagPieceEntry *entry, gpointer user_data);

BytestagPieceTable *bytestag_piece_table_new        (void);
void                bytestag_piece_table_free       (BytestagPieceTable       *self);
guint               bytestag_piece_table_get_n      (const BytestagPieceTable *self);
/* Bytes that it takes. */
gsize               bytestag_piece_table_get_memory (const BytestagPieceTable *self);
/* Adds @owner (under BYTESTAG_LIMIT_PUBLICATIONS) to the piece; one that is there keeps its
 * state. BYTESTAG_NO_SLOT: @owner has it already. BYTESTAG_FULL_SLOT: there are
 * BYTESTAG_LIMIT_OWNER_SETS different sets of owners. */
guint32             bytestag_piece_table_add        (BytestagPieceTable       *self,
                                                     const BytestagPiece      *piece,
                                                     guint                     owner);
/* TRUE: that was its last owner, and it is gone. */
gboolean            bytestag_piece_table_remove     (BytestagPieceTable       *self,
                                                     guint32                   slot,
                                                     guint                     owner);
/* Frees some of what is left of pieces once the last one went; TRUE: there is more. */
gboolean            bytestag_piece_table_sweep      (BytestagPieceTable       *self);
guint32             bytestag_piece_table_find       (const BytestagPieceTable *self,
                                                     const BytestagKvpId      *id);
/* (transfer none) its key and owners are not to be changed. */
BytestagPieceEntry *bytestag_piece_table_get_entry  (const BytestagPieceTable *self,
                                                     guint32                   slot);
void                bytestag_piece_table_get_id     (const BytestagPieceTable *self,
                                                     guint32                   slot,
                                                     BytestagKvpId            *id);
void                bytestag_piece_table_get_piece  (const BytestagPieceTable *self,
                                                     guint32                   slot,
                                                     BytestagPiece            *piece);
void                bytestag_piece_table_visit_owners (const BytestagPieceTable *self,
                                                     guint32                   slot,
                                                     BytestagOwnerFunc         func,
                                                     gpointer                  user_data);
/* Visits pieces in order of id, from the first behind @after (nullable: of all) on, at most
 * @max; returns how many. @func must not add or remove. */
guint               bytestag_piece_table_visit      (const BytestagPieceTable *self,
                                                     const BytestagKvpId      *after,
                                                     guint                     max,
                                                     BytestagPieceVisitFunc    func,
                                                     gpointer                  user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagPieceTable, bytestag_piece_table_free)

G_END_DECLS
