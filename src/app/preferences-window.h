/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PREFERENCES_WINDOW (bytestag_preferences_window_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPreferencesWindow, bytestag_preferences_window, BYTESTAG, PREFERENCES_WINDOW, AdwPreferencesWindow)

/* The preferences, bound to @settings. Properties "download-folder" (string) and
 * "known-nodes" (GStrv), as the keys of their name. @proposal: bytes that are proposed as
 * space for others. */
GtkWidget *bytestag_preferences_window_new (GtkWindow *parent,
                                            GSettings *settings,
                                            gint64     proposal);

G_END_DECLS
