/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Also transfer-upload.c, as a receiver sees it. */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

/* How the peer answers a store and its chunks. */
typedef struct {
  const char *offer;     /* members of the reply to store */
  const char *ack;       /* printf of transfer id and seq_id; NULL: none */
  guint n_lost;          /* chunks that it does not ack at first */
  guint n_chunks, n_ends, n_repeated;
  gint64 offered_at, first_chunk_at, last_chunk_at, ended_at;
  char *last_seq;
  GByteArray *received;  /* as one of ours takes it: a repeated chunk once */
} Receiver;

static void
receiver_clear (Receiver *self)
{
  g_free (self->last_seq);
  g_byte_array_unref (self->received);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Receiver, receiver_clear)

static void
take_chunk (Receiver        *self,
            BytestagForeign *peer,
            const BytestagEndpoint *from,
            JsonObject      *message,
            gint64           now)
{
  const char *seq = json_object_get_string_member (message, "seq_id");
  g_autofree guint8 *data = NULL;
  gsize length;

  if (self->n_chunks++ == 0)
    self->first_chunk_at = now;
  self->last_chunk_at = now;

  if (g_strcmp0 (seq, self->last_seq) == 0)
    {
      self->n_repeated++;
    }
  else
    {
      data = g_base64_decode (json_object_get_string_member (message, "xfer_data"), &length);
      g_assert_cmpuint (length, <=, 1090);
      g_byte_array_append (self->received, data, (guint) length);
      g_free (self->last_seq);
      self->last_seq = g_strdup (seq);
    }

  if (self->n_lost > 0)
    self->n_lost--;
  else if (self->ack != NULL)
    bytestag_foreign_send (peer, from, "{%s\"reply_id\": \"%s\"}", self->ack, seq);
}

static void
receiver_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  Fixture *test = user_data;
  Receiver *self = g_object_get_data (G_OBJECT (test->contact), "receiver");
  gint64 now = bytestag_sim_get_time (test->sim);

  if (g_str_equal (rpc, "store"))
    {
      self->offered_at = now;
      bytestag_foreign_reply (peer, from, message, self->offer);
    }
  else if (g_str_equal (rpc, "chunk"))
    {
      take_chunk (self, peer, from, message, now);
    }
  else if (g_str_equal (rpc, "end"))
    {
      self->n_ends++;
      self->ended_at = now;
    }
}

static void
set_receiver (Fixture    *test,
              Receiver   *receiver,
              const char *offer,
              const char *ack)
{
  *receiver = (Receiver) { .offer = offer, .ack = ack };
  receiver->received = g_byte_array_new ();
  g_object_set_data (G_OBJECT (test->contact), "receiver", receiver);
  bytestag_foreign_set_func (test->peer, receiver_cb, test);
}

static BytestagStoreToNodeTask *
store (Fixture *test,
       gsize    size)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (size, 7);
  BytestagKey key;

  bytestag_key_digest (&key, g_bytes_get_data (value, NULL), size);
  return bytestag_network_store_to_node (test->network, test->contact, &key, &key, value, 9);
}

static void
assert_received (const Receiver *receiver,
                 gsize           size)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (size, 7);

  g_assert_cmpmem (receiver->received->data, receiver->received->len, g_bytes_get_data (value, NULL), size);
}

#define OFFER ", \"xferid\": \"X1\""
#define ACK "\"xfer_id\": \"X1\", "

static void
test_sent (Fixture      *test,
           gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  set_receiver (test, &receiver, OFFER, ACK);
  task = store (test, 2500);
  fixture_assert_done (test, task, 2 * SECOND);
  bytestag_sim_run (test->sim, SECOND);

  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_SENT);
  g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 2500);
  g_assert_cmpuint (receiver.n_chunks, ==, 3);
  g_assert_cmpuint (receiver.n_ends, ==, 1);
  assert_received (&receiver, 2500);

  /* An original needs 30 ms before the first chunk (A.2, 3). */
  g_assert_cmpint (receiver.first_chunk_at - receiver.offered_at, ==, (30 + 20) * 1000);
}

static void
test_to_ours (Fixture      *test,
              gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  set_receiver (test, &receiver, OFFER, ACK);
  task = store (test, 1024);
  fixture_assert_done (test, task, 2 * SECOND);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (receiver.n_chunks, ==, 1);
  g_assert_cmpint (receiver.first_chunk_at - receiver.offered_at, ==, 20 * 1000);
  g_assert_cmpint (bytestag_node_get_extensions (test->contact), ==, 2);
}

static void
test_empty (Fixture      *test,
            gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  set_receiver (test, &receiver, OFFER, ACK);
  task = store (test, 0);
  fixture_assert_done (test, task, 2 * SECOND);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_SENT);
  g_assert_cmpuint (receiver.n_chunks, ==, 0);
  g_assert_cmpuint (receiver.n_ends, ==, 1);
}

static void
test_refused (Fixture      *test,
              gconstpointer data)
{
  /* The spelling with an underscore is no offer. */
  static const char *const offers[] = { "", ", \"xfer_id\": \"X1\"" };

  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      g_auto (Receiver) receiver;
      g_autoptr (BytestagStoreToNodeTask) task = NULL;

      set_receiver (test, &receiver, offers[i], ACK);
      task = store (test, 2500);
      fixture_assert_done (test, task, SECOND);
      g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_HELD);
      g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 0);
      g_assert_cmpuint (receiver.n_chunks, ==, 0);
    }
}

/* Ours tell one from the other, and until when they promise the value. */
static void
test_refused_by_ours (Fixture      *test,
                      gconstpointer data)
{
  static const struct { const char *offer; BytestagStoreOutcome outcome; gint64 until; } cases[] = {
    { ", \"have\": true, \"until\": 1600000100", BYTESTAG_STORE_HELD, 1600000100 },
    { ", \"have\": true", BYTESTAG_STORE_HELD, 0 },
    { ", \"full\": true", BYTESTAG_STORE_FULL, 0 },
    { "", BYTESTAG_STORE_FULL, 0 },
    { OFFER ", \"until\": 1600000200", BYTESTAG_STORE_SENT, 1600000200 },
  };

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Receiver) receiver;
      g_autoptr (BytestagStoreToNodeTask) task = NULL;

      set_receiver (test, &receiver, cases[i].offer, ACK);
      task = store (test, 100);
      fixture_assert_done (test, task, 2 * SECOND);
      g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, cases[i].outcome);
      g_assert_cmpint (bytestag_store_to_node_task_get_until (task), ==, cases[i].until);
    }
}

/* Any scalar is a transfer id, and comes back as it is. */
static void
test_offers (Fixture      *test,
             gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) number = NULL;
  g_autoptr (BytestagStoreToNodeTask) list = NULL;
  g_autoptr (BytestagStoreToNodeTask) null = NULL;
  g_autofree char *text = NULL;

  set_receiver (test, &receiver, ", \"xferid\": 5", "\"xfer_id\": 5, ");
  number = store (test, 2500);
  fixture_assert_done (test, number, 2 * SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (number), ==, BYTESTAG_STORE_SENT);

  receiver.offer = ", \"xferid\": [1]";
  list = store (test, 2500);
  fixture_assert_fails (test, list, 2 * SECOND, BYTESTAG_ERROR_INVALID);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (list), ==, BYTESTAG_STORE_FAILED);

  /* null leaves it to us. */
  receiver.offer = ", \"xferid\": null";
  bytestag_sim_run (test->sim, SECOND);
  bytestag_foreign_forget (test->peer);
  null = store (test, 100);
  bytestag_sim_run (test->sim, SECOND / 5);
  g_free (bytestag_foreign_take (test->peer));
  text = bytestag_foreign_take (test->peer);
  g_assert_true (g_str_has_prefix (text, "{\"xfer_id\": \""));
  g_assert_cmpint (text[strlen ("{\"xfer_id\": \"") + BYTESTAG_KEY_BASE64_LENGTH], ==, '"');
}

/* Each chunk once, no resending; three without an ack end it (A.2, 3 and 10). */
static void
test_no_acks_original (Fixture      *test,
                       gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  set_receiver (test, &receiver, OFFER, NULL);
  task = store (test, 5000);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_FAILED);
  g_assert_cmpuint (receiver.n_chunks, ==, 3);
  g_assert_cmpuint (receiver.n_repeated, ==, 0);
  g_assert_cmpuint (receiver.n_ends, ==, 1);
  g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 0);
}

/* To ours: the same chunk, again and again, for the time of two. */
static void
test_no_acks_ours (Fixture      *test,
                   gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  set_receiver (test, &receiver, OFFER, NULL);
  task = store (test, 5000);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (receiver.n_repeated, >=, 5);
  g_assert_cmpuint (receiver.n_chunks - receiver.n_repeated, ==, 1);
  g_assert_cmpuint (receiver.n_ends, ==, 1);
  g_assert_cmpint (receiver.ended_at - receiver.first_chunk_at, ==, 20 * SECOND);
}

/* An original took what it does not ack, as far as anybody can tell. */
static void
test_lost_ack_original (Fixture      *test,
                        gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  set_receiver (test, &receiver, OFFER, ACK);
  receiver.n_lost = 1;
  task = store (test, 2500);
  fixture_assert_fails (test, task, 60 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (receiver.n_chunks, ==, 3);
  assert_received (&receiver, 2500);
  g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 2500 - 1024);
}

static void
test_lost_ack_ours (Fixture      *test,
                    gconstpointer data)
{
  g_auto (Receiver) receiver;
  g_autoptr (BytestagStoreToNodeTask) task = NULL;

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  set_receiver (test, &receiver, OFFER, ACK);
  receiver.n_lost = 2;
  task = store (test, 2500);
  fixture_assert_done (test, task, 5 * SECOND);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (receiver.n_repeated, ==, 2);
  assert_received (&receiver, 2500);
}

/* Acks of another transfer deliver, but do not count. */
static void
test_wrong_acks (Fixture      *test,
                 gconstpointer data)
{
  static const char *const acks[] = { "", "\"xfer_id\": \"no\", " };

  for (guint i = 0; i < G_N_ELEMENTS (acks); i++)
    {
      g_auto (Receiver) receiver;
      g_autoptr (BytestagStoreToNodeTask) task = NULL;

      set_receiver (test, &receiver, OFFER, acks[i]);
      task = store (test, 2500);
      fixture_assert_fails (test, task, 5 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_cmpuint (receiver.n_chunks, ==, 3);
      g_assert_cmpuint (receiver.n_ends, ==, 1);
      g_assert_cmpuint (bytestag_store_to_node_task_get_n_sent (task), ==, 0);
    }
}

/* What an original cannot take yet is not offered to it. */
static void
test_original_bound (Fixture      *test,
                     gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (Receiver) receiver;

  for (guint i = 0; i < 5; i++)
    g_ptr_array_add (tasks, store (test, 100 + i));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, BYTESTAG_LIMIT_STORES_TO_ORIGINAL);

  /* One that waits may be cancelled, and others go on when those before have ended. */
  set_receiver (test, &receiver, OFFER, ACK);
  bytestag_task_cancel (tasks->pdata[3]);
  fixture_assert_done (test, tasks->pdata[4], 20 * SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (tasks->pdata[2]), ==, BYTESTAG_STORE_SENT);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (tasks->pdata[3]), ==, BYTESTAG_STORE_FAILED);
}

/* One of ours takes more, but not as many as there may be. */
static void
test_ours_bound (Fixture      *test,
                   gconstpointer data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  bytestag_node_set_extensions (test->contact, 0);
  for (guint i = 0; i < BYTESTAG_LIMIT_STORES_TO_NODE + 3; i++)
    g_ptr_array_add (tasks, store (test, 100 + i));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, BYTESTAG_LIMIT_STORES_TO_NODE);
}

static void
test_too_large (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagStoreToNodeTask) task = store (test, BYTESTAG_MAX_VALUE_SIZE);

  fixture_assert_fails (test, task, SECOND, BYTESTAG_ERROR_TOO_LARGE);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagStoreToNodeTask) task = store (test, 10);

  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_FAILED);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  g_auto (Receiver) receiver;
  BytestagStoreToNodeTask *task;

  set_receiver (test, &receiver, OFFER, ACK);
  task = store (test, 100000);
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (receiver.n_chunks, >, 1);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_FAILED);
  g_assert_finalize_object (task);
}

static void
test_cancel_inside (Fixture      *test,
                    gconstpointer data)
{
  g_auto (Receiver) receiver;

  set_receiver (test, &receiver, OFFER, ACK);
  bytestag_foreign_set_is_ours (test->peer, TRUE);
  fixture_cancel_inside (test, store (test, 100000), "notify::extensions");
}

static BytestagStoreToNodeTask *
refresh (Fixture *test,
         GBytes  *value)
{
  g_autoptr (GBytes) made = bytestag_sim_make_value (2500, 7);
  BytestagKvpRecord record = { .size = 2500, .timestamp = 9, .copies = 4, .until = 1600000300 };

  bytestag_key_digest (&record.id.key, g_bytes_get_data (made, NULL), 2500);
  record.id.index = record.id.key;
  bytestag_node_set_extensions (test->contact, 2);
  return bytestag_network_refresh_at_node (test->network, test->contact, &record, 86400, value);
}

/* A promise is renewed without bytes (B.3); one that cannot be is ended at once. */
static void
test_refresh (Fixture      *test,
              gconstpointer data)
{
  static const struct { const char *offer; BytestagStoreOutcome outcome; gint64 until; guint n_ends; } cases[] = {
    { ", \"have\": true, \"until\": 1600000100", BYTESTAG_STORE_HELD, 1600000100, 0 },
    { ", \"full\": true", BYTESTAG_STORE_FULL, 0, 0 },
    { OFFER ", \"until\": 1600000200", BYTESTAG_STORE_LOST, 0, 1 },
    { ", \"xferid\": null, \"until\": 1600000200", BYTESTAG_STORE_LOST, 0, 0 },
  };

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Receiver) receiver;
      g_autoptr (BytestagStoreToNodeTask) task = NULL;

      set_receiver (test, &receiver, cases[i].offer, ACK);
      task = refresh (test, NULL);
      fixture_assert_done (test, task, 2 * SECOND);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, cases[i].outcome);
      g_assert_cmpint (bytestag_store_to_node_task_get_until (task), ==, cases[i].until);
      g_assert_cmpuint (receiver.n_ends, ==, cases[i].n_ends);
      g_assert_cmpuint (receiver.n_chunks, ==, 0);
    }
}

/* What is asked is the publisher's promise, not that of a replica. */
static void
test_refresh_request (Fixture      *test,
                      gconstpointer data)
{
  g_autoptr (BytestagStoreToNodeTask) task = refresh (test, NULL);
  g_autofree char *text = NULL;

  bytestag_sim_run (test->sim, SECOND / 10);
  text = bytestag_foreign_take (test->peer);
  g_assert_nonnull (strstr (text, "\"size\": 2500, \"timestmp\": 9, \"keep\": 86400, \"copies\": 4, "));
  g_assert_null (strstr (text, "until"));
}

/* With bytes they go to a node that has lost the value. */
static void
test_refresh_sends (Fixture      *test,
                    gconstpointer data)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (2500, 7);
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_auto (Receiver) receiver;

  bytestag_foreign_set_is_ours (test->peer, TRUE);
  set_receiver (test, &receiver, OFFER ", \"until\": 1600000200", ACK);
  task = refresh (test, value);
  fixture_assert_done (test, task, 2 * SECOND);
  g_assert_cmpint (bytestag_store_to_node_task_get_outcome (task), ==, BYTESTAG_STORE_SENT);
  g_assert_cmpint (bytestag_store_to_node_task_get_until (task), ==, 1600000200);
  assert_received (&receiver, 2500);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/store-to-node-task/sent", test_sent);
  FIXTURE_TEST ("/dht/store-to-node-task/to-ours", test_to_ours);
  FIXTURE_TEST ("/dht/store-to-node-task/empty", test_empty);
  FIXTURE_TEST ("/dht/store-to-node-task/refused", test_refused);
  FIXTURE_TEST ("/dht/store-to-node-task/offers", test_offers);
  FIXTURE_TEST ("/dht/store-to-node-task/no-acks-original", test_no_acks_original);
  FIXTURE_TEST ("/dht/store-to-node-task/no-acks-ours", test_no_acks_ours);
  FIXTURE_TEST ("/dht/store-to-node-task/lost-ack-original", test_lost_ack_original);
  FIXTURE_TEST ("/dht/store-to-node-task/lost-ack-ours", test_lost_ack_ours);
  FIXTURE_TEST ("/dht/store-to-node-task/wrong-acks", test_wrong_acks);
  FIXTURE_TEST ("/dht/store-to-node-task/original-bound", test_original_bound);
  FIXTURE_TEST ("/dht/store-to-node-task/ours-bound", test_ours_bound);
  FIXTURE_TEST ("/dht/store-to-node-task/too-large", test_too_large);
  FIXTURE_TEST ("/dht/store-to-node-task/silence", test_silence);
  FIXTURE_TEST ("/dht/store-to-node-task/cancel", test_cancel);
  FIXTURE_TEST ("/dht/store-to-node-task/cancel-inside", test_cancel_inside);
  FIXTURE_TEST ("/dht/store-to-node-task/refused-by-ours", test_refused_by_ours);
  FIXTURE_TEST ("/dht/store-to-node-task/refresh", test_refresh);
  FIXTURE_TEST ("/dht/store-to-node-task/refresh-request", test_refresh_request);
  FIXTURE_TEST ("/dht/store-to-node-task/refresh-sends", test_refresh_sends);

  return g_test_run ();
}
