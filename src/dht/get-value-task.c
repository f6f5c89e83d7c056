/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* Our own table, then a look-up that stops at the first holder, then downloads
 * from the holders, nearest first, each going on where the last one ended. When
 * they fail, one more look-up that does not stop finds the other holders. */

typedef struct {
  BytestagNode *node;
  guint n_tries;
  gboolean is_bad; /* silent, or what it gave alone was wrong */
} Holder;

struct _BytestagGetValueTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagKvpId id;
  BytestagFindShortlistTask *lookup;
  gboolean looked_for_all;
  GPtrArray *holders; /* (element-type Holder) */
  Holder *holder;     /* who gives now */
  BytestagDownloadTask *download;
  GByteArray *received;
  gboolean is_mixed; /* @received is of more than one holder */
  GError *last_error;
  GBytes *bytes;
};

G_DEFINE_FINAL_TYPE (BytestagGetValueTask, bytestag_get_value_task, BYTESTAG_TYPE_TASK)

static void
holder_free (gpointer data)
{
  Holder *holder = data;

  g_object_unref (holder->node);
  g_free (holder);
}

static void
drop_step (BytestagGetValueTask *self,
           gpointer              step)
{
  g_signal_handlers_disconnect_by_data (step, self);
  bytestag_task_cancel (step);
}

static void
release (BytestagGetValueTask *self)
{
  if (self->lookup != NULL)
    drop_step (self, self->lookup);
  g_clear_object (&self->lookup);
  if (self->download != NULL)
    drop_step (self, self->download);
  g_clear_object (&self->download);
  g_clear_object (&self->network);
}

static gboolean
is_right (BytestagGetValueTask *self,
          gconstpointer         data,
          gsize                 length)
{
  BytestagKey digest;

  bytestag_key_digest (&digest, data, length);
  return bytestag_key_equal (&digest, &self->id.index);
}

static void
finish (BytestagGetValueTask *self,
        GBytes               *bytes)
{
  release (self);
  self->bytes = g_bytes_ref (bytes);
  bytestag_task_set_total (BYTESTAG_TASK (self), g_bytes_get_size (bytes));
  bytestag_task_set_progress (BYTESTAG_TASK (self), g_bytes_get_size (bytes));
  bytestag_task_done (BYTESTAG_TASK (self));
}

static void
fail (BytestagGetValueTask *self)
{
  GError *error = g_steal_pointer (&self->last_error);

  release (self);
  if (error == NULL)
    error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND, _("No node holds the value"));
  bytestag_task_fail (BYTESTAG_TASK (self), error);
}

static void
set_last_error (BytestagGetValueTask *self,
                const GError         *error)
{
  g_clear_error (&self->last_error);
  self->last_error = g_error_copy (error);
}

static void start_lookup (BytestagGetValueTask *self,
                          gboolean              stop_at_value);
static void try_next_holder (BytestagGetValueTask *self);

/* Downloads */

static void
append_download (BytestagGetValueTask *self,
                 BytestagDownloadTask *download)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (download);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (length == 0)
    return;

  self->is_mixed = self->received->len > 0;
  g_byte_array_append (self->received, data, (guint) length);
}

/* What came is complete, and is not the value. Of several holders nobody knows
 * which one lied: the last one is asked again for all of it. */
static void
discard (BytestagGetValueTask *self)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                                                  _("A node sent another value than it was asked for"));

  set_last_error (self, error);
  if (!self->is_mixed)
    self->holder->is_bad = TRUE;
  g_byte_array_set_size (self->received, 0);
  self->is_mixed = FALSE;
  bytestag_task_set_progress (BYTESTAG_TASK (self), 0);
}

static void
download_progress_cb (BytestagDownloadTask *download,
                      GParamSpec           *pspec,
                      BytestagGetValueTask *self)
{
  bytestag_task_set_progress (BYTESTAG_TASK (self),
                              self->received->len + bytestag_task_get_progress (BYTESTAG_TASK (download)));
}

static void
download_finished_cb (BytestagDownloadTask *task,
                      BytestagGetValueTask *self)
{
  g_autoptr (BytestagDownloadTask) download = g_steal_pointer (&self->download);
  gboolean ended = bytestag_task_get_state (BYTESTAG_TASK (download)) == BYTESTAG_TASK_DONE;

  g_signal_handlers_disconnect_by_data (download, self);
  append_download (self, download);

  /* Also when the end did not come: it may be all that was lost. */
  if (is_right (self, self->received->data, self->received->len))
    {
      g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&self->received));

      finish (self, bytes);
      return;
    }

  if (ended)
    {
      discard (self);
    }
  else
    {
      self->holder->is_bad = TRUE;
      set_last_error (self, bytestag_task_get_error (BYTESTAG_TASK (download)));
    }
  if (self->network != NULL)
    try_next_holder (self);
}

static void
start_download (BytestagGetValueTask *self,
                Holder               *holder)
{
  guint64 total = bytestag_task_get_total (BYTESTAG_TASK (self));

  self->holder = holder;
  holder->n_tries++;
  self->download = bytestag_network_get_value_from_node (self->network, holder->node, &self->id.key,
                                                         &self->id.index, self->received->len);
  if (self->received->len == 0)
    bytestag_task_set_total (BYTESTAG_TASK (self->download), total);
  g_signal_connect (self->download, "notify::progress", G_CALLBACK (download_progress_cb), self);
  g_signal_connect (self->download, "finished", G_CALLBACK (download_finished_cb), self);
}

static void
try_next_holder (BytestagGetValueTask *self)
{
  Holder *next = NULL;

  for (guint i = 0; i < self->holders->len; i++)
    {
      Holder *holder = self->holders->pdata[i];

      if (!holder->is_bad && holder->n_tries < BYTESTAG_LIMIT_HOLDER_TRIES &&
          (next == NULL || holder->n_tries < next->n_tries))
        next = holder;
    }

  if (next != NULL)
    start_download (self, next);
  else if (!self->looked_for_all)
    start_lookup (self, FALSE);
  else
    fail (self);
}

/* Look-up */

static gboolean
is_known_holder (BytestagGetValueTask *self,
                 BytestagNode         *node)
{
  for (guint i = 0; i < self->holders->len; i++)
    if (bytestag_node_equal (((Holder *) self->holders->pdata[i])->node, node))
      return TRUE;
  return FALSE;
}

static void
add_holders (BytestagGetValueTask *self,
             BytestagShortlist    *shortlist)
{
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_useful_nodes (shortlist);
  g_autoptr (BytestagExchangeInfo) info = bytestag_shortlist_get_common_exchange_info (shortlist, &self->id.key,
                                                                                     &self->id.index);

  for (guint i = 0; i < nodes->len; i++)
    if (!is_known_holder (self, nodes->pdata[i]))
      {
        Holder *holder = g_new0 (Holder, 1);

        holder->node = g_object_ref (nodes->pdata[i]);
        g_ptr_array_add (self->holders, holder);
      }

  if (info != NULL && info->size > 0 && info->size < BYTESTAG_MAX_VALUE_SIZE)
    bytestag_task_set_total (BYTESTAG_TASK (self), (guint64) info->size);
}

static void
lookup_finished_cb (BytestagTask         *task,
                    BytestagGetValueTask *self)
{
  g_autoptr (BytestagFindShortlistTask) lookup = g_steal_pointer (&self->lookup);
  const GError *error = bytestag_task_get_error (task);

  g_signal_handlers_disconnect_by_data (lookup, self);

  /* Nobody known, or nobody who answers; later errors say more. */
  if (error != NULL && self->last_error == NULL)
    set_last_error (self, error);

  add_holders (self, bytestag_find_shortlist_task_get_shortlist (lookup));
  /* One that stopped at nothing has asked everybody. */
  if (self->holders->len == 0)
    self->looked_for_all = TRUE;
  try_next_holder (self);
}

static void
start_lookup (BytestagGetValueTask *self,
              gboolean              stop_at_value)
{
  self->looked_for_all = !stop_at_value;
  self->lookup = bytestag_network_find_value_shortlist (self->network, &self->id.key, &self->id.index,
                                                        stop_at_value);
  g_signal_connect (self->lookup, "finished", G_CALLBACK (lookup_finished_cb), self);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  g_autoptr (BytestagGetValueTask) self = user_data;

  if (self->network == NULL)
    return;

  /* A shared file may have changed: then others may still have it. */
  if (value != NULL && is_right (self, g_bytes_get_data (value, NULL), g_bytes_get_size (value)))
    finish (self, value);
  else
    start_lookup (self, TRUE);
}

static void
bytestag_get_value_task_start (BytestagTask *task)
{
  BytestagGetValueTask *self = BYTESTAG_GET_VALUE_TASK (task);

  /* Nothing is fetched from nowhere (B.3), and an original cannot tell an empty
   * value from none (A.2, 9). */
  if (is_right (self, NULL, 0))
    {
      g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

      finish (self, nothing);
    }
  else if (bytestag_kvp_table_lookup (self->network->table, &self->id, NULL))
    {
      bytestag_kvp_table_read (self->network->table, &self->id, read_cb, g_object_ref (self));
    }
  else
    {
      start_lookup (self, TRUE);
    }
}

static void
bytestag_get_value_task_stop (BytestagTask *task)
{
  release (BYTESTAG_GET_VALUE_TASK (task));
}

static void
bytestag_get_value_task_dispose (GObject *object)
{
  release (BYTESTAG_GET_VALUE_TASK (object));

  G_OBJECT_CLASS (bytestag_get_value_task_parent_class)->dispose (object);
}

static void
bytestag_get_value_task_finalize (GObject *object)
{
  BytestagGetValueTask *self = BYTESTAG_GET_VALUE_TASK (object);

  g_clear_pointer (&self->holders, g_ptr_array_unref);
  g_clear_pointer (&self->received, g_byte_array_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->last_error);

  G_OBJECT_CLASS (bytestag_get_value_task_parent_class)->finalize (object);
}

static void
bytestag_get_value_task_class_init (BytestagGetValueTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_get_value_task_dispose;
  object_class->finalize = bytestag_get_value_task_finalize;
  task_class->start = bytestag_get_value_task_start;
  task_class->stop = bytestag_get_value_task_stop;
}

static void
bytestag_get_value_task_init (BytestagGetValueTask *self)
{
  self->holders = g_ptr_array_new_with_free_func (holder_free);
  self->received = g_byte_array_new ();
}

BytestagGetValueTask *
_bytestag_get_value_task_new (BytestagNetwork     *network,
                              const BytestagKvpId *id)
{
  BytestagGetValueTask *self = g_object_new (BYTESTAG_TYPE_GET_VALUE_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->id = *id;
  return self;
}

GBytes *
bytestag_get_value_task_get_bytes (BytestagGetValueTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_GET_VALUE_TASK (self), NULL);

  return self->bytes;
}
