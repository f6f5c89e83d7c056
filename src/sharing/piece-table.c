/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/piece-table.h"

#include <string.h>

#include "core/limits.h"

/* Entries lie in blocks, which never move: growing is no long step. Their order is kept
 * beside, in chunks of slots. A FileInfo has a larger entry, since its index is not its
 * key; slots of those have the highest bit. */

#define ENTRIES_OF_BLOCK 1024
#define SLOTS_OF_CHUNK 512
/* Some 10 µs each. */
#define BLOCKS_OF_SWEEP 16
#define INFO_SLOT (1u << 31)
/* In the owners of an entry: the rest is the number of a set of several. */
#define OWNER_SET (1u << 17)

G_STATIC_ASSERT (BYTESTAG_LIMIT_PUBLICATIONS <= OWNER_SET);
/* While one publication goes, each set may have a smaller one beside it. */
G_STATIC_ASSERT (BYTESTAG_LIMIT_OWNER_SETS * 2 <= OWNER_SET);

typedef struct {
  BytestagPieceEntry entry;
  BytestagKey index;
} InfoEntry;

typedef struct {
  guint n;
  guint32 slots[SLOTS_OF_CHUNK];
} Chunk;

/* Entries of one size. A free one tells the next in its until. */
typedef struct {
  GPtrArray *blocks;
  gsize entry_size;
  guint32 n_made;
  guint32 first_free;
} Arena;

/* Publications, in order of number, that some pieces have in common. */
typedef struct {
  guint n_pieces;
  guint n_owners;
  guint32 owners[];
} OwnerSet;

struct _BytestagPieceTable
{
  Arena parts;
  Arena infos;
  GPtrArray *garbage; /* blocks of pieces that there were */
  GPtrArray *chunks; /* (element-type Chunk) none is empty */
  GArray *firsts;    /* (element-type guint64) the beginning of the first key of each */
  GPtrArray *sets;   /* (element-type OwnerSet) (nullable elements): free numbers */
  GHashTable *sets_by_owners; /* OwnerSet → its number */
  GArray *free_sets; /* (element-type guint32) */
  guint n;
};

static void
arena_init (Arena *self,
            gsize  entry_size)
{
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  self->entry_size = entry_size;
  self->first_free = BYTESTAG_NO_SLOT;
}

static gpointer
arena_get (const Arena *self,
           guint32      number)
{
  guint8 *block = self->blocks->pdata[number / ENTRIES_OF_BLOCK];

  return block + number % ENTRIES_OF_BLOCK * self->entry_size;
}

static guint32
arena_take (Arena *self)
{
  guint32 number = self->first_free;

  if (number != BYTESTAG_NO_SLOT)
    {
      self->first_free = ((BytestagPieceEntry *) arena_get (self, number))->until;
      return number;
    }

  if (self->n_made % ENTRIES_OF_BLOCK == 0)
    g_ptr_array_add (self->blocks, g_malloc (ENTRIES_OF_BLOCK * self->entry_size));
  return self->n_made++;
}

static void
arena_give_back (Arena   *self,
                 guint32  number)
{
  BytestagPieceEntry *entry = arena_get (self, number);

  entry->until = self->first_free;
  self->first_free = number;
}

/* Its blocks are freed later, a few at a time. */
static void
arena_forget_all (Arena     *self,
                  GPtrArray *garbage)
{
  g_ptr_array_extend_and_steal (garbage, g_steal_pointer (&self->blocks));
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  self->n_made = 0;
  self->first_free = BYTESTAG_NO_SLOT;
}

/* Sets of owners */

static guint
owner_set_hash (gconstpointer data)
{
  const OwnerSet *set = data;
  guint hash = 5381;

  for (guint i = 0; i < set->n_owners; i++)
    hash = hash * 33 + set->owners[i];
  return hash;
}

static gboolean
owner_set_equal (gconstpointer a,
                 gconstpointer b)
{
  const OwnerSet *one = a;
  const OwnerSet *other = b;

  return one->n_owners == other->n_owners &&
         memcmp (one->owners, other->owners, one->n_owners * sizeof *one->owners) == 0;
}

static OwnerSet *
get_set (const BytestagPieceTable *self,
         guint32                   owners)
{
  return self->sets->pdata[owners & ~OWNER_SET];
}

static void
leave_set (BytestagPieceTable *self,
           guint32             owners)
{
  guint32 number = owners & ~OWNER_SET;
  OwnerSet *set;

  if ((owners & OWNER_SET) == 0)
    return;

  set = get_set (self, owners);
  if (--set->n_pieces > 0)
    return;

  g_hash_table_remove (self->sets_by_owners, set);
  self->sets->pdata[number] = NULL;
  g_array_append_val (self->free_sets, number);
  g_free (set);
}

/* (transfer full) @set; joins the one with the same owners. BYTESTAG_NO_SLOT: there is
 * none, and there are @max sets. */
static guint32
join_set (BytestagPieceTable *self,
          OwnerSet           *set,
          guint               max)
{
  gpointer known;
  guint32 number;

  if (g_hash_table_lookup_extended (self->sets_by_owners, set, NULL, &known))
    {
      number = GPOINTER_TO_UINT (known);
      g_free (set);
    }
  else if (g_hash_table_size (self->sets_by_owners) < max)
    {
      if (self->free_sets->len > 0)
        {
          number = g_array_index (self->free_sets, guint32, self->free_sets->len - 1);
          g_array_set_size (self->free_sets, self->free_sets->len - 1);
        }
      else
        {
          number = self->sets->len;
          g_ptr_array_add (self->sets, NULL);
        }
      self->sets->pdata[number] = set;
      g_hash_table_insert (self->sets_by_owners, set, GUINT_TO_POINTER (number));
    }
  else
    {
      g_free (set);
      return BYTESTAG_NO_SLOT;
    }

  get_set (self, number)->n_pieces++;
  return number | OWNER_SET;
}

/* The owners of an entry as a list. */
static guint
list_owners (const BytestagPieceTable *self,
             guint32                  *owners,
             const guint32           **list)
{
  OwnerSet *set;

  if ((*owners & OWNER_SET) == 0)
    {
      *list = owners;
      return 1;
    }

  set = get_set (self, *owners);
  *list = set->owners;
  return set->n_owners;
}

/* @slot, or why not. */
static guint32
add_owner (BytestagPieceTable *self,
           guint32             slot,
           guint32             owner)
{
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self, slot);
  guint32 owners = entry->owners;
  const guint32 *list;
  guint n = list_owners (self, &owners, &list);
  OwnerSet *set = g_malloc0 (sizeof *set + (n + 1) * sizeof *set->owners);
  guint position = 0;
  guint32 joined;

  while (position < n && list[position] < owner)
    position++;
  if (position < n && list[position] == owner)
    {
      g_free (set);
      return BYTESTAG_NO_SLOT;
    }

  set->n_owners = n + 1;
  memcpy (set->owners, list, position * sizeof *list);
  set->owners[position] = owner;
  memcpy (set->owners + position + 1, list + position, (n - position) * sizeof *list);
  joined = join_set (self, set, BYTESTAG_LIMIT_OWNER_SETS);
  if (joined == BYTESTAG_NO_SLOT)
    return BYTESTAG_FULL_SLOT;
  leave_set (self, owners);
  entry->owners = joined;
  return slot;
}

/* TRUE: nobody has it any more. */
static gboolean
remove_owner (BytestagPieceTable *self,
              BytestagPieceEntry *entry,
              guint32             owner)
{
  guint32 owners = entry->owners;
  const guint32 *list;
  guint n = list_owners (self, &owners, &list);
  OwnerSet *set;

  if (n == 1)
    return list[0] == owner;

  set = g_malloc0 (sizeof *set + n * sizeof *set->owners);
  for (guint i = 0; i < n; i++)
    if (list[i] != owner)
      set->owners[set->n_owners++] = list[i];

  if (set->n_owners == 1)
    {
      entry->owners = set->owners[0];
      g_free (set);
    }
  else
    {
      entry->owners = join_set (self, set, OWNER_SET);
    }
  leave_set (self, owners);
  return FALSE;
}

/* Order */

static int
compare (const BytestagPieceTable *self,
         guint32                   slot,
         const BytestagKvpId      *id)
{
  const BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self, slot);
  int result = bytestag_key_compare (&entry->key, &id->key);

  if (result != 0)
    return result;
  return bytestag_key_compare ((slot & INFO_SLOT) != 0 ? &((const InfoEntry *) entry)->index : &entry->key,
                               &id->index);
}

static guint64
get_beginning (const BytestagKey *key)
{
  guint64 beginning;

  memcpy (&beginning, key->bytes, sizeof beginning);
  return GUINT64_FROM_BE (beginning);
}

/* Whether the chunk begins with an id that is not behind @id. The beginnings lie together,
 * and decide nearly always. */
static gboolean
begins_before (const BytestagPieceTable *self,
               guint                     chunk_number,
               const BytestagKvpId      *id)
{
  guint64 beginning = get_beginning (&id->key);
  guint64 first = g_array_index (self->firsts, guint64, chunk_number);

  return first != beginning ? first < beginning
                            : compare (self, ((Chunk *) self->chunks->pdata[chunk_number])->slots[0], id) <= 0;
}

/* The first slot of the chunk may be another one now. */
static void
note_first (BytestagPieceTable *self,
            guint               chunk_number)
{
  const Chunk *chunk = self->chunks->pdata[chunk_number];

  g_array_index (self->firsts, guint64, chunk_number) =
    get_beginning (&bytestag_piece_table_get_entry (self, chunk->slots[0])->key);
}

/* Where the first slot that is not before @id is, or would be; TRUE: it is there. The chunk
 * is always one that there is, unless there is none. */
static gboolean
search (const BytestagPieceTable *self,
        const BytestagKvpId      *id,
        guint                    *chunk_number,
        guint                    *position)
{
  guint low = 0;
  guint high = self->chunks->len;
  const Chunk *chunk;

  /* The last chunk whose first slot is not behind @id. */
  while (low + 1 < high)
    {
      guint middle = (low + high) / 2;

      if (begins_before (self, middle, id))
        low = middle;
      else
        high = middle;
    }

  *chunk_number = low;
  *position = 0;
  if (self->chunks->len == 0)
    return FALSE;

  chunk = self->chunks->pdata[low];
  low = 0;
  high = chunk->n;
  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (compare (self, chunk->slots[middle], id) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  *position = low;
  return low < chunk->n && compare (self, chunk->slots[low], id) == 0;
}

static void
chunk_insert (Chunk   *chunk,
              guint    position,
              guint32  slot)
{
  memmove (chunk->slots + position + 1, chunk->slots + position, (chunk->n - position) * sizeof slot);
  chunk->slots[position] = slot;
  chunk->n++;
}

/* Behind a full chunk a new one begins, so that pieces which come in order fill them all;
 * else it is split. */
static void
insert_slot (BytestagPieceTable *self,
             guint               chunk_number,
             guint               position,
             guint32             slot)
{
  Chunk *chunk = self->chunks->len > 0 ? self->chunks->pdata[chunk_number] : NULL;
  const guint64 none = 0;
  guint other_number;
  Chunk *other;

  if (chunk != NULL && chunk->n < SLOTS_OF_CHUNK)
    {
      chunk_insert (chunk, position, slot);
      note_first (self, chunk_number);
      return;
    }

  other = g_new0 (Chunk, 1);
  other_number = chunk != NULL ? chunk_number + 1 : 0;
  g_ptr_array_insert (self->chunks, (int) other_number, other);
  g_array_insert_val (self->firsts, other_number, none);
  if (chunk == NULL || position == chunk->n)
    {
      chunk_insert (other, 0, slot);
      note_first (self, other_number);
      return;
    }

  other->n = SLOTS_OF_CHUNK / 2;
  chunk->n = SLOTS_OF_CHUNK - other->n;
  memcpy (other->slots, chunk->slots + chunk->n, other->n * sizeof slot);
  if (position <= chunk->n)
    chunk_insert (chunk, position, slot);
  else
    chunk_insert (other, position - chunk->n, slot);
  note_first (self, chunk_number);
  note_first (self, other_number);
}

static void
remove_slot (BytestagPieceTable *self,
             guint               chunk_number,
             guint               position)
{
  Chunk *chunk = self->chunks->pdata[chunk_number];
  Chunk *next = chunk_number + 1 < self->chunks->len ? self->chunks->pdata[chunk_number + 1] : NULL;

  chunk->n--;
  memmove (chunk->slots + position, chunk->slots + position + 1, (chunk->n - position) * sizeof (guint32));
  if (next != NULL && chunk->n + next->n <= SLOTS_OF_CHUNK / 2)
    {
      memcpy (chunk->slots + chunk->n, next->slots, next->n * sizeof (guint32));
      chunk->n += next->n;
      g_ptr_array_remove_index (self->chunks, chunk_number + 1);
      g_array_remove_index (self->firsts, chunk_number + 1);
    }
  if (chunk->n == 0)
    {
      g_ptr_array_remove_index (self->chunks, chunk_number);
      g_array_remove_index (self->firsts, chunk_number);
    }
  else
    {
      note_first (self, chunk_number);
    }
}

BytestagPieceTable *
bytestag_piece_table_new (void)
{
  BytestagPieceTable *self = g_new0 (BytestagPieceTable, 1);

  arena_init (&self->parts, sizeof (BytestagPieceEntry));
  arena_init (&self->infos, sizeof (InfoEntry));
  self->garbage = g_ptr_array_new_with_free_func (g_free);
  self->chunks = g_ptr_array_new_with_free_func (g_free);
  self->firsts = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->sets = g_ptr_array_new_with_free_func (g_free);
  self->sets_by_owners = g_hash_table_new (owner_set_hash, owner_set_equal);
  self->free_sets = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

void
bytestag_piece_table_free (BytestagPieceTable *self)
{
  g_hash_table_unref (self->sets_by_owners);
  g_ptr_array_unref (self->sets);
  g_array_unref (self->free_sets);
  g_ptr_array_unref (self->chunks);
  g_array_unref (self->firsts);
  g_ptr_array_unref (self->garbage);
  g_ptr_array_unref (self->parts.blocks);
  g_ptr_array_unref (self->infos.blocks);
  g_free (self);
}

gboolean
bytestag_piece_table_sweep (BytestagPieceTable *self)
{
  guint n = MIN (self->garbage->len, BLOCKS_OF_SWEEP);

  g_ptr_array_set_size (self->garbage, (int) (self->garbage->len - n));
  return self->garbage->len > 0;
}

guint
bytestag_piece_table_get_n (const BytestagPieceTable *self)
{
  return self->n;
}

gsize
bytestag_piece_table_get_memory (const BytestagPieceTable *self)
{
  return sizeof *self + self->chunks->len * (sizeof (Chunk) + sizeof (gpointer) + sizeof (guint64)) +
         self->parts.blocks->len * ENTRIES_OF_BLOCK * sizeof (BytestagPieceEntry) +
         self->infos.blocks->len * ENTRIES_OF_BLOCK * sizeof (InfoEntry);
}

static guint32
make_entry (BytestagPieceTable  *self,
            const BytestagPiece *piece,
            guint                owner)
{
  gboolean is_info = !bytestag_key_equal (&piece->id.key, &piece->id.index);
  guint32 number = arena_take (is_info ? &self->infos : &self->parts);
  BytestagPieceEntry *entry = arena_get (is_info ? &self->infos : &self->parts, number);

  *entry = (BytestagPieceEntry) {
    .key = piece->id.key,
    .until = piece->until,
    .looked = piece->looked,
    .size = piece->size,
    .kind = piece->kind,
    .copies = piece->copies,
    .n_copies = MIN (piece->n_copies, 31),
    .n_originals = MIN (piece->n_originals, 31),
    /* They went out at the last look at the latest. */
    .original_hour = piece->looked / 3600,
    .owners = owner,
  };
  if (is_info)
    ((InfoEntry *) entry)->index = piece->id.index;
  return is_info ? number | INFO_SLOT : number;
}

guint32
bytestag_piece_table_add (BytestagPieceTable  *self,
                          const BytestagPiece *piece,
                          guint                owner)
{
  guint chunk;
  guint position;
  guint32 slot;

  if (search (self, &piece->id, &chunk, &position))
    return add_owner (self, ((Chunk *) self->chunks->pdata[chunk])->slots[position], owner);

  slot = make_entry (self, piece, owner);
  insert_slot (self, chunk, position, slot);
  self->n++;
  return slot;
}

gboolean
bytestag_piece_table_remove (BytestagPieceTable *self,
                             guint32             slot,
                             guint               owner)
{
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self, slot);
  BytestagKvpId id;
  guint chunk;
  guint position;

  if (!remove_owner (self, entry, owner))
    return FALSE;

  bytestag_piece_table_get_id (self, slot, &id);
  if (!search (self, &id, &chunk, &position))
    g_assert_not_reached ();
  remove_slot (self, chunk, position);
  leave_set (self, entry->owners);
  arena_give_back ((slot & INFO_SLOT) != 0 ? &self->infos : &self->parts, slot & ~INFO_SLOT);
  if (--self->n == 0)
    {
      arena_forget_all (&self->parts, self->garbage);
      arena_forget_all (&self->infos, self->garbage);
    }
  return TRUE;
}

guint32
bytestag_piece_table_find (const BytestagPieceTable *self,
                           const BytestagKvpId      *id)
{
  guint chunk;
  guint position;

  if (!search (self, id, &chunk, &position))
    return BYTESTAG_NO_SLOT;
  return ((Chunk *) self->chunks->pdata[chunk])->slots[position];
}

BytestagPieceEntry *
bytestag_piece_table_get_entry (const BytestagPieceTable *self,
                                guint32                   slot)
{
  return arena_get ((slot & INFO_SLOT) != 0 ? &self->infos : &self->parts, slot & ~INFO_SLOT);
}

void
bytestag_piece_table_get_id (const BytestagPieceTable *self,
                             guint32                   slot,
                             BytestagKvpId            *id)
{
  const BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self, slot);

  id->key = entry->key;
  id->index = (slot & INFO_SLOT) != 0 ? ((const InfoEntry *) entry)->index : entry->key;
}

void
bytestag_piece_table_get_piece (const BytestagPieceTable *self,
                                guint32                   slot,
                                BytestagPiece            *piece)
{
  const BytestagPieceEntry *entry = bytestag_piece_table_get_entry (self, slot);

  *piece = (BytestagPiece) {
    .size = entry->size,
    .until = entry->until,
    .looked = entry->looked,
    .kind = entry->kind,
    .copies = entry->copies,
    .n_copies = entry->n_copies,
    .n_originals = entry->n_originals,
  };
  bytestag_piece_table_get_id (self, slot, &piece->id);
}

void
bytestag_piece_table_visit_owners (const BytestagPieceTable *self,
                                   guint32                   slot,
                                   BytestagOwnerFunc         func,
                                   gpointer                  user_data)
{
  guint32 owners = bytestag_piece_table_get_entry (self, slot)->owners;
  const guint32 *list;
  guint n = list_owners (self, &owners, &list);

  for (guint i = 0; i < n; i++)
    func (list[i], user_data);
}

guint
bytestag_piece_table_visit (const BytestagPieceTable *self,
                            const BytestagKvpId      *after,
                            guint                     max,
                            BytestagPieceVisitFunc    func,
                            gpointer                  user_data)
{
  guint chunk_number = 0;
  guint position = 0;
  guint n = 0;

  if (after != NULL && search (self, after, &chunk_number, &position))
    position++;

  for (; n < max && chunk_number < self->chunks->len; chunk_number++, position = 0)
    {
      const Chunk *chunk = self->chunks->pdata[chunk_number];

      for (; n < max && position < chunk->n; position++)
        {
          guint32 slot = chunk->slots[position];

          n++;
          if (!func (slot, bytestag_piece_table_get_entry (self, slot), user_data))
            return n;
        }
    }
  return n;
}
