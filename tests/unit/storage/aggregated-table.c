/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/aggregated-table.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/memory-table.h"

typedef struct
{
  BytestagMemoryTable *first;
  BytestagMemoryTable *second;
  BytestagAggregatedTable *table;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->first = bytestag_memory_table_new (1000);
  fixture->second = bytestag_memory_table_new (1000);
  fixture->table = bytestag_aggregated_table_new (BYTESTAG_KVP_TABLE (fixture->first),
                                                  BYTESTAG_KVP_TABLE (fixture->second));
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_assert_finalize_object (fixture->table);
  g_assert_finalize_object (fixture->first);
  g_assert_finalize_object (fixture->second);
}

static BytestagKvpId
make_id (guint8 key, guint8 index)
{
  return (BytestagKvpId) { .key.bytes = { key }, .index.bytes = { index } };
}

static void
write_value (gpointer table, guint8 key, guint8 index, gdouble last_update, const char *text)
{
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .id = make_id (key, index), .last_update = last_update };

  bytestag_kvp_table_write (table, &record, value, NULL, NULL);
}

static void
copy_text_cb (GBytes *value, const GError *error, gpointer user_data)
{
  GString *text = user_data;

  if (error != NULL)
    g_string_append_printf (text, "error %d", error->code);
  else
    g_string_append_len (text, g_bytes_get_data (value, NULL), (gssize) g_bytes_get_size (value));
}

static void
assert_read (gpointer table, guint8 key, guint8 index, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  BytestagKvpId id = make_id (key, index);

  bytestag_kvp_table_read (table, &id, copy_text_cb, text);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_lookup_and_read (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *not_found = g_strdup_printf ("error %d", BYTESTAG_ERROR_NOT_FOUND);
  BytestagKvpTable *table = BYTESTAG_KVP_TABLE (fixture->table);
  BytestagKvpId both = make_id (1, 1);
  BytestagKvpId none = make_id (3, 3);
  BytestagKvpRecord record;

  write_value (fixture->first, 1, 1, 11, "first");
  write_value (fixture->second, 1, 1, 22, "second");
  write_value (fixture->second, 2, 2, 0, "alone");

  g_assert_true (bytestag_kvp_table_lookup (table, &both, &record));
  g_assert_cmpfloat (record.last_update, ==, 11);
  g_assert_false (bytestag_kvp_table_lookup (table, &none, &record));
  assert_read (table, 1, 1, "first");
  assert_read (table, 2, 2, "alone");
  assert_read (table, 3, 3, not_found);
}

static void
expect_copies_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_assert_cmpuint (record->copies, ==, GPOINTER_TO_UINT (user_data));
}

static void
test_writes_go_to_second (Fixture *fixture, gconstpointer user_data)
{
  BytestagKvpTable *table = BYTESTAG_KVP_TABLE (fixture->table);
  BytestagKvpId id = make_id (1, 1);
  BytestagKvpRecord offer = { .id = id, .size = 1000 };

  g_assert_true (bytestag_kvp_table_can_keep (table, &offer));
  offer.size++;
  g_assert_false (bytestag_kvp_table_can_keep (table, &offer));
  write_value (table, 1, 1, 0, "value");
  g_assert_cmpuint (bytestag_memory_table_get_n_values (fixture->first), ==, 0);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (fixture->second), ==, 1);

  /* So does all that is about what is kept for others. */
  offer.until = 50;
  offer.copies = 3;
  g_assert_true (bytestag_kvp_table_update (table, &offer));
  g_assert_true (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (fixture->second), &id, &offer));
  g_assert_cmpint (offer.until, ==, 50);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (table), ==, 1);
  g_assert_cmpuint (bytestag_kvp_table_visit_kept (table, NULL, 9, expect_copies_cb, GUINT_TO_POINTER (3)), ==, 1);
  bytestag_kvp_table_expire (table, 51);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (fixture->second), ==, 0);
  write_value (table, 1, 1, 0, "value");

  write_value (fixture->first, 2, 2, 0, "shared");
  id = make_id (2, 2);
  g_assert_false (bytestag_kvp_table_remove (table, &id));
  id = make_id (1, 1);
  g_assert_true (bytestag_kvp_table_remove (table, &id));
  g_assert_cmpuint (bytestag_memory_table_get_n_values (fixture->first), ==, 1);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (fixture->second), ==, 0);
}

static void
describe_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_string_append_printf (user_data, "%u:%.0f ", record->id.index.bytes[0], record->last_update);
}

/* In order of index, and what both hold once, as the first has it. */
static void
test_visit_key (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  BytestagKey key = make_id (1, 0).key;

  write_value (fixture->first, 1, 5, 1, "a");
  write_value (fixture->first, 1, 2, 1, "b");
  write_value (fixture->first, 2, 1, 1, "c");
  write_value (fixture->second, 1, 9, 2, "d");
  write_value (fixture->second, 1, 5, 2, "e");
  write_value (fixture->second, 1, 1, 2, "f");

  g_assert_cmpuint (bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (fixture->table), &key, describe_cb, text),
                    ==, 4);
  g_assert_cmpstr (text->str, ==, "1:2 2:1 5:1 9:2 ");
}

static void
test_limit_indices_of_key (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  BytestagKey key = make_id (1, 0).key;

  for (guint8 i = 0; i < BYTESTAG_LIMIT_INDICES_OF_KEY; i++)
    {
      write_value (fixture->first, 1, (guint8) (2 * i), 0, "");
      write_value (fixture->second, 1, (guint8) (2 * i + 1), 0, "");
    }

  g_assert_cmpuint (bytestag_kvp_table_visit_key (BYTESTAG_KVP_TABLE (fixture->table), &key, describe_cb, text),
                    ==, BYTESTAG_LIMIT_INDICES_OF_KEY);
  g_assert_true (g_str_has_prefix (text->str, "0:0 1:0 2:0 "));
  g_assert_true (g_str_has_suffix (text->str, " 62:0 63:0 "));
}

#define ADD(name, test) g_test_add ("/storage/aggregated-table/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("lookup-and-read", test_lookup_and_read);
  ADD ("writes-go-to-second", test_writes_go_to_second);
  ADD ("visit-key", test_visit_key);
  ADD ("limit-indices-of-key", test_limit_indices_of_key);

  return g_test_run ();
}
