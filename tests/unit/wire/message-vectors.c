/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "datagram.h"
#include "support/test-vectors.h"
#include "wire/json-keys.h"
#include "wire/message.h"

/* The datagrams of original nodes, read and written again. */

#define MAX_ITEMS 512

typedef struct {
  BytestagCodec *codec;
  BytestagMessage message;
} Test;

static void
set_up (Test          *test,
        gconstpointer  data)
{
  test->codec = bytestag_codec_new ();
}

static void
tear_down (Test          *test,
           gconstpointer  data)
{
  bytestag_codec_free (test->codec);
}

static BytestagDrop
read_bytes (Test   *test,
            GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return bytestag_codec_read (test->codec, data, length, &test->message);
}

static void
write_nodes (Test *test)
{
  BytestagWireNode nodes[MAX_ITEMS];
  int n_nodes = bytestag_message_read_nodes (&test->message, nodes, G_N_ELEMENTS (nodes));

  g_assert_cmpint (n_nodes, >=, 0);
  bytestag_codec_begin_nodes (test->codec);
  for (int i = 0; i < n_nodes; i++)
    bytestag_codec_add_node (test->codec, &nodes[i].key, &nodes[i].endpoint);
  bytestag_codec_end_nodes (test->codec);
}

static void
write_vals (Test *test)
{
  BytestagExchangeInfo vals[MAX_ITEMS];
  int n_vals = bytestag_message_read_vals (&test->message, vals, G_N_ELEMENTS (vals));

  g_assert_cmpint (n_vals, >=, 0);
  bytestag_codec_begin_vals (test->codec);
  for (int i = 0; i < n_vals; i++)
    bytestag_codec_add_val (test->codec, &vals[i]);
  bytestag_codec_end_vals (test->codec);
}

static void
write_data (Test *test)
{
  guint8 bytes[BYTESTAG_LIMIT_TRANSFER_DATA];
  gssize length;

  g_assert_true (test->message.has_xfer_data);
  if (test->message.is_end)
    {
      bytestag_codec_add_null (test->codec, BYTESTAG_JSON_PACKET_DATA);
      return;
    }
  length = bytestag_message_read_data (&test->message, bytes, sizeof bytes);
  g_assert_cmpint (length, >, 0);
  bytestag_codec_add_data (test->codec, BYTESTAG_JSON_PACKET_DATA, bytes, length);
}

static const char *
rpc_to_string (BytestagRpc rpc)
{
  static const char *const names[] = {
    [BYTESTAG_RPC_PING] = BYTESTAG_JSON_RPC_PING,
    [BYTESTAG_RPC_FIND_NODE] = BYTESTAG_JSON_RPC_FIND_NODE,
    [BYTESTAG_RPC_FIND_VALUE] = BYTESTAG_JSON_RPC_FIND_VALUE,
    [BYTESTAG_RPC_GET_VALUE] = BYTESTAG_JSON_RPC_GET_VALUE,
    [BYTESTAG_RPC_STORE] = BYTESTAG_JSON_RPC_STORE,
  };

  g_assert_cmpint (rpc, !=, BYTESTAG_RPC_UNKNOWN);
  return names[rpc];
}

/* Writes what was read of the member @name. */
static void
write_member (Test       *test,
              const char *name)
{
  const BytestagMessage *message = &test->message;
  BytestagCodec *codec = test->codec;

  if (g_str_equal (name, BYTESTAG_JSON_NETWORK_ID))
    bytestag_codec_add_sender (codec,
                               message->node_id_member == BYTESTAG_MEMBER_VALID ? &message->node_id : NULL);
  else if (g_str_equal (name, BYTESTAG_JSON_NODE_ID))
    return; /* with netid */
  else if (g_str_equal (name, BYTESTAG_JSON_RPC))
    bytestag_codec_add_string (codec, name, rpc_to_string (message->rpc));
  else if (g_str_equal (name, BYTESTAG_JSON_KEY))
    bytestag_codec_add_key (codec, name, &message->key);
  else if (g_str_equal (name, BYTESTAG_JSON_INDEX))
    bytestag_codec_add_key (codec, name, &message->index);
  else if (g_str_equal (name, BYTESTAG_JSON_SEQUENCE_ID))
    bytestag_codec_add_slice (codec, name, &message->seq_id, FALSE);
  else if (g_str_equal (name, BYTESTAG_JSON_REPLY_ID))
    bytestag_codec_add_slice (codec, name, &message->reply_id, FALSE);
  else if (g_str_equal (name, BYTESTAG_JSON_TRANSFER_ID))
    bytestag_codec_add_slice (codec, name, &message->xferid, FALSE);
  else if (g_str_equal (name, BYTESTAG_JSON_PACKET_TRANSFER_ID))
    bytestag_codec_add_slice (codec, name, &message->xfer_id, FALSE);
  else if (g_str_equal (name, BYTESTAG_JSON_PACKET_DATA))
    write_data (test);
  else if (g_str_equal (name, BYTESTAG_JSON_NODES))
    write_nodes (test);
  else if (g_str_equal (name, BYTESTAG_JSON_VALUES))
    write_vals (test);
  else if (g_str_equal (name, BYTESTAG_JSON_SIZE))
    bytestag_codec_add_integer (codec, name, message->size);
  else if (g_str_equal (name, BYTESTAG_JSON_TIMESTAMP))
    bytestag_codec_add_integer (codec, name, message->timestamp);
  else if (g_str_equal (name, BYTESTAG_JSON_VALUE_OFFSET))
    bytestag_codec_add_integer (codec, name, message->valofs);
  else
    g_assert_not_reached ();
}

/* timestmp goes through int(): ours is always an integer (A.1.4). */
static JsonNode *
truncate_timestamp (JsonNode *node)
{
  JsonObject *object = json_node_get_object (node);
  JsonObject *copy = json_object_new ();
  JsonNode *result = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *l = names; l != NULL; l = l->next)
    json_object_set_member (copy, l->data, json_object_dup_member (object, l->data));
  if (json_object_has_member (copy, BYTESTAG_JSON_TIMESTAMP))
    json_object_set_int_member (copy, BYTESTAG_JSON_TIMESTAMP,
                                (gint64) json_object_get_double_member (copy, BYTESTAG_JSON_TIMESTAMP));
  json_node_take_object (result, copy);
  return result;
}

static void
assert_written_again (Test     *test,
                      GBytes   *bytes,
                      JsonNode *expected)
{
  JsonObject *object = json_node_get_object (expected);
  g_autofree char *original = datagram_text (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GList) names = json_object_get_members (object);
  g_autoptr (JsonNode) truncated = truncate_timestamp (expected);
  g_autoptr (JsonNode) written = NULL;
  g_autofree char *text = NULL;
  const guint8 *data;
  gsize length;

  g_assert_cmpint (read_bytes (test, bytes), ==, BYTESTAG_DROP_NONE);
  bytestag_codec_begin (test->codec);
  for (GList *l = names; l != NULL; l = l->next)
    write_member (test, l->data);
  data = bytestag_codec_end (test->codec, &length);
  text = datagram_text (data, length);
  written = json_from_string (text, NULL);
  g_assert_true (json_node_equal (written, truncated));
  /* Not only equal: the very text. */
  if (json_node_equal (truncated, expected))
    g_assert_cmpstr (text, ==, original);
}

static void
test_rpc (Test          *test,
          gconstpointer  data)
{
  g_autoptr (JsonArray) cases = test_vectors_load ("rpc");
  guint n_datagrams = 0;

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *object = json_array_get_object_element (cases, i);
      JsonArray *datagrams = json_object_get_array_member (object, "datagrams");

      g_test_message ("%s", json_object_get_string_member (object, "name"));
      for (guint j = 0; j < json_array_get_length (datagrams); j++)
        {
          JsonObject *datagram = json_array_get_object_element (datagrams, j);
          g_autoptr (GBytes) bytes = test_vectors_bytes (json_object_get_string_member (datagram, "hex"));

          if (bytes == NULL)
            continue;
          assert_written_again (test, bytes, json_object_get_member (datagram, "json"));
          n_datagrams++;
        }
    }
  g_assert_cmpuint (n_datagrams, >, 0);
  test_vectors_ran ("rpc", json_array_get_length (cases));
}

/* Why the reader itself drops a case; -1: not one of these. */
static int
get_expected_drop (const char *name)
{
  static const struct {
    const char *name;
    BytestagDrop drop;
  } drops[] = {
    { "not-zlib", BYTESTAG_DROP_NOT_ZLIB }, { "empty-datagram", BYTESTAG_DROP_NOT_ZLIB },
    { "raw-deflate", BYTESTAG_DROP_NOT_ZLIB }, { "gzip", BYTESTAG_DROP_NOT_ZLIB },
    { "zlib-truncated", BYTESTAG_DROP_NOT_ZLIB }, { "zlib-bad-checksum", BYTESTAG_DROP_NOT_ZLIB },
    { "json-bom", BYTESTAG_DROP_NOT_JSON }, { "json-not-object", BYTESTAG_DROP_NOT_JSON },
    { "json-empty-object", BYTESTAG_DROP_NOT_JSON }, { "json-bad-utf8", BYTESTAG_DROP_NOT_JSON },
    { "json-trailing-garbage", BYTESTAG_DROP_NOT_JSON }, { "json-deep-nesting", BYTESTAG_DROP_LIMITS },
    { "no-netid", BYTESTAG_DROP_NET_ID }, { "wrong-netid", BYTESTAG_DROP_NET_ID },
    /* The original inflates 7 MB and echoes an id of 3,000 bytes; we have bounds (B.5). */
    { "zip-bomb-7MB", BYTESTAG_DROP_TOO_LONG }, { "seq-long", BYTESTAG_DROP_LIMITS },
    { "zip-bomb-50MB", BYTESTAG_DROP_TOO_LONG }, { "size-8193", BYTESTAG_DROP_TOO_LONG },
    { "size-8200", BYTESTAG_DROP_TOO_LONG }, { "size-20000", BYTESTAG_DROP_TOO_LONG },
    { "size-60000", BYTESTAG_DROP_TOO_LONG },
  };

  for (guint i = 0; i < G_N_ELEMENTS (drops); i++)
    if (g_str_equal (drops[i].name, name))
      return drops[i].drop;
  return -1;
}

static void
check_malformed (Test       *test,
                 JsonObject *object)
{
  const char *name = json_object_get_string_member (object, "name");
  JsonArray *send = json_object_get_array_member (object, "send");
  gboolean was_answered = json_array_get_length (json_object_get_array_member (object, "replies")) > 0;
  int expected = get_expected_drop (name);

  g_test_message ("%s", name);
  for (guint i = 0; i < json_array_get_length (send); i++)
    {
      JsonObject *datagram = json_array_get_object_element (send, i);
      g_autoptr (GBytes) bytes = test_vectors_bytes (json_object_get_string_member (datagram, "hex"));
      JsonNode *added = json_object_get_member (object, "sender_added_to_routing_table");
      BytestagDrop drop;

      if (bytes == NULL)
        continue;
      drop = read_bytes (test, bytes);
      if (expected >= 0)
        g_assert_cmpint (drop, ==, expected);
      else if (was_answered)
        g_assert_cmpint (drop, ==, BYTESTAG_DROP_NONE);
      if (!JSON_NODE_HOLDS_NULL (added) && json_node_get_boolean (added))
        {
          g_assert_cmpint (test->message.kind, ==, BYTESTAG_MESSAGE_REQUEST);
          g_assert_cmpint (test->message.node_id_member, >=, BYTESTAG_MEMBER_VALID);
        }
    }
}

static void
test_malformed (Test          *test,
                gconstpointer  data)
{
  g_autoptr (JsonArray) cases = test_vectors_load ("malformed");
  guint n_cases = 0;

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *object = json_array_get_object_element (cases, i);

      /* Others tell of whole transfers. */
      if (!json_object_has_member (object, "send"))
        continue;
      check_malformed (test, object);
      n_cases++;
    }
  test_vectors_ran ("malformed", n_cases);
}

static gboolean
is_numeric (JsonObject *node)
{
  BytestagEndpoint endpoint;

  return bytestag_endpoint_set_host (&endpoint, json_object_get_string_member (node, "host"), -1, 1);
}

/* How many nodes or values the original made of a reply, without the nodes that
 * have no address for us; 0: the call failed. */
static int
count_result (JsonObject *object,
              const char *command)
{
  JsonNode *result = json_object_get_member (object, "result");
  JsonArray *array;
  int n = 0;

  if (g_str_equal (command, "findval") && JSON_NODE_HOLDS_OBJECT (result))
    result = json_object_get_member (json_node_get_object (result), "values");
  if (!JSON_NODE_HOLDS_ARRAY (result))
    return 0;
  array = json_node_get_array (result);
  for (guint i = 0; i < json_array_get_length (array); i++)
    n += g_str_equal (command, "findval") || is_numeric (json_array_get_object_element (array, i));
  return n;
}

static void
check_reply (Test       *test,
             JsonObject *object)
{
  const char *command = json_object_get_string_member (json_object_get_object_member (object, "call"), "cmd");
  JsonArray *datagrams = json_object_get_array_member (object, "datagrams");
  BytestagWireNode nodes[MAX_ITEMS];
  BytestagExchangeInfo vals[MAX_ITEMS];
  int n;

  g_test_message ("%s", json_object_get_string_member (object, "name"));
  for (guint i = 0; i < json_array_get_length (datagrams); i++)
    {
      JsonObject *datagram = json_array_get_object_element (datagrams, i);
      g_autoptr (GBytes) bytes = test_vectors_bytes (json_object_get_string_member (datagram, "hex"));
      gboolean is_json = JSON_NODE_HOLDS_OBJECT (json_object_get_member (datagram, "json"));

      if (bytes == NULL)
        continue;
      g_assert_cmpint (read_bytes (test, bytes), ==, is_json ? BYTESTAG_DROP_NONE : BYTESTAG_DROP_NOT_ZLIB);
      if (!is_json || test->message.kind != BYTESTAG_MESSAGE_REPLY)
        continue;
      if (g_str_equal (command, "findnode"))
        n = bytestag_message_read_nodes (&test->message, nodes, G_N_ELEMENTS (nodes));
      else if (g_str_equal (command, "findval"))
        n = bytestag_message_read_vals (&test->message, vals, G_N_ELEMENTS (vals));
      else
        continue;
      g_assert_cmpint (MAX (n, 0), ==, count_result (object, command));
    }
}

static void
test_replies (Test          *test,
              gconstpointer  data)
{
  g_autoptr (JsonArray) cases = test_vectors_load ("replies");

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    check_reply (test, json_array_get_object_element (cases, i));
  test_vectors_ran ("replies", json_array_get_length (cases));
}

static void
assert_key (const BytestagKey *key,
            JsonObject        *expected,
            const char        *name)
{
  g_autofree char *text = bytestag_key_to_base64 (key);

  g_assert_cmpstr (text, ==, json_object_get_string_member (expected, name));
}

static void
check_nodes (Test      *test,
             JsonArray *expected)
{
  BytestagWireNode nodes[MAX_ITEMS];
  int n_nodes = bytestag_message_read_nodes (&test->message, nodes, G_N_ELEMENTS (nodes));
  int n = 0;

  if (expected == NULL)
    {
      g_assert_cmpint (n_nodes, ==, -1);
      return;
    }
  for (guint i = 0; i < json_array_get_length (expected); i++)
    {
      JsonObject *object = json_array_get_object_element (expected, i);
      JsonNode *port = json_object_get_member (object, "port");
      gboolean is_true = json_node_get_value_type (port) == G_TYPE_BOOLEAN;
      BytestagEndpoint endpoint;

      /* Ours leaves out what is no address. */
      if (!bytestag_endpoint_set_host (&endpoint, json_object_get_string_member (object, "host"), -1,
                                       is_true ? 1 : json_node_get_int (port)))
        continue;
      g_assert_cmpint (n, <, n_nodes);
      g_assert_true (bytestag_endpoint_equal (&nodes[n].endpoint, &endpoint));
      assert_key (&nodes[n].key, object, "id");
      n++;
    }
  g_assert_cmpint (n, ==, n_nodes);
}

static void
check_vals (Test      *test,
            JsonArray *expected)
{
  BytestagExchangeInfo vals[MAX_ITEMS];
  int n_vals = bytestag_message_read_vals (&test->message, vals, G_N_ELEMENTS (vals));

  g_assert_cmpint (n_vals, ==, expected != NULL ? (int) json_array_get_length (expected) : -1);
  for (int i = 0; i < n_vals; i++)
    {
      JsonObject *object = json_array_get_object_element (expected, i);
      gboolean has_size = !json_object_get_null_member (object, "size");
      gboolean has_time = !json_object_get_null_member (object, "time");

      assert_key (&vals[i].id.key, object, "key");
      assert_key (&vals[i].id.index, object, "index");
      g_assert_cmpint (vals[i].size, ==, has_size ? json_object_get_int_member (object, "size") : -1);
      g_assert_cmpint (vals[i].time_kind == BYTESTAG_TIME_NULL, ==, !has_time);
      if (has_time)
        g_assert_true (vals[i].timestamp == json_object_get_double_member (object, "time"));
    }
}

static void
test_lists (Test          *test,
            gconstpointer  data)
{
  g_autoptr (JsonArray) cases = test_vectors_load ("lists_parse");

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *object = json_array_get_object_element (cases, i);
      const char *kind = json_object_get_string_member (object, "kind");
      JsonNode *result = json_object_get_member (object, "result");
      g_autofree char *input = json_to_string (json_object_get_member (object, "input"), FALSE);
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": 1, \"%s\": %s}", kind, input);
      g_autoptr (GBytes) bytes = datagram_new (json, -1);
      gboolean is_list = result != NULL && JSON_NODE_HOLDS_ARRAY (result);
      JsonArray *expected = is_list ? json_node_get_array (result) : NULL;

      g_test_message ("%s", json);
      g_assert_cmpint (read_bytes (test, bytes), ==, BYTESTAG_DROP_NONE);
      if (g_str_equal (kind, "nodes"))
        check_nodes (test, expected);
      else
        check_vals (test, expected);
    }
  test_vectors_ran ("lists_parse", json_array_get_length (cases));
}

#define ADD(name, function) g_test_add ("/message-vectors/" name, Test, NULL, set_up, function, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rpc", test_rpc);
  ADD ("malformed", test_malformed);
  ADD ("replies", test_replies);
  ADD ("lists-parse", test_lists);
  return g_test_run ();
}
