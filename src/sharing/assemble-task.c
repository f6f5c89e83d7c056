/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/assemble-task.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/fetcher.h"
#include "wire/safe-name.h"

/* About a minute of waiting, and the look-ups between. */
#define TRIES_OF_PIECE 7
/* Files that are checked at one time: the rest waits. */
#define MAX_FINISH_JOBS 2

struct _BytestagAssembleTask
{
  BytestagTask parent_instance;

  BytestagWorker *worker;
  BytestagDownloadPlan *plan;
  BytestagDownloadTarget *target;
  BytestagFetcher *fetcher;
  BytestagPartMap *part_map;
  GCancellable *cancellable;

  guint *n_missing;   /* for each file: pieces not yet written */
  gboolean *done;     /* for each file: it has its name */
  GQueue ready;       /* (element-type guint) files whose pieces are all there */
  guint n_unwritten;  /* pieces given to the worker */
  guint n_finishing;
  guint n_files_done;
  guint64 bytes_written;
  GError *error;      /* it ends as soon as nothing is with the worker */
  gboolean ending;
};

typedef struct {
  BytestagDownloadTarget *target;
  BytestagDownloadPlan *plan; /* of the task, which the job's completion holds */
  guint piece;
  GBytes *bytes;
  GError *error;
} WriteJob;

typedef struct {
  BytestagDownloadTarget *target;
  const BytestagPlanFile *file; /* of the plan */
  guint position;
  GError *error;
} FinishJob;

typedef struct {
  BytestagDownloadTarget *target;
  GPtrArray *filenames; /* (element-type GStrv) of the plan */
} DiscardJob;

G_DEFINE_FINAL_TYPE (BytestagAssembleTask, bytestag_assemble_task, BYTESTAG_TYPE_TASK)

static void go_on (BytestagAssembleTask *self);

static const BytestagPlanPlace *
get_place (BytestagDownloadPlan *plan,
           guint                 number)
{
  return &g_array_index (plan->places, BytestagPlanPlace, number);
}

static const BytestagPlanFile *
get_file (BytestagDownloadPlan *plan,
          guint                 number)
{
  return &g_array_index (plan->files, BytestagPlanFile, number);
}

static guint
get_first_place (BytestagDownloadPlan *plan,
                 guint                 piece)
{
  return g_array_index (plan->pieces, BytestagPlanPiece, piece).first_place;
}

/* On a worker. */
static void
write_job_run (gpointer      data,
               GCancellable *cancellable)
{
  WriteJob *job = data;
  guint number = get_first_place (job->plan, job->piece);

  while (number != BYTESTAG_PLAN_NO_PLACE && job->error == NULL && !g_cancellable_is_cancelled (cancellable))
    {
      const BytestagPlanPlace *place = get_place (job->plan, number);
      const BytestagPlanFile *file = get_file (job->plan, place->file);

      bytestag_download_target_write (job->target, (const char * const *) file->filename,
                                      (guint64) place->part * BYTESTAG_PART_SIZE, job->bytes, &job->error);
      number = place->next;
    }
}

static void
write_job_free (WriteJob *job)
{
  g_clear_pointer (&job->target, bytestag_download_target_unref);
  g_clear_pointer (&job->bytes, g_bytes_unref);
  g_clear_error (&job->error);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WriteJob, write_job_free)

static void
piece_written (BytestagAssembleTask *self,
               WriteJob             *job)
{
  guint number = get_first_place (self->plan, job->piece);

  while (number != BYTESTAG_PLAN_NO_PLACE)
    {
      const BytestagPlanPlace *place = get_place (self->plan, number);

      self->bytes_written += g_bytes_get_size (job->bytes);
      if (--self->n_missing[place->file] == 0)
        g_queue_push_tail (&self->ready, GUINT_TO_POINTER (place->file));
      number = place->next;
    }
  bytestag_part_map_set_state (self->part_map, job->piece, BYTESTAG_PART_CHECKED, 1);
}

static void
write_job_done (gpointer data,
                gpointer user_data)
{
  g_autoptr (WriteJob) job = data;
  g_autoptr (BytestagAssembleTask) self = user_data;

  self->n_unwritten--;
  if (job->error != NULL)
    bytestag_assemble_task_end (self, g_steal_pointer (&job->error));
  else if (!self->ending)
    piece_written (self, job);

  go_on (self);
}

/* On a worker. */
static void
finish_job_run (gpointer      data,
                GCancellable *cancellable)
{
  FinishJob *job = data;
  const char * const *filename = (const char * const *) job->file->filename;

  /* One without pieces is made here. */
  if (bytestag_download_target_write (job->target, filename, 0, NULL, &job->error))
    bytestag_download_target_finish (job->target, filename, job->file->info, cancellable, &job->error);
}

static void
finish_job_free (FinishJob *job)
{
  g_clear_pointer (&job->target, bytestag_download_target_unref);
  g_clear_error (&job->error);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FinishJob, finish_job_free)

static void
finish_job_done (gpointer data,
                 gpointer user_data)
{
  g_autoptr (FinishJob) job = data;
  g_autoptr (BytestagAssembleTask) self = user_data;

  self->n_finishing--;
  if (job->error == NULL)
    {
      self->done[job->position] = TRUE;
      self->n_files_done++;
    }
  else
    {
      bytestag_assemble_task_end (self, g_steal_pointer (&job->error));
    }

  go_on (self);
}

static void
finish_files (BytestagAssembleTask *self)
{
  while (self->n_finishing < MAX_FINISH_JOBS && !g_queue_is_empty (&self->ready))
    {
      FinishJob *job = g_new0 (FinishJob, 1);

      job->position = GPOINTER_TO_UINT (g_queue_pop_head (&self->ready));
      job->file = get_file (self->plan, job->position);
      job->target = bytestag_download_target_ref (self->target);
      self->n_finishing++;
      bytestag_worker_run (self->worker, finish_job_run, job, self->cancellable, finish_job_done,
                           g_object_ref (self));
    }
}

/* On a worker. */
static void
discard_job_run (gpointer      data,
                 GCancellable *cancellable)
{
  DiscardJob *job = data;

  for (guint i = 0; i < job->filenames->len; i++)
    bytestag_download_target_discard (job->target, g_ptr_array_index (job->filenames, i));
}

static void
discard_job_done (gpointer data,
                  gpointer user_data)
{
  DiscardJob *job = data;
  g_autoptr (BytestagAssembleTask) self = user_data;

  bytestag_task_fail (BYTESTAG_TASK (self), g_steal_pointer (&self->error));

  g_clear_pointer (&job->filenames, g_ptr_array_unref);
  g_clear_pointer (&job->target, bytestag_download_target_unref);
  g_free (job);
}

static void
discard_files (BytestagAssembleTask *self)
{
  DiscardJob *job = g_new0 (DiscardJob, 1);

  job->target = bytestag_download_target_ref (self->target);
  job->filenames = g_ptr_array_new ();
  for (guint i = 0; i < self->plan->files->len; i++)
    {
      if (!self->done[i])
        g_ptr_array_add (job->filenames, get_file (self->plan, i)->filename);
    }
  bytestag_worker_run (self->worker, discard_job_run, job, NULL, discard_job_done, g_object_ref (self));
}

/* After every completion: what can be done next? */
static void
go_on (BytestagAssembleTask *self)
{
  if (self->ending)
    {
      if (self->n_unwritten == 0 && self->n_finishing == 0 && self->target != NULL)
        {
          discard_files (self);
          g_clear_pointer (&self->target, bytestag_download_target_unref);
        }
      return;
    }

  finish_files (self);
  bytestag_fetcher_set_paused (self->fetcher, self->n_unwritten >= BYTESTAG_LIMIT_PIECES_UNWRITTEN);
  if (self->n_files_done == self->plan->files->len)
    {
      bytestag_assemble_task_flush (self);
      bytestag_task_done (BYTESTAG_TASK (self));
    }
}

static void
received_cb (BytestagFetcher      *fetcher,
             guint                 piece,
             GBytes               *bytes,
             BytestagAssembleTask *self)
{
  WriteJob *job;

  if (!bytestag_download_plan_check_length (self->plan, piece, g_bytes_get_size (bytes)))
    {
      bytestag_part_map_set_state (self->part_map, piece, BYTESTAG_PART_BAD, 0);
      bytestag_assemble_task_end (self, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                                                             _("The collection contradicts itself: the size of a "
                                                               "file does not fit its pieces")));
      return;
    }

  bytestag_part_map_set_state (self->part_map, piece, BYTESTAG_PART_RECEIVING, 1);
  job = g_new0 (WriteJob, 1);
  job->target = bytestag_download_target_ref (self->target);
  job->plan = self->plan;
  job->piece = piece;
  job->bytes = g_bytes_ref (bytes);
  self->n_unwritten++;
  bytestag_worker_run (self->worker, write_job_run, job, self->cancellable, write_job_done, g_object_ref (self));
  go_on (self);
}

static void
missed_cb (BytestagFetcher      *fetcher,
           guint                 piece,
           const GError         *error,
           BytestagAssembleTask *self)
{
  gboolean bad = g_error_matches (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA);

  bytestag_part_map_set_state (self->part_map, piece, bad ? BYTESTAG_PART_BAD : BYTESTAG_PART_MISSING, 0);
}

static void
failed_cb (BytestagFetcher      *fetcher,
           guint                 piece,
           const GError         *error,
           BytestagAssembleTask *self)
{
  const BytestagPlanPlace *place = get_place (self->plan, get_first_place (self->plan, piece));
  g_autofree char *path = g_strjoinv ("/", get_file (self->plan, place->file)->filename);
  g_autofree char *shown = bytestag_name_for_display (path);

  missed_cb (fetcher, piece, error, self);
  bytestag_assemble_task_end (self, g_error_new (error->domain, error->code,
                                                 _("A piece of “%s” could not be fetched: %s"),
                                                 shown, error->message));
}

static void
bytestag_assemble_task_start (BytestagTask *task)
{
  BytestagAssembleTask *self = BYTESTAG_ASSEMBLE_TASK (task);

  bytestag_task_set_total (task, self->plan->size);
  for (guint i = 0; i < self->plan->pieces->len; i++)
    bytestag_fetcher_add (self->fetcher, &g_array_index (self->plan->pieces, BytestagPlanPiece, i).key, i);
  for (guint i = 0; i < self->plan->files->len; i++)
    {
      if (self->n_missing[i] == 0)
        g_queue_push_tail (&self->ready, GUINT_TO_POINTER (i));
    }
  finish_files (self);
}

static void
bytestag_assemble_task_stop (BytestagTask *task)
{
  bytestag_assemble_task_end (BYTESTAG_ASSEMBLE_TASK (task),
                              g_error_copy (bytestag_task_get_error (task)));
}

static void
bytestag_assemble_task_dispose (GObject *object)
{
  BytestagAssembleTask *self = BYTESTAG_ASSEMBLE_TASK (object);

  g_clear_object (&self->fetcher);
  g_clear_object (&self->worker);

  G_OBJECT_CLASS (bytestag_assemble_task_parent_class)->dispose (object);
}

static void
bytestag_assemble_task_finalize (GObject *object)
{
  BytestagAssembleTask *self = BYTESTAG_ASSEMBLE_TASK (object);

  g_queue_clear (&self->ready);
  g_clear_pointer (&self->target, bytestag_download_target_unref);
  g_clear_pointer (&self->plan, bytestag_download_plan_free);
  g_clear_pointer (&self->n_missing, g_free);
  g_clear_pointer (&self->done, g_free);
  g_clear_object (&self->part_map);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (bytestag_assemble_task_parent_class)->finalize (object);
}

static void
bytestag_assemble_task_class_init (BytestagAssembleTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_assemble_task_dispose;
  object_class->finalize = bytestag_assemble_task_finalize;
  task_class->start = bytestag_assemble_task_start;
  task_class->stop = bytestag_assemble_task_stop;
}

static void
bytestag_assemble_task_init (BytestagAssembleTask *self)
{
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->ready);
}

BytestagAssembleTask *
bytestag_assemble_task_new (BytestagNetwork        *network,
                            BytestagWorker         *worker,
                            BytestagDownloadPlan   *plan,
                            BytestagDownloadTarget *target)
{
  BytestagAssembleTask *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);
  g_return_val_if_fail (plan != NULL && target != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_ASSEMBLE_TASK, "reactor", bytestag_network_get_reactor (network), NULL);
  self->worker = g_object_ref (worker);
  self->plan = plan;
  self->target = bytestag_download_target_ref (target);
  self->part_map = bytestag_part_map_new (plan->pieces->len);
  self->n_missing = g_new0 (guint, plan->files->len);
  self->done = g_new0 (gboolean, plan->files->len);
  for (guint i = 0; i < plan->files->len; i++)
    self->n_missing[i] = get_file (plan, i)->n_parts;

  self->fetcher = bytestag_fetcher_new (network, TRIES_OF_PIECE);
  g_signal_connect_object (self->fetcher, "received", G_CALLBACK (received_cb), self, 0);
  g_signal_connect_object (self->fetcher, "missed", G_CALLBACK (missed_cb), self, 0);
  g_signal_connect_object (self->fetcher, "failed", G_CALLBACK (failed_cb), self, 0);

  return self;
}

void
bytestag_assemble_task_end (BytestagAssembleTask *self,
                            GError               *error)
{
  g_return_if_fail (BYTESTAG_IS_ASSEMBLE_TASK (self));
  g_return_if_fail (error != NULL);

  if (self->ending)
    {
      g_error_free (error);
      return;
    }

  self->ending = TRUE;
  self->error = error;
  g_queue_clear (&self->ready);
  g_cancellable_cancel (self->cancellable);
  bytestag_fetcher_stop (self->fetcher);
  go_on (self);
}

static void
visit_cb (guint         piece,
          BytestagTask *task,
          gpointer      user_data)
{
  BytestagAssembleTask *self = user_data;
  guint64 progress = bytestag_task_get_progress (task);
  guint64 total = bytestag_task_get_total (task);

  if (progress == 0)
    bytestag_part_map_set_state (self->part_map, piece, BYTESTAG_PART_SOUGHT, 0);
  else
    bytestag_part_map_set_state (self->part_map, piece, BYTESTAG_PART_RECEIVING,
                                 (gdouble) progress / (gdouble) MAX (total, progress));
}

static void
add_progress_cb (guint         piece,
                 BytestagTask *task,
                 gpointer      user_data)
{
  guint64 *bytes = user_data;

  *bytes += bytestag_task_get_progress (task);
}

void
bytestag_assemble_task_flush (BytestagAssembleTask *self)
{
  guint64 bytes = self->bytes_written;

  g_return_if_fail (BYTESTAG_IS_ASSEMBLE_TASK (self));

  bytestag_fetcher_visit (self->fetcher, visit_cb, self);
  bytestag_fetcher_visit (self->fetcher, add_progress_cb, &bytes);
  bytestag_task_set_progress (BYTESTAG_TASK (self), bytes);
}

BytestagPartMap *
bytestag_assemble_task_get_part_map (BytestagAssembleTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_ASSEMBLE_TASK (self), NULL);

  return self->part_map;
}

guint
bytestag_assemble_task_get_n_files_done (BytestagAssembleTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_ASSEMBLE_TASK (self), 0);

  return self->n_files_done;
}

char *
bytestag_assemble_task_dup_status (BytestagAssembleTask *self)
{
  guint wait;

  g_return_val_if_fail (BYTESTAG_IS_ASSEMBLE_TASK (self), NULL);

  wait = bytestag_fetcher_get_wait (self->fetcher);
  if (wait > 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                         "Waiting for who has the missing pieces; asking again in %u second",
                                         "Waiting for who has the missing pieces; asking again in %u seconds",
                                         wait), wait);
  if (self->n_finishing > 0 &&
      bytestag_part_map_count (self->part_map, BYTESTAG_PART_CHECKED) == self->plan->pieces->len)
    return g_strdup (_("Checking the files"));

  return g_strdup_printf (_("Fetching pieces: %u of %u"),
                          bytestag_part_map_count (self->part_map, BYTESTAG_PART_CHECKED),
                          self->plan->pieces->len);
}
