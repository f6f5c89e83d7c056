/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/endpoint-cache.h"

static BytestagEndpoint
make_endpoint (guint number)
{
  BytestagEndpoint endpoint = { .family = BYTESTAG_FAMILY_IPV4, .port = 7001 };

  endpoint.address[0] = 20;
  endpoint.address[2] = (guint8) (number >> 8);
  endpoint.address[3] = (guint8) number;
  return endpoint;
}

static void
test_remembers (void)
{
  g_autoptr (BytestagEndpointCache) cache = bytestag_endpoint_cache_new (4, sizeof (gint64));
  BytestagEndpoint a = make_endpoint (1), b = make_endpoint (2);
  gboolean is_new = FALSE;
  gint64 *value = bytestag_endpoint_cache_use (cache, &a, &is_new);

  g_assert_true (is_new);
  g_assert_cmpint (*value, ==, 0);
  *value = 7;

  g_assert_null (bytestag_endpoint_cache_peek (cache, &b));
  value = bytestag_endpoint_cache_use (cache, &a, &is_new);
  g_assert_false (is_new);
  g_assert_cmpint (*value, ==, 7);
  g_assert_cmpint (*(gint64 *) bytestag_endpoint_cache_peek (cache, &a), ==, 7);
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (cache), ==, 1);
}

/* The one that was not used for longest makes room, and its value is not seen again. */
static void
test_bound (void)
{
  g_autoptr (BytestagEndpointCache) cache = bytestag_endpoint_cache_new (3, sizeof (gint64));
  BytestagEndpoint endpoints[4];

  for (guint i = 0; i < 4; i++)
    endpoints[i] = make_endpoint (i);
  for (guint i = 0; i < 3; i++)
    *(gint64 *) bytestag_endpoint_cache_use (cache, &endpoints[i], NULL) = i + 1;

  /* Looking does not make young, using does. */
  bytestag_endpoint_cache_peek (cache, &endpoints[1]);
  bytestag_endpoint_cache_use (cache, &endpoints[0], NULL);

  g_assert_cmpint (*(gint64 *) bytestag_endpoint_cache_use (cache, &endpoints[3], NULL), ==, 0);
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (cache), ==, 3);
  g_assert_null (bytestag_endpoint_cache_peek (cache, &endpoints[1]));
  g_assert_cmpint (*(gint64 *) bytestag_endpoint_cache_peek (cache, &endpoints[0]), ==, 1);
  g_assert_cmpint (*(gint64 *) bytestag_endpoint_cache_peek (cache, &endpoints[2]), ==, 3);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/endpoint-cache/remembers", test_remembers);
  g_test_add_func ("/core/endpoint-cache/bound", test_bound);

  return g_test_run ();
}
