/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "process/udp-node.h"

/* serve-values FILE…: a peer that holds whatever bytes it is given, each as a
 * value with key = index = SHA-1. Prints its address and serves until its input ends. */

static gboolean
input_cb (GIOChannel   *channel,
          GIOCondition  condition,
          gpointer      user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

static void
add_value (BytestagUdpNode *node,
           const char      *path)
{
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  BytestagKey key;
  char *contents;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &error))
    g_error ("%s", error->message);

  value = g_bytes_new_take (contents, length);
  bytestag_key_digest (&key, contents, length);
  bytestag_udp_node_put_value (node, &key, value, 0);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (BytestagUdpNode) node = bytestag_udp_node_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autofree char *address = NULL;
  BytestagEndpoint endpoint;

  for (int i = 1; i < argc; i++)
    add_value (node, argv[i]);

  bytestag_udp_node_get_address (node, &endpoint);
  address = bytestag_endpoint_to_string (&endpoint);
  printf ("%s\n", address);
  fflush (stdout);

  g_io_add_watch (input, G_IO_IN | G_IO_HUP, input_cb, loop);
  g_main_loop_run (loop);
  return 0;
}
