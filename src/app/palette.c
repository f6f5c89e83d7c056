/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/palette.h"

static void
look_up (GtkStyleContext *context,
         const char      *name,
         const GdkRGBA   *otherwise,
         GdkRGBA         *color)
{
  if (!gtk_style_context_lookup_color (context, name, color))
    *color = *otherwise;
}

void
bytestag_palette_of_widget (BytestagPalette *self,
                            GtkWidget       *widget)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);

  gtk_style_context_get_color (context, &self->foreground);
  self->faint = self->foreground;
  self->faint.alpha *= 0.25f;
  look_up (context, "accent_color", &self->foreground, &self->accent);
  look_up (context, "success_color", &self->foreground, &self->success);
  look_up (context, "warning_color", &self->foreground, &self->warning);
  look_up (context, "error_color", &self->foreground, &self->error);
}

void
bytestag_paint_box (GtkSnapshot           *snapshot,
                    const graphene_rect_t *rect,
                    float                  radius,
                    const GdkRGBA         *color)
{
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, rect, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, color, rect);
  gtk_snapshot_pop (snapshot);
}

void
bytestag_paint_frame (GtkSnapshot           *snapshot,
                      const graphene_rect_t *rect,
                      float                  radius,
                      const GdkRGBA         *color)
{
  const float widths[4] = { 1.5f, 1.5f, 1.5f, 1.5f };
  const GdkRGBA colors[4] = { *color, *color, *color, *color };
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, rect, radius);
  gtk_snapshot_append_border (snapshot, &outline, widths, colors);
}

void
bytestag_paint_cross (GtkSnapshot           *snapshot,
                      const graphene_rect_t *rect,
                      const GdkRGBA         *color)
{
  const float size = MIN (rect->size.width, rect->size.height);
  const graphene_rect_t bar = GRAPHENE_RECT_INIT (-size * 0.6f, -1.f, size * 1.2f, 2.f);
  graphene_point_t center;

  graphene_rect_get_center (rect, &center);
  for (int angle = 45; angle <= 135; angle += 90)
    {
      gtk_snapshot_save (snapshot);
      gtk_snapshot_translate (snapshot, &center);
      gtk_snapshot_rotate (snapshot, (float) angle);
      gtk_snapshot_append_color (snapshot, color, &bar);
      gtk_snapshot_restore (snapshot);
    }
}
