/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "disk-fixture.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "core/error.h"
#include "support/test-folder.h"
#include "support/test-rng.h"

BytestagKvpTable *
disk_as_table (BytestagDiskFixture *self)
{
  return BYTESTAG_KVP_TABLE (self->table);
}

void
disk_run_for (BytestagDiskFixture *self, gint64 interval)
{
  gint64 end = bytestag_reactor_get_time (self->reactor) + interval;

  for (;;)
    {
      gint64 deadline;

      bytestag_reactor_tick (self->reactor);
      deadline = bytestag_reactor_get_deadline (self->reactor);
      if (deadline > end)
        break;
      if (deadline > 0)
        bytestag_test_clock_set_time (self->clock, deadline);
    }
  bytestag_test_clock_set_time (self->clock, end);
}

void
disk_open_table (BytestagDiskFixture *self)
{
  self->table = bytestag_database_table_new (self->folder, BYTESTAG_WORKER (self->worker), self->reactor);
  bytestag_database_table_set_max_bytes (self->table, self->max_bytes);
  bytestag_database_table_load (self->table);
  disk_run_for (self, SECOND / 100);
}

void
disk_close_table (BytestagDiskFixture *self)
{
  bytestag_database_table_close (self->table);
  disk_run_for (self, 0);
  g_assert_finalize_object (self->table);
}

void
disk_open_again (BytestagDiskFixture *self)
{
  disk_close_table (self);
  disk_open_table (self);
}

void
disk_set_up (BytestagDiskFixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  self->base = bytestag_test_folder_new ();
  self->folder = g_build_filename (self->base, "kept", NULL);
  self->path = g_build_filename (self->folder, "kept.db", NULL);
  self->clock = bytestag_test_clock_new ();
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  self->worker = bytestag_test_worker_new (self->reactor);
  self->max_bytes = PLENTY;
  disk_open_table (self);
}

void
disk_tear_down (BytestagDiskFixture *self, gconstpointer user_data)
{
  disk_close_table (self);
  g_assert_finalize_object (self->worker);
  g_assert_finalize_object (self->reactor);
  g_assert_finalize_object (self->clock);
  g_free (self->path);
  g_free (self->folder);
  bytestag_test_folder_remove (self->base);
}

GBytes *
disk_make_value (guint32 n, gsize size, BytestagKvpRecord *record)
{
  guint8 *bytes = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (n >> (8 * (i % 4)) ^ i / 4);
  *record = (BytestagKvpRecord) { .size = size, .until = 2000000000 + n, .copies = 4 };
  bytestag_key_digest (&record->id.index, bytes, size);
  record->id.key = record->id.index;

  return g_bytes_new_take (bytes, size);
}

void
disk_written_cb (const GError *error, gpointer user_data)
{
  BytestagAnswers *answers = user_data;

  if (error == NULL)
    {
      answers->n_good++;
      return;
    }
  answers->n_failed++;
  answers->code = error->code;
}

BytestagKvpId
disk_write_value (BytestagDiskFixture *self, guint32 n, gsize size, BytestagAnswers *answers)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = disk_make_value (n, size, &record);

  bytestag_kvp_table_write (disk_as_table (self), &record, value, answers != NULL ? disk_written_cb : NULL, answers);

  return record.id;
}

typedef struct
{
  GBytes *value;
  int code;
  guint n_calls;
} Reading;

static void
read_cb (GBytes *value, const GError *error, gpointer user_data)
{
  Reading *reading = user_data;

  reading->n_calls++;
  reading->value = value != NULL ? g_bytes_ref (value) : NULL;
  reading->code = error != NULL ? error->code : -1;
}

int
disk_read_value (BytestagDiskFixture *self, const BytestagKvpId *id, GBytes **value)
{
  Reading reading = { 0 };

  bytestag_kvp_table_read (disk_as_table (self), id, read_cb, &reading);
  disk_run_for (self, 0);
  g_assert_cmpuint (reading.n_calls, ==, 1);
  if (value != NULL)
    *value = g_steal_pointer (&reading.value);
  g_clear_pointer (&reading.value, g_bytes_unref);

  return reading.code;
}

void
disk_assert_value (BytestagDiskFixture *self, guint32 n, gsize size)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) expected = disk_make_value (n, size, &record);
  g_autoptr (GBytes) value = NULL;

  g_assert_cmpint (disk_read_value (self, &record.id, &value), ==, -1);
  g_assert_true (g_bytes_equal (value, expected));
}

gboolean
disk_is_held (BytestagDiskFixture *self, const BytestagKvpId *id)
{
  return bytestag_kvp_table_lookup (disk_as_table (self), id, NULL);
}

static guint n_counted;
static guint64 n_counted_bytes;

static int
count_cb (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  n_counted += type == FTW_F || type == FTW_SL;
  n_counted_bytes += (guint64) status->st_blocks * 512;

  return 0;
}

guint
disk_count_files (BytestagDiskFixture *self)
{
  g_autofree char *values = g_build_filename (self->folder, "values", NULL);

  n_counted = 0;
  nftw (values, count_cb, 8, FTW_PHYS);

  return n_counted;
}

guint
disk_count_set_aside (BytestagDiskFixture *self)
{
  n_counted = 0;
  for (guint i = 1; i <= 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("deleted-%u", i);
      g_autofree char *folder = g_build_filename (self->folder, name, NULL);

      nftw (folder, count_cb, 8, FTW_PHYS);
    }

  return n_counted;
}

guint64
disk_count_bytes (BytestagDiskFixture *self)
{
  g_autofree char *reserve = g_build_filename (self->folder, "reserve", NULL);
  GStatBuf status = { 0 };

  n_counted_bytes = 0;
  nftw (self->folder, count_cb, 8, FTW_PHYS);
  g_stat (reserve, &status);

  return n_counted_bytes - (guint64) status.st_blocks * 512;
}

char *
disk_get_file (BytestagDiskFixture *self, const BytestagKvpId *id)
{
  g_autofree char *key = bytestag_key_to_hex (&id->key);
  g_autofree char *index = bytestag_key_to_hex (&id->index);
  g_autofree char *end = g_strdup_printf ("-%s-%s", key, index);
  g_autofree char *folder = g_build_filename (self->folder, "values", "00000000", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      if (g_str_has_suffix (name, end))
        return g_build_filename (folder, name, NULL);
    }

  return NULL;
}

void
disk_execute (BytestagDiskFixture *self, const char *sql)
{
  sqlite3 *handle;
  g_autofree char *message = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &handle), ==, SQLITE_OK);
  sqlite3_exec (handle, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (handle);
}
