/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-task.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/reactor.h"
#include "sharing/file-digest.h"
#include "sharing/folder-walk.h"
#include "sharing/sharing-private.h"

/* Files given to the worker at one time: enough that none of its threads waits for us. */
#define MAX_JOBS 8

struct _BytestagHashTask
{
  BytestagTask parent_instance;

  BytestagWorker *worker;
  char **paths;

  GCancellable *cancellable;
  BytestagFolderWalk *walk; /* NULL until it is over */
  GPtrArray *files;         /* (element-type BytestagHashedFile) by the order of the walk */
  guint next_file;          /* of walk->files, to be given to the worker */
  guint n_jobs;
  guint n_hashed;
  char *current_file;

  _Atomic guint64 n_read; /* jobs write it while they hold us */
  BytestagTimer progress_timer;
};

typedef struct {
  char **paths;
  GCancellable *cancellable;
  BytestagFolderWalk *walk;
  GError *error;
} WalkJob;

typedef struct {
  const BytestagWalkFile *file; /* of the task's walk, which outlives the job */
  guint position;
  _Atomic guint64 *n_read;
  BytestagFileStamp stamp;
  BytestagFileDigest digest;
  GError *error;
} FileJob;

enum {
  PROP_0,
  PROP_CURRENT_FILE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagHashTask, bytestag_hash_task, BYTESTAG_TYPE_TASK)

static void give_files (BytestagHashTask *self);

static void
hashed_file_free (gpointer data)
{
  BytestagHashedFile *file = data;

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

/* On a worker. FALSE with no error: it changed while it was read. */
static gboolean
hash_once (FileJob       *job,
           int            fd,
           GCancellable  *cancellable,
           GError       **error)
{
  BytestagFileStamp after;

  if (lseek (fd, 0, SEEK_SET) != 0 || !bytestag_file_stamp_read (&job->stamp, fd))
    {
      g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_errno (errno), g_strerror (errno));
      return FALSE;
    }
  if (!bytestag_file_digest_read (&job->digest, fd, job->n_read, cancellable, error))
    return FALSE;

  if (bytestag_file_stamp_read (&after, fd) && bytestag_file_stamp_equal (&job->stamp, &after) &&
      job->digest.size == job->stamp.size)
    return TRUE;

  atomic_fetch_sub (job->n_read, job->digest.size);
  bytestag_file_digest_clear (&job->digest);
  return FALSE;
}

/* On a worker. */
static void
file_job_run (gpointer      data,
              GCancellable *cancellable)
{
  FileJob *job = data;
  g_autofree char *name = g_filename_display_name (job->file->path);
  g_autoptr (GError) error = NULL;
  struct stat info;
  gboolean hashed;
  /* Not blocking: it may have become a fifo since the walk. */
  int fd = open (job->file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      g_set_error (&job->error, G_IO_ERROR, (int) g_io_error_from_errno (errno),
                   _("Cannot read “%s”: %s"), name, g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return;
    }

  hashed = S_ISREG (info.st_mode) && hash_once (job, fd, cancellable, &error);
  if (!hashed && error == NULL && S_ISREG (info.st_mode))
    hashed = hash_once (job, fd, cancellable, &error);
  close (fd);

  if (error != NULL)
    g_set_error (&job->error, error->domain, error->code, _("Cannot read “%s”: %s"), name, error->message);
  else if (!hashed)
    g_set_error (&job->error, BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED,
                 _("“%s” changes while it is read: share it again when it is at rest"), name);
}

static void
file_job_free (FileJob *job)
{
  bytestag_file_digest_clear (&job->digest);
  g_clear_error (&job->error);
  g_free (job);
}

static void
take_file (BytestagHashTask *self,
           FileJob          *job)
{
  BytestagHashedFile *file = g_new0 (BytestagHashedFile, 1);

  file->path = g_strdup (job->file->path);
  file->stamp = job->stamp;
  file->info = bytestag_file_info_new (&job->digest.hash,
                                       (const BytestagKey *) job->digest.parts->data, job->digest.parts->len,
                                       job->digest.size,
                                       (const char * const *) job->file->filename,
                                       job->digest.sha256);
  g_ptr_array_index (self->files, job->position) = file;
  self->n_hashed++;
}

static void
file_job_done (gpointer data,
               gpointer user_data)
{
  FileJob *job = data;
  g_autoptr (BytestagHashTask) self = user_data;

  self->n_jobs--;
  if (!bytestag_task_is_finished (BYTESTAG_TASK (self)))
    {
      if (job->error != NULL)
        {
          g_cancellable_cancel (self->cancellable);
          bytestag_task_fail (BYTESTAG_TASK (self), g_steal_pointer (&job->error));
        }
      else
        {
          take_file (self, job);
          give_files (self);
        }
    }

  file_job_free (job);
}

static void
set_current_file (BytestagHashTask *self,
                  const char       *path)
{
  g_autofree char *shown = path != NULL ? g_filename_display_basename (path) : NULL;

  if (g_strcmp0 (self->current_file, shown) == 0)
    return;

  g_free (self->current_file);
  self->current_file = g_steal_pointer (&shown);
}

/* Keeps the worker busy; ends the task after the last file. */
static void
give_files (BytestagHashTask *self)
{
  while (self->n_jobs < MAX_JOBS && self->next_file < self->walk->files->len)
    {
      FileJob *job = g_new0 (FileJob, 1);

      job->position = self->next_file++;
      job->file = g_ptr_array_index (self->walk->files, job->position);
      job->n_read = &self->n_read;
      self->n_jobs++;
      bytestag_worker_run (self->worker, file_job_run, job, self->cancellable, file_job_done, g_object_ref (self));
    }

  if (self->n_hashed == self->walk->files->len)
    {
      bytestag_task_set_progress (BYTESTAG_TASK (self), atomic_load (&self->n_read));
      bytestag_task_done (BYTESTAG_TASK (self));
    }
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
          self->walk = g_steal_pointer (&job->walk);
          g_ptr_array_set_size (self->files, (int) self->walk->files->len);
          bytestag_task_set_total (BYTESTAG_TASK (self), self->walk->size);
          give_files (self);
        }
    }

  walk_job_free (job);
}

static void
progress_cb (gpointer user_data)
{
  BytestagHashTask *self = user_data;

  if (bytestag_task_is_finished (BYTESTAG_TASK (self)))
    return;

  if (self->walk != NULL)
    {
      /* Jobs run in order, so the oldest unfinished one is what is read now. */
      const BytestagWalkFile *file = NULL;

      for (guint i = self->next_file - MIN (self->next_file, MAX_JOBS); file == NULL && i < self->next_file; i++)
        {
          if (g_ptr_array_index (self->files, i) == NULL)
            file = g_ptr_array_index (self->walk->files, i);
        }
      g_object_freeze_notify (G_OBJECT (self));
      set_current_file (self, file != NULL ? file->path : NULL);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT_FILE]);
      bytestag_task_set_progress (BYTESTAG_TASK (self), atomic_load (&self->n_read));
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

  G_OBJECT_CLASS (bytestag_hash_task_parent_class)->dispose (object);
}

static void
bytestag_hash_task_finalize (GObject *object)
{
  BytestagHashTask *self = BYTESTAG_HASH_TASK (object);

  g_clear_object (&self->worker);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->paths, g_strfreev);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->walk, bytestag_folder_walk_free);
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
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_hash_task_class_init (BytestagHashTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_hash_task_dispose;
  object_class->finalize = bytestag_hash_task_finalize;
  object_class->get_property = bytestag_hash_task_get_property;
  task_class->start = bytestag_hash_task_start;
  task_class->stop = bytestag_hash_task_stop;

  properties[PROP_CURRENT_FILE] =
    g_param_spec_string ("current-file", NULL, NULL, NULL,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_hash_task_init (BytestagHashTask *self)
{
  self->cancellable = g_cancellable_new ();
  self->files = g_ptr_array_new_with_free_func (hashed_file_free);
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

guint
bytestag_hash_task_get_n_files (BytestagHashTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HASH_TASK (self), 0);

  return self->walk != NULL ? self->walk->files->len : 0;
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

GPtrArray *
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
