/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* Reads the value from our own table, fetches the end of it from the node, and compares. A
 * node that gives nothing is asked whether it holds the value: silence may be a lost
 * datagram, or a node that has gone. */

struct _BytestagSpotCheckTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagNode *node;
  BytestagKvpId id;
  GBytes *expected;
  BytestagTask *step; /* the download, then the question */
  BytestagSpotCheckOutcome outcome;
};

G_DEFINE_FINAL_TYPE (BytestagSpotCheckTask, bytestag_spot_check_task, BYTESTAG_TYPE_TASK)

static void
drop_step (BytestagSpotCheckTask *self)
{
  g_autoptr (BytestagTask) step = g_steal_pointer (&self->step);

  if (step == NULL)
    return;

  g_signal_handlers_disconnect_by_data (step, self);
  bytestag_task_cancel (step);
}

static void
release (BytestagSpotCheckTask *self)
{
  drop_step (self);
  g_clear_object (&self->network);
}

static void
finish (BytestagSpotCheckTask   *self,
        BytestagSpotCheckOutcome outcome)
{
  release (self);
  self->outcome = outcome;
  bytestag_task_done (BYTESTAG_TASK (self));
}

static gboolean
says_that_it_holds (BytestagFindValueTask *task,
                    const BytestagKvpId   *id)
{
  const BytestagFindValueResult *result = bytestag_find_value_task_get_result (task);

  for (guint i = 0; result->values != NULL && i < result->values->len; i++)
    if (bytestag_kvp_id_equal (&((const BytestagExchangeInfo *) result->values->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

static void
asked_cb (BytestagTask          *task,
          BytestagSpotCheckTask *self)
{
  if (bytestag_task_get_state (task) != BYTESTAG_TASK_DONE)
    finish (self, BYTESTAG_SPOT_CHECK_UNKNOWN);
  else if (says_that_it_holds (BYTESTAG_FIND_VALUE_TASK (task), &self->id))
    finish (self, BYTESTAG_SPOT_CHECK_REFUSED);
  else
    finish (self, BYTESTAG_SPOT_CHECK_FAILED);
}

static void
downloaded_cb (BytestagTask          *task,
               BytestagSpotCheckTask *self)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (BYTESTAG_DOWNLOAD_TASK (task));

  if (g_bytes_equal (bytes, self->expected))
    {
      finish (self, BYTESTAG_SPOT_CHECK_PASSED);
    }
  else if (g_bytes_get_size (bytes) > 0)
    {
      finish (self, BYTESTAG_SPOT_CHECK_FAILED);
    }
  else
    {
      drop_step (self);
      self->step = BYTESTAG_TASK (bytestag_network_find_value_from_node (self->network, self->node, &self->id.key,
                                                                         &self->id.index));
      g_signal_connect (self->step, "finished", G_CALLBACK (asked_cb), self);
    }
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  g_autoptr (BytestagSpotCheckTask) self = user_data;
  BytestagDownloadTask *download;
  gsize size;

  if (self->network == NULL)
    return;

  /* Of an empty value there is nothing that could be told from none (A.2, 9). */
  size = value != NULL ? g_bytes_get_size (value) : 0;
  if (size == 0)
    {
      finish (self, BYTESTAG_SPOT_CHECK_UNKNOWN);
      return;
    }

  self->expected = g_bytes_new_from_bytes (value, size - MIN (size, BYTESTAG_CHUNK_SIZE),
                                           MIN (size, BYTESTAG_CHUNK_SIZE));
  download = _bytestag_download_task_new_tail (self->network, self->node, &self->id, BYTESTAG_CHUNK_SIZE);
  self->step = BYTESTAG_TASK (download);
  g_signal_connect (self->step, "finished", G_CALLBACK (downloaded_cb), self);
  _bytestag_network_keep (self->network, self->step);
  _bytestag_network_queue_download (self->network, download);
}

static void
bytestag_spot_check_task_start (BytestagTask *task)
{
  BytestagSpotCheckTask *self = BYTESTAG_SPOT_CHECK_TASK (task);

  /* The value that is compared with is right: the table checks what it reads of files. */
  bytestag_kvp_table_read (self->network->table, &self->id, read_cb, g_object_ref (self));
}

static void
bytestag_spot_check_task_stop (BytestagTask *task)
{
  release (BYTESTAG_SPOT_CHECK_TASK (task));
}

static void
bytestag_spot_check_task_dispose (GObject *object)
{
  BytestagSpotCheckTask *self = BYTESTAG_SPOT_CHECK_TASK (object);

  release (self);
  g_clear_object (&self->node);
  g_clear_pointer (&self->expected, g_bytes_unref);

  G_OBJECT_CLASS (bytestag_spot_check_task_parent_class)->dispose (object);
}

static void
bytestag_spot_check_task_class_init (BytestagSpotCheckTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_spot_check_task_dispose;
  task_class->start = bytestag_spot_check_task_start;
  task_class->stop = bytestag_spot_check_task_stop;
}

static void
bytestag_spot_check_task_init (BytestagSpotCheckTask *self)
{
}

BytestagSpotCheckTask *
bytestag_network_spot_check (BytestagNetwork     *self,
                             BytestagNode        *node,
                             const BytestagKvpId *id)
{
  BytestagSpotCheckTask *task;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (node), NULL);
  g_return_val_if_fail (id != NULL, NULL);
  /* The question may kill an original that no longer shares what it did (A.3 B1). */
  g_return_val_if_fail (bytestag_node_get_extensions (node) >= 0, NULL);

  task = g_object_new (BYTESTAG_TYPE_SPOT_CHECK_TASK, "reactor", self->reactor, NULL);
  task->network = g_object_ref (self);
  task->node = g_object_ref (node);
  task->id = *id;
  return _bytestag_network_run (self, task, FALSE);
}

BytestagSpotCheckOutcome
bytestag_spot_check_task_get_outcome (BytestagSpotCheckTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SPOT_CHECK_TASK (self), BYTESTAG_SPOT_CHECK_UNKNOWN);

  return self->outcome;
}

BytestagNode *
bytestag_spot_check_task_get_node (BytestagSpotCheckTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SPOT_CHECK_TASK (self), NULL);

  return self->node;
}
