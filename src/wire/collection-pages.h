/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/collection-info.h"

G_BEGIN_DECLS

/* For wire alone: the bytes of @self, with @pages (of BytestagPageRef) in place of
 * its files; NULL: with the files. (transfer full) */
GBytes *bytestag_collection_info_write (BytestagCollectionInfo *self,
                                        const GArray           *pages);

G_END_DECLS
