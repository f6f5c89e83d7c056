/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-client"

#include "config.h"

#include "client/state.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/limits.h"

#define FILE_NAME "state.ini"
#define SAVE_INTERVAL (3600 * G_TIME_SPAN_SECOND)

struct _BytestagState
{
  GObject parent_instance;

  char *path;
  guint16 port;
  gdouble hours;
  gdouble losses;
  gint64 counted_at; /* unix seconds */

  BytestagChurnMeter *churn_meter; /* NULL: as it was read */
  BytestagReactor *reactor;
  BytestagWorker *worker;
  BytestagTimer timer;
};

/* Written by a worker. */
typedef struct {
  char *path;
  char *text;
  GError *error;
} SaveJob;

G_DEFINE_FINAL_TYPE (BytestagState, bytestag_state, G_TYPE_OBJECT)

static void
forget_churn (BytestagState *self)
{
  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  g_clear_object (&self->churn_meter);
  g_clear_object (&self->worker);
  g_clear_object (&self->reactor);
}

static void
bytestag_state_dispose (GObject *object)
{
  forget_churn (BYTESTAG_STATE (object));

  G_OBJECT_CLASS (bytestag_state_parent_class)->dispose (object);
}

static void
bytestag_state_finalize (GObject *object)
{
  g_clear_pointer (&BYTESTAG_STATE (object)->path, g_free);

  G_OBJECT_CLASS (bytestag_state_parent_class)->finalize (object);
}

static void
bytestag_state_class_init (BytestagStateClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_state_dispose;
  G_OBJECT_CLASS (klass)->finalize = bytestag_state_finalize;
}

static void
bytestag_state_init (BytestagState *self)
{
}

/* (transfer full) (nullable) a regular file of what length it may have. */
static char *
read_file (const char *path,
           gsize      *length)
{
  g_autofree char *text = g_malloc (BYTESTAG_LIMIT_STATE_BYTES + 1);
  /* A FIFO there would not let us start. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  gssize n_read = -1;

  if (fd >= 0)
    {
      n_read = read (fd, text, BYTESTAG_LIMIT_STATE_BYTES + 1);
      close (fd);
    }
  if (n_read < 0 || n_read > BYTESTAG_LIMIT_STATE_BYTES)
    return NULL;

  *length = (gsize) n_read;
  return g_steal_pointer (&text);
}

static void
load (BytestagState *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize length = 0;
  g_autofree char *text = read_file (self->path, &length);
  int port;

  if (text == NULL || !g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    return;

  /* What is not there, or no number, is 0. */
  port = g_key_file_get_integer (file, "network", "port", NULL);
  if (port > 0 && port <= G_MAXUINT16)
    self->port = (guint16) port;
  self->hours = g_key_file_get_double (file, "churn", "hours", NULL);
  self->losses = g_key_file_get_double (file, "churn", "losses", NULL);
  self->counted_at = g_key_file_get_int64 (file, "churn", "counted-at", NULL);
}

BytestagState *
bytestag_state_new (const char *folder)
{
  BytestagState *self;

  g_return_val_if_fail (folder != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_STATE, NULL);
  self->path = g_build_filename (folder, FILE_NAME, NULL);
  load (self);
  return self;
}

static SaveJob *
save_job_new (BytestagState *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  SaveJob *job = g_new0 (SaveJob, 1);

  if (self->churn_meter != NULL)
    {
      bytestag_churn_meter_get_counts (self->churn_meter, &self->hours, &self->losses);
      self->counted_at = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
    }

  g_key_file_set_integer (file, "network", "port", self->port);
  g_key_file_set_double (file, "churn", "hours", self->hours);
  g_key_file_set_double (file, "churn", "losses", self->losses);
  g_key_file_set_int64 (file, "churn", "counted-at", self->counted_at);
  job->path = g_strdup (self->path);
  job->text = g_key_file_to_data (file, NULL, NULL);
  return job;
}

static void
save_job_run (gpointer      data,
              GCancellable *cancellable)
{
  SaveJob *job = data;

  g_file_set_contents_full (job->path, job->text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &job->error);
}

static void
save_job_end (gpointer data,
              gpointer user_data)
{
  SaveJob *job = data;

  if (job->error != NULL)
    g_debug ("What was measured is not saved: %s", job->error->message);
  g_clear_error (&job->error);
  g_free (job->path);
  g_free (job->text);
  g_free (job);
}

static void
save (BytestagState *self)
{
  SaveJob *job = save_job_new (self);

  save_job_run (job, NULL);
  save_job_end (job, NULL);
}

guint16
bytestag_state_get_port (BytestagState *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STATE (self), 0);

  return self->port;
}

void
bytestag_state_set_port (BytestagState *self,
                         guint16        port)
{
  g_return_if_fail (BYTESTAG_IS_STATE (self));

  if (self->port == port)
    return;

  self->port = port;
  save (self);
}

static void
save_hourly (gpointer user_data)
{
  BytestagState *self = user_data;

  bytestag_reactor_arm (self->reactor, &self->timer, SAVE_INTERVAL, save_hourly, self);
  bytestag_worker_run (self->worker, save_job_run, save_job_new (self), NULL, save_job_end, NULL);
}

void
bytestag_state_keep_churn (BytestagState      *self,
                           BytestagChurnMeter *churn_meter,
                           BytestagReactor    *reactor,
                           BytestagWorker     *worker)
{
  gint64 now;

  g_return_if_fail (BYTESTAG_IS_STATE (self) && self->churn_meter == NULL);
  g_return_if_fail (BYTESTAG_IS_CHURN_METER (churn_meter));

  self->churn_meter = g_object_ref (churn_meter);
  self->reactor = g_object_ref (reactor);
  self->worker = g_object_ref (worker);

  now = bytestag_reactor_get_wall_time (reactor) / G_USEC_PER_SEC;
  /* A time that nobody can have written is long ago. */
  bytestag_churn_meter_restore (churn_meter, self->hours, self->losses,
                                now - CLAMP (self->counted_at, 0, MAX (now, 0)));
  bytestag_reactor_arm (reactor, &self->timer, SAVE_INTERVAL, save_hourly, self);
}

void
bytestag_state_close (BytestagState *self)
{
  g_return_if_fail (BYTESTAG_IS_STATE (self));

  save (self);
  forget_churn (self);
}
