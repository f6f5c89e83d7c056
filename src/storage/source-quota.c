/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/source-quota.h"

#include <string.h>

#include "core/limits.h"

/* Balanced trees, like those of the table: every step costs the logarithm of their
 * sizes, whatever addresses and keys peers choose. */

typedef struct
{
  BytestagEndpoint address; /* port 0 */
  guint64 charge;
  guint n_values;
} Address;

typedef struct
{
  BytestagEndpoint network; /* or what stands alone: a private address, or none */
  guint64 charge;
  GTree *values;            /* (element-type BytestagKvpRecord) nearest to the center first; borrowed */
} Network;

struct _BytestagSourceQuota
{
  BytestagKey center;
  gboolean limits_private;
  GTree *addresses; /* (element-type Address) by address; owns them */
  GTree *networks;  /* (element-type Network) by network; owns them */
  GTree *by_charge; /* (element-type Network) fewest bytes first */
};

static int
compare_endpoints (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return memcmp (a, b, sizeof (BytestagEndpoint));
}

static int
compare_charges (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Network *network_a = a;
  const Network *network_b = b;

  if (network_a->charge != network_b->charge)
    return network_a->charge < network_b->charge ? -1 : 1;

  return compare_endpoints (&network_a->network, &network_b->network, NULL);
}

static int
compare_distances (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const BytestagSourceQuota *self = user_data;
  const BytestagKvpRecord *record_a = a;
  const BytestagKvpRecord *record_b = b;
  int order = bytestag_key_compare_distance (&self->center, &record_a->id.key, &record_b->id.key);

  return order != 0 ? order : bytestag_key_compare (&record_a->id.index, &record_b->id.index);
}

static void
network_free (gpointer data)
{
  Network *network = data;

  g_tree_unref (network->values);
  g_free (network);
}

BytestagSourceQuota *
bytestag_source_quota_new (void)
{
  BytestagSourceQuota *self = g_new0 (BytestagSourceQuota, 1);

  self->addresses = g_tree_new_full (compare_endpoints, NULL, NULL, g_free);
  self->networks = g_tree_new_full (compare_endpoints, NULL, NULL, network_free);
  self->by_charge = g_tree_new_full (compare_charges, NULL, NULL, NULL);

  return self;
}

void
bytestag_source_quota_free (BytestagSourceQuota *self)
{
  g_tree_unref (self->by_charge);
  g_tree_unref (self->networks);
  g_tree_unref (self->addresses);
  g_free (self);
}

void
bytestag_source_quota_set_limits_private (BytestagSourceQuota *self, gboolean limits_private)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (g_tree_nnodes (self->networks) == 0);

  self->limits_private = limits_private;
}

static gboolean
move_to_tree_cb (gpointer key, gpointer value, gpointer user_data)
{
  g_tree_insert (user_data, key, value);

  return FALSE;
}

void
bytestag_source_quota_set_center (BytestagSourceQuota *self, const BytestagKey *center)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (center != NULL);

  /* The new trees are sorted by the new center, and the old ones only walked. */
  self->center = *center;
  for (GTreeNode *node = g_tree_node_first (self->networks); node != NULL; node = g_tree_node_next (node))
    {
      Network *network = g_tree_node_value (node);
      GTree *values = g_tree_new_full (compare_distances, self, NULL, NULL);

      g_tree_foreach (network->values, move_to_tree_cb, values);
      g_tree_unref (network->values);
      network->values = values;
    }
}

/* Private addresses stand each for itself, as in votes: a home has one network. */
static void
get_network (BytestagSourceQuota *self, const BytestagEndpoint *source, BytestagEndpoint *network)
{
  if (bytestag_endpoint_get_network (source, self->limits_private, network))
    return;

  *network = *source;
  network->port = 0;
}

static Network *
find_network (BytestagSourceQuota *self, const BytestagEndpoint *source)
{
  BytestagEndpoint network;

  get_network (self, source, &network);

  return g_tree_lookup (self->networks, &network);
}

static Address *
find_address (BytestagSourceQuota *self, const BytestagEndpoint *source)
{
  BytestagEndpoint address = *source;

  address.port = 0;

  return g_tree_lookup (self->addresses, &address);
}

void
bytestag_source_quota_add (BytestagSourceQuota *self, const BytestagKvpRecord *record, guint64 charge)
{
  Network *network = find_network (self, &record->source);
  Address *address = find_address (self, &record->source);

  if (network == NULL)
    {
      network = g_new0 (Network, 1);
      get_network (self, &record->source, &network->network);
      network->values = g_tree_new_full (compare_distances, self, NULL, NULL);
      g_tree_insert (self->networks, &network->network, network);
    }
  else
    {
      g_tree_remove (self->by_charge, network);
    }
  if (address == NULL)
    {
      address = g_new0 (Address, 1);
      address->address = record->source;
      address->address.port = 0;
      g_tree_insert (self->addresses, &address->address, address);
    }

  address->charge += charge;
  address->n_values++;
  network->charge += charge;
  g_tree_insert (network->values, (gpointer) record, (gpointer) record);
  g_tree_insert (self->by_charge, network, network);
}

void
bytestag_source_quota_remove (BytestagSourceQuota *self, const BytestagKvpRecord *record, guint64 charge)
{
  Network *network = find_network (self, &record->source);
  Address *address = find_address (self, &record->source);

  g_return_if_fail (network != NULL && address != NULL);

  address->charge -= charge;
  if (--address->n_values == 0)
    g_tree_remove (self->addresses, &address->address);

  g_tree_remove (self->by_charge, network);
  g_tree_remove (network->values, record);
  network->charge -= charge;
  if (g_tree_nnodes (network->values) == 0)
    g_tree_remove (self->networks, &network->network);
  else
    g_tree_insert (self->by_charge, network, network);
}

static gboolean
fits (guint64 taken, guint64 charge, guint64 share)
{
  return taken <= share && charge <= share - taken;
}

gboolean
bytestag_source_quota_allows (BytestagSourceQuota     *self,
                              const BytestagKvpRecord *offer,
                              guint64                  charge,
                              guint64                  capacity)
{
  const Network *network = find_network (self, &offer->source);
  const Address *address = find_address (self, &offer->source);
  guint64 percent = capacity / 100;

  if (offer->source.family == BYTESTAG_FAMILY_NONE
      || (!self->limits_private && bytestag_endpoint_is_private (&offer->source)))
    return TRUE;

  return fits (address != NULL ? address->charge : 0, charge, percent * BYTESTAG_LIMIT_PERCENT_OF_ADDRESS)
         && fits (network != NULL ? network->charge : 0, charge, percent * BYTESTAG_LIMIT_PERCENT_OF_NETWORK);
}

/* What @node holds, if it is farther than @offer. */
static const BytestagKvpRecord *
get_farther (BytestagSourceQuota *self, GTreeNode *node, const BytestagKvpRecord *offer)
{
  const BytestagKvpRecord *record = node != NULL ? g_tree_node_key (node) : NULL;

  if (record == NULL
      || bytestag_key_compare_distance (&self->center, &record->id.key, &offer->id.key) <= 0)
    return NULL;

  return record;
}

const BytestagKvpRecord *
bytestag_source_quota_pick (BytestagSourceQuota *self, const BytestagKvpRecord *offer)
{
  GTreeNode *node = g_tree_node_last (self->by_charge);
  Network *network;

  if (node == NULL)
    return NULL;

  network = g_tree_node_value (node);

  return get_farther (self, g_tree_node_last (network->values), offer);
}

const BytestagKvpRecord *
bytestag_source_quota_pick_next (BytestagSourceQuota     *self,
                                 const BytestagKvpRecord *record,
                                 const BytestagKvpRecord *offer)
{
  Network *network = find_network (self, &record->source);
  GTreeNode *node = g_tree_lookup_node (network->values, record);

  return get_farther (self, g_tree_node_previous (node), offer);
}
