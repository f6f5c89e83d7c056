/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/collection-info.h"

G_BEGIN_DECLS

/* Writes a collection as values of at most BYTESTAG_LIMIT_INFO_WRITTEN bytes (B.3), file
 * after file: it never holds more than one page, however large the collection is. The same files
 * in the same order under the same name give the same bytes, always. */
typedef struct _BytestagCollectionWriter BytestagCollectionWriter;

/* @digest: SHA-1 of @value. */
typedef void (*BytestagCollectionValueFunc) (GBytes *value, const BytestagKey *digest, gpointer user_data);

/* @name, @comment: (nullable). @timestamp: of a new version of an earlier collection; 0: none.
 * @func takes the pages and partpages, each once. */
BytestagCollectionWriter *bytestag_collection_writer_new    (const char                  *name,
                                                             const char                  *comment,
                                                             gint64                       timestamp,
                                                             BytestagCollectionValueFunc  func,
                                                             gpointer                     user_data);
void                      bytestag_collection_writer_free   (BytestagCollectionWriter    *self);
/* BYTESTAG_ERROR_TOO_LARGE: the file's own name would not fit. Nothing may follow then. */
gboolean                  bytestag_collection_writer_add    (BytestagCollectionWriter    *self,
                                                             BytestagFileInfo            *file,
                                                             GError                     **error);
/* The root, once, behind at least one file. (transfer full) BYTESTAG_ERROR_TOO_LARGE: it would
 * not fit (some terabytes, or a very long name or comment). */
GBytes                   *bytestag_collection_writer_finish (BytestagCollectionWriter    *self,
                                                             GError                     **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagCollectionWriter, bytestag_collection_writer_free)

G_END_DECLS
