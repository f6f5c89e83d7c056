/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/publication.h"
#include "sharing/survival-items.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SURVIVAL (bytestag_survival_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSurvival, bytestag_survival, BYTESTAG, SURVIVAL, GObject)

/* How well a collection is kept by others, and until when: from what the publisher saw at
 * its looks (one vote for each network, spot checks: B.3 "A copy counts"), and by the time
 * that it is now. A copy counts until its promise is over, one on an original for an hour.
 * A piece of which one of the copies that count towards those wanted has come to its end
 * has none until it is looked at again, since nobody knows better.
 *
 * Figures are gathered in slices, and told 4 times a second at most. Properties, notified:
 * "n-pieces" (uint); "n-looked" (uint): pieces that were ever looked at, of which all figures
 * are, the others are unknown; "sampled" (boolean): those are not all; "n-weak" (uint): have
 * fewer promised copies than are wanted of a part, be they parts or roots; "n-unpromised" (uint): have copies on originals, "end
 * unknown"; "wanted" (uint): copies of a part; "least-copies" (uint): of the least-kept piece;
 * "oldest-look" and "newest-look" (int64 unix seconds, 0: none); "safe-until" (int64 unix
 * seconds): the N-th latest end of the least-kept piece, N the copies wanted, 0 where a piece
 * has fewer or was never looked at; "words" (string): all this in a sentence. */
BytestagSurvival *bytestag_survival_new              (BytestagNetwork     *network,
                                                      BytestagPublication *publication);
guint             bytestag_survival_get_n_pieces     (BytestagSurvival    *self);
guint             bytestag_survival_get_n_looked     (BytestagSurvival    *self);
gboolean          bytestag_survival_is_sampled       (BytestagSurvival    *self);
guint             bytestag_survival_get_n_weak       (BytestagSurvival    *self);
guint             bytestag_survival_get_n_unpromised (BytestagSurvival    *self);
guint             bytestag_survival_get_wanted       (BytestagSurvival    *self);
guint             bytestag_survival_get_least_copies (BytestagSurvival    *self);
gint64            bytestag_survival_get_oldest_look  (BytestagSurvival    *self);
gint64            bytestag_survival_get_newest_look  (BytestagSurvival    *self);
gint64            bytestag_survival_get_safe_until   (BytestagSurvival    *self);
/* (transfer none) */
const char       *bytestag_survival_get_words        (BytestagSurvival    *self);
/* (transfer none) a GListModel of BytestagSurvivalRow, by copies from 0 on, without gaps. */
GListModel       *bytestag_survival_get_histogram    (BytestagSurvival    *self);
/* (transfer none) a GListModel of BytestagWeakPiece: those with the fewest copies, and of
 * these those that end soonest, first; BYTESTAG_LIMIT_WEAKEST at most. */
GListModel       *bytestag_survival_get_weakest      (BytestagSurvival    *self);

/* (transfer full) (nullable) the file that a piece belongs to, for a person to read. */
typedef char *(*BytestagSurvivalNameFunc) (const BytestagKvpId *id, gpointer user_data);
/* @func: (nullable) asked when a piece enters the list of the weakest. */
void              bytestag_survival_set_name_func    (BytestagSurvival         *self,
                                                      BytestagSurvivalNameFunc  func,
                                                      gpointer                  user_data);

G_END_DECLS
