/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "dht/network-private.h"

/* Peers of distinct networks that must agree (B.1). */
#define ENOUGH_VOTES 3

/* Whose vote it is: the /16 of a public voter (IPv6: /32), so that one owner of
 * many addresses has one; private peers vote each for itself (B.5). */
static void
mask_voter (BytestagEndpoint       *network,
            const BytestagEndpoint *voter)
{
  gsize kept = voter->family == BYTESTAG_FAMILY_IPV6 ? 4 : 2;

  *network = *voter;
  if (bytestag_endpoint_is_private (voter))
    return;

  network->port = 0;
  memset (network->address + kept, 0, sizeof network->address - kept);
}

static void
count_votes (BytestagVotes *self)
{
  self->believed = FALSE;

  /* From the newest on: after a change of address the new one wins as soon as
   * enough peers have seen it. */
  for (guint i = 0; i < self->n && !self->believed; i++)
    {
      guint newest = (self->next + BYTESTAG_LIMIT_ADDRESS_VOTES - 1 - i) % BYTESTAG_LIMIT_ADDRESS_VOTES;
      const BytestagEndpoint *address = &self->votes[newest].address;
      guint n_votes = 0;

      for (guint j = 0; j < self->n; j++)
        n_votes += bytestag_endpoint_equal (address, &self->votes[j].address);

      if (n_votes >= ENOUGH_VOTES)
        {
          self->believed = TRUE;
          self->address = *address;
        }
    }
}

void
_bytestag_votes_add (BytestagVotes          *self,
                     const BytestagEndpoint *voter,
                     const BytestagEndpoint *address)
{
  BytestagVote vote = { .address = *address };

  if (!bytestag_endpoint_is_usable (address))
    return;

  mask_voter (&vote.voter, voter);

  for (guint i = 0; i < self->n; i++)
    if (bytestag_endpoint_equal (&self->votes[i].voter, &vote.voter))
      {
        if (!bytestag_endpoint_equal (&self->votes[i].address, address))
          {
            self->votes[i] = vote;
            count_votes (self);
          }
        return;
      }

  self->votes[self->next] = vote;
  self->next = (self->next + 1) % BYTESTAG_LIMIT_ADDRESS_VOTES;
  self->n = MIN (self->n + 1, BYTESTAG_LIMIT_ADDRESS_VOTES);
  count_votes (self);
}
