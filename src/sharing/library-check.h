/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ports.h"
#include "storage/file-stamp.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

/* What shares were against what is on disk now: what was moved, changed or deleted, and
 * what is away with its drive. Filled and read on the engine's thread, run once on a
 * worker's. It looks at names and stamps alone; bytes are read only of a file that may be
 * the one that was shared and whose stamp does not prove it. */
typedef struct _BytestagLibraryCheck BytestagLibraryCheck;

typedef enum {
  BYTESTAG_ROOT_HERE,
  BYTESTAG_ROOT_MOVED, /* what was shared has another path now, with all that is in it */
  BYTESTAG_ROOT_AWAY,  /* its drive is not there, or cannot be read now: nothing is known of its files */
  BYTESTAG_ROOT_GONE,  /* its drive is there, and it is not */
} BytestagRootOutcome;

/* A file or folder that a person named when sharing it. */
typedef struct {
  BytestagRootOutcome outcome;
  const char *path;     /* absolute; where it is now, or was last */
  const char *identity; /* (nullable) what tells it from others, to be given to the next check */
  guint n_new;          /* files in it that are not shared: told, not added */
} BytestagCheckedRoot;

typedef enum {
  BYTESTAG_FILE_UNCHANGED, /* never listed */
  BYTESTAG_FILE_MOVED,     /* the same bytes at another path */
  BYTESTAG_FILE_RESTAMPED, /* the same bytes at the same path, with another stamp */
  BYTESTAG_FILE_CHANGED,   /* other bytes at its path */
  BYTESTAG_FILE_DELETED,
  BYTESTAG_FILE_AWAY,      /* a folder above it cannot be read now, or a drive within its root is not there */
  BYTESTAG_FILE_DOUBTFUL,  /* not known before its bytes were read, which a later check will do */
} BytestagFileOutcome;

typedef struct {
  guint file;               /* as bytestag_library_check_add_file() returned it */
  BytestagFileOutcome outcome;
  guint root;               /* MOVED: where it is now, maybe in another root, */
  const char *path;         /* and its path there; else NULL */
  BytestagFileStamp stamp;  /* MOVED, RESTAMPED, CHANGED: what it has now */
} BytestagFileChange;

/* @digests: (nullable) of files that were read by an earlier check. */
BytestagLibraryCheck      *bytestag_library_check_new          (GHashTable                 *digests);
/* On the engine's thread only. */
BytestagLibraryCheck      *bytestag_library_check_ref          (BytestagLibraryCheck       *self);
/* Who frees it when nobody has it any more; without one, whoever unrefs it last. */
void                       bytestag_library_check_set_worker   (BytestagLibraryCheck       *self,
                                                                BytestagWorker             *worker);
void                       bytestag_library_check_unref        (BytestagLibraryCheck       *self);
/* (transfer full) remembers what checks have read, so that a file which differs from the shared
 * one is read once and not at each check; at most BYTESTAG_LIMIT_CHECK_DIGESTS files. One check
 * at a time uses it. */
GHashTable                *bytestag_library_check_digests_new  (void);

/* The roots that are added from now on are of another share: what lies in two shares is one file
 * for each of them, and new in one of them it may be old in the other. */
void                       bytestag_library_check_begin_share  (BytestagLibraryCheck       *self);
/* @path: absolute, of what was shared; @identity: (nullable) what the last check said of it, else
 * it is whatever lies there now. Returns its number, from 0 on. */
guint                      bytestag_library_check_add_root     (BytestagLibraryCheck       *self,
                                                                const char                 *path,
                                                                const char                 *identity);
/* @root was shared at @seconds (unix): a file in it that has lain there unchanged since is no new
 * one, but was left out. */
void                       bytestag_library_check_set_created  (BytestagLibraryCheck       *self,
                                                                guint                       root,
                                                                gint64                      seconds);
/* @path: within the root; "" when the root is a file itself. @sha256: (nullable) without it
 * a file in doubt stays DOUBTFUL. Returns its number, from 0 on. */
guint                      bytestag_library_check_add_file     (BytestagLibraryCheck       *self,
                                                                guint                       root,
                                                                const char                 *path,
                                                                const BytestagFileStamp    *stamp,
                                                                const guint8               *sha256);
/* @file was found to have other bytes, whatever its stamp says: that alone proves nothing. */
void                       bytestag_library_check_doubt_file   (BytestagLibraryCheck       *self,
                                                                guint                       file);
/* A folder (absolute) in which a root that was moved is looked for, beside those that the roots
 * lie in: no disk is searched. */
void                       bytestag_library_check_add_place    (BytestagLibraryCheck       *self,
                                                                const char                 *path);

/* Blocks. FALSE: cancelled; nothing is known then. */
gboolean                   bytestag_library_check_run          (BytestagLibraryCheck       *self,
                                                                GCancellable               *cancellable);

/* (transfer full) (nullable) what tells a file with @stamp, on the drive of the root with
 * @identity (nullable), from others: for a root that it becomes. */
char                      *bytestag_library_check_identify     (const char                 *identity,
                                                                const BytestagFileStamp    *stamp);
/* Of each root, as many as were added. (transfer none) */
const BytestagCheckedRoot *bytestag_library_check_get_root     (BytestagLibraryCheck       *self,
                                                                guint                       root);
guint                      bytestag_library_check_get_n_roots  (BytestagLibraryCheck       *self);
guint                      bytestag_library_check_get_n_files  (BytestagLibraryCheck       *self);
/* (transfer none) as it was added. @root: (out) */
const char                *bytestag_library_check_get_file     (BytestagLibraryCheck       *self,
                                                                guint                       file,
                                                                guint                      *root);
/* (transfer none) (array length=n) in order of file; files that are not among them are there,
 * unchanged, but for those of a root that is away. */
const BytestagFileChange  *bytestag_library_check_get_changes  (BytestagLibraryCheck       *self,
                                                                guint                      *n);
/* Of these, those of the files from @first on, @n_files in all. */
const BytestagFileChange  *bytestag_library_check_find_changes (BytestagLibraryCheck       *self,
                                                                guint                       first,
                                                                guint                       n_files,
                                                                guint                      *n);
/* (transfer none) (array length=n) sorted, absolute, each once: the folders whose change would
 * be one of what was checked, those above a root that is away or gone among them. */
const char * const        *bytestag_library_check_get_folders  (BytestagLibraryCheck       *self,
                                                                guint                       root,
                                                                guint                      *n);
/* µs of processor time that it took; bytes of files that it read. */
gint64                     bytestag_library_check_get_cpu_time (BytestagLibraryCheck       *self);
guint64                    bytestag_library_check_get_n_read   (BytestagLibraryCheck       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagLibraryCheck, bytestag_library_check_unref)

G_END_DECLS
