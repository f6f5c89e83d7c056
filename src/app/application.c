/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/application.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "app/bytestag-resources.h"
#include "app/preferences-window.h"
#include "app/shortcuts-window.h"
#include "app/window.h"
#include "client/settings.h"
#include "core/error.h"
#include "core/key.h"

struct _BytestagApplication
{
  AdwApplication parent_instance;

  BytestagInstance *instance;   /* held from the first start that got it */
  BytestagClient *client;
  BytestagWindow *window;       /* GTK's, while it is open */
  GtkWidget *preferences;       /* likewise */

  /* The command line of this process. */
  char *data_folder;           /* NULL: the person's own */
  int port;                    /* -1: as the settings say */
  char **known_nodes;
};

G_DEFINE_FINAL_TYPE (BytestagApplication, bytestag_application, ADW_TYPE_APPLICATION)

/* Says what is wrong in words that a person can act on. */
static char *
trouble_words (BytestagApplication *self,
               const GError        *error)
{
  g_autofree char *folder = self->data_folder != NULL ? g_strdup (self->data_folder)
                                                      : bytestag_instance_default_folder ();
  g_autofree char *display = g_filename_display_name (folder);

  if (self->instance == NULL && g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY))
    return g_strdup_printf (_("Another program, perhaps bytestag-node, already uses the data folder %s. "
                              "End it, then try again."), display);
  return g_strdup (error->message);
}

static void
drop_client (BytestagApplication *self)
{
  if (self->client == NULL)
    return;

  bytestag_client_stop (self->client);
  g_clear_object (&self->client);
}

static gboolean
make_client (BytestagApplication  *self,
             GError              **error)
{
  if (self->instance == NULL)
    self->instance = bytestag_instance_open (self->data_folder, error);
  if (self->instance != NULL)
    self->client = bytestag_client_new (self->instance, self->data_folder == NULL, error);
  return self->client != NULL;
}

static void
start (BytestagApplication *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *trouble = NULL;
  gboolean is_started;

  drop_client (self);
  is_started = make_client (self, &error)
               && bytestag_client_start (self->client, self->port, (const char * const *) self->known_nodes, &error);
  if (!is_started)
    trouble = trouble_words (self, error);
  bytestag_window_set_client (self->window, self->client);
  bytestag_window_set_trouble (self->window, trouble);
}

static void
bytestag_application_activate (GApplication *application)
{
  BytestagApplication *self = BYTESTAG_APPLICATION (application);

  if (self->window == NULL)
    {
      g_set_weak_pointer (&self->window, BYTESTAG_WINDOW (bytestag_window_new (GTK_APPLICATION (self))));
      gtk_application_window_set_help_overlay (GTK_APPLICATION_WINDOW (self->window),
                                               bytestag_shortcuts_window_new ());
      start (self);
    }
  gtk_window_present (GTK_WINDOW (self->window));
}

static int
bytestag_application_command_line (GApplication            *application,
                                   GApplicationCommandLine *command_line)
{
  BytestagApplication *self = BYTESTAG_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  g_auto (GStrv) links = NULL;

  if (self->window != NULL
      && (g_variant_dict_contains (options, "port") || g_variant_dict_contains (options, "known-node")))
    g_application_command_line_printerr (command_line, "%s\n",
                                         _("Bytestag is already running: its window is shown, --port and --known-node "
                                           "are left aside."));

  g_application_activate (application);
  g_variant_dict_lookup (options, G_OPTION_REMAINING, "^as", &links);
  for (guint i = 0; links != NULL && links[i] != NULL; i++)
    bytestag_window_open_link (self->window, links[i]);
  return 0;
}

/* Another folder is another instance: unique among those on this folder, so that a second start
 * on it reaches the window that is there, and no other one. */
static void
take_id_of_folder (GApplication *application,
                   const char   *folder)
{
  g_autofree char *real = NULL;
  g_autofree char *hex = NULL;
  g_autofree char *id = NULL;
  const char *name;
  BytestagKey key;

  /* Its real path is known only when it is there; the instance says what is wrong with it. */
  g_mkdir_with_parents (folder, 0700);
  real = realpath (folder, NULL);
  name = real != NULL ? real : folder;
  bytestag_key_digest (&key, name, strlen (name));
  hex = bytestag_key_to_hex (&key);
  /* An element of a name on the bus does not begin with a digit. */
  id = g_strconcat (BYTESTAG_APPLICATION_ID, ".Folder", hex, NULL);
  g_application_set_application_id (application, id);
}

static int
bytestag_application_handle_local_options (GApplication *application,
                                           GVariantDict *options)
{
  BytestagApplication *self = BYTESTAG_APPLICATION (application);

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("bytestag %s\n", BYTESTAG_VERSION);
      return 0;
    }

  g_variant_dict_lookup (options, "known-node", "^as", &self->known_nodes);
  if (g_variant_dict_lookup (options, "port", "i", &self->port) && (self->port < 0 || self->port > G_MAXUINT16))
    {
      g_printerr ("%s\n", _("A port is a number from 0 to 65535."));
      return 2;
    }
  if (g_variant_dict_lookup (options, "data", "^ay", &self->data_folder))
    {
      char *folder = g_canonicalize_filename (self->data_folder, NULL);

      g_free (self->data_folder);
      self->data_folder = folder;
      take_id_of_folder (application, folder);
    }
  return -1;
}

static void
quit_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  BytestagApplication *self = user_data;

  if (self->window != NULL)
    gtk_window_close (GTK_WINDOW (self->window));
}

static void
preferences_action (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  BytestagApplication *self = user_data;

  if (self->client == NULL || self->window == NULL)
    return;

  if (self->preferences == NULL)
    g_set_weak_pointer (&self->preferences,
                        bytestag_preferences_window_new (GTK_WINDOW (self->window),
                                                         bytestag_client_get_settings (self->client),
                                                         bytestag_settings_propose_lend (
                                                           bytestag_instance_get_folder (self->instance))));
  gtk_window_present (GTK_WINDOW (self->preferences));
}

static void
delete_kept_response_cb (BytestagApplication *self,
                         const char          *response)
{
  if (g_str_equal (response, "delete") && self->client != NULL)
    bytestag_database_table_delete_all (bytestag_client_get_kept (self->client), NULL, NULL);
}

static void
delete_kept_action (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  BytestagApplication *self = user_data;
  g_autofree char *size = NULL;
  GtkWidget *dialog;

  if (self->client == NULL || self->window == NULL)
    return;

  size = g_format_size (bytestag_database_table_get_n_bytes (bytestag_client_get_kept (self->client)));
  dialog = adw_message_dialog_new (gtk_application_get_active_window (GTK_APPLICATION (self)),
                                   _("Delete Everything Kept for Others?"), NULL);
  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  _("%s are deleted. Others may lose copies of what they share; your own files stay."),
                                  size);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "delete", _("_Delete"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "delete", ADW_RESPONSE_DESTRUCTIVE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (delete_kept_response_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
about_action (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  BytestagApplication *self = user_data;

  adw_show_about_window (GTK_WINDOW (self->window),
                         "application-name", _("Bytestag"),
                         "application-icon", BYTESTAG_APPLICATION_ID,
                         "version", BYTESTAG_VERSION,
                         "developer-name", _("The Bytestag contributors"),
                         "comments", _("Shares files with other people, without a server."),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         NULL);
}

static void
try_again_action (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  BytestagApplication *self = user_data;

  if (self->window != NULL)
    start (self);
}

static void
add_keys (GtkApplication *application)
{
  const struct {
    const char *action;
    const char *keys[2];
  } all[] = {
    { "win.open-link", { "<Control>o" } },
    { "win.share-files", { "<Control>n" } },
    { "win.share-folder", { "<Control><Shift>n" } },
    { "win.page::shared", { "<Control>1" } },
    { "win.page::downloads", { "<Control>2" } },
    { "win.page::network", { "<Control>3" } },
    { "win.show-help-overlay", { "<Control>question" } },
    { "window.close", { "<Control>w" } },
    { "app.preferences", { "<Control>comma" } },
    { "app.quit", { "<Control>q" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_application_set_accels_for_action (application, all[i].action, all[i].keys);
}

static void
bytestag_application_startup (GApplication *application)
{
  const GActionEntry actions[] = {
    { .name = "quit", .activate = quit_action },
    { .name = "preferences", .activate = preferences_action },
    { .name = "about", .activate = about_action },
    { .name = "delete-kept", .activate = delete_kept_action },
    { .name = "try-again", .activate = try_again_action },
  };

  bytestag_register_resource ();
  G_APPLICATION_CLASS (bytestag_application_parent_class)->startup (application);

  gtk_window_set_default_icon_name (BYTESTAG_APPLICATION_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  add_keys (GTK_APPLICATION (application));
}

static void
bytestag_application_shutdown (GApplication *application)
{
  BytestagApplication *self = BYTESTAG_APPLICATION (application);

  if (self->window != NULL)
    gtk_window_destroy (GTK_WINDOW (self->window));
  drop_client (self);
  g_clear_object (&self->instance);

  G_APPLICATION_CLASS (bytestag_application_parent_class)->shutdown (application);
}

static void
bytestag_application_finalize (GObject *object)
{
  BytestagApplication *self = BYTESTAG_APPLICATION (object);

  g_clear_weak_pointer (&self->preferences);
  g_clear_weak_pointer (&self->window);
  g_free (self->data_folder);
  g_strfreev (self->known_nodes);

  G_OBJECT_CLASS (bytestag_application_parent_class)->finalize (object);
}

static void
bytestag_application_class_init (BytestagApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = bytestag_application_finalize;

  application_class->activate = bytestag_application_activate;
  application_class->command_line = bytestag_application_command_line;
  application_class->handle_local_options = bytestag_application_handle_local_options;
  application_class->startup = bytestag_application_startup;
  application_class->shutdown = bytestag_application_shutdown;
}

static void
bytestag_application_init (BytestagApplication *self)
{
  const GOptionEntry options[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_("Use this data folder: another instance"), N_("DIR") },
    { "port", 0, 0, G_OPTION_ARG_INT, NULL, N_("Answer on this UDP port"), N_("PORT") },
    { "known-node", 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, N_("Join through this computer (may be repeated)"),
      N_("HOST:PORT") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version and exit"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, NULL, N_("[LINK…]") },
    { NULL },
  };

  self->port = -1;
  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

BytestagApplication *
bytestag_application_new (void)
{
  return g_object_new (BYTESTAG_TYPE_APPLICATION,
                       "application-id", BYTESTAG_APPLICATION_ID,
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE,
                       "resource-base-path", "/io/github/bytestag/Bytestag",
                       NULL);
}
