/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/replicator.h"

#include "core/limits.h"

#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)

/* A value's turn comes so long after its last one; seconds. */
#define EARLIEST_TURN (45 * 60)
/* All values are looked at within so long, µs, in order of their keys. Two looks at one
 * value are never more than twice that apart, so that no turn is later than
 * BYTESTAG_TIME_REPLICATE; and values that came together do not go together. */
#define SWEEP ((BYTESTAG_TIME_REPLICATE - EARLIEST_TURN) * G_USEC_PER_SEC / 2)
/* A store by another node spares us the turn for so long; seconds. */
#define SPARED (30 * 60)
/* Not for what is dropped so soon; seconds. */
#define SHORTEST_REST (10 * 60)
/* Between two looks at the table, µs, and how many values one look takes. */
#define SHORTEST_STEP G_USEC_PER_SEC
#define LONGEST_STEP MINUTE
#define VALUES_OF_STEP 256
/* Who is nearest may have changed by then, µs. */
#define LOOKUP_AGE (2 * MINUTE)
/* Values that are read ahead to see whether the last look-up covers them. */
#define VALUES_AHEAD 16
/* A value that was stored so lately has its copies again, whoever is gone; seconds. */
#define MENDED (5 * 60)
/* A node that is to hold a value is about as near to its key as we are: their first bits are
 * the same, but for so many. */
#define BITS_OF_NEIGHBOURS 4

/* A node that fell silent: what it held has one copy fewer. */
typedef struct {
  BytestagKey key;
  gint64 since; /* unix seconds */
} Silent;

typedef struct {
  BytestagReplicator *replicator; /* borrowed: it disconnects before it goes */
  BytestagKvpId id;
  gboolean near;                  /* we are to hold it too */
  BytestagStoreValueTask *task;
  gulong finished;
} Sending;

struct _BytestagReplicator
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  BytestagTimer timer;

  /* the sweep */
  gint64 begun;         /* µs */
  guint n_seen;
  gboolean has_last;
  BytestagKvpId last;   /* seen */
  GArray *due;          /* (element-type BytestagKvpId) whose turn it may be, in order of id */
  guint n_taken;        /* of these */
  gboolean is_ahead;    /* reads what the last look-up covers, and no more */
  gboolean is_at_end;   /* of that */

  /* whose values do not wait for their turn */
  Silent silent[BYTESTAG_LIMIT_SILENT_NODES];
  guint n_silent;       /* that were noted; the last of them are there */

  /* the last look-up */
  BytestagFindShortlistTask *lookup;
  gulong looked_up;
  BytestagKey key;
  gint64 looked_up_at;  /* µs */
  GPtrArray *nodes;     /* (nullable) (element-type BytestagNode) the nearest to @key, nearest first */

  GPtrArray *sendings;  /* (element-type Sending) */
  guint n_lookups;
  guint n_sent;
};

G_DEFINE_FINAL_TYPE (BytestagReplicator, bytestag_replicator, G_TYPE_OBJECT)

static void take_turns (BytestagReplicator *self);

static void
sending_free (gpointer data)
{
  Sending *sending = data;

  g_clear_signal_handler (&sending->finished, sending->task);
  g_clear_object (&sending->task);
  g_free (sending);
}

static gint64
get_wall_seconds (BytestagReplicator *self)
{
  return bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
}

static guint
get_copies (const BytestagKvpRecord *record)
{
  return record->copies > 0 ? record->copies : BYTESTAG_MAX_BUCKET_SIZE;
}

/* Whether @time, of a clock that may have been set back since, is less than @span ago. */
static gboolean
is_recent (gdouble time,
           gint64  now,
           gint64  span)
{
  return time <= (gdouble) now && (gdouble) now - time < (gdouble) span;
}

/* The rest of a turn: nothing more is done until the next one. */
static void
end_turn (BytestagReplicator  *self,
          const BytestagKvpId *id,
          gboolean             handed_over)
{
  BytestagKvpRecord record;

  if (!bytestag_kvp_table_lookup (self->table, id, &record))
    return;

  record.replicated = get_wall_seconds (self);
  record.handed_over = handed_over;
  bytestag_kvp_table_update (self->table, &record);
}

static gboolean
has_turn (BytestagReplicator      *self,
          const BytestagKvpRecord *record)
{
  return !is_recent ((gdouble) record->replicated, get_wall_seconds (self), EARLIEST_TURN);
}

static gboolean
is_being_sent (BytestagReplicator  *self,
               const BytestagKvpId *id)
{
  for (guint i = 0; i < self->sendings->len; i++)
    if (bytestag_kvp_id_equal (&((Sending *) self->sendings->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

/* Whether @silent may have been one of the nodes that are to hold a value, and nobody has
 * stored it since. */
static gboolean
may_have_held (BytestagReplicator      *self,
               const Silent            *silent,
               const BytestagKvpRecord *record)
{
  guint own = bytestag_key_bucket_number (&record->id.key, bytestag_network_get_key (self->network));

  return silent->since >= record->replicated && (gdouble) silent->since >= record->last_update &&
         bytestag_key_bucket_number (&record->id.key, &silent->key) + BITS_OF_NEIGHBOURS >= own;
}

/* Whether a holder may be gone, so that the value does not wait for its turn. */
static gboolean
may_be_weakened (BytestagReplicator      *self,
                 const BytestagKvpRecord *record)
{
  if (record->handed_over || is_recent ((gdouble) record->replicated, get_wall_seconds (self), MENDED))
    return FALSE;

  for (guint i = 0; i < MIN (self->n_silent, BYTESTAG_LIMIT_SILENT_NODES); i++)
    if (may_have_held (self, &self->silent[i], record))
      return TRUE;
  return FALSE;
}

/* The same for sure: it was nearer than the last of those that are to hold it now. */
static gboolean
is_weakened (BytestagReplicator      *self,
             const BytestagKvpRecord *record)
{
  BytestagNode *nodes[BYTESTAG_MAX_BUCKET_SIZE];
  guint copies = MIN (get_copies (record), G_N_ELEMENTS (nodes));
  guint n;

  if (record->replicated == 0)
    return TRUE;
  if (!may_be_weakened (self, record))
    return FALSE;

  /* Those that are stale come last. */
  n = bytestag_routing_table_select_close (bytestag_network_get_routing_table (self->network), &record->id.key,
                                           nodes, copies);
  for (guint i = 0; i < MIN (self->n_silent, BYTESTAG_LIMIT_SILENT_NODES); i++)
    if (may_have_held (self, &self->silent[i], record) &&
        (n < copies || bytestag_key_compare_distance (&record->id.key, &self->silent[i].key,
                                                      bytestag_node_get_key (nodes[n - 1])) < 0))
      return TRUE;
  return FALSE;
}

/* Whether the value is to go to others now; one that is spared has had its turn. Where
 * nearer nodes have taken over all copies they look after them, until so many of them
 * are gone that we are needed again. */
static gboolean
is_to_go (BytestagReplicator      *self,
          const BytestagKvpRecord *record)
{
  gint64 now = get_wall_seconds (self);
  gdouble expiry = bytestag_kvp_record_get_expiry (record);
  gboolean is_weak = is_weakened (self, record);

  if ((!is_weak && !has_turn (self, record)) || is_being_sent (self, &record->id))
    return FALSE;

  /* By a clock that is wrong nothing ends. */
  if (expiry > 0 && expiry - (gdouble) now <= SHORTEST_REST &&
      bytestag_network_get_clock_difference (self->network) == 0)
    return FALSE;

  if (!is_recent (record->last_update, now, is_weak ? MENDED : SPARED) &&
      !(record->handed_over &&
        bytestag_network_count_nearer (self->network, &record->id.key) >= get_copies (record)))
    return TRUE;

  end_turn (self, &record->id, record->handed_over);
  return FALSE;
}

/* The distance of the @count-th nearest of the last look-up's nodes to @key. */
static void
get_radius (BytestagReplicator *self,
            const BytestagKey  *key,
            guint               count,
            BytestagKey        *radius)
{
  BytestagKey nearest[BYTESTAG_MAX_BUCKET_SIZE];

  for (guint i = 0; i < self->nodes->len; i++)
    {
      BytestagKey distance;
      guint at = i;

      bytestag_key_distance (key, bytestag_node_get_key (self->nodes->pdata[i]), &distance);
      while (at > 0 && bytestag_key_compare (&distance, &nearest[at - 1]) < 0)
        {
          nearest[at] = nearest[at - 1];
          at--;
        }
      nearest[at] = distance;
    }
  *radius = nearest[count - 1];
}

/* Whether the @copies nodes nearest to @key are among the answers of the last look-up, which are
 * all nodes that are no farther from its key than the last of them. */
static gboolean
is_covered (BytestagReplicator *self,
            const BytestagKey  *key,
            guint               copies)
{
  BytestagKey radius, reach, farthest;

  if (self->nodes == NULL || bytestag_reactor_get_time (self->reactor) - self->looked_up_at > LOOKUP_AGE)
    return FALSE;

  /* That is everybody; where more are known some only fell silent. */
  if (bytestag_key_equal (key, &self->key) ||
      bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) <
        BYTESTAG_MAX_BUCKET_SIZE)
    return TRUE;
  if (self->nodes->len < copies)
    return FALSE;

  bytestag_key_distance (&self->key, bytestag_node_get_key (self->nodes->pdata[self->nodes->len - 1]), &farthest);
  get_radius (self, key, copies, &radius);
  bytestag_key_get_reach (&self->key, key, &radius, &reach);
  return bytestag_key_compare (&reach, &farthest) <= 0;
}

static void
finished_cb (BytestagTask *task,
             Sending      *sending)
{
  BytestagReplicator *self = sending->replicator;
  guint n_copies = bytestag_store_value_task_get_n_copies (sending->task);

  /* What nobody took has its turn again with the next sweep. */
  if (bytestag_task_get_state (task) == BYTESTAG_TASK_DONE)
    end_turn (self, &sending->id, !sending->near && n_copies >= bytestag_task_get_total (task));

  self->n_sent++;
  g_ptr_array_remove_fast (self->sendings, sending);
  take_turns (self);
}

static int
compare_nodes (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  BytestagNode *node_a = *(BytestagNode *const *) a;
  BytestagNode *node_b = *(BytestagNode *const *) b;

  return bytestag_key_compare_distance (user_data, bytestag_node_get_key (node_a), bytestag_node_get_key (node_b));
}

static void
send_value (BytestagReplicator      *self,
            const BytestagKvpRecord *record)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  BytestagKey key = record->id.key;
  guint copies = get_copies (record);
  Sending *sending = g_new0 (Sending, 1);
  guint n_nearer = 0;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      BytestagNode *node = self->nodes->pdata[i];

      g_ptr_array_add (nodes, node);
      n_nearer += bytestag_key_compare_distance (&key, bytestag_node_get_key (node),
                                                 bytestag_network_get_key (self->network)) < 0;
    }
  g_ptr_array_sort_with_data (nodes, compare_nodes, &key);

  sending->replicator = self;
  sending->id = record->id;
  sending->near = n_nearer < copies;
  sending->task = bytestag_network_replicate_value (self->network, &record->id.key, &record->id.index, copies, nodes);
  sending->finished = g_signal_connect (sending->task, "finished", G_CALLBACK (finished_cb), sending);
  g_ptr_array_add (self->sendings, sending);
}

static void
drop_lookup (BytestagReplicator *self)
{
  g_clear_signal_handler (&self->looked_up, self->lookup);
  g_clear_object (&self->lookup);
}

static void
looked_up_cb (BytestagTask       *task,
              BytestagReplicator *self)
{
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  self->nodes = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (self->lookup));
  if (self->nodes->len > BYTESTAG_MAX_BUCKET_SIZE)
    g_ptr_array_set_size (self->nodes, BYTESTAG_MAX_BUCKET_SIZE);
  self->looked_up_at = bytestag_reactor_get_time (self->reactor);
  drop_lookup (self);

  /* Nobody is there: the next sweep tries again. */
  if (self->nodes->len == 0)
    {
      g_clear_pointer (&self->nodes, g_ptr_array_unref);
      self->n_taken = self->due->len;
    }
  take_turns (self);
}

static void
look_up (BytestagReplicator *self,
         const BytestagKey  *key)
{
  self->key = *key;
  self->n_lookups++;
  self->lookup = bytestag_network_find_node_shortlist (self->network, key);
  self->looked_up = g_signal_connect (self->lookup, "finished", G_CALLBACK (looked_up_cb), self);
}

static void
see_value (const BytestagKvpRecord *record,
           gpointer                 user_data)
{
  BytestagReplicator *self = user_data;

  if (self->is_ahead && (self->is_at_end || !is_covered (self, &record->id.key, get_copies (record))))
    {
      self->is_at_end = TRUE;
      return;
    }

  self->last = record->id;
  self->has_last = TRUE;
  self->n_seen++;
  if (has_turn (self, record) || may_be_weakened (self, record))
    g_array_append_val (self->due, record->id);
}

/* What the last look-up covers has its turn before its time in the sweep rather than a
 * look-up of its own. FALSE: there is nothing. */
static gboolean
read_ahead (BytestagReplicator *self)
{
  guint n_seen = self->n_seen;

  if (self->nodes == NULL || !self->has_last)
    return FALSE;

  g_array_set_size (self->due, 0);
  self->n_taken = 0;
  self->is_ahead = TRUE;
  self->is_at_end = FALSE;
  bytestag_kvp_table_visit_kept (self->table, &self->last, VALUES_AHEAD, see_value, self);
  self->is_ahead = FALSE;
  return self->n_seen > n_seen;
}

/* Whether there is one whose turn it may be. */
static gboolean
has_due (BytestagReplicator *self)
{
  while (self->n_taken == self->due->len)
    if (!read_ahead (self))
      return FALSE;
  return TRUE;
}

static void
take_turns (BytestagReplicator *self)
{
  while (self->lookup == NULL && self->sendings->len < BYTESTAG_LIMIT_REPLICATING && has_due (self))
    {
      BytestagKvpId id = g_array_index (self->due, BytestagKvpId, self->n_taken);
      BytestagKvpRecord record;

      if (!bytestag_kvp_table_lookup (self->table, &id, &record) || !is_to_go (self, &record))
        {
          self->n_taken++;
        }
      else if (!is_covered (self, &id.key, get_copies (&record)))
        {
          look_up (self, &id.key);
        }
      else
        {
          self->n_taken++;
          send_value (self, &record);
        }
    }
}

/* How many values are to be seen now, so that the sweep takes its time. */
static guint
get_share (BytestagReplicator *self,
           gint64              now,
           guint               n_kept)
{
  gint64 elapsed = MIN (now - self->begun, SWEEP);
  guint64 n_wanted = (guint64) n_kept * (guint64) elapsed / SWEEP;

  if (now - self->begun >= SWEEP)
    return VALUES_OF_STEP;

  return n_wanted > self->n_seen ? (guint) MIN (n_wanted - self->n_seen, VALUES_OF_STEP) : 0;
}

static void
step (gpointer user_data)
{
  BytestagReplicator *self = user_data;
  gint64 now = bytestag_reactor_get_time (self->reactor);
  guint n_kept = bytestag_kvp_table_count_kept (self->table);
  guint share = get_share (self, now, n_kept);
  guint n_seen = 0;

  bytestag_reactor_arm (self->reactor, &self->timer,
                        CLAMP (SWEEP / (n_kept + 1), SHORTEST_STEP, LONGEST_STEP), step, self);

  /* One after the other: what is late makes the sweep longer, not the load higher. */
  if (self->n_taken < self->due->len)
    {
      take_turns (self);
      return;
    }

  g_array_set_size (self->due, 0);
  self->n_taken = 0;
  if (share > 0)
    n_seen = bytestag_kvp_table_visit_kept (self->table, self->has_last ? &self->last : NULL, share, see_value, self);
  if (n_seen < share && now - self->begun >= SWEEP)
    {
      self->begun = now;
      self->n_seen = 0;
      self->has_last = FALSE;
    }
  take_turns (self);
}

/* A look-up showed that a node that is to hold it does not: its turn is now (B.3). */
static void
value_lost_cb (BytestagNetwork     *network,
               const BytestagKvpId *id,
               BytestagReplicator  *self)
{
  BytestagKvpRecord record;

  if (!bytestag_kvp_table_lookup (self->table, id, &record) || record.is_original ||
      is_recent ((gdouble) record.replicated, get_wall_seconds (self), MENDED))
    return;

  record.replicated = 0;
  bytestag_kvp_table_update (self->table, &record);

  /* More than that find their turn in the sweep. */
  if (self->due->len - self->n_taken < VALUES_OF_STEP)
    g_array_append_val (self->due, *id);
  bytestag_reactor_arm (self->reactor, &self->timer, 0, step, self);
}

static void
contact_stale_cb (BytestagRoutingTable *routing_table,
                  BytestagNode         *node,
                  BytestagReplicator   *self)
{
  self->silent[self->n_silent++ % BYTESTAG_LIMIT_SILENT_NODES] = (Silent) {
    .key = *bytestag_node_get_key (node),
    .since = get_wall_seconds (self),
  };
}

static void
bytestag_replicator_dispose (GObject *object)
{
  BytestagReplicator *self = BYTESTAG_REPLICATOR (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  if (self->network != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->network, self);
      g_signal_handlers_disconnect_by_data (bytestag_network_get_routing_table (self->network), self);
    }
  if (self->lookup != NULL)
    {
      g_autoptr (BytestagTask) lookup = BYTESTAG_TASK (g_object_ref (self->lookup));

      drop_lookup (self);
      bytestag_task_cancel (lookup);
    }
  while (self->sendings != NULL && self->sendings->len > 0)
    {
      Sending *sending = g_ptr_array_index (self->sendings, 0);
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (sending->task));

      g_ptr_array_remove_index_fast (self->sendings, 0);
      bytestag_task_cancel (task);
    }
  g_clear_pointer (&self->sendings, g_ptr_array_unref);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_clear_pointer (&self->due, g_array_unref);
  g_clear_object (&self->table);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_replicator_parent_class)->dispose (object);
}

static void
bytestag_replicator_class_init (BytestagReplicatorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_replicator_dispose;
}

static void
bytestag_replicator_init (BytestagReplicator *self)
{
  self->due = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  self->sendings = g_ptr_array_new_with_free_func (sending_free);
}

BytestagReplicator *
bytestag_replicator_new (BytestagNetwork *network)
{
  BytestagReplicator *self;
  gint64 now;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  self = g_object_new (BYTESTAG_TYPE_REPLICATOR, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->table = g_object_ref (bytestag_network_get_table (network));

  g_signal_connect (network, "value-lost", G_CALLBACK (value_lost_cb), self);
  g_signal_connect (bytestag_network_get_routing_table (network), "contact-stale", G_CALLBACK (contact_stale_cb), self);

  /* Nodes that started together do not sweep together. */
  now = bytestag_reactor_get_time (self->reactor);
  self->begun = now - bytestag_rng_range (bytestag_reactor_get_rng (self->reactor), SWEEP / 1000) *
                        G_GINT64_CONSTANT (1000);
  bytestag_reactor_arm (self->reactor, &self->timer, SHORTEST_STEP, step, self);

  return self;
}

guint
bytestag_replicator_get_n_sending (BytestagReplicator *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REPLICATOR (self), 0);

  return self->sendings->len;
}

guint
bytestag_replicator_get_n_lookups (BytestagReplicator *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REPLICATOR (self), 0);

  return self->n_lookups;
}

guint
bytestag_replicator_get_n_sent (BytestagReplicator *self)
{
  g_return_val_if_fail (BYTESTAG_IS_REPLICATOR (self), 0);

  return self->n_sent;
}
