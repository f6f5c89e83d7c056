/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The colours that drawn widgets use: the style's own, so that dark and
 * high-contrast styles hold. */
typedef struct
{
  GdkRGBA foreground;
  GdkRGBA faint; /* the foreground, hardly there */
  GdkRGBA accent;
  GdkRGBA success;
  GdkRGBA warning;
  GdkRGBA error;
} BytestagPalette;

void bytestag_palette_of_widget  (BytestagPalette       *self,
                                  GtkWidget             *widget);

/* The shapes that both drawings are made of. None needs a display. */
void bytestag_paint_box          (GtkSnapshot           *snapshot,
                                  const graphene_rect_t *rect,
                                  float                  radius,
                                  const GdkRGBA         *color);
void bytestag_paint_frame        (GtkSnapshot           *snapshot,
                                  const graphene_rect_t *rect,
                                  float                  radius,
                                  const GdkRGBA         *color);
void bytestag_paint_cross        (GtkSnapshot           *snapshot,
                                  const graphene_rect_t *rect,
                                  const GdkRGBA         *color);

G_END_DECLS
