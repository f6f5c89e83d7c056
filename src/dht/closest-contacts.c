/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table-private.h"

/* The contacts that are closest to a key. */

static gboolean
is_stale (BytestagNode *node)
{
  return bytestag_node_get_state (node) == BYTESTAG_NODE_STALE;
}

static guint64
read_word (const guint8 *bytes,
           guint         n_bytes)
{
  guint64 word = 0;

  for (guint i = 0; i < n_bytes; i++)
    word |= (guint64) bytes[i] << (WORD_BITS - 8 - 8 * i);

  return word;
}

/* The bits in which @key and our own differ. */
static void
read_distance (BytestagRoutingTable *self,
               const BytestagKey    *key,
               guint64               distance[N_WORDS])
{
  BytestagKey difference;

  bytestag_key_distance (&self->key, key, &difference);
  distance[0] = read_word (difference.bytes, 8);
  distance[1] = read_word (difference.bytes + 8, 8);
  distance[2] = read_word (difference.bytes + 16, 4);
}

typedef struct {
  const BytestagKey *key;
  gboolean stale;
  BytestagNode **nodes;
  guint n_nodes;
  guint count;
} Selection;

/* Adds the members of one bucket that are stale, or are not, in their order. The
 * first 8 bytes of the distance decide nearly always, so that is what is sorted. */
static void
select_from_bucket (Selection      *selection,
                    BytestagBucket *bucket)
{
  struct {
    guint64 head;
    BytestagNode *node;
  } sorted[BYTESTAG_MAX_BUCKET_SIZE];
  guint64 target = read_word (selection->key->bytes, 8);
  guint n_sorted = 0;

  for (guint slot = 0; slot < bytestag_bucket_get_n_nodes (bucket); slot++)
    {
      BytestagNode *node = bytestag_bucket_peek (bucket, slot);
      const BytestagKey *key = bytestag_node_get_key (node);
      guint64 head = read_word (key->bytes, 8) ^ target;
      guint place;

      if (is_stale (node) != selection->stale)
        continue;

      for (place = n_sorted; place > 0; place--)
        {
          if (sorted[place - 1].head < head ||
              (sorted[place - 1].head == head &&
               bytestag_key_compare_distance (selection->key, bytestag_node_get_key (sorted[place - 1].node),
                                              key) <= 0))
            break;
          sorted[place] = sorted[place - 1];
        }
      sorted[place].head = head;
      sorted[place].node = node;
      n_sorted++;
    }

  for (guint i = 0; i < n_sorted && selection->n_nodes < selection->count; i++)
    selection->nodes[selection->n_nodes++] = sorted[i].node;
}

/* Every node of bucket n differs from us in bit n first. So where the key differs
 * from us in that bit, the whole of bucket n is nearer to the key than the buckets
 * after it; where it does not, it is farther. Hence the order of buckets: those of
 * the differing bits upwards, then those of the equal bits downwards. */
static void
select_by_bucket (BytestagRoutingTable *self,
                  const guint64         distance[N_WORDS],
                  Selection            *selection)
{
  for (int word = 0; word < N_WORDS; word++)
    {
      guint64 bits = self->filled[word] & distance[word];

      while (bits != 0 && selection->n_nodes < selection->count)
        {
          guint bit = __builtin_clzll (bits);

          select_from_bucket (selection, self->buckets[word * WORD_BITS + bit]);
          bits &= ~(G_GUINT64_CONSTANT (1) << (WORD_BITS - 1 - bit));
        }
    }

  for (int word = N_WORDS - 1; word >= 0; word--)
    {
      guint64 bits = self->filled[word] & ~distance[word];

      while (bits != 0 && selection->n_nodes < selection->count)
        {
          guint bit = WORD_BITS - 1 - __builtin_ctzll (bits);

          select_from_bucket (selection, self->buckets[word * WORD_BITS + bit]);
          bits &= bits - 1;
        }
    }
}

guint
bytestag_routing_table_select_close (BytestagRoutingTable *self,
                                     const BytestagKey    *key,
                                     BytestagNode        **nodes,
                                     guint                 count)
{
  Selection selection = { .key = key, .nodes = nodes, .count = count };
  guint64 distance[N_WORDS];

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  read_distance (self, key, distance);
  select_by_bucket (self, distance, &selection);
  selection.stale = TRUE;
  select_by_bucket (self, distance, &selection);

  return selection.n_nodes;
}

GPtrArray *
bytestag_routing_table_get_close_nodes (BytestagRoutingTable *self,
                                        const BytestagKey    *key,
                                        guint                 count)
{
  GPtrArray *nodes;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);

  nodes = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_set_size (nodes, MIN (count, self->num_contacts));
  bytestag_routing_table_select_close (self, key, (BytestagNode **) nodes->pdata, nodes->len);
  for (guint i = 0; i < nodes->len; i++)
    g_object_ref (nodes->pdata[i]);

  return nodes;
}

static guint
count_members (BytestagBucket *bucket,
               gboolean        stale_too)
{
  guint n_nodes = bytestag_bucket_get_n_nodes (bucket);
  guint n_live = 0;

  if (stale_too)
    return n_nodes;

  for (guint slot = 0; slot < n_nodes; slot++)
    n_live += !is_stale (bytestag_bucket_peek (bucket, slot));
  return n_live;
}

/* Nearer than we are: those of the buckets in whose bit the key differs from us. */
static guint
count_nearer (BytestagRoutingTable *self,
              const BytestagKey    *key,
              gboolean              stale_too)
{
  guint64 distance[N_WORDS];
  guint n_nodes = 0;

  read_distance (self, key, distance);
  for (guint word = 0; word < N_WORDS; word++)
    for (guint64 bits = self->filled[word] & distance[word]; bits != 0; bits &= bits - 1)
      {
        guint bit = WORD_BITS - 1 - __builtin_ctzll (bits);

        n_nodes += count_members (self->buckets[word * WORD_BITS + bit], stale_too);
      }

  return n_nodes;
}

guint
bytestag_routing_table_count_close (BytestagRoutingTable *self,
                                    const BytestagKey    *key)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  return count_nearer (self, key, TRUE);
}

guint
bytestag_routing_table_count_close_live (BytestagRoutingTable *self,
                                         const BytestagKey    *key)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  return count_nearer (self, key, FALSE);
}
