/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* Our own table, then a look-up. Whoever says that it holds the value is asked for it,
 * and the look-up waits meanwhile; it goes on, and the next holder is asked beside, when
 * nothing comes, since anybody can say so. A holder goes on where another stopped. The
 * first whole value that is right ends it (B.5). */

/* How often one looks at what came, µs, and what must have come; only another holder is
 * asked when it has not. */
#define STALL (2 * G_USEC_PER_SEC)
#define STALL_BYTES (2 * BYTESTAG_CHUNK_SIZE)

typedef struct {
  BytestagNode *node;
  guint n_tries;
  gboolean is_asked; /* now */
  gboolean is_bad;   /* silent, or what it gave alone was wrong */
} Holder;

/* A download from one holder. */
typedef struct {
  BytestagGetValueTask *task;
  BytestagReactor *reactor;
  Holder *holder;
  BytestagDownloadTask *download;
  GByteArray *before; /* what others gave; the download goes on after it */
  BytestagTimer timer;
  guint64 progress; /* when the timer was armed */
  gboolean is_stalled;
} Attempt;

struct _BytestagGetValueTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagKvpId id;
  BytestagFindShortlistTask *lookup;
  GPtrArray *holders;  /* (element-type Holder) */
  GPtrArray *attempts; /* (element-type Attempt) the oldest first */
  GByteArray *left;    /* what came from a holder that fell silent */
  gboolean is_mistaken; /* what came from several was wrong: each gives all of it now */
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

/* Ends it; out of the list first, since who sees the download end may cancel us. */
static void
end_attempt (BytestagGetValueTask *self,
             Attempt              *attempt)
{
  g_ptr_array_remove (self->attempts, attempt);
  attempt->holder->is_asked = FALSE;
  bytestag_reactor_disarm (attempt->reactor, &attempt->timer);
  g_signal_handlers_disconnect_by_data (attempt->download, attempt);
  bytestag_task_cancel (BYTESTAG_TASK (attempt->download));
  g_object_unref (attempt->download);
  g_object_unref (attempt->reactor);
  g_byte_array_unref (attempt->before);
  g_free (attempt);
}

static void
release (BytestagGetValueTask *self)
{
  g_autoptr (BytestagNetwork) network = g_steal_pointer (&self->network);
  g_autoptr (BytestagFindShortlistTask) lookup = g_steal_pointer (&self->lookup);

  if (lookup != NULL)
    {
      g_signal_handlers_disconnect_by_data (lookup, self);
      bytestag_task_cancel (BYTESTAG_TASK (lookup));
    }
  while (self->attempts->len > 0)
    end_attempt (self, self->attempts->pdata[0]);
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

static void go_on (BytestagGetValueTask *self);

/* Downloads */

/* (transfer full) all that came with it. */
static GByteArray *
collect (Attempt *attempt)
{
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (attempt->download);
  GByteArray *all = g_byte_array_sized_new ((guint) (attempt->before->len + g_bytes_get_size (bytes)));

  g_byte_array_append (all, attempt->before->data, attempt->before->len);
  g_byte_array_append (all, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  return all;
}

static guint64
get_progress (Attempt *attempt)
{
  return attempt->before->len + bytestag_task_get_progress (BYTESTAG_TASK (attempt->download));
}

static void
show_progress (BytestagGetValueTask *self)
{
  guint64 most = self->left->len;

  for (guint i = 0; i < self->attempts->len; i++)
    most = MAX (most, get_progress (self->attempts->pdata[i]));
  bytestag_task_set_progress (BYTESTAG_TASK (self), most);
}

static void
download_progress_cb (BytestagDownloadTask *download,
                      GParamSpec           *pspec,
                      Attempt              *attempt)
{
  show_progress (attempt->task);
}

/* What came is complete, and is not the value. Of several givers nobody knows which one
 * lied: from now on each gives all of it, the last one once more. */
static void
reject (BytestagGetValueTask *self,
        Attempt              *attempt)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                                                  _("What came is not the value that was asked for"));

  set_last_error (self, error);
  if (attempt->before->len == 0)
    attempt->holder->is_bad = TRUE;
  else
    self->is_mistaken = TRUE;
  g_byte_array_set_size (self->left, 0);
}

/* Nothing more comes; what came is kept for the next holder. */
static void
give_up (BytestagGetValueTask *self,
         Attempt              *attempt)
{
  g_autoptr (GByteArray) all = collect (attempt);

  attempt->holder->is_bad = TRUE;
  if (all->len > self->left->len)
    {
      g_byte_array_unref (self->left);
      self->left = g_steal_pointer (&all);
    }
}

static void
download_finished_cb (BytestagDownloadTask *download,
                      Attempt              *attempt)
{
  BytestagGetValueTask *self = attempt->task;
  g_autoptr (GByteArray) all = collect (attempt);

  /* Also when the end did not come: it may be all that was lost. */
  if (is_right (self, all->data, all->len))
    {
      g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&all));

      finish (self, bytes);
      return;
    }

  if (bytestag_task_get_state (BYTESTAG_TASK (download)) == BYTESTAG_TASK_DONE)
    {
      reject (self, attempt);
    }
  else
    {
      set_last_error (self, bytestag_task_get_error (BYTESTAG_TASK (download)));
      give_up (self, attempt);
    }

  end_attempt (self, attempt);
  show_progress (self);
  go_on (self);
}

static void
stall_cb (gpointer user_data)
{
  Attempt *attempt = user_data;
  BytestagGetValueTask *self = attempt->task;
  guint64 progress = get_progress (attempt);

  /* One that waits for a place has had no time yet. */
  attempt->is_stalled = bytestag_task_get_state (BYTESTAG_TASK (attempt->download)) != BYTESTAG_TASK_PENDING &&
                        progress < attempt->progress + STALL_BYTES;
  attempt->progress = progress;
  bytestag_reactor_arm (attempt->reactor, &attempt->timer, STALL, stall_cb, attempt);
  go_on (self);
}

/* (transfer full) what the next holder need not send. */
static GByteArray *
take_beginning (BytestagGetValueTask *self)
{
  g_autoptr (GByteArray) longest = g_steal_pointer (&self->left);

  self->left = g_byte_array_new ();
  for (guint i = 0; i < self->attempts->len; i++)
    {
      g_autoptr (GByteArray) all = collect (self->attempts->pdata[i]);

      if (all->len > longest->len)
        {
          g_byte_array_unref (longest);
          longest = g_steal_pointer (&all);
        }
    }
  return g_steal_pointer (&longest);
}

static void
start_attempt (BytestagGetValueTask *self,
               Holder               *holder)
{
  Attempt *attempt = g_new0 (Attempt, 1);
  guint64 total = bytestag_task_get_total (BYTESTAG_TASK (self));

  attempt->task = self;
  attempt->reactor = g_object_ref (self->network->reactor);
  attempt->holder = holder;
  attempt->before = holder->n_tries == 0 && !self->is_mistaken ? take_beginning (self) : g_byte_array_new ();
  attempt->progress = attempt->before->len;
  holder->n_tries++;
  holder->is_asked = TRUE;
  attempt->download = bytestag_network_get_value_from_node (self->network, holder->node, &self->id.key,
                                                            &self->id.index, attempt->before->len);
  g_ptr_array_add (self->attempts, attempt);
  /* Who sees the download may have cancelled us. */
  if (self->network == NULL)
    {
      end_attempt (self, attempt);
      return;
    }

  g_signal_connect (attempt->download, "notify::progress", G_CALLBACK (download_progress_cb), attempt);
  g_signal_connect (attempt->download, "finished", G_CALLBACK (download_finished_cb), attempt);
  bytestag_reactor_arm (attempt->reactor, &attempt->timer, STALL, stall_cb, attempt);
  if (attempt->before->len == 0)
    bytestag_task_set_total (BYTESTAG_TASK (attempt->download), total);
}

/* Holders */

/* (nullable) the first of those that were asked least. */
static Holder *
find_next_holder (BytestagGetValueTask *self)
{
  Holder *next = NULL;

  for (guint i = 0; i < self->holders->len; i++)
    {
      Holder *holder = self->holders->pdata[i];

      if (!holder->is_bad && !holder->is_asked && holder->n_tries < BYTESTAG_LIMIT_HOLDER_TRIES &&
          (next == NULL || holder->n_tries < next->n_tries))
        next = holder;
    }

  return next;
}

static gboolean
is_getting (BytestagGetValueTask *self)
{
  for (guint i = 0; i < self->attempts->len; i++)
    if (!((Attempt *) self->attempts->pdata[i])->is_stalled)
      return TRUE;
  return FALSE;
}

/* Asks the next holder when nothing comes from those that were asked, looks for more when
 * there is none, and ends when there will be none. */
static void
go_on (BytestagGetValueTask *self)
{
  Holder *next;

  /* Who saw progress, the total or the end of a download may have cancelled us. */
  if (self->network == NULL)
    return;

  if (!is_getting (self) && (next = find_next_holder (self)) != NULL)
    {
      /* The one that has had the most time makes room. */
      if (self->attempts->len == BYTESTAG_LIMIT_ATTEMPTS_OF_GET)
        {
          give_up (self, self->attempts->pdata[0]);
          end_attempt (self, self->attempts->pdata[0]);
        }
      /* Who sees one download end, and the next begin, may cancel us. */
      if (self->network != NULL)
        start_attempt (self, next);
      if (self->network == NULL)
        return;
    }

  if (self->lookup != NULL)
    _bytestag_find_shortlist_task_set_paused (self->lookup, is_getting (self));
  else if (self->attempts->len == 0)
    fail (self);
}

/* Look-up */

static void
value_found_cb (BytestagFindShortlistTask *lookup,
                BytestagNode              *node,
                BytestagGetValueTask      *self)
{
  BytestagShortlist *shortlist = bytestag_find_shortlist_task_get_shortlist (lookup);
  g_autoptr (BytestagExchangeInfo) info = bytestag_shortlist_get_common_exchange_info (shortlist, &self->id.key,
                                                                                     &self->id.index);
  Holder *holder = g_new0 (Holder, 1);

  holder->node = g_object_ref (node);
  g_ptr_array_add (self->holders, holder);
  if (info != NULL && info->size > 0 && info->size < BYTESTAG_MAX_VALUE_SIZE)
    bytestag_task_set_total (BYTESTAG_TASK (self), (guint64) info->size);
  go_on (self);
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
  go_on (self);
}

static void
start_lookup (BytestagGetValueTask *self)
{
  self->lookup = bytestag_network_find_value_shortlist (self->network, &self->id.key, &self->id.index, FALSE);
  g_signal_connect (self->lookup, "value-found", G_CALLBACK (value_found_cb), self);
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
    start_lookup (self);
}

static void
bytestag_get_value_task_start (BytestagTask *task)
{
  BytestagGetValueTask *self = BYTESTAG_GET_VALUE_TASK (task);

  if (bytestag_network_is_denied (self->network, &self->id))
    {
      g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_DENIED,
                                                      _("It is on the list of what this computer does not fetch"));

      set_last_error (self, error);
      fail (self);
      return;
    }

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
      start_lookup (self);
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

  g_clear_pointer (&self->attempts, g_ptr_array_unref);
  g_clear_pointer (&self->holders, g_ptr_array_unref);
  g_clear_pointer (&self->left, g_byte_array_unref);
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
  self->attempts = g_ptr_array_new ();
  self->left = g_byte_array_new ();
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
