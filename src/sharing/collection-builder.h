/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/kvp-id.h"
#include "wire/collection-info.h"

G_BEGIN_DECLS

/* A value that goes with a collection: its root, a page, or a file's info. */
typedef struct {
  BytestagKvpId id;
  GBytes *bytes;
} BytestagBuiltValue;

typedef struct {
  BytestagCollectionInfo *info;
  BytestagKey key;                      /* K of B.3 */
  guint8 sha256[BYTESTAG_SHA256_SIZE];  /* of the root's bytes */
  GArray *pages;                        /* (element-type BytestagBuiltValue) root first, then (part)pages */
  GArray *file_infos;                   /* (element-type BytestagBuiltValue) of files of 2 to 8,400 parts */
} BytestagBuiltCollection;

/* Makes the collection of @files (element-type BytestagFileInfo) and all values that
 * go with it (B.3). Takes a while for many files: for workers. (transfer full)
 * BYTESTAG_ERROR_TOO_LARGE: as bytestag_collection_info_paginate(). */
BytestagBuiltCollection *bytestag_built_collection_new  (GPtrArray               *files,
                                                         const char              *name,
                                                         const char              *comment,
                                                         GError                 **error);
void                     bytestag_built_collection_free (BytestagBuiltCollection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagBuiltCollection, bytestag_built_collection_free)

G_END_DECLS
