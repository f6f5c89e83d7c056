/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/piece-map-drawing.h"

#include "picture.h"

static Picture *
draw (BytestagPartMap *map,
      int              width,
      int              height,
      gboolean         mirrored)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  bytestag_piece_map_draw (snapshot, map, (float) width, (float) height, mirrored, picture_palette ());
  return picture_new (snapshot, width, height);
}

static void
test_grid_covers_all (void)
{
  const guint counts[] = { 1, 2, 7, 19, 20, 21, 100, 4096, 1000003, G_MAXUINT };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    for (int height = 14; height <= 140; height += 63)
      {
        BytestagPieceGrid grid;
        guint next = 0;

        bytestag_piece_grid_init (&grid, counts[i], 178, (float) height);
        g_assert_cmpuint (grid.n_cells, >, 0);
        g_assert_cmpuint (grid.n_cells, <=, counts[i]);
        for (guint cell = 0; cell < grid.n_cells; cell++)
          {
            guint first;
            guint count = bytestag_piece_grid_get_parts (&grid, cell, &first);

            g_assert_cmpuint (first, ==, next);
            g_assert_cmpuint (count, >=, 1);
            next = first + count;
          }
        g_assert_cmpuint (next, ==, counts[i]);
      }
}

static void
test_grid_nothing (void)
{
  BytestagPieceGrid grid;
  guint cell;

  bytestag_piece_grid_init (&grid, 0, 178, 14);
  g_assert_cmpuint (grid.n_cells, ==, 0);
  g_assert_false (bytestag_piece_grid_pick (&grid, 1, 1, &cell));

  /* An area of no size, as before the first allocation. */
  bytestag_piece_grid_init (&grid, 12, 0, 0);
  g_assert_cmpuint (grid.n_cells, ==, 1);
}

static void
test_grid_pick (void)
{
  BytestagPieceGrid grid;
  guint cell;

  bytestag_piece_grid_init (&grid, 10, 100, 14);
  g_assert_cmpuint (grid.n_cells, ==, 10);
  g_assert_true (bytestag_piece_grid_pick (&grid, 0, 0, &cell));
  g_assert_cmpuint (cell, ==, 0);
  g_assert_true (bytestag_piece_grid_pick (&grid, 55, 13, &cell));
  g_assert_cmpuint (cell, ==, 5);
  g_assert_true (bytestag_piece_grid_pick (&grid, 99, 7, &cell));
  g_assert_cmpuint (cell, ==, 9);
  g_assert_false (bytestag_piece_grid_pick (&grid, -1, 7, &cell));
  g_assert_false (bytestag_piece_grid_pick (&grid, 103, 7, &cell));
  g_assert_false (bytestag_piece_grid_pick (&grid, 50, 17, &cell));
}

/* Five pieces in a strip of 98 × 14: cells of 18 at 0, 20, 40, 60, 80. */
static void
test_states (void)
{
  g_autoptr (BytestagPartMap) map = bytestag_part_map_new (5);
  const BytestagPalette *palette = picture_palette ();
  g_autoptr (Picture) picture = NULL;

  bytestag_part_map_set_state (map, 1, BYTESTAG_PART_SOUGHT, 0);
  bytestag_part_map_set_state (map, 2, BYTESTAG_PART_RECEIVING, 0.5);
  bytestag_part_map_set_state (map, 3, BYTESTAG_PART_CHECKED, 1);
  bytestag_part_map_set_state (map, 4, BYTESTAG_PART_BAD, 0);
  picture = draw (map, 98, 14, FALSE);

  /* Missing: a line at the bottom. */
  g_assert_true (picture_has (picture, 9, 12, &palette->faint));
  g_assert_cmpuint (picture_count (picture, 0, 0, 18, 10, &palette->faint), ==, 0);
  /* Sought: a frame with a dot. */
  g_assert_true (picture_has (picture, 29, 7, &palette->accent));
  g_assert_true (picture_has (picture, 29, 0, &palette->faint));
  g_assert_cmpuint (picture_count (picture, 20, 0, 18, 14, &palette->accent), <, 20);
  /* Arriving: a frame, filled from below to its half. */
  g_assert_true (picture_has (picture, 49, 11, &palette->accent));
  g_assert_false (picture_has (picture, 49, 4, &palette->accent));
  g_assert_true (picture_has (picture, 49, 0, &palette->accent));
  /* Checked: full. */
  g_assert_cmpuint (picture_count (picture, 62, 2, 14, 10, &palette->success), ==, 140);
  /* Bad: a cross. */
  g_assert_true (picture_has (picture, 89, 7, &palette->error));
  g_assert_false (picture_has (picture, 85, 7, &palette->error));
}

static void
test_mirrored (void)
{
  g_autoptr (BytestagPartMap) map = bytestag_part_map_new (5);
  g_autoptr (Picture) picture = NULL;

  bytestag_part_map_set_state (map, 0, BYTESTAG_PART_CHECKED, 1);
  picture = draw (map, 98, 14, TRUE);
  g_assert_true (picture_has (picture, 89, 7, &picture_palette ()->success));
  g_assert_false (picture_has (picture, 9, 7, &picture_palette ()->success));
}

static void
test_many (void)
{
  const guint n_parts = 400000;
  g_autoptr (BytestagPartMap) map = bytestag_part_map_new (n_parts);
  const BytestagPalette *palette = picture_palette ();
  g_autoptr (Picture) picture = NULL;

  /* The first half is here; one piece of the rest is bad, and shows. */
  for (guint part = 0; part < n_parts / 2; part++)
    bytestag_part_map_set_state (map, part, BYTESTAG_PART_CHECKED, 1);
  bytestag_part_map_set_state (map, n_parts - 1, BYTESTAG_PART_BAD, 0);
  picture = draw (map, 178, 14, FALSE);
  g_assert_true (picture_has (picture, 3, 7, &palette->success));
  g_assert_true (picture_has (picture, 75, 7, &palette->success));
  g_assert_false (picture_has (picture, 100, 7, &palette->success));
  g_assert_cmpuint (picture_count (picture, 169, 0, 9, 14, &palette->error), >, 10);
  g_assert_cmpuint (picture_count (picture, 0, 0, 168, 14, &palette->error), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Types of nodes, without a display. */
  gtk_init_check ();

  g_test_add_func ("/piece-map-drawing/grid/covers-all", test_grid_covers_all);
  g_test_add_func ("/piece-map-drawing/grid/nothing", test_grid_nothing);
  g_test_add_func ("/piece-map-drawing/grid/pick", test_grid_pick);
  g_test_add_func ("/piece-map-drawing/states", test_states);
  g_test_add_func ("/piece-map-drawing/mirrored", test_mirrored);
  g_test_add_func ("/piece-map-drawing/many", test_many);

  return g_test_run ();
}
