/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"

enum {
  PROP_0,
  PROP_STATE,
  PROP_MAX_BYTES,
  PROP_N_VALUES,
  PROP_N_BYTES,
  PROP_N_DAMAGED,
  PROP_N_UNREADABLE,
  PROP_PROBLEM,
  PROP_CLEARING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void bytestag_database_table_table_init (BytestagKvpTableInterface *iface);

G_DEFINE_ENUM_TYPE (BytestagDatabaseTableState, bytestag_database_table_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DATABASE_TABLE_LOADING, "loading"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DATABASE_TABLE_READY, "ready"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DATABASE_TABLE_NO_SPACE, "no-space"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DATABASE_TABLE_READ_ONLY, "read-only"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_DATABASE_TABLE_FAILED, "failed"))

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagDatabaseTable, bytestag_database_table, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_KVP_TABLE, bytestag_database_table_table_init))

void
bytestag_database_table_notify_counts (BytestagDatabaseTable *self)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_VALUES]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_BYTES]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
bytestag_database_table_notify_clearing (BytestagDatabaseTable *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLEARING]);
}

/* @problem: (nullable) (transfer full) */
void
bytestag_database_table_set_problem (BytestagDatabaseTable *self, char *problem)
{
  g_autofree char *old = self->problem;

  self->problem = problem;
  if (g_strcmp0 (old, problem) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

void
bytestag_database_table_set_state (BytestagDatabaseTable *self, BytestagDatabaseTableState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
bytestag_database_table_add_unreadable (BytestagDatabaseTable *self, guint n)
{
  if (n == 0)
    return;

  self->n_unreadable += n;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_UNREADABLE]);
  bytestag_database_table_set_problem (self, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                                   "%u value that is kept for others cannot be read from the disk now",
                                                   "%u values that are kept for others cannot be read from the disk now",
                                                   self->n_unreadable), self->n_unreadable));
}

void
bytestag_database_table_add_damaged (BytestagDatabaseTable *self, guint n)
{
  if (n == 0)
    return;

  self->n_damaged += n;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_DAMAGED]);
  bytestag_database_table_set_problem (self, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                                   "%u value that was kept for others was damaged on the disk",
                                                   "%u values that were kept for others were damaged on the disk",
                                                   self->n_damaged), self->n_damaged));
}

static gboolean
takes_values (BytestagDatabaseTable *self)
{
  return bytestag_database_table_takes_changes (self) && self->state == BYTESTAG_DATABASE_TABLE_READY && self->n_deleting == 0
         && bytestag_kept_index_get_max_bytes (self->index) > 0
         && bytestag_commit_queue_get_n_bytes (self->queue) < BYTESTAG_LIMIT_WAITING_BYTES;
}

static gboolean
bytestag_database_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  return bytestag_kept_index_lookup (BYTESTAG_DATABASE_TABLE (table)->index, id, record);
}

static guint
bytestag_database_table_visit_key (BytestagKvpTable     *table,
                                   const BytestagKey    *key,
                                   BytestagKvpVisitFunc  visit,
                                   gpointer              user_data)
{
  return bytestag_kept_index_visit_key (BYTESTAG_DATABASE_TABLE (table)->index, key, visit, user_data);
}

static gboolean
bytestag_database_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);

  return takes_values (self) && offer->size <= BYTESTAG_LIMIT_KEPT_VALUE
         && bytestag_kept_index_can_keep (self->index, offer);
}

static gboolean
bytestag_database_table_is_opening (BytestagKvpTable *table)
{
  return BYTESTAG_DATABASE_TABLE (table)->state == BYTESTAG_DATABASE_TABLE_LOADING;
}

static void
read_job (gpointer data, GCancellable *cancellable)
{
  BytestagTableJob *job = data;

  if (g_cancellable_is_cancelled (cancellable))
    g_set_error_literal (&job->error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Reading was cancelled"));
  else
    job->value = bytestag_kept_store_read (job->store, &job->record, &job->error);
}

static void
read_cb (gpointer data, gpointer user_data)
{
  BytestagTableJob *job = data;
  BytestagDatabaseTable *self = job->table;

  /* It may have been removed meanwhile, and with it what was to be read. */
  if (g_error_matches (job->error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA)
      && job->generation == self->generation && bytestag_kept_index_lookup (self->index, &job->record.id, NULL))
    {
      bytestag_database_table_drop (self, bytestag_kept_index_find (self->index, &job->record.id));
      bytestag_database_table_notify_counts (self);
      bytestag_database_table_add_damaged (self, 1);
    }
  job->read_done (job->value, job->error, job->user_data);
  bytestag_table_job_unref (job);
}

static void
bytestag_database_table_read (BytestagKvpTable    *table,
                              const BytestagKvpId *id,
                              BytestagKvpReadFunc  done,
                              gpointer             user_data)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);
  BytestagKvpRecord record;
  BytestagTableJob *job;

  if (!bytestag_kept_index_lookup (self->index, id, &record))
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                                                      _("The value is not held here"));

      done (NULL, error, user_data);
      return;
    }

  job = bytestag_table_job_new (self);
  job->record = record;
  job->read_done = done;
  job->user_data = user_data;
  bytestag_worker_run (self->disk, read_job, job, NULL, read_cb, NULL);
}

static void
add_value (BytestagDatabaseTable   *self,
           const BytestagKvpRecord *record,
           GBytes                  *value,
           BytestagKvpWriteFunc     done,
           gpointer                 user_data)
{
  guint32 victims[BYTESTAG_LIMIT_VICTIMS];
  guint n_victims = bytestag_kept_index_pick_victims (self->index, record, victims);

  for (guint i = 0; i < n_victims; i++)
    bytestag_database_table_drop (self, victims[i]);
  bytestag_kept_index_add (self->index, record, TRUE);
  bytestag_database_table_push (self, BYTESTAG_KEPT_WRITE, record, value, done, user_data);
}

static void
renew_value (BytestagDatabaseTable   *self,
             guint32                  number,
             const BytestagKvpRecord *record,
             BytestagKvpWriteFunc     done,
             gpointer                 user_data)
{
  BytestagKvpRecord renewed;

  bytestag_kept_index_renew (self->index, number, record);
  bytestag_kept_index_get_record (self->index, number, &renewed);
  bytestag_database_table_push (self, BYTESTAG_KEPT_UPDATE, &renewed, NULL, done, user_data);
}

static void
bytestag_database_table_write (BytestagKvpTable        *table,
                               const BytestagKvpRecord *record,
                               GBytes                  *value,
                               BytestagKvpWriteFunc     done,
                               gpointer                 user_data)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);
  BytestagKvpRecord offer = *record;
  guint32 number = bytestag_kept_index_find (self->index, &record->id);

  offer.size = g_bytes_get_size (value);
  offer.is_original = FALSE;
  if (!bytestag_database_table_can_keep (table, &offer))
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_FULL,
                                                      _("There is no room for the value"));

      if (done != NULL)
        done (error, user_data);
      return;
    }

  /* What is held already has the same bytes, by their hash. */
  if (number != BYTESTAG_KEPT_NONE)
    renew_value (self, number, &offer, done, user_data);
  else
    add_value (self, &offer, value, done, user_data);
  bytestag_database_table_notify_counts (self);
}

static gboolean
bytestag_database_table_remove (BytestagKvpTable *table, const BytestagKvpId *id)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);

  if (!bytestag_kept_index_lookup (self->index, id, NULL))
    return FALSE;

  bytestag_database_table_drop (self, bytestag_kept_index_find (self->index, id));
  bytestag_database_table_notify_counts (self);

  return TRUE;
}

static gboolean
bytestag_database_table_update (BytestagKvpTable *table, const BytestagKvpRecord *record)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);
  BytestagKvpRecord updated;

  if (!bytestag_kept_index_update (self->index, record))
    return FALSE;

  bytestag_kept_index_lookup (self->index, &record->id, &updated);
  bytestag_database_table_push (self, BYTESTAG_KEPT_UPDATE, &updated, NULL, NULL, NULL);

  return TRUE;
}

static guint
bytestag_database_table_visit_kept (BytestagKvpTable     *table,
                                    const BytestagKvpId  *after,
                                    guint                 max,
                                    BytestagKvpVisitFunc  visit,
                                    gpointer              user_data)
{
  return bytestag_kept_index_visit_kept (BYTESTAG_DATABASE_TABLE (table)->index, after, max, visit, user_data);
}

static guint
bytestag_database_table_count_kept (BytestagKvpTable *table)
{
  return bytestag_kept_index_get_n_kept (BYTESTAG_DATABASE_TABLE (table)->index);
}

static gboolean
bytestag_database_table_expire (BytestagKvpTable *table, gint64 now)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);
  guint n_dropped;

  for (n_dropped = 0; n_dropped < BYTESTAG_LIMIT_EXPIRING; n_dropped++)
    {
      guint32 number = bytestag_kept_index_pick_expired (self->index, now);

      if (number == BYTESTAG_KEPT_NONE)
        break;
      bytestag_database_table_drop (self, number);
    }

  if (n_dropped > 0)
    bytestag_database_table_notify_counts (self);

  return n_dropped == BYTESTAG_LIMIT_EXPIRING;
}

static void
bytestag_database_table_set_center (BytestagKvpTable *table, const BytestagKey *node_id)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (table);

  self->center = *node_id;
  bytestag_kept_index_set_center (self->index, node_id);
}

static void
bytestag_database_table_table_init (BytestagKvpTableInterface *iface)
{
  iface->lookup = bytestag_database_table_lookup;
  iface->visit_key = bytestag_database_table_visit_key;
  iface->can_keep = bytestag_database_table_can_keep;
  iface->is_opening = bytestag_database_table_is_opening;
  iface->read = bytestag_database_table_read;
  iface->write = bytestag_database_table_write;
  iface->remove = bytestag_database_table_remove;
  iface->update = bytestag_database_table_update;
  iface->visit_kept = bytestag_database_table_visit_kept;
  iface->count_kept = bytestag_database_table_count_kept;
  iface->expire = bytestag_database_table_expire;
  iface->set_center = bytestag_database_table_set_center;
}

void
bytestag_database_table_reset_index (BytestagDatabaseTable *self)
{
  guint64 max_bytes = self->index != NULL ? bytestag_kept_index_get_max_bytes (self->index) : 0;

  g_clear_pointer (&self->index, bytestag_kept_index_free);
  self->index = bytestag_kept_index_new (BYTESTAG_LIMIT_DATABASE_TABLE_VALUES);
  bytestag_kept_index_set_center (self->index, &self->center);
  bytestag_kept_index_set_max_bytes (self->index, max_bytes);
}

static void
bytestag_database_table_dispose (GObject *object)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (object);

  bytestag_database_table_disarm (self);
  g_clear_object (&self->disk);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_database_table_parent_class)->dispose (object);
}

static void
bytestag_database_table_finalize (GObject *object)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (object);

  g_clear_pointer (&self->store, bytestag_kept_store_free);
  g_clear_pointer (&self->deletions, g_ptr_array_unref);
  g_clear_pointer (&self->queue, bytestag_commit_queue_free);
  g_clear_pointer (&self->index, bytestag_kept_index_free);
  g_free (self->problem);

  G_OBJECT_CLASS (bytestag_database_table_parent_class)->finalize (object);
}

static void
bytestag_database_table_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, bytestag_kept_index_get_max_bytes (self->index));
      break;
    case PROP_N_VALUES:
      g_value_set_uint (value, bytestag_kept_index_get_n_values (self->index));
      break;
    case PROP_N_BYTES:
      g_value_set_uint64 (value, bytestag_kept_index_get_n_bytes (self->index));
      break;
    case PROP_N_UNREADABLE:
      g_value_set_uint (value, self->n_unreadable);
      break;
    case PROP_N_DAMAGED:
      g_value_set_uint (value, self->n_damaged);
      break;
    case PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;
    case PROP_CLEARING:
      g_value_set_boolean (value, self->is_clearing);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_database_table_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  BytestagDatabaseTable *self = BYTESTAG_DATABASE_TABLE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      bytestag_database_table_set_max_bytes (self, g_value_get_uint64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_database_table_class_init (BytestagDatabaseTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_database_table_dispose;
  object_class->finalize = bytestag_database_table_finalize;
  object_class->get_property = bytestag_database_table_get_property;
  object_class->set_property = bytestag_database_table_set_property;

  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_DATABASE_TABLE_STATE, BYTESTAG_DATABASE_TABLE_LOADING,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_MAX_BYTES] =
    g_param_spec_uint64 ("max-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_VALUES] =
    g_param_spec_uint ("n-values", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_BYTES] =
    g_param_spec_uint64 ("n-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_UNREADABLE] =
    g_param_spec_uint ("n-unreadable", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_DAMAGED] =
    g_param_spec_uint ("n-damaged", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_PROBLEM] =
    g_param_spec_string ("problem", NULL, NULL, NULL,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_CLEARING] =
    g_param_spec_boolean ("clearing", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_database_table_init (BytestagDatabaseTable *self)
{
  self->queue = bytestag_commit_queue_new ();
  bytestag_database_table_reset_index (self);
}

BytestagDatabaseTable *
bytestag_database_table_new (const char *folder, BytestagWorker *disk, BytestagReactor *reactor)
{
  BytestagDatabaseTable *self;

  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (BYTESTAG_IS_WORKER (disk), NULL);
  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);

  self = g_object_new (BYTESTAG_TYPE_DATABASE_TABLE, NULL);
  self->store = bytestag_kept_store_new (folder);
  self->disk = g_object_ref (disk);
  self->reactor = g_object_ref (reactor);

  return self;
}

BytestagDatabaseTableState
bytestag_database_table_get_state (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), BYTESTAG_DATABASE_TABLE_FAILED);

  return self->state;
}

guint64
bytestag_database_table_get_max_bytes (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), 0);

  return bytestag_kept_index_get_max_bytes (self->index);
}

void
bytestag_database_table_set_max_bytes (BytestagDatabaseTable *self, guint64 max_bytes)
{
  g_return_if_fail (BYTESTAG_IS_DATABASE_TABLE (self));

  if (max_bytes == bytestag_kept_index_get_max_bytes (self->index))
    return;

  bytestag_kept_index_set_max_bytes (self->index, max_bytes);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_BYTES]);
  bytestag_database_table_settle (self);
}

guint
bytestag_database_table_get_n_values (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), 0);

  return bytestag_kept_index_get_n_values (self->index);
}

guint64
bytestag_database_table_get_n_bytes (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), 0);

  return bytestag_kept_index_get_n_bytes (self->index);
}

guint
bytestag_database_table_get_n_damaged (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), 0);

  return self->n_damaged;
}

const char *
bytestag_database_table_get_problem (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), NULL);

  return self->problem;
}

gboolean
bytestag_database_table_is_clearing (BytestagDatabaseTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DATABASE_TABLE (self), FALSE);

  return self->is_clearing;
}
