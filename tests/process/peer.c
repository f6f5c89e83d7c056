/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node that prints its address and its id, and lives until its input ends. */
#include "config.h"

#include <gio/gio.h>
#include <glib-unix.h>

#include "process/udp-node.h"

static gboolean
input_cb (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  gboolean *over = user_data;

  *over = TRUE;
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (BytestagUdpNode) node = bytestag_udp_node_new ();
  g_autofree char *address = NULL;
  g_autofree char *id = NULL;
  BytestagEndpoint endpoint;
  gboolean over = FALSE;

  bytestag_udp_node_get_address (node, &endpoint);
  address = bytestag_endpoint_to_string (&endpoint);
  id = bytestag_key_to_hex (bytestag_network_get_key (node->network));
  g_print ("%s %s\n", address, id);

  g_unix_fd_add (0, G_IO_IN | G_IO_HUP | G_IO_ERR, input_cb, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  return 0;
}
