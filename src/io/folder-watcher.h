/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_GIO_FOLDER_WATCHER (bytestag_gio_folder_watcher_get_type ())
G_DECLARE_FINAL_TYPE (BytestagGioFolderWatcher, bytestag_gio_folder_watcher, BYTESTAG, GIO_FOLDER_WATCHER, GObject)

/* Watches folders with GFileMonitor, at most BYTESTAG_LIMIT_WATCHED_FOLDERS; none on file
 * systems that others change too (NFS, CIFS, FUSE with the document portal), which do not
 * tell. What it tells comes by @context (nullable: the default one), on whose thread it is
 * made and used. */
BytestagFolderWatcher *bytestag_gio_folder_watcher_new (GMainContext *context);

G_END_DECLS
