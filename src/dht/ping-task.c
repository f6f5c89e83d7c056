/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

struct _BytestagPingTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagEndpoint address;
  BytestagNode *asked; /* (nullable) */
  BytestagNode *node;
  gint64 rtt;
  gint64 sent_at;
  guint64 handle;
};

G_DEFINE_FINAL_TYPE (BytestagPingTask, bytestag_ping_task, BYTESTAG_TYPE_TASK)

static void
release (BytestagPingTask *self)
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
  BytestagPingTask *self = user_data;

  self->handle = 0;

  if (message == NULL)
    {
      if (self->asked != NULL)
        _bytestag_network_unanswered (self->network, self->asked);
      release (self);
      bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TIMED_OUT, _("The node does not answer"));
      return;
    }

  /* A caller wants the time that it took, also when it had to be asked twice. */
  self->rtt = bytestag_reactor_get_time (self->network->reactor) - self->sent_at;
  self->node = _bytestag_network_answered (self->network, self->asked, message, from, rtt);
  release (self);
  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
bytestag_ping_task_start (BytestagTask *task)
{
  BytestagPingTask *self = BYTESTAG_PING_TASK (task);

  self->sent_at = bytestag_reactor_get_time (self->network->reactor);
  self->handle = _bytestag_network_send_ping (self->network, &self->address, reply_cb, self);
  if (self->handle == 0)
    {
      release (self);
      bytestag_task_fail_literal (task, BYTESTAG_ERROR_BUSY, _("The request could not be sent"));
    }
}

static void
bytestag_ping_task_stop (BytestagTask *task)
{
  release (BYTESTAG_PING_TASK (task));
}

static void
bytestag_ping_task_dispose (GObject *object)
{
  BytestagPingTask *self = BYTESTAG_PING_TASK (object);

  release (self);
  g_clear_object (&self->asked);
  g_clear_object (&self->node);

  G_OBJECT_CLASS (bytestag_ping_task_parent_class)->dispose (object);
}

static void
bytestag_ping_task_class_init (BytestagPingTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_ping_task_dispose;
  task_class->start = bytestag_ping_task_start;
  task_class->stop = bytestag_ping_task_stop;
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
  BytestagPingTask *self = g_object_new (BYTESTAG_TYPE_PING_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->address = *address;
  g_set_object (&self->asked, node);
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
