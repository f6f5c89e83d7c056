/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/kept-index.h"

#include "core/limits.h"
#include "storage/slab.h"
#include "storage/sorted-numbers.h"
#include "storage/source-quota.h"

enum {
  FLAG_USED = 1 << 0,
  FLAG_ORIGINAL = 1 << 1,
  FLAG_PENDING = 1 << 2,
  FLAG_HANDED_OVER = 1 << 3,
  FLAG_HAS_TIMESTAMP = 1 << 4,
};

/* A record, packed: there may be a million. Times are of 40 bits, which reach as far as
 * BYTESTAG_LIMIT_LATEST_SECOND: the higher 8 are apart. */
typedef struct
{
  BytestagKey key;
  guint32 index; /* its number in indices; none: it is the key, as of all parts and roots */
  guint32 size;
  guint32 source;
  guint32 times[3];
  gfloat time_to_live; /* whole seconds up to half a year are exact */
  gdouble last_update;
  guint8 high_times[3];
  guint8 copies;
  guint8 flags;
  guint8 kind;
  guint16 port; /* of the source */
} Entry;

G_STATIC_ASSERT (sizeof (Entry) == 64);
/* No link of what is free lies over them. */
G_STATIC_ASSERT (G_STRUCT_OFFSET (Entry, flags) >= sizeof (guint32));

enum {
  TIME_TIMESTAMP,
  TIME_UNTIL,
  TIME_REPLICATED,
};

/* Sorted blocks rather than hash tables: peers choose the keys, and these answer by
 * (key, index) and in order of index without a worst case to provoke. */
struct _BytestagKeptIndex
{
  BytestagKey center;
  guint64 max_bytes;
  guint max_values;
  guint64 n_bytes;
  guint64 n_charged; /* see get_charge() */
  guint n_kept;
  guint n_pending;

  /* The least charge; that of entries from number n_recounted on is still old_floor. */
  guint64 floor;
  guint64 old_floor;
  guint32 n_recounted;

  BytestagSlab entries;
  BytestagSlab indices; /* (element-type BytestagKey) those that are not the key */
  BytestagSortedNumbers *by_id;
  BytestagSortedNumbers *by_expiry;   /* then by id; those that expire */
  BytestagSortedNumbers *by_distance; /* by network of the source, then nearest to the center first */
  BytestagSourceQuota *quota;
};

static Entry *
get_entry (BytestagKeptIndex *self, guint32 number)
{
  return bytestag_slab_get (&self->entries, number);
}

static const BytestagKey *
get_index (BytestagKeptIndex *self, const Entry *entry)
{
  return entry->index == BYTESTAG_SLAB_NONE ? &entry->key : bytestag_slab_get (&self->indices, entry->index);
}

static guint32
get_network (BytestagKeptIndex *self, guint32 number)
{
  return bytestag_source_quota_get_network (self->quota, get_entry (self, number)->source);
}

static void
set_time (Entry *entry, guint which, gint64 time)
{
  gint64 held = CLAMP (time, 0, BYTESTAG_LIMIT_LATEST_SECOND);

  entry->times[which] = (guint32) held;
  entry->high_times[which] = (guint8) (held >> 32);
}

static gint64
get_time (const Entry *entry, guint which)
{
  return (gint64) entry->high_times[which] << 32 | entry->times[which];
}

static gdouble
get_expiry (const Entry *entry)
{
  gint64 until = get_time (entry, TIME_UNTIL);

  if (entry->flags & FLAG_ORIGINAL)
    return 0;
  if (until > 0)
    return (gdouble) until;

  return entry->time_to_live > 0 ? entry->last_update + entry->time_to_live : 0;
}

typedef struct
{
  const BytestagKey *key;
  const BytestagKey *index;
  gdouble expiry;
  guint32 network;
} Probe;

static Probe
make_probe (BytestagKeptIndex *self, const Entry *entry)
{
  return (Probe) {
    .key = &entry->key,
    .index = get_index (self, entry),
    .expiry = get_expiry (entry),
    .network = bytestag_source_quota_get_network (self->quota, entry->source),
  };
}

static int
compare_ids (gconstpointer data, guint32 number, gpointer user_data)
{
  const Probe *probe = data;
  const Entry *entry = get_entry (user_data, number);
  int order = bytestag_key_compare (probe->key, &entry->key);

  return order != 0 ? order : bytestag_key_compare (probe->index, get_index (user_data, entry));
}

static int
compare_expiries (gconstpointer data, guint32 number, gpointer user_data)
{
  const Probe *probe = data;
  gdouble expiry = get_expiry (get_entry (user_data, number));

  if (probe->expiry != expiry)
    return probe->expiry < expiry ? -1 : 1;

  return compare_ids (data, number, user_data);
}

static int
compare_distances (gconstpointer data, guint32 number, gpointer user_data)
{
  BytestagKeptIndex *self = user_data;
  const Probe *probe = data;
  const Entry *entry = get_entry (self, number);
  guint32 network = bytestag_source_quota_get_network (self->quota, entry->source);
  int order;

  if (probe->network != network)
    return probe->network < network ? -1 : 1;
  /* Before all of its network. */
  if (probe->key == NULL)
    return -1;

  order = bytestag_key_compare_distance (&self->center, probe->key, &entry->key);

  return order != 0 ? order : bytestag_key_compare (probe->index, get_index (self, entry));
}

BytestagKeptIndex *
bytestag_kept_index_new (guint max_values)
{
  BytestagKeptIndex *self = g_new0 (BytestagKeptIndex, 1);

  self->max_values = max_values;
  bytestag_slab_init (&self->entries, sizeof (Entry));
  bytestag_slab_init (&self->indices, sizeof (BytestagKey));
  self->by_id = bytestag_sorted_numbers_new (compare_ids, self);
  self->by_expiry = bytestag_sorted_numbers_new (compare_expiries, self);
  self->by_distance = bytestag_sorted_numbers_new (compare_distances, self);
  self->quota = bytestag_source_quota_new ();

  return self;
}

void
bytestag_kept_index_free (BytestagKeptIndex *self)
{
  bytestag_source_quota_free (self->quota);
  bytestag_sorted_numbers_free (self->by_distance);
  bytestag_sorted_numbers_free (self->by_expiry);
  bytestag_sorted_numbers_free (self->by_id);
  bytestag_slab_clear (&self->indices);
  bytestag_slab_clear (&self->entries);
  g_free (self);
}

void
bytestag_kept_index_set_limits_private (BytestagKeptIndex *self, gboolean limits_private)
{
  bytestag_source_quota_set_limits_private (self->quota, limits_private);
}

void
bytestag_kept_index_set_center (BytestagKeptIndex *self, const BytestagKey *center)
{
  g_autoptr (BytestagSortedNumbers) old = NULL;
  BytestagSortedPlace place;

  if (bytestag_key_equal (&self->center, center))
    return;

  /* The new order is by the new center, and the old one only walked. */
  self->center = *center;
  old = g_steal_pointer (&self->by_distance);
  self->by_distance = bytestag_sorted_numbers_new (compare_distances, self);
  for (guint32 number = bytestag_sorted_numbers_first (old, &place); number != BYTESTAG_SORTED_NONE;
       number = bytestag_sorted_numbers_next (old, &place))
    {
      Probe probe = make_probe (self, get_entry (self, number));

      bytestag_sorted_numbers_add (self->by_distance, &probe, number);
    }
}

guint
bytestag_kept_index_get_n_values (BytestagKeptIndex *self)
{
  return bytestag_sorted_numbers_get_n (self->by_id) - self->n_pending;
}

guint
bytestag_kept_index_get_n_kept (BytestagKeptIndex *self)
{
  return self->n_kept;
}

guint64
bytestag_kept_index_get_n_bytes (BytestagKeptIndex *self)
{
  return self->n_bytes;
}

guint64
bytestag_kept_index_get_max_bytes (BytestagKeptIndex *self)
{
  return self->max_bytes;
}

/* What a value of @size bytes takes of max_bytes: no less than would fill the table with
 * as many values as it may have, so that nobody fills it with empty ones within his quota. */
static guint64
get_charge (BytestagKeptIndex *self, guint32 number)
{
  return MAX (get_entry (self, number)->size, number < self->n_recounted ? self->floor : self->old_floor);
}

static void
charge (BytestagKeptIndex *self, guint32 number, int sign)
{
  const Entry *entry = get_entry (self, number);
  gint64 amount = sign * (gint64) get_charge (self, number);

  self->n_charged += (guint64) amount;
  if (!(entry->flags & FLAG_ORIGINAL))
    bytestag_source_quota_charge (self->quota, entry->source, amount);
}

gboolean
bytestag_kept_index_recount (BytestagKeptIndex *self, guint n)
{
  guint64 wanted = self->max_bytes / self->max_values;

  for (; n > 0 && self->n_recounted < self->entries.n_items; n--)
    {
      guint32 number = self->n_recounted;
      gboolean is_used = (get_entry (self, number)->flags & FLAG_USED) != 0;

      if (is_used)
        charge (self, number, -1);
      self->n_recounted++;
      if (is_used)
        charge (self, number, 1);
    }
  if (self->n_recounted < self->entries.n_items)
    return TRUE;

  if (wanted == self->floor)
    {
      self->n_recounted = G_MAXUINT32;
      return FALSE;
    }
  self->old_floor = self->floor;
  self->floor = wanted;
  self->n_recounted = 0;

  return TRUE;
}

void
bytestag_kept_index_set_max_bytes (BytestagKeptIndex *self, guint64 max_bytes)
{
  self->max_bytes = max_bytes;
  if (self->entries.n_items == 0)
    {
      self->floor = max_bytes / self->max_values;
      self->n_recounted = G_MAXUINT32;
    }
}

static void
pack_record (Entry *entry, const BytestagKvpRecord *record)
{
  guint8 kept_flags = entry->flags & (FLAG_USED | FLAG_PENDING);

  set_time (entry, TIME_TIMESTAMP, record->timestamp);
  set_time (entry, TIME_UNTIL, record->until);
  set_time (entry, TIME_REPLICATED, record->replicated);
  entry->time_to_live = (gfloat) record->time_to_live;
  entry->last_update = record->last_update;
  entry->copies = record->copies;
  entry->kind = record->kind;
  entry->flags = (guint8) (kept_flags
                           | (record->is_original ? FLAG_ORIGINAL : 0)
                           | (record->handed_over ? FLAG_HANDED_OVER : 0)
                           | (record->has_timestamp ? FLAG_HAS_TIMESTAMP : 0));
}

static void
unpack_record (BytestagKeptIndex *self, const Entry *entry, BytestagKvpRecord *record)
{
  *record = (BytestagKvpRecord) {
    .id = { entry->key, *get_index (self, entry) },
    .size = entry->size,
    .timestamp = get_time (entry, TIME_TIMESTAMP),
    .time_to_live = entry->time_to_live,
    .last_update = entry->last_update,
    .until = get_time (entry, TIME_UNTIL),
    .replicated = get_time (entry, TIME_REPLICATED),
    .copies = entry->copies,
    .kind = entry->kind,
    .has_timestamp = (entry->flags & FLAG_HAS_TIMESTAMP) != 0,
    .handed_over = (entry->flags & FLAG_HANDED_OVER) != 0,
    .is_original = (entry->flags & FLAG_ORIGINAL) != 0,
  };
  bytestag_source_quota_get_endpoint (self->quota, entry->source, &record->source);
  record->source.port = entry->port;
}

/* Enters what is in by_id into what is sorted by the record, once it is confirmed. */
static void
link_entry (BytestagKeptIndex *self, guint32 number)
{
  const Entry *entry = get_entry (self, number);
  Probe probe = make_probe (self, entry);

  charge (self, number, 1);
  if (entry->flags & (FLAG_ORIGINAL | FLAG_PENDING))
    return;

  if (probe.expiry > 0)
    bytestag_sorted_numbers_add (self->by_expiry, &probe, number);
  bytestag_sorted_numbers_add (self->by_distance, &probe, number);
  self->n_kept++;
}

static void
unlink_entry (BytestagKeptIndex *self, guint32 number)
{
  const Entry *entry = get_entry (self, number);
  Probe probe = make_probe (self, entry);

  charge (self, number, -1);
  if (entry->flags & (FLAG_ORIGINAL | FLAG_PENDING))
    return;

  if (probe.expiry > 0)
    bytestag_sorted_numbers_remove (self->by_expiry, &probe);
  bytestag_sorted_numbers_remove (self->by_distance, &probe);
  self->n_kept--;
}

guint32
bytestag_kept_index_add (BytestagKeptIndex *self, const BytestagKvpRecord *record, gboolean pending)
{
  guint32 number = bytestag_slab_add (&self->entries);
  Entry *entry = get_entry (self, number);
  Probe probe;

  entry->key = record->id.key;
  entry->index = BYTESTAG_SLAB_NONE;
  if (!bytestag_key_equal (&record->id.key, &record->id.index))
    {
      entry->index = bytestag_slab_add (&self->indices);
      *(BytestagKey *) bytestag_slab_get (&self->indices, entry->index) = record->id.index;
    }
  entry->size = (guint32) record->size;
  entry->source = bytestag_source_quota_hold (self->quota, &record->source);
  entry->port = record->source.port;
  entry->flags = (guint8) (FLAG_USED | (pending ? FLAG_PENDING : 0));
  pack_record (entry, record);

  probe = make_probe (self, entry);
  bytestag_sorted_numbers_add (self->by_id, &probe, number);
  self->n_bytes += entry->size;
  self->n_pending += pending;
  link_entry (self, number);

  return number;
}

void
bytestag_kept_index_confirm (BytestagKeptIndex *self, guint32 number)
{
  Entry *entry = get_entry (self, number);

  g_return_if_fail (entry->flags & FLAG_PENDING);

  unlink_entry (self, number);
  entry->flags &= (guint8) ~FLAG_PENDING;
  self->n_pending--;
  link_entry (self, number);
}

void
bytestag_kept_index_renew (BytestagKeptIndex *self, guint32 number, const BytestagKvpRecord *record)
{
  Entry *entry = get_entry (self, number);
  BytestagEndpoint source;

  unlink_entry (self, number);
  pack_record (entry, record);
  bytestag_source_quota_get_endpoint (self->quota, entry->source, &source);
  if (source.family == BYTESTAG_FAMILY_NONE)
    {
      bytestag_source_quota_release (self->quota, entry->source);
      entry->source = bytestag_source_quota_hold (self->quota, &record->source);
      entry->port = record->source.port;
    }
  link_entry (self, number);
}

gboolean
bytestag_kept_index_update (BytestagKeptIndex *self, const BytestagKvpRecord *record)
{
  guint32 number = bytestag_kept_index_find (self, &record->id);
  BytestagKvpRecord renewed = *record;
  Probe probe;
  Entry *entry;

  if (number == BYTESTAG_KEPT_NONE || (get_entry (self, number)->flags & (FLAG_ORIGINAL | FLAG_PENDING)))
    return FALSE;

  /* What the order by distance goes by stays. */
  entry = get_entry (self, number);
  renewed.is_original = FALSE;
  probe = make_probe (self, entry);
  if (probe.expiry > 0)
    bytestag_sorted_numbers_remove (self->by_expiry, &probe);
  pack_record (entry, &renewed);
  probe = make_probe (self, entry);
  if (probe.expiry > 0)
    bytestag_sorted_numbers_add (self->by_expiry, &probe, number);

  return TRUE;
}

void
bytestag_kept_index_drop (BytestagKeptIndex *self, guint32 number)
{
  Entry *entry = get_entry (self, number);
  Probe probe = make_probe (self, entry);

  unlink_entry (self, number);
  bytestag_sorted_numbers_remove (self->by_id, &probe);
  self->n_bytes -= entry->size;
  self->n_pending -= (entry->flags & FLAG_PENDING) != 0;
  bytestag_source_quota_release (self->quota, entry->source);
  if (entry->index != BYTESTAG_SLAB_NONE)
    bytestag_slab_free (&self->indices, entry->index);
  bytestag_slab_free (&self->entries, number);
}

guint32
bytestag_kept_index_find (BytestagKeptIndex *self, const BytestagKvpId *id)
{
  Probe probe = { .key = &id->key, .index = &id->index };

  return bytestag_sorted_numbers_find (self->by_id, &probe);
}

gboolean
bytestag_kept_index_is_pending (BytestagKeptIndex *self, guint32 number)
{
  return (get_entry (self, number)->flags & FLAG_PENDING) != 0;
}

void
bytestag_kept_index_get_record (BytestagKeptIndex *self, guint32 number, BytestagKvpRecord *record)
{
  unpack_record (self, get_entry (self, number), record);
}

gboolean
bytestag_kept_index_lookup (BytestagKeptIndex *self, const BytestagKvpId *id, BytestagKvpRecord *record)
{
  guint32 number = bytestag_kept_index_find (self, id);

  if (number == BYTESTAG_KEPT_NONE || bytestag_kept_index_is_pending (self, number))
    return FALSE;

  if (record != NULL)
    bytestag_kept_index_get_record (self, number, record);

  return TRUE;
}

guint
bytestag_kept_index_visit_key (BytestagKeptIndex    *self,
                               const BytestagKey    *key,
                               BytestagKvpVisitFunc  visit,
                               gpointer              user_data)
{
  const BytestagKey first = { { 0 } };
  Probe probe = { .key = key, .index = &first };
  BytestagSortedPlace place;
  guint n_visited = 0;

  for (guint32 number = bytestag_sorted_numbers_seek (self->by_id, &probe, &place);
       number != BYTESTAG_SORTED_NONE && n_visited < BYTESTAG_LIMIT_INDICES_OF_KEY;
       number = bytestag_sorted_numbers_next (self->by_id, &place))
    {
      const Entry *entry = get_entry (self, number);
      BytestagKvpRecord record;

      if (!bytestag_key_equal (&entry->key, key))
        break;
      if (entry->flags & FLAG_PENDING)
        continue;
      unpack_record (self, entry, &record);
      visit (&record, user_data);
      n_visited++;
    }

  return n_visited;
}

guint
bytestag_kept_index_visit_kept (BytestagKeptIndex    *self,
                                const BytestagKvpId  *after,
                                guint                 max,
                                BytestagKvpVisitFunc  visit,
                                gpointer              user_data)
{
  BytestagSortedPlace place;
  guint32 number;
  guint n_visited = 0;

  if (after != NULL)
    {
      Probe probe = { .key = &after->key, .index = &after->index };

      number = bytestag_sorted_numbers_seek (self->by_id, &probe, &place);
      if (number != BYTESTAG_SORTED_NONE && compare_ids (&probe, number, self) == 0)
        number = bytestag_sorted_numbers_next (self->by_id, &place);
    }
  else
    {
      number = bytestag_sorted_numbers_first (self->by_id, &place);
    }

  for (; number != BYTESTAG_SORTED_NONE && n_visited < max; number = bytestag_sorted_numbers_next (self->by_id, &place))
    {
      const Entry *entry = get_entry (self, number);
      BytestagKvpRecord record;

      if (entry->flags & (FLAG_ORIGINAL | FLAG_PENDING))
        continue;
      unpack_record (self, entry, &record);
      visit (&record, user_data);
      n_visited++;
    }

  return n_visited;
}

/* Whether there is room when @n_values with @freed bytes of charge are gone. */
static gboolean
has_room (BytestagKeptIndex *self, guint64 amount, guint n_values, guint64 freed)
{
  guint64 n_charged = self->n_charged - freed;

  return bytestag_sorted_numbers_get_n (self->by_id) - n_values < self->max_values
         && n_charged <= self->max_bytes
         && amount <= self->max_bytes - n_charged;
}

/* What of the network with the most bytes is farthest from the center, or none. */
static guint32
find_farthest (BytestagKeptIndex *self, BytestagSortedPlace *place)
{
  guint32 network = bytestag_source_quota_get_largest (self->quota);
  Probe behind = { .network = network + 1 };
  guint32 number;

  if (network == BYTESTAG_SOURCE_NONE)
    return BYTESTAG_KEPT_NONE;

  bytestag_sorted_numbers_seek (self->by_distance, &behind, place);
  number = bytestag_sorted_numbers_previous (self->by_distance, place);
  if (number == BYTESTAG_SORTED_NONE || get_network (self, number) != network)
    return BYTESTAG_KEPT_NONE;

  return number;
}

static gboolean
is_farther (BytestagKeptIndex *self, guint32 number, const BytestagKvpRecord *offer)
{
  return bytestag_key_compare_distance (&self->center, &get_entry (self, number)->key, &offer->id.key) > 0;
}

static guint64
get_charge_of_offer (BytestagKeptIndex *self, const BytestagKvpRecord *offer)
{
  return MAX (offer->size, self->floor);
}

/* What makes room for @offer: the farthest of the source with the most bytes, all of them
 * farther than @offer (B.5). -1: that is not enough, or it takes too many. */
static int
find_victims (BytestagKeptIndex *self, const BytestagKvpRecord *offer, guint32 *victims)
{
  guint64 amount = get_charge_of_offer (self, offer);
  BytestagSortedPlace place;
  guint32 network = BYTESTAG_SOURCE_NONE;
  guint64 freed = 0;
  guint n;

  for (n = 0; !has_room (self, amount, n, freed); n++)
    {
      guint32 number;

      if (n == BYTESTAG_LIMIT_VICTIMS)
        return -1;

      number = n == 0 ? find_farthest (self, &place) : bytestag_sorted_numbers_previous (self->by_distance, &place);
      if (number == BYTESTAG_SORTED_NONE || !is_farther (self, number, offer))
        return -1;
      if (n == 0)
        network = get_network (self, number);
      else if (get_network (self, number) != network)
        return -1;

      freed += get_charge (self, number);
      if (victims != NULL)
        victims[n] = number;
    }

  return (int) n;
}

static gboolean
is_within_quota (BytestagKeptIndex *self, const BytestagKvpRecord *offer)
{
  if (offer->is_original || self->n_charged <= self->max_bytes / 4 * 3)
    return TRUE;

  return bytestag_source_quota_allows (self->quota, &offer->source, get_charge_of_offer (self, offer),
                                       self->max_bytes);
}

gboolean
bytestag_kept_index_can_keep (BytestagKeptIndex *self, const BytestagKvpRecord *offer)
{
  if (bytestag_kept_index_find (self, &offer->id) != BYTESTAG_KEPT_NONE)
    return TRUE;

  return offer->size <= MIN (self->max_bytes, G_MAXUINT32) && is_within_quota (self, offer)
         && find_victims (self, offer, NULL) >= 0;
}

guint
bytestag_kept_index_pick_victims (BytestagKeptIndex *self, const BytestagKvpRecord *offer, guint32 *victims)
{
  return (guint) MAX (find_victims (self, offer, victims), 0);
}

guint32
bytestag_kept_index_pick_excess (BytestagKeptIndex *self)
{
  BytestagSortedPlace place;

  if (self->n_charged <= self->max_bytes && self->max_bytes > 0)
    return BYTESTAG_KEPT_NONE;

  return find_farthest (self, &place);
}

guint32
bytestag_kept_index_pick_expired (BytestagKeptIndex *self, gint64 now)
{
  BytestagSortedPlace place;
  guint32 number = bytestag_sorted_numbers_first (self->by_expiry, &place);

  if (number == BYTESTAG_SORTED_NONE || get_expiry (get_entry (self, number)) >= (gdouble) now)
    return BYTESTAG_KEPT_NONE;

  return number;
}
