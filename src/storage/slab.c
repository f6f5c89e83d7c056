/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/slab.h"

#include <string.h>

#define ITEMS_OF_CHUNK (1u << BYTESTAG_SLAB_CHUNK_BITS)

void
bytestag_slab_init (BytestagSlab *self, gsize item_size)
{
  g_assert (item_size >= sizeof (guint32));

  *self = (BytestagSlab) {
    .chunks = g_ptr_array_new_with_free_func (g_free),
    .item_size = item_size,
    .first_free = BYTESTAG_SLAB_NONE,
  };
}

void
bytestag_slab_clear (BytestagSlab *self)
{
  g_clear_pointer (&self->chunks, g_ptr_array_unref);
}

guint32
bytestag_slab_add (BytestagSlab *self)
{
  guint32 number = self->first_free;
  gpointer item;

  if (number == BYTESTAG_SLAB_NONE)
    {
      number = self->n_items++;
      if (number % ITEMS_OF_CHUNK == 0)
        g_ptr_array_add (self->chunks, g_malloc0 (ITEMS_OF_CHUNK * self->item_size));
      return number;
    }

  item = bytestag_slab_get (self, number);
  memcpy (&self->first_free, item, sizeof self->first_free);
  memset (item, 0, self->item_size);

  return number;
}

void
bytestag_slab_free (BytestagSlab *self, guint32 number)
{
  gpointer item = bytestag_slab_get (self, number);

  memset (item, 0, self->item_size);
  memcpy (item, &self->first_free, sizeof self->first_free);
  self->first_free = number;
}
