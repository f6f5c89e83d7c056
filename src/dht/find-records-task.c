/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/candidate-private.h"
#include "dht/network-private.h"
#include "wire/record.h"

/* Looks for who keeps records under a derived key, reads some of them, taken by chance, and
 * keeps the newest of each owner whose signature is right. A provider is pinged before anything
 * larger: only one that answers with the id that signed is a provider (B.3). */

/* A record that somebody says to keep. */
typedef struct {
  BytestagKvpId id;
  BytestagNode *holder;
} Found;

struct _BytestagFindRecordsTask
{
  BytestagTask parent_instance;

  BytestagNetwork *network;
  BytestagKvpKind kind;
  BytestagKey key;
  BytestagNode *owner; /* (nullable) asked first */
  BytestagTask *search; /* the question to it, or the look-up */
  GPtrArray *found;     /* (element-type Found) */
  GPtrArray *steps;     /* (element-type Step) downloads, then pings, that go on */
  GPtrArray *records;   /* (element-type BytestagRecord) */
  GPtrArray *holders;   /* (element-type BytestagNode) who gave each of them */
  GPtrArray *providers; /* (element-type BytestagNode) */
  GPtrArray *entries;   /* (element-type BytestagCatalogueEntry) */
};

/* Something that goes on: a download from a holder, or a ping that is to prove @node_id. */
typedef struct {
  BytestagFindRecordsTask *task;
  BytestagTask *request;
  BytestagNode *holder;
  BytestagKey node_id;
} Step;

enum {
  PROVIDER_FOUND,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagFindRecordsTask, bytestag_find_records_task, BYTESTAG_TYPE_TASK)

static void
found_free (gpointer data)
{
  Found *found = data;

  g_object_unref (found->holder);
  g_free (found);
}

static void
step_free (gpointer data)
{
  Step *step = data;

  g_signal_handlers_disconnect_by_data (step->request, step);
  bytestag_task_cancel (step->request);
  g_object_unref (step->request);
  g_clear_object (&step->holder);
  g_free (step);
}

static void
drop_search (BytestagFindRecordsTask *self)
{
  g_autoptr (BytestagTask) search = g_steal_pointer (&self->search);

  if (search == NULL)
    return;

  g_signal_handlers_disconnect_by_data (search, self);
  bytestag_task_cancel (search);
}

static void
release (BytestagFindRecordsTask *self)
{
  drop_search (self);
  while (self->steps->len > 0)
    g_ptr_array_set_size (self->steps, (int) self->steps->len - 1);
  g_clear_object (&self->network);
}

static void
finish (BytestagFindRecordsTask *self)
{
  release (self);
  bytestag_task_done (BYTESTAG_TASK (self));
}

/* (transfer none) takes @request. */
static Step *
add_step (BytestagFindRecordsTask *self,
          gpointer                 request,
          GCallback                finished)
{
  Step *step = g_new0 (Step, 1);

  step->task = self;
  step->request = request;
  g_ptr_array_add (self->steps, step);
  g_signal_connect (step->request, "finished", finished, step);
  return step;
}

/* Pings */

static void
pinged_cb (BytestagTask *request,
           Step         *step)
{
  BytestagFindRecordsTask *self = step->task;
  BytestagNode *node = bytestag_ping_task_get_node (BYTESTAG_PING_TASK (request));

  if (node != NULL && bytestag_key_equal (bytestag_node_get_key (node), &step->node_id))
    {
      g_ptr_array_add (self->providers, g_object_ref (node));
      g_signal_emit (self, signals[PROVIDER_FOUND], 0, node);
      /* Who is told of it may cancel us. */
      if (self->network == NULL)
        return;
    }
  g_ptr_array_remove (self->steps, step);
  if (self->steps->len == 0)
    finish (self);
}

/* A holder out there knows nobody in a private network of ours, and nobody is knocked at
 * more often than by a look-up (B.5). */
static gboolean
may_ping (BytestagFindRecordsTask *self,
          const BytestagEndpoint  *address,
          BytestagNode            *holder)
{
  if (bytestag_endpoint_is_private (address) &&
      !bytestag_endpoint_is_private (bytestag_node_get_endpoint (holder)))
    return FALSE;

  return _bytestag_guard_take_unproven (&self->network->guard, address,
                                        bytestag_reactor_get_time (self->network->reactor));
}

static void
ping_providers (BytestagFindRecordsTask *self)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      const BytestagRecord *record = self->records->pdata[i];

      /* We are one ourselves. */
      if (bytestag_key_equal (&record->node_id, bytestag_network_get_key (self->network)))
        continue;
      for (guint j = 0; j < record->n_addresses; j++)
        if (may_ping (self, &record->addresses[j], self->holders->pdata[i]))
          add_step (self, bytestag_network_ping_address (self->network, &record->addresses[j]),
                    G_CALLBACK (pinged_cb))->node_id = record->node_id;
    }

  if (self->steps->len == 0)
    finish (self);
}

/* The pages of a catalogue */

static int
compare_pages (gconstpointer a,
               gconstpointer b)
{
  const BytestagRecord *first = *(BytestagRecord *const *) a;
  const BytestagRecord *second = *(BytestagRecord *const *) b;

  return first->page < second->page ? -1 : first->page > second->page;
}

/* Those of the newest catalogue, in order. */
static void
collect_entries (BytestagFindRecordsTask *self)
{
  gint64 newest = 0;

  for (guint i = 0; i < self->records->len; i++)
    newest = MAX (newest, ((BytestagRecord *) self->records->pdata[i])->seq);

  g_ptr_array_sort (self->records, compare_pages);
  for (guint i = 0; i < self->records->len; i++)
    {
      const BytestagRecord *record = self->records->pdata[i];

      for (guint j = 0; record->seq == newest && j < record->entries->len; j++)
        {
          const BytestagCatalogueEntry *entry = record->entries->pdata[j];

          g_ptr_array_add (self->entries, bytestag_catalogue_entry_new (&entry->key, entry->name, entry->size,
                                                                        entry->n_files));
        }
    }
  finish (self);
}

/* Reading */

/* Takes @record: the newest of each owner, and of each page of it. */
static void
add_record (BytestagFindRecordsTask *self,
            BytestagRecord          *record,
            BytestagNode            *holder)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      BytestagRecord *other = self->records->pdata[i];

      if (!bytestag_key_equal (&other->node_id, &record->node_id) || other->page != record->page)
        continue;
      if (other->seq >= record->seq)
        {
          bytestag_record_free (record);
          return;
        }
      g_ptr_array_remove_index (self->records, i);
      g_ptr_array_remove_index (self->holders, i);
      break;
    }
  g_ptr_array_add (self->records, record);
  g_ptr_array_add (self->holders, g_object_ref (holder));
}

static void
all_read (BytestagFindRecordsTask *self)
{
  if (self->kind == BYTESTAG_KVP_PROVIDER)
    ping_providers (self);
  else
    collect_entries (self);
}

static void
downloaded_cb (BytestagTask *request,
               Step         *step)
{
  BytestagFindRecordsTask *self = step->task;
  g_autoptr (GBytes) bytes = bytestag_download_task_dup_bytes (BYTESTAG_DOWNLOAD_TASK (request));
  g_autoptr (BytestagRecord) record = NULL;
  BytestagKey key = { { 0 } };

  record = bytestag_record_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  if (record != NULL)
    bytestag_record_derive_key (record->kind, &record->subject, &key);
  if (record != NULL && record->kind == self->kind && bytestag_key_equal (&key, &self->key))
    add_record (self, g_steal_pointer (&record), step->holder);

  g_ptr_array_remove (self->steps, step);
  if (self->steps->len == 0)
    all_read (self);
}

static void
begin_reading (BytestagFindRecordsTask *self)
{
  BytestagRng *rng = bytestag_reactor_get_rng (self->network->reactor);
  guint max = self->kind == BYTESTAG_KVP_PROVIDER ? BYTESTAG_LIMIT_RECORDS_READ : BYTESTAG_LIMIT_PAGES_OF_CATALOGUE;

  drop_search (self);
  while (self->network != NULL && self->found->len > 0 && self->steps->len < max)
    {
      guint index = bytestag_rng_range (rng, self->found->len);
      Found *found = self->found->pdata[index];
      gpointer download = bytestag_network_get_value_from_node (self->network, found->holder, &found->id.key,
                                                                &found->id.index, 0);

      add_step (self, download, G_CALLBACK (downloaded_cb))->holder = g_object_ref (found->holder);
      g_ptr_array_remove_index_fast (self->found, index);
    }

  if (self->network != NULL && self->steps->len == 0)
    all_read (self);
}

/* Searching */

static void
add_found (BytestagFindRecordsTask *self,
           GPtrArray               *infos,
           BytestagNode            *holder)
{
  for (guint i = 0; infos != NULL && i < infos->len; i++)
    {
      const BytestagExchangeInfo *info = infos->pdata[i];
      gboolean is_known = !bytestag_key_equal (&info->id.key, &self->key) || info->size > BYTESTAG_LIMIT_RECORD_BYTES;
      Found *found;

      for (guint j = 0; j < self->found->len && !is_known; j++)
        is_known = bytestag_kvp_id_equal (&((Found *) self->found->pdata[j])->id, &info->id);
      if (is_known)
        continue;
      found = g_new0 (Found, 1);
      found->id = info->id;
      found->holder = g_object_ref (holder);
      g_ptr_array_add (self->found, found);
    }
}

static void
looked_up_cb (BytestagTask            *task,
              BytestagFindRecordsTask *self)
{
  BytestagShortlist *shortlist = bytestag_find_shortlist_task_get_shortlist (BYTESTAG_FIND_SHORTLIST_TASK (task));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (shortlist));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (G_LIST_MODEL (shortlist), i);

      add_found (self, candidate->infos, bytestag_candidate_get_node (candidate));
    }
  begin_reading (self);
}

static void
start_lookup (BytestagFindRecordsTask *self)
{
  drop_search (self);
  self->search = BYTESTAG_TASK (bytestag_network_find_value_shortlist (self->network, &self->key, NULL, FALSE));
  g_signal_connect (self->search, "finished", G_CALLBACK (looked_up_cb), self);
}

static void
owner_asked_cb (BytestagTask            *task,
                BytestagFindRecordsTask *self)
{
  const BytestagFindValueResult *result = bytestag_find_value_task_get_result (BYTESTAG_FIND_VALUE_TASK (task));

  if (result != NULL)
    add_found (self, result->values, self->owner);
  if (self->found->len > 0)
    begin_reading (self);
  else
    start_lookup (self);
}

static void
bytestag_find_records_task_start (BytestagTask *task)
{
  BytestagFindRecordsTask *self = BYTESTAG_FIND_RECORDS_TASK (task);

  if (self->owner == NULL)
    {
      start_lookup (self);
      return;
    }
  self->search = BYTESTAG_TASK (bytestag_network_find_value_from_node (self->network, self->owner, &self->key, NULL));
  g_signal_connect (self->search, "finished", G_CALLBACK (owner_asked_cb), self);
}

static void
bytestag_find_records_task_stop (BytestagTask *task)
{
  release (BYTESTAG_FIND_RECORDS_TASK (task));
}

static void
bytestag_find_records_task_dispose (GObject *object)
{
  BytestagFindRecordsTask *self = BYTESTAG_FIND_RECORDS_TASK (object);

  release (self);
  g_clear_object (&self->owner);

  G_OBJECT_CLASS (bytestag_find_records_task_parent_class)->dispose (object);
}

static void
bytestag_find_records_task_finalize (GObject *object)
{
  BytestagFindRecordsTask *self = BYTESTAG_FIND_RECORDS_TASK (object);

  g_clear_pointer (&self->steps, g_ptr_array_unref);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->holders, g_ptr_array_unref);
  g_clear_pointer (&self->providers, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_find_records_task_parent_class)->finalize (object);
}

static void
bytestag_find_records_task_class_init (BytestagFindRecordsTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  BytestagTaskClass *task_class = BYTESTAG_TASK_CLASS (klass);

  object_class->dispose = bytestag_find_records_task_dispose;
  object_class->finalize = bytestag_find_records_task_finalize;
  task_class->start = bytestag_find_records_task_start;
  task_class->stop = bytestag_find_records_task_stop;

  /**
   * BytestagFindRecordsTask::provider-found:
   * @self: the search
   * @node: shares the collection, and has just answered
   */
  signals[PROVIDER_FOUND] =
    g_signal_new ("provider-found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, BYTESTAG_TYPE_NODE);
}

static void
bytestag_find_records_task_init (BytestagFindRecordsTask *self)
{
  self->found = g_ptr_array_new_with_free_func (found_free);
  self->steps = g_ptr_array_new_with_free_func (step_free);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_record_free);
  self->holders = g_ptr_array_new_with_free_func (g_object_unref);
  self->providers = g_ptr_array_new_with_free_func (g_object_unref);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_catalogue_entry_free);
}

static BytestagFindRecordsTask *
new_task (BytestagNetwork   *network,
          BytestagKvpKind    kind,
          const BytestagKey *subject)
{
  BytestagFindRecordsTask *self = g_object_new (BYTESTAG_TYPE_FIND_RECORDS_TASK, "reactor", network->reactor, NULL);

  self->network = g_object_ref (network);
  self->kind = kind;
  bytestag_record_derive_key (kind, subject, &self->key);
  return self;
}

BytestagFindRecordsTask *
bytestag_network_find_providers (BytestagNetwork   *self,
                                 const BytestagKey *collection)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);

  return _bytestag_network_run (self, new_task (self, BYTESTAG_KVP_PROVIDER, collection), FALSE);
}

BytestagFindRecordsTask *
bytestag_network_find_catalogue (BytestagNetwork *self,
                                 BytestagNode    *owner)
{
  BytestagFindRecordsTask *task;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), NULL);
  g_return_val_if_fail (BYTESTAG_IS_NODE (owner), NULL);

  task = new_task (self, BYTESTAG_KVP_CATALOGUE, bytestag_node_get_key (owner));
  task->owner = g_object_ref (owner);
  return _bytestag_network_run (self, task, FALSE);
}

GPtrArray *
bytestag_find_records_task_get_providers (BytestagFindRecordsTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_RECORDS_TASK (self), NULL);

  return self->providers;
}

GPtrArray *
bytestag_find_records_task_get_entries (BytestagFindRecordsTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_FIND_RECORDS_TASK (self), NULL);

  return self->entries;
}
