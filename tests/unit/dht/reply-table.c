/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/reply-table.h"

#include <string.h>

#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-transport.h"

typedef struct {
  BytestagTestClock *clock;
  BytestagTestRng *rng;
  BytestagReactor *reactor;
  BytestagTestTransport *transport;
  BytestagReplyTable *table;
  BytestagEndpoint peer;
} Test;

/* What came of one request. */
typedef struct {
  Test *test;
  guint n_calls;
  gboolean answered;
  gint64 rtt;
  BytestagEndpoint from;
  /* What the call does in turn. */
  guint64 to_cancel;
  gboolean sends_again;
  guint64 sent;
} Result;

static void
setup (Test         *test,
       gconstpointer data)
{
  BytestagEndpoint own;

  g_assert_true (bytestag_endpoint_set_host (&own, "127.0.0.1", -1, 4000));
  g_assert_true (bytestag_endpoint_set_host (&test->peer, "127.0.0.2", -1, 5000));
  test->clock = bytestag_test_clock_new ();
  test->rng = bytestag_test_rng_new (4);
  test->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (test->clock), BYTESTAG_RNG (test->rng));
  test->transport = bytestag_test_transport_new (&own);
  test->table = bytestag_reply_table_new (test->reactor, BYTESTAG_TRANSPORT (test->transport));
}

/* The functions that are called meanwhile use the table. */
static void
drop_table (Test *test)
{
  if (test->table != NULL)
    bytestag_reply_table_free (test->table);
  test->table = NULL;
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  drop_table (test);
  g_assert_finalize_object (test->transport);
  g_assert_finalize_object (test->reactor);
  g_assert_finalize_object (test->clock);
  g_assert_finalize_object (test->rng);
}

static void
advance (Test  *test,
         gint64 interval)
{
  bytestag_test_clock_advance (test->clock, interval);
  bytestag_reactor_tick (test->reactor);
}

static guint64 send_request (Test *test, BytestagKey *id, const char *text, Result *result);

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  Result *result = user_data;
  BytestagKey id;

  result->n_calls++;
  result->answered = message != NULL;
  result->rtt = rtt;
  result->from = *from;

  bytestag_reply_table_cancel (result->test->table, result->to_cancel);
  if (result->sends_again)
    {
      result->sends_again = FALSE;
      result->sent = send_request (result->test, &id, "again", result);
    }
}

static guint64
send_request (Test        *test,
              BytestagKey *id,
              const char  *text,
              Result      *result)
{
  result->test = test;
  bytestag_reply_table_make_id (test->table, id);

  return bytestag_reply_table_send (test->table, &test->peer, id, (const guint8 *) text, strlen (text),
                                    FALSE, reply_cb, result);
}

/* @text: the raw JSON of reply_id; NULL: as it should be. */
static gboolean
dispatch (Test                   *test,
          const BytestagEndpoint *from,
          const BytestagKey      *id,
          const char             *text)
{
  g_autofree char *base64 = bytestag_key_to_base64 (id);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", base64);
  BytestagMessage message = { .kind = BYTESTAG_MESSAGE_REPLY, .extensions = -1 };

  message.reply_id.text = text != NULL ? text : quoted;
  message.reply_id.length = strlen (message.reply_id.text);

  return bytestag_reply_table_dispatch (test->table, from, &message);
}

static void
assert_sent (Test       *test,
             const char *text)
{
  BytestagEndpoint to;
  g_autoptr (GBytes) data = bytestag_test_transport_take (test->transport, &to);

  g_assert_nonnull (data);
  g_assert_true (bytestag_endpoint_equal (&to, &test->peer));
  g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), text, strlen (text));
}

static void
assert_nothing_sent (Test *test)
{
  g_assert_cmpuint (bytestag_test_transport_get_n_datagrams (test->transport), ==, 0);
}

static void
test_reply (Test         *test,
            gconstpointer data)
{
  Result result = { 0 };
  BytestagKey id;

  g_assert_cmpuint (send_request (test, &id, "question", &result), !=, 0);
  assert_sent (test, "question");
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 1);

  advance (test, 70000);
  g_assert_true (dispatch (test, &test->peer, &id, NULL));
  g_assert_cmpuint (result.n_calls, ==, 1);
  g_assert_true (result.answered);
  g_assert_cmpint (result.rtt, ==, 70000);
  g_assert_true (bytestag_endpoint_equal (&result.from, &test->peer));
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 0);

  /* A second copy is nobody's, and no timer is left. */
  g_assert_false (dispatch (test, &test->peer, &id, NULL));
  advance (test, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (result.n_calls, ==, 1);
  assert_nothing_sent (test);
  g_assert_cmpint (bytestag_reactor_get_deadline (test->reactor), ==, G_MAXINT64);
}

/* A.1.2: sent at 0 and 5 s, the same bytes; over at 10 s. */
static void
test_timeout (Test         *test,
              gconstpointer data)
{
  Result result = { 0 };
  BytestagKey id;

  send_request (test, &id, "question", &result);
  assert_sent (test, "question");
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US - 1);
  assert_nothing_sent (test);
  advance (test, 1);
  assert_sent (test, "question");
  advance (test, BYTESTAG_REPLY_TIMEOUT_US - BYTESTAG_REPLY_RETRANSMIT_US - 1);
  g_assert_cmpuint (result.n_calls, ==, 0);
  advance (test, 1);
  g_assert_cmpuint (result.n_calls, ==, 1);
  g_assert_false (result.answered);
  g_assert_cmpint (result.rtt, ==, -1);
  g_assert_true (bytestag_endpoint_equal (&result.from, &test->peer));
  assert_nothing_sent (test);
  g_assert_false (dispatch (test, &test->peer, &id, NULL));
}

/* Which of the two copies was answered is not known: no round trip. */
static void
test_late_reply (Test         *test,
                 gconstpointer data)
{
  Result result = { 0 };
  BytestagKey id;

  send_request (test, &id, "question", &result);
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  advance (test, 4 * G_USEC_PER_SEC);
  g_assert_true (dispatch (test, &test->peer, &id, NULL));
  g_assert_true (result.answered);
  g_assert_cmpint (result.rtt, ==, -1);
}

/* What the transport drops is sent again all the same. */
static void
test_lost (Test         *test,
           gconstpointer data)
{
  Result result = { 0 };
  BytestagKey id;

  bytestag_test_transport_set_broken (test->transport, TRUE);
  g_assert_cmpuint (send_request (test, &id, "question", &result), !=, 0);
  bytestag_test_transport_set_broken (test->transport, FALSE);
  assert_nothing_sent (test);
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  assert_sent (test, "question");
  /* What still waits points to this function's memory. */
  drop_table (test);
}

static void
test_endpoint (Test         *test,
               gconstpointer data)
{
  BytestagEndpoint other_port = test->peer, other_host = test->peer;
  Result result = { 0 };
  BytestagKey id, other_id;

  other_port.port++;
  other_host.address[3]++;
  send_request (test, &id, "question", &result);
  bytestag_reply_table_make_id (test->table, &other_id);

  g_assert_false (dispatch (test, &other_port, &id, NULL));
  g_assert_false (dispatch (test, &other_host, &id, NULL));
  g_assert_false (dispatch (test, &test->peer, &other_id, NULL));
  g_assert_cmpuint (result.n_calls, ==, 0);
  g_assert_true (bytestag_reply_table_waits_for (test->table, &test->peer));
  g_assert_false (bytestag_reply_table_waits_for (test->table, &other_port));
  g_assert_false (bytestag_reply_table_waits_for (test->table, &other_host));
  g_assert_true (dispatch (test, &test->peer, &id, NULL));
  g_assert_false (bytestag_reply_table_waits_for (test->table, &test->peer));
}

/* Only the very text of the id matches, but JSON may escape it. */
static void
test_id_text (Test         *test,
              gconstpointer data)
{
  static const char *const others[] = {
    "null", "\"\"", "\"", "", "17", "[\"/////////////////////////w8=\"]",
    /* 20 bytes of 0xff are "//////////////////////////8=" */
    "\"//////////////////////////8\"",
    "\"//////////////////////////8==\"",
    "\"//////////////////////////9=\"", /* the same bytes, lenient */
    "\"//////////////////////////8=\\\"",
    "\"//////////////////////////8 =\"",
    "\"_/////////////////////////8=\"",
    "\"\\u002//////////////////////////8=\"",
    "\"\\u0g2f/////////////////////////8=\"",
    "\"\\u012f/////////////////////////8=\"",
    "\"\\n/////////////////////////8=\"",
    "\"//////////////////////////8=",
  };
  static const char *const same[] = {
    "\"//////////////////////////8=\"",
    "\"\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/8=\"",
    "\"\\u002f/\\u002F///////////////////////8\\u003d\"",
  };
  BytestagKey id;

  memset (&id, 0xff, sizeof id);

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    {
      Result result = { .test = test };

      bytestag_reply_table_send (test->table, &test->peer, &id, (const guint8 *) "x", 1, FALSE, reply_cb, &result);
      for (guint j = 0; j < G_N_ELEMENTS (others); j++)
        g_assert_false (dispatch (test, &test->peer, &id, others[j]));
      g_assert_true (dispatch (test, &test->peer, &id, same[i]));
      g_assert_cmpuint (result.n_calls, ==, 1);
    }
}

/* A.1.2: a reply with a seq_id of its own is matched by that. */
static void
test_truthy_seq_id (Test         *test,
                    gconstpointer data)
{
  static const char *const falsy[] = { "null", "0", "\"\"", "false" };
  static const char *const truthy[] = { "\"x\"", "1", "true" };
  Result result = { 0 };
  BytestagKey id;
  g_autofree char *base64 = NULL;
  g_autofree char *quoted = NULL;
  BytestagMessage message = { .kind = BYTESTAG_MESSAGE_REPLY };

  send_request (test, &id, "question", &result);
  base64 = bytestag_key_to_base64 (&id);
  quoted = g_strdup_printf ("\"%s\"", base64);
  message.reply_id.text = quoted;
  message.reply_id.length = strlen (quoted);

  for (guint i = 0; i < G_N_ELEMENTS (truthy); i++)
    {
      message.seq_id.text = truthy[i];
      message.seq_id.length = strlen (truthy[i]);
      g_assert_false (bytestag_reply_table_dispatch (test->table, &test->peer, &message));
    }

  for (guint i = 0; i < G_N_ELEMENTS (falsy); i++)
    {
      message.seq_id.text = falsy[i];
      message.seq_id.length = strlen (falsy[i]);
      g_assert_true (bytestag_reply_table_dispatch (test->table, &test->peer, &message));
      g_assert_cmpuint (result.n_calls, ==, i + 1);
      bytestag_reply_table_send (test->table, &test->peer, &id, (const guint8 *) "x", 1, FALSE, reply_cb, &result);
    }

  message.kind = BYTESTAG_MESSAGE_REQUEST;
  message.seq_id.text = NULL;
  g_assert_false (bytestag_reply_table_dispatch (test->table, &test->peer, &message));
  drop_table (test);
}

/* The whole way, by the codec. */
static void
test_datagram (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  Result result = { .test = test };
  BytestagMessage message;
  BytestagKey id, node_id;
  const guint8 *bytes;
  gsize length;

  bytestag_key_random (&node_id, BYTESTAG_RNG (test->rng));
  bytestag_reply_table_make_id (test->table, &id);
  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &node_id);
  bytestag_codec_add_string (codec, "rpc", "ping");
  bytestag_codec_add_key (codec, "seq_id", &id);
  bytes = bytestag_codec_end (codec, &length);
  bytestag_reply_table_send (test->table, &test->peer, &id, bytes, length, FALSE, reply_cb, &result);

  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &node_id);
  bytestag_codec_add_key (codec, "reply_id", &id);
  bytes = bytestag_codec_end (codec, &length);
  g_assert_cmpint (bytestag_codec_read (codec, bytes, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_true (bytestag_reply_table_dispatch (test->table, &test->peer, &message));
  g_assert_true (result.answered);
}

static void
test_cancel (Test         *test,
             gconstpointer data)
{
  Result result = { 0 }, other = { 0 };
  BytestagKey id, other_id;
  guint64 handle = send_request (test, &id, "question", &result);

  send_request (test, &other_id, "other", &other);
  bytestag_reply_table_cancel (test->table, handle);
  bytestag_reply_table_cancel (test->table, handle);
  bytestag_reply_table_cancel (test->table, 0);
  g_assert_false (dispatch (test, &test->peer, &id, NULL));
  advance (test, BYTESTAG_REPLY_TIMEOUT_US);
  advance (test, BYTESTAG_REPLY_TIMEOUT_US);
  g_assert_cmpuint (result.n_calls, ==, 0);
  g_assert_cmpuint (other.n_calls, ==, 1);
}

/* A handle is never that of a later request, whose record may be the same. */
static void
test_old_handle (Test         *test,
                 gconstpointer data)
{
  Result result = { 0 };
  BytestagKey id;
  guint64 handle = send_request (test, &id, "question", &result);

  g_assert_true (dispatch (test, &test->peer, &id, NULL));
  g_assert_cmpuint (send_request (test, &id, "question", &result), !=, handle);
  bytestag_reply_table_cancel (test->table, handle);
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 1);
  drop_table (test);
}

/* Inside a call: itself and others cancelled, and a new one sent. */
static void
test_in_callback (Test         *test,
                  gconstpointer data)
{
  Result result = { 0 }, other = { 0 }, self = { 0 };
  BytestagKey id, other_id, self_id;

  result.to_cancel = send_request (test, &other_id, "other", &other);
  result.sends_again = TRUE;
  send_request (test, &id, "question", &result);
  self.to_cancel = 3;
  g_assert_cmpuint (send_request (test, &self_id, "self", &self), ==, self.to_cancel);

  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  g_assert_true (dispatch (test, &test->peer, &id, NULL));
  g_assert_true (dispatch (test, &test->peer, &self_id, NULL));
  g_assert_cmpuint (result.sent, !=, 0);
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 1);

  /* The same in a time-out. */
  result.sends_again = TRUE;
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  g_assert_cmpuint (result.n_calls, ==, 2);
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 1);
  g_assert_cmpuint (other.n_calls, ==, 0);
  g_assert_cmpuint (self.n_calls, ==, 1);
  drop_table (test);
}

/* The bound on requests that wait, and the table's growth up to it. */
static void
test_limit (Test         *test,
            gconstpointer data)
{
  g_autofree BytestagKey *ids = g_new0 (BytestagKey, BYTESTAG_LIMIT_PENDING_REQUESTS);
  Result result = { 0 }, refused = { 0 };
  BytestagKey id;

  for (guint i = 0; i < BYTESTAG_LIMIT_PENDING_REQUESTS; i++)
    g_assert_cmpuint (send_request (test, &ids[i], "question", &result), !=, 0);

  g_assert_cmpuint (send_request (test, &id, "one too many", &refused), ==, 0);
  g_assert_cmpuint (bytestag_test_transport_get_n_datagrams (test->transport), ==, BYTESTAG_LIMIT_PENDING_REQUESTS);

  for (guint i = 0; i < BYTESTAG_LIMIT_PENDING_REQUESTS; i += 2)
    g_assert_true (dispatch (test, &test->peer, &ids[i], NULL));
  g_assert_cmpuint (send_request (test, &id, "room again", &refused), !=, 0);
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
  g_assert_cmpuint (result.n_calls, ==, BYTESTAG_LIMIT_PENDING_REQUESTS);
  g_assert_cmpuint (refused.n_calls, ==, 1);
  g_assert_cmpuint (bytestag_reply_table_get_n_pending (test->table), ==, 0);
}

/* Each size of request keeps its own bytes, in records that are used again. */
static void
test_sizes (Test         *test,
            gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 150, 256, 257, 1500, 2048, 2049, BYTESTAG_LIMIT_DATAGRAM };
  guint8 bytes[BYTESTAG_LIMIT_DATAGRAM];
  Result result = { .test = test };

  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          BytestagKey id;

          bytestag_reply_table_make_id (test->table, &id);
          memset (bytes, 'a' + i + round, sizeof bytes);
          g_assert_cmpuint (bytestag_reply_table_send (test->table, &test->peer, &id, bytes, sizes[i],
                                                       FALSE, reply_cb, &result), !=, 0);
        }

      advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
      for (guint i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
        {
          g_autoptr (GBytes) sent = bytestag_test_transport_take (test->transport, NULL);

          memset (bytes, 'a' + i % G_N_ELEMENTS (sizes) + round, sizeof bytes);
          g_assert_cmpmem (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent),
                           bytes, sizes[i % G_N_ELEMENTS (sizes)]);
        }
      advance (test, BYTESTAG_REPLY_RETRANSMIT_US);
      g_assert_cmpuint (result.n_calls, ==, (round + 1) * G_N_ELEMENTS (sizes));
    }
}

typedef struct {
  Result result;
  GArray *order;
  guint number;
} Ordered;

static void
ordered_cb (const BytestagMessage  *message,
            const BytestagEndpoint *from,
            gint64                  rtt,
            gpointer                user_data)
{
  Ordered *ordered = user_data;

  g_assert_null (message);
  g_array_append_val (ordered->order, ordered->number);
  reply_cb (message, from, rtt, &ordered->result);
}

/* Whoever waits is told when the table goes, in order; nothing new is taken. */
static void
test_free (Test         *test,
           gconstpointer data)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  Ordered ordered[4];

  for (guint i = 0; i < G_N_ELEMENTS (ordered); i++)
    {
      BytestagKey id;

      ordered[i] = (Ordered) { .order = order, .number = i, .result = { .test = test } };
      bytestag_reply_table_make_id (test->table, &id);
      bytestag_reply_table_send (test->table, &test->peer, &id, (const guint8 *) "x", 1, FALSE, ordered_cb, &ordered[i]);
    }
  ordered[0].result.to_cancel = 3;
  ordered[1].result.sends_again = TRUE;

  drop_table (test);
  g_assert_cmpuint (order->len, ==, 3);
  g_assert_cmpuint (g_array_index (order, guint, 0), ==, 0);
  g_assert_cmpuint (g_array_index (order, guint, 1), ==, 1);
  g_assert_cmpuint (g_array_index (order, guint, 2), ==, 3);
  g_assert_cmpuint (ordered[1].result.sent, ==, 0);
  g_assert_cmpint (bytestag_reactor_get_deadline (test->reactor), ==, G_MAXINT64);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/reply-table/" path, Test, NULL, setup, func, teardown)
  ADD ("reply", test_reply);
  ADD ("timeout", test_timeout);
  ADD ("late-reply", test_late_reply);
  ADD ("lost", test_lost);
  ADD ("endpoint", test_endpoint);
  ADD ("id-text", test_id_text);
  ADD ("truthy-seq-id", test_truthy_seq_id);
  ADD ("datagram", test_datagram);
  ADD ("cancel", test_cancel);
  ADD ("old-handle", test_old_handle);
  ADD ("in-callback", test_in_callback);
  ADD ("limit", test_limit);
  ADD ("sizes", test_sizes);
  ADD ("free", test_free);

  return g_test_run ();
}
