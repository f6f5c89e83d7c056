/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "sharing/publisher-private.h"

/* Whose word counts (B.3 "A copy counts"): one vote for each network, and none for a day
 * for a holder that failed a spot check. */

#define DISTRUST (24 * G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
/* Holders of one piece: those near it, and those that are sent it. */
#define MAX_HOLDERS (2 * BYTESTAG_MAX_BUCKET_SIZE)

/* Who has no place for a transfer is asked again so much later, µs; who refuses so often lies. */
#define ASK_AGAIN (600 * G_USEC_PER_SEC)
#define REFUSALS_OF_LIAR 3

typedef struct {
  BytestagPublisher *publisher;
  BytestagNode *node;
  BytestagKvpId id;
  BytestagSpotCheckTask *task; /* (nullable) while it is asked */
  gulong finished;
  guint n_refusals;
  BytestagTimer timer;         /* until it is asked again */
} Check;

static void
check_drop_task (Check *self)
{
  if (self->task != NULL)
    g_clear_signal_handler (&self->finished, self->task);
  g_clear_object (&self->task);
}

static void
check_free (Check *self)
{
  check_drop_task (self);
  bytestag_reactor_disarm (self->publisher->reactor, &self->timer);
  g_object_unref (self->node);
  g_free (self);
}

gboolean
_bytestag_publisher_trusts (BytestagPublisher *self,
                            BytestagNode      *node)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);

  for (guint i = self->distrusted->len; i > 0; i--)
    {
      const BytestagDistrusted *one = &g_array_index (self->distrusted, BytestagDistrusted, i - 1);

      if (now - one->failed_at >= DISTRUST)
        g_array_remove_index (self->distrusted, i - 1);
      else if (bytestag_key_equal (&one->id, bytestag_node_get_key (node)) ||
               bytestag_endpoint_equal (&one->endpoint, bytestag_node_get_endpoint (node)))
        return FALSE;
    }
  return TRUE;
}

void
_bytestag_publisher_distrust (BytestagPublisher *self,
                              BytestagNode      *node)
{
  BytestagDistrusted one = {
    *bytestag_node_get_key (node),
    *bytestag_node_get_endpoint (node),
    bytestag_reactor_get_time (self->reactor),
  };

  /* The oldest is the first. */
  if (self->distrusted->len >= BYTESTAG_LIMIT_DISTRUSTED)
    g_array_remove_index (self->distrusted, 0);
  g_array_append_val (self->distrusted, one);
}

static void start_check (gpointer user_data);

/* It is not checked now: it will be, unless too many wait for that already. */
static void
check_later (Check *check)
{
  BytestagPublisher *self = check->publisher;

  if (self->refused_checks->len >= BYTESTAG_LIMIT_REFUSED_CHECKS)
    {
      check_free (check);
      return;
    }

  g_ptr_array_add (self->refused_checks, check);
  bytestag_reactor_arm (self->reactor, &check->timer, ASK_AGAIN, start_check, check);
}

static void
checked_cb (BytestagTask *task,
            Check        *check)
{
  BytestagPublisher *self = check->publisher;
  BytestagKvpId id = check->id;
  BytestagSpotCheckOutcome outcome = bytestag_spot_check_task_get_outcome (check->task);
  gboolean has_failed;

  check->n_refusals += outcome == BYTESTAG_SPOT_CHECK_REFUSED;
  has_failed = outcome == BYTESTAG_SPOT_CHECK_FAILED || check->n_refusals == REFUSALS_OF_LIAR;
  check_drop_task (check);
  g_ptr_array_remove_fast (self->checks, check);
  if (outcome == BYTESTAG_SPOT_CHECK_REFUSED && !has_failed)
    {
      check_later (check);
      return;
    }

  self->counters.n_checked++;
  if (has_failed)
    {
      self->counters.n_failed_checks++;
      _bytestag_publisher_distrust (self, check->node);
    }
  check_free (check);
  if (has_failed)
    _bytestag_publisher_weaken (self, &id);
}

static void
start_check (gpointer user_data)
{
  Check *check = user_data;
  BytestagPublisher *self = check->publisher;

  g_ptr_array_remove_fast (self->refused_checks, check);
  if (self->checks->len >= BYTESTAG_LIMIT_SPOT_CHECKS)
    {
      check_later (check);
      return;
    }

  check->task = bytestag_network_spot_check (self->network, check->node, &check->id);
  check->finished = g_signal_connect (check->task, "finished", G_CALLBACK (checked_cb), check);
  g_ptr_array_add (self->checks, check);
}

void
_bytestag_publisher_check (BytestagPublisher   *self,
                           BytestagNode        *node,
                           const BytestagKvpId *id)
{
  Check *check;

  if (bytestag_rng_range (bytestag_reactor_get_rng (self->reactor), BYTESTAG_COPIES_OF_CHECK) != 0 ||
      self->checks->len >= BYTESTAG_LIMIT_SPOT_CHECKS)
    return;

  check = g_new0 (Check, 1);
  check->publisher = self;
  check->node = g_object_ref (node);
  check->id = *id;
  start_check (check);
}

void
_bytestag_publisher_stop_checking (BytestagPublisher *self)
{
  while (self->refused_checks->len > 0)
    check_free (g_ptr_array_steal_index_fast (self->refused_checks, 0));
  while (self->checks->len > 0)
    {
      Check *check = g_ptr_array_steal_index_fast (self->checks, 0);
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (check->task));

      check_free (check);
      bytestag_task_cancel (task);
    }
}

/* Votes */

typedef struct {
  BytestagEndpoint network; /* or endpoint, of a private one */
  gint64 until;
} Vote;

static int
compare_untils (gconstpointer a,
                gconstpointer b)
{
  const Vote *one = a;
  const Vote *other = b;

  return (one->until < other->until) - (one->until > other->until);
}

gint64
_bytestag_publisher_count_votes (BytestagPublisher    *self,
                                 const BytestagHolder *holders,
                                 guint                 n,
                                 guint                 copies,
                                 guint                *n_promised,
                                 guint                *n_unpromised)
{
  gint64 now = _bytestag_publisher_get_seconds (self);
  Vote votes[MAX_HOLDERS];
  guint n_votes = 0;

  *n_promised = *n_unpromised = 0;
  for (guint i = 0; i < n; i++)
    {
      Vote vote = { *bytestag_node_get_endpoint (holders[i].node), holders[i].until };
      guint at = 0;

      if (!_bytestag_publisher_trusts (self, holders[i].node))
        continue;
      bytestag_endpoint_get_network (&vote.network, FALSE, &vote.network);
      while (at < n_votes && !bytestag_endpoint_equal (&votes[at].network, &vote.network))
        at++;
      if (at == G_N_ELEMENTS (votes))
        continue;
      if (at == n_votes)
        votes[n_votes++] = vote;
      else
        votes[at].until = MAX (votes[at].until, vote.until);
    }

  for (guint i = 0; i < n_votes; i++)
    {
      *n_promised += votes[i].until > now;
      *n_unpromised += votes[i].until == BYTESTAG_HELD_UNPROMISED;
    }
  if (*n_promised == 0)
    return 0;

  qsort (votes, n_votes, sizeof *votes, compare_untils);
  return votes[MIN (copies, *n_promised) - 1].until;
}
