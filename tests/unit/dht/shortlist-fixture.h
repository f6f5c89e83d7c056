/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/shortlist.h"
#include "support/test-model.h"
#include "support/test-node.h"
#include "support/test-rng.h"

/* A shortlist, whose candidates are known by their distance from its key. */

G_BEGIN_DECLS

typedef struct {
  BytestagTestRng *rng;
  BytestagKey key, own_id;
  BytestagShortlist *shortlist;
  BytestagTestModel *mirror;
} ShortlistFixture;

void shortlist_set_up (ShortlistFixture *test,
                       gconstpointer     data);
void shortlist_tear_down (ShortlistFixture *test,
                          gconstpointer     data);
/* (transfer full) a node at this distance from the key: smaller is nearer. */
BytestagNode *shortlist_make_node (ShortlistFixture *test,
                                   guint16           distance,
                                   guint16           port);
/* Adds nodes at these distances (guint). @source: (nullable) */
void shortlist_add (ShortlistFixture *test,
                    BytestagNode     *source,
                    guint             n_distances,
                    ...);
/* How far from the key: as make_node() takes it. */
guint shortlist_get_distance (ShortlistFixture *test,
                              BytestagNode     *node);
/* (transfer none) the candidate at this distance. */
BytestagCandidate *shortlist_peek (ShortlistFixture *test,
                                   guint             distance);
/* It answered, or did not. */
void shortlist_mark (ShortlistFixture *test,
                     guint             distance,
                     gboolean          active);
void shortlist_assert_distances (ShortlistFixture *test,
                                 GPtrArray        *nodes,
                                 const guint      *distances,
                                 guint             n_distances);
/* The next @count to be contacted are those. */
void shortlist_assert_contacting (ShortlistFixture *test,
                                  guint             count,
                                  const guint      *distances,
                                  guint             n_distances);
void shortlist_contact_all (ShortlistFixture *test);
void shortlist_assert_state (ShortlistFixture       *test,
                             guint                   distance,
                             BytestagCandidateState  state);

G_END_DECLS
