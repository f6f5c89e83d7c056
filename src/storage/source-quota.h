/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/endpoint.h"

G_BEGIN_DECLS

/* How much of the space for others each source takes: an address, and its network (B.5).
 * Holds nothing but the sources of what is kept, so that it is as small as that. Sources
 * and networks are named by numbers. Not a GObject: part of an index. */
typedef struct _BytestagSourceQuota BytestagSourceQuota;

/* No network. */
#define BYTESTAG_SOURCE_NONE G_MAXUINT32

BytestagSourceQuota *bytestag_source_quota_new    (void);
void                 bytestag_source_quota_free   (BytestagSourceQuota    *self);
/* Whether private and loopback addresses are limited too, as tests want it; while
 * nothing is counted. */
void                 bytestag_source_quota_set_limits_private (BytestagSourceQuota *self,
                                                               gboolean             limits_private);
/* The number of the source at @endpoint, whose port does not matter; for one value more,
 * until _release() is called for it. */
guint32              bytestag_source_quota_hold   (BytestagSourceQuota    *self,
                                                   const BytestagEndpoint *endpoint);
/* Nothing of what is released may be charged any more. */
void                 bytestag_source_quota_release (BytestagSourceQuota   *self,
                                                   guint32                 source);
/* With port 0. */
void                 bytestag_source_quota_get_endpoint (BytestagSourceQuota *self,
                                                   guint32                 source,
                                                   BytestagEndpoint       *endpoint);
guint32              bytestag_source_quota_get_network (BytestagSourceQuota *self,
                                                   guint32                 source);
/* Counts @charge bytes more for @source, or less. */
void                 bytestag_source_quota_charge (BytestagSourceQuota    *self,
                                                   guint32                 source,
                                                   gint64                  charge);
/* Whether the source at @endpoint stays within 1 %, and its network within 4 %, of
 * @capacity bytes with @charge more. Private ones always do. */
gboolean             bytestag_source_quota_allows (BytestagSourceQuota    *self,
                                                   const BytestagEndpoint *endpoint,
                                                   guint64                 charge,
                                                   guint64                 capacity);
/* The network with the most bytes, or none. */
guint32              bytestag_source_quota_get_largest (BytestagSourceQuota *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSourceQuota, bytestag_source_quota_free)

G_END_DECLS
