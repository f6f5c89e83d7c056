/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table-private.h"

#include <stdlib.h>
#include <string.h>

/* How many contacts of a routing table one network may be (B.5). */

static guint8 *
get_network_bound (BytestagRoutingTable   *self,
                   const BytestagEndpoint *endpoint)
{
  guint hash = endpoint->family;

  for (guint i = 0; i < (endpoint->family == BYTESTAG_FAMILY_IPV6 ? 8 : 3); i++)
    hash = hash * 31 + endpoint->address[i];
  return &self->network_bounds[hash % BYTESTAG_N_NETWORK_BOUNDS];
}

void
_bytestag_routing_table_add_to_bound (BytestagRoutingTable   *self,
                                      const BytestagEndpoint *endpoint)
{
  guint8 *bound = get_network_bound (self, endpoint);

  *bound = MIN (*bound + 1, G_MAXUINT8);
}

/* Contacts of the network of @endpoint. */
static guint
count_network (BytestagRoutingTable   *self,
               const BytestagEndpoint *endpoint)
{
  guint n_contacts = 0;

  memset (self->network_bounds, 0, sizeof self->network_bounds);
  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      guint n_nodes = self->buckets[number] != NULL ? bytestag_bucket_get_n_nodes (self->buckets[number]) : 0;

      for (guint slot = 0; slot < n_nodes; slot++)
        {
          BytestagNode *node = bytestag_bucket_peek (self->buckets[number], slot);

          _bytestag_routing_table_add_to_bound (self, bytestag_node_get_endpoint (node));
          n_contacts += bytestag_endpoint_same_network (bytestag_node_get_endpoint (node), endpoint);
        }
    }
  return n_contacts;
}

gboolean
_bytestag_routing_table_is_diverse (BytestagRoutingTable   *self,
                                    BytestagBucket         *bucket,
                                    const BytestagEndpoint *endpoint,
                                    BytestagNode           *leaving)
{
  guint n_leaving, n_in_bucket = 0;

  if (!self->limits_private && bytestag_endpoint_is_private (endpoint))
    return TRUE;

  n_leaving = leaving != NULL &&
              bytestag_endpoint_same_network (bytestag_node_get_endpoint (leaving), endpoint);
  for (guint slot = 0; bucket != NULL && slot < bytestag_bucket_get_n_nodes (bucket); slot++)
    n_in_bucket += bytestag_endpoint_same_network (
      bytestag_node_get_endpoint (bytestag_bucket_peek (bucket, slot)), endpoint);
  if (n_in_bucket - n_leaving >= BYTESTAG_LIMIT_NETWORK_IN_BUCKET)
    return FALSE;

  return *get_network_bound (self, endpoint) < BYTESTAG_LIMIT_NETWORK_IN_TABLE ||
         count_network (self, endpoint) - n_leaving < BYTESTAG_LIMIT_NETWORK_IN_TABLE;
}

static int
compare_endpoints (gconstpointer a,
                   gconstpointer b)
{
  return memcmp (a, b, sizeof (BytestagEndpoint));
}

/* The most of @networks, which are sorted for it, that are the same. */
static guint
count_most (BytestagEndpoint *networks,
            guint             n_networks)
{
  guint most = 0, run = 0;

  qsort (networks, n_networks, sizeof *networks, compare_endpoints);
  for (guint i = 0; i < n_networks; i++)
    {
      run = i > 0 && bytestag_endpoint_equal (&networks[i - 1], &networks[i]) ? run + 1 : 1;
      most = MAX (most, run);
    }
  return most;
}

/* No network has more than its share (B.5). */
void
_bytestag_routing_table_check_diversity (BytestagRoutingTable *self)
{
  g_autofree BytestagEndpoint *networks = g_new (BytestagEndpoint, self->num_contacts + 1);
  guint n_in_table = 0;

  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = self->buckets[number];
      guint n_in_bucket = 0;

      for (guint slot = 0; bucket != NULL && slot < bytestag_bucket_get_n_nodes (bucket); slot++)
        n_in_bucket += bytestag_endpoint_get_network (bytestag_node_get_endpoint (bytestag_bucket_peek (bucket, slot)),
                                                      self->limits_private, &networks[n_in_table + n_in_bucket]);
      g_assert (count_most (networks + n_in_table, n_in_bucket) <= BYTESTAG_LIMIT_NETWORK_IN_BUCKET);
      n_in_table += n_in_bucket;
    }
  g_assert (count_most (networks, n_in_table) <= BYTESTAG_LIMIT_NETWORK_IN_TABLE);
}
