/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/link.h"

#include <math.h>
#include <string.h>

#include "sim/mix.h"

#define PER_MILLE 1000
#define LATE_LATENCIES 4

void
bytestag_sim_link_init (BytestagSimLink *self,
                        guint64          seed)
{
  *self = (BytestagSimLink) {
    .seed = seed,
    .median = 80 * 1000,
    .sigma = 0.8,
  };
}

static guint64
get_host_bits (const BytestagEndpoint *endpoint)
{
  guint64 words[2];

  memcpy (words, endpoint->address, sizeof words);
  return bytestag_mix (words[0]) + words[1];
}

gint64
bytestag_sim_link_get_latency (const BytestagSimLink  *self,
                               const BytestagEndpoint *a,
                               const BytestagEndpoint *b)
{
  guint64 host_a = get_host_bits (a);
  guint64 host_b = get_host_bits (b);
  guint64 bits = bytestag_mix (bytestag_mix (self->seed + MIN (host_a, host_b)) + MAX (host_a, host_b));

  /* Box and Muller */
  gdouble u = (gdouble) ((bits >> 40) + 1) / (gdouble) (1 << 24);
  gdouble v = (gdouble) (bits & 0xffffff) / (gdouble) (1 << 24);
  gdouble normal = sqrt (-2 * log (u)) * cos (2 * G_PI * v);

  return MAX (1, (gint64) ((gdouble) self->median * exp (self->sigma * normal) / 2));
}

static gboolean
happens (BytestagRng *rng,
         guint        per_mille)
{
  return per_mille > 0 && bytestag_rng_range (rng, PER_MILLE) < per_mille;
}

/* A share of @interval, uniform in [0, @most). */
static gint64
draw_share (BytestagRng *rng,
            gint64       interval,
            gdouble      most)
{
  return (gint64) ((gdouble) interval * most * bytestag_rng_range (rng, PER_MILLE) / PER_MILLE);
}

static gint64
draw_delay (const BytestagSimLink *self,
            BytestagRng           *rng,
            gint64                 latency)
{
  gint64 delay = latency;

  if (self->jitter > 0)
    delay += draw_share (rng, latency, self->jitter);
  if (happens (rng, self->late))
    delay += draw_share (rng, latency, LATE_LATENCIES - 1);
  return delay;
}

guint
bytestag_sim_link_carry (const BytestagSimLink  *self,
                         BytestagRng            *rng,
                         const BytestagEndpoint *from,
                         const BytestagEndpoint *to,
                         gsize                   length,
                         gint64                  delays[BYTESTAG_SIM_LINK_COPIES])
{
  gint64 latency;

  if (self->largest > 0 && length > self->largest)
    return 0;
  if (self->is_cut != NULL && self->is_cut (from, to, self->cut_data))
    return 0;
  if (happens (rng, self->lost))
    return 0;

  latency = bytestag_sim_link_get_latency (self, from, to);
  delays[0] = draw_delay (self, rng, latency);
  if (!happens (rng, self->doubled))
    return 1;
  delays[1] = draw_delay (self, rng, latency);
  return 2;
}
