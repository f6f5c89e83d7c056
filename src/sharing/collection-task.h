/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dht/network.h"
#include "wire/collection-info.h"
#include "wire/link.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_COLLECTION_TASK (bytestag_collection_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCollectionTask, bytestag_collection_task, BYTESTAG, COLLECTION_TASK, BytestagTask)

/* Fetches what a link names (B.3): the root, checked against the link's SHA-256,
 * its pages, and the pages of parts of large files. Total and progress are pages. PENDING: the
 * caller starts it. */
BytestagCollectionTask *bytestag_collection_task_new       (BytestagNetwork        *network,
                                                            BytestagWorker         *worker,
                                                            BytestagLink           *link);
/* (transfer none) (nullable) the root, as soon as it is there. */
BytestagCollectionInfo *bytestag_collection_task_get_info  (BytestagCollectionTask *self);
/* (transfer none) (element-type BytestagFileInfo) all files, with their parts, once DONE. */
GPtrArray              *bytestag_collection_task_get_files (BytestagCollectionTask *self);

G_END_DECLS
