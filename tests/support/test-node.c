/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-node.h"

BytestagNode *
bytestag_test_node_new (const BytestagKey *key,
                        guint16            port)
{
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, "10.0.0.1", -1, port));

  return bytestag_node_new (key, &endpoint);
}

BytestagNode *
bytestag_test_node_new_in_bucket (const BytestagKey *root,
                                  guint              number,
                                  BytestagRng       *rng,
                                  guint16            port)
{
  BytestagKey key;

  bytestag_key_random_in_bucket (&key, root, number, rng);

  return bytestag_test_node_new (&key, port);
}
