/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define NOW (5 * SECOND)

static void
setup (BytestagGuard *guard,
       gconstpointer  data)
{
  _bytestag_guard_init (guard, NOW);
}

static void
teardown (BytestagGuard *guard,
          gconstpointer  data)
{
  _bytestag_guard_clear (guard);
}

static BytestagEndpoint
make_endpoint (const char *host,
               guint16     port)
{
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, port));
  return endpoint;
}

/* Each in a network of its own. */
static BytestagEndpoint
make_nth (guint n)
{
  BytestagEndpoint endpoint = make_endpoint ("50.0.0.1", 7001);

  endpoint.address[1] = (guint8) (n >> 8);
  endpoint.address[2] = (guint8) n;
  return endpoint;
}

static void
test_proven (BytestagGuard *guard,
             gconstpointer  data)
{
  BytestagEndpoint a = make_endpoint ("9.1.2.3", 7001), b = make_endpoint ("9.1.2.3", 7002);

  g_assert_false (_bytestag_guard_is_proven (guard, &a, NOW));
  _bytestag_guard_prove (guard, &a, NOW);
  g_assert_true (_bytestag_guard_is_proven (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US - 1));
  g_assert_false (_bytestag_guard_is_proven (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US));
  g_assert_false (_bytestag_guard_is_proven (guard, &b, NOW));

  _bytestag_guard_prove (guard, &a, NOW + 1);
  g_assert_true (_bytestag_guard_is_proven (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US));
}

/* Who answered longest ago is forgotten first. */
static void
test_proven_bound (BytestagGuard *guard,
                   gconstpointer  data)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_PROVEN_ENDPOINTS; i++)
    {
      BytestagEndpoint endpoint = make_nth (i);

      _bytestag_guard_prove (guard, &endpoint, NOW);
    }

  for (guint i = 0; i < 2; i++)
    {
      BytestagEndpoint first = make_nth (i), last = make_nth (BYTESTAG_LIMIT_PROVEN_ENDPOINTS + i);

      g_assert_true (_bytestag_guard_is_proven (guard, &first, NOW));
      _bytestag_guard_prove (guard, &last, NOW);
      g_assert_false (_bytestag_guard_is_proven (guard, &first, NOW));
      g_assert_true (_bytestag_guard_is_proven (guard, &last, NOW));
    }
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (guard->proven), ==, BYTESTAG_LIMIT_PROVEN_ENDPOINTS);
}

static void
test_ping_interval (BytestagGuard *guard,
                    gconstpointer  data)
{
  static const char *const hosts[] = { "9.1.2.3", "2a00::1", "10.1.2.3" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint a = make_endpoint (hosts[i], 7001), b = make_endpoint (hosts[i], 7002);

      g_assert_true (_bytestag_guard_can_ping (guard, &a, NOW));
      g_assert_true (_bytestag_guard_can_ping (guard, &a, NOW));
      _bytestag_guard_take_ping (guard, &a, NOW);
      g_assert_false (_bytestag_guard_can_ping (guard, &a, NOW + BYTESTAG_LIMIT_PROVING_INTERVAL_US - 1));
      g_assert_true (_bytestag_guard_can_ping (guard, &b, NOW));
      g_assert_true (_bytestag_guard_can_ping (guard, &a, NOW + BYTESTAG_LIMIT_PROVING_INTERVAL_US));
    }
}

static void
test_ping_rate (BytestagGuard *guard,
                gconstpointer  data)
{
  BytestagEndpoint late = make_nth (1000), private = make_endpoint ("10.1.2.3", 7001);

  for (guint i = 0; i < BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND; i++)
    {
      BytestagEndpoint endpoint = make_nth (i);

      g_assert_true (_bytestag_guard_can_ping (guard, &endpoint, NOW));
      _bytestag_guard_take_ping (guard, &endpoint, NOW);
    }
  g_assert_false (_bytestag_guard_can_ping (guard, &late, NOW));
  g_assert_true (_bytestag_guard_can_ping (guard, &private, NOW));
  guard->limits_private = TRUE;
  g_assert_false (_bytestag_guard_can_ping (guard, &private, NOW));

  g_assert_true (_bytestag_guard_can_ping (guard, &late, NOW + SECOND / BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND));
}

/* Pings that prove and requests to endpoints that others name share what a host may be
 * sent. */
static void
test_host (BytestagGuard *guard,
           gconstpointer  data)
{
  static const char *const hosts[][3] = {
    { "9.1.2.3", "9.1.2.3", "9.1.2.4" },
    { "2a00::1", "2a00::ffff:1", "2a00:0:0:1::1" },
  };
  const gint64 interval = 60 * SECOND / BYTESTAG_LIMIT_UNPROVEN_OF_HOST_PER_MINUTE;

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint same = make_endpoint (hosts[i][1], 1), other = make_endpoint (hosts[i][2], 1);

      for (guint16 n = 0; n < BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST; n++)
        {
          BytestagEndpoint endpoint = make_endpoint (hosts[i][0], 1000 + n);

          g_assert_true (_bytestag_guard_can_ping (guard, &endpoint, NOW));
          if (n % 2 == 0)
            _bytestag_guard_take_ping (guard, &endpoint, NOW);
          else
            g_assert_true (_bytestag_guard_take_unproven (guard, &endpoint, NOW));
        }
      g_assert_false (_bytestag_guard_can_ping (guard, &same, NOW));
      g_assert_false (_bytestag_guard_take_unproven (guard, &same, NOW));
      g_assert_false (_bytestag_guard_take_unproven (guard, &same, NOW + interval - 1000));
      g_assert_true (_bytestag_guard_take_unproven (guard, &other, NOW));
      g_assert_true (_bytestag_guard_can_ping (guard, &other, NOW));

      g_assert_true (_bytestag_guard_take_unproven (guard, &same, NOW + interval));
      g_assert_false (_bytestag_guard_take_unproven (guard, &same, NOW + interval));

      /* Who has answered is sent whatever we want. */
      _bytestag_guard_prove (guard, &same, NOW);
      g_assert_true (_bytestag_guard_take_unproven (guard, &same, NOW + interval));
    }
}

static void
test_host_private (BytestagGuard *guard,
                   gconstpointer  data)
{
  BytestagEndpoint endpoint = make_endpoint ("192.168.1.2", 7001);

  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST; i++)
    g_assert_true (_bytestag_guard_take_unproven (guard, &endpoint, NOW));

  guard->limits_private = TRUE;
  for (guint i = 0; i < BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST; i++)
    g_assert_true (_bytestag_guard_take_unproven (guard, &endpoint, NOW));
  g_assert_false (_bytestag_guard_take_unproven (guard, &endpoint, NOW));
}

/* Nobody has a victim forgotten by forging others: not by asking, and not by as many pings
 * as there are until the victim may be troubled again anyway. */
static void
test_victim_remembered (BytestagGuard *guard,
                        gconstpointer  data)
{
  const guint seconds = 60 * BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST / BYTESTAG_LIMIT_UNPROVEN_OF_HOST_PER_MINUTE;
  BytestagEndpoint victim = make_endpoint ("9.1.2.3", 7001);

  _bytestag_guard_take_ping (guard, &victim, NOW);
  for (guint i = 1; i < BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST; i++)
    g_assert_true (_bytestag_guard_take_unproven (guard, &victim, NOW));

  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_UNPROVEN_HOSTS; i++)
    {
      BytestagEndpoint other = make_nth (i);

      g_assert_true (_bytestag_guard_can_ping (guard, &other, NOW));
    }
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (guard->unproven_hosts), ==, 1);

  for (guint i = 0; i < seconds * BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND; i++)
    {
      BytestagEndpoint other = make_nth (i);

      /* The minute of an address is over then. */
      if (i == 60 * BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND)
        g_assert_false (_bytestag_guard_can_ping (guard, &victim, NOW + BYTESTAG_LIMIT_PROVING_INTERVAL_US - 1));
      _bytestag_guard_take_ping (guard, &other, NOW);
    }
  g_assert_false (_bytestag_guard_take_unproven (guard, &victim, NOW));
}

static void
test_bounds (BytestagGuard *guard,
             gconstpointer  data)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_UNPROVEN_HOSTS + 100; i++)
    {
      BytestagEndpoint endpoint = make_nth (i);

      _bytestag_guard_take_ping (guard, &endpoint, NOW);
      _bytestag_guard_take (guard, &endpoint, NOW);
    }
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (guard->unproven_hosts), ==, BYTESTAG_LIMIT_UNPROVEN_HOSTS);
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (guard->proofs), ==, BYTESTAG_LIMIT_PROVING_ADDRESSES);
  g_assert_cmpuint (bytestag_endpoint_cache_get_length (guard->rates), ==, BYTESTAG_LIMIT_RATED_NETWORKS);
}

static void
take_all_of (BytestagGuard          *guard,
             const BytestagEndpoint *from)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST; i++)
    {
      g_assert_false (_bytestag_guard_is_flooding (guard, from, NOW));
      g_assert_cmpint (_bytestag_guard_take (guard, from, NOW), ==, BYTESTAG_DROP_NONE);
    }
}

static void
test_network_rate (BytestagGuard *guard,
                   gconstpointer  data)
{
  static const char *const hosts[][3] = {
    { "9.1.2.3", "9.1.2.4", "9.1.3.3" },
    { "2a00::1", "2a00::ffff:1", "2a00:0:0:1::1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint first = make_endpoint (hosts[i][0], 7001);
      BytestagEndpoint same = make_endpoint (hosts[i][1], 7002), other = make_endpoint (hosts[i][2], 7001);
      gint64 later = NOW + SECOND / BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_PER_SECOND;

      take_all_of (guard, &first);
      g_assert_true (_bytestag_guard_is_flooding (guard, &same, NOW));
      g_assert_cmpint (_bytestag_guard_take (guard, &same, NOW), ==, BYTESTAG_DROP_NETWORK_RATE);
      g_assert_false (_bytestag_guard_is_flooding (guard, &other, NOW));
      g_assert_cmpint (_bytestag_guard_take (guard, &other, NOW), ==, BYTESTAG_DROP_NONE);

      g_assert_false (_bytestag_guard_is_flooding (guard, &same, later));
      g_assert_cmpint (_bytestag_guard_take (guard, &same, later), ==, BYTESTAG_DROP_NONE);
      g_assert_cmpint (_bytestag_guard_take (guard, &same, later), ==, BYTESTAG_DROP_NETWORK_RATE);
    }
}

static void
test_network_rate_private (BytestagGuard *guard,
                           gconstpointer  data)
{
  BytestagEndpoint endpoint = make_endpoint ("127.0.0.1", 7001);

  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_REQUESTS_BURST; i++)
    g_assert_cmpint (_bytestag_guard_take (guard, &endpoint, NOW), ==, BYTESTAG_DROP_NONE);
  g_assert_false (_bytestag_guard_is_flooding (guard, &endpoint, NOW));

  guard->limits_private = TRUE;
  take_all_of (guard, &endpoint);
  g_assert_cmpint (_bytestag_guard_take (guard, &endpoint, NOW), ==, BYTESTAG_DROP_NETWORK_RATE);
}

/* All together, but those that answered us, and private ones. */
static void
test_total_rate (BytestagGuard *guard,
                 gconstpointer  data)
{
  BytestagEndpoint proven = make_nth (60000), private = make_endpoint ("10.0.0.1", 1), late = make_nth (60001);
  gint64 later = NOW + SECOND / BYTESTAG_LIMIT_REQUESTS_PER_SECOND;

  _bytestag_guard_prove (guard, &proven, NOW);
  for (guint i = 0; i < BYTESTAG_LIMIT_REQUESTS_BURST; i++)
    {
      BytestagEndpoint endpoint = make_nth (i);

      g_assert_cmpint (_bytestag_guard_take (guard, &endpoint, NOW), ==, BYTESTAG_DROP_NONE);
    }
  g_assert_cmpint (_bytestag_guard_take (guard, &late, NOW), ==, BYTESTAG_DROP_TOTAL_RATE);
  g_assert_cmpint (_bytestag_guard_take (guard, &private, NOW), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (_bytestag_guard_take (guard, &late, later), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (_bytestag_guard_take (guard, &late, later), ==, BYTESTAG_DROP_TOTAL_RATE);
  take_all_of (guard, &proven);
}

/* Whom we answered knows our address, for half an hour. */
static void
test_answered (BytestagGuard *guard,
               gconstpointer  data)
{
  BytestagEndpoint a = make_endpoint ("9.1.2.3", 7001), b = make_endpoint ("9.1.2.3", 7002);

  g_assert_true (_bytestag_guard_is_stranger_to (guard, &a, NOW));
  _bytestag_guard_answered (guard, &a, NOW);
  g_assert_false (_bytestag_guard_is_stranger_to (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US / 2 - 1));
  g_assert_true (_bytestag_guard_is_stranger_to (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US / 2));
  g_assert_true (_bytestag_guard_is_stranger_to (guard, &b, NOW));
  /* It has not answered us for that. */
  g_assert_false (_bytestag_guard_is_proven (guard, &a, NOW));

  _bytestag_guard_answered (guard, &a, NOW + 1);
  g_assert_false (_bytestag_guard_is_stranger_to (guard, &a, NOW + BYTESTAG_LIMIT_PROVEN_US / 2));
}

/* Whom we answered longest ago is forgotten first. */
static void
test_answered_bound (BytestagGuard *guard,
                     gconstpointer  data)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_ANSWERED_ENDPOINTS; i++)
    {
      BytestagEndpoint endpoint = make_nth (i);

      _bytestag_guard_answered (guard, &endpoint, NOW);
    }

  for (guint i = 0; i < 2; i++)
    {
      BytestagEndpoint first = make_nth (i), last = make_nth (BYTESTAG_LIMIT_ANSWERED_ENDPOINTS + i);

      g_assert_false (_bytestag_guard_is_stranger_to (guard, &first, NOW));
      _bytestag_guard_answered (guard, &last, NOW);
      g_assert_true (_bytestag_guard_is_stranger_to (guard, &first, NOW));
      g_assert_false (_bytestag_guard_is_stranger_to (guard, &last, NOW));
    }
}

#define TEST(path, func) g_test_add ("/dht/guard/" path, BytestagGuard, NULL, setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("proven", test_proven);
  TEST ("proven/bound", test_proven_bound);
  TEST ("ping-interval", test_ping_interval);
  TEST ("ping-rate", test_ping_rate);
  TEST ("host", test_host);
  TEST ("host/private", test_host_private);
  TEST ("victim-remembered", test_victim_remembered);
  TEST ("bounds", test_bounds);
  TEST ("network-rate", test_network_rate);
  TEST ("network-rate/private", test_network_rate_private);
  TEST ("total-rate", test_total_rate);
  TEST ("answered", test_answered);
  TEST ("answered-bound", test_answered_bound);

  return g_test_run ();
}
