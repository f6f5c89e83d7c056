/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live-node.h"

#include <string.h>

#include "io/engine-source.h"
#include "io/system-clock.h"
#include "io/udp-transport.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "vectors.h"

/* Rounds before a node that does not answer the fence is taken for dead. */
#define MAX_ROUNDS 10000

/* The node's way out on virtual time: keeps what is sent. */
#define TEST_TYPE_CATCHER (catcher_get_type ())
G_DECLARE_FINAL_TYPE (Catcher, catcher, TEST, CATCHER, GObject)

struct _Catcher
{
  GObject parent_instance;
  GPtrArray *sent; /* (element-type GBytes) to the peer, at either of its ports */
  BytestagEndpoint peer;
};

static gboolean
catcher_send (BytestagTransport *transport, const BytestagEndpoint *to, const guint8 *data, gsize length)
{
  Catcher *self = TEST_CATCHER (transport);

  if (bytestag_endpoint_same_host (to, &self->peer))
    g_ptr_array_add (self->sent, g_bytes_new (data, length));
  return TRUE;
}

static void
catcher_get_address (BytestagTransport *transport, BytestagEndpoint *address)
{
  g_assert_true (bytestag_endpoint_set_host (address, "127.0.0.1", -1, 18601));
}

static void
catcher_transport_init (BytestagTransportInterface *iface)
{
  iface->send = catcher_send;
  iface->get_address = catcher_get_address;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Catcher, catcher, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_TRANSPORT, catcher_transport_init))

static void
catcher_finalize (GObject *object)
{
  g_ptr_array_unref (TEST_CATCHER (object)->sent);
  G_OBJECT_CLASS (catcher_parent_class)->finalize (object);
}

static void
catcher_class_init (CatcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = catcher_finalize;
}

static void
catcher_init (Catcher *self)
{
  self->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

struct _LiveNode
{
  BytestagNetwork *network;
  BytestagMemoryTable *table;
  BytestagReactor *reactor;
  BytestagEndpoint peer, other;
  BytestagKey ping_id;
  gboolean answers_pings;
  GPtrArray *received; /* (element-type JsonNode) waits for settle */

  /* virtual */
  BytestagTestClock *clock;
  Catcher *catcher;

  /* on a socket */
  GMainContext *context;
  GSource *source;
  GSocket *peer_socket, *other_socket, *fence_socket;
  GSocketAddress *address;
  guint n_fences;
};

GBytes *
datagram_from_json (JsonNode *json)
{
  g_autofree char *text = json_to_string (json, FALSE);
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  gsize room = strlen (text) + 256, in = 0, out = 0;
  g_autofree guint8 *data = g_malloc (room);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_converter_convert (G_CONVERTER (compressor), text, strlen (text), data, room,
                                        G_CONVERTER_INPUT_AT_END, &in, &out, &error), ==, G_CONVERTER_FINISHED);
  g_assert_no_error (error);
  return g_bytes_new (data, out);
}

JsonNode *
datagram_to_json (const guint8 *data, gsize length)
{
  g_autoptr (GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  gsize room = 1024 * 1024, in = 0, out = 0;
  g_autofree char *text = g_malloc (room);
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (g_converter_convert (G_CONVERTER (inflater), data, length, text, room, G_CONVERTER_INPUT_AT_END,
                           &in, &out, NULL) != G_CONVERTER_FINISHED
      || !json_parser_load_from_data (parser, text, out, NULL))
    return NULL;
  return json_parser_steal_root (parser);
}

GBytes *
pattern_bytes (gsize size, guint seed)
{
  guint8 *bytes = g_malloc (MAX (size, 1));

  for (gsize i = 0; i < size; i++)
    bytes[i] = (i * seed + i / 251) & 255;
  return g_bytes_new_take (bytes, size);
}

static GSocket *
open_socket (BytestagEndpoint *endpoint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *self = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (self, any, FALSE, &error));
  g_socket_set_blocking (self, FALSE);
  bound = g_socket_get_local_address (self, &error);
  g_assert_no_error (error);
  if (endpoint)
    g_assert_true (bytestag_endpoint_set_host (endpoint, "127.0.0.1", -1,
                                               g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound))));
  return self;
}

static BytestagTransport *
set_up_sockets (LiveNode *self, BytestagClock **clock)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  BytestagUdpTransport *transport = bytestag_udp_transport_new ("127.0.0.1", 0, &error);
  BytestagEndpoint bound;

  g_assert_no_error (error);
  bytestag_transport_get_address (BYTESTAG_TRANSPORT (transport), &bound);
  self->address = g_inet_socket_address_new (loopback, bound.port);
  self->peer_socket = open_socket (&self->peer);
  self->other_socket = open_socket (&self->other);
  self->fence_socket = open_socket (NULL);
  self->context = g_main_context_new ();
  *clock = BYTESTAG_CLOCK (bytestag_system_clock_new ());
  return BYTESTAG_TRANSPORT (transport);
}

static BytestagTransport *
set_up_virtual (LiveNode *self, BytestagClock **clock)
{
  g_assert_true (bytestag_endpoint_set_host (&self->peer, "127.0.0.1", -1, 40001));
  g_assert_true (bytestag_endpoint_set_host (&self->other, "127.0.0.1", -1, 40002));
  self->clock = bytestag_test_clock_new ();
  self->catcher = g_object_new (TEST_TYPE_CATCHER, NULL);
  self->catcher->peer = self->peer;
  *clock = BYTESTAG_CLOCK (g_object_ref (self->clock));
  return BYTESTAG_TRANSPORT (g_object_ref (self->catcher));
}

LiveNode *
live_node_new (gboolean on_socket, const BytestagKey *id)
{
  LiveNode *self = g_new0 (LiveNode, 1);
  g_autoptr (BytestagClock) clock = NULL;
  g_autoptr (BytestagTransport) transport = NULL;
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (2026);

  transport = on_socket ? set_up_sockets (self, &clock) : set_up_virtual (self, &clock);
  self->received = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  self->table = bytestag_memory_table_new (64 * 1024 * 1024);
  self->reactor = bytestag_reactor_new (clock, BYTESTAG_RNG (rng));
  self->network = bytestag_network_new (self->reactor, transport, BYTESTAG_KVP_TABLE (self->table), id, NULL);
  if (on_socket)
    {
      self->source = bytestag_engine_source_new (BYTESTAG_UDP_TRANSPORT (transport), BYTESTAG_ENGINE (self->network),
                                                 clock);
      g_source_attach (self->source, self->context);
    }
  return self;
}

void
live_node_free (LiveNode *self)
{
  bytestag_network_shut_down (self->network);
  bytestag_network_tick (self->network);
  if (self->source)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_assert_finalize_object (self->network);
  g_clear_object (&self->table);
  g_clear_object (&self->reactor);
  g_clear_object (&self->clock);
  g_clear_object (&self->catcher);
  g_clear_object (&self->peer_socket);
  g_clear_object (&self->other_socket);
  g_clear_object (&self->fence_socket);
  g_clear_object (&self->address);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_ptr_array_unref (self->received);
  g_free (self);
}

BytestagNetwork *
live_node_get_network (LiveNode *self)
{
  return self->network;
}

BytestagKvpTable *
live_node_get_table (LiveNode *self)
{
  return BYTESTAG_KVP_TABLE (self->table);
}

guint
live_node_get_n_values (LiveNode *self)
{
  return bytestag_memory_table_get_n_values (self->table);
}

const BytestagEndpoint *
live_node_get_peer (LiveNode *self)
{
  return &self->peer;
}

gboolean
live_node_knows_peer (LiveNode *self)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (self->network);
  g_autoptr (GPtrArray) nodes = bytestag_routing_table_get_close_nodes (table, bytestag_routing_table_get_key (table), 20);

  for (guint i = 0; i < nodes->len; i++)
    if (bytestag_endpoint_equal (bytestag_node_get_endpoint (nodes->pdata[i]), &self->peer))
      return TRUE;
  return FALSE;
}

void
live_node_answer_pings (LiveNode *self, const BytestagKey *id)
{
  self->answers_pings = id != NULL;
  if (id)
    self->ping_id = *id;
}

gint64
live_node_get_time (LiveNode *self)
{
  return bytestag_reactor_get_time (self->reactor);
}

static void
send_from (LiveNode *self, GSocket *socket, const BytestagEndpoint *from, const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (!self->context)
    {
      bytestag_network_receive (self->network, from, data, length);
      return;
    }
  g_assert_cmpint (g_socket_send_to (socket, self->address, (const char *) data, length, NULL, &error), ==, length);
  g_assert_no_error (error);
}

void
live_node_send (LiveNode *self, const guint8 *data, gsize length)
{
  send_from (self, self->peer_socket, &self->peer, data, length);
}

static void
send_json_from (LiveNode *self, GSocket *socket, const BytestagEndpoint *from, JsonNode *json)
{
  g_autoptr (GBytes) datagram = datagram_from_json (json);
  gsize length;
  const guint8 *data = g_bytes_get_data (datagram, &length);

  send_from (self, socket, from, data, length);
}

void
live_node_send_json (LiveNode *self, JsonNode *json)
{
  send_json_from (self, self->peer_socket, &self->peer, json);
}

void
live_node_send_other (LiveNode *self, JsonNode *json)
{
  send_json_from (self, self->other_socket, &self->other, json);
}

/* A datagram of the node: a ping that the peer answers, or one for settle. */
static gboolean
take (LiveNode *self, const guint8 *data, gsize length)
{
  g_autoptr (JsonNode) json = datagram_to_json (data, length);
  JsonObject *object;

  g_assert_nonnull (json);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (json));
  g_assert_cmpuint (length, <=, 8192);
  object = json_node_get_object (json);
  if (self->answers_pings && g_strcmp0 (json_text (object, "rpc"), "ping") == 0)
    {
      g_autofree char *id = bytestag_key_to_base64 (&self->ping_id);
      g_autofree char *text = g_strdup_printf ("{\"netid\":\"BYTESTAG\",\"nodeid\":\"%s\",\"reply_id\":\"%s\"}",
                                               id, json_text (object, "seq_id"));
      g_autoptr (JsonNode) pong = json_from_string (text, NULL);

      live_node_send_json (self, pong);
      return TRUE;
    }
  g_ptr_array_add (self->received, g_steal_pointer (&json));
  return FALSE;
}

/* One ping that the node must answer: all that came before it has been handled,
 * and its answers are in the peer's socket, when the pong is here. */
static void
pass_fence (LiveNode *self)
{
  g_autofree char *text = g_strdup_printf ("{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\",\"seq_id\":\"fence-%u\"}",
                                           ++self->n_fences);
  g_autoptr (JsonNode) ping = json_from_string (text, NULL);
  char pong[8192];

  send_json_from (self, self->fence_socket, NULL, ping);
  for (guint round = 0; round < MAX_ROUNDS; round++)
    {
      while (g_main_context_iteration (self->context, FALSE))
        ;
      if (g_socket_receive (self->fence_socket, pong, sizeof pong, NULL, NULL) > 0)
        return;
      g_socket_condition_timed_wait (self->fence_socket, G_IO_IN, 1000, NULL, NULL);
    }
  g_error ("the node is dead: it answers no ping");
}

static gboolean
drain_socket (LiveNode *self, GSocket *socket)
{
  guint8 data[65536];
  gssize length;
  gboolean answered = FALSE;

  while ((length = g_socket_receive (socket, (char *) data, sizeof data, NULL, NULL)) > 0)
    answered |= take (self, data, length);
  return answered;
}

static gboolean
drain_catcher (LiveNode *self)
{
  gboolean answered = FALSE;

  while (self->catcher->sent->len > 0)
    {
      g_autoptr (GBytes) datagram = g_ptr_array_steal_index (self->catcher->sent, 0);
      gsize length;
      const guint8 *data = g_bytes_get_data (datagram, &length);

      answered |= take (self, data, length);
    }
  return answered;
}

GPtrArray *
live_node_settle (LiveNode *self)
{
  GPtrArray *received;
  gboolean answered;

  if (self->context)
    do
      {
        pass_fence (self);
        answered = drain_socket (self, self->peer_socket);
      }
    while (answered);
  else
    do
      {
        while (bytestag_network_get_deadline (self->network) <= live_node_get_time (self))
          bytestag_network_tick (self->network);
      }
    while (drain_catcher (self));
  received = self->received;
  self->received = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  return received;
}

void
live_node_advance (LiveNode *self, gint64 microseconds)
{
  gint64 end = live_node_get_time (self) + microseconds;

  g_assert_nonnull (self->clock);
  while (bytestag_network_get_deadline (self->network) <= end)
    {
      gint64 deadline = bytestag_network_get_deadline (self->network);

      if (deadline > live_node_get_time (self))
        bytestag_test_clock_advance (self->clock, deadline - live_node_get_time (self));
      bytestag_network_tick (self->network);
      drain_catcher (self);
    }
  if (end > live_node_get_time (self))
    bytestag_test_clock_advance (self->clock, end - live_node_get_time (self));
}
