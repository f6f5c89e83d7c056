/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/node.h"

G_BEGIN_DECLS

/* k of Kademlia (A.4; seed: Bucket.MAX_BUCKET_SIZE). */
#define BYTESTAG_MAX_BUCKET_SIZE 20

#define BYTESTAG_TYPE_BUCKET (bytestag_bucket_get_type ())
G_DECLARE_FINAL_TYPE (BytestagBucket, bytestag_bucket, BYTESTAG, BUCKET, GObject)

/* A bucket of nodes (seed: Bucket). A GListModel of BytestagNode by slot: a node
 * keeps its place while it is in; the order by last seen is internal. Properties:
 * "number", "n-nodes", "last-update" (int64 µs), "locked". Signal "full" (node,
 * oldest): emitted when node_update() locked the bucket. */
BytestagBucket *bytestag_bucket_new             (guint           number);
guint           bytestag_bucket_get_number      (BytestagBucket *self);
guint           bytestag_bucket_get_n_nodes     (BytestagBucket *self);
/* (transfer none) by slot, no reference taken: for the engine. */
BytestagNode   *bytestag_bucket_peek            (BytestagBucket *self,
                                                 guint           slot);
/* (transfer none) (nullable) by age: 0 is the least recently seen. */
BytestagNode   *bytestag_bucket_peek_nth_oldest (BytestagBucket *self,
                                                 guint           n);
/* (transfer full) (element-type BytestagNode) least recently seen first. */
GPtrArray      *bytestag_bucket_dup_nodes       (BytestagBucket *self);
/* When a node last came in, was touched or was replaced; µs of the clock, 0: never. */
gint64          bytestag_bucket_get_last_update (BytestagBucket *self);
gboolean        bytestag_bucket_is_locked       (BytestagBucket *self);
/* (transfer none) (nullable) who comes in when the bucket, now locked, keeps the new node. */
BytestagNode   *bytestag_bucket_get_waiting     (BytestagBucket *self);
/* (transfer none) (nullable) who would make room for it. */
BytestagNode   *bytestag_bucket_get_asked       (BytestagBucket *self);
/* (transfer none) (nullable) the member with this id and endpoint. */
BytestagNode   *bytestag_bucket_find            (BytestagBucket         *self,
                                                 const BytestagKey      *key,
                                                 const BytestagEndpoint *endpoint);
/* (transfer none) (nullable) the member with this id in this address family (B.5). */
BytestagNode   *bytestag_bucket_find_id         (BytestagBucket    *self,
                                                 const BytestagKey *key,
                                                 BytestagFamily     family);
/* The seed's rule (A.4): adds, or moves to the end of the order. A full bucket
 * fails with BYTESTAG_ERROR_BUCKET_FULL, whoever the node is, and is locked until
 * keep_old_node() or keep_new_node(); while locked it ignores (returns TRUE). */
gboolean        bytestag_bucket_node_update     (BytestagBucket *self,
                                                 BytestagNode   *node,
                                                 gint64          now,
                                                 GError        **error);
/* The oldest answered: the order stays, the new one is dropped. */
void            bytestag_bucket_keep_old_node   (BytestagBucket *self);
/* It did not: its slot goes to the new one, which is now the newest. (A new one
 * that is a member already only moves; an original would enter it twice, A.3 B10.) */
void            bytestag_bucket_keep_new_node   (BytestagBucket *self,
                                                 gint64          now);
/* Moves a member to the end of the order; does not ping, lock or fail. */
gboolean        bytestag_bucket_touch           (BytestagBucket *self,
                                                 BytestagNode   *node,
                                                 gint64          now);
/* Gives the slot of the member @old to @node, which is now the newest. */
gboolean        bytestag_bucket_replace         (BytestagBucket *self,
                                                 BytestagNode   *old,
                                                 BytestagNode   *node,
                                                 gint64          now);
/* Takes a member out; a locked bucket has room then, and is unlocked. */
gboolean        bytestag_bucket_remove          (BytestagBucket *self,
                                                 BytestagNode   *node);
/* Aborts when something that must hold does not. */
void            bytestag_bucket_check_invariants (BytestagBucket *self);

G_END_DECLS
