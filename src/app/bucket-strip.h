/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/palette.h"
#include "dht/bucket.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_BUCKET_STRIP (bytestag_bucket_strip_get_type ())
G_DECLARE_FINAL_TYPE (BytestagBucketStrip, bytestag_bucket_strip, BYTESTAG, BUCKET_STRIP, GtkWidget)

/* The slots of a bucket, drawn: shape and colour say how each node does, and a
 * tooltip names it. Property "bucket" (BytestagBucket, nullable). */
GtkWidget      *bytestag_bucket_strip_new        (void);
/* (nullable) NULL: nothing is drawn. */
void            bytestag_bucket_strip_set_bucket (BytestagBucketStrip   *self,
                                                  BytestagBucket        *bucket);

/* One node's mark: a disc (good), half a disc (questionable), a cross (stale), a
 * ring (new). Needs no display. */
void            bytestag_node_mark_draw          (GtkSnapshot           *snapshot,
                                                  BytestagNodeState      state,
                                                  const graphene_rect_t *rect,
                                                  const BytestagPalette *palette);
/* All slots of @bucket. Needs no display. */
void            bytestag_bucket_draw             (GtkSnapshot           *snapshot,
                                                  BytestagBucket        *bucket,
                                                  float                  width,
                                                  float                  height,
                                                  gboolean               mirrored,
                                                  const BytestagPalette *palette);

G_END_DECLS
