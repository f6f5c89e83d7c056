/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/folder-chooser.h"

#include <glib/gi18n.h>

typedef struct
{
  BytestagFolderFunc func;
  gpointer user_data;
} Choice;

static void
response_cb (GtkNativeDialog *dialog,
             int              response,
             Choice          *choice)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

  if (response == GTK_RESPONSE_ACCEPT && file != NULL && g_file_peek_path (file) != NULL)
    choice->func (g_file_peek_path (file), choice->user_data);
  g_object_set_data (G_OBJECT (gtk_native_dialog_get_transient_for (dialog)), "bytestag-folder-chooser", NULL);
}

static void
choice_free (gpointer  data,
             GClosure *closure)
{
  g_free (data);
}

void
bytestag_folder_chooser_show (GtkWindow          *parent,
                              const char         *title,
                              const char         *folder,
                              BytestagFolderFunc  func,
                              gpointer            user_data)
{
  GtkFileChooserNative *dialog;
  Choice *choice = g_new (Choice, 1);

  *choice = (Choice) { func, user_data };
  dialog = gtk_file_chooser_native_new (title, parent, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Select"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (folder != NULL)
    {
      g_autoptr (GFile) start = g_file_new_for_path (folder);

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), start, NULL);
    }
  g_signal_connect_data (dialog, "response", G_CALLBACK (response_cb), choice, choice_free, 0);
  g_object_set_data_full (G_OBJECT (parent), "bytestag-folder-chooser", dialog, g_object_unref);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
