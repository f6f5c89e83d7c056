/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/part-map.h"

static void
changed_cb (BytestagPartMap *map,
            guint            first,
            guint            count,
            GString         *told)
{
  g_string_append_printf (told, "%u+%u ", first, count);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
test_states (void)
{
  g_autoptr (BytestagPartMap) map = bytestag_part_map_new (3);
  g_autoptr (GString) told = g_string_new (NULL);
  guint n_notified = 0;
  guint n_parts;
  guint n_checked;

  g_signal_connect (map, "changed", G_CALLBACK (changed_cb), told);
  g_signal_connect_swapped (map, "notify::n-checked", G_CALLBACK (count_cb), &n_notified);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_MISSING), ==, 3);

  bytestag_part_map_set_state (map, 1, BYTESTAG_PART_RECEIVING, 0.5);
  g_assert_cmpfloat_with_epsilon (bytestag_part_map_get_fraction (map, 1), 0.5, 0.01);
  bytestag_part_map_set_state (map, 1, BYTESTAG_PART_RECEIVING, 0.5);
  bytestag_part_map_set_state (map, 1, BYTESTAG_PART_CHECKED, 1);
  bytestag_part_map_set_state (map, 2, BYTESTAG_PART_BAD, -3);
  g_assert_cmpfloat (bytestag_part_map_get_fraction (map, 2), ==, 0);

  g_assert_cmpstr (told->str, ==, "1+1 1+1 2+1 ");
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_MISSING), ==, 1);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_CHECKED), ==, 1);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_BAD), ==, 1);
  g_object_get (map, "n-parts", &n_parts, "n-checked", &n_checked, NULL);
  g_assert_cmpuint (n_parts, ==, 3);
  g_assert_cmpuint (n_checked, ==, 1);
}

static void
test_empty (void)
{
  BytestagPartMap *map = bytestag_part_map_new (0);

  g_assert_cmpuint (bytestag_part_map_get_n_parts (map), ==, 0);
  g_assert_finalize_object (map);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/part-map/states", test_states);
  g_test_add_func ("/sharing/part-map/empty", test_empty);
  return g_test_run ();
}
