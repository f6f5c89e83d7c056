/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "wire/file-info.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_COLLECTION_INFO (bytestag_collection_info_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCollectionInfo, bytestag_collection_info, BYTESTAG, COLLECTION_INFO, GObject)

/* A collection of file infos (seed: CollectionInfo; A.5, B.3), immutable; a
 * GListModel of BytestagFileInfo. Properties: "name", "comment" (both for a person's
 * eyes, see safe-name.h; the functions give them as they came), "timestamp",
 * "count" (files, as the root says when paged), "size" (bytes of all files).
 *
 * To read all of it: bytestag_collection_info_from_bytes() of the value (K, K); when
 * it has pages, bytestag_collection_page_from_bytes() of each; of a file that has
 * part pages, bytestag_parts_page_from_bytes() of each, all their parts given to
 * bytestag_file_info_with_parts(); then bytestag_file_info_check(). */

/* A page of a collection that is too long for one value (B.3). */
typedef struct {
  BytestagKey key;
  guint64 n_files;
  guint64 size; /* bytes of its files */
} BytestagPageRef;

/* @files: (element-type BytestagFileInfo), at least one. @name, @comment: (nullable).
 * @timestamp 0: none. */
BytestagCollectionInfo *bytestag_collection_info_new            (GPtrArray              *files,
                                                                 const char             *name,
                                                                 const char             *comment,
                                                                 gint64                  timestamp);
BytestagCollectionInfo *bytestag_collection_info_from_bytes     (GBytes                 *bytes,
                                                                 GError                **error);
/* (nullable) as it came: maybe not UTF-8, never a path */
const char             *bytestag_collection_info_get_name       (BytestagCollectionInfo *self);
const char             *bytestag_collection_info_get_comment    (BytestagCollectionInfo *self);
gint64                  bytestag_collection_info_get_timestamp  (BytestagCollectionInfo *self);
guint64                 bytestag_collection_info_get_count      (BytestagCollectionInfo *self);
guint64                 bytestag_collection_info_get_size       (BytestagCollectionInfo *self);
/* (element-type BytestagFileInfo) empty for a root of pages. */
GPtrArray              *bytestag_collection_info_get_files      (BytestagCollectionInfo *self);
/* (nullable) the pages of a root. */
const BytestagPageRef  *bytestag_collection_info_get_pages      (BytestagCollectionInfo *self,
                                                                 guint                  *n_pages);
/* Cuts a collection into values of at most BYTESTAG_LIMIT_INFO_WRITTEN bytes:
 * pages and partpages first, the root last; one element when it fits as it is.
 * (transfer full) (element-type GBytes). Same files, same bytes, always.
 * BYTESTAG_ERROR_TOO_LARGE: the root would not fit (some terabytes, or a very
 * long name or comment). */
GPtrArray              *bytestag_collection_info_paginate       (BytestagCollectionInfo *self,
                                                                 GError                **error);
/* The files of {"!":"BytestagPage","files":[…]}. (transfer full) (element-type BytestagFileInfo) */
GPtrArray              *bytestag_collection_page_from_bytes     (GBytes                 *bytes,
                                                                 GError                **error);

G_END_DECLS
