/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/open-link-dialog.h"

#include <glib/gi18n.h>

#include "app/folder-chooser.h"
#include "wire/safe-name.h"

struct _BytestagOpenLinkDialog
{
  AdwWindow parent_instance;

  BytestagLink *link;
  char *folder;

  AdwEntryRow *link_row;
  GtkLabel *error_label;
  GtkWidget *preview;
  AdwActionRow *name_row;
  AdwActionRow *folder_row;
  GtkWidget *download_button;
};

G_DEFINE_FINAL_TYPE (BytestagOpenLinkDialog, bytestag_open_link_dialog, ADW_TYPE_WINDOW)

enum {
  DOWNLOAD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
show_link (BytestagOpenLinkDialog *self)
{
  const char *said_name = bytestag_link_get_name (self->link);
  guint64 size = bytestag_link_get_size (self->link);
  g_autofree char *name = bytestag_name_for_display (said_name != NULL ? said_name : _("Collection without a name"));
  g_autofree char *bytes = size != 0 ? g_format_size (size) : g_strdup (_("The link does not say how large it is"));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->name_row), name);
  adw_action_row_set_subtitle (self->name_row, bytes);
}

static void
link_changed_cb (BytestagOpenLinkDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->link_row));
  g_autoptr (GError) error = NULL;
  gboolean is_empty = *text == '\0';

  g_clear_object (&self->link);
  if (!is_empty)
    self->link = bytestag_link_parse (text, &error);
  if (self->link != NULL)
    show_link (self);

  gtk_label_set_label (self->error_label, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), error != NULL);
  gtk_widget_set_visible (self->preview, self->link != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "dialog.download", self->link != NULL);
}

static void
set_folder (BytestagOpenLinkDialog *self,
            const char             *folder)
{
  g_autofree char *display = g_filename_display_name (folder);

  if (folder != self->folder)
    {
      g_free (self->folder);
      self->folder = g_strdup (folder);
    }
  adw_action_row_set_subtitle (self->folder_row, display);
}

static void
download_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  BytestagOpenLinkDialog *self = BYTESTAG_OPEN_LINK_DIALOG (widget);

  if (self->link == NULL)
    return;

  g_signal_emit (self, signals[DOWNLOAD], 0, self->link, self->folder);
  gtk_window_close (GTK_WINDOW (self));
}

static void
folder_chosen_cb (const char *folder,
                  gpointer    user_data)
{
  set_folder (user_data, folder);
}

static void
choose_folder_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  BytestagOpenLinkDialog *self = BYTESTAG_OPEN_LINK_DIALOG (widget);

  bytestag_folder_chooser_show (GTK_WINDOW (self), _("Download To"), self->folder, folder_chosen_cb, self);
}

static void
bytestag_open_link_dialog_dispose (GObject *object)
{
  BytestagOpenLinkDialog *self = BYTESTAG_OPEN_LINK_DIALOG (object);

  g_clear_object (&self->link);
  gtk_widget_dispose_template (GTK_WIDGET (self), BYTESTAG_TYPE_OPEN_LINK_DIALOG);

  G_OBJECT_CLASS (bytestag_open_link_dialog_parent_class)->dispose (object);
}

static void
bytestag_open_link_dialog_finalize (GObject *object)
{
  BytestagOpenLinkDialog *self = BYTESTAG_OPEN_LINK_DIALOG (object);

  g_free (self->folder);

  G_OBJECT_CLASS (bytestag_open_link_dialog_parent_class)->finalize (object);
}

static void
bytestag_open_link_dialog_class_init (BytestagOpenLinkDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = bytestag_open_link_dialog_dispose;
  object_class->finalize = bytestag_open_link_dialog_finalize;

  signals[DOWNLOAD] =
    g_signal_new ("download", BYTESTAG_TYPE_OPEN_LINK_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, BYTESTAG_TYPE_LINK, G_TYPE_STRING);

  gtk_widget_class_install_action (widget_class, "dialog.download", NULL, download_action);
  gtk_widget_class_install_action (widget_class, "dialog.choose-folder", NULL, choose_folder_action);

  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/bytestag/Bytestag/open-link-dialog.ui");
  gtk_widget_class_bind_template_callback (widget_class, link_changed_cb);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, link_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, error_label);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, preview);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, BytestagOpenLinkDialog, download_button);
}

static void
bytestag_open_link_dialog_init (BytestagOpenLinkDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  link_changed_cb (self);
}

GtkWidget *
bytestag_open_link_dialog_new (GtkWindow  *parent,
                               const char *folder)
{
  BytestagOpenLinkDialog *self;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (folder != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_OPEN_LINK_DIALOG, "transient-for", parent, NULL);
  set_folder (self, folder);
  return GTK_WIDGET (self);
}

void
bytestag_open_link_dialog_set_text (BytestagOpenLinkDialog *self,
                                    const char             *text)
{
  g_autofree char *line = NULL;

  g_return_if_fail (BYTESTAG_IS_OPEN_LINK_DIALOG (self));
  g_return_if_fail (text != NULL);

  line = g_utf8_make_valid (text, -1);
  gtk_editable_set_text (GTK_EDITABLE (self->link_row), g_strstrip (line));
  if (self->link != NULL)
    gtk_window_set_focus (GTK_WINDOW (self), self->download_button);
}
