/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdatomic.h>

#include "sharing/library-check.h"

G_BEGIN_DECLS

#define BYTESTAG_CHECK_NOTHING G_MAXUINT32

/* What tells a root from whatever else gets its path. */
typedef struct {
  gboolean folder;
  guint64 inode;
  guint64 device;
  gint64 birth; /* ns; 0: unknown */
  char *mount;  /* (nullable) absolute: where its drive is mounted, "/" among them */
} BytestagRootIdentity;

typedef struct {
  BytestagCheckedRoot told; /* its strings belong to the check */
  BytestagRootIdentity was; /* inode 0: not known */
  BytestagRootIdentity now;
  guint32 share;
  gint64 created;           /* unix seconds; 0: unknown */
  guint first;              /* of its files, in order */
  guint n_files;
  guint n_seen;             /* files of it that are at their paths */
  gboolean replaced;        /* what lies at its path is not what was shared */
  gboolean empty;
  gboolean inodes_vary;     /* the file system makes inode numbers up anew each time it is mounted */
  GPtrArray *folders;
} BytestagCheckRoot;

typedef enum {
  BYTESTAG_CHECK_UNSEEN,
  BYTESTAG_CHECK_SAME,
  BYTESTAG_CHECK_DIFFERS, /* a file lies at its path, with another stamp */
  BYTESTAG_CHECK_HIDDEN,  /* a folder above it cannot be read */
} BytestagCheckState;

typedef struct {
  const char *path;
  BytestagFileStamp stamp;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  guint32 root;
  guint32 now; /* found file: at its path, then where it is; else NOTHING */
  guint8 has_sha256;
  guint8 doubted;
  guint8 state;
  guint8 outcome;
} BytestagCheckFile;

/* A file that lies where none was shared, or another one was. */
typedef struct {
  const char *path;
  BytestagFileStamp stamp;
  guint32 root;
  guint32 owner;    /* the shared file whose path this is; else NOTHING */
  guint32 claimant; /* the share of the shared file that this is; else NOTHING */
  gboolean old;     /* it lay there when the root was shared */
} BytestagFoundFile;

struct _BytestagLibraryCheck
{
  guint n_references;
  BytestagWorker *worker; /* (nullable) that frees it */
  guint32 n_shares;   /* that were begun */
  GStringChunk *strings;
  GArray *roots;      /* (element-type BytestagCheckRoot) */
  GArray *files;      /* (element-type BytestagCheckFile) */
  GArray *found;      /* (element-type BytestagFoundFile) */
  GArray *order;      /* (element-type guint32) files by root and path */
  GArray *devices;    /* (element-type guint64) whose drives are there */
  GArray *changes;    /* (element-type BytestagFileChange) */
  GPtrArray *places;
  GHashTable *digests;
  GCancellable *cancellable;
  guint n_entries_left;
  gint64 cpu_time;
  _Atomic guint64 n_read;
};

#define bytestag_check_root(self, i) (&g_array_index ((self)->roots, BytestagCheckRoot, (i)))
#define bytestag_check_file(self, i) (&g_array_index ((self)->files, BytestagCheckFile, (i)))
#define bytestag_check_found(self, i) (&g_array_index ((self)->found, BytestagFoundFile, (i)))

/* One entry more is looked at. FALSE: too many, or cancelled. */
gboolean bytestag_library_check_count_entry  (BytestagLibraryCheck       *self);
/* Without following a link, or mounting anything. FALSE: errno. */
gboolean bytestag_library_check_look         (int                         folder,
                                              const char                 *name,
                                              struct statx               *status);
/* A drive is there that files of @device are on. */
void     bytestag_library_check_see_device   (BytestagLibraryCheck       *self,
                                              guint64                     device);
gboolean bytestag_library_check_has_device   (BytestagLibraryCheck       *self,
                                              guint64                     device);

/* check-roots.c: where each root is now, or why it is not. */
void     bytestag_library_check_find_roots   (BytestagLibraryCheck       *self);
/* After the walk: a root may lie at its path and yet be away. */
void     bytestag_library_check_judge_roots  (BytestagLibraryCheck       *self);
void     bytestag_root_identity_parse        (BytestagRootIdentity       *self,
                                              const char                 *text);
/* (transfer full) */
char    *bytestag_root_identity_to_text      (const BytestagRootIdentity *self);

/* check-walk.c: what lies in a root. */
void     bytestag_library_check_walk         (BytestagLibraryCheck       *self,
                                              guint                       root);

/* check-match.c: which of what was found is what was shared. */
void     bytestag_library_check_match        (BytestagLibraryCheck       *self);

G_END_DECLS
