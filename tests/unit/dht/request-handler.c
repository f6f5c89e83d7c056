/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "sim/foreign.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define KEY "dETvGdDv3RxbSczQJlhhLYov6bk=" /* SHA-1 of 3,000 bytes of seed 7 */
#define OTHER "0JQeaNqPOBUf+Gph/Fn3xc+fyqI="

typedef struct {
  BytestagSim *sim;
  BytestagNetwork *network;
  BytestagEndpoint address;
  BytestagForeign *peer;
  char *own_id;
  char *peer_id;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  test->sim = bytestag_sim_new (3);
  bytestag_sim_set_latency (test->sim, 20 * 1000, 0);
  test->network = bytestag_sim_add_node (test->sim);
  bytestag_sim_get_address (test->sim, 0, &test->address);
  test->peer = bytestag_foreign_new (test->sim, "9.1.2.3");
  test->own_id = bytestag_key_to_base64 (bytestag_network_get_key (test->network));
  test->peer_id = bytestag_key_to_base64 (bytestag_foreign_get_id (test->peer));
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  g_clear_pointer (&test->peer, bytestag_foreign_free);
  g_clear_pointer (&test->sim, bytestag_sim_free);
  g_free (test->own_id);
  g_free (test->peer_id);
}

/* Our node pings the peer, so that its address is known to be its own (B.5). */
static void
prove (Test            *test,
       BytestagForeign *peer)
{
  g_autoptr (BytestagPingTask) task = NULL;

  task = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
  g_assert_true (bytestag_sim_run_task (test->sim, task, SECOND));
  bytestag_foreign_forget (peer);
}

static void
put_value (Test *test)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (3000, 7);
  g_autofree char *text = NULL;
  BytestagKey key;

  bytestag_sim_put_value (test->sim, 0, value, &key);
  text = bytestag_key_to_base64 (&key);
  g_assert_cmpstr (text, ==, KEY);
}

/* Sends a request of @members; the reply must be @expected, members after nodeid;
 * NULL: silence. */
static void
check_of (Test       *test,
          const char *members,
          const char *expected)
{
  g_autofree char *reply = NULL;
  g_autofree char *text = NULL;

  bytestag_foreign_send (test->peer, &test->address, "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\"%s}",
                         test->peer_id, members);
  bytestag_sim_run (test->sim, SECOND / 10);

  if (expected != NULL)
    text = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\"%s}", test->own_id, expected);
  reply = bytestag_foreign_take (test->peer);
  g_assert_cmpstr (reply, ==, text);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 0);
}

static void
test_ping (Test         *test,
           gconstpointer data)
{
  check_of (test, ", \"rpc\": \"ping\", \"seq_id\": \"a\"", ", \"reply_id\": \"a\"");
  check_of (test, ", \"rpc\": \"ping\"", ", \"reply_id\": null");
  check_of (test, ", \"rpc\": \"ping\", \"seq_id\": {\"a\": 1}", ", \"reply_id\": {\"a\": 1}");
  check_of (test, ", \"rpc\": \"ping\", \"seq_id\": 0", ", \"reply_id\": null");
}

static void
test_ping_of_ours (Test         *test,
                   gconstpointer data)
{
  check_of (test, ", \"rpc\": \"ping\", \"seq_id\": \"a\", \"ext\": 3",
            ", \"reply_id\": \"a\", \"ext\": 2, \"you\": {\"host\": \"9.1.2.3\", \"port\": 9001}");
  /* A request as ours are: it hears what our clock says, for its votes (B.5). */
  check_of (test, ", \"rpc\": \"ping\", \"seq_id\": \"" OTHER "\", \"ext\": 3",
            ", \"reply_id\": \"" OTHER "\", \"ext\": 2, \"you\": {\"host\": \"9.1.2.3\", \"port\": 9001}, "
            "\"time\": 1600000000");
}

static void
test_unknown_rpc (Test         *test,
                  gconstpointer data)
{
  check_of (test, ", \"rpc\": \"PING\", \"seq_id\": \"a\"", NULL);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNKNOWN_RPC], ==, 1);

  /* Its sender becomes a contact all the same (A.1.3). */
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  g_assert_nonnull (bytestag_routing_table_find (bytestag_network_get_routing_table (test->network),
                                                 bytestag_foreign_get_id (test->peer),
                                                 bytestag_foreign_get_address (test->peer)));
}

/* An original that joins through us must not get an empty list. */
static void
test_find_node_without_contacts (Test         *test,
                                 gconstpointer data)
{
  g_autofree char *expected = NULL;

  bytestag_foreign_set_pongs (test->peer, FALSE);
  expected = g_strdup_printf (", \"nodes\": [{\"host\": \"9.1.2.3\", \"port\": 9001, \"id\": \"%s\"}], \"reply_id\": \"a\"",
                              test->peer_id);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"findnode\", \"key\": \"" KEY "\", \"seq_id\": \"a\"}",
                         test->peer_id);
  bytestag_sim_run (test->sim, SECOND / 10);

  g_autofree char *reply = bytestag_foreign_take (test->peer);
  g_autofree char *text = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\"%s}", test->own_id, expected);
  g_assert_cmpstr (reply, ==, text);
}

static void
test_bad_keys (Test         *test,
               gconstpointer data)
{
  static const char *const keys[] = { "", ", \"key\": null", ", \"key\": 5", ", \"key\": \"MTIz\"", ", \"key\": []" };
  static const char *const rpcs[] = { "findnode", "findval", "store", "getval" };

  put_value (test);
  for (guint rpc = 0; rpc < G_N_ELEMENTS (rpcs); rpc++)
    for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
      {
        g_autofree char *members = NULL;

        members = g_strdup_printf (", \"rpc\": \"%s\"%s, \"index\": \"" KEY "\", \"size\": 1, \"timestmp\": 1, \"xferid\": \"x\", "
                                   "\"seq_id\": \"a\"", rpcs[rpc], keys[i]);
        check_of (test, members, NULL);
      }
}

#define VALS ", \"vals\": [{\"key\": \"" KEY "\", \"index\": \"" KEY "\", \"size\": 3000, \"time\": null}], \"reply_id\": \"a\""

static void
test_find_value (Test         *test,
                 gconstpointer data)
{
  put_value (test);
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"seq_id\": \"a\"", VALS);
  /* Without an index that is held: everything under the key. */
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"seq_id\": \"a\"", VALS);
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": \"" OTHER "\", \"seq_id\": \"a\"", VALS);
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": 3, \"seq_id\": \"a\"", VALS);
}

static void
fill_routing_table (Test *test)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);

  /* Nobody has asked these whether they live. */
  bytestag_sim_set_checks (test->sim, FALSE);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *host = g_strdup_printf ("200.%u.%u.%u", 100 + i, 100 + 3 * i, 255 - i);
      g_autoptr (BytestagNode) node = NULL;
      BytestagEndpoint endpoint;
      BytestagKey key;

      bytestag_endpoint_set_host (&endpoint, host, -1, 40000 + i);
      bytestag_key_digest (&key, host, strlen (host));
      node = bytestag_node_new (&key, &endpoint);
      bytestag_routing_table_node_update (table, node, NULL);
    }
}

static guint
count (const char *text,
       const char *word)
{
  guint n = 0;

  for (; (text = strstr (text, word)) != NULL; text++)
    n++;
  return n;
}

static void
test_find_node (Test         *test,
                gconstpointer data)
{
  g_autofree char *reply = NULL;
  g_autoptr (GPtrArray) close = NULL;
  BytestagKey key;
  const char *at;

  fill_routing_table (test);
  prove (test, test->peer);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"findnode\", \"key\": \"" KEY "\", \"seq_id\": \"a\"}");
  bytestag_sim_run (test->sim, SECOND);

  reply = bytestag_foreign_take (test->peer);
  g_assert_cmpuint (count (reply, "\"host\""), ==, 20);

  /* The closest, nearest first; not a random choice. */
  bytestag_key_parse (&key, KEY, -1, NULL);
  close = bytestag_routing_table_get_close_nodes (bytestag_network_get_routing_table (test->network), &key, 20);
  at = reply;
  for (guint i = 0; i < close->len; i++)
    {
      g_autofree char *id = bytestag_key_to_base64 (bytestag_node_get_key (close->pdata[i]));

      at = strstr (at, id);
      g_assert_nonnull (at);
    }
}

/* Nobody has said yet that it understands IPv6 (B.1): such contacts are not named. */
static void
test_find_node_ipv6 (Test         *test,
                     gconstpointer data)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);
  g_autofree char *reply = NULL;

  prove (test, test->peer);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *host = g_strdup_printf ("2a00:%u::1", i);
      g_autoptr (BytestagNode) node = NULL;
      BytestagEndpoint endpoint;
      BytestagKey key;

      bytestag_endpoint_set_host (&endpoint, host, -1, 5000 + i);
      bytestag_key_parse (&key, KEY, -1, NULL);
      key.bytes[19] ^= 1 + i;
      node = bytestag_node_new (&key, &endpoint);
      g_assert_true (bytestag_routing_table_node_update (table, node, NULL));
    }
  fill_routing_table (test);
  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"rpc\": \"findnode\", \"key\": \"" KEY "\", \"seq_id\": \"a\", \"ext\": 0}");
  bytestag_sim_run (test->sim, SECOND);
  reply = bytestag_foreign_take (test->peer);
  g_assert_null (strstr (reply, "::"));
  g_assert_cmpuint (count (reply, "\"host\": \"200."), ==, 15);
}

static void
put_indices (Test       *test,
             const char *key)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_INDICES_OF_KEY; i++)
    {
      g_autoptr (GBytes) value = bytestag_sim_make_value (10 + i, 9);
      BytestagKvpRecord record = { .size = 10 + i };

      bytestag_key_parse (&record.id.key, key, -1, NULL);
      bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), 10 + i);
      bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, value, NULL, NULL);
    }
}

/* One of ours gets no more than what does not fragment; an original all. */
static void
test_reply_limit (Test         *test,
                  gconstpointer data)
{
  guint n_values[2];

  put_indices (test, KEY);

  for (guint is_ours = 0; is_ours < 2; is_ours++)
    {
      g_autoptr (BytestagForeign) asker = bytestag_foreign_new (test->sim, is_ours ? "9.1.2.5" : "9.1.2.6");
      g_autofree char *reply = NULL;
      guint64 n_sent;

      prove (test, asker);
      n_sent = bytestag_network_get_counters (test->network)->bytes_sent;
      bytestag_foreign_send (asker, &test->address,
                             "{\"netid\": \"BYTESTAG\", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"seq_id\": \"a\"%s}",
                             is_ours ? ", \"ext\": 0" : "");
      bytestag_sim_run (test->sim, SECOND);
      reply = bytestag_foreign_take (asker);
      g_assert_nonnull (reply);
      n_sent = bytestag_network_get_counters (test->network)->bytes_sent - n_sent;
      g_assert_cmpuint (n_sent, <=, is_ours ? BYTESTAG_LIMIT_REPLY : BYTESTAG_LIMIT_DATAGRAM);
      n_values[is_ours] = count (reply, "\"index\"");
    }

  g_assert_cmpuint (n_values[0], ==, BYTESTAG_LIMIT_INDICES_OF_KEY);
  g_assert_cmpuint (n_values[1], <, n_values[0]);
  g_assert_cmpuint (n_values[1], >, 10);
}

/* Requests of every kind, and tiny ones that an original would never send. */
static const char *const amplified[] = {
  ", \"rpc\": \"ping\"",
  ", \"rpc\": \"findnode\", \"key\": \"" KEY "\"",
  ", \"rpc\": \"findnode\", \"key\": true",
  ", \"rpc\": \"findval\", \"key\": true",
  ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\"",
  ", \"rpc\": \"findval\", \"key\": \"" OTHER "\"",
  ", \"rpc\": \"findval\", \"key\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
  ", \"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"size\": 3000, \"timestmp\": 5",
  ", \"rpc\": \"store\", \"key\": true, \"index\": true, \"size\": 5, \"timestmp\": 5",
  ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"xferid\": 1",
  ", \"rpc\": \"none\"",
  "",
};

/* Sends every kind of request with @extra, and checks after each one what has come. */
static void
check_amplification (Test            *test,
                     BytestagForeign *asker,
                     const char      *extra)
{
  for (guint i = 0; i < G_N_ELEMENTS (amplified); i++)
    {
      bytestag_foreign_send (asker, &test->address, "{\"netid\":\"BYTESTAG\"%s%s}", amplified[i], extra);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_cmpuint (bytestag_foreign_get_n_received (asker), <=,
                        BYTESTAG_LIMIT_AMPLIFICATION * bytestag_foreign_get_n_sent (asker));
    }
  bytestag_sim_run (test->sim, 61 * SECOND);
}

/* No endpoint that never answered us gets more than three times what it sent, all that
 * comes taken together (B.5). */
static void
test_amplification (Test         *test,
                    gconstpointer data)
{
  static const char *const hosts[] = { "9.1.0.1", "2a00::1", "10.1.0.1" };
  g_autoptr (GBytes) large = bytestag_sim_make_value (3000, 7);
  BytestagKvpRecord record = { .size = 3000 };
  g_autofree char *id_of_256 = g_strnfill (BYTESTAG_LIMIT_ECHOED_ID - 2, 'x');

  fill_routing_table (test);
  put_value (test);
  put_indices (test, OTHER);
  bytestag_key_digest (&record.id.index, g_bytes_get_data (large, NULL), 3000);
  bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, large, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (hosts) * 16; i++)
    {
      g_autoptr (BytestagForeign) asker = bytestag_foreign_new (test->sim, hosts[i / 16]);
      g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (asker));
      g_autoptr (GString) extra = g_string_new (NULL);

      bytestag_foreign_set_port (asker, (guint16) (2000 + i));
      bytestag_foreign_set_pongs (asker, FALSE);
      if ((i & 1) != 0)
        g_string_append_printf (extra, ",\"nodeid\":\"%s\"", id);
      if ((i & 2) != 0)
        g_string_append (extra, ",\"ext\":0");
      if ((i & 4) != 0)
        g_string_append_printf (extra, ",\"seq_id\":\"%s\"", (i & 8) != 0 ? id_of_256 : id);
      check_amplification (test, asker, extra->str);
      /* No byte of a value, and not all that it asked for. */
      g_assert_cmpuint (bytestag_network_get_counters (test->network)->uploads, ==, 0);
    }
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN], >, 0);
}

/* Where there is room for either the one value or the ping, the ping goes first: who
 * answers it is told all. */
static void
test_find_value_tiny (Test         *test,
                      gconstpointer data)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (30, 7);
  BytestagKvpRecord record = { .size = 30 };

  bytestag_key_digest (&record.id.index, g_bytes_get_data (value, NULL), 30);
  bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, value, NULL, NULL);
  for (guint i = 0; i < 2; i++)
    {
      bytestag_foreign_send (test->peer, &test->address,
                             "{\"netid\":\"BYTESTAG\",\"nodeid\":\"%s\",\"rpc\":\"findval\","
                             "\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}", test->peer_id);
      bytestag_sim_run (test->sim, SECOND);
      g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
      g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, i);
      g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN], ==, 1);
    }
}

/* The shortest ping that there is, from an address that is long to be told. */
static void
test_long_address (Test         *test,
                   gconstpointer data)
{
  g_autoptr (BytestagForeign) asker = bytestag_foreign_new (test->sim, "2a01:4f8:1c17:7e3b:9d52:a1c6:e8f0:3b7d");

  bytestag_foreign_set_port (asker, 54321);
  bytestag_foreign_send (asker, &test->address, "{\"netid\":\"BYTESTAG\",\"rpc\":\"ping\",\"ext\":0}");
  bytestag_sim_run (test->sim, SECOND);
  g_assert_cmpuint (bytestag_foreign_get_n_received (asker), <=,
                    BYTESTAG_LIMIT_AMPLIFICATION * bytestag_foreign_get_n_sent (asker));
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_UNPROVEN], ==, 1);
}

/* What an ordinary findnode of an original brings before it is proven, and after. */
static void
test_find_node_unproven (Test         *test,
                         gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  fill_routing_table (test);
  for (guint i = 0; i < 2; i++)
    {
      bytestag_foreign_send (test->peer, &test->address,
                             "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"rpc\": \"findnode\", \"key\": \"" KEY
                             "\", \"seq_id\": \"" OTHER "\"}", test->peer_id);
      bytestag_sim_run (test->sim, SECOND);
    }

  first = bytestag_foreign_take (test->peer);
  g_assert_cmpuint (count (first, "\"host\""), >=, 4);
  g_assert_cmpuint (count (first, "\"host\""), <, 20);
  g_assert_cmpuint (bytestag_foreign_get_n_pings (test->peer), ==, 1);
  second = bytestag_foreign_take (test->peer);
  g_assert_cmpuint (count (second, "\"host\""), ==, 20);
}

#define STORE ", \"rpc\": \"store\", \"key\": \"" KEY "\", \"index\": \"" KEY "\""

static void
test_store_refused (Test         *test,
                    gconstpointer data)
{
  put_value (test);
  check_of (test, STORE ", \"size\": 3000, \"timestmp\": 5, \"seq_id\": \"a\"", ", \"reply_id\": \"a\"");
}

#define YOU                                                                                  \
  ", \"reply_id\": \"a\", \"ext\": 2, \"you\": {\"host\": \"9.1.2.3\", \"port\": 9001}, " \
  "\"time\": 1600000000"

/* What is shared here is held, and nothing is promised of it. */
static void
test_store_of_ours_refused (Test         *test,
                            gconstpointer data)
{
  put_value (test);
  check_of (test, STORE ", \"size\": 3000, \"timestmp\": 5, \"keep\": 86400, \"seq_id\": \"a\", \"ext\": 2",
            ", \"have\": true" YOU);
}

/* Until when a value is promised is told to those of ours alone (B.3 "Life"). */
static void
test_find_value_until (Test         *test,
                       gconstpointer data)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (3000, 7);
  BytestagKvpRecord record = { .until = 1600009000, .has_timestamp = TRUE, .timestamp = 1600000000 };

  bytestag_key_parse (&record.id.key, KEY, -1, NULL);
  record.id.index = record.id.key;
  bytestag_kvp_table_write (bytestag_network_get_table (test->network), &record, value, NULL, NULL);
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"seq_id\": \"a\"",
            ", \"vals\": [{\"key\": \"" KEY "\", \"index\": \"" KEY "\", \"size\": 3000, \"time\": 1600000000}], "
            "\"reply_id\": \"a\"");
  check_of (test, ", \"rpc\": \"findval\", \"key\": \"" KEY "\", \"seq_id\": \"a\", \"ext\": 2",
            ", \"vals\": [{\"key\": \"" KEY "\", \"index\": \"" KEY "\", \"size\": 3000, \"time\": 1600000000, "
            "\"until\": 1600009000}]" YOU);
}

static void
test_store_no_room (Test         *test,
                    gconstpointer data)
{
  check_of (test, STORE ", \"size\": 1099511627776, \"timestmp\": 5, \"keep\": 86400, \"seq_id\": \"a\", \"ext\": 2",
            ", \"full\": true" YOU);
  check_of (test, STORE ", \"size\": 1099511627776, \"timestmp\": 5, \"seq_id\": \"a\"", ", \"reply_id\": \"a\"");
}

static void
test_store_without_members (Test         *test,
                            gconstpointer data)
{
  check_of (test, STORE ", \"size\": 3, \"seq_id\": \"a\"", NULL);
  check_of (test, STORE ", \"timestmp\": 3, \"seq_id\": \"a\"", NULL);
  check_of (test, STORE ", \"size\": null, \"timestmp\": 3, \"seq_id\": \"a\"", NULL);
  check_of (test, ", \"rpc\": \"store\", \"key\": \"" KEY "\", \"size\": 3, \"timestmp\": 3, \"seq_id\": \"a\"", NULL);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_BAD_MEMBER], ==, 4);
}

static void
test_store_accepted (Test         *test,
                     gconstpointer data)
{
  g_autofree char *reply = NULL;
  g_autofree char *head = NULL;

  bytestag_foreign_send (test->peer, &test->address,
                         "{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\"" STORE ", \"size\": \"12\", \"timestmp\": 5.5, \"seq_id\": \"a\"}",
                         test->peer_id);
  bytestag_sim_run (test->sim, SECOND / 10);

  reply = bytestag_foreign_take (test->peer);
  head = g_strdup_printf ("{\"netid\": \"BYTESTAG\", \"nodeid\": \"%s\", \"xferid\": \"", test->own_id);
  g_assert_true (g_str_has_prefix (reply, head));
  g_assert_true (g_str_has_suffix (reply, "=\", \"reply_id\": \"a\"}"));
  g_assert_cmpuint (strlen (reply), ==, strlen (head) + BYTESTAG_KEY_BASE64_LENGTH + strlen ("\", \"reply_id\": \"a\"}"));
}

static void
offer (Test            *test,
       BytestagForeign *peer,
       guint            n)
{
  for (guint i = 0; i < n; i++)
    bytestag_foreign_send (peer, &test->address,
                           "{\"netid\": \"BYTESTAG\"" STORE ", \"size\": 12, \"timestmp\": 5, \"seq_id\": \"a\"}");
  bytestag_sim_run (test->sim, SECOND / 10);
}

/* Offers of those that have not answered us leave half of the places to others. */
static void
test_store_unproven (Test         *test,
                     gconstpointer data)
{
  guint n_answered = 0;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.1.3.%u", i + 1);
      g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);

      offer (test, peer, BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS - 1);
      n_answered += bytestag_foreign_forget (peer);
    }
  g_assert_cmpuint (n_answered, ==, BYTESTAG_LIMIT_UNPROVEN_STORES);

  prove (test, test->peer);
  offer (test, test->peer, 1);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
}

/* More offers than may run are not answered (A.1.5), from one address first. */
static void
test_store_bounds (Test         *test,
                   gconstpointer data)
{
  guint n_answered = 0;

  prove (test, test->peer);
  offer (test, test->peer, BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS + 1);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS);
  g_assert_cmpuint (bytestag_network_get_counters (test->network)->drops[BYTESTAG_DROP_RATE], ==, 1);

  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.1.3.%u", i + 1);
      g_autoptr (BytestagForeign) peer = bytestag_foreign_new (test->sim, host);

      prove (test, peer);
      offer (test, peer, BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS);
      n_answered += bytestag_foreign_forget (peer);
    }
  g_assert_cmpuint (n_answered, ==, BYTESTAG_LIMIT_INCOMING_STORES - BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS);

  /* The places come back when nothing is sent. */
  bytestag_sim_run (test->sim, 11 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bytestag_network_get_download_slot (test->network))), ==, 0);
  offer (test, test->peer, 1);
  g_assert_cmpuint (bytestag_foreign_forget (test->peer), ==, 1);
}

static void
test_get_value_silence (Test         *test,
                        gconstpointer data)
{
  put_value (test);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\"", NULL);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"xferid\": null", NULL);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"xferid\": [1]", NULL);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"xferid\": \"x\"", NULL);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" OTHER "\", \"index\": \"" OTHER "\", \"xferid\": \"x\"", NULL);
  check_of (test, ", \"rpc\": \"getval\", \"key\": \"" KEY "\", \"index\": \"" KEY "\", \"xferid\": \"x\", \"valofs\": \"1\"", NULL);
}

#define TEST(path, func) g_test_add ("/dht/request-handler/" path, Test, NULL, setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("ping", test_ping);
  TEST ("ping-of-ours", test_ping_of_ours);
  TEST ("unknown-rpc", test_unknown_rpc);
  TEST ("find-node", test_find_node);
  TEST ("find-node-without-contacts", test_find_node_without_contacts);
  TEST ("find-node-ipv6", test_find_node_ipv6);
  TEST ("bad-keys", test_bad_keys);
  TEST ("find-value", test_find_value);
  TEST ("find-value-until", test_find_value_until);
  TEST ("reply-limit", test_reply_limit);
  TEST ("store-refused", test_store_refused);
  TEST ("store-of-ours-refused", test_store_of_ours_refused);
  TEST ("store-no-room", test_store_no_room);
  TEST ("store-without-members", test_store_without_members);
  TEST ("store-accepted", test_store_accepted);
  TEST ("store-bounds", test_store_bounds);
  TEST ("store-unproven", test_store_unproven);
  TEST ("amplification", test_amplification);
  TEST ("find-node-unproven", test_find_node_unproven);
  TEST ("find-value-tiny", test_find_value_tiny);
  TEST ("long-address", test_long_address);
  TEST ("get-value-silence", test_get_value_silence);

  return g_test_run ();
}
