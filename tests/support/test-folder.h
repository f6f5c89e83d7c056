/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* (transfer full) A new empty folder of its own. */
char *bytestag_test_folder_new    (void);
/* Removes it with everything in it, and frees the path. */
void  bytestag_test_folder_remove (char          *folder);
/* Writes FOLDER/NAME. (transfer full) its path. */
char *bytestag_test_folder_write  (const char    *folder,
                                   const char    *name,
                                   gconstpointer  data,
                                   gsize          length);

G_END_DECLS
