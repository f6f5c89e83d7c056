/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/download.h"

G_BEGIN_DECLS

/* What BytestagDownloads does with its items. */

BytestagDownload *bytestag_download_new       (BytestagNetwork  *network,
                                               BytestagWorker   *worker,
                                               BytestagLink     *link,
                                               const char       *folder);
/* From an event of the reactor. */
void              bytestag_download_start     (BytestagDownload *self);
/* Tells what changed since the last call; 4 times a second. */
void              bytestag_download_flush     (BytestagDownload *self);
/* OPENING or RUNNING. */
gboolean          bytestag_download_is_active (BytestagDownload *self);

G_END_DECLS
