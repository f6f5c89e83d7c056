/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/peer-row.h"

#include <glib/gi18n.h>

#include "app/node-mark.h"
#include "app/words.h"
#include "wire/safe-name.h"

struct _BytestagPeerRow
{
  AdwBin parent_instance;

  BytestagNode *node;
};

G_DEFINE_FINAL_TYPE (BytestagPeerRow, bytestag_peer_row, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_NODE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
address_words (BytestagPeerRow *self,
               const char      *address)
{
  return bytestag_name_for_display (address != NULL ? address : "");
}

static char *
key_words (BytestagPeerRow *self,
           BytestagNode    *node)
{
  return node != NULL ? bytestag_key_to_hex (bytestag_node_get_key (node)) : g_strdup ("");
}

static char *
round_trip_words (BytestagPeerRow *self,
                  gint64           rtt)
{
  return bytestag_words_round_trip (rtt);
}

static char *
seen_words (BytestagPeerRow *self,
            gint64           last_seen)
{
  g_autofree char *when = bytestag_words_time (last_seen);

  return g_strdup_printf (_("seen %s"), when);
}

static void
update_label (BytestagPeerRow *self)
{
  g_autofree char *label = NULL;

  if (self->node != NULL)
    label = bytestag_endpoint_to_string (bytestag_node_get_endpoint (self->node));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label != NULL ? label : "", -1);
}

static void
bytestag_peer_row_dispose (GObject *object)
{
  BytestagPeerRow *self = BYTESTAG_PEER_ROW (object);

  g_clear_object (&self->node);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_PEER_ROW);

  G_OBJECT_CLASS (bytestag_peer_row_parent_class)->dispose (object);
}

static void
bytestag_peer_row_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  BytestagPeerRow *self = BYTESTAG_PEER_ROW (object);

  switch (prop_id)
    {
    case PROP_NODE:
      g_value_set_object (value, self->node);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_peer_row_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  BytestagPeerRow *self = BYTESTAG_PEER_ROW (object);

  switch (prop_id)
    {
    case PROP_NODE:
      if (g_set_object (&self->node, g_value_get_object (value)))
        {
          update_label (self);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_peer_row_class_init (BytestagPeerRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_peer_row_dispose;
  object_class->get_property = bytestag_peer_row_get_property;
  object_class->set_property = bytestag_peer_row_set_property;

  properties[PROP_NODE] =
    g_param_spec_object ("node", NULL, NULL, BYTESTAG_TYPE_NODE,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (BYTESTAG_TYPE_NODE_MARK);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/peer-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, address_words);
  gtk_widget_class_bind_template_callback (widget_class, key_words);
  gtk_widget_class_bind_template_callback (widget_class, round_trip_words);
  gtk_widget_class_bind_template_callback (widget_class, seen_words);
}

static void
bytestag_peer_row_init (BytestagPeerRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_peer_row_new (void)
{
  return g_object_new (BYTESTAG_TYPE_PEER_ROW, NULL);
}
