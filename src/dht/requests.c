/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* What we send on our own account (A.1.4, A.1.5): members in the original's
 * order, our additions last. */

static void
begin_request (BytestagNetwork *self,
               const char      *rpc)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_sender (self->codec, bytestag_node_get_key (self->node));
  bytestag_codec_add_string (self->codec, "rpc", rpc);
}

static void
count_sent (BytestagNetwork *self,
            gsize            length)
{
  self->counters.datagrams_sent++;
  self->counters.bytes_sent += length;
}

gboolean
_bytestag_network_send (BytestagNetwork        *self,
                        const BytestagEndpoint *to)
{
  gsize length;
  const guint8 *data = bytestag_codec_end (self->codec, &length);

  if (data == NULL)
    return FALSE;

  count_sent (self, length);
  bytestag_transport_send (self->transport, to, data, length);
  return TRUE;
}

/* Sends what the codec holds, which says @id, and waits for the reply. */
static guint64
send_and_wait (BytestagNetwork        *self,
               const BytestagEndpoint *to,
               const BytestagKey      *id,
               gboolean                once,
               BytestagReplyFunc       func,
               gpointer                user_data)
{
  gsize length;
  const guint8 *data;
  guint64 handle;

  if (self->replies == NULL || !bytestag_endpoint_is_usable (to))
    return 0;

  data = bytestag_codec_end (self->codec, &length);
  if (data == NULL)
    return 0;

  if (once)
    handle = bytestag_reply_table_send_once (self->replies, to, id, data, length, func, user_data);
  else
    handle = bytestag_reply_table_send (self->replies, to, id, data, length, func, user_data);

  if (handle != 0)
    count_sent (self, length);
  return handle;
}

static guint64
send_request (BytestagNetwork        *self,
              const BytestagEndpoint *to,
              gboolean                once,
              BytestagReplyFunc       func,
              gpointer                user_data)
{
  BytestagKey id;

  if (self->replies == NULL)
    return 0;

  bytestag_reply_table_make_id (self->replies, &id);
  bytestag_codec_add_key (self->codec, "seq_id", &id);
  bytestag_codec_add_integer (self->codec, "ext", BYTESTAG_OUR_EXTENSIONS);
  return send_and_wait (self, to, &id, once, func, user_data);
}

guint64
_bytestag_network_send_ping (BytestagNetwork        *self,
                             const BytestagEndpoint *to,
                             BytestagReplyFunc       func,
                             gpointer                user_data)
{
  begin_request (self, "ping");
  return send_request (self, to, FALSE, func, user_data);
}

guint64
_bytestag_network_send_ping_once (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  BytestagReplyFunc       func,
                                  gpointer                user_data)
{
  begin_request (self, "ping");
  return send_request (self, to, TRUE, func, user_data);
}

guint64
_bytestag_network_send_find_node (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  const BytestagKey      *key,
                                  BytestagReplyFunc       func,
                                  gpointer                user_data)
{
  begin_request (self, "findnode");
  bytestag_codec_add_key (self->codec, "key", key);
  return send_request (self, to, FALSE, func, user_data);
}

guint64
_bytestag_network_send_find_value (BytestagNetwork   *self,
                                   BytestagNode      *to,
                                   const BytestagKey *key,
                                   const BytestagKey *index,
                                   BytestagReplyFunc  func,
                                   gpointer           user_data)
{
  /* Without an index an original that shares the file of this key would loop for
   * ever (A.3 B1), and with one that it does not know as well: whoever has none asks
   * originals for derived keys alone (A.2, 1), which no file has. */
  if (index == NULL && bytestag_node_get_extensions (to) < 0)
    index = key;

  begin_request (self, "findval");
  bytestag_codec_add_key (self->codec, "key", key);
  if (index != NULL)
    bytestag_codec_add_key (self->codec, "index", index);
  return send_request (self, bytestag_node_get_endpoint (to), FALSE, func, user_data);
}

guint64
_bytestag_network_send_store (BytestagNetwork        *self,
                              const BytestagEndpoint *to,
                              const BytestagKvpId    *id,
                              guint64                 size,
                              gint64                  timestamp,
                              BytestagReplyFunc       func,
                              gpointer                user_data)
{
  begin_request (self, "store");
  bytestag_codec_add_key (self->codec, "key", &id->key);
  bytestag_codec_add_key (self->codec, "index", &id->index);
  bytestag_codec_add_integer (self->codec, "size", (gint64) size);
  bytestag_codec_add_integer (self->codec, "timestmp", timestamp);
  return send_request (self, to, FALSE, func, user_data);
}

static void
write_chunk (BytestagNetwork     *self,
             const BytestagSlice *transfer,
             const BytestagKey   *id,
             const guint8        *data,
             gsize                length)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, "xfer_id", transfer, FALSE);
  bytestag_codec_add_data (self->codec, "xfer_data", data, length);
  bytestag_codec_add_key (self->codec, "seq_id", id);
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
  return send_and_wait (self, to, id, once, func, user_data);
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
  _bytestag_network_send (self, to);
}

void
_bytestag_network_send_get_value (BytestagNetwork        *self,
                                  const BytestagEndpoint *to,
                                  const BytestagKvpId    *id,
                                  const BytestagKey      *transfer,
                                  gsize                   offset)
{
  begin_request (self, "getval");
  bytestag_codec_add_key (self->codec, "key", &id->key);
  bytestag_codec_add_key (self->codec, "index", &id->index);
  bytestag_codec_add_key (self->codec, "xferid", transfer);
  if (offset > 0)
    bytestag_codec_add_integer (self->codec, "valofs", (gint64) offset);
  bytestag_codec_add_integer (self->codec, "ext", BYTESTAG_OUR_EXTENSIONS);
  if (bytestag_endpoint_is_usable (to))
    _bytestag_network_send (self, to);
}

void
_bytestag_network_send_end (BytestagNetwork        *self,
                            const BytestagEndpoint *to,
                            const BytestagSlice    *transfer)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, "xfer_id", transfer, FALSE);
  bytestag_codec_add_null (self->codec, "xfer_data");
  _bytestag_network_send (self, to);
}

void
_bytestag_network_send_ack (BytestagNetwork        *self,
                            const BytestagEndpoint *to,
                            const BytestagMessage  *chunk)
{
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, "xfer_id", &chunk->xfer_id, FALSE);
  bytestag_codec_add_slice (self->codec, "reply_id", &chunk->seq_id, TRUE);
  _bytestag_network_send (self, to);
}

void
_bytestag_network_cancel_request (BytestagNetwork *self,
                                  guint64         *handle)
{
  if (*handle != 0 && self->replies != NULL)
    bytestag_reply_table_cancel (self->replies, *handle);
  *handle = 0;
}
