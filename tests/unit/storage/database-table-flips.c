/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A good kept.db in which bytes were changed by chance: it is loaded, and what is wrong of it
 * dropped, or set aside and said so; what is served is what was kept, in any case. */
#include "config.h"

#include "disk-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support/test-folder.h"
#include "support/test-rng.h"

#define N_COPIES 200
#define N_VALUES 40
#define N_FILES 4
#define NEW_VALUE 1000

typedef struct
{
  BytestagDiskFixture *disk;
  BytestagRng *rng;
  char *database;
  gsize length;
  BytestagKvpId ids[N_VALUES];
  char *files[N_FILES]; /* paths of values that are files */
  guint n_set_aside;
  guint n_damaged;
  guint n_whole;
} Fixture;

/* The last few are files. */
static gsize
get_size (guint n)
{
  return n < N_VALUES - N_FILES ? n * 97 : LARGE;
}

static void
deleted_cb (const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
}

static void
make_good (Fixture *self)
{
  for (guint n = 0; n < N_VALUES; n++)
    self->ids[n] = disk_write_value (self->disk, n, get_size (n), NULL);
  disk_run_for (self->disk, SECOND);
  for (guint i = 0; i < N_FILES; i++)
    self->files[i] = disk_get_file (self->disk, &self->ids[N_VALUES - N_FILES + i]);
  disk_close_table (self->disk);
  self->disk->table = NULL;
  g_assert_true (g_file_get_contents (self->disk->path, &self->database, &self->length, NULL));
}

/* Some bytes, a run of them, or what a page is. */
static void
change (Fixture *self, char *bytes)
{
  guint n = 1 + bytestag_rng_range (self->rng, 6);

  if (bytestag_rng_range (self->rng, 8) == 0)
    {
      gsize at = bytestag_rng_range (self->rng, (guint) self->length);

      memset (bytes + at, (int) bytestag_rng_range (self->rng, 256), MIN (self->length - at, 300));
      return;
    }
  for (guint i = 0; i < n; i++)
    bytes[bytestag_rng_range (self->rng, (guint) self->length)] ^= (char) (1 << bytestag_rng_range (self->rng, 8));
  if (bytestag_rng_range (self->rng, 4) == 0)
    bytes[bytestag_rng_range (self->rng, (guint) (self->length / 4096)) * 4096 + bytestag_rng_range (self->rng, 12)] ^= 1;
}

static void
make_copy (Fixture *self)
{
  g_autofree char *bytes = g_memdup2 (self->database, self->length);
  g_autofree char *values = g_path_get_dirname (self->files[0]);

  bytestag_test_folder_remove (g_strdup (self->disk->folder));
  g_assert_cmpint (g_mkdir_with_parents (values, 0700), ==, 0);
  for (guint i = 0; i < N_FILES; i++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = disk_make_value (N_VALUES - N_FILES + i, LARGE, &record);

      g_assert_true (g_file_set_contents (self->files[i], g_bytes_get_data (value, NULL), LARGE, NULL));
    }
  change (self, bytes);
  g_assert_true (g_file_set_contents (self->disk->path, bytes, (gssize) self->length, NULL));
}

static guint
count_set_aside (Fixture *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->disk->folder, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "kept.db") && !g_str_equal (name, "kept.db") && !g_str_equal (name, "kept.db-wal");

  return n;
}

static void
check_values (Fixture *self)
{
  for (guint n = 0; n < N_VALUES; n++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) expected = disk_make_value (n, get_size (n), &record);
      g_autoptr (GBytes) value = NULL;

      if (!disk_is_held (self->disk, &self->ids[n]))
        continue;
      if (disk_read_value (self->disk, &self->ids[n], &value) < 0)
        g_assert_true (g_bytes_equal (value, expected));
      else
        g_assert_nonnull (bytestag_database_table_get_problem (self->disk->table));
    }
}

static void
check_copy (Fixture *self)
{
  BytestagDatabaseTable *table;
  BytestagAnswers answers = { 0 };

  disk_open_table (self->disk);
  table = self->disk->table;
  disk_run_for (self->disk, SECOND);
  g_assert_cmpint (bytestag_database_table_get_state (table), !=, BYTESTAG_DATABASE_TABLE_LOADING);
  check_values (self);
  /* What is lost is said. */
  if (bytestag_database_table_get_n_values (table) < N_VALUES
      || bytestag_database_table_get_state (table) != BYTESTAG_DATABASE_TABLE_READY || count_set_aside (self) > 0)
    g_assert_nonnull (bytestag_database_table_get_problem (table));
  self->n_set_aside += count_set_aside (self) > 0;
  self->n_damaged += bytestag_database_table_get_n_damaged (table) > 0;
  self->n_whole += bytestag_database_table_get_problem (table) == NULL;

  /* It goes on, or does when all is deleted; what seems to be newer is left alone. */
  if (bytestag_database_table_get_state (table) != BYTESTAG_DATABASE_TABLE_READ_ONLY)
    {
      if (bytestag_database_table_get_state (table) != BYTESTAG_DATABASE_TABLE_READY)
        {
          bytestag_database_table_delete_all (table, deleted_cb, NULL);
          disk_run_for (self->disk, SECOND);
        }
      disk_write_value (self->disk, NEW_VALUE, SMALL, &answers);
      disk_run_for (self->disk, SECOND);
      if (answers.n_good == 0)
        g_assert_nonnull (bytestag_database_table_get_problem (table));
    }
  disk_close_table (self->disk);
  self->disk->table = NULL;
}

static void
test_flips (BytestagDiskFixture *disk, gconstpointer user_data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (g_test_rand_int ());
  Fixture self = { .disk = disk, .rng = BYTESTAG_RNG (rng) };

  make_good (&self);
  for (guint i = 0; i < N_COPIES; i++)
    {
      make_copy (&self);
      check_copy (&self);
    }
  g_test_message ("%u set aside, %u with damaged values, %u whole", self.n_set_aside, self.n_damaged, self.n_whole);
  g_assert_cmpuint (self.n_set_aside, >, 0);
  g_assert_cmpuint (self.n_damaged, >, 0);

  for (guint i = 0; i < N_FILES; i++)
    g_free (self.files[i]);
  g_free (self.database);
  /* For who tears it down. */
  disk_open_table (disk);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/storage/database-table/flips", BytestagDiskFixture, NULL, disk_set_up, test_flips, disk_tear_down);

  return g_test_run ();
}
