/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/session.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "client/verbs.h"
#include "core/error.h"
#include "wire/link.h"

typedef struct {
  BytestagOptions *options;
  BytestagPrinter *printer;
  GMainLoop *loop;
  GCancellable *cancellable; /* of the verb */
  BytestagClient *client;    /* (nullable) a node of our own */
  gboolean busy;             /* a verb is being carried out */
  gboolean serve;            /* goes on after it */
  gboolean stopping;         /* a signal came */
  gboolean joined_told;
  gboolean told;             /* the verb has said something */
  gboolean linked;           /* the running Bytestag shares what it was told to */
  char **notice;             /* (nullable) lines that were told and still hold */
  int status;
} Session;

static void
fail (Session      *self,
      const GError *error)
{
  self->status = 1;
  bytestag_printer_complain (self->printer, error->message);
}

/* Prints a line: "event", then names and values. */
static void
say_ready (Session *self)
{
  g_autofree char *id = bytestag_key_to_hex (bytestag_identity_get_node_id (
    bytestag_client_get_identity (self->client)));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) line = NULL;

  g_variant_dict_insert (&dict, "event", "s", "ready");
  g_variant_dict_insert (&dict, "address", "s", bytestag_client_get_address (self->client));
  g_variant_dict_insert (&dict, "id", "s", id);
  line = g_variant_ref_sink (g_variant_dict_end (&dict));
  bytestag_printer_print (self->printer, line);
}

/* The way into the network has ended, one way or the other. */
static void
joining_cb (BytestagClient *client,
            GParamSpec     *pspec,
            Session        *self)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) line = NULL;
  guint n_peers = bytestag_client_get_n_peers (client);

  if (bytestag_client_is_joining (client) || (self->joined_told && n_peers == 0))
    return;

  g_variant_dict_insert (&dict, "event", "s", "joined");
  g_variant_dict_insert (&dict, "peers", "x", (gint64) n_peers);
  line = g_variant_ref_sink (g_variant_dict_end (&dict));
  bytestag_printer_print (self->printer, line);
  self->joined_told = TRUE;
  if (n_peers > 0)
    g_signal_handlers_disconnect_by_func (client, joining_cb, self);
}

/* Many say that our clock is wrong, or no more. */
static void
clock_cb (BytestagNetwork *network,
          GParamSpec      *pspec,
          Session         *self)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) line = NULL;

  g_variant_dict_insert (&dict, "event", "s", "clock");
  g_variant_dict_insert (&dict, "difference", "x", bytestag_network_get_clock_difference (network));
  line = g_variant_ref_sink (g_variant_dict_end (&dict));
  bytestag_printer_print (self->printer, line);
}

/* The first number in a text, of which *@rest is left behind it; 0: none. */
static guint64
take_number (const char **rest)
{
  *rest += strcspn (*rest, "0123456789");
  return g_ascii_strtoull (*rest, (char **) rest, 10);
}

/* Whether @line says what was told, and the number in it, if any, is not twice as high yet: what
 * is counted may be found one by one. */
static gboolean
is_told (const char *told,
         const char *line)
{
  gsize length = strcspn (told, "0123456789");
  guint64 before, now;

  if (strncmp (told, line, length) != 0 || length != strcspn (line, "0123456789"))
    return FALSE;

  before = take_number (&told);
  now = take_number (&line);
  return g_str_equal (told, line) && now >= before && (now == before || now / 2 < before);
}

/* (transfer none) (nullable) */
static const char *
find_told (Session    *self,
           const char *line)
{
  for (guint i = 0; self->notice != NULL && self->notice[i] != NULL; i++)
    {
      if (is_told (self->notice[i], line))
        return self->notice[i];
    }

  return NULL;
}

static void
notice_cb (BytestagClient *client,
           GParamSpec     *pspec,
           Session        *self)
{
  const char *notice = bytestag_client_get_notice (client);
  g_auto (GStrv) lines = g_strsplit (notice != NULL ? notice : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *told = find_told (self, lines[i]);

      if (told == NULL)
        {
          bytestag_printer_complain (self->printer, lines[i]);
          continue;
        }
      g_free (lines[i]);
      lines[i] = g_strdup (told);
    }
  g_strfreev (self->notice);
  self->notice = g_steal_pointer (&lines);
}

static gboolean
signal_cb (gpointer user_data)
{
  Session *self = user_data;

  /* A second one finds no handler, and ends the process at once. */
  self->stopping = TRUE;
  g_cancellable_cancel (self->cancellable);
  if (!self->busy)
    g_main_loop_quit (self->loop);

  return G_SOURCE_REMOVE;
}

static void
line_cb (GVariant *line,
         gpointer  user_data)
{
  Session *self = user_data;
  const char *event = NULL;

  g_variant_lookup (line, "event", "&s", &event);
  if (g_strcmp0 (event, "link") == 0)
    self->linked = TRUE;
  self->told = TRUE;
  bytestag_printer_print (self->printer, line);
}

/* The verb is over. @error: (nullable) */
static void
verb_over (Session      *self,
           const GError *error)
{
  self->busy = FALSE;
  if (error != NULL)
    fail (self, error);
  else if (!self->told && !self->options->json && g_str_equal (self->options->verb, "library"))
    g_print ("%s\n", _("Nothing is shared."));
  if (error != NULL || !self->serve || self->stopping)
    g_main_loop_quit (self->loop);
}

static void
own_verb_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  bytestag_verb_run_finish (BYTESTAG_CLIENT (source), result, &error);
  verb_over (user_data, error);
}

static void
control_verb_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!bytestag_control_call_finish (result, &error) && self->stopping)
    {
      g_clear_error (&error);
      if (self->linked)
        bytestag_printer_complain (self->printer, _("The running Bytestag goes on sharing it"));
      else
        g_set_error_literal (&error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Cancelled"));
    }
  verb_over (self, error);
}

/* (transfer floating) */
static GVariant *
make_arguments (BytestagOptions *options)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (g_str_equal (options->verb, "share"))
    {
      g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

      for (guint i = 0; options->arguments[i] != NULL; i++)
        g_ptr_array_add (paths, g_canonicalize_filename (options->arguments[i], NULL));
      g_variant_dict_insert_value (&dict, "paths",
                                   g_variant_new_strv ((const char * const *) paths->pdata, paths->len));
      if (options->name != NULL)
        g_variant_dict_insert (&dict, "name", "s", options->name);
      if (options->comment != NULL)
        g_variant_dict_insert (&dict, "comment", "s", options->comment);
    }
  else if (g_str_equal (options->verb, "get"))
    {
      g_variant_dict_insert (&dict, "link", "s", options->arguments[0]);
      g_variant_dict_insert (&dict, "folder", "s", options->to);
    }
  else if (g_str_equal (options->verb, "find"))
    {
      g_variant_dict_insert (&dict, "key", "s", options->arguments[0]);
    }
  else if (options->arguments[0] != NULL)
    {
      g_variant_dict_insert (&dict, "link", "s", options->arguments[0]);
    }

  return g_variant_dict_end (&dict);
}

/* Lines between processes are text. */
static gboolean
check_text (const char  *text,
            GError     **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;

  shown = g_filename_display_name (text);
  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is not valid text"), shown);
  return FALSE;
}

static gboolean
check_path (const char  *path,
            GError     **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *shown = g_filename_display_name (path);
  GStatBuf info;

  if (g_lstat (path, &info) == 0)
    return check_text (absolute, error);

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND, _("Cannot read “%s”: %s"), shown, g_strerror (errno));
  return FALSE;
}

/* What can be said to be wrong before anything is begun. */
static gboolean
check_arguments (BytestagOptions  *options,
                 GError          **error)
{
  g_autoptr (BytestagLink) link = NULL;

  for (guint i = 0; options->arguments[i] != NULL; i++)
    {
      if (!check_text (options->arguments[i], error) ||
          (g_str_equal (options->verb, "share") && !check_path (options->arguments[i], error)))
        return FALSE;
    }

  if (!g_str_equal (options->verb, "get"))
    return TRUE;

  link = bytestag_link_parse (options->arguments[0], error);
  return link != NULL && check_text (options->to, error);
}

/* Through the Bytestag that has the data folder. */
static void
run_remote (Session *self)
{
  if (self->options->port >= 0 || self->options->host != NULL || self->options->known_nodes != NULL ||
      self->options->lend >= 0 || self->options->upload_limit >= 0)
    bytestag_printer_complain (self->printer, _("A Bytestag is running on this folder of data already, so --port, "
                                                "--host, --known-node, --lend and --upload-limit are left aside"));
  self->busy = TRUE;
  bytestag_control_call_async (self->options->data, self->options->verb, make_arguments (self->options),
                               line_cb, self, self->cancellable, control_verb_cb, self);
  g_main_loop_run (self->loop);
}

/* What the command line chooses for good. */
static void
remember_choices (Session *self)
{
  GSettings *settings = bytestag_client_get_settings (self->client);

  if (self->options->lend >= 0)
    g_settings_set_int64 (settings, "lend", self->options->lend);
  if (self->options->upload_limit >= 0)
    g_settings_set_uint64 (settings, "upload-limit", (guint64) self->options->upload_limit);
}

/* As a node of our own. */
static void
run_alone (Session          *self,
           BytestagInstance *instance)
{
  g_autoptr (GError) error = NULL;
  gboolean node = g_str_equal (self->options->verb, "run");

  self->serve = node || g_str_equal (self->options->verb, "share");
  self->client = bytestag_client_new (instance, FALSE, &error);
  if (self->client == NULL)
    {
      fail (self, error);
      return;
    }

  notice_cb (self->client, NULL, self);
  g_signal_connect (self->client, "notify::notice", G_CALLBACK (notice_cb), self);
  remember_choices (self);
  bytestag_client_set_host (self->client, self->options->host);
  if (!bytestag_client_start (self->client, self->options->port,
                              (const char * const *) self->options->known_nodes, &error))
    {
      fail (self, error);
      return;
    }

  if (self->serve && (node || self->options->json))
    {
      g_signal_connect (self->client, "notify::joining", G_CALLBACK (joining_cb), self);
      g_signal_connect (bytestag_client_get_network (self->client), "notify::clock-disagrees", G_CALLBACK (clock_cb),
                        self);
      say_ready (self);
    }
  if (!node)
    {
      self->busy = TRUE;
      bytestag_verb_run_async (self->client, self->options->verb, make_arguments (self->options),
                               line_cb, self, self->cancellable, own_verb_cb, self);
    }

  g_main_loop_run (self->loop);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_signal_handlers_disconnect_by_data (bytestag_client_get_network (self->client), self);
  bytestag_client_stop (self->client);
}

/* Only reads, or makes, the identity. */
static void
print_own_id (Session          *self,
              BytestagInstance *instance)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagIdentity) identity =
    bytestag_identity_load (bytestag_instance_get_folder (instance), NULL, &error);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) line = NULL;
  g_autofree char *id = NULL;

  if (identity == NULL)
    {
      fail (self, error);
      return;
    }

  id = bytestag_key_to_hex (bytestag_identity_get_node_id (identity));
  g_variant_dict_insert (&dict, "event", "s", "id");
  g_variant_dict_insert (&dict, "id", "s", id);
  line = g_variant_ref_sink (g_variant_dict_end (&dict));
  bytestag_printer_print (self->printer, line);
}

static void
run (Session *self)
{
  const char *verb = self->options->verb;
  gboolean own = g_str_equal (verb, "run") || g_str_equal (verb, "share") || g_str_equal (verb, "get");
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagInstance) instance = NULL;

  if (!check_arguments (self->options, &error))
    {
      fail (self, error);
      return;
    }

  if (own || g_str_equal (verb, "id"))
    instance = bytestag_instance_open (self->options->data, &error);
  if (instance != NULL && own)
    {
      run_alone (self, instance);
    }
  else if (instance != NULL)
    {
      print_own_id (self, instance);
    }
  else if (error != NULL &&
           (g_str_equal (verb, "run") || !g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY)))
    {
      fail (self, error);
    }
  else
    {
      run_remote (self);
    }
}

int
bytestag_session_run (BytestagOptions *options,
                      BytestagPrinter *printer)
{
  Session self = { .options = options, .printer = printer };
  guint interrupted;
  guint terminated;

  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  interrupted = g_unix_signal_add (SIGINT, signal_cb, &self);
  terminated = g_unix_signal_add (SIGTERM, signal_cb, &self);

  run (&self);

  for (guint i = 0; i < 2; i++)
    {
      GSource *source = g_main_context_find_source_by_id (NULL, i == 0 ? interrupted : terminated);

      if (source != NULL)
        g_source_destroy (source);
    }
  g_clear_object (&self.client);
  g_clear_pointer (&self.notice, g_strfreev);
  g_clear_object (&self.cancellable);
  g_clear_pointer (&self.loop, g_main_loop_unref);

  return self.status;
}
