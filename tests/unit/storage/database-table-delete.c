/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is kept for others is deleted: at once, whatever happens then; its space comes
 * back in steps. */
#include "config.h"

#include "disk-fixture.h"

#include <glib/gstdio.h>

#include "support/test-folder.h"

#define N_FILES (2 * BYTESTAG_LIMIT_CLEARED_FILES + 5)
/* A step for so many, and the last one that finds none. */
#define N_STEPS 3

static void
deleted_cb (const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  (*(guint *) user_data)++;
}

/* Writes values, and deletes them on a disk that does one thing at a time, as far as the
 * step in which all is lost. */
static void
delete_files (BytestagDiskFixture *self, guint *n_deleted)
{
  for (guint i = 0; i < N_FILES; i++)
    disk_write_value (self, i, LARGE, NULL);
  disk_run_for (self, SECOND);
  g_assert_cmpuint (disk_count_files (self), ==, N_FILES);

  bytestag_test_worker_hold (self->worker);
  bytestag_database_table_delete_all (self->table, deleted_cb, n_deleted);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (self->worker), ==, 1);
  bytestag_test_worker_run_held (self->worker, 1);
  disk_run_for (self, 0);
  g_assert_true (bytestag_database_table_is_clearing (self->table));
  g_assert_cmpuint (disk_count_files (self), ==, 0);
  g_assert_cmpuint (disk_count_set_aside (self), ==, N_FILES);
}

static void
run_jobs (BytestagDiskFixture *self, guint n)
{
  while (n-- > 0)
    {
      g_assert_cmpuint (bytestag_test_worker_get_n_held (self->worker), >, 0);
      bytestag_test_worker_run_held (self->worker, 1);
      disk_run_for (self, 0);
    }
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Each step unlinks BYTESTAG_LIMIT_CLEARED_FILES; what comes meanwhile is kept between two
 * of them, and stays; whoever waits is told at the end. */
static void
test_steps (BytestagDiskFixture *self, gconstpointer user_data)
{
  BytestagAnswers answers = { 0 };
  guint n_deleted = 0;
  guint n_notified = 0;

  g_signal_connect (self->table, "notify::clearing", G_CALLBACK (count_cb), &n_notified);
  delete_files (self, &n_deleted);
  run_jobs (self, 1);
  g_assert_cmpuint (disk_count_set_aside (self), ==, N_FILES - BYTESTAG_LIMIT_CLEARED_FILES);

  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  disk_write_value (self, 7, LARGE, &answers);
  disk_run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (self->worker), ==, 2);
  run_jobs (self, 2);
  g_assert_cmpuint (answers.n_good, ==, 1);
  g_assert_cmpuint (disk_count_set_aside (self), ==, N_FILES - 2 * BYTESTAG_LIMIT_CLEARED_FILES);
  g_assert_cmpuint (n_deleted, ==, 0);

  run_jobs (self, N_STEPS - 2);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_cmpuint (n_notified, ==, 2);
  g_assert_false (bytestag_database_table_is_clearing (self->table));
  g_assert_cmpuint (disk_count_set_aside (self), ==, 0);
  g_assert_cmpuint (disk_count_files (self), ==, 1);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (self->worker), ==, 0);
}

/* Nobody waits longer than BYTESTAG_LIMIT_CLEARING_US for a slow disk. */
static void
test_slow (BytestagDiskFixture *self, gconstpointer user_data)
{
  guint n_deleted = 0;

  delete_files (self, &n_deleted);
  disk_run_for (self, BYTESTAG_LIMIT_CLEARING_US - 1);
  g_assert_cmpuint (n_deleted, ==, 0);
  disk_run_for (self, 1);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_true (bytestag_database_table_is_clearing (self->table));

  run_jobs (self, N_STEPS);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_false (bytestag_database_table_is_clearing (self->table));
}

/* Deleted again while the files of the first time are still there. */
static void
test_twice (BytestagDiskFixture *self, gconstpointer user_data)
{
  guint n_deleted = 0;

  delete_files (self, &n_deleted);
  disk_write_value (self, 7, LARGE, NULL);
  disk_run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US);
  run_jobs (self, 2);
  g_assert_cmpuint (disk_count_files (self), ==, 1);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  while (bytestag_test_worker_get_n_held (self->worker) > 0)
    run_jobs (self, 1);
  g_assert_cmpuint (n_deleted, ==, 2);
  g_assert_cmpuint (disk_count_files (self), ==, 0);
  g_assert_cmpuint (disk_count_set_aside (self), ==, 0);
}

/* Whoever waits is told when the table is closed; the next one goes on, whatever else has
 * come into the folder. */
static void
test_goes_on (BytestagDiskFixture *self, gconstpointer user_data)
{
  g_autofree char *deep = g_build_filename (self->folder, "deleted-1", "a", "b", NULL);
  g_autofree char *file = g_build_filename (deep, "c", NULL);
  guint n_deleted = 0;

  delete_files (self, &n_deleted);
  bytestag_database_table_close (self->table);
  g_assert_cmpuint (n_deleted, ==, 1);
  while (bytestag_test_worker_get_n_held (self->worker) > 0)
    run_jobs (self, 1);
  g_assert_finalize_object (self->table);
  g_assert_cmpuint (disk_count_set_aside (self), ==, N_FILES - BYTESTAG_LIMIT_CLEARED_FILES);
  g_assert_cmpint (g_mkdir_with_parents (deep, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, "c", 1, NULL));

  disk_open_table (self);
  while (bytestag_test_worker_get_n_held (self->worker) > 0)
    run_jobs (self, 1);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  g_assert_false (bytestag_database_table_is_clearing (self->table));
  g_assert_cmpuint (disk_count_set_aside (self), ==, 0);
  g_assert_false (g_file_test (deep, G_FILE_TEST_EXISTS));
}

static void
tear_down (BytestagDiskFixture *self, gconstpointer user_data)
{
  bytestag_test_worker_release (self->worker);
  disk_tear_down (self, user_data);
}

#define ADD(name, test) \
  g_test_add ("/storage/database-table-delete/" name, BytestagDiskFixture, NULL, disk_set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("steps", test_steps);
  ADD ("slow", test_slow);
  ADD ("twice", test_twice);
  ADD ("goes-on", test_goes_on);

  return g_test_run ();
}
