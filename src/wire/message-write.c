/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/message.h"

#include "wire/json-keys.h"
#include "wire/packet.h"

#include <string.h>

static void
add_key_value (BytestagWriter    *writer,
               const BytestagKey *key)
{
  char text[BYTESTAG_KEY_BASE64_LENGTH + 2];

  text[0] = text[sizeof text - 1] = '"';
  bytestag_key_write_base64 (key, text + 1);
  bytestag_writer_add_raw (writer, text, sizeof text);
}

static void
add_key (BytestagWriter    *writer,
         const char        *name,
         const BytestagKey *key)
{
  bytestag_writer_add_name (writer, name);
  add_key_value (writer, key);
}

static void
add_endpoint_members (BytestagWriter         *writer,
                      const BytestagEndpoint *endpoint)
{
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];
  gsize length = bytestag_endpoint_write_host (endpoint, host);

  bytestag_writer_add_name (writer, BYTESTAG_JSON_HOST);
  bytestag_writer_add_string (writer, host, length);
  bytestag_writer_add_name (writer, BYTESTAG_JSON_PORT);
  bytestag_writer_add_integer (writer, endpoint->port);
}

void
bytestag_codec_add_sender (BytestagCodec     *self,
                           const BytestagKey *node_id)
{
  bytestag_codec_add_string (self, BYTESTAG_JSON_NETWORK_ID, BYTESTAG_JSON_NETWORK);
  if (node_id != NULL)
    add_key (&self->writer, BYTESTAG_JSON_NODE_ID, node_id);
}

void
bytestag_codec_add_string (BytestagCodec *self,
                           const char    *name,
                           const char    *value)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_string (&self->writer, value, -1);
}

void
bytestag_codec_add_integer (BytestagCodec *self,
                            const char    *name,
                            gint64         value)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_integer (&self->writer, value);
}

void
bytestag_codec_add_key (BytestagCodec     *self,
                        const char        *name,
                        const BytestagKey *key)
{
  add_key (&self->writer, name, key);
}

void
bytestag_codec_add_keys (BytestagCodec     *self,
                         const char        *name,
                         const BytestagKey *keys,
                         guint              n_keys)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_begin_array (&self->writer);
  for (guint i = 0; i < n_keys; i++)
    add_key_value (&self->writer, &keys[i]);
  bytestag_writer_end_array (&self->writer);
}

void
bytestag_codec_add_integers (BytestagCodec *self,
                             const char    *name,
                             const gint64  *values,
                             guint          n_values)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_begin_array (&self->writer);
  for (guint i = 0; i < n_values; i++)
    bytestag_writer_add_integer (&self->writer, values[i]);
  bytestag_writer_end_array (&self->writer);
}

void
bytestag_codec_add_true (BytestagCodec *self,
                         const char    *name)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_raw (&self->writer, "true", strlen ("true"));
}

void
bytestag_codec_add_null (BytestagCodec *self,
                         const char    *name)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_null (&self->writer);
}

void
bytestag_codec_add_slice (BytestagCodec       *self,
                          const char          *name,
                          const BytestagSlice *value,
                          gboolean             or_null)
{
  if (value->text == NULL || (or_null && !bytestag_slice_is_truthy (value)))
    {
      bytestag_codec_add_null (self, name);
      return;
    }
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_raw (&self->writer, value->text, value->length);
}

void
bytestag_codec_add_data (BytestagCodec *self,
                         const char    *name,
                         const guint8  *data,
                         gsize          length)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_add_base64 (&self->writer, data, length);
}

void
bytestag_codec_add_endpoint (BytestagCodec          *self,
                             const char             *name,
                             const BytestagEndpoint *endpoint)
{
  bytestag_writer_add_name (&self->writer, name);
  bytestag_writer_begin_object (&self->writer);
  add_endpoint_members (&self->writer, endpoint);
  bytestag_writer_end_object (&self->writer);
}

void
bytestag_codec_begin_nodes (BytestagCodec *self)
{
  bytestag_writer_add_name (&self->writer, BYTESTAG_JSON_NODES);
  bytestag_writer_begin_array (&self->writer);
}

void
bytestag_codec_add_node (BytestagCodec          *self,
                         const BytestagKey      *key,
                         const BytestagEndpoint *endpoint)
{
  bytestag_writer_begin_object (&self->writer);
  add_endpoint_members (&self->writer, endpoint);
  add_key (&self->writer, BYTESTAG_JSON_ID, key);
  bytestag_writer_end_object (&self->writer);
}

void
bytestag_codec_end_nodes (BytestagCodec *self)
{
  bytestag_writer_end_array (&self->writer);
}

void
bytestag_codec_begin_vals (BytestagCodec *self)
{
  bytestag_writer_add_name (&self->writer, BYTESTAG_JSON_VALUES);
  bytestag_writer_begin_array (&self->writer);
}

static void
add_time (BytestagWriter             *writer,
          const BytestagExchangeInfo *info)
{
  switch (info->time_kind)
    {
    case BYTESTAG_TIME_INTEGER:
      /* Outside of these a double has no gint64. */
      bytestag_writer_add_integer (writer, (gint64) CLAMP (info->timestamp, -0x1p62, 0x1p62));
      break;
    case BYTESTAG_TIME_FLOAT:
      bytestag_writer_add_real (writer, info->timestamp);
      break;
    case BYTESTAG_TIME_NULL:
    default:
      bytestag_writer_add_null (writer);
    }
}

void
bytestag_codec_add_val (BytestagCodec              *self,
                        const BytestagExchangeInfo *info)
{
  BytestagWriter *writer = &self->writer;

  bytestag_writer_begin_object (writer);
  add_key (writer, BYTESTAG_JSON_KEY, &info->id.key);
  add_key (writer, BYTESTAG_JSON_INDEX, &info->id.index);
  bytestag_writer_add_name (writer, BYTESTAG_JSON_SIZE);
  if (info->size >= 0)
    bytestag_writer_add_integer (writer, info->size);
  else
    bytestag_writer_add_null (writer);
  bytestag_writer_add_name (writer, BYTESTAG_JSON_TIME);
  add_time (writer, info);
  if (info->until > 0)
    {
      bytestag_writer_add_name (writer, BYTESTAG_JSON_UNTIL);
      bytestag_writer_add_integer (writer, info->until);
    }
  bytestag_writer_end_object (writer);
}

void
bytestag_codec_end_vals (BytestagCodec *self)
{
  bytestag_writer_end_array (&self->writer);
}
