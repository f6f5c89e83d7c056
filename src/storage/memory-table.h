/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_MEMORY_TABLE (bytestag_memory_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagMemoryTable, bytestag_memory_table, BYTESTAG, MEMORY_TABLE, GObject)

/* Values in memory (seed: MemoryKVPTable): inline answers. Bounds:
 * @max_bytes, BYTESTAG_LIMIT_MEMORY_TABLE_VALUES. Properties "n-values", "n-bytes". */
BytestagMemoryTable *bytestag_memory_table_new         (guint64              max_bytes);
guint                bytestag_memory_table_get_n_values (BytestagMemoryTable *self);
guint64              bytestag_memory_table_get_n_bytes (BytestagMemoryTable *self);
/* Drops what is older than its time_to_live (never is_original); @now unix seconds. */
void                 bytestag_memory_table_expire      (BytestagMemoryTable *self,
                                                        gint64               now);

G_END_DECLS
