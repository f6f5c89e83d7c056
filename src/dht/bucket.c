/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/bucket.h"

#include <string.h>

#include "core/error.h"

struct _BytestagBucket
{
  GObject parent_instance;

  guint number;
  guint n_nodes;
  BytestagNode *nodes[BYTESTAG_MAX_BUCKET_SIZE];
  /* Slots, least recently seen first. */
  guint8 order[BYTESTAG_MAX_BUCKET_SIZE];
  gint64 last_update;
  /* While locked: who wants to come in, and who is pinged for it. */
  BytestagNode *waiting;
  BytestagNode *asked;
};

enum {
  PROP_0,
  PROP_NUMBER,
  PROP_N_NODES,
  PROP_LAST_UPDATE,
  PROP_LOCKED,
  N_PROPS,
};

enum {
  SIGNAL_FULL,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static GType
bytestag_bucket_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_NODE;
}

static guint
bytestag_bucket_get_n_items (GListModel *model)
{
  return BYTESTAG_BUCKET (model)->n_nodes;
}

static gpointer
bytestag_bucket_get_item (GListModel *model,
                          guint       position)
{
  BytestagBucket *self = BYTESTAG_BUCKET (model);

  return position < self->n_nodes ? g_object_ref (self->nodes[position]) : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_bucket_get_item_type;
  iface->get_n_items = bytestag_bucket_get_n_items;
  iface->get_item = bytestag_bucket_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagBucket, bytestag_bucket, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
bytestag_bucket_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  BytestagBucket *self = BYTESTAG_BUCKET (object);

  switch (prop_id)
    {
    case PROP_NUMBER:
      g_value_set_uint (value, self->number);
      break;

    case PROP_N_NODES:
      g_value_set_uint (value, self->n_nodes);
      break;

    case PROP_LAST_UPDATE:
      g_value_set_int64 (value, self->last_update);
      break;

    case PROP_LOCKED:
      g_value_set_boolean (value, bytestag_bucket_is_locked (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_bucket_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  BytestagBucket *self = BYTESTAG_BUCKET (object);

  switch (prop_id)
    {
    case PROP_NUMBER:
      self->number = g_value_get_uint (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_bucket_finalize (GObject *object)
{
  BytestagBucket *self = BYTESTAG_BUCKET (object);

  for (guint i = 0; i < self->n_nodes; i++)
    g_clear_object (&self->nodes[i]);
  g_clear_object (&self->waiting);
  g_clear_object (&self->asked);

  G_OBJECT_CLASS (bytestag_bucket_parent_class)->finalize (object);
}

static void
bytestag_bucket_class_init (BytestagBucketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = bytestag_bucket_get_property;
  object_class->set_property = bytestag_bucket_set_property;
  object_class->finalize = bytestag_bucket_finalize;

  properties[PROP_NUMBER] =
    g_param_spec_uint ("number", NULL, NULL, 0, BYTESTAG_KEY_BITS - 1, 0,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_NODES] =
    g_param_spec_uint ("n-nodes", NULL, NULL, 0, BYTESTAG_MAX_BUCKET_SIZE, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_LAST_UPDATE] =
    g_param_spec_int64 ("last-update", NULL, NULL, G_MININT64, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOCKED] =
    g_param_spec_boolean ("locked", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * BytestagBucket::full:
   * @node: who wanted to come in
   * @oldest: who is to be pinged
   */
  signals[SIGNAL_FULL] =
    g_signal_new ("full", BYTESTAG_TYPE_BUCKET, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, BYTESTAG_TYPE_NODE, BYTESTAG_TYPE_NODE);
}

static void
bytestag_bucket_init (BytestagBucket *self)
{
}

BytestagBucket *
bytestag_bucket_new (guint number)
{
  g_return_val_if_fail (number < BYTESTAG_KEY_BITS, NULL);

  return g_object_new (BYTESTAG_TYPE_BUCKET, "number", number, NULL);
}

guint
bytestag_bucket_get_number (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), 0);

  return self->number;
}

guint
bytestag_bucket_get_n_nodes (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), 0);

  return self->n_nodes;
}

BytestagNode *
bytestag_bucket_peek (BytestagBucket *self,
                      guint           slot)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  return slot < self->n_nodes ? self->nodes[slot] : NULL;
}

BytestagNode *
bytestag_bucket_peek_nth_oldest (BytestagBucket *self,
                                 guint           n)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  return n < self->n_nodes ? self->nodes[self->order[n]] : NULL;
}

GPtrArray *
bytestag_bucket_dup_nodes (BytestagBucket *self)
{
  GPtrArray *nodes;

  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  nodes = g_ptr_array_new_full (self->n_nodes, g_object_unref);
  for (guint i = 0; i < self->n_nodes; i++)
    g_ptr_array_add (nodes, g_object_ref (self->nodes[self->order[i]]));

  return nodes;
}

gint64
bytestag_bucket_get_last_update (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), 0);

  return self->last_update;
}

gboolean
bytestag_bucket_is_locked (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), FALSE);

  return self->waiting != NULL;
}

BytestagNode *
bytestag_bucket_get_waiting (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  return self->waiting;
}

BytestagNode *
bytestag_bucket_get_asked (BytestagBucket *self)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  return self->asked;
}

BytestagNode *
bytestag_bucket_find (BytestagBucket         *self,
                      const BytestagKey      *key,
                      const BytestagEndpoint *endpoint)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  for (guint i = 0; i < self->n_nodes; i++)
    {
      if (bytestag_key_equal (bytestag_node_get_key (self->nodes[i]), key) &&
          bytestag_endpoint_equal (bytestag_node_get_endpoint (self->nodes[i]), endpoint))
        return self->nodes[i];
    }

  return NULL;
}

BytestagNode *
bytestag_bucket_find_id (BytestagBucket    *self,
                         const BytestagKey *key,
                         BytestagFamily     family)
{
  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), NULL);

  for (guint i = 0; i < self->n_nodes; i++)
    {
      if (bytestag_node_get_endpoint (self->nodes[i])->family == family &&
          bytestag_key_equal (bytestag_node_get_key (self->nodes[i]), key))
        return self->nodes[i];
    }

  return NULL;
}

static gboolean
find_slot (BytestagBucket *self,
           BytestagNode   *node,
           guint          *slot)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      if (self->nodes[i] == node || bytestag_node_equal (self->nodes[i], node))
        {
          *slot = i;
          return TRUE;
        }
    }

  return FALSE;
}

static guint
find_in_order (BytestagBucket *self,
               guint           slot)
{
  guint position = 0;

  while (self->order[position] != slot)
    position++;

  g_assert (position < self->n_nodes);

  return position;
}

static void
move_to_end (BytestagBucket *self,
             guint           slot)
{
  guint position = find_in_order (self, slot);

  memmove (self->order + position, self->order + position + 1, self->n_nodes - position - 1);
  self->order[self->n_nodes - 1] = slot;
}

static void
set_last_update (BytestagBucket *self,
                 gint64          now)
{
  if (self->last_update != now)
    {
      self->last_update = now;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAST_UPDATE]);
    }
}

static void
append_node (BytestagBucket *self,
             BytestagNode   *node,
             gint64          now)
{
  guint slot = self->n_nodes++;

  g_assert (slot < BYTESTAG_MAX_BUCKET_SIZE);

  self->nodes[slot] = g_object_ref (node);
  self->order[slot] = slot;

  g_list_model_items_changed (G_LIST_MODEL (self), slot, 0, 1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_NODES]);
  set_last_update (self, now);
}

static void
unlock (BytestagBucket *self)
{
  g_clear_object (&self->waiting);
  g_clear_object (&self->asked);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOCKED]);
}

static void
lock (BytestagBucket *self,
      BytestagNode   *node)
{
  g_autoptr (BytestagNode) oldest = g_object_ref (self->nodes[self->order[0]]);

  self->waiting = g_object_ref (node);
  self->asked = g_object_ref (oldest);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOCKED]);
  g_signal_emit (self, signals[SIGNAL_FULL], 0, node, oldest);
}

gboolean
bytestag_bucket_node_update (BytestagBucket *self,
                             BytestagNode   *node,
                             gint64          now,
                             GError        **error)
{
  BytestagNode *member;

  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), FALSE);

  if (bytestag_bucket_is_locked (self))
    return TRUE;

  if (self->n_nodes == BYTESTAG_MAX_BUCKET_SIZE)
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL, "Bucket %u is full", self->number);
      lock (self, node);
      return FALSE;
    }

  member = bytestag_bucket_find (self, bytestag_node_get_key (node), bytestag_node_get_endpoint (node));
  if (member != NULL)
    bytestag_bucket_touch (self, member, now);
  else
    append_node (self, node, now);

  return TRUE;
}

void
bytestag_bucket_keep_old_node (BytestagBucket *self)
{
  g_return_if_fail (BYTESTAG_IS_BUCKET (self));

  if (bytestag_bucket_is_locked (self))
    unlock (self);
}

void
bytestag_bucket_keep_new_node (BytestagBucket *self,
                               gint64          now)
{
  g_autoptr (BytestagNode) waiting = NULL;
  g_autoptr (BytestagNode) asked = NULL;
  BytestagNode *member;

  g_return_if_fail (BYTESTAG_IS_BUCKET (self));

  if (!bytestag_bucket_is_locked (self))
    return;

  waiting = g_object_ref (self->waiting);
  asked = g_object_ref (self->asked);
  unlock (self);

  member = bytestag_bucket_find (self, bytestag_node_get_key (waiting), bytestag_node_get_endpoint (waiting));
  if (member != NULL)
    {
      if (member != asked)
        bytestag_bucket_remove (self, asked);
      bytestag_bucket_touch (self, member, now);
    }
  else
    {
      /* Somebody else may have taken the slot of the asked one meanwhile; then
       * there is nothing to give. */
      bytestag_bucket_replace (self, asked, waiting, now);
    }
}

gboolean
bytestag_bucket_touch (BytestagBucket *self,
                       BytestagNode   *node,
                       gint64          now)
{
  guint slot;

  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), FALSE);

  if (!find_slot (self, node, &slot))
    return FALSE;

  move_to_end (self, slot);
  set_last_update (self, now);

  return TRUE;
}

gboolean
bytestag_bucket_replace (BytestagBucket *self,
                         BytestagNode   *old,
                         BytestagNode   *node,
                         gint64          now)
{
  g_autoptr (BytestagNode) taken_out = NULL;
  guint slot;

  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), FALSE);

  if (!find_slot (self, old, &slot))
    return FALSE;

  taken_out = self->nodes[slot];
  self->nodes[slot] = g_object_ref (node);
  move_to_end (self, slot);

  g_list_model_items_changed (G_LIST_MODEL (self), slot, 1, 1);
  set_last_update (self, now);

  return TRUE;
}

gboolean
bytestag_bucket_remove (BytestagBucket *self,
                        BytestagNode   *node)
{
  g_autoptr (BytestagNode) taken_out = NULL;
  guint slot, position;

  g_return_val_if_fail (BYTESTAG_IS_BUCKET (self), FALSE);

  if (!find_slot (self, node, &slot))
    return FALSE;

  taken_out = self->nodes[slot];
  position = find_in_order (self, slot);
  self->n_nodes--;
  memmove (self->nodes + slot, self->nodes + slot + 1, (self->n_nodes - slot) * sizeof *self->nodes);
  self->nodes[self->n_nodes] = NULL;
  memmove (self->order + position, self->order + position + 1, self->n_nodes - position);
  for (guint i = 0; i < self->n_nodes; i++)
    {
      if (self->order[i] > slot)
        self->order[i]--;
    }

  g_list_model_items_changed (G_LIST_MODEL (self), slot, 1, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_NODES]);
  if (bytestag_bucket_is_locked (self))
    unlock (self);

  return TRUE;
}

void
bytestag_bucket_check_invariants (BytestagBucket *self)
{
  gboolean ordered[BYTESTAG_MAX_BUCKET_SIZE] = { FALSE };

  g_return_if_fail (BYTESTAG_IS_BUCKET (self));

  g_assert (self->number < BYTESTAG_KEY_BITS);
  g_assert (self->n_nodes <= BYTESTAG_MAX_BUCKET_SIZE);
  g_assert ((self->waiting != NULL) == (self->asked != NULL));

  for (guint i = 0; i < self->n_nodes; i++)
    {
      BytestagNode *node = self->nodes[i];

      g_assert (BYTESTAG_IS_NODE (node));
      g_assert (self->order[i] < self->n_nodes);
      g_assert (!ordered[self->order[i]]);
      ordered[self->order[i]] = TRUE;
      g_assert (bytestag_bucket_find (self, bytestag_node_get_key (node),
                                      bytestag_node_get_endpoint (node)) == node);
    }
}
