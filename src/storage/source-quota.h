/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-record.h"

G_BEGIN_DECLS

/* How much of the space for others each source takes: an address, and its network (B.5).
 * Holds nothing but what values say who came from, so that it is as small as they are.
 * Not a GObject: part of a table. */
typedef struct _BytestagSourceQuota BytestagSourceQuota;

BytestagSourceQuota *bytestag_source_quota_new    (void);
void                 bytestag_source_quota_free   (BytestagSourceQuota *self);
/* Whether private and loopback addresses are limited too, as tests want it; while
 * nothing is counted. */
void                 bytestag_source_quota_set_limits_private (BytestagSourceQuota *self,
                                                               gboolean             limits_private);
/* The id that distances are measured from. */
void                 bytestag_source_quota_set_center (BytestagSourceQuota     *self,
                                                       const BytestagKey       *center);
/* Counts @charge bytes for the source of @record, which stays where it is, with the same
 * id and source, until it is removed. */
void                 bytestag_source_quota_add    (BytestagSourceQuota         *self,
                                                   const BytestagKvpRecord     *record,
                                                   guint64                      charge);
void                 bytestag_source_quota_remove (BytestagSourceQuota         *self,
                                                   const BytestagKvpRecord     *record,
                                                   guint64                      charge);
/* Whether the source of @offer stays within 1 %, and its network within 4 %, of
 * @capacity bytes with @charge more. Private ones always do. */
gboolean             bytestag_source_quota_allows (BytestagSourceQuota         *self,
                                                   const BytestagKvpRecord     *offer,
                                                   guint64                      charge,
                                                   guint64                      capacity);
/* (transfer none) (nullable) of the network with the most bytes the value that is
 * farthest from the center; NULL when none is farther than @offer. */
const BytestagKvpRecord *bytestag_source_quota_pick (BytestagSourceQuota       *self,
                                                   const BytestagKvpRecord     *offer);
/* (transfer none) (nullable) the next nearer value of the same network as @record,
 * which was picked; NULL as above. */
const BytestagKvpRecord *bytestag_source_quota_pick_next (BytestagSourceQuota  *self,
                                                   const BytestagKvpRecord     *record,
                                                   const BytestagKvpRecord     *offer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSourceQuota, bytestag_source_quota_free)

G_END_DECLS
