/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-client"

#include "config.h"

#include "client/choices.h"

#include <glib/gi18n-lib.h>

#include "core/denylist.h"
#include "core/limits.h"

#define DENYLIST_NAME "denylist"

struct _BytestagChoices
{
  GObject parent_instance;

  GSettings *settings;
  BytestagNetwork *network;
  BytestagDatabaseTable *kept;
  BytestagPublisher *publisher;
  BytestagRecordKeeper *records;

  GFile *denylist_file;
  GFileMonitor *denylist_monitor; /* (nullable) */
  BytestagDenylist *denylist;
  char *denylist_problem;
  guint n_readings; /* of the file */
};

enum {
  PROP_0,
  PROP_DENYLIST_PROBLEM,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagChoices, bytestag_choices, G_TYPE_OBJECT)

static void
bytestag_choices_dispose (GObject *object)
{
  BytestagChoices *self = BYTESTAG_CHOICES (object);

  if (self->denylist_monitor != NULL)
    g_file_monitor_cancel (self->denylist_monitor);
  g_clear_object (&self->denylist_monitor);
  g_clear_object (&self->denylist_file);
  g_clear_object (&self->denylist);
  g_clear_object (&self->records);
  g_clear_object (&self->publisher);
  g_clear_object (&self->kept);
  g_clear_object (&self->network);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (bytestag_choices_parent_class)->dispose (object);
}

static void
bytestag_choices_finalize (GObject *object)
{
  g_clear_pointer (&BYTESTAG_CHOICES (object)->denylist_problem, g_free);

  G_OBJECT_CLASS (bytestag_choices_parent_class)->finalize (object);
}

static void
bytestag_choices_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_DENYLIST_PROBLEM:
      g_value_set_string (value, BYTESTAG_CHOICES (object)->denylist_problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_choices_class_init (BytestagChoicesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_choices_dispose;
  object_class->finalize = bytestag_choices_finalize;
  object_class->get_property = bytestag_choices_get_property;

  properties[PROP_DENYLIST_PROBLEM] =
    g_param_spec_string ("denylist-problem", NULL, NULL, NULL,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_choices_init (BytestagChoices *self)
{
}

static void
apply_lend (BytestagChoices *self)
{
  /* -1: not chosen, and so nothing. */
  bytestag_database_table_set_max_bytes (self->kept,
                                         (guint64) MAX (g_settings_get_int64 (self->settings, "lend"), 0));
}

static void
apply_upload_limit (BytestagChoices *self)
{
  bytestag_network_set_upload_limit (self->network, g_settings_get_uint64 (self->settings, "upload-limit"));
}

/* What an upload limit does is no pause: copies go out more slowly. */
static void
apply_pause (BytestagChoices *self)
{
  const char *reason = NULL;

  if (g_network_monitor_get_network_metered (g_network_monitor_get_default ()) &&
      !g_settings_get_boolean (self->settings, "publish-on-metered"))
    reason = _("Copies wait: this network is paid for by its use");
  /* What becomes of pieces could not be saved, and all would be sent again after the next start. */
  else if (bytestag_database_table_get_state (self->kept) == BYTESTAG_DATABASE_TABLE_NO_SPACE)
    reason = _("Copies wait: the disk is full");
  bytestag_publisher_set_paused (self->publisher, reason);
}

static void
apply_browsable (BytestagChoices *self)
{
  bytestag_record_keeper_set_browsable (self->records, g_settings_get_boolean (self->settings, "browsable"));
}

static void
set_denylist_problem (BytestagChoices *self,
                      const char      *problem)
{
  if (g_strcmp0 (self->denylist_problem, problem) == 0)
    return;

  g_free (self->denylist_problem);
  self->denylist_problem = g_strdup (problem);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DENYLIST_PROBLEM]);
}

/* A list being read: what comes of an earlier one is nothing any more. */
typedef struct {
  BytestagChoices *choices; /* (nullable) not while a thread has it, which may free it */
  guint number;
  char *text;       /* (nullable) there is no file */
  gsize length;
  BytestagDenylist *denylist;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *self = data;

  g_clear_object (&self->choices);
  g_object_unref (self->denylist);
  g_free (self->text);
  g_free (self);
}

/* On a thread. */
static void
parse_run (GTask        *task,
           gpointer      source,
           gpointer      data,
           GCancellable *cancellable)
{
  Reading *reading = data;

  bytestag_denylist_load (reading->denylist, reading->text != NULL ? reading->text : "",
                          MIN (reading->length, BYTESTAG_LIMIT_DENYLIST_BYTES));
  g_task_return_boolean (task, TRUE);
}

static void
parsed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (BytestagChoices) self = user_data;
  Reading *reading = g_task_get_task_data (G_TASK (result));
  g_autofree char *problem = NULL;
  guint n_bad;

  if (self->denylist == NULL || reading->number != self->n_readings)
    return;

  n_bad = bytestag_denylist_take (self->denylist, reading->denylist);
  if (reading->length > BYTESTAG_LIMIT_DENYLIST_BYTES)
    {
      g_autofree char *most = g_format_size (BYTESTAG_LIMIT_DENYLIST_BYTES);

      problem = g_strdup_printf (_("The list of what is denied is too long: only its first %s count"), most);
    }
  else if (n_bad > 0)
    {
      problem = g_strdup_printf (ngettext ("%u line of the list of what is denied names no key",
                                           "%u lines of the list of what is denied name no key", n_bad), n_bad);
    }
  set_denylist_problem (self, problem);
}

/* A file that cannot be read leaves what was denied before: who wrote it wrongly wants
 * no more to be kept. */
static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Reading *reading = user_data;
  BytestagChoices *self = reading->choices;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &reading->text, &reading->length, NULL, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_autofree char *problem = g_strdup_printf (_("The list of what is denied cannot be read: %s"), error->message);

      if (self->denylist != NULL && reading->number == self->n_readings)
        set_denylist_problem (self, problem);
      reading_free (reading);
      return;
    }

  task = g_task_new (NULL, NULL, parsed_cb, g_steal_pointer (&reading->choices));
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, parse_run);
}

/* No more than a bit beyond what a list may have, which says that it is too long. */
static gboolean
read_more_cb (const char *contents,
              goffset     size,
              gpointer    user_data)
{
  return size <= BYTESTAG_LIMIT_DENYLIST_BYTES;
}

static void
read_denylist (BytestagChoices *self)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->choices = g_object_ref (self);
  reading->number = ++self->n_readings;
  reading->denylist = bytestag_denylist_new ();
  g_file_load_partial_contents_async (self->denylist_file, NULL, read_more_cb, read_cb, reading);
}

/* What was denied while nothing was loaded is among what is held now. */
static void
kept_state_cb (BytestagChoices *self)
{
  apply_pause (self);
  if (bytestag_database_table_get_state (self->kept) == BYTESTAG_DATABASE_TABLE_READY)
    bytestag_network_set_denylist (self->network, self->denylist);
}

static void
denylist_changed_cb (GFileMonitor      *monitor,
                     GFile             *file,
                     GFile             *other,
                     GFileMonitorEvent  event,
                     BytestagChoices   *self)
{
  /* A file that is being written changes once more when that is done. */
  if (event != G_FILE_MONITOR_EVENT_CHANGED)
    read_denylist (self);
}

BytestagChoices *
bytestag_choices_new (GSettings             *settings,
                      const char            *folder,
                      BytestagNetwork       *network,
                      BytestagDatabaseTable *kept,
                      BytestagPublisher     *publisher,
                      BytestagRecordKeeper  *records)
{
  BytestagChoices *self = g_object_new (BYTESTAG_TYPE_CHOICES, NULL);
  g_autofree char *path = g_build_filename (folder, DENYLIST_NAME, NULL);

  self->settings = g_object_ref (settings);
  self->network = g_object_ref (network);
  self->kept = g_object_ref (kept);
  self->publisher = g_object_ref (publisher);
  self->records = g_object_ref (records);
  self->denylist = bytestag_denylist_new ();
  self->denylist_file = g_file_new_for_path (path);
  self->denylist_monitor = g_file_monitor_file (self->denylist_file, G_FILE_MONITOR_NONE, NULL, NULL);

  bytestag_network_set_denylist (network, self->denylist);
  g_signal_connect_object (settings, "changed::lend", G_CALLBACK (apply_lend), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::upload-limit", G_CALLBACK (apply_upload_limit), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::browsable", G_CALLBACK (apply_browsable), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::publish-on-metered", G_CALLBACK (apply_pause), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (g_network_monitor_get_default (), "notify::network-metered", G_CALLBACK (apply_pause),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (kept, "notify::state", G_CALLBACK (kept_state_cb), self, G_CONNECT_SWAPPED);
  if (self->denylist_monitor != NULL)
    g_signal_connect_object (self->denylist_monitor, "changed", G_CALLBACK (denylist_changed_cb), self, 0);

  apply_lend (self);
  apply_upload_limit (self);
  apply_pause (self);
  apply_browsable (self);
  read_denylist (self);
  return self;
}

const char *
bytestag_choices_get_denylist_problem (BytestagChoices *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CHOICES (self), NULL);

  return self->denylist_problem;
}
