/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"

/* How changes come to the disk: in groups, each with one commit. */

static gboolean tell (BytestagTableJob *job, guint n);

BytestagTableJob *
bytestag_table_job_new (BytestagDatabaseTable *self)
{
  BytestagTableJob *job = g_rc_box_new0 (BytestagTableJob);

  job->table = g_object_ref (self);
  job->store = self->store;
  job->generation = self->generation;

  return job;
}

BytestagTableJob *
bytestag_table_job_ref (BytestagTableJob *job)
{
  return g_rc_box_acquire (job);
}

static void
clear_job (gpointer data)
{
  BytestagTableJob *job = data;

  /* The reactor has gone. */
  if (job->changes != NULL)
    tell (job, G_MAXUINT);

  g_clear_error (&job->error);
  g_free (job->set_aside);
  g_clear_pointer (&job->records, g_array_unref);
  g_clear_pointer (&job->changes, g_array_unref);
  g_clear_pointer (&job->value, g_bytes_unref);
  g_object_unref (job->table);
}

void
bytestag_table_job_unref (gpointer job)
{
  g_rc_box_release_full (job, clear_job);
}

static void
retry_cb (gpointer user_data)
{
  BytestagDatabaseTable *self = user_data;

  if (self->is_open)
    bytestag_database_table_commit (self);
  else
    bytestag_database_table_load (self);
}

/* Tells those whose values wait that they are not kept; what else waits is for when the
 * disk has room. */
static void
refuse_waiting (BytestagDatabaseTable *self, const GError *error)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  while (bytestag_commit_queue_get_n (self->queue) > 0)
    {
      BytestagTableJob *job = bytestag_table_job_new (self);

      job->changes = bytestag_commit_queue_take (self->queue, G_MAXUINT);
      job->error = g_error_copy (error);
      g_ptr_array_add (groups, g_array_ref (job->changes));
      tell (job, G_MAXUINT);
      bytestag_table_job_unref (job);
    }
  for (guint i = groups->len; i > 0; i--)
    bytestag_commit_queue_put_back (self->queue, g_ptr_array_index (groups, i - 1));
}

void
bytestag_database_table_fail (BytestagDatabaseTable *self, const GError *error)
{
  gboolean is_full = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);

  bytestag_database_table_set_problem (self, g_strdup (is_full
                                                       ? _("The disk is full: no more is kept for others until there "
                                                           "is room")
                                                       : error->message));
  bytestag_database_table_set_state (self, is_full ? BYTESTAG_DATABASE_TABLE_NO_SPACE : BYTESTAG_DATABASE_TABLE_FAILED);
  refuse_waiting (self, error);
  if (is_full && !self->is_closed)
    bytestag_reactor_arm (self->reactor, &self->retry_timer, BYTESTAG_LIMIT_FULL_DISK_US, retry_cb, self);
}

gboolean
bytestag_database_table_takes_changes (BytestagDatabaseTable *self)
{
  return !self->is_closed && self->is_open && self->state != BYTESTAG_DATABASE_TABLE_READ_ONLY
         && self->state != BYTESTAG_DATABASE_TABLE_FAILED;
}

static void
commit_cb (gpointer user_data)
{
  bytestag_database_table_commit (user_data);
}

void
bytestag_database_table_push (BytestagDatabaseTable   *self,
                              BytestagKeptChangeKind   kind,
                              const BytestagKvpRecord *record,
                              GBytes                  *value,
                              BytestagKvpWriteFunc     done,
                              gpointer                 user_data)
{
  if (!bytestag_database_table_takes_changes (self))
    return;

  bytestag_commit_queue_push (self->queue, kind, record, value, done, user_data);
  if (bytestag_commit_queue_is_group (self->queue))
    bytestag_database_table_commit (self);
  else if (!bytestag_timer_is_armed (&self->commit_timer))
    bytestag_reactor_arm (self->reactor, &self->commit_timer, BYTESTAG_LIMIT_GROUP_COMMIT_US, commit_cb, self);
}

void
bytestag_database_table_drop (BytestagDatabaseTable *self, guint32 number)
{
  BytestagKvpRecord record;

  bytestag_kept_index_get_record (self->index, number, &record);
  bytestag_kept_index_drop (self->index, number);
  bytestag_database_table_push (self, BYTESTAG_KEPT_REMOVE, &record, NULL, NULL, NULL);
}

static void
shrink_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  if (!g_cancellable_is_cancelled (cancellable))
    bytestag_kept_store_shrink (job->store, &job->more, NULL);
}

static void shrink_cb (gpointer user_data);

static void
shrunk_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  self->is_shrinking = FALSE;
  if (job->more)
    shrink_cb (self);
  bytestag_table_job_unref (job);
}

/* One step; what else the disk has to do comes between two of them. */
static void
shrink_cb (gpointer user_data)
{
  BytestagDatabaseTable *self = user_data;

  if (!bytestag_database_table_takes_changes (self) || self->is_shrinking)
    return;

  self->is_shrinking = TRUE;
  bytestag_worker_run (self->disk, shrink_job, bytestag_table_job_new (self), NULL, shrunk_cb, NULL);
}

static void
apply_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  /* Also when cancelled: what was given is not lost. */
  if (job->is_retry)
    bytestag_kept_store_retry (job->store, job->changes, &job->has_room, &job->error);
  else
    bytestag_kept_store_apply (job->store, job->changes, &job->error);
}

/* What became of a change, and what the index has to know of it. (transfer full) (nullable) */
static GError *
settle_change (BytestagTableJob *job, const BytestagKeptChange *change)
{
  BytestagDatabaseTable *self = job->table;
  guint32 number = bytestag_kept_index_find (self->index, &change->record.id);

  if (job->generation != self->generation)
    return g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("What is kept for others was deleted"));

  if (change->kind == BYTESTAG_KEPT_WRITE)
    {
      if (job->error == NULL)
        bytestag_kept_index_confirm (self->index, number);
      else
        bytestag_kept_index_drop (self->index, number);
    }
  /* The write that it was to renew failed, or the value was dropped meanwhile. */
  else if (job->error == NULL && number == BYTESTAG_KEPT_NONE)
    {
      return g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_FULL, _("There is no room for the value"));
    }

  return job->error != NULL ? g_error_copy (job->error) : NULL;
}

/* Tells of up to @n changes of the group; TRUE: there are more. */
static gboolean
tell (BytestagTableJob *job, guint n)
{
  if (job->position == job->changes->len)
    return FALSE;

  for (; n > 0 && job->position < job->changes->len; n--, job->position++)
    {
      const BytestagKeptChange *change = &g_array_index (job->changes, BytestagKeptChange, job->position);
      g_autoptr (GError) error = settle_change (job, change);

      if (change->done != NULL)
        change->done (error, change->user_data);
    }
  bytestag_database_table_notify_counts (job->table);

  return job->position < job->changes->len;
}

static void
end_commit (BytestagTableJob *job)
{
  BytestagDatabaseTable *self = job->table;
  gboolean has_removed = FALSE;

  for (guint i = 0; i < job->changes->len; i++)
    has_removed |= g_array_index (job->changes, BytestagKeptChange, i).kind == BYTESTAG_KEPT_REMOVE;
  if (has_removed && bytestag_database_table_takes_changes (self) && !bytestag_timer_is_armed (&self->shrink_timer))
    bytestag_reactor_arm (self->reactor, &self->shrink_timer, BYTESTAG_LIMIT_SHRINK_US, shrink_cb, self);

  self->is_committing = FALSE;
  if (self->state == BYTESTAG_DATABASE_TABLE_READY)
    {
      /* What came meanwhile has waited long enough. */
      if (bytestag_commit_queue_get_n (self->queue) > 0 && !bytestag_timer_is_armed (&self->commit_timer))
        bytestag_database_table_commit (self);
      bytestag_database_table_settle (self);
    }
  else if (self->state == BYTESTAG_DATABASE_TABLE_NO_SPACE && bytestag_commit_queue_get_n (self->queue) > 0
           && (job->error == NULL || !job->is_retry))
    {
      /* What was removed, in small groups, is what makes room. */
      bytestag_database_table_commit (self);
    }
}

static void tell_cb (gpointer user_data);

static void
tell_more (BytestagTableJob *job)
{
  bytestag_reactor_post (job->table->reactor, tell_cb, bytestag_table_job_ref (job), bytestag_table_job_unref);
}

static void
tell_cb (gpointer user_data)
{
  BytestagTableJob *job = user_data;

  if (tell (job, BYTESTAG_LIMIT_COMPLETIONS))
    tell_more (job);
  else
    end_commit (job);
}

static void
end_retry (BytestagDatabaseTable *self, gboolean has_room)
{
  if (has_room)
    {
      bytestag_reactor_disarm (self->reactor, &self->retry_timer);
      bytestag_database_table_set_problem (self, NULL);
      bytestag_database_table_set_state (self, self->is_loaded
                                               ? BYTESTAG_DATABASE_TABLE_READY
                                               : BYTESTAG_DATABASE_TABLE_LOADING);
    }
  else if (!self->is_closed)
    {
      bytestag_reactor_arm (self->reactor, &self->retry_timer, BYTESTAG_LIMIT_FULL_DISK_US, retry_cb, self);
    }
}

static void
committed_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  if (job->error != NULL && job->generation == self->generation)
    {
      /* Before anybody is told, who may write again. */
      if (g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        bytestag_commit_queue_put_back (self->queue, job->changes);
      bytestag_database_table_fail (self, job->error);
    }
  else if (job->error == NULL && job->is_retry && self->state == BYTESTAG_DATABASE_TABLE_NO_SPACE)
    {
      end_retry (self, job->has_room);
    }

  if (self->is_closed)
    {
      tell (job, G_MAXUINT);
      end_commit (job);
    }
  else
    {
      tell_more (job);
    }
  bytestag_table_job_unref (job);
}

void
bytestag_database_table_commit (BytestagDatabaseTable *self)
{
  gboolean is_retry = self->state == BYTESTAG_DATABASE_TABLE_NO_SPACE;
  BytestagTableJob *job;

  if (self->is_committing || !self->is_open || (bytestag_commit_queue_get_n (self->queue) == 0 && !is_retry))
    return;

  bytestag_reactor_disarm (self->reactor, &self->commit_timer);
  self->is_committing = !self->is_closed;
  job = bytestag_table_job_new (self);
  job->changes = bytestag_commit_queue_take (self->queue, is_retry ? BYTESTAG_LIMIT_RETRIED_CHANGES : G_MAXUINT);
  job->is_retry = is_retry;
  bytestag_worker_run (self->disk, apply_job, job, NULL, committed_cb, NULL);
}

static void
close_job (gpointer data, GCancellable *cancellable)
{
  bytestag_kept_store_close (((BytestagTableJob *) data)->store);
}

static void
closed_cb (gpointer data, gpointer user_data)
{
  bytestag_table_job_unref (data);
}

void
bytestag_database_table_disarm (BytestagDatabaseTable *self)
{
  if (self->reactor == NULL)
    return;

  bytestag_reactor_disarm (self->reactor, &self->commit_timer);
  bytestag_reactor_disarm (self->reactor, &self->retry_timer);
  bytestag_reactor_disarm (self->reactor, &self->shrink_timer);
  bytestag_reactor_disarm (self->reactor, &self->clear_timer);
}

void
bytestag_database_table_close (BytestagDatabaseTable *self)
{
  g_return_if_fail (BYTESTAG_IS_DATABASE_TABLE (self));

  if (self->is_closed)
    return;

  self->is_closed = TRUE;
  bytestag_database_table_disarm (self);
  bytestag_database_table_end_deletions (self);
  /* All, behind the group that may be on its way. */
  self->is_committing = FALSE;
  while (self->is_open && bytestag_commit_queue_get_n (self->queue) > 0)
    bytestag_database_table_commit (self);
  self->is_open = FALSE;
  bytestag_worker_run (self->disk, close_job, bytestag_table_job_new (self), NULL, closed_cb, NULL);
}
