/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/key.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_KVP_ID (bytestag_kvp_id_get_type ())

/**
 * BytestagKvpId:
 * @key: under which a value is looked for
 * @index: SHA-1 of the value
 *
 * The name of one value. (Seed: KVPID.)
 */
struct _BytestagKvpId
{
  BytestagKey key;
  BytestagKey index;
};

GType          bytestag_kvp_id_get_type (void) G_GNUC_CONST;
BytestagKvpId *bytestag_kvp_id_copy     (const BytestagKvpId *self);
void           bytestag_kvp_id_free     (BytestagKvpId       *self);
guint          bytestag_kvp_id_hash     (gconstpointer        self);
gboolean       bytestag_kvp_id_equal    (gconstpointer        a,
                                         gconstpointer        b);
/* By key, then by index. */
int            bytestag_kvp_id_compare  (const BytestagKvpId *a,
                                         const BytestagKvpId *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKvpId, bytestag_kvp_id_free)

G_END_DECLS
