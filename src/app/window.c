/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/window.h"

#include <glib/gi18n.h>

#include "app/downloads-page.h"
#include "app/drop-area.h"
#include "app/network-page.h"
#include "app/open-link-dialog.h"
#include "app/shared-page.h"
#include "app/words.h"
#include "wire/safe-name.h"

struct _BytestagWindow
{
  AdwApplicationWindow parent_instance;

  BytestagClient *client;
  GSignalGroup *client_signals;
  GtkFileChooserNative *chooser;
  BytestagOpenLinkDialog *dialog; /* of the window, while it is open */
  GQueue links;                   /* texts that wait for the dialog */
  gboolean has_size;

  GtkInfoBar *notice_bar;
  GtkLabel *notice_label;
  AdwToastOverlay *toasts;
  GtkStack *states;
  AdwViewStack *pages;
  AdwStatusPage *trouble_page;
};

G_DEFINE_FINAL_TYPE (BytestagWindow, bytestag_window, ADW_TYPE_APPLICATION_WINDOW)

enum {
  PROP_0,
  PROP_CLIENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void show_next_link (BytestagWindow *self);

typedef struct
{
  BytestagWindow *window; /* NULL when it has gone */
  BytestagShare *share;   /* only to know whether there is one */
} Sharing;

static void
sharing_free (Sharing *sharing)
{
  g_clear_weak_pointer (&sharing->window);
  g_free (sharing);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sharing, sharing_free)

static void
show_notice (BytestagWindow *self,
             const char     *text)
{
  gtk_label_set_label (self->notice_label, text);
  gtk_info_bar_set_revealed (self->notice_bar, TRUE);
}

static void
notice_response_cb (BytestagWindow *self)
{
  gtk_info_bar_set_revealed (self->notice_bar, FALSE);
}

static void
notice_changed_cb (BytestagWindow *self)
{
  const char *notice = self->client != NULL ? bytestag_client_get_notice (self->client) : NULL;

  if (notice != NULL)
    show_notice (self, notice);
}

static void
toast_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  BytestagWindow *self = BYTESTAG_WINDOW (widget);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (g_variant_get_string (parameter, NULL)));
}

static gboolean
is_running (BytestagWindow *self)
{
  return self->client != NULL && bytestag_client_get_network (self->client) != NULL;
}

/* What went wrong with a share stands in its own row; one that was refused has none. */
static void
shared_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (Sharing) sharing = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagShare) share = bytestag_client_share_finish (BYTESTAG_CLIENT (source), result, &error);

  if (sharing->window == NULL)
    return;

  if (sharing->share == NULL)
    {
      show_notice (sharing->window, error->message);
    }
  else if (share != NULL && share != sharing->share)
    {
      /* The same bytes under the same name: the row that was there stays alone. */
      g_autofree char *name = bytestag_name_for_display (bytestag_share_get_name (share));
      g_autofree char *text = g_strdup_printf (_("“%s” is shared already: its link is the same"), name);

      show_notice (sharing->window, text);
    }
}

static void
share_files (BytestagWindow *self,
             GListModel     *files)
{
  Sharing *sharing;

  if (g_list_model_get_n_items (files) == 0)
    return;
  if (!is_running (self))
    {
      show_notice (self, _("Nothing can be shared before Bytestag runs"));
      return;
    }

  adw_view_stack_set_visible_child_name (self->pages, "shared");
  sharing = g_new0 (Sharing, 1);
  g_set_weak_pointer (&sharing->window, self);
  bytestag_client_share_async (self->client, files, NULL, NULL, &sharing->share, NULL, shared_cb, sharing);
}

static void
files_dropped_cb (BytestagWindow *self,
                  GListModel     *files)
{
  share_files (self, files);
}

static void
link_dropped_cb (BytestagWindow *self,
                 const char     *text)
{
  bytestag_window_open_link (self, text);
}

static void
drop_failed_cb (BytestagWindow *self,
                const char     *text)
{
  show_notice (self, text);
}

static void
files_chosen_cb (BytestagWindow *self,
                 int             response)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (self->chooser));

      share_files (self, files);
    }
  g_clear_object (&self->chooser);
}

static void
share_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  BytestagWindow *self = BYTESTAG_WINDOW (widget);
  gboolean is_folder = g_str_equal (name, "win.share-folder");

  if (self->chooser != NULL || !is_running (self))
    return;

  self->chooser = gtk_file_chooser_native_new (is_folder ? _("Share Folder") : _("Share Files"),
                                               GTK_WINDOW (self),
                                               is_folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER
                                                         : GTK_FILE_CHOOSER_ACTION_OPEN,
                                               _("_Share"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (files_chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
download_cb (BytestagWindow *self,
             BytestagLink   *link,
             const char     *folder)
{
  if (!is_running (self))
    return;

  adw_view_stack_set_visible_child_name (self->pages, "downloads");
  /* How it ends stands in the download's own row. */
  bytestag_client_get_async (self->client, link, folder, NULL, NULL, NULL, NULL);
}

static void
dialog_gone_cb (gpointer  user_data,
                GObject  *dialog)
{
  BytestagWindow *self = user_data;

  self->dialog = NULL;
  show_next_link (self);
}

static void
show_next_link (BytestagWindow *self)
{
  g_autofree char *text = NULL;
  g_autofree char *folder = NULL;

  if (self->dialog != NULL || !is_running (self) || g_queue_is_empty (&self->links))
    return;

  text = g_queue_pop_head (&self->links);
  folder = bytestag_client_dup_download_folder (self->client);
  self->dialog = BYTESTAG_OPEN_LINK_DIALOG (bytestag_open_link_dialog_new (GTK_WINDOW (self), folder));
  g_object_weak_ref (G_OBJECT (self->dialog), dialog_gone_cb, self);
  g_signal_connect_object (self->dialog, "download", G_CALLBACK (download_cb), self, G_CONNECT_SWAPPED);
  if (*text != '\0')
    bytestag_open_link_dialog_set_text (self->dialog, text);
  gtk_window_present (GTK_WINDOW (self->dialog));
}

static void
open_link_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  BytestagWindow *self = BYTESTAG_WINDOW (widget);

  if (self->dialog == NULL)
    bytestag_window_open_link (self, "");
}

static void
pasted_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (BytestagWindow) self = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);
  g_autoptr (BytestagLink) link = text != NULL ? bytestag_link_parse (text, NULL) : NULL;

  if (self->toasts == NULL)
    return;
  if (link != NULL)
    bytestag_window_open_link (self, text);
  else
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (_("There is no link in the clipboard")));
}

static void
paste_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (widget), NULL, pasted_cb, g_object_ref (widget));
}

static void
page_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  adw_view_stack_set_visible_child_name (BYTESTAG_WINDOW (widget)->pages, g_variant_get_string (parameter, NULL));
}

static void
restore_size (BytestagWindow *self,
              GSettings      *settings)
{
  gtk_window_set_default_size (GTK_WINDOW (self),
                               g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
}

/* Once, and not at each step of a resize: a key file is written for each change. */
static gboolean
bytestag_window_close_request (GtkWindow *window)
{
  BytestagWindow *self = BYTESTAG_WINDOW (window);

  if (self->client != NULL)
    {
      GSettings *settings = bytestag_client_get_settings (self->client);
      int width, height;

      gtk_window_get_default_size (window, &width, &height);
      g_settings_set_int (settings, "window-width", width);
      g_settings_set_int (settings, "window-height", height);
      g_settings_set_boolean (settings, "window-maximized", gtk_window_is_maximized (window));
    }
  return GTK_WINDOW_CLASS (bytestag_window_parent_class)->close_request (window);
}

static void
bytestag_window_dispose (GObject *object)
{
  BytestagWindow *self = BYTESTAG_WINDOW (object);

  if (self->dialog != NULL)
    g_object_weak_unref (G_OBJECT (self->dialog), dialog_gone_cb, self);
  self->dialog = NULL;
  g_queue_clear_full (&self->links, g_free);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  g_clear_object (&self->client_signals);
  g_clear_object (&self->client);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_WINDOW);

  G_OBJECT_CLASS (bytestag_window_parent_class)->dispose (object);
}

static void
bytestag_window_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  BytestagWindow *self = BYTESTAG_WINDOW (object);

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
bytestag_window_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  BytestagWindow *self = BYTESTAG_WINDOW (object);

  switch (prop_id)
    {
    case PROP_CLIENT:
      bytestag_window_set_client (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_window_class_init (BytestagWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_window_dispose;
  object_class->get_property = bytestag_window_get_property;
  object_class->set_property = bytestag_window_set_property;

  GTK_WINDOW_CLASS (klass)->close_request = bytestag_window_close_request;

  properties[PROP_CLIENT] =
    g_param_spec_object ("client", NULL, NULL, BYTESTAG_TYPE_CLIENT,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_install_action (widget_class, "win.share-files", NULL, share_action);
  gtk_widget_class_install_action (widget_class, "win.share-folder", NULL, share_action);
  gtk_widget_class_install_action (widget_class, "win.open-link", NULL, open_link_action);
  gtk_widget_class_install_action (widget_class, "win.paste-link", NULL, paste_action);
  gtk_widget_class_install_action (widget_class, "win.page", "s", page_action);
  gtk_widget_class_install_action (widget_class, "win.toast", "s", toast_action);
  /* Here and not among the application's keys, which come before an entry's own. */
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_v, GDK_CONTROL_MASK, "win.paste-link", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Insert, GDK_SHIFT_MASK, "win.paste-link", NULL);

  g_type_ensure (BYTESTAG_TYPE_DROP_AREA);
  g_type_ensure (BYTESTAG_TYPE_SHARED_PAGE);
  g_type_ensure (BYTESTAG_TYPE_DOWNLOADS_PAGE);
  g_type_ensure (BYTESTAG_TYPE_NETWORK_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/window.ui");
  gtk_widget_class_bind_template_callback (widget_class, notice_response_cb);
  gtk_widget_class_bind_template_callback (widget_class, files_dropped_cb);
  gtk_widget_class_bind_template_callback (widget_class, link_dropped_cb);
  gtk_widget_class_bind_template_callback (widget_class, drop_failed_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, notice_bar);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, notice_label);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, states);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, BytestagWindow, trouble_page);
}

static void
bytestag_window_init (BytestagWindow *self)
{
  g_queue_init (&self->links);

  gtk_widget_init_template (GTK_WIDGET (self));

  self->client_signals = g_signal_group_new (BYTESTAG_TYPE_CLIENT);
  g_signal_group_connect_swapped (self->client_signals, "notify::notice", G_CALLBACK (notice_changed_cb), self);
}

GtkWidget *
bytestag_window_new (GtkApplication *application)
{
  g_return_val_if_fail (application == NULL || GTK_IS_APPLICATION (application), NULL);

  return g_object_new (BYTESTAG_TYPE_WINDOW, "application", application, NULL);
}

void
bytestag_window_set_client (BytestagWindow *self,
                            BytestagClient *client)
{
  g_return_if_fail (BYTESTAG_IS_WINDOW (self));
  g_return_if_fail (client == NULL || BYTESTAG_IS_CLIENT (client));

  if (!g_set_object (&self->client, client))
    return;

  g_signal_group_set_target (self->client_signals, client);
  notice_changed_cb (self);
  if (client != NULL && !self->has_size)
    {
      restore_size (self, bytestag_client_get_settings (client));
      self->has_size = TRUE;
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLIENT]);
  show_next_link (self);
}

void
bytestag_window_set_trouble (BytestagWindow *self,
                             const char     *text)
{
  g_autofree char *markup = NULL;

  g_return_if_fail (BYTESTAG_IS_WINDOW (self));

  markup = text != NULL ? g_markup_escape_text (text, -1) : NULL;
  adw_status_page_set_description (self->trouble_page, markup);
  gtk_stack_set_visible_child_name (self->states, text != NULL ? "trouble" : "pages");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.share-files", text == NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.share-folder", text == NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.open-link", text == NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.paste-link", text == NULL);
}

void
bytestag_window_open_link (BytestagWindow *self,
                           const char     *text)
{
  g_return_if_fail (BYTESTAG_IS_WINDOW (self));
  g_return_if_fail (text != NULL);

  g_queue_push_tail (&self->links, g_strdup (text));
  show_next_link (self);
}
