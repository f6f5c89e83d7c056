/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* Who may make us do what (B.5): who has proven its address, how often an address that
 * has not is sent something, and how much a network may ask of us. */

void
_bytestag_guard_init (BytestagGuard *self,
                      gint64         now)
{
  self->proven = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_PROVEN_ENDPOINTS, sizeof (gint64));
  self->answered = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_ANSWERED_ENDPOINTS, sizeof (gint64));
  self->proofs = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_PROVING_ADDRESSES, sizeof (gint64));
  self->unproven_hosts = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_UNPROVEN_HOSTS, sizeof (BytestagTokenBucket));
  self->rates = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_RATED_NETWORKS, sizeof (BytestagTokenBucket));
  bytestag_token_bucket_init (&self->proofs_rate, BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND,
                              BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND, now);
  bytestag_token_bucket_init (&self->total_rate, BYTESTAG_LIMIT_REQUESTS_PER_SECOND,
                              BYTESTAG_LIMIT_REQUESTS_BURST, now);
}

void
_bytestag_guard_clear (BytestagGuard *self)
{
  g_clear_pointer (&self->proven, bytestag_endpoint_cache_free);
  g_clear_pointer (&self->answered, bytestag_endpoint_cache_free);
  g_clear_pointer (&self->proofs, bytestag_endpoint_cache_free);
  g_clear_pointer (&self->unproven_hosts, bytestag_endpoint_cache_free);
  g_clear_pointer (&self->rates, bytestag_endpoint_cache_free);
}

/* When something happened last at an endpoint */

static void
note_time (BytestagEndpointCache  *times,
           const BytestagEndpoint *endpoint,
           gint64                  now)
{
  *(gint64 *) bytestag_endpoint_cache_use (times, endpoint, NULL) = now;
}

/* Whether it happened, less than @span µs ago. */
static gboolean
is_recent (BytestagEndpointCache  *times,
           const BytestagEndpoint *endpoint,
           gint64                  now,
           gint64                  span)
{
  const gint64 *time = bytestag_endpoint_cache_peek (times, endpoint);

  return time != NULL && now - *time < span;
}

/* Proof of an address */

void
_bytestag_guard_prove (BytestagGuard          *self,
                       const BytestagEndpoint *from,
                       gint64                  now)
{
  note_time (self->proven, from, now);
}

gboolean
_bytestag_guard_is_proven (BytestagGuard          *self,
                           const BytestagEndpoint *from,
                           gint64                  now)
{
  return is_recent (self->proven, from, now, BYTESTAG_LIMIT_PROVEN_US);
}

/* Half of the time that we take a proof for good: others may have another clock. */
#define KNOWN_TO_OTHERS (BYTESTAG_LIMIT_PROVEN_US / 2)

void
_bytestag_guard_answered (BytestagGuard          *self,
                          const BytestagEndpoint *to,
                          gint64                  now)
{
  note_time (self->answered, to, now);
}

gboolean
_bytestag_guard_is_stranger_to (BytestagGuard          *self,
                                const BytestagEndpoint *to,
                                gint64                  now)
{
  return !is_recent (self->answered, to, now, KNOWN_TO_OTHERS);
}

/* Whether rules by host or network count this one. */
static gboolean
is_limited (BytestagGuard          *self,
            const BytestagEndpoint *endpoint)
{
  return self->limits_private || !bytestag_endpoint_is_private (endpoint);
}

/* An IPv6 host has all of its /64. */
static BytestagEndpoint
get_host (const BytestagEndpoint *endpoint)
{
  BytestagEndpoint host = *endpoint;

  host.port = 0;
  if (endpoint->family == BYTESTAG_FAMILY_IPV6)
    bytestag_endpoint_get_network (endpoint, TRUE, &host);
  return host;
}

static gboolean
take_of_host (BytestagGuard          *self,
              const BytestagEndpoint *endpoint,
              gint64                  now)
{
  BytestagEndpoint host = get_host (endpoint);
  BytestagTokenBucket *bucket;
  gboolean is_new;

  bucket = bytestag_endpoint_cache_use (self->unproven_hosts, &host, &is_new);
  if (is_new)
    bytestag_token_bucket_init (bucket, BYTESTAG_LIMIT_UNPROVEN_OF_HOST_PER_MINUTE / 60.0,
                                BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST, now);
  return bytestag_token_bucket_take (bucket, 1, now);
}

gboolean
_bytestag_guard_take_unproven (BytestagGuard          *self,
                               const BytestagEndpoint *to,
                               gint64                  now)
{
  return !is_limited (self, to) || _bytestag_guard_is_proven (self, to, now) || take_of_host (self, to, now);
}

gboolean
_bytestag_guard_can_ping (BytestagGuard          *self,
                          const BytestagEndpoint *to,
                          gint64                  now)
{
  BytestagEndpoint host = get_host (to);
  BytestagTokenBucket *bucket;

  if (is_recent (self->proofs, to, now, BYTESTAG_LIMIT_PROVING_INTERVAL_US))
    return FALSE;
  if (!is_limited (self, to))
    return TRUE;

  /* Only looks: an entry for whoever is not pinged would push out those that are. */
  bucket = bytestag_endpoint_cache_peek (self->unproven_hosts, &host);
  return bytestag_token_bucket_wait (&self->proofs_rate, 1, now) == 0 &&
         (bucket == NULL || bytestag_token_bucket_wait (bucket, 1, now) == 0);
}

void
_bytestag_guard_take_ping (BytestagGuard          *self,
                           const BytestagEndpoint *to,
                           gint64                  now)
{
  if (is_limited (self, to))
    {
      take_of_host (self, to, now);
      bytestag_token_bucket_take (&self->proofs_rate, 1, now);
    }
  note_time (self->proofs, to, now);
}

/* Rates */

/* (nullable) NULL for networks without a limit. */
static BytestagTokenBucket *
get_network_bucket (BytestagGuard          *self,
                    const BytestagEndpoint *from,
                    gint64                  now)
{
  BytestagEndpoint network;
  BytestagTokenBucket *bucket;
  gboolean is_new;

  if (!bytestag_endpoint_get_network (from, self->limits_private, &network))
    return NULL;

  bucket = bytestag_endpoint_cache_use (self->rates, &network, &is_new);
  if (is_new)
    bytestag_token_bucket_init (bucket, BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_PER_SECOND,
                                BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST, now);
  return bucket;
}

gboolean
_bytestag_guard_is_flooding (BytestagGuard          *self,
                             const BytestagEndpoint *from,
                             gint64                  now)
{
  BytestagEndpoint network;
  BytestagTokenBucket *bucket;

  if (!bytestag_endpoint_get_network (from, self->limits_private, &network))
    return FALSE;

  bucket = bytestag_endpoint_cache_peek (self->rates, &network);
  return bucket != NULL && bytestag_token_bucket_wait (bucket, 1, now) > 0;
}

BytestagDrop
_bytestag_guard_take (BytestagGuard          *self,
                      const BytestagEndpoint *from,
                      gint64                  now)
{
  BytestagTokenBucket *bucket = get_network_bucket (self, from, now);

  if (bucket == NULL)
    return BYTESTAG_DROP_NONE;

  /* By network first, so that one that floods us uses up its own share alone. */
  if (!bytestag_token_bucket_take (bucket, 1, now))
    return BYTESTAG_DROP_NETWORK_RATE;

  /* Sources are forged by the thousand, but not those that answered us. */
  if (!_bytestag_guard_is_proven (self, from, now) && !bytestag_token_bucket_take (&self->total_rate, 1, now))
    return BYTESTAG_DROP_TOTAL_RATE;

  return BYTESTAG_DROP_NONE;
}
