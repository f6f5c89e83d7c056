/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/types.h"

G_BEGIN_DECLS

/**
 * BytestagTokenBucket:
 * @rate: tokens a second
 * @burst: the most that are saved up
 *
 * A rate limit, by value; time is an argument.
 */
struct _BytestagTokenBucket
{
  gdouble rate;
  gdouble burst;
  gdouble tokens;
  gint64 updated; /* µs of the clock */
};

/* Full at the start. */
void     bytestag_token_bucket_init (BytestagTokenBucket *self,
                                     gdouble              rate,
                                     gdouble              burst,
                                     gint64               now);
/* Takes @cost tokens when there are as many, else none. @now: µs of the clock;
 * one that lies before the last call's counts as that. */
gboolean bytestag_token_bucket_take (BytestagTokenBucket *self,
                                     gdouble              cost,
                                     gint64               now);
/* µs until @cost tokens are there; 0: now; G_MAXINT64: never. */
gint64   bytestag_token_bucket_wait (BytestagTokenBucket *self,
                                     gdouble              cost,
                                     gint64               now);

G_END_DECLS
