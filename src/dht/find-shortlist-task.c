/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "dht/network-private.h"

/* A node that was asked so long ago, µs, holds up no look-up that has what it needs. */
#define OVERDUE (2 * G_USEC_PER_SEC)

/* A look-up for nodes is one path. A look-up for a value goes along
 * BYTESTAG_LIMIT_ACTIVE_PATHS disjoint ones (B.5): each begins with a contact of its own,
 * asks one node at a time, and when it ends without the value another begins. */
typedef struct {
  guint n_requests;
  guint n_contacted; /* asked, and neither answered nor slow */
  gboolean has_answer;
} Path;

struct _BytestagFindShortlistTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagKey key;
  BytestagKey index;
  gboolean has_index;
  gboolean for_value;
  gboolean stop_at_value;
  gboolean is_paused;
  BytestagKey *keys; /* (nullable) that are taken along (B.3 "Batch") */
  guint n_keys;
  BytestagShortlist *shortlist;
  GPtrArray *starts; /* (element-type BytestagNode) contacts to begin with, nearest first */
  guint n_started;   /* of them */
  Path paths[BYTESTAG_LIMIT_PATHS];
  guint n_paths; /* that have begun */
  GPtrArray *requests; /* (element-type Request) */
  guint n_requests;
  guint n_answered;
  guint n_useful;
  guint n_slow; /* requests whose soft time-out passed */
};

/* One node that was asked. */
typedef struct {
  BytestagFindShortlistTask *task;
  BytestagNode *node;
  guint64 handle;
  BytestagTimer timer; /* soft, then overdue */
  gint64 sent_at;
  guint path;
  gboolean is_slow;
  gboolean is_overdue;
  gboolean for_nodes; /* it has given values, but not the one */
} Request;

enum {
  VALUE_FOUND,
  HELD_TOLD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagFindShortlistTask, bytestag_find_shortlist_task, BYTESTAG_TYPE_TASK)

static void go_on (BytestagFindShortlistTask *self);

static void
request_free (gpointer data)
{
  Request *request = data;

  _bytestag_network_cancel_request (request->task->network, &request->handle);
  bytestag_reactor_disarm (request->task->network->reactor, &request->timer);
  g_object_unref (request->node);
  g_free (request);
}

static void
release (BytestagFindShortlistTask *self)
{
  if (self->network == NULL)
    return;

  g_ptr_array_set_size (self->requests, 0);
  g_clear_pointer (&self->starts, g_ptr_array_unref);
  g_clear_object (&self->network);
}

/* Of the answers to a look-up that went on to its end, those of the nodes that are to hold the
 * value, which may be kept here for others: whether one of them has lost it. */
static gboolean
shows_loss (BytestagFindShortlistTask *self,
            const BytestagKvpId       *id)
{
  const BytestagKey *own_id = bytestag_network_get_key (self->network);
  gboolean are_we_counted = FALSE;
  BytestagKvpRecord record;
  guint n_candidates, n_left;

  if (!self->for_value || !self->has_index || self->stop_at_value || self->n_answered == 0 ||
      !bytestag_kvp_table_lookup (self->network->table, id, &record) || record.is_original ||
      record.kind == BYTESTAG_KVP_PROVIDER)
    return FALSE;

  n_left = record.copies > 0 ? record.copies : BYTESTAG_MAX_BUCKET_SIZE;
  n_candidates = g_list_model_get_n_items (G_LIST_MODEL (self->shortlist));
  for (guint i = 0; i < n_candidates && n_left > 0; i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (G_LIST_MODEL (self->shortlist), i);
      const BytestagKey *node_id = bytestag_node_get_key (bytestag_candidate_get_node (candidate));

      if (bytestag_candidate_get_state (candidate) != BYTESTAG_CANDIDATE_ANSWERED)
        continue;
      /* One of the copies is ours, where we are as near. */
      if (!are_we_counted && bytestag_key_compare_distance (&id->key, own_id, node_id) < 0)
        {
          are_we_counted = TRUE;
          if (--n_left == 0)
            break;
        }
      if (!bytestag_candidate_get_useful (candidate))
        return TRUE;
      n_left--;
    }
  return FALSE;
}

static void
finish (BytestagFindShortlistTask *self)
{
  gboolean asked = self->n_requests > 0;
  BytestagKvpId id = { self->key, self->index };
  g_autoptr (BytestagNetwork) network = g_object_ref (self->network);
  gboolean is_lost = shows_loss (self, &id);

  release (self);
  if (is_lost)
    g_signal_emit_by_name (network, "value-lost", &id);
  if (self->n_answered > 0)
    bytestag_task_done (BYTESTAG_TASK (self));
  else if (asked)
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_TIMED_OUT, _("No node answers"));
  else
    bytestag_task_fail_literal (BYTESTAG_TASK (self), BYTESTAG_ERROR_NO_PEERS, _("No node is known"));
}

static gboolean
is_wanted (BytestagFindShortlistTask  *self,
           const BytestagExchangeInfo *info)
{
  return bytestag_key_equal (&info->id.key, &self->key) &&
         (!self->has_index || bytestag_key_equal (&info->id.index, &self->index));
}

/* (transfer full) (nullable) what a reply says of the value that is looked for. */
static GPtrArray *
read_wanted (BytestagFindShortlistTask *self,
             const BytestagMessage     *message)
{
  g_autoptr (GPtrArray) values = _bytestag_read_values (message);
  g_autoptr (GPtrArray) wanted = bytestag_exchange_info_list_new ();

  for (guint i = 0; values != NULL && i < values->len; i++)
    if (is_wanted (self, values->pdata[i]))
      g_ptr_array_add (wanted, bytestag_exchange_info_copy (values->pdata[i]));

  return wanted->len > 0 ? g_steal_pointer (&wanted) : NULL;
}

/* The request is over. (transfer full) who was asked. */
static BytestagNode *
end_request (BytestagFindShortlistTask *self,
             Request                   *request)
{
  BytestagNode *node = g_object_ref (request->node);

  self->paths[request->path].n_contacted -= !request->is_slow;
  g_ptr_array_remove_fast (self->requests, request);
  return node;
}

static void
request_failed (BytestagFindShortlistTask *self,
                Request                   *request)
{
  g_autoptr (BytestagNode) node = end_request (self, request);

  bytestag_shortlist_mark_node (self->shortlist, node, FALSE, FALSE, NULL);
  go_on (self);
}

static void reply_cb (const BytestagMessage  *message,
                      const BytestagEndpoint *from,
                      gint64                  rtt,
                      gpointer                user_data);

/* Whether the bounds of a path and of the whole let one more be asked. */
static gboolean
may_ask (BytestagFindShortlistTask *self,
         guint                      path)
{
  guint max_requests = self->for_value ? BYTESTAG_LIMIT_REQUESTS_OF_PATH : BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP;

  return self->paths[path].n_requests < max_requests && self->n_requests < BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP;
}

/* Values under this key, but not the one: it names no nodes then (A.1.4), and is
 * asked for them. FALSE when it cannot be. */
static gboolean
ask_for_nodes (BytestagFindShortlistTask *self,
               Request                   *request)
{
  if (!may_ask (self, request->path))
    return FALSE;

  request->for_nodes = TRUE;
  request->handle = _bytestag_network_send_find_node (self->network, bytestag_node_get_endpoint (request->node),
                                                      &self->key, FALSE, reply_cb, request);
  self->n_requests += request->handle != 0;
  self->paths[request->path].n_requests += request->handle != 0;
  return request->handle != 0;
}

/* (transfer full) (nullable) the nodes of a reply of @from that are no candidates yet. */
static GPtrArray *
read_new_nodes (BytestagFindShortlistTask *self,
                const BytestagMessage     *message,
                BytestagNode              *from)
{
  BytestagWireNode found[BYTESTAG_LIMIT_NODES_OF_REPLY];
  int n = bytestag_message_read_nodes (message, found, G_N_ELEMENTS (found));
  gboolean is_private = bytestag_endpoint_is_private (bytestag_node_get_endpoint (from));
  GPtrArray *nodes;

  if (n <= 0)
    return NULL;

  nodes = g_ptr_array_new_full ((guint) n, g_object_unref);
  for (int i = 0; i < n; i++)
    {
      /* A peer out there knows nobody in a private network of ours: whom it names there is
       * some device that it would have us knock at, and private networks have no bounds
       * (B.5). */
      if (!is_private && bytestag_endpoint_is_private (&found[i].endpoint))
        continue;

      /* Most are known by the second answer: no node is made of those. */
      if (!bytestag_shortlist_note (self->shortlist, &found[i].key, &found[i].endpoint, from))
        g_ptr_array_add (nodes, _bytestag_network_ref_node (self->network, &found[i].key, &found[i].endpoint));
    }
  return nodes;
}

/* FALSE: it does not tell which of our keys it holds. */
static gboolean
read_held (BytestagFindShortlistTask *self,
           const BytestagMessage     *message,
           gint64                    *untils)
{
  return self->n_keys > 0 && message->extensions >= 0 &&
         bytestag_message_read_held (message, untils, self->n_keys) == (int) self->n_keys;
}

static void
request_answered (BytestagFindShortlistTask *self,
                  Request                   *request,
                  const BytestagMessage     *message)
{
  g_autoptr (GPtrArray) wanted = NULL;
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (BytestagNode) node = NULL;
  gint64 untils[BYTESTAG_LIMIT_KEYS_OF_REQUEST];
  gboolean tells = read_held (self, message, untils);
  gboolean is_reachable;

  if (self->for_value && !request->for_nodes && message->vals.text != NULL)
    {
      wanted = read_wanted (self, message);
      if (wanted == NULL && ask_for_nodes (self, request))
        return;
    }
  else
    {
      nodes = read_new_nodes (self, message, request->node);
    }

  self->paths[request->path].has_answer = TRUE;
  node = end_request (self, request);
  /* One that nobody can reach is no place for a value, though it knows of others. */
  is_reachable = !bytestag_node_is_read_only (node);
  if (!is_reachable)
    g_clear_pointer (&wanted, g_ptr_array_unref);
  self->n_answered++;
  self->n_useful += wanted != NULL;
  if (nodes != NULL)
    bytestag_shortlist_add_nodes (self->shortlist, nodes, node);
  bytestag_shortlist_mark_node (self->shortlist, node, is_reachable, wanted != NULL, wanted);

  if (wanted != NULL && is_reachable && self->network != NULL)
    g_signal_emit (self, signals[VALUE_FOUND], 0, node);
  if (tells && is_reachable && self->network != NULL)
    g_signal_emit (self, signals[HELD_TOLD], 0, node, untils, self->n_keys);

  if (wanted != NULL && self->stop_at_value && self->network != NULL)
    finish (self);
  else
    go_on (self);
}

static void
reply_cb (const BytestagMessage  *message,
          const BytestagEndpoint *from,
          gint64                  rtt,
          gpointer                user_data)
{
  Request *request = user_data;
  BytestagFindShortlistTask *self = request->task;
  g_autoptr (BytestagNode) node = NULL;

  request->handle = 0;

  if (message == NULL)
    _bytestag_network_unanswered (self->network, request->node);
  else
    node = _bytestag_network_answered (self->network, request->node, message, from, rtt);

  /* Who is told of a contact may cancel us, and the request with us. */
  if (self->network == NULL)
    return;

  /* With another id another node lives at this endpoint now: it may be anywhere. */
  if (message == NULL ||
      (node != NULL && !bytestag_key_equal (bytestag_node_get_key (node), bytestag_node_get_key (request->node))))
    request_failed (self, request);
  else
    request_answered (self, request, message);
}

static void
overdue_cb (gpointer user_data)
{
  Request *request = user_data;

  request->is_overdue = TRUE;
  go_on (request->task);
}

static void
slow_cb (gpointer user_data)
{
  Request *request = user_data;
  BytestagFindShortlistTask *self = request->task;
  gint64 age = bytestag_reactor_get_time (self->network->reactor) - request->sent_at;

  bytestag_reactor_arm (self->network->reactor, &request->timer, MAX (OVERDUE - age, 0), overdue_cb, request);
  request->is_slow = TRUE;
  self->n_slow++;
  self->paths[request->path].n_contacted--;
  bytestag_shortlist_mark_slow (self->shortlist, request->node);
  go_on (self);
}

/* FALSE when nothing was sent. */
static gboolean
send_request (BytestagFindShortlistTask *self,
              BytestagNode              *node,
              guint                      path)
{
  Request *request = g_new0 (Request, 1);
  const BytestagEndpoint *endpoint = bytestag_node_get_endpoint (node);
  gboolean is_new = bytestag_node_get_state (node) == BYTESTAG_NODE_NEW;

  request->task = self;
  request->node = g_object_ref (node);
  request->path = path;
  request->sent_at = bytestag_reactor_get_time (self->network->reactor);
  /* An address that never answered us may be a victim that liars name (B.5): it is asked
   * once, and not often. */
  if (!_bytestag_guard_take_unproven (&self->network->guard, endpoint, request->sent_at))
    request->handle = 0;
  else if (self->for_value)
    request->handle = _bytestag_network_send_find_value (self->network, node, &self->key,
                                                         self->has_index ? &self->index : NULL, is_new, reply_cb,
                                                         request);
  else if (self->n_keys > 0 && (is_new || _bytestag_node_has_promises (node)))
    request->handle = _bytestag_network_send_find_held (self->network, endpoint, &self->key, self->keys, self->n_keys,
                                                        is_new, reply_cb, request);
  else
    request->handle = _bytestag_network_send_find_node (self->network, endpoint, &self->key, is_new, reply_cb,
                                                        request);
  if (request->handle == 0)
    {
      request_free (request);
      bytestag_shortlist_mark_node (self->shortlist, node, FALSE, FALSE, NULL);
      return FALSE;
    }

  self->n_requests++;
  self->paths[path].n_requests++;
  self->paths[path].n_contacted++;
  g_ptr_array_add (self->requests, request);
  bytestag_reactor_arm (self->network->reactor, &request->timer,
                        _bytestag_network_get_patience (self->network, node), slow_cb, request);
  return TRUE;
}

/* Whether all that was asked and has not answered is as good as dead. */
static gboolean
are_overdue (BytestagFindShortlistTask *self)
{
  for (guint i = 0; i < self->requests->len; i++)
    if (!((Request *) self->requests->pdata[i])->is_overdue)
      return FALSE;
  return TRUE;
}

/* Whether nothing more can come that would change what was found. */
static gboolean
is_over (BytestagFindShortlistTask *self)
{
  guint n_slow;

  if (!self->for_value && self->n_requests < BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP &&
      !bytestag_shortlist_is_finished (self->shortlist))
    return FALSE;
  if (self->requests->len == 0)
    return TRUE;

  /* Where nearly all have answered, the others are far away rather than dead, and belong to
   * what is looked for. Where many are silent, waiting for them would find few. */
  n_slow = self->for_value ? 0 : bytestag_shortlist_count_slow (self->shortlist);
  if (n_slow > 0 && n_slow <= BYTESTAG_SHORTLIST_FEW_SLOW)
    return are_overdue (self);
  if (self->n_answered >= BYTESTAG_MAX_BUCKET_SIZE)
    return TRUE;

  /* Somebody slow may be the only one to know. */
  if (self->n_answered == 0 || (self->for_value && self->n_useful == 0))
    return FALSE;
  return are_overdue (self);
}

/* (transfer full) (nullable) whom to ask next in a path: the nearest that it has, or,
 * while nobody has answered in it, another contact to begin with. */
static BytestagNode *
take_next (BytestagFindShortlistTask *self,
           guint                      path)
{
  BytestagNode *node = bytestag_shortlist_take_next_of_path (self->shortlist, path);

  while (node == NULL && !self->paths[path].has_answer && self->n_started < self->starts->len)
    {
      bytestag_shortlist_add_to_path (self->shortlist, self->starts->pdata[self->n_started++], path);
      node = bytestag_shortlist_take_next_of_path (self->shortlist, path);
    }

  return node;
}

/* Keeps as many nodes asked as a path may, and returns whether it goes on. */
static gboolean
go_on_along (BytestagFindShortlistTask *self,
             guint                      number)
{
  Path *path = &self->paths[number];
  guint extra = MIN (self->n_slow / 2, BYTESTAG_LIMIT_EXTRA_PARALLELISM);
  guint parallelism = self->for_value ? 1 : BYTESTAG_NETWORK_PARALLELISM + extra;

  /* Who sees a candidate change may cancel us. */
  while (self->network != NULL && path->n_contacted < parallelism && may_ask (self, number))
    {
      g_autoptr (BytestagNode) node = take_next (self, number);

      if (node == NULL)
        break;
      send_request (self, node, number);
    }

  return self->network != NULL && path->n_contacted > 0 &&
         !bytestag_shortlist_is_path_finished (self->shortlist, number);
}

/* Asks as many as may be asked at a time, or ends. */
static void
go_on (BytestagFindShortlistTask *self)
{
  guint n_active = 0;

  if (self->is_paused)
    return;

  for (guint i = 0; i < self->n_paths && self->network != NULL; i++)
    n_active += go_on_along (self, i);

  while (self->network != NULL && self->for_value && n_active < BYTESTAG_LIMIT_ACTIVE_PATHS &&
         self->n_paths < BYTESTAG_LIMIT_PATHS && self->n_started < self->starts->len)
    n_active += go_on_along (self, self->n_paths++);

  if (self->network != NULL && n_active == 0 && is_over (self))
    finish (self);
}

static void
bytestag_find_shortlist_task_start (BytestagTask *task)
{
  BytestagFindShortlistTask *self = BYTESTAG_FIND_SHORTLIST_TASK (task);

  self->starts = bytestag_routing_table_get_close_nodes (self->network->routing_table, &self->key,
                                                         BYTESTAG_MAX_BUCKET_SIZE);
  bytestag_shortlist_set_limits_private (self->shortlist, self->network->guard.limits_private);
  if (!self->for_value)
    {
      bytestag_shortlist_add_nodes (self->shortlist, self->starts, NULL);
      self->n_started = self->starts->len;
      self->n_paths = 1;
    }
  go_on (self);
}

static void
bytestag_find_shortlist_task_stop (BytestagTask *task)
{
  release (BYTESTAG_FIND_SHORTLIST_TASK (task));
}

static void
bytestag_find_shortlist_task_dispose (GObject *object)
{
  release (BYTESTAG_FIND_SHORTLIST_TASK (object));

  G_OBJECT_CLASS (bytestag_find_shortlist_task_parent_class)->dispose (object);
}

static void
bytestag_find_shortlist_task_finalize (GObject *object)
{
  BytestagFindShortlistTask *self = BYTESTAG_FIND_SHORTLIST_TASK (object);

  g_clear_pointer (&self->requests, g_ptr_array_unref);
  g_clear_object (&self->shortlist);
  g_clear_pointer (&self->keys, g_free);

  G_OBJECT_CLASS (bytestag_find_shortlist_task_parent_class)->finalize (object);
}

static void
bytestag_find_shortlist_task_class_init (BytestagFindShortlistTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_find_shortlist_task_dispose;
  object_class->finalize = bytestag_find_shortlist_task_finalize;
  task_class->start = bytestag_find_shortlist_task_start;
  task_class->stop = bytestag_find_shortlist_task_stop;

  /**
   * BytestagFindShortlistTask::value-found:
   * @self: the look-up
   * @node: says that it holds the value
   */
  signals[VALUE_FOUND] =
    g_signal_new ("value-found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_NODE);

  /**
   * BytestagFindShortlistTask::held-told:
   * @self: the look-up
   * @node: tells which of the keys that were taken along it holds
   * @untils: (type gpointer) (array length=n_keys): const gint64 *, for each key, in their order,
   *   as bytestag_find_held_task_get_untils()
   * @n_keys: how many
   */
  signals[HELD_TOLD] =
    g_signal_new ("held-told", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, BYTESTAG_TYPE_NODE, G_TYPE_POINTER, G_TYPE_UINT);
}

static void
bytestag_find_shortlist_task_init (BytestagFindShortlistTask *self)
{
  self->requests = g_ptr_array_new_with_free_func (request_free);
}

BytestagFindShortlistTask *
_bytestag_find_shortlist_task_new (BytestagNetwork   *network,
                                   const BytestagKey *key,
                                   const BytestagKey *index,
                                   gboolean           for_value,
                                   gboolean           stop_at_value)
{
  BytestagFindShortlistTask *self = g_object_new (BYTESTAG_TYPE_FIND_SHORTLIST_TASK,
                                                  "reactor", network->reactor,
                                                  NULL);

  self->network = g_object_ref (network);
  self->key = *key;
  self->has_index = index != NULL;
  if (index != NULL)
    self->index = *index;
  self->for_value = for_value;
  self->stop_at_value = stop_at_value;
  self->shortlist = bytestag_shortlist_new (key, bytestag_node_get_key (network->node));
  return self;
}

BytestagFindShortlistTask *
_bytestag_find_shortlist_task_new_for_holders (BytestagNetwork   *network,
                                               const BytestagKey *target,
                                               const BytestagKey *keys,
                                               guint              n_keys)
{
  BytestagFindShortlistTask *self = _bytestag_find_shortlist_task_new (network, target, NULL, FALSE, FALSE);

  self->keys = g_memdup2 (keys, n_keys * sizeof *keys);
  self->n_keys = n_keys;
  return self;
}

void
_bytestag_find_shortlist_task_set_paused (BytestagFindShortlistTask *self,
                                          gboolean                   is_paused)
{
  if (self->is_paused == is_paused)
    return;

  self->is_paused = is_paused;
  if (!is_paused && self->network != NULL)
    go_on (self);
}

BytestagShortlist *
bytestag_find_shortlist_task_get_shortlist (BytestagFindShortlistTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_SHORTLIST_TASK (self), NULL);

  return self->shortlist;
}

const BytestagKey *
bytestag_find_shortlist_task_get_key (BytestagFindShortlistTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_SHORTLIST_TASK (self), NULL);

  return &self->key;
}

guint
bytestag_find_shortlist_task_get_n_requests (BytestagFindShortlistTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_SHORTLIST_TASK (self), 0);

  return self->n_requests;
}
