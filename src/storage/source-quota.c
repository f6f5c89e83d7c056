/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/source-quota.h"

#include <string.h>

#include "core/limits.h"
#include "storage/slab.h"
#include "storage/sorted-numbers.h"

typedef struct
{
  BytestagEndpoint address; /* port 0 */
  guint32 network;
  guint64 charge;
  guint32 n_values;
} Source;

typedef struct
{
  BytestagEndpoint network; /* or what stands alone: a private address, or none */
  guint32 n_sources;
  guint64 charge;
} Network;

struct _BytestagSourceQuota
{
  gboolean limits_private;
  BytestagSlab sources;
  BytestagSlab networks;
  BytestagSortedNumbers *by_address; /* sources */
  BytestagSortedNumbers *by_network; /* networks */
  BytestagSortedNumbers *by_charge;  /* networks: fewest bytes first */
};

static Source *
get_source (BytestagSourceQuota *self, guint32 number)
{
  return bytestag_slab_get (&self->sources, number);
}

static Network *
get_network (BytestagSourceQuota *self, guint32 number)
{
  return bytestag_slab_get (&self->networks, number);
}

static int
compare_endpoints (const BytestagEndpoint *a, const BytestagEndpoint *b)
{
  return memcmp (a, b, sizeof (BytestagEndpoint));
}

static int
compare_addresses (gconstpointer probe, guint32 number, gpointer user_data)
{
  return compare_endpoints (probe, &get_source (user_data, number)->address);
}

static int
compare_networks (gconstpointer probe, guint32 number, gpointer user_data)
{
  return compare_endpoints (probe, &get_network (user_data, number)->network);
}

static int
compare_charges (gconstpointer probe, guint32 number, gpointer user_data)
{
  const Network *a = probe;
  const Network *b = get_network (user_data, number);

  if (a->charge != b->charge)
    return a->charge < b->charge ? -1 : 1;

  return compare_endpoints (&a->network, &b->network);
}

BytestagSourceQuota *
bytestag_source_quota_new (void)
{
  BytestagSourceQuota *self = g_new0 (BytestagSourceQuota, 1);

  bytestag_slab_init (&self->sources, sizeof (Source));
  bytestag_slab_init (&self->networks, sizeof (Network));
  self->by_address = bytestag_sorted_numbers_new (compare_addresses, self);
  self->by_network = bytestag_sorted_numbers_new (compare_networks, self);
  self->by_charge = bytestag_sorted_numbers_new (compare_charges, self);

  return self;
}

void
bytestag_source_quota_free (BytestagSourceQuota *self)
{
  bytestag_sorted_numbers_free (self->by_charge);
  bytestag_sorted_numbers_free (self->by_network);
  bytestag_sorted_numbers_free (self->by_address);
  bytestag_slab_clear (&self->networks);
  bytestag_slab_clear (&self->sources);
  g_free (self);
}

void
bytestag_source_quota_set_limits_private (BytestagSourceQuota *self, gboolean limits_private)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (bytestag_sorted_numbers_get_n (self->by_address) == 0);

  self->limits_private = limits_private;
}

/* Private addresses stand each for itself, as in votes: a home has one network. */
static void
get_network_of (BytestagSourceQuota *self, const BytestagEndpoint *endpoint, BytestagEndpoint *network)
{
  if (bytestag_endpoint_get_network (endpoint, self->limits_private, network))
    return;

  *network = *endpoint;
  network->port = 0;
}

static guint32
find_network (BytestagSourceQuota *self, const BytestagEndpoint *endpoint)
{
  BytestagEndpoint network;

  get_network_of (self, endpoint, &network);

  return bytestag_sorted_numbers_find (self->by_network, &network);
}

static guint32
find_source (BytestagSourceQuota *self, const BytestagEndpoint *endpoint)
{
  BytestagEndpoint address = *endpoint;

  address.port = 0;

  return bytestag_sorted_numbers_find (self->by_address, &address);
}

static guint32
hold_network (BytestagSourceQuota *self, const BytestagEndpoint *endpoint)
{
  guint32 number = find_network (self, endpoint);
  Network *network;

  if (number == BYTESTAG_SORTED_NONE)
    {
      number = bytestag_slab_add (&self->networks);
      network = get_network (self, number);
      get_network_of (self, endpoint, &network->network);
      bytestag_sorted_numbers_add (self->by_network, &network->network, number);
      bytestag_sorted_numbers_add (self->by_charge, network, number);
    }
  get_network (self, number)->n_sources++;

  return number;
}

guint32
bytestag_source_quota_hold (BytestagSourceQuota *self, const BytestagEndpoint *endpoint)
{
  guint32 number = find_source (self, endpoint);
  Source *source;

  if (number == BYTESTAG_SORTED_NONE)
    {
      number = bytestag_slab_add (&self->sources);
      source = get_source (self, number);
      source->address = *endpoint;
      source->address.port = 0;
      source->network = hold_network (self, endpoint);
      bytestag_sorted_numbers_add (self->by_address, &source->address, number);
    }
  get_source (self, number)->n_values++;

  return number;
}

static void
release_network (BytestagSourceQuota *self, guint32 number)
{
  Network *network = get_network (self, number);

  if (--network->n_sources > 0)
    return;

  bytestag_sorted_numbers_remove (self->by_charge, network);
  bytestag_sorted_numbers_remove (self->by_network, &network->network);
  bytestag_slab_free (&self->networks, number);
}

void
bytestag_source_quota_release (BytestagSourceQuota *self, guint32 number)
{
  Source *source = get_source (self, number);

  g_return_if_fail (source->n_values > 0);

  if (--source->n_values > 0)
    return;

  release_network (self, source->network);
  bytestag_sorted_numbers_remove (self->by_address, &source->address);
  bytestag_slab_free (&self->sources, number);
}

void
bytestag_source_quota_get_endpoint (BytestagSourceQuota *self, guint32 source, BytestagEndpoint *endpoint)
{
  *endpoint = get_source (self, source)->address;
}

guint32
bytestag_source_quota_get_network (BytestagSourceQuota *self, guint32 source)
{
  return get_source (self, source)->network;
}

void
bytestag_source_quota_charge (BytestagSourceQuota *self, guint32 number, gint64 charge)
{
  Source *source = get_source (self, number);
  Network *network = get_network (self, source->network);

  /* Unsigned sums wrap, and so go down as well as up. */
  source->charge += (guint64) charge;
  bytestag_sorted_numbers_remove (self->by_charge, network);
  network->charge += (guint64) charge;
  bytestag_sorted_numbers_add (self->by_charge, network, source->network);
}

static gboolean
fits (guint64 taken, guint64 charge, guint64 share)
{
  return taken <= share && charge <= share - taken;
}

gboolean
bytestag_source_quota_allows (BytestagSourceQuota    *self,
                              const BytestagEndpoint *endpoint,
                              guint64                 charge,
                              guint64                 capacity)
{
  guint32 network = find_network (self, endpoint);
  guint32 source = find_source (self, endpoint);
  guint64 percent = capacity / 100;

  if (endpoint->family == BYTESTAG_FAMILY_NONE
      || (!self->limits_private && bytestag_endpoint_is_private (endpoint)))
    return TRUE;

  return fits (source != BYTESTAG_SORTED_NONE ? get_source (self, source)->charge : 0, charge,
               percent * BYTESTAG_LIMIT_PERCENT_OF_ADDRESS)
         && fits (network != BYTESTAG_SORTED_NONE ? get_network (self, network)->charge : 0, charge,
                  percent * BYTESTAG_LIMIT_PERCENT_OF_NETWORK);
}

guint32
bytestag_source_quota_get_largest (BytestagSourceQuota *self)
{
  return bytestag_sorted_numbers_last (self->by_charge);
}
