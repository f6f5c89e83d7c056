/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "sharing/publisher-private.h"

/* What is due, and in which order: a lane passes the pieces round and round in order of
 * their keys, and asks for those that its level wants. When a whole round found none, and
 * nothing is on its way, the next level begins. */

#define MINUTE (60 * G_USEC_PER_SEC)
#define HOUR (60 * G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)

/* Pieces that are asked for at a time: while bytes are brought few, since answers grow old. */
#define QUESTIONS_OF_UPLOAD 128
#define QUESTIONS_OF_UPKEEP BYTESTAG_LIMIT_PIECES_OF_SLICE

/* Every piece is looked at so often, and originals are sent it again; seconds. */
#define LOOK_INTERVAL BYTESTAG_TIME_REPUBLISH
/* One that has a copy, but not all, is tried again at the latest so much later; seconds. With
 * few pieces it is sooner: a pass over all of them takes no longer. */
#define FEW_INTERVAL 3600
#define PIECES_OF_SECOND 4
#define SHORTEST_FEW_INTERVAL 50
/* The same of one that nobody took; what the lane waits when nobody takes anything is
 * twice as long each time. Seconds: somewhat shorter than the lane's first wait, or a piece that
 * was answered a moment after it began would be passed over until the second one is over. */
#define UNSENT_INTERVAL 50
#define LONGEST_RETRY HOUR
/* A promise that was renewed, and still ends soon, is left alone for so long; seconds. */
#define SHORTEST_RENEWAL (6 * 3600)
/* Between two surveys, µs. */
#define SURVEY_INTERVAL (10 * MINUTE)

/* A computer may be on for two hours a day: in the first ones, what falls due within half a day is
 * done too, all in an hour; µs, seconds. */
#define SESSION (2 * HOUR)
#define AHEAD (12 * 3600)
#define WORKING_TIME HOUR
/* A pause of so long is the lid that was closed; µs. */
#define ABSENCE HOUR
/* Upkeep is never slower than that: µs for a piece. */
#define SLOWEST_PACE G_USEC_PER_SEC

static void step (gpointer user_data);

static guint
get_n_levels (BytestagLane *self)
{
  return self->is_upkeep ? (guint) BYTESTAG_N_UPKEEP_LEVELS : (guint) BYTESTAG_N_UPLOAD_LEVELS;
}

static void
step_in (BytestagLane *self,
         gint64        delay)
{
  bytestag_reactor_arm (self->publisher->reactor, &self->timer, delay, step, self);
}

/* Whether @time, seconds of a clock that may have been set back since, is @span ago. */
static gboolean
is_past (gint64 time,
         gint64 span,
         gint64 now)
{
  return time > now || now - time >= span;
}

static gboolean
is_upload_wanted (BytestagLane             *self,
                  const BytestagPieceEntry *entry,
                  gint64                    now)
{
  guint n_pieces = bytestag_piece_table_get_n (self->publisher->pieces);
  gint64 few_interval = CLAMP (n_pieces / PIECES_OF_SECOND, SHORTEST_FEW_INTERVAL, FEW_INTERVAL);
  gboolean is_first = entry->n_copies == 0 && (entry->n_originals == 0 || is_past (entry->looked, LOOK_INTERVAL, now));
  gboolean is_few = entry->n_copies + entry->n_originals < entry->copies;
  BytestagUploadLevel own_level = BYTESTAG_LEVEL_COPIES;

  if (entry->kind != BYTESTAG_PIECE_PART)
    own_level = BYTESTAG_LEVEL_INFOS;
  else if (is_first)
    own_level = BYTESTAG_LEVEL_FIRST;

  return own_level == self->level && (is_first || is_few) &&
         (!entry->tried || is_past (entry->looked, is_first ? UNSENT_INTERVAL : few_interval, now));
}

/* The level of the upkeep that wants the piece; SURVEY: none. */
static guint
get_upkeep_level (BytestagLane             *self,
                  const BytestagPieceEntry *entry,
                  gint64                    now)
{
  gint64 uptime = bytestag_reactor_get_time (self->publisher->reactor) - self->publisher->session_began;
  gint64 ahead = uptime < SESSION ? AHEAD : 0;

  /* That is the matter of the other lane. */
  if (entry->looked == 0 || (entry->n_copies == 0 && entry->n_originals == 0))
    return BYTESTAG_LEVEL_SURVEY;

  if (entry->until > 0 && (gint64) entry->until - now <= BYTESTAG_RENEWAL && is_past (entry->looked, SHORTEST_RENEWAL, now))
    return BYTESTAG_LEVEL_ENDING + (guint) (MAX ((gint64) entry->until - now, 0) / 86400);
  return is_past (entry->looked, LOOK_INTERVAL - ahead, now) ? BYTESTAG_LEVEL_LOOKS : BYTESTAG_LEVEL_SURVEY;
}

/* Passing */

typedef struct {
  BytestagLane *lane;
  gint64 now;
  guint max;
} Passing;

static gboolean
pass_piece (guint32             slot,
            BytestagPieceEntry *entry,
            gpointer            user_data)
{
  Passing *passing = user_data;
  BytestagLane *self = passing->lane;
  BytestagPublisher *publisher = self->publisher;
  BytestagHolderQuestion question = { .copies = entry->copies, .had = entry->n_copies };
  guint level = self->is_upkeep ? get_upkeep_level (self, entry, passing->now) : self->level;

  bytestag_piece_table_get_id (publisher->pieces, slot, &self->cursor);
  self->has_cursor = TRUE;
  if (self->is_upkeep ? level == BYTESTAG_LEVEL_SURVEY : !is_upload_wanted (self, entry, passing->now))
    return TRUE;
  if (g_hash_table_contains (publisher->working, GUINT_TO_POINTER (slot)) ||
      !_bytestag_publisher_is_live (publisher, slot))
    return TRUE;

  self->n_due += self->is_upkeep && self->level == BYTESTAG_LEVEL_SURVEY;
  if (level != self->level)
    return TRUE;

  question.id = self->cursor;
  g_array_append_val (self->questions, question);
  return self->questions->len < passing->max;
}

/* Passes a slice; TRUE: there is nothing more to be passed in this round, or enough found. */
static gboolean
pass_some (BytestagLane *self)
{
  BytestagPieceTable *pieces = self->publisher->pieces;
  guint n_pieces = bytestag_piece_table_get_n (pieces);
  guint n_left = n_pieces > self->n_passed ? n_pieces - self->n_passed : 0;
  guint max = MIN (n_left, BYTESTAG_LIMIT_PIECES_OF_SLICE);
  Passing passing = {
    self,
    _bytestag_publisher_get_seconds (self->publisher),
    self->is_upkeep ? QUESTIONS_OF_UPKEEP : QUESTIONS_OF_UPLOAD,
  };
  guint n = bytestag_piece_table_visit (pieces, self->has_cursor ? &self->cursor : NULL, max, pass_piece, &passing);

  self->n_passed += n;
  if (self->questions->len >= passing.max)
    return TRUE;

  /* The end: what was found is asked for, since keys come in order, and the round begins again. */
  if (n < max)
    {
      self->has_cursor = FALSE;
      return self->questions->len > 0;
    }
  return self->n_passed >= n_pieces;
}

/* Asking */

/* Nothing is left to do until later. Who goes on before that, since a job has ended, waits for the
 * same time afterwards. */
static void
rest (BytestagLane *self)
{
  BytestagPublisher *publisher = self->publisher;
  gint64 now = bytestag_reactor_get_time (publisher->reactor);

  self->level = get_n_levels (self);
  if (self->is_upkeep)
    {
      step_in (self, SURVEY_INTERVAL);
      return;
    }

  if (publisher->retry <= now || publisher->retry > now + publisher->retry_delay)
    {
      publisher->retry = now + publisher->retry_delay;
      publisher->retry_delay = MIN (2 * publisher->retry_delay, LONGEST_RETRY);
    }
  step_in (self, publisher->retry - now);
}

static void
asked_cb (gpointer user_data)
{
  BytestagLane *self = user_data;
  BytestagPublisher *publisher = self->publisher;

  self->next_answer = 0;
  self->n_answers = bytestag_holder_walk_get_n_done (self->walk);
  /* Nobody is there. */
  if (self->n_answers == 0)
    {
      g_array_set_size (self->questions, 0);
      publisher->is_alone = TRUE;
      rest (self);
      return;
    }

  self->cursor = g_array_index (self->questions, BytestagHolderQuestion, self->n_answers - 1).id;
  self->has_cursor = TRUE;
  self->n_passed = 0;
  if (self->is_upkeep)
    self->not_before = bytestag_reactor_get_time (publisher->reactor) +
                       MIN (WORKING_TIME / MAX (self->n_due, 1), SLOWEST_PACE) * self->n_answers;
  _bytestag_publisher_pump (publisher);
}

static void
next_level (BytestagLane *self)
{
  self->level++;
  self->n_passed = 0;
  if (self->is_upkeep && self->level == BYTESTAG_LEVEL_ENDING && self->n_due == 0)
    self->level = BYTESTAG_N_UPKEEP_LEVELS;

  if (self->level == get_n_levels (self))
    rest (self);
  else
    step_in (self, 0);
}

static gboolean
is_busy (BytestagLane *self)
{
  return bytestag_holder_walk_is_asking (self->walk) || self->next_answer < self->n_answers;
}

static void
begin_again (BytestagLane *self)
{
  self->restart = FALSE;
  self->level = 0;
  self->n_passed = 0;
  self->n_due = 0;
  g_array_set_size (self->questions, 0);
}

/* After the lid was closed a new session begins. */
static void
note_time (BytestagPublisher *publisher)
{
  gint64 now = bytestag_reactor_get_time (publisher->reactor);

  if (now - publisher->last_step > ABSENCE + SURVEY_INTERVAL)
    publisher->session_began = now;
  publisher->last_step = now;
}

static void
step (gpointer user_data)
{
  BytestagLane *self = user_data;
  BytestagPublisher *publisher = self->publisher;

  note_time (publisher);
  if (publisher->paused != NULL || is_busy (self))
    return;
  if (self->not_before > publisher->last_step)
    {
      step_in (self, self->not_before - publisher->last_step);
      return;
    }
  if (self->restart || self->level >= get_n_levels (self))
    begin_again (self);
  if (!_bytestag_publisher_has_peers (publisher))
    {
      publisher->is_alone = TRUE;
      rest (self);
      return;
    }

  if (!pass_some (self))
    step_in (self, 0);
  else if (self->questions->len > 0)
    bytestag_holder_walk_ask (self->walk, (gconstpointer) self->questions->data,
                              self->questions->len, asked_cb, self);
  else if (self->n_storing == 0)
    next_level (self);
  /* else: what is on its way decides whether the next level begins. */
}

void
_bytestag_lane_init (BytestagLane      *self,
                     BytestagPublisher *publisher,
                     gboolean           is_upkeep)
{
  self->publisher = publisher;
  self->is_upkeep = is_upkeep;
  self->walk = bytestag_holder_walk_new (publisher->network);
  self->questions = g_array_new (FALSE, FALSE, sizeof (BytestagHolderQuestion));
  self->level = get_n_levels (self);
  publisher->retry_delay = MINUTE;
  if (is_upkeep)
    step_in (self, SURVEY_INTERVAL);
}

void
_bytestag_lane_clear (BytestagLane *self)
{
  bytestag_reactor_disarm (self->publisher->reactor, &self->timer);
  g_clear_object (&self->walk);
  g_clear_pointer (&self->questions, g_array_unref);
}

void
_bytestag_lane_kick (BytestagLane *self)
{
  self->restart = TRUE;
  self->publisher->retry_delay = MINUTE;
  if (!is_busy (self))
    step_in (self, 0);
}

void
_bytestag_lane_go_on (BytestagLane *self)
{
  if (!is_busy (self) && self->publisher->paused == NULL)
    step_in (self, 0);
}

void
_bytestag_lane_stop (BytestagLane *self)
{
  bytestag_holder_walk_cancel (self->walk);
  bytestag_reactor_disarm (self->publisher->reactor, &self->timer);
  g_array_set_size (self->questions, 0);
  self->n_answers = self->next_answer = 0;
  self->level = get_n_levels (self);
}

gboolean
_bytestag_lane_take (BytestagLane *self)
{
  BytestagPublisher *publisher = self->publisher;
  guint number = self->next_answer;
  guint32 slot;

  if (bytestag_holder_walk_is_asking (self->walk) || number >= self->n_answers)
    return FALSE;

  self->next_answer++;
  slot = bytestag_piece_table_find (publisher->pieces,
                                    &g_array_index (self->questions, BytestagHolderQuestion, number).id);
  /* It may have gone since, or the other lane may have it. */
  if (slot != BYTESTAG_NO_SLOT && _bytestag_publisher_is_live (publisher, slot) &&
      !g_hash_table_contains (publisher->working, GUINT_TO_POINTER (slot)))
    {
      BytestagHolders holders;

      bytestag_holder_walk_get_holders (self->walk, number, &holders);
      _bytestag_job_start (self, slot, &holders);
    }

  /* Whoever is told what came of it may have stopped the lane: then it has no answers. */
  if (self->n_answers > 0 && self->next_answer == self->n_answers)
    {
      g_array_set_size (self->questions, 0);
      self->n_answers = self->next_answer = 0;
      step_in (self, 0);
    }
  return TRUE;
}
