/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/endpoint.h"

#include <string.h>

#include "core/error.h"

static BytestagEndpoint
endpoint_of (const char *host,
             guint16 port)
{
  BytestagEndpoint endpoint;

  /* Padding and unused bytes are part of the comparison. */
  memset (&endpoint, 0xaa, sizeof endpoint);
  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, port));
  return endpoint;
}

static void
test_set_host (void)
{
  BytestagEndpoint v4 = endpoint_of ("192.0.2.1", 4000);
  BytestagEndpoint v6 = endpoint_of ("2001:db8::1", 4001);
  static const guint8 v4_bytes[16] = { 192, 0, 2, 1 };
  static const guint8 v6_bytes[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

  g_assert_cmpmem (v4.address, 16, v4_bytes, 16);
  g_assert_cmpuint (v4.port, ==, 4000);
  g_assert_cmpuint (v4.family, ==, BYTESTAG_FAMILY_IPV4);
  g_assert_cmpuint (v4.reserved, ==, 0);
  g_assert_cmpmem (v6.address, 16, v6_bytes, 16);
  g_assert_cmpuint (v6.port, ==, 4001);
  g_assert_cmpuint (v6.family, ==, BYTESTAG_FAMILY_IPV6);
}

static void
test_set_host_mapped (void)
{
  BytestagEndpoint v4 = endpoint_of ("192.0.2.1", 4000);
  BytestagEndpoint mapped = endpoint_of ("::ffff:192.0.2.1", 4000);

  g_assert_true (bytestag_endpoint_equal (&v4, &mapped));
}

static void
test_set_host_length (void)
{
  BytestagEndpoint endpoint;
  g_autofree char *exact = g_memdup2 ("192.0.2.1", 9);

  g_assert_true (bytestag_endpoint_set_host (&endpoint, exact, 9, 1));
  g_assert_true (bytestag_endpoint_set_host (&endpoint, "192.0.2.1junk", 9, 1));
  g_assert_false (bytestag_endpoint_set_host (&endpoint, "192.0.2.1\0junk", 14, 1));
  g_assert_false (bytestag_endpoint_set_host (&endpoint, NULL, 0, 1));
}

static void
test_set_host_rejected (void)
{
  static const char *hosts[] = {
    "",
    "localhost",
    "example.org",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.1 ",
    " 192.0.2.1",
    "0x7f.0.0.1",
    "127.1",
    "2130706433",
    "[::1]",
    "fe80::1%eth0",
    "2001:db8::1::2",
    "2001:0db8:0000:0000:0000:0000:0000:0001:0002",
    "2001:0db8:0000:0000:0000:0000:192.168.100.200000000000000000000000000000000000000000000000",
  };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint endpoint = { .port = 7 };

      g_assert_false (bytestag_endpoint_set_host (&endpoint, hosts[i], -1, 1));
      g_assert_cmpuint (endpoint.port, ==, 7);
    }
}

/* The longest text of an address still fits. */
static void
test_longest_host (void)
{
  const char *longest = "2001:0db8:aaaa:bbbb:cccc:dddd:192.168.100.200";
  BytestagEndpoint endpoint = endpoint_of (longest, 65535);
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  g_assert_cmpuint (strlen (longest), ==, BYTESTAG_ENDPOINT_HOST_SIZE - 1);
  g_assert_cmpuint (bytestag_endpoint_write_host (&endpoint, host), ==, strlen (host));
  g_assert_cmpstr (host, ==, "2001:db8:aaaa:bbbb:cccc:dddd:c0a8:64c8");
}

static void
test_parse (void)
{
  static const char *texts[] = { "192.0.2.1:4000", "[2001:db8::1]:4001", "[::1]:1", "0.0.0.0:65535" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      BytestagEndpoint endpoint;

      g_assert_true (bytestag_endpoint_parse (&endpoint, texts[i], &error));
      g_assert_no_error (error);
      text = bytestag_endpoint_to_string (&endpoint);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
test_parse_rejected (void)
{
  static const char *texts[] = {
    "",
    ":",
    ":4000",
    "[]:4000",
    "host.test:4000",
    "192.0.2.1",
    "192.0.2.1:",
    "192.0.2.1:0",
    "192.0.2.1:-1",
    "192.0.2.1:+1",
    "192.0.2.1: 1",
    "192.0.2.1:65536",
    "192.0.2.1:000001",
    "192.0.2.1:4000x",
    "192.0.2.1:99999999999",
    "[192.0.2.1]:4000",
    "2001:db8::1",
    "::1:4000",
    "[::1:4000",
    "[::1]4000",
    "[::1]]:1",
    "[[::1]]:1",
    "[fe80::1%eth0]:12",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      BytestagEndpoint endpoint = { .port = 7 };

      g_assert_false (bytestag_endpoint_parse (&endpoint, texts[i], &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
      g_assert_cmpuint (endpoint.port, ==, 7);
    }
}

static void
test_unset (void)
{
  BytestagEndpoint endpoint = { 0 };
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];
  g_autofree char *text = bytestag_endpoint_to_string (&endpoint);

  g_assert_cmpuint (bytestag_endpoint_write_host (&endpoint, host), ==, 0);
  g_assert_cmpstr (host, ==, "");
  g_assert_cmpstr (text, ==, ":0");
  g_assert_false (bytestag_endpoint_is_usable (&endpoint));
  g_assert_false (bytestag_endpoint_is_private (&endpoint));
}

static void
test_equal_and_hash (void)
{
  BytestagEndpoint a = endpoint_of ("192.0.2.1", 4000);
  BytestagEndpoint same = endpoint_of ("192.0.2.1", 4000);
  BytestagEndpoint other_port = endpoint_of ("192.0.2.1", 4001);
  BytestagEndpoint other_host = endpoint_of ("192.0.2.2", 4000);
  /* The same first four bytes, as an address of IPv6. */
  BytestagEndpoint other_family = endpoint_of ("c000:201::", 4000);
  g_autoptr (BytestagEndpoint) copy = bytestag_endpoint_copy (&a);

  g_assert_true (bytestag_endpoint_equal (&a, &same));
  g_assert_true (bytestag_endpoint_equal (&a, copy));
  g_assert_cmpuint (bytestag_endpoint_hash (&a), ==, bytestag_endpoint_hash (&same));
  g_assert_false (bytestag_endpoint_equal (&a, &other_port));
  g_assert_false (bytestag_endpoint_equal (&a, &other_host));
  g_assert_false (bytestag_endpoint_equal (&a, &other_family));
  g_assert_cmpuint (bytestag_endpoint_hash (&a), !=, bytestag_endpoint_hash (&other_port));

  g_assert_true (bytestag_endpoint_same_host (&a, &other_port));
  g_assert_false (bytestag_endpoint_same_host (&a, &other_host));
  g_assert_false (bytestag_endpoint_same_host (&a, &other_family));
}

/* Both ends of each network, and their neighbours. */
static void
test_private (void)
{
  static const char *private_hosts[] = {
    "127.0.0.1",   "127.255.255.255", "10.0.0.0",    "10.255.255.255",
    "172.16.0.0",  "172.31.255.255",  "192.168.0.0", "192.168.255.255",
    "169.254.0.0", "169.254.255.255", "100.64.0.0",  "100.127.255.255",
    "::1",         "fc00::",          "fdff::1",     "fe80::1",
    "febf:ffff::", "::ffff:10.0.0.1",
  };
  static const char *public_hosts[] = {
    "126.255.255.255", "128.0.0.0",  "9.255.255.255",   "11.0.0.0",
    "172.15.255.255",  "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "169.253.0.0",     "169.255.0.0", "100.63.255.255", "100.128.0.0",
    "::2",             "fbff::",     "fe00::",          "fe7f::",
    "fec0::",          "2001:db8::1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (private_hosts); i++)
    {
      BytestagEndpoint endpoint = endpoint_of (private_hosts[i], 1);

      g_assert_true (bytestag_endpoint_is_private (&endpoint));
      g_assert_true (bytestag_endpoint_is_usable (&endpoint));
    }
  for (guint i = 0; i < G_N_ELEMENTS (public_hosts); i++)
    {
      BytestagEndpoint endpoint = endpoint_of (public_hosts[i], 1);

      g_assert_false (bytestag_endpoint_is_private (&endpoint));
      g_assert_true (bytestag_endpoint_is_usable (&endpoint));
    }
}

static void
test_usable (void)
{
  static const char *hosts[] = {
    "0.0.0.0",         "0.1.2.3", "224.0.0.1", "239.255.255.255",
    "255.255.255.255", "::",      "ff02::1",   "::ffff:0.0.0.0",
  };
  BytestagEndpoint endpoint = endpoint_of ("192.0.2.1", 0);

  g_assert_false (bytestag_endpoint_is_usable (&endpoint));
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      endpoint = endpoint_of (hosts[i], 4000);
      g_assert_false (bytestag_endpoint_is_usable (&endpoint));
    }
}

/* /24 and /64, without the port. */
static void
test_network (void)
{
  static const struct {
    const char *host, *network, *same, *other;
  } cases[] = {
    { "9.1.2.3", "9.1.2.0", "9.1.2.255", "9.1.3.3" },
    { "::ffff:9.1.2.3", "9.1.2.0", "9.1.2.4", "::901:203" },
    { "2a00:1:2:3:4:5:6:7", "2a00:1:2:3::", "2a00:1:2:3:ffff::", "2a00:1:2:4:4:5:6:7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      BytestagEndpoint endpoint = endpoint_of (cases[i].host, 4000);
      BytestagEndpoint expected = endpoint_of (cases[i].network, 0);
      BytestagEndpoint same = endpoint_of (cases[i].same, 5000), other = endpoint_of (cases[i].other, 4000);
      BytestagEndpoint network;

      g_assert_true (bytestag_endpoint_get_network (&endpoint, FALSE, &network));
      g_assert_true (bytestag_endpoint_equal (&network, &expected));
      g_assert_true (bytestag_endpoint_get_network (&same, FALSE, &network));
      g_assert_true (bytestag_endpoint_equal (&network, &expected));
      g_assert_true (bytestag_endpoint_same_network (&endpoint, &same));
      g_assert_false (bytestag_endpoint_same_network (&endpoint, &other));
    }
}

static void
test_network_private (void)
{
  static const char *const hosts[] = { "10.1.2.3", "127.0.0.1", "fe80::1", "::1" };
  BytestagEndpoint unset = { 0 }, network;

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      BytestagEndpoint endpoint = endpoint_of (hosts[i], 4000);

      g_assert_false (bytestag_endpoint_get_network (&endpoint, FALSE, &network));
      g_assert_true (bytestag_endpoint_get_network (&endpoint, TRUE, &network));
      g_assert_true (bytestag_endpoint_same_network (&endpoint, &network));
    }
  g_assert_false (bytestag_endpoint_get_network (&unset, TRUE, &network));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/endpoint/set-host", test_set_host);
  g_test_add_func ("/core/endpoint/set-host/mapped", test_set_host_mapped);
  g_test_add_func ("/core/endpoint/set-host/length", test_set_host_length);
  g_test_add_func ("/core/endpoint/set-host/rejected", test_set_host_rejected);
  g_test_add_func ("/core/endpoint/longest-host", test_longest_host);
  g_test_add_func ("/core/endpoint/parse", test_parse);
  g_test_add_func ("/core/endpoint/parse/rejected", test_parse_rejected);
  g_test_add_func ("/core/endpoint/unset", test_unset);
  g_test_add_func ("/core/endpoint/equal-and-hash", test_equal_and_hash);
  g_test_add_func ("/core/endpoint/private", test_private);
  g_test_add_func ("/core/endpoint/usable", test_usable);
  g_test_add_func ("/core/endpoint/network", test_network);
  g_test_add_func ("/core/endpoint/network/private", test_network_private);
  return g_test_run ();
}
