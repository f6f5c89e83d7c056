/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/serializable.h"

G_BEGIN_DECLS

#define BYTESTAG_PART_SIZE 262144
#define BYTESTAG_SHA256_SIZE 32

#define BYTESTAG_TYPE_FILE_INFO (bytestag_file_info_get_type ())
G_DECLARE_FINAL_TYPE (BytestagFileInfo, bytestag_file_info, BYTESTAG, FILE_INFO, GObject)

/* The hashes of a file and of its parts (seed: FileInfo; A.5), immutable.
 * Properties: "file-hash", "size", "display-name" (the path for a person),
 * "n-parts". */

/* @parts: (array length=n_parts), at least one; of an empty file the SHA-1 of
 * nothing. @filename: (nullable) path elements; @size 0: left out of the bytes
 * (A.5). @sha256: (nullable) 32 bytes (B.3). */
BytestagFileInfo   *bytestag_file_info_new           (const BytestagKey  *file_hash,
                                                      const BytestagKey  *parts,
                                                      guint               n_parts,
                                                      guint64             size,
                                                      const char * const *filename,
                                                      const guint8       *sha256);
/* A copy that names pages of parts ("partpages", B.3) instead of the parts. */
BytestagFileInfo   *bytestag_file_info_new_paged     (BytestagFileInfo   *self,
                                                      const BytestagKey  *part_pages,
                                                      guint               n_part_pages);
/* A copy with the parts that its pages told. */
BytestagFileInfo   *bytestag_file_info_with_parts    (BytestagFileInfo   *self,
                                                      const BytestagKey  *parts,
                                                      guint               n_parts);
/* Any bytes; limits and nesting are checked before a parser sees them. */
BytestagFileInfo   *bytestag_file_info_from_bytes    (GBytes             *bytes,
                                                      GError            **error);
const BytestagKey  *bytestag_file_info_get_hash      (BytestagFileInfo   *self);
const BytestagKey  *bytestag_file_info_get_parts     (BytestagFileInfo   *self,
                                                      guint              *n_parts);
/* Pages that hold the parts; 0 when the parts are here. */
const BytestagKey  *bytestag_file_info_get_part_pages (BytestagFileInfo  *self,
                                                      guint              *n_part_pages);
/* 0: not said (or an empty file). */
guint64             bytestag_file_info_get_size      (BytestagFileInfo   *self);
/* (nullable) path elements exactly as they came: never a path (see safe-name.h). */
const char * const *bytestag_file_info_get_filename  (BytestagFileInfo   *self);
/* (nullable) 32 bytes */
const guint8       *bytestag_file_info_get_sha256    (BytestagFileInfo   *self);
/* Whether size, parts and pages of parts agree with each other; an info without
 * a size agrees with any number of parts. What a peer sent need not. */
gboolean            bytestag_file_info_check         (BytestagFileInfo   *self,
                                                      GError            **error);
/* The FileInfo value of B.3: "hash" and "parts" only; the parts must be here. (transfer full) */
BytestagFileInfo   *bytestag_file_info_strip         (BytestagFileInfo   *self);

/* Pages of parts: {"!":"BytestagParts","parts":[…]}. (transfer full) */
GBytes             *bytestag_parts_page_to_bytes     (const BytestagKey  *parts,
                                                      guint               n_parts);
/* (transfer full) (element-type BytestagKey) */
GArray             *bytestag_parts_page_from_bytes   (GBytes             *bytes,
                                                      GError            **error);

G_END_DECLS
