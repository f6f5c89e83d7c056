/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"

G_BEGIN_DECLS

/* Which folders are watched, and for whom: owners are whatever pointers they are known by. */
typedef struct _BytestagWatchedFolders BytestagWatchedFolders;

/* A folder of @owner changed. */
typedef void (*BytestagFolderChangedFunc) (gpointer owner, gpointer user_data);

/* The folders of one owner. */
typedef struct {
  GPtrArray *folders;
  gboolean all; /* the watcher takes them all */
} BytestagFolderSet;

/* @watcher: (nullable) without it no folder is watched. */
BytestagWatchedFolders *bytestag_watched_folders_new    (BytestagReactor           *reactor,
                                                         BytestagFolderWatcher     *watcher,
                                                         BytestagFolderChangedFunc  changed,
                                                         gpointer                   user_data);
/* Watches nothing any more. Sets are cleared before. */
void                    bytestag_watched_folders_free   (BytestagWatchedFolders    *self);

void                    bytestag_folder_set_init        (BytestagFolderSet         *set);
/* Adds @path to @set for @owner, and watches it. TRUE: it was not watched until now, so that
 * what changed before nobody told; or it has gone. A set that is not all takes no more. */
gboolean                bytestag_watched_folders_add    (BytestagWatchedFolders    *self,
                                                         BytestagFolderSet         *set,
                                                         const char                *path,
                                                         gpointer                   owner);
/* Watches those again from @from on that told of a change, at most BYTESTAG_LIMIT_WATCH_SLICE; returns
 * where to go on: the length of the set at last. */
guint                   bytestag_watched_folders_renew  (BytestagWatchedFolders    *self,
                                                         BytestagFolderSet         *set,
                                                         guint                      from);
/* Empties @set of @owner. What nobody wants any more is let go, soon; what another set of the same
 * owner has stays. */
void                    bytestag_watched_folders_clear  (BytestagWatchedFolders    *self,
                                                         BytestagFolderSet         *set,
                                                         gpointer                   owner);

G_END_DECLS
