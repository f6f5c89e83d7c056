/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/known-node-row.h"

struct _BytestagKnownNodeRow
{
  AdwActionRow parent_instance;
};

G_DEFINE_FINAL_TYPE (BytestagKnownNodeRow, bytestag_known_node_row, ADW_TYPE_ACTION_ROW)

static void
remove_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  gtk_widget_activate_action (widget, "preferences.remove-node", "s",
                              adw_preferences_row_get_title (ADW_PREFERENCES_ROW (widget)));
}

static void
bytestag_known_node_row_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), BYTESTAG_TYPE_KNOWN_NODE_ROW);

  G_OBJECT_CLASS (bytestag_known_node_row_parent_class)->dispose (object);
}

static void
bytestag_known_node_row_class_init (BytestagKnownNodeRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = bytestag_known_node_row_dispose;

  gtk_widget_class_install_action (widget_class, "known-node.remove", NULL, remove_action);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/known-node-row.ui");
}

static void
bytestag_known_node_row_init (BytestagKnownNodeRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
bytestag_known_node_row_new (const char *address)
{
  return g_object_new (BYTESTAG_TYPE_KNOWN_NODE_ROW, "title", address, NULL);
}
