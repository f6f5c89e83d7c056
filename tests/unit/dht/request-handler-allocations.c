/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A served request allocates nothing, nor does one of ours but in a burst, and no datagram
 * much. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/reactor.h"
#include "dht/network.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-rng.h"

#if defined (__SANITIZE_ADDRESS__) || !defined (__GLIBC__)
#define CAN_COUNT 0
#else
#define CAN_COUNT 1
#endif

/* What one datagram may cost, whatever is in it (B.5). */
#define MAX_BYTES (128 * 1024)

static guint n_allocations;
static gsize n_bytes;

#if CAN_COUNT
/* glibc's own names, for programs that count. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);

void *
malloc (size_t size)
{
  n_allocations++;
  n_bytes += size;
  return __libc_malloc (size);
}

void *
calloc (size_t n,
        size_t size)
{
  n_allocations++;
  n_bytes += n * size;
  return __libc_calloc (n, size);
}

void *
realloc (void  *memory,
         size_t size)
{
  n_allocations++;
  n_bytes += size;
  return __libc_realloc (memory, size);
}
#endif

/* Keeps the last datagram, in fixed memory. */
#define TYPE_SINK (sink_get_type ())
G_DECLARE_FINAL_TYPE (Sink, sink, TEST, SINK, GObject)

struct _Sink
{
  GObject parent_instance;

  guint n_sent;
  BytestagEndpoint to;
  guint8 data[8192];
  gsize length;
};

static gboolean
sink_send (BytestagTransport      *transport,
           const BytestagEndpoint *to,
           const guint8           *data,
           gsize                   length)
{
  Sink *self = TEST_SINK (transport);

  self->n_sent++;
  self->to = *to;
  memcpy (self->data, data, length);
  self->length = length;
  return TRUE;
}

static void
sink_get_address (BytestagTransport *transport,
                  BytestagEndpoint  *address)
{
  bytestag_endpoint_set_host (address, "20.0.0.1", -1, 7001);
}

static void
sink_transport_init (BytestagTransportInterface *iface)
{
  iface->send = sink_send;
  iface->get_address = sink_get_address;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Sink, sink, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_TRANSPORT, sink_transport_init))

static void
sink_class_init (SinkClass *klass)
{
}

static void
sink_init (Sink *self)
{
}

typedef struct {
  BytestagTestClock *clock;
  Sink *sink;
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  BytestagNetwork *network;
  BytestagCodec *codec;
  BytestagEndpoint peer;
  BytestagKey peer_id;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (4);

  test->clock = bytestag_test_clock_new ();
  test->sink = g_object_new (TYPE_SINK, NULL);
  test->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (test->clock), BYTESTAG_RNG (rng));
  test->table = BYTESTAG_KVP_TABLE (bytestag_memory_table_new (100000));
  test->network = bytestag_network_new (test->reactor, BYTESTAG_TRANSPORT (test->sink), test->table, NULL, NULL);
  test->codec = bytestag_codec_new ();
  bytestag_endpoint_set_host (&test->peer, "30.0.0.1", -1, 7001);
  bytestag_key_random (&test->peer_id, BYTESTAG_RNG (rng));

  /* A table with contacts, the peer among them. */
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (BytestagNode) node = NULL;
      BytestagEndpoint endpoint = test->peer;
      BytestagKey key = test->peer_id;

      if (i > 0)
        {
          endpoint.address[1] = (guint8) i;
          bytestag_key_random (&key, BYTESTAG_RNG (rng));
        }
      node = bytestag_node_new (&key, &endpoint);
      bytestag_routing_table_node_update (bytestag_network_get_routing_table (test->network), node, NULL);
    }
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  bytestag_codec_free (test->codec);
  bytestag_network_shut_down (test->network);
  bytestag_reactor_close (test->reactor);
  g_object_unref (test->network);
  g_object_unref (test->table);
  g_object_unref (test->reactor);
  g_object_unref (test->sink);
  g_object_unref (test->clock);
}

static void
serve (Test              *test,
       const char        *rpc,
       const BytestagKey *key)
{
  guint8 request[1024];
  gsize length;
  const guint8 *data;

  bytestag_codec_begin (test->codec);
  bytestag_codec_add_sender (test->codec, &test->peer_id);
  bytestag_codec_add_string (test->codec, "rpc", rpc);
  if (key != NULL)
    {
      bytestag_codec_add_key (test->codec, "key", key);
      bytestag_codec_add_key (test->codec, "index", key);
    }
  bytestag_codec_add_string (test->codec, "seq_id", "any");
  bytestag_codec_add_integer (test->codec, "ext", 0);
  data = bytestag_codec_end (test->codec, &length);
  memcpy (request, data, length);

  /* The first may fill caches. */
  bytestag_network_receive (test->network, &test->peer, request, length);
  n_allocations = 0;
  test->sink->n_sent = 0;
  for (guint i = 0; i < 100; i++)
    {
      bytestag_test_clock_advance (test->clock, 1000);
      bytestag_network_receive (test->network, &test->peer, request, length);
    }
  g_assert_cmpuint (n_allocations, ==, 0);
  g_assert_cmpuint (test->sink->n_sent, ==, 100);
  g_assert_true (bytestag_endpoint_equal (&test->sink->to, &test->peer));
}

static void
test_served (Test         *test,
             gconstpointer data)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("one", 3);
  BytestagKvpRecord record = { .size = 3 };
  BytestagKey missing = { { 9 } };

  if (!CAN_COUNT)
    {
      g_test_skip ("Allocations cannot be counted in this build");
      return;
    }

  bytestag_key_digest (&record.id.key, "one", 3);
  record.id.index = record.id.key;
  bytestag_kvp_table_write (test->table, &record, value, NULL, NULL);

  serve (test, "ping", NULL);
  serve (test, "findnode", &missing);
  serve (test, "findval", &missing);
  serve (test, "findval", &record.id.key);

  /* Nor for one that has not answered us, and is sent less. */
  bytestag_endpoint_set_host (&test->peer, "40.0.0.1", -1, 7001);
  serve (test, "ping", NULL);
  serve (test, "findnode", &missing);
  serve (test, "findval", &record.id.key);
}

/* Bytes that the engine asked for, freed or not, while it took a datagram. */
static gsize
take (Test         *test,
      const guint8 *data,
      gsize         length)
{
  bytestag_test_clock_advance (test->clock, G_USEC_PER_SEC);
  n_bytes = 0;
  bytestag_network_receive (test->network, &test->peer, data, length);
  return n_bytes;
}

/* Everything that the fuzzers found worth keeping: bombs, the longest lists, odd streams. */
static void
test_any_datagram (Test         *test,
                   gconstpointer data)
{
  static const char *const folders[] = { "datagram", "inflate", "lists" };
  guint n_taken = 0;

  if (!CAN_COUNT)
    {
      g_test_skip ("Allocations cannot be counted in this build");
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fuzz", "corpus", folders[i], NULL);
      g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
      const char *name;

      g_assert_nonnull (folder);
      while ((name = g_dir_read_name (folder)) != NULL)
        {
          g_autofree char *file = g_build_filename (path, name, NULL);
          g_autofree char *content = NULL;
          gsize length;

          g_assert_true (g_file_get_contents (file, &content, &length, NULL));
          g_assert_cmpuint (take (test, (const guint8 *) content, length), <=, MAX_BYTES);
          n_taken++;
        }
    }
  g_assert_cmpuint (n_taken, >, 100);
}

static void
no_reply_cb (const BytestagMessage  *message,
             const BytestagEndpoint *from,
             gint64                  rtt,
             gpointer                user_data)
{
}

/* Sends so many requests and gives them up. Returns how many records were allocated. */
static guint
send_burst (Test               *test,
            BytestagReplyTable *table,
            guint               n_requests)
{
  guint64 handles[BYTESTAG_LIMIT_IDLE_REQUESTS + 1];

  n_allocations = 0;
  for (guint i = 0; i < n_requests; i++)
    {
      BytestagKey id;

      bytestag_reply_table_make_id (table, &id);
      handles[i] = bytestag_reply_table_send (table, &test->peer, &id, (const guint8 *) "x", 1, TRUE, no_reply_cb,
                                              NULL);
    }
  for (guint i = 0; i < n_requests; i++)
    bytestag_reply_table_cancel (table, handles[i]);
  return n_allocations;
}

/* So many records wait to be used again; what a burst took beyond that has gone back. */
static void
test_idle (Test         *test,
           gconstpointer data)
{
  BytestagReplyTable *table;

  if (!CAN_COUNT)
    {
      g_test_skip ("Allocations cannot be counted in this build");
      return;
    }

  table = bytestag_reply_table_new (test->reactor, BYTESTAG_TRANSPORT (test->sink));
  g_assert_cmpuint (send_burst (test, table, BYTESTAG_LIMIT_IDLE_REQUESTS + 1), >, BYTESTAG_LIMIT_IDLE_REQUESTS);
  g_assert_cmpuint (send_burst (test, table, BYTESTAG_LIMIT_IDLE_REQUESTS), ==, 0);
  g_assert_cmpuint (send_burst (test, table, BYTESTAG_LIMIT_IDLE_REQUESTS + 1), ==, 1);
  bytestag_reply_table_free (table);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/dht/request-handler/allocations", Test, NULL, setup, test_served, teardown);
  g_test_add ("/dht/request-handler/allocations/any-datagram", Test, NULL, setup, test_any_datagram, teardown);
  g_test_add ("/dht/reply-table/idle", Test, NULL, setup, test_idle, teardown);

  return g_test_run ();
}
