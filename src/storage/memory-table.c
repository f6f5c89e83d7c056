/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/memory-table.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/kept-index.h"

struct _BytestagMemoryTable
{
  GObject parent_instance;

  BytestagKeptIndex *index;
  GPtrArray *values; /* (element-type GBytes) by number of the index */
};

enum {
  PROP_0,
  PROP_MAX_BYTES,
  PROP_N_VALUES,
  PROP_N_BYTES,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void bytestag_memory_table_table_init (BytestagKvpTableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagMemoryTable, bytestag_memory_table, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_KVP_TABLE, bytestag_memory_table_table_init))

static void
notify_counts (BytestagMemoryTable *self)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_VALUES]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_BYTES]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* Without a notification, so that many may go before one. */
static void
drop_value (BytestagMemoryTable *self, guint32 number)
{
  bytestag_kept_index_drop (self->index, number);
  g_clear_pointer (&self->values->pdata[number], g_bytes_unref);
}

static gboolean
bytestag_memory_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  return bytestag_kept_index_lookup (BYTESTAG_MEMORY_TABLE (table)->index, id, record);
}

static guint
bytestag_memory_table_visit_key (BytestagKvpTable     *table,
                                 const BytestagKey    *key,
                                 BytestagKvpVisitFunc  visit,
                                 gpointer              user_data)
{
  return bytestag_kept_index_visit_key (BYTESTAG_MEMORY_TABLE (table)->index, key, visit, user_data);
}

static gboolean
bytestag_memory_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  return bytestag_kept_index_can_keep (BYTESTAG_MEMORY_TABLE (table)->index, offer);
}

static void
bytestag_memory_table_read (BytestagKvpTable    *table,
                            const BytestagKvpId *id,
                            BytestagKvpReadFunc  done,
                            gpointer             user_data)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  guint32 number = bytestag_kept_index_find (self->index, id);

  if (number != BYTESTAG_KEPT_NONE)
    {
      /* The callback may remove the value. */
      g_autoptr (GBytes) value = g_bytes_ref (self->values->pdata[number]);

      done (value, NULL, user_data);
    }
  else
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                                                      _("The value is not held here"));

      done (NULL, error, user_data);
    }
}

static void
add_value (BytestagMemoryTable *self, const BytestagKvpRecord *record, GBytes *value)
{
  guint32 victims[BYTESTAG_LIMIT_VICTIMS];
  guint n_victims = bytestag_kept_index_pick_victims (self->index, record, victims);
  guint32 number;

  for (guint i = 0; i < n_victims; i++)
    drop_value (self, victims[i]);

  number = bytestag_kept_index_add (self->index, record, FALSE);
  if (number >= self->values->len)
    g_ptr_array_set_size (self->values, (int) number + 1);
  self->values->pdata[number] = g_bytes_ref (value);
}

static void
bytestag_memory_table_write (BytestagKvpTable        *table,
                             const BytestagKvpRecord *record,
                             GBytes                  *value,
                             BytestagKvpWriteFunc     done,
                             gpointer                 user_data)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  BytestagKvpRecord offer = *record;
  guint32 number = bytestag_kept_index_find (self->index, &record->id);

  offer.size = g_bytes_get_size (value);
  if (number == BYTESTAG_KEPT_NONE && !bytestag_memory_table_can_keep (table, &offer))
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_FULL,
                                                      _("There is no room for the value"));

      if (done != NULL)
        done (error, user_data);
      return;
    }

  /* What is held already has the same bytes, by their hash. */
  if (number != BYTESTAG_KEPT_NONE)
    bytestag_kept_index_renew (self->index, number, &offer);
  else
    add_value (self, &offer, value);

  notify_counts (self);
  if (done != NULL)
    done (NULL, user_data);
}

static gboolean
bytestag_memory_table_remove (BytestagKvpTable *table, const BytestagKvpId *id)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  guint32 number = bytestag_kept_index_find (self->index, id);

  if (number == BYTESTAG_KEPT_NONE)
    return FALSE;

  drop_value (self, number);
  notify_counts (self);

  return TRUE;
}

static gboolean
bytestag_memory_table_update (BytestagKvpTable *table, const BytestagKvpRecord *record)
{
  return bytestag_kept_index_update (BYTESTAG_MEMORY_TABLE (table)->index, record);
}

static guint
bytestag_memory_table_visit_kept (BytestagKvpTable     *table,
                                  const BytestagKvpId  *after,
                                  guint                 max,
                                  BytestagKvpVisitFunc  visit,
                                  gpointer              user_data)
{
  return bytestag_kept_index_visit_kept (BYTESTAG_MEMORY_TABLE (table)->index, after, max, visit, user_data);
}

static guint
bytestag_memory_table_count_kept (BytestagKvpTable *table)
{
  return bytestag_kept_index_get_n_kept (BYTESTAG_MEMORY_TABLE (table)->index);
}

static gboolean
bytestag_memory_table_expire (BytestagKvpTable *table, gint64 now)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  guint n_dropped;

  for (n_dropped = 0; n_dropped < BYTESTAG_LIMIT_EXPIRING; n_dropped++)
    {
      guint32 number = bytestag_kept_index_pick_expired (self->index, now);

      if (number == BYTESTAG_KEPT_NONE)
        break;
      drop_value (self, number);
    }

  if (n_dropped > 0)
    notify_counts (self);

  return n_dropped == BYTESTAG_LIMIT_EXPIRING;
}

static void
bytestag_memory_table_set_center (BytestagKvpTable *table, const BytestagKey *node_id)
{
  bytestag_kept_index_set_center (BYTESTAG_MEMORY_TABLE (table)->index, node_id);
}

static void
bytestag_memory_table_table_init (BytestagKvpTableInterface *iface)
{
  iface->lookup = bytestag_memory_table_lookup;
  iface->visit_key = bytestag_memory_table_visit_key;
  iface->can_keep = bytestag_memory_table_can_keep;
  iface->read = bytestag_memory_table_read;
  iface->write = bytestag_memory_table_write;
  iface->remove = bytestag_memory_table_remove;
  iface->update = bytestag_memory_table_update;
  iface->visit_kept = bytestag_memory_table_visit_kept;
  iface->count_kept = bytestag_memory_table_count_kept;
  iface->expire = bytestag_memory_table_expire;
  iface->set_center = bytestag_memory_table_set_center;
}

static void
bytestag_memory_table_finalize (GObject *object)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (object);

  for (guint i = 0; i < self->values->len; i++)
    g_clear_pointer (&self->values->pdata[i], g_bytes_unref);
  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_clear_pointer (&self->index, bytestag_kept_index_free);

  G_OBJECT_CLASS (bytestag_memory_table_parent_class)->finalize (object);
}

static void
bytestag_memory_table_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, bytestag_kept_index_get_max_bytes (self->index));
      break;
    case PROP_N_VALUES:
      g_value_set_uint (value, bytestag_memory_table_get_n_values (self));
      break;
    case PROP_N_BYTES:
      g_value_set_uint64 (value, bytestag_kept_index_get_n_bytes (self->index));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_memory_table_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      bytestag_kept_index_set_max_bytes (self->index, g_value_get_uint64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_memory_table_class_init (BytestagMemoryTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = bytestag_memory_table_finalize;
  object_class->get_property = bytestag_memory_table_get_property;
  object_class->set_property = bytestag_memory_table_set_property;

  properties[PROP_MAX_BYTES] =
    g_param_spec_uint64 ("max-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_VALUES] =
    g_param_spec_uint ("n-values", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_BYTES] =
    g_param_spec_uint64 ("n-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_memory_table_init (BytestagMemoryTable *self)
{
  self->index = bytestag_kept_index_new (BYTESTAG_LIMIT_MEMORY_TABLE_VALUES);
  self->values = g_ptr_array_new ();
}

BytestagMemoryTable *
bytestag_memory_table_new (guint64 max_bytes)
{
  return g_object_new (BYTESTAG_TYPE_MEMORY_TABLE, "max-bytes", max_bytes, NULL);
}

guint
bytestag_memory_table_get_n_values (BytestagMemoryTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_MEMORY_TABLE (self), 0);

  return bytestag_kept_index_get_n_values (self->index);
}

guint64
bytestag_memory_table_get_n_bytes (BytestagMemoryTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_MEMORY_TABLE (self), 0);

  return bytestag_kept_index_get_n_bytes (self->index);
}

void
bytestag_memory_table_set_limits_private (BytestagMemoryTable *self, gboolean limits_private)
{
  g_return_if_fail (BYTESTAG_IS_MEMORY_TABLE (self));

  bytestag_kept_index_set_limits_private (self->index, limits_private);
}
