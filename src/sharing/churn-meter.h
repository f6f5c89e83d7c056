/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"
#include "dht/routing-table.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_CHURN_METER (bytestag_churn_meter_get_type ())
G_DECLARE_FINAL_TYPE (BytestagChurnMeter, bytestag_churn_meter, BYTESTAG, CHURN_METER, GObject)

/* How fast nodes go, as seen from here: watches the contacts of a routing table, and counts
 * the hours for which they were known to live and those that fell silent for good (stale).
 * What is a day old counts half. A contact that is not asked is not known to live: its time
 * counts up to its last answer. When more fall silent than answer, it is we who are cut off,
 * and none of that counts. Properties, notified: "known" (boolean), "loss-per-hour"
 * (double). */
BytestagChurnMeter *bytestag_churn_meter_new               (BytestagReactor      *reactor,
                                                            BytestagRoutingTable *routing_table);
/* Whether enough was seen to say anything: BYTESTAG_LIMIT_CHURN_KNOWN_HOURS hours of contacts. */
gboolean            bytestag_churn_meter_is_known          (BytestagChurnMeter   *self);
/* The share of nodes that go within an hour, 0 to 1. One loss more than was seen is reckoned
 * with: from few hours rather too much. 0 unless known. */
gdouble             bytestag_churn_meter_get_loss_per_hour (BytestagChurnMeter   *self);
/* What was counted, to be kept over a restart: hours of contacts, and losses among them. */
void                bytestag_churn_meter_get_counts        (BytestagChurnMeter   *self,
                                                            gdouble              *hours,
                                                            gdouble              *losses);
/* Goes on from what an earlier run counted, @age seconds ago; what cannot be is ignored. */
void                bytestag_churn_meter_restore           (BytestagChurnMeter   *self,
                                                            gdouble               hours,
                                                            gdouble               losses,
                                                            gint64                age);

G_END_DECLS
