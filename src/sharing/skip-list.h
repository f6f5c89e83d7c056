/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Why something that lies in a folder is not shared with it. */
typedef enum {
  /* As it should be. */
  BYTESTAG_SKIP_HIDDEN,
  BYTESTAG_SKIP_INCOMPLETE, /* a download of ours */
  BYTESTAG_SKIP_LINK,
  BYTESTAG_SKIP_SPECIAL,    /* fifo, socket, device */
  BYTESTAG_SKIP_REPEATED,   /* lies in a folder that is shared with it */
  /* Somebody may want to mend it. */
  BYTESTAG_SKIP_NAME,       /* no peer could write it */
  BYTESTAG_SKIP_DEPTH,
  BYTESTAG_SKIP_UNREADABLE, /* gone, too */
  BYTESTAG_SKIP_CHANGING,   /* was never at rest while it was read */
  BYTESTAG_SKIP_N_REASONS,
} BytestagSkipReason;

#define BYTESTAG_SKIP_FIRST_PROBLEM BYTESTAG_SKIP_NAME

typedef struct {
  char *path;   /* for display */
  BytestagSkipReason reason;
  char *words;  /* why, for display; of a problem a sentence that names it */
} BytestagSkippedFile;

/* What was left out and why: all of it counted, BYTESTAG_LIMIT_SKIPPED_NAMED of each
 * reason named. */
typedef struct {
  GPtrArray *files; /* (element-type BytestagSkippedFile) in the order in which they were met */
  guint n_skipped[BYTESTAG_SKIP_N_REASONS];
  GError *problem;  /* (nullable) the first one */
} BytestagSkipList;

BytestagSkipList *bytestag_skip_list_new            (void);
void              bytestag_skip_list_free           (BytestagSkipList       *self);
/* @path: as the file system names it. @problem: (nullable) for a reason that is one. */
void              bytestag_skip_list_add            (BytestagSkipList       *self,
                                                     const char             *path,
                                                     BytestagSkipReason      reason,
                                                     const GError           *problem);
/* Adds all of @other. */
void              bytestag_skip_list_add_list       (BytestagSkipList       *self,
                                                     const BytestagSkipList *other);
guint             bytestag_skip_list_get_n_skipped  (const BytestagSkipList *self);
guint             bytestag_skip_list_get_n_problems (const BytestagSkipList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSkipList, bytestag_skip_list_free)

G_END_DECLS
