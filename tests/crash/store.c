/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps values in a table on the disk, with a real worker, and says what became of each:
 *   store FOLDER SEED ROUNDS
 * Lines on its output, and to the journal where it is preloaded:
 *   write N UNTIL   is given to the table
 *   kept N UNTIL    the table said that it is kept
 *   remove N        is removed, or was dropped by the table
 *   limit           a lower limit: what is kept may go until the next "kept"
 *   delete          everything is to be deleted: what is kept may go
 *   deleted         nothing is there any more */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash/values.h"
#include "io/system-clock.h"
#include "io/workers.h"
#include "support/test-rng.h"

/* Behind those that are chosen by chance are some that are written once. */
#define N_VALUES (BYTESTAG_CRASH_FIRST_ROW + N_GROUPS_OF_ROWS * 16)
#define N_GROUPS_OF_ROWS 20
#define MAX_BYTES (G_GUINT64_CONSTANT (24) * 1024 * 1024)
#define FIRST_UNTIL 2000000000

typedef struct
{
  BytestagRng *rng;
  BytestagReactor *reactor;
  BytestagKvpTable *table;
  void (*note) (const char *text);
  guint n_rounds;
  guint n_waiting;
  guint turn; /* grows with each write, and so does the end of what is written */
  gboolean is_held[N_VALUES]; /* as far as was told */
} Program;

typedef struct
{
  Program *program;
  guint n;
  gint64 until;
} Write;

static void
say (Program *self, const char *text)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  if (self->note != NULL)
    self->note (text);
  if (write (STDOUT_FILENO, line, strlen (line)) < 0)
    exit (2);
}

static void G_GNUC_PRINTF (2, 3)
say_format (Program *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  say (self, text);
}

static void
written_cb (const GError *error, gpointer user_data)
{
  g_autofree Write *written = user_data;
  Program *self = written->program;

  self->n_waiting--;
  if (error == NULL)
    {
      self->is_held[written->n] = TRUE;
      say_format (self, "kept %u %" G_GINT64_FORMAT, written->n, written->until);
    }
}

static void
write_one (Program *self, guint n)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = bytestag_crash_value_make (n, &record);
  Write *writing = g_new (Write, 1);

  record.until = FIRST_UNTIL + ++self->turn;
  *writing = (Write) { self, n, record.until };
  say_format (self, "write %u %" G_GINT64_FORMAT, n, record.until);
  self->n_waiting++;
  bytestag_kvp_table_write (self->table, &record, value, written_cb, writing);
}

static void
remove_one (Program *self, guint n)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = bytestag_crash_value_make (n, &record);

  if (!self->is_held[n])
    return;

  self->is_held[n] = FALSE;
  say_format (self, "remove %u", n);
  bytestag_kvp_table_remove (self->table, &record.id);
}

static void
update_one (Program *self, guint n)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = bytestag_crash_value_make (n, &record);

  if (!bytestag_kvp_table_lookup (self->table, &record.id, &record))
    return;

  record.replicated = 1700000000 + self->turn;
  bytestag_kvp_table_update (self->table, &record);
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs until nothing waits, and for some turns of the loop, so that what was not told of
 * runs too. */
static void
run (Program *self, guint n_turns)
{
  while (self->n_waiting > 0 || n_turns-- > 0)
    {
      g_main_context_iteration (NULL, TRUE);
      bytestag_reactor_tick (self->reactor);
    }
}

/* What the table dropped by itself, and what it still has. */
static void
say_what_is_left (Program *self)
{
  for (guint n = 0; n < N_VALUES; n++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = bytestag_crash_value_make (n, &record);

      if (!self->is_held[n])
        continue;
      self->is_held[n] = bytestag_kvp_table_lookup (self->table, &record.id, &record);
      if (self->is_held[n])
        say_format (self, "kept %u %" G_GINT64_FORMAT, n, record.until);
      else
        say_format (self, "remove %u", n);
    }
}

static void
lower_limit (Program *self)
{
  say (self, "limit");
  bytestag_database_table_set_max_bytes (BYTESTAG_DATABASE_TABLE (self->table), MAX_BYTES / 16);
  run (self, 100);
  say_what_is_left (self);
  bytestag_database_table_set_max_bytes (BYTESTAG_DATABASE_TABLE (self->table), MAX_BYTES);
  run (self, 20);
}

static void
deleted_cb (const GError *error, gpointer user_data)
{
  Program *self = user_data;

  self->n_waiting--;
  if (error == NULL)
    say (self, "deleted");
}

static void
delete_all (Program *self)
{
  say (self, "delete");
  memset (self->is_held, 0, sizeof self->is_held);
  self->n_waiting++;
  bytestag_database_table_delete_all (BYTESTAG_DATABASE_TABLE (self->table), deleted_cb, self);
  run (self, 0);
}

/* So many rows that their log is brought into the database, and begins anew. */
static void
write_rows (Program *self)
{
  for (guint n = BYTESTAG_CRASH_FIRST_ROW; n < N_VALUES; n++)
    {
      write_one (self, n);
      if (n % 16 == 15)
        run (self, 0);
    }
}

/* A group or two: writes, new or again; some go; some are changed. */
static void
run_round (Program *self)
{
  guint n_writes = 1 + bytestag_rng_range (self->rng, 16);

  for (guint i = 0; i < n_writes; i++)
    write_one (self, bytestag_rng_range (self->rng, BYTESTAG_CRASH_FIRST_ROW));
  for (guint i = bytestag_rng_range (self->rng, 4); i > 0; i--)
    remove_one (self, bytestag_rng_range (self->rng, BYTESTAG_CRASH_FIRST_ROW));
  for (guint i = bytestag_rng_range (self->rng, 8); i > 0; i--)
    update_one (self, bytestag_rng_range (self->rng, BYTESTAG_CRASH_FIRST_ROW));
  run (self, 0);
}

int
main (int argc, char *argv[])
{
  g_autoptr (BytestagSystemClock) clock = bytestag_system_clock_new ();
  g_autoptr (BytestagTestRng) rng = NULL;
  g_autoptr (BytestagReactor) reactor = NULL;
  g_autoptr (BytestagWorkers) disk = NULL;
  g_autoptr (BytestagDatabaseTable) table = NULL;
  Program self = { 0 };

  if (argc != 4)
    return 2;

  rng = bytestag_test_rng_new (g_ascii_strtoull (argv[2], NULL, 10));
  reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  disk = bytestag_workers_new (reactor, NULL, 1, "disk");
  table = bytestag_database_table_new (argv[1], BYTESTAG_WORKER (disk), reactor);
  self.rng = BYTESTAG_RNG (rng);
  self.reactor = reactor;
  self.table = BYTESTAG_KVP_TABLE (table);
  self.n_rounds = (guint) g_ascii_strtoull (argv[3], NULL, 10);
  *(void **) &self.note = dlsym (RTLD_DEFAULT, "crash_note");
  g_timeout_add (2, wake_cb, NULL);

  bytestag_database_table_set_max_bytes (table, MAX_BYTES);
  bytestag_database_table_load (table);
  while (bytestag_database_table_get_state (table) == BYTESTAG_DATABASE_TABLE_LOADING)
    run (&self, 1);
  if (bytestag_database_table_get_state (table) != BYTESTAG_DATABASE_TABLE_READY)
    return 3;

  for (guint round = 0; round < self.n_rounds; round++)
    {
      run_round (&self);
      if (round == self.n_rounds / 3)
        lower_limit (&self);
      if (round == self.n_rounds / 2)
        delete_all (&self);
      if (round == self.n_rounds * 2 / 3)
        write_rows (&self);
    }

  bytestag_database_table_close (table);
  bytestag_workers_stop (disk);
  bytestag_reactor_close (reactor);

  return 0;
}
