/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/fetcher.h"

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

typedef struct {
  guint n_received;
  guint n_missed;
  guint n_failed;
  guint last_tag;
  int last_code;
} Told;

static void
received_cb (BytestagFetcher *fetcher,
             guint            tag,
             GBytes          *bytes,
             Told            *told)
{
  told->n_received++;
  told->last_tag = tag;
  g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);
}

static void
missed_cb (BytestagFetcher *fetcher,
           guint            tag,
           const GError    *error,
           Told            *told)
{
  told->n_missed++;
}

static void
failed_cb (BytestagFetcher *fetcher,
           guint            tag,
           const GError    *error,
           Told            *told)
{
  told->n_failed++;
  told->last_tag = tag;
  told->last_code = error->code;
}

static BytestagFetcher *
make_fetcher (Fixture *self,
              guint    max_tries,
              Told    *told)
{
  BytestagFetcher *fetcher = bytestag_fetcher_new (self->network, max_tries);

  g_signal_connect (fetcher, "received", G_CALLBACK (received_cb), told);
  g_signal_connect (fetcher, "missed", G_CALLBACK (missed_cb), told);
  g_signal_connect (fetcher, "failed", G_CALLBACK (failed_cb), told);
  return fetcher;
}

static void
count_cb (guint         tag,
          BytestagTask *task,
          gpointer      user_data)
{
  (*(guint *) user_data)++;
}

static void
test_many (Fixture       *self,
           gconstpointer  data)
{
  Told told = { 0 };
  BytestagFetcher *fetcher = make_fetcher (self, 3, &told);
  guint n_running = 0;

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("value %u", i);
      BytestagKey key = fixture_put (self, 1 + i % (FIXTURE_N_NODES - 1), text, -1);

      bytestag_fetcher_add (fetcher, &key, i);
    }

  bytestag_sim_run (self->sim, SECOND / 200);
  bytestag_fetcher_visit (fetcher, count_cb, &n_running);
  g_assert_cmpuint (n_running, ==, BYTESTAG_LIMIT_FETCHING);
  bytestag_sim_run (self->sim, 20 * SECOND);
  g_assert_cmpuint (told.n_received, ==, 50);
  g_assert_cmpuint (told.n_failed, ==, 0);
  g_assert_cmpuint (bytestag_fetcher_get_wait (fetcher), ==, 0);
  g_assert_finalize_object (fetcher);
}

/* Sought again, and found when it is there at last. */
static void
test_later (Fixture       *self,
            gconstpointer  data)
{
  Told told = { 0 };
  g_autoptr (BytestagFetcher) fetcher = make_fetcher (self, 10, &told);
  BytestagKey key;

  bytestag_key_digest (&key, "later", 5);
  bytestag_fetcher_add (fetcher, &key, 7);
  bytestag_sim_run (self->sim, 5 * SECOND);
  g_assert_cmpuint (told.n_missed, >=, 2);
  g_assert_error (bytestag_fetcher_get_last_error (fetcher), BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);

  fixture_put (self, 3, "later", -1);
  bytestag_sim_run (self->sim, 20 * SECOND);
  g_assert_cmpuint (told.n_received, ==, 1);
  g_assert_cmpuint (told.last_tag, ==, 7);
  g_assert_no_error (bytestag_fetcher_get_last_error (fetcher));
}

static void
test_missing (Fixture       *self,
              gconstpointer  data)
{
  Told told = { 0 };
  g_autoptr (BytestagFetcher) fetcher = make_fetcher (self, 3, &told);
  BytestagKey key = { { 1 } };
  guint n_running = 0;

  bytestag_fetcher_add (fetcher, &key, 5);
  bytestag_sim_run (self->sim, 60 * SECOND);
  g_assert_cmpuint (told.n_missed, ==, 2);
  g_assert_cmpuint (told.n_failed, ==, 1);
  g_assert_cmpuint (told.last_tag, ==, 5);
  bytestag_fetcher_visit (fetcher, count_cb, &n_running);
  g_assert_cmpuint (n_running, ==, 0);
}

/* One who knows nobody does not run through everything that is wanted. */
static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  Told told = { 0 };
  g_autoptr (BytestagFetcher) fetcher = make_fetcher (self, 3, &told);

  for (guint i = 0; i < 100; i++)
    {
      BytestagKey key = { { 1, (guint8) i } };

      bytestag_fetcher_add (fetcher, &key, i);
    }

  bytestag_sim_run (self->sim, SECOND / 2);
  g_assert_cmpuint (told.n_missed, ==, BYTESTAG_LIMIT_FETCHING);
  g_assert_cmpuint (bytestag_fetcher_get_wait (fetcher), ==, 1);
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (told.n_failed, ==, 1);
  g_assert_cmpint (told.last_code, ==, BYTESTAG_ERROR_NO_PEERS);
}

static void
test_paused (Fixture       *self,
             gconstpointer  data)
{
  Told told = { 0 };
  g_autoptr (BytestagFetcher) fetcher = make_fetcher (self, 3, &told);
  BytestagKey key = fixture_put (self, 3, "value", -1);

  bytestag_fetcher_set_paused (fetcher, TRUE);
  bytestag_fetcher_add (fetcher, &key, 1);
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (told.n_received, ==, 0);
  bytestag_fetcher_set_paused (fetcher, FALSE);
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (told.n_received, ==, 1);
}

static void
test_stop (Fixture       *self,
           gconstpointer  data)
{
  Told told = { 0 };
  BytestagFetcher *fetcher = make_fetcher (self, 3, &told);
  BytestagKey key = fixture_put (self, 3, "value", -1);

  bytestag_fetcher_add (fetcher, &key, 1);
  bytestag_sim_run (self->sim, SECOND / 200);
  bytestag_fetcher_stop (fetcher);
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (told.n_received + told.n_missed + told.n_failed, ==, 0);

  bytestag_fetcher_add (fetcher, &key, 1);
  bytestag_sim_run (self->sim, SECOND / 200);
  g_assert_finalize_object (fetcher);
  bytestag_sim_run (self->sim, 10 * SECOND);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/fetcher/many", test_many);
  FIXTURE_TEST ("/sharing/fetcher/later", test_later);
  FIXTURE_TEST ("/sharing/fetcher/missing", test_missing);
  FIXTURE_TEST_ALONE ("/sharing/fetcher/alone", test_alone);
  FIXTURE_TEST ("/sharing/fetcher/paused", test_paused);
  FIXTURE_TEST ("/sharing/fetcher/stop", test_stop);
  return g_test_run ();
}
