/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "dht/network-private.h"

struct _BytestagFindNodesTask
{
  BytestagRequestTask parent_instance;

  BytestagKey key;
  GPtrArray *nodes;
};

G_DEFINE_FINAL_TYPE (BytestagFindNodesTask, bytestag_find_nodes_task, BYTESTAG_TYPE_REQUEST_TASK)

static guint64
bytestag_find_nodes_task_send (BytestagRequestTask *task,
                               BytestagNetwork     *network,
                               BytestagNode        *node,
                               BytestagReplyFunc    reply)
{
  BytestagFindNodesTask *self = BYTESTAG_FIND_NODES_TASK (task);

  return _bytestag_network_send_find_node (network, bytestag_node_get_endpoint (node), &self->key, FALSE, reply,
                                           self);
}

static const char *
bytestag_find_nodes_task_read (BytestagRequestTask   *task,
                               BytestagNetwork       *network,
                               const BytestagMessage *message,
                               BytestagNode          *answerer)
{
  BytestagFindNodesTask *self = BYTESTAG_FIND_NODES_TASK (task);

  self->nodes = _bytestag_network_read_nodes (network, message);
  return self->nodes != NULL ? NULL : _("The answer has no list of nodes");
}

static void
bytestag_find_nodes_task_dispose (GObject *object)
{
  g_clear_pointer (&BYTESTAG_FIND_NODES_TASK (object)->nodes, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_find_nodes_task_parent_class)->dispose (object);
}

static void
bytestag_find_nodes_task_class_init (BytestagFindNodesTaskClass *klass)
{
  BytestagRequestTaskClass *request_class = BYTESTAG_REQUEST_TASK_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = bytestag_find_nodes_task_dispose;
  request_class->send = bytestag_find_nodes_task_send;
  request_class->read = bytestag_find_nodes_task_read;
}

static void
bytestag_find_nodes_task_init (BytestagFindNodesTask *self)
{
}

BytestagFindNodesTask *
_bytestag_find_nodes_task_new (BytestagNetwork   *network,
                               BytestagNode      *node,
                               const BytestagKey *key)
{
  BytestagFindNodesTask *self = _bytestag_request_task_new (BYTESTAG_TYPE_FIND_NODES_TASK, network, node);

  self->key = *key;
  return self;
}

GPtrArray *
bytestag_find_nodes_task_get_nodes (BytestagFindNodesTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_NODES_TASK (self), NULL);

  return self->nodes;
}
