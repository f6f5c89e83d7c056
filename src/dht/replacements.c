/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table-private.h"

#include <string.h>

/* The nodes that wait behind a full bucket. */

BytestagNode *
_bytestag_replacements_take (Replacements *replacements,
                             guint         index)
{
  BytestagNode *node = replacements->nodes[index];

  replacements->n_nodes--;
  memmove (replacements->nodes + index, replacements->nodes + index + 1,
           (replacements->n_nodes - index) * sizeof *replacements->nodes);
  return node;
}

void
_bytestag_routing_table_drop_replacement (BytestagRoutingTable *self,
                                          guint                 number,
                                          BytestagNode         *node)
{
  Replacements *replacements = self->replacements[number];
  guint8 family = bytestag_node_get_endpoint (node)->family;

  for (guint i = 0; replacements != NULL && i < replacements->n_nodes; i++)
    {
      BytestagNode *candidate = replacements->nodes[i];

      if (bytestag_node_get_endpoint (candidate)->family == family &&
          bytestag_key_equal (bytestag_node_get_key (candidate), bytestag_node_get_key (node)))
        {
          g_object_unref (_bytestag_replacements_take (replacements, i));
          return;
        }
    }
}

/* Makes room for @node: the oldest goes, or the oldest of its network when that has its
 * share, since no more of them could come in, and they would push out all others. */
static void
make_room (BytestagRoutingTable *self,
           Replacements         *replacements,
           BytestagNode         *node)
{
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);
  guint n_of_network = 0, oldest = 0;

  if (self->limits_private || !bytestag_endpoint_is_private (endpoint))
    {
      for (guint i = replacements->n_nodes; i > 0; i--)
        if (bytestag_endpoint_same_network (bytestag_node_get_endpoint (replacements->nodes[i - 1]), endpoint))
          {
            n_of_network++;
            oldest = i - 1;
          }
    }

  if (n_of_network >= BYTESTAG_LIMIT_NETWORK_IN_BUCKET)
    g_object_unref (_bytestag_replacements_take (replacements, oldest));
  else if (replacements->n_nodes == BYTESTAG_LIMIT_REPLACEMENTS)
    g_object_unref (_bytestag_replacements_take (replacements, 0));
}

void
_bytestag_routing_table_add_replacement (BytestagRoutingTable *self,
                                         guint                 number,
                                         BytestagNode         *node)
{
  Replacements *replacements;

  _bytestag_routing_table_drop_replacement (self, number, node);

  if (self->replacements[number] == NULL)
    self->replacements[number] = g_new0 (Replacements, 1);
  replacements = self->replacements[number];

  make_room (self, replacements, node);
  replacements->nodes[replacements->n_nodes++] = g_object_ref (node);
}
