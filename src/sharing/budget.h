/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What sharing costs: before, to decide; afterwards, to compare. Pure functions. */

/**
 * BytestagBudgetRates:
 * @bytes_per_byte: bytes that go out for each byte of a value that is sent
 * @bytes_per_store: bytes that go out for each value that is sent, beside those
 * @requests_per_store: requests for each value that is sent, which ask whether it is held then
 * @bytes_per_renewal: bytes that go out for each promise that is renewed
 * @bytes_per_check: bytes that go out for each spot check
 * @requests_per_look: requests for each piece of a pass, which asks who holds it
 * @n_pieces: of such a pass: where there are more, more of them share a request
 * @bytes_per_request: bytes that go out for each request for many keys
 * @looks_per_day: passes a day
 * @loss_per_hour: the share of holders that go within an hour, 0 to 1
 *
 * Bytes are those of our own datagrams; numbers of requests and the loss are what this node
 * found, or, before it has, what bytestag_budget_rates_init() takes for it.
 */
typedef struct {
  gdouble bytes_per_byte;
  gdouble bytes_per_store;
  gdouble requests_per_store;
  gdouble bytes_per_renewal;
  gdouble bytes_per_check;
  gdouble requests_per_look;
  gdouble n_pieces;
  gdouble bytes_per_request;
  gdouble looks_per_day;
  gdouble loss_per_hour;
} BytestagBudgetRates;

/**
 * BytestagBudgetPlan:
 * @n_pieces: values: parts, FileInfos, roots and pages
 * @n_bytes: of one copy of each
 * @n_copies: that are wanted of all pieces together
 * @n_bytes_of_copies: of these copies
 * @n_copies_there: of these, that others hold already
 * @n_bytes_there: of those
 * @upload_limit: bytes a second; 0: none
 * @on_time: seconds a day that the computer is on
 */
typedef struct {
  guint64 n_pieces;
  guint64 n_bytes;
  guint64 n_copies;
  guint64 n_bytes_of_copies;
  guint64 n_copies_there;
  guint64 n_bytes_there;
  guint64 upload_limit;
  guint on_time;
} BytestagBudgetPlan;

/**
 * BytestagBudgetVerdict:
 * @BYTESTAG_BUDGET_FITS: all of it can be kept
 * @BYTESTAG_BUDGET_PARTLY: only @share_kept of it
 * @BYTESTAG_BUDGET_NOTHING: the computer is never on
 */
typedef enum {
  BYTESTAG_BUDGET_FITS,
  BYTESTAG_BUDGET_PARTLY,
  BYTESTAG_BUDGET_NOTHING,
} BytestagBudgetVerdict;

#define BYTESTAG_TYPE_BUDGET_VERDICT (bytestag_budget_verdict_get_type ())
GType bytestag_budget_verdict_get_type (void) G_GNUC_CONST;

/**
 * BytestagBudget:
 * @initial_bytes: to be sent until all copies are there
 * @initial_seconds: of on-time that this takes within the limit, upkeep beside it
 *   included; 0: no limit; G_MAXUINT64: for ever
 * @upkeep_bytes: a day
 * @upkeep_requests: a day
 * @day_bytes: that may be sent in a day; G_MAXUINT64: no limit
 * @share_kept: 0 to 1: of the pieces, those whose upkeep fits
 */
typedef struct {
  guint64 initial_bytes;
  guint64 initial_seconds;
  guint64 upkeep_bytes;
  guint64 upkeep_requests;
  guint64 day_bytes;
  BytestagBudgetVerdict verdict;
  gdouble share_kept;
} BytestagBudget;

/* What is usual: of our own datagrams (protocol A.1), and a network whose nodes go as those
 * of other networks do. */
void    bytestag_budget_rates_init       (BytestagBudgetRates       *self);
/* What a publisher of @n_pieces pieces found: @n_looked looks of upkeep took @n_requests requests
 * (of what nobody holds yet nothing is missed, and fewer nodes are asked), and @n_stored values that
 * were sent took @n_confirming more. Nothing is learnt of nothing. What the node sent in all is no
 * measure: most of it may be what others asked for. */
void    bytestag_budget_rates_calibrate  (BytestagBudgetRates       *self,
                                          guint64                    n_pieces,
                                          guint64                    n_looked,
                                          guint64                    n_requests,
                                          guint64                    n_stored,
                                          guint64                    n_confirming);
/* Adds @n values of @size bytes each, of which @copies are wanted. Saturates. */
void    bytestag_budget_plan_add         (BytestagBudgetPlan        *self,
                                          guint64                    n,
                                          guint64                    size,
                                          guint                      copies);
void    bytestag_budget_compute          (const BytestagBudgetPlan  *plan,
                                          const BytestagBudgetRates *rates,
                                          BytestagBudget            *budget);

/* The chance that all of @copies go before the others are replaced, at least once within
 * @hours:
 *
 *   1 − (1 − qⁿ)ᵗ,  q = 1 − (1 − loss_per_hour)^I
 *
 * with n copies, and t intervals of replication, each of I hours (B.3: 1 at most), in @hours. */
gdouble bytestag_budget_get_risk         (gdouble                    loss_per_hour,
                                          guint                      copies,
                                          gdouble                    hours);
/* The least number of copies whose risk for @hours, the time until the publisher is there
 * again, is at most BYTESTAG_BUDGET_ACCEPTED_RISK; 1 to 20, which may be too few where
 * nodes stay a few hours only. */
guint   bytestag_budget_recommend_copies (gdouble                    loss_per_hour,
                                          gdouble                    hours);

/* One part of 1,000 may go: the others are what a person calls "available". */
#define BYTESTAG_BUDGET_ACCEPTED_RISK 0.001

G_END_DECLS
