/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-id.h"
#include "storage/database.h"
#include "storage/file-stamp.h"
#include "storage/shared-parts.h"
#include "wire/file-info.h"

G_BEGIN_DECLS

/* What the person shares, as it survives restarts: library.db. Counted, not a GObject.
 * All but _new, _ref and _unref block, and are for jobs of one worker that runs one at a
 * time. What a function wrote is on the disk when it returns TRUE; when it returns FALSE
 * nothing of it is. Errors: as storage/database.h; BYTESTAG_ERROR_INVALID also for rows
 * that cannot be ours. */
typedef struct _BytestagLibraryStore BytestagLibraryStore;

/**
 * BytestagSavedState:
 * @BYTESTAG_SAVED_HASHING: its files are being hashed; those that are, are saved
 * @BYTESTAG_SAVED_SHARED: it has a link
 * @BYTESTAG_SAVED_STOPPED: it is being taken out
 */
typedef enum {
  BYTESTAG_SAVED_HASHING,
  BYTESTAG_SAVED_SHARED,
  BYTESTAG_SAVED_STOPPED,
} BytestagSavedState;

/**
 * BytestagSavedShare:
 * @roots: what was given to be shared, absolute
 * @identities: (element-type utf8) (nullable elements): of each root, what its watcher
 *   knows it by
 * @name, @comment: (nullable)
 * @timestamp: unix seconds of a new version of an earlier collection; 0: it is none
 * @created: unix seconds
 * @checked: unix seconds when its files were last compared with what is there; 0: never
 * @replaces: id of the share whose new version it is; 0: none
 * @round: how many times its files were begun to be hashed
 * @key, @sha256: of the collection, of one that is SHARED
 */
typedef struct {
  gint64 id;
  BytestagSavedState state;
  char **roots;
  GPtrArray *identities;
  char *name;
  char *comment;
  gint64 timestamp;
  gint64 created;
  gint64 checked;
  gint64 replaces;
  gint64 round;
  guint copies;
  guint n_files;
  guint64 size;
  BytestagKey key;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
} BytestagSavedShare;

BytestagSavedShare *bytestag_saved_share_new  (void);
BytestagSavedShare *bytestag_saved_share_copy (const BytestagSavedShare *self);
void                bytestag_saved_share_free (BytestagSavedShare *self);

/**
 * BytestagSavedFile:
 * @position: by the order of the collection; no two files of one that is SHARED have the same
 * @filename: path elements, as the collection names it
 * @parts: (array length=n_parts) (nullable): NULL where files are listed without
 */
typedef struct {
  gint64 id;
  guint position;
  char *path;
  char **filename;
  BytestagFileStamp stamp;
  BytestagKey hash;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagKey *parts;
  guint n_parts;
  BytestagSharedFileState state;
} BytestagSavedFile;

void                bytestag_saved_file_free  (BytestagSavedFile  *self);

/* How well a piece is kept by others, as the publisher last knew; see BytestagPiece. */
typedef struct {
  BytestagKvpId id;
  guint32 until;
  guint32 looked;
  guint8 n_copies;
  guint8 n_originals;
} BytestagSavedPiece;

/* An info value of a share. */
typedef struct {
  BytestagKvpId id;
  guint32 size;
  guint8 kind; /* opaque here */
} BytestagSavedInfo;

/* @path: (nullable): in memory, for nothing but this process. */
BytestagLibraryStore *bytestag_library_store_new          (const char               *path);
BytestagLibraryStore *bytestag_library_store_ref          (BytestagLibraryStore     *self);
void                  bytestag_library_store_unref        (BytestagLibraryStore     *self);
/* As bytestag_database_open(). */
gboolean              bytestag_library_store_open         (BytestagLibraryStore     *self,
                                                           BytestagDatabaseOpening  *opening,
                                                           char                    **set_aside,
                                                           GError                  **error);
void                  bytestag_library_store_close        (BytestagLibraryStore     *self);

/* (transfer full) (element-type BytestagSavedShare) in order of adding. */
GPtrArray            *bytestag_library_store_list_shares  (BytestagLibraryStore     *self,
                                                           GError                  **error);
/* Sets @share's id. */
gboolean              bytestag_library_store_add_share    (BytestagLibraryStore     *self,
                                                           BytestagSavedShare       *share,
                                                           GError                  **error);
/* State, name, key, sha256, counts, checked and copies become those of @share. */
gboolean              bytestag_library_store_update_share (BytestagLibraryStore     *self,
                                                           const BytestagSavedShare *share,
                                                           GError                  **error);
/* Where the @root-th root is now, and what its watcher knows it by; the files in it lie where
 * they did within it. @identity: (nullable) */
gboolean              bytestag_library_store_set_root     (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           guint                     root,
                                                           const char               *path,
                                                           const char               *identity,
                                                           GError                  **error);
/* One step of taking a share out, that is STOPPED from the first one on. @more: (out):
 * call again. */
gboolean              bytestag_library_store_remove_share (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           gboolean                 *more,
                                                           GError                  **error);

/* Files of @share that were hashed, in one transaction; one whose path is there already
 * takes its place. @files: (element-type BytestagSavedFile) */
gboolean              bytestag_library_store_save_files   (BytestagLibraryStore     *self,
                                                           const BytestagSavedShare *share,
                                                           GPtrArray                *files,
                                                           GError                  **error);
/* Path, stamp and state of a file become those of @file, by its id. Two that are swapped may
 * come one after the other: whoever else is said to have the path has it no more. */
gboolean              bytestag_library_store_update_files (BytestagLibraryStore     *self,
                                                           const BytestagSavedShare *share,
                                                           GPtrArray                *files,
                                                           GError                  **error);
/* Hashing begins, be it for the first time: the files that are saved until _end_round are
 * all files of @share, whose round is one more. */
gboolean              bytestag_library_store_begin_round  (BytestagLibraryStore     *self,
                                                           BytestagSavedShare       *share,
                                                           GError                  **error);
/* Drops those that were saved in other rounds. */
gboolean              bytestag_library_store_end_round    (BytestagLibraryStore     *self,
                                                           const BytestagSavedShare *share,
                                                           GError                  **error);
/* (transfer full) (element-type BytestagSavedFile) up to @max files in order of position,
 * those behind @after (-1: all), without parts (n_parts tells how many there are). */
GPtrArray            *bytestag_library_store_list_files   (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           gint64                    after,
                                                           guint                     max,
                                                           GError                  **error);
/* Appends to @keys (element-type BytestagKey) at least one and up to about @max parts of a
 * file from the @first-th on: whole rows of BYTESTAG_LIMIT_PARTS_OF_ROW. */
gboolean              bytestag_library_store_read_parts   (BytestagLibraryStore     *self,
                                                           gint64                    file,
                                                           guint                     first,
                                                           guint                     max,
                                                           GArray                   *keys,
                                                           GError                  **error);

/* The @position-th info of @share; the bytes are kept once, whatever shares have them. Call
 * between _begin and _commit. */
gboolean              bytestag_library_store_add_info     (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           guint                     position,
                                                           guint8                    kind,
                                                           const BytestagKvpId      *id,
                                                           GBytes                   *bytes,
                                                           GError                  **error);
/* Drops some of the infos that @share has; @more: (out): call again. */
gboolean              bytestag_library_store_clear_infos  (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           gboolean                 *more,
                                                           GError                  **error);
gboolean              bytestag_library_store_begin        (BytestagLibraryStore     *self,
                                                           GError                  **error);
/* @good FALSE: nothing of it is kept. */
gboolean              bytestag_library_store_commit       (BytestagLibraryStore     *self,
                                                           gboolean                  good,
                                                           GError                  **error);
/* Appends to @infos (element-type BytestagSavedInfo) up to @max from the @first-th on. */
gboolean              bytestag_library_store_list_infos   (BytestagLibraryStore     *self,
                                                           gint64                    share,
                                                           guint                     first,
                                                           guint                     max,
                                                           GArray                   *infos,
                                                           GError                  **error);
/* (transfer full) its digest is checked: BYTESTAG_ERROR_WRONG_DATA. */
GBytes               *bytestag_library_store_read_info    (BytestagLibraryStore     *self,
                                                           const BytestagKvpId      *id,
                                                           GError                  **error);

gboolean              bytestag_library_store_save_pieces  (BytestagLibraryStore     *self,
                                                           const BytestagSavedPiece *pieces,
                                                           guint                     n,
                                                           GError                  **error);
/* Fills in what is known of each, by its id; zeros: nothing. */
gboolean              bytestag_library_store_load_pieces  (BytestagLibraryStore     *self,
                                                           BytestagSavedPiece       *pieces,
                                                           guint                     n,
                                                           GError                  **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagLibraryStore, bytestag_library_store_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSavedShare, bytestag_saved_share_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSavedFile, bytestag_saved_file_free)

G_END_DECLS
