/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_MEMORY_TABLE (bytestag_memory_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagMemoryTable, bytestag_memory_table, BYTESTAG, MEMORY_TABLE, GObject)

/* Values in memory (seed: MemoryKVPTable): inline answers. Full, at @max_bytes or
 * BYTESTAG_LIMIT_MEMORY_TABLE_VALUES values, it makes room from the source with the most
 * bytes, whose values that are farthest from the center go first, but for none that is
 * nearer than the new one; else it refuses (BYTESTAG_ERROR_FULL). While it is more than
 * 3/4 full, each source has a quota (B.5). What is_original has no quota, and never goes.
 * Properties, notified: "n-values" (uint), "n-bytes" (uint64). */
BytestagMemoryTable *bytestag_memory_table_new         (guint64              max_bytes);
guint                bytestag_memory_table_get_n_values (BytestagMemoryTable *self);
guint64              bytestag_memory_table_get_n_bytes (BytestagMemoryTable *self);
/* Whether quotas hold for private and loopback addresses too, which are exempt at first
 * (B.5): for tests. Before anything is kept. */
void                 bytestag_memory_table_set_limits_private (BytestagMemoryTable *self,
                                                        gboolean             limits_private);

G_END_DECLS
