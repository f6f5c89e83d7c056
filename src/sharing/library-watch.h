/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/reactor.h"
#include "sharing/library-check.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_LIBRARY_WATCH (bytestag_library_watch_get_type ())
G_DECLARE_FINAL_TYPE (BytestagLibraryWatch, bytestag_library_watch, BYTESTAG, LIBRARY_WATCH, GObject)

/* What a check found about one share: its roots and files are those of the check from
 * @first_root and @first_file on. */
typedef struct {
  BytestagLibraryCheck *check; /* whoever reads it in slices takes a reference */
  guint first_root;
  guint n_roots;
  guint first_file;
  guint n_files;
  gint64 time;                 /* unix seconds at which it was looked */
} BytestagShareCheck;

typedef struct {
  /* Adds to @check what @share was: the roots with the first file (@position 0), then files from
   * @position on, at most BYTESTAG_LIMIT_CHECK_SLICE. @first_root: the number that the first root
   * has or gets. Returns whether there are more. */
  gboolean (*fill)    (gpointer                  share,
                       BytestagLibraryCheck     *check,
                       guint                     first_root,
                       guint                     position,
                       gpointer                  user_data);
  void     (*checked) (gpointer                  share,
                       const BytestagShareCheck *found,
                       gpointer                  user_data);
} BytestagLibraryWatchFuncs;

/* Looks when it is time to compare what is shared with what is on disk: when it is added, when
 * a folder of it changed, when somebody has a doubt, and else now and then: after 5 minutes,
 * where nobody tells of changes. All checks together take at most 2 % of a core. @watcher:
 * (nullable) without it all is looked at every 5 minutes. */
BytestagLibraryWatch *bytestag_library_watch_new        (BytestagReactor                 *reactor,
                                                         BytestagWorker                  *worker,
                                                         BytestagFolderWatcher           *watcher,
                                                         const BytestagLibraryWatchFuncs *funcs,
                                                         gpointer                         user_data);
/* @share: whatever pointer it is known by. */
void                  bytestag_library_watch_add        (BytestagLibraryWatch            *self,
                                                         gpointer                         share);
/* Nothing is told of it any more. Does nothing to one that was not added. */
void                  bytestag_library_watch_remove     (BytestagLibraryWatch            *self,
                                                         gpointer                         share);
/* A file of it was not what it was, or a person asks. */
void                  bytestag_library_watch_check_soon (BytestagLibraryWatch            *self,
                                                         gpointer                         share);
/* Whether all of it is watched, as of the last check; else it is looked at every 5 minutes. */
gboolean              bytestag_library_watch_is_told    (BytestagLibraryWatch            *self,
                                                         gpointer                         share);
/* Ends it: nothing is told any more. Whoever holds it calls this before letting it go. */
void                  bytestag_library_watch_stop       (BytestagLibraryWatch            *self);

G_END_DECLS
