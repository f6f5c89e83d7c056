/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-parts.h"

#include <string.h>

#include "core/limits.h"
#include "storage/growing-index.h"
#include "wire/file-info.h"

/* Parts are kept in blocks, so that nothing large is ever moved, and that what a share
 * had goes back when it goes. */
#define PARTS_OF_BLOCK 256
/* A part that another one with the same hash stands for. */
#define IS_TWIN (1u << 31)

/* Of the parts with one hash, one is in the index; its twins hang behind it, in a list
 * whose first element also knows the last (as prev). */
typedef struct
{
  BytestagKey key;
  guint32 next; /* in the index; of a twin: prev in the list */
  guint32 twin; /* the first twin; of a twin: the next one */
  guint32 file; /* number in the set, IS_TWIN */
} Part;

typedef struct
{
  BytestagSharedSet *set; /* NULL: free */
  guint32 number;         /* of the block in its set */
  guint32 n_allocated;
  Part *parts;
} Block;

struct _BytestagSharedParts
{
  GArray *blocks;      /* (element-type Block) */
  GArray *free_blocks; /* (element-type guint32) */
  BytestagGrowingIndex index;
};

struct _BytestagSharedSet
{
  guint n_refs;
  GArray *files;  /* (element-type BytestagSharedFile) */
  GArray *blocks; /* (element-type guint32) of the table */
  guint n_parts;
  gboolean removed;
};

static Part *
get_part (BytestagSharedParts *self, guint32 item)
{
  return &g_array_index (self->blocks, Block, item / PARTS_OF_BLOCK).parts[item % PARTS_OF_BLOCK];
}

static guint32
get_hash (gpointer owner, guint32 item)
{
  return bytestag_key_hash (&get_part (owner, item)->key);
}

static guint32 *
get_next (gpointer owner, guint32 item)
{
  return &get_part (owner, item)->next;
}

static BytestagSharedPart
describe (BytestagSharedParts *self, guint32 item)
{
  const Block *block = &g_array_index (self->blocks, Block, item / PARTS_OF_BLOCK);
  BytestagSharedPart part = { .set = block->set };
  guint position = block->number * PARTS_OF_BLOCK + item % PARTS_OF_BLOCK;

  part.file = block->parts[item % PARTS_OF_BLOCK].file & ~IS_TWIN;
  part.number = position - bytestag_shared_set_get_file (part.set, part.file)->first;

  return part;
}

static gboolean
is_present (BytestagSharedParts *self, guint32 item)
{
  BytestagSharedPart part = describe (self, item);

  return bytestag_shared_part_is_present (&part);
}

BytestagSharedParts *
bytestag_shared_parts_new (void)
{
  BytestagSharedParts *self = g_new0 (BytestagSharedParts, 1);

  self->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  self->free_blocks = g_array_new (FALSE, FALSE, sizeof (guint32));
  bytestag_growing_index_init (&self->index, self, get_hash, get_next);

  return self;
}

static void
free_block (BytestagSharedParts *self, guint32 number)
{
  Block *block = &g_array_index (self->blocks, Block, number);

  g_free (block->parts);
  g_clear_pointer (&block->set, bytestag_shared_set_unref);
}

void
bytestag_shared_parts_free (BytestagSharedParts *self)
{
  for (guint i = 0; i < self->blocks->len; i++)
    {
      if (g_array_index (self->blocks, Block, i).set != NULL)
        free_block (self, i);
    }
  bytestag_growing_index_clear (&self->index);
  g_array_unref (self->blocks);
  g_array_unref (self->free_blocks);
  g_free (self);
}

static void
file_clear (gpointer data)
{
  BytestagSharedFile *file = data;

  bytestag_shared_file_forget_checked (file);
  g_free (file->path);
}

BytestagSharedSet *
bytestag_shared_parts_add_set (BytestagSharedParts *self)
{
  BytestagSharedSet *set = g_new0 (BytestagSharedSet, 1);

  set->n_refs = 1;
  set->files = g_array_new (FALSE, FALSE, sizeof (BytestagSharedFile));
  g_array_set_clear_func (set->files, file_clear);
  set->blocks = g_array_new (FALSE, FALSE, sizeof (guint32));

  return set;
}

guint
bytestag_shared_parts_add_file (BytestagSharedParts     *self,
                                BytestagSharedSet       *set,
                                gint64                   id,
                                const char              *path,
                                const BytestagFileStamp *stamp)
{
  BytestagSharedFile file = { .id = id, .path = g_strdup (path), .stamp = *stamp, .first = set->n_parts };

  file.n_parts = (guint32) MAX (1, (stamp->size + BYTESTAG_PART_SIZE - 1) / BYTESTAG_PART_SIZE);
  g_array_append_val (set->files, file);

  return set->files->len - 1;
}

/* The place of the next part of @set. A set of few parts does not take a whole block. */
static guint32
add_place (BytestagSharedParts *self, BytestagSharedSet *set)
{
  guint offset = set->n_parts % PARTS_OF_BLOCK;
  guint32 number;
  Block *block;

  if (offset == 0)
    {
      if (self->free_blocks->len > 0)
        {
          number = g_array_index (self->free_blocks, guint32, self->free_blocks->len - 1);
          g_array_set_size (self->free_blocks, self->free_blocks->len - 1);
        }
      else
        {
          number = self->blocks->len;
          g_array_set_size (self->blocks, self->blocks->len + 1);
        }
      block = &g_array_index (self->blocks, Block, number);
      *block = (Block) { .set = bytestag_shared_set_ref (set), .number = set->blocks->len };
      block->n_allocated = set->blocks->len == 0 ? 1 : PARTS_OF_BLOCK;
      block->parts = g_new (Part, block->n_allocated);
      g_array_append_val (set->blocks, number);
    }

  number = g_array_index (set->blocks, guint32, set->blocks->len - 1);
  block = &g_array_index (self->blocks, Block, number);
  if (offset == block->n_allocated)
    {
      block->n_allocated *= 2;
      block->parts = g_renew (Part, block->parts, block->n_allocated);
    }
  set->n_parts++;

  return number * PARTS_OF_BLOCK + offset;
}

/* The part of this hash that is in the index. */
static guint32
find (BytestagSharedParts *self, const BytestagKey *key)
{
  guint32 item = bytestag_growing_index_first (&self->index, bytestag_key_hash (key));

  while (item != BYTESTAG_NO_ITEM && !bytestag_key_equal (&get_part (self, item)->key, key))
    item = get_part (self, item)->next;

  return item;
}

static void
prepend_twin (BytestagSharedParts *self, guint32 server, guint32 item)
{
  Part *part = get_part (self, item);
  guint32 first = get_part (self, server)->twin;

  part->file |= IS_TWIN;
  part->twin = first;
  part->next = item;
  if (first != BYTESTAG_NO_ITEM)
    {
      part->next = get_part (self, first)->next;
      get_part (self, first)->next = item;
    }
  get_part (self, server)->twin = item;
}

static void
append_twin (BytestagSharedParts *self, guint32 server, guint32 item)
{
  Part *part = get_part (self, item);
  guint32 first = get_part (self, server)->twin;
  guint32 last;

  if (first == BYTESTAG_NO_ITEM)
    {
      prepend_twin (self, server, item);
      return;
    }

  last = get_part (self, first)->next;
  part->file |= IS_TWIN;
  part->twin = BYTESTAG_NO_ITEM;
  part->next = last;
  get_part (self, last)->twin = item;
  get_part (self, first)->next = item;
}

static void
remove_twin (BytestagSharedParts *self, guint32 server, guint32 item)
{
  const Part *part = get_part (self, item);
  guint32 first = get_part (self, server)->twin;

  if (item == first)
    get_part (self, server)->twin = part->twin;
  else
    get_part (self, part->next)->twin = part->twin;

  if (part->twin != BYTESTAG_NO_ITEM)
    get_part (self, part->twin)->next = part->next;
  else if (item != first)
    get_part (self, first)->next = part->next;
}

/* The first twin stands in the index for @server from now on, which is in no list then. */
static guint32
hand_over (BytestagSharedParts *self, guint32 server)
{
  guint32 heir = get_part (self, server)->twin;

  bytestag_growing_index_remove (&self->index, server);
  if (heir == BYTESTAG_NO_ITEM)
    return heir;

  remove_twin (self, server, heir);
  get_part (self, heir)->twin = get_part (self, server)->twin;
  get_part (self, heir)->file &= ~IS_TWIN;
  bytestag_growing_index_insert (&self->index, heir);

  return heir;
}

gboolean
bytestag_shared_parts_add_part (BytestagSharedParts *self, BytestagSharedSet *set, const BytestagKey *key)
{
  guint32 item = add_place (self, set);
  guint32 server = find (self, key);
  Part *part = get_part (self, item);
  gboolean is_first;

  *part = (Part) { .key = *key, .twin = BYTESTAG_NO_ITEM, .file = set->files->len - 1 };
  if (server == BYTESTAG_NO_ITEM)
    {
      bytestag_growing_index_insert (&self->index, item);
      return TRUE;
    }

  /* Whoever was added last is the first of the twins. */
  is_first = describe (self, server).set != set;
  if (is_first && get_part (self, server)->twin != BYTESTAG_NO_ITEM)
    is_first = describe (self, get_part (self, server)->twin).set != set;
  prepend_twin (self, server, item);

  return is_first;
}

static void
remove_part (BytestagSharedParts *self, guint32 item)
{
  if (get_part (self, item)->file & IS_TWIN)
    remove_twin (self, find (self, &get_part (self, item)->key), item);
  else
    hand_over (self, item);
}

/* The last part of @set. */
static void
remove_last_part (BytestagSharedParts *self, BytestagSharedSet *set)
{
  guint32 number = g_array_index (set->blocks, guint32, set->blocks->len - 1);
  guint offset = (set->n_parts - 1) % PARTS_OF_BLOCK;

  remove_part (self, number * PARTS_OF_BLOCK + offset);
  set->n_parts--;
  if (offset == 0)
    {
      g_array_set_size (set->blocks, set->blocks->len - 1);
      free_block (self, number);
      g_array_append_val (self->free_blocks, number);
    }
}

gboolean
bytestag_shared_parts_remove_set (BytestagSharedParts *self, BytestagSharedSet *set, guint max)
{
  set->removed = TRUE;

  for (guint i = 0; i < max && set->files->len > 0; i++)
    {
      if (set->n_parts > bytestag_shared_set_get_file (set, set->files->len - 1)->first)
        remove_last_part (self, set);
      else
        g_array_set_size (set->files, set->files->len - 1);
    }

  return set->files->len > 0;
}

gboolean
bytestag_shared_parts_find (BytestagSharedParts *self, const BytestagKey *key, BytestagSharedPart *part)
{
  guint32 server = find (self, key);

  if (server == BYTESTAG_NO_ITEM)
    return FALSE;

  /* Those that cannot be read go to the end, so that the next search begins behind them. */
  for (guint i = 0; i < BYTESTAG_LIMIT_TWINS_TRIED && !is_present (self, server); i++)
    {
      guint32 heir = hand_over (self, server);

      if (heir == BYTESTAG_NO_ITEM)
        {
          bytestag_growing_index_insert (&self->index, server);
          break;
        }
      append_twin (self, heir, server);
      server = heir;
    }
  *part = describe (self, server);

  return TRUE;
}

gboolean
bytestag_shared_part_is_present (const BytestagSharedPart *part)
{
  return !part->set->removed
         && bytestag_shared_set_get_file (part->set, part->file)->state == BYTESTAG_SHARED_FILE_PRESENT;
}

BytestagSharedSet *
bytestag_shared_set_ref (BytestagSharedSet *self)
{
  self->n_refs++;

  return self;
}

void
bytestag_shared_set_unref (BytestagSharedSet *self)
{
  if (--self->n_refs > 0)
    return;

  g_array_unref (self->files);
  g_array_unref (self->blocks);
  g_free (self);
}

guint
bytestag_shared_set_get_n_files (BytestagSharedSet *self)
{
  return self->files->len;
}

guint
bytestag_shared_set_get_n_parts (BytestagSharedSet *self)
{
  return self->n_parts;
}

gboolean
bytestag_shared_set_is_removed (BytestagSharedSet *self)
{
  return self->removed;
}

BytestagSharedFile *
bytestag_shared_set_get_file (BytestagSharedSet *self, guint file)
{
  return &g_array_index (self->files, BytestagSharedFile, file);
}

gsize
bytestag_shared_file_get_length (const BytestagSharedFile *self, guint number)
{
  return MIN (self->stamp.size - (guint64) number * BYTESTAG_PART_SIZE, BYTESTAG_PART_SIZE);
}

gboolean
bytestag_shared_file_is_checked (const BytestagSharedFile *self, guint number)
{
  if (self->n_parts <= 64)
    return (self->checked.bits >> number) & 1;

  return self->checked.map != NULL && (self->checked.map[number / 8] >> (number % 8)) & 1;
}

void
bytestag_shared_file_set_checked (BytestagSharedFile *self, guint number)
{
  if (self->n_parts <= 64)
    {
      self->checked.bits |= G_GUINT64_CONSTANT (1) << number;
      return;
    }

  if (self->checked.map == NULL)
    self->checked.map = g_malloc0 (self->n_parts / 8 + 1);
  self->checked.map[number / 8] |= (guint8) (1 << (number % 8));
}

void
bytestag_shared_file_forget_checked (BytestagSharedFile *self)
{
  if (self->n_parts <= 64)
    self->checked.bits = 0;
  else
    g_clear_pointer (&self->checked.map, g_free);
}
