/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"

/* How a table begins, and keeps to its limit. */

static void
settle_cb (gpointer user_data)
{
  BytestagDatabaseTable *self = user_data;
  guint n;

  self->is_settling = FALSE;
  if (self->is_closed || self->state == BYTESTAG_DATABASE_TABLE_READ_ONLY)
    return;

  if (bytestag_kept_index_recount (self->index, BYTESTAG_LIMIT_SETTLING))
    {
      bytestag_database_table_settle (self);
      return;
    }

  for (n = 0; n < BYTESTAG_LIMIT_SETTLING; n++)
    {
      guint32 number = bytestag_kept_index_pick_excess (self->index);

      if (number == BYTESTAG_KEPT_NONE)
        break;
      bytestag_database_table_drop (self, number);
    }
  if (n > 0)
    bytestag_database_table_notify_counts (self);
  if (n == BYTESTAG_LIMIT_SETTLING)
    bytestag_database_table_settle (self);
}

void
bytestag_database_table_settle (BytestagDatabaseTable *self)
{
  if (self->is_settling || !self->is_loaded)
    return;

  self->is_settling = TRUE;
  bytestag_reactor_post (self->reactor, settle_cb, g_object_ref (self), g_object_unref);
}

static void
sweep_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  job->more = FALSE;
  if (!g_cancellable_is_cancelled (cancellable))
    job->more = bytestag_kept_store_sweep (job->store);
}

static void
swept_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;

  if (job->more && bytestag_database_table_takes_changes (job->table))
    bytestag_worker_run (job->table->disk, sweep_job, job, NULL, swept_cb, NULL);
  else
    bytestag_table_job_unref (job);
}

static void load_more (BytestagDatabaseTable *self);

static void
finish_loading (BytestagDatabaseTable *self)
{
  self->is_loaded = TRUE;
  if (self->is_newer)
    {
      bytestag_database_table_set_state (self, BYTESTAG_DATABASE_TABLE_READ_ONLY);
      return;
    }

  if (self->state == BYTESTAG_DATABASE_TABLE_LOADING)
    bytestag_database_table_set_state (self, BYTESTAG_DATABASE_TABLE_READY);
  bytestag_database_table_settle (self);
  bytestag_worker_run (self->disk, sweep_job, bytestag_table_job_new (self), NULL, swept_cb, NULL);
  bytestag_database_table_clear (self);
}

static void
load_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  if (!g_cancellable_is_cancelled (cancellable))
    bytestag_kept_store_load (job->store, job->records, &job->n_bad, &job->n_unreadable, &job->more, &job->error);
}

static void
take_records_cb (gpointer user_data)
{
  BytestagTableJob *job = user_data;
  BytestagDatabaseTable *self = job->table;

  if (self->is_closed || job->generation != self->generation)
    return;

  for (guint n = 0; n < BYTESTAG_LIMIT_LOADED && job->position < job->records->len; n++, job->position++)
    {
      const BytestagKvpRecord *record = &g_array_index (job->records, BytestagKvpRecord, job->position);

      if (bytestag_kept_index_find (self->index, &record->id) == BYTESTAG_KEPT_NONE)
        bytestag_kept_index_add (self->index, record, FALSE);
    }
  bytestag_database_table_notify_counts (self);

  if (job->position < job->records->len)
    bytestag_reactor_post (self->reactor, take_records_cb, bytestag_table_job_ref (job), bytestag_table_job_unref);
  else if (job->more)
    load_more (self);
  else
    finish_loading (self);
}

static void
loaded_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  /* What is newer may have other columns: nothing of it is known then. */
  if (job->error != NULL && job->generation == self->generation && !self->is_newer)
    {
      bytestag_database_table_fail (self, job->error);
      bytestag_table_job_unref (job);
      return;
    }

  bytestag_database_table_add_unreadable (self, job->n_unreadable);
  bytestag_database_table_add_damaged (self, job->n_bad);
  bytestag_reactor_post (self->reactor, take_records_cb, job, bytestag_table_job_unref);
}

static void
load_more (BytestagDatabaseTable *self)
{
  BytestagTableJob *job = bytestag_table_job_new (self);

  job->records = g_array_new (FALSE, FALSE, sizeof (BytestagKvpRecord));
  bytestag_worker_run (self->disk, load_job, job, NULL, loaded_cb, NULL);
}

static void
open_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  if (g_cancellable_is_cancelled (cancellable))
    g_set_error_literal (&job->error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Reading was cancelled"));
  else
    bytestag_kept_store_open (job->store, &job->opening, &job->set_aside, &job->error);
}

static void
say_how_opened (BytestagDatabaseTable *self, const BytestagTableJob *job)
{
  if (job->opening == BYTESTAG_DATABASE_REBUILT)
    bytestag_database_table_set_problem (self,
      g_strdup_printf (_("The list of what is kept for others was damaged. It was set aside as “%s”, and a new one "
                         "was made"), job->set_aside));
  else if (job->opening == BYTESTAG_DATABASE_NEWER)
    bytestag_database_table_set_problem (self,
      g_strdup (_("What is kept for others was written by a newer version of this program, and is left as it is")));
  else
    bytestag_database_table_set_problem (self, NULL);
}

static void
opened_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  if (job->error != NULL)
    {
      bytestag_database_table_fail (self, job->error);
      /* On a full disk that is what makes room. */
      bytestag_database_table_clear (self);
    }
  else if (job->generation == self->generation && !self->is_closed)
    {
      self->is_open = TRUE;
      self->is_newer = job->opening == BYTESTAG_DATABASE_NEWER;
      say_how_opened (self, job);
      bytestag_database_table_set_state (self, BYTESTAG_DATABASE_TABLE_LOADING);
      load_more (self);
    }
  bytestag_table_job_unref (job);
}

void
bytestag_database_table_load (BytestagDatabaseTable *self)
{
  g_return_if_fail (BYTESTAG_IS_DATABASE_TABLE (self));
  g_return_if_fail (!self->is_open);

  bytestag_worker_run (self->disk, open_job, bytestag_table_job_new (self), NULL, opened_cb, NULL);
}
