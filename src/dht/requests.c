/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"
#include "wire/json-keys.h"

/* What we send on our own account (A.1.4, A.1.5): members in the original's
 * order, our additions last. */

int
_bytestag_network_get_extensions (BytestagNetwork *self)
{
  return BYTESTAG_OUR_EXTENSIONS | (self->is_read_only ? BYTESTAG_EXTENSION_READ_ONLY : 0);
}

/* Who cannot be reached does not say its id, so that nobody takes it for a contact (B.1). */
static void
begin_request (BytestagNetwork *self,
               const char      *rpc)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_sender (self->codec, self->is_read_only ? NULL : bytestag_node_get_key (self->node));
  bytestag_codec_add_string (self->codec, BYTESTAG_JSON_RPC, rpc);
}

static void
count_sent (BytestagNetwork *self,
            gsize            length)
{
  self->counters.datagrams_sent++;
  self->counters.bytes_sent += length;
}

/* Sends what the codec holds, unless it did not fit. */
static void
send_message (BytestagNetwork        *self,
              const BytestagEndpoint *to)
{
  gsize length;
  const guint8 *data = bytestag_codec_end (self->codec, &length);

  if (data == NULL)
    return;

  count_sent (self, length);
  bytestag_transport_send (self->transport, to, data, length);
}

/* Sends what the codec holds, which says @id, as @min_length bytes at least, and waits for
 * the reply. */
static guint64
send_and_wait (BytestagNetwork        *self,
               const BytestagEndpoint *to,
               const BytestagKey      *id,
               gsize                   min_length,
               gboolean                once,
               BytestagReplyFunc       func,
               gpointer                user_data)
{
  gsize length;
  const guint8 *data;
  guint64 handle;

  if (self->replies == NULL || !bytestag_endpoint_is_usable (to))
    return 0;

  data = bytestag_codec_end_padded (self->codec, min_length, &length);
  if (data == NULL)
    return 0;

  handle = bytestag_reply_table_send (self->replies, to, id, data, length, once, func, user_data);
  if (handle != 0)
    count_sent (self, length);
  return handle;
}

static guint64
send_request (BytestagNetwork        *self,
              const BytestagEndpoint *to,
              gsize                   min_length,
              gboolean                once,
              BytestagReplyFunc       func,
              gpointer                user_data)
{
  BytestagKey id;

  if (self->replies == NULL)
    return 0;

  bytestag_reply_table_make_id (self->replies, &id);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_SEQUENCE_ID, &id);
  bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_EXTENSIONS, _bytestag_network_get_extensions (self));
  return send_and_wait (self, to, &id, min_length, once, func, user_data);
}

/* A peer that may take our address for a victim's answers no more than in proportion
 * (B.5): what asks for a list of nodes is as long as it takes to get all of it. */
static gsize
get_earning_length (BytestagNetwork        *self,
                    const BytestagEndpoint *to)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);

  return _bytestag_guard_is_stranger_to (&self->guard, to, now) ? BYTESTAG_EARNING_BYTES : 0;
}

guint64
_bytestag_network_send_ping (BytestagNetwork        *self,
                             const BytestagEndpoint *to,
                             BytestagReplyFunc       func,
                             gpointer                user_data)
{
  begin_request (self, BYTESTAG_JSON_RPC_PING);
  return send_request (self, to, 0, FALSE, func, user_data);
}

guint64
_bytestag_network_send_ping_once (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  BytestagReplyFunc       func,
                                  gpointer                user_data)
{
  begin_request (self, BYTESTAG_JSON_RPC_PING);
  return send_request (self, to, 0, TRUE, func, user_data);
}

guint64
_bytestag_network_send_find_node (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  const BytestagKey      *key,
                                  gboolean                once,
                                  BytestagReplyFunc       func,
                                  gpointer                user_data)
{
  begin_request (self, BYTESTAG_JSON_RPC_FIND_NODE);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, key);
  return send_request (self, to, get_earning_length (self, to), once, func, user_data);
}

guint64
_bytestag_network_send_find_value (BytestagNetwork   *self,
                                   BytestagNode      *to,
                                   const BytestagKey *key,
                                   const BytestagKey *index,
                                   gboolean           once,
                                   BytestagReplyFunc  func,
                                   gpointer           user_data)
{
  /* Without an index an original that shares the file of this key would loop for
   * ever (A.3 B1), and with one that it does not know as well: whoever has none asks
   * originals for derived keys alone (A.2, 1), which no file has. */
  if (index == NULL && bytestag_node_get_extensions (to) < 0)
    index = key;

  begin_request (self, BYTESTAG_JSON_RPC_FIND_VALUE);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, key);
  if (index != NULL)
    bytestag_codec_add_key (self->codec, BYTESTAG_JSON_INDEX, index);
  return send_request (self, bytestag_node_get_endpoint (to),
                       get_earning_length (self, bytestag_node_get_endpoint (to)), once, func, user_data);
}

guint64
_bytestag_network_send_find_held (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  const BytestagKey      *key,
                                  const BytestagKey      *keys,
                                  guint                   n_keys,
                                  gboolean                once,
                                  BytestagReplyFunc       func,
                                  gpointer                user_data)
{
  begin_request (self, BYTESTAG_JSON_RPC_FIND_VALUE);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, key);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_INDEX, key);
  if (n_keys > 0)
    bytestag_codec_add_keys (self->codec, BYTESTAG_JSON_KEYS, keys, n_keys);
  return send_request (self, to, get_earning_length (self, to), once, func, user_data);
}

guint64
_bytestag_network_send_store (BytestagNetwork         *self,
                              const BytestagEndpoint  *to,
                              const BytestagKvpRecord *record,
                              gint64                   keep,
                              BytestagReplyFunc        func,
                              gpointer                 user_data)
{
  begin_request (self, BYTESTAG_JSON_RPC_STORE);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, &record->id.key);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_INDEX, &record->id.index);
  bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_SIZE, (gint64) record->size);
  bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_TIMESTAMP, record->timestamp);
  if (keep > 0)
    bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_KEEP, keep);
  if (record->until > 0)
    bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_UNTIL, record->until);
  if (record->copies > 0)
    bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_COPIES, record->copies);
  return send_request (self, to, 0, FALSE, func, user_data);
}

/* Bytes; the text of one that is longer is not compressed. */
#define LONGEST_PACKED_CHUNK 2048

static void
write_chunk (BytestagNetwork     *self,
             const BytestagSlice *transfer,
             const BytestagKey   *id,
             const guint8        *data,
             gsize                length)
{
  bytestag_codec_begin (self->codec);
  /* Only who is nearby gets such long ones. */
  if (length > LONGEST_PACKED_CHUNK)
    bytestag_codec_store (self->codec);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, transfer, FALSE);
  bytestag_codec_add_data (self->codec, BYTESTAG_JSON_PACKET_DATA, data, length);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_SEQUENCE_ID, id);
}

guint64
_bytestag_network_send_chunk (BytestagNetwork        *self,
                              const BytestagEndpoint *to,
                              const BytestagSlice    *transfer,
                              const BytestagKey      *id,
                              const guint8           *data,
                              gsize                   length,
                              gboolean                once,
                              BytestagReplyFunc       func,
                              gpointer                user_data)
{
  write_chunk (self, transfer, id, data, length);
  return send_and_wait (self, to, id, 0, once, func, user_data);
}

void
_bytestag_network_resend_chunk (BytestagNetwork        *self,
                                const BytestagEndpoint *to,
                                const BytestagSlice    *transfer,
                                const BytestagKey      *id,
                                const guint8           *data,
                                gsize                   length)
{
  write_chunk (self, transfer, id, data, length);
  send_message (self, to);
}

void
_bytestag_network_send_get_value (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  const BytestagKvpId    *id,
                                  const BytestagKey      *transfer,
                                  gint64                  offset)
{
  begin_request (self, BYTESTAG_JSON_RPC_GET_VALUE);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, &id->key);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_INDEX, &id->index);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_TRANSFER_ID, transfer);
  if (offset != 0)
    bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_VALUE_OFFSET, offset);
  bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_EXTENSIONS, _bytestag_network_get_extensions (self));
  if (bytestag_endpoint_is_usable (to))
    send_message (self, to);
}

void
_bytestag_network_send_end (BytestagNetwork        *self,
                            const BytestagEndpoint *to,
                            const BytestagSlice    *transfer)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, transfer, FALSE);
  bytestag_codec_add_null (self->codec, BYTESTAG_JSON_PACKET_DATA);
  send_message (self, to);
}

void
_bytestag_network_send_ack (BytestagNetwork        *self,
                            const BytestagEndpoint *to,
                            const BytestagMessage  *chunk)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, &chunk->xfer_id, FALSE);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_REPLY_ID, &chunk->seq_id, TRUE);
  send_message (self, to);
}

void
_bytestag_network_cancel_request (BytestagNetwork *self,
                                  guint64         *handle)
{
  if (*handle != 0 && self->replies != NULL)
    bytestag_reply_table_cancel (self->replies, *handle);
  *handle = 0;
}
