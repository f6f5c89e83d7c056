/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/node.h"

#define NOW (G_GINT64_CONSTANT (5000) * G_USEC_PER_SEC)

static BytestagNode *
new_node (const char *seed,
          const char *host,
          guint16 port)
{
  BytestagKey key;

  bytestag_key_digest (&key, seed, 1);
  return bytestag_node_new_for_host (&key, host, port);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          guint *count)
{
  *count += 1;
}

static void
test_identity (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "192.0.2.1", 4000);
  g_autoptr (BytestagNode) same = bytestag_node_new (bytestag_node_get_key (node),
                                                     bytestag_node_get_endpoint (node));
  g_autoptr (BytestagNode) other_key = new_node ("b", "192.0.2.1", 4000);
  g_autoptr (BytestagNode) other_host = new_node ("a", "192.0.2.2", 4000);
  g_autoptr (BytestagNode) other_port = new_node ("a", "192.0.2.1", 4001);

  g_assert_true (bytestag_node_equal (node, node));
  g_assert_true (bytestag_node_equal (node, same));
  g_assert_false (bytestag_node_equal (node, other_key));
  g_assert_false (bytestag_node_equal (node, other_host));
  g_assert_false (bytestag_node_equal (node, other_port));
}

/* A.1.4: a peer may name any text as a host, of any length, also none. */
static void
test_host_of_any_text (void)
{
  g_autoptr (BytestagNode) name = new_node ("a", "host.test", 4000);
  g_autoptr (BytestagNode) same = new_node ("a", "host.test", 4000);
  g_autoptr (BytestagNode) other = new_node ("a", "HOST.test", 4000);
  g_autoptr (BytestagNode) none = new_node ("a", "", 4000);
  g_autofree char *host = bytestag_node_dup_host (name);
  g_autofree char *no_host = bytestag_node_dup_host (none);
  g_autofree char *address = NULL;

  g_assert_cmpstr (host, ==, "host.test");
  g_assert_cmpstr (no_host, ==, "");
  g_assert_cmpuint (bytestag_node_get_port (name), ==, 4000);
  g_assert_cmpuint (bytestag_node_get_endpoint (name)->family, ==, BYTESTAG_FAMILY_NONE);
  g_assert_false (bytestag_endpoint_is_usable (bytestag_node_get_endpoint (name)));
  g_object_get (name, "address", &address, NULL);
  g_assert_cmpstr (address, ==, "host.test:4000");

  g_assert_true (bytestag_node_equal (name, same));
  g_assert_false (bytestag_node_equal (name, other));
  g_assert_false (bytestag_node_equal (name, none));
}

static void
test_numeric_host (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "::FFFF:192.0.2.1", 4000);
  g_autofree char *host = bytestag_node_dup_host (node);

  g_assert_cmpstr (host, ==, "192.0.2.1");
  g_assert_cmpuint (bytestag_node_get_port (node), ==, 4000);
  g_assert_cmpuint (bytestag_node_get_endpoint (node)->port, ==, 4000);
}

static void
test_properties (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "2001:db8::1", 4000);
  g_autoptr (BytestagKey) key = NULL;
  g_autofree char *address = NULL;
  BytestagNodeState state;
  gint64 rtt, first_seen, last_seen;
  guint failures;
  int extensions;

  g_object_get (node, "key", &key, "address", &address, "state", &state, "rtt", &rtt, "first-seen",
                &first_seen, "last-seen", &last_seen, "failures", &failures, "extensions", &extensions, NULL);
  g_assert_true (bytestag_key_equal (key, bytestag_node_get_key (node)));
  g_assert_cmpstr (address, ==, "[2001:db8::1]:4000");
  g_assert_cmpint (state, ==, BYTESTAG_NODE_NEW);
  g_assert_cmpint (rtt, ==, -1);
  g_assert_cmpint (first_seen, ==, -1);
  g_assert_cmpint (last_seen, ==, -1);
  g_assert_cmpuint (failures, ==, 0);
  g_assert_cmpint (extensions, ==, -1);
  g_assert_cmpint (bytestag_node_get_rtt_deviation (node), ==, -1);

  bytestag_node_answered (node, 30000, NOW);
  bytestag_node_failed (node);
  bytestag_node_set_extensions (node, 3);
  g_object_get (node, "state", &state, "rtt", &rtt, "first-seen", &first_seen, "last-seen", &last_seen,
                "failures", &failures, "extensions", &extensions, NULL);
  g_assert_cmpint (state, ==, BYTESTAG_NODE_QUESTIONABLE);
  g_assert_cmpint (rtt, ==, 30000);
  g_assert_cmpint (first_seen, ==, NOW);
  g_assert_cmpint (last_seen, ==, NOW);
  g_assert_cmpuint (failures, ==, 1);
  g_assert_cmpint (extensions, ==, 3);
}

/* RFC 6298, section 2: (2.2) the first measurement, (2.3) a later one. */
static void
test_round_trip (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "192.0.2.1", 4000);

  bytestag_node_answered (node, 80000, NOW);
  g_assert_cmpint (bytestag_node_get_rtt (node), ==, 80000);
  g_assert_cmpint (bytestag_node_get_rtt_deviation (node), ==, 40000);

  /* RTTVAR = 3/4 · 40000 + 1/4 · |80000 − 160000|, SRTT = 7/8 · 80000 + 1/8 · 160000 */
  bytestag_node_answered (node, 160000, NOW);
  g_assert_cmpint (bytestag_node_get_rtt_deviation (node), ==, 50000);
  g_assert_cmpint (bytestag_node_get_rtt (node), ==, 90000);

  /* Not measured: nothing changes. */
  bytestag_node_answered (node, -1, NOW);
  g_assert_cmpint (bytestag_node_get_rtt (node), ==, 90000);

  for (guint i = 0; i < 200; i++)
    bytestag_node_answered (node, 20000, NOW);
  g_assert_cmpint (bytestag_node_get_rtt (node), >=, 20000);
  g_assert_cmpint (bytestag_node_get_rtt (node), <, 20010);
  g_assert_cmpint (bytestag_node_get_rtt_deviation (node), <, 20);
}

static void
test_state (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "192.0.2.1", 4000);

  /* To be heard of is not to have answered. */
  bytestag_node_seen (node, NOW);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_NEW);
  bytestag_node_answered (node, -1, NOW);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_GOOD);

  bytestag_node_failed (node);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_QUESTIONABLE);
  bytestag_node_failed (node);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_STALE);
  bytestag_node_failed (node);
  g_assert_cmpuint (bytestag_node_get_failures (node), ==, 3);

  /* A query of it does not show that our requests reach it. */
  bytestag_node_seen (node, NOW + 1);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_STALE);
  bytestag_node_answered (node, -1, NOW + 2);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_GOOD);
  g_assert_cmpuint (bytestag_node_get_failures (node), ==, 0);
  g_assert_cmpint (bytestag_node_get_first_seen (node), ==, NOW);
  g_assert_cmpint (bytestag_node_get_last_seen (node), ==, NOW + 2);
}

static void
test_silence (void)
{
  g_autoptr (BytestagNode) node = new_node ("a", "192.0.2.1", 4000);

  bytestag_node_answered (node, -1, NOW);
  bytestag_node_update_state (node, NOW + BYTESTAG_NODE_SILENCE_US - 1);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_GOOD);
  bytestag_node_update_state (node, NOW + BYTESTAG_NODE_SILENCE_US);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_QUESTIONABLE);
  bytestag_node_seen (node, NOW + BYTESTAG_NODE_SILENCE_US);
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_GOOD);
}

/* A property is notified when it changes, once, and never else. */
static void
test_notify (void)
{
  static const char *names[] = {
    "notify::state",    "notify::rtt",        "notify::first-seen", "notify::last-seen",
    "notify::failures", "notify::extensions", "notify::key",        "notify::address",
  };
  g_autoptr (BytestagNode) node = new_node ("a", "192.0.2.1", 4000);
  guint counts[G_N_ELEMENTS (names)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_signal_connect (node, names[i], G_CALLBACK (count_cb), &counts[i]);

  bytestag_node_answered (node, 1000, NOW);
  bytestag_node_answered (node, 1000, NOW);
  bytestag_node_update_state (node, NOW);
  bytestag_node_failed (node);
  bytestag_node_set_extensions (node, 1);
  bytestag_node_set_extensions (node, 1);

  g_assert_cmpuint (counts[0], ==, 2);
  g_assert_cmpuint (counts[1], ==, 1);
  g_assert_cmpuint (counts[2], ==, 1);
  g_assert_cmpuint (counts[3], ==, 1);
  g_assert_cmpuint (counts[4], ==, 1);
  g_assert_cmpuint (counts[5], ==, 1);
  g_assert_cmpuint (counts[6], ==, 0);
  g_assert_cmpuint (counts[7], ==, 0);
}

static void
test_finalize (void)
{
  BytestagNode *node = new_node ("a", "host.test", 4000);

  bytestag_node_answered (node, 1000, NOW);
  g_assert_finalize_object (node);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/node/identity", test_identity);
  g_test_add_func ("/core/node/host-of-any-text", test_host_of_any_text);
  g_test_add_func ("/core/node/numeric-host", test_numeric_host);
  g_test_add_func ("/core/node/properties", test_properties);
  g_test_add_func ("/core/node/round-trip", test_round_trip);
  g_test_add_func ("/core/node/state", test_state);
  g_test_add_func ("/core/node/silence", test_silence);
  g_test_add_func ("/core/node/notify", test_notify);
  g_test_add_func ("/core/node/finalize", test_finalize);
  return g_test_run ();
}
