/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/token-bucket.h"

#include <math.h>

/* Who waits as long as _wait() says must then get its tokens, whatever the
 * rounding of sums of fractions did. */
#define ROUNDING 1e-6

void
bytestag_token_bucket_init (BytestagTokenBucket *self,
                            gdouble rate,
                            gdouble burst,
                            gint64 now)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (rate >= 0 && burst >= 0);

  *self = (BytestagTokenBucket) { .rate = rate, .burst = burst, .tokens = burst, .updated = now };
}

static void
refill (BytestagTokenBucket *self,
        gint64 now)
{
  if (now <= self->updated)
    return;

  self->tokens += self->rate * ((gdouble) (now - self->updated) / G_USEC_PER_SEC);
  self->tokens = MIN (self->tokens, self->burst);
  self->updated = now;
}

gboolean
bytestag_token_bucket_take (BytestagTokenBucket *self,
                            gdouble cost,
                            gint64 now)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (cost >= 0, FALSE);

  refill (self, now);
  if (self->tokens + ROUNDING < cost)
    return FALSE;
  self->tokens = MAX (self->tokens - cost, 0);
  return TRUE;
}

gint64
bytestag_token_bucket_wait (BytestagTokenBucket *self,
                            gdouble cost,
                            gint64 now)
{
  g_return_val_if_fail (self != NULL, G_MAXINT64);
  g_return_val_if_fail (cost >= 0, G_MAXINT64);

  refill (self, now);
  if (self->tokens + ROUNDING >= cost)
    return 0;
  if (cost > self->burst || self->rate <= 0)
    return G_MAXINT64;
  return (gint64) ceil ((cost - self->tokens) / self->rate * G_USEC_PER_SEC);
}
