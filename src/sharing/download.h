/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "sharing/part-map.h"
#include "wire/collection-info.h"
#include "wire/link.h"

G_BEGIN_DECLS

typedef enum {
  BYTESTAG_DOWNLOAD_OPENING,   /* the collection is looked for */
  BYTESTAG_DOWNLOAD_RUNNING,
  BYTESTAG_DOWNLOAD_DONE,
  BYTESTAG_DOWNLOAD_FAILED,
  BYTESTAG_DOWNLOAD_CANCELLED,
} BytestagDownloadState;

#define BYTESTAG_TYPE_DOWNLOAD_STATE (bytestag_download_state_get_type ())
GType bytestag_download_state_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_DOWNLOAD (bytestag_download_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDownload, bytestag_download, BYTESTAG, DOWNLOAD, GObject)

/* A collection that is fetched. Made by BytestagDownloads. Properties, read-only,
 * notified at most 4 times a second: "name", "state", "link" (BytestagLink), "n-files",
 * "n-files-done" (uint), "size", "bytes-done", "rate" (uint64), "fraction" (double), "part-map"
 * (nullable until opened), "status" (string: what it does or waits for, in words), "error"
 * (GError, nullable), "folder" (string: what was or will be made). Signal "finished". */
const char            *bytestag_download_get_name   (BytestagDownload *self);
BytestagDownloadState  bytestag_download_get_state  (BytestagDownload *self);
BytestagLink          *bytestag_download_get_link   (BytestagDownload *self);
BytestagPartMap       *bytestag_download_get_part_map (BytestagDownload *self);
const char            *bytestag_download_get_status (BytestagDownload *self);
const char            *bytestag_download_get_folder (BytestagDownload *self);
guint64                bytestag_download_get_size   (BytestagDownload *self);
guint64                bytestag_download_get_bytes_done (BytestagDownload *self);
guint64                bytestag_download_get_rate   (BytestagDownload *self);
guint                  bytestag_download_get_n_files (BytestagDownload *self);
guint                  bytestag_download_get_n_files_done (BytestagDownload *self);
const GError          *bytestag_download_get_error  (BytestagDownload *self);
void                   bytestag_download_cancel     (BytestagDownload *self);
/* Keeps one that was just added from looking for anything, until it is let go:
 * while the way into the network is still sought. */
void                   bytestag_download_set_held   (BytestagDownload *self,
                                                     gboolean          held);

G_END_DECLS
