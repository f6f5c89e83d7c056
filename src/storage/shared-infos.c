/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-infos.h"

#include "storage/growing-index.h"

struct _BytestagSharedInfos
{
  GArray *infos; /* (element-type BytestagSharedInfo); n_added 0: free */
  GArray *free;  /* (element-type guint32) places in infos */
  BytestagGrowingIndex index;
};

static BytestagSharedInfo *
get_info (BytestagSharedInfos *self, guint32 item)
{
  return &g_array_index (self->infos, BytestagSharedInfo, item);
}

static guint32
get_hash (gpointer owner, guint32 item)
{
  return bytestag_key_hash (&get_info (owner, item)->id.key);
}

static guint32 *
get_next (gpointer owner, guint32 item)
{
  return &get_info (owner, item)->next;
}

static void
info_clear (gpointer data)
{
  BytestagSharedInfo *info = data;

  g_clear_pointer (&info->bytes, g_bytes_unref);
}

BytestagSharedInfos *
bytestag_shared_infos_new (void)
{
  BytestagSharedInfos *self = g_new0 (BytestagSharedInfos, 1);

  self->infos = g_array_new (FALSE, FALSE, sizeof (BytestagSharedInfo));
  g_array_set_clear_func (self->infos, info_clear);
  self->free = g_array_new (FALSE, FALSE, sizeof (guint32));
  bytestag_growing_index_init (&self->index, self, get_hash, get_next);

  return self;
}

void
bytestag_shared_infos_free (BytestagSharedInfos *self)
{
  bytestag_growing_index_clear (&self->index);
  g_array_unref (self->infos);
  g_array_unref (self->free);
  g_free (self);
}

static guint32
find (BytestagSharedInfos *self, const BytestagKvpId *id)
{
  guint32 item = bytestag_growing_index_first (&self->index, bytestag_key_hash (&id->key));

  while (item != BYTESTAG_NO_ITEM && !bytestag_kvp_id_equal (&get_info (self, item)->id, id))
    item = get_info (self, item)->next;

  return item;
}

BytestagSharedInfo *
bytestag_shared_infos_lookup (BytestagSharedInfos *self, const BytestagKvpId *id)
{
  guint32 item = find (self, id);

  return item != BYTESTAG_NO_ITEM ? get_info (self, item) : NULL;
}

void
bytestag_shared_infos_add (BytestagSharedInfos *self, const BytestagKvpId *id, guint32 size, GBytes *bytes)
{
  BytestagSharedInfo *info = bytestag_shared_infos_lookup (self, id);
  guint32 item;

  if (info != NULL)
    {
      info->n_added++;
      return;
    }

  if (self->free->len > 0)
    {
      item = g_array_index (self->free, guint32, self->free->len - 1);
      g_array_set_size (self->free, self->free->len - 1);
    }
  else
    {
      item = self->infos->len;
      g_array_set_size (self->infos, item + 1);
    }
  *get_info (self, item) = (BytestagSharedInfo) {
    .id = *id,
    .bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL,
    .size = size,
    .n_added = 1,
  };
  bytestag_growing_index_insert (&self->index, item);
}

void
bytestag_shared_infos_remove (BytestagSharedInfos *self, const BytestagKvpId *id)
{
  guint32 item = find (self, id);

  if (item == BYTESTAG_NO_ITEM || --get_info (self, item)->n_added > 0)
    return;

  bytestag_growing_index_remove (&self->index, item);
  info_clear (get_info (self, item));
  g_array_append_val (self->free, item);
}

guint
bytestag_shared_infos_list (BytestagSharedInfos       *self,
                            const BytestagKey         *key,
                            const BytestagSharedInfo **infos,
                            guint                      max)
{
  guint32 item = bytestag_growing_index_first (&self->index, bytestag_key_hash (key));
  guint n = 0;

  for (; item != BYTESTAG_NO_ITEM; item = get_info (self, item)->next)
    {
      const BytestagSharedInfo *info = get_info (self, item);
      guint i;

      if (!bytestag_key_equal (&info->id.key, key))
        continue;
      if (n == max && bytestag_key_compare (&info->id.index, &infos[n - 1]->id.index) > 0)
        continue;

      n = MIN (n + 1, max);
      for (i = n - 1; i > 0 && bytestag_key_compare (&infos[i - 1]->id.index, &info->id.index) > 0; i--)
        infos[i] = infos[i - 1];
      infos[i] = info;
    }

  return n;
}
