/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-id.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_KVP_RECORD (bytestag_kvp_record_get_type ())

/**
 * BytestagKvpRecord:
 * @size: bytes of the value
 * @timestamp: unix seconds as its publisher says; valid if @has_timestamp
 * @has_timestamp: FALSE for the FileInfo of a shared file, and where the publisher's
 *   did not fit; TRUE for the parts of a shared file (A.1.4, "vals")
 * @time_to_live: seconds that it is kept; 0: not known
 * @last_update: unix seconds, when it came or was last published; 0: never
 * @is_original: shared by the person here, not kept for others
 *
 * What a table knows of a value beside its bytes. (Seed: KVPRecord.)
 */
struct _BytestagKvpRecord
{
  BytestagKvpId id;
  guint64 size;
  gint64 timestamp;
  gdouble time_to_live;
  gdouble last_update;
  gboolean has_timestamp;
  gboolean is_original;
};

GType              bytestag_kvp_record_get_type (void) G_GNUC_CONST;
BytestagKvpRecord *bytestag_kvp_record_copy     (const BytestagKvpRecord *self);
void               bytestag_kvp_record_free     (BytestagKvpRecord       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKvpRecord, bytestag_kvp_record_free)

G_END_DECLS
