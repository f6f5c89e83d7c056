/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"
#include "storage/file-stamp.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SHARED_FILES_TABLE (bytestag_shared_files_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSharedFilesTable, bytestag_shared_files_table, BYTESTAG, SHARED_FILES_TABLE, GObject)

/* What a person shares, in place (seed: SharedFilesKVPTable): a part is read from
 * the person's own file by the worker and checked against its hash before it goes
 * out; infos are held in memory. write() and remove() are refused: what is shared
 * is added and removed here alone.
 *
 * Signal "file-changed" (path): a read found the file gone, or not the one that was
 * hashed. It is still listed until it is removed. */
BytestagSharedFilesTable *bytestag_shared_files_table_new (BytestagWorker *worker);

/* Adds the parts of a file (key = index = part hash). The first file with a part
 * serves it; when it is removed, another one that was added does. @info has its
 * parts, as many as @stamp's size says. Counted: added twice, it is removed twice.
 * A path that is there with another stamp takes the new one. */
void     bytestag_shared_files_table_add_file      (BytestagSharedFilesTable *self,
                                                    const char               *path,
                                                    const BytestagFileStamp  *stamp,
                                                    BytestagFileInfo         *info);
void     bytestag_shared_files_table_remove_file   (BytestagSharedFilesTable *self,
                                                    const char               *path);
/* An info value; the caller knows that the index of @id is its SHA-1: those of a large
 * collection take a while to hash. Counted: added twice, it is removed twice. */
void     bytestag_shared_files_table_add_value     (BytestagSharedFilesTable *self,
                                                    const BytestagKvpId      *id,
                                                    GBytes                   *value);
void     bytestag_shared_files_table_remove_value  (BytestagSharedFilesTable *self,
                                                    const BytestagKvpId      *id);
/* A part or value was published at @time (unix seconds). */
void     bytestag_shared_files_table_set_published (BytestagSharedFilesTable *self,
                                                    const BytestagKvpId      *id,
                                                    gint64                    time);

G_END_DECLS
