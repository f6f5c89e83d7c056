/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fuzz.h"
#include "wire/collection-info.h"

/* Infos, and their pages. What can be read is written, and that is read as the same bytes. */

typedef gpointer (*Reader) (GBytes *bytes, GError **error);

static void
check_bytes (GBytes *bytes)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  for (gsize i = 0; i < length; i++)
    g_assert_true (text[i] >= 0x20 && text[i] < 0x7f);
}

static void
check_info (GBytes *bytes, Reader reader)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) info = reader (bytes, &error);
  g_autoptr (GObject) again = NULL;
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GBytes) written_again = NULL;

  g_assert_true ((info == NULL) == (error != NULL));
  if (info == NULL)
    return;

  written = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));
  check_bytes (written);
  again = reader (written, &error);
  g_assert_no_error (error);
  written_again = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (again));
  g_assert_true (g_bytes_equal (written, written_again));
}

/* What is shown is UTF-8 (a string property of another kind would end in GTK). */
static void
check_shown (GBytes *bytes)
{
  g_autoptr (BytestagFileInfo) file = bytestag_file_info_from_bytes (bytes, NULL);
  g_autoptr (BytestagCollectionInfo) collection = bytestag_collection_info_from_bytes (bytes, NULL);
  g_autofree char *display_name = NULL;
  g_autofree char *name = NULL;
  g_autofree char *comment = NULL;

  if (file != NULL)
    {
      g_object_get (file, "display-name", &display_name, NULL);
      g_assert_true (display_name == NULL || g_utf8_validate (display_name, -1, NULL));
      bytestag_file_info_check (file, NULL);
    }

  if (collection != NULL)
    {
      g_object_get (collection, "name", &name, "comment", &comment, NULL);
      g_assert_true (name == NULL || g_utf8_validate (name, -1, NULL));
      g_assert_true (comment == NULL || g_utf8_validate (comment, -1, NULL));
      g_assert_cmpuint (bytestag_collection_info_get_count (collection), <=, BYTESTAG_LIMIT_COLLECTION_FILES);
    }
}

/* What was read goes into values again, none of which is too long. */
static void
check_paginated (GBytes *bytes)
{
  g_autoptr (BytestagCollectionInfo) collection = bytestag_collection_info_from_bytes (bytes, NULL);
  g_autoptr (BytestagCollectionInfo) again = NULL;
  g_autoptr (GPtrArray) values = NULL;
  g_autoptr (GError) error = NULL;
  guint n_pages;

  if (collection == NULL || bytestag_collection_info_get_pages (collection, &n_pages) != NULL)
    return;

  values = bytestag_collection_info_paginate (collection, &error);
  g_assert_true ((values == NULL) == (error != NULL));
  if (values == NULL)
    return;

  g_assert_cmpuint (values->len, >, 0);
  for (guint i = 0; i < values->len; i++)
    g_assert_cmpuint (g_bytes_get_size (values->pdata[i]), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
  again = bytestag_collection_info_from_bytes (values->pdata[values->len - 1], &error);
  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_collection_info_get_count (again), ==, bytestag_collection_info_get_count (collection));
}

static void
check_pages (GBytes *bytes)
{
  g_autoptr (GArray) parts = bytestag_parts_page_from_bytes (bytes, NULL);
  g_autoptr (GPtrArray) files = bytestag_collection_page_from_bytes (bytes, NULL);

  if (parts != NULL)
    {
      g_autoptr (GBytes) written = bytestag_parts_page_to_bytes ((const BytestagKey *) parts->data, parts->len);
      g_autoptr (GArray) again = bytestag_parts_page_from_bytes (written, NULL);

      g_assert_nonnull (again);
      g_assert_cmpmem (parts->data, parts->len * sizeof (BytestagKey), again->data, again->len * sizeof (BytestagKey));
    }

  if (files != NULL)
    g_assert_cmpuint (files->len, >, 0);
  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      g_autoptr (GBytes) written = bytestag_serializable_to_bytes (files->pdata[i]);

      check_info (written, (Reader) bytestag_file_info_from_bytes);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);

  check_info (bytes, (Reader) bytestag_file_info_from_bytes);
  check_info (bytes, (Reader) bytestag_collection_info_from_bytes);
  check_shown (bytes);
  check_paginated (bytes);
  check_pages (bytes);
  return 0;
}
