/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "dht/network-private.h"
#include "fixture.h"

/* A download whose transfer id the test knows. */
typedef struct {
  BytestagDownloadTask *task;
  char *transfer;
} Download;

static void
download_clear (Download *self)
{
  g_clear_object (&self->task);
  g_clear_pointer (&self->transfer, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Download, download_clear)

static char *
take_transfer (Fixture *test)
{
  g_autofree char *text = bytestag_foreign_take (test->peer);
  const char *at;

  g_assert_nonnull (text);
  at = strstr (text, "\"xferid\": \"");
  g_assert_nonnull (at);
  return g_strndup (at + strlen ("\"xferid\": \""), BYTESTAG_KEY_BASE64_LENGTH);
}

static Download
begin (Fixture *test)
{
  Download download;

  download.task = bytestag_network_get_value_from_node (test->network, test->contact,
                                                        bytestag_network_get_key (test->network), NULL, 0);
  bytestag_sim_run (test->sim, SECOND / 10);
  download.transfer = take_transfer (test);
  return download;
}

/* @data: text; @seq: JSON of the seq_id, NULL: none. */
static void
send_chunk (BytestagForeign        *peer,
            const BytestagEndpoint *to,
            const char             *transfer,
            const char             *data,
            const char             *seq)
{
  g_autofree char *base64 = g_base64_encode ((const guint8 *) data, strlen (data));

  bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\"%s%s}", transfer, base64,
                         seq != NULL ? ", \"seq_id\": " : "", seq != NULL ? seq : "");
}

static void
send_end (Fixture    *test,
          const char *transfer)
{
  bytestag_foreign_send (test->peer, &test->address, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
}

static void
expect_ack (Fixture    *test,
            const char *transfer,
            const char *reply_id)
{
  g_autofree char *expected = g_strdup_printf ("{\"xfer_id\": \"%s\", \"reply_id\": %s}", transfer, reply_id);
  g_autofree char *text = NULL;

  bytestag_sim_run (test->sim, SECOND / 10);
  text = bytestag_foreign_take (test->peer);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_bytes (BytestagDownloadTask *task,
              const char           *expected)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (task);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_assert_cmpmem (data, length, expected, strlen (expected));
}

static void
test_chunks (Fixture      *test,
             gconstpointer data)
{
  g_auto (Download) download = begin (test);

  send_chunk (test->peer, &test->address, download.transfer, "one ", "\"a\"");
  expect_ack (test, download.transfer, "\"a\"");
  assert_bytes (download.task, "one ");
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (download.task)), ==, 4);

  send_chunk (test->peer, &test->address, download.transfer, "two", NULL);
  expect_ack (test, download.transfer, "null");
  send_end (test, download.transfer);
  fixture_assert_done (test, download.task, SECOND);
  assert_bytes (download.task, "one two");
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);

  /* What comes after the end is nothing (A.2, 10). */
  send_chunk (test->peer, &test->address, download.transfer, "three", "\"c\"");
  send_end (test, download.transfer);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  assert_bytes (download.task, "one two");
}

/* A chunk whose ack was lost is acked again, and taken once. */
static void
test_repeated (Fixture      *test,
               gconstpointer data)
{
  g_auto (Download) download = begin (test);

  for (guint i = 0; i < 3; i++)
    {
      send_chunk (test->peer, &test->address, download.transfer, "one ", "\"a\"");
      expect_ack (test, download.transfer, "\"a\"");
    }
  for (guint i = 0; i < 2; i++)
    {
      send_chunk (test->peer, &test->address, download.transfer, "two ", "7");
      expect_ack (test, download.transfer, "7");
    }
  /* Without an id nobody can tell. */
  for (guint i = 0; i < 2; i++)
    {
      send_chunk (test->peer, &test->address, download.transfer, "x", "null");
      expect_ack (test, download.transfer, "null");
    }
  send_end (test, download.transfer);
  fixture_assert_done (test, download.task, SECOND);
  assert_bytes (download.task, "one two xx");
}

/* Neither acked nor taken. */
static void
test_ignored (Fixture      *test,
              gconstpointer data)
{
  static const char *const packets[] = {
    "{\"xfer_id\": \"%s\", \"seq_id\": \"a\"}",
    "{\"xfer_id\": \"%s\", \"xfer_data\": 5, \"seq_id\": \"a\"}",
    "{\"xfer_id\": \"%s\", \"xfer_data\": [], \"seq_id\": \"a\"}",
    "{\"xfer_id\": [\"%s\"], \"xfer_data\": \"AAAA\", \"seq_id\": \"a\"}",
    "{\"xfer_id\": \"x%s\", \"xfer_data\": \"AAAA\", \"seq_id\": \"a\"}",
    "{\"xfer_id\": \"%s\", \"xfer_data\": \"A\", \"seq_id\": \"a\"}",
  };
  g_auto (Download) download = begin (test);

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_auto (GStrv) parts = g_strsplit (packets[i], "%s", 2);
      g_autofree char *text = g_strjoinv (download.transfer, parts);

      bytestag_foreign_send (test->peer, &test->address, "%s", text);
      bytestag_sim_run (test->sim, SECOND / 10);
      g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
    }
  assert_bytes (download.task, "");
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (download.task)), ==, BYTESTAG_TASK_RUNNING);
}

/* An empty chunk is an end. */
static void
test_empty_chunk (Fixture      *test,
                  gconstpointer data)
{
  g_auto (Download) download = begin (test);

  send_chunk (test->peer, &test->address, download.transfer, "", "\"a\"");
  fixture_assert_done (test, download.task, SECOND);
  assert_bytes (download.task, "");
}

/* The host must be the one that was asked; the port may be another. */
static void
test_sender (Fixture      *test,
             gconstpointer data)
{
  g_auto (Download) download = begin (test);
  g_autoptr (BytestagForeign) other = bytestag_foreign_new (test->sim, "9.1.2.4");

  send_chunk (other, &test->address, download.transfer, "evil", "\"a\"");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (other), ==, 0);
  assert_bytes (download.task, "");

  bytestag_foreign_set_port (test->peer, 9999);
  send_chunk (test->peer, &test->address, download.transfer, "good", "\"a\"");
  expect_ack (test, download.transfer, "\"a\"");
  assert_bytes (download.task, "good");
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_auto (Download) download = begin (test);

  send_chunk (test->peer, &test->address, download.transfer, "one", "\"a\"");
  bytestag_sim_run (test->sim, 9 * SECOND);
  send_chunk (test->peer, &test->address, download.transfer, "two", "\"b\"");
  bytestag_sim_run (test->sim, 9 * SECOND);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (download.task)), ==, BYTESTAG_TASK_RUNNING);
  fixture_assert_fails (test, download.task, 2 * SECOND, BYTESTAG_ERROR_TIMED_OUT);

  /* What came is kept. */
  assert_bytes (download.task, "onetwo");

  /* An original is asked once. */
  bytestag_foreign_forget (test->peer);
}

/* One of ours is asked again while nothing came. */
static void
test_asks_again (Fixture      *test,
                 gconstpointer data)
{
  g_auto (Download) download = { NULL, NULL };
  g_autofree char *again = NULL;

  bytestag_node_set_extensions (test->contact, 0);
  download = begin (test);
  bytestag_sim_run (test->sim, 2 * SECOND);
  again = take_transfer (test);
  g_assert_cmpstr (again, ==, download.transfer);
  send_chunk (test->peer, &test->address, download.transfer, "one", "\"a\"");
  expect_ack (test, download.transfer, "\"a\"");
  bytestag_sim_run (test->sim, 8 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

static void
test_original_asked_once (Fixture      *test,
                          gconstpointer data)
{
  g_auto (Download) download = begin (test);

  fixture_assert_fails (test, download.task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

static void
test_too_large (Fixture      *test,
                gconstpointer data)
{
  g_auto (Download) download = begin (test);
  g_autofree char *chunk = g_strnfill (4096, 'x');
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < 255; i++)
    {
      g_autofree char *seq = g_strdup_printf ("%u", i + 1);

      send_chunk (test->peer, &test->address, download.transfer, chunk, seq);
      expect_ack (test, download.transfer, seq);
    }
  chunk[4095] = '\0';
  send_chunk (test->peer, &test->address, download.transfer, chunk, "\"last\"");
  expect_ack (test, download.transfer, "\"last\"");
  bytes = bytestag_download_task_dup_bytes (download.task);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 1048575);

  send_chunk (test->peer, &test->address, download.transfer, "y", "\"over\"");
  fixture_assert_fails (test, download.task, SECOND, BYTESTAG_ERROR_TOO_LARGE);
}

static void
test_empty (Fixture      *test,
            gconstpointer data)
{
  g_auto (Download) download = begin (test);

  send_end (test, download.transfer);
  fixture_assert_done (test, download.task, SECOND);
  assert_bytes (download.task, "");
}

/* 30 getval at once dead-lock an original (A.3 B9). */
static void
test_original_bound (Fixture      *test,
                     gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_free);
  GListModel *slot = G_LIST_MODEL (bytestag_network_get_download_slot (test->network));

  for (guint i = 0; i < 10; i++)
    {
      BytestagKey key = { { (guint8) i } };

      g_ptr_array_add (tasks, bytestag_network_get_value_from_node (test->network, test->contact, &key, NULL, 0));
    }
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (g_list_model_get_n_items (slot), ==, BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL);

  /* One that waits may be cancelled. */
  bytestag_task_cancel (tasks->pdata[4]);
  bytestag_sim_run (test->sim, 1);

  for (guint i = 0; i < 9; i++)
    {
      if (i == BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL)
        g_assert_cmpint (bytestag_task_get_state (tasks->pdata[4]), ==, BYTESTAG_TASK_CANCELLED);
      g_ptr_array_add (transfers, take_transfer (test));
      send_end (test, transfers->pdata[i]);
      bytestag_sim_run (test->sim, SECOND / 10);
    }
  for (guint i = 0; i < 10; i++)
    if (i != 4)
      g_assert_cmpint (bytestag_task_get_state (tasks->pdata[i]), ==, BYTESTAG_TASK_DONE);
  g_assert_cmpuint (g_list_model_get_n_items (slot), ==, 0);
}

/* Downloads leave the places of stores alone. */
static void
test_bound (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  BytestagTaskSlot *slot = bytestag_network_get_download_slot (test->network);

  bytestag_node_set_extensions (test->contact, 0);
  for (guint i = 0; i < BYTESTAG_LIMIT_DOWNLOADS + 10; i++)
    {
      BytestagKey key = { { (guint8) i } };

      g_ptr_array_add (tasks, bytestag_network_get_value_from_node (test->network, test->contact, &key, NULL, 0));
    }
  bytestag_sim_run (test->sim, SECOND / 10);
  g_assert_cmpuint (bytestag_task_slot_get_n_running (slot), ==, BYTESTAG_LIMIT_DOWNLOADS);

  bytestag_sim_run (test->sim, 11 * SECOND);
  g_assert_cmpuint (bytestag_task_slot_get_n_running (slot), ==, 10);
  bytestag_sim_run (test->sim, 11 * SECOND);
  g_assert_cmpuint (bytestag_task_slot_get_n_running (slot), ==, 0);
}

/* A byte now and then, nothing at all, or the same once more: none of it holds the place for ever. */
static void
test_drip (Fixture      *test,
           gconstpointer data)
{
  static const struct {
    const char *base64;
    gboolean is_repeated;
    guint64 total;
  } drips[] = { { "eA==", FALSE, 0 }, { "!!!!", FALSE, 0 }, { "eA==", TRUE, 0 }, { "eA==", TRUE, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (drips); i++)
    {
      g_auto (Download) download = begin (test);
      gint64 start = bytestag_sim_get_time (test->sim);

      bytestag_task_set_total (BYTESTAG_TASK (download.task), drips[i].total);
      for (guint n = 1; !bytestag_task_is_finished (BYTESTAG_TASK (download.task)); n++)
        {
          bytestag_foreign_send (test->peer, &test->address,
                                 "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": %u}",
                                 download.transfer, drips[i].base64, drips[i].is_repeated ? 1 : n);
          bytestag_sim_run (test->sim, SECOND / 2);
          g_assert_cmpint (bytestag_sim_get_time (test->sim) - start, <,
                           BYTESTAG_LIMIT_TRANSFER_US + 2 * SECOND);
        }
      g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (download.task)), BYTESTAG_ERROR,
                      BYTESTAG_ERROR_TIMED_OUT);
      send_end (test, download.transfer);
      bytestag_sim_run (test->sim, SECOND);
      bytestag_foreign_forget (test->peer);
    }
}

/* A chunk each 3 s is slow, and goes on. */
static void
test_slow (Fixture      *test,
           gconstpointer data)
{
  g_auto (Download) download = begin (test);
  g_autofree char *chunk = g_strnfill (1024, 'x');

  for (guint i = 1; i <= 100; i++)
    {
      g_autofree char *seq = g_strdup_printf ("%u", i);

      send_chunk (test->peer, &test->address, download.transfer, chunk, seq);
      expect_ack (test, download.transfer, seq);
      bytestag_sim_run (test->sim, 3 * SECOND);
    }
  send_end (test, download.transfer);
  fixture_assert_done (test, download.task, SECOND);
}

/* An original has no word for "stop": what it still sends is acked to the end (A.2, 5),
 * and is one of its four. */
static void
test_drain (Fixture      *test,
            gconstpointer data)
{
  Download downloads[BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL];
  g_auto (Download) next = { NULL, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    {
      downloads[i] = begin (test);
      bytestag_task_cancel (BYTESTAG_TASK (downloads[i].task));
      bytestag_sim_run (test->sim, 1);
      g_assert_finalize_object (g_steal_pointer (&downloads[i].task));
    }
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *seq = g_strdup_printf ("%u", i + 1);

      send_chunk (test->peer, &test->address, downloads[0].transfer, "x", seq);
      expect_ack (test, downloads[0].transfer, seq);
    }

  next.task = bytestag_network_get_value_from_node (test->network, test->contact,
                                                    bytestag_network_get_key (test->network), NULL, 0);
  bytestag_sim_run (test->sim, 5 * SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  send_end (test, downloads[0].transfer);
  bytestag_sim_run (test->sim, SECOND);
  next.transfer = take_transfer (test);
  send_end (test, next.transfer);
  fixture_assert_done (test, next.task, SECOND);

  /* After the end there is nothing to ack; and those that never come do not count for ever. */
  send_chunk (test->peer, &test->address, downloads[0].transfer, "x", "6");
  bytestag_sim_run (test->sim, 20 * SECOND);
  send_chunk (test->peer, &test->address, downloads[1].transfer, "x", "1");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    download_clear (&downloads[i]);
}

/* So many at a time, of all originals together. */
static void
test_drains (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  guint n_drained = 0;

  for (guint i = 0; i < BYTESTAG_LIMIT_DRAINS + 1; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 20 + i);
      g_autoptr (BytestagNode) contact = NULL;
      g_auto (Download) download = { NULL, NULL };

      g_clear_pointer (&test->peer, bytestag_foreign_free);
      test->peer = bytestag_foreign_new (test->sim, host);
      contact = bytestag_foreign_make_contact (test->peer);
      download.task = bytestag_network_get_value_from_node (test->network, contact, bytestag_node_get_key (contact),
                                                            NULL, 0);
      bytestag_sim_run (test->sim, SECOND / 20);
      download.transfer = take_transfer (test);
      bytestag_task_cancel (BYTESTAG_TASK (download.task));
      send_chunk (test->peer, &test->address, download.transfer, "x", "1");
      bytestag_sim_run (test->sim, SECOND / 20);
      n_drained += bytestag_foreign_forget (test->peer);
      g_assert_cmpuint (n_drained, ==, MIN (i + 1, BYTESTAG_LIMIT_DRAINS));
    }
}

/* Nor does one that only says that it is an original. */
static void
test_endless_drain (Fixture      *test,
                    gconstpointer data)
{
  g_auto (Download) download = begin (test);
  guint n_acks = 0;

  bytestag_task_cancel (BYTESTAG_TASK (download.task));
  for (guint i = 1; i <= BYTESTAG_LIMIT_CHUNKS_OF_DRAIN + 10; i++)
    {
      send_chunk (test->peer, &test->address, download.transfer, "x", "1");
      bytestag_sim_run (test->sim, SECOND / 10);
      n_acks += bytestag_foreign_forget (test->peer);
    }
  g_assert_cmpuint (n_acks, ==, BYTESTAG_LIMIT_CHUNKS_OF_DRAIN);
}

/* One of ours stops by itself. */
static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  Download download;

  bytestag_node_set_extensions (test->contact, 0);
  download = begin (test);
  bytestag_task_cancel (BYTESTAG_TASK (download.task));
  send_chunk (test->peer, &test->address, download.transfer, "one", "\"a\"");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&download.task));
  download_clear (&download);
}

/* Whoever floods us in the name of its network does not keep from us what we asked for. */
static void
test_flood (Fixture      *test,
            gconstpointer data)
{
  g_auto (Download) download = { 0 };

  fixture_meet (test);
  download = begin (test);
  for (guint i = 0; i < BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST + 1; i++)
    bytestag_sim_send (test->sim, bytestag_foreign_get_address (test->peer), &test->address,
                       (const guint8 *) "nothing", 7);
  send_chunk (test->peer, &test->address, download.transfer, "one", "1");
  expect_ack (test, download.transfer, "1");
}

/* What comes earns its time, which a byte now and then does not: the end is when so many
 * bytes a second are not reached. */
static void
test_time_of_bytes (Fixture      *test,
                    gconstpointer data)
{
  static const guint n_earning = 4 * BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND;
  gint64 start = bytestag_sim_get_time (test->sim);
  g_auto (Download) download = begin (test);
  g_autofree char *earning = g_strnfill (n_earning, 'x');
  gint64 end = start + BYTESTAG_LIMIT_TRANSFER_US + 4 * SECOND;
  guint n = n_earning;

  send_chunk (test->peer, &test->address, download.transfer, earning, "0");
  for (; bytestag_sim_get_time (test->sim) < end - 2 * SECOND; n++)
    {
      g_autofree char *seq = g_strdup_printf ("%u", n);

      bytestag_sim_run (test->sim, SECOND);
      send_chunk (test->peer, &test->address, download.transfer, "x", seq);
    }
  bytestag_sim_run (test->sim, SECOND / 2);
  /* Those single bytes were worth a little too. */
  end += (n - n_earning) * SECOND / BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND;
  g_assert_cmpint (end - start, ==, _bytestag_transfer_get_allowance (n));
  bytestag_sim_run (test->sim, end - bytestag_sim_get_time (test->sim) - 1);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (download.task)), ==, BYTESTAG_TASK_RUNNING);
  bytestag_sim_run (test->sim, 2);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (download.task)), BYTESTAG_ERROR, BYTESTAG_ERROR_TIMED_OUT);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/download-task/chunks", test_chunks);
  FIXTURE_TEST ("/dht/download-task/flood", test_flood);
  FIXTURE_TEST ("/dht/download-task/repeated", test_repeated);
  FIXTURE_TEST ("/dht/download-task/ignored", test_ignored);
  FIXTURE_TEST ("/dht/download-task/empty-chunk", test_empty_chunk);
  FIXTURE_TEST ("/dht/download-task/sender", test_sender);
  FIXTURE_TEST ("/dht/download-task/silence", test_silence);
  FIXTURE_TEST ("/dht/download-task/asks-again", test_asks_again);
  FIXTURE_TEST ("/dht/download-task/original-asked-once", test_original_asked_once);
  FIXTURE_TEST ("/dht/download-task/too-large", test_too_large);
  FIXTURE_TEST ("/dht/download-task/empty", test_empty);
  FIXTURE_TEST ("/dht/download-task/original-bound", test_original_bound);
  FIXTURE_TEST ("/dht/download-task/bound", test_bound);
  FIXTURE_TEST ("/dht/download-task/drip", test_drip);
  FIXTURE_TEST ("/dht/download-task/slow", test_slow);
  FIXTURE_TEST ("/dht/download-task/drain", test_drain);
  FIXTURE_TEST ("/dht/download-task/endless-drain", test_endless_drain);
  FIXTURE_TEST ("/dht/download-task/drains", test_drains);
  FIXTURE_TEST ("/dht/download-task/time-of-bytes", test_time_of_bytes);
  FIXTURE_TEST ("/dht/download-task/cancel", test_cancel);

  return g_test_run ();
}
