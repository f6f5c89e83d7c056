/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* Time-outs of B.5, µs. */
#define UNMET_FIRST (500 * 1000)
#define UNMET_MIN (250 * 1000)
#define UNMET_MAX (1000 * 1000)
/* A known node on the same machine answers within microseconds, but only when
 * its turn comes. */
#define KNOWN_MIN (50 * 1000)
/* Fewer round trips say nothing of the slowest twentieth. */
#define ENOUGH 8

void
_bytestag_round_trips_add (BytestagRoundTrips *self,
                           gint64              rtt)
{
  self->microseconds[self->next] = (guint32) CLAMP (rtt, 0, G_MAXUINT32);
  self->next = (self->next + 1) % BYTESTAG_N_ROUND_TRIPS;
  self->n = MIN (self->n + 1, BYTESTAG_N_ROUND_TRIPS);
}

gint64
_bytestag_round_trips_get_percentile (const BytestagRoundTrips *self,
                                      guint                     percent)
{
  guint32 sorted[BYTESTAG_N_ROUND_TRIPS];

  if (self->n == 0)
    return -1;

  for (guint i = 0; i < self->n; i++)
    {
      guint j = i;

      for (; j > 0 && sorted[j - 1] > self->microseconds[i]; j--)
        sorted[j] = sorted[j - 1];
      sorted[j] = self->microseconds[i];
    }

  return sorted[(self->n - 1) * percent / 100];
}

gint64
_bytestag_round_trips_get_unmet_timeout (const BytestagRoundTrips *self)
{
  if (self->n < ENOUGH)
    return UNMET_FIRST;

  return CLAMP (_bytestag_round_trips_get_percentile (self, 95) * 5 / 4, UNMET_MIN, UNMET_MAX);
}

gint64
_bytestag_round_trips_get_known_timeout (gint64 rtt,
                                         gint64 deviation)
{
  return MAX (rtt + rtt / 2 + 4 * MAX (deviation, 0), KNOWN_MIN);
}

gint64
bytestag_network_get_round_trip (BytestagNetwork *self,
                                 guint            percent)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), -1);
  g_return_val_if_fail (percent <= 100, -1);

  return _bytestag_round_trips_get_percentile (&self->round_trips, percent);
}
