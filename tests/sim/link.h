/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

/* Copies of one datagram that may arrive. */
#define BYTESTAG_SIM_LINK_COPIES 2

/* Whether nothing gets from @from to @to now. The other way may be open. */
typedef gboolean (*BytestagSimLinkCutFunc) (const BytestagEndpoint *from,
                                            const BytestagEndpoint *to,
                                            gpointer                user_data);

/**
 * BytestagSimLink:
 * @seed: of the latencies
 * @median, @sigma: of the round trips of all pairs of hosts, which are log-normal;
 *   µs. A @sigma of 0: all the same
 * @jitter: a datagram takes up to this share of its pair's latency longer
 * @lost, @doubled, @late: how many of 1,000 datagrams are. One that is late takes up
 *   to 4 latencies, so that others overtake it
 * @largest: bytes of the largest datagram that gets through; 0: any
 * @is_cut: (nullable)
 *
 * What happens to datagrams between two ends: the same for all pairs but for the
 * latency, which is a pair's own, in both directions, and lives in no memory.
 */
typedef struct {
  guint64 seed;
  gint64 median;
  gdouble sigma;
  gdouble jitter;
  guint lost, doubled, late;
  gsize largest;
  BytestagSimLinkCutFunc is_cut;
  gpointer cut_data;
} BytestagSimLink;

/* 80 ms, sigma 0.8, and nothing else amiss. */
void   bytestag_sim_link_init        (BytestagSimLink        *self,
                                      guint64                 seed);
/* µs, one way, half the round trip; ports do not matter. */
gint64 bytestag_sim_link_get_latency (const BytestagSimLink  *self,
                                      const BytestagEndpoint *a,
                                      const BytestagEndpoint *b);
/* Throws the dice for one datagram. Returns how many copies arrive, and writes
 * after how many µs each does. */
guint  bytestag_sim_link_carry       (const BytestagSimLink  *self,
                                      BytestagRng            *rng,
                                      const BytestagEndpoint *from,
                                      const BytestagEndpoint *to,
                                      gsize                   length,
                                      gint64                  delays[BYTESTAG_SIM_LINK_COPIES]);

G_END_DECLS
