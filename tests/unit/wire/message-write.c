/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "datagram.h"
#include "wire/message.h"

#define ID "DNce5aGcvIJrxIHe/70Nky2RBgQ="
#define OTHER "7QeFyg0xNnIpULb2XGXTVqW9J7I="

typedef struct {
  BytestagCodec *codec;
  BytestagKey id, other;
} Test;

static void
set_up (Test          *test,
        gconstpointer  data)
{
  test->codec = bytestag_codec_new ();
  g_assert_true (bytestag_key_parse (&test->id, ID, -1, NULL));
  g_assert_true (bytestag_key_parse (&test->other, OTHER, -1, NULL));
  bytestag_codec_begin (test->codec);
}

static void
tear_down (Test          *test,
           gconstpointer  data)
{
  bytestag_codec_free (test->codec);
}

static void
assert_ends (Test       *test,
             const char *expected)
{
  gsize length;
  const guint8 *data = bytestag_codec_end (test->codec, &length);
  g_autofree char *text = datagram_text (data, length);

  g_assert_cmpstr (text, ==, expected);
}

static BytestagEndpoint
endpoint_of (const char *text)
{
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_parse (&endpoint, text, NULL));
  return endpoint;
}

static void
test_ping (Test          *test,
           gconstpointer  data)
{
  bytestag_codec_add_sender (test->codec, &test->id);
  bytestag_codec_add_string (test->codec, "rpc", "ping");
  bytestag_codec_add_key (test->codec, "seq_id", &test->other);
  bytestag_codec_add_integer (test->codec, "ext", 8);
  assert_ends (test,
               "{\"netid\": \"BYTESTAG\", \"nodeid\": \"" ID "\", \"rpc\": \"ping\", "
               "\"seq_id\": \"" OTHER "\", \"ext\": 8}");
}

/* B.1: a read-only node leaves its id out. */
static void
test_read_only (Test          *test,
                gconstpointer  data)
{
  bytestag_codec_add_sender (test->codec, NULL);
  bytestag_codec_add_string (test->codec, "rpc", "ping");
  assert_ends (test, "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\"}");
}

static void
test_nodes (Test          *test,
            gconstpointer  data)
{
  BytestagEndpoint ipv4 = endpoint_of ("127.0.0.1:18600");
  BytestagEndpoint ipv6 = endpoint_of ("[2001:db8::1]:65535");

  bytestag_codec_begin_nodes (test->codec);
  bytestag_codec_add_node (test->codec, &test->id, &ipv4);
  bytestag_codec_add_node (test->codec, &test->other, &ipv6);
  bytestag_codec_end_nodes (test->codec);
  bytestag_codec_add_null (test->codec, "reply_id");
  assert_ends (test, "{\"nodes\": [{\"host\": \"127.0.0.1\", \"port\": 18600, \"id\": \"" ID "\"}, "
                     "{\"host\": \"2001:db8::1\", \"port\": 65535, \"id\": \"" OTHER "\"}], "
                     "\"reply_id\": null}");
}

static void
test_no_nodes (Test          *test,
               gconstpointer  data)
{
  bytestag_codec_begin_nodes (test->codec);
  bytestag_codec_end_nodes (test->codec);
  bytestag_codec_begin_vals (test->codec);
  bytestag_codec_end_vals (test->codec);
  assert_ends (test, "{\"nodes\": [], \"vals\": []}");
}

static void
test_vals (Test          *test,
           gconstpointer  data)
{
  BytestagExchangeInfo info = { { test->id, test->other }, 262144, 1353571200, BYTESTAG_TIME_INTEGER };

#define VAL "{\"key\": \"" ID "\", \"index\": \"" OTHER "\", \"size\": "
  bytestag_codec_begin_vals (test->codec);
  bytestag_codec_add_val (test->codec, &info);
  info.time_kind = BYTESTAG_TIME_FLOAT;
  bytestag_codec_add_val (test->codec, &info);
  info.timestamp = 1353571200.25;
  bytestag_codec_add_val (test->codec, &info);
  info.timestamp = 0;
  bytestag_codec_add_val (test->codec, &info);
  info.size = -1;
  info.time_kind = BYTESTAG_TIME_NULL;
  bytestag_codec_add_val (test->codec, &info);
  info.size = 0;
  info.timestamp = 1e300;
  info.time_kind = BYTESTAG_TIME_INTEGER;
  bytestag_codec_add_val (test->codec, &info);
  bytestag_codec_end_vals (test->codec);
  assert_ends (test,
               "{\"vals\": [" VAL "262144, \"time\": 1353571200}, " VAL "262144, \"time\": 1353571200.0}, "
               VAL "262144, \"time\": 1353571200.25}, " VAL "262144, \"time\": 0.0}, "
               VAL "null, \"time\": null}, " VAL "0, \"time\": 4611686018427387904}]}");
}

/* A.1.2: a missing or falsy seq_id is answered with null, others as they came. */
static void
test_slices (Test          *test,
             gconstpointer  data)
{
  static const struct {
    const char *json;
    const char *or_null, *as_is;
  } cases[] = {
    { "\"seq\"", "\"seq\"", "\"seq\"" }, { "\"\\u00e9\\n\"", "\"\\u00e9\\n\"", "\"\\u00e9\\n\"" },
    { "1.50", "1.50", "1.50" },
    { "{\"a\":1}", "{\"a\":1}", "{\"a\":1}" }, { "0", "null", "0" }, { "\"\"", "null", "\"\"" },
    { "[]", "null", "[]" },
    { "false", "null", "false" }, { "null", "null", "null" }, { NULL, "null", "null" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      BytestagSlice slice = { cases[i].json, cases[i].json != NULL ? strlen (cases[i].json) : 0 };
      g_autofree char *expected = g_strdup_printf ("{\"reply_id\": %s, \"xfer_id\": %s}", cases[i].or_null,
                                                   cases[i].as_is);

      bytestag_codec_begin (test->codec);
      bytestag_codec_add_slice (test->codec, "reply_id", &slice, TRUE);
      bytestag_codec_add_slice (test->codec, "xfer_id", &slice, FALSE);
      assert_ends (test, expected);
    }
}

/* What another writer's UTF-8 says comes back as it was. */
static void
test_echo_utf8 (Test          *test,
                gconstpointer  data)
{
  BytestagSlice slice = { "\"\xc3\xa9\"", 4 };

  bytestag_codec_add_slice (test->codec, "reply_id", &slice, TRUE);
  assert_ends (test, "{\"reply_id\": \"\xc3\xa9\"}");
}

static void
test_transfer (Test          *test,
               gconstpointer  data)
{
  bytestag_codec_add_key (test->codec, "xfer_id", &test->id);
  bytestag_codec_add_data (test->codec, "xfer_data", (const guint8 *) "\xff\xfe" "ABC", 5);
  bytestag_codec_add_key (test->codec, "seq_id", &test->other);
  assert_ends (test, "{\"xfer_id\": \"" ID "\", \"xfer_data\": \"//5BQkM=\", \"seq_id\": \"" OTHER "\"}");
  bytestag_codec_begin (test->codec);
  bytestag_codec_add_key (test->codec, "xfer_id", &test->id);
  bytestag_codec_add_null (test->codec, "xfer_data");
  assert_ends (test, "{\"xfer_id\": \"" ID "\", \"xfer_data\": null}");
}

static void
test_endpoint (Test          *test,
               gconstpointer  data)
{
  BytestagEndpoint endpoint = endpoint_of ("93.184.216.34:4321");

  bytestag_codec_add_endpoint (test->codec, "you", &endpoint);
  assert_ends (test, "{\"you\": {\"host\": \"93.184.216.34\", \"port\": 4321}}");
}

static void
test_begin_again (Test          *test,
                  gconstpointer  data)
{
  bytestag_codec_add_string (test->codec, "rpc", "given up");
  bytestag_codec_begin_nodes (test->codec);
  bytestag_codec_begin (test->codec);
  assert_ends (test, "{}");
}

/* B.3 "Life" and "Refresh": nothing is said of a promise that there is not. */
static void
test_promises (Test          *test,
               gconstpointer  data)
{
  BytestagExchangeInfo info = { { test->id, test->other }, 7, 0, BYTESTAG_TIME_NULL, 1600000000 };

  bytestag_codec_begin_vals (test->codec);
  bytestag_codec_add_val (test->codec, &info);
  info.until = 0;
  bytestag_codec_add_val (test->codec, &info);
  bytestag_codec_end_vals (test->codec);
  bytestag_codec_add_true (test->codec, "have");
  assert_ends (test, "{\"vals\": [" VAL "7, \"time\": null, \"until\": 1600000000}, " VAL "7, \"time\": null}], "
                     "\"have\": true}");
}

#define ADD(name, function) g_test_add ("/message-write/" name, Test, NULL, set_up, function, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("ping", test_ping);
  ADD ("read-only", test_read_only);
  ADD ("nodes", test_nodes);
  ADD ("no-nodes", test_no_nodes);
  ADD ("vals", test_vals);
  ADD ("slices", test_slices);
  ADD ("echo-utf8", test_echo_utf8);
  ADD ("transfer", test_transfer);
  ADD ("endpoint", test_endpoint);
  ADD ("promises", test_promises);
  ADD ("begin-again", test_begin_again);
  return g_test_run ();
}
