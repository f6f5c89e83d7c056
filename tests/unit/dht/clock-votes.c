/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define NOW (5000 * SECOND)
#define WALL_SECONDS G_GINT64_CONSTANT (1600000000)
#define WALL (WALL_SECONDS * SECOND)

static void
vote (BytestagClockVotes *votes,
      const char         *voter,
      gint64              ahead)
{
  BytestagEndpoint from;

  g_assert_true (bytestag_endpoint_set_host (&from, voter, -1, 7001));
  _bytestag_clock_votes_add (votes, &from, WALL_SECONDS + ahead, NOW);
}

/* @n voters of networks of their own. */
static void
vote_often (BytestagClockVotes *votes,
            guint               first,
            guint               n,
            gint64              ahead)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *host = g_strdup_printf ("20.0.%u.1", first + i);

      vote (votes, host, ahead);
    }
}

static gint64
get_difference (const BytestagClockVotes *votes)
{
  return _bytestag_clock_votes_get_difference (votes, NOW, WALL);
}

/* More than three, and by more than 5 minutes. */
static void
test_how_many (void)
{
  BytestagClockVotes votes = { .n = 0 };
  BytestagClockVotes slight = { .n = 0 };

  vote_often (&votes, 0, BYTESTAG_LIMIT_CLOCK_TOO_FEW_VOTES, 301);
  g_assert_cmpint (get_difference (&votes), ==, 0);
  vote_often (&votes, BYTESTAG_LIMIT_CLOCK_TOO_FEW_VOTES, 1, 301);
  g_assert_cmpint (get_difference (&votes), ==, -301);

  vote_often (&slight, 0, 9, -BYTESTAG_LIMIT_CLOCK_TOLERANCE);
  g_assert_cmpint (get_difference (&slight), ==, 0);
  vote_often (&slight, 0, 9, -301);
  g_assert_cmpint (get_difference (&slight), ==, 301);
}

/* A few who lie stop nothing. */
static void
test_majority (void)
{
  BytestagClockVotes votes = { .n = 0 };

  vote_often (&votes, 0, 6, 0);
  vote_often (&votes, 100, 6, 86400);
  g_assert_cmpint (get_difference (&votes), ==, 0);
  vote_often (&votes, 200, 1, 86400);
  g_assert_cmpint (get_difference (&votes), ==, -86400);
}

/* One vote for a /24 or a /64, one for each private address; the last one counts. */
static void
test_voters (void)
{
  BytestagClockVotes votes = { .n = 0 };
  BytestagClockVotes private = { .n = 0 };

  for (guint i = 1; i < 50; i++)
    {
      g_autofree char *host = g_strdup_printf ("20.0.0.%u", i);
      g_autofree char *host_6 = g_strdup_printf ("2a00:0:0:1::%x", i);
      g_autofree char *local = g_strdup_printf ("192.168.0.%u", i);

      vote (&votes, host, 1000);
      vote (&votes, host_6, 1000);
      if (i <= 4)
        vote (&private, local, 1000);
    }
  g_assert_cmpuint (votes.n, ==, 2);
  g_assert_cmpint (get_difference (&votes), ==, 0);
  g_assert_cmpint (get_difference (&private), ==, -1000);

  for (guint i = 1; i <= 4; i++)
    {
      g_autofree char *local = g_strdup_printf ("192.168.0.%u", i);

      vote (&private, local, 0);
    }
  g_assert_cmpuint (private.n, ==, 4);
  g_assert_cmpint (get_difference (&private), ==, 0);
}

/* Votes are kept against the uptime: they hold when our clock is set. */
static void
test_clock_is_set (void)
{
  BytestagClockVotes votes = { .n = 0 };
  gint64 later = NOW + 7200 * SECOND;

  vote_often (&votes, 0, 5, 0);
  g_assert_cmpint (_bytestag_clock_votes_get_difference (&votes, later, WALL + 7200 * SECOND), ==, 0);
  g_assert_cmpint (_bytestag_clock_votes_get_difference (&votes, later, WALL), ==, -7200);
  g_assert_cmpint (_bytestag_clock_votes_get_difference (&votes, NOW, WALL + 86400 * SECOND), ==, 86400);
}

static void
test_bounds (void)
{
  BytestagClockVotes votes = { .n = 0 };
  BytestagEndpoint from;

  g_assert_true (bytestag_endpoint_set_host (&from, "20.0.0.1", -1, 7001));
  _bytestag_clock_votes_add (&votes, &from, 0, NOW);
  _bytestag_clock_votes_add (&votes, &from, -5, NOW);
  _bytestag_clock_votes_add (&votes, &from, G_MAXINT64, NOW);
  g_assert_cmpuint (votes.n, ==, 0);

  /* The oldest go. */
  vote_often (&votes, 0, 20, 1000);
  g_assert_cmpint (get_difference (&votes), ==, -1000);
  vote_often (&votes, 20, BYTESTAG_LIMIT_CLOCK_VOTES, 0);
  g_assert_cmpuint (votes.n, ==, BYTESTAG_LIMIT_CLOCK_VOTES);
  g_assert_cmpint (get_difference (&votes), ==, 0);
  vote_often (&votes, 100, 17, 1000);
  g_assert_cmpint (get_difference (&votes), ==, -1000);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dht/clock-votes/how-many", test_how_many);
  g_test_add_func ("/dht/clock-votes/majority", test_majority);
  g_test_add_func ("/dht/clock-votes/voters", test_voters);
  g_test_add_func ("/dht/clock-votes/clock-is-set", test_clock_is_set);
  g_test_add_func ("/dht/clock-votes/bounds", test_bounds);

  return g_test_run ();
}
