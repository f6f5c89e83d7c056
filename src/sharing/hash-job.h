/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/folder-walk.h"
#include "sharing/hash-task.h"

G_BEGIN_DECLS

/* The jobs of BytestagHashTask: what runs on the worker. */

/* What all jobs of a task look at. Counted references; the fields are set before the
 * first job that uses them, but for the counters. */
typedef struct {
  gatomicrefcount ref_count;
  BytestagFolderWalk *walk;
  BytestagKnownFiles *known; /* (nullable) */
  BytestagDigestPool *pool;

  _Atomic guint64 n_read;    /* bytes of files that are hashed, or being read */
  _Atomic guint64 n_known;   /* of these, bytes that were not read */
  _Atomic guint current;     /* the file that was begun last */
} BytestagHashJobShared;

/* Hashes files of the walk, from @first on. */
typedef struct {
  BytestagHashJobShared *shared;
  guint first;
  guint n_files;
  gboolean is_helped;

  /* What came of it. */
  GPtrArray *hashed;         /* (element-type BytestagHashedFile) */
  BytestagSkipList *skipped;
  guint n_known;
  guint64 size;              /* bytes of those hashed */
  GError *error;             /* nothing more can be hashed */
} BytestagHashJob;

BytestagHashJobShared *bytestag_hash_job_shared_new   (BytestagFolderWalk    *walk,   /* (transfer full) */
                                                       BytestagKnownFiles    *known);
void                   bytestag_hash_job_shared_unref (BytestagHashJobShared *self);

/* The next files from @first on: a large one alone, or several small ones. */
BytestagHashJob       *bytestag_hash_job_new          (BytestagHashJobShared *shared,
                                                       guint                  first);
void                   bytestag_hash_job_free         (BytestagHashJob       *self);
/* A BytestagJobFunc; @data: a BytestagHashJob. */
void                   bytestag_hash_job_run          (gpointer               data,
                                                       GCancellable          *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagHashJob, bytestag_hash_job_free)

G_END_DECLS
