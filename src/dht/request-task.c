/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

typedef struct {
  BytestagNetwork *network; /* until the task has ended */
  BytestagNode *node;       /* (nullable) an address alone was asked */
  guint64 handle;
} BytestagRequestTaskPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (BytestagRequestTask, bytestag_request_task, BYTESTAG_TYPE_TASK)

static BytestagRequestTaskPrivate *
get_private (BytestagRequestTask *self)
{
  return bytestag_request_task_get_instance_private (self);
}

static void
release (BytestagRequestTask *self)
{
  BytestagRequestTaskPrivate *priv = get_private (self);

  if (priv->network != NULL)
    _bytestag_network_cancel_request (priv->network, &priv->handle);
  g_clear_object (&priv->network);
}

static void
fail (BytestagRequestTask *self,
      BytestagError        code,
      const char          *message)
{
  release (self);
  bytestag_task_fail_literal (BYTESTAG_TASK (self), code, message);
}

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  BytestagRequestTask *self = user_data;
  BytestagRequestTaskPrivate *priv = get_private (self);
  g_autoptr (BytestagNode) answerer = NULL;
  const char *complaint;

  priv->handle = 0;

  if (message == NULL)
    {
      if (priv->node != NULL)
        _bytestag_network_unanswered (priv->network, priv->node);
      fail (self, BYTESTAG_ERROR_TIMED_OUT, _("The node does not answer"));
      return;
    }

  answerer = _bytestag_network_answered (priv->network, priv->node, message, from, rtt);
  /* Who is told of a contact may cancel us. */
  if (priv->network == NULL)
    return;

  complaint = BYTESTAG_REQUEST_TASK_GET_CLASS (self)->read (self, priv->network, message, answerer);
  if (complaint != NULL)
    {
      fail (self, BYTESTAG_ERROR_INVALID, complaint);
      return;
    }
  release (self);
  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
bytestag_request_task_start (BytestagTask *task)
{
  BytestagRequestTask *self = BYTESTAG_REQUEST_TASK (task);
  BytestagRequestTaskPrivate *priv = get_private (self);

  priv->handle = BYTESTAG_REQUEST_TASK_GET_CLASS (self)->send (self, priv->network, priv->node, reply_cb);
  if (priv->handle == 0)
    fail (self, BYTESTAG_ERROR_BUSY, _("The request could not be sent"));
}

static void
bytestag_request_task_stop (BytestagTask *task)
{
  release (BYTESTAG_REQUEST_TASK (task));
}

static void
bytestag_request_task_dispose (GObject *object)
{
  BytestagRequestTask *self = BYTESTAG_REQUEST_TASK (object);

  release (self);
  g_clear_object (&get_private (self)->node);

  G_OBJECT_CLASS (bytestag_request_task_parent_class)->dispose (object);
}

static void
bytestag_request_task_class_init (BytestagRequestTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_request_task_dispose;
  task_class->start = bytestag_request_task_start;
  task_class->stop = bytestag_request_task_stop;
}

static void
bytestag_request_task_init (BytestagRequestTask *self)
{
}

gpointer
_bytestag_request_task_new (GType            type,
                            BytestagNetwork *network,
                            BytestagNode    *node)
{
  BytestagRequestTask *self = g_object_new (type, "reactor", network->reactor, NULL);
  BytestagRequestTaskPrivate *priv = get_private (self);

  priv->network = g_object_ref (network);
  g_set_object (&priv->node, node);
  return self;
}
