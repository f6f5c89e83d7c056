/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/limits.h"
#include "dht/bucket.h"
#include "sharing/publication.h"

G_BEGIN_DECLS

/* Pieces with the same number of copies, and the soonest end of the promises of one of
 * them; 0: none is known. */
typedef struct {
  guint n_pieces;
  gint64 until;
} BytestagTallyRow;

typedef struct {
  BytestagPiece piece;
  guint copies;
  gint64 until;
} BytestagTallyPiece;

/**
 * BytestagSurvivalTally:
 * @now: unix seconds
 * @enough: copies that are enough for any piece, as a small network cannot hold the 20 of a
 *   root; 0: as each says
 * @wanted: copies of a part that is wanted least; of all pieces where none is a part
 * @next_end: unix seconds when a copy that counts now will not; G_MAXINT64: never
 * @rows: by copies; the last for so many or more
 * @weakest: those with the fewest copies first, and of these those that end soonest
 *
 * The figures of BytestagSurvival (see there) of the pieces that were added.
 */
typedef struct {
  gint64 now;
  guint enough;
  guint n_pieces, n_looked, n_weak, n_unpromised, wanted, least_copies;
  gint64 oldest_look, newest_look, safe_until, next_end;
  BytestagTallyRow rows[BYTESTAG_MAX_BUCKET_SIZE + 1];
  BytestagTallyPiece weakest[BYTESTAG_LIMIT_WEAKEST];
  guint n_weakest;
  gboolean has_parts;
} BytestagSurvivalTally;

void  bytestag_survival_tally_init     (BytestagSurvivalTally       *self,
                                        gint64                       now,
                                        guint                        enough);
/* In any order: the figures are the same. */
void  bytestag_survival_tally_add      (BytestagSurvivalTally       *self,
                                        const BytestagPiece         *piece);
/* (transfer full) a sentence for a person, in the time zone of the computer. */
char *bytestag_survival_tally_describe (const BytestagSurvivalTally *self);

G_END_DECLS
