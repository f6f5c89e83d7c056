/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "wire/message.h"

/* The lists of a reply: "nodes" and "vals". */

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  BytestagWireNode nodes[4];
  BytestagExchangeInfo vals[4];
  BytestagMessage message = {
    .nodes = { (const char *) data, size },
    .vals = { (const char *) data, size },
  };
  int n;

  n = bytestag_message_read_nodes (&message, nodes, G_N_ELEMENTS (nodes));
  g_assert_true (n >= -1 && n <= (int) G_N_ELEMENTS (nodes));
  for (int i = 0; i < n; i++)
    g_assert_true (bytestag_endpoint_is_usable (&nodes[i].endpoint));
  n = bytestag_message_read_vals (&message, vals, G_N_ELEMENTS (vals));
  g_assert_true (n >= -1 && n <= (int) G_N_ELEMENTS (vals));
  for (int i = 0; i < n; i++)
    g_assert_true (isfinite (vals[i].timestamp));
  return 0;
}
