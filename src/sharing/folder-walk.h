/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/skip-list.h"
#include "storage/file-stamp.h"

G_BEGIN_DECLS

/* A file that a walk found. */
typedef struct {
  char *path;              /* absolute */
  const char *name;        /* the end of @path that the FileInfo has, elements between slashes */
  BytestagFileStamp stamp; /* as of now */
  guint root;              /* of the walk's roots, below which it lies */
} BytestagWalkFile;

typedef struct {
  char *name;                /* the file's or folder's own, also when no peer could write it; the first one's of several */
  GPtrArray *files;          /* (element-type BytestagWalkFile) */
  BytestagSkipList *skipped; /* what was left out */
  guint64 size;              /* bytes of all files */
  GArray *roots;             /* private */
} BytestagFolderWalk;

/* Finds what sharing @paths (absolute) means: folders recursively, each in the
 * order of its names' bytes; links are not followed; hidden files, special ones and incomplete
 * downloads are left out, unless @paths names them. So is, with its reason, what cannot be
 * read, lies too deep, or has a name that no peer could write to disk (wire/safe-name.h).
 * A path that is named twice, or lies in a folder that is named too, is shared once. Two
 * things of one name are an error, as is a walk that finds no file: that of the first problem.
 * Blocks: for workers. (transfer full) */
BytestagFolderWalk *bytestag_folder_walk           (const char * const        *paths,
                                                    GCancellable              *cancellable,
                                                    GError                   **error);
/* (transfer full) The name that a walk of @paths would have. */
char               *bytestag_folder_walk_dup_name  (const char * const        *paths);
void                bytestag_folder_walk_free      (BytestagFolderWalk        *self);
/* Whether the folder that was named, and in which @file lay, is still there, and the same
 * one: a drive that was pulled is not a folder whose files cannot be read. Blocks. */
gboolean            bytestag_folder_walk_has_root  (const BytestagFolderWalk  *self,
                                                    const BytestagWalkFile    *file,
                                                    GError                   **error);
/* (transfer full) Path elements, as a FileInfo names the file. */
char              **bytestag_walk_file_dup_filename (const BytestagWalkFile   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagFolderWalk, bytestag_folder_walk_free)

G_END_DECLS
