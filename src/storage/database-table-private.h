/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage/commit-queue.h"
#include "storage/database-table.h"
#include "storage/kept-index.h"
#include "storage/kept-store.h"

G_BEGIN_DECLS

/* Jobs hold the table, so that it outlives them; the worker touches nothing of it but the
 * store, which is the worker's alone. */
struct _BytestagDatabaseTable
{
  GObject parent_instance;

  BytestagWorker *disk;
  BytestagReactor *reactor;
  BytestagKeptStore *store; /* of the worker, but for its making and its end */
  BytestagKeptIndex *index;
  BytestagCommitQueue *queue;
  BytestagKey center;

  BytestagDatabaseTableState state;
  char *problem;
  guint n_damaged;
  guint n_unreadable;
  guint generation; /* of all that is kept: another after it was deleted */
  guint n_deleting;
  gboolean is_open; /* of the store */
  gboolean is_newer;
  gboolean is_loaded;
  gboolean is_closed;
  gboolean is_committing;
  gboolean is_settling;
  gboolean is_shrinking;
  gboolean is_clearing;
  GPtrArray *deletions; /* (element-type BytestagTableJob) (nullable) that wait for the end of that */
  BytestagTimer commit_timer;
  BytestagTimer retry_timer;
  BytestagTimer shrink_timer;
  BytestagTimer clear_timer;
};

/* What a job takes to the worker and brings back; each uses what it needs. */
typedef struct
{
  BytestagDatabaseTable *table;
  BytestagKeptStore *store;
  guint generation;
  GError *error;

  BytestagDatabaseOpening opening;
  char *set_aside;
  GArray *records; /* (element-type BytestagKvpRecord) loaded */
  guint n_bad;
  guint n_unreadable;
  gboolean more;
  GArray *changes; /* (element-type BytestagKeptChange) */
  gboolean is_retry; /* on a full disk */
  gboolean has_room;
  guint position; /* in records or changes, up to which it was told of */
  BytestagKvpRecord record;
  GBytes *value;
  BytestagKvpReadFunc read_done;
  BytestagDatabaseTableFunc done;
  gpointer user_data;
} BytestagTableJob;

/* (transfer full) for the worker. */
BytestagTableJob *bytestag_table_job_new          (BytestagDatabaseTable    *self);
BytestagTableJob *bytestag_table_job_ref          (BytestagTableJob         *job);
/* Tells those of its changes who were not told yet. */
void     bytestag_table_job_unref                 (gpointer                  job);

void     bytestag_database_table_notify_counts    (BytestagDatabaseTable    *self);
void     bytestag_database_table_notify_clearing  (BytestagDatabaseTable    *self);
/* @problem: (nullable) (transfer full) */
void     bytestag_database_table_set_problem      (BytestagDatabaseTable    *self,
                                                   char                     *problem);
void     bytestag_database_table_set_state        (BytestagDatabaseTable    *self,
                                                   BytestagDatabaseTableState state);
void     bytestag_database_table_add_unreadable   (BytestagDatabaseTable    *self,
                                                  guint                     n);
void     bytestag_database_table_add_damaged      (BytestagDatabaseTable    *self,
                                                   guint                     n);

/* What the disk answered, when it was an error. Refuses the values that wait. */
void     bytestag_database_table_fail             (BytestagDatabaseTable    *self,
                                                   const GError             *error);
/* Whether changes reach the disk, now or when it has room. */
gboolean bytestag_database_table_takes_changes    (BytestagDatabaseTable    *self);
/* For the next group; dropped where no changes are taken. */
void     bytestag_database_table_push             (BytestagDatabaseTable    *self,
                                                   BytestagKeptChangeKind    kind,
                                                   const BytestagKvpRecord  *record,
                                                   GBytes                   *value,
                                                   BytestagKvpWriteFunc      done,
                                                   gpointer                  user_data);
/* Removes a value, without a notification, so that many may go before one. */
void     bytestag_database_table_drop             (BytestagDatabaseTable    *self,
                                                   guint32                   number);
/* Gives a group to the disk, unless there is one. On a full disk also without changes, to
 * see whether there is room. */
void     bytestag_database_table_commit           (BytestagDatabaseTable    *self);
void     bytestag_database_table_disarm           (BytestagDatabaseTable    *self);
/* An empty index, within the same limit. */
void     bytestag_database_table_reset_index      (BytestagDatabaseTable    *self);
/* Unlinks the files of what was deleted, in steps, until there are none. */
void     bytestag_database_table_clear            (BytestagDatabaseTable    *self);
/* Tells those who deleted all and still wait. */
void     bytestag_database_table_end_deletions    (BytestagDatabaseTable    *self);
/* Drops what is above the limit, in slices, once all is known. */
void     bytestag_database_table_settle           (BytestagDatabaseTable    *self);

G_END_DECLS
