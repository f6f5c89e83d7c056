/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"
#include "core/task.h"
#include "sharing/known-files.h"
#include "sharing/skip-list.h"
#include "storage/file-stamp.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

/* A file of the person's own, hashed. */
typedef struct {
  char *path;
  BytestagFileStamp stamp;
  BytestagFileInfo *info;
  guint position; /* by the order of the walk; those of files that are left out are missing */
} BytestagHashedFile;

void              bytestag_hashed_file_free           (BytestagHashedFile *file);

#define BYTESTAG_TYPE_HASH_TASK (bytestag_hash_task_get_type ())
G_DECLARE_FINAL_TYPE (BytestagHashTask, bytestag_hash_task, BYTESTAG, HASH_TASK, BytestagTask)

/* @files: (transfer full) (element-type BytestagHashedFile) at least one, at most
 * BYTESTAG_LIMIT_FILES_OF_JOB; any order. */
typedef void (*BytestagHashedFunc) (GPtrArray *files, gpointer user_data);

/* Walks @paths (as bytestag_folder_walk()) and hashes every file, off the engine's
 * thread: many files on all threads of @worker, and a large one on several when nothing else is left.
 * What cannot be read, or never rests, is left out, and said so; it is an error when that is all
 * there is, or when the folder itself goes away. Progress and total are bytes, told 4 times a
 * second. PENDING: the caller starts it. Properties: "current-file" (string, nullable): what is
 * read now, for display; "bytes-left" (uint64); "seconds-left" (int64, -1: not known), by the
 * bytes that were read in the last four seconds. */
BytestagHashTask *bytestag_hash_task_new              (BytestagReactor    *reactor,
                                                       BytestagWorker     *worker,
                                                       const char * const *paths);
/* Before the start: files that need not be read again. @known: (nullable) */
void              bytestag_hash_task_set_known        (BytestagHashTask   *self,
                                                       BytestagKnownFiles *known);
/* Before the start: @func takes files as they are hashed, on the engine's thread, before
 * "finished", and the task keeps none of them. */
void              bytestag_hash_task_set_taker        (BytestagHashTask   *self,
                                                       BytestagHashedFunc  func,
                                                       gpointer            user_data,
                                                       GDestroyNotify      destroy);
/* Files found, less those that turned out unreadable; 0 until the walk is over. */
guint             bytestag_hash_task_get_n_files      (BytestagHashTask   *self);
/* (nullable) the file's or folder's own name, once the walk is over. */
const char       *bytestag_hash_task_get_name         (BytestagHashTask   *self);
const char       *bytestag_hash_task_get_current_file (BytestagHashTask   *self);
/* Files that were not read, since their digests were known. */
guint             bytestag_hash_task_get_n_known      (BytestagHashTask   *self);
guint64           bytestag_hash_task_get_bytes_left   (BytestagHashTask   *self);
gint64            bytestag_hash_task_get_seconds_left (BytestagHashTask   *self);
/* (nullable) (transfer none) what was left out; grows while it runs. */
BytestagSkipList *bytestag_hash_task_get_skipped      (BytestagHashTask   *self);
/* (transfer none) (element-type BytestagHashedFile) all of them once DONE, by position; empty with a
 * taker. */
GPtrArray        *bytestag_hash_task_get_files        (BytestagHashTask   *self);

G_END_DECLS
