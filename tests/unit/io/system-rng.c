/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/system-rng.h"

#include <string.h>

static void
test_fill (void)
{
  g_autoptr (BytestagSystemRng) rng = bytestag_system_rng_new ();
  guint8 first[33] = { 0 };
  guint8 second[33] = { 0 };

  bytestag_rng_fill (BYTESTAG_RNG (rng), first, 32);
  bytestag_rng_fill (BYTESTAG_RNG (rng), second, 32);
  g_assert_cmpint (memcmp (first, second, 32), !=, 0);
  g_assert_cmpuint (first[32], ==, 0);
}

static void
test_range (void)
{
  g_autoptr (BytestagSystemRng) rng = bytestag_system_rng_new ();
  guint seen = 0;

  /* The chance that one of three is missing: 3 (2/3)^300 = 10^-52. */
  for (guint i = 0; i < 300; i++)
    {
      guint32 number = bytestag_rng_range (BYTESTAG_RNG (rng), 3);

      g_assert_cmpuint (number, <, 3);
      seen |= 1u << number;
    }
  g_assert_cmpuint (seen, ==, 7);
}

static void
test_finalize (void)
{
  BytestagSystemRng *rng = bytestag_system_rng_new ();

  g_assert_finalize_object (rng);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/io/system-rng/fill", test_fill);
  g_test_add_func ("/io/system-rng/range", test_range);
  g_test_add_func ("/io/system-rng/finalize", test_finalize);

  return g_test_run ();
}
