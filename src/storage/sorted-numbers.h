/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers of items in an order of the items: some 6 bytes a number, where a balanced tree
 * takes 48. Blocks of numbers; every step takes the logarithm of how many there are, and
 * the move of one block, whatever keys peers choose. Not a GObject: part of a table. */
typedef struct _BytestagSortedNumbers BytestagSortedNumbers;

/* How what @probe describes stands to the item @number. */
typedef int (*BytestagSortedCompareFunc) (gconstpointer probe, guint32 number, gpointer user_data);

/* A place in the order; void when anything was added or removed. */
typedef struct
{
  guint block;
  guint offset;
} BytestagSortedPlace;

/* No number. */
#define BYTESTAG_SORTED_NONE G_MAXUINT32

BytestagSortedNumbers *bytestag_sorted_numbers_new    (BytestagSortedCompareFunc    compare,
                                                       gpointer                     user_data);
void                   bytestag_sorted_numbers_free   (BytestagSortedNumbers       *self);
guint                  bytestag_sorted_numbers_get_n  (const BytestagSortedNumbers *self);
/* @probe describes @number, and no other that is there. */
void                   bytestag_sorted_numbers_add    (BytestagSortedNumbers       *self,
                                                       gconstpointer                probe,
                                                       guint32                      number);
/* The number that @probe describes must be there. */
void                   bytestag_sorted_numbers_remove (BytestagSortedNumbers       *self,
                                                       gconstpointer                probe);
/* The number that @probe describes, or none. */
guint32                bytestag_sorted_numbers_find   (const BytestagSortedNumbers *self,
                                                       gconstpointer                probe);
/* The first place that is not before @probe, and what is there, or none. */
guint32                bytestag_sorted_numbers_seek   (const BytestagSortedNumbers *self,
                                                       gconstpointer                probe,
                                                       BytestagSortedPlace         *place);
/* Goes to the next place, or the one before; what is there, or none: beyond the end, where
 * _previous() leads back, or before the first. */
guint32                bytestag_sorted_numbers_next   (const BytestagSortedNumbers *self,
                                                       BytestagSortedPlace         *place);
guint32                bytestag_sorted_numbers_previous (const BytestagSortedNumbers *self,
                                                       BytestagSortedPlace         *place);
/* The first number, or none. */
guint32                bytestag_sorted_numbers_first  (const BytestagSortedNumbers *self,
                                                       BytestagSortedPlace         *place);
/* The last number, or none. */
guint32                bytestag_sorted_numbers_last   (const BytestagSortedNumbers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagSortedNumbers, bytestag_sorted_numbers_free)

G_END_DECLS
