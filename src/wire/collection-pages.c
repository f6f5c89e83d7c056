/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/collection-pages.h"

#include <glib/gi18n-lib.h>

#include "wire/info-private.h"
#include "wire/json-keys.h"

static void
add_value (GBytes *value, const BytestagKey *digest, gpointer user_data)
{
  g_ptr_array_add (user_data, g_bytes_ref (value));
}

GPtrArray *
bytestag_collection_info_paginate (BytestagCollectionInfo *self, GError **error)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);
  g_return_val_if_fail (bytestag_collection_info_get_pages (self, NULL) == NULL, NULL);

  GPtrArray *files = bytestag_collection_info_get_files (self);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (BytestagCollectionWriter) writer =
    bytestag_collection_writer_new (bytestag_collection_info_get_name (self),
                                    bytestag_collection_info_get_comment (self), 0, add_value, values);

  bytestag_collection_writer_set_timestamp (writer, bytestag_collection_info_get_timestamp_as_it_came (self));
  for (guint i = 0; i < files->len; i++)
    if (!bytestag_collection_writer_add (writer, g_ptr_array_index (files, i), error))
      return NULL;

  GBytes *root = bytestag_collection_writer_finish (writer, error);
  if (root == NULL)
    return NULL;

  g_ptr_array_add (values, root);
  return g_steal_pointer (&values);
}

static void
write_pages (const GArray *pages, BytestagCanonical *writer)
{
  bytestag_canonical_member (writer, BYTESTAG_JSON_PAGES);
  bytestag_canonical_begin_array (writer);
  for (guint i = 0; i < pages->len; i++)
    {
      const BytestagPageRef *page = &g_array_index (pages, BytestagPageRef, i);

      bytestag_canonical_begin_object (writer);
      bytestag_canonical_member (writer, BYTESTAG_JSON_FILES);
      bytestag_canonical_unsigned (writer, page->n_files);
      bytestag_canonical_member (writer, BYTESTAG_JSON_KEY);
      bytestag_canonical_key (writer, &page->key);
      bytestag_canonical_member (writer, BYTESTAG_JSON_SIZE);
      bytestag_canonical_unsigned (writer, page->size);
      bytestag_canonical_end_object (writer);
    }
  bytestag_canonical_end_array (writer);
}

static void
write_text (BytestagCanonical *writer, const char *name, const char *text)
{
  if (text == NULL)
    return;

  bytestag_canonical_member (writer, name);
  bytestag_canonical_string (writer, text);
}

GBytes *
bytestag_collection_root_write (const BytestagCollectionRoot *root)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_HEADER);
  bytestag_canonical_string (&writer, BYTESTAG_JSON_COLLECTION_INFO);
  write_text (&writer, BYTESTAG_JSON_COMMENT, root->comment);

  if (root->pages != NULL)
    {
      bytestag_canonical_member (&writer, BYTESTAG_JSON_COUNT);
      bytestag_canonical_unsigned (&writer, root->count);
      write_text (&writer, BYTESTAG_JSON_NAME, root->name);
      write_pages (root->pages, &writer);
      bytestag_canonical_member (&writer, BYTESTAG_JSON_SIZE);
      bytestag_canonical_unsigned (&writer, root->size);
    }
  else
    {
      bytestag_canonical_member (&writer, BYTESTAG_JSON_FILES);
      bytestag_canonical_begin_array (&writer);
      bytestag_canonical_raw (&writer, root->files, root->files_length);
      bytestag_canonical_end_array (&writer);
      write_text (&writer, BYTESTAG_JSON_NAME, root->name);
    }

  bytestag_info_write_integer (&writer, BYTESTAG_JSON_INFO_TIMESTAMP, root->timestamp);
  bytestag_canonical_end_object (&writer);
  return bytestag_canonical_finish (&writer);
}

GPtrArray *
bytestag_collection_page_from_bytes (GBytes *bytes, GError **error)
{
  static const char * const names[] = { BYTESTAG_JSON_FILES };
  BytestagJsonValue object, array;

  g_return_val_if_fail (bytes != NULL, NULL);

  if (!bytestag_info_parse (&object, bytes, error))
    return NULL;

  if (!bytestag_info_has_header (&object, BYTESTAG_JSON_PAGE))
    {
      bytestag_info_refuse (error, _("This is not a page of a collection"));
      return NULL;
    }

  bytestag_json_read_members (&object, names, &array, 1);
  return bytestag_file_infos_from_json (&array, error);
}
