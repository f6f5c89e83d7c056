/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/client.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_WINDOW (bytestag_window_get_type ())
G_DECLARE_FINAL_TYPE (BytestagWindow, bytestag_window, BYTESTAG, WINDOW, AdwApplicationWindow)

/* The main window. Property "client" (BytestagClient, nullable). */
GtkWidget *bytestag_window_new          (GtkApplication *application);
/* @client: (nullable). The first one's settings give the window its size. */
void       bytestag_window_set_client   (BytestagWindow *self,
                                         BytestagClient *client);
/* Shows why nothing runs, in place of the pages; NULL: shows the pages. */
void       bytestag_window_set_trouble  (BytestagWindow *self,
                                         const char     *text);
/* Shows a link and waits; a link that comes while another is shown waits its turn. */
void       bytestag_window_open_link    (BytestagWindow *self,
                                         const char     *text);

G_END_DECLS
