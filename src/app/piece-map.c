/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/piece-map.h"

#include <glib/gi18n.h>

#include "app/piece-map-drawing.h"
#include "app/words.h"

#define STRIP_HEIGHT 14
/* A screen reader is told at most so often. */
#define DESCRIBE_INTERVAL_MS 250

struct _BytestagPieceMap
{
  GtkWidget parent_instance;

  BytestagPartMap *map;
  GSignalGroup *signals;
  guint describe_id;
};

G_DEFINE_FINAL_TYPE (BytestagPieceMap, bytestag_piece_map, GTK_TYPE_WIDGET)

enum {
  PROP_0,
  PROP_MAP,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
describe (BytestagPieceMap *self)
{
  guint n_parts = self->map != NULL ? bytestag_part_map_get_n_parts (self->map) : 0;
  guint n_checked = self->map != NULL ? bytestag_part_map_count (self->map, BYTESTAG_PART_CHECKED) : 0;
  g_autofree char *text = NULL;

  text = g_strdup_printf (ngettext ("%u of %u piece checked", "%u of %u pieces checked", n_parts),
                          n_checked, n_parts);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, (double) n_parts,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, (double) n_checked,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text,
                                  -1);
}

static gboolean
describe_cb (gpointer user_data)
{
  BytestagPieceMap *self = user_data;

  self->describe_id = 0;
  describe (self);
  return G_SOURCE_REMOVE;
}

static void
changed_cb (BytestagPieceMap *self)
{
  g_assert (BYTESTAG_IS_PIECE_MAP (self));

  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (self->describe_id == 0)
    self->describe_id = g_timeout_add (DESCRIBE_INTERVAL_MS, describe_cb, self);
}

static gboolean
bytestag_piece_map_query_tooltip (GtkWidget  *widget,
                                  int         x,
                                  int         y,
                                  gboolean    keyboard,
                                  GtkTooltip *tooltip)
{
  BytestagPieceMap *self = BYTESTAG_PIECE_MAP (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int width = gtk_widget_get_width (widget);
  g_autofree char *text = NULL;
  g_autofree char *state = NULL;
  BytestagPieceGrid grid;
  guint cell, first, count;

  if (self->map == NULL || keyboard)
    return FALSE;

  bytestag_piece_grid_init (&grid, bytestag_part_map_get_n_parts (self->map),
                            (float) width, (float) gtk_widget_get_height (widget));
  if (!bytestag_piece_grid_pick (&grid, (float) (mirrored ? width - 1 - x : x), (float) y, &cell))
    return FALSE;

  count = bytestag_piece_grid_get_parts (&grid, cell, &first);
  if (count == 1)
    {
      state = bytestag_words_part_state (bytestag_part_map_get_state (self->map, first));
      /* Translators: the number of a piece, how many there are, and its state */
      text = g_strdup_printf (_("Piece %u of %u: %s"), first + 1, grid.n_parts, state);
    }
  else
    {
      guint n_checked = 0;

      for (guint part = first; part < first + count; part++)
        n_checked += bytestag_part_map_get_state (self->map, part) == BYTESTAG_PART_CHECKED;
      /* Translators: two numbers of pieces, how many there are, how many of the two to the other are checked */
      text = g_strdup_printf (_("Pieces %u to %u of %u: %u checked"), first + 1, first + count, grid.n_parts, n_checked);
    }
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
bytestag_piece_map_snapshot (GtkWidget   *widget,
                             GtkSnapshot *snapshot)
{
  BytestagPieceMap *self = BYTESTAG_PIECE_MAP (widget);
  BytestagPalette palette;

  if (self->map == NULL)
    return;

  bytestag_palette_of_widget (&palette, widget);
  bytestag_piece_map_draw (snapshot, self->map,
                           (float) gtk_widget_get_width (widget), (float) gtk_widget_get_height (widget),
                           gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL,
                           &palette);
}

static void
bytestag_piece_map_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = 8 * STRIP_HEIGHT;
      *natural = 24 * STRIP_HEIGHT;
    }
  else
    {
      *minimum = *natural = STRIP_HEIGHT;
    }
}

static void
bytestag_piece_map_dispose (GObject *object)
{
  BytestagPieceMap *self = BYTESTAG_PIECE_MAP (object);

  g_clear_handle_id (&self->describe_id, g_source_remove);
  g_clear_object (&self->signals);
  g_clear_object (&self->map);

  G_OBJECT_CLASS (bytestag_piece_map_parent_class)->dispose (object);
}

static void
bytestag_piece_map_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagPieceMap *self = BYTESTAG_PIECE_MAP (object);

  switch (prop_id)
    {
    case PROP_MAP:
      g_value_set_object (value, self->map);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_piece_map_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  BytestagPieceMap *self = BYTESTAG_PIECE_MAP (object);

  switch (prop_id)
    {
    case PROP_MAP:
      bytestag_piece_map_set_map (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_piece_map_class_init (BytestagPieceMapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_piece_map_dispose;
  object_class->get_property = bytestag_piece_map_get_property;
  object_class->set_property = bytestag_piece_map_set_property;

  widget_class->snapshot = bytestag_piece_map_snapshot;
  widget_class->measure = bytestag_piece_map_measure;
  widget_class->query_tooltip = bytestag_piece_map_query_tooltip;

  properties[PROP_MAP] =
    g_param_spec_object ("map", NULL, NULL, BYTESTAG_TYPE_PART_MAP,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_css_name (widget_class, "piecemap");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_METER);
}

static void
bytestag_piece_map_init (BytestagPieceMap *self)
{
  self->signals = g_signal_group_new (BYTESTAG_TYPE_PART_MAP);
  g_signal_group_connect_swapped (self->signals, "changed", G_CALLBACK (changed_cb), self);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Pieces"), -1);
  describe (self);
}

GtkWidget *
bytestag_piece_map_new (void)
{
  return g_object_new (BYTESTAG_TYPE_PIECE_MAP, NULL);
}

void
bytestag_piece_map_set_map (BytestagPieceMap *self,
                            BytestagPartMap  *map)
{
  g_return_if_fail (BYTESTAG_IS_PIECE_MAP (self));
  g_return_if_fail (map == NULL || BYTESTAG_IS_PART_MAP (map));

  if (!g_set_object (&self->map, map))
    return;

  g_signal_group_set_target (self->signals, map);
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAP]);
}
