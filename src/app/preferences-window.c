/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/preferences-window.h"

#include <glib/gi18n.h>

#include "app/folder-chooser.h"
#include "app/known-node-row.h"
#include "app/space-group.h"
#include "client/settings.h"

/* What the upload limit is counted in. */
#define KILOBYTE 1000

struct _BytestagPreferencesWindow
{
  AdwPreferencesWindow parent_instance;

  char *download_folder;
  GtkStringList *known_nodes;

  AdwActionRow *folder_row;
  GtkWidget *port_button;
  GtkWidget *copies_button;
  BytestagSpaceGroup *space_group;
  GtkWidget *upload_button;
  GtkWidget *metered_switch;
  GtkWidget *browsable_switch;
  GtkListBox *known_nodes_list;
  AdwEntryRow *address_row;
  GtkLabel *address_error;
};

G_DEFINE_FINAL_TYPE (BytestagPreferencesWindow, bytestag_preferences_window, ADW_TYPE_PREFERENCES_WINDOW)

enum {
  PROP_0,
  PROP_DOWNLOAD_FOLDER,
  PROP_KNOWN_NODES,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char **
dup_known_nodes (BytestagPreferencesWindow *self)
{
  GListModel *model = G_LIST_MODEL (self->known_nodes);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    g_strv_builder_add (builder, gtk_string_list_get_string (self->known_nodes, i));
  return g_strv_builder_end (builder);
}

static void
known_nodes_changed (BytestagPreferencesWindow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->known_nodes_list),
                          g_list_model_get_n_items (G_LIST_MODEL (self->known_nodes)) > 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KNOWN_NODES]);
}

static void
set_known_nodes (BytestagPreferencesWindow *self,
                 const char * const        *addresses)
{
  const char * const none[] = { NULL };
  g_auto (GStrv) now = dup_known_nodes (self);

  if (addresses == NULL)
    addresses = none;
  if (g_strv_equal ((const char * const *) now, addresses))
    return;

  gtk_string_list_splice (self->known_nodes, 0, g_list_model_get_n_items (G_LIST_MODEL (self->known_nodes)), addresses);
  known_nodes_changed (self);
}

static void
set_download_folder (BytestagPreferencesWindow *self,
                     const char                *setting)
{
  g_autofree char *folder = bytestag_settings_resolve_download_folder (setting);
  g_autofree char *display = g_filename_display_name (folder);

  adw_action_row_set_subtitle (self->folder_row, display);
  if (g_strcmp0 (self->download_folder, setting) == 0)
    return;

  g_free (self->download_folder);
  self->download_folder = g_strdup (setting);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOWNLOAD_FOLDER]);
}

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  return bytestag_known_node_row_new (gtk_string_object_get_string (item));
}

static void
address_changed_cb (BytestagPreferencesWindow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->address_error), FALSE);
  gtk_widget_remove_css_class (GTK_WIDGET (self->address_row), "error");
}

static void
add_address_cb (BytestagPreferencesWindow *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->address_row))));
  g_autoptr (GSocketConnectable) address = g_network_address_parse (text, 0, NULL);

  if (address == NULL || g_network_address_get_port (G_NETWORK_ADDRESS (address)) == 0)
    {
      gtk_label_set_label (self->address_error, _("An address is a name or number, a colon and a port: 192.0.2.1:4820"));
      gtk_widget_set_visible (GTK_WIDGET (self->address_error), TRUE);
      gtk_widget_add_css_class (GTK_WIDGET (self->address_row), "error");
      return;
    }

  gtk_string_list_append (self->known_nodes, text);
  gtk_editable_set_text (GTK_EDITABLE (self->address_row), "");
  known_nodes_changed (self);
}

static void
remove_node_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (widget);
  const char *address = g_variant_get_string (parameter, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->known_nodes)); i++)
    if (g_str_equal (gtk_string_list_get_string (self->known_nodes, i), address))
      {
        gtk_string_list_remove (self->known_nodes, i);
        known_nodes_changed (self);
        return;
      }
}

static void
folder_chosen_cb (const char *folder,
                  gpointer    user_data)
{
  set_download_folder (user_data, folder);
}

static void
choose_folder_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (widget);
  g_autofree char *folder = bytestag_settings_resolve_download_folder (self->download_folder);

  bytestag_folder_chooser_show (GTK_WINDOW (self), _("Download Folder"), folder, folder_chosen_cb, self);
}

static void
bytestag_preferences_window_dispose (GObject *object)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_PREFERENCES_WINDOW);

  G_OBJECT_CLASS (bytestag_preferences_window_parent_class)->dispose (object);
}

static void
bytestag_preferences_window_finalize (GObject *object)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (object);

  g_clear_object (&self->known_nodes);
  g_free (self->download_folder);

  G_OBJECT_CLASS (bytestag_preferences_window_parent_class)->finalize (object);
}

static void
bytestag_preferences_window_get_property (GObject    *object,
                                          guint       prop_id,
                                          GValue     *value,
                                          GParamSpec *pspec)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (object);

  switch (prop_id)
    {
    case PROP_DOWNLOAD_FOLDER:
      g_value_set_string (value, self->download_folder);
      break;
    case PROP_KNOWN_NODES:
      g_value_take_boxed (value, dup_known_nodes (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_preferences_window_set_property (GObject      *object,
                                          guint         prop_id,
                                          const GValue *value,
                                          GParamSpec   *pspec)
{
  BytestagPreferencesWindow *self = BYTESTAG_PREFERENCES_WINDOW (object);

  switch (prop_id)
    {
    case PROP_DOWNLOAD_FOLDER:
      set_download_folder (self, g_value_get_string (value));
      break;
    case PROP_KNOWN_NODES:
      set_known_nodes (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_preferences_window_class_init (BytestagPreferencesWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_preferences_window_dispose;
  object_class->finalize = bytestag_preferences_window_finalize;
  object_class->get_property = bytestag_preferences_window_get_property;
  object_class->set_property = bytestag_preferences_window_set_property;

  properties[PROP_DOWNLOAD_FOLDER] =
    g_param_spec_string ("download-folder", NULL, NULL, NULL,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_KNOWN_NODES] =
    g_param_spec_boxed ("known-nodes", NULL, NULL, G_TYPE_STRV,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_install_action (widget_class, "preferences.choose-folder", NULL, choose_folder_action);
  gtk_widget_class_install_action (widget_class, "preferences.remove-node", "s", remove_node_action);

  g_type_ensure (BYTESTAG_TYPE_SPACE_GROUP);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/preferences-window.ui");
  gtk_widget_class_bind_template_callback (widget_class, add_address_cb);
  gtk_widget_class_bind_template_callback (widget_class, address_changed_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, folder_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, port_button);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, copies_button);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, space_group);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, upload_button);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, metered_switch);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, browsable_switch);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, known_nodes_list);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, address_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagPreferencesWindow, address_error);
}

static void
bytestag_preferences_window_init (BytestagPreferencesWindow *self)
{
  self->known_nodes = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));

  gtk_list_box_bind_model (self->known_nodes_list, G_LIST_MODEL (self->known_nodes), create_row, NULL, NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->known_nodes_list), FALSE);
}

static gboolean
get_kilobytes (GValue   *value,
               GVariant *setting,
               gpointer  user_data)
{
  g_value_set_double (value, (gdouble) (g_variant_get_uint64 (setting) / KILOBYTE));
  return TRUE;
}

static GVariant *
set_kilobytes (const GValue       *value,
               const GVariantType *type,
               gpointer            user_data)
{
  return g_variant_new_uint64 ((guint64) g_value_get_double (value) * KILOBYTE);
}

GtkWidget *
bytestag_preferences_window_new (GtkWindow *parent,
                                 GSettings *settings,
                                 gint64     proposal)
{
  BytestagPreferencesWindow *self;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  self = g_object_new (BYTESTAG_TYPE_PREFERENCES_WINDOW, "transient-for", parent, NULL);
  g_settings_bind (settings, "download-folder", self, "download-folder", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "known-nodes", self, "known-nodes", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "port", self->port_button, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "copies", self->copies_button, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "lend", self->space_group, "lend", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "publish-on-metered", self->metered_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "browsable", self->browsable_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind_with_mapping (settings, "upload-limit", self->upload_button, "value", G_SETTINGS_BIND_DEFAULT,
                                get_kilobytes, set_kilobytes, NULL, NULL);
  bytestag_space_group_set_proposal (self->space_group, proposal);
  return GTK_WIDGET (self);
}
