/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/download.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/reactor.h"
#include "sharing/assemble-task.h"
#include "sharing/collection-task.h"
#include "sharing/download-private.h"
#include "wire/safe-name.h"

/* Weight of the newest quarter of a second in the rate that is shown. */
#define RATE_WEIGHT 0.2

struct _BytestagDownload
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagWorker *worker;
  BytestagLink *link;

  BytestagDownloadState state;
  char *name;
  char *folder;
  char *status;
  GError *error;
  BytestagCollectionTask *collection_task; /* while OPENING */
  BytestagCollectionInfo *collection;
  BytestagAssembleTask *assemble_task;     /* from RUNNING on */
  gboolean preparing;                      /* the worker has the plan */
  gboolean held;
  gboolean held_back;                      /* it would have begun, but was held */
  gboolean over;                           /* "finished" was emitted */

  /* As last told. */
  guint n_files;
  guint n_files_done;
  guint64 size;
  guint64 bytes_done;
  guint64 rate;
  gdouble fraction;
  gdouble smooth_rate;
  gint64 flushed; /* µs */
};

/* Names are checked, and the folder is made, off the engine's thread. */
typedef struct {
  GPtrArray *files;
  char *name;
  BytestagKey key;
  char *folder;
  BytestagDownloadPlan *plan;
  BytestagDownloadTarget *target;
  GError *error;
} PrepareJob;

enum {
  PROP_0,
  PROP_NAME,
  PROP_STATE,
  PROP_LINK,
  PROP_N_FILES,
  PROP_N_FILES_DONE,
  PROP_SIZE,
  PROP_BYTES_DONE,
  PROP_RATE,
  PROP_FRACTION,
  PROP_PART_MAP,
  PROP_STATUS,
  PROP_ERROR,
  PROP_FOLDER,
  N_PROPS
};

enum {
  FINISHED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (BytestagDownloadState, bytestag_download_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DOWNLOAD_OPENING, "opening"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DOWNLOAD_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DOWNLOAD_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DOWNLOAD_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DOWNLOAD_CANCELLED, "cancelled"))

G_DEFINE_FINAL_TYPE (BytestagDownload, bytestag_download, G_TYPE_OBJECT)

static void
notify (BytestagDownload *self,
        guint             prop)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
set_string (BytestagDownload *self,
            char            **field,
            const char       *value,
            guint             prop)
{
  if (g_strcmp0 (*field, value) == 0)
    return;

  g_free (*field);
  *field = g_strdup (value);
  notify (self, prop);
}

static void
set_uint (BytestagDownload *self,
          guint            *field,
          guint             value,
          guint             prop)
{
  if (*field == value)
    return;

  *field = value;
  notify (self, prop);
}

static void
set_uint64 (BytestagDownload *self,
            guint64          *field,
            guint64           value,
            guint             prop)
{
  if (*field == value)
    return;

  *field = value;
  notify (self, prop);
}

static void
set_state (BytestagDownload      *self,
           BytestagDownloadState  state)
{
  if (self->state == state)
    return;

  self->state = state;
  notify (self, PROP_STATE);
}

static void
emit_finished (BytestagDownload *self)
{
  if (self->over)
    return;

  self->over = TRUE;
  g_signal_emit (self, signals[FINISHED], 0);
}

/* @state: FAILED or CANCELLED. (transfer full) @error */
static void
set_ended (BytestagDownload      *self,
           BytestagDownloadState  state,
           GError                *error)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_clear_error (&self->error);
  self->error = error;
  notify (self, PROP_ERROR);
  set_state (self, state);
  set_string (self, &self->status, error->message, PROP_STATUS);
  set_uint64 (self, &self->rate, 0, PROP_RATE);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
assembled_cb (BytestagTask     *task,
              BytestagDownload *self)
{
  const GError *error = bytestag_task_get_error (task);

  bytestag_download_flush (self);
  if (bytestag_download_is_active (self) && error != NULL)
    {
      set_ended (self, BYTESTAG_DOWNLOAD_FAILED, g_error_copy (error));
    }
  else if (bytestag_download_is_active (self))
    {
      g_object_freeze_notify (G_OBJECT (self));
      set_state (self, BYTESTAG_DOWNLOAD_DONE);
      set_string (self, &self->status, _("Done"), PROP_STATUS);
      set_uint64 (self, &self->rate, 0, PROP_RATE);
      set_uint64 (self, &self->bytes_done, self->size, PROP_BYTES_DONE);
      if (self->fraction != 1)
        {
          self->fraction = 1;
          notify (self, PROP_FRACTION);
        }
      g_object_thaw_notify (G_OBJECT (self));
    }

  emit_finished (self);
}

/* On a worker. */
static void
prepare_job_run (gpointer      data,
                 GCancellable *cancellable)
{
  PrepareJob *job = data;

  job->plan = bytestag_download_plan_new (job->files, job->name, &job->key, &job->error);
  if (job->plan != NULL)
    job->target = bytestag_download_target_new (job->folder, job->plan->name, job->plan->single, &job->error);
}

static void
prepare_job_free (PrepareJob *job)
{
  g_clear_pointer (&job->files, g_ptr_array_unref);
  g_clear_pointer (&job->plan, bytestag_download_plan_free);
  g_clear_pointer (&job->target, bytestag_download_target_unref);
  g_clear_error (&job->error);
  g_free (job->name);
  g_free (job->folder);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PrepareJob, prepare_job_free)

static void
run (BytestagDownload *self,
     PrepareJob       *job)
{
  g_object_freeze_notify (G_OBJECT (self));
  set_string (self, &self->folder, bytestag_download_target_get_path (job->target), PROP_FOLDER);
  set_uint64 (self, &self->size, job->plan->size, PROP_SIZE);
  set_uint (self, &self->n_files, job->plan->files->len, PROP_N_FILES);
  set_state (self, BYTESTAG_DOWNLOAD_RUNNING);
  self->assemble_task = bytestag_assemble_task_new (self->network, self->worker,
                                                    g_steal_pointer (&job->plan), job->target);
  notify (self, PROP_PART_MAP);
  g_signal_connect_object (self->assemble_task, "finished", G_CALLBACK (assembled_cb), self, 0);
  bytestag_task_start (BYTESTAG_TASK (self->assemble_task));
  self->flushed = bytestag_reactor_get_time (bytestag_network_get_reactor (self->network));
  g_object_thaw_notify (G_OBJECT (self));
}

static void
prepare_job_done (gpointer data,
                  gpointer user_data)
{
  g_autoptr (PrepareJob) job = data;
  g_autoptr (BytestagDownload) self = user_data;

  self->preparing = FALSE;
  if (!bytestag_download_is_active (self))
    {
      /* Cancelled meanwhile. Nothing is in it yet, but it is there. */
      if (job->target != NULL)
        bytestag_download_target_discard (job->target, (const char * const []) { job->plan->name, NULL });
      emit_finished (self);
    }
  else if (job->error != NULL)
    {
      set_ended (self, BYTESTAG_DOWNLOAD_FAILED, g_steal_pointer (&job->error));
      emit_finished (self);
    }
  else
    {
      run (self, job);
    }
}

static void
opened_cb (BytestagTask     *task,
           BytestagDownload *self)
{
  BytestagCollectionTask *collection_task = BYTESTAG_COLLECTION_TASK (task);
  PrepareJob *job;

  if (!bytestag_download_is_active (self))
    {
      emit_finished (self);
      return;
    }
  if (bytestag_task_get_error (task) != NULL)
    {
      set_ended (self, BYTESTAG_DOWNLOAD_FAILED, g_error_copy (bytestag_task_get_error (task)));
      emit_finished (self);
      return;
    }

  job = g_new0 (PrepareJob, 1);
  job->files = g_ptr_array_ref (bytestag_collection_task_get_files (collection_task));
  job->name = g_strdup (bytestag_collection_info_get_name (bytestag_collection_task_get_info (collection_task)));
  job->key = *bytestag_link_get_key (self->link);
  job->folder = g_strdup (self->folder);
  self->preparing = TRUE;
  bytestag_worker_run (self->worker, prepare_job_run, job, NULL, prepare_job_done, g_object_ref (self));
}

void
bytestag_download_start (BytestagDownload *self)
{
  g_return_if_fail (BYTESTAG_IS_DOWNLOAD (self));

  if (!bytestag_download_is_active (self))
    {
      emit_finished (self);
      return;
    }
  if (self->held)
    {
      self->held_back = TRUE;
      return;
    }

  self->collection_task = bytestag_collection_task_new (self->network, self->worker, self->link);
  g_signal_connect_object (self->collection_task, "finished", G_CALLBACK (opened_cb), self, 0);
  bytestag_task_start (BYTESTAG_TASK (self->collection_task));
}

static void
start_cb (gpointer user_data)
{
  bytestag_download_start (user_data);
}

/* It goes on, or ends, at the next event. */
static void
let_go (BytestagDownload *self)
{
  if (!self->held_back)
    return;

  self->held_back = FALSE;
  bytestag_reactor_post (bytestag_network_get_reactor (self->network), start_cb, g_object_ref (self), g_object_unref);
}

void
bytestag_download_set_held (BytestagDownload *self,
                            gboolean          held)
{
  g_return_if_fail (BYTESTAG_IS_DOWNLOAD (self));

  if (self->held == held)
    return;

  self->held = held;
  if (bytestag_download_is_active (self))
    set_string (self, &self->status, held ? _("Joining the network") : _("Looking for the collection"), PROP_STATUS);
  if (!held)
    let_go (self);
}

void
bytestag_download_cancel (BytestagDownload *self)
{
  g_return_if_fail (BYTESTAG_IS_DOWNLOAD (self));

  if (!bytestag_download_is_active (self))
    return;

  set_ended (self, BYTESTAG_DOWNLOAD_CANCELLED,
             g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Cancelled")));
  /* "finished" follows when nothing is left of it on disk. */
  if (self->assemble_task != NULL)
    bytestag_assemble_task_end (self->assemble_task, g_error_copy (self->error));
  else if (self->collection_task != NULL && !self->preparing)
    bytestag_task_cancel (BYTESTAG_TASK (self->collection_task));
  else
    let_go (self);
}

gboolean
bytestag_download_is_active (BytestagDownload *self)
{
  return self->state == BYTESTAG_DOWNLOAD_OPENING || self->state == BYTESTAG_DOWNLOAD_RUNNING;
}

static void
flush_opening (BytestagDownload *self)
{
  BytestagTask *task = BYTESTAG_TASK (self->collection_task);
  BytestagCollectionInfo *info = bytestag_collection_task_get_info (self->collection_task);

  if (info == NULL)
    return;

  if (g_set_object (&self->collection, info))
    {
      const char *name = bytestag_collection_info_get_name (info);

      if (name != NULL)
        {
          g_autofree char *shown = bytestag_name_for_display (name);

          set_string (self, &self->name, shown, PROP_NAME);
        }
      set_uint64 (self, &self->size, bytestag_collection_info_get_size (info), PROP_SIZE);
      set_uint (self, &self->n_files, (guint) MIN (bytestag_collection_info_get_count (info), G_MAXUINT),
                PROP_N_FILES);
    }
  if (bytestag_task_get_total (task) > 0)
    {
      g_autofree char *status = g_strdup_printf (_("Reading the list of files: page %u of %u"),
                                                 (guint) bytestag_task_get_progress (task),
                                                 (guint) bytestag_task_get_total (task));

      set_string (self, &self->status, status, PROP_STATUS);
    }
}

static void
flush_running (BytestagDownload *self)
{
  gint64 now = bytestag_reactor_get_time (bytestag_network_get_reactor (self->network));
  g_autofree char *status = NULL;
  guint64 bytes;
  gdouble fraction;

  bytestag_assemble_task_flush (self->assemble_task);
  status = bytestag_assemble_task_dup_status (self->assemble_task);
  /* A piece that failed starts anew: what is shown never goes back. */
  bytes = MAX (bytestag_task_get_progress (BYTESTAG_TASK (self->assemble_task)), self->bytes_done);
  bytes = MIN (bytes, self->size);

  if (now > self->flushed)
    {
      gdouble newest = (gdouble) (bytes - self->bytes_done) * G_USEC_PER_SEC / (gdouble) (now - self->flushed);

      self->smooth_rate += RATE_WEIGHT * (newest - self->smooth_rate);
      set_uint64 (self, &self->rate, (guint64) self->smooth_rate, PROP_RATE);
    }
  self->flushed = now;

  set_uint64 (self, &self->bytes_done, bytes, PROP_BYTES_DONE);
  set_uint (self, &self->n_files_done, bytestag_assemble_task_get_n_files_done (self->assemble_task),
            PROP_N_FILES_DONE);
  set_string (self, &self->status, status, PROP_STATUS);
  fraction = self->size > 0 ? (gdouble) bytes / (gdouble) self->size : 0;
  if (fraction != self->fraction)
    {
      self->fraction = fraction;
      notify (self, PROP_FRACTION);
    }
}

void
bytestag_download_flush (BytestagDownload *self)
{
  g_return_if_fail (BYTESTAG_IS_DOWNLOAD (self));

  if (!bytestag_download_is_active (self))
    return;

  g_object_freeze_notify (G_OBJECT (self));
  if (self->collection_task != NULL)
    flush_opening (self);
  if (self->assemble_task != NULL)
    flush_running (self);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
bytestag_download_dispose (GObject *object)
{
  BytestagDownload *self = BYTESTAG_DOWNLOAD (object);

  g_clear_object (&self->collection_task);
  g_clear_object (&self->assemble_task);
  g_clear_object (&self->network);
  g_clear_object (&self->worker);

  G_OBJECT_CLASS (bytestag_download_parent_class)->dispose (object);
}

static void
bytestag_download_finalize (GObject *object)
{
  BytestagDownload *self = BYTESTAG_DOWNLOAD (object);

  g_clear_object (&self->link);
  g_clear_object (&self->collection);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->status, g_free);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (bytestag_download_parent_class)->finalize (object);
}

static void
bytestag_download_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  BytestagDownload *self = BYTESTAG_DOWNLOAD (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_LINK:
      g_value_set_object (value, self->link);
      break;
    case PROP_N_FILES:
      g_value_set_uint (value, self->n_files);
      break;
    case PROP_N_FILES_DONE:
      g_value_set_uint (value, self->n_files_done);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    case PROP_BYTES_DONE:
      g_value_set_uint64 (value, self->bytes_done);
      break;
    case PROP_RATE:
      g_value_set_uint64 (value, self->rate);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_PART_MAP:
      g_value_set_object (value, bytestag_download_get_part_map (self));
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case PROP_FOLDER:
      g_value_set_string (value, self->folder);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_download_class_init (BytestagDownloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_download_dispose;
  object_class->finalize = bytestag_download_finalize;
  object_class->get_property = bytestag_download_get_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_DOWNLOAD_STATE,
                                              BYTESTAG_DOWNLOAD_OPENING, flags);
  properties[PROP_LINK] = g_param_spec_object ("link", NULL, NULL, BYTESTAG_TYPE_LINK, flags);
  properties[PROP_N_FILES] = g_param_spec_uint ("n-files", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_FILES_DONE] = g_param_spec_uint ("n-files-done", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_DONE] = g_param_spec_uint64 ("bytes-done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_PART_MAP] = g_param_spec_object ("part-map", NULL, NULL, BYTESTAG_TYPE_PART_MAP, flags);
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  properties[PROP_FOLDER] = g_param_spec_string ("folder", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                    0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
bytestag_download_init (BytestagDownload *self)
{
}

BytestagDownload *
bytestag_download_new (BytestagNetwork *network,
                       BytestagWorker  *worker,
                       BytestagLink    *link,
                       const char      *folder)
{
  BytestagDownload *self = g_object_new (BYTESTAG_TYPE_DOWNLOAD, NULL);
  const char *name = bytestag_link_get_name (link);

  self->network = g_object_ref (network);
  self->worker = g_object_ref (worker);
  self->link = g_object_ref (link);
  self->folder = g_strdup (folder);
  self->name = name != NULL ? bytestag_name_for_display (name) : bytestag_key_to_base32 (bytestag_link_get_key (link));
  self->size = bytestag_link_get_size (link);
  self->status = g_strdup (_("Looking for the collection"));

  return self;
}

const char *
bytestag_download_get_name (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->name;
}

BytestagDownloadState
bytestag_download_get_state (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), BYTESTAG_DOWNLOAD_FAILED);

  return self->state;
}

BytestagLink *
bytestag_download_get_link (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->link;
}

BytestagPartMap *
bytestag_download_get_part_map (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->assemble_task != NULL ? bytestag_assemble_task_get_part_map (self->assemble_task) : NULL;
}

const char *
bytestag_download_get_status (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->status;
}

const char *
bytestag_download_get_folder (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->folder;
}

guint64
bytestag_download_get_size (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), 0);

  return self->size;
}

guint64
bytestag_download_get_bytes_done (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), 0);

  return self->bytes_done;
}

guint64
bytestag_download_get_rate (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), 0);

  return self->rate;
}

guint
bytestag_download_get_n_files (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), 0);

  return self->n_files;
}

guint
bytestag_download_get_n_files_done (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), 0);

  return self->n_files_done;
}

const GError *
bytestag_download_get_error (BytestagDownload *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD (self), NULL);

  return self->error;
}
