/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "fuzz.h"
#include "wire/link.h"

/* Links. What can be read is written, read again and is the same. */

static void
check_same (BytestagLink *a, BytestagLink *b)
{
  const guint8 *a_sha256 = bytestag_link_get_sha256 (a);
  const guint8 *b_sha256 = bytestag_link_get_sha256 (b);
  GPtrArray *a_peers = bytestag_link_get_peers (a);
  GPtrArray *b_peers = bytestag_link_get_peers (b);

  g_assert_true (bytestag_key_equal (bytestag_link_get_key (a), bytestag_link_get_key (b)));
  g_assert_true ((a_sha256 == NULL) == (b_sha256 == NULL));
  g_assert_true (a_sha256 == NULL || memcmp (a_sha256, b_sha256, 32) == 0);
  g_assert_cmpuint (bytestag_link_get_size (a), ==, bytestag_link_get_size (b));
  g_assert_cmpuint (a_peers->len, ==, b_peers->len);
  for (guint i = 0; i < a_peers->len; i++)
    g_assert_cmpstr (g_ptr_array_index (a_peers, i), ==, g_ptr_array_index (b_peers, i));
}

/* One key in 10^13 has a base32 text that is hex too, and is read as that first, as
 * originals do (A.1.3): its own link is then refused. */
static gboolean
reads_as_hex (const BytestagKey *key)
{
  g_autofree char *base32 = bytestag_key_to_base32 (key);

  return strspn (base32, "ABCDEF234567") == strlen (base32);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagLink) link = bytestag_link_parse (text, &error);
  g_autoptr (BytestagLink) again = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *magnet = NULL;

  g_assert_true ((link == NULL) == (error != NULL));
  if (link == NULL)
    return 0;

  g_assert_true (bytestag_link_get_name (link) == NULL || g_utf8_validate (bytestag_link_get_name (link), -1, NULL));
  g_assert_cmpuint (bytestag_link_get_peers (link)->len, <=, BYTESTAG_LIMIT_LINK_PEERS);
  uri = bytestag_link_to_uri (link);
  magnet = bytestag_link_to_magnet (link);
  g_assert_cmpuint (strlen (uri), <=, BYTESTAG_LIMIT_LINK_BYTES);
  g_assert_true (g_str_is_ascii (uri));
  g_assert_cmpstr (strchr (uri, '?'), ==, strchr (magnet, '?'));

  if (reads_as_hex (bytestag_link_get_key (link)))
    return 0;
  again = bytestag_link_parse (uri, &error);
  g_assert_no_error (error);
  check_same (link, again);
  return 0;
}
