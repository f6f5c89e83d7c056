/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long chunks are. */
#include "config.h"

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

#include <string.h>

typedef struct {
  gsize longest_acked; /* longer ones are lost */
  gsize longest;       /* that came */
  gsize n_bytes;
  const char *transfer; /* (nullable) its id; "X1" */
} Receiver;

static void
receiver_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  Receiver *self = user_data;
  const char *transfer = self->transfer != NULL ? self->transfer : "X1";

  if (g_str_equal (rpc, "store"))
    {
      g_autofree char *members = g_strdup_printf (", \"xferid\": \"%s\"", transfer);

      bytestag_foreign_reply (peer, from, message, members);
    }
  else if (g_str_equal (rpc, "chunk"))
    {
      gsize length;
      g_autofree guint8 *data = g_base64_decode (json_object_get_string_member (message, "xfer_data"), &length);

      self->longest = MAX (self->longest, length);
      if (length > self->longest_acked)
        return;
      self->n_bytes += length;
      bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"reply_id\": \"%s\"}", transfer,
                             json_object_get_string_member (message, "seq_id"));
    }
}

#define SIZE 20000

/* (transfer full) bytes that do not compress. */
static GBytes *
make_noise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  guint8 *bytes = g_malloc (SIZE);

  for (guint i = 0; i < SIZE; i++)
    bytes[i] = (guint8) g_rand_int (rand);
  return g_bytes_new_take (bytes, SIZE);
}

static BytestagStoreToNodeTask *
store (Fixture         *test,
       BytestagForeign *peer,
       gboolean         is_ours,
       Receiver        *receiver)
{
  g_autoptr (BytestagNode) contact = bytestag_foreign_make_contact (peer);
  g_autoptr (GBytes) value = make_noise ();
  BytestagKey key;

  bytestag_foreign_set_is_ours (peer, is_ours);
  bytestag_foreign_set_func (peer, receiver_cb, receiver);
  bytestag_key_digest (&key, g_bytes_get_data (value, NULL), SIZE);
  return bytestag_network_store_to_node (test->network, contact, &key, &key, value, 9);
}

/* Bytes of the offer and the end, at least. */
#define OTHERS 250

/* @datagram: (out) bytes of one with a chunk. */
static gsize
get_longest (Fixture    *test,
             const char *host,
             gboolean    is_ours,
             gsize      *datagram)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  Receiver receiver = { .longest_acked = SIZE };

  task = store (test, peer, is_ours, &receiver);
  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpuint (receiver.n_bytes, ==, SIZE);
  *datagram = (bytestag_foreign_get_n_received (peer) - OTHERS) * receiver.longest / SIZE;
  return receiver.longest;
}

/* To originals 1,024 bytes (A.2, 4); to ours what is never cut into fragments, and nearby
 * what is read. */
static void
test_lengths (Fixture      *test,
              gconstpointer data)
{
  gsize datagram;

  g_assert_cmpuint (get_longest (test, "9.2.0.1", FALSE, &datagram), ==, 1024);
  g_assert_cmpuint (get_longest (test, "10.2.0.1", FALSE, &datagram), ==, 1024);
  g_assert_cmpuint (get_longest (test, "9.2.0.2", TRUE, &datagram), ==, 1090);
  g_assert_cmpuint (get_longest (test, "10.2.0.2", TRUE, &datagram), ==, 5700);
  g_assert_cmpuint (get_longest (test, "127.0.0.2", TRUE, &datagram), ==, 5700);

  /* With a limit others are to have their turn soon. */
  bytestag_network_set_upload_limit (test->network, 1000000);
  g_assert_cmpuint (get_longest (test, "10.2.0.3", TRUE, &datagram), ==, 1090);
  g_assert_cmpuint (datagram, <=, BYTESTAG_LIMIT_REPLY);
}

/* The longest chunk fits also with the longest id, BYTESTAG_LIMIT_ECHOED_ID with its quotes. */
static void
test_long_id (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "10.2.0.1");
  g_autoptr (BytestagStoreToNodeTask) task = NULL;
  g_autofree char *id = g_strnfill (BYTESTAG_LIMIT_ECHOED_ID - 2, 'x');
  Receiver receiver = { .longest_acked = SIZE, .transfer = id };

  task = store (test, peer, TRUE, &receiver);
  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpuint (receiver.longest, ==, 5700);
  g_assert_cmpuint (receiver.n_bytes, ==, SIZE);
}

/* Where long ones get lost the next upload has short ones. */
static void
test_fall_back (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, "10.2.0.1");
  g_autoptr (BytestagStoreToNodeTask) first = NULL;
  g_autoptr (BytestagStoreToNodeTask) second = NULL;
  Receiver receiver = { .longest_acked = 1400 };

  first = store (test, peer, TRUE, &receiver);
  fixture_assert_fails (test, first, 30 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (receiver.n_bytes, ==, 0);
  second = store (test, peer, TRUE, &receiver);
  fixture_assert_done (test, second, 5 * SECOND);
  g_assert_cmpuint (receiver.n_bytes, ==, SIZE);
}

/* BYTESTAG_LIMIT_SHORT_CHUNK_ENDPOINTS: one more, and the first is forgotten. */
static void
test_limit (Fixture      *test,
            gconstpointer data)
{
  BytestagForeign *peers[BYTESTAG_LIMIT_SHORT_CHUNK_ENDPOINTS + 1];
  BytestagStoreToNodeTask *tasks[G_N_ELEMENTS (peers)];
  Receiver deaf = { .longest_acked = 0 };
  guint forgotten = G_N_ELEMENTS (peers);

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *host = g_strdup_printf ("10.3.%u.1", i);

      peers[i] = bytestag_foreign_new (test->sim, host);
      tasks[i] = store (test, peers[i], TRUE, &deaf);
    }
  bytestag_sim_run (test->sim, 60 * SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      Receiver receiver = { .longest_acked = SIZE };
      g_autoptr (BytestagStoreToNodeTask) again = store (test, peers[i], TRUE, &receiver);

      fixture_assert_done (test, again, 5 * SECOND);
      if (receiver.longest == 5700)
        forgotten = MIN (forgotten, i);
      else
        g_assert_cmpuint (receiver.longest, ==, 1090);
      g_object_unref (tasks[i]);
      bytestag_foreign_free (peers[i]);
    }
  g_assert_cmpuint (forgotten, <, G_N_ELEMENTS (peers));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/transfer-upload-chunks/lengths", test_lengths);
  FIXTURE_TEST ("/dht/transfer-upload-chunks/long-id", test_long_id);
  FIXTURE_TEST ("/dht/transfer-upload-chunks/fall-back", test_fall_back);
  FIXTURE_TEST ("/dht/transfer-upload-chunks/limit", test_limit);

  return g_test_run ();
}
