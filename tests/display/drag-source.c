/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window from which the files of the command line can be dragged, as from a file
 * manager: drag-source FILE… */
#include <gtk/gtk.h>

static GSList *files;

static GdkContentProvider *
prepare_cb (void)
{
  GdkFileList *list = gdk_file_list_new_from_list (files);
  GdkContentProvider *content = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);

  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  return content;
}

static void
end_cb (GtkDragSource *source,
        GdkDrag       *drag)
{
  g_print ("dropped: %s\n", gdk_drag_get_selected_action (drag) != 0 ? "taken" : "refused");
}

static void
activate_cb (GtkApplication *application)
{
  GtkWidget *window = gtk_application_window_new (application);
  GtkWidget *image = gtk_image_new_from_icon_name ("folder");
  GtkDragSource *source = gtk_drag_source_new ();

  gtk_image_set_pixel_size (GTK_IMAGE (image), 64);
  gtk_window_set_title (GTK_WINDOW (window), "Drag Source");
  gtk_window_set_default_size (GTK_WINDOW (window), 160, 120);
  gtk_window_set_child (GTK_WINDOW (window), image);
  g_signal_connect (source, "prepare", G_CALLBACK (prepare_cb), NULL);
  g_signal_connect (source, "drag-end", G_CALLBACK (end_cb), NULL);
  gtk_widget_add_controller (window, GTK_EVENT_CONTROLLER (source));
  gtk_window_present (GTK_WINDOW (window));
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GtkApplication) application = gtk_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  int status;

  setvbuf (stdout, NULL, _IOLBF, 0);
  for (int i = 1; i < argc; i++)
    files = g_slist_append (files, g_file_new_for_commandline_arg (argv[i]));
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), NULL);
  status = g_application_run (G_APPLICATION (application), 1, argv);
  g_slist_free_full (files, g_object_unref);
  return status;
}
