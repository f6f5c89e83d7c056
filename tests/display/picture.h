/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/palette.h"

G_BEGIN_DECLS

/* What was drawn, as pixels; made without a display. */
typedef struct
{
  cairo_surface_t *surface;
  int width;
  int height;
} Picture;

/* Takes the snapshot. (transfer full) */
Picture *picture_new      (GtkSnapshot   *snapshot,
                           int            width,
                           int            height);
void     picture_free     (Picture       *self);
/* Whether the pixel has the colour, within what anti-aliasing may change. */
gboolean picture_has      (Picture       *self,
                           int            x,
                           int            y,
                           const GdkRGBA *color);
/* How many pixels of an area have the colour. */
guint    picture_count    (Picture       *self,
                           int            x,
                           int            y,
                           int            width,
                           int            height,
                           const GdkRGBA *color);
/* A palette whose colours cannot be confused. */
const BytestagPalette *picture_palette (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, picture_free)

G_END_DECLS
