/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "dht/network-private.h"

/* The key of the findval, and those that it takes along. */
#define MAX_KEYS (1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST)

struct _BytestagFindHeldTask
{
  BytestagRequestTask parent_instance;

  BytestagKey keys[MAX_KEYS];
  gint64 untils[MAX_KEYS];
  guint n_keys;
  gboolean is_told;
};

G_DEFINE_FINAL_TYPE (BytestagFindHeldTask, bytestag_find_held_task, BYTESTAG_TYPE_REQUEST_TASK)

static guint64
bytestag_find_held_task_send (BytestagRequestTask *task,
                              BytestagNetwork     *network,
                              BytestagNode        *node,
                              BytestagReplyFunc    reply)
{
  BytestagFindHeldTask *self = BYTESTAG_FIND_HELD_TASK (task);

  return _bytestag_network_send_find_held (network, bytestag_node_get_endpoint (node), &self->keys[0], self->keys + 1,
                                           self->n_keys - 1, FALSE, reply, self);
}

/* What the values of the reply say of the first key, which has no place in "held". */
static gint64
read_first (BytestagFindHeldTask  *self,
            const BytestagMessage *message)
{
  BytestagExchangeInfo found[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  int n = bytestag_message_read_vals (message, found, G_N_ELEMENTS (found));

  for (int i = 0; i < n; i++)
    if (bytestag_key_equal (&found[i].id.key, &self->keys[0]) &&
        bytestag_key_equal (&found[i].id.index, &self->keys[0]))
      return found[i].until > 0 ? found[i].until : BYTESTAG_HELD_UNPROMISED;
  return 0;
}

static const char *
bytestag_find_held_task_read (BytestagRequestTask   *task,
                              BytestagNetwork       *network,
                              const BytestagMessage *message,
                              BytestagNode          *answerer)
{
  BytestagFindHeldTask *self = BYTESTAG_FIND_HELD_TASK (task);
  int n_further = (int) self->n_keys - 1;

  if (message->vals.text == NULL && message->nodes.text == NULL)
    return _("The answer has neither values nor nodes");

  self->untils[0] = read_first (self, message);
  self->is_told = n_further == 0 || bytestag_message_read_held (message, self->untils + 1, n_further) == n_further;
  return NULL;
}

static void
bytestag_find_held_task_class_init (BytestagFindHeldTaskClass *klass)
{
  BytestagRequestTaskClass *request_class = BYTESTAG_REQUEST_TASK_CLASS (klass);

  request_class->send = bytestag_find_held_task_send;
  request_class->read = bytestag_find_held_task_read;
}

static void
bytestag_find_held_task_init (BytestagFindHeldTask *self)
{
}

BytestagFindHeldTask *
bytestag_network_find_held_from_node (BytestagNetwork   *self,
                                      BytestagNode      *node,
                                      const BytestagKey *keys,
                                      guint              n_keys)
{
  BytestagFindHeldTask *task;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (keys != NULL && n_keys >= 1 && n_keys <= MAX_KEYS, NULL);
  /* An original that shares a file of one of these keys would loop for ever (A.3 B1). */
  g_return_val_if_fail (bytestag_node_get_extensions (node) >= 0, NULL);

  task = _bytestag_request_task_new (BYTESTAG_TYPE_FIND_HELD_TASK, self, node);
  memcpy (task->keys, keys, n_keys * sizeof *keys);
  task->n_keys = n_keys;
  return _bytestag_network_run (self, task, FALSE);
}

BytestagFindShortlistTask *
bytestag_network_find_holders_shortlist (BytestagNetwork   *self,
                                         const BytestagKey *target,
                                         const BytestagKey *keys,
                                         guint              n_keys)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (target != NULL, NULL);
  g_return_val_if_fail (keys != NULL && n_keys >= 1 && n_keys <= BYTESTAG_LIMIT_KEYS_OF_REQUEST, NULL);

  return _bytestag_network_run (self, _bytestag_find_shortlist_task_new_for_holders (self, target, keys, n_keys),
                                TRUE);
}

const gint64 *
bytestag_find_held_task_get_untils (BytestagFindHeldTask *self,
                                    guint                *n_keys)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_HELD_TASK (self), NULL);
  g_return_val_if_fail (n_keys != NULL, NULL);

  *n_keys = self->is_told ? self->n_keys : 0;
  return self->is_told ? self->untils : NULL;
}
