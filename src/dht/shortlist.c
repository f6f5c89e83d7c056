/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/shortlist.h"

#include "core/endpoint-cache.h"
#include "core/limits.h"
#include "dht/bucket.h"
#include "dht/candidate-private.h"

struct _BytestagShortlist
{
  GObject parent_instance;

  BytestagKey key;
  BytestagKey own_id;
  /* (element-type BytestagCandidate) nearest first */
  GPtrArray *candidates;
  guint n_contacted;
  /* guint: candidates and alternates by network and path; made when the first has one */
  BytestagEndpointCache *networks;
  gboolean limits_private;
  gboolean has_paths; /* more than path 0 */
};

#define ALL_PATHS G_MAXUINT32

static GType
bytestag_shortlist_get_item_type (GListModel *model)
{
  return BYTESTAG_TYPE_CANDIDATE;
}

static guint
bytestag_shortlist_get_n_items (GListModel *model)
{
  return BYTESTAG_SHORTLIST (model)->candidates->len;
}

static gpointer
bytestag_shortlist_get_item (GListModel *model,
                             guint       position)
{
  BytestagShortlist *self = BYTESTAG_SHORTLIST (model);

  return position < self->candidates->len ? g_object_ref (self->candidates->pdata[position]) : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = bytestag_shortlist_get_item_type;
  iface->get_n_items = bytestag_shortlist_get_n_items;
  iface->get_item = bytestag_shortlist_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagShortlist, bytestag_shortlist, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
bytestag_shortlist_finalize (GObject *object)
{
  BytestagShortlist *self = BYTESTAG_SHORTLIST (object);

  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->networks, bytestag_endpoint_cache_free);

  G_OBJECT_CLASS (bytestag_shortlist_parent_class)->finalize (object);
}

static void
bytestag_shortlist_class_init (BytestagShortlistClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = bytestag_shortlist_finalize;
}

static void
bytestag_shortlist_init (BytestagShortlist *self)
{
  self->candidates = g_ptr_array_new_with_free_func (g_object_unref);
}

BytestagShortlist *
bytestag_shortlist_new (const BytestagKey *key,
                        const BytestagKey *own_id)
{
  BytestagShortlist *self;

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (own_id != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_SHORTLIST, NULL);
  self->key = *key;
  self->own_id = *own_id;

  return self;
}

void
bytestag_shortlist_set_limits_private (BytestagShortlist *self,
                                       gboolean           limits_private)
{
  g_return_if_fail (BYTESTAG_IS_SHORTLIST (self));

  self->limits_private = limits_private;
}

const BytestagKey *
bytestag_shortlist_get_key (BytestagShortlist *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);

  return &self->key;
}

static BytestagCandidate *
get_candidate (BytestagShortlist *self,
               guint              position)
{
  return self->candidates->pdata[position];
}

static gboolean
is_nearer (BytestagShortlist *self,
           BytestagCandidate *candidate,
           BytestagCandidate *other)
{
  return bytestag_key_compare_distance (&self->key, &candidate->id,
                                        &other->id) < 0;
}

/* The place of @id, or where it belongs. */
static guint
find_position (BytestagShortlist *self,
               const BytestagKey *id)
{
  guint low = 0, high = self->candidates->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const BytestagKey *other = &get_candidate (self, middle)->id;

      if (bytestag_key_compare_distance (&self->key, other, id) < 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

/* (nullable) */
static BytestagCandidate *
find_candidate (BytestagShortlist *self,
                const BytestagKey *id)
{
  guint position = find_position (self, id);

  if (position == self->candidates->len ||
      !bytestag_key_equal (&get_candidate (self, position)->id, id))
    return NULL;

  return get_candidate (self, position);
}

/* (nullable) the candidate that is asked at this very endpoint. */
static BytestagCandidate *
find_candidate_at (BytestagShortlist *self,
                   BytestagNode      *node)
{
  BytestagCandidate *candidate = find_candidate (self, bytestag_node_get_key (node));

  if (candidate == NULL ||
      !bytestag_endpoint_equal (bytestag_node_get_endpoint (candidate->node), bytestag_node_get_endpoint (node)))
    return NULL;

  return candidate;
}

static void
set_state (BytestagShortlist     *self,
           BytestagCandidate     *candidate,
           BytestagCandidateState state)
{
  self->n_contacted += state == BYTESTAG_CANDIDATE_CONTACTED;
  self->n_contacted -= candidate->state == BYTESTAG_CANDIDATE_CONTACTED;
  bytestag_candidate_set_state (candidate, state);
}

static int
compare_nodes (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  BytestagNode *node = *(BytestagNode *const *) a;
  BytestagNode *other = *(BytestagNode *const *) b;

  return bytestag_key_compare_distance (user_data, bytestag_node_get_key (node), bytestag_node_get_key (other));
}

/* (transfer full) those of @nodes that may become candidates, nearest first. */
static GPtrArray *
sort_usable (BytestagShortlist *self,
             GPtrArray         *nodes)
{
  GPtrArray *usable = g_ptr_array_sized_new (nodes->len);

  for (guint i = 0; i < nodes->len; i++)
    {
      BytestagNode *node = nodes->pdata[i];

      if (!bytestag_key_equal (bytestag_node_get_key (node), &self->own_id) &&
          bytestag_endpoint_is_usable (bytestag_node_get_endpoint (node)))
        g_ptr_array_add (usable, node);
    }
  g_ptr_array_sort_with_data (usable, compare_nodes, &self->key);

  return usable;
}

/* Whether one more endpoint of the network of @node may be asked in @path, and then counts
 * it. For good: whoever names one dead node after the other would else have us ask all of
 * them. For each path by itself: whoever names two of the network of an honest node keeps
 * it out of his own path alone. */
static gboolean
take_place_of_network (BytestagShortlist *self,
                       BytestagNode      *node,
                       guint              path)
{
  BytestagEndpoint network;
  guint *n_endpoints;

  if (!bytestag_endpoint_get_network (bytestag_node_get_endpoint (node), self->limits_private, &network))
    return TRUE;

  if (self->networks == NULL)
    self->networks = bytestag_endpoint_cache_new (BYTESTAG_LIMIT_NETWORKS_OF_LOOKUP, sizeof *n_endpoints);
  network.port = (guint16) path;
  n_endpoints = bytestag_endpoint_cache_use (self->networks, &network, NULL);
  if (*n_endpoints == BYTESTAG_LIMIT_NETWORK_IN_LOOKUP)
    return FALSE;

  (*n_endpoints)++;
  return TRUE;
}

/* (transfer full) a candidate for each id that is new; others give an alternate. */
static GPtrArray *
make_candidates (BytestagShortlist *self,
                 GPtrArray         *nodes,
                 guint              path,
                 guint              step)
{
  g_autoptr (GPtrArray) usable = sort_usable (self, nodes);
  GPtrArray *added = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < usable->len; i++)
    {
      BytestagNode *node = usable->pdata[i];
      BytestagCandidate *known = find_candidate (self, bytestag_node_get_key (node));
      BytestagCandidate *last = added->len > 0 ? added->pdata[added->len - 1] : NULL;

      if (known == NULL && last != NULL &&
          bytestag_key_equal (&last->id, bytestag_node_get_key (node)))
        known = last;

      if (known != NULL)
        {
          known->paths |= 1u << path;
          if (bytestag_candidate_has_room (known, node) && take_place_of_network (self, node, path))
            bytestag_candidate_add_alternate (known, node);
        }
      else if (take_place_of_network (self, node, path))
        {
          BytestagCandidate *candidate = bytestag_candidate_new (node, step);

          candidate->paths = 1u << path;
          g_ptr_array_add (added, candidate);
        }
    }

  return added;
}

/* The farthest one that nobody waits for; -1: none. */
static int
find_farthest_idle (BytestagShortlist *self)
{
  for (int i = (int) self->candidates->len - 1; i >= 0; i--)
    {
      BytestagCandidateState state = get_candidate (self, i)->state;

      if (state == BYTESTAG_CANDIDATE_NEW || state == BYTESTAG_CANDIDATE_FAILED)
        return i;
    }

  return -1;
}

/* Leaves out the farthest, of the old and the new, so that the bound holds. */
static void
make_room (BytestagShortlist *self,
           GPtrArray         *added)
{
  while (self->candidates->len + added->len > BYTESTAG_LIMIT_CANDIDATES)
    {
      BytestagCandidate *farthest = added->pdata[added->len - 1];
      int idle = find_farthest_idle (self);

      if (idle >= 0 && is_nearer (self, farthest, get_candidate (self, idle)))
        {
          g_ptr_array_remove_index (self->candidates, idle);
          g_list_model_items_changed (G_LIST_MODEL (self), idle, 1, 0);
        }
      else
        {
          g_ptr_array_set_size (added, added->len - 1);
          if (added->len == 0)
            return;
        }
    }
}

/* Forgets what a path names beyond those that it could ask: else one that is led astray
 * would fill the list, and leave no room for the next. */
static void
trim_path (BytestagShortlist *self,
           guint              path)
{
  guint n_of_path = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      BytestagCandidate *candidate = get_candidate (self, i);

      if ((candidate->paths & (1u << path)) == 0 || ++n_of_path <= BYTESTAG_LIMIT_CANDIDATES_OF_PATH ||
          candidate->state != BYTESTAG_CANDIDATE_NEW)
        continue;

      candidate->paths &= ~(1u << path);
      if (candidate->paths == 0)
        {
          g_ptr_array_remove_index (self->candidates, i);
          g_list_model_items_changed (G_LIST_MODEL (self), i, 1, 0);
          i--;
        }
    }
}

/* One items-changed for each run of new candidates between the same two old ones. */
static void
insert_candidates (BytestagShortlist *self,
                   GPtrArray         *added)
{
  guint begin = 0;

  while (begin < added->len)
    {
      BytestagCandidate *first = added->pdata[begin];
      guint position = find_position (self, &first->id);
      BytestagCandidate *next = position < self->candidates->len ? get_candidate (self, position) : NULL;
      guint end = begin;

      while (end < added->len && (next == NULL || is_nearer (self, added->pdata[end], next)))
        {
          g_ptr_array_insert (self->candidates, position + end - begin, g_object_ref (added->pdata[end]));
          end++;
        }

      g_list_model_items_changed (G_LIST_MODEL (self), position, 0, end - begin);
      begin = end;
    }
}

static void
add_nodes (BytestagShortlist *self,
           GPtrArray         *nodes,
           guint              path,
           guint              step)
{
  g_autoptr (GPtrArray) added = make_candidates (self, nodes, path, step);

  if (added->len > 0)
    make_room (self, added);
  insert_candidates (self, added);
  if (self->has_paths)
    trim_path (self, path);
}

gboolean
bytestag_shortlist_note (BytestagShortlist      *self,
                         const BytestagKey      *id,
                         const BytestagEndpoint *endpoint,
                         BytestagNode           *source)
{
  BytestagCandidate *candidate, *named_by;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), FALSE);
  g_return_val_if_fail (id != NULL && endpoint != NULL, FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (source), FALSE);

  candidate = find_candidate (self, id);
  if (candidate == NULL || !bytestag_endpoint_equal (bytestag_node_get_endpoint (candidate->node), endpoint))
    return FALSE;

  named_by = find_candidate (self, bytestag_node_get_key (source));
  candidate->paths |= 1u << (named_by != NULL ? named_by->path : 0);
  return TRUE;
}

void
bytestag_shortlist_add_nodes (BytestagShortlist *self,
                              GPtrArray         *nodes,
                              BytestagNode      *source)
{
  BytestagCandidate *named_by = NULL;

  g_return_if_fail (BYTESTAG_IS_SHORTLIST (self));
  g_return_if_fail (nodes != NULL);

  if (source != NULL)
    named_by = find_candidate (self, bytestag_node_get_key (source));

  if (named_by != NULL)
    add_nodes (self, nodes, named_by->path, named_by->step + 1);
  else
    add_nodes (self, nodes, 0, source != NULL ? 1 : 0);
}

void
bytestag_shortlist_add_to_path (BytestagShortlist *self,
                                BytestagNode      *node,
                                guint              path)
{
  g_autoptr (GPtrArray) nodes = NULL;

  g_return_if_fail (BYTESTAG_IS_SHORTLIST (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));
  g_return_if_fail (path < BYTESTAG_LIMIT_PATHS);

  self->has_paths = TRUE;
  nodes = g_ptr_array_new ();
  g_ptr_array_add (nodes, node);
  add_nodes (self, nodes, path, 0);
}

/* How many of the closest must have answered, when @n_silent nearer ones did not: beyond
 * the one or two that are only slow, each of those takes a place in what others name, and so
 * hides a live node, which is found by asking somewhat farther. */
static guint
get_n_wanted (guint n_silent)
{
  guint n_dead = n_silent > BYTESTAG_SHORTLIST_FEW_SLOW ? n_silent - BYTESTAG_SHORTLIST_FEW_SLOW : 0;

  return BYTESTAG_MAX_BUCKET_SIZE + MIN (n_dead, BYTESTAG_LIMIT_EXTRA_OF_LOOKUP);
}

static GPtrArray *
take_next (BytestagShortlist *self,
           guint              path,
           guint              count)
{
  GPtrArray *nodes = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_asked = 0, n_silent = 0;

  for (guint i = 0; i < self->candidates->len && nodes->len < count; i++)
    {
      BytestagCandidate *candidate = get_candidate (self, i);

      if ((candidate->paths & (1u << path)) == 0)
        continue;

      /* Whoever is farther makes no difference to what is found, unless one of these
       * turns out to be silent. */
      if (n_asked >= get_n_wanted (n_silent))
        break;

      if (candidate->state == BYTESTAG_CANDIDATE_ANSWERED || candidate->state == BYTESTAG_CANDIDATE_CONTACTED)
        {
          n_asked++;
        }
      else if (candidate->state == BYTESTAG_CANDIDATE_NEW)
        {
          g_ptr_array_add (nodes, g_object_ref (candidate->node));
          candidate->path = (guint8) path;
          set_state (self, candidate, BYTESTAG_CANDIDATE_CONTACTED);
          n_asked++;
        }
      else
        {
          n_silent++;
        }
    }

  return nodes;
}

BytestagNode *
bytestag_shortlist_take_next_of_path (BytestagShortlist *self,
                                      guint              path)
{
  g_autoptr (GPtrArray) nodes = NULL;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);
  g_return_val_if_fail (path < BYTESTAG_LIMIT_PATHS, NULL);

  nodes = take_next (self, path, 1);
  return nodes->len > 0 ? g_object_ref (nodes->pdata[0]) : NULL;
}

GPtrArray *
bytestag_shortlist_get_nodes_for_contacting (BytestagShortlist *self,
                                             guint              count)
{
  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);

  return take_next (self, 0, count);
}

void
bytestag_shortlist_mark_node (BytestagShortlist *self,
                              BytestagNode      *node,
                              gboolean           active,
                              gboolean           useful,
                              GPtrArray         *infos)
{
  BytestagCandidate *candidate;

  g_return_if_fail (BYTESTAG_IS_SHORTLIST (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));

  candidate = find_candidate_at (self, node);
  if (candidate == NULL)
    return;

  if (active)
    {
      g_object_freeze_notify (G_OBJECT (candidate));
      set_state (self, candidate, BYTESTAG_CANDIDATE_ANSWERED);
      if (useful)
        bytestag_candidate_set_useful (candidate, infos);
      g_object_thaw_notify (G_OBJECT (candidate));
    }
  else if (candidate->state != BYTESTAG_CANDIDATE_ANSWERED)
    {
      g_object_freeze_notify (G_OBJECT (candidate));
      set_state (self, candidate,
                 bytestag_candidate_switch_node (candidate) ? BYTESTAG_CANDIDATE_NEW : BYTESTAG_CANDIDATE_FAILED);
      g_object_thaw_notify (G_OBJECT (candidate));
    }
}

void
bytestag_shortlist_mark_slow (BytestagShortlist *self,
                              BytestagNode      *node)
{
  BytestagCandidate *candidate;

  g_return_if_fail (BYTESTAG_IS_SHORTLIST (self));
  g_return_if_fail (BYTESTAG_IS_NODE (node));

  candidate = find_candidate_at (self, node);
  if (candidate != NULL && candidate->state == BYTESTAG_CANDIDATE_CONTACTED)
    set_state (self, candidate, BYTESTAG_CANDIDATE_SLOW);
}

guint
bytestag_shortlist_get_n_contacted (BytestagShortlist *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), 0);

  return self->n_contacted;
}

/* Of the candidates that were named in one of @paths. */
static gboolean
are_finished (BytestagShortlist *self,
              guint32            paths)
{
  guint n_answered = 0, n_slow = 0, n_failed = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      BytestagCandidate *candidate = get_candidate (self, i);

      if ((candidate->paths & paths) == 0)
        continue;

      switch (candidate->state)
        {
        case BYTESTAG_CANDIDATE_NEW:
        case BYTESTAG_CANDIDATE_CONTACTED:
          return FALSE;

        case BYTESTAG_CANDIDATE_SLOW:
          n_slow++;
          break;

        case BYTESTAG_CANDIDATE_ANSWERED:
          n_answered++;
          if (n_answered >= get_n_wanted (n_slow + n_failed))
            return TRUE;
          break;

        case BYTESTAG_CANDIDATE_FAILED:
        default:
          n_failed++;
          break;
        }
    }

  /* Everybody was asked. A few dead nodes must not cost a small network the whole
   * time-out of a request; but when most are silent, they are more likely far away
   * than dead, and what they know is missing. */
  return n_slow <= n_answered;
}

gboolean
bytestag_shortlist_is_finished (BytestagShortlist *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), FALSE);

  return are_finished (self, ALL_PATHS);
}

gboolean
bytestag_shortlist_is_path_finished (BytestagShortlist *self,
                                     guint              path)
{
  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), FALSE);
  g_return_val_if_fail (path < BYTESTAG_LIMIT_PATHS, FALSE);

  return are_finished (self, 1u << path);
}

guint
bytestag_shortlist_count_slow (BytestagShortlist *self)
{
  guint n_answered = 0, n_slow = 0;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), 0);

  for (guint i = 0; i < self->candidates->len && n_answered < BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      BytestagCandidateState state = get_candidate (self, i)->state;

      n_answered += state == BYTESTAG_CANDIDATE_ANSWERED;
      n_slow += state == BYTESTAG_CANDIDATE_SLOW;
    }
  return n_slow;
}

GPtrArray *
bytestag_shortlist_sorted_nodes (BytestagShortlist *self)
{
  GPtrArray *nodes;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);

  nodes = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->candidates->len; i++)
    {
      BytestagCandidate *candidate = get_candidate (self, i);

      if (candidate->state == BYTESTAG_CANDIDATE_ANSWERED)
        g_ptr_array_add (nodes, g_object_ref (candidate->node));
    }

  return nodes;
}

GPtrArray *
bytestag_shortlist_useful_nodes (BytestagShortlist *self)
{
  GPtrArray *nodes;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);

  nodes = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->candidates->len; i++)
    {
      BytestagCandidate *candidate = get_candidate (self, i);

      if (candidate->useful)
        g_ptr_array_add (nodes, g_object_ref (candidate->node));
    }

  return nodes;
}

/* (nullable) what the candidate says of (key, index): its first word counts, so
 * that nobody has two votes. */
static const BytestagExchangeInfo *
find_info (BytestagCandidate *candidate,
           const BytestagKey *key,
           const BytestagKey *index)
{
  for (guint i = 0; candidate->infos != NULL && i < candidate->infos->len; i++)
    {
      const BytestagExchangeInfo *info = candidate->infos->pdata[i];

      if (bytestag_key_equal (&info->id.key, key) && bytestag_key_equal (&info->id.index, index))
        return info;
    }

  return NULL;
}

BytestagExchangeInfo *
bytestag_shortlist_get_common_exchange_info (BytestagShortlist *self,
                                             const BytestagKey *key,
                                             const BytestagKey *index)
{
  g_autoptr (GPtrArray) infos = NULL;
  const BytestagExchangeInfo *common = NULL;
  guint most = 0;

  g_return_val_if_fail (BYTESTAG_IS_SHORTLIST (self), NULL);

  infos = g_ptr_array_new ();
  for (guint i = 0; i < self->candidates->len; i++)
    {
      const BytestagExchangeInfo *info = find_info (get_candidate (self, i), key, index);

      if (info != NULL)
        g_ptr_array_add (infos, (gpointer) info);
    }

  /* Of sizes with as many votes, the one that the nearest node names. */
  for (guint i = 0; i < infos->len; i++)
    {
      const BytestagExchangeInfo *info = infos->pdata[i];
      guint n_votes = 0;

      for (guint j = i; j < infos->len; j++)
        n_votes += ((const BytestagExchangeInfo *) infos->pdata[j])->size == info->size;

      if (n_votes > most)
        {
          common = info;
          most = n_votes;
        }
    }

  return common != NULL ? bytestag_exchange_info_copy (common) : NULL;
}
