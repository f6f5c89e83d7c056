/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/library.h"
#include "sharing/library-watch.h"
#include "sharing/publisher.h"
#include "sharing/share-private.h"

G_BEGIN_DECLS

/* What the files of the library share: library.c has the list and what a person asks for;
 * library-hash.c brings a share from its paths to its link, library-serve.c from library.db
 * into the table and to the publisher, and out again; library-changes.c notices when files
 * are not what they were. */
struct _BytestagLibrary
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagSharedFilesTable *table;
  BytestagWorker *worker; /* hashes */
  BytestagWorker *disk;
  BytestagLibraryStore *store;
  BytestagPublisher *publisher; /* NULL once closed */
  BytestagLibraryWatch *watch;  /* (nullable) */

  GPtrArray *shares; /* (element-type BytestagShare) */
  GPtrArray *link_peers;
  guint copies;
  BytestagTimer flush_timer;
  GQueue withdrawals;    /* being taken out of the table, see library-serve.c */
  BytestagTimer withdraw_timer;
  GQueue serving;        /* (element-type BytestagShare) the first is being put into the table */
  GPtrArray *loading;    /* (element-type BytestagSavedShare) (nullable) to be added to the list */
  BytestagTimer load_timer;
  char *problem;
  gboolean loaded;
  gboolean closed;
};

/* A step with library.db. @run runs on the disk worker and touches nothing but store, saved,
 * data and error; @done on the engine's thread, also when the share was stopped or the
 * library closed meanwhile, but not when the library is gone. */
typedef struct _BytestagLibraryStep BytestagLibraryStep;

struct _BytestagLibraryStep
{
  BytestagLibrary *library;     /* weak */
  BytestagShare *share;         /* (nullable) */
  BytestagLibraryStore *store;
  BytestagSavedShare *saved;    /* (nullable) a copy of the share's */
  gpointer data;                /* (nullable) what else the step needs and brings */
  GDestroyNotify destroy;
  GError *error;
  void (*run) (BytestagLibraryStep *step);
  void (*done) (BytestagLibraryStep *step);
};

/* @data: (transfer full) (nullable) */
void           bytestag_library_run_step        (BytestagLibrary      *self,
                                                 BytestagShare        *share,
                                                 gpointer              data,
                                                 GDestroyNotify        destroy,
                                                 void                (*run) (BytestagLibraryStep *step),
                                                 void                (*done) (BytestagLibraryStep *step));
/* Whether the step is of a share that is still wanted. */
gboolean       bytestag_library_step_is_wanted  (BytestagLibraryStep  *step);

/* library.c */
void           bytestag_library_flush_later     (BytestagLibrary      *self);
/* (transfer none) (nullable) another one that has, or is about to have, the same link. */
BytestagShare *bytestag_library_find_twin       (BytestagLibrary      *self,
                                                 BytestagShare        *share);
void           bytestag_library_remove_item     (BytestagLibrary      *self,
                                                 BytestagShare        *share);
void           bytestag_library_set_link        (BytestagLibrary      *self,
                                                 BytestagShare        *share);
/* The share FAILED, and is not there after a restart. (transfer full) @error */
void           bytestag_library_fail            (BytestagLibrary      *self,
                                                 BytestagShare        *share,
                                                 GError               *error);

/* library-hash.c: from the paths on, or from where it was when we ended. */
void           bytestag_library_hash            (BytestagLibrary      *self,
                                                 BytestagShare        *share);

/* File @file of the share's set is @state now; library.db is told. */
void           bytestag_library_set_file_state  (BytestagLibrary      *self,
                                                 BytestagShare        *share,
                                                 guint                 file,
                                                 BytestagSharedFileState state);

/* Path, stamp and state of @files (transfer full) (element-type BytestagSavedFile) go to library.db. */
void           bytestag_library_save_files      (BytestagLibrary      *self,
                                                 BytestagShare        *share,
                                                 GPtrArray            *files);

/* library-changes.c: while a share is served; when a file of it was not what it was; at the end. */
void           bytestag_library_watch_share     (BytestagLibrary      *self,
                                                 BytestagShare        *share);
void           bytestag_library_unwatch_share   (BytestagLibrary      *self,
                                                 BytestagShare        *share);
void           bytestag_library_doubt           (BytestagLibrary      *self,
                                                 BytestagShare        *share);
void           bytestag_library_end_watch       (BytestagLibrary      *self);

/* library-serve.c: into the table, and published. "ready" is emitted if it was not. */
void           bytestag_library_serve           (BytestagLibrary      *self,
                                                 BytestagShare        *share);
/* Out of the table, at once; what it took there is freed in slices. */
void           bytestag_library_withdraw        (BytestagLibrary      *self,
                                                 BytestagShare        *share);
/* GDestroyNotify of library->withdrawals */
void           bytestag_library_free_withdrawal (gpointer              data);
/* BytestagPublisherSaveFunc: into library.db. @user_data: the library */
void           bytestag_library_save_pieces     (const BytestagPiece  *pieces,
                                                 guint                 n,
                                                 gpointer              user_data);
/* Out of library.db, in steps. */
void           bytestag_library_forget          (BytestagLibrary      *self,
                                                 BytestagShare        *share);

G_END_DECLS
