/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/holder-walk.h"

#include <string.h>

#include "core/limits.h"

/* Who is nearest may have changed by then, µs. */
#define LOOKUP_AGE (2 * G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
/* So many nodes beyond the copies are asked: as many may have come nearer to a key since a
 * value was stored, and not hold it yet. */
#define BEYOND_COPIES 2
/* Questions whose holders are chosen in one event: some 1 ms. */
#define QUESTIONS_OF_EVENT 64
/* A node that we are not proven to pings us instead of telling (B.5): then it is asked
 * again so much later, once; µs. */
#define PROOF_DELAY (G_USEC_PER_SEC / 2)

#define MAX_NODES BYTESTAG_MAX_BUCKET_SIZE
#define KEYS_OF_BATCH (1 + BYTESTAG_LIMIT_KEYS_OF_REQUEST)

typedef struct {
  BytestagNode *node;
  GArray *waiting;      /* (element-type guint) questions that it is to be asked */
  gboolean is_silent;   /* did not answer: it is asked nothing more */
  gboolean asked_twice; /* since it did not tell */
} Place;

/* A request under way. */
typedef struct {
  BytestagHolderWalk *walk;
  guint place;
  guint n;
  guint questions[KEYS_OF_BATCH];
  BytestagTask *task;
  gulong finished;
} Batch;

struct _BytestagHolderWalk
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;

  /* the last look-up */
  BytestagFindShortlistTask *lookup;
  gulong looked_up;
  gulong told;
  BytestagKey target;
  gint64 looked_up_at; /* µs */
  GArray *places;      /* (element-type Place) the nearest to @target, nearest first */
  GPtrArray *tellers;  /* (element-type BytestagNode) who told of keys that went along */
  GArray *tellings;    /* (element-type gint64) n_along for each of them */
  guint n_along;

  /* what is asked */
  GArray *questions;   /* (element-type BytestagHolderQuestion) */
  guint n_done;
  guint n_chosen;      /* whose holders are chosen, in this round */
  gboolean is_second;  /* the round in which all nodes are asked */
  gint64 *untils;      /* n_done × places */
  guint *along;        /* (array length=questions) the number of its key in the look-up, or G_MAXUINT */
  GPtrArray *batches;  /* (element-type Batch) */
  guint next_place;
  BytestagTimer timer;
  BytestagTimer proof_timer;

  gboolean is_asking;
  BytestagHolderWalkFunc done;
  gpointer user_data;

  guint64 n_lookups;
  guint64 n_requests;
};

G_DEFINE_FINAL_TYPE (BytestagHolderWalk, bytestag_holder_walk, G_TYPE_OBJECT)

static void go_on (gpointer user_data);

static void
place_clear (gpointer data)
{
  Place *place = data;

  g_clear_object (&place->node);
  g_clear_pointer (&place->waiting, g_array_unref);
}

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_clear_signal_handler (&batch->finished, batch->task);
  g_object_unref (batch->task);
  g_free (batch);
}

static const BytestagHolderQuestion *
get_question (BytestagHolderWalk *self,
              guint               number)
{
  return &g_array_index (self->questions, BytestagHolderQuestion, number);
}

static Place *
get_place (BytestagHolderWalk *self,
           guint               number)
{
  return &g_array_index (self->places, Place, number);
}

static gboolean
is_batchable (const BytestagKvpId *id)
{
  return bytestag_key_equal (&id->key, &id->index);
}

static gint64 *
get_until (BytestagHolderWalk *self,
           guint               question,
           guint               place)
{
  return &self->untils[question * self->places->len + place];
}

static void
go_on_soon (BytestagHolderWalk *self)
{
  bytestag_reactor_arm (self->reactor, &self->timer, 0, go_on, self);
}

/* Numbers of the places, nearest to @key first. */
static void
sort_places (BytestagHolderWalk *self,
             const BytestagKey  *key,
             guint8             *order)
{
  for (guint i = 0; i < self->places->len; i++)
    {
      const BytestagKey *id = bytestag_node_get_key (get_place (self, i)->node);
      guint at = i;

      while (at > 0 && bytestag_key_compare_distance (
                         key, id, bytestag_node_get_key (get_place (self, order[at - 1])->node)) < 0)
        {
          order[at] = order[at - 1];
          at--;
        }
      order[at] = (guint8) i;
    }
}

/* The distance of the @count-th nearest of the places to @key. */
static void
get_radius (BytestagHolderWalk *self,
            const BytestagKey  *key,
            guint               count,
            BytestagKey        *radius)
{
  guint8 order[MAX_NODES];

  sort_places (self, key, order);
  bytestag_key_distance (key, bytestag_node_get_key (get_place (self, order[count - 1])->node), radius);
}

/* Whether the @copies nodes nearest to @key are among the answers of the last look-up, which
 * are all nodes that are not farther from its target than the last of them: whoever is as near
 * to @key as the @copies-th of them is one of them. */
static gboolean
is_covered (BytestagHolderWalk *self,
            const BytestagKey  *key,
            guint               copies)
{
  BytestagKey radius;
  BytestagKey reach;
  BytestagKey farthest;

  if (self->places->len == 0 || bytestag_reactor_get_time (self->reactor) - self->looked_up_at > LOOKUP_AGE)
    return FALSE;
  if (bytestag_holder_walk_knows_all (self))
    return TRUE;

  bytestag_key_distance (&self->target, bytestag_node_get_key (get_place (self, self->places->len - 1)->node), &farthest);
  get_radius (self, key, MIN (copies, self->places->len), &radius);
  bytestag_key_get_reach (&self->target, key, &radius, &reach);
  return bytestag_key_compare (&reach, &farthest) <= 0;
}

static void
finish (BytestagHolderWalk *self)
{
  BytestagHolderWalkFunc done = self->done;

  self->is_asking = FALSE;
  self->done = NULL;
  done (self->user_data);
}

/* Batches */

static void
read_held (BytestagHolderWalk *self,
           Batch              *batch)
{
  const gint64 *untils;
  guint n;

  untils = bytestag_find_held_task_get_untils (BYTESTAG_FIND_HELD_TASK (batch->task), &n);
  for (guint i = 0; i < n && i < batch->n; i++)
    *get_until (self, batch->questions[i], batch->place) = untils[i];

  /* It pings us: asked again it tells. */
  if (untils == NULL && !get_place (self, batch->place)->asked_twice)
    {
      get_place (self, batch->place)->asked_twice = TRUE;
      g_array_append_vals (get_place (self, batch->place)->waiting, batch->questions, batch->n);
      bytestag_reactor_arm (self->reactor, &self->proof_timer, PROOF_DELAY, go_on, self);
    }
}

static void
read_value (BytestagHolderWalk *self,
            Batch              *batch)
{
  const BytestagFindValueResult *result = bytestag_find_value_task_get_result (BYTESTAG_FIND_VALUE_TASK (batch->task));
  const BytestagKvpId *id = &get_question (self, batch->questions[0])->id;
  gint64 *until = get_until (self, batch->questions[0], batch->place);

  *until = 0;
  for (guint i = 0; result->values != NULL && i < result->values->len; i++)
    {
      const BytestagExchangeInfo *info = result->values->pdata[i];

      if (bytestag_kvp_id_equal (&info->id, id))
        *until = info->until > 0 ? info->until : BYTESTAG_HELD_UNPROMISED;
    }
}

static void
batch_finished_cb (BytestagTask *task,
                   Batch        *batch)
{
  BytestagHolderWalk *self = batch->walk;

  if (bytestag_task_get_state (task) != BYTESTAG_TASK_DONE)
    get_place (self, batch->place)->is_silent = TRUE;
  else if (BYTESTAG_IS_FIND_HELD_TASK (task))
    read_held (self, batch);
  else
    read_value (self, batch);
  g_ptr_array_remove_fast (self->batches, batch);
  go_on_soon (self);
}

/* Asks a node for as many of its questions as one request takes. */
static void
send_batch (BytestagHolderWalk *self,
            guint               place_number)
{
  Place *place = get_place (self, place_number);
  Batch *batch = g_new0 (Batch, 1);
  BytestagKey keys[KEYS_OF_BATCH];
  guint n_taken = 0;

  batch->walk = self;
  batch->place = place_number;
  while (n_taken < place->waiting->len && batch->n < KEYS_OF_BATCH)
    {
      guint question = g_array_index (place->waiting, guint, n_taken);
      const BytestagKvpId *id = &get_question (self, question)->id;

      if (!is_batchable (id) && batch->n > 0)
        break;
      n_taken++;
      batch->questions[batch->n] = question;
      keys[batch->n++] = id->key;
      if (!is_batchable (id))
        {
          batch->task = BYTESTAG_TASK (bytestag_network_find_value_from_node (self->network, place->node, &id->key,
                                                                              &id->index));
          break;
        }
    }
  g_array_remove_range (place->waiting, 0, n_taken);
  if (batch->task == NULL)
    batch->task = BYTESTAG_TASK (bytestag_network_find_held_from_node (self->network, place->node, keys, batch->n));

  self->n_requests++;
  batch->finished = g_signal_connect (batch->task, "finished", G_CALLBACK (batch_finished_cb), batch);
  g_ptr_array_add (self->batches, batch);
}

/* Whether a node is to be asked now. Who was asked for a proof has it in a moment. */
static gboolean
has_batch (BytestagHolderWalk *self,
           Place              *place)
{
  if (place->is_silent)
    g_array_set_size (place->waiting, 0);
  return place->waiting->len > 0 && !(place->asked_twice && bytestag_timer_is_armed (&self->proof_timer));
}

/* One node after the other: none gets many requests at a time. */
static void
send_batches (BytestagHolderWalk *self)
{
  guint n_idle = 0;

  while (self->batches->len < BYTESTAG_LIMIT_BATCHES && n_idle < self->places->len)
    {
      self->next_place = (self->next_place + 1) % self->places->len;
      if (has_batch (self, get_place (self, self->next_place)))
        {
          send_batch (self, self->next_place);
          n_idle = 0;
        }
      else
        {
          n_idle++;
        }
    }
}

static guint
count_waiting (BytestagHolderWalk *self)
{
  guint n = 0;

  for (guint i = 0; i < self->places->len; i++)
    n += get_place (self, i)->waiting->len;
  return n;
}

/* Choosing */

static guint
count_holders (BytestagHolderWalk *self,
               guint               question)
{
  guint n = 0;

  for (guint i = 0; i < self->places->len; i++)
    n += *get_until (self, question, i) > 0;
  return n;
}

/* Has the nodes asked that may hold a value: the nearest, and all of them when it had copies
 * that are not there, or there are no others. */
static void
choose_holders (BytestagHolderWalk *self,
                guint               number)
{
  const BytestagHolderQuestion *question = get_question (self, number);
  guint8 order[MAX_NODES];
  guint n_asked = 0;
  guint max = bytestag_holder_walk_knows_all (self) ? MAX_NODES : question->copies + BEYOND_COPIES;

  if (self->is_second)
    {
      if (count_holders (self, number) >= MIN (question->copies, question->had))
        return;
      max = MAX_NODES;
    }

  sort_places (self, &question->id.key, order);
  for (guint i = 0; i < self->places->len && n_asked < max; i++)
    {
      Place *place = get_place (self, order[i]);

      if (bytestag_node_get_extensions (place->node) < 0)
        continue;
      n_asked++;
      if (*get_until (self, number, order[i]) == BYTESTAG_HOLDER_UNKNOWN && !place->is_silent)
        g_array_append_val (place->waiting, number);
    }
}

static void
choose_some (BytestagHolderWalk *self)
{
  guint end = MIN (self->n_chosen + QUESTIONS_OF_EVENT, self->n_done);

  while (self->n_chosen < end)
    choose_holders (self, self->n_chosen++);
}

/* The look-up */

static void
told_cb (BytestagFindShortlistTask *task,
         BytestagNode              *node,
         gpointer                   untils,
         guint                      n,
         BytestagHolderWalk        *self)
{
  g_ptr_array_add (self->tellers, g_object_ref (node));
  g_array_append_vals (self->tellings, untils, n);
}

static void
drop_lookup (BytestagHolderWalk *self)
{
  if (self->lookup == NULL)
    return;

  g_clear_signal_handler (&self->looked_up, self->lookup);
  g_clear_signal_handler (&self->told, self->lookup);
  g_clear_object (&self->lookup);
}

/* What was told on the way. */
static void
take_tellings (BytestagHolderWalk *self)
{
  for (guint i = 0; i < self->tellers->len; i++)
    for (guint j = 0; j < self->places->len; j++)
      {
        const gint64 *untils = &g_array_index (self->tellings, gint64, i * self->n_along);

        if (!bytestag_node_equal (self->tellers->pdata[i], get_place (self, j)->node))
          continue;
        for (guint k = 0; k < self->n_done; k++)
          if (self->along[k] < self->n_along)
            *get_until (self, k, j) = untils[self->along[k]];
      }
}

/* Takes those of the questions that the look-up serves. */
static void
begin_asking (BytestagHolderWalk *self)
{
  self->n_done = 0;
  while (self->n_done < self->questions->len &&
         (self->n_done == 0 || is_covered (self, &get_question (self, self->n_done)->id.key,
                                           get_question (self, self->n_done)->copies)))
    self->n_done++;
  if (self->places->len == 0)
    self->n_done = 0;

  g_clear_pointer (&self->untils, g_free);
  self->untils = g_new (gint64, MAX (self->n_done * self->places->len, 1));
  for (guint i = 0; i < self->n_done * self->places->len; i++)
    self->untils[i] = BYTESTAG_HOLDER_UNKNOWN;
  take_tellings (self);
  g_ptr_array_set_size (self->tellers, 0);
  g_array_set_size (self->tellings, 0);
  self->n_chosen = 0;
  self->is_second = FALSE;
  go_on_soon (self);
}

static void
looked_up_cb (BytestagTask       *task,
              BytestagHolderWalk *self)
{
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_sorted_nodes (
    bytestag_find_shortlist_task_get_shortlist (self->lookup));

  self->n_requests += bytestag_find_shortlist_task_get_n_requests (self->lookup);
  g_array_set_size (self->places, 0);
  for (guint i = 0; i < nodes->len && i < MAX_NODES; i++)
    {
      Place place = { .node = g_object_ref (nodes->pdata[i]), .waiting = g_array_new (FALSE, FALSE, sizeof (guint)) };

      g_array_append_val (self->places, place);
    }
  self->looked_up_at = bytestag_reactor_get_time (self->reactor);
  drop_lookup (self);
  begin_asking (self);
}

/* A point near @key that is no content's hash: an original that shares that would not live
 * (A.3 B1), and one of ours would name no nodes. */
static void
make_target (BytestagHolderWalk *self,
             const BytestagKey  *key)
{
  self->target = *key;
  bytestag_rng_fill (bytestag_reactor_get_rng (self->reactor), self->target.bytes + BYTESTAG_KEY_SIZE / 2,
                     BYTESTAG_KEY_SIZE / 2);
}

static void
look_up (BytestagHolderWalk *self)
{
  BytestagKey keys[BYTESTAG_LIMIT_KEYS_OF_REQUEST];

  self->n_lookups++;
  self->n_along = 0;
  make_target (self, &get_question (self, 0)->id.key);
  for (guint i = 0; i < self->questions->len && self->n_along < G_N_ELEMENTS (keys); i++)
    if (is_batchable (&get_question (self, i)->id))
      {
        self->along[i] = self->n_along;
        keys[self->n_along++] = get_question (self, i)->id.key;
      }

  if (self->n_along > 0)
    {
      self->lookup = bytestag_network_find_holders_shortlist (self->network, &self->target, keys, self->n_along);
      self->told = g_signal_connect (self->lookup, "held-told", G_CALLBACK (told_cb), self);
    }
  else
    {
      self->lookup = bytestag_network_find_node_shortlist (self->network, &self->target);
    }
  self->looked_up = g_signal_connect (self->lookup, "finished", G_CALLBACK (looked_up_cb), self);
}

static void
go_on (gpointer user_data)
{
  BytestagHolderWalk *self = user_data;

  if (self->n_chosen < self->n_done)
    {
      choose_some (self);
      go_on_soon (self);
      return;
    }

  if (self->places->len > 0)
    send_batches (self);
  if (self->batches->len > 0 || count_waiting (self) > 0)
    return;

  if (self->is_second || self->n_done == 0)
    {
      finish (self);
      return;
    }
  self->is_second = TRUE;
  self->n_chosen = 0;
  go_on_soon (self);
}

static void
bytestag_holder_walk_dispose (GObject *object)
{
  BytestagHolderWalk *self = BYTESTAG_HOLDER_WALK (object);

  if (self->reactor != NULL)
    bytestag_holder_walk_cancel (self);
  g_clear_pointer (&self->batches, g_ptr_array_unref);
  g_clear_pointer (&self->places, g_array_unref);
  g_clear_pointer (&self->tellers, g_ptr_array_unref);
  g_clear_pointer (&self->tellings, g_array_unref);
  g_clear_pointer (&self->questions, g_array_unref);
  g_clear_pointer (&self->untils, g_free);
  g_clear_pointer (&self->along, g_free);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_holder_walk_parent_class)->dispose (object);
}

static void
bytestag_holder_walk_class_init (BytestagHolderWalkClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_holder_walk_dispose;
}

static void
bytestag_holder_walk_init (BytestagHolderWalk *self)
{
  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_array_set_clear_func (self->places, place_clear);
  self->tellers = g_ptr_array_new_with_free_func (g_object_unref);
  self->tellings = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->questions = g_array_new (FALSE, FALSE, sizeof (BytestagHolderQuestion));
  self->batches = g_ptr_array_new_with_free_func (batch_free);
}

BytestagHolderWalk *
bytestag_holder_walk_new (BytestagNetwork *network)
{
  BytestagHolderWalk *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);

  self = g_object_new (BYTESTAG_TYPE_HOLDER_WALK, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  return self;
}

void
bytestag_holder_walk_ask (BytestagHolderWalk           *self,
                          const BytestagHolderQuestion *questions,
                          guint                         n,
                          BytestagHolderWalkFunc        done,
                          gpointer                      user_data)
{
  g_return_if_fail (BYTESTAG_IS_HOLDER_WALK (self));
  g_return_if_fail (n > 0 && n <= BYTESTAG_LIMIT_PIECES_OF_SLICE);
  g_return_if_fail (!self->is_asking);

  self->is_asking = TRUE;
  self->done = done;
  self->user_data = user_data;
  g_array_set_size (self->questions, 0);
  g_array_append_vals (self->questions, questions, n);
  g_clear_pointer (&self->along, g_free);
  self->along = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    self->along[i] = G_MAXUINT;

  for (guint i = 0; i < self->places->len; i++)
    get_place (self, i)->asked_twice = FALSE;
  if (is_covered (self, &questions[0].id.key, questions[0].copies))
    begin_asking (self);
  else
    look_up (self);
}

gboolean
bytestag_holder_walk_is_asking (BytestagHolderWalk *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HOLDER_WALK (self), FALSE);

  return self->is_asking;
}

void
bytestag_holder_walk_cancel (BytestagHolderWalk *self)
{
  g_return_if_fail (BYTESTAG_IS_HOLDER_WALK (self));

  bytestag_reactor_disarm (self->reactor, &self->timer);
  bytestag_reactor_disarm (self->reactor, &self->proof_timer);
  if (self->lookup != NULL)
    {
      g_autoptr (BytestagTask) lookup = BYTESTAG_TASK (g_object_ref (self->lookup));

      drop_lookup (self);
      bytestag_task_cancel (lookup);
    }
  while (self->batches->len > 0)
    {
      Batch *batch = self->batches->pdata[0];
      g_autoptr (BytestagTask) task = g_object_ref (batch->task);

      g_ptr_array_remove_index_fast (self->batches, 0);
      bytestag_task_cancel (task);
    }
  for (guint i = 0; i < self->places->len; i++)
    g_array_set_size (get_place (self, i)->waiting, 0);
  self->is_asking = FALSE;
  self->n_done = 0;
}

guint
bytestag_holder_walk_get_n_done (BytestagHolderWalk *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HOLDER_WALK (self), 0);

  return self->n_done;
}

void
bytestag_holder_walk_get_holders (BytestagHolderWalk *self,
                                  guint               number,
                                  BytestagHolders    *holders)
{
  guint8 order[MAX_NODES];

  g_return_if_fail (BYTESTAG_IS_HOLDER_WALK (self));
  g_return_if_fail (number < self->n_done);

  sort_places (self, &get_question (self, number)->id.key, order);
  holders->n_nodes = self->places->len;
  for (guint i = 0; i < holders->n_nodes; i++)
    {
      holders->nodes[i] = get_place (self, order[i])->node;
      holders->untils[i] = *get_until (self, number, order[i]);
    }
}

gboolean
bytestag_holder_walk_knows_all (BytestagHolderWalk *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HOLDER_WALK (self), FALSE);

  /* Fewer answers than contacts: some have just fallen silent, others are not known. */
  return self->places->len < MAX_NODES &&
         bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) < MAX_NODES;
}

guint64
bytestag_holder_walk_get_n_lookups (BytestagHolderWalk *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HOLDER_WALK (self), 0);

  return self->n_lookups;
}

guint64
bytestag_holder_walk_get_n_requests (BytestagHolderWalk *self)
{
  g_return_val_if_fail (BYTESTAG_IS_HOLDER_WALK (self), 0);

  return self->n_requests;
}
