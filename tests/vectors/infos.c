/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infos.h"

void
infos_check (gpointer info, const BytestagJsonValue *vector, const char *bytes_name)
{
  g_autoptr (GBytes) actual = bytestag_serializable_to_bytes (info);
  g_autoptr (GBytes) expected = vectors_member_bytes (vector, bytes_name);
  BytestagKey key, expected_key;

  g_assert_cmpmem (g_bytes_get_data (actual, NULL), g_bytes_get_size (actual),
                   g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));

  bytestag_serializable_get_key (info, &key);
  vectors_member_key (vector, "key", &expected_key);
  g_assert_cmpmem (&key, sizeof key, &expected_key, sizeof expected_key);
}

gpointer
infos_parse (const BytestagJsonValue *value, GType type, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (value->text, value->length);

  if (type == BYTESTAG_TYPE_FILE_INFO)
    return bytestag_file_info_from_bytes (bytes, error);

  g_assert_true (type == BYTESTAG_TYPE_COLLECTION_INFO);
  return bytestag_collection_info_from_bytes (bytes, error);
}

static GStrv
make_filename (const BytestagJsonValue *value)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  BytestagJsonValue element;
  BytestagScanner scanner;

  bytestag_json_read_begin (&scanner, value);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element))
    {
      g_autofree char *name = bytestag_json_read_string (&element);

      g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

BytestagFileInfo *
infos_make_file (const BytestagJsonValue *vector)
{
  BytestagJsonValue filename = vectors_member (vector, "filename");
  BytestagJsonValue parts = vectors_member (vector, "parts");
  BytestagJsonValue size = vectors_member (vector, "size");
  g_autoptr (GArray) keys = NULL;
  g_auto (GStrv) names = NULL;
  g_autoptr (GError) error = NULL;
  BytestagJsonInteger integer;
  BytestagKey hash;

  bytestag_json_read_integer (&size, &integer, &error);
  g_assert_no_error (error);
  if (integer.text != NULL || filename.type == BYTESTAG_JSON_STRING)
    {
      bytestag_json_integer_clear (&integer);
      return NULL;
    }

  vectors_member_key (vector, "hash", &hash);
  keys = bytestag_json_read_keys (&parts, &error);
  g_assert_no_error (error);
  if (filename.type == BYTESTAG_JSON_ARRAY)
    names = make_filename (&filename);
  return bytestag_file_info_new (&hash, (const BytestagKey *) keys->data, keys->len, integer.value,
                                 (const char * const *) names, NULL);
}
