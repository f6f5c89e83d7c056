/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/statistics.h"

#include "client/common-words.h"
#include "core/limits.h"
#include "loop.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-model.h"
#include "support/test-rng.h"
#include "support/test-transport.h"

typedef struct {
  BytestagTestClock *clock;
  BytestagNetwork *network;
  BytestagMemoryTable *table;
  BytestagPublisher *publisher;
  BytestagStatistics *statistics;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagReactor) reactor = NULL;
  g_autoptr (BytestagTestTransport) transport = NULL;
  BytestagEndpoint address;

  self->clock = bytestag_test_clock_new ();
  reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  g_assert_true (bytestag_endpoint_set_host (&address, "127.0.0.1", -1, 4000));
  transport = bytestag_test_transport_new (&address);
  self->table = bytestag_memory_table_new (1000);
  self->network = bytestag_network_new (reactor, BYTESTAG_TRANSPORT (transport), BYTESTAG_KVP_TABLE (self->table),
                                        NULL, NULL);
  self->publisher = bytestag_publisher_new (self->network);
  self->statistics = bytestag_statistics_new (self->network, BYTESTAG_KVP_TABLE (self->table), self->publisher);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_assert_finalize_object (self->statistics);
  g_assert_finalize_object (self->publisher);
  bytestag_network_shut_down (self->network);
  g_assert_finalize_object (self->network);
  g_assert_finalize_object (self->table);
  g_clear_object (&self->clock);
}

static void
receive (Fixture    *self,
         const char *data,
         gsize       length)
{
  BytestagEndpoint from;

  g_assert_true (bytestag_endpoint_set_host (&from, "127.0.0.1", -1, 5000));
  bytestag_network_receive (self->network, &from, (const guint8 *) data, length);
}

/* Compressed as on the wire. */
static void
receive_text (Fixture    *self,
              const char *text)
{
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, -1);
  char datagram[256];
  gsize n_read, length;

  g_assert_cmpint (g_converter_convert (G_CONVERTER (compressor), text, strlen (text), datagram, sizeof datagram,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &length, NULL), ==, G_CONVERTER_FINISHED);
  receive (self, datagram, length);
}

static BytestagCounter *
find (GListModel *counters,
      const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (counters); i++)
    {
      g_autoptr (BytestagCounter) counter = g_list_model_get_item (counters, i);

      if (g_str_equal (bytestag_counter_get_name (counter), name))
        return counter;
    }

  g_assert_not_reached ();
}

static void
assert_counter (Fixture    *self,
                const char *name,
                gint64      value)
{
  g_assert_cmpint (bytestag_counter_get_value (find (bytestag_statistics_get_counters (self->statistics), name)),
                   ==, value);
}

static void
test_counters (Fixture       *self,
               gconstpointer  data)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("value", 5);
  BytestagKvpRecord record = { 0 };

  bytestag_test_clock_advance (self->clock, 90 * G_USEC_PER_SEC);
  receive_text (self, "{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\",\"seq_id\":\"a\"}");
  receive (self, "noise", 5);
  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (self->table), &record, bytes, NULL, NULL);
  assert_counter (self, "datagrams-received", 0);

  bytestag_statistics_refresh (self->statistics);
  assert_counter (self, "uptime", 90);
  assert_counter (self, "contacts", 0);
  assert_counter (self, "round-trip-median", -1);
  assert_counter (self, "datagrams-received", 2);
  assert_counter (self, "datagrams-sent", 1);
  assert_counter (self, "requests-served", 1);
  assert_counter (self, "values-kept", 1);
  assert_counter (self, "bytes-kept", 5);
}

static void
count_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  ++*(guint *) user_data;
}

/* What does not change is not told; what does is told once for any number of datagrams. */
static void
test_notify (Fixture       *self,
             gconstpointer  data)
{
  BytestagCounter *received = find (bytestag_statistics_get_counters (self->statistics), "datagrams-received");
  g_autofree char *text = NULL;
  guint n = 0;

  g_signal_connect (received, "notify::text", G_CALLBACK (count_cb), &n);
  bytestag_statistics_refresh (self->statistics);
  g_assert_cmpuint (n, ==, 0);
  for (guint i = 0; i < 100; i++)
    receive (self, "noise", 5);
  g_assert_cmpuint (n, ==, 0);
  bytestag_statistics_refresh (self->statistics);
  g_assert_cmpuint (n, ==, 1);
  g_object_get (received, "text", &text, NULL);
  g_assert_cmpstr (text, ==, "100");
}

/* Only what happened is listed, in the order of the reasons. */
static void
test_drops (Fixture       *self,
            gconstpointer  data)
{
  GListModel *drops = bytestag_statistics_get_drops (self->statistics);
  g_autoptr (BytestagTestModel) mirror = bytestag_test_model_new (drops);
  g_autofree char *long_one = g_malloc0 (BYTESTAG_LIMIT_DATAGRAM + 1);
  const char *expected[] = { "too-long", "not-zlib", "not-json", "unmatched" };
  const gint64 counts[] = { 2, 3, 1, 1 };

  bytestag_statistics_refresh (self->statistics);
  g_assert_cmpuint (g_list_model_get_n_items (drops), ==, 0);

  receive (self, "noise", 5);
  bytestag_statistics_refresh (self->statistics);
  receive_text (self, "{\"reply_id\":\"a\"}");
  bytestag_statistics_refresh (self->statistics);
  receive (self, long_one, BYTESTAG_LIMIT_DATAGRAM + 1);
  receive_text (self, "[]");
  bytestag_statistics_refresh (self->statistics);
  receive (self, "noise", 5);
  receive (self, "noise", 5);
  receive (self, long_one, BYTESTAG_LIMIT_DATAGRAM + 1);
  bytestag_statistics_refresh (self->statistics);

  g_assert_cmpuint (g_list_model_get_n_items (drops), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (BytestagCounter) counter = g_list_model_get_item (drops, i);

      g_assert_cmpstr (bytestag_counter_get_name (counter), ==, expected[i]);
      g_assert_cmpint (bytestag_counter_get_value (counter), ==, counts[i]);
    }
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, G_N_ELEMENTS (expected));
}

static gboolean
has_received (gpointer data)
{
  Fixture *self = data;

  return bytestag_counter_get_value (find (bytestag_statistics_get_counters (self->statistics),
                                           "datagrams-received")) > 0;
}

/* While nobody watches, nothing runs. */
static void
test_watch (Fixture       *self,
            gconstpointer  data)
{
  g_assert_false (g_main_context_pending (NULL));
  g_assert_null (g_main_context_find_source_by_user_data (NULL, self->statistics));

  bytestag_statistics_watch (self->statistics);
  bytestag_statistics_watch (self->statistics);
  receive (self, "noise", 5);
  loop_until (has_received, self);
  bytestag_statistics_unwatch (self->statistics);
  g_assert_nonnull (g_main_context_find_source_by_user_data (NULL, self->statistics));
  bytestag_statistics_unwatch (self->statistics);
  g_assert_null (g_main_context_find_source_by_user_data (NULL, self->statistics));

  /* One that goes while it is watched takes its source with it. */
  bytestag_statistics_watch (self->statistics);
}

static void
test_descriptions (Fixture       *self,
                   gconstpointer  data)
{
  GListModel *counters = bytestag_statistics_get_counters (self->statistics);
  guint n = g_list_model_get_n_items (counters);
  BytestagCounterKind kind;
  const char *label;

  g_assert_null (bytestag_statistics_describe (n, &label, &kind));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (BytestagCounter) counter = g_list_model_get_item (counters, i);

      g_assert_cmpstr (bytestag_statistics_describe (i, &label, &kind), ==, bytestag_counter_get_name (counter));
      g_assert_cmpstr (label, ==, bytestag_counter_get_label (counter));
      g_assert_true (find (counters, bytestag_counter_get_name (counter)) == counter);
    }
}

/* Every reason has words of its own. */
static void
test_words (void)
{
  g_assert_null (bytestag_words_drop (BYTESTAG_DROP_NONE));
  for (BytestagDrop drop = BYTESTAG_DROP_NONE + 1; drop < BYTESTAG_N_DROPS; drop++)
    {
      g_assert_nonnull (bytestag_words_drop (drop));
      g_assert_cmpstr (bytestag_words_drop (drop), !=, bytestag_drop_to_string (drop));
      for (BytestagDrop other = BYTESTAG_DROP_NONE + 1; other < drop; other++)
        g_assert_cmpstr (bytestag_words_drop (drop), !=, bytestag_words_drop (other));
    }
}

static void
test_amounts (void)
{
  const struct {
    BytestagCounterKind kind;
    gint64 value;
    const char *words;
  } cases[] = {
    { BYTESTAG_COUNTER_NUMBER, 0, "0" },
    { BYTESTAG_COUNTER_BYTES, 41000000, "41.0\xc2\xa0MB" },
    { BYTESTAG_COUNTER_SECONDS, 7200, "2 h" },
    { BYTESTAG_COUNTER_ROUND_TRIP, 1234, "1.2 ms" },
    { BYTESTAG_COUNTER_ROUND_TRIP, -1, "not measured" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = bytestag_counter_words (cases[i].kind, cases[i].value);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/client/statistics/counters", test_counters);
  TEST ("/client/statistics/notify", test_notify);
  TEST ("/client/statistics/drops", test_drops);
  TEST ("/client/statistics/watch", test_watch);
  TEST ("/client/statistics/descriptions", test_descriptions);
  g_test_add_func ("/client/statistics/words", test_words);
  g_test_add_func ("/client/statistics/amounts", test_amounts);
  return g_test_run ();
}
