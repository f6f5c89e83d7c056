/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/network-page.h"

#include <glib/gi18n.h>

#include "app/bucket-row.h"
#include "app/counter-row.h"
#include "app/peer-row.h"
#include "app/words.h"
#include "core/error.h"
#include "wire/safe-name.h"

/* Buckets come and go in the list at most so often. */
#define FILTER_INTERVAL_MS 250

struct _BytestagNetworkPage
{
  AdwBin parent_instance;

  BytestagClient *client;
  GSignalGroup *client_signals;
  GCancellable *joining;
  guint filter_id;

  GtkCustomFilter *bucket_filter;
  GtkStack *views;
  AdwActionRow *id_row;
  AdwEntryRow *join_row;
  GtkLabel *join_status;
  GtkListBox *counters;
  GtkListBox *drops;

  BytestagStatistics *statistics; /* (nullable) of the client, shown or not */
  gboolean traffic_shown;
};

G_DEFINE_FINAL_TYPE (BytestagNetworkPage, bytestag_network_page, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_CLIENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
visible_child (BytestagNetworkPage *self,
               guint                n_items)
{
  return g_strdup (n_items > 0 ? "list" : "empty");
}

static char *
verdict_words (BytestagNetworkPage *self,
               guint                n_peers,
               gboolean             is_joining)
{
  if (n_peers == 0 && is_joining)
    return g_strdup (_("Joining the network…"));
  if (n_peers == 0)
    return g_strdup (_("Not connected: no peers"));
  return g_strdup_printf (ngettext ("Connected: %u peer", "Connected: %u peers", n_peers), n_peers);
}

static char *
clock_words (BytestagNetworkPage *self,
             gint64               difference)
{
  return bytestag_words_clock (difference);
}

static gboolean
is_clock_wrong (BytestagNetworkPage *self,
                gint64               difference)
{
  return difference != 0;
}

static gboolean
bucket_has_nodes (gpointer item,
                  gpointer user_data)
{
  return bytestag_bucket_get_n_nodes (item) > 0;
}

static gboolean
filter_cb (gpointer user_data)
{
  BytestagNetworkPage *self = user_data;

  self->filter_id = 0;
  gtk_filter_changed (GTK_FILTER (self->bucket_filter), GTK_FILTER_CHANGE_DIFFERENT);
  return G_SOURCE_REMOVE;
}

static void
peers_changed_cb (BytestagNetworkPage *self)
{
  if (self->filter_id == 0)
    self->filter_id = g_timeout_add (FILTER_INTERVAL_MS, filter_cb, self);
}

static GtkWidget *
make_counter_row (gpointer item,
                  gpointer user_data)
{
  GtkWidget *row = bytestag_counter_row_new ();

  g_object_set (row, "counter", item, NULL);
  return row;
}

static void
set_statistics (BytestagNetworkPage *self,
                BytestagStatistics  *statistics)
{
  if (statistics == self->statistics)
    return;

  if (self->statistics != NULL && self->traffic_shown)
    bytestag_statistics_unwatch (self->statistics);
  g_set_object (&self->statistics, statistics);
  if (self->statistics != NULL && self->traffic_shown)
    bytestag_statistics_watch (self->statistics);

  gtk_list_box_bind_model (self->counters,
                           statistics != NULL ? bytestag_statistics_get_counters (statistics) : NULL,
                           make_counter_row, NULL, NULL);
  gtk_list_box_bind_model (self->drops,
                           statistics != NULL ? bytestag_statistics_get_drops (statistics) : NULL,
                           make_counter_row, NULL, NULL);
}

static void
traffic_shown_cb (BytestagNetworkPage *self)
{
  self->traffic_shown = TRUE;
  if (self->statistics != NULL)
    bytestag_statistics_watch (self->statistics);
}

static void
traffic_hidden_cb (BytestagNetworkPage *self)
{
  self->traffic_shown = FALSE;
  if (self->statistics != NULL)
    bytestag_statistics_unwatch (self->statistics);
}

static void
statistics_changed_cb (BytestagNetworkPage *self)
{
  set_statistics (self, self->client != NULL ? bytestag_client_get_statistics (self->client) : NULL);
}

static void
network_changed_cb (BytestagNetworkPage *self)
{
  BytestagNetwork *network = self->client != NULL ? bytestag_client_get_network (self->client) : NULL;
  g_autofree char *hex = NULL;

  if (network != NULL)
    hex = bytestag_key_to_hex (bytestag_network_get_key (network));
  adw_action_row_set_subtitle (self->id_row, hex != NULL ? hex : "");
}

static void
set_client (BytestagNetworkPage *self,
            BytestagClient      *client)
{
  if (!g_set_object (&self->client, client))
    return;

  g_signal_group_set_target (self->client_signals, client);
  network_changed_cb (self);
  statistics_changed_cb (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLIENT]);
}

static void
say_join (BytestagNetworkPage *self,
          const char          *text,
          gboolean             is_error)
{
  gtk_label_set_label (self->join_status, text);
  gtk_widget_set_visible (GTK_WIDGET (self->join_status), TRUE);
  if (is_error)
    gtk_widget_add_css_class (GTK_WIDGET (self->join_status), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->join_status), "error");
}

static void
joined_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (BytestagNetworkPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (bytestag_client_join_finish (BYTESTAG_CLIENT (source), result, &error))
    {
      if (self->join_status != NULL)
        say_join (self, _("Joined"), FALSE);
    }
  else if (self->join_status != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
           && !g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED))
    {
      say_join (self, error->message, TRUE);
    }
}

static void
join_cb (BytestagNetworkPage *self)
{
  const char *address = gtk_editable_get_text (GTK_EDITABLE (self->join_row));
  g_autofree char *display = bytestag_name_for_display (address);
  g_autofree char *text = g_strdup_printf (_("Joining through %s…"), display);

  if (self->client == NULL || bytestag_client_get_network (self->client) == NULL)
    return;

  g_cancellable_cancel (self->joining);
  g_clear_object (&self->joining);
  self->joining = g_cancellable_new ();
  say_join (self, text, FALSE);
  bytestag_client_join_async (self->client, address, self->joining, joined_cb, g_object_ref (self));
}

static void
enter_address_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  BytestagNetworkPage *self = BYTESTAG_NETWORK_PAGE (widget);

  gtk_stack_set_visible_child_name (self->views, "self");
  gtk_widget_grab_focus (GTK_WIDGET (self->join_row));
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  BytestagNetworkPage *self = BYTESTAG_NETWORK_PAGE (widget);
  g_autofree char *text = NULL;

  if (g_str_equal (name, "network.copy-id"))
    text = g_strdup (adw_action_row_get_subtitle (self->id_row));
  else if (self->client != NULL)
    text = g_strdup (bytestag_client_get_address (self->client));
  if (text == NULL)
    return;

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  gtk_widget_activate_action (widget, "win.toast", "s", _("Copied"));
}

static void
bytestag_network_page_dispose (GObject *object)
{
  BytestagNetworkPage *self = BYTESTAG_NETWORK_PAGE (object);

  g_cancellable_cancel (self->joining);
  g_clear_object (&self->joining);
  g_clear_handle_id (&self->filter_id, g_source_remove);
  g_clear_object (&self->client_signals);
  g_clear_object (&self->client);
  if (self->statistics != NULL && self->traffic_shown)
    bytestag_statistics_unwatch (self->statistics);
  g_clear_object (&self->statistics);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_NETWORK_PAGE);

  G_OBJECT_CLASS (bytestag_network_page_parent_class)->dispose (object);
}

static void
bytestag_network_page_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  BytestagNetworkPage *self = BYTESTAG_NETWORK_PAGE (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_network_page_set_property (GObject      *object,
                                    guint         prop_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  BytestagNetworkPage *self = BYTESTAG_NETWORK_PAGE (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      set_client (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_network_page_class_init (BytestagNetworkPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_network_page_dispose;
  object_class->get_property = bytestag_network_page_get_property;
  object_class->set_property = bytestag_network_page_set_property;

  properties[PROP_CLIENT] =
    g_param_spec_object ("client", NULL, NULL, BYTESTAG_TYPE_CLIENT,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_install_action (widget_class, "network.enter-address", NULL, enter_address_action);
  gtk_widget_class_install_action (widget_class, "network.copy-id", NULL, copy_action);
  gtk_widget_class_install_action (widget_class, "network.copy-address", NULL, copy_action);

  g_type_ensure (BYTESTAG_TYPE_NETWORK);
  g_type_ensure (BYTESTAG_TYPE_BUCKET_ROW);
  g_type_ensure (BYTESTAG_TYPE_PEER_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/network-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, visible_child);
  gtk_widget_class_bind_template_callback (widget_class, verdict_words);
  gtk_widget_class_bind_template_callback (widget_class, clock_words);
  gtk_widget_class_bind_template_callback (widget_class, is_clock_wrong);
  gtk_widget_class_bind_template_callback (widget_class, join_cb);
  gtk_widget_class_bind_template_callback (widget_class, peers_changed_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, bucket_filter);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, views);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, id_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, join_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, join_status);
  gtk_widget_class_bind_template_callback (widget_class, traffic_shown_cb);
  gtk_widget_class_bind_template_callback (widget_class, traffic_hidden_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, counters);
  gtk_widget_class_bind_template_child (widget_class, BytestagNetworkPage, drops);
}

static void
bytestag_network_page_init (BytestagNetworkPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  gtk_custom_filter_set_filter_func (self->bucket_filter, bucket_has_nodes, NULL, NULL);
  self->client_signals = g_signal_group_new (BYTESTAG_TYPE_CLIENT);
  g_signal_group_connect_swapped (self->client_signals, "notify::network", G_CALLBACK (network_changed_cb), self);
  g_signal_group_connect_swapped (self->client_signals, "notify::statistics", G_CALLBACK (statistics_changed_cb), self);
}

GtkWidget *
bytestag_network_page_new (void)
{
  return g_object_new (BYTESTAG_TYPE_NETWORK_PAGE, NULL);
}
