/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* An original that is sent the first chunk before its worker runs takes it, but
 * does not ack it (A.3 B3); so long, µs, is safe. */
#define DELAY_FOR_ORIGINAL (30 * 1000)

struct _BytestagStoreToNodeTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagNode *node;
  BytestagKvpRecord record;
  gint64 keep;
  GBytes *value; /* (nullable) of a refresh */
  guint64 handle;
  BytestagUpload *upload;
  BytestagStoreOutcome outcome;
  gint64 until;
};

G_DEFINE_FINAL_TYPE (BytestagStoreToNodeTask, bytestag_store_to_node_task, BYTESTAG_TYPE_TASK)

static void begin (BytestagStoreToNodeTask *self);

static gboolean
has_place (BytestagStoreToNodeTask *self)
{
  GPtrArray *stores = self->network->stores_running;
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (self->node);
  guint max = bytestag_node_get_extensions (self->node) < 0 ? BYTESTAG_LIMIT_STORES_TO_ORIGINAL
                                                            : BYTESTAG_LIMIT_STORES_TO_NODE;
  guint n_at_node = 0;

  for (guint i = 0; i < stores->len; i++)
    {
      BytestagNode *node = ((BytestagStoreToNodeTask *) stores->pdata[i])->node;

      n_at_node += bytestag_endpoint_equal (bytestag_node_get_endpoint (node), endpoint);
    }
  return n_at_node < max;
}

/* (transfer none) (nullable) */
static BytestagStoreToNodeTask *
take_waiting (BytestagNetwork *network)
{
  for (GList *link = network->stores_waiting.head; link != NULL; link = link->next)
    {
      BytestagStoreToNodeTask *task = link->data;

      if (!has_place (task))
        continue;
      g_queue_delete_link (&network->stores_waiting, link);
      return task;
    }
  return NULL;
}

static void
begin_waiting (gpointer user_data)
{
  BytestagStoreToNodeTask *task;

  /* Whoever is told of one may cancel others. */
  while ((task = take_waiting (user_data)) != NULL)
    begin (task);
}

static void
release (BytestagStoreToNodeTask *self)
{
  if (self->network == NULL)
    return;

  if (g_ptr_array_remove_fast (self->network->stores_running, self))
    bytestag_reactor_post (self->network->reactor, begin_waiting, g_object_ref (self->network), g_object_unref);
  else
    g_queue_remove (&self->network->stores_waiting, self);
  g_clear_pointer (&self->upload, _bytestag_upload_free);
  _bytestag_network_cancel_request (self->network, &self->handle);
  g_clear_object (&self->network);
}

static void
finish (BytestagStoreToNodeTask *self,
        BytestagStoreOutcome     outcome)
{
  release (self);
  self->outcome = outcome;
  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
fail (BytestagStoreToNodeTask *self,
      BytestagError            code,
      const char              *message)
{
  release (self);
  self->outcome = BYTESTAG_STORE_FAILED;
  bytestag_task_fail_literal (BYTESTAG_TASK (self), code, message);
}

static void
upload_cb (BytestagUpload *upload,
           gboolean        ended,
           gpointer        user_data)
{
  BytestagStoreToNodeTask *self = user_data;
  gboolean complete = _bytestag_upload_is_complete (upload);
  gsize n_acked = _bytestag_upload_get_n_acked (upload);

  /* Who is told of it may cancel us. */
  bytestag_task_set_progress (BYTESTAG_TASK (self), n_acked);
  if (self->network == NULL || !ended)
    return;

  if (complete)
    finish (self, BYTESTAG_STORE_SENT);
  else
    fail (self, BYTESTAG_ERROR_TIMED_OUT, _("The node did not confirm all of the value"));
}

/* The node waits for a value whose bytes we do not have: it is told at once that none come. */
static void
end_offer (BytestagStoreToNodeTask *self,
           const BytestagMessage   *message)
{
  if (bytestag_slice_is_truthy (&message->xferid))
    _bytestag_network_send_end (self->network, bytestag_node_get_endpoint (self->node), &message->xferid);
  self->until = 0;
  finish (self, BYTESTAG_STORE_LOST);
}

static void
begin_upload (BytestagStoreToNodeTask *self,
              const BytestagMessage   *message)
{
  gboolean is_ours = message->extensions >= 0;
  BytestagSlice transfer = message->xferid;
  char invented[BYTESTAG_KEY_BASE64_LENGTH + 2];

  /* An offer of null leaves the id to us (A.1.5). */
  if (!bytestag_slice_is_truthy (&transfer) && transfer.length == 4)
    {
      BytestagKey key;

      bytestag_key_random (&key, bytestag_reactor_get_rng (self->network->reactor));
      invented[0] = invented[sizeof invented - 1] = '"';
      bytestag_key_write_base64 (&key, invented + 1);
      transfer = (BytestagSlice) { invented, sizeof invented };
    }

  self->upload = _bytestag_upload_new (self->network, bytestag_node_get_endpoint (self->node), &transfer,
                                       self->value, is_ours, is_ours ? 0 : DELAY_FOR_ORIGINAL, upload_cb, self);
}

/* Without a transfer id: held already, or refused, which an original does not tell
 * apart (A.1.4). */
static BytestagStoreOutcome
get_outcome_of_refusal (const BytestagMessage *message)
{
  gboolean tells = message->extensions >= 0 && (message->extensions & BYTESTAG_EXTENSION_PROMISES) != 0;

  return !tells || message->have ? BYTESTAG_STORE_HELD : BYTESTAG_STORE_FULL;
}

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  BytestagStoreToNodeTask *self = user_data;

  self->handle = 0;

  if (message == NULL)
    {
      _bytestag_network_unanswered (self->network, self->node);
      fail (self, BYTESTAG_ERROR_TIMED_OUT, _("The node does not answer"));
      return;
    }

  bytestag_node_set_extensions (self->node, message->extensions);
  /* Who is told of that may cancel us. */
  if (self->network == NULL)
    return;

  self->until = message->extensions >= 0 ? message->until : 0;
  if (message->xferid.text == NULL)
    finish (self, get_outcome_of_refusal (message));
  else if (!bytestag_slice_is_scalar (&message->xferid))
    fail (self, BYTESTAG_ERROR_INVALID, _("The node does not answer as it should"));
  else if (self->value == NULL)
    end_offer (self, message);
  else
    begin_upload (self, message);
}

static void
begin (BytestagStoreToNodeTask *self)
{
  BytestagKvpRecord record = self->record;
  gint64 keep = self->keep;
  int extensions = bytestag_node_get_extensions (self->node);

  g_ptr_array_add (self->network->stores_running, self);
  /* An original gets what an original sends. */
  if (extensions < 0 || (extensions & BYTESTAG_EXTENSION_PROMISES) == 0)
    {
      record.until = record.copies = 0;
      keep = 0;
    }

  self->handle = _bytestag_network_send_store (self->network, bytestag_node_get_endpoint (self->node), &record, keep,
                                               reply_cb, self);
  if (self->handle == 0)
    fail (self, BYTESTAG_ERROR_BUSY, _("The request could not be sent"));
}

static void
bytestag_store_to_node_task_start (BytestagTask *task)
{
  BytestagStoreToNodeTask *self = BYTESTAG_STORE_TO_NODE_TASK (task);

  if (self->record.size >= BYTESTAG_MAX_VALUE_SIZE)
    fail (self, BYTESTAG_ERROR_TOO_LARGE, _("The value is larger than a value may be"));
  else if (has_place (self))
    begin (self);
  else
    g_queue_push_tail (&self->network->stores_waiting, self);
}

static void
bytestag_store_to_node_task_stop (BytestagTask *task)
{
  BytestagStoreToNodeTask *self = BYTESTAG_STORE_TO_NODE_TASK (task);

  release (self);
  self->outcome = BYTESTAG_STORE_FAILED;
}

static void
bytestag_store_to_node_task_dispose (GObject *object)
{
  BytestagStoreToNodeTask *self = BYTESTAG_STORE_TO_NODE_TASK (object);

  release (self);
  g_clear_object (&self->node);
  g_clear_pointer (&self->value, g_bytes_unref);

  G_OBJECT_CLASS (bytestag_store_to_node_task_parent_class)->dispose (object);
}

static void
bytestag_store_to_node_task_class_init (BytestagStoreToNodeTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_store_to_node_task_dispose;
  task_class->start = bytestag_store_to_node_task_start;
  task_class->stop = bytestag_store_to_node_task_stop;
}

static void
bytestag_store_to_node_task_init (BytestagStoreToNodeTask *self)
{
}

BytestagStoreToNodeTask *
_bytestag_store_to_node_task_new_refresh (BytestagNetwork         *network,
                                          BytestagNode            *node,
                                          const BytestagKvpRecord *record,
                                          gint64                   keep,
                                          GBytes                  *value)
{
  BytestagStoreToNodeTask *self = g_object_new (BYTESTAG_TYPE_STORE_TO_NODE_TASK,
                                                "reactor", network->reactor,
                                                NULL);

  self->network = g_object_ref (network);
  self->node = g_object_ref (node);
  self->record = *record;
  self->keep = keep;
  self->value = value != NULL ? g_bytes_ref (value) : NULL;
  bytestag_task_set_total (BYTESTAG_TASK (self), record->size);
  return self;
}

BytestagStoreToNodeTask *
_bytestag_store_to_node_task_new (BytestagNetwork         *network,
                                  BytestagNode            *node,
                                  const BytestagKvpRecord *record,
                                  gint64                   keep,
                                  GBytes                  *value)
{
  BytestagKvpRecord sized = *record;

  sized.size = g_bytes_get_size (value);
  return _bytestag_store_to_node_task_new_refresh (network, node, &sized, keep, value);
}

BytestagStoreToNodeTask *
bytestag_network_refresh_at_node (BytestagNetwork         *self,
                                  BytestagNode            *node,
                                  const BytestagKvpRecord *record,
                                  gint64                   keep,
                                  GBytes                  *value)
{
  BytestagKvpRecord offer = { 0 };

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (record != NULL && keep > 0, NULL);
  g_return_val_if_fail (value == NULL || g_bytes_get_size (value) == record->size, NULL);

  /* Of a replica the promise's end would be said, and nothing renewed. */
  offer.id = record->id;
  offer.size = record->size;
  offer.timestamp = record->timestamp;
  offer.copies = record->copies;
  return _bytestag_network_run (self, _bytestag_store_to_node_task_new_refresh (self, node, &offer, keep, value),
                                FALSE);
}

BytestagStoreOutcome
bytestag_store_to_node_task_get_outcome (BytestagStoreToNodeTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STORE_TO_NODE_TASK (self), BYTESTAG_STORE_FAILED);

  return self->outcome;
}

gsize
bytestag_store_to_node_task_get_n_sent (BytestagStoreToNodeTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STORE_TO_NODE_TASK (self), 0);

  return bytestag_task_get_progress (BYTESTAG_TASK (self));
}

BytestagNode *
bytestag_store_to_node_task_get_node (BytestagStoreToNodeTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STORE_TO_NODE_TASK (self), NULL);

  return self->node;
}

gint64
bytestag_store_to_node_task_get_until (BytestagStoreToNodeTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STORE_TO_NODE_TASK (self), 0);

  return self->until;
}
