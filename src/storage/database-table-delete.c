/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"

/* How a table loses everything: at once for whoever asks it, in one step on the disk, and
 * then file by file, between whatever else the disk has to do. */

static void
set_clearing (BytestagDatabaseTable *self, gboolean is_clearing)
{
  if (self->is_clearing == is_clearing)
    return;

  self->is_clearing = is_clearing;
  bytestag_database_table_notify_clearing (self);
}

void
bytestag_database_table_end_deletions (BytestagDatabaseTable *self)
{
  g_autoptr (GPtrArray) jobs = g_steal_pointer (&self->deletions);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->clear_timer);
  for (guint i = 0; jobs != NULL && i < jobs->len; i++)
    {
      BytestagTableJob *job = g_ptr_array_index (jobs, i);

      if (job->done != NULL)
        job->done (job->error, job->user_data);
    }
}

static void
clear_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  job->more = !g_cancellable_is_cancelled (cancellable) && bytestag_kept_store_clear (job->store);
}

static void
cleared_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  /* Once more when all was deleted again meanwhile. */
  if ((job->more || job->generation != self->generation) && !self->is_closed)
    {
      job->generation = self->generation;
      bytestag_worker_run (self->disk, clear_job, job, NULL, cleared_cb, NULL);
      return;
    }

  set_clearing (self, FALSE);
  bytestag_database_table_end_deletions (self);
  bytestag_table_job_unref (job);
}

void
bytestag_database_table_clear (BytestagDatabaseTable *self)
{
  if (self->is_clearing || self->is_closed)
    return;

  set_clearing (self, TRUE);
  bytestag_worker_run (self->disk, clear_job, bytestag_table_job_new (self), NULL, cleared_cb, NULL);
}

static void
clear_timer_cb (gpointer user_data)
{
  bytestag_database_table_end_deletions (user_data);
}

/* @job: (transfer full). Nothing of what was kept comes back any more; whoever deleted it
 * hopes to hear that its space did. */
static void
await_clearing (BytestagDatabaseTable *self, BytestagTableJob *job)
{
  if (self->deletions == NULL)
    self->deletions = g_ptr_array_new_with_free_func (bytestag_table_job_unref);
  g_ptr_array_add (self->deletions, job);
  bytestag_database_table_clear (self);
  if (job->error != NULL || self->is_closed || !self->is_clearing)
    bytestag_database_table_end_deletions (self);
  else if (!bytestag_timer_is_armed (&self->clear_timer))
    bytestag_reactor_arm (self->reactor, &self->clear_timer, BYTESTAG_LIMIT_CLEARING_US, clear_timer_cb, self);
}

static void
delete_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  bytestag_kept_store_delete_all (job->store, &job->error);
}

static void
deleted_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  self->n_deleting--;
  if (job->error != NULL)
    {
      self->is_open = FALSE;
      bytestag_database_table_fail (self, job->error);
    }
  else if (!self->is_closed)
    {
      self->is_open = TRUE;
      self->is_loaded = TRUE;
      bytestag_reactor_disarm (self->reactor, &self->retry_timer);
      bytestag_database_table_set_problem (self, NULL);
      bytestag_database_table_set_state (self, BYTESTAG_DATABASE_TABLE_READY);
    }
  await_clearing (self, job);
}

/* What waits for the disk is told that it is not kept. */
static void
cancel_waiting (BytestagDatabaseTable *self)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED,
                                                  _("What is kept for others was deleted"));

  while (bytestag_commit_queue_get_n (self->queue) > 0)
    {
      g_autoptr (GArray) changes = bytestag_commit_queue_take (self->queue, G_MAXUINT);

      for (guint i = 0; i < changes->len; i++)
        {
          const BytestagKeptChange *change = &g_array_index (changes, BytestagKeptChange, i);

          if (change->done != NULL)
            change->done (error, change->user_data);
        }
    }
}

void
bytestag_database_table_delete_all (BytestagDatabaseTable     *self,
                                    BytestagDatabaseTableFunc  done,
                                    gpointer                   user_data)
{
  BytestagTableJob *job;

  g_return_if_fail (BYTESTAG_IS_DATABASE_TABLE (self));

  if (self->is_newer || self->is_closed)
    {
      g_autoptr (GError) error =
        g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED,
                             _("What is kept for others was written by a newer version of this program, and is left "
                               "as it is"));

      if (done != NULL)
        done (error, user_data);
      return;
    }

  self->generation++;
  self->n_deleting++;
  self->is_loaded = TRUE;
  bytestag_database_table_reset_index (self);
  cancel_waiting (self);
  bytestag_database_table_notify_counts (self);

  job = bytestag_table_job_new (self);
  job->done = done;
  job->user_data = user_data;
  bytestag_worker_run (self->disk, delete_job, job, NULL, deleted_cb, NULL);
}
