/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/piece-map-drawing.h"

/* The smallest cell whose shape can be told, and the room between two. */
#define CELL_MIN_WIDTH 7.f
#define CELL_MIN_HEIGHT 12.f
#define GAP 2.f

void
bytestag_piece_grid_init (BytestagPieceGrid *self,
                          guint              n_parts,
                          float              width,
                          float              height)
{
  guint columns = MAX (1, (guint) ((MAX (width, 0.f) + GAP) / (CELL_MIN_WIDTH + GAP)));
  guint rows = MAX (1, (guint) ((MAX (height, 0.f) + GAP) / (CELL_MIN_HEIGHT + GAP)));

  self->n_parts = n_parts;
  self->n_cells = (guint) MIN ((guint64) columns * rows, n_parts);
  if (self->n_cells == 0)
    {
      self->n_columns = 0;
      self->cell_width = self->cell_height = 0;
      return;
    }

  rows = (self->n_cells + columns - 1) / columns;
  self->n_columns = (self->n_cells + rows - 1) / rows;
  self->cell_width = (width + GAP) / self->n_columns;
  self->cell_height = (height + GAP) / rows;
}

guint
bytestag_piece_grid_get_parts (const BytestagPieceGrid *self,
                               guint                    cell,
                               guint                   *first)
{
  g_return_val_if_fail (cell < self->n_cells, 0);

  *first = (guint) ((guint64) cell * self->n_parts / self->n_cells);
  return (guint) ((guint64) (cell + 1) * self->n_parts / self->n_cells) - *first;
}

gboolean
bytestag_piece_grid_pick (const BytestagPieceGrid *self,
                          float                    x,
                          float                    y,
                          guint                   *cell)
{
  guint column, row;

  if (self->n_cells == 0 || x < 0 || y < 0)
    return FALSE;

  column = (guint) (x / self->cell_width);
  row = (guint) (y / self->cell_height);
  if (column >= self->n_columns)
    return FALSE;
  *cell = row * self->n_columns + column;
  return *cell < self->n_cells;
}

typedef struct
{
  guint n_states[BYTESTAG_PART_BAD + 1];
  double received; /* in pieces */
  guint n_parts;
} Summary;

static void
summarize (BytestagPartMap *map,
           guint            first,
           guint            count,
           Summary         *summary)
{
  *summary = (Summary) { .n_parts = count };
  for (guint part = first; part < first + count; part++)
    {
      BytestagPartState state = bytestag_part_map_get_state (map, part);

      summary->n_states[state]++;
      if (state == BYTESTAG_PART_CHECKED)
        summary->received += 1;
      else if (state == BYTESTAG_PART_RECEIVING)
        summary->received += bytestag_part_map_get_fraction (map, part);
    }
}

static void
draw_cell (GtkSnapshot           *snapshot,
           const Summary         *summary,
           const graphene_rect_t *cell,
           const BytestagPalette *palette)
{
  const float radius = 2.f;
  graphene_rect_t part = *cell;

  if (summary->n_states[BYTESTAG_PART_BAD] > 0)
    {
      bytestag_paint_frame (snapshot, cell, radius, &palette->error);
      bytestag_paint_cross (snapshot, cell, &palette->error);
    }
  else if (summary->n_states[BYTESTAG_PART_CHECKED] == summary->n_parts)
    {
      bytestag_paint_box (snapshot, cell, radius, &palette->success);
    }
  else if (summary->received > 0 || summary->n_states[BYTESTAG_PART_RECEIVING] > 0)
    {
      /* It fills from below. */
      part.size.height *= (float) (summary->received / summary->n_parts);
      part.origin.y += cell->size.height - part.size.height;
      if (part.size.height > 0)
        bytestag_paint_box (snapshot, &part, radius, &palette->accent);
      bytestag_paint_frame (snapshot, cell, radius, &palette->accent);
    }
  else if (summary->n_states[BYTESTAG_PART_SOUGHT] > 0)
    {
      graphene_rect_inset (&part, (cell->size.width - 3) / 2, (cell->size.height - 3) / 2);
      bytestag_paint_frame (snapshot, cell, radius, &palette->faint);
      bytestag_paint_box (snapshot, &part, 1.5f, &palette->accent);
    }
  else
    {
      part.size.height = 3;
      part.origin.y += cell->size.height - part.size.height;
      bytestag_paint_box (snapshot, &part, 1.5f, &palette->faint);
    }
}

void
bytestag_piece_map_draw (GtkSnapshot           *snapshot,
                         BytestagPartMap       *map,
                         float                  width,
                         float                  height,
                         gboolean               mirrored,
                         const BytestagPalette *palette)
{
  BytestagPieceGrid grid;

  bytestag_piece_grid_init (&grid, bytestag_part_map_get_n_parts (map), width, height);
  for (guint i = 0; i < grid.n_cells; i++)
    {
      guint first = 0;
      guint count = bytestag_piece_grid_get_parts (&grid, i, &first);
      float x = (float) (i % grid.n_columns) * grid.cell_width;
      float y = (float) (i / grid.n_columns) * grid.cell_height;
      float cell_width = grid.cell_width - GAP;
      Summary summary;

      summarize (map, first, count, &summary);
      draw_cell (snapshot, &summary,
                 &GRAPHENE_RECT_INIT (mirrored ? width - x - cell_width : x, y,
                                      cell_width, grid.cell_height - GAP),
                 palette);
    }
}
