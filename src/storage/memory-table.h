/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_MEMORY_TABLE (bytestag_memory_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagMemoryTable, bytestag_memory_table, BYTESTAG, MEMORY_TABLE, GObject)

/* Values in memory (seed: MemoryKVPTable): inline answers. Full, at @max_bytes or
 * BYTESTAG_LIMIT_MEMORY_TABLE_VALUES values, it refuses (BYTESTAG_ERROR_FULL) and
 * drops nothing. Properties, notified: "n-values" (uint), "n-bytes" (uint64). */
BytestagMemoryTable *bytestag_memory_table_new         (guint64              max_bytes);
guint                bytestag_memory_table_get_n_values (BytestagMemoryTable *self);
guint64              bytestag_memory_table_get_n_bytes (BytestagMemoryTable *self);
/* Drops what came more than its time_to_live ago (last_update + time_to_live <
 * @now, unix seconds). What is_original or has no time_to_live stays. */
void                 bytestag_memory_table_expire      (BytestagMemoryTable *self,
                                                        gint64               now);

G_END_DECLS
