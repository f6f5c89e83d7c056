/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every CollectionInfo of collectioninfo.json, as fileinfo.c does. */
#include <string.h>

#include "infos.h"
#include "wire/json-keys.h"

/* By these bytes an original knows a file that is a collection (A.5). */
#define SIGNATURE "{\"!\":\"" BYTESTAG_JSON_COLLECTION_INFO "\""

static void
check_signature (gpointer info, const BytestagJsonValue *vector)
{
  g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (info);
  gboolean signature_ok = vectors_member (vector, "signature_ok").type == BYTESTAG_JSON_TRUE;

  g_assert_cmpint (signature_ok, ==, memcmp (g_bytes_get_data (bytes, NULL), SIGNATURE, strlen (SIGNATURE)) == 0);
}

static BytestagCollectionInfo *
make_collection (const BytestagJsonValue *vector)
{
  BytestagJsonValue array = vectors_member (vector, "files");
  BytestagJsonValue timestamp = vectors_member (vector, "timestamp");
  g_autofree char *name = vectors_member_text (vector, "name");
  g_autofree char *comment = vectors_member_text (vector, "comment");
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  BytestagJsonValue element;
  BytestagScanner scanner;
  gboolean overflows = FALSE;
  gint64 seconds = 0;

  bytestag_json_read_begin (&scanner, &array);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      BytestagFileInfo *file = infos_make_file (&element);

      if (file == NULL)
        return NULL;
      g_ptr_array_add (files, file);
    }

  bytestag_json_value_get_integer (&timestamp, &seconds, &overflows);
  if (overflows || timestamp.type == BYTESTAG_JSON_TRUE)
    return NULL;
  return bytestag_collection_info_new (files, name, comment, seconds);
}

static void
test_collectioninfo (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) read = infos_parse (vector, BYTESTAG_TYPE_COLLECTION_INFO, &error);
  g_autoptr (BytestagCollectionInfo) made = NULL;

  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_nonnull (error);
      g_assert_null (read);
      return;
    }

  g_assert_no_error (error);
  infos_check (read, vector, "bytes_hex");
  check_signature (read, vector);
  made = make_collection (vector);
  if (made != NULL)
    infos_check (made, vector, "bytes_hex");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("collectioninfo", test_collectioninfo);
}
