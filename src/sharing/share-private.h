/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/hash-task.h"
#include "sharing/publication.h"
#include "sharing/share.h"
#include "storage/shared-files-table.h"

G_BEGIN_DECLS

typedef struct _BytestagLibrary BytestagLibrary;

/* What BytestagLibrary does with its items. Setters keep values back until
 * bytestag_share_flush(), but for the state, which is told at once. */
struct _BytestagShare
{
  GObject parent_instance;

  char *name;
  char *comment;
  BytestagShareState state;
  gboolean published; /* every piece had all its copies once */
  BytestagLink *link;
  char *uri;
  GError *error;
  char **skipped;
  char **problems;
  BytestagShare *twin;
  GPtrArray *followers;              /* (element-type BytestagShare) whose twin this is, until there is a link */

  BytestagLibrary *library;          /* borrowed; NULL: it is in none any more */
  BytestagSavedShare *saved;         /* what library.db has of it, or soon will */
  gboolean has_key;                  /* the one in saved is known */
  BytestagHashTask *hash_task;       /* while HASHING */
  GPtrArray *unsaved;                /* (element-type BytestagHashedFile) hashed, not yet saved */
  gboolean saving;
  gboolean hashed;                   /* all files are */
  BytestagSharedSet *set;            /* (nullable) what is served of it */
  GArray *values;                    /* (element-type BytestagKvpId) info values in the table */
  BytestagPublication *publication;  /* (nullable) */
  BytestagSurvival *survival;        /* (nullable) */
  gboolean served;                   /* all of it is in the table */
  guint n_of_state[BYTESTAG_SHARED_FILE_GONE + 1]; /* files of the set, by their state */
  guint n_found;                     /* files in its folders that are not in it */
  gint64 checked;                    /* unix seconds; saved->checked is not always as new */
  GHashTable *digests;               /* number of a file → SHA-256, while its stamp does not tell enough */
  GHashTable *stray_identities;      /* path → identity, of files that were moved out of the roots */
  guint last_root;                   /* that a file was found in */

  /* As last told. */
  guint n_files;
  guint n_skipped;
  guint n_problems;
  guint64 size;
  guint64 bytes_hashed;
  gint64 seconds_left;
  char *current_file;
  guint n_pieces;
  guint n_pieces_sent;
  gdouble fraction;
  gboolean away;
  guint n_changed;
  guint n_deleted;
  guint n_new;
  gint64 last_checked;
};

BytestagShare *bytestag_share_new       (const char          *name,
                                         const char          *comment);
/* (transfer full) @saved: one that was shared, or being hashed, before. */
BytestagShare *bytestag_share_new_saved (BytestagSavedShare  *saved);
/* Tells what changed since the last call. */
void           bytestag_share_flush     (BytestagShare       *self);
/* Told at once, with all else that changed; then the signal that belongs to it. */
void           bytestag_share_set_state (BytestagShare       *self,
                                         BytestagShareState   state);
void           bytestag_share_set_name  (BytestagShare       *self,
                                         const char          *name);
/* (transfer full) @error. */
void           bytestag_share_fail      (BytestagShare       *self,
                                         GError              *error);
void           bytestag_share_set_link  (BytestagShare       *self,
                                         BytestagLink        *link);
/* @survival: (nullable) */
void           bytestag_share_set_survival (BytestagShare    *self,
                                         BytestagSurvival    *survival);
/* Tells what n_of_state, n_found and checked say. */
void           bytestag_share_tell_check (BytestagShare      *self);
void           bytestag_share_emit_ready     (BytestagShare  *self);
void           bytestag_share_emit_published (BytestagShare  *self);

G_END_DECLS
