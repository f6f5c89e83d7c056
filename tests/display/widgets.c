/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows, pages and dialogs, without an engine that runs. */
#include "config.h"

#include <adwaita.h>

#include "app/bucket-row.h"
#include "app/bucket-strip.h"
#include "app/bytestag-resources.h"
#include "app/counter-row.h"
#include "app/download-row.h"
#include "app/downloads-page.h"
#include "app/drop-area.h"
#include "app/known-node-row.h"
#include "app/network-page.h"
#include "app/node-mark.h"
#include "app/open-link-dialog.h"
#include "app/peer-row.h"
#include "app/piece-map.h"
#include "app/preferences-window.h"
#include "app/share-row.h"
#include "app/shared-page.h"
#include "app/shortcuts-window.h"
#include "app/space-group.h"
#include "app/window.h"
#include "core/error.h"
#include "sharing/share-private.h"
#include "support/test-node.h"

/* Narrowest window, less what lists and cards put around a row. */
#define ROW_WIDTH (360 - 2 * 12)
#define NASTY "a&b<i>\xe2\x80\xaegpj.exe"
#define PROPOSAL G_GINT64_CONSTANT (1500000000)
#define LINK "bytestag:?xt=urn:bstagih:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT&dn=a%26b%3Ci%3E%E2%80%AEgpj.exe&xl=41000000"

/* Every label in @widget that is mapped or not, joined by newlines. */
static void
collect_labels (GtkWidget *widget,
                GString   *text)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_get_visible (widget))
    g_string_append_printf (text, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    collect_labels (child, text);
}

static char *
labels_of (GtkWidget *widget)
{
  GString *text = g_string_new (NULL);

  collect_labels (widget, text);
  return g_string_free (text, FALSE);
}

static gboolean
has_label (GtkWidget  *widget,
           const char *label)
{
  g_autofree char *labels = labels_of (widget);
  g_auto (GStrv) lines = g_strsplit (labels, "\n", -1);

  return g_strv_contains ((const char * const *) lines, label);
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

static void
assert_is_finalized (GtkWidget *widget)
{
  g_object_ref_sink (widget);
  g_assert_finalize_object (widget);
}

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_finalize (gconstpointer data)
{
  assert_is_finalized (g_object_new (GPOINTER_TO_SIZE (data), NULL));
}

static void
test_finalize_window (gconstpointer data)
{
  GtkWidget *window = g_object_new (GPOINTER_TO_SIZE (data), NULL);

  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *) &window);
  gtk_window_destroy (GTK_WINDOW (window));
  drain ();
  g_assert_null (window);
}

static void
test_dialogs_finalize (void)
{
  g_autoptr (GSettings) settings = g_settings_new (BYTESTAG_APPLICATION_ID);
  GtkWidget *all[3] = {
    bytestag_open_link_dialog_new (NULL, "/tmp"),
    bytestag_preferences_window_new (NULL, settings, PROPOSAL),
    GTK_WIDGET (bytestag_shortcuts_window_new ()),
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_object_add_weak_pointer (G_OBJECT (all[i]), (gpointer *) &all[i]);
      gtk_window_destroy (GTK_WINDOW (all[i]));
      drain ();
      g_assert_null (all[i]);
    }
}

static void
test_share_row (void)
{
  g_autoptr (BytestagShare) share = bytestag_share_new (NASTY, NULL);
  g_autoptr (BytestagLink) link = bytestag_link_parse (LINK, NULL);
  GtkWidget *row = g_object_ref_sink (bytestag_share_row_new ());
  GtkWidget *window = gtk_window_new ();
  int minimum;

  g_assert_nonnull (link);
  /* Actions are told to buttons of a window only. */
  gtk_window_set_child (GTK_WINDOW (window), row);
  g_object_set (row, "share", share, NULL);
  g_assert_true (has_label (row, "Looking for files…"));
  g_assert_false (has_label (row, NASTY));
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "a&b<i>\xe2\x96\xa1gpj.exe");
  g_assert_true (has_label (row, "a&b<i>\xe2\x96\xa1gpj.exe"));
  g_assert_true (gtk_widget_get_visible (find_type (row, GTK_TYPE_PROGRESS_BAR)));
  g_assert_false (gtk_widget_get_sensitive (find_type (row, GTK_TYPE_BUTTON)));

  bytestag_share_set_link (share, link);
  bytestag_share_set_state (share, BYTESTAG_SHARE_ONLINE);
  g_assert_true (has_label (row, "Only on this computer"));
  g_assert_true (gtk_widget_get_sensitive (find_type (row, GTK_TYPE_BUTTON)));
  g_assert_false (gtk_widget_get_visible (find_type (row, GTK_TYPE_PROGRESS_BAR)));

  gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, ROW_WIDTH);
  gtk_window_destroy (GTK_WINDOW (window));
  drain ();
  g_assert_finalize_object (row);
}

static void
test_share_row_error (void)
{
  g_autoptr (BytestagShare) share = bytestag_share_new ("photos", NULL);
  GtkWidget *row = g_object_ref_sink (bytestag_share_row_new ());

  g_object_set (row, "share", share, NULL);
  bytestag_share_fail (share, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, "The folder is empty."));
  g_assert_true (has_label (row, "Cannot be shared: The folder is empty."));
  g_assert_finalize_object (row);
}

static void
note_share_cb (GtkWidget      *row,
               BytestagShare  *share,
               BytestagShare **told)
{
  *told = share;
}

static void
test_share_row_actions (void)
{
  g_autoptr (BytestagShare) share = bytestag_share_new ("photos", NULL);
  g_autoptr (BytestagLink) link = bytestag_link_parse (LINK, NULL);
  GtkWidget *row = g_object_ref_sink (bytestag_share_row_new ());
  GtkWidget *window = gtk_window_new ();
  BytestagShare *copied = NULL, *stopped = NULL;
  g_autofree char *uri = bytestag_link_to_uri (link);
  g_auto (GValue) value = G_VALUE_INIT;
  GdkContentProvider *content;

  gtk_window_set_child (GTK_WINDOW (window), row);
  g_signal_connect (row, "link-copied", G_CALLBACK (note_share_cb), &copied);
  g_signal_connect (row, "stop-requested", G_CALLBACK (note_share_cb), &stopped);
  g_object_set (row, "share", share, NULL);
  bytestag_share_set_link (share, link);
  bytestag_share_flush (share);

  gtk_widget_activate_action (row, "share.copy-link", NULL);
  g_assert_true (copied == share);
  content = gdk_clipboard_get_content (gtk_widget_get_clipboard (row));
  g_value_init (&value, G_TYPE_STRING);
  g_assert_true (gdk_content_provider_get_value (content, &value, NULL));
  g_assert_cmpstr (g_value_get_string (&value), ==, uri);

  gtk_widget_activate_action (row, "share.stop", NULL);
  g_assert_true (stopped == share);

  gdk_clipboard_set_content (gtk_widget_get_clipboard (row), NULL);
  gtk_window_destroy (GTK_WINDOW (window));
  drain ();
  g_assert_finalize_object (row);
}

static void
test_download_row_width (void)
{
  GtkWidget *row = g_object_ref_sink (bytestag_download_row_new ());
  int minimum;

  gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, ROW_WIDTH);
  g_assert_finalize_object (row);
}

static void
test_bucket_row (void)
{
  g_autoptr (BytestagBucket) bucket = bytestag_bucket_new (7);
  GtkWidget *row = g_object_ref_sink (bytestag_bucket_row_new ());
  GtkWidget *strip = find_type (row, BYTESTAG_TYPE_BUCKET_STRIP);
  BytestagKey key = { { 1 } };
  g_autoptr (BytestagNode) node = bytestag_test_node_new (&key, 4000);
  int minimum;

  g_object_set (row, "bucket", bucket, NULL);
  g_assert_true (has_label (row, "Bucket 7"));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, "Bucket 7");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (strip), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "0 of 20 slots taken, 0 good");

  g_assert_true (bytestag_bucket_node_update (bucket, node, 5, NULL));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (strip), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "1 of 20 slots taken, 0 good");
  bytestag_node_answered (node, 1000, 5);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (strip), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "1 of 20 slots taken, 1 good");

  gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, ROW_WIDTH);
  g_assert_finalize_object (row);
  /* Nobody watches the node any more. */
  g_assert_false (g_signal_has_handler_pending (node, g_signal_lookup ("notify", G_TYPE_OBJECT), 0, TRUE));
}

static void
test_peer_row (void)
{
  BytestagKey key = { { 0xab } };
  g_autoptr (BytestagNode) node = bytestag_test_node_new (&key, 4001);
  g_autoptr (BytestagNode) foreign = bytestag_node_new_for_host (&key, NASTY, 1);
  GtkWidget *row = g_object_ref_sink (bytestag_peer_row_new ());
  int minimum;

  g_object_set (row, "node", node, NULL);
  g_assert_true (has_label (row, "10.0.0.1:4001"));
  g_assert_true (has_label (row, "ab00000000000000000000000000000000000000"));
  g_assert_true (has_label (row, "not measured"));
  bytestag_node_answered (node, 1500, 5);
  g_assert_true (has_label (row, "1.5 ms"));

  g_object_set (row, "node", foreign, NULL);
  g_assert_true (has_label (row, "a&b<i>\xe2\x96\xa1gpj.exe:1"));

  gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, ROW_WIDTH);
  g_assert_finalize_object (row);
}

static void
test_counter_row (void)
{
  g_autoptr (BytestagCounter) counter = bytestag_counter_new ("bytes-sent", "Bytes sent & <i>", BYTESTAG_COUNTER_BYTES);
  GtkWidget *row = g_object_ref_sink (bytestag_counter_row_new ());
  int minimum;

  g_object_set (row, "counter", counter, NULL);
  g_assert_true (has_label (row, "Bytes sent & <i>"));
  g_assert_true (has_label (row, "0 bytes"));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, "Bytes sent & <i>: 0 bytes");
  bytestag_counter_set_value (counter, 41000000);
  g_assert_true (has_label (row, "41.0\xc2\xa0MB"));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Bytes sent & <i>: 41.0\xc2\xa0MB");

  gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, ROW_WIDTH);
  g_assert_finalize_object (row);
  g_assert_false (g_signal_has_handler_pending (counter, g_signal_lookup ("notify", G_TYPE_OBJECT), 0, TRUE));
}

static void
test_piece_map (void)
{
  g_autoptr (BytestagPartMap) map = bytestag_part_map_new (40);
  GtkWidget *widget = g_object_ref_sink (bytestag_piece_map_new ());

  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_ROLE_METER);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, "Pieces");
  bytestag_part_map_set_state (map, 3, BYTESTAG_PART_CHECKED, 1);
  bytestag_piece_map_set_map (BYTESTAG_PIECE_MAP (widget), map);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "1 of 40 pieces checked");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, 1.0);
  /* With a description still to be told. */
  bytestag_part_map_set_state (map, 4, BYTESTAG_PART_CHECKED, 1);
  g_assert_finalize_object (widget);
}

static void
test_open_link (void)
{
  GtkWidget *dialog = bytestag_open_link_dialog_new (NULL, "/home/me/Downloads");
  BytestagOpenLinkDialog *self = BYTESTAG_OPEN_LINK_DIALOG (dialog);

  g_assert_false (has_label (dialog, "41.0\xc2\xa0MB"));
  bytestag_open_link_dialog_set_text (self, "  " LINK "\n");
  g_assert_true (has_label (dialog, "a&b<i>\xe2\x96\xa1gpj.exe"));
  g_assert_true (has_label (dialog, "41.0\xc2\xa0MB"));
  g_assert_true (has_label (dialog, "/home/me/Downloads"));

  bytestag_open_link_dialog_set_text (self, "https://example.org/");
  g_assert_false (gtk_widget_get_visible (gtk_widget_get_ancestor (find_type (dialog, ADW_TYPE_ACTION_ROW),
                                                                   ADW_TYPE_PREFERENCES_GROUP)));
  gtk_window_destroy (GTK_WINDOW (dialog));
}

static void
note_link_cb (GtkWidget    *dialog,
              BytestagLink *link,
              const char   *folder,
              char        **told)
{
  *told = g_strdup_printf ("%s into %s", bytestag_link_get_name (link), folder);
}

static void
test_open_link_download (void)
{
  GtkWidget *dialog = bytestag_open_link_dialog_new (NULL, "/home/me/Downloads");
  g_autofree char *told = NULL;

  g_signal_connect (dialog, "download", G_CALLBACK (note_link_cb), &told);
  gtk_widget_activate_action (dialog, "dialog.download", NULL);
  g_assert_null (told);
  gtk_window_present (GTK_WINDOW (dialog));
  bytestag_open_link_dialog_set_text (BYTESTAG_OPEN_LINK_DIALOG (dialog), LINK);
  g_object_add_weak_pointer (G_OBJECT (dialog), (gpointer *) &dialog);
  gtk_widget_activate_action (dialog, "dialog.download", NULL);
  drain ();
  g_assert_cmpstr (told, ==, NASTY " into /home/me/Downloads");
  g_assert_null (dialog);
}

static void
test_preferences (void)
{
  g_autoptr (GSettings) settings = g_settings_new (BYTESTAG_APPLICATION_ID);
  const char * const addresses[] = { "192.0.2.1:1", "example.org:2", NULL };
  GtkWidget *window = bytestag_preferences_window_new (NULL, settings, PROPOSAL);
  g_auto (GStrv) left = NULL;

  g_settings_set_strv (settings, "known-nodes", addresses);
  g_assert_true (has_label (window, "example.org:2"));
  gtk_widget_activate_action (window, "preferences.remove-node", "s", "192.0.2.1:1");
  left = g_settings_get_strv (settings, "known-nodes");
  g_assert_cmpuint (g_strv_length (left), ==, 1);
  g_assert_cmpstr (left[0], ==, "example.org:2");
  g_assert_false (has_label (window, "192.0.2.1:1"));

  g_settings_set_uint (settings, "port", 4820);
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (find_type (window, GTK_TYPE_SPIN_BUTTON))), ==, 4);
  g_settings_set_string (settings, "download-folder", "/srv/d&n");
  g_assert_true (has_label (window, "/srv/d&n"));

  gtk_window_destroy (GTK_WINDOW (window));
  g_settings_reset (settings, "known-nodes");
  g_settings_reset (settings, "port");
  g_settings_reset (settings, "download-folder");
}

/* Nothing is lent before somebody switches it on. */
static void
test_space_for_others (void)
{
  g_autoptr (GSettings) settings = g_settings_new (BYTESTAG_APPLICATION_ID);
  GtkWidget *window = bytestag_preferences_window_new (NULL, settings, PROPOSAL);
  GtkWidget *group = find_type (window, BYTESTAG_TYPE_SPACE_GROUP);
  GtkWidget *on = find_type (group, GTK_TYPE_SWITCH);
  GtkWidget *space = find_type (group, GTK_TYPE_SPIN_BUTTON);

  g_assert_cmpint (g_settings_get_int64 (settings, "lend"), ==, -1);
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (on)));
  g_assert_false (gtk_widget_is_sensitive (space));

  gtk_switch_set_active (GTK_SWITCH (on), TRUE);
  g_assert_cmpint (g_settings_get_int64 (settings, "lend"), ==, PROPOSAL);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (space), 7.5);
  g_assert_cmpint (g_settings_get_int64 (settings, "lend"), ==, G_GINT64_CONSTANT (7500000000));
  gtk_switch_set_active (GTK_SWITCH (on), FALSE);
  g_assert_cmpint (g_settings_get_int64 (settings, "lend"), ==, 0);

  g_settings_set_int64 (settings, "lend", G_GINT64_CONSTANT (3000000000));
  g_assert_true (gtk_switch_get_active (GTK_SWITCH (on)));
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (space)), ==, 3);
  g_settings_set_int64 (settings, "lend", G_GINT64_CONSTANT (2147483648));
  g_assert_cmpint (g_settings_get_int64 (settings, "lend"), ==, G_GINT64_CONSTANT (2147483648));

  gtk_window_destroy (GTK_WINDOW (window));
  g_settings_reset (settings, "lend");
}

static void
test_empty_pages (void)
{
  GtkWidget *shared = g_object_ref_sink (bytestag_shared_page_new ());
  GtkWidget *downloads = g_object_ref_sink (bytestag_downloads_page_new ());
  GtkWidget *network = g_object_ref_sink (bytestag_network_page_new ());

  g_assert_true (has_label (shared, "Share Files and Folders"));
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (find_type (shared, GTK_TYPE_STACK))), ==, "empty");
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (find_type (downloads, GTK_TYPE_STACK))), ==, "empty");
  g_assert_finalize_object (shared);
  g_assert_finalize_object (downloads);
  g_assert_finalize_object (network);
}

typedef struct
{
  guint n_files;
  char *link;
  char *failure;
} Drops;

static void
files_cb (BytestagDropArea *area,
          GListModel       *files,
          Drops            *drops)
{
  drops->n_files += g_list_model_get_n_items (files);
}

static void
link_cb (BytestagDropArea *area,
         const char       *text,
         Drops            *drops)
{
  g_free (drops->link);
  drops->link = g_strdup (text);
}

static void
failed_cb (BytestagDropArea *area,
           const char       *text,
           Drops            *drops)
{
  g_free (drops->failure);
  drops->failure = g_strdup (text);
}

static void
drop (BytestagDropArea *area,
      const char       *first,
      const char       *second)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GFile *files[2] = { g_file_new_for_uri (first), second != NULL ? g_file_new_for_uri (second) : NULL };

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (files, second != NULL ? 2 : 1));
  bytestag_drop_area_take (area, &value);
  g_clear_object (&files[0]);
  g_clear_object (&files[1]);
}

static void
test_drop_area (void)
{
  BytestagDropArea *area = g_object_ref_sink (BYTESTAG_DROP_AREA (bytestag_drop_area_new ()));
  g_auto (GValue) text = G_VALUE_INIT;
  Drops drops = { 0 };

  g_signal_connect (area, "files-dropped", G_CALLBACK (files_cb), &drops);
  g_signal_connect (area, "link-dropped", G_CALLBACK (link_cb), &drops);
  g_signal_connect (area, "failed", G_CALLBACK (failed_cb), &drops);

  drop (area, "file:///tmp/a%20b.bin", "file:///tmp/c");
  g_assert_cmpuint (drops.n_files, ==, 2);
  g_assert_null (drops.link);

  drop (area, "magnet:?xt=urn:bstagih:X", NULL);
  g_assert_cmpstr (drops.link, ==, "magnet:?xt=urn:bstagih:X");
  g_clear_pointer (&drops.link, g_free);

  /* Files win. */
  drop (area, LINK, "file:///tmp/c");
  g_assert_cmpuint (drops.n_files, ==, 3);
  g_assert_null (drops.link);
  g_assert_null (drops.failure);

  drop (area, "https://example.org/file", NULL);
  g_assert_nonnull (strstr (drops.failure, "Copy it to this computer first"));
  g_assert_cmpuint (drops.n_files, ==, 3);

  g_value_init (&text, G_TYPE_STRING);
  g_value_set_static_string (&text, "what ever");
  bytestag_drop_area_take (area, &text);
  g_assert_cmpstr (drops.link, ==, "what ever");

  g_free (drops.link);
  g_free (drops.failure);
  g_assert_finalize_object (area);
}

static void
test_window_trouble (void)
{
  BytestagWindow *window = BYTESTAG_WINDOW (bytestag_window_new (NULL));
  GtkWidget *stack = find_type (find_type (GTK_WIDGET (window), ADW_TYPE_TOAST_OVERLAY), GTK_TYPE_STACK);
  int minimum;

  bytestag_window_set_trouble (window, "The folder a&b<i> is in use.");
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (stack)), ==, "trouble");
  g_assert_true (has_label (GTK_WIDGET (window), "The folder a&b<i> is in use."));
  bytestag_window_set_trouble (window, NULL);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (stack)), ==, "pages");

  gtk_widget_measure (GTK_WIDGET (window), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, 360);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* As AdwApplication does. */
static void
load_style (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, "/io/github/bytestag/Bytestag/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

int
main (int    argc,
      char **argv)
{
  const GType widgets[] = {
    BYTESTAG_TYPE_BUCKET_ROW, BYTESTAG_TYPE_BUCKET_STRIP, BYTESTAG_TYPE_COUNTER_ROW, BYTESTAG_TYPE_DOWNLOAD_ROW,
    BYTESTAG_TYPE_DOWNLOADS_PAGE, BYTESTAG_TYPE_DROP_AREA, BYTESTAG_TYPE_KNOWN_NODE_ROW, BYTESTAG_TYPE_NETWORK_PAGE, BYTESTAG_TYPE_NODE_MARK,
    BYTESTAG_TYPE_PEER_ROW, BYTESTAG_TYPE_PIECE_MAP, BYTESTAG_TYPE_SHARE_ROW, BYTESTAG_TYPE_SHARED_PAGE,
  };

  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  bytestag_register_resource ();
  load_style ();

  for (guint i = 0; i < G_N_ELEMENTS (widgets); i++)
    {
      g_autofree char *path = g_strdup_printf ("/widgets/finalize/%s", g_type_name (widgets[i]));

      g_test_add_data_func (path, GSIZE_TO_POINTER (widgets[i]), test_finalize);
    }
  g_test_add_data_func ("/widgets/finalize/BytestagWindow", GSIZE_TO_POINTER (BYTESTAG_TYPE_WINDOW),
                        test_finalize_window);
  g_test_add_func ("/widgets/finalize/dialogs", test_dialogs_finalize);
  g_test_add_func ("/widgets/share-row/states", test_share_row);
  g_test_add_func ("/widgets/share-row/error", test_share_row_error);
  g_test_add_func ("/widgets/share-row/actions", test_share_row_actions);
  g_test_add_func ("/widgets/download-row/width", test_download_row_width);
  g_test_add_func ("/widgets/bucket-row", test_bucket_row);
  g_test_add_func ("/widgets/peer-row", test_peer_row);
  g_test_add_func ("/widgets/counter-row", test_counter_row);
  g_test_add_func ("/widgets/piece-map", test_piece_map);
  g_test_add_func ("/widgets/open-link/text", test_open_link);
  g_test_add_func ("/widgets/open-link/download", test_open_link_download);
  g_test_add_func ("/widgets/preferences", test_preferences);
  g_test_add_func ("/widgets/space-for-others", test_space_for_others);
  g_test_add_func ("/widgets/pages/empty", test_empty_pages);
  g_test_add_func ("/widgets/drop-area", test_drop_area);
  g_test_add_func ("/widgets/window/trouble", test_window_trouble);

  return g_test_run ();
}
