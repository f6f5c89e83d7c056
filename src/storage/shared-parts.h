/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/kvp-id.h"
#include "storage/file-stamp.h"

G_BEGIN_DECLS

/* The parts of files that are shared, a million and more: 36 bytes a part with all that
 * finds it, no call that takes longer the more there are. */
typedef struct _BytestagSharedParts BytestagSharedParts;

/* The files of one share, in order of adding. Counted: who reads one holds it. */
typedef struct _BytestagSharedSet BytestagSharedSet;

/**
 * BytestagSharedFileState:
 * @BYTESTAG_SHARED_FILE_PRESENT: to the best of our knowledge
 * @BYTESTAG_SHARED_FILE_AWAY: on a drive that is not there now
 * @BYTESTAG_SHARED_FILE_CHANGED: it has other bytes than those that were hashed
 * @BYTESTAG_SHARED_FILE_GONE: deleted
 */
typedef enum {
  BYTESTAG_SHARED_FILE_PRESENT,
  BYTESTAG_SHARED_FILE_AWAY,
  BYTESTAG_SHARED_FILE_CHANGED,
  BYTESTAG_SHARED_FILE_GONE,
} BytestagSharedFileState;

/**
 * BytestagSharedFile:
 * @id: its row in library.db
 * @published: unix seconds, when a part of it was last published; 0: never. It is kept
 *   for the file, not for each part
 * @checked: which parts were compared with their hash since it has had this stamp: the
 *   bits themselves of up to 64 parts, else a bit array
 * @first: number of its first part in the set
 */
typedef struct
{
  gint64 id;
  char *path;
  BytestagFileStamp stamp;
  union
  {
    guint64 bits;
    guint8 *map;
  } checked;
  guint32 first;
  guint32 n_parts;
  guint32 published;
  guint8 state; /* BytestagSharedFileState */
} BytestagSharedFile;

/* A part of a file: in which, and the how manyth. */
typedef struct
{
  BytestagSharedSet *set;
  guint file;
  guint number;
} BytestagSharedPart;

BytestagSharedParts *bytestag_shared_parts_new         (void);
void                 bytestag_shared_parts_free        (BytestagSharedParts       *self);

/* (transfer full) */
BytestagSharedSet   *bytestag_shared_parts_add_set     (BytestagSharedParts       *self);
/* A file without its parts, which are added next: as many as its size says. Returns its
 * number in @set. */
guint                bytestag_shared_parts_add_file    (BytestagSharedParts       *self,
                                                        BytestagSharedSet         *set,
                                                        gint64                     id,
                                                        const char                *path,
                                                        const BytestagFileStamp   *stamp);
/* The next part of the file added last; whether it is the first of its hash in @set, so
 * long as no other set is added to at the same time. */
gboolean             bytestag_shared_parts_add_part    (BytestagSharedParts       *self,
                                                        BytestagSharedSet         *set,
                                                        const BytestagKey         *key);
/* Takes up to @max parts and files of @set out, none of which is present from the first
 * call on; TRUE: there are more, call again. */
gboolean             bytestag_shared_parts_remove_set  (BytestagSharedParts       *self,
                                                        BytestagSharedSet         *set,
                                                        guint                      max);
/* One file that has the part: one that is present, if there is any among
 * BYTESTAG_LIMIT_TWINS_TRIED of them (the others are tried the next time). */
gboolean             bytestag_shared_parts_find        (BytestagSharedParts       *self,
                                                        const BytestagKey         *key,
                                                        BytestagSharedPart        *part);
/* Whether it can be served now. */
gboolean             bytestag_shared_part_is_present   (const BytestagSharedPart  *part);

BytestagSharedSet   *bytestag_shared_set_ref           (BytestagSharedSet         *self);
void                 bytestag_shared_set_unref         (BytestagSharedSet         *self);
guint                bytestag_shared_set_get_n_files   (BytestagSharedSet         *self);
guint                bytestag_shared_set_get_n_parts   (BytestagSharedSet         *self);
/* Taken out, or being so. */
gboolean             bytestag_shared_set_is_removed    (BytestagSharedSet         *self);
/* (transfer none) */
BytestagSharedFile  *bytestag_shared_set_get_file      (BytestagSharedSet         *self,
                                                        guint                      file);

gsize                bytestag_shared_file_get_length   (const BytestagSharedFile  *self,
                                                        guint                      number);
gboolean             bytestag_shared_file_is_checked   (const BytestagSharedFile  *self,
                                                        guint                      number);
void                 bytestag_shared_file_set_checked  (BytestagSharedFile        *self,
                                                        guint                      number);
/* No part of it is checked any more. */
void                 bytestag_shared_file_forget_checked (BytestagSharedFile      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSharedSet, bytestag_shared_set_unref)

G_END_DECLS
