/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-builder.h"

#include <gnutls/crypto.h>

#include "core/limits.h"

static void
built_value_clear (gpointer data)
{
  BytestagBuiltValue *value = data;

  g_clear_pointer (&value->bytes, g_bytes_unref);
}

/* @key: (nullable) the index itself */
static void
add_value (GArray            *values,
           const BytestagKey *key,
           GBytes            *bytes)
{
  BytestagBuiltValue value = { 0 };

  bytestag_key_digest (&value.id.index, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  value.id.key = key != NULL ? *key : value.id.index;
  value.bytes = g_bytes_ref (bytes);
  g_array_append_val (values, value);
}

static void
add_file_info (BytestagBuiltCollection *self,
               BytestagFileInfo        *file)
{
  g_autoptr (BytestagFileInfo) stripped = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint n_parts;

  /* A file of one part has the key of this part: A.3 B6. */
  bytestag_file_info_get_parts (file, &n_parts);
  if (n_parts < 2 || n_parts > BYTESTAG_LIMIT_FILE_INFO_PARTS)
    return;

  stripped = bytestag_file_info_strip (file);
  bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (stripped));
  add_value (self->file_infos, bytestag_file_info_get_hash (file), bytes);
}

BytestagBuiltCollection *
bytestag_built_collection_new (GPtrArray   *files,
                               const char  *name,
                               const char  *comment,
                               GError     **error)
{
  g_autoptr (BytestagBuiltCollection) self = g_new0 (BytestagBuiltCollection, 1);
  g_autoptr (GPtrArray) values = NULL;
  GBytes *root;

  self->info = bytestag_collection_info_new (files, name, comment, 0);
  self->pages = g_array_new (FALSE, FALSE, sizeof (BytestagBuiltValue));
  self->file_infos = g_array_new (FALSE, FALSE, sizeof (BytestagBuiltValue));
  g_array_set_clear_func (self->pages, built_value_clear);
  g_array_set_clear_func (self->file_infos, built_value_clear);

  values = bytestag_collection_info_paginate (self->info, error);
  if (values == NULL)
    return NULL;

  /* The root comes last from there, and is wanted first by those who have the link. */
  root = g_ptr_array_index (values, values->len - 1);
  for (guint i = values->len; i > 0; i--)
    add_value (self->pages, NULL, g_ptr_array_index (values, i - 1));

  self->key = g_array_index (self->pages, BytestagBuiltValue, 0).id.key;
  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (root, NULL), g_bytes_get_size (root), self->sha256);

  for (guint i = 0; i < files->len; i++)
    add_file_info (self, g_ptr_array_index (files, i));

  return g_steal_pointer (&self);
}

void
bytestag_built_collection_free (BytestagBuiltCollection *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->info);
  g_clear_pointer (&self->pages, g_array_unref);
  g_clear_pointer (&self->file_infos, g_array_unref);
  g_free (self);
}
