/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_HOLDER_WALK (bytestag_holder_walk_get_type ())
G_DECLARE_FINAL_TYPE (BytestagHolderWalk, bytestag_holder_walk, BYTESTAG, HOLDER_WALK, GObject)

/* What a holder is asked for. @copies: that are wanted; @had: so many were there before, so
 * that it is worth asking all nodes nearby when fewer are found. */
typedef struct {
  BytestagKvpId id;
  guint copies;
  guint had;
} BytestagHolderQuestion;

/* The nodes near a key that answered, nearest first, and what each said: the unix second up
 * to which it promises the value, BYTESTAG_HELD_UNPROMISED, 0: it does not hold it,
 * BYTESTAG_HOLDER_UNKNOWN: it was not asked (originals never are: A.2, 1), or did not say. */
#define BYTESTAG_HOLDER_UNKNOWN -1
typedef struct {
  guint n_nodes;
  BytestagNode *nodes[BYTESTAG_MAX_BUCKET_SIZE]; /* (transfer none) */
  gint64 untils[BYTESTAG_MAX_BUCKET_SIZE];
} BytestagHolders;

typedef void (*BytestagHolderWalkFunc) (gpointer user_data);

/* Finds out who holds values, whose keys come in order: one look-up serves all keys between
 * its answers, and nodes are asked for many keys at once (B.3 "Batch"). Ends with its
 * last reference. */
BytestagHolderWalk *bytestag_holder_walk_new         (BytestagNetwork              *network);
/* Asks for @questions, which are copied (at most BYTESTAG_LIMIT_PIECES_OF_SLICE, in order of id); @done
 * is called once, from an event of its own, unless it is cancelled. Not while it asks. */
void                bytestag_holder_walk_ask         (BytestagHolderWalk           *self,
                                                      const BytestagHolderQuestion *questions,
                                                      guint                         n,
                                                      BytestagHolderWalkFunc        done,
                                                      gpointer                      user_data);
gboolean            bytestag_holder_walk_is_asking   (BytestagHolderWalk           *self);
void                bytestag_holder_walk_cancel      (BytestagHolderWalk           *self);
/* How many of the questions, from the first on, were answered: those between the answers
 * of one look-up. 0: nobody is there. */
guint               bytestag_holder_walk_get_n_done  (BytestagHolderWalk           *self);
/* Until the next _ask(); @number < n-done. */
void                bytestag_holder_walk_get_holders (BytestagHolderWalk           *self,
                                                      guint                         number,
                                                      BytestagHolders              *holders);
/* Whether these are all nodes that there are. */
gboolean            bytestag_holder_walk_knows_all   (BytestagHolderWalk           *self);
/* So far: look-ups, and all requests, those of look-ups included. */
guint64             bytestag_holder_walk_get_n_lookups  (BytestagHolderWalk        *self);
guint64             bytestag_holder_walk_get_n_requests (BytestagHolderWalk        *self);

G_END_DECLS
