/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-builder.h"

#include <gnutls/crypto.h>

#include "core/limits.h"

struct _BytestagCollectionBuilder
{
  BytestagCollectionWriter *writer;
  BytestagBuiltFunc func;
  gpointer user_data;
};

static void
page_cb (GBytes            *value,
         const BytestagKey *digest,
         gpointer           user_data)
{
  BytestagCollectionBuilder *self = user_data;

  self->func (BYTESTAG_BUILT_PAGE, &(BytestagKvpId) { *digest, *digest }, value, self->user_data);
}

BytestagCollectionBuilder *
bytestag_collection_builder_new (const char        *name,
                                 const char        *comment,
                                 gint64             timestamp,
                                 BytestagBuiltFunc  func,
                                 gpointer           user_data)
{
  BytestagCollectionBuilder *self = g_new0 (BytestagCollectionBuilder, 1);

  self->func = func;
  self->user_data = user_data;
  self->writer = bytestag_collection_writer_new (name, comment, timestamp, page_cb, self);

  return self;
}

void
bytestag_collection_builder_free (BytestagCollectionBuilder *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->writer, bytestag_collection_writer_free);
  g_free (self);
}

static void
give_file_info (BytestagCollectionBuilder *self,
                BytestagFileInfo          *file)
{
  g_autoptr (BytestagFileInfo) stripped = NULL;
  g_autoptr (GBytes) bytes = NULL;
  BytestagKvpId id;
  guint n_parts;

  /* A file of one part has the key of this part: A.3 B6. */
  bytestag_file_info_get_parts (file, &n_parts);
  if (n_parts < 2 || n_parts > BYTESTAG_LIMIT_FILE_INFO_PARTS)
    return;

  stripped = bytestag_file_info_strip (file);
  bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (stripped));
  id.key = *bytestag_file_info_get_hash (file);
  bytestag_key_digest (&id.index, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  self->func (BYTESTAG_BUILT_FILE_INFO, &id, bytes, self->user_data);
}

gboolean
bytestag_collection_builder_add (BytestagCollectionBuilder  *self,
                                 BytestagFileInfo           *file,
                                 GError                    **error)
{
  if (!bytestag_collection_writer_add (self->writer, file, error))
    return FALSE;

  give_file_info (self, file);
  return TRUE;
}

gboolean
bytestag_collection_builder_finish (BytestagCollectionBuilder  *self,
                                    BytestagKey                *key,
                                    guint8                     *sha256,
                                    GError                    **error)
{
  g_autoptr (GBytes) root = bytestag_collection_writer_finish (self->writer, error);

  if (root == NULL)
    return FALSE;

  bytestag_key_digest (key, g_bytes_get_data (root, NULL), g_bytes_get_size (root));
  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (root, NULL), g_bytes_get_size (root), sha256);
  self->func (BYTESTAG_BUILT_ROOT, &(BytestagKvpId) { *key, *key }, root, self->user_data);
  return TRUE;
}
