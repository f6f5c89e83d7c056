/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* The receiving side of transfers (A.1.5): which packet belongs to which task, and
 * how many there may be. The tasks themselves take the bytes. */

/* An original sends a chunk twice, 5 s apart, and the next one 5 s later; after so
 * many µs without any it has ended. */
#define DRAINED (20 * G_USEC_PER_SEC)

typedef struct {
  BytestagNetwork *network; /* borrowed */
  BytestagKey transfer_id;
  BytestagEndpoint from;
  BytestagTimer timer;
  guint n_chunks;
} Drain;

static void let_next_in (BytestagNetwork *self);

void
_bytestag_network_open_transfer (BytestagNetwork      *self,
                                 BytestagDownloadTask *task)
{
  g_hash_table_insert (self->incoming, (gpointer) _bytestag_download_task_get_transfer_id (task), task);
}

void
_bytestag_network_close_transfer (BytestagNetwork      *self,
                                  BytestagDownloadTask *task)
{
  const BytestagKey *id = _bytestag_download_task_get_transfer_id (task);

  if (g_hash_table_lookup (self->incoming, id) == task)
    g_hash_table_remove (self->incoming, id);
}

/* Transfers of originals that we gave up */

static void
drain_free (Drain *drain)
{
  bytestag_reactor_disarm (drain->network->reactor, &drain->timer);
  g_ptr_array_remove_fast (drain->network->drains, drain);
  g_free (drain);
}

static void
end_drain (Drain *drain)
{
  BytestagNetwork *network = drain->network;

  drain_free (drain);
  let_next_in (network);
}

static void
drained_cb (gpointer user_data)
{
  end_drain (user_data);
}

void
_bytestag_network_drain (BytestagNetwork        *self,
                         const BytestagEndpoint *from,
                         const BytestagKey      *transfer_id)
{
  Drain *drain;

  if (self->drains->len == BYTESTAG_LIMIT_DRAINS)
    return;

  drain = g_new0 (Drain, 1);
  drain->network = self;
  drain->transfer_id = *transfer_id;
  drain->from = *from;
  g_ptr_array_add (self->drains, drain);
  bytestag_reactor_arm (self->reactor, &drain->timer, DRAINED, drained_cb, drain);
}

static BytestagDrop
drain_packet (BytestagNetwork        *self,
              const BytestagEndpoint *from,
              const BytestagKey      *transfer_id,
              const BytestagMessage  *message)
{
  for (guint i = 0; i < self->drains->len; i++)
    {
      Drain *drain = self->drains->pdata[i];

      if (!bytestag_key_equal (&drain->transfer_id, transfer_id) ||
          !bytestag_endpoint_same_host (&drain->from, from))
        continue;

      if (message->is_end || ++drain->n_chunks > BYTESTAG_LIMIT_CHUNKS_OF_DRAIN)
        {
          end_drain (drain);
          return BYTESTAG_DROP_NONE;
        }
      bytestag_reactor_arm (self->reactor, &drain->timer, DRAINED, drained_cb, drain);
      _bytestag_network_send_ack (self, from, message);
      return BYTESTAG_DROP_NONE;
    }

  return BYTESTAG_DROP_UNMATCHED;
}

BytestagDrop
_bytestag_network_take_packet (BytestagNetwork        *self,
                               const BytestagEndpoint *from,
                               const BytestagMessage  *message)
{
  BytestagKey id;
  BytestagDownloadTask *task;

  /* Every id that we wait for was made by us: the base64 of a key. */
  if (!bytestag_slice_get_key (&message->xfer_id, &id))
    return BYTESTAG_DROP_UNMATCHED;

  task = g_hash_table_lookup (self->incoming, &id);
  if (task == NULL)
    return drain_packet (self, from, &id, message);

  return _bytestag_download_task_take (task, from, message);
}

/* getval of ours */

static gboolean
is_original (BytestagDownloadTask *task)
{
  return bytestag_node_get_extensions (bytestag_download_task_get_node (task)) < 0;
}

static gboolean
has_download_place (BytestagNetwork      *self,
                    BytestagDownloadTask *task)
{
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (bytestag_download_task_get_node (task));
  guint n_at_node = 0;

  if (self->downloads->len >= BYTESTAG_LIMIT_DOWNLOADS)
    return FALSE;
  if (!is_original (task))
    return TRUE;

  for (guint i = 0; i < self->downloads->len; i++)
    {
      BytestagNode *node = bytestag_download_task_get_node (self->downloads->pdata[i]);

      n_at_node += bytestag_endpoint_equal (bytestag_node_get_endpoint (node), endpoint);
    }
  for (guint i = 0; i < self->drains->len; i++)
    n_at_node += bytestag_endpoint_equal (&((Drain *) self->drains->pdata[i])->from, endpoint);
  return n_at_node < BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL;
}

static void
let_in (BytestagNetwork      *self,
        BytestagDownloadTask *task)
{
  g_ptr_array_add (self->downloads, task);
  bytestag_task_slot_add (self->download_slot, BYTESTAG_TASK (task));
}

/* The first that has a place: one that waits for a busy original does not hold up
 * the others. */
static void
let_next_in (BytestagNetwork *self)
{
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      BytestagDownloadTask *task = link->data;

      if (!has_download_place (self, task))
        continue;

      g_queue_delete_link (&self->waiting, link);
      let_in (self, task);
      g_object_unref (task);
      return;
    }
}

static void
download_finished_cb (BytestagDownloadTask *task,
                      BytestagNetwork      *self)
{
  GList *waiting = g_queue_find (&self->waiting, task);

  /* Cancelled before it had a place. */
  if (waiting != NULL)
    {
      g_queue_delete_link (&self->waiting, waiting);
      g_object_unref (task);
      return;
    }

  if (g_ptr_array_remove (self->downloads, task) && self->replies != NULL)
    let_next_in (self);
}

void
_bytestag_network_queue_download (BytestagNetwork      *self,
                                  BytestagDownloadTask *task)
{
  g_signal_connect_object (task, "finished", G_CALLBACK (download_finished_cb), self, 0);

  if (has_download_place (self, task))
    let_in (self, task);
  else
    g_queue_push_tail (&self->waiting, g_object_ref (task));
}

/* Stores of others */

gboolean
_bytestag_network_has_store_place (BytestagNetwork        *self,
                                   const BytestagEndpoint *from,
                                   gboolean                is_proven)
{
  guint n_of_address = 0, n_unproven = 0;
  BytestagEndpoint network;
  gboolean is_limited = bytestag_endpoint_get_network (from, self->guard.limits_private, &network);

  /* A slot that its owner keeps small must not make a store wait either: its
   * sender sends at once. */
  if (self->stores->len >= BYTESTAG_LIMIT_INCOMING_STORES ||
      bytestag_task_slot_get_n_running (self->download_slot) >=
        bytestag_task_slot_get_max_running (self->download_slot))
    return FALSE;

  for (guint i = 0; i < self->stores->len; i++)
    {
      BytestagNode *node = bytestag_download_task_get_node (self->stores->pdata[i]);

      n_of_address += bytestag_endpoint_same_host (bytestag_node_get_endpoint (node), from);
      n_unproven += !_bytestag_network_is_node_proven (self, node);
    }
  return (!is_limited || n_of_address < BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS) &&
         (is_proven || n_unproven < BYTESTAG_LIMIT_UNPROVEN_STORES);
}

static void
store_finished_cb (BytestagTask    *task,
                   BytestagNetwork *self)
{
  g_ptr_array_remove (self->stores, task);
}

void
_bytestag_network_add_store (BytestagNetwork       *self,
                             BytestagReadStoreTask *task)
{
  g_ptr_array_add (self->stores, task);
  g_signal_connect_object (task, "finished", G_CALLBACK (store_finished_cb), self, 0);
  _bytestag_network_keep (self, BYTESTAG_TASK (task));
  bytestag_task_slot_add (self->download_slot, BYTESTAG_TASK (task));
}

void
_bytestag_network_stop_downloads (BytestagNetwork *self)
{
  GList *link;

  /* All of them are cancelled; their events may come when we are gone. */
  while ((link = g_queue_pop_head_link (&self->waiting)) != NULL)
    {
      g_object_unref (link->data);
      g_list_free_1 (link);
    }
  g_ptr_array_set_size (self->downloads, 0);
  g_ptr_array_set_size (self->stores, 0);
  while (self->drains->len > 0)
    drain_free (self->drains->pdata[0]);
}
