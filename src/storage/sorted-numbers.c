/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/sorted-numbers.h"

#include <string.h>

/* Numbers of a block: 2 KiB that are moved at most, and 2,000 blocks for a million. */
#define MAX_OF_BLOCK 512
#define FIRST_CAPACITY 8

typedef struct
{
  guint32 *numbers;
  guint16 n;
  guint16 capacity;
} Block;

struct _BytestagSortedNumbers
{
  BytestagSortedCompareFunc compare;
  gpointer user_data;
  GArray *blocks; /* (element-type Block), none of them empty */
  guint n;
};

static void
clear_block (gpointer block)
{
  g_free (((Block *) block)->numbers);
}

BytestagSortedNumbers *
bytestag_sorted_numbers_new (BytestagSortedCompareFunc compare, gpointer user_data)
{
  BytestagSortedNumbers *self = g_new0 (BytestagSortedNumbers, 1);

  self->compare = compare;
  self->user_data = user_data;
  self->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  g_array_set_clear_func (self->blocks, clear_block);

  return self;
}

void
bytestag_sorted_numbers_free (BytestagSortedNumbers *self)
{
  g_array_unref (self->blocks);
  g_free (self);
}

guint
bytestag_sorted_numbers_get_n (const BytestagSortedNumbers *self)
{
  return self->n;
}

static Block *
get_block (const BytestagSortedNumbers *self, guint i)
{
  return &g_array_index (self->blocks, Block, i);
}

static guint32
get_at (const BytestagSortedNumbers *self, const BytestagSortedPlace *place)
{
  if (place->block >= self->blocks->len)
    return BYTESTAG_SORTED_NONE;

  return get_block (self, place->block)->numbers[place->offset];
}

/* The first block whose last number is not before @probe, or how many there are. */
static guint
find_block (const BytestagSortedNumbers *self, gconstpointer probe)
{
  guint low = 0;
  guint high = self->blocks->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const Block *block = get_block (self, middle);

      if (self->compare (probe, block->numbers[block->n - 1], self->user_data) > 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static guint
find_offset (const BytestagSortedNumbers *self, const Block *block, gconstpointer probe)
{
  guint low = 0;
  guint high = block->n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (self->compare (probe, block->numbers[middle], self->user_data) > 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

guint32
bytestag_sorted_numbers_seek (const BytestagSortedNumbers *self, gconstpointer probe, BytestagSortedPlace *place)
{
  place->block = find_block (self, probe);
  place->offset = 0;
  if (place->block < self->blocks->len)
    place->offset = find_offset (self, get_block (self, place->block), probe);

  return get_at (self, place);
}

guint32
bytestag_sorted_numbers_find (const BytestagSortedNumbers *self, gconstpointer probe)
{
  BytestagSortedPlace place;
  guint32 number = bytestag_sorted_numbers_seek (self, probe, &place);

  if (number == BYTESTAG_SORTED_NONE || self->compare (probe, number, self->user_data) != 0)
    return BYTESTAG_SORTED_NONE;

  return number;
}

guint32
bytestag_sorted_numbers_next (const BytestagSortedNumbers *self, BytestagSortedPlace *place)
{
  if (place->block < self->blocks->len && ++place->offset == get_block (self, place->block)->n)
    {
      place->block++;
      place->offset = 0;
    }

  return get_at (self, place);
}

guint32
bytestag_sorted_numbers_previous (const BytestagSortedNumbers *self, BytestagSortedPlace *place)
{
  if (place->offset > 0)
    {
      place->offset--;
    }
  else
    {
      if (place->block == 0)
        return BYTESTAG_SORTED_NONE;
      place->block--;
      place->offset = get_block (self, place->block)->n - 1u;
    }

  return get_at (self, place);
}

guint32
bytestag_sorted_numbers_first (const BytestagSortedNumbers *self, BytestagSortedPlace *place)
{
  *place = (BytestagSortedPlace) { 0, 0 };

  return get_at (self, place);
}

guint32
bytestag_sorted_numbers_last (const BytestagSortedNumbers *self)
{
  const Block *block;

  if (self->blocks->len == 0)
    return BYTESTAG_SORTED_NONE;

  block = get_block (self, self->blocks->len - 1);

  return block->numbers[block->n - 1];
}

/* Makes room for a number at @place, which may lie behind the end of its block. */
static void
make_room (BytestagSortedNumbers *self, BytestagSortedPlace *place)
{
  Block *block = get_block (self, place->block);

  if (block->n == MAX_OF_BLOCK)
    {
      /* What comes in order, as when all are loaded, leaves full blocks behind. */
      guint n_left = place->offset == MAX_OF_BLOCK ? MAX_OF_BLOCK : MAX_OF_BLOCK / 2;
      Block right = { .n = (guint16) (MAX_OF_BLOCK - n_left), .capacity = MAX_OF_BLOCK };

      right.numbers = g_new (guint32, MAX_OF_BLOCK);
      memcpy (right.numbers, block->numbers + n_left, right.n * sizeof (guint32));
      block->n = (guint16) n_left;
      g_array_insert_val (self->blocks, place->block + 1, right);
      if (place->offset >= n_left)
        {
          place->block++;
          place->offset -= n_left;
        }
      block = get_block (self, place->block);
    }

  if (block->n == block->capacity)
    {
      block->capacity *= 2;
      block->numbers = g_renew (guint32, block->numbers, block->capacity);
    }
}

void
bytestag_sorted_numbers_add (BytestagSortedNumbers *self, gconstpointer probe, guint32 number)
{
  BytestagSortedPlace place = { 0, 0 };
  Block *block;

  if (self->blocks->len == 0)
    {
      Block first = { .numbers = g_new (guint32, FIRST_CAPACITY), .capacity = FIRST_CAPACITY };

      g_array_append_val (self->blocks, first);
    }
  else
    {
      place.block = MIN (find_block (self, probe), self->blocks->len - 1);
      place.offset = find_offset (self, get_block (self, place.block), probe);
    }
  make_room (self, &place);
  block = get_block (self, place.block);
  memmove (block->numbers + place.offset + 1, block->numbers + place.offset,
           (block->n - place.offset) * sizeof (guint32));
  block->numbers[place.offset] = number;
  block->n++;
  self->n++;
}

/* Joins the block @i to the one before when both have become small. */
static void
join (BytestagSortedNumbers *self, guint i)
{
  Block *left;
  Block *right;

  if (i == 0 || i >= self->blocks->len)
    return;

  left = get_block (self, i - 1);
  right = get_block (self, i);
  if (left->n + right->n > MAX_OF_BLOCK / 2)
    return;

  if (left->capacity < left->n + right->n)
    {
      left->capacity = MAX_OF_BLOCK;
      left->numbers = g_renew (guint32, left->numbers, left->capacity);
    }
  memcpy (left->numbers + left->n, right->numbers, right->n * sizeof (guint32));
  left->n = (guint16) (left->n + right->n);
  g_array_remove_index (self->blocks, i);
}

void
bytestag_sorted_numbers_remove (BytestagSortedNumbers *self, gconstpointer probe)
{
  BytestagSortedPlace place;
  guint32 number = bytestag_sorted_numbers_seek (self, probe, &place);
  Block *block;

  g_return_if_fail (number != BYTESTAG_SORTED_NONE && self->compare (probe, number, self->user_data) == 0);

  block = get_block (self, place.block);
  block->n--;
  memmove (block->numbers + place.offset, block->numbers + place.offset + 1,
           (block->n - place.offset) * sizeof (guint32));
  self->n--;
  if (block->n == 0)
    {
      g_array_remove_index (self->blocks, place.block);
      return;
    }
  join (self, place.block + 1);
  join (self, place.block);
}
