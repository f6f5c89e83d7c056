/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "protocol.h"

#include <string.h>

#include "wire/json-keys.h"
#include "wire/message.h"

gboolean
bench_protocol_parse (const char    *name,
                      BenchProtocol *protocol)
{
  static const char *const names[] = { "raw", "bytestag", "mainline", "opendht" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        *protocol = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
bench_query_parse (const char *name,
                   BenchQuery *query)
{
  static const char *const names[] = { "ping", "findnode", "findval" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        *query = i;
        return TRUE;
      }
  return FALSE;
}

/* Ours: what the program itself reads and writes. */

static BytestagCodec *
get_codec (void)
{
  static BytestagCodec *codec;

  if (codec == NULL)
    codec = bytestag_codec_new ();
  return codec;
}

static gsize
end_datagram (guint8 *buffer)
{
  gsize length;
  const guint8 *data = bytestag_codec_end (get_codec (), &length);

  if (data == NULL)
    g_error ("A message does not fit into a datagram");
  memcpy (buffer, data, length);
  return length;
}

static void
read_request (const BytestagMessage *message,
              BenchPacket           *packet)
{
  packet->kind = BENCH_IS_QUERY;
  packet->query = message->rpc == BYTESTAG_RPC_FIND_NODE    ? BENCH_FIND_NODE
                  : message->rpc == BYTESTAG_RPC_FIND_VALUE ? BENCH_FIND_VALUE
                                                            : BENCH_PING;
  packet->has_target = message->key_member == BYTESTAG_MEMBER_VALID;
  packet->target = message->key;
  packet->id_length = MIN (message->seq_id.length, sizeof packet->id);
  if (packet->id_length > 0)
    memcpy (packet->id, message->seq_id.text, packet->id_length);
}

static void
read_own (const guint8 *data,
          gsize         length,
          BenchPacket  *packet)
{
  BytestagMessage message;
  BytestagWireNode nodes[BENCH_NODES];
  BytestagExchangeInfo values[BENCH_NODES];

  if (bytestag_codec_read (get_codec (), data, length, &message) != BYTESTAG_DROP_NONE)
    return;
  if (message.kind == BYTESTAG_MESSAGE_REQUEST)
    read_request (&message, packet);
  else if (message.kind == BYTESTAG_MESSAGE_REPLY)
    {
      packet->kind = BENCH_IS_REPLY;
      if (message.nodes.length > 0)
        packet->n_nodes = MAX (bytestag_message_read_nodes (&message, nodes, BENCH_NODES), 0);
      if (message.vals.length > 0)
        packet->n_values = MAX (bytestag_message_read_vals (&message, values, BENCH_NODES), 0);
    }
}

static gsize
write_own_query (BenchQuery         query,
                 const BytestagKey *sender,
                 const BytestagKey *target,
                 guint32            number,
                 guint8            *buffer)
{
  static const char *const names[] = {
    BYTESTAG_JSON_RPC_PING, BYTESTAG_JSON_RPC_FIND_NODE, BYTESTAG_JSON_RPC_FIND_VALUE,
  };
  BytestagCodec *codec = get_codec ();
  BytestagKey id = *sender;

  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    id.bytes[i] ^= (guint8) (number * 2654435761u >> (i % 25)) + (guint8) (i * 89);
  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, sender);
  bytestag_codec_add_string (codec, BYTESTAG_JSON_RPC, names[query]);
  if (query != BENCH_PING)
    bytestag_codec_add_key (codec, BYTESTAG_JSON_KEY, target);
  if (query == BENCH_FIND_VALUE)
    bytestag_codec_add_key (codec, BYTESTAG_JSON_INDEX, target);
  bytestag_codec_add_key (codec, BYTESTAG_JSON_SEQUENCE_ID, &id);
  /* Without "ext", as originals ask: those that the node has no place for are pinged too, and
   * so get the whole list without asking with as many bytes. */
  return end_datagram (buffer);
}

static gsize
write_own_reply (const BytestagKey *sender,
                 const BenchPacket *query,
                 const BenchNode   *nodes,
                 guint              n_nodes,
                 guint8            *buffer)
{
  BytestagCodec *codec = get_codec ();
  BytestagSlice id = { (const char *) query->id, query->id_length };

  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, sender);
  if (query->query != BENCH_PING)
    {
      bytestag_codec_begin_nodes (codec);
      for (guint i = 0; i < n_nodes; i++)
        bytestag_codec_add_node (codec, &nodes[i].id, &nodes[i].endpoint);
      bytestag_codec_end_nodes (codec);
    }
  bytestag_codec_add_slice (codec, BYTESTAG_JSON_REPLY_ID, &id, TRUE);
  bytestag_codec_add_integer (codec, BYTESTAG_JSON_EXTENSIONS, 0);
  return end_datagram (buffer);
}

void
bench_read (BenchProtocol protocol,
            const guint8 *data,
            gsize         length,
            BenchPacket  *packet)
{
  memset (packet, 0, sizeof *packet);
  switch (protocol)
    {
    case BENCH_BYTESTAG:
      read_own (data, length, packet);
      break;
    case BENCH_MAINLINE:
      bench_read_bencode (data, length, packet);
      break;
    case BENCH_OPENDHT:
      bench_read_msgpack (data, length, packet);
      break;
    case BENCH_RAW:
    default:
      packet->kind = BENCH_IS_REPLY;
      break;
    }
}

gsize
bench_write_query (BenchProtocol      protocol,
                   BenchQuery         query,
                   const BytestagKey *sender,
                   const BytestagKey *target,
                   guint32            number,
                   guint8            *buffer)
{
  switch (protocol)
    {
    case BENCH_BYTESTAG:
      return write_own_query (query, sender, target, number, buffer);
    case BENCH_MAINLINE:
      return bench_write_bencode_query (query, sender, target, number, buffer);
    case BENCH_OPENDHT:
      return bench_write_msgpack_query (query, sender, target, number, buffer);
    case BENCH_RAW:
    default:
      memset (buffer, (int) number, BENCH_DATAGRAM);
      return 1;
    }
}

gsize
bench_write_reply (BenchProtocol      protocol,
                   const BytestagKey *sender,
                   const BenchPacket *query,
                   const BenchNode   *nodes,
                   guint              n_nodes,
                   guint8            *buffer)
{
  switch (protocol)
    {
    case BENCH_BYTESTAG:
      return write_own_reply (sender, query, nodes, n_nodes, buffer);
    case BENCH_MAINLINE:
      return bench_write_bencode_reply (sender, query, nodes, n_nodes, buffer);
    case BENCH_OPENDHT:
      return bench_write_msgpack_reply (sender, query, nodes, n_nodes, buffer);
    case BENCH_RAW:
    default:
      return 0;
    }
}
