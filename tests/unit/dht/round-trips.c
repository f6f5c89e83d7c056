/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

#define MS 1000

static void
test_unmet (void)
{
  BytestagRoundTrips trips = { .n = 0 };

  /* 500 ms at first, also while there are too few to tell. */
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 500 * MS);
  for (guint i = 0; i < 7; i++)
    _bytestag_round_trips_add (&trips, 80 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 500 * MS);

  /* 95th percentile × 1.25 of the last 64, */
  for (guint i = 0; i < 64; i++)
    _bytestag_round_trips_add (&trips, (64 - i) * 10 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 600 * MS * 5 / 4);
  g_assert_cmpuint (trips.n, ==, BYTESTAG_N_ROUND_TRIPS);

  /* within 250 and 1,000 ms. */
  for (guint i = 0; i < 64; i++)
    _bytestag_round_trips_add (&trips, 1 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 250 * MS);
  for (guint i = 0; i < 64; i++)
    _bytestag_round_trips_add (&trips, 9000 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 1000 * MS);
}

static void
test_percentile (void)
{
  BytestagRoundTrips trips = { .n = 0 };

  g_assert_cmpint (_bytestag_round_trips_get_percentile (&trips, 50), ==, -1);
  for (guint i = 11; i > 0; i--)
    _bytestag_round_trips_add (&trips, i * MS);
  g_assert_cmpint (_bytestag_round_trips_get_percentile (&trips, 0), ==, 1 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_percentile (&trips, 50), ==, 6 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_percentile (&trips, 95), ==, 10 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_percentile (&trips, 100), ==, 11 * MS);
}

static void
test_known (void)
{
  g_assert_cmpint (_bytestag_round_trips_get_known_timeout (100 * MS, 20 * MS), ==, 230 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_known_timeout (100 * MS, -1), ==, 150 * MS);
  g_assert_cmpint (_bytestag_round_trips_get_known_timeout (100, 20), ==, 50 * MS);
}

static void
test_extremes (void)
{
  BytestagRoundTrips trips = { .n = 0 };

  for (guint i = 0; i < 64; i++)
    _bytestag_round_trips_add (&trips, i % 2 == 0 ? -5 : G_MAXINT64);
  g_assert_cmpint (_bytestag_round_trips_get_unmet_timeout (&trips), ==, 1000 * MS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dht/round-trips/unmet", test_unmet);
  g_test_add_func ("/dht/round-trips/percentile", test_percentile);
  g_test_add_func ("/dht/round-trips/known", test_known);
  g_test_add_func ("/dht/round-trips/extremes", test_extremes);

  return g_test_run ();
}
