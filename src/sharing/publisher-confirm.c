/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "sharing/publisher-private.h"

/* An original's transfer gives no confirmation (A.1.5): whoever took bytes is asked whether
 * it holds them, for many values at once. */

/* Others may come to be asked for together; what was stored is on most disks by then; µs. */
#define DELAY G_USEC_PER_SEC
/* A busy disk takes longer: who does not hold it yet is asked again, each time twice as much
 * later. */
#define MAX_QUESTIONS 4
#define KEYS_OF_BATCH (1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST)

typedef struct {
  BytestagPublisher *publisher; /* NULL: given up */
  BytestagNode *node;
  GPtrArray *jobs;       /* (element-type BytestagJob) (nullable elements): those that are gone */
  BytestagTask *task;    /* (nullable) while it is asked */
  gulong finished;
  guint n_questions;     /* so far */
  BytestagTimer timer;   /* until it is asked again */
} Confirmation;

static void ask (gpointer user_data);

static void
confirmation_clear (gpointer data)
{
  Confirmation *self = data;

  g_ptr_array_unref (self->jobs);
  g_object_unref (self->node);
}

static void
confirmation_release (Confirmation *self)
{
  g_rc_box_release_full (self, confirmation_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Confirmation, confirmation_release)

static void
give_up (Confirmation *self)
{
  g_ptr_array_remove_fast (self->publisher->confirmations, self);
  if (self->task != NULL)
    {
      g_clear_signal_handler (&self->finished, self->task);
      g_clear_object (&self->task);
    }
  bytestag_reactor_disarm (self->publisher->reactor, &self->timer);
  self->publisher = NULL;
  confirmation_release (self);
}

static gboolean
is_batchable (BytestagJob *job)
{
  const BytestagKvpId *id = _bytestag_job_get_id (job);

  return bytestag_key_equal (&id->key, &id->index);
}

static gint64
read_value (BytestagFindValueTask *task,
            const BytestagKvpId   *id)
{
  const BytestagFindValueResult *result = bytestag_find_value_task_get_result (task);

  for (guint i = 0; result != NULL && result->values != NULL && i < result->values->len; i++)
    {
      const BytestagExchangeInfo *info = result->values->pdata[i];

      if (bytestag_kvp_id_equal (&info->id, id))
        return info->until > 0 ? info->until : BYTESTAG_HELD_UNPROMISED;
    }
  return 0;
}

/* Tells the jobs, each of which may end then, and whoever hears of that may end others, or all:
 * those are gone from the list. Returns how many are left to be asked for again. */
static guint
tell_jobs (Confirmation *self,
           const gint64 *untils,
           guint         n_untils)
{
  guint n_left = 0;

  for (guint i = 0; i < self->jobs->len; i++)
    {
      gint64 until = i < n_untils ? untils[i] : 0;

      if (self->jobs->pdata[i] == NULL)
        continue;
      if (until > 0 || self->n_questions == MAX_QUESTIONS)
        _bytestag_job_confirm (g_steal_pointer (&self->jobs->pdata[i]), self->node, until);
    }
  for (guint i = 0; i < self->jobs->len; i++)
    n_left += self->jobs->pdata[i] != NULL;
  return n_left;
}

static void
finished_cb (BytestagTask *task,
             Confirmation *self)
{
  G_GNUC_UNUSED g_autoptr (Confirmation) alive = g_rc_box_acquire (self);
  g_autoptr (BytestagTask) ended = g_steal_pointer (&self->task);
  gboolean is_done = bytestag_task_get_state (ended) == BYTESTAG_TASK_DONE;
  const gint64 *untils = NULL;
  gint64 until = 0;
  guint n = 0;
  guint n_left;

  g_clear_signal_handler (&self->finished, ended);
  if (is_done && BYTESTAG_IS_FIND_HELD_TASK (ended))
    {
      untils = bytestag_find_held_task_get_untils (BYTESTAG_FIND_HELD_TASK (ended), &n);
    }
  else if (is_done && self->jobs->pdata[0] != NULL)
    {
      until = read_value (BYTESTAG_FIND_VALUE_TASK (ended), _bytestag_job_get_id (self->jobs->pdata[0]));
      untils = &until;
      n = 1;
    }
  else if (!is_done)
    {
      self->n_questions = MAX_QUESTIONS;
    }

  n_left = tell_jobs (self, untils, n);
  if (self->publisher == NULL)
    return;

  if (n_left > 0)
    bytestag_reactor_arm (self->publisher->reactor, &self->timer, DELAY << self->n_questions, ask, self);
  else
    give_up (self);
}

static void
ask (gpointer user_data)
{
  Confirmation *self = user_data;
  BytestagNetwork *network = self->publisher->network;
  BytestagKey keys[KEYS_OF_BATCH];
  guint n = 0;

  /* Those that are gone leave no hole. */
  for (guint i = 0; i < self->jobs->len; i++)
    if (self->jobs->pdata[i] != NULL)
      self->jobs->pdata[n++] = self->jobs->pdata[i];
  g_ptr_array_set_size (self->jobs, (int) n);
  if (n == 0)
    {
      give_up (self);
      return;
    }

  self->n_questions++;
  for (guint i = 0; i < n; i++)
    keys[i] = _bytestag_job_get_id (self->jobs->pdata[i])->key;
  if (is_batchable (self->jobs->pdata[0]))
    self->task = BYTESTAG_TASK (bytestag_network_find_held_from_node (network, self->node, keys, n));
  else
    self->task = BYTESTAG_TASK (bytestag_network_find_value_from_node (network, self->node, &keys[0],
                                                                       &_bytestag_job_get_id (self->jobs->pdata[0])->index));
  self->finished = g_signal_connect (self->task, "finished", G_CALLBACK (finished_cb), self);
  self->publisher->counters.n_confirming++;
}

static void
ask_all (gpointer user_data)
{
  BytestagPublisher *self = user_data;
  g_autoptr (GPtrArray) waiting = g_ptr_array_new ();

  for (guint i = 0; i < self->confirmations->len; i++)
    if (((Confirmation *) self->confirmations->pdata[i])->n_questions == 0)
      g_ptr_array_add (waiting, self->confirmations->pdata[i]);
  for (guint i = 0; i < waiting->len; i++)
    ask (waiting->pdata[i]);
}

/* (nullable) one that waits to ask @node, and has room. */
static Confirmation *
find_waiting (BytestagPublisher *self,
              BytestagNode      *node)
{
  for (guint i = 0; i < self->confirmations->len; i++)
    {
      Confirmation *confirmation = self->confirmations->pdata[i];

      if (confirmation->n_questions == 0 && bytestag_node_equal (confirmation->node, node) &&
          confirmation->jobs->len < KEYS_OF_BATCH && confirmation->jobs->pdata[0] != NULL &&
          is_batchable (confirmation->jobs->pdata[0]))
        return confirmation;
    }
  return NULL;
}

void
_bytestag_publisher_confirm (BytestagPublisher *self,
                             BytestagNode      *node,
                             BytestagJob       *job)
{
  Confirmation *confirmation = is_batchable (job) ? find_waiting (self, node) : NULL;

  if (confirmation == NULL)
    {
      confirmation = g_rc_box_new0 (Confirmation);
      confirmation->publisher = self;
      confirmation->node = g_object_ref (node);
      confirmation->jobs = g_ptr_array_new ();
      g_ptr_array_add (self->confirmations, confirmation);
    }
  g_ptr_array_add (confirmation->jobs, job);
  if (!bytestag_timer_is_armed (&self->confirm_timer))
    bytestag_reactor_arm (self->reactor, &self->confirm_timer, DELAY, ask_all, self);
}

void
_bytestag_publisher_forget_job (BytestagPublisher *self,
                                BytestagJob       *job)
{
  for (guint i = 0; i < self->confirmations->len; i++)
    {
      GPtrArray *jobs = ((Confirmation *) self->confirmations->pdata[i])->jobs;

      for (guint j = 0; j < jobs->len; j++)
        if (jobs->pdata[j] == job)
          jobs->pdata[j] = NULL;
    }
}

void
_bytestag_publisher_stop_confirming (BytestagPublisher *self)
{
  bytestag_reactor_disarm (self->reactor, &self->confirm_timer);
  while (self->confirmations->len > 0)
    {
      Confirmation *confirmation = self->confirmations->pdata[0];
      g_autoptr (BytestagTask) task = confirmation->task != NULL ? g_object_ref (confirmation->task) : NULL;

      give_up (confirmation);
      if (task != NULL)
        bytestag_task_cancel (task);
    }
}
