/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

struct _BytestagFindNodesTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagNode *node;
  BytestagKey key;
  GPtrArray *nodes;
  guint64 handle;
};

G_DEFINE_FINAL_TYPE (BytestagFindNodesTask, bytestag_find_nodes_task, BYTESTAG_TYPE_TASK)

static void
release (BytestagFindNodesTask *self)
{
  if (self->network != NULL)
    _bytestag_network_cancel_request (self->network, &self->handle);
  g_clear_object (&self->network);
}

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  BytestagFindNodesTask *self = user_data;
  g_autoptr (BytestagNode) node = NULL;

  self->handle = 0;

  if (message == NULL)
    {
      _bytestag_network_unanswered (self->network, self->node);
      release (self);
      bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TIMED_OUT, _("The node does not answer"));
      return;
    }

  node = _bytestag_network_answered (self->network, self->node, message, from, rtt);
  /* Who is told of a contact may cancel us. */
  if (self->network == NULL)
    return;

  self->nodes = _bytestag_network_read_nodes (self->network, message);
  release (self);
  if (self->nodes != NULL)
    bytestag_task_done (BYTESTAG_TASK (self));
  else
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_INVALID, _("The answer has no list of nodes"));
}

static void
bytestag_find_nodes_task_start (BytestagTask *task)
{
  BytestagFindNodesTask *self = BYTESTAG_FIND_NODES_TASK (task);

  self->handle = _bytestag_network_send_find_node (self->network, bytestag_node_get_endpoint (self->node),
                                                   &self->key, reply_cb, self);
  if (self->handle == 0)
    {
      release (self);
      bytestag_task_fail_literal (task, BYTESTAG_ERROR_BUSY, _("The request could not be sent"));
    }
}

static void
bytestag_find_nodes_task_stop (BytestagTask *task)
{
  release (BYTESTAG_FIND_NODES_TASK (task));
}

static void
bytestag_find_nodes_task_dispose (GObject *object)
{
  BytestagFindNodesTask *self = BYTESTAG_FIND_NODES_TASK (object);

  release (self);
  g_clear_object (&self->node);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_find_nodes_task_parent_class)->dispose (object);
}

static void
bytestag_find_nodes_task_class_init (BytestagFindNodesTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_find_nodes_task_dispose;
  task_class->start = bytestag_find_nodes_task_start;
  task_class->stop = bytestag_find_nodes_task_stop;
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
  BytestagFindNodesTask *self = g_object_new (BYTESTAG_TYPE_FIND_NODES_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->node = g_object_ref (node);
  self->key = *key;
  return self;
}

GPtrArray *
bytestag_find_nodes_task_get_nodes (BytestagFindNodesTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_NODES_TASK (self), NULL);

  return self->nodes;
}
