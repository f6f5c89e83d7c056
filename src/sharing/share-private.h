/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sharing/hash-task.h"
#include "sharing/publication.h"
#include "sharing/share.h"

G_BEGIN_DECLS

/* What BytestagLibrary does with its items. Setters keep values back until
 * bytestag_share_flush(), but for the state, which is told at once. */
struct _BytestagShare
{
  GObject parent_instance;

  char *name;
  char *comment;
  BytestagShareState state;
  BytestagLink *link;
  char *uri;
  BytestagCollectionInfo *collection;
  BytestagKey key; /* of the collection, once there is a link */
  GError *error;
  char **skipped;
  char **problems;
  BytestagShare *twin;

  BytestagHashTask *hash_task;       /* while HASHING */
  GPtrArray *files;                  /* (element-type BytestagHashedFile) served */
  GArray *values;                    /* (element-type BytestagKvpId) info values in the table */
  BytestagPublication *publication;  /* once there is a link */

  /* As last told. */
  guint n_files;
  guint n_skipped;
  guint n_problems;
  guint64 size;
  guint64 bytes_hashed;
  char *current_file;
  guint n_pieces;
  guint n_pieces_sent;
  gdouble fraction;
};

BytestagShare *bytestag_share_new       (const char          *name,
                                         const char          *comment);
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
void           bytestag_share_emit_ready     (BytestagShare  *self);
void           bytestag_share_emit_published (BytestagShare  *self);

G_END_DECLS
