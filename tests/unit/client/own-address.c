/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/own-address.h"

#include "core/limits.h"
#include "sim/sim.h"
#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-transport.h"

typedef struct {
  BytestagTestClock *clock;
  BytestagNetwork *network;
} Fixture;

static void
start (Fixture    *self,
       const char *host)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagReactor) reactor = NULL;
  g_autoptr (BytestagTestTransport) transport = NULL;
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagEndpoint address;

  self->clock = bytestag_test_clock_new ();
  reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  g_assert_true (bytestag_endpoint_set_host (&address, host, -1, 4000));
  transport = bytestag_test_transport_new (&address);
  self->network = bytestag_network_new (reactor, BYTESTAG_TRANSPORT (transport), BYTESTAG_KVP_TABLE (table), NULL,
                                        NULL);
}

static void
end (Fixture *self)
{
  bytestag_network_shut_down (self->network);
  g_assert_finalize_object (self->network);
  g_clear_object (&self->clock);
}

/* A contact at @host that answered now. */
static void
add_contact (Fixture    *self,
             const char *host,
             guint8      id)
{
  BytestagKey key = { { id } };
  BytestagEndpoint endpoint;
  g_autoptr (BytestagNode) node = NULL;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, 5000));
  node = bytestag_node_new (&key, &endpoint);
  bytestag_node_answered (node, 1000, bytestag_clock_get_time (BYTESTAG_CLOCK (self->clock)));
  g_assert_true (bytestag_routing_table_node_update (bytestag_network_get_routing_table (self->network), node, NULL));
}

static void
test_bound (void)
{
  Fixture fixture;
  BytestagEndpoint address;
  g_autofree char *text = NULL;

  start (&fixture, "127.0.0.2");
  bytestag_own_address_choose (fixture.network, &address);
  text = bytestag_endpoint_to_string (&address);
  g_assert_cmpstr (text, ==, "127.0.0.2:4000");
  end (&fixture);
}

static void
test_unbound (void)
{
  Fixture fixture;
  BytestagEndpoint address;

  start (&fixture, "0.0.0.0");
  bytestag_own_address_choose (fixture.network, &address);
  g_assert_true (bytestag_endpoint_is_usable (&address));
  g_assert_cmpuint (address.port, ==, 4000);
  end (&fixture);
}

static void
assert_peers (Fixture    *self,
              const char *expected)
{
  g_auto (GStrv) peers = bytestag_link_peers_choose (self->network);
  g_autofree char *text = g_strjoinv (" ", peers);

  g_assert_cmpstr (text, ==, expected);
}

/* On a private network, who answers. */
static void
test_private (void)
{
  Fixture fixture;

  start (&fixture, "127.0.0.1");
  assert_peers (&fixture, "127.0.0.1:4000");
  add_contact (&fixture, "127.0.0.3", 1);
  bytestag_test_clock_advance (fixture.clock, 1000);
  add_contact (&fixture, "198.51.100.1", 2);
  add_contact (&fixture, "127.0.0.4", 3);
  bytestag_test_clock_advance (fixture.clock, 1000);
  add_contact (&fixture, "127.0.0.5", 4);
  assert_peers (&fixture, "127.0.0.1:4000 127.0.0.3:5000 127.0.0.4:5000");
  end (&fixture);
}

/* In the open network, public contacts that were there for a day. */
static void
test_public (void)
{
  Fixture fixture;

  start (&fixture, "203.0.113.1");
  add_contact (&fixture, "198.51.100.1", 1);
  add_contact (&fixture, "192.168.1.1", 2);
  assert_peers (&fixture, "203.0.113.1:4000");
  bytestag_test_clock_advance (fixture.clock, G_GINT64_CONSTANT (25) * 3600 * G_USEC_PER_SEC);
  add_contact (&fixture, "198.51.100.2", 3);
  assert_peers (&fixture, "203.0.113.1:4000 198.51.100.1:5000");
  end (&fixture);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/own-address/bound", test_bound);
  g_test_add_func ("/client/own-address/unbound", test_unbound);
  g_test_add_func ("/client/own-address/private", test_private);
  g_test_add_func ("/client/own-address/public", test_public);
  return g_test_run ();
}
