/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void (*BytestagFolderFunc) (const char *folder,
                                    gpointer    user_data);

/* Asks for a folder. @func is called with the path when one was chosen, and not
 * otherwise; @parent keeps the dialog and is @user_data's owner.
 * @folder: (nullable) where the person starts. */
void bytestag_folder_chooser_show (GtkWindow          *parent,
                                   const char         *title,
                                   const char         *folder,
                                   BytestagFolderFunc  func,
                                   gpointer            user_data);

G_END_DECLS
