/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files and folders that last: each step is on the disk before the one that rests on it.
 * For workers: every call may block. Errors are G_IO_ERROR_NO_SPACE where the disk is full,
 * else BYTESTAG_ERROR_FAILED. No link is followed. */

/* Opens the folder @name in @parent (a descriptor, or AT_FDCWD), and makes it, mode 0700,
 * where there is none: it lasts then. Returns a descriptor, or -1. */
int      bytestag_safe_folder_open  (int            parent,
                                     const char    *name,
                                     GError       **error);
/* Makes the names in @folder, a descriptor, last. */
gboolean bytestag_safe_folder_sync  (int            folder,
                                     GError       **error);
/* Writes a file @name in @folder, a descriptor, in place of what has that name; it is on
 * its way to the disk then. Returns a descriptor for _sync(), or -1: then there is none. */
int      bytestag_safe_file_write   (int            folder,
                                     const char    *name,
                                     gconstpointer  data,
                                     gsize          length,
                                     GError       **error);
/* Waits until the bytes of the file last, and closes @fd. Those of several files that were
 * written before the first is synced come to the disk together. The name lasts when the
 * folder is synced. */
gboolean bytestag_safe_file_sync    (int            fd,
                                     GError       **error);

G_END_DECLS
