/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/budget.h"
#include "sharing/churn-meter.h"
#include "sharing/library.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_COSTS (bytestag_costs_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCosts, bytestag_costs, BYTESTAG, COSTS, GObject)

/* What sharing costs this computer, by what it has measured of itself and of how fast
 * other nodes go. Property, notified: "recommended-copies" (uint): such that a piece is
 * lost while this computer is off about once in a thousand; 0: not known yet. */
BytestagCosts *bytestag_costs_new                    (BytestagNetwork   *network,
                                                      BytestagPublisher *publisher,
                                                      GSettings         *settings);
/* Before sharing: of @n_files files of @size bytes together. */
void           bytestag_costs_estimate               (BytestagCosts     *self,
                                                      guint              n_files,
                                                      guint64            size,
                                                      BytestagBudget    *budget);
/* Of what is shared, less the copies that are there already. */
void           bytestag_costs_compute                (BytestagCosts     *self,
                                                      BytestagShare     *share,
                                                      BytestagBudget    *budget);
guint          bytestag_costs_get_recommended_copies (BytestagCosts     *self);
BytestagChurnMeter *bytestag_costs_get_churn_meter   (BytestagCosts     *self);

G_END_DECLS
