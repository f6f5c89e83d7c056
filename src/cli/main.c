/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "cli/session.h"

int
main (int    argc,
      char **argv)
{
  g_autoptr (BytestagPrinter) printer = NULL;
  g_autoptr (BytestagOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, BYTESTAG_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("bytestag-node");

  options = bytestag_options_parse (argc, argv, &error);
  printer = bytestag_printer_new (options != NULL && options->json);
  if (error != NULL)
    {
      bytestag_printer_complain (printer, error->message);
      return 2;
    }

  return options != NULL ? bytestag_session_run (options, printer) : 0;
}
