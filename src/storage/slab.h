/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Items of one size, each named by a number that stays until it is freed: 4 bytes where a
 * pointer takes 8, without what an allocation of its own would cost. */
typedef struct
{
  GPtrArray *chunks;
  gsize item_size; /* 4 at least: one that is free holds the number of the next */
  guint32 n_items; /* numbers ever given */
  guint32 first_free;
} BytestagSlab;

/* No item. */
#define BYTESTAG_SLAB_NONE G_MAXUINT32

void    bytestag_slab_init  (BytestagSlab *self,
                             gsize         item_size);
void    bytestag_slab_clear (BytestagSlab *self);
/* The number of an item that is all zeros. */
guint32 bytestag_slab_add   (BytestagSlab *self);
void    bytestag_slab_free  (BytestagSlab *self,
                             guint32       number);

#define BYTESTAG_SLAB_CHUNK_BITS 6

static inline gpointer
bytestag_slab_get (const BytestagSlab *self, guint32 number)
{
  guint8 *chunk = self->chunks->pdata[number >> BYTESTAG_SLAB_CHUNK_BITS];

  return chunk + (number & ((1 << BYTESTAG_SLAB_CHUNK_BITS) - 1)) * self->item_size;
}

G_END_DECLS
