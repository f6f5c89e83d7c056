/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/kept-index.h"

#include <malloc.h>
#include <string.h>

#include "core/limits.h"
#include "support/test-rng.h"

#define MAX_VALUES 50
#define MAX_BYTES 5000
/* Ids that the model knows; more than may be kept. */
#define N_IDS 120

/* What the index should be, said in the dullest way. */
typedef struct
{
  BytestagKvpRecord record;
  gboolean is_there;
  gboolean is_pending;
} Entry;

typedef struct
{
  BytestagKeptIndex *index;
  BytestagRng *rng;
  BytestagKey center;
  guint64 max_bytes;
  Entry entries[N_IDS];
} Model;

static BytestagKvpId
make_id (guint n)
{
  BytestagKvpId id = { 0 };

  bytestag_key_digest (&id.key, (const guint8 *) &n, sizeof n);
  /* Several under one key, and some whose index is the key. */
  id.key.bytes[1] = 0;
  memset (id.key.bytes + 2, 0, BYTESTAG_KEY_SIZE - 2);
  id.key.bytes[0] &= 0x3f;
  if (n % 3 == 0)
    id.key.bytes[19] = (guint8) n;
  id.index = id.key;
  id.index.bytes[19] = (guint8) n;

  return id;
}

static gboolean
counts (const Entry *entry)
{
  return entry->is_there && !entry->is_pending;
}

static guint64
get_charge (Model *self, const BytestagKvpRecord *record)
{
  return MAX (record->size, self->max_bytes / MAX_VALUES);
}

static gboolean
is_same_network (const BytestagKvpRecord *a, const BytestagKvpRecord *b)
{
  return memcmp (a->source.address, b->source.address, 3) == 0 && a->source.family == b->source.family;
}

static guint64
sum_network (Model *self, const BytestagKvpRecord *of)
{
  guint64 sum = 0;

  for (guint i = 0; i < N_IDS; i++)
    if (self->entries[i].is_there && is_same_network (&self->entries[i].record, of))
      sum += get_charge (self, &self->entries[i].record);

  return sum;
}

/* The farthest value of the network with the most bytes, or -1. */
static int
find_farthest (Model *self)
{
  int farthest = -1;
  guint64 most = 0;
  const BytestagKvpRecord *largest = NULL;

  for (guint i = 0; i < N_IDS; i++)
    {
      const BytestagKvpRecord *record = &self->entries[i].record;
      guint64 sum;

      if (!self->entries[i].is_there)
        continue;
      sum = sum_network (self, record);
      if (largest == NULL || sum > most
          || (sum == most && memcmp (record->source.address, largest->source.address, 3) > 0))
        {
          most = sum;
          largest = record;
        }
    }
  for (guint i = 0; largest != NULL && i < N_IDS; i++)
    {
      const BytestagKvpId *id = &self->entries[i].record.id;
      int order;

      if (!counts (&self->entries[i]) || !is_same_network (&self->entries[i].record, largest))
        continue;
      if (farthest < 0)
        {
          farthest = (int) i;
          continue;
        }
      order = bytestag_key_compare_distance (&self->center, &id->key, &self->entries[farthest].record.id.key);
      if (order > 0
          || (order == 0 && bytestag_key_compare (&id->index, &self->entries[farthest].record.id.index) > 0))
        farthest = (int) i;
    }

  return farthest;
}

static int
find_expired (Model *self, gint64 now)
{
  int first = -1;

  for (guint i = 0; i < N_IDS; i++)
    {
      gdouble expiry = bytestag_kvp_record_get_expiry (&self->entries[i].record);
      gdouble best;

      if (!counts (&self->entries[i]) || expiry == 0 || expiry >= (gdouble) now)
        continue;
      best = first < 0 ? 0 : bytestag_kvp_record_get_expiry (&self->entries[first].record);
      if (first < 0 || expiry < best
          || (expiry == best
              && bytestag_kvp_id_compare (&self->entries[i].record.id, &self->entries[first].record.id) < 0))
        first = (int) i;
    }

  return first;
}

static void
assert_record (const BytestagKvpRecord *a, const BytestagKvpRecord *b)
{
  g_assert_true (bytestag_kvp_id_equal (&a->id, &b->id));
  g_assert_cmpuint (a->size, ==, b->size);
  g_assert_cmpint (a->until, ==, b->until);
  g_assert_cmpfloat (a->time_to_live, ==, b->time_to_live);
  g_assert_cmpfloat (a->last_update, ==, b->last_update);
  g_assert_cmpuint (a->kind, ==, b->kind);
  g_assert_true (bytestag_endpoint_equal (&a->source, &b->source));
}

typedef struct
{
  Model *model;
  const BytestagKey *key; /* of all, or nullable */
  BytestagKvpId last;
  guint n;
} Visit;

static void
visit_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  Visit *visit = user_data;
  gboolean found = FALSE;

  if (visit->n > 0)
    g_assert_cmpint (bytestag_kvp_id_compare (&visit->last, &record->id), <, 0);
  visit->last = record->id;
  visit->n++;
  for (guint i = 0; i < N_IDS; i++)
    {
      if (!counts (&visit->model->entries[i])
          || !bytestag_kvp_id_equal (&visit->model->entries[i].record.id, &record->id))
        continue;
      assert_record (record, &visit->model->entries[i].record);
      found = TRUE;
    }
  g_assert_true (found);
}

static void
check (Model *self)
{
  guint n = 0;
  guint64 n_bytes = 0;
  Visit all = { .model = self };

  for (guint i = 0; i < N_IDS; i++)
    {
      const Entry *entry = &self->entries[i];
      BytestagKvpId id = make_id (i);
      BytestagKvpRecord record;

      n += counts (entry);
      n_bytes += entry->is_there ? entry->record.size : 0;
      g_assert_cmpint (bytestag_kept_index_lookup (self->index, &id, &record), ==, counts (entry));
      if (counts (entry))
        assert_record (&record, &entry->record);
    }
  g_assert_cmpuint (bytestag_kept_index_get_n_values (self->index), ==, n);
  g_assert_cmpuint (bytestag_kept_index_get_n_kept (self->index), ==, n);
  g_assert_cmpuint (bytestag_kept_index_get_n_bytes (self->index), ==, n_bytes);
  bytestag_kept_index_visit_kept (self->index, NULL, N_IDS, visit_cb, &all);
  g_assert_cmpuint (all.n, ==, n);

  for (guint i = 0; i < N_IDS; i += 17)
    {
      BytestagKvpId id = make_id (i);
      Visit under = { .model = self, .key = &id.key };
      guint n_under = 0;

      for (guint j = 0; j < N_IDS; j++)
        n_under += counts (&self->entries[j]) && bytestag_key_equal (&self->entries[j].record.id.key, &id.key);
      bytestag_kept_index_visit_key (self->index, &id.key, visit_cb, &under);
      g_assert_cmpuint (under.n, ==, n_under);
    }
}

static BytestagKvpRecord
make_record (Model *self, guint n)
{
  BytestagKvpRecord record = { .id = make_id (n) };

  record.size = bytestag_rng_range (self->rng, 400);
  record.kind = (guint8) bytestag_rng_range (self->rng, 3);
  record.last_update = 1000 + bytestag_rng_range (self->rng, 50);
  if (bytestag_rng_range (self->rng, 2) == 0)
    record.until = 1000 + bytestag_rng_range (self->rng, 50);
  else if (bytestag_rng_range (self->rng, 2) == 0)
    record.time_to_live = 1 + bytestag_rng_range (self->rng, 20);
  record.source.family = BYTESTAG_FAMILY_IPV4;
  /* Private, so that no quota stands before; each stands for itself then. */
  record.source.address[0] = 10;
  record.source.address[2] = (guint8) bytestag_rng_range (self->rng, 4);
  record.source.port = (guint16) (1 + bytestag_rng_range (self->rng, 3));

  return record;
}

static void
drop (Model *self, guint n)
{
  bytestag_kept_index_drop (self->index, bytestag_kept_index_find (self->index, &self->entries[n].record.id));
  self->entries[n].is_there = FALSE;
}

/* By number of the index. */
static void
drop_number (Model *self, guint32 number, int expected)
{
  BytestagKvpRecord record;

  g_assert_cmpint (expected, >=, 0);
  bytestag_kept_index_get_record (self->index, number, &record);
  g_assert_true (bytestag_kvp_id_equal (&record.id, &self->entries[expected].record.id));
  drop (self, (guint) expected);
}

static void
add (Model *self, guint n)
{
  BytestagKvpRecord record = make_record (self, n);
  gboolean pending = bytestag_rng_range (self->rng, 4) == 0;
  guint32 victims[BYTESTAG_LIMIT_VICTIMS];
  guint n_victims;

  if (!bytestag_kept_index_can_keep (self->index, &record))
    return;

  n_victims = bytestag_kept_index_pick_victims (self->index, &record, victims);
  for (guint i = 0; i < n_victims; i++)
    {
      BytestagKvpRecord victim;
      guint found = N_IDS;

      bytestag_kept_index_get_record (self->index, victims[i], &victim);
      if (i == 0)
        g_assert_true (bytestag_kvp_id_equal (&victim.id, &self->entries[find_farthest (self)].record.id));
      g_assert_cmpint (bytestag_key_compare_distance (&self->center, &victim.id.key, &record.id.key), >, 0);
      for (guint j = 0; j < N_IDS; j++)
        if (counts (&self->entries[j]) && bytestag_kvp_id_equal (&self->entries[j].record.id, &victim.id))
          found = j;
      drop (self, found);
    }

  bytestag_kept_index_add (self->index, &record, pending);
  self->entries[n] = (Entry) { record, TRUE, pending };
}

static void
change (Model *self, guint n)
{
  Entry *entry = &self->entries[n];
  guint32 number = bytestag_kept_index_find (self->index, &entry->record.id);
  BytestagKvpRecord renewed = make_record (self, n);

  switch (bytestag_rng_range (self->rng, 4))
    {
    case 0:
      drop (self, n);
      break;
    case 1:
      if (entry->is_pending)
        bytestag_kept_index_confirm (self->index, number);
      entry->is_pending = FALSE;
      break;
    case 2:
      bytestag_kept_index_renew (self->index, number, &renewed);
      renewed.size = entry->record.size;
      renewed.source = entry->record.source;
      entry->record = renewed;
      break;
    default:
      g_assert_cmpint (bytestag_kept_index_update (self->index, &renewed), ==, !entry->is_pending);
      if (entry->is_pending)
        break;
      renewed.size = entry->record.size;
      renewed.source = entry->record.source;
      entry->record = renewed;
    }
}

/* Another limit, up to date at once; what is above it goes. */
static void
change_limit (Model *self)
{
  guint32 number;

  self->max_bytes = bytestag_rng_range (self->rng, MAX_BYTES);
  bytestag_kept_index_set_max_bytes (self->index, self->max_bytes);
  while (bytestag_kept_index_recount (self->index, 7))
    ;
  while ((number = bytestag_kept_index_pick_excess (self->index)) != BYTESTAG_KEPT_NONE)
    drop_number (self, number, find_farthest (self));
}

/* Whatever happens, the index is what the model says. */
static void
test_model (gconstpointer user_data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (GPOINTER_TO_SIZE (user_data));
  g_autoptr (BytestagKeptIndex) index = bytestag_kept_index_new (MAX_VALUES);
  Model self = { .index = index, .rng = BYTESTAG_RNG (rng), .max_bytes = MAX_BYTES };

  bytestag_kept_index_set_max_bytes (index, MAX_BYTES);
  for (guint step = 0; step < 3000; step++)
    {
      guint n = bytestag_rng_range (self.rng, N_IDS);
      guint32 number;

      if (self.entries[n].is_there)
        change (&self, n);
      else
        add (&self, n);

      if (step % 50 == 49)
        {
          gint64 now = 1000 + bytestag_rng_range (self.rng, 40);

          while ((number = bytestag_kept_index_pick_expired (index, now)) != BYTESTAG_KEPT_NONE)
            drop_number (&self, number, find_expired (&self, now));
          g_assert_cmpint (find_expired (&self, now), ==, -1);
        }
      if (step % 200 == 199)
        {
          bytestag_rng_fill (self.rng, self.center.bytes, 1);
          bytestag_kept_index_set_center (index, &self.center);
        }
      if (step % 300 == 299)
        change_limit (&self);
      if (step % 10 == 0)
        check (&self);
    }
}

/* No more values than it is for, and small ones count for their part of the bytes. */
static void
test_limit_values (void)
{
  g_autoptr (BytestagKeptIndex) index = bytestag_kept_index_new (10);
  BytestagKvpRecord record = { 0 };

  bytestag_kept_index_set_max_bytes (index, 1000);
  for (guint i = 0; i < 10; i++)
    {
      record.id = make_id (i);
      g_assert_true (bytestag_kept_index_can_keep (index, &record));
      bytestag_kept_index_add (index, &record, i % 2 == 0);
    }
  record.id = make_id (11);
  record.id.key.bytes[0] = 0xff;
  g_assert_false (bytestag_kept_index_can_keep (index, &record));
  g_assert_cmpuint (bytestag_kept_index_get_n_values (index), ==, 5);
}

static gsize
get_heap (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* Of a tenth of a full table of a disk: some 85 bytes a value. */
static void
test_memory (void)
{
  const guint n = BYTESTAG_LIMIT_DATABASE_TABLE_VALUES / 10;
  gsize before = get_heap ();
  g_autoptr (BytestagKeptIndex) index = bytestag_kept_index_new (n);
  gsize used;

  bytestag_kept_index_set_max_bytes (index, G_MAXUINT64 / 2);
  for (guint i = 0; i < n; i++)
    {
      BytestagKvpRecord record = { .size = 262144, .until = 2000000000 + i % 100000 };

      bytestag_key_digest (&record.id.key, (const guint8 *) &i, sizeof i);
      record.id.index = record.id.key;
      record.source = (BytestagEndpoint) { .family = BYTESTAG_FAMILY_IPV4, .address = { 20, i % 50, i % 20, 1 } };
      bytestag_kept_index_add (index, &record, FALSE);
    }
  g_assert_cmpuint (bytestag_kept_index_get_n_values (index), ==, n);
  used = get_heap () - before;
  g_test_message ("%.1f bytes a value", (gdouble) used / n);
  /* A sanitizer's heap tells nothing. */
  if (used > 0)
    g_assert_cmpuint (used / n, <, 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize seed = 1; seed <= 4; seed++)
    {
      g_autofree char *path = g_strdup_printf ("/storage/kept-index/model/%" G_GSIZE_FORMAT, seed);

      g_test_add_data_func (path, GSIZE_TO_POINTER (seed), test_model);
    }
  g_test_add_func ("/storage/kept-index/limits/values", test_limit_values);
  g_test_add_func ("/storage/kept-index/memory", test_memory);

  return g_test_run ();
}
