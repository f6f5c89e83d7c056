/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/udp-transport.h"

#include <poll.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"

static BytestagUdpTransport *
open_transport (const char *host, BytestagEndpoint *address)
{
  g_autoptr (GError) error = NULL;
  BytestagUdpTransport *transport = bytestag_udp_transport_new (host, 0, &error);

  g_assert_no_error (error);
  bytestag_transport_get_address (BYTESTAG_TRANSPORT (transport), address);
  g_assert_cmpuint (address->port, !=, 0);

  return transport;
}

/* Waits until a datagram is there, and takes it. */
static void
receive (BytestagUdpTransport *transport, BytestagEndpoint *from, const guint8 **data, gsize *length)
{
  while (!bytestag_udp_transport_receive (transport, from, data, length))
    {
      int sockets[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];
      struct pollfd polls[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];
      guint n_sockets = bytestag_udp_transport_get_sockets (transport, sockets);

      for (guint i = 0; i < n_sockets; i++)
        polls[i] = (struct pollfd) { .fd = sockets[i], .events = POLLIN };
      g_assert_cmpint (poll (polls, n_sockets, 30000), >, 0);
    }
}

static void
send_and_receive (const char *host)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  BytestagEndpoint from;
  g_autoptr (BytestagUdpTransport) a = open_transport (host, &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport (host, &address_b);
  const guint8 *data;
  gsize length;

  g_assert_false (bytestag_udp_transport_receive (b, &from, &data, &length));
  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, (const guint8 *) "ping", 4));
  receive (b, &from, &data, &length);
  g_assert_cmpmem (data, length, "ping", 4);
  g_assert_true (bytestag_endpoint_equal (&from, &address_a));
  g_assert_false (bytestag_udp_transport_receive (b, &from, &data, &length));
}

static void
test_ipv4 (void)
{
  send_and_receive ("127.0.0.1");
}

static gboolean
have_ipv6 (void)
{
  g_autoptr (BytestagUdpTransport) transport = bytestag_udp_transport_new ("::1", 0, NULL);

  if (transport == NULL)
    g_test_skip ("no IPv6 on this computer");

  return transport != NULL;
}

static void
test_ipv6 (void)
{
  if (have_ipv6 ())
    send_and_receive ("::1");
}

/* Any address: both families on one port. */
static void
test_both_families (void)
{
  const char *hosts[] = { "127.0.0.1", "::1" };
  BytestagEndpoint address;
  g_autoptr (BytestagUdpTransport) any = open_transport (NULL, &address);
  int sockets[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];

  g_assert_cmpint (address.family, ==, BYTESTAG_FAMILY_IPV4);
  if (!have_ipv6 ())
    return;

  g_assert_cmpuint (bytestag_udp_transport_get_sockets (any, sockets), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint sender;
      g_autoptr (BytestagUdpTransport) one = open_transport (hosts[i], &sender);
      BytestagEndpoint to;
      BytestagEndpoint from;
      const guint8 *data;
      gsize length;

      g_assert_true (bytestag_endpoint_set_host (&to, hosts[i], -1, address.port));
      g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (one), &to, (const guint8 *) "x", 1));
      receive (any, &from, &data, &length);
      g_assert_true (bytestag_endpoint_equal (&from, &sender));
      g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (any), &from, (const guint8 *) "y", 1));
      receive (one, &from, &data, &length);
      g_assert_true (bytestag_endpoint_equal (&from, &to));
    }
}

/* More datagrams than one read takes, and each exactly once, in order. */
static void
test_many (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  const guint8 n_sent = BYTESTAG_LIMIT_DATAGRAMS_OF_TURN * 2 + 1;
  gboolean had_pending = FALSE;

  for (guint8 i = 0; i < n_sent; i++)
    g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, &i, 1));

  for (guint8 i = 0; i < n_sent; i++)
    {
      BytestagEndpoint from;
      const guint8 *data;
      gsize length;

      receive (b, &from, &data, &length);
      g_assert_cmpmem (data, length, &i, 1);
      had_pending = had_pending || bytestag_udp_transport_has_pending (b);
    }
  g_assert_true (had_pending);
  g_assert_false (bytestag_udp_transport_has_pending (b));
}

/* The largest that the protocol allows comes whole, a larger one shows. */
static void
test_limit_datagram (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  BytestagEndpoint from;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  g_autofree guint8 *sent = g_malloc0 (BYTESTAG_LIMIT_DATAGRAM + 100);
  const guint8 *data;
  gsize length;

  memset (sent, 'x', BYTESTAG_LIMIT_DATAGRAM + 100);
  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, sent, BYTESTAG_LIMIT_DATAGRAM));
  receive (b, &from, &data, &length);
  g_assert_cmpmem (data, length, sent, BYTESTAG_LIMIT_DATAGRAM);

  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, sent, BYTESTAG_LIMIT_DATAGRAM + 100));
  receive (b, &from, &data, &length);
  g_assert_cmpuint (length, >, BYTESTAG_LIMIT_DATAGRAM);
}

static void
test_empty_datagram (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  BytestagEndpoint from;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  const guint8 *data;
  gsize length;

  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, (const guint8 *) "", 0));
  receive (b, &from, &data, &length);
  g_assert_cmpuint (length, ==, 0);
}

static void
assert_busy (const char *host, guint16 port)
{
  g_autofree char *message = g_strdup_printf ("Port %u is in use by another program", port);
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_udp_transport_new (host, port, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_port_in_use (void)
{
  BytestagEndpoint address;
  g_autoptr (BytestagUdpTransport) transport = open_transport ("127.0.0.1", &address);

  assert_busy ("127.0.0.1", address.port);
  assert_busy (NULL, address.port);
}

/* IPv6 alone taken: half a port is no port. */
static void
test_port_in_use_by_ipv6 (void)
{
  BytestagEndpoint address;
  g_autoptr (BytestagUdpTransport) transport = NULL;

  if (!have_ipv6 ())
    return;

  transport = open_transport ("::", &address);
  assert_busy (NULL, address.port);
}

static void
test_port_is_free_again (void)
{
  BytestagEndpoint address;
  BytestagUdpTransport *transport = open_transport (NULL, &address);
  g_autoptr (BytestagUdpTransport) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_finalize_object (transport);
  again = bytestag_udp_transport_new (NULL, address.port, &error);
  g_assert_no_error (error);
}

/* Whoever still holds it can neither send nor receive, and harms nobody who has the port now. */
static void
test_close (void)
{
  BytestagEndpoint address;
  BytestagEndpoint other_address;
  g_autoptr (BytestagUdpTransport) transport = open_transport (NULL, &address);
  g_autoptr (BytestagUdpTransport) other = open_transport ("127.0.0.1", &other_address);
  g_autoptr (BytestagUdpTransport) next = NULL;
  BytestagEndpoint to = { .family = BYTESTAG_FAMILY_IPV4, .port = address.port, .address = { 127, 0, 0, 1 } };
  int sockets[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  for (guint i = 0; i < 2; i++)
    g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (other), &to, (const guint8 *) "ping", 4));
  receive (transport, &from, &data, &length);
  bytestag_udp_transport_hold (transport);
  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &other_address, (const guint8 *) "a", 1));

  bytestag_udp_transport_close (transport);
  bytestag_udp_transport_close (transport);
  next = bytestag_udp_transport_new (NULL, address.port, NULL);
  g_assert_nonnull (next);
  bytestag_udp_transport_release (transport);
  g_assert_false (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &other_address, (const guint8 *) "a", 1));
  g_assert_false (bytestag_udp_transport_receive (transport, &from, &data, &length));
  g_assert_false (bytestag_udp_transport_receive (other, &from, &data, &length));
  g_assert_cmpuint (bytestag_udp_transport_get_sockets (transport, sockets), ==, 0);
}

static void
test_bad_host (void)
{
  const char *hosts[] = { "localhost", "", "1.2.3", "192.0.2.1" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (bytestag_udp_transport_new (hosts[i], 0, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

/* No way there: FALSE, and the transport lives on. */
static void
test_cannot_send (void)
{
  BytestagEndpoint address;
  g_autoptr (BytestagUdpTransport) transport = open_transport ("127.0.0.1", &address);
  g_autofree guint8 *huge = g_malloc0 (70000);
  BytestagEndpoint v6;
  BytestagEndpoint unset = { 0 };

  g_assert_true (bytestag_endpoint_set_host (&v6, "::1", -1, 9));
  g_assert_false (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &v6, (const guint8 *) "x", 1));
  g_assert_false (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &unset, (const guint8 *) "x", 1));
  g_assert_false (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &address, huge, 70000));
  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), &address, huge, 10));
}

static void
assert_nothing_waits (BytestagUdpTransport *transport)
{
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  g_assert_false (bytestag_udp_transport_receive (transport, &from, &data, &length));
}

/* Loopback has a datagram in the receiver's buffer before the call that sent it returns. */
static void
assert_next (BytestagUdpTransport *transport, guint8 number)
{
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  g_assert_true (bytestag_udp_transport_receive (transport, &from, &data, &length));
  g_assert_cmpuint (length, >=, 1);
  g_assert_cmpuint (data[0], ==, number);
}

static void
send_number (BytestagUdpTransport *transport, const BytestagEndpoint *to, guint8 number)
{
  g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (transport), to, &number, 1));
}

/* What is sent while holding leaves at the release, each to its own receiver in order. */
static void
test_hold (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  BytestagEndpoint address_c;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  g_autoptr (BytestagUdpTransport) c = open_transport ("127.0.0.1", &address_c);

  for (guint round = 0; round < 2; round++)
    {
      bytestag_udp_transport_hold (a);
      for (guint8 i = 0; i < 6; i++)
        send_number (a, i % 2 == 0 ? &address_b : &address_c, i);
      assert_nothing_waits (b);
      assert_nothing_waits (c);
      bytestag_udp_transport_release (a);
      for (guint8 i = 0; i < 6; i++)
        assert_next (i % 2 == 0 ? b : c, i);
      assert_nothing_waits (b);
      assert_nothing_waits (c);
    }

  send_number (a, &address_b, 9);
  assert_next (b, 9);
}

/* A full queue goes at once, and what comes then waits again. */
static void
test_hold_limit_datagrams (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);

  bytestag_udp_transport_hold (a);
  for (guint8 i = 0; i < BYTESTAG_LIMIT_DATAGRAMS_OF_TURN; i++)
    send_number (a, &address_b, i);
  assert_nothing_waits (b);
  send_number (a, &address_b, BYTESTAG_LIMIT_DATAGRAMS_OF_TURN);
  for (guint8 i = 0; i < BYTESTAG_LIMIT_DATAGRAMS_OF_TURN; i++)
    assert_next (b, i);
  assert_nothing_waits (b);
  bytestag_udp_transport_release (a);
  assert_next (b, BYTESTAG_LIMIT_DATAGRAMS_OF_TURN);
}

/* The same by bytes: datagrams of the largest size, whole and in order. */
static void
test_hold_limit_bytes (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  guint8 sent[BYTESTAG_LIMIT_DATAGRAM];
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  bytestag_udp_transport_hold (a);
  for (guint8 i = 0; i < 5; i++)
    {
      memset (sent, i, sizeof sent);
      g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &address_b, sent, sizeof sent));
    }
  bytestag_udp_transport_release (a);
  for (guint8 i = 0; i < 5; i++)
    {
      memset (sent, i, sizeof sent);
      g_assert_true (bytestag_udp_transport_receive (b, &from, &data, &length));
      g_assert_cmpmem (data, length, sent, sizeof sent);
    }
  assert_nothing_waits (b);
}

/* One that cannot be sent is lost alone; those around it arrive. */
static void
test_hold_cannot_send (void)
{
  BytestagEndpoint address_a;
  BytestagEndpoint address_b;
  g_autoptr (BytestagUdpTransport) a = open_transport ("127.0.0.1", &address_a);
  g_autoptr (BytestagUdpTransport) b = open_transport ("127.0.0.1", &address_b);
  BytestagEndpoint nowhere = address_b;
  BytestagEndpoint v6;

  nowhere.port = 0;
  g_assert_true (bytestag_endpoint_set_host (&v6, "::1", -1, 9));
  bytestag_udp_transport_hold (a);
  g_assert_false (bytestag_transport_send (BYTESTAG_TRANSPORT (a), &v6, (const guint8 *) "x", 1));
  send_number (a, &nowhere, 0);
  send_number (a, &address_b, 1);
  send_number (a, &nowhere, 2);
  send_number (a, &nowhere, 3);
  send_number (a, &address_b, 4);
  send_number (a, &nowhere, 5);
  bytestag_udp_transport_release (a);
  assert_next (b, 1);
  assert_next (b, 4);
  assert_nothing_waits (b);
}

/* Both families in one queue. */
static void
test_hold_both_families (void)
{
  BytestagEndpoint address;
  BytestagEndpoint address_v4;
  BytestagEndpoint address_v6;
  g_autoptr (BytestagUdpTransport) any = open_transport (NULL, &address);
  g_autoptr (BytestagUdpTransport) v4 = open_transport ("127.0.0.1", &address_v4);
  g_autoptr (BytestagUdpTransport) v6 = NULL;
  const gboolean to_v6[] = { FALSE, TRUE, TRUE, FALSE, FALSE, TRUE };

  if (!have_ipv6 ())
    return;

  v6 = open_transport ("::1", &address_v6);
  bytestag_udp_transport_hold (any);
  for (guint8 i = 0; i < G_N_ELEMENTS (to_v6); i++)
    send_number (any, to_v6[i] ? &address_v6 : &address_v4, i);
  bytestag_udp_transport_release (any);
  for (guint8 i = 0; i < G_N_ELEMENTS (to_v6); i++)
    assert_next (to_v6[i] ? v6 : v4, i);
}

static void
test_finalize (void)
{
  BytestagEndpoint address;
  BytestagUdpTransport *transport = open_transport (NULL, &address);

  g_assert_finalize_object (transport);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/io/udp-transport/ipv4", test_ipv4);
  g_test_add_func ("/io/udp-transport/ipv6", test_ipv6);
  g_test_add_func ("/io/udp-transport/both-families", test_both_families);
  g_test_add_func ("/io/udp-transport/many", test_many);
  g_test_add_func ("/io/udp-transport/limit-datagram", test_limit_datagram);
  g_test_add_func ("/io/udp-transport/empty-datagram", test_empty_datagram);
  g_test_add_func ("/io/udp-transport/port-in-use", test_port_in_use);
  g_test_add_func ("/io/udp-transport/port-in-use-by-ipv6", test_port_in_use_by_ipv6);
  g_test_add_func ("/io/udp-transport/port-is-free-again", test_port_is_free_again);
  g_test_add_func ("/io/udp-transport/close", test_close);
  g_test_add_func ("/io/udp-transport/bad-host", test_bad_host);
  g_test_add_func ("/io/udp-transport/cannot-send", test_cannot_send);
  g_test_add_func ("/io/udp-transport/hold", test_hold);
  g_test_add_func ("/io/udp-transport/hold-limit-datagrams", test_hold_limit_datagrams);
  g_test_add_func ("/io/udp-transport/hold-limit-bytes", test_hold_limit_bytes);
  g_test_add_func ("/io/udp-transport/hold-cannot-send", test_hold_cannot_send);
  g_test_add_func ("/io/udp-transport/hold-both-families", test_hold_both_families);
  g_test_add_func ("/io/udp-transport/finalize", test_finalize);

  return g_test_run ();
}
