/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_AGGREGATED_TABLE (bytestag_aggregated_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagAggregatedTable, bytestag_aggregated_table, BYTESTAG, AGGREGATED_TABLE, GObject)

/* Two tables as one (seed: AggregatedKVPTable): looks in @first, then in @second;
 * writes go to @second. A value that both hold is listed once. */
BytestagAggregatedTable *bytestag_aggregated_table_new (BytestagKvpTable *first,
                                                        BytestagKvpTable *second);

G_END_DECLS
