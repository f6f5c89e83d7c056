/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-task.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/reactor.h"
#include "sharing/folder-walk.h"
#include "sharing/hash-job.h"
#include "sharing/sharing-private.h"

/* Readings of the rate that are looked back on: four seconds. */
#define N_SAMPLES (4 * G_USEC_PER_SEC / BYTESTAG_PROGRESS_INTERVAL)

typedef struct {
  gint64 time; /* µs */
  guint64 n_read;
} Sample;

struct _BytestagHashTask
{
  BytestagTask parent_instance;

  BytestagWorker *worker;
  char **paths;
  BytestagKnownFiles *known; /* (nullable) */
  BytestagHashedFunc taker;
  gpointer taker_data;
  GDestroyNotify taker_destroy;

  GCancellable *cancellable;
  BytestagHashJobShared *shared; /* NULL until the walk is over */
  BytestagFolderWalk *walk;      /* of it */
  GPtrArray *files;         /* (element-type BytestagHashedFile) by the order of the walk */
  guint next_file;          /* of walk->files, to be given to the worker */
  guint n_jobs;
  guint n_helpers;
  guint n_ended;            /* files that are hashed or left out */
  guint n_hashed;
  guint n_known;

  char *current_file;
  Sample samples[N_SAMPLES];
  guint n_samples;
  gint64 seconds_left;
  BytestagTimer progress_timer;
};

typedef struct {
  char **paths;
  BytestagFolderWalk *walk;
  GError *error;
} WalkJob;

typedef struct {
  BytestagHashJobShared *shared;
  GPtrArray *files;
} Dropped;

enum {
  PROP_0,
  PROP_CURRENT_FILE,
  PROP_BYTES_LEFT,
  PROP_SECONDS_LEFT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagHashTask, bytestag_hash_task, BYTESTAG_TYPE_TASK)

static void give_files (BytestagHashTask *self);
static void give_help (BytestagHashTask *self);

void
bytestag_hashed_file_free (BytestagHashedFile *file)
{
  if (file == NULL)
    return;

  g_clear_pointer (&file->path, g_free);
  g_clear_object (&file->info);
  g_free (file);
}

/* On a worker. */
static void
walk_job_run (gpointer      data,
              GCancellable *cancellable)
{
  WalkJob *job = data;

  job->walk = bytestag_folder_walk ((const char * const *) job->paths, cancellable, &job->error);
}

static void
walk_job_free (WalkJob *job)
{
  g_strfreev (job->paths);
  g_clear_pointer (&job->walk, bytestag_folder_walk_free);
  g_clear_error (&job->error);
  g_free (job);
}

/* On a worker: to free what is known of 100,000 files takes longer than a dispatch may. */
static void
drop_job_run (gpointer      data,
              GCancellable *cancellable)
{
  Dropped *dropped = data;

  g_clear_pointer (&dropped->shared, bytestag_hash_job_shared_unref);
  g_clear_pointer (&dropped->files, g_ptr_array_unref);
  g_free (dropped);
}

/* The job freed itself: it may be that no event comes any more. */
static void
drop_job_done (gpointer data,
               gpointer user_data)
{
}

static void
drop_files (BytestagHashTask *self)
{
  Dropped *dropped;

  self->walk = NULL;
  if (self->files == NULL)
    return;

  dropped = g_new0 (Dropped, 1);
  dropped->shared = g_steal_pointer (&self->shared);
  dropped->files = g_steal_pointer (&self->files);
  bytestag_worker_run (self->worker, drop_job_run, dropped, NULL, drop_job_done, NULL);
}

/* The total is what will have been read: less what is left out, and as long as files
 * turned out to be. */
static void
mend_total (BytestagHashTask      *self,
            const BytestagHashJob *job)
{
  guint64 total = bytestag_task_get_total (BYTESTAG_TASK (self));

  for (guint i = 0; i < job->n_files; i++)
    {
      const BytestagWalkFile *file = g_ptr_array_index (self->walk->files, job->first + i);

      total -= file->stamp.size;
    }
  bytestag_task_set_total (BYTESTAG_TASK (self), total + job->size);
}

static void
take_files (BytestagHashTask *self,
            BytestagHashJob  *job)
{
  self->n_ended += job->n_files;
  self->n_hashed += job->hashed->len;
  self->n_known += job->n_known;
  bytestag_skip_list_add_list (self->walk->skipped, job->skipped);
  mend_total (self, job);

  if (job->hashed->len == 0)
    return;

  if (self->taker != NULL)
    {
      self->taker (g_steal_pointer (&job->hashed), self->taker_data);
      return;
    }
  for (guint i = 0; i < job->hashed->len; i++)
    {
      BytestagHashedFile *file = g_steal_pointer (&g_ptr_array_index (job->hashed, i));

      g_ptr_array_index (self->files, file->position) = file;
    }
}

static void
fail (BytestagHashTask *self,
      GError           *error)
{
  g_cancellable_cancel (self->cancellable);
  bytestag_task_fail (BYTESTAG_TASK (self), error);
}

static void
hash_job_done (gpointer data,
               gpointer user_data)
{
  g_autoptr (BytestagHashTask) self = user_data;
  g_autoptr (BytestagHashJob) job = data;

  self->n_jobs--;
  if (bytestag_task_is_finished (BYTESTAG_TASK (self)))
    return;

  if (job->error != NULL)
    {
      fail (self, g_steal_pointer (&job->error));
      return;
    }

  take_files (self, job);
  /* Whoever took them may have cancelled it. */
  if (!bytestag_task_is_finished (BYTESTAG_TASK (self)))
    give_files (self);
}

/* Those that were left out leave no gaps. */
static void
close_gaps (GPtrArray *files)
{
  guint n = 0;

  for (guint i = 0; i < files->len; i++)
    {
      gpointer file = g_steal_pointer (&g_ptr_array_index (files, i));

      if (file != NULL)
        g_ptr_array_index (files, n++) = file;
    }
  g_ptr_array_set_size (files, (int) n);
}

static void
end (BytestagHashTask *self)
{
  if (self->n_hashed == 0)
    {
      const GError *problem = self->walk->skipped->problem;

      fail (self, problem != NULL ? g_error_copy (problem)
                                  : g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                                                 _("Of “%s” nothing can be shared"), self->walk->name));
      return;
    }

  close_gaps (self->files);
  bytestag_task_set_progress (BYTESTAG_TASK (self), atomic_load (&self->shared->n_read));
  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
help_job_run (gpointer      data,
              GCancellable *cancellable)
{
  BytestagHashJobShared *shared = data;

  bytestag_digest_pool_help (shared->pool, cancellable);
}

static void
help_job_done (gpointer data,
               gpointer user_data)
{
  g_autoptr (BytestagHashTask) self = user_data;

  self->n_helpers--;
  if (!bytestag_task_is_finished (BYTESTAG_TASK (self)) && self->n_jobs > 0)
    give_help (self);
}

/* Behind all files, so that a helper runs only where no file is left to begin. */
static void
give_help (BytestagHashTask *self)
{
  while (self->n_helpers < BYTESTAG_LIMIT_HASH_HELPERS && bytestag_digest_pool_is_expecting (self->shared->pool))
    {
      self->n_helpers++;
      bytestag_worker_run (self->worker, help_job_run, self->shared, self->cancellable, help_job_done,
                           g_object_ref (self));
    }
}

/* Keeps the worker busy; ends the task after the last file. */
static void
give_files (BytestagHashTask *self)
{
  while (self->n_jobs < BYTESTAG_LIMIT_HASH_JOBS && self->next_file < self->walk->files->len)
    {
      BytestagHashJob *job = bytestag_hash_job_new (self->shared, self->next_file);

      self->next_file += job->n_files;
      self->n_jobs++;
      bytestag_worker_run (self->worker, bytestag_hash_job_run, job, self->cancellable, hash_job_done,
                           g_object_ref (self));
    }

  if (self->n_ended == self->walk->files->len)
    end (self);
  else if (self->next_file == self->walk->files->len)
    give_help (self);
}

static void
walk_job_done (gpointer data,
               gpointer user_data)
{
  WalkJob *job = data;
  g_autoptr (BytestagHashTask) self = user_data;

  if (!bytestag_task_is_finished (BYTESTAG_TASK (self)))
    {
      if (job->error != NULL)
        {
          bytestag_task_fail (BYTESTAG_TASK (self), g_steal_pointer (&job->error));
        }
      else
        {
          self->walk = job->walk;
          self->shared = bytestag_hash_job_shared_new (g_steal_pointer (&job->walk), self->known);
          if (self->taker == NULL)
            g_ptr_array_set_size (self->files, (int) self->walk->files->len);
          bytestag_task_set_total (BYTESTAG_TASK (self), self->walk->size);
          give_files (self);
        }
    }

  walk_job_free (job);
}

static void
set_current_file (BytestagHashTask *self,
                  const char       *path)
{
  g_autofree char *shown = g_filename_display_basename (path);

  if (g_strcmp0 (self->current_file, shown) == 0)
    return;

  g_free (self->current_file);
  self->current_file = g_steal_pointer (&shown);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT_FILE]);
}

/* By what was really read: what was known came at once, and says nothing of the rest. */
static void
tell_time_left (BytestagHashTask *self)
{
  gint64 now = bytestag_reactor_get_time (bytestag_task_get_reactor (BYTESTAG_TASK (self)));
  guint64 n_read = atomic_load (&self->shared->n_read);
  guint64 n_known = atomic_load (&self->shared->n_known);
  Sample *newest = &self->samples[self->n_samples % N_SAMPLES];
  const Sample *oldest = &self->samples[self->n_samples < N_SAMPLES ? 0 : (self->n_samples + 1) % N_SAMPLES];
  gint64 seconds_left = -1;

  *newest = (Sample) { now, n_read - MIN (n_known, n_read) };
  self->n_samples++;
  if (newest->n_read > oldest->n_read && newest->time > oldest->time)
    {
      gdouble rate = (gdouble) (newest->n_read - oldest->n_read) / (gdouble) (newest->time - oldest->time);

      seconds_left = (gint64) ((gdouble) bytestag_hash_task_get_bytes_left (self) / rate / G_USEC_PER_SEC + 0.5);
    }

  if (self->seconds_left == seconds_left)
    return;
  self->seconds_left = seconds_left;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SECONDS_LEFT]);
}

static void
progress_cb (gpointer user_data)
{
  BytestagHashTask *self = user_data;

  if (bytestag_task_is_finished (BYTESTAG_TASK (self)))
    return;

  if (self->walk != NULL)
    {
      const BytestagWalkFile *file = g_ptr_array_index (self->walk->files, atomic_load (&self->shared->current));

      g_object_freeze_notify (G_OBJECT (self));
      set_current_file (self, file->path);
      bytestag_task_set_progress (BYTESTAG_TASK (self), atomic_load (&self->shared->n_read));
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BYTES_LEFT]);
      tell_time_left (self);
      g_object_thaw_notify (G_OBJECT (self));
    }

  bytestag_reactor_arm (bytestag_task_get_reactor (BYTESTAG_TASK (self)), &self->progress_timer,
                        BYTESTAG_PROGRESS_INTERVAL, progress_cb, self);
}

static void
bytestag_hash_task_start (BytestagTask *task)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (task);
  WalkJob *job = g_new0 (WalkJob, 1);

  job->paths = g_strdupv (self->paths);
  bytestag_worker_run (self->worker, walk_job_run, job, self->cancellable, walk_job_done, g_object_ref (self));
  bytestag_reactor_arm (bytestag_task_get_reactor (task), &self->progress_timer,
                        BYTESTAG_PROGRESS_INTERVAL, progress_cb, self);
}

static void
bytestag_hash_task_stop (BytestagTask *task)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (task);

  g_cancellable_cancel (self->cancellable);
}

static void
bytestag_hash_task_dispose (GObject *object)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (object);

  if (bytestag_timer_is_armed (&self->progress_timer))
    bytestag_reactor_disarm (bytestag_task_get_reactor (BYTESTAG_TASK (self)), &self->progress_timer);
  g_cancellable_cancel (self->cancellable);
  if (self->taker_destroy != NULL)
    g_steal_pointer (&self->taker_destroy) (self->taker_data);
  drop_files (self);

  G_OBJECT_CLASS (bytestag_hash_task_parent_class)->dispose (object);
}

static void
bytestag_hash_task_finalize (GObject *object)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (object);

  g_clear_object (&self->worker);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->paths, g_strfreev);
  g_clear_pointer (&self->known, bytestag_known_files_unref);
  g_clear_pointer (&self->current_file, g_free);

  G_OBJECT_CLASS (bytestag_hash_task_parent_class)->finalize (object);
}

static void
bytestag_hash_task_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (object);

  switch (prop_id)
    {
    case PROP_CURRENT_FILE:
      g_value_set_string (value, self->current_file);
      break;
    case PROP_BYTES_LEFT:
      g_value_set_uint64 (value, bytestag_hash_task_get_bytes_left (self));
      break;
    case PROP_SECONDS_LEFT:
      g_value_set_int64 (value, self->seconds_left);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_hash_task_class_init (BytestagHashTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_hash_task_dispose;
  object_class->finalize = bytestag_hash_task_finalize;
  object_class->get_property = bytestag_hash_task_get_property;
  task_class->start = bytestag_hash_task_start;
  task_class->stop = bytestag_hash_task_stop;

  properties[PROP_CURRENT_FILE] = g_param_spec_string ("current-file", NULL, NULL, NULL, flags);
  properties[PROP_BYTES_LEFT] = g_param_spec_uint64 ("bytes-left", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_SECONDS_LEFT] = g_param_spec_int64 ("seconds-left", NULL, NULL, -1, G_MAXINT64, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_hash_task_init (BytestagHashTask *self)
{
  self->cancellable = g_cancellable_new ();
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_hashed_file_free);
  self->seconds_left = -1;
}

BytestagHashTask *
bytestag_hash_task_new (BytestagReactor    *reactor,
                        BytestagWorker     *worker,
                        const char * const *paths)
{
  BytestagHashTask *self;

  g_return_val_if_fail (BYTESTAG_IS_WORKER (worker), NULL);
  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_HASH_TASK, "reactor", reactor, NULL);
  self->worker = g_object_ref (worker);
  self->paths = g_strdupv ((char **) paths);

  return self;
}

void
bytestag_hash_task_set_known (BytestagHashTask   *self,
                              BytestagKnownFiles *known)
{
  g_return_if_fail (BYTESTAG_IS_HASH_TASK (self));
  g_return_if_fail (bytestag_task_get_state (BYTESTAG_TASK (self)) == BYTESTAG_TASK_PENDING);

  g_clear_pointer (&self->known, bytestag_known_files_unref);
  self->known = known != NULL ? bytestag_known_files_ref (known) : NULL;
}

void
bytestag_hash_task_set_taker (BytestagHashTask   *self,
                              BytestagHashedFunc  func,
                              gpointer            user_data,
                              GDestroyNotify      destroy)
{
  g_return_if_fail (BYTESTAG_IS_HASH_TASK (self));
  g_return_if_fail (bytestag_task_get_state (BYTESTAG_TASK (self)) == BYTESTAG_TASK_PENDING);

  self->taker = func;
  self->taker_data = user_data;
  self->taker_destroy = destroy;
}

guint
bytestag_hash_task_get_n_files (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), 0);

  return self->walk != NULL ? self->walk->files->len - (self->n_ended - self->n_hashed) : 0;
}

const char *
bytestag_hash_task_get_name (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), NULL);

  return self->walk != NULL ? self->walk->name : NULL;
}

const char *
bytestag_hash_task_get_current_file (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), NULL);

  return self->current_file;
}

guint
bytestag_hash_task_get_n_known (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), 0);

  return self->n_known;
}

guint64
bytestag_hash_task_get_bytes_left (BytestagHashTask *self)
{
  guint64 total, progress;

  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), 0);

  total = bytestag_task_get_total (BYTESTAG_TASK (self));
  progress = bytestag_task_get_progress (BYTESTAG_TASK (self));
  return total > progress ? total - progress : 0;
}

gint64
bytestag_hash_task_get_seconds_left (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), -1);

  return self->seconds_left;
}

BytestagSkipList *
bytestag_hash_task_get_skipped (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), NULL);

  return self->walk != NULL ? self->walk->skipped : NULL;
}

GPtrArray *
bytestag_hash_task_get_files (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), NULL);

  return self->files;
}
