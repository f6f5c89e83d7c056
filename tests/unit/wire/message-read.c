/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "datagram.h"
#include "wire/message.h"

#define NET "\"netid\": \"BYTESTAG\", "
#define KEY "\"0JQeaNqPOBUf+Gph/Fn3xc+fyqI=\""

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
read_bytes (Test       *test,
            const char *json,
            gssize      length)
{
  g_autoptr (GBytes) datagram = datagram_new (json, length);
  gsize datagram_length;
  const guint8 *data = g_bytes_get_data (datagram, &datagram_length);

  return bytestag_codec_read (test->codec, data, datagram_length, &test->message);
}

static void
read_text (Test       *test,
           const char *json)
{
  g_assert_cmpint (read_bytes (test, json, -1), ==, BYTESTAG_DROP_NONE);
}

static void
assert_slice (const BytestagSlice *slice,
              const char          *expected)
{
  if (expected == NULL)
    g_assert_null (slice->text);
  else
    g_assert_cmpmem (slice->text, slice->length, expected, strlen (expected));
}

static void
test_dispatch (Test          *test,
               gconstpointer  data)
{
  static const struct {
    const char *json;
    BytestagDrop drop;
    BytestagMessageKind kind;
  } cases[] = {
    { "{\"reply_id\": \"r\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REPLY },
    { "{\"reply_id\": null}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REPLY },
    { "{" NET "\"rpc\": \"ping\", \"xfer_id\": \"x\", \"reply_id\": 0}", BYTESTAG_DROP_NONE,
      BYTESTAG_MESSAGE_REPLY },
    { "{\"netid\": \"X\", \"reply_id\": \"r\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REPLY },
    { "{\"xfer_id\": null}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_TRANSFER },
    { "{" NET "\"rpc\": \"ping\", \"xfer_id\": \"x\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_TRANSFER },
    { "{" NET "\"xferid\": \"x\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REQUEST },
    { "{" NET "\"rpc\": \"ping\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REQUEST },
    { "{\"netid\": \"\\u0042YTESTAG\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REQUEST },
    { "{\"net\\u0069d\": \"BYTESTAG\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REQUEST },
    { "{\"netid\": \"X\", \"netid\": \"BYTESTAG\"}", BYTESTAG_DROP_NONE, BYTESTAG_MESSAGE_REQUEST },
    { "{\"netid\": \"BYTESTAG\", \"netid\": \"X\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"netid\": \"bytestag\", \"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"netid\": \"BYTESTAG \", \"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"netid\": \"BYTESTA\", \"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"netid\": true, \"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
    { "{\"netid\": [\"BYTESTAG\"], \"rpc\": \"ping\"}", BYTESTAG_DROP_NET_ID, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].json);
      g_assert_cmpint (read_bytes (test, cases[i].json, -1), ==, cases[i].drop);
      if (cases[i].drop == BYTESTAG_DROP_NONE)
        g_assert_cmpint (test->message.kind, ==, cases[i].kind);
    }
}

static void
test_not_json (Test          *test,
               gconstpointer  data)
{
  static const char *const texts[] = {
    "", "[]", "null", "1", "\"x\"", "{}", " { } ", "[{" NET "\"rpc\": \"ping\"}]",
    "{" NET "\"rpc\": \"ping\"} x",
    "{" NET "\"rpc\": \"ping\"}{}", "\xef\xbb\xbf{" NET "\"rpc\": \"ping\"}",
    "{" NET "\"rpc\": \"pi\xff\xfe\"}",
    "{" NET "\"rpc\": \"ping\"", "{" NET "\"rpc\": 'ping'}", "{" NET "}", "{\"a\n\": 1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i][0] != '\0')
      g_assert_cmpint (read_bytes (test, texts[i], -1), ==, BYTESTAG_DROP_NOT_JSON);
  g_assert_cmpint (read_bytes (test, "{" NET "\"rpc\": \"ping\"}\0", strlen (NET) + 16), ==,
                   BYTESTAG_DROP_NOT_JSON);
}

static void
test_rpc_names (Test          *test,
                gconstpointer  data)
{
  static const struct {
    const char *json;
    BytestagRpc rpc;
  } cases[] = {
    { "\"ping\"", BYTESTAG_RPC_PING }, { "\"findnode\"", BYTESTAG_RPC_FIND_NODE },
    { "\"findval\"", BYTESTAG_RPC_FIND_VALUE }, { "\"getval\"", BYTESTAG_RPC_GET_VALUE },
    { "\"store\"", BYTESTAG_RPC_STORE }, { "\"pin\\u0067\"", BYTESTAG_RPC_PING },
    { "\"PING\"", BYTESTAG_RPC_UNKNOWN }, { "\"pingpong\"", BYTESTAG_RPC_UNKNOWN },
    { "\"\"", BYTESTAG_RPC_UNKNOWN },
    { "null", BYTESTAG_RPC_UNKNOWN }, { "[\"ping\"]", BYTESTAG_RPC_UNKNOWN }, { "{}", BYTESTAG_RPC_UNKNOWN },
    { "true", BYTESTAG_RPC_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{" NET "\"rpc\": %s}", cases[i].json);

      read_text (test, json);
      g_assert_cmpint (test->message.rpc, ==, cases[i].rpc);
    }
  read_text (test, "{" NET "\"seq_id\": 1}");
  g_assert_cmpint (test->message.rpc, ==, BYTESTAG_RPC_UNKNOWN);
}

static void
test_keys (Test          *test,
           gconstpointer  data)
{
  g_autofree char *text = NULL;

  read_text (test, "{" NET "\"nodeid\": " KEY ", \"key\": true, \"index\": 5}");
  g_assert_cmpint (test->message.node_id_member, ==, BYTESTAG_MEMBER_VALID);
  text = bytestag_key_to_hex (&test->message.node_id);
  g_assert_cmpstr (text, ==, "d0941e68da8f38151ff86a61fc59f7c5cf9fcaa2");
  g_assert_cmpint (test->message.key_member, ==, BYTESTAG_MEMBER_RANDOM);
  g_assert_cmpint (test->message.index_member, ==, BYTESTAG_MEMBER_INVALID);

  read_text (test, "{" NET "\"key\": " KEY ", \"index\": null}");
  g_assert_cmpint (test->message.node_id_member, ==, BYTESTAG_MEMBER_ABSENT);
  g_assert_cmpint (test->message.key_member, ==, BYTESTAG_MEMBER_VALID);
  g_assert_cmpint (test->message.index_member, ==, BYTESTAG_MEMBER_ABSENT);

  read_text (test, "{\"reply_id\": 1, \"nodeid\": " KEY "}");
  g_assert_cmpint (test->message.node_id_member, ==, BYTESTAG_MEMBER_VALID);
}

static void
test_store (Test          *test,
            gconstpointer  data)
{
  const BytestagMessage *message = &test->message;

  read_text (test, "{" NET "\"rpc\": \"store\", \"size\": 3, \"timestmp\": 1353571200.75}");
  g_assert_true (message->has_size);
  g_assert_cmpint (message->size, ==, 3);
  g_assert_true (message->has_timestamp);
  g_assert_cmpint (message->timestamp, ==, 1353571200);
  g_assert_false (message->timestamp_overflows);

  read_text (test, "{" NET "\"rpc\": \"store\", \"size\": \"12\", \"timestmp\": 1180591620717411303424}");
  g_assert_cmpint (message->size, ==, 12);
  g_assert_true (message->has_timestamp);
  g_assert_true (message->timestamp_overflows);
  g_assert_cmpint (message->timestamp, ==, G_MAXINT64);

  read_text (test, "{" NET "\"rpc\": \"store\", \"size\": -1, \"timestmp\": \"99\"}");
  g_assert_cmpint (message->size, ==, -1);
  g_assert_cmpint (message->timestamp, ==, 99);

  read_text (test, "{" NET "\"rpc\": \"store\", \"size\": \"x\", \"timestmp\": null}");
  g_assert_false (message->has_size);
  g_assert_false (message->has_timestamp);
  read_text (test, "{" NET "\"rpc\": \"store\"}");
  g_assert_false (message->has_size);
  g_assert_false (message->has_timestamp);
}

static void
test_valofs (Test          *test,
             gconstpointer  data)
{
  static const struct {
    const char *json;
    gboolean has, is_valid;
    gint64 offset;
  } cases[] = {
    { "null", FALSE, TRUE, 0 }, { "0", TRUE, TRUE, 0 }, { "2990", TRUE, TRUE, 2990 },
    { "-5", TRUE, TRUE, -5 },
    { "true", TRUE, TRUE, 1 }, { "false", TRUE, TRUE, 0 },
    { "100000000000000000000", TRUE, TRUE, G_MAXINT64 }, { "-100000000000000000000", TRUE, TRUE, G_MININT64 },
    { "2990.0", TRUE, FALSE, 0 }, { "\"10\"", TRUE, FALSE, 0 }, { "[]", TRUE, FALSE, 0 },
    { "{}", TRUE, FALSE, 0 },
    { "NaN", TRUE, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{" NET "\"rpc\": \"getval\", \"valofs\": %s}", cases[i].json);

      read_text (test, json);
      g_assert_cmpint (test->message.has_valofs, ==, cases[i].has);
      g_assert_cmpint (test->message.valofs_valid, ==, cases[i].is_valid);
      if (cases[i].is_valid)
        g_assert_cmpint (test->message.valofs, ==, cases[i].offset);
    }
  read_text (test, "{" NET "\"rpc\": \"getval\"}");
  g_assert_false (test->message.has_valofs);
  g_assert_true (test->message.valofs_valid);
  g_assert_cmpint (test->message.valofs, ==, 0);
}

static void
test_ids (Test          *test,
          gconstpointer  data)
{
  const BytestagMessage *message = &test->message;

  read_text (test, "{" NET "\"seq_id\": \"\\u00e9\\n\", \"xferid\": {\"a\": 1}}");
  assert_slice (&message->seq_id, "\"\\u00e9\\n\"");
  assert_slice (&message->xferid, "{\"a\": 1}");
  assert_slice (&message->reply_id, NULL);
  assert_slice (&message->xfer_id, NULL);
  read_text (test, "{\"reply_id\": null, \"xfer_id\": 5, \"seq_id\": 0}");
  assert_slice (&message->reply_id, "null");
  assert_slice (&message->xfer_id, "5");
  assert_slice (&message->seq_id, "0");
}

/* An id at the limit is echoed, a longer one makes the datagram go. */
static void
test_long_ids (Test          *test,
               gconstpointer  data)
{
  static const char *const names[] = { "seq_id", "reply_id", "xferid", "xfer_id" };
  g_autofree char *fits = g_strnfill (BYTESTAG_LIMIT_ECHOED_ID - 2, 'x');
  g_autofree char *longer = g_strnfill (BYTESTAG_LIMIT_ECHOED_ID - 1, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *json = g_strdup_printf ("{" NET "\"%s\": \"%s\"}", names[i], fits);
      g_autofree char *longer_json = g_strdup_printf ("{" NET "\"%s\": \"%s\"}", names[i], longer);

      read_text (test, json);
      g_assert_cmpint (read_bytes (test, longer_json, -1), ==, BYTESTAG_DROP_LIMITS);
    }
}

static void
test_limits (Test          *test,
             gconstpointer  data)
{
  g_autofree char *fits = g_strnfill (BYTESTAG_LIMIT_JSON_STRING, 'x');
  g_autofree char *longer = g_strnfill (BYTESTAG_LIMIT_JSON_STRING + 1, 'x');
  g_autofree char *string = g_strdup_printf ("{" NET "\"key\": \"%s\"}", fits);
  g_autofree char *long_string = g_strdup_printf ("{" NET "\"key\": \"%s\"}", longer);
  g_autofree char *long_padding = g_strdup_printf ("{" NET "\"padding\": \"%s%s\"}", longer, longer);
  g_autofree char *chunk = g_strnfill (BYTESTAG_LIMIT_TRANSFER_DATA, 'A');
  g_autofree char *data_fits = g_strdup_printf ("{\"xfer_id\": 1, \"xfer_data\": \"%s\"}", chunk);
  g_autofree char *data_longer = g_strdup_printf ("{\"xfer_id\": 1, \"xfer_data\": \"%sA\"}", chunk);
  g_autofree char *open = g_strnfill (BYTESTAG_LIMIT_JSON_DEPTH - 1, '[');
  g_autofree char *close = g_strnfill (BYTESTAG_LIMIT_JSON_DEPTH - 1, ']');
  g_autofree char *deep = g_strdup_printf ("{" NET "\"x\": %s%s}", open, close);
  g_autofree char *deeper = g_strdup_printf ("{" NET "\"x\": [%s%s]}", open, close);
  g_autoptr (GString) tokens = g_string_new ("{" NET "\"x\": [1");

  read_text (test, string);
  g_assert_cmpint (read_bytes (test, long_string, -1), ==, BYTESTAG_DROP_LIMITS);
  /* What nobody reads may be of any length that fits into a datagram. */
  read_text (test, long_padding);
  read_text (test, data_fits);
  g_assert_cmpint (read_bytes (test, data_longer, -1), ==, BYTESTAG_DROP_LIMITS);

  /* The object is at depth 1. */
  read_text (test, deep);
  g_assert_cmpint (read_bytes (test, deeper, -1), ==, BYTESTAG_DROP_LIMITS);

  /* The object, netid and the array are three, and 1 the fourth. */
  for (guint i = 4; i < BYTESTAG_LIMIT_JSON_TOKENS; i++)
    g_string_append (tokens, ",1");
  g_string_append (tokens, "]}");
  read_text (test, tokens->str);
  g_string_truncate (tokens, tokens->len - 2);
  g_string_append (tokens, ",1]}");
  g_assert_cmpint (read_bytes (test, tokens->str, -1), ==, BYTESTAG_DROP_LIMITS);
}

/* What takes json-glib down costs nothing here. */
static void
test_nesting_bomb (Test          *test,
                   gconstpointer  data)
{
  g_autofree char *brackets = g_strnfill (BYTESTAG_LIMIT_INFLATED - 100, '[');
  g_autofree char *json = g_strdup_printf ("{" NET "\"a\": %s", brackets);

  g_assert_cmpint (read_bytes (test, json, -1), ==, BYTESTAG_DROP_LIMITS);
}

static void
test_transfer (Test          *test,
               gconstpointer  data)
{
  static const struct {
    const char *json; /* of xfer_data; NULL: missing */
    gboolean is_end;
    const char *text; /* NULL: not a string */
    const char *bytes; /* NULL: undecodable */
  } cases[] = {
    { NULL, FALSE, NULL, NULL }, { "null", TRUE, NULL, NULL }, { "\"\"", TRUE, "", "" },
    { "\"QUJD\"", FALSE, "QUJD", "ABC" }, { "5", FALSE, NULL, NULL }, { "true", FALSE, NULL, NULL },
    { "[]", FALSE, NULL, NULL }, { "{}", FALSE, NULL, NULL }, { "\"%%\"", FALSE, "%%", "" },
  };
  guint8 bytes[16];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = cases[i].json == NULL ? g_strdup ("{\"xfer_id\": 1}")
                              : g_strdup_printf ("{\"xfer_id\": 1, \"xfer_data\": %s}", cases[i].json);
      gssize length;

      read_text (test, json);
      g_assert_cmpint (test->message.kind, ==, BYTESTAG_MESSAGE_TRANSFER);
      g_assert_cmpint (test->message.has_xfer_data, ==, cases[i].json != NULL);
      g_assert_cmpint (test->message.is_end, ==, cases[i].is_end);
      assert_slice (&test->message.xfer_data, cases[i].text);
      length = bytestag_message_read_data (&test->message, bytes, sizeof bytes);
      if (cases[i].bytes == NULL)
        g_assert_cmpint (length, ==, -1);
      else
        g_assert_cmpmem (bytes, length, cases[i].bytes, strlen (cases[i].bytes));
    }
}

/* As Python's b64decode. */
static void
test_base64 (Test          *test,
             gconstpointer  data)
{
  static const struct {
    const char *json;
    const char *bytes;
  } cases[] = {
    { "QQ==", "A" }, { "QUI=", "AB" }, { "QUJD", "ABC" }, { "QUJDRA==", "ABCD" }, { "/+/+", "\xff\xef\xfe" },
    { "Q U\\nJ\\tD", "ABC" }, { "Q!U-J_D", "ABC" }, { "\\u0051UJD", "ABC" }, { "\\/+\\/+", "\xff\xef\xfe" },
    { "QUJD\xc3\xa9", "ABC" }, { "QUJD\\u00e9", "ABC" }, { "QQ==QUJD", "A" }, { "QUI=x", "AB" },
    { "Q=Q=U=I=", "A\x05" },
    { "=QUJD", "ABC" }, { "QUJD=", "ABC" }, { "QUJD====", "ABC" }, { "QQ=\\n=", "A" }, { "QR==", "A" },
    { " ", "" },
    { "=", "" }, { "====", "" },
    { "Q", NULL }, { "QU", NULL }, { "QUI", NULL }, { "QQ=", NULL }, { "QQ=a", NULL }, { "QU=JDQU=", NULL },
    { "QUJDR", NULL }, { "Q===", NULL },
    { "QUJD\\ud800", NULL }, { "QUJDQUJDQUJDQUJDQUJDQUJDQUJD", NULL /* 21 bytes: no room */ },
  };
  guint8 bytes[16];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"xfer_id\": 1, \"xfer_data\": \"%s\"}", cases[i].json);
      gssize length;

      g_test_message ("%u", i);
      read_text (test, json);
      length = bytestag_message_read_data (&test->message, bytes, sizeof bytes);
      if (cases[i].bytes == NULL)
        g_assert_cmpint (length, ==, -1);
      else
        g_assert_cmpmem (bytes, length, cases[i].bytes, strlen (cases[i].bytes));
    }
}

static void
test_extensions (Test          *test,
                 gconstpointer  data)
{
  static const struct {
    const char *json;
    int extensions;
  } cases[] = {
    { "0", 0 }, { "31", 31 }, { "2147483647", G_MAXINT }, { "2147483648", -1 }, { "-1", -1 }, { "1.0", -1 },
    { "\"1\"", -1 }, { "true", -1 }, { "null", -1 }, { "[]", -1 }, { "100000000000000000000", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": 1, \"ext\": %s}", cases[i].json);

      read_text (test, json);
      g_assert_cmpint (test->message.extensions, ==, cases[i].extensions);
    }
  read_text (test, "{" NET "\"ext\": 9}");
  g_assert_cmpint (test->message.extensions, ==, 9);
  read_text (test, "{" NET "\"rpc\": 9}");
  g_assert_cmpint (test->message.extensions, ==, -1);
}

static void
test_you (Test          *test,
          gconstpointer  data)
{
  static const char *const others[] = {
    "null", "[]", "\"1.2.3.4:5\"", "{}", "{\"host\": \"1.2.3.4\"}", "{\"port\": 5}",
    "{\"host\": 5, \"port\": 5}",
    "{\"host\": \"1.2.3.4\", \"port\": 0}", "{\"host\": \"1.2.3.4\", \"port\": 65536}",
    "{\"host\": \"1.2.3.4\", \"port\": \"5\"}", "{\"host\": \"example.invalid\", \"port\": 5}",
    "{\"host\": \"0.0.0.0\", \"port\": 5}",
  };
  BytestagEndpoint expected;

  g_assert_true (bytestag_endpoint_set_host (&expected, "93.184.216.34", -1, 4321));
  read_text (test, "{\"reply_id\": 1, \"you\": {\"host\": \"93.184.216.34\", \"port\": 4321}}");
  g_assert_true (test->message.has_you);
  g_assert_true (bytestag_endpoint_equal (&test->message.you, &expected));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": 1, \"you\": %s}", others[i]);

      read_text (test, json);
      g_assert_false (test->message.has_you);
    }
}

#define NODE(host, port, id) "{\"host\": " host ", \"port\": " port ", \"id\": " id "}"
#define GOOD_NODE NODE ("\"93.184.216.34\"", "10", KEY)

/* Expected: how many of the list are read, -1: rejected. lists_parse.json has more. */
static void
test_nodes (Test          *test,
            gconstpointer  data)
{
  static const struct {
    const char *json;
    int expected;
  } cases[] = {
    { "[]", 0 }, { "null", -1 }, { "{}", -1 }, { "\"\"", -1 }, { "5", -1 }, { "true", -1 },
    { "[" GOOD_NODE "]", 1 }, { "[" GOOD_NODE ", " GOOD_NODE "]", 2 }, { "[" GOOD_NODE ", 1]", -1 },
    { "[" GOOD_NODE ", []]", -1 }, { "[" GOOD_NODE ", {}]", -1 }, { "[null]", -1 },
    { "[" GOOD_NODE ", " NODE ("\"example.invalid\"", "10", KEY) "]", 1 },
    { "[" NODE ("\"\"", "10", KEY) ", " GOOD_NODE "]", 1 }, { "[" NODE ("\"0.0.0.0\"", "10", KEY) "]", 0 },
    { "[" NODE ("\"2001:db8::1\"", "10", KEY) "]", 1 }, { "[" NODE ("\"1.2.3.4\\u0000\"", "10", KEY) "]", 0 },
    { "[" NODE ("\"\\ud800\"", "10", KEY) "]", 0 }, { "[" NODE ("null", "10", KEY) "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "true", KEY) "]", 1 }, { "[" NODE ("\"1.2.3.4\"", "false", KEY) "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "65536", KEY) "]", -1 }, { "[" NODE ("\"1.2.3.4\"", "1e1", KEY) "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "100000000000000000000", KEY) "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "null", KEY) "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "10", "true") "]", 0 }, { "[" NODE ("\"1.2.3.4\"", "10", "null") "]", -1 },
    { "[" NODE ("\"1.2.3.4\"", "10", "\"x\"") "]", -1 }, { "[" NODE ("\"1.2.3.4\"", "10", "7") "]", -1 },
    { "[{\"id\": " KEY ", \"x\": {\"y\": []}, \"port\": 0, \"p\\u006frt\": 10, \"host\": \"1.2.3.4\"}]", 1 },
  };
  BytestagWireNode nodes[4];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": 1, \"nodes\": %s}", cases[i].json);

      g_test_message ("%s", json);
      read_text (test, json);
      g_assert_cmpint (bytestag_message_read_nodes (&test->message, nodes, G_N_ELEMENTS (nodes)), ==,
                       cases[i].expected);
    }
  read_text (test, "{\"reply_id\": 1}");
  g_assert_cmpint (bytestag_message_read_nodes (&test->message, nodes, G_N_ELEMENTS (nodes)), ==, -1);
}

/* More than there is room for is left out, but still looked at. */
static void
test_many_nodes (Test          *test,
                 gconstpointer  data)
{
  BytestagWireNode nodes[3];

  memset (nodes, 0, sizeof nodes);
  read_text (test, "{\"reply_id\": 1, \"nodes\": [" GOOD_NODE "," GOOD_NODE "," GOOD_NODE "]}");
  g_assert_cmpint (bytestag_message_read_nodes (&test->message, nodes, 2), ==, 2);
  g_assert_cmpuint (nodes[1].endpoint.port, ==, 10);
  g_assert_cmpuint (nodes[2].endpoint.port, ==, 0);
  read_text (test, "{\"reply_id\": 1, \"nodes\": [" GOOD_NODE "," GOOD_NODE ",{}]}");
  g_assert_cmpint (bytestag_message_read_nodes (&test->message, nodes, 2), ==, -1);
}

#define VAL(size, time) "{\"key\": " KEY ", \"index\": " KEY ", \"size\": " size ", \"time\": " time "}"

static void
test_vals (Test          *test,
           gconstpointer  data)
{
  static const struct {
    const char *json;
    int expected;
    gint64 size;
    gdouble timestamp;
    BytestagTimeKind time_kind;
  } cases[] = {
    { "[]", 0, 0, 0, 0 }, { "{}", -1, 0, 0, 0 }, { "null", -1, 0, 0, 0 }, { "[\"x\"]", -1, 0, 0, 0 },
    { "[" VAL ("3", "4") "]", 1, 3, 4, BYTESTAG_TIME_INTEGER },
    { "[" VAL ("3", "4.25") "]", 1, 3, 4.25, BYTESTAG_TIME_FLOAT },
    { "[" VAL ("3", "0.0") "]", 1, 3, 0, BYTESTAG_TIME_FLOAT },
    { "[" VAL ("null", "null") "]", 1, -1, 0, BYTESTAG_TIME_NULL },
    { "[{\"key\": " KEY ", \"index\": " KEY "}]", 1, -1, 0, BYTESTAG_TIME_NULL },
    { "[" VAL ("true", "true") "]", 1, 1, 1, BYTESTAG_TIME_INTEGER },
    { "[" VAL ("-3", "-4") "]", 1, -3, -4, BYTESTAG_TIME_INTEGER },
    { "[" VAL ("100000000000000000000", "1") "]", 1, G_MAXINT64, 1, BYTESTAG_TIME_INTEGER },
    { "[" VAL ("3", "NaN") "]", 1, 3, 0, BYTESTAG_TIME_NULL },
    { "[" VAL ("3", "1e999") "]", 1, 3, 0, BYTESTAG_TIME_NULL },
    { "[" VAL ("3.0", "4") "]", -1, 0, 0, 0 }, { "[" VAL ("\"3\"", "4") "]", -1, 0, 0, 0 },
    { "[" VAL ("3", "\"4\"") "]", -1, 0, 0, 0 }, { "[" VAL ("3", "[]") "]", -1, 0, 0, 0 },
    { "[{\"key\": " KEY ", \"size\": 3}]", -1, 0, 0, 0 },
    { "[{\"index\": " KEY ", \"size\": 3}]", -1, 0, 0, 0 },
    { "[{\"key\": \"zz\", \"index\": " KEY "}]", -1, 0, 0, 0 },
    { "[{\"key\": true, \"index\": " KEY "}]", 0, 0, 0, 0 },
    { "[" VAL ("3", "4") ", " VAL ("\"\"", "4") "]", -1, 0, 0, 0 },
  };
  BytestagExchangeInfo vals[4];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": 1, \"vals\": %s}", cases[i].json);

      g_test_message ("%s", json);
      read_text (test, json);
      g_assert_cmpint (bytestag_message_read_vals (&test->message, vals, G_N_ELEMENTS (vals)), ==,
                       cases[i].expected);
      if (cases[i].expected != 1)
        continue;
      g_assert_cmpint (vals[0].size, ==, cases[i].size);
      g_assert_true (vals[0].timestamp == cases[i].timestamp);
      g_assert_cmpint (vals[0].time_kind, ==, cases[i].time_kind);
    }
  read_text (test, "{\"reply_id\": 1}");
  g_assert_cmpint (bytestag_message_read_vals (&test->message, vals, G_N_ELEMENTS (vals)), ==, -1);
}

/* Life and refresh (B.3), and the clock of B.5. What is no count is nothing. */
static void
test_promises (Test          *test,
               gconstpointer  data)
{
  static const char *const bad[] = { "-1", "null", "\"5\"", "1.5", "true", "[]" };
  BytestagExchangeInfo info;

  read_text (test, "{" NET "\"rpc\": \"store\", \"keep\": 86400, \"copies\": 7, \"until\": 1600000000}");
  g_assert_cmpint (test->message.keep, ==, 86400);
  g_assert_cmpint (test->message.copies, ==, 7);
  g_assert_cmpint (test->message.until, ==, 1600000000);
  g_assert_false (test->message.have);
  g_assert_false (test->message.full);

  read_text (test, "{\"reply_id\": \"r\", \"have\": true, \"full\": true, \"time\": 1600000001}");
  g_assert_true (test->message.have);
  g_assert_true (test->message.full);
  g_assert_cmpint (test->message.time, ==, 1600000001);
  g_assert_cmpint (test->message.until, ==, 0);

  read_text (test, "{\"reply_id\": \"r\", \"have\": 1, \"full\": \"true\"}");
  g_assert_false (test->message.have);
  g_assert_false (test->message.full);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"reply_id\": \"r\", \"until\": %s, \"time\": %s, \"vals\": "
                                               "[{\"key\": " KEY ", \"index\": " KEY ", \"until\": %s}]}",
                                               bad[i], bad[i], bad[i]);

      read_text (test, json);
      g_assert_cmpint (test->message.until, ==, 0);
      g_assert_cmpint (test->message.time, ==, 0);
      g_assert_cmpint (bytestag_message_read_vals (&test->message, &info, 1), ==, 1);
      g_assert_cmpint (info.until, ==, 0);
    }

  read_text (test, "{\"reply_id\": \"r\", \"vals\": [{\"key\": " KEY ", \"index\": " KEY ", \"until\": 1600000002}]}");
  g_assert_cmpint (bytestag_message_read_vals (&test->message, &info, 1), ==, 1);
  g_assert_cmpint (info.until, ==, 1600000002);
}

#define ADD(name, function) g_test_add ("/message-read/" name, Test, NULL, set_up, function, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("dispatch", test_dispatch);
  ADD ("not-json", test_not_json);
  ADD ("rpc-names", test_rpc_names);
  ADD ("keys", test_keys);
  ADD ("store", test_store);
  ADD ("valofs", test_valofs);
  ADD ("ids", test_ids);
  ADD ("long-ids", test_long_ids);
  ADD ("limits", test_limits);
  ADD ("nesting-bomb", test_nesting_bomb);
  ADD ("transfer", test_transfer);
  ADD ("base64", test_base64);
  ADD ("extensions", test_extensions);
  ADD ("you", test_you);
  ADD ("nodes", test_nodes);
  ADD ("many-nodes", test_many_nodes);
  ADD ("vals", test_vals);
  ADD ("promises", test_promises);
  return g_test_run ();
}
