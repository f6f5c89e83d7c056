/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/collection-writer.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/collection-pages.h"
#include "wire/info-private.h"
#include "wire/json-keys.h"

/* A page without its files: {"!":"BytestagPage","files":[]}. */
#define PAGE_FRAME (sizeof "{\"!\":\"" BYTESTAG_JSON_PAGE "\",\"files\":[]}" - 1)

/* Cuts files into pages, greedily and in their order. A root that needs no pages has a
 * longer frame than a page, so that the files of one always fit into the first page: which of
 * both it is need not be known before the end. */
struct _BytestagCollectionWriter
{
  char *name;
  char *comment;
  BytestagJsonInteger timestamp;
  BytestagCollectionValueFunc func;
  gpointer user_data;

  GArray *pages;     /* (element-type BytestagPageRef) */
  GString *files;    /* of the page that is filled, separated by commas */
  guint64 n_files;   /* of it */
  guint64 page_size; /* bytes of its files */
  gboolean is_paged; /* a page or partpage was written */
  guint64 count;
  guint64 size;
};

static char *
dup_unless_empty (const char *text)
{
  return text != NULL && text[0] != '\0' ? g_strdup (text) : NULL;
}

BytestagCollectionWriter *
bytestag_collection_writer_new (const char *name,
                                const char *comment,
                                gint64 timestamp,
                                BytestagCollectionValueFunc func,
                                gpointer user_data)
{
  g_return_val_if_fail (timestamp >= 0, NULL);
  g_return_val_if_fail (func != NULL, NULL);

  BytestagCollectionWriter *self = g_new0 (BytestagCollectionWriter, 1);

  self->name = dup_unless_empty (name);
  self->comment = dup_unless_empty (comment);
  self->timestamp.value = timestamp;
  self->func = func;
  self->user_data = user_data;
  self->pages = g_array_new (FALSE, FALSE, sizeof (BytestagPageRef));
  self->files = g_string_new (NULL);
  return self;
}

void
bytestag_collection_writer_free (BytestagCollectionWriter *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->comment, g_free);
  bytestag_json_integer_clear (&self->timestamp);
  g_clear_pointer (&self->pages, g_array_unref);
  if (self->files != NULL)
    g_string_free (self->files, TRUE);
  g_free (self);
}

void
bytestag_collection_writer_set_timestamp (BytestagCollectionWriter *self, const BytestagJsonInteger *timestamp)
{
  bytestag_json_integer_clear (&self->timestamp);
  self->timestamp = (BytestagJsonInteger) { timestamp->value, g_strdup (timestamp->text) };
}

/* Gives a value away; @digest: (out) of it. */
static void
give_value (BytestagCollectionWriter *self, GBytes *value, BytestagKey *digest)
{
  bytestag_key_digest (digest, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  self->is_paged = TRUE;
  self->func (value, digest, self->user_data);
}

static void
end_page (BytestagCollectionWriter *self)
{
  BytestagPageRef page = { .n_files = self->n_files, .size = self->page_size };
  BytestagCanonical writer;

  bytestag_canonical_init (&writer);
  bytestag_canonical_begin_object (&writer);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_HEADER);
  bytestag_canonical_string (&writer, BYTESTAG_JSON_PAGE);
  bytestag_canonical_member (&writer, BYTESTAG_JSON_FILES);
  bytestag_canonical_begin_array (&writer);
  bytestag_canonical_raw (&writer, self->files->str, self->files->len);
  bytestag_canonical_end_array (&writer);
  bytestag_canonical_end_object (&writer);

  g_autoptr (GBytes) value = bytestag_canonical_finish (&writer);
  give_value (self, value, &page.key);
  g_array_append_val (self->pages, page);

  g_string_truncate (self->files, 0);
  self->n_files = 0;
  self->page_size = 0;
}

/* Writes the parts of @file as partpages. (transfer full) */
static BytestagFileInfo *
page_parts (BytestagCollectionWriter *self, BytestagFileInfo *file)
{
  guint n_parts;
  const BytestagKey *parts = bytestag_file_info_get_parts (file, &n_parts);
  g_autoptr (GArray) part_pages = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  for (guint first = 0; first < n_parts; first += BYTESTAG_LIMIT_PARTS_OF_PAGE)
    {
      guint n = MIN (n_parts - first, BYTESTAG_LIMIT_PARTS_OF_PAGE);
      g_autoptr (GBytes) value = bytestag_parts_page_to_bytes (parts + first, n);
      BytestagKey key;

      give_value (self, value, &key);
      g_array_append_val (part_pages, key);
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

/* A key takes 31 bytes with its quotes and comma: such a file need not be written to know. */
static gboolean
is_too_long (BytestagFileInfo *file)
{
  guint n_parts;

  bytestag_file_info_get_parts (file, &n_parts);
  return n_parts > BYTESTAG_LIMIT_INFO_WRITTEN / 31;
}

gboolean
bytestag_collection_writer_add (BytestagCollectionWriter *self, BytestagFileInfo *file, GError **error)
{
  const gsize room = BYTESTAG_LIMIT_INFO_WRITTEN - PAGE_FRAME;
  gsize length = G_MAXSIZE;
  g_autofree char *text = is_too_long (file) ? NULL : write_file (file, &length);

  if (length > room && bytestag_file_info_get_parts (file, NULL) != NULL)
    {
      g_autoptr (BytestagFileInfo) paged = page_parts (self, file);

      g_free (text);
      text = write_file (paged, &length);
    }

  if (length > room)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                           _("The description of a file is too long"));
      return FALSE;
    }

  if (self->n_files > 0 && self->files->len + 1 + length > room)
    end_page (self);
  if (self->n_files > 0)
    g_string_append_c (self->files, ',');

  g_string_append_len (self->files, text, length);
  self->n_files++;
  self->page_size = bytestag_info_saturating_add (self->page_size, bytestag_file_info_get_size (file));
  self->count++;
  self->size = bytestag_info_saturating_add (self->size, bytestag_file_info_get_size (file));
  return TRUE;
}

GBytes *
bytestag_collection_writer_finish (BytestagCollectionWriter *self, GError **error)
{
  BytestagCollectionRoot root = {
    .comment = self->comment,
    .name = self->name,
    .timestamp = &self->timestamp,
    .count = self->count,
    .size = self->size,
    .files = self->files->str,
    .files_length = self->files->len,
  };

  g_return_val_if_fail (self->n_files > 0, NULL);

  if (!self->is_paged)
    {
      g_autoptr (GBytes) whole = bytestag_collection_root_write (&root);

      if (g_bytes_get_size (whole) <= BYTESTAG_LIMIT_INFO_WRITTEN)
        return g_steal_pointer (&whole);
    }

  end_page (self);
  root.pages = self->pages;
  g_autoptr (GBytes) paged = bytestag_collection_root_write (&root);
  if (g_bytes_get_size (paged) <= BYTESTAG_LIMIT_INFO_WRITTEN)
    return g_steal_pointer (&paged);

  g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                       _("The collection is too large for one link: share it as several collections"));
  return NULL;
}
