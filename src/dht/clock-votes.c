/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "dht/network-private.h"

/* Whether our clock is right, as peers see it (B.5). What a peer's clock says is kept
 * as its distance from our uptime, which nobody sets: so a clock that a person sets
 * shows at once, before anything is dropped by it. */

/* Whose vote it is: a private peer's own, since a home has one network. */
static void
get_voter (const BytestagEndpoint *from,
           BytestagEndpoint       *voter)
{
  if (!bytestag_endpoint_get_network (from, FALSE, voter))
    *voter = *from;
}

void
_bytestag_clock_votes_add (BytestagClockVotes     *self,
                           const BytestagEndpoint *from,
                           gint64                  seconds,
                           gint64                  now)
{
  BytestagClockVote vote;
  guint place;

  /* Whoever says so has no clock. */
  if (seconds <= 0 || seconds > BYTESTAG_LIMIT_LATEST_SECOND)
    return;

  get_voter (from, &vote.voter);
  vote.offset = seconds * G_USEC_PER_SEC - now;

  for (place = 0; place < self->n; place++)
    if (bytestag_endpoint_equal (&self->votes[place].voter, &vote.voter))
      break;

  if (place == self->n)
    {
      place = self->next;
      self->next = (self->next + 1) % BYTESTAG_LIMIT_CLOCK_VOTES;
      self->n = MIN (self->n + 1, BYTESTAG_LIMIT_CLOCK_VOTES);
    }
  self->votes[place] = vote;
}

static int
compare_differences (const void *a,
                     const void *b)
{
  gint64 difference_a = *(const gint64 *) a;
  gint64 difference_b = *(const gint64 *) b;

  return (difference_a > difference_b) - (difference_a < difference_b);
}

gint64
_bytestag_clock_votes_get_difference (const BytestagClockVotes *self,
                                      gint64                    now,
                                      gint64                    wall)
{
  gint64 differences[BYTESTAG_LIMIT_CLOCK_VOTES];
  guint n = 0;

  for (guint i = 0; i < self->n; i++)
    {
      gint64 difference = wall - (now + self->votes[i].offset);

      if (ABS (difference) > BYTESTAG_LIMIT_CLOCK_TOLERANCE * G_USEC_PER_SEC)
        differences[n++] = difference;
    }

  /* Also the greater part of all, so that a few liars stop nothing. */
  if (n <= BYTESTAG_LIMIT_CLOCK_TOO_FEW_VOTES || 2 * n <= self->n)
    return 0;

  qsort (differences, n, sizeof differences[0], compare_differences);
  return differences[n / 2] / G_USEC_PER_SEC;
}
