/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/space-group.h"

#include <math.h>

/* The spin button counts these. */
#define GIGABYTE 1e9
/* It shows tenths of them. */
#define SHOWN_PARTS 10

struct _BytestagSpaceGroup
{
  AdwPreferencesGroup parent_instance;

  gint64 lend;
  gboolean showing; /* what was set, so that the widgets' changes are nobody's choice */

  GtkSwitch *lend_switch;
  GtkAdjustment *space_adjustment;
};

G_DEFINE_FINAL_TYPE (BytestagSpaceGroup, bytestag_space_group, ADW_TYPE_PREFERENCES_GROUP)

enum {
  PROP_0,
  PROP_LEND,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_lend (BytestagSpaceGroup *self,
          gint64              lend)
{
  if (self->lend == lend)
    return;

  self->lend = lend;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEND]);
}

static void
show_lend (BytestagSpaceGroup *self,
           gint64              lend)
{
  self->showing = TRUE;
  gtk_switch_set_active (self->lend_switch, lend > 0);
  if (lend > 0)
    gtk_adjustment_set_value (self->space_adjustment, (gdouble) lend / GIGABYTE);
  self->showing = FALSE;
  set_lend (self, lend);
}

static void
take_choice (BytestagSpaceGroup *self)
{
  if (self->showing)
    return;

  set_lend (self, gtk_switch_get_active (self->lend_switch)
                    ? (gint64) (gtk_adjustment_get_value (self->space_adjustment) * GIGABYTE) : 0);
}

static void
lend_switched_cb (BytestagSpaceGroup *self)
{
  take_choice (self);
}

static void
space_changed_cb (BytestagSpaceGroup *self)
{
  gdouble shown = round ((gdouble) self->lend / GIGABYTE * SHOWN_PARTS);

  /* The button rounds to what it shows when it loses the focus, which is nobody's choice. */
  if (gtk_switch_get_active (self->lend_switch) &&
      round (gtk_adjustment_get_value (self->space_adjustment) * SHOWN_PARTS) != shown)
    take_choice (self);
}

static void
bytestag_space_group_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_LEND:
      g_value_set_int64 (value, BYTESTAG_SPACE_GROUP (object)->lend);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_space_group_set_property (GObject      *object,
                                   guint         prop_id,
                                   const GValue *value,
                                   GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_LEND:
      show_lend (BYTESTAG_SPACE_GROUP (object), g_value_get_int64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_space_group_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), BYTESTAG_TYPE_SPACE_GROUP);

  G_OBJECT_CLASS (bytestag_space_group_parent_class)->dispose (object);
}

static void
bytestag_space_group_class_init (BytestagSpaceGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_space_group_dispose;
  object_class->get_property = bytestag_space_group_get_property;
  object_class->set_property = bytestag_space_group_set_property;

  properties[PROP_LEND] =
    g_param_spec_int64 ("lend", NULL, NULL, -1, G_MAXINT64, -1,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/space-group.ui");
  gtk_widget_class_bind_template_callback (widget_class, lend_switched_cb);
  gtk_widget_class_bind_template_callback (widget_class, space_changed_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagSpaceGroup, lend_switch);
  gtk_widget_class_bind_template_child (widget_class, BytestagSpaceGroup, space_adjustment);
}

static void
bytestag_space_group_init (BytestagSpaceGroup *self)
{
  self->lend = -1;

  gtk_widget_init_template (GTK_WIDGET (self));
}

void
bytestag_space_group_set_proposal (BytestagSpaceGroup *self,
                                   gint64              bytes)
{
  g_return_if_fail (BYTESTAG_IS_SPACE_GROUP (self));

  if (self->lend > 0)
    return;

  self->showing = TRUE;
  gtk_adjustment_set_value (self->space_adjustment, (gdouble) bytes / GIGABYTE);
  self->showing = FALSE;
}
