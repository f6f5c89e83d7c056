/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bencode and msgpack: what is read is walked over as far as a look-up needs it. */
#include "config.h"

#include "protocol.h"

#include <arpa/inet.h>
#include <string.h>

/* Of a node in a list of either: id, IPv4 address, port. */
#define COMPACT_NODE 26
/* Nesting that is walked into: what matters stands in the second map. */
#define MAX_DEPTH 6

typedef struct {
  const guint8 *at;
  const guint8 *end;
  guint depth;
  BenchPacket *packet;
} Walk;

typedef struct {
  const guint8 *data;
  gsize length;
} Bytes;

static gboolean
is_text (Bytes       bytes,
         const char *text)
{
  return bytes.length == strlen (text) && memcmp (bytes.data, text, bytes.length) == 0;
}

/* A string or number under @name; @encoded: with the mark of its type. The names
 * of both protocols, of which none means two things. */
static void
take (BenchPacket *packet,
      Bytes        name,
      Bytes        value,
      Bytes        encoded)
{
  if (is_text (name, "y"))
    packet->kind = is_text (value, "q") ? BENCH_IS_QUERY : is_text (value, "r") ? BENCH_IS_REPLY : BENCH_NEITHER;
  else if (is_text (name, "q"))
    packet->query = is_text (value, "ping") ? BENCH_PING : BENCH_FIND_NODE;
  else if (is_text (name, "t") && encoded.length <= sizeof packet->id)
    {
      memcpy (packet->id, encoded.data, encoded.length);
      packet->id_length = encoded.length;
    }
  else if ((is_text (name, "target") || is_text (name, "info_hash") || is_text (name, "h")) &&
           value.length == BYTESTAG_KEY_SIZE)
    {
      packet->has_target = TRUE;
      memcpy (packet->target.bytes, value.data, BYTESTAG_KEY_SIZE);
    }
  else if (is_text (name, "nodes") || is_text (name, "n4"))
    packet->n_nodes = value.length / COMPACT_NODE;
}

/* BEP 3: "4:text", "i12e", "l…e", "d…e". */

static gboolean
walk_bencode_string (Walk  *walk,
                     Bytes *bytes)
{
  gsize length = 0;

  while (walk->at < walk->end && g_ascii_isdigit (*walk->at) && length < BENCH_DATAGRAM)
    length = length * 10 + (*walk->at++ - '0');
  if (walk->at == walk->end || *walk->at++ != ':' || (gsize) (walk->end - walk->at) < length)
    return FALSE;
  *bytes = (Bytes) { walk->at, length };
  walk->at += length;
  return TRUE;
}

static gboolean
walk_bencode (Walk  *walk,
              Bytes *bytes)
{
  guint8 type = walk->at < walk->end ? *walk->at : 0;

  if (g_ascii_isdigit (type))
    return walk_bencode_string (walk, bytes);
  *bytes = (Bytes) { walk->at, 0 };
  walk->at++;
  if (type == 'i')
    {
      while (walk->at < walk->end && *walk->at != 'e')
        walk->at++;
    }
  else if ((type == 'd' || type == 'l') && walk->depth < MAX_DEPTH)
    {
      walk->depth++;
      while (walk->at < walk->end && *walk->at != 'e')
        {
          Bytes name = { NULL, 0 }, value;
          const guint8 *start;

          if (type == 'd' && !walk_bencode_string (walk, &name))
            return FALSE;
          start = walk->at;
          if (!walk_bencode (walk, &value))
            return FALSE;
          if (type == 'd')
            take (walk->packet, name, value, (Bytes) { start, walk->at - start });
        }
      walk->depth--;
    }
  else
    return FALSE;
  return walk->at < walk->end && *walk->at++ == 'e';
}

void
bench_read_bencode (const guint8 *data,
                    gsize         length,
                    BenchPacket  *packet)
{
  Walk walk = { data, data + length, 0, packet };
  Bytes ignored;

  if (!walk_bencode (&walk, &ignored))
    packet->kind = BENCH_NEITHER;
}

/* msgpack: a byte of type, which may hold a small length. */

/* A big-endian length of @n bytes. */
static gboolean
walk_length (Walk  *walk,
             guint  n,
             gsize *length)
{
  *length = 0;
  if ((gsize) (walk->end - walk->at) < n)
    return FALSE;
  while (n-- > 0)
    *length = *length << 8 | *walk->at++;
  return *length <= BENCH_DATAGRAM;
}

static gboolean walk_msgpack (Walk *walk, Bytes *bytes);

static gboolean
walk_msgpack_items (Walk     *walk,
                    gsize     n,
                    gboolean  is_map)
{
  if (++walk->depth > MAX_DEPTH)
    return FALSE;
  while (n-- > 0)
    {
      Bytes name = { NULL, 0 }, value;
      const guint8 *start;

      if (is_map && !walk_msgpack (walk, &name))
        return FALSE;
      start = walk->at;
      if (!walk_msgpack (walk, &value))
        return FALSE;
      if (is_map)
        take (walk->packet, name, value, (Bytes) { start, walk->at - start });
    }
  walk->depth--;
  return TRUE;
}

static gboolean
walk_msgpack (Walk  *walk,
              Bytes *bytes)
{
  guint8 type;
  gsize length = 0;

  if (walk->at == walk->end)
    return FALSE;
  type = *walk->at++;
  *bytes = (Bytes) { walk->at, 0 };
  if (type >> 4 == 0x8 || type >> 4 == 0x9)
    return walk_msgpack_items (walk, type & 0x0f, type >> 4 == 0x8);
  if (type == 0xdc || type == 0xde)
    return walk_length (walk, 2, &length) && walk_msgpack_items (walk, length, type == 0xde);
  if (type >> 5 == 0x5)
    length = type & 0x1f;
  else if (type == 0xc4 || type == 0xd9)
    {
      if (!walk_length (walk, 1, &length))
        return FALSE;
    }
  else if (type == 0xc5 || type == 0xda)
    {
      if (!walk_length (walk, 2, &length))
        return FALSE;
    }
  else if (type >= 0xcc && type <= 0xd3)
    length = (gsize) 1 << (type & 3);
  else if (type == 0xca || type == 0xcb)
    length = type == 0xca ? 4 : 8;
  else if (type >= 0x80 && type < 0xe0 && type != 0xc0 && type != 0xc2 && type != 0xc3)
    return FALSE;
  if ((gsize) (walk->end - walk->at) < length)
    return FALSE;
  *bytes = (Bytes) { walk->at, length };
  walk->at += length;
  return TRUE;
}

void
bench_read_msgpack (const guint8 *data,
                    gsize         length,
                    BenchPacket  *packet)
{
  Walk walk = { data, data + length, 0, packet };
  Bytes ignored;

  if (!walk_msgpack (&walk, &ignored))
    packet->kind = BENCH_NEITHER;
}

/* Writing */

typedef struct {
  guint8 *at;
} Pen;

static void
put (Pen           *pen,
     gconstpointer  data,
     gsize          length)
{
  memcpy (pen->at, data, length);
  pen->at += length;
}

static void
put_text (Pen        *pen,
          const char *text)
{
  put (pen, text, strlen (text));
}

static void
put_nodes (Pen             *pen,
           const BenchNode *nodes,
           guint            n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    {
      guint16 port = htons (nodes[i].endpoint.port);

      put (pen, nodes[i].id.bytes, BYTESTAG_KEY_SIZE);
      put (pen, nodes[i].endpoint.address, 4);
      put (pen, &port, 2);
    }
}

gsize
bench_write_bencode_query (BenchQuery         query,
                           const BytestagKey *sender,
                           const BytestagKey *target,
                           guint32            number,
                           guint8            *buffer)
{
  Pen pen = { buffer };

  put_text (&pen, "d1:ad2:id20:");
  put (&pen, sender->bytes, BYTESTAG_KEY_SIZE);
  if (query != BENCH_PING)
    {
      put_text (&pen, "6:target20:");
      put (&pen, target->bytes, BYTESTAG_KEY_SIZE);
    }
  put_text (&pen, query == BENCH_PING ? "e1:q4:ping1:t4:" : "e1:q9:find_node1:t4:");
  put (&pen, &number, sizeof number);
  put_text (&pen, "1:y1:qe");
  return pen.at - buffer;
}

gsize
bench_write_bencode_reply (const BytestagKey *sender,
                           const BenchPacket *query,
                           const BenchNode   *nodes,
                           guint              n_nodes,
                           guint8            *buffer)
{
  Pen pen = { buffer };
  char length[24];

  put_text (&pen, "d1:rd2:id20:");
  put (&pen, sender->bytes, BYTESTAG_KEY_SIZE);
  if (query->query != BENCH_PING)
    {
      g_snprintf (length, sizeof length, "5:nodes%u:", n_nodes * COMPACT_NODE);
      put_text (&pen, length);
      put_nodes (&pen, nodes, n_nodes);
      put_text (&pen, "5:token4:abcd");
    }
  put_text (&pen, "e1:t");
  put (&pen, query->id, query->id_length);
  put_text (&pen, "1:y1:re");
  return pen.at - buffer;
}

/* A short string, or a short text of bytes (an id is one). */
static void
put_msgpack_text (Pen        *pen,
                  const char *text)
{
  *pen->at++ = 0xa0 | strlen (text);
  put_text (pen, text);
}

static void
put_msgpack_bytes (Pen           *pen,
                   gconstpointer  data,
                   gsize          length)
{
  *pen->at++ = 0xc4;
  *pen->at++ = length;
  put (pen, data, length);
}

gsize
bench_write_msgpack_query (BenchQuery         query,
                           const BytestagKey *sender,
                           const BytestagKey *target,
                           guint32            number,
                           guint8            *buffer)
{
  Pen pen = { buffer };
  guint32 id = htonl (number | 0x80000000);

  *pen.at++ = 0x85;
  put_msgpack_text (&pen, "a");
  *pen.at++ = query == BENCH_PING ? 0x81 : 0x82;
  put_msgpack_text (&pen, "id");
  put_msgpack_bytes (&pen, sender->bytes, BYTESTAG_KEY_SIZE);
  if (query != BENCH_PING)
    {
      put_msgpack_text (&pen, "target");
      put_msgpack_bytes (&pen, target->bytes, BYTESTAG_KEY_SIZE);
    }
  put_msgpack_text (&pen, "q");
  put_msgpack_text (&pen, query == BENCH_PING ? "ping" : "find");
  put_msgpack_text (&pen, "t");
  *pen.at++ = 0xce;
  put (&pen, &id, sizeof id);
  put_msgpack_text (&pen, "y");
  put_msgpack_text (&pen, "q");
  put_msgpack_text (&pen, "v");
  put_msgpack_text (&pen, "RNG1");
  return pen.at - buffer;
}

gsize
bench_write_msgpack_reply (const BytestagKey *sender,
                           const BenchPacket *query,
                           const BenchNode   *nodes,
                           guint              n_nodes,
                           guint8            *buffer)
{
  Pen pen = { buffer };
  guint count = query->query == BENCH_PING ? 0 : MIN (n_nodes, 255 / COMPACT_NODE);

  *pen.at++ = 0x84;
  put_msgpack_text (&pen, "r");
  *pen.at++ = count > 0 ? 0x82 : 0x81;
  put_msgpack_text (&pen, "id");
  put_msgpack_bytes (&pen, sender->bytes, BYTESTAG_KEY_SIZE);
  if (count > 0)
    {
      put_msgpack_text (&pen, "n4");
      *pen.at++ = 0xc4;
      *pen.at++ = count * COMPACT_NODE;
      put_nodes (&pen, nodes, count);
    }
  put_msgpack_text (&pen, "t");
  put (&pen, query->id, query->id_length);
  put_msgpack_text (&pen, "y");
  put_msgpack_text (&pen, "r");
  put_msgpack_text (&pen, "v");
  put_msgpack_text (&pen, "RNG1");
  return pen.at - buffer;
}
