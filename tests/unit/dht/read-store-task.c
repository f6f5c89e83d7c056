/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "dht/network-private.h"
#include "fixture.h"

/* Offers @value under its digest, with this size and time; returns (transfer full)
 * the transfer id. */
static char *
offer (Fixture    *test,
       const char *value,
       guint       size,
       const char *timestamp)
{
  g_autofree char *text = NULL;
  g_autofree char *index = NULL;
  BytestagKey key;
  const char *at;

  bytestag_key_digest (&key, value, strlen (value));
  index = bytestag_key_to_base64 (&key);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"store\", \"key\": \"%s\", \"index\": \"%s\", \"size\": %u, "
                         "\"timestmp\": %s, \"seq_id\": \"a\"}", index, index, size, timestamp);
  bytestag_sim_run (test->sim, SECOND / 10);
  text = bytestag_foreign_take (test->peer);
  g_assert_nonnull (text);
  at = strstr (text, "\"xferid\": \"");
  g_assert_nonnull (at);
  return g_strndup (at + strlen ("\"xferid\": \""), BYTESTAG_KEY_BASE64_LENGTH);
}

static void
send_chunk (Fixture    *test,
            const char *transfer,
            const char *data,
            const char *seq)
{
  g_autofree char *base64 = g_base64_encode ((const guint8 *) data, strlen (data));

  bytestag_foreign_send (test->peer, &test->address, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"%s\"}",
                         transfer, base64, seq);
  bytestag_sim_run (test->sim, SECOND / 10);
}

static void
send_end (Fixture    *test,
          const char *transfer)
{
  bytestag_foreign_send (test->peer, &test->address, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
  bytestag_sim_run (test->sim, SECOND / 10);
}

/* (transfer full) who holds the incoming store. */
static BytestagReadStoreTask *
get_task (Fixture *test)
{
  GListModel *slot = G_LIST_MODEL (bytestag_network_get_download_slot (test->network));

  return g_list_model_get_item (slot, 0);
}

static gboolean
is_held (Fixture           *test,
         const char        *value,
         BytestagKvpRecord *record)
{
  BytestagKvpId id;

  bytestag_key_digest (&id.key, value, strlen (value));
  id.index = id.key;
  return bytestag_kvp_table_lookup (bytestag_network_get_table (test->network), &id, record);
}

static void
test_kept (Fixture      *test,
           gconstpointer data)
{
  g_autofree char *transfer = offer (test, "one two", 7, "1599999900");
  g_autoptr (BytestagReadStoreTask) task = get_task (test);
  BytestagKvpRecord record;

  g_assert_true (BYTESTAG_IS_READ_STORE_TASK (task));
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, 7);
  send_chunk (test, transfer, "one ", "1");
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 4);
  send_chunk (test, transfer, "two", "2");
  g_assert_false (is_held (test, "one two", NULL));
  send_end (test, transfer);

  g_assert_true (is_held (test, "one two", &record));
  g_assert_cmpuint (record.size, ==, 7);
  g_assert_cmpint (record.timestamp, ==, 1599999900);
  g_assert_true (record.has_timestamp);
  g_assert_false (record.is_original);
  g_assert_cmpfloat (record.time_to_live, ==, BYTESTAG_TIME_EXPIRE - 100);
  g_assert_cmpfloat (record.last_update, >, 1600000000);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->stores_kept, ==, 1);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 2);
}

/* With BYTESTAG_LIMIT_BYTES_WRITING of them waiting for the disk, a store waits in its place. */
static void
test_writing (Fixture      *test,
              gconstpointer data)
{
  test->network->bytes_writing = BYTESTAG_LIMIT_BYTES_WRITING - 7;
  for (guint i = 0; i < 2; i++)
    {
      const char *value = i == 0 ? "one two" : "one two three";
      g_autofree char *transfer = offer (test, value, (guint) strlen (value), "1599999900");
      g_autoptr (BytestagReadStoreTask) task = get_task (test);

      send_chunk (test, transfer, value, "1");
      send_end (test, transfer);
      bytestag_foreign_forget (test->peer);
      g_assert_true (is_held (test, value, NULL));
      g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
      g_assert_cmpuint (test->network->bytes_writing, ==, BYTESTAG_LIMIT_BYTES_WRITING - 7);
      g_assert_cmpuint (bytestag_network_get_counters (test->network)->stores_kept, ==, i + 1);
    }
  test->network->bytes_writing = 0;
}

/* What arrives decides. */
static void
test_wrong_size (Fixture      *test,
                 gconstpointer data)
{
  static const guint sizes[] = { 0, 3, 4, 1048577 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *value = g_strdup_printf ("one two %u", i);
      g_autofree char *transfer = offer (test, value, sizes[i], "5");
      BytestagKvpRecord record;

      send_chunk (test, transfer, "one ", "1");
      send_chunk (test, transfer, value + 4, "2");
      send_end (test, transfer);
      bytestag_foreign_forget (test->peer);
      g_assert_true (is_held (test, value, &record));
      g_assert_cmpuint (record.size, ==, strlen (value));
    }
}

static void
test_wrong_bytes (Fixture      *test,
                  gconstpointer data)
{
  g_autofree char *transfer = offer (test, "one two", 7, "5");
  g_autoptr (BytestagReadStoreTask) task = get_task (test);

  send_chunk (test, transfer, "two ", "1");
  send_chunk (test, transfer, "one", "2");
  send_end (test, transfer);
  g_assert_false (is_held (test, "one two", NULL));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->stores_wrong, ==, 1);
}

/* An end that is lost: kept soon when it is complete, else when it falls silent. */
static void
test_no_end (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *whole = offer (test, "one two", 7, "5");
  g_autofree char *other_size = NULL;
  g_autofree char *part = NULL;

  send_chunk (test, whole, "one two", "1");
  bytestag_sim_run (test->sim, 2 * SECOND);
  g_assert_true (is_held (test, "one two", NULL));
  bytestag_foreign_forget (test->peer);

  other_size = offer (test, "three", 99, "5");
  send_chunk (test, other_size, "three", "1");
  bytestag_sim_run (test->sim, 9 * SECOND);
  g_assert_false (is_held (test, "three", NULL));
  bytestag_sim_run (test->sim, 2 * SECOND);
  g_assert_true (is_held (test, "three", NULL));
  bytestag_foreign_forget (test->peer);

  part = offer (test, "four", 3, "5");
  send_chunk (test, part, "fou", "1");
  bytestag_sim_run (test->sim, 5 * SECOND);
  send_chunk (test, part, "r", "2");
  send_end (test, part);
  g_assert_true (is_held (test, "four", NULL));
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_autofree char *transfer = offer (test, "one two", 7, "5");
  g_autoptr (BytestagReadStoreTask) task = get_task (test);

  send_chunk (test, transfer, "one", "1");
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_false (is_held (test, "one two", NULL));
}

static void
test_timestamps (Fixture      *test,
                 gconstpointer data)
{
  g_autofree char *past = offer (test, "past", 4, "1599990000.9");
  g_autofree char *huge = NULL;
  BytestagKvpRecord record;

  send_chunk (test, past, "past", "1");
  send_end (test, past);
  g_assert_true (is_held (test, "past", &record));
  g_assert_cmpint (record.timestamp, ==, 1599990000);
  bytestag_foreign_forget (test->peer);

  /* Above 2^63 the value is kept without one. */
  huge = offer (test, "huge", 4, "1180591620717411303424");
  send_chunk (test, huge, "huge", "1");
  send_end (test, huge);
  g_assert_true (is_held (test, "huge", &record));
  g_assert_false (record.has_timestamp);
}

/* Two who bring the same value: one is kept, and nobody fails. */
static void
test_twice (Fixture      *test,
            gconstpointer data)
{
  g_autofree char *first = offer (test, "one two", 7, "1599990005");
  g_autofree char *second = offer (test, "one two", 7, "1599990006");
  BytestagKvpRecord record;

  send_chunk (test, first, "one two", "1");
  send_chunk (test, second, "one two", "1");
  send_end (test, first);
  send_end (test, second);
  g_assert_true (is_held (test, "one two", &record));
  g_assert_cmpint (record.timestamp, ==, 1599990005);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->stores_kept, ==, 1);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->stores_wrong, ==, 0);
}

static void
count_cb (BytestagNetwork     *network,
          const BytestagKvpId *id,
          guint               *n)
{
  (*n)++;
}

static void
test_signal (Fixture      *test,
             gconstpointer data)
{
  g_autofree char *transfer = offer (test, "one two", 7, "5");
  guint n = 0;

  g_signal_connect (test->network, "value-stored", G_CALLBACK (count_cb), &n);
  send_chunk (test, transfer, "one two", "1");
  g_assert_cmpuint (n, ==, 0);
  send_end (test, transfer);
  g_assert_cmpuint (n, ==, 1);
}

static void
test_finalize (Fixture      *test,
               gconstpointer data)
{
  g_autofree char *transfer = offer (test, "one two", 7, "5");
  BytestagReadStoreTask *task = get_task (test);

  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, 1);
  g_assert_finalize_object (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/read-store-task/kept", test_kept);
  FIXTURE_TEST ("/dht/read-store-task/writing", test_writing);
  FIXTURE_TEST ("/dht/read-store-task/wrong-size", test_wrong_size);
  FIXTURE_TEST ("/dht/read-store-task/wrong-bytes", test_wrong_bytes);
  FIXTURE_TEST ("/dht/read-store-task/no-end", test_no_end);
  FIXTURE_TEST ("/dht/read-store-task/silence", test_silence);
  FIXTURE_TEST ("/dht/read-store-task/timestamps", test_timestamps);
  FIXTURE_TEST ("/dht/read-store-task/twice", test_twice);
  FIXTURE_TEST ("/dht/read-store-task/signal", test_signal);
  FIXTURE_TEST ("/dht/read-store-task/finalize", test_finalize);

  return g_test_run ();
}
