/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "wire/json-keys.h"
#include "wire/message.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAVE_ALLOCATION_COUNT 0
#else
#define HAVE_ALLOCATION_COUNT 1
#endif

#if HAVE_ALLOCATION_COUNT
/* This program's own allocator: glibc's, counted. */
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

static gint64 n_allocations;

void *
malloc (size_t size)
{
  n_allocations++;
  return __libc_malloc (size);
}

void *
calloc (size_t n,
        size_t size)
{
  n_allocations++;
  return __libc_calloc (n, size);
}

void *
realloc (void   *memory,
         size_t  size)
{
  n_allocations++;
  return __libc_realloc (memory, size);
}

int
posix_memalign (void   **memory,
                size_t   alignment,
                size_t   size)
{
  n_allocations++;
  *memory = __libc_memalign (alignment, size);
  return *memory != NULL ? 0 : ENOMEM;
}
#endif

#define N_NODES 20

static void
fill_key (BytestagKey *key,
          guint        seed)
{
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    key->bytes[i] = (seed * 131 + i * 89 + 7) ^ (seed >> 3);
}

static void
fill_endpoint (BytestagEndpoint *endpoint,
               guint             seed)
{
  g_autofree char *host = g_strdup_printf ("93.%u.216.%u", 10 + seed * 7 % 200, 34 + seed);

  g_assert_true (bytestag_endpoint_set_host (endpoint, host, -1, 10000 + seed * 37));
}

typedef struct {
  BytestagKey own, ids[N_NODES], seq_id;
  BytestagEndpoint endpoints[N_NODES];
  BytestagExchangeInfo vals[N_NODES];
  guint8 chunk[1024];
} Content;

static void
content_fill (Content *content)
{
  fill_key (&content->own, 1000);
  fill_key (&content->seq_id, 2000);
  for (guint i = 0; i < N_NODES; i++)
    {
      fill_key (&content->ids[i], i);
      fill_endpoint (&content->endpoints[i], i);
      fill_key (&content->vals[i].id.key, i);
      fill_key (&content->vals[i].id.index, i + 500);
      content->vals[i].size = 262144;
      content->vals[i].timestamp = 1353571200.123456 + i;
      content->vals[i].time_kind = i % 3;
    }
  for (guint i = 0; i < sizeof content->chunk; i++)
    content->chunk[i] = i * 7 + i / 251;
}

static const guint8 *
write_request (BytestagCodec *codec,
               const Content *content,
               gsize         *length)
{
  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &content->own);
  bytestag_codec_add_string (codec, BYTESTAG_JSON_RPC, BYTESTAG_JSON_RPC_FIND_NODE);
  bytestag_codec_add_key (codec, BYTESTAG_JSON_KEY, &content->ids[3]);
  bytestag_codec_add_key (codec, BYTESTAG_JSON_SEQUENCE_ID, &content->seq_id);
  bytestag_codec_add_integer (codec, BYTESTAG_JSON_EXTENSIONS, 8);
  return bytestag_codec_end (codec, length);
}

static const guint8 *
write_nodes (BytestagCodec       *codec,
             const Content       *content,
             const BytestagSlice *seq_id,
             gsize               *length)
{
  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &content->own);
  bytestag_codec_begin_nodes (codec);
  for (guint i = 0; i < N_NODES; i++)
    bytestag_codec_add_node (codec, &content->ids[i], &content->endpoints[i]);
  bytestag_codec_end_nodes (codec);
  bytestag_codec_add_slice (codec, BYTESTAG_JSON_REPLY_ID, seq_id, TRUE);
  return bytestag_codec_end (codec, length);
}

static const guint8 *
write_vals (BytestagCodec       *codec,
            const Content       *content,
            const BytestagSlice *seq_id,
            gsize               *length)
{
  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &content->own);
  bytestag_codec_begin_vals (codec);
  for (guint i = 0; i < N_NODES; i++)
    bytestag_codec_add_val (codec, &content->vals[i]);
  bytestag_codec_end_vals (codec);
  bytestag_codec_add_slice (codec, BYTESTAG_JSON_REPLY_ID, seq_id, TRUE);
  bytestag_codec_add_endpoint (codec, BYTESTAG_JSON_YOU, &content->endpoints[0]);
  return bytestag_codec_end (codec, length);
}

static const guint8 *
write_chunk (BytestagCodec *codec,
             const Content *content,
             gsize         *length)
{
  bytestag_codec_begin (codec);
  bytestag_codec_add_key (codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, &content->ids[0]);
  bytestag_codec_add_data (codec, BYTESTAG_JSON_PACKET_DATA, content->chunk, sizeof content->chunk);
  bytestag_codec_add_key (codec, BYTESTAG_JSON_SEQUENCE_ID, &content->seq_id);
  return bytestag_codec_end (codec, length);
}

/* A request, its two kinds of reply, and a chunk, there and back. */
static void
run_all (BytestagCodec *codec,
         const Content *content)
{
  BytestagWireNode nodes[N_NODES];
  BytestagExchangeInfo vals[N_NODES];
  guint8 bytes[2048];
  BytestagMessage message;
  BytestagSlice seq_id;
  const guint8 *data;
  gsize length;

  data = write_request (codec, content, &length);
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (message.rpc, ==, BYTESTAG_RPC_FIND_NODE);
  seq_id = message.seq_id;
  data = write_nodes (codec, content, &seq_id, &length);
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (bytestag_message_read_nodes (&message, nodes, N_NODES), ==, N_NODES);
  g_assert_true (bytestag_key_equal (&nodes[7].key, &content->ids[7]));
  g_assert_true (bytestag_endpoint_equal (&nodes[7].endpoint, &content->endpoints[7]));
  data = write_vals (codec, content, &message.reply_id, &length);
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (bytestag_message_read_vals (&message, vals, N_NODES), ==, N_NODES);
  g_assert_true (message.has_you);
  data = write_chunk (codec, content, &length);
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (bytestag_message_read_data (&message, bytes, sizeof bytes), ==, sizeof content->chunk);
  g_assert_cmpint (memcmp (bytes, content->chunk, sizeof content->chunk), ==, 0);
}

static void
test_there_and_back (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  Content content;

  content_fill (&content);
  for (guint i = 0; i < 3; i++)
    run_all (codec, &content);
}

static void
test_no_allocation (void)
{
#if HAVE_ALLOCATION_COUNT
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  Content content;
  gint64 before;

  content_fill (&content);
  /* The first float makes the C library remember its locale. */
  run_all (codec, &content);
  before = n_allocations;
  g_free (g_malloc (1));
  g_assert_cmpint (n_allocations, >, before);
  before = n_allocations;
  for (guint i = 0; i < 100; i++)
    run_all (codec, &content);
  g_assert_cmpint (n_allocations, ==, before);
#else
  g_test_skip ("a sanitizer has the allocator");
#endif
}

/* What does not fit into a datagram is not sent, whole or cut. */
static void
test_too_long_to_write (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  Content content;
  g_autofree guint8 *noise = g_malloc (60000);
  gsize length;

  content_fill (&content);
  for (guint i = 0; i < 60000; i++)
    noise[i] = g_test_rand_int ();
  bytestag_codec_begin (codec);
  bytestag_codec_add_data (codec, "x", noise, 6000);
  g_assert_nonnull (bytestag_codec_end (codec, &length));
  g_assert_cmpuint (length, >, 6000);
  g_assert_cmpuint (length, <=, BYTESTAG_LIMIT_DATAGRAM);
  /* Too long when compressed, */
  bytestag_codec_begin (codec);
  bytestag_codec_add_data (codec, "x", noise, 8300);
  g_assert_null (bytestag_codec_end (codec, &length));
  /* and before that. */
  bytestag_codec_begin (codec);
  bytestag_codec_add_data (codec, "x", noise, 60000);
  g_assert_null (bytestag_codec_end (codec, &length));
  run_all (codec, &content);
}

/* 20 nodes fit into one packet without fragments (B.1). */
static void
test_size_of_reply (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  Content content;
  BytestagSlice seq_id = { "\"w40MJKL7COdMWXCaJxAVkBkodys=\"", 30 };
  gsize length;

  content_fill (&content);
  g_assert_nonnull (write_nodes (codec, &content, &seq_id, &length));
  g_assert_cmpuint (length, <=, BYTESTAG_LIMIT_REPLY);
}

/* Not a test of speed, which depends on the machine: run with -m perf, it tells
 * the nanoseconds for the table of measurements. */
static void
test_speed (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  BytestagSlice seq_id = { "\"w40MJKL7COdMWXCaJxAVkBkodys=\"", 30 };
  BytestagWireNode nodes[N_NODES];
  BytestagMessage message;
  guint8 reply[BYTESTAG_LIMIT_DATAGRAM], request[BYTESTAG_LIMIT_DATAGRAM];
  const guint8 *data;
  gsize length, request_length;
  Content content;
  const guint n = g_test_perf () ? 100000 : 10;

  content_fill (&content);
  data = write_request (codec, &content, &request_length);
  memcpy (request, data, request_length);
  g_test_timer_start ();
  for (guint i = 0; i < n; i++)
    write_request (codec, &content, &request_length);
  g_test_message ("%.0f ns to write a request", g_test_timer_elapsed () / n * 1e9);
  g_test_timer_start ();
  for (guint i = 0; i < n; i++)
    bytestag_codec_read (codec, request, request_length, &message);
  g_test_message ("%.0f ns to read a request", g_test_timer_elapsed () / n * 1e9);
  g_test_timer_start ();
  for (guint i = 0; i < n; i++)
    data = write_nodes (codec, &content, &seq_id, &length);
  g_test_message ("%.0f ns to write %u nodes", g_test_timer_elapsed () / n * 1e9, N_NODES);
  memcpy (reply, data, length);
  g_test_timer_start ();
  for (guint i = 0; i < n; i++)
    {
      bytestag_codec_read (codec, reply, length, &message);
      bytestag_message_read_nodes (&message, nodes, N_NODES);
    }
  g_test_message ("%.0f ns to read %u nodes", g_test_timer_elapsed () / n * 1e9, N_NODES);
}

/* What simulators use: the text as it is, and nothing that is compressed. */
static void
test_plain (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  g_autoptr (BytestagCodec) plain = NULL;
  g_autoptr (BytestagCodec) again = NULL;
  BytestagMessage message;
  const guint8 *data;
  gsize length;
  Content content;

  bytestag_codec_set_plain (TRUE);
  plain = bytestag_codec_new ();
  bytestag_codec_set_plain (FALSE);
  again = bytestag_codec_new ();
  content_fill (&content);

  data = write_request (plain, &content, &length);
  g_assert_cmpint (data[0], ==, '{');
  g_assert_cmpint (data[length - 1], ==, '}');
  g_assert_cmpint (bytestag_codec_read (plain, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpuint (message.datagram_length, ==, length);
  g_assert_cmpint (bytestag_codec_read (again, data, length, &message), ==, BYTESTAG_DROP_NOT_ZLIB);

  bytestag_codec_begin (plain);
  bytestag_codec_add_string (plain, BYTESTAG_JSON_NETWORK_ID, BYTESTAG_JSON_NETWORK);
  data = bytestag_codec_end_padded (plain, 300, &length);
  g_assert_cmpuint (length, ==, 300);
  g_assert_cmpint (bytestag_codec_read (plain, data, length, &message), ==, BYTESTAG_DROP_NONE);

  data = write_request (codec, &content, &length);
  g_assert_cmpint (bytestag_codec_read (plain, data, length, &message), ==, BYTESTAG_DROP_NOT_JSON);
  g_assert_cmpint (bytestag_codec_read (again, data, length, &message), ==, BYTESTAG_DROP_NONE);
}

/* Padding is nothing to a reader, and a datagram that is long enough is left as it is. */
static void
test_padded (void)
{
  for (guint plain = 0; plain < 2; plain++)
    {
      g_autoptr (BytestagCodec) codec = NULL;
      BytestagMessage message;
      const guint8 *data;
      gsize padded_length;
      Content content;

      content_fill (&content);
      bytestag_codec_set_plain (plain);
      codec = bytestag_codec_new ();
      bytestag_codec_set_plain (FALSE);

      for (guint i = 0; i < 2; i++)
        {
          gsize min_length = i == 0 ? 700 : 10;

          bytestag_codec_begin (codec);
          bytestag_codec_add_sender (codec, &content.own);
          bytestag_codec_add_string (codec, "rpc", "ping");
          data = bytestag_codec_end_padded (codec, min_length, &padded_length);
          g_assert_nonnull (data);
          g_assert_cmpuint (padded_length, >=, min_length);
          g_assert_cmpint (padded_length == 700, ==, i == 0);
          g_assert_cmpint (bytestag_codec_read (codec, data, padded_length, &message), ==, BYTESTAG_DROP_NONE);
          g_assert_cmpint (message.rpc, ==, BYTESTAG_RPC_PING);
          g_assert_cmpuint (message.datagram_length, ==, padded_length);
        }
    }
}

/* What is stored stands in the datagram as it is; the next one is compressed again. */
static void
test_stored (void)
{
  g_autoptr (BytestagCodec) codec = bytestag_codec_new ();
  guint8 chunk[5700] = { 0 };
  BytestagMessage message;
  const guint8 *data;
  gsize length, packed_length;

  bytestag_codec_begin (codec);
  bytestag_codec_store (codec);
  bytestag_codec_add_string (codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, "transfer");
  bytestag_codec_add_data (codec, BYTESTAG_JSON_PACKET_DATA, chunk, sizeof chunk);
  data = bytestag_codec_end (codec, &length);
  g_assert_nonnull (data);
  g_assert_cmpuint (length, >, 7600);
  g_assert_nonnull (memmem (data, length, "transfer", strlen ("transfer")));
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (bytestag_message_read_data (&message, chunk, sizeof chunk), ==, sizeof chunk);

  bytestag_codec_begin (codec);
  bytestag_codec_add_string (codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, "transfer");
  bytestag_codec_add_data (codec, BYTESTAG_JSON_PACKET_DATA, chunk, sizeof chunk);
  g_assert_nonnull (bytestag_codec_end (codec, &packed_length));
  g_assert_cmpuint (packed_length, <, 1000);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packet/there-and-back", test_there_and_back);
  g_test_add_func ("/packet/no-allocation", test_no_allocation);
  g_test_add_func ("/packet/too-long-to-write", test_too_long_to_write);
  g_test_add_func ("/packet/size-of-reply", test_size_of_reply);
  g_test_add_func ("/packet/plain", test_plain);
  g_test_add_func ("/packet/padded", test_padded);
  g_test_add_func ("/packet/stored", test_stored);
  g_test_add_func ("/packet/speed", test_speed);
  return g_test_run ();
}
