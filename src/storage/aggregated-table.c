/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/aggregated-table.h"

#include "core/limits.h"

struct _BytestagAggregatedTable
{
  GObject parent_instance;

  BytestagKvpTable *first;
  BytestagKvpTable *second;
};

enum {
  PROP_0,
  PROP_FIRST,
  PROP_SECOND,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void bytestag_aggregated_table_table_init (BytestagKvpTableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagAggregatedTable, bytestag_aggregated_table, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_KVP_TABLE,
                                                      bytestag_aggregated_table_table_init))

/* What one table lists, so that two can be merged; lives on the stack. */
typedef struct
{
  BytestagKvpRecord records[BYTESTAG_LIMIT_INDICES_OF_KEY];
  guint n_records;
} Listing;

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  Listing *listing = user_data;

  g_assert (listing->n_records < G_N_ELEMENTS (listing->records));
  listing->records[listing->n_records++] = *record;
}

static gboolean
bytestag_aggregated_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (table);

  return bytestag_kvp_table_lookup (self->first, id, record)
         || bytestag_kvp_table_lookup (self->second, id, record);
}

static guint
bytestag_aggregated_table_visit_key (BytestagKvpTable     *table,
                                     const BytestagKey    *key,
                                     BytestagKvpVisitFunc  visit,
                                     gpointer              user_data)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (table);
  Listing first;
  Listing second;
  guint i = 0;
  guint j = 0;
  guint n_visited = 0;

  first.n_records = 0;
  second.n_records = 0;
  bytestag_kvp_table_visit_key (self->first, key, collect_cb, &first);
  bytestag_kvp_table_visit_key (self->second, key, collect_cb, &second);

  while ((i < first.n_records || j < second.n_records) && n_visited < BYTESTAG_LIMIT_INDICES_OF_KEY)
    {
      int order;

      if (i == first.n_records)
        order = 1;
      else if (j == second.n_records)
        order = -1;
      else
        order = bytestag_key_compare (&first.records[i].id.index, &second.records[j].id.index);

      visit (order <= 0 ? &first.records[i] : &second.records[j], user_data);
      n_visited++;
      i += order <= 0;
      j += order >= 0;
    }

  return n_visited;
}

static gboolean
bytestag_aggregated_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  return bytestag_kvp_table_can_keep (BYTESTAG_AGGREGATED_TABLE (table)->second, offer);
}

static gboolean
bytestag_aggregated_table_is_opening (BytestagKvpTable *table)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (table);

  return bytestag_kvp_table_is_opening (self->first) || bytestag_kvp_table_is_opening (self->second);
}

static void
bytestag_aggregated_table_read (BytestagKvpTable    *table,
                                const BytestagKvpId *id,
                                BytestagKvpReadFunc  done,
                                gpointer             user_data)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (table);
  gboolean in_first = bytestag_kvp_table_lookup (self->first, id, NULL);

  bytestag_kvp_table_read (in_first ? self->first : self->second, id, done, user_data);
}

static void
bytestag_aggregated_table_write (BytestagKvpTable        *table,
                                 const BytestagKvpRecord *record,
                                 GBytes                  *value,
                                 BytestagKvpWriteFunc     done,
                                 gpointer                 user_data)
{
  bytestag_kvp_table_write (BYTESTAG_AGGREGATED_TABLE (table)->second, record, value, done, user_data);
}

static gboolean
bytestag_aggregated_table_remove (BytestagKvpTable *table, const BytestagKvpId *id)
{
  return bytestag_kvp_table_remove (BYTESTAG_AGGREGATED_TABLE (table)->second, id);
}

/* What is kept for others is in the second. */

static gboolean
bytestag_aggregated_table_update (BytestagKvpTable *table, const BytestagKvpRecord *record)
{
  return bytestag_kvp_table_update (BYTESTAG_AGGREGATED_TABLE (table)->second, record);
}

static guint
bytestag_aggregated_table_visit_kept (BytestagKvpTable     *table,
                                      const BytestagKvpId  *after,
                                      guint                 max,
                                      BytestagKvpVisitFunc  visit,
                                      gpointer              user_data)
{
  return bytestag_kvp_table_visit_kept (BYTESTAG_AGGREGATED_TABLE (table)->second, after, max, visit, user_data);
}

static guint
bytestag_aggregated_table_count_kept (BytestagKvpTable *table)
{
  return bytestag_kvp_table_count_kept (BYTESTAG_AGGREGATED_TABLE (table)->second);
}

static gboolean
bytestag_aggregated_table_expire (BytestagKvpTable *table, gint64 now)
{
  return bytestag_kvp_table_expire (BYTESTAG_AGGREGATED_TABLE (table)->second, now);
}

static void
bytestag_aggregated_table_set_center (BytestagKvpTable *table, const BytestagKey *node_id)
{
  bytestag_kvp_table_set_center (BYTESTAG_AGGREGATED_TABLE (table)->second, node_id);
}

static void
bytestag_aggregated_table_table_init (BytestagKvpTableInterface *iface)
{
  iface->lookup = bytestag_aggregated_table_lookup;
  iface->visit_key = bytestag_aggregated_table_visit_key;
  iface->can_keep = bytestag_aggregated_table_can_keep;
  iface->is_opening = bytestag_aggregated_table_is_opening;
  iface->read = bytestag_aggregated_table_read;
  iface->write = bytestag_aggregated_table_write;
  iface->remove = bytestag_aggregated_table_remove;
  iface->update = bytestag_aggregated_table_update;
  iface->visit_kept = bytestag_aggregated_table_visit_kept;
  iface->count_kept = bytestag_aggregated_table_count_kept;
  iface->expire = bytestag_aggregated_table_expire;
  iface->set_center = bytestag_aggregated_table_set_center;
}

static void
bytestag_aggregated_table_dispose (GObject *object)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (object);

  g_clear_object (&self->first);
  g_clear_object (&self->second);

  G_OBJECT_CLASS (bytestag_aggregated_table_parent_class)->dispose (object);
}

static void
bytestag_aggregated_table_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  BytestagAggregatedTable *self = BYTESTAG_AGGREGATED_TABLE (object);

  switch (prop_id)
    {
    case PROP_FIRST:
      self->first = g_value_dup_object (value);
      break;
    case PROP_SECOND:
      self->second = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_aggregated_table_class_init (BytestagAggregatedTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_aggregated_table_dispose;
  object_class->set_property = bytestag_aggregated_table_set_property;

  properties[PROP_FIRST] =
    g_param_spec_object ("first", NULL, NULL, BYTESTAG_TYPE_KVP_TABLE,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_SECOND] =
    g_param_spec_object ("second", NULL, NULL, BYTESTAG_TYPE_KVP_TABLE,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_aggregated_table_init (BytestagAggregatedTable *self)
{
}

BytestagAggregatedTable *
bytestag_aggregated_table_new (BytestagKvpTable *first, BytestagKvpTable *second)
{
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (first), NULL);
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (second), NULL);

  return g_object_new (BYTESTAG_TYPE_AGGREGATED_TABLE, "first", first, "second", second, NULL);
}
