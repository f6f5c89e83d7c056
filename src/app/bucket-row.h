/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "dht/bucket.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_BUCKET_ROW (bytestag_bucket_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagBucketRow, bytestag_bucket_row, BYTESTAG, BUCKET_ROW, AdwBin)

/* A bucket of the routing table and its slots. Property "bucket" (BytestagBucket, nullable). */
GtkWidget *bytestag_bucket_row_new (void);

G_END_DECLS
