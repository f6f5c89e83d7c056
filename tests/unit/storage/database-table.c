/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "disk-fixture.h"

static void
test_write_and_read (BytestagDiskFixture *self, gconstpointer user_data)
{
  const gsize sizes[] = { 0, 1, SMALL, BYTESTAG_LIMIT_VALUE_IN_ROW, LARGE, 262144, BYTESTAG_LIMIT_KEPT_VALUE };
  BytestagAnswers answers = { 0 };
  guint n_files = 0;

  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      BytestagKvpId id = disk_write_value (self, i, sizes[i], &answers);

      /* Not before it is on the disk. */
      g_assert_false (disk_is_held (self, &id));
      n_files += sizes[i] > BYTESTAG_LIMIT_VALUE_IN_ROW;
    }
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  disk_run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US - 1);
  g_assert_cmpuint (answers.n_good, ==, 0);
  disk_run_for (self, 1);
  g_assert_cmpuint (answers.n_good, ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (disk_count_files (self), ==, n_files);

  for (guint turn = 0; turn < 2; turn++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        disk_assert_value (self, i, sizes[i]);
      disk_open_again (self);
    }
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
  g_assert_null (bytestag_database_table_get_problem (self->table));
}

/* One byte more than a value may have (BYTESTAG_LIMIT_KEPT_VALUE). */
static void
test_too_large (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  disk_write_value (self, 1, BYTESTAG_LIMIT_KEPT_VALUE + 1, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  g_assert_cmpint (answers.code, ==, BYTESTAG_ERROR_FULL);
}

/* All of the record comes back. */
static void
test_record (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpRecord record;
  BytestagKvpRecord found;
  g_autoptr (GBytes) value = disk_make_value (1, SMALL, &record);

  record.id.key.bytes[0] ^= 1;
  record.timestamp = (G_GINT64_CONSTANT (1) << 40) - 1;
  record.has_timestamp = TRUE;
  record.time_to_live = 86400;
  record.last_update = 1700000000.25;
  record.until = 1800000000;
  record.replicated = 1700000001;
  record.kind = BYTESTAG_KVP_CATALOGUE;
  record.copies = 20;
  record.handed_over = TRUE;
  g_assert_true (bytestag_endpoint_parse (&record.source, "[2a00::7]:7001", NULL));
  bytestag_kvp_table_write (disk_as_table (self), &record, value, NULL, NULL);
  disk_run_for (self, SECOND);

  for (guint turn = 0; turn < 2; turn++)
    {
      g_assert_true (bytestag_kvp_table_lookup (disk_as_table (self), &record.id, &found));
      g_assert_true (bytestag_kvp_id_equal (&found.id, &record.id));
      g_assert_cmpuint (found.size, ==, SMALL);
      g_assert_cmpint (found.timestamp, ==, record.timestamp);
      g_assert_true (found.has_timestamp);
      g_assert_cmpfloat (found.time_to_live, ==, record.time_to_live);
      g_assert_cmpfloat (found.last_update, ==, record.last_update);
      g_assert_cmpint (found.until, ==, record.until);
      g_assert_cmpint (found.replicated, ==, record.replicated);
      g_assert_cmpuint (found.kind, ==, record.kind);
      g_assert_cmpuint (found.copies, ==, 20);
      g_assert_true (found.handed_over);
      g_assert_false (found.is_original);
      g_assert_true (bytestag_endpoint_equal (&found.source, &record.source));
      disk_open_again (self);
    }
}

/* An update, and a second store, are on the disk with the next group. */
static void
test_update (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId id = disk_write_value (self, 1, LARGE, NULL);
  BytestagKvpRecord record;
  BytestagAnswers answers = { 0 };

  disk_run_for (self, SECOND);
  g_assert_true (bytestag_kvp_table_lookup (disk_as_table (self), &id, &record));
  for (guint i = 0; i < 1000; i++)
    {
      record.replicated = 1700000000 + i;
      g_assert_true (bytestag_kvp_table_update (disk_as_table (self), &record));
    }
  disk_run_for (self, SECOND);
  disk_write_value (self, 1, LARGE, &answers);
  g_assert_cmpuint (answers.n_good, ==, 0);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 1);

  record.replicated = 1700009999;
  g_assert_true (bytestag_kvp_table_update (disk_as_table (self), &record));
  disk_open_again (self);
  g_assert_true (bytestag_kvp_table_lookup (disk_as_table (self), &id, &record));
  g_assert_cmpint (record.replicated, ==, 1700009999);
  disk_assert_value (self, 1, LARGE);
}

/* Twice at one time: one value, and both are told when it is there. */
static void
test_write_again_while_pending (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };
  BytestagKvpId id = disk_write_value (self, 1, LARGE, &answers);

  disk_write_value (self, 1, LARGE, &answers);
  disk_write_value (self, 1, LARGE, &answers);
  g_assert_false (disk_is_held (self, &id));
  g_assert_false (bytestag_kvp_table_remove (disk_as_table (self), &id));
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 3);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, LARGE);
  disk_open_again (self);
  disk_assert_value (self, 1, LARGE);
}

static void
test_remove (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId small = disk_write_value (self, 1, SMALL, NULL);
  BytestagKvpId large = disk_write_value (self, 2, LARGE, NULL);
  BytestagKvpId again = disk_write_value (self, 3, LARGE, NULL);

  disk_run_for (self, SECOND);
  g_assert_true (bytestag_kvp_table_remove (disk_as_table (self), &small));
  g_assert_true (bytestag_kvp_table_remove (disk_as_table (self), &large));
  g_assert_true (bytestag_kvp_table_remove (disk_as_table (self), &again));
  g_assert_false (bytestag_kvp_table_remove (disk_as_table (self), &large));
  g_assert_false (disk_is_held (self, &large));
  g_assert_cmpint (disk_read_value (self, &large, NULL), ==, BYTESTAG_ERROR_NOT_FOUND);
  /* In the same group as it goes. */
  disk_write_value (self, 3, LARGE, NULL);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_files (self), ==, 1);

  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  disk_assert_value (self, 3, LARGE);
}

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, record->id);
}

/* In order, and the same after a restart; what is pending is in none. */
static void
test_visits (BytestagDiskFixture *self, gconstpointer user_data)
{
  GArray *all[2];
  g_autoptr (GArray) under = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKey key = { { 7 } };

  for (guint i = 0; i < 40; i++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = disk_make_value (i, SMALL, &record);

      if (i % 4 == 0)
        record.id.key = key;
      bytestag_kvp_table_write (disk_as_table (self), &record, value, NULL, NULL);
    }
  g_assert_cmpuint (bytestag_kvp_table_visit_key (disk_as_table (self), &key, collect_cb, under), ==, 0);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (disk_as_table (self)), ==, 0);
  disk_run_for (self, SECOND);

  g_assert_cmpuint (bytestag_kvp_table_visit_key (disk_as_table (self), &key, collect_cb, under), ==, 10);
  for (guint i = 1; i < 10; i++)
    g_assert_cmpint (bytestag_kvp_id_compare (&g_array_index (under, BytestagKvpId, i - 1),
                                              &g_array_index (under, BytestagKvpId, i)), <, 0);

  for (guint turn = 0; turn < 2; turn++)
    {
      all[turn] = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
      g_assert_cmpuint (bytestag_kvp_table_count_kept (disk_as_table (self)), ==, 40);
      while (bytestag_kvp_table_visit_kept (disk_as_table (self),
                                            all[turn]->len > 0
                                            ? &g_array_index (all[turn], BytestagKvpId, all[turn]->len - 1) : NULL,
                                            7, collect_cb, all[turn]) > 0)
        ;
      g_assert_cmpuint (all[turn]->len, ==, 40);
      disk_open_again (self);
    }
  g_assert_cmpmem (all[0]->data, 40 * sizeof (BytestagKvpId), all[1]->data, 40 * sizeof (BytestagKvpId));
  g_array_unref (all[0]);
  g_array_unref (all[1]);
}

/* In slices of BYTESTAG_LIMIT_EXPIRING, and off the disk. */
static void
test_expires (BytestagDiskFixture *self, gconstpointer user_data)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_EXPIRING + 5; i++)
    disk_write_value (self, i, SMALL, NULL);
  disk_run_for (self, SECOND);

  g_assert_false (bytestag_kvp_table_expire (disk_as_table (self), 2000000000));
  g_assert_true (bytestag_kvp_table_expire (disk_as_table (self), 2000000000 + BYTESTAG_LIMIT_EXPIRING + 3));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 5);
  g_assert_false (bytestag_kvp_table_expire (disk_as_table (self), 2000000000 + BYTESTAG_LIMIT_EXPIRING + 3));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 2);
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 2);
}

/* Nothing is kept before a limit was chosen. */
static void
test_no_limit_chosen (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = disk_make_value (1, 0, &record);

  disk_close_table (self);
  self->max_bytes = 0;
  disk_open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_max_bytes (self->table), ==, 0);
  g_assert_false (bytestag_kvp_table_can_keep (disk_as_table (self), &record));
  disk_write_value (self, 1, 0, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  bytestag_database_table_set_max_bytes (self->table, 1000);
  g_assert_true (bytestag_kvp_table_can_keep (disk_as_table (self), &record));
}

/* What is above a lower limit goes in slices (BYTESTAG_LIMIT_SETTLING), farthest first; 0
 * keeps nothing, not even what is empty. */
static void
test_lower_limit (BytestagDiskFixture *self, gconstpointer user_data)
{
  const guint n = 3 * BYTESTAG_LIMIT_SETTLING;
  const BytestagKey center = { { 0 } };
  g_autoptr (GArray) before = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  g_autoptr (GArray) after = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  bytestag_kvp_table_set_center (disk_as_table (self), &center);
  for (guint i = 0; i < n; i++)
    disk_write_value (self, i, 1000, NULL);
  disk_write_value (self, n, 0, NULL);
  disk_run_for (self, SECOND);
  bytestag_kvp_table_visit_kept (disk_as_table (self), NULL, n, collect_cb, before);

  bytestag_database_table_set_max_bytes (self->table, 100 * 1000);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, n + 1);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 100 * 1000);
  bytestag_kvp_table_visit_kept (disk_as_table (self), NULL, n, collect_cb, after);
  g_assert_cmpmem (after->data, 100 * sizeof (BytestagKvpId), before->data, 100 * sizeof (BytestagKvpId));
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 100 * 1000);

  bytestag_database_table_set_max_bytes (self->table, 0);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  self->max_bytes = PLENTY;
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
}

/* A limit that is lower at the start than what is there. */
static void
test_lower_limit_at_start (BytestagDiskFixture *self, gconstpointer user_data)
{
  for (guint i = 0; i < 50; i++)
    disk_write_value (self, i, LARGE, NULL);
  disk_run_for (self, SECOND);
  disk_close_table (self);
  self->max_bytes = 10 * LARGE;
  disk_open_table (self);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 10);
  g_assert_cmpuint (disk_count_files (self), ==, 10);
}

/* Full: what is farther makes room, on the disk too, and a network has a quota. */
static void
test_makes_room (BytestagDiskFixture *self, gconstpointer user_data)
{
  const BytestagKey center = { { 0 } };
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = disk_make_value (77, 1000, &record);
  BytestagAnswers answers = { 0 };

  bytestag_kvp_table_set_center (disk_as_table (self), &center);
  bytestag_database_table_set_max_bytes (self->table, 10000);
  disk_run_for (self, 0);
  for (guint i = 0; i < 10; i++)
    disk_write_value (self, i, 1000, &answers);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 10);

  record.id.key = (BytestagKey) { { 0xff, 0xff, 0xff } };
  g_assert_false (bytestag_kvp_table_can_keep (disk_as_table (self), &record));
  record.id.key = center;
  g_assert_true (bytestag_kvp_table_can_keep (disk_as_table (self), &record));
  bytestag_kvp_table_write (disk_as_table (self), &record, value, disk_written_cb, &answers);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 10000);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 11);
  self->max_bytes = 10000;
  disk_open_again (self);
  g_assert_true (disk_is_held (self, &record.id));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 10);

  bytestag_endpoint_parse (&record.source, "20.0.0.1:7001", NULL);
  record.id.key.bytes[19] = 1;
  g_assert_false (bytestag_kvp_table_can_keep (disk_as_table (self), &record));
}

/* A group does not wait when it is as large as groups get. */
static void
test_limit_group (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers large = { 0 };
  BytestagAnswers many = { 0 };
  guint n = BYTESTAG_LIMIT_GROUP_BYTES / 262144;

  for (guint i = 0; i < n; i++)
    disk_write_value (self, i, 262144, &large);
  disk_run_for (self, 0);
  g_assert_cmpuint (large.n_good, ==, n);

  /* Told in slices: none takes long. */
  for (guint i = 0; i < BYTESTAG_LIMIT_GROUP_CHANGES + 1; i++)
    disk_write_value (self, 1000 + i, 8, &many);
  g_assert_cmpuint (many.n_good, ==, 0);
  disk_run_for (self, 0);
  g_assert_cmpuint (many.n_good, ==, BYTESTAG_LIMIT_GROUP_CHANGES);
  g_assert_cmpuint (BYTESTAG_LIMIT_GROUP_CHANGES, >, BYTESTAG_LIMIT_COMPLETIONS);
  disk_run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US);
  g_assert_cmpuint (many.n_good, ==, BYTESTAG_LIMIT_GROUP_CHANGES + 1);
}

/* A slow disk: what would be too much to wait is refused, and goes on when it is through. */
static void
test_limit_waiting (BytestagDiskFixture *self, gconstpointer user_data)
{
  const guint n = (BYTESTAG_LIMIT_WAITING_BYTES + BYTESTAG_LIMIT_GROUP_BYTES) / 262144;
  BytestagKvpRecord offer = { .id.key.bytes = { 1 }, .size = 1 };
  BytestagAnswers answers = { 0 };

  bytestag_database_table_set_max_bytes (self->table, G_GUINT64_CONSTANT (1) << 30);
  disk_run_for (self, 0);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (bytestag_kvp_table_can_keep (disk_as_table (self), &offer));
      disk_write_value (self, i, 262144, &answers);
    }
  g_assert_cmpuint (answers.n_good + answers.n_failed, ==, 0);
  g_assert_false (bytestag_kvp_table_can_keep (disk_as_table (self), &offer));
  disk_write_value (self, n, 262144, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, n);
  g_assert_true (bytestag_kvp_table_can_keep (disk_as_table (self), &offer));
}

/* Files come into one folder until it is full, and take it with them when they go. */
static void
test_limit_folder (BytestagDiskFixture *self, gconstpointer user_data)
{
  const guint n = BYTESTAG_LIMIT_FILES_OF_FOLDER + BYTESTAG_LIMIT_UNSYNCED_FILES + 1;
  g_autofree char *first = g_build_filename (self->folder, "values", "00000000", NULL);
  g_autofree char *second = g_build_filename (self->folder, "values", "00000001", NULL);
  g_autofree char *third = g_build_filename (self->folder, "values", "00000002", NULL);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagAnswers answers = { 0 };

  for (guint i = 0; i < n; i++)
    {
      BytestagKvpId id = disk_write_value (self, i, LARGE, &answers);

      g_array_append_val (ids, id);
    }
  disk_run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, n);
  g_assert_cmpuint (disk_count_files (self), ==, n);
  g_assert_true (g_file_test (first, G_FILE_TEST_IS_DIR));
  g_assert_true (g_file_test (second, G_FILE_TEST_IS_DIR));
  g_assert_false (g_file_test (third, G_FILE_TEST_EXISTS));
  disk_open_again (self);
  disk_assert_value (self, 0, LARGE);
  disk_assert_value (self, n - 1, LARGE);

  for (guint i = 0; i < n; i++)
    g_assert_true (bytestag_kvp_table_remove (disk_as_table (self), &g_array_index (ids, BytestagKvpId, i)));
  disk_run_for (self, SECOND);
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS));
  disk_write_value (self, n, LARGE, NULL);
  disk_open_again (self);
  disk_assert_value (self, n, LARGE);
}

/* It is there as soon as there is something that could have to go. */
static void
test_limit_reserve (BytestagDiskFixture *self, gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (self->folder, "reserve", NULL);
  GStatBuf status;

  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  disk_write_value (self, 1, SMALL, NULL);
  disk_run_for (self, SECOND);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_size, ==, BYTESTAG_LIMIT_RESERVE);
  g_assert_cmpint (status.st_blocks * 512, >=, BYTESTAG_LIMIT_RESERVE);
  bytestag_database_table_delete_all (self->table, NULL, NULL);
  disk_run_for (self, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* More than one batch of the worker, and than one event takes. */
static void
test_limit_loaded (BytestagDiskFixture *self, gconstpointer user_data)
{
  const guint n = BYTESTAG_LIMIT_LOADED_BATCH + BYTESTAG_LIMIT_LOADED + 3;

  for (guint i = 0; i < n; i++)
    disk_write_value (self, i, 4, NULL);
  disk_run_for (self, SECOND);
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, n);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
}

static void
deleted_cb (const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  (*(guint *) user_data)++;
}

/* At once nothing is held; what was on its way is not kept; then the space is there, and it
 * keeps values again. */
static void
test_delete_all (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers waiting = { 0 };
  guint n_deleted = 0;
  BytestagKvpId id;

  for (guint i = 0; i < 100; i++)
    disk_write_value (self, i, i % 2 == 0 ? SMALL : 100000, NULL);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_bytes (self), >, 5000000);

  id = disk_write_value (self, 1000, LARGE, &waiting);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  g_assert_cmpuint (waiting.n_failed, ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 0);
  disk_write_value (self, 1001, LARGE, &waiting);
  g_assert_cmpuint (waiting.n_failed, ==, 2);
  disk_run_for (self, 0);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_cmpuint (disk_count_files (self), ==, 0);
  g_assert_cmpuint (disk_count_set_aside (self), ==, 0);

  disk_write_value (self, 1002, LARGE, NULL);
  disk_run_for (self, SECOND);
  disk_assert_value (self, 1002, LARGE);
  disk_open_again (self);
  g_assert_false (disk_is_held (self, &id));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
}

/* Also one that does not open. */
static void
test_delete_all_failed (BytestagDiskFixture *self, gconstpointer user_data)
{
  guint n_deleted = 0;

  disk_write_value (self, 1, LARGE, NULL);
  disk_close_table (self);
  disk_execute (self, "DROP TABLE bytes; DROP TABLE records; CREATE TABLE records (x)");
  disk_open_table (self);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  disk_run_for (self, 0);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  disk_write_value (self, 1, LARGE, NULL);
  disk_run_for (self, SECOND);
  disk_assert_value (self, 1, LARGE);
}

/* What was removed is the disk's again (BYTESTAG_LIMIT_SHRINK_US later, in steps of
 * BYTESTAG_LIMIT_SHRINK_PAGES). */
static void
test_gives_space_back (BytestagDiskFixture *self, gconstpointer user_data)
{
  const guint n = 4 * BYTESTAG_LIMIT_SHRINK_PAGES * 4096 / 16000;
  guint64 full;

  for (guint i = 0; i < n; i++)
    disk_write_value (self, i, 16000, NULL);
  for (guint i = 0; i < 20; i++)
    disk_write_value (self, n + i, 100000, NULL);
  disk_run_for (self, 20 * SECOND);
  full = disk_count_bytes (self);

  bytestag_database_table_set_max_bytes (self->table, 100000);
  disk_run_for (self, BYTESTAG_LIMIT_SHRINK_US - 1);
  g_assert_cmpuint (disk_count_bytes (self), >, full / 2);
  disk_run_for (self, 10 * SECOND);
  g_assert_cmpuint (disk_count_bytes (self), <, full / 20);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", pspec->name);
}

static void
test_properties (BytestagDiskFixture *self, gconstpointer user_data)
{
  g_autoptr (GString) notified = g_string_new (NULL);
  g_autofree char *problem = NULL;
  BytestagDatabaseTableState state;
  guint64 max_bytes, n_bytes;
  guint n_values, n_damaged;

  g_signal_connect (self->table, "notify", G_CALLBACK (notified_cb), notified);
  g_object_set (self->table, "max-bytes", (guint64) 5000000, NULL);
  g_object_set (self->table, "max-bytes", (guint64) 5000000, NULL);
  g_assert_cmpstr (notified->str, ==, "max-bytes ");
  disk_write_value (self, 1, SMALL, NULL);
  disk_run_for (self, SECOND);
  g_assert_nonnull (strstr (notified->str, "n-values n-bytes"));
  g_object_get (self->table, "state", &state, "max-bytes", &max_bytes, "n-values", &n_values, "n-bytes", &n_bytes,
                "n-damaged", &n_damaged, "problem", &problem, NULL);
  g_assert_cmpint (state, ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_cmpuint (max_bytes, ==, 5000000);
  g_assert_cmpuint (n_values, ==, 1);
  g_assert_cmpuint (n_bytes, ==, SMALL);
  g_assert_cmpuint (n_damaged, ==, 0);
  g_assert_null (problem);
}

/* Closed at once: what was given is there. */
static void
test_close_flushes (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  disk_write_value (self, 1, LARGE, &answers);
  disk_write_value (self, 2, SMALL, &answers);
  bytestag_database_table_close (self->table);
  bytestag_database_table_close (self->table);
  disk_write_value (self, 3, SMALL, &answers);
  disk_run_for (self, 0);
  g_assert_cmpuint (answers.n_good, ==, 2);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  disk_open_again (self);
  disk_assert_value (self, 1, LARGE);
  disk_assert_value (self, 2, SMALL);
}

#define ADD(name, test) \
  g_test_add ("/storage/database-table/" name, BytestagDiskFixture, NULL, disk_set_up, test, disk_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("write-and-read", test_write_and_read);
  ADD ("too-large", test_too_large);
  ADD ("record", test_record);
  ADD ("update", test_update);
  ADD ("write-again-while-pending", test_write_again_while_pending);
  ADD ("remove", test_remove);
  ADD ("visits", test_visits);
  ADD ("expires", test_expires);
  ADD ("no-limit-chosen", test_no_limit_chosen);
  ADD ("lower-limit", test_lower_limit);
  ADD ("lower-limit-at-start", test_lower_limit_at_start);
  ADD ("makes-room", test_makes_room);
  ADD ("limits/group", test_limit_group);
  ADD ("limits/waiting", test_limit_waiting);
  ADD ("limits/folder", test_limit_folder);
  ADD ("limits/reserve", test_limit_reserve);
  ADD ("limits/loaded", test_limit_loaded);
  ADD ("delete-all/ready", test_delete_all);
  ADD ("delete-all/failed", test_delete_all_failed);
  ADD ("gives-space-back", test_gives_space_back);
  ADD ("properties", test_properties);
  ADD ("close-flushes", test_close_flushes);

  return g_test_run ();
}
