/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/collection-pages.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/info-private.h"
#include "wire/json-keys.h"

/* A page without its files: {"!":"BytestagPage","files":[]}. */
#define PAGE_FRAME (sizeof "{\"!\":\"" BYTESTAG_JSON_PAGE "\",\"files\":[]}" - 1)

/* Cuts files into pages, greedily and in their order, so that the same files give
 * the same bytes (B.3). */
typedef struct {
  GPtrArray *values; /* of GBytes */
  GArray *pages;     /* of BytestagPageRef */
  GString *files;    /* of the page that is filled, separated by commas */
  guint64 n_files;
  guint64 size;
} Pager;

static void
end_page (Pager *pager)
{
  BytestagPageRef page = { .n_files = pager->n_files, .size = pager->size };
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_HEADER);
  bytestag_canonical_string (&writer, BYTESTAG_JSON_PAGE);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_FILES);
  bytestag_canonical_begin_array (&writer);
  bytestag_canonical_raw (&writer, pager->files->str, pager->files->len);
  bytestag_canonical_end_array (&writer);
  bytestag_canonical_end_object (&writer);

  GBytes *bytes = bytestag_canonical_finish (&writer);
  bytestag_key_digest (&page.key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_ptr_array_add (pager->values, bytes);
  g_array_append_val (pager->pages, page);

  g_string_truncate (pager->files, 0);
  pager->n_files = 0;
  pager->size = 0;
}

/* Writes the parts of @file as partpages. (transfer full) */
static BytestagFileInfo *
page_parts (Pager *pager, BytestagFileInfo *file)
{
  guint n_parts;
  const BytestagKey *parts = bytestag_file_info_get_parts (file, &n_parts);
  g_autoptr (GArray) part_pages = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  for (guint first = 0; first < n_parts; first += BYTESTAG_LIMIT_PARTS_OF_PAGE)
    {
      guint n = MIN (n_parts - first, BYTESTAG_LIMIT_PARTS_OF_PAGE);
      GBytes *bytes = bytestag_parts_page_to_bytes (parts + first, n);
      BytestagKey key;

      bytestag_key_digest (&key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_array_append_val (part_pages, key);
      g_ptr_array_add (pager->values, bytes);
    }

  return bytestag_file_info_new_paged (file, (const BytestagKey *) part_pages->data, part_pages->len);
}

static char *
write_file (BytestagFileInfo *file, gsize *length)
{
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_file_info_write (file, &writer);
  *length = writer.text->len;
  return bytestag_canonical_finish_text (&writer);
}

static gboolean
add_file (Pager *pager, BytestagFileInfo *file, GError **error)
{
  const gsize room = BYTESTAG_LIMIT_INFO_WRITTEN - PAGE_FRAME;
  gsize length;
  g_autofree char *text = write_file (file, &length);

  if (length > room && bytestag_file_info_get_parts (file, NULL) != NULL)
    {
      g_autoptr (BytestagFileInfo) paged = page_parts (pager, file);

      g_free (text);
      text = write_file (paged, &length);
    }

  if (length > room)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           _("The description of a file is too long"));
      return FALSE;
    }

  if (pager->n_files > 0 && pager->files->len + 1 + length > room)
    end_page (pager);
  if (pager->n_files > 0)
    g_string_append_c (pager->files, ',');

  g_string_append_len (pager->files, text, length);
  pager->n_files++;
  pager->size = bytestag_info_saturating_add (pager->size, bytestag_file_info_get_size (file));
  return TRUE;
}

GPtrArray *
bytestag_collection_info_paginate (BytestagCollectionInfo *self, GError **error)
{
  g_return_val_if_fail (BYTESTAG_IS_COLLECTION_INFO (self), NULL);
  g_return_val_if_fail (bytestag_collection_info_get_pages (self, NULL) == NULL, NULL);

  GPtrArray *files = bytestag_collection_info_get_files (self);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GBytes) whole = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (self));

  if (g_bytes_get_size (whole) <= BYTESTAG_LIMIT_INFO_WRITTEN)
    {
      g_ptr_array_add (values, g_steal_pointer (&whole));
      return g_steal_pointer (&values);
    }

  g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (BytestagPageRef));
  g_autoptr (GString) text = g_string_sized_new (BYTESTAG_LIMIT_INFO_WRITTEN);
  Pager pager = { .values = values, .pages = pages, .files = text };

  for (guint i = 0; i < files->len; i++)
    if (!add_file (&pager, g_ptr_array_index (files, i), error))
      return NULL;
  if (pager.n_files > 0)
    end_page (&pager);

  g_autoptr (GBytes) root = bytestag_collection_info_write (self, pages);
  if (g_bytes_get_size (root) > BYTESTAG_LIMIT_INFO_WRITTEN)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           _("The collection is too large for one link: share it as several collections"));
      return NULL;
    }

  g_ptr_array_add (values, g_steal_pointer (&root));
  return g_steal_pointer (&values);
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
