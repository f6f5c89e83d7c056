/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/shortcuts-window.h"

GtkShortcutsWindow *
bytestag_shortcuts_window_new (void)
{
  g_autoptr (GtkBuilder) builder =
    gtk_builder_new_from_resource ("/io/github/bytestag/Bytestag/shortcuts-window.ui");

  /* GTK keeps toplevels alive until they are destroyed. */
  return GTK_SHORTCUTS_WINDOW (gtk_builder_get_object (builder, "shortcuts_window"));
}
