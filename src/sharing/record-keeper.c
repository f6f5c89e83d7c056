/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/record-keeper.h"

#include "core/limits.h"
#include "wire/record.h"

/* Nobody replicates a provider's record: it goes to as many nodes as a root, and again before
 * most of them have gone; µs. */
#define COPIES BYTESTAG_MAX_BUCKET_SIZE
#define RENEWAL (4 * G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
/* What nobody took is tried again so much later, µs. */
#define RETRY (60 * G_USEC_PER_SEC)
/* Between two looks at the clock, the address and the list, µs. */
#define STEP G_USEC_PER_SEC

typedef struct {
  BytestagKey key;
  char *name;
  guint64 size;
  guint64 n_files;
  gint64 due;                /* µs */
  BytestagEndpoint address;  /* that its record says */
} Collection;

/* A record that is on its way. */
typedef struct {
  BytestagRecordKeeper *keeper; /* borrowed: it disconnects before it goes */
  BytestagKey collection;
  gboolean is_catalogue;
  BytestagStoreValueTask *task;
  gulong finished;
} Sending;

struct _BytestagRecordKeeper
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagSigner *signer;
  GPtrArray *collections; /* (element-type Collection) in order of key */
  guint next;             /* to be looked at */
  gboolean is_browsable;
  GPtrArray *pages;       /* (nullable) (element-type GBytes) of the catalogue, that are to be sent */
  BytestagSharedFilesTable *table; /* (nullable) */
  GArray *served;         /* (element-type BytestagKvpId) pages in the table */
  gint64 catalogue_due;   /* µs */
  GPtrArray *sendings;    /* (element-type Sending) */
  guint64 n_stored;
  BytestagTimer timer;
};

G_DEFINE_FINAL_TYPE (BytestagRecordKeeper, bytestag_record_keeper, G_TYPE_OBJECT)

static void
collection_free (gpointer data)
{
  Collection *collection = data;

  g_free (collection->name);
  g_free (collection);
}

static void
sending_free (gpointer data)
{
  Sending *sending = data;

  g_clear_signal_handler (&sending->finished, sending->task);
  g_clear_object (&sending->task);
  g_free (sending);
}

static gint64
get_time (BytestagRecordKeeper *self)
{
  return bytestag_reactor_get_time (self->reactor);
}

static gint64
get_seconds (BytestagRecordKeeper *self)
{
  return bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
}

/* Where the collection of @key is, or would be; TRUE: it is there. */
static gboolean
find_collection (BytestagRecordKeeper *self,
                 const BytestagKey    *key,
                 guint                *position)
{
  guint low = 0;
  guint high = self->collections->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (bytestag_key_compare (&((Collection *) self->collections->pdata[middle])->key, key) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  *position = low;
  return low < self->collections->len &&
         bytestag_key_equal (&((Collection *) self->collections->pdata[low])->key, key);
}

/* Where others reach us. */
static gboolean
get_address (BytestagRecordKeeper *self,
             BytestagEndpoint     *address)
{
  if (bytestag_network_get_read_only (self->network))
    return FALSE;
  if (bytestag_network_get_seen_address (self->network, address))
    return TRUE;

  bytestag_network_get_address (self->network, address);
  return bytestag_endpoint_is_usable (address);
}

static void
finished_cb (BytestagTask *task,
             Sending      *sending)
{
  BytestagRecordKeeper *self = sending->keeper;
  gboolean is_stored = bytestag_store_value_task_get_n_copies (sending->task) > 0;
  guint position;

  self->n_stored += is_stored;
  if (!is_stored && sending->is_catalogue)
    self->catalogue_due = MIN (self->catalogue_due, get_time (self) + RETRY);
  else if (!is_stored && find_collection (self, &sending->collection, &position))
    ((Collection *) self->collections->pdata[position])->due = get_time (self) + RETRY;
  g_ptr_array_remove_fast (self->sendings, sending);
}

/* @collection: (nullable): NULL: a page of the catalogue */
static void
send_record (BytestagRecordKeeper *self,
             const BytestagKey    *collection,
             const BytestagKey    *key,
             GBytes               *record)
{
  Sending *sending = g_new0 (Sending, 1);

  sending->keeper = self;
  sending->is_catalogue = collection == NULL;
  if (collection != NULL)
    sending->collection = *collection;
  sending->task = bytestag_network_store_record (self->network, key, record, COPIES);
  sending->finished = g_signal_connect (sending->task, "finished", G_CALLBACK (finished_cb), sending);
  g_ptr_array_add (self->sendings, sending);
}

/* One whose signature fails is tried again when the others are. */
static void
send_provider (BytestagRecordKeeper   *self,
               Collection             *collection,
               const BytestagEndpoint *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) record = bytestag_record_build_provider (self->signer, &collection->key, address, 1,
                                                              get_seconds (self), &error);
  BytestagKey key;

  collection->due = get_time (self) + RENEWAL;
  collection->address = *address;
  if (record == NULL)
    {
      g_warning ("%s", error->message);
      return;
    }
  bytestag_record_derive_key (BYTESTAG_KVP_PROVIDER, &collection->key, &key);
  send_record (self, &collection->key, &key, record);
}

/* Whoever wants to browse asks us first, and needs nobody else (B.3). @pages: (nullable) */
static void
serve_pages (BytestagRecordKeeper *self,
             GPtrArray            *pages)
{
  BytestagKvpId id;

  if (self->table == NULL)
    return;

  for (guint i = 0; i < self->served->len; i++)
    bytestag_shared_files_table_remove_value (self->table, &g_array_index (self->served, BytestagKvpId, i));
  g_array_set_size (self->served, 0);

  bytestag_record_derive_key (BYTESTAG_KVP_CATALOGUE, bytestag_network_get_key (self->network), &id.key);
  for (guint i = 0; pages != NULL && i < pages->len; i++)
    {
      gsize size;
      gconstpointer data = g_bytes_get_data (pages->pdata[i], &size);

      bytestag_key_digest (&id.index, data, size);
      bytestag_shared_files_table_add_value (self->table, &id, size, pages->pdata[i]);
      g_array_append_val (self->served, id);
    }
}

static void
forget_catalogue (BytestagRecordKeeper *self)
{
  g_clear_pointer (&self->pages, g_ptr_array_unref);
  serve_pages (self, NULL);
}

static void
build_catalogue (BytestagRecordKeeper *self)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_catalogue_entry_free);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->collections->len; i++)
    {
      const Collection *collection = self->collections->pdata[i];

      g_ptr_array_add (entries, bytestag_catalogue_entry_new (&collection->key, collection->name, collection->size,
                                                              collection->n_files));
    }
  self->catalogue_due = get_time (self) + RENEWAL;
  g_clear_pointer (&self->pages, g_ptr_array_unref);
  self->pages = bytestag_record_build_catalogue (self->signer, entries, get_seconds (self), &error);
  if (self->pages == NULL)
    g_warning ("%s", error->message);
  serve_pages (self, self->pages);
}

static void
send_pages (BytestagRecordKeeper *self)
{
  BytestagKey key;

  if (self->is_browsable && self->collections->len > 0 && get_time (self) >= self->catalogue_due)
    build_catalogue (self);

  bytestag_record_derive_key (BYTESTAG_KVP_CATALOGUE, bytestag_network_get_key (self->network), &key);
  while (self->pages != NULL && self->pages->len > 0 && self->sendings->len < BYTESTAG_LIMIT_RECORDS_SENDING)
    {
      send_record (self, NULL, &key, self->pages->pdata[0]);
      g_ptr_array_remove_index (self->pages, 0);
    }
}

/* A few at a time, one after the other; each by itself costs a look-up. */
static void
send_providers (BytestagRecordKeeper   *self,
                const BytestagEndpoint *address)
{
  gint64 now = get_time (self);

  for (guint i = 0; i < self->collections->len && self->sendings->len < BYTESTAG_LIMIT_RECORDS_SENDING; i++)
    {
      Collection *collection;

      self->next = (self->next + 1) % self->collections->len;
      collection = self->collections->pdata[self->next];
      if (now >= collection->due || !bytestag_endpoint_equal (&collection->address, address))
        send_provider (self, collection, address);
    }
}

static void
step (gpointer user_data)
{
  BytestagRecordKeeper *self = user_data;
  BytestagEndpoint address;

  bytestag_reactor_arm (self->reactor, &self->timer, STEP, step, self);
  if (bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)) == 0 ||
      !get_address (self, &address))
    return;

  send_pages (self);
  send_providers (self, &address);
}

static void
step_soon (BytestagRecordKeeper *self)
{
  if (self->collections->len > 0 && !bytestag_timer_is_armed (&self->timer))
    bytestag_reactor_arm (self->reactor, &self->timer, STEP, step, self);
}

static void
bytestag_record_keeper_dispose (GObject *object)
{
  BytestagRecordKeeper *self = BYTESTAG_RECORD_KEEPER (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  while (self->sendings != NULL && self->sendings->len > 0)
    {
      Sending *sending = self->sendings->pdata[0];
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (sending->task));

      g_ptr_array_remove_index_fast (self->sendings, 0);
      bytestag_task_cancel (task);
    }
  if (self->network != NULL)
    forget_catalogue (self);
  g_clear_pointer (&self->sendings, g_ptr_array_unref);
  g_clear_pointer (&self->collections, g_ptr_array_unref);
  g_clear_pointer (&self->served, g_array_unref);
  g_clear_object (&self->table);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);
  g_clear_object (&self->signer);

  G_OBJECT_CLASS (bytestag_record_keeper_parent_class)->dispose (object);
}

static void
bytestag_record_keeper_class_init (BytestagRecordKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_record_keeper_dispose;
}

static void
bytestag_record_keeper_init (BytestagRecordKeeper *self)
{
  self->collections = g_ptr_array_new_with_free_func (collection_free);
  self->sendings = g_ptr_array_new_with_free_func (sending_free);
  self->served = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
}

BytestagRecordKeeper *
bytestag_record_keeper_new (BytestagNetwork *network,
                            BytestagSigner  *signer)
{
  BytestagRecordKeeper *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_SIGNER (signer), NULL);

  self = g_object_new (BYTESTAG_TYPE_RECORD_KEEPER, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->signer = g_object_ref (signer);
  return self;
}

void
bytestag_record_keeper_set_table (BytestagRecordKeeper     *self,
                                  BytestagSharedFilesTable *table)
{
  g_return_if_fail (BYTESTAG_IS_RECORD_KEEPER (self));
  g_return_if_fail (BYTESTAG_IS_SHARED_FILES_TABLE (table));
  g_return_if_fail (self->table == NULL);

  self->table = g_object_ref (table);
}

void
bytestag_record_keeper_add (BytestagRecordKeeper *self,
                            const BytestagKey    *collection,
                            const char           *name,
                            guint64               size,
                            guint64               n_files)
{
  Collection *added;
  guint position;

  g_return_if_fail (BYTESTAG_IS_RECORD_KEEPER (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (name == NULL || g_utf8_validate (name, -1, NULL));

  if (find_collection (self, collection, &position))
    return;

  added = g_new0 (Collection, 1);
  added->key = *collection;
  added->name = g_strdup (name);
  added->size = size;
  added->n_files = n_files;
  added->due = get_time (self);
  g_ptr_array_insert (self->collections, (int) position, added);
  self->catalogue_due = get_time (self);
  step_soon (self);
}

void
bytestag_record_keeper_remove (BytestagRecordKeeper *self,
                               const BytestagKey    *collection)
{
  guint position;

  g_return_if_fail (BYTESTAG_IS_RECORD_KEEPER (self));
  g_return_if_fail (collection != NULL);

  if (!find_collection (self, collection, &position))
    return;

  g_ptr_array_remove_index (self->collections, position);
  self->catalogue_due = get_time (self);
  for (guint i = self->sendings->len; i > 0; i--)
    {
      Sending *sending = self->sendings->pdata[i - 1];
      g_autoptr (BytestagTask) task = BYTESTAG_TASK (g_object_ref (sending->task));

      if (sending->is_catalogue || !bytestag_key_equal (&sending->collection, collection))
        continue;
      g_ptr_array_remove_index_fast (self->sendings, i - 1);
      bytestag_task_cancel (task);
    }
  if (self->collections->len == 0)
    {
      forget_catalogue (self);
      bytestag_reactor_disarm (self->reactor, &self->timer);
    }
}

void
bytestag_record_keeper_set_browsable (BytestagRecordKeeper *self,
                                      gboolean              browsable)
{
  g_return_if_fail (BYTESTAG_IS_RECORD_KEEPER (self));

  self->is_browsable = browsable;
  self->catalogue_due = get_time (self);
  if (!browsable)
    forget_catalogue (self);
}

gboolean
bytestag_record_keeper_get_browsable (BytestagRecordKeeper *self)
{
  g_return_val_if_fail (BYTESTAG_IS_RECORD_KEEPER (self), FALSE);

  return self->is_browsable;
}

guint
bytestag_record_keeper_get_n_collections (BytestagRecordKeeper *self)
{
  g_return_val_if_fail (BYTESTAG_IS_RECORD_KEEPER (self), 0);

  return self->collections->len;
}

guint64
bytestag_record_keeper_get_n_stored (BytestagRecordKeeper *self)
{
  g_return_val_if_fail (BYTESTAG_IS_RECORD_KEEPER (self), 0);

  return self->n_stored;
}
