/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/denylist.h"

#include <string.h>

#include "core/limits.h"

/* The key of 20 bytes @byte. */
static BytestagKey
make_key (guint8 byte)
{
  BytestagKey key;

  memset (key.bytes, byte, sizeof key.bytes);
  return key;
}

static void
assert_denied (BytestagDenylist *list,
               guint8            byte,
               gboolean          denied)
{
  BytestagKey key = make_key (byte);

  g_assert_true (bytestag_denylist_contains (list, &key) == denied);
}

static guint
load (BytestagDenylist *list,
      const char       *text)
{
  return bytestag_denylist_load (list, text, strlen (text));
}

static void
test_forms (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKey key = make_key (2);
  g_autofree char *base32 = bytestag_key_to_base32 (&key);
  g_autofree char *base64 = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *text = NULL;

  key = make_key (3);
  base64 = bytestag_key_to_base64 (&key);
  key = make_key (4);
  sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, key.bytes, sizeof key.bytes);
  text = g_strdup_printf ("# a list\n\n0101010101010101010101010101010101010101\r\n  %s # why\n%s\nSHA256:%s\n"
                          "0505050505050505050505050505050505050505", base32, base64, sha256);
  g_assert_cmpuint (load (list, text), ==, 0);
  g_assert_cmpuint (bytestag_denylist_get_n_keys (list), ==, 5);
  for (guint8 i = 1; i <= 5; i++)
    assert_denied (list, i, TRUE);
  assert_denied (list, 6, FALSE);
}

static void
test_bad (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();

  g_assert_cmpuint (load (list, "nothing\n0101\nsha256:\nsha256:0101\nsha256:"
                          "zz01010101010101010101010101010101010101010101010101010101010101\n"
                          "all that follows is a long line of prose that holds letters of base64\n"
                          "0707070707070707070707070707070707070707"), ==, 6);
  g_assert_cmpuint (bytestag_denylist_get_n_bad (list), ==, 6);
  g_assert_cmpuint (bytestag_denylist_get_n_keys (list), ==, 1);
  assert_denied (list, 7, TRUE);

  /* Another list takes its place. */
  g_assert_cmpuint (load (list, ""), ==, 0);
  assert_denied (list, 7, FALSE);
}

static void
test_value (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  BytestagKvpId by_key = { make_key (1), make_key (2) };
  BytestagKvpId by_index = { make_key (2), make_key (1) };
  BytestagKvpId neither = { make_key (2), make_key (2) };

  load (list, "0101010101010101010101010101010101010101");
  g_assert_true (bytestag_denylist_denies (list, &by_key));
  g_assert_true (bytestag_denylist_denies (list, &by_index));
  g_assert_false (bytestag_denylist_denies (list, &neither));
}

static void
changed_cb (BytestagDenylist *list,
            guint            *n_changed)
{
  (*n_changed)++;
}

static void
test_changed (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  guint n_changed = 0;

  g_signal_connect (list, "changed", G_CALLBACK (changed_cb), &n_changed);
  load (list, "");
  g_assert_cmpuint (n_changed, ==, 1);
}

/* As when a thread has loaded it. */
static void
test_take (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  g_autoptr (BytestagDenylist) other = bytestag_denylist_new ();
  guint n_changed = 0;

  load (list, "0101010101010101010101010101010101010101");
  load (other, "0707070707070707070707070707070707070707\nno key");
  g_signal_connect (list, "changed", G_CALLBACK (changed_cb), &n_changed);
  g_assert_cmpuint (bytestag_denylist_take (list, other), ==, 1);
  g_assert_cmpuint (n_changed, ==, 1);
  assert_denied (list, 1, FALSE);
  assert_denied (list, 7, TRUE);
  g_assert_cmpuint (bytestag_denylist_get_n_keys (other), ==, 0);
  g_assert_cmpuint (bytestag_denylist_get_n_bad (other), ==, 0);
}

/* BYTESTAG_LIMIT_DENIED_KEYS */
static void
test_limit (void)
{
  g_autoptr (BytestagDenylist) list = bytestag_denylist_new ();
  g_autoptr (GString) text = g_string_sized_new (42 * (BYTESTAG_LIMIT_DENIED_KEYS + 2));

  for (guint i = 0; i < BYTESTAG_LIMIT_DENIED_KEYS + 2; i++)
    g_string_append_printf (text, "%040x\n", i);
  g_assert_cmpuint (bytestag_denylist_load (list, text->str, text->len), ==, 2);
  g_assert_cmpuint (bytestag_denylist_get_n_keys (list), ==, BYTESTAG_LIMIT_DENIED_KEYS);
}

static void
test_finalize (void)
{
  BytestagDenylist *list = bytestag_denylist_new ();

  load (list, "0101010101010101010101010101010101010101");
  g_assert_finalize_object (list);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/denylist/forms", test_forms);
  g_test_add_func ("/core/denylist/bad", test_bad);
  g_test_add_func ("/core/denylist/value", test_value);
  g_test_add_func ("/core/denylist/changed", test_changed);
  g_test_add_func ("/core/denylist/take", test_take);
  g_test_add_func ("/core/denylist/limit", test_limit);
  g_test_add_func ("/core/denylist/finalize", test_finalize);

  return g_test_run ();
}
