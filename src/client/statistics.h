/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/counter.h"
#include "dht/network.h"
#include "sharing/publisher.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_STATISTICS (bytestag_statistics_get_type ())
G_DECLARE_FINAL_TYPE (BytestagStatistics, bytestag_statistics, BYTESTAG, STATISTICS, GObject)

/* What the engine counts, as objects that views bind to; they change by
 * bytestag_statistics_refresh() alone, never for each datagram. */

/* @kept: the table of the values of others, which has the properties "n-values" and
 * "n-bytes". @publisher: of what is shared here. The time since this call is the first
 * counter. */
BytestagStatistics *bytestag_statistics_new          (BytestagNetwork     *network,
                                                      BytestagKvpTable    *kept,
                                                      BytestagPublisher   *publisher);
/* Reads every number now. */
void                bytestag_statistics_refresh      (BytestagStatistics  *self);
/* Refreshes now and 4 times a second, until bytestag_statistics_unwatch() has been
 * called as often: what nobody looks at costs nothing. */
void                bytestag_statistics_watch        (BytestagStatistics  *self);
void                bytestag_statistics_unwatch      (BytestagStatistics  *self);
/* (element-type BytestagCounter) (transfer none) always the same, in order. */
GListModel         *bytestag_statistics_get_counters (BytestagStatistics  *self);
/* (element-type BytestagCounter) (transfer none) the reasons for which datagrams were
 * dropped, named by bytestag_drop_to_string(); those that never happened are not in it. */
GListModel         *bytestag_statistics_get_drops    (BytestagStatistics  *self);

/* The name of a counter for machines, its words and what it counts; NULL past the last. */
const char         *bytestag_statistics_describe     (guint                number,
                                                      const char         **label,
                                                      BytestagCounterKind *kind);

G_END_DECLS
