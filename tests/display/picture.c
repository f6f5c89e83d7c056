/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "picture.h"

#include <math.h>

Picture *
picture_new (GtkSnapshot *snapshot,
             int          width,
             int          height)
{
  Picture *self = g_new (Picture, 1);
  GskRenderNode *node = gtk_snapshot_free_to_node (snapshot);

  self->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  self->width = width;
  self->height = height;
  if (node != NULL)
    {
      cairo_t *cr = cairo_create (self->surface);

      gsk_render_node_draw (node, cr);
      cairo_destroy (cr);
      gsk_render_node_unref (node);
    }
  cairo_surface_flush (self->surface);
  return self;
}

void
picture_free (Picture *self)
{
  cairo_surface_destroy (self->surface);
  g_free (self);
}

gboolean
picture_has (Picture       *self,
             int            x,
             int            y,
             const GdkRGBA *color)
{
  const guint8 *data = cairo_image_surface_get_data (self->surface);
  guint32 pixel;

  g_assert_cmpint (x, >=, 0);
  g_assert_cmpint (x, <, self->width);
  g_assert_cmpint (y, >=, 0);
  g_assert_cmpint (y, <, self->height);
  memcpy (&pixel, data + y * cairo_image_surface_get_stride (self->surface) + x * 4, 4);

  return fabs ((pixel >> 24) / 255. - color->alpha) < 0.1
         && fabs (((pixel >> 16) & 0xff) / 255. - color->red * color->alpha) < 0.1
         && fabs (((pixel >> 8) & 0xff) / 255. - color->green * color->alpha) < 0.1
         && fabs ((pixel & 0xff) / 255. - color->blue * color->alpha) < 0.1;
}

guint
picture_count (Picture       *self,
               int            x,
               int            y,
               int            width,
               int            height,
               const GdkRGBA *color)
{
  guint count = 0;

  for (int row = y; row < y + height; row++)
    for (int column = x; column < x + width; column++)
      count += picture_has (self, column, row, color);
  return count;
}

const BytestagPalette *
picture_palette (void)
{
  static const BytestagPalette palette = {
    .foreground = { 0, 0, 0, 1 },
    .faint = { 0.5f, 0.5f, 0.5f, 1 },
    .accent = { 0, 0, 1, 1 },
    .success = { 0, 1, 0, 1 },
    .warning = { 1, 1, 0, 1 },
    .error = { 1, 0, 0, 1 },
  };

  return &palette;
}
