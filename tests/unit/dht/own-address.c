/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

static BytestagEndpoint
make (const char *host,
      guint16     port)
{
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, port));
  return endpoint;
}

static void
vote (BytestagVotes *votes,
      const char    *voter,
      const char    *address,
      guint16        port)
{
  BytestagEndpoint from = make (voter, 7001);
  BytestagEndpoint seen = make (address, port);

  _bytestag_votes_add (votes, &from, &seen);
}

static void
test_three_agree (void)
{
  BytestagVotes votes = { .n = 0 };
  BytestagEndpoint expected = make ("5.6.7.8", 7000);

  vote (&votes, "20.1.0.1", "5.6.7.8", 7000);
  vote (&votes, "20.2.0.1", "5.6.7.8", 7000);
  g_assert_false (votes.believed);
  /* The same network once more, and another opinion. */
  vote (&votes, "20.2.9.9", "5.6.7.8", 7000);
  vote (&votes, "20.3.0.1", "5.6.7.8", 7001);
  g_assert_false (votes.believed);
  vote (&votes, "20.4.0.1", "5.6.7.8", 7000);
  g_assert_true (votes.believed);
  g_assert_true (bytestag_endpoint_equal (&votes.address, &expected));
}

/* Private peers vote each for itself: a local network is one network. */
static void
test_private (void)
{
  BytestagVotes votes = { .n = 0 };

  vote (&votes, "192.168.0.2", "192.168.0.1", 7000);
  vote (&votes, "192.168.0.3", "192.168.0.1", 7000);
  vote (&votes, "192.168.0.3", "192.168.0.1", 7000);
  g_assert_false (votes.believed);
  vote (&votes, "192.168.0.4", "192.168.0.1", 7000);
  g_assert_true (votes.believed);
}

static void
test_change (void)
{
  BytestagVotes votes = { .n = 0 };
  BytestagEndpoint expected = make ("5.6.7.9", 7000);

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *voter = g_strdup_printf ("30.%u.0.1", i);

      vote (&votes, voter, "5.6.7.8", 7000);
    }
  g_assert_true (votes.believed);

  for (guint i = 20; i < 23; i++)
    {
      g_autofree char *voter = g_strdup_printf ("30.%u.0.1", i);

      vote (&votes, voter, "5.6.7.9", 7000);
    }
  g_assert_true (bytestag_endpoint_equal (&votes.address, &expected));
}

/* A voter that changes its mind takes its vote back. */
static void
test_withdrawal (void)
{
  BytestagVotes votes = { .n = 0 };

  vote (&votes, "20.1.0.1", "5.6.7.8", 7000);
  vote (&votes, "20.2.0.1", "5.6.7.8", 7000);
  vote (&votes, "20.3.0.1", "5.6.7.8", 7000);
  g_assert_true (votes.believed);
  vote (&votes, "20.3.0.1", "5.6.7.8", 9000);
  g_assert_false (votes.believed);
}

static void
test_bounds (void)
{
  BytestagVotes votes = { .n = 0 };

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *voter = g_strdup_printf ("31.%u.0.1", i);
      g_autofree char *address = g_strdup_printf ("5.6.7.%u", i);

      vote (&votes, voter, address, 7000);
    }
  g_assert_cmpuint (votes.n, ==, BYTESTAG_LIMIT_ADDRESS_VOTES);
  g_assert_false (votes.believed);

  /* What cannot be an address is no vote. */
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *voter = g_strdup_printf ("32.%u.0.1", i);

      vote (&votes, voter, "0.0.0.0", 7000);
    }
  g_assert_false (votes.believed);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dht/own-address/three-agree", test_three_agree);
  g_test_add_func ("/dht/own-address/private", test_private);
  g_test_add_func ("/dht/own-address/change", test_change);
  g_test_add_func ("/dht/own-address/withdrawal", test_withdrawal);
  g_test_add_func ("/dht/own-address/bounds", test_bounds);

  return g_test_run ();
}
