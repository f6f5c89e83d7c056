/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/palette.h"
#include "sharing/part-map.h"

G_BEGIN_DECLS

/* How a map lies in an area: cells in rows, each standing for one piece, or for
 * several where there are more pieces than cells of a size that can be seen. */
typedef struct
{
  guint n_parts;
  guint n_cells;
  guint n_columns;
  float cell_width; /* with the gap */
  float cell_height;
} BytestagPieceGrid;

void     bytestag_piece_grid_init    (BytestagPieceGrid     *self,
                                      guint                  n_parts,
                                      float                  width,
                                      float                  height);
/* The pieces of a cell: *@first and how many (at least 1). */
guint    bytestag_piece_grid_get_parts (const BytestagPieceGrid *self,
                                      guint                  cell,
                                      guint                 *first);
/* The cell at a point (left to right); FALSE: none there. */
gboolean bytestag_piece_grid_pick    (const BytestagPieceGrid *self,
                                      float                  x,
                                      float                  y,
                                      guint                 *cell);

/* Draws the states of the pieces of @map, by shape as well as colour; needs no widget and
 * no display. @mirrored: from right to left. */
void     bytestag_piece_map_draw     (GtkSnapshot           *snapshot,
                                      BytestagPartMap       *map,
                                      float                  width,
                                      float                  height,
                                      gboolean               mirrored,
                                      const BytestagPalette *palette);

G_END_DECLS
