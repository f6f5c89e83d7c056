/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/limits.h"
#include "dht/shortlist.h"

G_BEGIN_DECLS

/* The shortlist's side of a candidate. */
struct _BytestagCandidate
{
  GObject parent_instance;

  BytestagNode *node;
  BytestagKey id; /* of @node, here since look-ups compare little else */
  /* Other endpoints of the same id, the next one to try first. */
  BytestagNode *alternates[BYTESTAG_LIMIT_ALTERNATES];
  /* (nullable) (element-type BytestagExchangeInfo) what it says that it holds */
  GPtrArray *infos;
  BytestagCandidateState state;
  guint32 paths; /* a bit for each path that it was named in */
  guint8 path;   /* in which it was asked */
  guint16 step;
  guint8 n_alternates;
  guint8 useful;
};

BytestagCandidate *bytestag_candidate_new           (BytestagNode          *node,
                                                     guint                  step);
void               bytestag_candidate_set_state     (BytestagCandidate     *self,
                                                     BytestagCandidateState state);
/* It holds the value. @infos: (nullable) */
void               bytestag_candidate_set_useful    (BytestagCandidate     *self,
                                                     GPtrArray             *infos);
/* Whether another endpoint of it, @node, is new, and may be asked. */
gboolean           bytestag_candidate_has_room      (BytestagCandidate     *self,
                                                     BytestagNode          *node);
void               bytestag_candidate_add_alternate (BytestagCandidate     *self,
                                                     BytestagNode          *node);
/* Goes over to the next alternate, or returns FALSE. */
gboolean           bytestag_candidate_switch_node   (BytestagCandidate     *self);

G_END_DECLS
