/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/own-address.h"

#include <gio/gio.h>

#include "core/limits.h"

/* A contact that was there so long will likely stay (B.3 "Link"); µs. */
#define TRUSTED_AGE (G_GINT64_CONSTANT (24) * 3600 * G_USEC_PER_SEC)

/* Never sent to (RFC 5737): connecting a UDP socket only asks which way one would go. */
#define SOME_PUBLIC_ADDRESS "192.0.2.1"

static gboolean
is_unspecified (const BytestagEndpoint *endpoint)
{
  static const guint8 zeros[sizeof endpoint->address];

  return memcmp (endpoint->address, zeros, sizeof zeros) == 0;
}

static gboolean
find_outgoing (BytestagEndpoint *address)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP,
                                             NULL);
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string (SOME_PUBLIC_ADDRESS, 9);
  g_autoptr (GSocketAddress) local = NULL;
  g_autofree char *host = NULL;

  if (socket == NULL || !g_socket_connect (socket, remote, NULL, NULL))
    return FALSE;

  local = g_socket_get_local_address (socket, NULL);
  if (local == NULL)
    return FALSE;

  host = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)));
  return bytestag_endpoint_set_host (address, host, -1, address->port) && !is_unspecified (address);
}

void
bytestag_own_address_choose (BytestagNetwork  *network,
                             BytestagEndpoint *address)
{
  guint16 port;

  g_return_if_fail (BYTESTAG_IS_NETWORK (network));

  if (bytestag_network_get_seen_address (network, address))
    return;

  bytestag_network_get_address (network, address);
  port = address->port;
  if (is_unspecified (address) && !find_outgoing (address))
    bytestag_endpoint_set_host (address, "127.0.0.1", -1, port);
}

static gboolean
will_stay (BytestagNode *node,
           gboolean      private_network,
           gint64        now)
{
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);

  if (bytestag_node_get_state (node) != BYTESTAG_NODE_GOOD)
    return FALSE;
  if (bytestag_endpoint_is_private (endpoint))
    return private_network;

  return now - bytestag_node_get_first_seen (node) >= TRUSTED_AGE;
}

static int
compare_age (gconstpointer a,
             gconstpointer b)
{
  gint64 one = bytestag_node_get_first_seen (*(BytestagNode **) a);
  gint64 other = bytestag_node_get_first_seen (*(BytestagNode **) b);

  return (one > other) - (one < other);
}

char **
bytestag_link_peers_choose (BytestagNetwork *network)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *own_text = NULL;
  BytestagRoutingTable *table;
  BytestagEndpoint own;
  gint64 now;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  bytestag_own_address_choose (network, &own);
  own_text = bytestag_endpoint_to_string (&own);
  g_strv_builder_add (builder, own_text);

  now = bytestag_reactor_get_time (bytestag_network_get_reactor (network));
  table = bytestag_network_get_routing_table (network);
  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (table, i);

      for (guint j = 0; bucket != NULL && j < bytestag_bucket_get_n_nodes (bucket); j++)
        {
          BytestagNode *node = bytestag_bucket_peek (bucket, j);

          if (will_stay (node, bytestag_endpoint_is_private (&own), now))
            g_ptr_array_add (nodes, g_object_ref (node));
        }
    }
  g_ptr_array_sort (nodes, compare_age);

  for (guint i = 0; i < nodes->len && i + 1 < BYTESTAG_LIMIT_LINK_PEERS; i++)
    {
      g_autofree char *text =
        bytestag_endpoint_to_string (bytestag_node_get_endpoint (g_ptr_array_index (nodes, i)));

      g_strv_builder_add (builder, text);
    }

  return g_strv_builder_end (builder);
}
