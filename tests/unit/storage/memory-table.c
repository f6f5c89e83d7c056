/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/memory-table.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

/* Takes the place of a value's SHA-1: the table does not compute it. */
static BytestagKvpId
make_id (guint32 key, guint32 index)
{
  BytestagKvpId id = { 0 };

  for (guint i = 0; i < 4; i++)
    {
      id.key.bytes[i] = (guint8) (key >> (24 - 8 * i));
      id.index.bytes[i] = (guint8) (index >> (24 - 8 * i));
    }

  return id;
}

/* Whether a value of @size bytes would be taken from nobody in particular. */
static gboolean
has_room (BytestagKvpTable *table, const BytestagKvpId *id, guint64 size)
{
  BytestagKvpRecord offer = { .id = *id, .size = size };

  return bytestag_kvp_table_can_keep (table, &offer);
}

static void
expect_written_cb (const GError *error, gpointer user_data)
{
  guint *n_calls = user_data;

  g_assert_no_error (error);
  (*n_calls)++;
}

static void
expect_full_cb (const GError *error, gpointer user_data)
{
  guint *n_calls = user_data;

  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FULL);
  (*n_calls)++;
}

static void
write_value (BytestagMemoryTable *table, const BytestagKvpRecord *record, const char *text)
{
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  guint n_calls = 0;

  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (table), record, value, expect_written_cb, &n_calls);
  g_assert_cmpuint (n_calls, ==, 1);
}

static void
write_id (BytestagMemoryTable *table, guint32 key, guint32 index, const char *text)
{
  BytestagKvpRecord record = { .id = make_id (key, index) };

  write_value (table, &record, text);
}

static void
expect_value_cb (GBytes *value, const GError *error, gpointer user_data)
{
  const char **expected = user_data;

  if (*expected != NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (value, NULL), g_bytes_get_size (value), *expected, strlen (*expected));
    }
  else
    {
      g_assert_null (value);
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);
    }
  *expected = "called";
}

static void
assert_read (BytestagMemoryTable *table, const BytestagKvpId *id, const char *expected)
{
  bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (table), id, expect_value_cb, &expected);
  g_assert_cmpstr (expected, ==, "called");
}

static void
test_write_and_read (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpRecord record = {
    .id = make_id (1, 2), .timestamp = 77, .has_timestamp = TRUE, .time_to_live = 10, .last_update = 100,
  };
  BytestagKvpRecord found;
  BytestagKvpId other_key = make_id (2, 2);
  BytestagKvpId other_index = make_id (1, 1);

  write_value (table, &record, "hello");
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &record.id, &found));
  g_assert_true (bytestag_kvp_id_equal (&found.id, &record.id));
  g_assert_cmpuint (found.size, ==, 5);
  g_assert_cmpint (found.timestamp, ==, 77);
  g_assert_true (found.has_timestamp);
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &record.id, NULL));
  assert_read (table, &record.id, "hello");

  g_assert_false (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &other_key, NULL));
  g_assert_false (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &other_index, NULL));
  assert_read (table, &other_index, NULL);
}

static void
test_empty_value (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (0);
  BytestagKvpId id = make_id (1, 1);

  write_id (table, 1, 1, "");
  assert_read (table, &id, "");
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1);
}

/* The second write renews the record, and counts no bytes twice. */
static void
test_write_again (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (5);
  BytestagKvpRecord record = { .id = make_id (1, 2), .last_update = 100, .time_to_live = 10 };
  BytestagKvpRecord found;

  write_value (table, &record, "hello");
  record.last_update = 200;
  write_value (table, &record, "hello");
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &record.id, &found));
  g_assert_cmpfloat (found.last_update, ==, 200);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), ==, 5);

  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), 150);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1);
}

static void
test_remove (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpId id = make_id (1, 2);

  write_id (table, 1, 2, "hello");
  write_id (table, 1, 3, "again");
  g_assert_true (bytestag_kvp_table_remove (BYTESTAG_KVP_TABLE (table), &id));
  g_assert_false (bytestag_kvp_table_remove (BYTESTAG_KVP_TABLE (table), &id));
  assert_read (table, &id, NULL);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), ==, 5);
}

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, record->id);
}

static void
test_visit_key (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKey key = make_id (2, 0).key;
  BytestagKey unknown = make_id (4, 0).key;

  write_id (table, 1, 9, "a");
  write_id (table, 2, 7, "b");
  write_id (table, 2, 0, "c");
  write_id (table, 2, 5, "d");
  write_id (table, 3, 0, "e");

  g_assert_cmpuint (bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (table), &key, collect_cb, ids), ==, 3);
  g_assert_cmpuint (ids->len, ==, 3);
  for (guint i = 0; i < ids->len; i++)
    {
      const guint32 indices[] = { 0, 5, 7 };
      BytestagKvpId expected = make_id (2, indices[i]);

      g_assert_true (bytestag_kvp_id_equal (&g_array_index (ids, BytestagKvpId, i), &expected));
    }

  g_assert_cmpuint (bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (table), &unknown, collect_cb, ids), ==, 0);
}

static void
test_limit_indices_of_key (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKey key = make_id (2, 0).key;

  for (guint i = 0; i < BYTESTAG_LIMIT_INDICES_OF_KEY + 1; i++)
    write_id (table, 2, i, "a");

  g_assert_cmpuint (bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (table), &key, collect_cb, ids), ==,
                    BYTESTAG_LIMIT_INDICES_OF_KEY);
  g_assert_cmpuint (ids->len, ==, BYTESTAG_LIMIT_INDICES_OF_KEY);
}

static void
test_limit_bytes (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);
  BytestagKvpRecord record = { .id = make_id (2, 2) };
  g_autoptr (GBytes) value = g_bytes_new_static ("123456", 6);
  guint n_calls = 0;

  write_id (table, 1, 1, "12345");
  g_assert_true (has_room (kvp_table, &record.id, 5));
  g_assert_false (has_room (kvp_table, &record.id, 6));
  g_assert_false (has_room (kvp_table, &record.id, G_MAXUINT64));

  bytestag_kvp_table_write (kvp_table, &record, value, expect_full_cb, &n_calls);
  g_assert_cmpuint (n_calls, ==, 1);
  bytestag_kvp_table_write (kvp_table, &record, value, NULL, NULL);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), ==, 5);

  write_id (table, 2, 2, "12345");
  g_assert_false (has_room (kvp_table, &(BytestagKvpId) { 0 }, 1));
  /* What is held already takes no room. */
  g_assert_true (has_room (kvp_table, &record.id, 5));
}

static void
test_limit_values (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  BytestagKvpRecord record = { 0 };
  guint n_calls = 0;

  for (guint i = 0; i < BYTESTAG_LIMIT_MEMORY_TABLE_VALUES; i++)
    {
      record.id = make_id (i, i);
      bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (table), &record, empty, expect_written_cb, &n_calls);
    }

  record.id = make_id (G_MAXUINT32, 0);
  g_assert_false (has_room (BYTESTAG_KVP_TABLE (table), &record.id, 0));
  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (table), &record, empty, expect_full_cb, &n_calls);
  g_assert_cmpuint (n_calls, ==, BYTESTAG_LIMIT_MEMORY_TABLE_VALUES + 1);
}

static void
test_expire (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpRecord late = { .id = make_id (1, 1), .last_update = 1000, .time_to_live = 20 };
  BytestagKvpRecord early = { .id = make_id (2, 2), .last_update = 1000, .time_to_live = 10 };
  BytestagKvpRecord original = { .id = make_id (3, 3), .last_update = 1, .time_to_live = 1, .is_original = TRUE };
  BytestagKvpRecord lasting = { .id = make_id (4, 4), .last_update = 1 };

  write_value (table, &late, "a");
  write_value (table, &early, "b");
  write_value (table, &original, "c");
  write_value (table, &lasting, "d");

  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), 1010);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 4);
  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), 1011);
  assert_read (table, &early.id, NULL);
  assert_read (table, &late.id, "a");
  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), G_MAXINT64);
  assert_read (table, &late.id, NULL);
  assert_read (table, &original.id, "c");
  assert_read (table, &lasting.id, "d");
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), ==, 2);
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
test_notify (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpRecord first = { .id = make_id (1, 1), .last_update = 1, .time_to_live = 1 };
  BytestagKvpRecord second = { .id = make_id (2, 2), .last_update = 1, .time_to_live = 1 };
  guint n_notified = 0;
  guint n_values;
  guint64 n_bytes;

  g_signal_connect (table, "notify::n-values", G_CALLBACK (count_cb), &n_notified);
  write_value (table, &first, "abc");
  write_value (table, &second, "de");
  g_assert_cmpuint (n_notified, ==, 2);
  g_object_get (table, "n-values", &n_values, "n-bytes", &n_bytes, NULL);
  g_assert_cmpuint (n_values, ==, 2);
  g_assert_cmpuint (n_bytes, ==, 5);

  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), 3);
  g_assert_cmpuint (n_notified, ==, 3);
  bytestag_kvp_table_expire (BYTESTAG_KVP_TABLE (table), 4);
  g_assert_cmpuint (n_notified, ==, 3);
}

static void
test_finalize (void)
{
  BytestagMemoryTable *table = bytestag_memory_table_new (1000);

  write_id (table, 1, 1, "abc");
  g_assert_finalize_object (table);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/storage/memory-table/write-and-read", test_write_and_read);
  g_test_add_func ("/storage/memory-table/empty-value", test_empty_value);
  g_test_add_func ("/storage/memory-table/write-again", test_write_again);
  g_test_add_func ("/storage/memory-table/remove", test_remove);
  g_test_add_func ("/storage/memory-table/visit-key", test_visit_key);
  g_test_add_func ("/storage/memory-table/limit-indices-of-key", test_limit_indices_of_key);
  g_test_add_func ("/storage/memory-table/limit-bytes", test_limit_bytes);
  g_test_add_func ("/storage/memory-table/limit-values", test_limit_values);
  g_test_add_func ("/storage/memory-table/expire", test_expire);
  g_test_add_func ("/storage/memory-table/notify", test_notify);
  g_test_add_func ("/storage/memory-table/finalize", test_finalize);

  return g_test_run ();
}
