/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/kept-store.h"

G_BEGIN_DECLS

/* Changes that wait for the next commit, in order. What is said again of a value that waits
 * takes the place of what was said before, so that it holds no more than there are values
 * and removals. Not a GObject: part of a table. */
typedef struct _BytestagCommitQueue BytestagCommitQueue;

BytestagCommitQueue *bytestag_commit_queue_new       (void);
/* Without a word to those who wait. */
void                 bytestag_commit_queue_free      (BytestagCommitQueue     *self);
/* @value: (nullable): of a write. */
void                 bytestag_commit_queue_push      (BytestagCommitQueue     *self,
                                                      BytestagKeptChangeKind   kind,
                                                      const BytestagKvpRecord *record,
                                                      GBytes                  *value,
                                                      BytestagKvpWriteFunc     done,
                                                      gpointer                 user_data);
guint                bytestag_commit_queue_get_n     (BytestagCommitQueue     *self);
/* Bytes of the values that wait. */
gsize                bytestag_commit_queue_get_n_bytes (BytestagCommitQueue   *self);
/* Whether what waits fills a group. */
gboolean             bytestag_commit_queue_is_group  (BytestagCommitQueue     *self);
/* (transfer full) (element-type BytestagKeptChange) the first ones, at most @max and a
 * group. */
GArray              *bytestag_commit_queue_take      (BytestagCommitQueue     *self,
                                                      guint                    max);
/* Takes the updates and removals of @changes again, before all others; nobody waits for
 * them any more. */
void                 bytestag_commit_queue_put_back  (BytestagCommitQueue     *self,
                                                      const GArray            *changes);

G_END_DECLS
