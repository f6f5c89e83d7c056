/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"
#include "core/task.h"
#include "storage/shared-files-table.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

/* A file of the person's own, hashed. */
typedef struct {
  char *path;
  BytestagFileStamp stamp;
  BytestagFileInfo *info;
} BytestagHashedFile;

#define BYTESTAG_TYPE_HASH_TASK (bytestag_hash_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagHashTask, bytestag_hash_task, BYTESTAG, HASH_TASK, BytestagTask)

/* Walks @paths (as bytestag_folder_walk()) and hashes every file, off the engine's
 * thread. Progress and total are bytes, told 4 times a second. PENDING: the
 * caller starts it. Property "current-file" (string, nullable): what is read now, for display. */
BytestagHashTask *bytestag_hash_task_new              (BytestagReactor    *reactor,
                                                       BytestagWorker     *worker,
                                                       const char * const *paths);
/* Files found; 0 until the walk is over. */
guint             bytestag_hash_task_get_n_files      (BytestagHashTask   *self);
/* (nullable) the file's or folder's own name, once the walk is over. */
const char       *bytestag_hash_task_get_name         (BytestagHashTask   *self);
const char       *bytestag_hash_task_get_current_file (BytestagHashTask   *self);
/* (nullable) (transfer none) (element-type utf8) what was left out. */
GPtrArray        *bytestag_hash_task_get_skipped      (BytestagHashTask   *self);
/* (transfer none) (element-type BytestagHashedFile) all of them once DONE. */
GPtrArray        *bytestag_hash_task_get_files        (BytestagHashTask   *self);

G_END_DECLS
