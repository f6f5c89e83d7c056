/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "disk-fixture.h"
#include "support/test-folder.h"

/* What others than this program left on the disk. */

static void
damage (const char *path, off_t offset)
{
  int fd = open (path, O_WRONLY);

  g_assert_cmpint (pwrite (fd, "damaged", 7, offset), ==, 7);
  close (fd);
}

/* A value that is not what its index says is not served, goes, and is counted. */
static void
test_damaged_value (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId changed = disk_write_value (self, 1, LARGE, NULL);
  BytestagKvpId gone = disk_write_value (self, 2, LARGE, NULL);
  g_autofree char *changed_path = NULL;
  g_autofree char *gone_path = NULL;

  disk_write_value (self, 3, LARGE, NULL);
  disk_run_for (self, SECOND);
  changed_path = disk_get_file (self, &changed);
  gone_path = disk_get_file (self, &gone);
  damage (changed_path, 1000);
  g_assert_cmpint (g_unlink (gone_path), ==, 0);

  g_assert_cmpint (disk_read_value (self, &changed, NULL), ==, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_false (disk_is_held (self, &changed));
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 1);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  g_assert_cmpint (disk_read_value (self, &gone, NULL), ==, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 2);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_files (self), ==, 1);
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
  disk_assert_value (self, 3, LARGE);
}

/* What is not there, or shorter, is noticed at the start; a link is not followed. */
static void
test_missing_file (BytestagDiskFixture *self, gconstpointer user_data)
{
  char *paths[3];

  for (guint i = 0; i < 3; i++)
    {
      BytestagKvpId id = disk_write_value (self, i, LARGE, NULL);

      disk_run_for (self, SECOND);
      paths[i] = disk_get_file (self, &id);
    }
  disk_write_value (self, 9, LARGE, NULL);
  disk_run_for (self, SECOND);
  disk_close_table (self);
  g_assert_cmpint (g_unlink (paths[0]), ==, 0);
  g_assert_cmpint (truncate (paths[1], LARGE - 1), ==, 0);
  g_assert_cmpint (g_unlink (paths[2]), ==, 0);
  g_assert_cmpint (symlink ("/etc/passwd", paths[2]), ==, 0);
  disk_open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 3);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_files (self), ==, 1);
  for (guint i = 0; i < 3; i++)
    g_free (paths[i]);
}

/* Files that no record names, and what a power cut left of others. */
static void
test_stray_files (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId known = disk_write_value (self, 1, LARGE, NULL);
  g_autofree char *path = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;
  g_autofree char *values = g_build_filename (self->folder, "values", NULL);
  g_autofree char *empty = g_build_filename (values, "00000007", NULL);

  disk_run_for (self, SECOND);
  path = disk_get_file (self, &known);
  folder = g_path_get_dirname (path);
  name = g_path_get_basename (path);
  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  g_free (bytestag_test_folder_write (folder, "what", "?", 1));
  g_free (bytestag_test_folder_write (empty, name, "in another folder", 17));
  g_free (bytestag_test_folder_write (values, "file", "?", 1));
  /* Another number. */
  name[9] = 'f';
  g_free (bytestag_test_folder_write (folder, name, "twice", 5));
  g_assert_cmpuint (disk_count_files (self), ==, 5);
  disk_open_again (self);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_files (self), ==, 1);
  g_assert_false (g_file_test (empty, G_FILE_TEST_EXISTS));
  disk_assert_value (self, 1, LARGE);
}

/* The database is damaged: it is set aside, said so, and what the files tell is taken up. */
static void
test_damaged_database (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId small = disk_write_value (self, 1, SMALL, NULL);
  BytestagKvpId large = disk_write_value (self, 2, LARGE, NULL);
  BytestagKvpRecord record;

  disk_run_for (self, SECOND);
  disk_close_table (self);
  damage (self->path, 0);
  disk_open_table (self);
  disk_run_for (self, SECOND);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_nonnull (strstr (bytestag_database_table_get_problem (self->table), "kept.db.damaged-"));
  g_assert_false (disk_is_held (self, &small));
  g_assert_true (bytestag_kvp_table_lookup (disk_as_table (self), &large, &record));
  g_assert_cmpfloat (record.time_to_live, ==, 86400);
  g_assert_cmpfloat (record.last_update, >, 1);
  disk_assert_value (self, 2, LARGE);

  disk_write_value (self, 1, SMALL, NULL);
  disk_open_again (self);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  disk_assert_value (self, 1, SMALL);
  disk_assert_value (self, 2, LARGE);
}

/* Of a newer version: served, and nothing of it is changed. */
static void
test_newer (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagKvpId id = disk_write_value (self, 1, LARGE, NULL);
  BytestagKvpId removed = disk_write_value (self, 2, SMALL, NULL);
  BytestagAnswers answers = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before, n_after;
  BytestagKvpRecord record;

  disk_run_for (self, SECOND);
  disk_close_table (self);
  disk_execute (self, "PRAGMA user_version=2; ALTER TABLE records ADD COLUMN more TEXT");
  g_assert_true (g_file_get_contents (self->path, &before, &n_before, NULL));

  self->max_bytes = 0;
  disk_open_table (self);
  disk_run_for (self, SECOND);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READ_ONLY);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  disk_assert_value (self, 1, LARGE);
  bytestag_database_table_set_max_bytes (self->table, PLENTY);
  disk_write_value (self, 3, SMALL, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  g_assert_true (bytestag_kvp_table_remove (disk_as_table (self), &removed));
  g_assert_true (bytestag_kvp_table_lookup (disk_as_table (self), &id, &record));
  g_assert_true (bytestag_kvp_table_update (disk_as_table (self), &record));
  bytestag_database_table_delete_all (self->table, (BytestagDatabaseTableFunc) disk_written_cb, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 2);
  disk_run_for (self, 100 * SECOND);
  disk_open_again (self);
  g_assert_true (disk_is_held (self, &removed));
  g_assert_true (g_file_get_contents (self->path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
}

/* Whatever stands in the rows. */
static void
test_hostile_rows (BytestagDiskFixture *self, gconstpointer user_data)
{
  static const char *const columns[] = {
    "size = -1", "size = 1048576", "size = 99", "size = 'large'", "size = 20000", "timestamp = -1",
    "timestamp = x'00'", "time_to_live = -1.0", "time_to_live = 9e999", "last_update = 'now'", "last_update = 1e300",
    "until = -5", "until = 9223372036854775807", "replicated = 0.5", "source = x'010203'", "source = 'here'",
    "source = x'01020304', port = 70000", "copies = 256", "kind = 9", "handed_over = 2", "file = -1", "file = '../../x'", "file = 1099511627776", "key = 'text'", "key = x'00'",
    "key = 17", "idx = x'0102'", "key = '../../../etc/passwd'", "idx = zeroblob (21)",
    /* A value that is none, and one of another length. */
    NULL, NULL,
  };
  const guint n = G_N_ELEMENTS (columns);

  for (guint i = 0; i < n + 1; i++)
    disk_write_value (self, i, SMALL, NULL);
  disk_run_for (self, SECOND);
  disk_close_table (self);

  for (guint i = 0; i < n; i++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = disk_make_value (i, SMALL, &record);
      g_autofree char *key = bytestag_key_to_hex (&record.id.key);
      g_autofree char *sql = NULL;

      if (columns[i] != NULL)
        sql = g_strdup_printf ("UPDATE records SET %s WHERE key = x'%s'", columns[i], key);
      else
        sql = g_strdup_printf ("UPDATE bytes SET value = %s WHERE key = x'%s'", i % 2 == 0 ? "'text'" : "x'00'", key);
      disk_execute (self, sql);
    }

  disk_open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, n);
  disk_assert_value (self, n, SMALL);
  disk_open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
}

/* Tables that are not ours: an error in words, and nothing goes. */
static void
test_hostile_schema (BytestagDiskFixture *self, gconstpointer user_data)
{
  disk_close_table (self);
  disk_execute (self, "DROP TABLE bytes; DROP TABLE records; CREATE TABLE records (x)");
  disk_open_table (self);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_FAILED);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
}

/* Words for who looks at it. */
static void
test_no_folder (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };

  disk_close_table (self);
  g_free (bytestag_test_folder_write (self->base, "file", "", 0));
  g_free (self->folder);
  self->folder = g_build_filename (self->base, "file", "kept", NULL);
  disk_open_table (self);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_FAILED);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  disk_write_value (self, 1, SMALL, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
}

#define ADD(name, test) \
  g_test_add ("/storage/database-table/" name, BytestagDiskFixture, NULL, disk_set_up, test, disk_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("damaged/value", test_damaged_value);
  ADD ("damaged/missing-file", test_missing_file);
  ADD ("damaged/database", test_damaged_database);
  ADD ("stray-files", test_stray_files);
  ADD ("newer", test_newer);
  ADD ("hostile/rows", test_hostile_rows);
  ADD ("hostile/schema", test_hostile_schema);
  ADD ("no-folder", test_no_folder);

  return g_test_run ();
}
