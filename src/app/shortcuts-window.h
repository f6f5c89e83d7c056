/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The window of "Keyboard Shortcuts"; GTK's class is final, so this is its maker only. */
GtkShortcutsWindow *bytestag_shortcuts_window_new (void);

G_END_DECLS
