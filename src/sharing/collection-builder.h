/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/kvp-id.h"
#include "wire/collection-info.h"
#include "wire/collection-writer.h"

G_BEGIN_DECLS

/* A value that goes with a collection. */
typedef enum {
  BYTESTAG_BUILT_PAGE,      /* or a partpage */
  BYTESTAG_BUILT_FILE_INFO, /* of a file of 2 to 8,400 parts */
  BYTESTAG_BUILT_ROOT,
} BytestagBuiltKind;

typedef void (*BytestagBuiltFunc) (BytestagBuiltKind    kind,
                                   const BytestagKvpId *id,
                                   GBytes              *bytes,
                                   gpointer             user_data);

/* Makes a collection file after file, and gives each value that goes with it (B.3) to
 * @func as soon as it is made: it holds one page, however many files there are. For one thread at
 * a time. @name, @comment: (nullable). @timestamp: unix seconds, of a new version of
 * an earlier collection alone; 0: none, so that the same files in the same order under the same
 * name give the same link everywhere. */
typedef struct _BytestagCollectionBuilder BytestagCollectionBuilder;

BytestagCollectionBuilder *bytestag_collection_builder_new    (const char                 *name,
                                                               const char                 *comment,
                                                               gint64                      timestamp,
                                                               BytestagBuiltFunc           func,
                                                               gpointer                    user_data);
void                       bytestag_collection_builder_free   (BytestagCollectionBuilder  *self);
/* Errors, here and below: as bytestag_collection_writer_add(), and _finish(). */
gboolean                   bytestag_collection_builder_add    (BytestagCollectionBuilder  *self,
                                                               BytestagFileInfo           *file,
                                                               GError                    **error);
/* Gives the root, the last value. @key: (out) K of B.3. @sha256: (out) 32 bytes, of the root. */
gboolean                   bytestag_collection_builder_finish (BytestagCollectionBuilder  *self,
                                                               BytestagKey                *key,
                                                               guint8                     *sha256,
                                                               GError                    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagCollectionBuilder, bytestag_collection_builder_free)

G_END_DECLS
