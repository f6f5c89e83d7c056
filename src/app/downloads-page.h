/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "sharing/downloads.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DOWNLOADS_PAGE (bytestag_downloads_page_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDownloadsPage, bytestag_downloads_page, BYTESTAG, DOWNLOADS_PAGE, AdwBin)

/* What is fetched. Property "downloads" (BytestagDownloads, nullable). Its rows tell short news
 * by the action "win.toast" (markup). */
GtkWidget *bytestag_downloads_page_new (void);

G_END_DECLS
