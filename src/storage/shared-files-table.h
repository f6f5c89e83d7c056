/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SHARED_FILES_TABLE (bytestag_shared_files_table_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSharedFilesTable, bytestag_shared_files_table, BYTESTAG, SHARED_FILES_TABLE, GObject)

/* What a person shares, in place (seed: SharedFilesKVPTable): a part is read from
 * the person's own file by the worker and checked against its hash before it goes
 * out; infos are held in memory. write() is refused. */
BytestagSharedFilesTable *bytestag_shared_files_table_new (BytestagWorker *worker);

/* What tells that a file is still the one that was hashed. */
typedef struct {
  guint64 size;
  gint64 mtime; /* ns */
  guint64 inode;
  guint64 device;
} BytestagFileStamp;
gboolean bytestag_file_stamp_read (BytestagFileStamp *stamp, int fd);

/* Adds the parts of a file (key = index = part hash). The first file with a part
 * serves it; when it is removed, another one that was added does. @info has its parts. */
void     bytestag_shared_files_table_add_file    (BytestagSharedFilesTable *self,
                                                  const char               *path,
                                                  const BytestagFileStamp  *stamp,
                                                  BytestagFileInfo         *info);
void     bytestag_shared_files_table_remove_file (BytestagSharedFilesTable *self,
                                                  const char               *path);
/* An info value: @key, index = SHA-1 (@value). Counted: added twice, it is removed twice. */
void     bytestag_shared_files_table_add_value   (BytestagSharedFilesTable *self,
                                                  const BytestagKey        *key,
                                                  GBytes                   *value);
void     bytestag_shared_files_table_remove_value (BytestagSharedFilesTable *self,
                                                  const BytestagKvpId      *id);
/* Signal "file-changed" (path): a part did not match its hash, or the file is gone. */

G_END_DECLS
