/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/token-bucket.h"

static void
test_burst (void)
{
  BytestagTokenBucket bucket;

  bytestag_token_bucket_init (&bucket, 10, 3, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_true (bytestag_token_bucket_take (&bucket, 1, 0));
  g_assert_false (bytestag_token_bucket_take (&bucket, 1, 0));

  /* An hour saves up no more than the burst. */
  for (guint i = 0; i < 3; i++)
    g_assert_true (bytestag_token_bucket_take (&bucket, 1, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC));
  g_assert_false (bytestag_token_bucket_take (&bucket, 1, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC));
}

static void
test_rate (void)
{
  BytestagTokenBucket bucket;
  guint n_taken = 0;

  bytestag_token_bucket_init (&bucket, 50, 1, 0);
  for (gint64 now = 0; now < 10 * G_USEC_PER_SEC; now += 1000)
    n_taken += bytestag_token_bucket_take (&bucket, 1, now);
  g_assert_cmpuint (n_taken, >=, 499);
  g_assert_cmpuint (n_taken, <=, 501);
}

static void
test_fractions (void)
{
  BytestagTokenBucket bucket;

  bytestag_token_bucket_init (&bucket, 1, 1, 0);
  g_assert_true (bytestag_token_bucket_take (&bucket, 0.75, 0));
  g_assert_false (bytestag_token_bucket_take (&bucket, 0.5, 0));
  g_assert_true (bytestag_token_bucket_take (&bucket, 0.5, 250000));
  g_assert_true (bytestag_token_bucket_take (&bucket, 0, 250000));
}

/* Who waits as long as told gets its tokens, and hardly earlier. */
static void
test_wait (void)
{
  static const gdouble rates[] = { 0.1, 1.0 / 3, 1, 3, 7, 50, 1e6 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      BytestagTokenBucket bucket;
      gint64 early = 2 + (gint64) (1 / rates[i]);
      gint64 now = 12345;

      bytestag_token_bucket_init (&bucket, rates[i], 5, now);
      for (guint j = 0; j < 200; j++)
        {
          gdouble cost = 0.1 + j % 49 / 10.0;
          gint64 wait = bytestag_token_bucket_wait (&bucket, cost, now);

          g_assert_cmpint (wait, >=, 0);
          if (wait > early)
            g_assert_false (bytestag_token_bucket_take (&bucket, cost, now + wait - early));
          now += wait;
          g_assert_cmpint (bytestag_token_bucket_wait (&bucket, cost, now), ==, 0);
          g_assert_true (bytestag_token_bucket_take (&bucket, cost, now));
        }
    }
}

static void
test_never (void)
{
  BytestagTokenBucket bucket;

  bytestag_token_bucket_init (&bucket, 1, 5, 0);
  g_assert_cmpint (bytestag_token_bucket_wait (&bucket, 6, 0), ==, G_MAXINT64);
  bytestag_token_bucket_init (&bucket, 0, 5, 0);
  g_assert_true (bytestag_token_bucket_take (&bucket, 5, 0));
  g_assert_cmpint (bytestag_token_bucket_wait (&bucket, 1, 0), ==, G_MAXINT64);
}

/* Time that goes back gives nothing and takes nothing. */
static void
test_backwards (void)
{
  BytestagTokenBucket bucket;

  bytestag_token_bucket_init (&bucket, 1, 2, 10 * G_USEC_PER_SEC);
  g_assert_true (bytestag_token_bucket_take (&bucket, 1, 0));
  g_assert_true (bytestag_token_bucket_take (&bucket, 1, 0));
  g_assert_false (bytestag_token_bucket_take (&bucket, 1, 10 * G_USEC_PER_SEC));
  g_assert_true (bytestag_token_bucket_take (&bucket, 1, 11 * G_USEC_PER_SEC));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/token-bucket/burst", test_burst);
  g_test_add_func ("/core/token-bucket/rate", test_rate);
  g_test_add_func ("/core/token-bucket/fractions", test_fractions);
  g_test_add_func ("/core/token-bucket/wait", test_wait);
  g_test_add_func ("/core/token-bucket/never", test_never);
  g_test_add_func ("/core/token-bucket/backwards", test_backwards);
  return g_test_run ();
}
