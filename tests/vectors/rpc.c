/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every datagram of rpc.json, as original nodes sent it: read by our codec it means
 * what was recorded, and written again by our codec it is the same text. */
#include <string.h>

#include "vectors.h"
#include "wire/json-keys.h"
#include "wire/message.h"

static BytestagCodec *codec;

static void
check_slice (JsonObject *json, const char *member, const BytestagSlice *slice)
{
  JsonNode *recorded = json_object_get_member (json, member);
  g_autofree char *text = slice->text ? g_strndup (slice->text, slice->length) : NULL;
  g_autoptr (JsonNode) actual = text ? json_from_string (text, NULL) : NULL;

  g_assert_cmpint (recorded == NULL, ==, slice->text == NULL);
  if (recorded && JSON_NODE_HOLDS_NULL (recorded))
    g_assert_cmpstr (text, ==, "null");
  else
    g_assert_true (!recorded || json_node_equal (recorded, actual));
}

static void
check_key (JsonObject *json, const char *member, BytestagMember state, const BytestagKey *key)
{
  const char *text = json_text (json, member);
  BytestagKey recorded;

  g_assert_cmpint (state, ==, text ? BYTESTAG_MEMBER_VALID : BYTESTAG_MEMBER_ABSENT);
  if (!text)
    return;
  g_assert_true (bytestag_key_parse (&recorded, text, -1, NULL));
  g_assert_true (bytestag_key_equal (&recorded, key));
}

static void
check_nodes (JsonObject *json, const BytestagMessage *message)
{
  JsonArray *recorded = json_object_has_member (json, "nodes") ? json_object_get_array_member (json, "nodes") : NULL;
  BytestagWireNode nodes[BYTESTAG_LIMIT_NODES_OF_REPLY];
  int n_nodes;

  g_assert_cmpint (recorded == NULL, ==, message->nodes.text == NULL);
  if (!recorded)
    return;
  n_nodes = bytestag_message_read_nodes (message, nodes, G_N_ELEMENTS (nodes));
  g_assert_cmpint (n_nodes, ==, json_array_get_length (recorded));
  for (int i = 0; i < n_nodes; i++)
    {
      JsonObject *node = json_array_get_object_element (recorded, i);
      char host[BYTESTAG_ENDPOINT_HOST_SIZE];

      bytestag_endpoint_write_host (&nodes[i].endpoint, host);
      g_assert_cmpstr (host, ==, json_text (node, "host"));
      g_assert_cmpuint (nodes[i].endpoint.port, ==, json_object_get_int_member (node, "port"));
      check_key (node, "id", BYTESTAG_MEMBER_VALID, &nodes[i].key);
    }
}

static void
check_vals (JsonObject *json, const BytestagMessage *message)
{
  JsonArray *recorded = json_object_has_member (json, "vals") ? json_object_get_array_member (json, "vals") : NULL;
  BytestagExchangeInfo vals[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  int n_vals;

  g_assert_cmpint (recorded == NULL, ==, message->vals.text == NULL);
  if (!recorded)
    return;
  n_vals = bytestag_message_read_vals (message, vals, G_N_ELEMENTS (vals));
  g_assert_cmpint (n_vals, ==, json_array_get_length (recorded));
  for (int i = 0; i < n_vals; i++)
    {
      JsonObject *val = json_array_get_object_element (recorded, i);
      JsonNode *timestamp = json_object_get_member (val, "time");

      check_key (val, "key", BYTESTAG_MEMBER_VALID, &vals[i].id.key);
      check_key (val, "index", BYTESTAG_MEMBER_VALID, &vals[i].id.index);
      g_assert_cmpint (vals[i].size, ==, json_object_get_int_member (val, "size"));
      g_assert_cmpint (vals[i].time_kind == BYTESTAG_TIME_NULL, ==, JSON_NODE_HOLDS_NULL (timestamp));
      if (!JSON_NODE_HOLDS_NULL (timestamp))
        g_assert_cmpfloat (vals[i].timestamp, ==, json_node_get_double (timestamp));
    }
}

static void
check_data (JsonObject *json, const BytestagMessage *message)
{
  guint8 bytes[BYTESTAG_LIMIT_TRANSFER_DATA];
  const char *text = json_text (json, "xfer_data");
  g_autofree guint8 *recorded = NULL;
  gsize length;

  g_assert_cmpint (message->has_xfer_data, ==, json_object_has_member (json, "xfer_data"));
  if (message->has_xfer_data)
    g_assert_cmpint (message->is_end, ==, text == NULL);
  if (!text)
    return;
  recorded = g_base64_decode (text, &length);
  g_assert_cmpint (bytestag_message_read_data (message, bytes, sizeof bytes), ==, length);
  g_assert_cmpmem (bytes, length, recorded, length);
}

static BytestagMessageKind
kind_of (JsonObject *json)
{
  if (json_object_has_member (json, "reply_id"))
    return BYTESTAG_MESSAGE_REPLY;
  return json_object_has_member (json, "xfer_id") ? BYTESTAG_MESSAGE_TRANSFER : BYTESTAG_MESSAGE_REQUEST;
}

static void
check_message (JsonObject *json, const BytestagMessage *message)
{
  g_assert_cmpint (message->kind, ==, kind_of (json));
  check_key (json, "nodeid", message->node_id_member, &message->node_id);
  check_key (json, "key", message->key_member, &message->key);
  check_key (json, "index", message->index_member, &message->index);
  check_slice (json, "seq_id", &message->seq_id);
  check_slice (json, "reply_id", &message->reply_id);
  check_slice (json, "xferid", &message->xferid);
  check_slice (json, "xfer_id", &message->xfer_id);
  g_assert_cmpint (message->has_size, ==, json_object_has_member (json, "size"));
  if (message->has_size)
    g_assert_cmpint (message->size, ==, json_object_get_int_member (json, "size"));
  g_assert_cmpint (message->has_timestamp, ==, json_object_has_member (json, "timestmp"));
  if (message->has_timestamp)
    g_assert_cmpint (message->timestamp, ==, (gint64) json_node_get_double (json_object_get_member (json, "timestmp")));
  if (json_object_has_member (json, "valofs"))
    g_assert_cmpint (message->valofs, ==, json_object_get_int_member (json, "valofs"));
  g_assert_cmpint (message->extensions, ==, -1);
  check_nodes (json, message);
  check_vals (json, message);
  check_data (json, message);
}

static void
write_nodes (const BytestagMessage *message)
{
  BytestagWireNode nodes[BYTESTAG_LIMIT_NODES_OF_REPLY];
  int n_nodes = bytestag_message_read_nodes (message, nodes, G_N_ELEMENTS (nodes));

  bytestag_codec_begin_nodes (codec);
  for (int i = 0; i < n_nodes; i++)
    bytestag_codec_add_node (codec, &nodes[i].key, &nodes[i].endpoint);
  bytestag_codec_end_nodes (codec);
}

static void
write_vals (const BytestagMessage *message)
{
  BytestagExchangeInfo vals[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  int n_vals = bytestag_message_read_vals (message, vals, G_N_ELEMENTS (vals));

  bytestag_codec_begin_vals (codec);
  for (int i = 0; i < n_vals; i++)
    bytestag_codec_add_val (codec, &vals[i]);
  bytestag_codec_end_vals (codec);
}

static void
write_data (const BytestagMessage *message)
{
  guint8 bytes[BYTESTAG_LIMIT_TRANSFER_DATA];
  gssize length;

  if (message->is_end)
    {
      bytestag_codec_add_null (codec, BYTESTAG_JSON_PACKET_DATA);
      return;
    }
  length = bytestag_message_read_data (message, bytes, sizeof bytes);
  bytestag_codec_add_data (codec, BYTESTAG_JSON_PACKET_DATA, bytes, length);
}

static void
write_member (const char *name, JsonObject *json, const BytestagMessage *message)
{
  if (g_str_equal (name, "netid"))
    bytestag_codec_add_sender (codec, &message->node_id);
  else if (g_str_equal (name, "rpc"))
    bytestag_codec_add_string (codec, name, json_text (json, name));
  else if (g_str_equal (name, "key"))
    bytestag_codec_add_key (codec, name, &message->key);
  else if (g_str_equal (name, "index"))
    bytestag_codec_add_key (codec, name, &message->index);
  else if (g_str_equal (name, "seq_id"))
    bytestag_codec_add_slice (codec, name, &message->seq_id, TRUE);
  else if (g_str_equal (name, "reply_id"))
    bytestag_codec_add_slice (codec, name, &message->reply_id, TRUE);
  else if (g_str_equal (name, "xferid"))
    bytestag_codec_add_slice (codec, name, &message->xferid, TRUE);
  else if (g_str_equal (name, "xfer_id"))
    bytestag_codec_add_slice (codec, name, &message->xfer_id, TRUE);
  else if (g_str_equal (name, "size"))
    bytestag_codec_add_integer (codec, name, message->size);
  else if (g_str_equal (name, "timestmp"))
    bytestag_codec_add_integer (codec, name, message->timestamp);
  else if (g_str_equal (name, "valofs"))
    bytestag_codec_add_integer (codec, name, message->valofs);
  else if (g_str_equal (name, "nodes"))
    write_nodes (message);
  else if (g_str_equal (name, "vals"))
    write_vals (message);
  else if (g_str_equal (name, "xfer_data"))
    write_data (message);
  else
    g_assert_cmpstr (name, ==, "nodeid"); /* written with netid */
}

/* The JSON text of a datagram. */
static char *
inflate (const guint8 *data, gsize length)
{
  g_autoptr (GZlibDecompressor) inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  char *text = g_malloc0 (128 * 1024);
  gsize in, out;

  g_assert_cmpint (g_converter_convert (G_CONVERTER (inflater), data, length, text, 128 * 1024 - 1,
                                        G_CONVERTER_INPUT_AT_END, &in, &out, NULL), ==, G_CONVERTER_FINISHED);
  return text;
}

static void
check_written (JsonObject *json, const BytestagMessage *message, GBytes *datagram)
{
  g_autoptr (GList) names = json_object_get_members (json);
  g_autofree char *recorded = inflate (g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram));
  g_autofree char *written = NULL;
  const guint8 *data;
  gsize length;
  JsonNode *timestamp = json_object_get_member (json, "timestmp");

  bytestag_codec_begin (codec);
  for (GList *l = names; l; l = l->next)
    write_member (l->data, json, message);
  data = bytestag_codec_end (codec, &length);
  g_assert_nonnull (data);
  written = inflate (data, length);
  /* We have timestamps of whole seconds, and send no others. */
  if (!timestamp || json_node_get_value_type (timestamp) == G_TYPE_INT64)
    g_assert_cmpstr (written, ==, recorded);
}

static void
run_case (gconstpointer data)
{
  JsonArray *datagrams = json_object_get_array_member ((JsonObject *) data, "datagrams");

  for (guint i = 0; i < json_array_get_length (datagrams); i++)
    {
      JsonObject *item = json_array_get_object_element (datagrams, i);
      JsonObject *json = json_object_get_object_member (item, "json");
      g_autoptr (GBytes) datagram = vectors_hex_bytes (json_object_get_string_member (item, "hex"));
      BytestagMessage message;

      g_assert_nonnull (datagram);
      g_assert_cmpint (bytestag_codec_read (codec, g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram),
                                            &message), ==, BYTESTAG_DROP_NONE);
      check_message (json, &message);
      check_written (json, &message, datagram);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  codec = bytestag_codec_new ();
  status = vectors_run_cases ("rpc", run_case);
  bytestag_codec_free (codec);
  return status;
}
