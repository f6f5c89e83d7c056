/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files and folders that last: each step is on the disk before the one that rests on it.
 * For workers: every call may block. Errors are G_IO_ERROR_NO_SPACE where the disk is full,
 * else BYTESTAG_ERROR_FAILED. No link is followed. */

/* What a name has while its file is written: whoever finds one that is not his own may
 * remove it. */
#define BYTESTAG_SAFE_FILE_SUFFIX ".new"

/* Opens the folder @name in @parent (a descriptor, or AT_FDCWD), and makes it, mode 0700,
 * where there is none: it lasts then. Returns a descriptor, or -1. */
int      bytestag_safe_folder_open  (int            parent,
                                     const char    *name,
                                     GError       **error);
/* Makes what was renamed into @folder, a descriptor, last. */
gboolean bytestag_safe_folder_sync  (int            folder,
                                     GError       **error);
/* Writes the file @name in @folder, a descriptor: under another name first, then synced,
 * then renamed, over what is there. It lasts when @folder is synced then. */
gboolean bytestag_safe_file_write   (int            folder,
                                     const char    *name,
                                     gconstpointer  data,
                                     gsize          length,
                                     GError       **error);

G_END_DECLS
