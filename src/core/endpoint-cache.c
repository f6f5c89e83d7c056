/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/endpoint-cache.h"

#include <string.h>

typedef struct {
  BytestagEndpoint endpoint;
  GList link; /* in BytestagEndpointCache.entries */
  gint64 value[]; /* aligned for any */
} Entry;

struct _BytestagEndpointCache
{
  guint max;
  gsize value_size;
  GHashTable *by_endpoint; /* Entry by its endpoint; owned by the queue */
  GQueue entries;          /* the last used at the end */
};

BytestagEndpointCache *
bytestag_endpoint_cache_new (guint max,
                             gsize value_size)
{
  BytestagEndpointCache *self;

  g_return_val_if_fail (max > 0, NULL);

  self = g_new0 (BytestagEndpointCache, 1);
  self->max = max;
  self->value_size = value_size;
  self->by_endpoint = g_hash_table_new (bytestag_endpoint_hash, bytestag_endpoint_equal);
  g_queue_init (&self->entries);
  return self;
}

void
bytestag_endpoint_cache_free (BytestagEndpointCache *self)
{
  GList *link;

  g_return_if_fail (self != NULL);

  while ((link = g_queue_pop_head_link (&self->entries)) != NULL)
    g_free (link->data);
  g_hash_table_unref (self->by_endpoint);
  g_free (self);
}

gpointer
bytestag_endpoint_cache_peek (BytestagEndpointCache  *self,
                              const BytestagEndpoint *endpoint)
{
  Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (endpoint != NULL, NULL);

  entry = g_hash_table_lookup (self->by_endpoint, endpoint);
  return entry != NULL ? entry->value : NULL;
}

/* A zeroed entry that is in neither the table nor the queue. */
static Entry *
take_entry (BytestagEndpointCache *self)
{
  Entry *entry;

  if (self->entries.length < self->max)
    {
      entry = g_malloc0 (sizeof *entry + self->value_size);
      entry->link.data = entry;
      return entry;
    }

  entry = g_queue_pop_head_link (&self->entries)->data;
  g_hash_table_remove (self->by_endpoint, &entry->endpoint);
  memset (entry->value, 0, self->value_size);
  return entry;
}

gpointer
bytestag_endpoint_cache_use (BytestagEndpointCache  *self,
                             const BytestagEndpoint *endpoint,
                             gboolean               *is_new)
{
  Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (endpoint != NULL, NULL);

  entry = g_hash_table_lookup (self->by_endpoint, endpoint);
  if (is_new != NULL)
    *is_new = entry == NULL;

  if (entry != NULL)
    {
      g_queue_unlink (&self->entries, &entry->link);
    }
  else
    {
      entry = take_entry (self);
      entry->endpoint = *endpoint;
      g_hash_table_insert (self->by_endpoint, &entry->endpoint, entry);
    }

  g_queue_push_tail_link (&self->entries, &entry->link);
  return entry->value;
}

guint
bytestag_endpoint_cache_get_length (BytestagEndpointCache *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->entries.length;
}
