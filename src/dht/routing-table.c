/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "dht/network.h"

/* One bit for each bucket, bucket 0 highest: the order of a key's own bits. */
#define N_WORDS 3
#define WORD_BITS 64

/* Nodes that wait behind a full bucket, the newest last. */
typedef struct {
  guint n_nodes;
  BytestagNode *nodes[BYTESTAG_LIMIT_REPLACEMENTS];
} Replacements;

struct _BytestagRoutingTable
{
  GObject parent_instance;

  BytestagKey key;
  BytestagClock *clock;
  /* Made when first looked at or filled. */
  BytestagBucket *buckets[BYTESTAG_KEY_BITS];
  Replacements *replacements[BYTESTAG_KEY_BITS];
  /* Buckets that hold somebody. */
  guint64 filled[N_WORDS];
  guint num_contacts;
};

enum {
  PROP_0,
  PROP_NUM_CONTACTS,
  N_PROPS,
};

enum {
  SIGNAL_BUCKET_FULL,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static GType
bytestag_routing_table_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_BUCKET;
}

static guint
bytestag_routing_table_get_n_items (GListModel *model)
{
  return BYTESTAG_KEY_BITS;
}

static gpointer
bytestag_routing_table_get_item (GListModel *model,
                                 guint       position)
{
  if (position >= BYTESTAG_KEY_BITS)
    return NULL;

  return g_object_ref (bytestag_routing_table_get_nth_bucket (BYTESTAG_ROUTING_TABLE (model), position));
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_routing_table_get_item_type;
  iface->get_n_items = bytestag_routing_table_get_n_items;
  iface->get_item = bytestag_routing_table_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagRoutingTable, bytestag_routing_table, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
replacements_free (Replacements *replacements)
{
  for (guint i = 0; i < replacements->n_nodes; i++)
    g_object_unref (replacements->nodes[i]);
  g_free (replacements);
}

/* Counts from the bucket itself, so that whoever changes it, the sum is right. */
static void
bucket_items_changed_cb (BytestagBucket       *bucket,
                         guint                 position,
                         guint                 removed,
                         guint                 added,
                         BytestagRoutingTable *self)
{
  guint number = bytestag_bucket_get_number (bucket);
  guint64 bit = G_GUINT64_CONSTANT (1) << (WORD_BITS - 1 - number % WORD_BITS);

  if (bytestag_bucket_get_n_nodes (bucket) > 0)
    self->filled[number / WORD_BITS] |= bit;
  else
    self->filled[number / WORD_BITS] &= ~bit;

  if (added != removed)
    {
      self->num_contacts += added - removed;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NUM_CONTACTS]);
    }
}

static void
bytestag_routing_table_get_property (GObject    *object,
                                     guint       prop_id,
                                     GValue     *value,
                                     GParamSpec *pspec)
{
  BytestagRoutingTable *self = BYTESTAG_ROUTING_TABLE (object);

  switch (prop_id)
    {
    case PROP_NUM_CONTACTS:
      g_value_set_uint (value, self->num_contacts);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_routing_table_dispose (GObject *object)
{
  BytestagRoutingTable *self = BYTESTAG_ROUTING_TABLE (object);

  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      /* A view may hold the bucket for longer. */
      if (self->buckets[i] != NULL)
        g_signal_handlers_disconnect_by_func (self->buckets[i], bucket_items_changed_cb, self);
      g_clear_object (&self->buckets[i]);
      g_clear_pointer (&self->replacements[i], replacements_free);
    }
  memset (self->filled, 0, sizeof self->filled);
  self->num_contacts = 0;
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (bytestag_routing_table_parent_class)->dispose (object);
}

static void
bytestag_routing_table_class_init (BytestagRoutingTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = bytestag_routing_table_get_property;
  object_class->dispose = bytestag_routing_table_dispose;

  properties[PROP_NUM_CONTACTS] =
    g_param_spec_uint ("num-contacts", NULL, NULL, 0, BYTESTAG_KEY_BITS * BYTESTAG_MAX_BUCKET_SIZE, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * BytestagRoutingTable::bucket-full:
   * @bucket: is locked now
   * @node: who wanted to come in
   * @oldest: who is to be pinged
   */
  signals[SIGNAL_BUCKET_FULL] =
    g_signal_new ("bucket-full", BYTESTAG_TYPE_ROUTING_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, BYTESTAG_TYPE_BUCKET, BYTESTAG_TYPE_NODE, BYTESTAG_TYPE_NODE);
}

static void
bytestag_routing_table_init (BytestagRoutingTable *self)
{
}

BytestagRoutingTable *
bytestag_routing_table_new (const BytestagKey *key,
                            BytestagClock     *clock)
{
  BytestagRoutingTable *self;

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (BYTESTAG_IS_CLOCK (clock), NULL);

  self = g_object_new (BYTESTAG_TYPE_ROUTING_TABLE, NULL);
  self->key = *key;
  self->clock = g_object_ref (clock);

  return self;
}

const BytestagKey *
bytestag_routing_table_get_key (BytestagRoutingTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);

  return &self->key;
}

guint
bytestag_routing_table_get_num_contacts (BytestagRoutingTable *self)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  return self->num_contacts;
}

BytestagBucket *
bytestag_routing_table_get_nth_bucket (BytestagRoutingTable *self,
                                       guint                 number)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);
  g_return_val_if_fail (number < BYTESTAG_KEY_BITS, NULL);

  if (self->buckets[number] == NULL)
    {
      self->buckets[number] = bytestag_bucket_new (number);
      g_signal_connect (self->buckets[number], "items-changed", G_CALLBACK (bucket_items_changed_cb), self);
    }

  return self->buckets[number];
}

BytestagBucket *
bytestag_routing_table_peek_bucket (BytestagRoutingTable *self,
                                    guint                 number)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);
  g_return_val_if_fail (number < BYTESTAG_KEY_BITS, NULL);

  return self->buckets[number];
}

guint
bytestag_routing_table_get_bucket_number (BytestagRoutingTable *self,
                                          const BytestagKey    *key)
{
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), BYTESTAG_KEY_BITS);

  return bytestag_key_bucket_number (&self->key, key);
}

BytestagBucket *
bytestag_routing_table_get_bucket (BytestagRoutingTable *self,
                                   BytestagNode         *node)
{
  guint number;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);

  number = bytestag_key_bucket_number (&self->key, bytestag_node_get_key (node));

  return number < BYTESTAG_KEY_BITS ? bytestag_routing_table_get_nth_bucket (self, number) : NULL;
}

BytestagNode *
bytestag_routing_table_find (BytestagRoutingTable   *self,
                             const BytestagKey      *key,
                             const BytestagEndpoint *endpoint)
{
  guint number;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);

  number = bytestag_key_bucket_number (&self->key, key);
  if (number == BYTESTAG_KEY_BITS || self->buckets[number] == NULL)
    return NULL;

  return bytestag_bucket_find (self->buckets[number], key, endpoint);
}

static gboolean
is_stale (BytestagNode *node)
{
  return bytestag_node_get_state (node) == BYTESTAG_NODE_STALE;
}

/* Forgets a candidate by its id and family, as members have one entry for each. */
static void
drop_replacement (BytestagRoutingTable *self,
                  guint                 number,
                  BytestagNode         *node)
{
  Replacements *replacements = self->replacements[number];
  guint8 family = bytestag_node_get_endpoint (node)->family;

  for (guint i = 0; replacements != NULL && i < replacements->n_nodes; i++)
    {
      BytestagNode *candidate = replacements->nodes[i];

      if (bytestag_node_get_endpoint (candidate)->family == family &&
          bytestag_key_equal (bytestag_node_get_key (candidate), bytestag_node_get_key (node)))
        {
          replacements->n_nodes--;
          memmove (replacements->nodes + i, replacements->nodes + i + 1,
                   (replacements->n_nodes - i) * sizeof *replacements->nodes);
          g_object_unref (candidate);
          return;
        }
    }
}

static void
add_replacement (BytestagRoutingTable *self,
                 guint                 number,
                 BytestagNode         *node)
{
  Replacements *replacements;

  drop_replacement (self, number, node);

  if (self->replacements[number] == NULL)
    self->replacements[number] = g_new0 (Replacements, 1);
  replacements = self->replacements[number];

  if (replacements->n_nodes == BYTESTAG_LIMIT_REPLACEMENTS)
    {
      g_object_unref (replacements->nodes[0]);
      replacements->n_nodes--;
      memmove (replacements->nodes, replacements->nodes + 1, replacements->n_nodes * sizeof *replacements->nodes);
    }
  replacements->nodes[replacements->n_nodes++] = g_object_ref (node);
}

/* (transfer full) (nullable) the newest one. */
static BytestagNode *
pop_replacement (BytestagRoutingTable *self,
                 guint                 number)
{
  Replacements *replacements = self->replacements[number];

  if (replacements == NULL || replacements->n_nodes == 0)
    return NULL;

  return replacements->nodes[--replacements->n_nodes];
}

/* (nullable) the least recently seen one. */
static BytestagNode *
find_stale (BytestagBucket *bucket)
{
  for (guint i = 0; i < bytestag_bucket_get_n_nodes (bucket); i++)
    {
      BytestagNode *node = bytestag_bucket_peek_nth_oldest (bucket, i);

      if (is_stale (node))
        return node;
    }

  return NULL;
}

static void
touch_member (BytestagBucket *bucket,
              BytestagNode   *member,
              BytestagNode   *node,
              gint64          now)
{
  if (member != node)
    {
      bytestag_node_answered (member, bytestag_node_get_rtt (node), now);
      if (bytestag_node_get_extensions (node) >= 0)
        bytestag_node_set_extensions (member, bytestag_node_get_extensions (node));
    }
  else
    {
      bytestag_node_answered (member, -1, now);
    }

  bytestag_bucket_touch (bucket, member, now);
}

/* The bucket is full of live contacts. */
static void
wait_for_room (BytestagRoutingTable *self,
               BytestagBucket       *bucket,
               BytestagNode         *node,
               gint64                now,
               GError              **error)
{
  g_autoptr (BytestagBucket) locked = g_object_ref (bucket);
  g_autoptr (BytestagNode) oldest = g_object_ref (bytestag_bucket_peek_nth_oldest (bucket, 0));

  add_replacement (self, bytestag_bucket_get_number (bucket), node);

  if (bytestag_bucket_is_locked (bucket))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL,
                   "Bucket %u is full", bytestag_bucket_get_number (bucket));
      return;
    }

  bytestag_bucket_node_update (bucket, node, now, error);
  g_signal_emit (self, signals[SIGNAL_BUCKET_FULL], 0, locked, node, oldest);
}

gboolean
bytestag_routing_table_node_update (BytestagRoutingTable *self,
                                    BytestagNode         *node,
                                    GError              **error)
{
  const BytestagKey *key;
  const BytestagEndpoint *endpoint;
  BytestagBucket *bucket;
  BytestagNode *member;
  guint number;
  gint64 now;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), FALSE);

  key = bytestag_node_get_key (node);
  endpoint = bytestag_node_get_endpoint (node);
  number = bytestag_key_bucket_number (&self->key, key);
  if (number == BYTESTAG_KEY_BITS || !bytestag_endpoint_is_usable (endpoint))
    return FALSE;

  now = bytestag_clock_get_time (self->clock);
  bucket = bytestag_routing_table_get_nth_bucket (self, number);
  member = bytestag_bucket_find_id (bucket, key, endpoint->family);
  if (member != NULL && bytestag_endpoint_equal (bytestag_node_get_endpoint (member), endpoint))
    {
      touch_member (bucket, member, node, now);
      return TRUE;
    }
  if (member != NULL && !is_stale (member))
    return FALSE;

  bytestag_node_answered (node, -1, now);

  if (member == NULL && bytestag_bucket_get_n_nodes (bucket) < BYTESTAG_MAX_BUCKET_SIZE)
    {
      drop_replacement (self, number, node);
      return bytestag_bucket_node_update (bucket, node, now, error);
    }

  if (member == NULL)
    member = find_stale (bucket);
  if (member != NULL)
    {
      drop_replacement (self, number, node);
      return bytestag_bucket_replace (bucket, member, node, now);
    }

  wait_for_room (self, bucket, node, now, error);

  return FALSE;
}

void
bytestag_routing_table_keep_old_node (BytestagRoutingTable *self,
                                      BytestagBucket       *bucket)
{
  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));
  g_return_if_fail (BYTESTAG_IS_BUCKET (bucket));

  bytestag_bucket_keep_old_node (bucket);
}

void
bytestag_routing_table_keep_new_node (BytestagRoutingTable *self,
                                      BytestagBucket       *bucket)
{
  g_autoptr (BytestagNode) waiting = NULL;
  guint number;

  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));
  g_return_if_fail (BYTESTAG_IS_BUCKET (bucket));

  if (!bytestag_bucket_is_locked (bucket))
    return;

  number = bytestag_bucket_get_number (bucket);
  waiting = g_object_ref (bytestag_bucket_get_waiting (bucket));

  /* Its id may have come in meanwhile, in the slot of a stale member. */
  if (bytestag_bucket_find_id (bucket, bytestag_node_get_key (waiting),
                               bytestag_node_get_endpoint (waiting)->family) != NULL)
    {
      bytestag_bucket_keep_old_node (bucket);
      return;
    }

  bytestag_bucket_keep_new_node (bucket, bytestag_clock_get_time (self->clock));
  if (bytestag_bucket_find (bucket, bytestag_node_get_key (waiting), bytestag_node_get_endpoint (waiting)) != NULL)
    drop_replacement (self, number, waiting);
}

void
bytestag_routing_table_node_failed (BytestagRoutingTable *self,
                                    BytestagNode         *node)
{
  g_autoptr (BytestagNode) replacement = NULL;
  BytestagNode *member;
  guint number;

  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));

  number = bytestag_key_bucket_number (&self->key, bytestag_node_get_key (node));
  if (number == BYTESTAG_KEY_BITS || self->buckets[number] == NULL)
    return;

  member = bytestag_bucket_find (self->buckets[number], bytestag_node_get_key (node),
                                 bytestag_node_get_endpoint (node));
  if (member == NULL)
    {
      drop_replacement (self, number, node);
      return;
    }

  bytestag_node_failed (member);
  if (is_stale (member))
    {
      replacement = pop_replacement (self, number);
      if (replacement != NULL)
        bytestag_bucket_replace (self->buckets[number], member, replacement,
                                 bytestag_clock_get_time (self->clock));
    }
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

guint
bytestag_routing_table_count_close (BytestagRoutingTable *self,
                                    const BytestagKey    *key)
{
  guint64 distance[N_WORDS];
  guint n_nodes = 0;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  /* Nearer than we are: those of the buckets in whose bit the key differs from us. */
  read_distance (self, key, distance);
  for (guint word = 0; word < N_WORDS; word++)
    {
      for (guint64 bits = self->filled[word] & distance[word]; bits != 0; bits &= bits - 1)
        n_nodes += bytestag_bucket_get_n_nodes (
          self->buckets[word * WORD_BITS + WORD_BITS - 1 - __builtin_ctzll (bits)]);
    }

  return n_nodes;
}

gdouble
bytestag_original_time_to_live (BytestagRoutingTable *self,
                                const BytestagKey    *key)
{
  guint number, n_nodes = 0;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), 0);

  /* Contacts of the buckets up to the key's own; all of that one are nearer to the
   * key than we are, since they agree with it in the bit in which we do not. */
  number = bytestag_key_bucket_number (&self->key, key);
  for (guint i = 0; i < BYTESTAG_KEY_BITS && i <= number; i++)
    {
      if (self->buckets[i] != NULL)
        n_nodes += bytestag_bucket_get_n_nodes (self->buckets[i]);
    }

  return BYTESTAG_TIME_EXPIRE / exp (n_nodes / (gdouble) BYTESTAG_MAX_BUCKET_SIZE);
}

static void
check_replacements (BytestagRoutingTable *self,
                    guint                 number)
{
  Replacements *replacements = self->replacements[number];

  if (replacements == NULL)
    return;

  g_assert (replacements->n_nodes <= BYTESTAG_LIMIT_REPLACEMENTS);
  for (guint i = 0; i < replacements->n_nodes; i++)
    {
      const BytestagKey *key = bytestag_node_get_key (replacements->nodes[i]);
      const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (replacements->nodes[i]);

      g_assert (bytestag_key_bucket_number (&self->key, key) == number);
      g_assert (bytestag_bucket_find (self->buckets[number], key, endpoint) == NULL);
      for (guint j = i + 1; j < replacements->n_nodes; j++)
        g_assert (!bytestag_key_equal (key, bytestag_node_get_key (replacements->nodes[j])) ||
                  endpoint->family != bytestag_node_get_endpoint (replacements->nodes[j])->family);
    }
}

void
bytestag_routing_table_check_invariants (BytestagRoutingTable *self)
{
  guint num_contacts = 0;

  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));

  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = self->buckets[number];
      guint n_nodes = bucket != NULL ? bytestag_bucket_get_n_nodes (bucket) : 0;
      guint64 word = self->filled[number / WORD_BITS];

      g_assert (((word >> (WORD_BITS - 1 - number % WORD_BITS)) & 1) == (n_nodes > 0));
      g_assert (bucket != NULL || self->replacements[number] == NULL);
      if (bucket == NULL)
        continue;

      g_assert (bytestag_bucket_get_number (bucket) == number);
      bytestag_bucket_check_invariants (bucket);
      for (guint slot = 0; slot < n_nodes; slot++)
        {
          BytestagNode *node = bytestag_bucket_peek (bucket, slot);
          const BytestagKey *key = bytestag_node_get_key (node);
          const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);

          g_assert (bytestag_key_bucket_number (&self->key, key) == number);
          g_assert (bytestag_endpoint_is_usable (endpoint));
          g_assert (bytestag_bucket_find_id (bucket, key, endpoint->family) == node);
        }
      check_replacements (self, number);
      num_contacts += n_nodes;
    }

  g_assert (num_contacts == self->num_contacts);
}
