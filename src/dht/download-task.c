/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/error.h"
#include "dht/network-private.h"

/* Nothing for so long, µs, ends a transfer (A.1.5). */
#define SILENCE (10 * G_USEC_PER_SEC)
/* When everything that was announced is there, the end may have been lost. */
#define SILENCE_WHEN_COMPLETE (1 * G_USEC_PER_SEC)
/* A peer of ours takes a getval that it serves already for a copy, so that one
 * may be sent again, after so many µs, while nothing came. */
#define ASK_AGAIN (2 * G_USEC_PER_SEC)

typedef struct {
  BytestagNetwork *network;
  BytestagNode *node;
  BytestagKvpId id;
  gsize offset;
  gsize tail; /* only the last bytes, so many; 0: from @offset on */
  BytestagKey transfer_id;

  gint64 opened_at;
  BytestagTimer timer;      /* the end of the silence */
  BytestagTimer ask_timer;
  GByteArray *received;
  GBytes *bytes; /* @received, once it is complete */
  char last_seq_id[BYTESTAG_LIMIT_ECHOED_ID];
  gsize last_seq_id_length;
} BytestagDownloadTaskPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (BytestagDownloadTask, bytestag_download_task, BYTESTAG_TYPE_TASK)

static BytestagDownloadTaskPrivate *
get_private (BytestagDownloadTask *self)
{
  return bytestag_download_task_get_instance_private (self);
}

static void
end (BytestagDownloadTask *self,
     BytestagTransferEnd   how)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  if (priv->received != NULL)
    priv->bytes = g_byte_array_free_to_bytes (g_steal_pointer (&priv->received));
  BYTESTAG_DOWNLOAD_TASK_GET_CLASS (self)->received (self, how);
}

static void
silence_cb (gpointer user_data)
{
  end (user_data, BYTESTAG_TRANSFER_SILENT);
}

/* Waits for the next packet, for @delay µs or until it is clear that the sender
 * only keeps us waiting. */
static void
wait_for_packet (BytestagDownloadTask *self,
                 gint64                delay,
                 BytestagTimerFunc     func)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);
  gint64 deadline = priv->opened_at + _bytestag_transfer_get_allowance (priv->received->len);
  gint64 left = deadline - bytestag_reactor_get_time (priv->network->reactor);

  bytestag_reactor_arm (priv->network->reactor, &priv->timer, CLAMP (left, 0, delay), func, self);
}

/* The announced size may be wrong; the digest is not. */
static void
complete_cb (gpointer user_data)
{
  BytestagDownloadTask *self = user_data;
  BytestagDownloadTaskPrivate *priv = get_private (self);
  BytestagKey digest;

  bytestag_key_digest (&digest, priv->received->data, priv->received->len);
  if (bytestag_key_equal (&digest, &priv->id.index))
    end (self, BYTESTAG_TRANSFER_ENDED);
  else
    wait_for_packet (self, SILENCE - SILENCE_WHEN_COMPLETE, silence_cb);
}

static void
await_packet (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);
  guint64 total = bytestag_task_get_total (BYTESTAG_TASK (self));

  if (total > 0 && priv->offset == 0 && priv->received->len == total)
    wait_for_packet (self, SILENCE_WHEN_COMPLETE, complete_cb);
  else
    wait_for_packet (self, SILENCE, silence_cb);
}

void
_bytestag_download_task_open (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  priv->opened_at = bytestag_reactor_get_time (priv->network->reactor);
  _bytestag_network_open_transfer (priv->network, self);
  await_packet (self);
}

void
_bytestag_download_task_close (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  if (priv->network == NULL)
    return;

  bytestag_reactor_disarm (priv->network->reactor, &priv->timer);
  bytestag_reactor_disarm (priv->network->reactor, &priv->ask_timer);
  _bytestag_network_close_transfer (priv->network, self);
  g_clear_object (&priv->network);
}

/* Whether it is the chunk that was taken last, sent again because its ack was lost. */
static gboolean
is_repeated (BytestagDownloadTaskPrivate *priv,
             const BytestagSlice         *seq_id)
{
  return priv->last_seq_id_length > 0 && priv->last_seq_id_length == seq_id->length &&
         memcmp (priv->last_seq_id, seq_id->text, seq_id->length) == 0;
}

static void
remember (BytestagDownloadTaskPrivate *priv,
          const BytestagSlice         *seq_id)
{
  priv->last_seq_id_length = 0;
  if (!bytestag_slice_is_truthy (seq_id) || seq_id->length > sizeof priv->last_seq_id)
    return;

  memcpy (priv->last_seq_id, seq_id->text, seq_id->length);
  priv->last_seq_id_length = seq_id->length;
}

BytestagDrop
_bytestag_download_task_take (BytestagDownloadTask   *self,
                              const BytestagEndpoint *from,
                              const BytestagMessage  *message)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);
  guint8 data[BYTESTAG_LIMIT_TRANSFER_DATA];
  gssize length;

  /* An original takes packets from anybody who knows the id. The same host must
   * do here; the port may be another, as the original's own uploads allow it. */
  if (!bytestag_endpoint_same_host (from, bytestag_node_get_endpoint (priv->node)))
    return BYTESTAG_DROP_UNMATCHED;

  if (message->is_end)
    {
      end (self, BYTESTAG_TRANSFER_ENDED);
      return BYTESTAG_DROP_NONE;
    }

  if (message->xfer_data.text == NULL)
    return BYTESTAG_DROP_BAD_MEMBER;

  if (is_repeated (priv, &message->seq_id))
    {
      await_packet (self);
      _bytestag_network_send_ack (priv->network, from, message);
      return BYTESTAG_DROP_NONE;
    }

  length = bytestag_message_read_data (message, data, sizeof data);
  if (length < 0)
    return BYTESTAG_DROP_BAD_MEMBER;

  if (priv->offset + priv->received->len + (gsize) length >= BYTESTAG_MAX_VALUE_SIZE)
    {
      end (self, BYTESTAG_TRANSFER_TOO_LARGE);
      return BYTESTAG_DROP_LIMITS;
    }

  g_byte_array_append (priv->received, data, (guint) length);
  remember (priv, &message->seq_id);
  bytestag_reactor_disarm (priv->network->reactor, &priv->ask_timer);
  await_packet (self);
  _bytestag_network_send_ack (priv->network, from, message);
  bytestag_task_set_progress (BYTESTAG_TASK (self), priv->received->len);
  return BYTESTAG_DROP_NONE;
}

/* getval */

static void
ask (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  _bytestag_network_send_get_value (priv->network, bytestag_node_get_endpoint (priv->node), &priv->id,
                                    &priv->transfer_id,
                                    priv->tail > 0 ? -(gint64) priv->tail : (gint64) priv->offset);
}

static void
ask_again_cb (gpointer user_data)
{
  BytestagDownloadTask *self = user_data;
  BytestagDownloadTaskPrivate *priv = get_private (self);

  ask (self);
  bytestag_reactor_arm (priv->network->reactor, &priv->ask_timer, ASK_AGAIN, ask_again_cb, self);
}

static void
bytestag_download_task_start (BytestagTask *task)
{
  BytestagDownloadTask *self = BYTESTAG_DOWNLOAD_TASK (task);
  BytestagDownloadTaskPrivate *priv = get_private (self);

  _bytestag_download_task_open (self);
  ask (self);
  if (bytestag_node_get_extensions (priv->node) >= 0)
    bytestag_reactor_arm (priv->network->reactor, &priv->ask_timer, ASK_AGAIN, ask_again_cb, self);
}

/* Gives the transfer up. An original is not told: there is no word for it, and it
 * would go on without acks for 10 s a chunk (A.2, 5). */
static void
give_up (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  if (bytestag_node_get_extensions (priv->node) < 0)
    _bytestag_network_drain (priv->network, bytestag_node_get_endpoint (priv->node), &priv->transfer_id);
  _bytestag_download_task_close (self);
}

static void
bytestag_download_task_stop (BytestagTask *task)
{
  give_up (BYTESTAG_DOWNLOAD_TASK (task));
}

static void
bytestag_download_task_received (BytestagDownloadTask *self,
                                 BytestagTransferEnd   how)
{
  /* Who never sent anything does not hold the value. */
  if (how == BYTESTAG_TRANSFER_ENDED || g_bytes_get_size (get_private (self)->bytes) == 0)
    _bytestag_download_task_close (self);
  else
    give_up (self);

  switch (how)
    {
    case BYTESTAG_TRANSFER_ENDED:
      bytestag_task_done (BYTESTAG_TASK (self));
      break;
    case BYTESTAG_TRANSFER_SILENT:
      bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TIMED_OUT, _("The node fell silent"));
      break;
    case BYTESTAG_TRANSFER_TOO_LARGE:
      bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TOO_LARGE,
                                  _("The node sent more than a value may have"));
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
bytestag_download_task_dispose (GObject *object)
{
  BytestagDownloadTask *self = BYTESTAG_DOWNLOAD_TASK (object);

  /* One that never ran was not stopped. */
  _bytestag_download_task_close (self);
  g_clear_object (&get_private (self)->node);

  G_OBJECT_CLASS (bytestag_download_task_parent_class)->dispose (object);
}

static void
bytestag_download_task_finalize (GObject *object)
{
  BytestagDownloadTaskPrivate *priv = get_private (BYTESTAG_DOWNLOAD_TASK (object));

  g_clear_pointer (&priv->received, g_byte_array_unref);
  g_clear_pointer (&priv->bytes, g_bytes_unref);

  G_OBJECT_CLASS (bytestag_download_task_parent_class)->finalize (object);
}

static void
bytestag_download_task_class_init (BytestagDownloadTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_download_task_dispose;
  object_class->finalize = bytestag_download_task_finalize;
  task_class->start = bytestag_download_task_start;
  task_class->stop = bytestag_download_task_stop;
  klass->received = bytestag_download_task_received;
}

static void
bytestag_download_task_init (BytestagDownloadTask *self)
{
  get_private (self)->received = g_byte_array_new ();
}

/* Also for the child: what both need. */
void
_bytestag_download_task_prepare (BytestagDownloadTask *self,
                                 BytestagNetwork      *network,
                                 BytestagNode         *node,
                                 const BytestagKvpId  *id,
                                 gsize                 offset)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  priv->network = g_object_ref (network);
  priv->node = g_object_ref (node);
  priv->id = *id;
  priv->offset = offset;
  bytestag_key_random (&priv->transfer_id, bytestag_reactor_get_rng (network->reactor));
}

BytestagDownloadTask *
_bytestag_download_task_new (BytestagNetwork     *network,
                             BytestagNode        *node,
                             const BytestagKvpId *id,
                             gsize                offset)
{
  BytestagDownloadTask *self = g_object_new (BYTESTAG_TYPE_DOWNLOAD_TASK, "reactor", network->reactor, NULL);

  _bytestag_download_task_prepare (self, network, node, id, offset);
  return self;
}

BytestagDownloadTask *
_bytestag_download_task_new_tail (BytestagNetwork     *network,
                                  BytestagNode        *node,
                                  const BytestagKvpId *id,
                                  gsize                length)
{
  BytestagDownloadTask *self = _bytestag_download_task_new (network, node, id, 0);

  get_private (self)->tail = length;
  return self;
}

BytestagNetwork *
_bytestag_download_task_get_network (BytestagDownloadTask *self)
{
  return get_private (self)->network;
}

const BytestagKey *
_bytestag_download_task_get_transfer_id (BytestagDownloadTask *self)
{
  return &get_private (self)->transfer_id;
}

GBytes *
bytestag_download_task_dup_bytes (BytestagDownloadTask *self)
{
  BytestagDownloadTaskPrivate *priv = get_private (self);

  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD_TASK (self), NULL);

  if (priv->bytes != NULL)
    return g_bytes_ref (priv->bytes);

  return g_bytes_new (priv->received->data, priv->received->len);
}

BytestagNode *
bytestag_download_task_get_node (BytestagDownloadTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_DOWNLOAD_TASK (self), NULL);

  return get_private (self)->node;
}
