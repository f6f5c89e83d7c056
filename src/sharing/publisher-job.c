/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "sharing/publisher-private.h"

/* The work on one piece whose holders have been asked: promises that end soon are renewed,
 * which needs no bytes; then what is missing is sent to the nearest nodes that do not hold
 * it. Who took bytes counts when it says that it holds them, and not before. */

/* Promises are renewed together, not each by itself: those that end within this of the
 * time when it is due; seconds. */
#define TOGETHER 86400

/* What went to originals goes there again after so long, so that a computer which is on at the
 * same time each day is not late by a day; seconds. */
#define REPUBLISH (BYTESTAG_TIME_REPUBLISH - 4 * 3600)

typedef enum {
  STEP_RENEWING,
  STEP_READING,
  STEP_STORING,
  STEP_CONFIRMING,
} Step;

/* One request of a job to one node. */
typedef struct {
  BytestagJob *job;
  BytestagNode *node;
  BytestagStoreToNodeTask *task;
  gulong finished;
} Store;

struct _BytestagJob
{
  BytestagLane *lane;
  BytestagPublisher *publisher;
  guint32 slot;
  BytestagKvpRecord record; /* id, size, copies, timestamp */
  guint wanted;             /* copies that are wanted now */
  Step step;
  GArray *holders;          /* (element-type BytestagHolder) */
  GPtrArray *candidates;    /* (element-type BytestagNode) of ours that hold nothing, nearest first */
  guint n_tried;            /* of them */
  GPtrArray *originals;     /* (element-type BytestagNode) that are sent it */
  guint n_originals;        /* of the nearest, that were sent it */
  gboolean sends_originals;
  GPtrArray *stores;        /* (element-type Store) */
  guint n_sent;             /* bytes went there, and no answer yet */
  guint n_asked;            /* of these, that are to answer */
  guint n_failed;
  guint max_stores;         /* more places are tried in vain no longer */
  gboolean knows_all;
  gboolean was_there;
  GBytes *value;
};

static void go_on (BytestagJob *self);

static void
store_free (gpointer data)
{
  Store *store = data;

  g_clear_signal_handler (&store->finished, store->task);
  g_object_unref (store->task);
  g_object_unref (store->node);
  g_free (store);
}

static void
holder_clear (gpointer data)
{
  g_clear_object (&((BytestagHolder *) data)->node);
}

static void
job_free (BytestagJob *self)
{
  g_ptr_array_unref (self->stores);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->originals);
  g_array_unref (self->holders);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_free (self);
}

static gint64
get_seconds (BytestagJob *self)
{
  return _bytestag_publisher_get_seconds (self->publisher);
}

static BytestagHolder *
get_holder (BytestagJob *self,
            guint        number)
{
  return &g_array_index (self->holders, BytestagHolder, number);
}

static void
add_holder (BytestagJob  *self,
            BytestagNode *node,
            gint64        until)
{
  BytestagHolder holder = { g_object_ref (node), until };

  g_array_append_val (self->holders, holder);
}

static gint64
count_votes (BytestagJob *self,
             guint       *n_promised,
             guint       *n_unpromised)
{
  return _bytestag_publisher_count_votes (self->publisher, (gconstpointer) self->holders->data,
                                          self->holders->len, self->record.copies, n_promised, n_unpromised);
}

/* How many more copies are to be sent. Where every promise ends soon, since no holder lets us
 * renew it, another node is to hold it: it renews those of the others as it replicates. */
static guint
count_missing (BytestagJob *self)
{
  gint64 enough = get_seconds (self) + BYTESTAG_RENEWAL;
  guint n_promised;
  guint n_unpromised;
  gboolean lasts = FALSE;

  count_votes (self, &n_promised, &n_unpromised);
  if (n_promised + n_unpromised < self->wanted)
    return self->wanted - n_promised - n_unpromised;

  for (guint i = 0; i < self->holders->len; i++)
    lasts |= get_holder (self, i)->until > enough;
  return n_promised > 0 && !lasts && self->n_sent == 0 ? 1 : 0;
}

/* The end */

/* It sends nothing more. */
static void
end_storing (BytestagJob *self)
{
  if (!g_ptr_array_remove_fast (self->publisher->jobs, self))
    return;

  if (--self->lane->n_storing == 0)
    _bytestag_lane_go_on (self->lane);
}

static void
leave (BytestagJob *self)
{
  BytestagPublisher *publisher = self->publisher;
  BytestagLane *lane = self->lane;

  end_storing (self);
  g_ptr_array_remove_fast (publisher->unconfirmed, self);
  g_hash_table_remove (publisher->working, GUINT_TO_POINTER (self->slot));
  lane->n_jobs--;
  job_free (self);
  if (lane->n_jobs == 0)
    _bytestag_lane_go_on (lane);
  _bytestag_publisher_pump (publisher);
}

static void
write_state (BytestagJob        *self,
             BytestagPieceEntry *entry)
{
  gint64 now = get_seconds (self);
  gboolean is_first = !self->lane->is_upkeep && self->wanted < entry->copies;
  guint n_promised;
  guint n_unpromised;
  gint64 until = count_votes (self, &n_promised, &n_unpromised);

  entry->n_copies = MIN (n_promised, 31);
  entry->n_originals = MIN (n_unpromised + self->n_originals, 31);
  entry->until = (guint32) CLAMP (until, 0, G_MAXUINT32);
  entry->looked = (guint32) now;
  if (self->sends_originals)
    entry->original_hour = (guint) (now / 3600) & 127;
  /* With its first copy it waits for its turn to get the others. */
  entry->tried = !(is_first && n_promised + n_unpromised + self->n_originals > 0);
  entry->everybody = self->knows_all && self->n_failed == 0 && self->n_tried == self->candidates->len &&
                     self->max_stores > 0;
}

static void
finish (BytestagJob *self)
{
  g_autoptr (BytestagPublisher) publisher = g_object_ref (self->publisher);
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (publisher->pieces, self->slot);
  guint32 slot = self->slot;
  gboolean was_there = self->was_there;
  BytestagPiece before;
  gboolean was_complete;

  bytestag_piece_table_get_piece (publisher->pieces, slot, &before);
  was_complete = _bytestag_piece_is_complete (&before, entry->everybody);
  write_state (self, entry);
  publisher->counters.n_looked++;
  publisher->counters.n_upkeep_looked += self->lane->is_upkeep;
  /* Whoever is told may pause the publisher or remove a publication, which frees jobs. */
  leave (self);
  if (before.looked == 0)
    _bytestag_publisher_note_look (publisher, slot, was_there);
  _bytestag_publisher_note_change (publisher, slot, &before, was_complete);
}

void
_bytestag_job_end (BytestagJob *self)
{
  if (self->step == STEP_CONFIRMING && self->n_asked == 0)
    finish (self);
}

void
_bytestag_job_confirm (BytestagJob  *self,
                       BytestagNode *node,
                       gint64        until)
{
  if (until > 0)
    add_holder (self, node, until);
  else
    self->n_failed++;
  self->n_asked--;
  _bytestag_job_end (self);
}

/* Nothing more is sent: what was, is asked for. */
static void
stop_storing (BytestagJob *self)
{
  BytestagPublisher *publisher = self->publisher;

  self->step = STEP_CONFIRMING;
  g_clear_pointer (&self->value, g_bytes_unref);
  if (self->n_asked > 0)
    {
      end_storing (self);
      g_ptr_array_add (publisher->unconfirmed, self);
      _bytestag_publisher_pump (publisher);
    }
  _bytestag_job_end (self);
}

/* Stores */

/* Whether a node of the same network has a vote already, or will have. Private networks are
 * exempt (B.5). */
static gboolean
is_network_taken (BytestagJob  *self,
                  BytestagNode *node)
{
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);
  BytestagEndpoint network;

  if (!bytestag_endpoint_get_network (endpoint, FALSE, &network))
    return FALSE;

  for (guint i = 0; i < self->holders->len; i++)
    if (bytestag_endpoint_same_network (bytestag_node_get_endpoint (get_holder (self, i)->node), endpoint))
      return TRUE;
  for (guint i = 0; i < self->stores->len; i++)
    if (bytestag_endpoint_same_network (bytestag_node_get_endpoint (((Store *) self->stores->pdata[i])->node), endpoint))
      return TRUE;
  return FALSE;
}

static void
renewed (BytestagJob             *self,
         BytestagNode            *node,
         BytestagStoreToNodeTask *task)
{
  BytestagStoreOutcome outcome = bytestag_store_to_node_task_get_outcome (task);
  gint64 until = bytestag_store_to_node_task_get_until (task);

  for (guint i = 0; i < self->holders->len; i++)
    {
      BytestagHolder *holder = get_holder (self, i);

      if (holder->node != node)
        continue;
      if (outcome == BYTESTAG_STORE_HELD && until > holder->until)
        {
          holder->until = until;
          self->publisher->counters.n_renewed++;
        }
      else if (outcome == BYTESTAG_STORE_LOST)
        {
          g_ptr_array_insert (self->candidates, 0, g_object_ref (node));
          g_array_remove_index (self->holders, i);
        }
      return;
    }
}

static void
stored (BytestagJob             *self,
        BytestagNode            *node,
        BytestagStoreToNodeTask *task)
{
  BytestagStoreOutcome outcome = bytestag_store_to_node_task_get_outcome (task);
  gint64 until = bytestag_store_to_node_task_get_until (task);
  gboolean is_taken = outcome == BYTESTAG_STORE_SENT || outcome == BYTESTAG_STORE_HELD;

  if (outcome == BYTESTAG_STORE_SENT)
    {
      self->publisher->counters.n_stored++;
      self->publisher->counters.n_bytes_stored += self->record.size;
    }
  self->n_failed += !is_taken;
  if (is_taken)
    self->publisher->retry_delay = 60 * G_USEC_PER_SEC;

  if (bytestag_node_get_extensions (node) < 0)
    {
      self->n_originals += is_taken;
    }
  else if (outcome == BYTESTAG_STORE_HELD)
    {
      add_holder (self, node, until > 0 ? until : BYTESTAG_HELD_UNPROMISED);
    }
  else if (outcome == BYTESTAG_STORE_SENT)
    {
      self->n_sent++;
      self->n_asked++;
      _bytestag_publisher_confirm (self->publisher, node, self);
    }
}

static void
store_finished_cb (BytestagTask *task,
                   Store        *store)
{
  BytestagJob *self = store->job;
  g_autoptr (BytestagStoreToNodeTask) ended = g_object_ref (store->task);
  g_autoptr (BytestagNode) node = g_object_ref (store->node);

  g_ptr_array_remove_fast (self->stores, store);
  if (self->step == STEP_RENEWING)
    renewed (self, node, ended);
  else
    stored (self, node, ended);
  go_on (self);
}

/* @value: (nullable) */
static void
start_store (BytestagJob  *self,
             BytestagNode *node,
             GBytes       *value)
{
  BytestagNetwork *network = self->publisher->network;
  Store *store = g_new0 (Store, 1);

  store->job = self;
  store->node = g_object_ref (node);
  if (bytestag_node_get_extensions (node) < 0)
    store->task = bytestag_network_store_to_node (network, node, &self->record.id.key, &self->record.id.index, value,
                                                  self->record.timestamp);
  else
    store->task = bytestag_network_refresh_at_node (network, node, &self->record, BYTESTAG_TIME_KEEP, value);
  store->finished = g_signal_connect (store->task, "finished", G_CALLBACK (store_finished_cb), store);
  g_ptr_array_add (self->stores, store);
}

/* Stores of all jobs at @node that are under way. */
static guint
count_load (BytestagJob  *self,
            BytestagNode *node)
{
  GPtrArray *jobs = self->publisher->jobs;
  guint load = 0;

  for (guint i = 0; i < jobs->len; i++)
    {
      GPtrArray *stores = ((BytestagJob *) jobs->pdata[i])->stores;

      for (guint j = 0; j < stores->len; j++)
        load += bytestag_node_equal (((Store *) stores->pdata[j])->node, node);
    }
  return load;
}

/* The candidates that are to get a copy sooner or later, nearest first: their numbers. Returns
 * how many there are. */
static guint
find_places (BytestagJob *self,
             guint       *numbers)
{
  guint n_promised, n_unpromised;
  guint n = 0;
  guint n_missing;

  count_votes (self, &n_promised, &n_unpromised);
  n_missing = self->record.copies - MIN (n_promised + n_unpromised, self->record.copies);
  for (guint i = self->n_tried; i < self->candidates->len && n < MAX (n_missing, 1); i++)
    if (!is_network_taken (self, self->candidates->pdata[i]))
      numbers[n++] = i;
  return n;
}

/* (transfer none) (nullable) whom to send the value next. Neighbouring keys have the same nearest
 * nodes, and are worked on together: sent to the nearest one first, all first copies would
 * queue there, and go with it. So it is any of those that are to have the value, the one that we send
 * least to, and of equals one that the key chooses. */
static BytestagNode *
take_place (BytestagJob *self)
{
  guint n_under_way = self->n_sent;
  guint numbers[BYTESTAG_MAX_BUCKET_SIZE];
  guint least = G_MAXUINT;
  guint first, n;
  guint chosen = 0;
  BytestagNode *node;

  /* Those at originals do not count: they end in a day at the latest. */
  for (guint i = 0; i < self->stores->len; i++)
    n_under_way += bytestag_node_get_extensions (((Store *) self->stores->pdata[i])->node) >= 0;
  if (n_under_way >= self->max_stores || count_missing (self) <= n_under_way)
    return NULL;

  n = find_places (self, numbers);
  if (n == 0)
    {
      self->n_tried = self->candidates->len;
      return NULL;
    }

  first = self->record.id.key.bytes[BYTESTAG_KEY_SIZE - 1] % n;
  for (guint i = 0; i < n; i++)
    {
      guint number = numbers[(first + i) % n];
      guint load = count_load (self, self->candidates->pdata[number]);

      if (load < least)
        {
          least = load;
          chosen = number;
        }
    }
  node = g_ptr_array_steal_index (self->candidates, chosen);
  g_ptr_array_insert (self->candidates, (int) self->n_tried++, node);
  return node;
}

static void
store_on (BytestagJob *self)
{
  while (self->stores->len < BYTESTAG_NETWORK_PARALLELISM)
    {
      g_autoptr (BytestagNode) original = NULL;
      BytestagNode *node;

      if (self->originals->len > 0)
        original = g_ptr_array_steal_index (self->originals, 0);
      node = original != NULL ? original : take_place (self);
      if (node == NULL)
        break;
      start_store (self, node, self->value);
    }

  if (self->stores->len == 0)
    stop_storing (self);
}

typedef struct {
  BytestagPublisher *publisher; /* reference */
  BytestagKvpId id;
} Reading;

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  Reading *reading = user_data;
  g_autoptr (BytestagPublisher) publisher = reading->publisher;
  BytestagJob *self = NULL;

  for (guint i = 0; i < publisher->jobs->len; i++)
    {
      BytestagJob *job = publisher->jobs->pdata[i];

      if (job->step == STEP_READING && bytestag_kvp_id_equal (&job->record.id, &reading->id))
        self = job;
    }
  g_free (reading);
  if (self == NULL)
    return;

  /* It cannot be read now: the drive is away, or the file was changed. */
  if (value == NULL)
    {
      self->max_stores = 0;
      stop_storing (self);
      return;
    }

  self->step = STEP_STORING;
  self->value = g_bytes_ref (value);
  self->record.size = g_bytes_get_size (value);
  go_on (self);
}

static void
read_value (BytestagJob *self)
{
  Reading *reading = g_new0 (Reading, 1);

  self->step = STEP_READING;
  reading->publisher = g_object_ref (self->publisher);
  reading->id = self->record.id;
  bytestag_kvp_table_read (bytestag_network_get_table (self->publisher->network), &reading->id, read_cb, reading);
}

static void
go_on (BytestagJob *self)
{
  if (self->step == STEP_RENEWING && self->stores->len == 0)
    {
      if (self->originals->len > 0 || (count_missing (self) > 0 && self->n_tried < self->candidates->len))
        read_value (self);
      else
        stop_storing (self);
    }
  else if (self->step == STEP_STORING)
    {
      store_on (self);
    }
}

/* The beginning */

/* Who holds the piece, and who might. */
static void
take_holders (BytestagJob           *self,
              const BytestagHolders *holders)
{
  for (guint i = 0; i < holders->n_nodes; i++)
    {
      BytestagNode *node = holders->nodes[i];

      if (bytestag_node_get_extensions (node) < 0 || !_bytestag_publisher_trusts (self->publisher, node))
        continue;
      if (holders->untils[i] <= 0)
        g_ptr_array_add (self->candidates, g_object_ref (node));
      else
        add_holder (self, node, holders->untils[i]);
    }
}

/* The originals among the nearest nodes are sent it once a day (A.2, 1: never asked); a first
 * copy goes to one only where there is nobody else. */
static void
take_originals (BytestagJob              *self,
                const BytestagHolders    *holders,
                const BytestagPieceEntry *entry)
{
  gint64 now = get_seconds (self);
  guint hours = ((guint) (now / 3600) - entry->original_hour) & 127;
  gboolean is_due = hours >= REPUBLISH / 3600 || now - entry->looked >= REPUBLISH;
  /* Which ones got it is not known any more: the nearest. */
  guint n_kept = is_due ? 0 : entry->n_originals;

  for (guint i = 0; i < holders->n_nodes && i < self->record.copies; i++)
    {
      if (bytestag_node_get_extensions (holders->nodes[i]) >= 0)
        continue;
      if (self->n_originals < n_kept)
        self->n_originals++;
      else if (self->wanted == self->record.copies ||
               (self->candidates->len + self->holders->len + self->originals->len == 0))
        g_ptr_array_add (self->originals, g_object_ref (holders->nodes[i]));
    }
  self->sends_originals = self->originals->len > 0;
}

/* Renews promises of the nearest holders, unless they last. */
static void
renew (BytestagJob *self)
{
  gint64 now = get_seconds (self);
  guint n = 0;

  for (guint i = 0; i < self->holders->len && n < self->record.copies; i++)
    {
      const BytestagHolder *holder = get_holder (self, i);

      if (holder->until <= BYTESTAG_HELD_UNPROMISED)
        continue;
      n++;
      if (holder->until - now <= BYTESTAG_RENEWAL + TOGETHER)
        start_store (self, holder->node, NULL);
    }
}

static void
check_holders (BytestagJob *self)
{
  for (guint i = 0; i < self->holders->len; i++)
    _bytestag_publisher_check (self->publisher, get_holder (self, i)->node, &self->record.id);
}

void
_bytestag_job_start (BytestagLane          *lane,
                     guint32                slot,
                     const BytestagHolders *holders)
{
  BytestagPublisher *publisher = lane->publisher;
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (publisher->pieces, slot);
  BytestagJob *self = g_new0 (BytestagJob, 1);
  guint n_promised;
  guint n_unpromised;

  self->lane = lane;
  self->publisher = publisher;
  self->slot = slot;
  bytestag_piece_table_get_id (publisher->pieces, slot, &self->record.id);
  self->record.size = entry->size;
  self->record.copies = (guint8) entry->copies;
  self->record.has_timestamp = TRUE;
  self->record.timestamp = get_seconds (self);
  self->wanted = !lane->is_upkeep && lane->level == BYTESTAG_LEVEL_FIRST ? 1 : entry->copies;
  self->max_stores = G_MAXUINT;
  self->knows_all = bytestag_holder_walk_knows_all (lane->walk);
  self->holders = g_array_new (FALSE, FALSE, sizeof (BytestagHolder));
  g_array_set_clear_func (self->holders, holder_clear);
  self->candidates = g_ptr_array_new_with_free_func (g_object_unref);
  self->originals = g_ptr_array_new_with_free_func (g_object_unref);
  self->stores = g_ptr_array_new_with_free_func (store_free);
  lane->n_jobs++;
  lane->n_storing++;
  g_ptr_array_add (publisher->jobs, self);
  g_hash_table_add (publisher->working, GUINT_TO_POINTER (slot));

  take_holders (self, holders);
  take_originals (self, holders, entry);
  count_votes (self, &n_promised, &n_unpromised);
  self->was_there = n_promised + n_unpromised >= entry->copies;
  check_holders (self);
  /* What nobody may keep is sent to nobody. */
  if (bytestag_network_is_denied (publisher->network, &self->record.id))
    {
      self->max_stores = 0;
      stop_storing (self);
      return;
    }

  renew (self);
  go_on (self);
}

void
_bytestag_job_cancel (BytestagJob *self)
{
  BytestagPublisher *publisher = self->publisher;

  while (self->stores->len > 0)
    {
      Store *store = self->stores->pdata[0];
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (store->task));

      g_ptr_array_remove_index_fast (self->stores, 0);
      bytestag_task_cancel (task);
    }
  _bytestag_publisher_forget_job (publisher, self);
  leave (self);
}

const BytestagKvpId *
_bytestag_job_get_id (BytestagJob *self)
{
  return &self->record.id;
}
