/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/link.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define KEY_HEX "24e30cf31b57be5092c014422d2df87d6b919a64"
#define XT "xt=urn:bstagih:ETRQZ4Y3K67FBEWACRBC2LPYPVVZDGTE"
/* SHA-256 of nothing. */
#define SHA256_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_BASE32 "4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ"
#define SHA256_BASE64 "47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D"

static BytestagLink *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  BytestagLink *link = bytestag_link_parse (text, &error);

  g_assert_no_error (error);
  return link;
}

static void
assert_key (BytestagLink *link)
{
  g_autofree char *hex = bytestag_key_to_hex (bytestag_link_get_key (link));

  g_assert_cmpstr (hex, ==, KEY_HEX);
}

static void
assert_sha256 (BytestagLink *link)
{
  const guint8 *sha256 = bytestag_link_get_sha256 (link);
  GString *hex = g_string_new (NULL);

  g_assert_nonnull (sha256);
  for (guint i = 0; i < 32; i++)
    g_string_append_printf (hex, "%02x", sha256[i]);
  g_assert_cmpstr (hex->str, ==, SHA256_HEX);
  g_string_free (hex, TRUE);
}

static void
assert_refused (const char *text, const char *sentence)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_link_parse (text, &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (error->message, ==, sentence);
}

static void
test_round_trip (void)
{
  g_autoptr (BytestagLink) link = NULL;
  g_autoptr (BytestagLink) again = NULL;
  g_autoptr (GPtrArray) peers = g_ptr_array_new ();
  g_autofree char *uri = NULL;
  g_autofree char *magnet = NULL;
  guint8 sha256[32];
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, KEY_HEX, -1, NULL));
  memset (sha256, 0xa5, sizeof sha256);
  g_ptr_array_add (peers, (gpointer) "192.0.2.1:1234");
  g_ptr_array_add (peers, (gpointer) "no port");
  g_ptr_array_add (peers, (gpointer) "[2001:db8::1]:65535");
  g_ptr_array_add (peers, (gpointer) "node.example.org:1");
  g_ptr_array_add (peers, (gpointer) "192.0.2.2:1234");

  link = bytestag_link_new (&key, sha256, "R\u00e9sum\u00e9 & +100 %/~", 1099511627776, peers);
  g_assert_cmpuint (bytestag_link_get_peers (link)->len, ==, BYTESTAG_LIMIT_LINK_PEERS);
  uri = bytestag_link_to_uri (link);
  g_assert_cmpstr (uri, ==,
                   "bytestag:?" XT "&x.s2=UWS2LJNFUWS2LJNFUWS2LJNFUWS2LJNFUWS2LJNFUWS2LJNFUWSQ"
                   "&dn=R%C3%A9sum%C3%A9%20%26%20%2B100%20%25%2F~&xl=1099511627776"
                   "&x.pe=192.0.2.1:1234&x.pe=%5B2001:db8::1%5D:65535&x.pe=node.example.org:1");
  magnet = bytestag_link_to_magnet (link);
  g_assert_true (g_str_has_prefix (magnet, "magnet:?"));
  g_assert_cmpstr (magnet + strlen ("magnet"), ==, uri + strlen ("bytestag"));

  again = parse (magnet);
  assert_key (again);
  g_assert_cmpmem (bytestag_link_get_sha256 (again), 32, sha256, 32);
  g_assert_cmpstr (bytestag_link_get_name (again), ==, bytestag_link_get_name (link));
  g_assert_cmpuint (bytestag_link_get_size (again), ==, 1099511627776);
  g_assert_cmpuint (bytestag_link_get_peers (again)->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (bytestag_link_get_peers (again), 1), ==, "[2001:db8::1]:65535");
}

static void
test_forms (void)
{
  static const char * const texts[] = {
    "bytestag:?" XT,
    "  \tBYTESTAG:?" XT "\n",
    "Magnet:?dn=x&" XT,
    "magnet:?xt.1=urn%3Abstagih%3A" KEY_HEX,
    "magnet:?xt=urn:bstagih:JOMM8xtXvlCSwBRCLS34fWuRmmQ%3D&xt=urn:bstagih:damaged",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (BytestagLink) link = parse (texts[i]);

      assert_key (link);
      g_assert_null (bytestag_link_get_sha256 (link));
      g_assert_cmpuint (bytestag_link_get_size (link), ==, 0);
      g_assert_cmpuint (bytestag_link_get_peers (link)->len, ==, 0);
    }
}

static void
test_sha256_forms (void)
{
  static const char * const forms[] = {
    SHA256_HEX, SHA256_BASE32, SHA256_BASE32 "====", SHA256_BASE64,
    "4oymiquy7qobjgx36tejs35zeqt24qpemsnzgtfeswmrw6csxbkq",
  };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autofree char *text = g_strconcat ("bytestag:?" XT "&x.s2=", forms[i], "&x.s2=damaged", NULL);
      g_autoptr (BytestagLink) link = parse (text);

      assert_sha256 (link);
    }
}

/* Hints that cannot be read do not take the key away. */
static void
test_hints (void)
{
  g_autoptr (BytestagLink) link =
    parse ("bytestag:?" XT "&xl=many&dn=a+b%2&x.pe=&x.pe=host:0&x.pe=a/b:1&x.pe=host&x.pe=host:12");
  g_autoptr (BytestagLink) odd = parse ("bytestag:?" XT "&dn=%ff%00%C3&xl=18446744073709551615");

  g_assert_cmpuint (bytestag_link_get_size (link), ==, 0);
  g_assert_cmpstr (bytestag_link_get_name (link), ==, "a b%2");
  g_assert_cmpuint (bytestag_link_get_peers (link)->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (bytestag_link_get_peers (link), 0), ==, "host:12");

  g_assert_cmpstr (bytestag_link_get_name (odd), ==, "\ufffd\ufffd\ufffd");
  g_assert_cmpuint (bytestag_link_get_size (odd), ==, G_MAXUINT64);
}

static void
test_refused (void)
{
  assert_refused ("", "There is no link");
  assert_refused ("  \n", "There is no link");
  assert_refused ("hello", "A link starts with “bytestag:” or “magnet:”");
  assert_refused ("https://example.org/?" XT, "A link starts with “bytestag:” or “magnet:”");
  assert_refused ("magnet:", "The link ends before it says what it leads to");
  assert_refused ("magnet:?", "The link does not say what it leads to");
  assert_refused ("magnet:?XT=urn:bstagih:" KEY_HEX, "The link does not say what it leads to");
  assert_refused ("magnet:?xt=urn:btih:" KEY_HEX "&" XT, "This is a link of BitTorrent");
  assert_refused ("magnet:?xt=urn:sha1:x", "This is a link of another program");
  assert_refused ("bytestag:?xt=urn:bstagih:ETRQZ", "The key in the link is damaged: copy the whole link again");
  assert_refused ("bytestag:?" XT "&x.s2=4OYMIQ",
                  "The checksum in the link is damaged: copy the whole link again");
  assert_refused ("bytestag:?" XT "&x.s2=1" SHA256_BASE32,
                  "The checksum in the link is damaged: copy the whole link again");
}

static void
test_length (void)
{
  g_autofree char *spaces = g_strnfill (BYTESTAG_LIMIT_LINK_BYTES - strlen ("bytestag:?" XT), ' ');
  g_autofree char *longest = g_strconcat ("bytestag:?" XT, spaces, NULL);
  g_autofree char *too_long = g_strconcat (longest, " ", NULL);
  g_autoptr (BytestagLink) link = parse (longest);

  assert_refused (too_long, "The link is too long");
}

/* A name is cut between characters, so that any link of ours can be read. */
static void
test_long_name (void)
{
  GString *name = g_string_new ("x");
  g_autoptr (BytestagLink) link = NULL;
  g_autoptr (BytestagLink) again = NULL;
  g_autofree char *uri = NULL;
  /* "G" in base32, so that it is no hex. */
  BytestagKey key = { { 0x30 } };
  const char *cut;

  for (guint i = 0; i < BYTESTAG_LIMIT_LINK_BYTES; i++)
    g_string_append (name, "\u65e5");
  link = bytestag_link_new (&key, NULL, name->str, 0, NULL);
  uri = bytestag_link_to_uri (link);
  again = parse (uri);
  cut = bytestag_link_get_name (again);
  g_assert_cmpuint (strlen (cut), ==, 235);
  g_assert_true (g_str_has_prefix (name->str, cut));
  g_assert_true (g_utf8_validate (cut, -1, NULL));
  g_string_free (name, TRUE);
}

static void
test_finalize (void)
{
  BytestagLink *link = parse ("bytestag:?" XT "&x.s2=" SHA256_HEX "&dn=x&x.pe=h:1");

  g_assert_finalize_object (link);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/round-trip", test_round_trip);
  g_test_add_func ("/link/forms", test_forms);
  g_test_add_func ("/link/sha256-forms", test_sha256_forms);
  g_test_add_func ("/link/hints", test_hints);
  g_test_add_func ("/link/refused", test_refused);
  g_test_add_func ("/link/length", test_length);
  g_test_add_func ("/link/long-name", test_long_name);
  g_test_add_func ("/link/finalize", test_finalize);
  return g_test_run ();
}
