/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/counter-row.h"

struct _BytestagCounterRow
{
  AdwActionRow parent_instance;

  BytestagCounter *counter;
  GtkLabel *amount;
};

G_DEFINE_FINAL_TYPE (BytestagCounterRow, bytestag_counter_row, ADW_TYPE_ACTION_ROW)

enum {
  PROP_0,
  PROP_COUNTER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* What a screen reader says is both halves of the row. */
static void
amount_cb (BytestagCounterRow *self)
{
  g_autofree char *label = g_strdup_printf ("%s: %s", adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self)),
                                            gtk_label_get_label (self->amount));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
bytestag_counter_row_dispose (GObject *object)
{
  BytestagCounterRow *self = BYTESTAG_COUNTER_ROW (object);

  g_clear_object (&self->counter);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_COUNTER_ROW);

  G_OBJECT_CLASS (bytestag_counter_row_parent_class)->dispose (object);
}

static void
bytestag_counter_row_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  BytestagCounterRow *self = BYTESTAG_COUNTER_ROW (object);

  switch (prop_id)
    {
    case PROP_COUNTER:
      g_value_set_object (value, self->counter);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_counter_row_set_property (GObject      *object,
                                   guint         prop_id,
                                   const GValue *value,
                                   GParamSpec   *pspec)
{
  BytestagCounterRow *self = BYTESTAG_COUNTER_ROW (object);

  switch (prop_id)
    {
    case PROP_COUNTER:
      if (g_set_object (&self->counter, g_value_get_object (value)))
        {
          /* GTK 4.8 warns of a binding from an object to itself when the object goes. */
          adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self),
                                         self->counter != NULL ? bytestag_counter_get_label (self->counter) : "");
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_counter_row_class_init (BytestagCounterRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_counter_row_dispose;
  object_class->get_property = bytestag_counter_row_get_property;
  object_class->set_property = bytestag_counter_row_set_property;

  properties[PROP_COUNTER] =
    g_param_spec_object ("counter", NULL, NULL, BYTESTAG_TYPE_COUNTER,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/counter-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, amount_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagCounterRow, amount);
}

static void
bytestag_counter_row_init (BytestagCounterRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_counter_row_new (void)
{
  return g_object_new (BYTESTAG_TYPE_COUNTER_ROW, NULL);
}
