/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window as the face of a client that runs. */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#include "app/bytestag-resources.h"
#include "app/counter-row.h"
#include "app/download-row.h"
#include "app/drop-area.h"
#include "app/network-page.h"
#include "app/share-row.h"
#include "app/window.h"
#include "client/client.h"

#define NASTY "a&b<i>\xe2\x80\xaegpj.exe"
#define NASTY_SHOWN "a&b<i>\xe2\x96\xa1gpj.exe"

typedef struct
{
  char *folder;
  BytestagClient *client;
  GtkWidget *window;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autoptr (BytestagInstance) instance = NULL;
  g_autofree char *data_folder = NULL;
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("bytestag-window-XXXXXX", &error);
  g_assert_no_error (error);
  data_folder = g_build_filename (fixture->folder, "data", NULL);
  instance = bytestag_instance_open (data_folder, &error);
  g_assert_no_error (error);
  fixture->client = bytestag_client_new (instance, FALSE, &error);
  g_assert_no_error (error);
  bytestag_client_set_host (fixture->client, "127.0.0.1");
  bytestag_client_start (fixture->client, 0, NULL, &error);
  g_assert_no_error (error);
  g_settings_set_string (bytestag_client_get_settings (fixture->client), "download-folder", fixture->folder);

  fixture->window = bytestag_window_new (NULL);
  bytestag_window_set_client (BYTESTAG_WINDOW (fixture->window), fixture->client);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
remove_recursively (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_recursively (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  g_object_add_weak_pointer (G_OBJECT (fixture->window), (gpointer *) &fixture->window);
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  bytestag_client_stop (fixture->client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (fixture->window);
  g_assert_finalize_object (fixture->client);
  remove_recursively (fixture->folder);
  g_free (fixture->folder);
}

static GtkWidget *
find_type (GtkWidget *widget,
           GType      type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_type (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static gboolean
has_label (GtkWidget  *widget,
           const char *label)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_get_visible (widget)
      && strstr (gtk_label_get_text (GTK_LABEL (widget)), label) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    if (has_label (child, label))
      return TRUE;
  return FALSE;
}

/* The test's time limit ends a wait in vain. */
static void
wait_for_label (GtkWidget  *widget,
                const char *label)
{
  while (!has_label (widget, label))
    g_main_context_iteration (NULL, TRUE);
}

static GtkWidget *
wait_for_type (GtkWidget *widget,
               GType      type)
{
  GtkWidget *found;

  while ((found = find_type (widget, type)) == NULL)
    g_main_context_iteration (NULL, TRUE);
  return found;
}

static void
drop_file (Fixture    *fixture,
           const char *name,
           const char *contents)
{
  GtkWidget *area = find_type (fixture->window, BYTESTAG_TYPE_DROP_AREA);
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_auto (GValue) value = G_VALUE_INIT;

  g_assert_true (g_file_set_contents (path, contents, -1, NULL));
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (&file, 1));
  bytestag_drop_area_take (BYTESTAG_DROP_AREA (area), &value);
}

static void
test_share (Fixture       *fixture,
            gconstpointer  data)
{
  BytestagLibrary *library = bytestag_client_get_library (fixture->client);
  GtkWidget *row;

  drop_file (fixture, "photo.jpg", "not a photo");
  row = wait_for_type (fixture->window, BYTESTAG_TYPE_SHARE_ROW);
  wait_for_label (row, "photo.jpg");
  wait_for_label (row, "1 file, 11 bytes");
  wait_for_label (row, "Only on this computer");

  gtk_widget_activate_action (row, "share.copy-link", NULL);
  wait_for_label (fixture->window, "Link to “photo.jpg” copied");

  /* Nobody got a copy, so there is nothing to warn of. */
  gtk_widget_activate_action (row, "share.stop", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
  wait_for_label (fixture->window, "Share Files and Folders");
  g_assert_false (has_label (fixture->window, "Stopped"));
}

/* Such a name shows its boxes wherever it stands; Adwaita's toasts read markup. */
static void
test_nasty_name (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWidget *row;

  drop_file (fixture, NASTY, "x");
  row = wait_for_type (fixture->window, BYTESTAG_TYPE_SHARE_ROW);
  wait_for_label (row, NASTY_SHOWN);
  wait_for_label (row, "Only on this computer");
  gtk_widget_activate_action (row, "share.copy-link", NULL);
  wait_for_label (fixture->window, "Link to “" NASTY_SHOWN "” copied");
}

static void
test_share_error (Fixture       *fixture,
                  gconstpointer  data)
{
  GtkWidget *area = find_type (fixture->window, BYTESTAG_TYPE_DROP_AREA);
  GListModel *library = G_LIST_MODEL (bytestag_client_get_library (fixture->client));
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere/at all");
  g_auto (GValue) value = G_VALUE_INIT;
  GtkWidget *row;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (&file, 1));
  bytestag_drop_area_take (BYTESTAG_DROP_AREA (area), &value);
  row = wait_for_type (fixture->window, BYTESTAG_TYPE_SHARE_ROW);
  wait_for_label (row, "Cannot be shared:");

  /* What was never shared cannot be stopped, only taken off the list. */
  gtk_widget_activate_action (row, "share.stop", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (library), ==, 1);
  gtk_widget_activate_action (row, "share.remove", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (library), ==, 0);
  g_assert_false (has_label (fixture->window, "Stopped"));
}

/* What gets no row is answered all the same. */
static void
test_share_refused (Fixture       *fixture,
                    gconstpointer  data)
{
  GtkWidget *area = find_type (fixture->window, BYTESTAG_TYPE_DROP_AREA);
  BytestagInstance *instance = bytestag_client_get_instance (fixture->client);
  g_autoptr (GFile) file = g_file_new_for_path (bytestag_instance_get_folder (instance));
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (&file, 1));
  bytestag_drop_area_take (BYTESTAG_DROP_AREA (area), &value);
  wait_for_label (fixture->window, "is not shared: Bytestag keeps its own data there");
}

/* The same again is no second row, and is said. */
static void
test_share_again (Fixture       *fixture,
                  gconstpointer  data)
{
  GListModel *library = G_LIST_MODEL (bytestag_client_get_library (fixture->client));
  GtkWidget *row;

  drop_file (fixture, NASTY, "x");
  row = wait_for_type (fixture->window, BYTESTAG_TYPE_SHARE_ROW);
  wait_for_label (row, "Only on this computer");
  g_assert_false (has_label (fixture->window, "is shared already"));
  drop_file (fixture, NASTY, "x");
  wait_for_label (fixture->window, "“" NASTY_SHOWN "” is shared already");
  g_assert_cmpuint (g_list_model_get_n_items (library), ==, 1);
}

static GtkWidget *
find_dialog (Fixture *fixture)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (gtk_window_get_transient_for (window) == GTK_WINDOW (fixture->window)
          && g_strcmp0 (gtk_window_get_title (window), "Open Link") == 0)
        return GTK_WIDGET (window);
    }
  return NULL;
}

static void
test_download (Fixture       *fixture,
               gconstpointer  data)
{
  BytestagDownloads *downloads = bytestag_client_get_downloads (fixture->client);
  GtkWidget *dialog, *row;

  /* Shown, and nothing asked for. */
  bytestag_window_open_link (BYTESTAG_WINDOW (fixture->window),
                             "bytestag:?xt=urn:bstagih:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT&dn=first");
  bytestag_window_open_link (BYTESTAG_WINDOW (fixture->window),
                             "bytestag:?xt=urn:bstagih:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQU&dn=second");
  dialog = find_dialog (fixture);
  g_assert_nonnull (dialog);
  wait_for_label (dialog, "first");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (downloads)), ==, 0);

  gtk_widget_activate_action (dialog, "dialog.download", NULL);
  row = wait_for_type (fixture->window, BYTESTAG_TYPE_DOWNLOAD_ROW);
  wait_for_label (row, "first");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (downloads)), ==, 1);

  gtk_widget_activate_action (row, "download.copy-link", NULL);
  wait_for_label (fixture->window, "Link to “first” copied");

  /* The second link waited its turn. */
  while (find_dialog (fixture) == NULL || find_dialog (fixture) == dialog)
    g_main_context_iteration (NULL, TRUE);
  dialog = find_dialog (fixture);
  wait_for_label (dialog, "second");
  gtk_window_close (GTK_WINDOW (dialog));
  while (find_dialog (fixture) != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (downloads)), ==, 1);

  /* Ends by itself, since nobody is there, or by the person. */
  gtk_widget_activate_action (row, "download.cancel", NULL);
  while (!has_label (row, "Cancelled") && !has_label (row, "Failed"))
    g_main_context_iteration (NULL, TRUE);
  gtk_widget_activate_action (row, "download.remove", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (downloads)), ==, 0);
  wait_for_label (fixture->window, "Open a Link");
}

static void
test_network (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *hex = bytestag_key_to_hex (bytestag_network_get_key (bytestag_client_get_network (fixture->client)));

  wait_for_label (fixture->window, "Not connected: no peers");
  wait_for_label (fixture->window, hex);
  wait_for_label (fixture->window, bytestag_client_get_address (fixture->client));
}

/* Noise from a stranger on this computer. */
static void
send_noise (Fixture *fixture)
{
  BytestagEndpoint from;

  g_assert_true (bytestag_endpoint_set_host (&from, "127.0.0.1", -1, 5000));
  bytestag_network_receive (bytestag_client_get_network (fixture->client), &from, (const guint8 *) "noise", 5);
}

static gboolean
is_refreshing (Fixture *fixture)
{
  BytestagStatistics *statistics = bytestag_client_get_statistics (fixture->client);

  return g_main_context_find_source_by_user_data (NULL, statistics) != NULL;
}

/* What is counted is on the page, and costs nothing while nobody looks. */
static void
test_traffic (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *page = find_type (fixture->window, BYTESTAG_TYPE_NETWORK_PAGE);
  GtkStack *views = GTK_STACK (find_type (page, GTK_TYPE_STACK));
  GtkWidget *pages = find_type (fixture->window, ADW_TYPE_VIEW_STACK);
  GtkWidget *own = gtk_stack_get_child_by_name (views, "self");
  GtkWidget *row;

  send_noise (fixture);
  g_assert_false (is_refreshing (fixture));
  adw_view_stack_set_visible_child_name (ADW_VIEW_STACK (pages), "network");
  gtk_stack_set_visible_child_name (views, "self");
  while (!is_refreshing (fixture))
    g_main_context_iteration (NULL, TRUE);
  wait_for_label (own, "not compressed as the network does");
  g_assert_true (has_label (own, "Datagrams received"));
  g_assert_false (has_label (own, "no message in it"));

  for (guint i = 1; i < 1234; i++)
    send_noise (fixture);
  wait_for_label (own, "1234");
  row = find_type (own, BYTESTAG_TYPE_COUNTER_ROW);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_ROLE_LIST_ITEM);

  gtk_stack_set_visible_child_name (views, "peers");
  while (is_refreshing (fixture))
    g_main_context_iteration (NULL, TRUE);
  gtk_stack_set_visible_child_name (views, "self");
  while (!is_refreshing (fixture))
    g_main_context_iteration (NULL, TRUE);
  gtk_widget_hide (fixture->window);
  while (is_refreshing (fixture))
    g_main_context_iteration (NULL, TRUE);

  /* Destroyed while it is shown. */
  gtk_window_present (GTK_WINDOW (fixture->window));
  while (!is_refreshing (fixture))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_size (Fixture       *fixture,
           gconstpointer  data)
{
  GSettings *settings = bytestag_client_get_settings (fixture->client);

  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 744, 555);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  gtk_window_close (GTK_WINDOW (fixture->window));
  g_assert_cmpint (g_settings_get_int (settings, "window-width"), ==, 744);
  g_assert_cmpint (g_settings_get_int (settings, "window-height"), ==, 555);

  /* What closed is destroyed later; a new one takes its size. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  fixture->window = bytestag_window_new (NULL);
  bytestag_window_set_client (BYTESTAG_WINDOW (fixture->window), fixture->client);
  {
    int width, height;

    gtk_window_get_default_size (GTK_WINDOW (fixture->window), &width, &height);
    g_assert_cmpint (width, ==, 744);
    g_assert_cmpint (height, ==, 555);
  }
}

/* What a person does while nothing runs is answered in words. */
static void
test_not_running (Fixture       *fixture,
                  gconstpointer  data)
{
  g_autofree char *data_folder = g_build_filename (fixture->folder, "other", NULL);
  g_autoptr (BytestagInstance) instance = bytestag_instance_open (data_folder, NULL);
  g_autoptr (BytestagClient) client = bytestag_client_new (instance, FALSE, NULL);

  bytestag_window_set_client (BYTESTAG_WINDOW (fixture->window), client);
  bytestag_window_set_trouble (BYTESTAG_WINDOW (fixture->window), "The port is in use");
  drop_file (fixture, "photo.jpg", "x");
  wait_for_label (fixture->window, "Nothing can be shared before Bytestag runs");
  bytestag_window_open_link (BYTESTAG_WINDOW (fixture->window),
                             "bytestag:?xt=urn:bstagih:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT&dn=first");
  g_assert_null (find_dialog (fixture));

  /* The link waited. */
  bytestag_window_set_client (BYTESTAG_WINDOW (fixture->window), fixture->client);
  wait_for_label (find_dialog (fixture), "first");
  bytestag_client_stop (client);
}

int
main (int    argc,
      char **argv)
{
  const struct {
    const char *path;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "/window/share", test_share },
    { "/window/nasty-name", test_nasty_name },
    { "/window/share-error", test_share_error },
    { "/window/share-again", test_share_again },
    { "/window/share-refused", test_share_refused },
    { "/window/download", test_download },
    { "/window/network", test_network },
    { "/window/traffic", test_traffic },
    { "/window/not-running", test_not_running },
    { "/window/size", test_size },
  };

  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  bytestag_register_resource ();

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);

  return g_test_run ();
}
