/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/salted-hash.h"

#include <string.h>

static void
test_depends_on_bytes (void)
{
  guint8 bytes[40] = { 0 };
  guint zero = bytestag_salted_hash (bytes, sizeof bytes);

  g_assert_cmpuint (bytestag_salted_hash (bytes, sizeof bytes), ==, zero);
  for (guint i = 0; i < sizeof bytes; i++)
    {
      bytes[i] = 1;
      g_assert_cmpuint (bytestag_salted_hash (bytes, sizeof bytes), !=, zero);
      bytes[i] = 0;
    }
}

static void
test_depends_on_length (void)
{
  guint8 bytes[20] = { 0 };

  g_assert_cmpuint (bytestag_salted_hash (bytes, 19), !=, bytestag_salted_hash (bytes, 20));
  g_assert_cmpuint (bytestag_salted_hash (bytes, 16), !=, bytestag_salted_hash (bytes, 17));
  g_assert_cmpuint (bytestag_salted_hash (NULL, 0), ==, bytestag_salted_hash (bytes, 0));
}

/* Bytes behind the end, and where they lie in memory, must not matter. */
static void
test_depends_on_nothing_else (void)
{
  guint8 bytes[64];

  for (gsize length = 0; length <= 41; length++)
    {
      guint hash = 0;

      for (gsize offset = 0; offset < 8; offset++)
        {
          memset (bytes, (int) (0x50 + offset), sizeof bytes);
          memset (bytes + offset, 7, length);
          if (offset == 0)
            hash = bytestag_salted_hash (bytes, length);
          g_assert_cmpuint (bytestag_salted_hash (bytes + offset, length), ==, hash);
        }
    }
}

/* Keys that differ in their last byte alone must not share a bucket of a table. */
static void
test_spreads (void)
{
  gboolean used[4096] = { FALSE };
  guint n_used = 0;

  for (guint i = 0; i < 4096; i++)
    {
      guint8 bytes[20] = { [18] = i >> 8, [19] = i & 0xff };
      guint slot = bytestag_salted_hash (bytes, sizeof bytes) % 4096;

      n_used += !used[slot];
      used[slot] = TRUE;
    }

  /* 4096 · (1 − 1/e) = 2589 for randomness. */
  g_assert_cmpuint (n_used, >, 2450);
  g_assert_cmpuint (n_used, <, 2730);
}

static void
test_salt (void)
{
  guint unsalted = bytestag_salted_hash ("bytestag", 8);
  guint salted;

  bytestag_salted_hash_set_salt (0x0123456789abcdef);
  salted = bytestag_salted_hash ("bytestag", 8);
  bytestag_salted_hash_set_salt (0);

  g_assert_cmpuint (salted, !=, unsalted);
  g_assert_cmpuint (bytestag_salted_hash ("bytestag", 8), ==, unsalted);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/salted-hash/depends-on-bytes", test_depends_on_bytes);
  g_test_add_func ("/core/salted-hash/depends-on-length", test_depends_on_length);
  g_test_add_func ("/core/salted-hash/depends-on-nothing-else", test_depends_on_nothing_else);
  g_test_add_func ("/core/salted-hash/spreads", test_spreads);
  g_test_add_func ("/core/salted-hash/salt", test_salt);
  return g_test_run ();
}
