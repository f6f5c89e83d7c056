/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/memory-table.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/source-quota.h"

typedef struct
{
  BytestagKvpRecord record; /* begins with the id, which is the tree's key */
  GBytes *value;
} Entry;

/* Balanced trees rather than hash tables: peers choose the keys, and a tree
 * answers by (key, index) and in order of index from the same nodes, without
 * a worst case to provoke. */
struct _BytestagMemoryTable
{
  GObject parent_instance;

  guint64 max_bytes;
  guint64 n_bytes;
  guint64 n_charged; /* see get_charge() */
  guint n_kept;      /* for others */

  GTree *entries;   /* (element-type Entry) by id; owns them */
  GTree *by_expiry; /* (element-type Entry) by expiry, then id; those that expire */
  BytestagSourceQuota *quota; /* of what is kept for others */
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
entry_free (gpointer data)
{
  Entry *entry = data;

  g_bytes_unref (entry->value);
  g_free (entry);
}

static gdouble
entry_get_expiry (const Entry *entry)
{
  return bytestag_kvp_record_get_expiry (&entry->record);
}

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return bytestag_kvp_id_compare (a, b);
}

static int
compare_expiries (gconstpointer a, gconstpointer b, gpointer user_data)
{
  gdouble expiry_a = entry_get_expiry (a);
  gdouble expiry_b = entry_get_expiry (b);

  if (expiry_a != expiry_b)
    return expiry_a < expiry_b ? -1 : 1;

  return compare_ids (a, b, NULL);
}

static void
notify_counts (BytestagMemoryTable *self)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_VALUES]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_BYTES]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* What a value of @size bytes takes of max_bytes: no less than would fill the table with
 * as many values as it may have, so that nobody fills it with empty ones within his quota. */
static guint64
get_charge (BytestagMemoryTable *self, guint64 size)
{
  return MAX (size, self->max_bytes / BYTESTAG_LIMIT_MEMORY_TABLE_VALUES);
}

/* Enters what is in the table's tree into what is sorted by the record. */
static void
link_entry (BytestagMemoryTable *self, Entry *entry)
{
  if (entry->record.is_original)
    return;

  if (entry_get_expiry (entry) > 0)
    g_tree_insert (self->by_expiry, entry, entry);
  bytestag_source_quota_add (self->quota, &entry->record, get_charge (self, entry->record.size));
  self->n_kept++;
}

static void
unlink_entry (BytestagMemoryTable *self, Entry *entry)
{
  if (entry->record.is_original)
    return;

  if (entry_get_expiry (entry) > 0)
    g_tree_remove (self->by_expiry, entry);
  bytestag_source_quota_remove (self->quota, &entry->record, get_charge (self, entry->record.size));
  self->n_kept--;
}

/* Without a notification, so that many may go before one. */
static void
drop_entry (BytestagMemoryTable *self, Entry *entry)
{
  unlink_entry (self, entry);
  self->n_bytes -= entry->record.size;
  self->n_charged -= get_charge (self, entry->record.size);
  g_tree_remove (self->entries, &entry->record.id);
}

static gboolean
bytestag_memory_table_lookup (BytestagKvpTable *table, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  const Entry *entry = g_tree_lookup (self->entries, id);

  if (entry == NULL)
    return FALSE;

  if (record != NULL)
    *record = entry->record;

  return TRUE;
}

static guint
bytestag_memory_table_visit_key (BytestagKvpTable     *table,
                                 const BytestagKey    *key,
                                 BytestagKvpVisitFunc  visit,
                                 gpointer              user_data)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  BytestagKvpId first = { .key = *key };
  guint n_visited = 0;

  for (GTreeNode *node = g_tree_lower_bound (self->entries, &first);
       node != NULL && n_visited < BYTESTAG_LIMIT_INDICES_OF_KEY;
       node = g_tree_node_next (node))
    {
      const Entry *entry = g_tree_node_value (node);

      if (!bytestag_key_equal (&entry->record.id.key, key))
        break;
      visit (&entry->record, user_data);
      n_visited++;
    }

  return n_visited;
}

/* Whether there is room when @n_values with @freed bytes of charge are gone. */
static gboolean
has_room (BytestagMemoryTable *self, guint64 charge, guint n_values, guint64 freed)
{
  guint64 n_charged = self->n_charged - freed;

  return (guint) g_tree_nnodes (self->entries) - n_values < BYTESTAG_LIMIT_MEMORY_TABLE_VALUES
         && n_charged <= self->max_bytes
         && charge <= self->max_bytes - n_charged;
}

/* How many values make room for @offer: the farthest of the source with the most bytes,
 * all of them farther than @offer (B.5). -1: there are not enough, or it takes too many. */
static int
count_victims (BytestagMemoryTable *self, const BytestagKvpRecord *offer)
{
  guint64 charge = get_charge (self, offer->size);
  const BytestagKvpRecord *victim = NULL;
  guint64 freed = 0;
  int n = 0;

  while (!has_room (self, charge, (guint) n, freed))
    {
      if (n == BYTESTAG_LIMIT_VICTIMS)
        return -1;
      victim = n == 0 ? bytestag_source_quota_pick (self->quota, offer)
                      : bytestag_source_quota_pick_next (self->quota, victim, offer);
      if (victim == NULL)
        return -1;

      freed += get_charge (self, victim->size);
      n++;
    }

  return n;
}

static gboolean
is_within_quota (BytestagMemoryTable *self, const BytestagKvpRecord *offer)
{
  if (offer->is_original || self->n_charged <= self->max_bytes / 4 * 3)
    return TRUE;

  return bytestag_source_quota_allows (self->quota, offer, get_charge (self, offer->size), self->max_bytes);
}

static gboolean
bytestag_memory_table_can_keep (BytestagKvpTable *table, const BytestagKvpRecord *offer)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);

  if (g_tree_lookup (self->entries, &offer->id) != NULL)
    return TRUE;

  return offer->size <= self->max_bytes && is_within_quota (self, offer) && count_victims (self, offer) >= 0;
}

static void
make_room (BytestagMemoryTable *self, const BytestagKvpRecord *offer)
{
  const BytestagKvpRecord *victim = NULL;

  for (int n = count_victims (self, offer); n > 0; n--)
    {
      const BytestagKvpRecord *next = NULL;

      if (victim == NULL)
        victim = bytestag_source_quota_pick (self->quota, offer);
      if (n > 1)
        next = bytestag_source_quota_pick_next (self->quota, victim, offer);
      drop_entry (self, (Entry *) victim);
      victim = next;
    }
}

static void
bytestag_memory_table_read (BytestagKvpTable    *table,
                            const BytestagKvpId *id,
                            BytestagKvpReadFunc  done,
                            gpointer             user_data)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  const Entry *entry = g_tree_lookup (self->entries, id);

  if (entry != NULL)
    {
      /* The callback may remove the entry. */
      g_autoptr (GBytes) value = g_bytes_ref (entry->value);

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
add_entry (BytestagMemoryTable *self, const BytestagKvpRecord *record, GBytes *value)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->value = g_bytes_ref (value);
  entry->record = *record;
  g_tree_insert (self->entries, &entry->record.id, entry);
  self->n_bytes += record->size;
  self->n_charged += get_charge (self, record->size);
  link_entry (self, entry);
}

/* A value that is held already keeps its bytes, which are the same by their
 * hash, and takes the new record, but for who stored it first. */
static void
renew_entry (BytestagMemoryTable *self, Entry *entry, const BytestagKvpRecord *record)
{
  BytestagEndpoint source = entry->record.source;
  guint64 size = entry->record.size;

  unlink_entry (self, entry);
  entry->record = *record;
  entry->record.size = size;
  if (source.family != BYTESTAG_FAMILY_NONE)
    entry->record.source = source;
  link_entry (self, entry);
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
  Entry *entry = g_tree_lookup (self->entries, &record->id);

  offer.size = g_bytes_get_size (value);
  if (entry == NULL && !bytestag_memory_table_can_keep (table, &offer))
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_FULL,
                                                      _("There is no room for the value"));

      if (done != NULL)
        done (error, user_data);
      return;
    }

  if (entry != NULL)
    {
      renew_entry (self, entry, &offer);
    }
  else
    {
      make_room (self, &offer);
      add_entry (self, &offer, value);
    }

  notify_counts (self);
  if (done != NULL)
    done (NULL, user_data);
}

static gboolean
bytestag_memory_table_remove (BytestagKvpTable *table, const BytestagKvpId *id)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  Entry *entry = g_tree_lookup (self->entries, id);

  if (entry == NULL)
    return FALSE;

  drop_entry (self, entry);
  notify_counts (self);

  return TRUE;
}

static gboolean
bytestag_memory_table_update (BytestagKvpTable *table, const BytestagKvpRecord *record)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  Entry *entry = g_tree_lookup (self->entries, &record->id);
  BytestagKvpRecord renewed = *record;

  if (entry == NULL || entry->record.is_original)
    return FALSE;

  renewed.size = entry->record.size;
  renewed.source = entry->record.source;
  renewed.is_original = FALSE;

  /* Not the quota's trees: what they are sorted by stays. */
  if (entry_get_expiry (entry) > 0)
    g_tree_remove (self->by_expiry, entry);
  entry->record = renewed;
  if (entry_get_expiry (entry) > 0)
    g_tree_insert (self->by_expiry, entry, entry);

  return TRUE;
}

static guint
bytestag_memory_table_visit_kept (BytestagKvpTable     *table,
                                  const BytestagKvpId  *after,
                                  guint                 max,
                                  BytestagKvpVisitFunc  visit,
                                  gpointer              user_data)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  GTreeNode *node = after != NULL ? g_tree_upper_bound (self->entries, after) : g_tree_node_first (self->entries);
  guint n_visited = 0;

  for (; node != NULL && n_visited < max; node = g_tree_node_next (node))
    {
      const Entry *entry = g_tree_node_value (node);

      if (entry->record.is_original)
        continue;
      visit (&entry->record, user_data);
      n_visited++;
    }

  return n_visited;
}

static guint
bytestag_memory_table_count_kept (BytestagKvpTable *table)
{
  return BYTESTAG_MEMORY_TABLE (table)->n_kept;
}

static gboolean
bytestag_memory_table_expire (BytestagKvpTable *table, gint64 now)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (table);
  guint n_dropped;

  for (n_dropped = 0; n_dropped < BYTESTAG_LIMIT_EXPIRING; n_dropped++)
    {
      GTreeNode *node = g_tree_node_first (self->by_expiry);
      Entry *entry = node != NULL ? g_tree_node_value (node) : NULL;

      if (entry == NULL || entry_get_expiry (entry) >= now)
        break;
      drop_entry (self, entry);
    }

  if (n_dropped > 0)
    notify_counts (self);

  return n_dropped == BYTESTAG_LIMIT_EXPIRING;
}

static void
bytestag_memory_table_set_center (BytestagKvpTable *table, const BytestagKey *node_id)
{
  bytestag_source_quota_set_center (BYTESTAG_MEMORY_TABLE (table)->quota, node_id);
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

  g_clear_pointer (&self->quota, bytestag_source_quota_free);
  g_clear_pointer (&self->by_expiry, g_tree_unref);
  g_clear_pointer (&self->entries, g_tree_unref);

  G_OBJECT_CLASS (bytestag_memory_table_parent_class)->finalize (object);
}

static void
bytestag_memory_table_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  BytestagMemoryTable *self = BYTESTAG_MEMORY_TABLE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, self->max_bytes);
      break;
    case PROP_N_VALUES:
      g_value_set_uint (value, bytestag_memory_table_get_n_values (self));
      break;
    case PROP_N_BYTES:
      g_value_set_uint64 (value, self->n_bytes);
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
      self->max_bytes = g_value_get_uint64 (value);
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
  self->entries = g_tree_new_full (compare_ids, NULL, NULL, entry_free);
  self->by_expiry = g_tree_new_full (compare_expiries, NULL, NULL, NULL);
  self->quota = bytestag_source_quota_new ();
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

  return g_tree_nnodes (self->entries);
}

guint64
bytestag_memory_table_get_n_bytes (BytestagMemoryTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_MEMORY_TABLE (self), 0);

  return self->n_bytes;
}

void
bytestag_memory_table_set_limits_private (BytestagMemoryTable *self, gboolean limits_private)
{
  g_return_if_fail (BYTESTAG_IS_MEMORY_TABLE (self));
  g_return_if_fail (self->n_kept == 0);

  bytestag_source_quota_set_limits_private (self->quota, limits_private);
}
