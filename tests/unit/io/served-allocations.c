/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A served request allocates nothing on its whole way: from the socket by way of the
 * main loop to the engine, and back. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "dht/network.h"
#include "io/engine-source.h"
#include "io/system-clock.h"
#include "io/system-rng.h"
#include "storage/memory-table.h"
#include "wire/json-keys.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CAN_COUNT 0
#else
#define CAN_COUNT 1
#endif

static guint n_allocations;

#if CAN_COUNT
/* glibc's own names, for programs that count. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);

void *
malloc (size_t size)
{
  n_allocations++;
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  n_allocations++;
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  n_allocations++;
  return __libc_realloc (memory, size);
}
#endif

/* Requests that wait in the socket together. */
#define BATCH 8
#define ROUNDS 50

typedef struct
{
  GMainContext *context;
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  BytestagNetwork *network;
  GSource *source;
  BytestagEndpoint address;

  BytestagUdpTransport *peer;
  BytestagKey peer_id;
  BytestagCodec *codec;
  guint n_replies;
  guint n_nodes; /* in the last reply */
  guint n_values;
  gboolean pinged;
} Fixture;

static void
add_contacts (Fixture *fixture, BytestagRng *rng)
{
  for (guint i = 1; i <= 200; i++)
    {
      BytestagEndpoint endpoint = { .address = { 127, 1, (guint8) i, 1 }, .port = 7001, .family = BYTESTAG_FAMILY_IPV4 };
      BytestagKey key;
      g_autoptr (BytestagNode) node = NULL;

      bytestag_key_random (&key, rng);
      node = bytestag_node_new (&key, &endpoint);
      bytestag_routing_table_node_update (bytestag_network_get_routing_table (fixture->network), node, NULL);
    }
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagClock) clock = BYTESTAG_CLOCK (bytestag_system_clock_new ());
  g_autoptr (BytestagRng) rng = BYTESTAG_RNG (bytestag_system_rng_new ());
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagUdpTransport) transport = bytestag_udp_transport_new ("127.0.0.1", 0, &error);

  g_assert_no_error (error);
  fixture->context = g_main_context_new ();
  fixture->reactor = bytestag_reactor_new (clock, rng);
  fixture->table = BYTESTAG_KVP_TABLE (bytestag_memory_table_new (100000));
  fixture->network = bytestag_network_new (fixture->reactor, BYTESTAG_TRANSPORT (transport), fixture->table, NULL, NULL);
  fixture->source = bytestag_engine_source_new (transport, BYTESTAG_ENGINE (fixture->network), clock);
  g_source_attach (fixture->source, fixture->context);
  bytestag_transport_get_address (BYTESTAG_TRANSPORT (transport), &fixture->address);
  add_contacts (fixture, rng);

  fixture->peer = bytestag_udp_transport_new ("127.0.0.1", 0, &error);
  g_assert_no_error (error);
  bytestag_key_random (&fixture->peer_id, rng);
  fixture->codec = bytestag_codec_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  bytestag_codec_free (fixture->codec);
  g_object_unref (fixture->peer);
  bytestag_network_shut_down (fixture->network);
  bytestag_reactor_close (fixture->reactor);
  g_source_destroy (fixture->source);
  g_source_unref (fixture->source);
  g_object_unref (fixture->network);
  g_object_unref (fixture->table);
  g_object_unref (fixture->reactor);
  g_main_context_unref (fixture->context);
}

static void
answer_ping (Fixture *fixture, const BytestagMessage *ping)
{
  const guint8 *data;
  gsize length;

  bytestag_codec_begin (fixture->codec);
  bytestag_codec_add_sender (fixture->codec, &fixture->peer_id);
  bytestag_codec_add_slice (fixture->codec, BYTESTAG_JSON_REPLY_ID, &ping->seq_id, TRUE);
  data = bytestag_codec_end (fixture->codec, &length);
  g_assert_nonnull (data);
  bytestag_transport_send (BYTESTAG_TRANSPORT (fixture->peer), &fixture->address, data, length);
  fixture->pinged = TRUE;
}

/* Takes what came to the peer. */
static void
receive (Fixture *fixture)
{
  BytestagWireNode nodes[BYTESTAG_MAX_BUCKET_SIZE];
  BytestagExchangeInfo values[1];
  BytestagEndpoint from;
  BytestagMessage message;
  const guint8 *data;
  gsize length;

  while (bytestag_udp_transport_receive (fixture->peer, &from, &data, &length))
    {
      g_assert_cmpint (bytestag_codec_read (fixture->codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
      if (message.kind == BYTESTAG_MESSAGE_REPLY)
        {
          fixture->n_replies++;
          fixture->n_nodes = MAX (bytestag_message_read_nodes (&message, nodes, G_N_ELEMENTS (nodes)), 0);
          fixture->n_values = MAX (bytestag_message_read_vals (&message, values, G_N_ELEMENTS (values)), 0);
        }
      else if (message.rpc == BYTESTAG_RPC_PING)
        answer_ping (fixture, &message);
    }
}

/* A batch of the same request, until each has its reply. */
static void
serve_batch (Fixture *fixture, const guint8 *request, gsize length)
{
  fixture->n_replies = 0;
  for (guint i = 0; i < BATCH; i++)
    g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (fixture->peer), &fixture->address, request, length));
  while (fixture->n_replies < BATCH)
    {
      g_main_context_iteration (fixture->context, TRUE);
      receive (fixture);
    }
  g_assert_cmpuint (fixture->n_replies, ==, BATCH);
}

/* @key: (nullable) */
static void
serve (Fixture *fixture, const char *rpc, const BytestagKey *key)
{
  guint8 request[1024];
  const guint8 *data;
  gsize length;

  bytestag_codec_begin (fixture->codec);
  bytestag_codec_add_sender (fixture->codec, &fixture->peer_id);
  bytestag_codec_add_string (fixture->codec, BYTESTAG_JSON_RPC, rpc);
  if (key != NULL)
    {
      bytestag_codec_add_key (fixture->codec, BYTESTAG_JSON_KEY, key);
      bytestag_codec_add_key (fixture->codec, BYTESTAG_JSON_INDEX, key);
    }
  bytestag_codec_add_string (fixture->codec, BYTESTAG_JSON_SEQUENCE_ID, "any");
  data = bytestag_codec_end (fixture->codec, &length);
  memcpy (request, data, length);

  /* The first ones may fill caches, and prove the peer. */
  for (guint i = 0; i < 3; i++)
    serve_batch (fixture, request, length);
  n_allocations = 0;
  for (guint i = 0; i < ROUNDS; i++)
    serve_batch (fixture, request, length);
  g_assert_cmpuint (n_allocations, ==, 0);
}

static void
test_served (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("one", 3);
  BytestagKvpRecord record = { .size = 3 };
  BytestagKey missing = { { 9 } };

  if (!CAN_COUNT)
    {
      g_test_skip ("Allocations cannot be counted in this build");
      return;
    }

  /* That there is something to count. */
  n_allocations = 0;
  g_free (g_malloc (1));
  g_assert_cmpuint (n_allocations, >, 0);

  bytestag_key_digest (&record.id.key, "one", 3);
  record.id.index = record.id.key;
  bytestag_kvp_table_write (fixture->table, &record, value, NULL, NULL);

  serve (fixture, BYTESTAG_JSON_RPC_PING, NULL);
  g_assert_true (fixture->pinged);
  serve (fixture, BYTESTAG_JSON_RPC_FIND_NODE, &missing);
  g_assert_cmpuint (fixture->n_nodes, ==, BYTESTAG_MAX_BUCKET_SIZE);
  serve (fixture, BYTESTAG_JSON_RPC_FIND_VALUE, &missing);
  g_assert_cmpuint (fixture->n_nodes, ==, BYTESTAG_MAX_BUCKET_SIZE);
  serve (fixture, BYTESTAG_JSON_RPC_FIND_VALUE, &record.id.key);
  g_assert_cmpuint (fixture->n_values, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/io/served/allocations", Fixture, NULL, set_up, test_served, tear_down);

  return g_test_run ();
}
