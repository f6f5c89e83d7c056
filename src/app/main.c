/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>

#include <glib/gi18n.h>

#include "app/application.h"

int
main (int    argc,
      char **argv)
{
  g_autoptr (BytestagApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, BYTESTAG_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  application = bytestag_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
