/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/foreign.h"

#include <string.h>

#include <gio/gio.h>

#define PORT 9001

struct _BytestagForeign
{
  BytestagSim *sim;
  BytestagEndpoint address;
  BytestagKey id;
  BytestagForeignFunc func;
  gpointer user_data;
  gboolean pongs;
  gboolean is_ours;
  guint n_pings;
  gsize n_sent, n_received; /* bytes */
  GQueue texts;
};

/* (transfer full) @data through @converter, with a final NUL that does not count. */
static GByteArray *
convert (GConverter   *converter,
         const guint8 *data,
         gsize         length)
{
  GByteArray *output = g_byte_array_new ();
  guint8 buffer[65536];
  GConverterResult result = G_CONVERTER_CONVERTED;

  while (result != G_CONVERTER_FINISHED)
    {
      g_autoptr (GError) error = NULL;
      gsize n_read = 0, n_written = 0;

      result = g_converter_convert (converter, data, length, buffer, sizeof buffer, G_CONVERTER_INPUT_AT_END,
                                    &n_read, &n_written, &error);
      g_assert_no_error (error);
      data += n_read;
      length -= n_read;
      g_byte_array_append (output, buffer, (guint) n_written);
    }
  g_byte_array_append (output, (const guint8 *) "", 1);
  g_byte_array_set_size (output, output->len - 1);
  return output;
}

/* The test's own reader, so that the codec is not its own judge. */
static char *
inflate (const guint8 *data,
         gsize         length)
{
  g_autoptr (GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);

  return (char *) g_byte_array_free (convert (G_CONVERTER (inflater), data, length), FALSE);
}

static const char *
get_rpc (JsonObject *message)
{
  if (json_object_has_member (message, "reply_id"))
    return "reply";
  if (json_object_has_member (message, "xfer_id"))
    return json_object_get_null_member (message, "xfer_data") ? "end" : "chunk";
  return json_object_get_string_member_with_default (message, "rpc", "");
}

static void
received_cb (BytestagSim            *sim,
             const BytestagEndpoint *from,
             const guint8           *data,
             gsize                   length,
             gpointer                user_data)
{
  BytestagForeign *self = user_data;
  g_autofree char *text = inflate (data, length);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  JsonObject *message;
  const char *rpc;

  self->n_received += length;
  g_assert_cmpuint (length, <=, 8192);
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  message = json_node_get_object (json_parser_get_root (parser));
  rpc = get_rpc (message);

  self->n_pings += g_str_equal (rpc, "ping");
  if (self->pongs && g_str_equal (rpc, "ping"))
    {
      bytestag_foreign_reply (self, from, message, "");
      return;
    }

  g_queue_push_tail (&self->texts, g_steal_pointer (&text));
  if (self->func != NULL)
    self->func (self, from, rpc, message, self->user_data);
}

BytestagForeign *
bytestag_foreign_new (BytestagSim *sim,
                      const char  *host)
{
  BytestagForeign *self = g_new0 (BytestagForeign, 1);

  self->sim = sim;
  self->pongs = TRUE;
  g_assert_true (bytestag_endpoint_set_host (&self->address, host, -1, PORT));
  bytestag_key_digest (&self->id, host, strlen (host));
  g_queue_init (&self->texts);
  bytestag_sim_add_peer (sim, &self->address, received_cb, self);
  return self;
}

static void
ignore_cb (BytestagSim            *sim,
           const BytestagEndpoint *from,
           const guint8           *data,
           gsize                   length,
           gpointer                user_data)
{
}

void
bytestag_foreign_free (BytestagForeign *self)
{
  bytestag_sim_add_peer (self->sim, &self->address, ignore_cb, NULL);
  bytestag_foreign_forget (self);
  g_free (self);
}

void
bytestag_foreign_set_func (BytestagForeign     *self,
                           BytestagForeignFunc  func,
                           gpointer             user_data)
{
  self->func = func;
  self->user_data = user_data;
}

void
bytestag_foreign_set_pongs (BytestagForeign *self,
                            gboolean         pongs)
{
  self->pongs = pongs;
}

void
bytestag_foreign_set_is_ours (BytestagForeign *self,
                              gboolean         is_ours)
{
  self->is_ours = is_ours;
}

void
bytestag_foreign_set_port (BytestagForeign *self,
                           guint16          port)
{
  bytestag_sim_add_peer (self->sim, &self->address, ignore_cb, NULL);
  self->address.port = port;
  bytestag_sim_add_peer (self->sim, &self->address, received_cb, self);
}

const BytestagEndpoint *
bytestag_foreign_get_address (BytestagForeign *self)
{
  return &self->address;
}

const BytestagKey *
bytestag_foreign_get_id (BytestagForeign *self)
{
  return &self->id;
}

BytestagNode *
bytestag_foreign_make_contact (BytestagForeign *self)
{
  return bytestag_node_new (&self->id, &self->address);
}

void
bytestag_foreign_send (BytestagForeign        *self,
                       const BytestagEndpoint *to,
                       const char             *format,
                       ...)
{
  g_autoptr (GZlibCompressor) deflater = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  g_autoptr (GByteArray) datagram = NULL;
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  datagram = convert (G_CONVERTER (deflater), (const guint8 *) text, strlen (text));
  self->n_sent += datagram->len;
  bytestag_sim_send (self->sim, &self->address, to, datagram->data, datagram->len);
}

void
bytestag_foreign_reply (BytestagForeign        *self,
                        const BytestagEndpoint *to,
                        JsonObject             *request,
                        const char             *members)
{
  g_autofree char *id = bytestag_key_to_base64 (&self->id);

  bytestag_foreign_send (self, to, "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"reply_id\": \"%s\"%s%s}", id,
                         json_object_get_string_member_with_default (request, "seq_id", ""), members,
                         self->is_ours ? ", \"ext\": 2" : "");
}

char *
bytestag_foreign_take (BytestagForeign *self)
{
  return g_queue_pop_head (&self->texts);
}

guint
bytestag_foreign_forget (BytestagForeign *self)
{
  guint n = self->texts.length;

  g_queue_clear_full (&self->texts, g_free);
  return n;
}

guint
bytestag_foreign_get_n_pings (BytestagForeign *self)
{
  return self->n_pings;
}

gsize
bytestag_foreign_get_n_sent (BytestagForeign *self)
{
  return self->n_sent;
}

gsize
bytestag_foreign_get_n_received (BytestagForeign *self)
{
  return self->n_received;
}
