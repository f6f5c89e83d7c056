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
  g_assert_false (has_room (kvp_table, &(BytestagKvpId) { .key = { { 1 } } }, 1));
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

/* No turn of the engine takes long (BYTESTAG_LIMIT_EXPIRING). */
static void
test_expire_bounded (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);

  for (guint i = 0; i < BYTESTAG_LIMIT_EXPIRING + 2; i++)
    {
      BytestagKvpRecord record = { .id = make_id (i, i), .until = i < 2 ? 20 : 10 };

      write_value (table, &record, "a");
    }
  g_assert_true (bytestag_kvp_table_expire (kvp_table, 30));
  g_assert_cmpuint (bytestag_kvp_table_count_kept (kvp_table), ==, 2);
  g_assert_true (bytestag_kvp_table_lookup (kvp_table, &(BytestagKvpId) { 0 }, NULL));
  g_assert_false (bytestag_kvp_table_expire (kvp_table, 30));
  g_assert_cmpuint (bytestag_kvp_table_count_kept (kvp_table), ==, 0);
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

/* A value that @host stored, at so many steps from the center; its bytes do not matter. */
static BytestagKvpRecord
make_record (const char *host, guint32 distance, guint32 index)
{
  BytestagKvpRecord record = { .id = make_id (distance, index) };

  g_assert_true (bytestag_endpoint_set_host (&record.source, host, -1, 7001));

  return record;
}

static void
done_cb (const GError *error, gpointer user_data)
{
  *(gboolean *) user_data = error == NULL;
}

static gboolean
store (BytestagMemoryTable *table, const char *host, guint32 distance, guint size)
{
  g_autofree char *bytes = g_malloc0 (size + 1);
  g_autoptr (GBytes) value = g_bytes_new (bytes, size);
  BytestagKvpRecord record = make_record (host, distance, 0);
  gboolean kept = FALSE;
  gboolean can_keep;

  record.size = size;
  can_keep = bytestag_kvp_table_can_keep (BYTESTAG_KVP_TABLE (table), &record);
  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (table), &record, value, done_cb, &kept);
  g_assert_cmpint (can_keep, ==, kept);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), <=, 10000);

  return kept;
}

static gboolean
is_held (BytestagMemoryTable *table, guint32 distance)
{
  BytestagKvpId id = make_id (distance, 0);

  return bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &id, NULL);
}

/* Three quarters full of what came from 80 networks. */
static BytestagMemoryTable *
make_crowded_table (void)
{
  BytestagMemoryTable *table = bytestag_memory_table_new (10000);

  for (guint i = 0; i < 80; i++)
    {
      g_autofree char *host = g_strdup_printf ("30.0.%u.1", i);

      g_assert_true (store (table, host, 100 + i, 94));
    }
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), >, 7500);

  return table;
}

#define SHARE_OF_ADDRESS (10000 * BYTESTAG_LIMIT_PERCENT_OF_ADDRESS / 100)
#define SHARE_OF_NETWORK (10000 * BYTESTAG_LIMIT_PERCENT_OF_NETWORK / 100)

/* An address may take its percent, and its network more, once the table is three quarters
 * full. */
static void
test_quota (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);
  g_autoptr (BytestagMemoryTable) crowded = make_crowded_table ();

  /* There is room for all. */
  g_assert_true (store (table, "20.0.0.1", 1, 7500));
  g_assert_true (store (table, "20.0.0.1", 3, 1));
  g_assert_false (store (table, "20.0.0.1", 2, 1));
  g_assert_true (store (table, "20.0.1.1", 2, 100));

  g_assert_false (store (crowded, "20.0.0.1", 1, SHARE_OF_ADDRESS + 1));
  g_assert_true (store (crowded, "20.0.0.1", 1, SHARE_OF_ADDRESS - 40));
  g_assert_false (store (crowded, "20.0.0.1", 2, 41));
  g_assert_true (store (crowded, "20.0.0.1", 2, 40));
  g_assert_true (store (crowded, "20.0.0.2", 3, SHARE_OF_ADDRESS));
  g_assert_true (store (crowded, "20.0.0.3", 4, SHARE_OF_ADDRESS));
  g_assert_true (store (crowded, "20.0.0.4", 5, SHARE_OF_NETWORK - 3 * SHARE_OF_ADDRESS - 1));
  g_assert_false (store (crowded, "20.0.0.5", 6, 2));
  g_assert_true (store (crowded, "20.0.0.5", 6, 1));

  g_assert_true (store (crowded, "2a00:0:0:1::1", 7, 100));
  g_assert_false (store (crowded, "2a00:0:0:1::1", 8, 1));
  g_assert_true (store (crowded, "2a00:0:0:1::2", 8, 100));
  g_assert_true (store (crowded, "2a00:0:0:1::3", 9, 100));
  g_assert_true (store (crowded, "2a00:0:0:1::4", 10, 100));
  g_assert_false (store (crowded, "2a00:0:0:1:ffff::1", 11, 1));
  g_assert_true (store (crowded, "2a00:0:0:2::1", 11, 100));
}

/* What goes gives its share back. */
static void
test_quota_returns (void)
{
  g_autoptr (BytestagMemoryTable) table = make_crowded_table ();
  BytestagKvpId id = make_id (1, 0);

  g_assert_true (store (table, "20.0.0.1", 1, 100));
  g_assert_false (store (table, "20.0.0.1", 2, 100));
  g_assert_true (bytestag_kvp_table_remove (BYTESTAG_KVP_TABLE (table), &id));
  g_assert_true (store (table, "20.0.0.1", 2, 100));
}

/* Small values do not go below the quota: each takes a place. */
static void
test_quota_of_values (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10 * BYTESTAG_LIMIT_MEMORY_TABLE_VALUES);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);
  g_autofree char *zeros = g_malloc0 (760000);
  g_autoptr (GBytes) large = g_bytes_new (zeros, 760000);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  BytestagKvpRecord record = make_record ("30.0.0.1", 9, 0);
  guint n_calls = 0;

  bytestag_kvp_table_write (kvp_table, &record, large, expect_written_cb, &n_calls);
  for (guint i = 0; i < BYTESTAG_LIMIT_MEMORY_TABLE_VALUES / 100; i++)
    {
      record = make_record ("20.0.0.1", 1, i);
      bytestag_kvp_table_write (kvp_table, &record, empty, expect_written_cb, &n_calls);
    }
  record = make_record ("20.0.0.1", 2, 0);
  g_assert_false (bytestag_kvp_table_can_keep (kvp_table, &record));
  record = make_record ("20.0.0.2", 2, 0);
  g_assert_true (bytestag_kvp_table_can_keep (kvp_table, &record));
}

/* Private networks and the person have no quota, unless a test wants it (B.5). */
static void
test_quota_exempts (void)
{
  static const char *const hosts[] = { "127.0.0.1", "192.168.1.2", "10.0.0.1", "fe80::1", "::1" };
  g_autoptr (BytestagMemoryTable) limited = bytestag_memory_table_new (10000);
  g_autoptr (BytestagMemoryTable) table = make_crowded_table ();
  BytestagKvpRecord own = make_record ("20.0.0.1", 50, 0);

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    g_assert_true (store (table, hosts[i], i, 300));
  own.size = 300;
  g_assert_false (bytestag_kvp_table_can_keep (BYTESTAG_KVP_TABLE (table), &own));
  own.is_original = TRUE;
  g_assert_true (bytestag_kvp_table_can_keep (BYTESTAG_KVP_TABLE (table), &own));

  bytestag_memory_table_set_limits_private (limited, TRUE);
  g_assert_true (store (limited, "127.0.0.1", 1, 7600));
  g_assert_false (store (limited, "127.0.0.1", 2, 1));
  g_assert_true (store (limited, "192.168.0.1", 2, 100));
  g_assert_true (store (limited, "192.168.0.2", 3, 100));
  g_assert_true (store (limited, "192.168.0.3", 4, 100));
  g_assert_true (store (limited, "192.168.0.4", 5, 100));
  g_assert_false (store (limited, "192.168.0.5", 6, 1));
}

/* A full table: the source with the most bytes loses what is farthest from the center,
 * but never what is nearer than what comes. */
static void
test_eviction (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);
  BytestagKvpRecord same_key = make_record ("50.0.0.1", 90, 1);
  const BytestagKey center = { { 0 } };

  bytestag_kvp_table_set_center (BYTESTAG_KVP_TABLE (table), &center);
  for (guint i = 0; i < 10; i++)
    g_assert_true (store (table, "20.0.0.1", 10 + 10 * i, 600));
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *host = g_strdup_printf ("30.0.%u.1", i);

      g_assert_true (store (table, host, 1000 + i, 100));
    }
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (table), ==, 10000);

  /* 1039 is farther, but of a source with fewer bytes. */
  g_assert_true (store (table, "40.0.0.1", 55, 100));
  g_assert_false (is_held (table, 100));
  g_assert_true (is_held (table, 1039));
  g_assert_true (is_held (table, 90));

  /* It made room for some more. */
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *host = g_strdup_printf ("40.0.%u.1", i + 1);

      g_assert_true (store (table, host, 91 + i, 100));
    }
  g_assert_true (is_held (table, 90));

  /* Farther than what it would push out, and just as far. */
  g_assert_false (store (table, "50.0.0.1", 97, 100));
  same_key.size = 100;
  g_assert_false (bytestag_kvp_table_can_keep (BYTESTAG_KVP_TABLE (table), &same_key));
  g_assert_true (is_held (table, 90));
  g_assert_true (store (table, "50.0.0.1", 89, 100));
  g_assert_false (is_held (table, 90));
}

/* Several go for one, or none when one of them is too near. */
static void
test_eviction_of_many (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);

  /* Private, so that no quota stands before. */
  for (guint i = 0; i < 50; i++)
    g_assert_true (store (table, "10.0.0.1", 2 + 2 * i, 200));

  g_assert_false (store (table, "10.0.0.2", 97, 500));
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 50);
  g_assert_true (store (table, "10.0.0.2", 95, 500));
  for (guint i = 0; i < 50; i++)
    g_assert_cmpint (is_held (table, 2 + 2 * i), ==, i < 47);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (kvp_table), ==, 48);

  /* More than there is. */
  g_assert_false (store (table, "10.0.0.2", 1, 10001));
  g_assert_cmpuint (bytestag_kvp_table_count_kept (kvp_table), ==, 48);
}

/* Nobody has us search for long what would have to go for him (B.5). */
static void
test_limit_victims (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);

  for (guint i = 0; i < 1000; i++)
    g_assert_true (store (table, "10.0.0.1", 2 + i, 10));

  g_assert_false (store (table, "10.0.0.2", 1, 10 * BYTESTAG_LIMIT_VICTIMS + 1));
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1000);
  g_assert_true (store (table, "10.0.0.2", 1, 10 * BYTESTAG_LIMIT_VICTIMS));
  g_assert_cmpuint (bytestag_memory_table_get_n_values (table), ==, 1001 - BYTESTAG_LIMIT_VICTIMS);
}

/* The center may be told late; distances are from it. */
static void
test_center (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);
  BytestagKvpId center = make_id (1000, 0);

  for (guint i = 0; i < 100; i++)
    g_assert_true (store (table, "10.0.0.1", 900 + i, 100));
  bytestag_kvp_table_set_center (BYTESTAG_KVP_TABLE (table), &center.key);
  /* 919 ^ 1000 is 127, and no other is as far. */
  g_assert_true (store (table, "10.0.0.2", 1000, 100));
  g_assert_false (is_held (table, 919));
  g_assert_true (is_held (table, 999));
}

/* What the person shares never makes room, and has no share of others'. */
static void
test_eviction_spares_originals (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (10000);
  g_autofree char *zeros = g_malloc0 (9900);
  g_autoptr (GBytes) value = g_bytes_new (zeros, 9900);
  BytestagKvpRecord own = { .id = make_id (G_MAXUINT32, 0), .is_original = TRUE };
  guint n_calls = 0;

  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (table), &own, value, expect_written_cb, &n_calls);
  g_assert_false (store (table, "10.0.0.1", 1, 101));
  g_assert_true (store (table, "10.0.0.1", 2, 100));
  g_assert_true (store (table, "10.0.0.1", 1, 100));
  g_assert_false (is_held (table, 2));
  g_assert_true (is_held (table, G_MAXUINT32));
  g_assert_cmpuint (bytestag_kvp_table_count_kept (BYTESTAG_KVP_TABLE (table)), ==, 1);
}

/* A replica counts for whoever stored the value first (B.5). */
static void
test_first_source (void)
{
  g_autoptr (BytestagMemoryTable) table = make_crowded_table ();
  BytestagKvpRecord record = make_record ("20.0.0.9", 1, 0);
  BytestagKvpRecord found;

  g_assert_true (store (table, "20.0.0.1", 1, 100));
  write_value (table, &record, "again");
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &record.id, &found));
  g_assert_cmpint (found.source.address[3], ==, 1);
  g_assert_cmpuint (found.size, ==, 100);
  g_assert_false (store (table, "20.0.0.1", 2, 1));
  g_assert_true (store (table, "20.0.0.9", 2, 100));

  /* An update changes it no more than a write. */
  g_assert_true (bytestag_kvp_table_update (BYTESTAG_KVP_TABLE (table), &record));
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (table), &record.id, &found));
  g_assert_cmpint (found.source.address[3], ==, 1);
  g_assert_cmpuint (found.size, ==, 100);
}

static void
test_update (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);
  BytestagKvpRecord record = { .id = make_id (1, 1), .last_update = 1000, .time_to_live = 20 };
  BytestagKvpRecord own = { .id = make_id (2, 2), .is_original = TRUE };
  BytestagKvpRecord found;

  g_assert_false (bytestag_kvp_table_update (kvp_table, &record));
  write_value (table, &record, "a");
  write_value (table, &own, "b");
  g_assert_false (bytestag_kvp_table_update (kvp_table, &own));

  record.until = 2000;
  record.copies = 5;
  record.replicated = 1500;
  record.handed_over = TRUE;
  g_assert_true (bytestag_kvp_table_update (kvp_table, &record));
  g_assert_true (bytestag_kvp_table_lookup (kvp_table, &record.id, &found));
  g_assert_cmpuint (found.copies, ==, 5);
  g_assert_cmpint (found.replicated, ==, 1500);
  g_assert_true (found.handed_over);
  g_assert_cmpuint (found.size, ==, 1);

  bytestag_kvp_table_expire (kvp_table, 2000);
  assert_read (table, &record.id, "a");
  bytestag_kvp_table_expire (kvp_table, 2001);
  assert_read (table, &record.id, NULL);
}

static void
test_visit_kept (void)
{
  g_autoptr (BytestagMemoryTable) table = bytestag_memory_table_new (1000);
  BytestagKvpTable *kvp_table = BYTESTAG_KVP_TABLE (table);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKvpRecord own = { .id = make_id (2, 0), .is_original = TRUE };
  BytestagKvpId between = make_id (1, 7);

  write_id (table, 3, 0, "a");
  write_id (table, 1, 5, "b");
  write_id (table, 1, 9, "c");
  write_id (table, 4, 0, "d");
  write_value (table, &own, "e");
  g_assert_cmpuint (bytestag_kvp_table_count_kept (kvp_table), ==, 4);

  g_assert_cmpuint (bytestag_kvp_table_visit_kept (kvp_table, NULL, 3, collect_cb, ids), ==, 3);
  g_assert_cmpuint (bytestag_kvp_table_visit_kept (kvp_table, &g_array_index (ids, BytestagKvpId, 2), 3, collect_cb,
                                                   ids), ==, 1);
  for (guint i = 0; i < ids->len; i++)
    {
      const guint32 expected[][2] = { { 1, 5 }, { 1, 9 }, { 3, 0 }, { 4, 0 } };
      BytestagKvpId id = make_id (expected[i][0], expected[i][1]);

      g_assert_true (bytestag_kvp_id_equal (&g_array_index (ids, BytestagKvpId, i), &id));
    }
  g_array_set_size (ids, 0);
  g_assert_cmpuint (bytestag_kvp_table_visit_kept (kvp_table, &between, 9, collect_cb, ids), ==, 3);
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
  g_test_add_func ("/storage/memory-table/expire-bounded", test_expire_bounded);
  g_test_add_func ("/storage/memory-table/quota", test_quota);
  g_test_add_func ("/storage/memory-table/quota-returns", test_quota_returns);
  g_test_add_func ("/storage/memory-table/quota-of-values", test_quota_of_values);
  g_test_add_func ("/storage/memory-table/quota-exempts", test_quota_exempts);
  g_test_add_func ("/storage/memory-table/eviction", test_eviction);
  g_test_add_func ("/storage/memory-table/eviction-of-many", test_eviction_of_many);
  g_test_add_func ("/storage/memory-table/limit-victims", test_limit_victims);
  g_test_add_func ("/storage/memory-table/eviction-spares-originals", test_eviction_spares_originals);
  g_test_add_func ("/storage/memory-table/center", test_center);
  g_test_add_func ("/storage/memory-table/first-source", test_first_source);
  g_test_add_func ("/storage/memory-table/update", test_update);
  g_test_add_func ("/storage/memory-table/visit-kept", test_visit_kept);
  g_test_add_func ("/storage/memory-table/notify", test_notify);
  g_test_add_func ("/storage/memory-table/finalize", test_finalize);

  return g_test_run ();
}
