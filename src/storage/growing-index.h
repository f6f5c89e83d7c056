/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* No item. */
#define BYTESTAG_NO_ITEM G_MAXUINT32

/**
 * BytestagGrowingIndex:
 * @owner: given to the functions
 * @get_hash: the hash of an item, always the same
 * @get_next: where the owner keeps a number for us, in the item
 *
 * Finds items, that are numbers, by hash. It grows by one bucket with each item (linear
 * hashing), so that no call takes long because it holds a million; an item costs 4 bytes
 * here and 4 at its owner's. The fields below are its own.
 */
typedef struct
{
  gpointer owner;
  guint32 (*get_hash) (gpointer owner, guint32 item);
  guint32 *(*get_next) (gpointer owner, guint32 item);

  guint32 *heads;
  guint n_buckets;
  guint n_allocated;
  guint n_items;
} BytestagGrowingIndex;

void    bytestag_growing_index_init    (BytestagGrowingIndex *self,
                                        gpointer              owner,
                                        guint32             (*get_hash) (gpointer owner, guint32 item),
                                        guint32            *(*get_next) (gpointer owner, guint32 item));
void    bytestag_growing_index_clear   (BytestagGrowingIndex *self);
/* The first of those that may have @hash, or BYTESTAG_NO_ITEM; the next one is where
 * @get_next says. */
guint32 bytestag_growing_index_first   (BytestagGrowingIndex *self,
                                        guint32               hash);
void    bytestag_growing_index_insert  (BytestagGrowingIndex *self,
                                        guint32               item);
/* @item is there. */
void    bytestag_growing_index_remove  (BytestagGrowingIndex *self,
                                        guint32               item);

G_END_DECLS
