/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ports.h"

#include "support/test-clock.h"
#include "support/test-rng.h"

static void
test_interfaces (void)
{
  static const struct {
    GType (*get_type) (void);
    const char *name;
  } ports[] = {
    { bytestag_clock_get_type, "BytestagClock" },         { bytestag_rng_get_type, "BytestagRng" },
    { bytestag_transport_get_type, "BytestagTransport" }, { bytestag_kvp_table_get_type, "BytestagKvpTable" },
    { bytestag_worker_get_type, "BytestagWorker" },       { bytestag_engine_get_type, "BytestagEngine" },
    { bytestag_folder_watcher_get_type, "BytestagFolderWatcher" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      g_assert_true (G_TYPE_IS_INTERFACE (ports[i].get_type ()));
      g_assert_cmpstr (g_type_name (ports[i].get_type ()), ==, ports[i].name);
    }
}

static void
test_clock (void)
{
  BytestagTestClock *clock = bytestag_test_clock_new ();
  gint64 time = bytestag_clock_get_time (BYTESTAG_CLOCK (clock));
  gint64 wall_time = bytestag_clock_get_wall_time (BYTESTAG_CLOCK (clock));

  bytestag_test_clock_advance (clock, 5);
  g_assert_cmpint (bytestag_clock_get_time (BYTESTAG_CLOCK (clock)), ==, time + 5);
  g_assert_cmpint (bytestag_clock_get_wall_time (BYTESTAG_CLOCK (clock)), ==, wall_time + 5);
  bytestag_test_clock_set_time (clock, 7);
  g_assert_cmpint (bytestag_clock_get_time (BYTESTAG_CLOCK (clock)), ==, 7);
  g_assert_cmpint (bytestag_clock_get_wall_time (BYTESTAG_CLOCK (clock)), ==, wall_time + 5);
  bytestag_test_clock_set_wall_time (clock, 8);
  g_assert_cmpint (bytestag_clock_get_wall_time (BYTESTAG_CLOCK (clock)), ==, 8);
  g_assert_finalize_object (clock);
}

/* The seed decides, on every machine: these are xoshiro256**'s own first words. */
static void
test_rng_fill (void)
{
  BytestagTestRng *rng = bytestag_test_rng_new (0);
  guint8 bytes[20];
  static const guint8 expected[] = { 0xb4, 0xf2, 0x75, 0xcb, 0x36, 0x5f, 0xec, 0x99 };

  bytestag_rng_fill (BYTESTAG_RNG (rng), NULL, 0);
  bytestag_rng_fill (BYTESTAG_RNG (rng), bytes, sizeof bytes);
  g_assert_cmpmem (bytes, 8, expected, 8);
  g_assert_finalize_object (rng);
}

static void
test_rng_range (void)
{
  static const guint32 bounds[] = { 1, 2, 3, 7, 10, 160, 1000, 0x7fffffff, 0x80000001, G_MAXUINT32 };
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (5);
  guint counts[3] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    for (guint j = 0; j < 1000; j++)
      g_assert_cmpuint (bytestag_rng_range (BYTESTAG_RNG (rng), bounds[i]), <, bounds[i]);

  for (guint i = 0; i < 30000; i++)
    counts[bytestag_rng_range (BYTESTAG_RNG (rng), 3)]++;
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (counts[i], >, 9600);
      g_assert_cmpuint (counts[i], <, 10400);
    }
}

/* With a bound of 3/4 of all values, plain "value % bound" would give the lowest
 * third twice as often as the others. */
static void
test_rng_range_fair (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (6);
  guint32 bound = 0xc0000000;
  guint n_low = 0;

  for (guint i = 0; i < 30000; i++)
    n_low += bytestag_rng_range (BYTESTAG_RNG (rng), bound) < bound / 3;
  g_assert_cmpuint (n_low, >, 9600);
  g_assert_cmpuint (n_low, <, 10400);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/ports/interfaces", test_interfaces);
  g_test_add_func ("/core/ports/clock", test_clock);
  g_test_add_func ("/core/ports/rng-fill", test_rng_fill);
  g_test_add_func ("/core/ports/rng-range", test_rng_range);
  g_test_add_func ("/core/ports/rng-range/fair", test_rng_range_fair);
  return g_test_run ();
}
