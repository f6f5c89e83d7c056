/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

struct _BytestagPingTask
{
  BytestagRequestTask parent_instance;

  BytestagEndpoint address;
  BytestagNode *node;
  gint64 rtt;
  gint64 sent_at;
};

G_DEFINE_FINAL_TYPE (BytestagPingTask, bytestag_ping_task, BYTESTAG_TYPE_REQUEST_TASK)

static guint64
bytestag_ping_task_send (BytestagRequestTask *task,
                         BytestagNetwork     *network,
                         BytestagNode        *node,
                         BytestagReplyFunc    reply)
{
  BytestagPingTask *self = BYTESTAG_PING_TASK (task);

  self->sent_at = bytestag_reactor_get_time (network->reactor);
  return _bytestag_network_send_ping (network, &self->address, reply, self);
}

static const char *
bytestag_ping_task_read (BytestagRequestTask   *task,
                         BytestagNetwork       *network,
                         const BytestagMessage *message,
                         BytestagNode          *answerer)
{
  BytestagPingTask *self = BYTESTAG_PING_TASK (task);

  /* A caller wants the time that it took, also when it had to be asked twice. */
  self->rtt = bytestag_reactor_get_time (network->reactor) - self->sent_at;
  g_set_object (&self->node, answerer);
  return NULL;
}

static void
bytestag_ping_task_dispose (GObject *object)
{
  g_clear_object (&BYTESTAG_PING_TASK (object)->node);

  G_OBJECT_CLASS (bytestag_ping_task_parent_class)->dispose (object);
}

static void
bytestag_ping_task_class_init (BytestagPingTaskClass *klass)
{
  BytestagRequestTaskClass *request_class = BYTESTAG_REQUEST_TASK_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = bytestag_ping_task_dispose;
  request_class->send = bytestag_ping_task_send;
  request_class->read = bytestag_ping_task_read;
}

static void
bytestag_ping_task_init (BytestagPingTask *self)
{
  self->rtt = -1;
}

BytestagPingTask *
_bytestag_ping_task_new (BytestagNetwork        *network,
                         const BytestagEndpoint *address,
                         BytestagNode           *node)
{
  BytestagPingTask *self = _bytestag_request_task_new (BYTESTAG_TYPE_PING_TASK, network, node);

  self->address = *address;
  return self;
}

gint64
bytestag_ping_task_get_rtt (BytestagPingTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PING_TASK (self), -1);

  return self->rtt;
}

BytestagNode *
bytestag_ping_task_get_node (BytestagPingTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PING_TASK (self), NULL);

  return self->node;
}
