/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every file of shared_files.json, made from its size and seed: its key, index,
 * parts and FileInfo. Ours differs on purpose:
 *
 * - an empty file: has a FileInfo with one part (B.3); the original's scan breaks off (A.3 B5) */
#include "vectors.h"
#include "core/limits.h"
#include "wire/file-info.h"

static gint64
member_integer (const BytestagJsonValue *vector, const char *name)
{
  BytestagJsonValue value = vectors_member (vector, name);
  gint64 integer = 0;

  g_assert_true (bytestag_json_value_get_integer (&value, &integer, NULL));
  return integer;
}

static guint8 *
make_content (gsize size, guint seed)
{
  guint8 *content = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    content[i] = (i * seed + i / 251) & 255;
  return content;
}

static GArray *
digest_parts (const guint8 *content, gsize size)
{
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  gsize offset = 0;

  do
    {
      gsize length = MIN (size - offset, BYTESTAG_PART_SIZE);
      BytestagKey part;

      bytestag_key_digest (&part, content + offset, length);
      g_array_append_val (parts, part);
      offset += length;
    }
  while (offset < size);
  return parts;
}

/* The rows hold each hash once, with its first offset (A.6). */
static void
check_rows (GArray *parts, const BytestagJsonValue *vector)
{
  BytestagJsonValue rows = vectors_member (vector, "parts_rows");
  g_autoptr (GHashTable) offsets = g_hash_table_new (bytestag_key_hash, bytestag_key_equal);
  BytestagJsonValue row;
  BytestagScanner scanner;
  guint n_rows = 0;

  for (guint i = 0; i < parts->len; i++)
    if (!g_hash_table_contains (offsets, &g_array_index (parts, BytestagKey, i)))
      g_hash_table_insert (offsets, &g_array_index (parts, BytestagKey, i), GUINT_TO_POINTER (i));

  bytestag_json_read_begin (&scanner, &rows);
  while (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &row))
    {
      gpointer number;
      BytestagKey key;

      vectors_member_key (&row, "hash", &key);
      g_assert_true (g_hash_table_lookup_extended (offsets, &key, NULL, &number));
      g_assert_cmpint (member_integer (&row, "offset"), ==, (gint64) GPOINTER_TO_UINT (number) * BYTESTAG_PART_SIZE);
      n_rows++;
    }
  g_assert_cmpuint (n_rows, ==, g_hash_table_size (offsets));
}

static void
check_file (BytestagFileInfo *info, const BytestagJsonValue *vector)
{
  g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));
  g_autofree char *expected = vectors_member_text (vector, "fileinfo");
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  BytestagKey key, index;

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpint (member_integer (vector, "part_size"), ==, BYTESTAG_PART_SIZE);

  vectors_member_key (vector, "key", &key);
  g_assert_cmpmem (bytestag_file_info_get_hash (info), sizeof key, &key, sizeof key);

  vectors_member_key (vector, "index", &key);
  bytestag_serializable_get_key (BYTESTAG_SERIALIZABLE (info), &index);
  g_assert_cmpmem (&index, sizeof index, &key, sizeof key);
}

static void
test_shared_files (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  gsize size = member_integer (vector, "size");
  g_autofree guint8 *content = make_content (size, member_integer (vector, "seed"));
  g_autoptr (GArray) parts = digest_parts (content, size);
  g_autoptr (BytestagFileInfo) info = NULL;
  BytestagKey hash;

  bytestag_key_digest (&hash, content, size);
  info = bytestag_file_info_new (&hash, (const BytestagKey *) parts->data, parts->len, 0, NULL, NULL);
  if (vectors_member (vector, "error").type == BYTESTAG_JSON_ABSENT)
    {
      check_file (info, vector);
      check_rows (parts, vector);
      return;
    }

  g_assert_cmpuint (size, ==, 0);
  g_assert_cmpuint (parts->len, ==, 1);
  g_assert_true (bytestag_key_equal (&hash, parts->data));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("shared_files", test_shared_files);
}
