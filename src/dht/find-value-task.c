/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

struct _BytestagFindValueTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagNode *node;
  BytestagKey key;
  BytestagKey index;
  gboolean has_index;
  BytestagFindValueResult *result;
  guint64 handle;
};

G_DEFINE_BOXED_TYPE (BytestagFindValueResult, bytestag_find_value_result, bytestag_find_value_result_copy,
                     bytestag_find_value_result_free)

G_DEFINE_FINAL_TYPE (BytestagFindValueTask, bytestag_find_value_task, BYTESTAG_TYPE_TASK)

BytestagFindValueResult *
bytestag_find_value_result_copy (const BytestagFindValueResult *self)
{
  BytestagFindValueResult *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_new0 (BytestagFindValueResult, 1);
  if (self->values != NULL)
    copy->values = g_ptr_array_ref (self->values);
  if (self->nodes != NULL)
    copy->nodes = g_ptr_array_ref (self->nodes);
  return copy;
}

void
bytestag_find_value_result_free (BytestagFindValueResult *self)
{
  g_return_if_fail (self != NULL);

  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_free (self);
}

static void
release (BytestagFindValueTask *self)
{
  if (self->network != NULL)
    _bytestag_network_cancel_request (self->network, &self->handle);
  g_clear_object (&self->network);
}

/* "vals" wins over "nodes" (A.1.4). (nullable) NULL when the one that counts is bad. */
static BytestagFindValueResult *
read_result (BytestagNetwork       *network,
             const BytestagMessage *message)
{
  BytestagFindValueResult result = { NULL, NULL };

  if (message->vals.text != NULL)
    result.values = _bytestag_read_values (message);
  else
    result.nodes = _bytestag_network_read_nodes (network, message);

  if (result.values == NULL && result.nodes == NULL)
    return NULL;
  return g_memdup2 (&result, sizeof result);
}

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  BytestagFindValueTask *self = user_data;
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

  self->result = read_result (self->network, message);
  release (self);
  if (self->result != NULL)
    bytestag_task_done (BYTESTAG_TASK (self));
  else
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_INVALID,
                                _("The answer has neither values nor nodes"));
}

static void
bytestag_find_value_task_start (BytestagTask *task)
{
  BytestagFindValueTask *self = BYTESTAG_FIND_VALUE_TASK (task);

  self->handle = _bytestag_network_send_find_value (self->network, self->node, &self->key,
                                                    self->has_index ? &self->index : NULL, reply_cb, self);
  if (self->handle == 0)
    {
      release (self);
      bytestag_task_fail_literal (task, BYTESTAG_ERROR_BUSY, _("The request could not be sent"));
    }
}

static void
bytestag_find_value_task_stop (BytestagTask *task)
{
  release (BYTESTAG_FIND_VALUE_TASK (task));
}

static void
bytestag_find_value_task_dispose (GObject *object)
{
  BytestagFindValueTask *self = BYTESTAG_FIND_VALUE_TASK (object);

  release (self);
  g_clear_object (&self->node);
  g_clear_pointer (&self->result, bytestag_find_value_result_free);

  G_OBJECT_CLASS (bytestag_find_value_task_parent_class)->dispose (object);
}

static void
bytestag_find_value_task_class_init (BytestagFindValueTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_find_value_task_dispose;
  task_class->start = bytestag_find_value_task_start;
  task_class->stop = bytestag_find_value_task_stop;
}

static void
bytestag_find_value_task_init (BytestagFindValueTask *self)
{
}

BytestagFindValueTask *
_bytestag_find_value_task_new (BytestagNetwork   *network,
                               BytestagNode      *node,
                               const BytestagKey *key,
                               const BytestagKey *index)
{
  BytestagFindValueTask *self = g_object_new (BYTESTAG_TYPE_FIND_VALUE_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->node = g_object_ref (node);
  self->key = *key;
  self->has_index = index != NULL;
  if (index != NULL)
    self->index = *index;
  return self;
}

const BytestagFindValueResult *
bytestag_find_value_task_get_result (BytestagFindValueTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_VALUE_TASK (self), NULL);

  return self->result;
}
