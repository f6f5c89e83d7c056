/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/fetcher.h"

#include "core/limits.h"

/* A second, doubled each time, at most this; µs. */
#define FIRST_WAIT G_USEC_PER_SEC
#define LONGEST_WAIT (30 * G_USEC_PER_SEC)

typedef struct {
  BytestagKey key;
  guint tag;
} Wanted;

/* A value that is asked for, or was and will be again. */
typedef struct {
  BytestagFetcher *fetcher; /* borrowed: it disconnects before it goes */
  Wanted wanted;
  guint n_tries;
  gint64 due;                  /* of the next try; µs */
  BytestagGetValueTask *task;  /* NULL while it waits */
  gulong finished;
} Attempt;

struct _BytestagFetcher
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  guint max_tries;
  GArray *wanted;      /* (element-type Wanted) */
  guint next;          /* of wanted */
  GPtrArray *attempts; /* (element-type Attempt) */
  gboolean paused;
  GError *last_error;
  BytestagTimer timer;
};

enum {
  RECEIVED,
  MISSED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagFetcher, bytestag_fetcher, G_TYPE_OBJECT)

static void fill (gpointer user_data);

static void
let_go (Attempt *attempt)
{
  g_clear_signal_handler (&attempt->finished, attempt->task);
  g_clear_object (&attempt->task);
}

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;

  let_go (attempt);
  g_free (attempt);
}

/* Fills up from a fresh event, or when the next try is due. */
static void
fill_later (BytestagFetcher *self)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);
  gint64 due = G_MAXINT64;

  if (self->paused)
    return;

  if (self->attempts->len < BYTESTAG_LIMIT_FETCHING && self->next < self->wanted->len)
    due = now;
  for (guint i = 0; i < self->attempts->len; i++)
    {
      const Attempt *attempt = g_ptr_array_index (self->attempts, i);

      if (attempt->task == NULL)
        due = MIN (due, attempt->due);
    }

  if (due != G_MAXINT64)
    bytestag_reactor_arm (self->reactor, &self->timer, MAX (due - now, 0), fill, self);
}

static void
received (BytestagFetcher *self,
          Attempt         *attempt)
{
  g_autoptr (GBytes) bytes = g_bytes_ref (bytestag_get_value_task_get_bytes (attempt->task));
  guint tag = attempt->wanted.tag;

  g_clear_error (&self->last_error);
  g_ptr_array_remove_fast (self->attempts, attempt);
  fill_later (self);
  g_signal_emit (self, signals[RECEIVED], 0, tag, bytes);
}

static void
missed (BytestagFetcher *self,
        Attempt         *attempt)
{
  g_autoptr (GError) error = g_error_copy (bytestag_task_get_error (BYTESTAG_TASK (attempt->task)));
  guint tag = attempt->wanted.tag;

  g_clear_error (&self->last_error);
  self->last_error = g_error_copy (error);
  let_go (attempt);
  attempt->n_tries++;

  if (attempt->n_tries >= self->max_tries)
    {
      bytestag_fetcher_stop (self);
      g_signal_emit (self, signals[FAILED], 0, tag, error);
      return;
    }

  attempt->due = bytestag_reactor_get_time (self->reactor) +
                 MIN (FIRST_WAIT << (attempt->n_tries - 1), LONGEST_WAIT);
  fill_later (self);
  g_signal_emit (self, signals[MISSED], 0, tag, error);
}

static void
finished_cb (BytestagTask *task,
             Attempt      *attempt)
{
  g_autoptr (BytestagFetcher) self = g_object_ref (attempt->fetcher);

  if (bytestag_task_get_state (task) == BYTESTAG_TASK_DONE)
    received (self, attempt);
  else
    missed (self, attempt);
}

static void
ask (BytestagFetcher *self,
     Attempt         *attempt)
{
  attempt->task = bytestag_network_get_value (self->network, &attempt->wanted.key, &attempt->wanted.key);
  attempt->finished = g_signal_connect (attempt->task, "finished", G_CALLBACK (finished_cb), attempt);
}

static void
fill (gpointer user_data)
{
  BytestagFetcher *self = user_data;
  gint64 now = bytestag_reactor_get_time (self->reactor);

  for (guint i = 0; i < self->attempts->len; i++)
    {
      Attempt *attempt = g_ptr_array_index (self->attempts, i);

      if (attempt->task == NULL && attempt->due <= now)
        ask (self, attempt);
    }

  /* Those that wait count too, so that a lonely node does not run through all. */
  while (self->attempts->len < BYTESTAG_LIMIT_FETCHING && self->next < self->wanted->len)
    {
      Attempt *attempt = g_new0 (Attempt, 1);

      attempt->fetcher = self;
      attempt->wanted = g_array_index (self->wanted, Wanted, self->next++);
      g_ptr_array_add (self->attempts, attempt);
      ask (self, attempt);
    }

  fill_later (self);
}

static void
bytestag_fetcher_dispose (GObject *object)
{
  BytestagFetcher *self = BYTESTAG_FETCHER (object);

  bytestag_fetcher_stop (self);
  g_clear_object (&self->network);

  G_OBJECT_CLASS (bytestag_fetcher_parent_class)->dispose (object);
}

static void
bytestag_fetcher_finalize (GObject *object)
{
  BytestagFetcher *self = BYTESTAG_FETCHER (object);

  g_clear_pointer (&self->wanted, g_array_unref);
  g_clear_pointer (&self->attempts, g_ptr_array_unref);
  g_clear_error (&self->last_error);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_fetcher_parent_class)->finalize (object);
}

static void
bytestag_fetcher_class_init (BytestagFetcherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = bytestag_fetcher_dispose;
  object_class->finalize = bytestag_fetcher_finalize;

  signals[RECEIVED] = g_signal_new ("received", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_BYTES);
  signals[MISSED] = g_signal_new ("missed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
bytestag_fetcher_init (BytestagFetcher *self)
{
  self->wanted = g_array_new (FALSE, FALSE, sizeof (Wanted));
  self->attempts = g_ptr_array_new_with_free_func (attempt_free);
}

BytestagFetcher *
bytestag_fetcher_new (BytestagNetwork *network,
                      guint            max_tries)
{
  BytestagFetcher *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (max_tries > 0, NULL);

  self = g_object_new (BYTESTAG_TYPE_FETCHER, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->max_tries = max_tries;

  return self;
}

void
bytestag_fetcher_add (BytestagFetcher   *self,
                      const BytestagKey *key,
                      guint              tag)
{
  Wanted wanted = { *key, tag };

  g_return_if_fail (BYTESTAG_IS_FETCHER (self));

  g_array_append_val (self->wanted, wanted);
  if (!bytestag_timer_is_armed (&self->timer))
    fill_later (self);
}

void
bytestag_fetcher_set_paused (BytestagFetcher *self,
                             gboolean         paused)
{
  g_return_if_fail (BYTESTAG_IS_FETCHER (self));

  if (self->paused == paused)
    return;

  self->paused = paused;
  if (paused)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  else
    fill_later (self);
}

guint
bytestag_fetcher_get_wait (BytestagFetcher *self)
{
  gint64 due = G_MAXINT64;
  gint64 wait;

  g_return_val_if_fail (BYTESTAG_IS_FETCHER (self), 0);

  for (guint i = 0; i < self->attempts->len; i++)
    {
      const Attempt *attempt = g_ptr_array_index (self->attempts, i);

      if (attempt->task != NULL)
        return 0;
      due = MIN (due, attempt->due);
    }
  if (due == G_MAXINT64)
    return 0;

  wait = due - bytestag_reactor_get_time (self->reactor);
  return (guint) (MAX (wait, 0) / G_USEC_PER_SEC) + 1;
}

const GError *
bytestag_fetcher_get_last_error (BytestagFetcher *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FETCHER (self), NULL);

  return self->last_error;
}

void
bytestag_fetcher_visit (BytestagFetcher          *self,
                        BytestagFetcherVisitFunc  visit,
                        gpointer                  user_data)
{
  g_return_if_fail (BYTESTAG_IS_FETCHER (self));

  for (guint i = 0; i < self->attempts->len; i++)
    {
      const Attempt *attempt = g_ptr_array_index (self->attempts, i);

      if (attempt->task != NULL)
        visit (attempt->wanted.tag, BYTESTAG_TASK (attempt->task), user_data);
    }
}

void
bytestag_fetcher_stop (BytestagFetcher *self)
{
  g_return_if_fail (BYTESTAG_IS_FETCHER (self));

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  g_array_set_size (self->wanted, 0);
  self->next = 0;

  while (self->attempts->len > 0)
    {
      Attempt *attempt = g_ptr_array_index (self->attempts, self->attempts->len - 1);
      g_autoptr (BytestagTask) task = NULL;

      if (attempt->task != NULL)
        task = BYTESTAG_TASK (g_object_ref (attempt->task));
      g_ptr_array_set_size (self->attempts, (int) self->attempts->len - 1);
      if (task != NULL)
        bytestag_task_cancel (task);
    }
}
