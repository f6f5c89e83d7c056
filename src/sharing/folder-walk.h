/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file that a walk found. */
typedef struct {
  char *path;      /* absolute */
  char **filename; /* path elements, as a FileInfo names it */
  guint64 size;    /* bytes, as of now */
} BytestagWalkFile;

typedef struct {
  char *name;         /* the file's or folder's own, also when no peer could write it; the first one's of several */
  GPtrArray *files;   /* (element-type BytestagWalkFile) */
  GPtrArray *skipped; /* (element-type utf8) paths, for display: hidden ones, links, special files */
  guint64 size;       /* bytes of all files */
} BytestagFolderWalk;

/* Finds what sharing @paths (absolute) means: folders recursively, each in the
 * order of its names' bytes; links are not followed; hidden files, special ones and incomplete
 * downloads are left out, unless @paths names them. Blocks: for workers. Names that no peer could
 * write to disk (wire/safe-name.h) are errors, in words, as is a walk that finds no file. (transfer full) */
BytestagFolderWalk *bytestag_folder_walk      (const char * const  *paths,
                                               GCancellable        *cancellable,
                                               GError             **error);
/* (transfer full) The name that a walk of @paths would have. */
char               *bytestag_folder_walk_dup_name (const char * const *paths);
void                bytestag_folder_walk_free (BytestagFolderWalk  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagFolderWalk, bytestag_folder_walk_free)

G_END_DECLS
