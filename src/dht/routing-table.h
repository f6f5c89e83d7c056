/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"
#include "dht/bucket.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_ROUTING_TABLE (bytestag_routing_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagRoutingTable, bytestag_routing_table, BYTESTAG, ROUTING_TABLE, GObject)

/* 160 buckets, keyed by the node's own id (seed: RoutingTable; A.4). A GListModel
 * of the 160 BytestagBuckets, each made when it is first looked at or filled.
 * Property "num-contacts", notified. Signal "bucket-full" (bucket, node, oldest):
 * the bucket is locked; whoever listens pings @oldest and then calls
 * bytestag_routing_table_keep_old_node() or _keep_new_node(). Signal "contact-stale"
 * (node): a contact has failed to answer twice. Never sends. */
BytestagRoutingTable *bytestag_routing_table_new              (const BytestagKey    *key,
                                                               BytestagClock        *clock);
const BytestagKey    *bytestag_routing_table_get_key          (BytestagRoutingTable *self);
guint                 bytestag_routing_table_get_num_contacts (BytestagRoutingTable *self);
/* (transfer none) the bucket by number, made if need be. */
BytestagBucket       *bytestag_routing_table_get_nth_bucket   (BytestagRoutingTable *self,
                                                               guint                 number);
/* (transfer none) (nullable) NULL while nothing was ever in it. */
BytestagBucket       *bytestag_routing_table_peek_bucket      (BytestagRoutingTable *self,
                                                               guint                 number);
/* 160 for our own key. */
guint                 bytestag_routing_table_get_bucket_number (BytestagRoutingTable *self,
                                                                const BytestagKey    *key);
/* (transfer none) (nullable) NULL for our own key. */
BytestagBucket       *bytestag_routing_table_get_bucket       (BytestagRoutingTable *self,
                                                               BytestagNode         *node);
/* (transfer none) (nullable) the contact with this id and endpoint. */
BytestagNode         *bytestag_routing_table_find             (BytestagRoutingTable   *self,
                                                               const BytestagKey      *key,
                                                               const BytestagEndpoint *endpoint);
/* A node answered: enters it, or touches it when it is a member, which then takes
 * over what @node has measured. One entry for each id and family: the same id at
 * another endpoint is passed over while the known one is not stale (see _move()). Our own id and
 * endpoints that cannot be sent to are never entered, nor more of one network than its
 * share (B.5; BYTESTAG_ERROR_REFUSED). A full bucket: a stale member
 * makes room at once; else @node becomes a replacement candidate, and "bucket-full"
 * is emitted, unless the bucket is locked. FALSE: not entered; with
 * BYTESTAG_ERROR_BUCKET_FULL when it waits as a candidate. */
gboolean              bytestag_routing_table_node_update      (BytestagRoutingTable *self,
                                                               BytestagNode         *node,
                                                               GError              **error);
/* Whether a node with this id and endpoint would be entered now, at nobody's cost who
 * lives. */
gboolean              bytestag_routing_table_has_place        (BytestagRoutingTable   *self,
                                                               const BytestagKey      *key,
                                                               const BytestagEndpoint *endpoint);
/* (transfer none) (nullable) the contact that has this id and family at another endpoint,
 * unless it is stale: then the endpoint has its place. */
BytestagNode         *bytestag_routing_table_find_elsewhere   (BytestagRoutingTable   *self,
                                                               const BytestagKey      *key,
                                                               const BytestagEndpoint *endpoint);
/* @known, a contact, is gone, and @node, which has the same id, answered from another
 * endpoint: it takes the slot. FALSE: its network has its share, or @known is no contact
 * any more. */
gboolean              bytestag_routing_table_move             (BytestagRoutingTable *self,
                                                               BytestagNode         *known,
                                                               BytestagNode         *node);
/* Takes a contact out, or a replacement candidate. */
void                  bytestag_routing_table_remove           (BytestagRoutingTable *self,
                                                               BytestagNode         *node);
/* Whether private networks, too, have a share of contacts (B.5: tests). FALSE at first. */
void                  bytestag_routing_table_set_limits_private (BytestagRoutingTable *self,
                                                               gboolean              limits_private);
/* What came of the ping that "bucket-full" asked for: an answer, or none. */
void                  bytestag_routing_table_keep_old_node    (BytestagRoutingTable *self,
                                                               BytestagBucket       *bucket);
void                  bytestag_routing_table_keep_new_node    (BytestagRoutingTable *self,
                                                               BytestagBucket       *bucket);
/* A contact failed to answer: counted; a stale one gives its slot to the newest
 * candidate, and stays when none waits (B.5). A candidate that fails is forgotten. */
void                  bytestag_routing_table_node_failed      (BytestagRoutingTable *self,
                                                               BytestagNode         *node);
/* Writes the closest contacts to @key, nearest first, to @nodes (no references,
 * room for @count); returns how many. Stale ones come after all others, so only
 * where those are fewer than @count. Allocates nothing. */
guint                 bytestag_routing_table_select_close     (BytestagRoutingTable *self,
                                                               const BytestagKey    *key,
                                                               BytestagNode        **nodes,
                                                               guint                 count);
/* (transfer full) (element-type BytestagNode) the same as a list. Seed: get_close_nodes. */
GPtrArray            *bytestag_routing_table_get_close_nodes  (BytestagRoutingTable *self,
                                                               const BytestagKey    *key,
                                                               guint                 count);
/* Contacts, stale ones too, that are nearer to @key than we are. */
guint                 bytestag_routing_table_count_close      (BytestagRoutingTable *self,
                                                               const BytestagKey    *key);
/* The same without those that are stale. */
guint                 bytestag_routing_table_count_close_live (BytestagRoutingTable *self,
                                                               const BytestagKey    *key);
/* The original's formula (A.4 "Expiry"), for interoperation tests only. */
gdouble               bytestag_original_time_to_live          (BytestagRoutingTable *self,
                                                               const BytestagKey    *key);
/* Aborts when something that must hold does not: bucket numbers, sizes, counts,
 * orders, no node twice, not our own id. */
void                  bytestag_routing_table_check_invariants (BytestagRoutingTable *self);

G_END_DECLS
