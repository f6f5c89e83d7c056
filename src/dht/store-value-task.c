/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* Reads the value from our own table, looks for the nodes nearest to its key, unless the
 * caller knows them, and stores it to the nearest of them; where one fails or is full the
 * next takes its place. Of a value that we keep for others, we hold one of the copies if
 * we are near enough. */

struct _BytestagStoreValueTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagKvpRecord record;
  gint64 keep;           /* seconds; 0: as the record says */
  guint copies;
  GBytes *value;
  BytestagFindShortlistTask *lookup;
  GPtrArray *candidates; /* (element-type BytestagNode) nearest first */
  guint n_tried;         /* of the candidates */
  GPtrArray *stores;     /* (element-type BytestagStoreToNodeTask) that run */
  guint n_copies;
};

enum {
  STORE_STARTED,
  STORE_FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagStoreValueTask, bytestag_store_value_task, BYTESTAG_TYPE_TASK)

static void
drop_step (BytestagStoreValueTask *self,
           gpointer                step)
{
  g_signal_handlers_disconnect_by_data (step, self);
  bytestag_task_cancel (step);
}

static void
release (BytestagStoreValueTask *self)
{
  if (self->lookup != NULL)
    drop_step (self, self->lookup);
  g_clear_object (&self->lookup);
  for (guint i = 0; i < self->stores->len; i++)
    drop_step (self, self->stores->pdata[i]);
  g_ptr_array_set_size (self->stores, 0);
  g_clear_object (&self->network);
}

static void
fail (BytestagStoreValueTask *self,
      BytestagError           code,
      const char             *message)
{
  release (self);
  bytestag_task_fail_literal (BYTESTAG_TASK (self), code, message);
}

static void go_on (BytestagStoreValueTask *self);

static void
store_finished_cb (BytestagTask           *task,
                   BytestagStoreValueTask *self)
{
  g_autoptr (BytestagStoreToNodeTask) store = g_object_ref (BYTESTAG_STORE_TO_NODE_TASK (task));
  BytestagStoreOutcome outcome = bytestag_store_to_node_task_get_outcome (store);

  g_signal_handlers_disconnect_by_data (store, self);
  g_ptr_array_remove (self->stores, store);
  if (outcome == BYTESTAG_STORE_SENT || outcome == BYTESTAG_STORE_HELD)
    {
      self->n_copies++;
      bytestag_task_set_progress (BYTESTAG_TASK (self), self->n_copies);
    }
  g_signal_emit (self, signals[STORE_FINISHED], 0, store);

  if (self->network != NULL)
    go_on (self);
}

static void
start_store (BytestagStoreValueTask *self,
             BytestagNode           *node)
{
  g_autoptr (BytestagStoreToNodeTask) store = NULL;

  store = _bytestag_store_to_node_task_new (self->network, node, &self->record, self->keep, self->value);
  _bytestag_network_keep (self->network, BYTESTAG_TASK (store));
  bytestag_task_start (BYTESTAG_TASK (store));
  g_ptr_array_add (self->stores, g_object_ref (store));
  g_signal_connect (store, "finished", G_CALLBACK (store_finished_cb), self);
  g_signal_emit (self, signals[STORE_STARTED], 0, store);
}

static void
go_on (BytestagStoreValueTask *self)
{
  while (self->network != NULL && self->n_tried < self->candidates->len &&
         self->stores->len < BYTESTAG_NETWORK_PARALLELISM && self->n_copies + self->stores->len < self->copies)
    start_store (self, self->candidates->pdata[self->n_tried++]);

  if (self->network == NULL || self->stores->len > 0)
    return;

  if (self->n_copies == 0 && self->copies > 0)
    {
      fail (self, BYTESTAG_ERROR_FAILED, _("No node took the value"));
      return;
    }
  release (self);
  bytestag_task_done (BYTESTAG_TASK (self));
}

/* Whether we hold one of the copies ourselves. */
static gboolean
are_we_near (BytestagStoreValueTask *self)
{
  guint n_nearer = 0;

  if (self->record.is_original)
    return FALSE;

  for (guint i = 0; i < self->candidates->len; i++)
    n_nearer += bytestag_key_compare_distance (&self->record.id.key,
                                               bytestag_node_get_key (self->candidates->pdata[i]),
                                               bytestag_network_get_key (self->network)) < 0;
  return n_nearer < self->copies;
}

static void
begin_storing (BytestagStoreValueTask *self)
{
  if (self->candidates->len > BYTESTAG_MAX_BUCKET_SIZE)
    g_ptr_array_set_size (self->candidates, BYTESTAG_MAX_BUCKET_SIZE);

  if (self->candidates->len == 0)
    {
      fail (self, BYTESTAG_ERROR_NO_PEERS, _("There is no node to store the value"));
      return;
    }

  if (are_we_near (self))
    self->copies--;
  bytestag_task_set_total (BYTESTAG_TASK (self), self->copies);
  go_on (self);
}

static void
lookup_finished_cb (BytestagTask           *task,
                    BytestagStoreValueTask *self)
{
  self->candidates = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (self->lookup));
  g_signal_handlers_disconnect_by_data (self->lookup, self);
  g_clear_object (&self->lookup);
  begin_storing (self);
}

static void
start_lookup (BytestagStoreValueTask *self)
{
  self->lookup = bytestag_network_find_node_shortlist (self->network, &self->record.id.key);
  g_signal_connect (self->lookup, "finished", G_CALLBACK (lookup_finished_cb), self);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  g_autoptr (BytestagStoreValueTask) self = user_data;

  if (self->network == NULL)
    return;

  if (value == NULL)
    {
      release (self);
      bytestag_task_fail (BYTESTAG_TASK (self), g_error_copy (error));
      return;
    }
  if (g_bytes_get_size (value) >= BYTESTAG_MAX_VALUE_SIZE)
    {
      fail (self, BYTESTAG_ERROR_TOO_LARGE, _("The value is larger than a value may be"));
      return;
    }

  self->value = g_bytes_ref (value);
  if (self->candidates != NULL)
    {
      begin_storing (self);
      return;
    }
  start_lookup (self);
}

static void
bytestag_store_value_task_start (BytestagTask *task)
{
  BytestagStoreValueTask *self = BYTESTAG_STORE_VALUE_TASK (task);
  BytestagKvpId id = self->record.id;

  if (self->value != NULL)
    {
      start_lookup (self);
      return;
    }

  if (bytestag_network_is_denied (self->network, &id))
    {
      fail (self, BYTESTAG_ERROR_DENIED, _("It is on the list of what this computer does not send"));
      return;
    }
  if (!bytestag_kvp_table_lookup (self->network->table, &id, &self->record))
    {
      fail (self, BYTESTAG_ERROR_NOT_FOUND, _("The value is not held here"));
      return;
    }

  if (!self->record.has_timestamp)
    self->record.timestamp = bytestag_reactor_get_wall_time (self->network->reactor) / G_USEC_PER_SEC;
  if (self->record.is_original)
    {
      self->keep = BYTESTAG_TIME_KEEP;
      self->record.copies = (guint8) self->copies;
    }
  bytestag_kvp_table_read (self->network->table, &id, read_cb, g_object_ref (self));
}

static void
bytestag_store_value_task_stop (BytestagTask *task)
{
  release (BYTESTAG_STORE_VALUE_TASK (task));
}

static void
bytestag_store_value_task_dispose (GObject *object)
{
  release (BYTESTAG_STORE_VALUE_TASK (object));

  G_OBJECT_CLASS (bytestag_store_value_task_parent_class)->dispose (object);
}

static void
bytestag_store_value_task_finalize (GObject *object)
{
  BytestagStoreValueTask *self = BYTESTAG_STORE_VALUE_TASK (object);

  g_clear_pointer (&self->stores, g_ptr_array_unref);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->value, g_bytes_unref);

  G_OBJECT_CLASS (bytestag_store_value_task_parent_class)->finalize (object);
}

static void
bytestag_store_value_task_class_init (BytestagStoreValueTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_store_value_task_dispose;
  object_class->finalize = bytestag_store_value_task_finalize;
  task_class->start = bytestag_store_value_task_start;
  task_class->stop = bytestag_store_value_task_stop;

  signals[STORE_STARTED] =
    g_signal_new ("store-started", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_STORE_TO_NODE_TASK);
  signals[STORE_FINISHED] =
    g_signal_new ("store-finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_STORE_TO_NODE_TASK);
}

static void
bytestag_store_value_task_init (BytestagStoreValueTask *self)
{
  self->stores = g_ptr_array_new_with_free_func (g_object_unref);
}

BytestagStoreValueTask *
_bytestag_store_value_task_new (BytestagNetwork     *network,
                                const BytestagKvpId *id,
                                guint                copies,
                                GPtrArray           *candidates)
{
  BytestagStoreValueTask *self = g_object_new (BYTESTAG_TYPE_STORE_VALUE_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->record.id = *id;
  self->copies = copies;
  if (candidates != NULL)
    {
      self->candidates = g_ptr_array_new_with_free_func (g_object_unref);
      for (guint i = 0; i < candidates->len; i++)
        g_ptr_array_add (self->candidates, g_object_ref (candidates->pdata[i]));
    }
  bytestag_task_set_total (BYTESTAG_TASK (self), copies);
  return self;
}

BytestagStoreValueTask *
bytestag_network_store_record (BytestagNetwork   *self,
                               const BytestagKey *key,
                               GBytes            *value,
                               guint              copies)
{
  BytestagStoreValueTask *task;
  BytestagKvpId id;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (key != NULL && value != NULL, NULL);
  g_return_val_if_fail (copies >= 1 && copies <= BYTESTAG_MAX_BUCKET_SIZE, NULL);

  id.key = *key;
  bytestag_key_digest (&id.index, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  task = _bytestag_store_value_task_new (self, &id, copies, NULL);
  task->value = g_bytes_ref (value);
  task->keep = BYTESTAG_LIMIT_RECORD_LIFE;
  task->record.timestamp = bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
  task->record.copies = (guint8) copies;
  /* None of the copies is here. */
  task->record.is_original = TRUE;
  return _bytestag_network_run (self, task, FALSE);
}

guint
bytestag_store_value_task_get_n_copies (BytestagStoreValueTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STORE_VALUE_TASK (self), 0);

  return self->n_copies;
}
