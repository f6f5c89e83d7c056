/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/node-mark.h"

#include "app/bucket-strip.h"
#include "app/words.h"

#define MARK_SIZE 16

struct _BytestagNodeMark
{
  GtkWidget parent_instance;

  BytestagNodeState state;
};

G_DEFINE_FINAL_TYPE (BytestagNodeMark, bytestag_node_mark, GTK_TYPE_WIDGET)

enum {
  PROP_0,
  PROP_STATE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
describe (BytestagNodeMark *self)
{
  g_autofree char *text = bytestag_words_node_state (self->state);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

static void
bytestag_node_mark_snapshot (GtkWidget   *widget,
                             GtkSnapshot *snapshot)
{
  BytestagNodeMark *self = BYTESTAG_NODE_MARK (widget);
  graphene_rect_t rect = GRAPHENE_RECT_INIT (0, 0, (float) gtk_widget_get_width (widget),
                                             (float) gtk_widget_get_height (widget));
  BytestagPalette palette;

  bytestag_palette_of_widget (&palette, widget);
  bytestag_node_mark_draw (snapshot, self->state, &rect, &palette);
}

static void
bytestag_node_mark_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  *minimum = *natural = MARK_SIZE;
}

static void
bytestag_node_mark_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagNodeMark *self = BYTESTAG_NODE_MARK (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_node_mark_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  BytestagNodeMark *self = BYTESTAG_NODE_MARK (object);

  switch (prop_id)
    {
    case PROP_STATE:
      if (self->state == (BytestagNodeState) g_value_get_enum (value))
        break;
      self->state = (BytestagNodeState) g_value_get_enum (value);
      describe (self);
      gtk_widget_queue_draw (GTK_WIDGET (self));
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_node_mark_class_init (BytestagNodeMarkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = bytestag_node_mark_get_property;
  object_class->set_property = bytestag_node_mark_set_property;

  widget_class->snapshot = bytestag_node_mark_snapshot;
  widget_class->measure = bytestag_node_mark_measure;

  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_NODE_STATE, BYTESTAG_NODE_NEW,
                       G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_css_name (widget_class, "nodemark");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
bytestag_node_mark_init (BytestagNodeMark *self)
{
  describe (self);
}

GtkWidget *
bytestag_node_mark_new (void)
{
  return g_object_new (BYTESTAG_TYPE_NODE_MARK, NULL);
}
