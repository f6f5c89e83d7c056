/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "sharing/download.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DOWNLOAD_ROW (bytestag_download_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDownloadRow, bytestag_download_row, BYTESTAG, DOWNLOAD_ROW, AdwBin)

/* A collection that is fetched. Property "download" (BytestagDownload, nullable).
 * Signal "remove-requested" (BytestagDownload). */
GtkWidget *bytestag_download_row_new (void);

G_END_DECLS
