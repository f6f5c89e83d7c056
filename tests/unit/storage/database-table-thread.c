/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table.h"

#include "core/limits.h"
#include "io/system-clock.h"
#include "io/workers.h"
#include "support/test-folder.h"
#include "support/test-rng.h"

/* With the disk in a thread of its own, as in a node: for the sanitizer of threads, too. */

#define N_VALUES 60

typedef struct
{
  char *folder;
  BytestagReactor *reactor;
  BytestagWorkers *disk;
  BytestagDatabaseTable *table;
  guint n_waiting;
  guint n_failed;
} Fixture;

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
run (Fixture *self)
{
  while (self->n_waiting > 0)
    {
      g_main_context_iteration (NULL, TRUE);
      bytestag_reactor_tick (self->reactor);
    }
}

static void
loaded_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  ((Fixture *) user_data)->n_waiting--;
}

static void
open_table (Fixture *self)
{
  self->disk = bytestag_workers_new (self->reactor, NULL, 1, "disk");
  self->table = bytestag_database_table_new (self->folder, BYTESTAG_WORKER (self->disk), self->reactor);
  bytestag_database_table_set_max_bytes (self->table, 64 * 1024 * 1024);
  g_signal_connect (self->table, "notify::state", G_CALLBACK (loaded_cb), self);
  self->n_waiting = 1;
  bytestag_database_table_load (self->table);
}

static void
close_table (Fixture *self)
{
  bytestag_database_table_close (self->table);
  bytestag_workers_stop (self->disk);
  bytestag_reactor_drain (self->reactor, -1);
  g_assert_finalize_object (self->table);
  g_assert_finalize_object (self->disk);
}

static GBytes *
make_value (guint32 n, BytestagKvpRecord *record)
{
  gsize size = n % 2 == 0 ? 1000 : BYTESTAG_LIMIT_VALUE_IN_ROW + 1000;
  guint8 *bytes = g_malloc0 (size);

  bytes[0] = (guint8) n;
  *record = (BytestagKvpRecord) { .size = size, .until = 2000000000 };
  bytestag_key_digest (&record->id.index, bytes, size);
  record->id.key = record->id.index;

  return g_bytes_new_take (bytes, size);
}

static void
done_cb (const GError *error, gpointer user_data)
{
  Fixture *self = user_data;

  self->n_waiting--;
  self->n_failed += error != NULL;
}

static void
read_cb (GBytes *value, const GError *error, gpointer user_data)
{
  done_cb (error, user_data);
}

static void
write_all (Fixture *self)
{
  for (guint32 n = 0; n < N_VALUES; n++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = make_value (n, &record);

      self->n_waiting++;
      bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (self->table), &record, value, done_cb, self);
    }
}

static void
read_all (Fixture *self)
{
  for (guint32 n = 0; n < N_VALUES; n++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = make_value (n, &record);

      self->n_waiting++;
      bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (self->table), &record.id, read_cb, self);
    }
}

static void
test_thread (void)
{
  g_autoptr (BytestagSystemClock) clock = bytestag_system_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  Fixture self = { .folder = bytestag_test_folder_new () };

  self.reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  g_timeout_add (2, wake_cb, NULL);

  open_table (&self);
  run (&self);
  write_all (&self);
  run (&self);
  /* What is read while it is written again, and goes in the middle of that. */
  read_all (&self);
  write_all (&self);
  run (&self);
  g_assert_cmpuint (self.n_failed, ==, 0);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self.table), ==, N_VALUES);

  /* Closed while it is busy: all the same, everything is there. */
  read_all (&self);
  write_all (&self);
  close_table (&self);
  g_assert_cmpuint (self.n_waiting, ==, 0);
  self.n_failed = 0;
  open_table (&self);
  run (&self);
  read_all (&self);
  run (&self);
  g_assert_cmpuint (self.n_failed, ==, 0);

  self.n_waiting++;
  write_all (&self);
  bytestag_database_table_delete_all (self.table, done_cb, &self);
  run (&self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self.table), ==, 0);
  /* Closed while it is read. */
  close_table (&self);
  open_table (&self);
  close_table (&self);

  g_assert_finalize_object (self.reactor);
  bytestag_test_folder_remove (self.folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/storage/database-table/thread", test_thread);

  return g_test_run ();
}
