/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/exchange-info.h"
#include "core/node.h"

G_BEGIN_DECLS

/**
 * BytestagCandidateState:
 * @BYTESTAG_CANDIDATE_NEW: not contacted
 * @BYTESTAG_CANDIDATE_CONTACTED: asked, no answer yet
 * @BYTESTAG_CANDIDATE_SLOW: asked, and its soft time-out has passed: holds no slot,
 *   a late answer still counts (B.5)
 * @BYTESTAG_CANDIDATE_ANSWERED: answered
 * @BYTESTAG_CANDIDATE_FAILED: did not, for good
 */
typedef enum {
  BYTESTAG_CANDIDATE_NEW,
  BYTESTAG_CANDIDATE_CONTACTED,
  BYTESTAG_CANDIDATE_SLOW,
  BYTESTAG_CANDIDATE_ANSWERED,
  BYTESTAG_CANDIDATE_FAILED,
} BytestagCandidateState;

#define BYTESTAG_TYPE_CANDIDATE_STATE (bytestag_candidate_state_get_type ())
GType bytestag_candidate_state_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_CANDIDATE (bytestag_candidate_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCandidate, bytestag_candidate, BYTESTAG, CANDIDATE, GObject)

/* Properties, notified: "node", "state", "useful", "step" (uint: 0 for the start
 * nodes, else one more than the candidate that named it). */
/* (transfer none) */
BytestagNode          *bytestag_candidate_get_node   (BytestagCandidate *self);
BytestagCandidateState bytestag_candidate_get_state  (BytestagCandidate *self);
gboolean               bytestag_candidate_get_useful (BytestagCandidate *self);
guint                  bytestag_candidate_get_step   (BytestagCandidate *self);

/* Of the closest nodes so few may be silent and are taken for far away rather than dead. */
#define BYTESTAG_SHORTLIST_FEW_SLOW 3

#define BYTESTAG_TYPE_SHORTLIST (bytestag_shortlist_get_type ())
G_DECLARE_FINAL_TYPE (BytestagShortlist, bytestag_shortlist, BYTESTAG, SHORTLIST, GObject)

/* The candidates of one look-up, nearest to its key first (seed: Shortlist). A
 * GListModel of BytestagCandidate; every change of state is a notify of the item.
 * One candidate for each id; other endpoints of it are alternates, at most
 * BYTESTAG_LIMIT_ALTERNATES, tried in turn when it fails. At most
 * BYTESTAG_LIMIT_CANDIDATES: the farthest that were not asked, or failed, make room; and
 * BYTESTAG_LIMIT_NETWORK_IN_LOOKUP of one network in each path (B.5).
 *
 * A look-up may go along several disjoint paths (S/Kademlia, section 4.4): each node is
 * asked in one path, and whom it names belongs to that path, so that one who lies leads a
 * single path astray. Paths are numbered from 0, which is the only one at first. */
BytestagShortlist *bytestag_shortlist_new                      (const BytestagKey *key,
                                                                const BytestagKey *own_id);
/* Whether private networks have a bound too (B.5: tests). FALSE at first. */
void               bytestag_shortlist_set_limits_private       (BytestagShortlist *self,
                                                                gboolean           limits_private);
/* (transfer none) */
const BytestagKey *bytestag_shortlist_get_key                  (BytestagShortlist *self);
/* Whether the node with this id and endpoint is a candidate already, and then counts as named
 * in the path in which @source was asked: what most nodes of a reply are. */
gboolean           bytestag_shortlist_note                     (BytestagShortlist      *self,
                                                                const BytestagKey      *id,
                                                                const BytestagEndpoint *endpoint,
                                                                BytestagNode           *source);
/* Adds nodes that are not known yet, to the path in which @source was asked. @source:
 * (nullable) who named them; NULL: path 0. Our own id and unusable endpoints are passed
 * over. (element-type BytestagNode) */
void               bytestag_shortlist_add_nodes                (BytestagShortlist *self,
                                                                GPtrArray         *nodes,
                                                                BytestagNode      *source);
/* Adds a node where path number @path (under BYTESTAG_LIMIT_PATHS) begins, or goes on. */
void               bytestag_shortlist_add_to_path              (BytestagShortlist *self,
                                                                BytestagNode      *node,
                                                                guint              path);
/* The nearest uncontacted node that it takes to finish a path: becomes CONTACTED.
 * (transfer full) (nullable) */
BytestagNode      *bytestag_shortlist_take_next_of_path        (BytestagShortlist *self,
                                                                guint              path);
/* Up to @count of path 0, nearest first. (transfer full) (element-type BytestagNode) */
GPtrArray         *bytestag_shortlist_get_nodes_for_contacting (BytestagShortlist *self,
                                                                guint              count);
/* A contacted node answered (@active), with values or not; or failed for good:
 * then an alternate endpoint of it, if any, waits to be contacted. A node that is
 * not a candidate, or no more, is passed over.
 * @infos: (nullable) (element-type BytestagExchangeInfo): kept, not to be changed after. */
void               bytestag_shortlist_mark_node                (BytestagShortlist *self,
                                                                BytestagNode      *node,
                                                                gboolean           active,
                                                                gboolean           useful,
                                                                GPtrArray         *infos);
/* Its soft time-out passed. */
void               bytestag_shortlist_mark_slow                (BytestagShortlist *self,
                                                                BytestagNode      *node);
/* CONTACTED ones: what counts against alpha. */
guint              bytestag_shortlist_get_n_contacted          (BytestagShortlist *self);
/* The BYTESTAG_MAX_BUCKET_SIZE closest live candidates (neither FAILED nor SLOW)
 * have answered: nobody nearer is uncontacted or CONTACTED. Where more than
 * BYTESTAG_SHORTLIST_FEW_SLOW nearer ones are silent it takes as many more, up to
 * BYTESTAG_LIMIT_EXTRA_OF_LOOKUP. When all live ones are fewer, SLOW ones are waited for
 * only while they outnumber those that answered. */
gboolean           bytestag_shortlist_is_finished              (BytestagShortlist *self);
/* The same of what was named in one path, whoever asked it. */
gboolean           bytestag_shortlist_is_path_finished         (BytestagShortlist *self,
                                                                guint              path);
/* SLOW ones nearer than the BYTESTAG_MAX_BUCKET_SIZE closest that have answered. */
guint              bytestag_shortlist_count_slow               (BytestagShortlist *self);
/* (transfer full) (element-type BytestagNode) those that answered, nearest first. */
GPtrArray         *bytestag_shortlist_sorted_nodes             (BytestagShortlist *self);
/* (transfer full) (element-type BytestagNode) those that hold the value, nearest first. */
GPtrArray         *bytestag_shortlist_useful_nodes             (BytestagShortlist *self);
/* What most of the useful nodes say of (key, index). (transfer full) (nullable) */
BytestagExchangeInfo *bytestag_shortlist_get_common_exchange_info (BytestagShortlist *self,
                                                                const BytestagKey *key,
                                                                const BytestagKey *index);

G_END_DECLS
