/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "sharing/download.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DOWNLOADS (bytestag_downloads_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDownloads, bytestag_downloads, BYTESTAG, DOWNLOADS, GObject)

/* What is fetched: a GListModel of BytestagDownload. Collection → files → pieces,
 * each checked, into NAME.bytestag-incomplete beside its target, then renamed. */
BytestagDownloads *bytestag_downloads_new    (BytestagNetwork    *network,
                                              BytestagWorker     *worker);
/* Starts fetching @link into a folder of the collection's name (a collection of
 * one plain file by its own name: that file) in @folder. The item is in the list at once. (transfer none) */
BytestagDownload  *bytestag_downloads_add    (BytestagDownloads  *self,
                                              BytestagLink       *link,
                                              const char         *folder);
/* Cancels when it runs, and takes it out of the list. Files that are complete stay. */
void               bytestag_downloads_remove (BytestagDownloads  *self,
                                              BytestagDownload   *download);

G_END_DECLS
