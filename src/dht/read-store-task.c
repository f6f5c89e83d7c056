/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "dht/network-private.h"

struct _BytestagReadStoreTask
{
  BytestagDownloadTask parent_instance;

  BytestagKvpRecord record;
};

G_DEFINE_FINAL_TYPE (BytestagReadStoreTask, bytestag_read_store_task, BYTESTAG_TYPE_DOWNLOAD_TASK)

/* What waits for the table. */
typedef struct {
  BytestagReadStoreTask *task; /* done already, where it holds no place */
  BytestagNetwork *network;
  gsize size;                  /* counted in bytes_writing; 0: not */
} Writing;

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  Writing *writing = user_data;
  g_autoptr (BytestagReadStoreTask) self = writing->task;
  g_autoptr (BytestagNetwork) network = writing->network;
  gboolean is_over = writing->size > 0;

  network->bytes_writing -= writing->size;
  g_free (writing);
  if (error != NULL)
    {
      if (!is_over)
        bytestag_task_fail (BYTESTAG_TASK (self), g_error_copy (error));
      return;
    }

  /* The list changed while it was on its way to the disk, where the purge does not see it. */
  if (bytestag_network_is_denied (network, &self->record.id))
    {
      network->counters.values_denied += bytestag_kvp_table_remove (network->table, &self->record.id);
      if (!is_over)
        bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_DENIED, _("The value is on the denylist"));
      return;
    }

  network->counters.stores_kept++;
  if (!is_over)
    bytestag_task_done (BYTESTAG_TASK (self));
  g_signal_emit_by_name (network, "value-stored", &self->record.id);
}

static void
keep (BytestagReadStoreTask *self,
      BytestagNetwork       *network,
      GBytes                *bytes)
{
  Writing *writing;

  /* Another sender may have been faster, or the denylist has changed. */
  if (bytestag_network_is_denied (network, &self->record.id) ||
      bytestag_kvp_table_lookup (network->table, &self->record.id, NULL))
    {
      bytestag_task_done (BYTESTAG_TASK (self));
      return;
    }

  self->record.size = g_bytes_get_size (bytes);
  self->record.last_update = (gdouble) bytestag_reactor_get_wall_time (network->reactor) / G_USEC_PER_SEC;

  writing = g_new0 (Writing, 1);
  writing->task = g_object_ref (self);
  writing->network = g_object_ref (network);
  if (self->record.size <= BYTESTAG_LIMIT_BYTES_WRITING - network->bytes_writing)
    {
      writing->size = self->record.size;
      network->bytes_writing += writing->size;
      bytestag_task_done (BYTESTAG_TASK (self));
    }
  _bytestag_network_keep_value (network, &self->record, bytes, written_cb, writing);
}

/* Also when the end never came (A.1.5): what is complete is kept. */
static void
bytestag_read_store_task_received (BytestagDownloadTask *task,
                                   BytestagTransferEnd   how)
{
  BytestagReadStoreTask *self = BYTESTAG_READ_STORE_TASK (task);
  g_autoptr (BytestagNetwork) network = g_object_ref (_bytestag_download_task_get_network (task));
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (task);
  BytestagKey digest;

  _bytestag_download_task_close (task);

  bytestag_key_digest (&digest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (how != BYTESTAG_TRANSFER_TOO_LARGE && bytestag_key_equal (&digest, &self->record.id.index))
    {
      keep (self, network, bytes);
      return;
    }

  network->counters.stores_wrong++;
  if (how == BYTESTAG_TRANSFER_SILENT)
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TIMED_OUT, _("The node fell silent"));
  else if (how == BYTESTAG_TRANSFER_TOO_LARGE)
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TOO_LARGE,
                                _("The node sent more than a value may have"));
  else
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_WRONG_DATA,
                                _("The node sent another value than it announced"));
}

static void
bytestag_read_store_task_start (BytestagTask *task)
{
  /* The sender has been told the transfer id, and begins. */
  _bytestag_download_task_open (BYTESTAG_DOWNLOAD_TASK (task));
}

static void
bytestag_read_store_task_class_init (BytestagReadStoreTaskClass *klass)
{
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);
  BytestagDownloadTaskClass *download_class = BYTESTAG_DOWNLOAD_TASK_CLASS (klass);

  task_class->start = bytestag_read_store_task_start;
  download_class->received = bytestag_read_store_task_received;
}

static void
bytestag_read_store_task_init (BytestagReadStoreTask *self)
{
}

BytestagReadStoreTask *
_bytestag_read_store_task_new (BytestagNetwork         *network,
                               BytestagNode            *node,
                               const BytestagKvpRecord *record)
{
  BytestagReadStoreTask *self = g_object_new (BYTESTAG_TYPE_READ_STORE_TASK, "reactor", network->reactor, NULL);

  self->record = *record;
  _bytestag_download_task_prepare (BYTESTAG_DOWNLOAD_TASK (self), network, node, &record->id, 0);
  if (record->size < BYTESTAG_MAX_VALUE_SIZE)
    bytestag_task_set_total (BYTESTAG_TASK (self), record->size);
  return self;
}
