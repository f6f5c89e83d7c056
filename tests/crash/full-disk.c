/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On a disk of 32 MB, which test-full-disk.py makes at $CRASH_FOLDER. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "storage/database-table.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define SECOND G_USEC_PER_SEC
#define LARGE 262144
#define SMALL 8000
#define BALLAST (6 * 1024 * 1024)

typedef struct
{
  char *folder;
  char *ballast;
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagTestWorker *worker;
  BytestagDatabaseTable *table;
  GArray *kept; /* (element-type BytestagKvpId) as was confirmed */
  guint n_failed;
  guint32 n_written;
} Fixture;

static BytestagKvpTable *
as_table (Fixture *self)
{
  return BYTESTAG_KVP_TABLE (self->table);
}

static void
run_for (Fixture *self, gint64 interval)
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

static void
open_table (Fixture *self)
{
  g_autofree char *folder = g_build_filename (self->folder, "kept", NULL);

  self->table = bytestag_database_table_new (folder, BYTESTAG_WORKER (self->worker), self->reactor);
  bytestag_database_table_set_max_bytes (self->table, G_GUINT64_CONSTANT (1) << 30);
  bytestag_database_table_load (self->table);
  run_for (self, SECOND / 100);
}

static void
close_table (Fixture *self)
{
  bytestag_database_table_close (self->table);
  run_for (self, 0);
  g_assert_finalize_object (self->table);
}

static void
set_up (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autofree char *zeros = g_malloc0 (BALLAST);

  self->folder = g_build_filename (g_getenv ("CRASH_FOLDER"), "test", NULL);
  g_assert_cmpint (g_mkdir (self->folder, 0700), ==, 0);
  self->ballast = bytestag_test_folder_write (self->folder, "ballast", zeros, BALLAST);
  self->clock = bytestag_test_clock_new ();
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  self->worker = bytestag_test_worker_new (self->reactor);
  self->kept = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
}

static void
tear_down (Fixture *self, gconstpointer user_data)
{
  close_table (self);
  g_array_unref (self->kept);
  g_assert_finalize_object (self->worker);
  g_assert_finalize_object (self->reactor);
  g_assert_finalize_object (self->clock);
  g_free (self->ballast);
  bytestag_test_folder_remove (self->folder);
}

typedef struct
{
  Fixture *fixture;
  BytestagKvpId id;
} Write;

static void
written_cb (const GError *error, gpointer user_data)
{
  g_autofree Write *written = user_data;

  if (error == NULL)
    g_array_append_val (written->fixture->kept, written->id);
  else
    written->fixture->n_failed++;
}

static void
write_one (Fixture *self, guint32 n, gsize size)
{
  guint8 *bytes = g_malloc0 (size);
  BytestagKvpRecord record = { .size = size, .until = 2000000000 + n };
  g_autoptr (GBytes) value = NULL;
  Write *writing = g_new (Write, 1);

  memcpy (bytes, &n, sizeof n);
  bytestag_key_digest (&record.id.index, bytes, size);
  record.id.key = record.id.index;
  value = g_bytes_new_take (bytes, size);
  *writing = (Write) { self, record.id };
  bytestag_kvp_table_write (as_table (self), &record, value, written_cb, writing);
}

/* Until the disk is full. */
static void
fill (Fixture *self, gsize size)
{
  self->n_failed = 0;
  while (self->n_failed == 0)
    {
      guint32 n = self->n_written++;

      g_assert_cmpuint (n, <, 100000);
      write_one (self, n, size);
      if (size == LARGE || n % 8 == 7)
        run_for (self, SECOND / 10);
    }
  run_for (self, SECOND / 10);
}

static void
read_cb (GBytes *value, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  (*(guint *) user_data)++;
}

static void
assert_all_kept (Fixture *self)
{
  guint n_read = 0;

  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, self->kept->len);
  for (guint i = 0; i < self->kept->len; i++)
    {
      bytestag_kvp_table_read (as_table (self), &g_array_index (self->kept, BytestagKvpId, i), read_cb, &n_read);
      run_for (self, 0);
    }
  g_assert_cmpuint (n_read, ==, self->kept->len);
}

static void
assert_full (Fixture *self)
{
  BytestagKvpRecord offer = { .id.key.bytes = { 1 }, .size = 1 };

  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_NO_SPACE);
  g_assert_nonnull (strstr (bytestag_database_table_get_problem (self->table), "full"));
  g_assert_false (bytestag_kvp_table_can_keep (as_table (self), &offer));
}

static void
assert_ready (Fixture *self)
{
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  self->n_failed = 0;
  write_one (self, 1000000, LARGE);
  run_for (self, SECOND / 10);
  g_assert_cmpuint (self->n_failed, ==, 0);
  assert_all_kept (self);
}

/* Clear words; nothing is lost; tried again each 30 s (BYTESTAG_LIMIT_FULL_DISK_US). */
static void
test_goes_on (Fixture *self, gconstpointer user_data)
{
  gsize size = GPOINTER_TO_SIZE (user_data);

  open_table (self);
  fill (self, size);
  assert_full (self);
  g_assert_cmpuint (self->kept->len, >, 10);
  assert_all_kept (self);

  /* Still full, but for what its log may give back. */
  run_for (self, BYTESTAG_LIMIT_FULL_DISK_US);
  for (guint i = 0; i < 20 && bytestag_database_table_get_state (self->table) == BYTESTAG_DATABASE_TABLE_READY; i++)
    {
      g_assert_cmpuint (size, ==, SMALL);
      fill (self, size);
      run_for (self, BYTESTAG_LIMIT_FULL_DISK_US);
    }
  assert_full (self);
  assert_all_kept (self);

  g_assert_cmpint (g_unlink (self->ballast), ==, 0);
  assert_full (self);
  run_for (self, BYTESTAG_LIMIT_FULL_DISK_US);
  assert_ready (self);

  close_table (self);
  open_table (self);
  assert_all_kept (self);
}

/* What is removed makes room, though the disk has none to note it. */
static void
test_removal_makes_room (Fixture *self, gconstpointer user_data)
{
  gsize size = GPOINTER_TO_SIZE (user_data);
  guint n_removed = 6 * 1024 * 1024 / size;

  open_table (self);
  fill (self, size);
  assert_full (self);

  /* Rows in more than one small group. */
  if (size == SMALL)
    g_assert_cmpuint (n_removed, >, BYTESTAG_LIMIT_RETRIED_CHANGES);
  for (guint i = 0; i < n_removed; i++)
    {
      BytestagKvpId id = g_array_index (self->kept, BytestagKvpId, 0);

      g_assert_true (bytestag_kvp_table_remove (as_table (self), &id));
      g_array_remove_index (self->kept, 0);
    }
  run_for (self, SECOND / 10);
  assert_ready (self);

  close_table (self);
  open_table (self);
  assert_all_kept (self);
}

/* An update that did not fit is not forgotten. */
static void
test_update_waits (Fixture *self, gconstpointer user_data)
{
  BytestagKvpRecord record;

  open_table (self);
  fill (self, LARGE);
  for (guint i = 0; i < self->kept->len; i++)
    {
      bytestag_kvp_table_lookup (as_table (self), &g_array_index (self->kept, BytestagKvpId, i), &record);
      record.replicated = 1700000000 + i;
      g_assert_true (bytestag_kvp_table_update (as_table (self), &record));
    }
  run_for (self, SECOND);
  g_assert_cmpint (g_unlink (self->ballast), ==, 0);
  run_for (self, BYTESTAG_LIMIT_FULL_DISK_US);
  close_table (self);
  open_table (self);
  for (guint i = 0; i < self->kept->len; i++)
    {
      bytestag_kvp_table_lookup (as_table (self), &g_array_index (self->kept, BytestagKvpId, i), &record);
      g_assert_cmpint (record.replicated, ==, 1700000000 + i);
    }
}

static void
deleted_cb (const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  (*(guint *) user_data)++;
}

static void
test_delete_all (Fixture *self, gconstpointer user_data)
{
  guint n_deleted = 0;

  open_table (self);
  fill (self, SMALL);
  assert_full (self);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  run_for (self, 0);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_array_set_size (self->kept, 0);
  assert_ready (self);
}

/* Nothing fits, not even an empty database. */
static void
test_full_at_start (Fixture *self, gconstpointer user_data)
{
  g_autofree char *more = g_build_filename (self->folder, "more", NULL);
  g_autofree char *zeros = g_malloc0 (4096);
  FILE *file = fopen (more, "w");

  setbuf (file, NULL);
  while (fwrite (zeros, 4096, 1, file) == 1)
    ;
  fclose (file);
  open_table (self);
  assert_full (self);
  g_assert_cmpint (g_unlink (self->ballast), ==, 0);
  run_for (self, BYTESTAG_LIMIT_FULL_DISK_US + SECOND);
  assert_ready (self);
}

#define ADD(name, data, test) \
  g_test_add ("/crash/full-disk/" name, Fixture, GSIZE_TO_POINTER (data), set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("goes-on/files", LARGE, test_goes_on);
  ADD ("goes-on/rows", SMALL, test_goes_on);
  ADD ("removal-makes-room/files", LARGE, test_removal_makes_room);
  ADD ("removal-makes-room/rows", SMALL, test_removal_makes_room);
  ADD ("update-waits", 0, test_update_waits);
  ADD ("delete-all", 0, test_delete_all);
  ADD ("full-at-start", 0, test_full_at_start);

  return g_test_run ();
}
