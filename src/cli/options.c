/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/options.h"

#include <glib/gi18n.h>

#include "core/error.h"

/* No disk has more bytes, and they are counted exactly. */
#define MAX_SIZE ((gdouble) (G_GINT64_CONSTANT (1) << 53))

typedef struct {
  const char *name;
  const char *parameters;  /* as the help shows them */
  const char *summary;
  guint min_arguments;
  guint max_arguments;
  gboolean own_node;       /* takes the options of a node */
} VerbHelp;

static const VerbHelp verbs[] = {
  { "run", "", N_("Be a node of the network until stopped"), 0, 0, TRUE },
  { "share", N_("PATH…"),
    N_("Share files and folders: read them, print the link, publish the pieces, and keep serving them until stopped. "
       "Where a Bytestag is running on the data folder, it does this, and the command returns when all is published."),
    1, G_MAXUINT, TRUE },
  { "get", N_("LINK"),
    N_("Fetch what a link names, check it, and put it into a folder. The exit status is 0 when all of it is there."),
    1, 1, TRUE },
  { "peers", "", N_("List the contacts of the Bytestag that is running"), 0, 0, FALSE },
  { "buckets", "", N_("List the routing table of the Bytestag that is running"), 0, 0, FALSE },
  { "find", N_("KEY"), N_("Look a key or a link up, show how it goes, and who holds values of it"), 1, 1, FALSE },
  { "id", "", N_("Print the id of this computer in the network"), 0, 0, FALSE },
  { "stats", "", N_("Print what the Bytestag that is running has counted, and why it dropped datagrams"), 0, 0, FALSE },
  { "library", "", N_("List what the Bytestag that is running shares"), 0, 0, FALSE },
  { "survival", N_("LINK"), N_("Tell how many copies of a shared collection others keep, and until when"), 1, 1, FALSE },
  { "send-again", N_("LINK"), N_("Send the pieces of a shared collection that too few others keep"), 1, 1, FALSE },
  { "stop-sharing", N_("LINK"), N_("Share a collection no more; the files stay, and copies of others until their time is over"),
    1, 1, FALSE },
  { "delete-kept", "", N_("Delete everything that is kept here for others"), 0, 0, FALSE },
};

static void
print_usage (void)
{
  g_print ("%s\n\n%s\n", _("Usage: bytestag-node VERB [OPTION…] [ARGUMENT…]"), _("Verbs:"));
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    g_print ("  %-12s %-6s %s\n", verbs[i].name, verbs[i].parameters[0] != '\0' ? _(verbs[i].parameters) : "",
             _(verbs[i].summary));
  g_print ("\n%s\n", _("“bytestag-node VERB --help” lists the options of a verb; “--version” prints the version."));
}

static const VerbHelp *
find_verb (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      if (g_str_equal (verbs[i].name, name))
        return &verbs[i];
    }

  return NULL;
}

/* TRUE with *@port of a number in range. */
static gboolean
parse_port (const char  *text,
            int         *port,
            GError     **error)
{
  guint64 number;

  if (text == NULL)
    return TRUE;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &number, NULL))
    {
      *port = (int) number;
      return TRUE;
    }

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
               _("“%s” is not a port: a number from 0 to 65535"), text);
  return FALSE;
}

/* Bytes: a number, and a unit of 1000 (MB) or 1024 (MiB) or none. -1: something else. */
static gint64
read_size (const char *text)
{
  const char *units = "kMGT";
  gchar *end;
  gdouble number = g_ascii_strtod (text, &end);
  const char *unit;

  /* No sign, exponent, hexadecimal number or infinity. */
  if (strspn (text, "0123456789.") != (gsize) (end - text) || end == text)
    return -1;
  if (*end == ' ')
    end++;

  unit = *end != '\0' && *end != 'B' ? strchr (units, *end == 'K' ? 'k' : *end) : NULL;
  if (unit != NULL)
    {
      gdouble base = end[1] == 'i' ? 1024 : 1000;

      for (const char *each = units; each <= unit; each++)
        number *= base;
      end += end[1] == 'i' ? 2 : 1;
    }
  if (*end == 'B')
    end++;

  return *end == '\0' && number < MAX_SIZE ? (gint64) number : -1;
}

/* TRUE with *@size of a number of bytes. */
static gboolean
parse_size (const char  *text,
            gint64      *size,
            GError     **error)
{
  gint64 bytes;

  if (text == NULL)
    return TRUE;
  bytes = read_size (text);
  if (bytes >= 0)
    {
      *size = bytes;
      return TRUE;
    }

  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
               _("“%s” is not a size: a number of bytes, or a number with a unit, like 500MB or 2GiB"), text);
  return FALSE;
}

/* An empty name is what is left of a variable that was not set, and never meant. */
static gboolean
make_absolute (char       **path,
               const char  *option,
               GError     **error)
{
  char *absolute;

  if (*path == NULL)
    return TRUE;
  if ((*path)[0] == '\0')
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” needs the name of a folder"), option);
      return FALSE;
    }

  absolute = g_canonicalize_filename (*path, NULL);
  g_free (*path);
  *path = absolute;
  return TRUE;
}

static gboolean
check_arguments (const VerbHelp   *verb,
                 BytestagOptions  *self,
                 GError          **error)
{
  guint n = g_strv_length (self->arguments);

  if (n >= verb->min_arguments && n <= verb->max_arguments)
    return TRUE;

  if (n < verb->min_arguments)
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                 _("“%s” needs more: “bytestag-node %s %s”"), verb->name, verb->name, _(verb->parameters));
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                 _("“%s” does not know what to do with “%s”"), verb->name, self->arguments[verb->max_arguments]);
  return FALSE;
}

static GOptionContext *
make_context (const VerbHelp      *verb,
              const GOptionEntry  *common,
              const GOptionEntry  *node,
              const GOptionEntry  *own)
{
  GOptionContext *context = g_option_context_new (verb->parameters[0] != '\0' ? _(verb->parameters) : NULL);

  g_option_context_set_summary (context, _(verb->summary));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  if (own != NULL)
    g_option_context_add_main_entries (context, own, GETTEXT_PACKAGE);
  if (verb->own_node)
    g_option_context_add_main_entries (context, node, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);

  return context;
}

static gboolean
parse_options (GOptionContext   *context,
               const VerbHelp   *verb,
               int              *argc,
               char           ***argv,
               GError          **error)
{
  g_autofree char *program = g_strdup (g_get_prgname ());
  g_autofree char *usage = g_strdup_printf ("%s %s", program, verb->name);
  g_autoptr (GError) reason = NULL;
  gboolean parsed;

  /* The help shows options after the verb, where they go. */
  g_set_prgname (usage);
  parsed = g_option_context_parse (context, argc, argv, &reason);
  g_set_prgname (program);

  if (g_error_matches (reason, G_CONVERT_ERROR, G_CONVERT_ERROR_ILLEGAL_SEQUENCE))
    g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                         _("What was given for an option is not valid text"));
  else if (!parsed)
    g_propagate_error (error, g_steal_pointer (&reason));

  return parsed;
}

static BytestagOptions *
parse_verb (const VerbHelp   *verb,
            int               argc,
            char            **argv,
            GError          **error)
{
  g_autoptr (BytestagOptions) self = g_new0 (BytestagOptions, 1);
  g_autofree char *port = NULL;
  g_autofree char *lend = NULL;
  g_autofree char *upload_limit = NULL;
  const GOptionEntry common[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &self->data, N_("Keep the data in DIR: another folder is another node"),
      N_("DIR") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, N_("Print JSON lines, for machines"), NULL },
    G_OPTION_ENTRY_NULL
  };
  const GOptionEntry node[] = {
    { "port", 0, 0, G_OPTION_ARG_STRING, &port, N_("Answer on this UDP port (0: any)"), N_("PORT") },
    { "host", 0, 0, G_OPTION_ARG_STRING, &self->host, N_("Answer on this address alone"), N_("ADDRESS") },
    { "known-node", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->known_nodes,
      N_("Join the network through this node (may be given several times)"), N_("HOST:PORT") },
    { "lend", 0, 0, G_OPTION_ARG_STRING, &lend,
      N_("Keep so much for others, like 2GiB; 0: nothing. Remembered; nothing is kept until it was chosen"), N_("SIZE") },
    { "upload-limit", 0, 0, G_OPTION_ARG_STRING, &upload_limit,
      N_("Send no more of values in a second, like 500kB; 0: no limit. Remembered"), N_("SIZE") },
    G_OPTION_ENTRY_NULL
  };
  const GOptionEntry share[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &self->name, N_("The name of the collection"), N_("NAME") },
    { "comment", 0, 0, G_OPTION_ARG_STRING, &self->comment, N_("A comment on it"), N_("TEXT") },
    G_OPTION_ENTRY_NULL
  };
  const GOptionEntry get[] = {
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &self->to, N_("Put it into DIR (the current folder when not given)"),
      N_("DIR") },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context =
    make_context (verb, common, node,
                  g_str_equal (verb->name, "share") ? share : g_str_equal (verb->name, "get") ? get : NULL);

  if (!parse_options (context, verb, &argc, &argv, error))
    return NULL;
  self->port = -1;
  self->lend = -1;
  self->upload_limit = -1;
  if (!parse_port (port, &self->port, error) ||
      !parse_size (lend, &self->lend, error) ||
      !parse_size (upload_limit, &self->upload_limit, error))
    return NULL;

  self->verb = g_strdup (verb->name);
  self->arguments = g_strdupv (argv[1] != NULL && g_str_equal (argv[1], "--") ? argv + 2 : argv + 1);
  if (self->to == NULL)
    self->to = g_strdup (".");
  if (!make_absolute (&self->to, "--to", error) ||
      !make_absolute (&self->data, "--data", error) ||
      !check_arguments (verb, self, error))
    return NULL;

  return g_steal_pointer (&self);
}

BytestagOptions *
bytestag_options_parse (int       argc,
                        char    **argv,
                        GError  **error)
{
  const VerbHelp *verb = NULL;

  if (argc >= 2 && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") || g_str_equal (argv[1], "help")))
    {
      print_usage ();
      return NULL;
    }
  if (argc >= 2 && g_str_equal (argv[1], "--version"))
    {
      g_print ("bytestag-node %s\n", BYTESTAG_VERSION);
      return NULL;
    }

  if (argc >= 2)
    verb = find_verb (argv[1]);
  if (verb == NULL)
    {
      if (argc >= 2)
        g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                     _("“%s” is not a verb; “bytestag-node --help” lists them"), argv[1]);
      else
        g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                             _("What is to be done? “bytestag-node --help” lists the verbs"));
      return NULL;
    }

  return parse_verb (verb, argc - 1, argv + 1, error);
}

void
bytestag_options_free (BytestagOptions *self)
{
  if (self == NULL)
    return;

  g_free (self->verb);
  g_strfreev (self->arguments);
  g_free (self->data);
  g_free (self->host);
  g_strfreev (self->known_nodes);
  g_free (self->name);
  g_free (self->comment);
  g_free (self->to);
  g_free (self);
}
