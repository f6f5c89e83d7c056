/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/growing-index.h"

#define FIRST_BUCKETS 16

void
bytestag_growing_index_init (BytestagGrowingIndex *self,
                             gpointer              owner,
                             guint32             (*get_hash) (gpointer owner, guint32 item),
                             guint32            *(*get_next) (gpointer owner, guint32 item))
{
  *self = (BytestagGrowingIndex) { .owner = owner, .get_hash = get_hash, .get_next = get_next };
  bytestag_growing_index_clear (self);
}

void
bytestag_growing_index_clear (BytestagGrowingIndex *self)
{
  g_clear_pointer (&self->heads, g_free);
  self->n_buckets = 0;
  self->n_allocated = 0;
  self->n_items = 0;
}

/* The buckets that are there are numbered by as many bits of the hash as the largest
 * number has; one that is not there yet is still with the bucket of a bit less. */
static guint
find_bucket (BytestagGrowingIndex *self, guint32 hash)
{
  guint mask = (1u << g_bit_storage (self->n_buckets - 1)) - 1;
  guint bucket = hash & mask;

  return bucket < self->n_buckets ? bucket : hash & (mask >> 1);
}

guint32
bytestag_growing_index_first (BytestagGrowingIndex *self, guint32 hash)
{
  return self->n_buckets > 0 ? self->heads[find_bucket (self, hash)] : BYTESTAG_NO_ITEM;
}

static void
push (BytestagGrowingIndex *self, guint bucket, guint32 item)
{
  *self->get_next (self->owner, item) = self->heads[bucket];
  self->heads[bucket] = item;
}

/* One bucket more: some items of an older one belong to it. */
static void
add_bucket (BytestagGrowingIndex *self)
{
  guint added = self->n_buckets;
  guint split = added & ((1u << (g_bit_storage (added) - 1)) - 1);
  guint32 item;

  if (added == self->n_allocated)
    {
      self->n_allocated *= 2;
      self->heads = g_renew (guint32, self->heads, self->n_allocated);
    }
  self->heads[added] = BYTESTAG_NO_ITEM;
  self->n_buckets++;

  item = self->heads[split];
  self->heads[split] = BYTESTAG_NO_ITEM;
  while (item != BYTESTAG_NO_ITEM)
    {
      guint32 next = *self->get_next (self->owner, item);

      push (self, find_bucket (self, self->get_hash (self->owner, item)), item);
      item = next;
    }
}

void
bytestag_growing_index_insert (BytestagGrowingIndex *self, guint32 item)
{
  if (self->n_buckets == 0)
    {
      self->n_allocated = FIRST_BUCKETS;
      self->heads = g_new (guint32, self->n_allocated);
      self->n_buckets = FIRST_BUCKETS;
      for (guint i = 0; i < self->n_buckets; i++)
        self->heads[i] = BYTESTAG_NO_ITEM;
    }
  else if (self->n_items >= self->n_buckets)
    {
      add_bucket (self);
    }

  push (self, find_bucket (self, self->get_hash (self->owner, item)), item);
  self->n_items++;
}

void
bytestag_growing_index_remove (BytestagGrowingIndex *self, guint32 item)
{
  guint32 *link = &self->heads[find_bucket (self, self->get_hash (self->owner, item))];

  while (*link != item)
    {
      g_assert (*link != BYTESTAG_NO_ITEM);
      link = self->get_next (self->owner, *link);
    }

  *link = *self->get_next (self->owner, item);
  self->n_items--;
}
