/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens tables that a crash left, and says whether each has what it must have. Reads one
 * line for each table: its folder, a tab, and words "+N:UNTIL" (N must be kept, until UNTIL
 * at least), "-N" (N must be gone). Answers a line: "ok", or what is wrong. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/values.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define PLENTY (G_GUINT64_CONSTANT (1) << 30)
/* Of no value that was kept before. */
#define NEW_VALUE 999999

typedef struct
{
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagDatabaseTable *table;
  GString *wrong;
} Check;

static void G_GNUC_PRINTF (2, 3)
complain (Check *self, const char *format, ...)
{
  va_list arguments;

  if (self->wrong->len > 0)
    g_string_append (self->wrong, "; ");
  va_start (arguments, format);
  g_string_append_vprintf (self->wrong, format, arguments);
  va_end (arguments);
}

static void
run (Check *self)
{
  for (guint i = 0; i < 4; i++)
    {
      while (bytestag_reactor_get_deadline (self->reactor) == 0)
        bytestag_reactor_tick (self->reactor);
      bytestag_test_clock_advance (self->clock, G_USEC_PER_SEC / 20);
      bytestag_reactor_tick (self->reactor);
    }
}

typedef struct
{
  GBytes *value;
  gboolean failed;
} Reading;

static void
read_cb (GBytes *value, const GError *error, gpointer user_data)
{
  Reading *reading = user_data;

  reading->value = value != NULL ? g_bytes_ref (value) : NULL;
  reading->failed = error != NULL;
}

/* (transfer full) (nullable) */
static GBytes *
read_value (Check *self, const BytestagKvpId *id)
{
  Reading reading = { 0 };

  bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (self->table), id, read_cb, &reading);
  run (self);

  return reading.value;
}

static void
check_kept (Check *self, guint n, gint64 until)
{
  BytestagKvpRecord record;
  BytestagKvpRecord found;
  g_autoptr (GBytes) expected = bytestag_crash_value_make (n, &record);
  g_autoptr (GBytes) value = NULL;

  if (!bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->table), &record.id, &found))
    {
      complain (self, "%u was confirmed and is not kept", n);
      return;
    }
  if (found.until < until)
    complain (self, "%u was confirmed until %" G_GINT64_FORMAT " and is kept until %" G_GINT64_FORMAT, n, until,
              found.until);
  value = read_value (self, &record.id);
  if (value == NULL || !g_bytes_equal (value, expected))
    complain (self, "%u has other bytes", n);
}

static void
check_gone (Check *self, guint n)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = bytestag_crash_value_make (n, &record);

  if (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->table), &record.id, NULL))
    complain (self, "%u was removed and came back", n);
}

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, record->id);
}

/* What nobody waits for must be right all the same, if it is there. */
static void
check_all_readable (Check *self)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  bytestag_kvp_table_visit_kept (BYTESTAG_KVP_TABLE (self->table), NULL, G_MAXUINT, collect_cb, ids);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GBytes) value = read_value (self, &g_array_index (ids, BytestagKvpId, i));

      if (value == NULL)
        complain (self, "a value is listed and cannot be read");
    }
}

static void
written_cb (const GError *error, gpointer user_data)
{
  *(gboolean *) user_data = error == NULL;
}

static void
check_goes_on (Check *self)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = bytestag_crash_value_make (NEW_VALUE, &record);
  gboolean is_kept = FALSE;

  bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (self->table), &record, value, written_cb, &is_kept);
  run (self);
  if (!is_kept)
    complain (self, "it takes no more values");
}

static void
check_words (Check *self, char **words)
{
  for (; *words != NULL; words++)
    {
      char *end;
      guint n = (guint) g_ascii_strtoull (*words + 1, &end, 10);

      if (**words == '+')
        check_kept (self, n, g_ascii_strtoll (end + 1, NULL, 10));
      else if (**words == '-')
        check_gone (self, n);
    }
}

/* What was deleted has gone from the disk too. */
static void
check_cleared (Check *self, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      if (g_str_has_prefix (name, "deleted"))
        complain (self, "%s is left", name);
    }
}

static void
check_folder (const char *folder, char **words, GString *wrong)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagReactor) reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  g_autoptr (BytestagTestWorker) worker = bytestag_test_worker_new (reactor);
  g_autoptr (BytestagDatabaseTable) table = bytestag_database_table_new (folder, BYTESTAG_WORKER (worker), reactor);
  Check self = { clock, reactor, table, wrong };

  bytestag_database_table_set_max_bytes (table, PLENTY);
  bytestag_database_table_load (table);
  run (&self);
  if (bytestag_database_table_get_state (table) != BYTESTAG_DATABASE_TABLE_READY)
    complain (&self, "state %d", bytestag_database_table_get_state (table));
  check_words (&self, words);
  check_all_readable (&self);
  if (bytestag_database_table_get_n_damaged (table) > 0 || bytestag_database_table_get_problem (table) != NULL)
    complain (&self, "%u damaged: %s", bytestag_database_table_get_n_damaged (table),
              bytestag_database_table_get_problem (table));
  check_cleared (&self, folder);
  check_goes_on (&self);

  bytestag_database_table_close (table);
  run (&self);
  bytestag_reactor_close (reactor);
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0)
    {
      g_auto (GStrv) parts = g_strsplit (g_strchomp (line), "\t", 2);
      g_auto (GStrv) words = g_strsplit (parts[1] != NULL ? parts[1] : "", " ", -1);
      g_autoptr (GString) wrong = g_string_new (NULL);

      check_folder (parts[0], words, wrong);
      printf ("%s\n", wrong->len > 0 ? wrong->str : "ok");
      fflush (stdout);
    }
  free (line);

  return 0;
}
