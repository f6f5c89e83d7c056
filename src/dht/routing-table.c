/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table-private.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "dht/network.h"

enum {
  PROP_0,
  PROP_NUM_CONTACTS,
  N_PROPS,
};

enum {
  SIGNAL_BUCKET_FULL,
  SIGNAL_CONTACT_STALE,
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

  for (guint i = 0; i < added; i++)
    {
      BytestagNode *node = bytestag_bucket_peek (bucket, position + i);

      _bytestag_routing_table_add_to_bound (self, bytestag_node_get_endpoint (node));
    }

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

  /**
   * BytestagRoutingTable::contact-stale:
   * @node: who may have made room for another meanwhile
   */
  signals[SIGNAL_CONTACT_STALE] =
    g_signal_new ("contact-stale", BYTESTAG_TYPE_ROUTING_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_NODE);
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

void
bytestag_routing_table_set_limits_private (BytestagRoutingTable *self,
                                           gboolean              limits_private)
{
  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));

  self->limits_private = limits_private;
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

/* (transfer full) */
static BytestagNode *
take_replacement (Replacements *replacements,
                  guint         index)
{
  BytestagNode *node = replacements->nodes[index];

  replacements->n_nodes--;
  memmove (replacements->nodes + index, replacements->nodes + index + 1,
           (replacements->n_nodes - index) * sizeof *replacements->nodes);
  return node;
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
          g_object_unref (take_replacement (replacements, i));
          return;
        }
    }
}

/* Makes room for @node: the oldest goes, or the oldest of its network when that has its
 * share, since no more of them could come in, and they would push out all others. */
static void
make_room (BytestagRoutingTable *self,
           Replacements         *replacements,
           BytestagNode         *node)
{
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);
  guint n_of_network = 0, oldest = 0;

  if (self->limits_private || !bytestag_endpoint_is_private (endpoint))
    {
      for (guint i = replacements->n_nodes; i > 0; i--)
        if (bytestag_endpoint_same_network (bytestag_node_get_endpoint (replacements->nodes[i - 1]), endpoint))
          {
            n_of_network++;
            oldest = i - 1;
          }
    }

  if (n_of_network >= BYTESTAG_LIMIT_NETWORK_IN_BUCKET)
    g_object_unref (take_replacement (replacements, oldest));
  else if (replacements->n_nodes == BYTESTAG_LIMIT_REPLACEMENTS)
    g_object_unref (take_replacement (replacements, 0));
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

  make_room (self, replacements, node);
  replacements->nodes[replacements->n_nodes++] = g_object_ref (node);
}

/* (transfer full) (nullable) the newest one that may come in for @leaving. */
static BytestagNode *
pop_replacement (BytestagRoutingTable *self,
                 guint                 number,
                 BytestagNode         *leaving)
{
  Replacements *replacements = self->replacements[number];

  for (guint i = replacements != NULL ? replacements->n_nodes : 0; i > 0; i--)
    {
      const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (replacements->nodes[i - 1]);

      if (_bytestag_routing_table_is_diverse (self, self->buckets[number], endpoint, leaving))
        return take_replacement (replacements, i - 1);
    }

  return NULL;
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
bytestag_routing_table_has_place (BytestagRoutingTable   *self,
                                  const BytestagKey      *key,
                                  const BytestagEndpoint *endpoint)
{
  BytestagBucket *bucket;
  BytestagNode *leaving;
  guint number;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), FALSE);
  g_return_val_if_fail (key != NULL && endpoint != NULL, FALSE);

  number = bytestag_key_bucket_number (&self->key, key);
  if (number == BYTESTAG_KEY_BITS || !bytestag_endpoint_is_usable (endpoint))
    return FALSE;

  bucket = self->buckets[number];
  if (bucket == NULL)
    return _bytestag_routing_table_is_diverse (self, NULL, endpoint, NULL);

  leaving = bytestag_bucket_find_id (bucket, key, endpoint->family);
  if (leaving != NULL && !is_stale (leaving))
    return FALSE;
  if (leaving == NULL && bytestag_bucket_get_n_nodes (bucket) == BYTESTAG_MAX_BUCKET_SIZE)
    {
      leaving = find_stale (bucket);
      if (leaving == NULL)
        return FALSE;
    }

  return _bytestag_routing_table_is_diverse (self, bucket, endpoint, leaving);
}

BytestagNode *
bytestag_routing_table_find_elsewhere (BytestagRoutingTable   *self,
                                       const BytestagKey      *key,
                                       const BytestagEndpoint *endpoint)
{
  BytestagNode *member;
  guint number;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), NULL);
  g_return_val_if_fail (key != NULL && endpoint != NULL, NULL);

  number = bytestag_key_bucket_number (&self->key, key);
  if (number == BYTESTAG_KEY_BITS || self->buckets[number] == NULL || !bytestag_endpoint_is_usable (endpoint))
    return NULL;

  member = bytestag_bucket_find_id (self->buckets[number], key, endpoint->family);
  if (member == NULL || is_stale (member) || bytestag_endpoint_equal (bytestag_node_get_endpoint (member), endpoint))
    return NULL;
  return member;
}

gboolean
bytestag_routing_table_move (BytestagRoutingTable *self,
                             BytestagNode         *known,
                             BytestagNode         *node)
{
  BytestagBucket *bucket;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (self), FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (known) && BYTESTAG_IS_NODE (node), FALSE);
  g_return_val_if_fail (bytestag_key_equal (bytestag_node_get_key (known), bytestag_node_get_key (node)), FALSE);

  bucket = bytestag_routing_table_get_bucket (self, node);
  if (bucket == NULL ||
      bytestag_bucket_find_id (bucket, bytestag_node_get_key (node),
                               bytestag_node_get_endpoint (node)->family) != known ||
      !_bytestag_routing_table_is_diverse (self, bucket, bytestag_node_get_endpoint (node), known))
    return FALSE;

  drop_replacement (self, bytestag_bucket_get_number (bucket), node);
  return bytestag_bucket_replace (bucket, known, node, bytestag_clock_get_time (self->clock));
}

/* A node that is no member, nor is its id. */
static gboolean
enter (BytestagRoutingTable *self,
       BytestagBucket       *bucket,
       BytestagNode         *node,
       BytestagNode         *leaving,
       gint64                now,
       GError              **error)
{
  gboolean is_full = bytestag_bucket_get_n_nodes (bucket) == BYTESTAG_MAX_BUCKET_SIZE;

  if (leaving == NULL && is_full)
    leaving = find_stale (bucket);

  if (!_bytestag_routing_table_is_diverse (self, bucket, bytestag_node_get_endpoint (node), leaving))
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED, "no place left for its network");
      return FALSE;
    }
  if (leaving == NULL && is_full)
    {
      wait_for_room (self, bucket, node, now, error);
      return FALSE;
    }

  drop_replacement (self, bytestag_bucket_get_number (bucket), node);
  return leaving != NULL ? bytestag_bucket_replace (bucket, leaving, node, now)
                         : bytestag_bucket_node_update (bucket, node, now, error);
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
  return enter (self, bucket, node, member, now, error);
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

  /* Its id may have come in meanwhile, in the slot of a stale member, or others of its
   * network. */
  if (bytestag_bucket_find_id (bucket, bytestag_node_get_key (waiting),
                               bytestag_node_get_endpoint (waiting)->family) != NULL ||
      !_bytestag_routing_table_is_diverse (self, bucket, bytestag_node_get_endpoint (waiting),
                                           bytestag_bucket_get_asked (bucket)))
    {
      bytestag_bucket_keep_old_node (bucket);
      return;
    }

  bytestag_bucket_keep_new_node (bucket, bytestag_clock_get_time (self->clock));
  if (bytestag_bucket_find (bucket, bytestag_node_get_key (waiting), bytestag_node_get_endpoint (waiting)) != NULL)
    drop_replacement (self, number, waiting);
}

void
bytestag_routing_table_remove (BytestagRoutingTable *self,
                               BytestagNode         *node)
{
  guint number;

  g_return_if_fail (BYTESTAG_IS_ROUTING_TABLE (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));

  number = bytestag_key_bucket_number (&self->key, bytestag_node_get_key (node));
  if (number == BYTESTAG_KEY_BITS || self->buckets[number] == NULL)
    return;

  drop_replacement (self, number, node);
  bytestag_bucket_remove (self->buckets[number], node);
}

void
bytestag_routing_table_node_failed (BytestagRoutingTable *self,
                                    BytestagNode         *node)
{
  g_autoptr (BytestagNode) replacement = NULL;
  g_autoptr (BytestagNode) member = NULL;
  gboolean was_stale;
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

  g_object_ref (member);
  was_stale = is_stale (member);
  bytestag_node_failed (member);
  if (is_stale (member))
    {
      replacement = pop_replacement (self, number, member);
      if (replacement != NULL)
        bytestag_bucket_replace (self->buckets[number], member, replacement,
                                 bytestag_clock_get_time (self->clock));
    }
  if (!was_stale && is_stale (member))
    g_signal_emit (self, signals[SIGNAL_CONTACT_STALE], 0, member);
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
  _bytestag_routing_table_check_diversity (self);
}
