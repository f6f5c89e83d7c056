/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/publish-queue.h"

#include "core/error.h"
#include "core/limits.h"

/* What found no node is tried again so much later; µs. */
#define RETRY_INTERVAL (60 * G_USEC_PER_SEC)

typedef struct {
  BytestagPublishQueue *queue; /* borrowed: it disconnects before it goes */
  BytestagPublication *publication;
  guint piece;
  BytestagKvpId id;
  BytestagStoreValueTask *task;
  gulong finished;
} Sending;

struct _BytestagPublishQueue
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  GPtrArray *publications; /* (element-type BytestagPublication) */
  guint turn;              /* whose value is sent next */
  GPtrArray *sendings;     /* (element-type Sending) */
  BytestagTimer fill_timer;
  BytestagTimer retry_timer;
};

enum {
  SENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagPublishQueue, bytestag_publish_queue, G_TYPE_OBJECT)

static void
sending_free (gpointer data)
{
  Sending *sending = data;

  g_clear_signal_handler (&sending->finished, sending->task);
  g_clear_object (&sending->task);
  g_clear_object (&sending->publication);
  g_free (sending);
}

static gboolean
has_peers (BytestagPublishQueue *self)
{
  return bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) > 0;
}

static void fill (gpointer user_data);

/* Sends from a fresh event: never inside a call of the library. */
static void
fill_soon (BytestagPublishQueue *self)
{
  bytestag_reactor_arm (self->reactor, &self->fill_timer, 0, fill, self);
}

static void
retry (gpointer user_data)
{
  BytestagPublishQueue *self = user_data;

  bytestag_publish_queue_begin_again (self);
}

static void
finished_cb (BytestagTask *task,
             Sending      *sending)
{
  BytestagPublishQueue *self = sending->queue;
  g_autoptr (BytestagPublication) publication = g_object_ref (sending->publication);
  G_GNUC_UNUSED g_autoptr (BytestagPublishQueue) alive = g_object_ref (self);
  guint piece = sending->piece;
  BytestagKvpId id = sending->id;
  gboolean sent = bytestag_store_value_task_get_n_copies (sending->task) > 0;
  gboolean alone = g_error_matches (bytestag_task_get_error (task), BYTESTAG_ERROR, BYTESTAG_ERROR_NO_PEERS);

  g_ptr_array_remove_fast (self->sendings, sending);
  if (!sent && !bytestag_timer_is_armed (&self->retry_timer))
    bytestag_reactor_arm (self->reactor, &self->retry_timer, RETRY_INTERVAL, retry, self);
  fill_soon (self);

  /* Signals last: a handler may do anything. */
  if (sent)
    g_signal_emit (self, signals[SENT], 0, &id);
  bytestag_publication_give_back (publication, piece, sent);
  if (alone)
    bytestag_publication_cut_short (publication);
}

static void
send_value (BytestagPublishQueue *self,
            BytestagPublication  *publication,
            guint                 piece,
            const BytestagKvpId  *id,
            guint                 copies)
{
  Sending *sending = g_new0 (Sending, 1);

  sending->queue = self;
  sending->publication = g_object_ref (publication);
  sending->piece = piece;
  sending->id = *id;
  sending->task = bytestag_network_store_value (self->network, &id->key, &id->index, copies);
  sending->finished = g_signal_connect (sending->task, "finished", G_CALLBACK (finished_cb), sending);
  g_ptr_array_add (self->sendings, sending);
}

static gboolean
send_next (BytestagPublishQueue *self)
{
  for (guint i = 0; i < self->publications->len; i++)
    {
      BytestagPublication *publication;
      BytestagKvpId id;
      guint piece;
      guint copies;

      self->turn = (self->turn + 1) % self->publications->len;
      publication = g_ptr_array_index (self->publications, self->turn);
      if (bytestag_publication_take (publication, &piece, &id, &copies))
        {
          send_value (self, publication, piece, &id, copies);
          return TRUE;
        }
    }

  return FALSE;
}

static void
cut_short_all (BytestagPublishQueue *self)
{
  g_autoptr (GPtrArray) publications = g_ptr_array_copy (self->publications, (GCopyFunc) g_object_ref, NULL);

  g_ptr_array_set_free_func (publications, g_object_unref);
  for (guint i = 0; i < publications->len; i++)
    bytestag_publication_cut_short (g_ptr_array_index (publications, i));
}

static void
fill (gpointer user_data)
{
  BytestagPublishQueue *self = user_data;

  if (!has_peers (self))
    {
      cut_short_all (self);
      return;
    }

  while (self->sendings->len < BYTESTAG_LIMIT_PUBLISHING && send_next (self))
    ;
}

static void
bytestag_publish_queue_dispose (GObject *object)
{
  BytestagPublishQueue *self = BYTESTAG_PUBLISH_QUEUE (object);

  if (self->reactor != NULL)
    {
      bytestag_reactor_disarm (self->reactor, &self->fill_timer);
      bytestag_reactor_disarm (self->reactor, &self->retry_timer);
    }
  while (self->sendings != NULL && self->sendings->len > 0)
    {
      Sending *sending = g_ptr_array_index (self->sendings, 0);
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (sending->task));

      g_ptr_array_remove_index_fast (self->sendings, 0);
      bytestag_task_cancel (task);
    }
  g_clear_pointer (&self->sendings, g_ptr_array_unref);
  g_clear_pointer (&self->publications, g_ptr_array_unref);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_publish_queue_parent_class)->dispose (object);
}

static void
bytestag_publish_queue_class_init (BytestagPublishQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_publish_queue_dispose;

  signals[SENT] = g_signal_new ("sent", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, BYTESTAG_TYPE_KVP_ID | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
bytestag_publish_queue_init (BytestagPublishQueue *self)
{
  self->publications = g_ptr_array_new_with_free_func (g_object_unref);
  self->sendings = g_ptr_array_new_with_free_func (sending_free);
}

BytestagPublishQueue *
bytestag_publish_queue_new (BytestagNetwork *network)
{
  BytestagPublishQueue *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  self = g_object_new (BYTESTAG_TYPE_PUBLISH_QUEUE, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));

  return self;
}

void
bytestag_publish_queue_add (BytestagPublishQueue *self,
                            BytestagPublication  *publication)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISH_QUEUE (self));
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (publication));

  g_ptr_array_add (self->publications, g_object_ref (publication));
  if (bytestag_publication_begin (publication))
    fill_soon (self);
}

void
bytestag_publish_queue_remove (BytestagPublishQueue *self,
                               BytestagPublication  *publication)
{
  g_return_if_fail (BYTESTAG_IS_PUBLISH_QUEUE (self));

  for (guint i = self->sendings->len; i > 0; i--)
    {
      Sending *sending = g_ptr_array_index (self->sendings, i - 1);

      if (sending->publication == publication)
        {
          g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (sending->task));

          g_ptr_array_remove_index_fast (self->sendings, i - 1);
          bytestag_task_cancel (task);
        }
    }

  if (g_ptr_array_remove (self->publications, publication))
    fill_soon (self);
}

void
bytestag_publish_queue_begin_again (BytestagPublishQueue *self)
{
  gboolean begun = FALSE;

  g_return_if_fail (BYTESTAG_IS_PUBLISH_QUEUE (self));

  for (guint i = 0; i < self->publications->len; i++)
    begun = bytestag_publication_begin (g_ptr_array_index (self->publications, i)) || begun;

  if (begun)
    fill_soon (self);
}
