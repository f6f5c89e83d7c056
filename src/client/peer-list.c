/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/peer-list.h"

struct _BytestagPeerList
{
  GObject parent_instance;

  BytestagRoutingTable *table;
  guint counts[BYTESTAG_KEY_BITS]; /* of each bucket, as last told */
  guint n_items;
};

static void bytestag_peer_list_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagPeerList, bytestag_peer_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, bytestag_peer_list_list_model_init))

static GType
bytestag_peer_list_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_NODE;
}

static guint
bytestag_peer_list_get_n_items (GListModel *model)
{
  return BYTESTAG_PEER_LIST (model)->n_items;
}

static gpointer
bytestag_peer_list_get_item (GListModel *model,
                             guint       position)
{
  BytestagPeerList *self = BYTESTAG_PEER_LIST (model);

  for (guint i = 0; position < self->n_items && i < BYTESTAG_KEY_BITS; i++)
    {
      if (position < self->counts[i])
        return g_list_model_get_item (G_LIST_MODEL (bytestag_routing_table_get_nth_bucket (self->table, i)), position);
      position -= self->counts[i];
    }

  return NULL;
}

static void
bytestag_peer_list_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_peer_list_get_item_type;
  iface->get_n_items = bytestag_peer_list_get_n_items;
  iface->get_item = bytestag_peer_list_get_item;
}

static void
items_changed_cb (BytestagBucket   *bucket,
                  guint             position,
                  guint             removed,
                  guint             added,
                  BytestagPeerList *self)
{
  guint number = bytestag_bucket_get_number (bucket);

  for (guint i = 0; i < number; i++)
    position += self->counts[i];
  self->counts[number] += added - removed;
  self->n_items += added - removed;

  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static void
bytestag_peer_list_dispose (GObject *object)
{
  BytestagPeerList *self = BYTESTAG_PEER_LIST (object);

  g_clear_object (&self->table);
  self->n_items = 0;

  G_OBJECT_CLASS (bytestag_peer_list_parent_class)->dispose (object);
}

static void
bytestag_peer_list_class_init (BytestagPeerListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_peer_list_dispose;
}

static void
bytestag_peer_list_init (BytestagPeerList *self)
{
}

BytestagPeerList *
bytestag_peer_list_new (BytestagRoutingTable *table)
{
  BytestagPeerList *self;

  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (table), NULL);

  self = g_object_new (BYTESTAG_TYPE_PEER_LIST, NULL);
  self->table = g_object_ref (table);
  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      BytestagBucket *bucket = bytestag_routing_table_get_nth_bucket (table, i);

      self->counts[i] = g_list_model_get_n_items (G_LIST_MODEL (bucket));
      self->n_items += self->counts[i];
      g_signal_connect_object (bucket, "items-changed", G_CALLBACK (items_changed_cb), self, 0);
    }

  return self;
}
