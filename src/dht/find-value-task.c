/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "dht/network-private.h"

struct _BytestagFindValueTask
{
  BytestagRequestTask parent_instance;

  BytestagKey key;
  BytestagKey index;
  gboolean has_index;
  BytestagFindValueResult *result;
};

G_DEFINE_BOXED_TYPE (BytestagFindValueResult, bytestag_find_value_result, bytestag_find_value_result_copy,
                     bytestag_find_value_result_free)

G_DEFINE_FINAL_TYPE (BytestagFindValueTask, bytestag_find_value_task, BYTESTAG_TYPE_REQUEST_TASK)

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

static guint64
bytestag_find_value_task_send (BytestagRequestTask *task,
                               BytestagNetwork     *network,
                               BytestagNode        *node,
                               BytestagReplyFunc    reply)
{
  BytestagFindValueTask *self = BYTESTAG_FIND_VALUE_TASK (task);

  return _bytestag_network_send_find_value (network, node, &self->key, self->has_index ? &self->index : NULL, FALSE,
                                            reply, self);
}

static const char *
bytestag_find_value_task_read (BytestagRequestTask   *task,
                               BytestagNetwork       *network,
                               const BytestagMessage *message,
                               BytestagNode          *answerer)
{
  BytestagFindValueTask *self = BYTESTAG_FIND_VALUE_TASK (task);

  self->result = read_result (network, message);
  return self->result != NULL ? NULL : _("The answer has neither values nor nodes");
}

static void
bytestag_find_value_task_dispose (GObject *object)
{
  g_clear_pointer (&BYTESTAG_FIND_VALUE_TASK (object)->result, bytestag_find_value_result_free);

  G_OBJECT_CLASS (bytestag_find_value_task_parent_class)->dispose (object);
}

static void
bytestag_find_value_task_class_init (BytestagFindValueTaskClass *klass)
{
  BytestagRequestTaskClass *request_class = BYTESTAG_REQUEST_TASK_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = bytestag_find_value_task_dispose;
  request_class->send = bytestag_find_value_task_send;
  request_class->read = bytestag_find_value_task_read;
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
  BytestagFindValueTask *self = _bytestag_request_task_new (BYTESTAG_TYPE_FIND_VALUE_TASK, network, node);

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
