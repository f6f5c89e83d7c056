/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database-table.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define SECOND G_USEC_PER_SEC
#define PLENTY (64 * 1024 * 1024)
/* Of a value in the database, and of one in a file. */
#define SMALL 100
#define LARGE (BYTESTAG_LIMIT_VALUE_IN_ROW + 1)

typedef struct
{
  char *base;
  char *folder;
  char *path; /* of the database */
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagTestWorker *worker;
  BytestagDatabaseTable *table;
  guint64 max_bytes;
} Fixture;

static BytestagKvpTable *
as_table (Fixture *self)
{
  return BYTESTAG_KVP_TABLE (self->table);
}

/* Runs what is due, and will be, up to @interval µs from now. */
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
  self->table = bytestag_database_table_new (self->folder, BYTESTAG_WORKER (self->worker), self->reactor);
  bytestag_database_table_set_max_bytes (self->table, self->max_bytes);
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
open_again (Fixture *self)
{
  close_table (self);
  open_table (self);
}

static void
set_up (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  self->base = bytestag_test_folder_new ();
  self->folder = g_build_filename (self->base, "kept", NULL);
  self->path = g_build_filename (self->folder, "kept.db", NULL);
  self->clock = bytestag_test_clock_new ();
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  self->worker = bytestag_test_worker_new (self->reactor);
  self->max_bytes = PLENTY;
  open_table (self);
}

static void
tear_down (Fixture *self, gconstpointer user_data)
{
  close_table (self);
  g_assert_finalize_object (self->worker);
  g_assert_finalize_object (self->reactor);
  g_assert_finalize_object (self->clock);
  g_free (self->path);
  g_free (self->folder);
  bytestag_test_folder_remove (self->base);
}

/* The @n-th value of @size bytes; with its key as its index, as parts have. */
static GBytes *
make_value (guint32 n, gsize size, BytestagKvpRecord *record)
{
  guint8 *bytes = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (n >> (8 * (i % 4)) ^ i / 4);
  *record = (BytestagKvpRecord) { .size = size, .until = 2000000000 + n, .copies = 4 };
  bytestag_key_digest (&record->id.index, bytes, size);
  record->id.key = record->id.index;

  return g_bytes_new_take (bytes, size);
}

typedef struct
{
  guint n_good;
  guint n_failed;
  int code;
} Answers;

static void
written_cb (const GError *error, gpointer user_data)
{
  Answers *answers = user_data;

  if (error == NULL)
    {
      answers->n_good++;
      return;
    }
  answers->n_failed++;
  answers->code = error->code;
}

static BytestagKvpId
write_value (Fixture *self, guint32 n, gsize size, Answers *answers)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = make_value (n, size, &record);

  bytestag_kvp_table_write (as_table (self), &record, value, answers != NULL ? written_cb : NULL, answers);

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

static int
read_value (Fixture *self, const BytestagKvpId *id, GBytes **value)
{
  Reading reading = { 0 };

  bytestag_kvp_table_read (as_table (self), id, read_cb, &reading);
  run_for (self, 0);
  g_assert_cmpuint (reading.n_calls, ==, 1);
  if (value != NULL)
    *value = g_steal_pointer (&reading.value);
  g_clear_pointer (&reading.value, g_bytes_unref);

  return reading.code;
}

static void
assert_value (Fixture *self, guint32 n, gsize size)
{
  BytestagKvpRecord record;
  g_autoptr (GBytes) expected = make_value (n, size, &record);
  g_autoptr (GBytes) value = NULL;

  g_assert_cmpint (read_value (self, &record.id, &value), ==, -1);
  g_assert_true (g_bytes_equal (value, expected));
}

static gboolean
is_held (Fixture *self, const BytestagKvpId *id)
{
  return bytestag_kvp_table_lookup (as_table (self), id, NULL);
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

/* Files below FOLDER/values. */
static guint
count_files (Fixture *self)
{
  g_autofree char *values = g_build_filename (self->folder, "values", NULL);

  n_counted = 0;
  nftw (values, count_cb, 8, FTW_PHYS);

  return n_counted;
}

/* But for the reserve. */
static guint64
count_bytes (Fixture *self)
{
  g_autofree char *reserve = g_build_filename (self->folder, "reserve", NULL);
  GStatBuf status = { 0 };

  n_counted_bytes = 0;
  nftw (self->folder, count_cb, 8, FTW_PHYS);
  g_stat (reserve, &status);

  return n_counted_bytes - (guint64) status.st_blocks * 512;
}

/* (transfer full) */
static char *
get_file (Fixture *self, const BytestagKvpId *id)
{
  g_autofree char *key = bytestag_key_to_hex (&id->key);
  g_autofree char *index = bytestag_key_to_hex (&id->index);

  return g_strdup_printf ("%s/values/%s/%s-%s", self->folder, index + 38, key, index);
}

static void
execute (Fixture *self, const char *sql)
{
  sqlite3 *handle;
  g_autofree char *message = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &handle), ==, SQLITE_OK);
  sqlite3_exec (handle, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (handle);
}

static void
test_write_and_read (Fixture *self, gconstpointer user_data)
{
  const gsize sizes[] = { 0, 1, SMALL, BYTESTAG_LIMIT_VALUE_IN_ROW, LARGE, 262144, BYTESTAG_LIMIT_KEPT_VALUE };
  Answers answers = { 0 };
  guint n_files = 0;

  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      BytestagKvpId id = write_value (self, i, sizes[i], &answers);

      /* Not before it is on the disk. */
      g_assert_false (is_held (self, &id));
      n_files += sizes[i] > BYTESTAG_LIMIT_VALUE_IN_ROW;
    }
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US - 1);
  g_assert_cmpuint (answers.n_good, ==, 0);
  run_for (self, 1);
  g_assert_cmpuint (answers.n_good, ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (count_files (self), ==, n_files);

  for (guint turn = 0; turn < 2; turn++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        assert_value (self, i, sizes[i]);
      open_again (self);
    }
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
  g_assert_null (bytestag_database_table_get_problem (self->table));
}

/* One byte more than a value may have (BYTESTAG_LIMIT_KEPT_VALUE). */
static void
test_too_large (Fixture *self, gconstpointer user_data)
{
  Answers answers = { 0 };

  write_value (self, 1, BYTESTAG_LIMIT_KEPT_VALUE + 1, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  g_assert_cmpint (answers.code, ==, BYTESTAG_ERROR_FULL);
}

/* All of the record comes back. */
static void
test_record (Fixture *self, gconstpointer user_data)
{
  BytestagKvpRecord record;
  BytestagKvpRecord found;
  g_autoptr (GBytes) value = make_value (1, SMALL, &record);

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
  bytestag_kvp_table_write (as_table (self), &record, value, NULL, NULL);
  run_for (self, SECOND);

  for (guint turn = 0; turn < 2; turn++)
    {
      g_assert_true (bytestag_kvp_table_lookup (as_table (self), &record.id, &found));
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
      open_again (self);
    }
}

/* An update, and a second store, are on the disk with the next group. */
static void
test_update (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId id = write_value (self, 1, LARGE, NULL);
  BytestagKvpRecord record;
  Answers answers = { 0 };

  run_for (self, SECOND);
  g_assert_true (bytestag_kvp_table_lookup (as_table (self), &id, &record));
  for (guint i = 0; i < 1000; i++)
    {
      record.replicated = 1700000000 + i;
      g_assert_true (bytestag_kvp_table_update (as_table (self), &record));
    }
  run_for (self, SECOND);
  write_value (self, 1, LARGE, &answers);
  g_assert_cmpuint (answers.n_good, ==, 0);
  run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 1);

  record.replicated = 1700009999;
  g_assert_true (bytestag_kvp_table_update (as_table (self), &record));
  open_again (self);
  g_assert_true (bytestag_kvp_table_lookup (as_table (self), &id, &record));
  g_assert_cmpint (record.replicated, ==, 1700009999);
  assert_value (self, 1, LARGE);
}

/* Twice at one time: one value, and both are told when it is there. */
static void
test_write_again_while_pending (Fixture *self, gconstpointer user_data)
{
  Answers answers = { 0 };
  BytestagKvpId id = write_value (self, 1, LARGE, &answers);

  write_value (self, 1, LARGE, &answers);
  write_value (self, 1, LARGE, &answers);
  g_assert_false (is_held (self, &id));
  g_assert_false (bytestag_kvp_table_remove (as_table (self), &id));
  run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 3);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, LARGE);
  open_again (self);
  assert_value (self, 1, LARGE);
}

static void
test_remove (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId small = write_value (self, 1, SMALL, NULL);
  BytestagKvpId large = write_value (self, 2, LARGE, NULL);
  BytestagKvpId again = write_value (self, 3, LARGE, NULL);

  run_for (self, SECOND);
  g_assert_true (bytestag_kvp_table_remove (as_table (self), &small));
  g_assert_true (bytestag_kvp_table_remove (as_table (self), &large));
  g_assert_true (bytestag_kvp_table_remove (as_table (self), &again));
  g_assert_false (bytestag_kvp_table_remove (as_table (self), &large));
  g_assert_false (is_held (self, &large));
  g_assert_cmpint (read_value (self, &large, NULL), ==, BYTESTAG_ERROR_NOT_FOUND);
  /* In the same group as it goes. */
  write_value (self, 3, LARGE, NULL);
  run_for (self, SECOND);
  g_assert_cmpuint (count_files (self), ==, 1);

  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  assert_value (self, 3, LARGE);
}

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, record->id);
}

/* In order, and the same after a restart; what is pending is in none. */
static void
test_visits (Fixture *self, gconstpointer user_data)
{
  GArray *all[2];
  g_autoptr (GArray) under = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKey key = { { 7 } };

  for (guint i = 0; i < 40; i++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = make_value (i, SMALL, &record);

      if (i % 4 == 0)
        record.id.key = key;
      bytestag_kvp_table_write (as_table (self), &record, value, NULL, NULL);
    }
  g_assert_cmpuint (bytestag_kvp_table_visit_key (as_table (self), &key, collect_cb, under), ==, 0);
  g_assert_cmpuint (bytestag_kvp_table_count_kept (as_table (self)), ==, 0);
  run_for (self, SECOND);

  g_assert_cmpuint (bytestag_kvp_table_visit_key (as_table (self), &key, collect_cb, under), ==, 10);
  for (guint i = 1; i < 10; i++)
    g_assert_cmpint (bytestag_kvp_id_compare (&g_array_index (under, BytestagKvpId, i - 1),
                                              &g_array_index (under, BytestagKvpId, i)), <, 0);

  for (guint turn = 0; turn < 2; turn++)
    {
      all[turn] = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
      g_assert_cmpuint (bytestag_kvp_table_count_kept (as_table (self)), ==, 40);
      while (bytestag_kvp_table_visit_kept (as_table (self),
                                            all[turn]->len > 0
                                            ? &g_array_index (all[turn], BytestagKvpId, all[turn]->len - 1) : NULL,
                                            7, collect_cb, all[turn]) > 0)
        ;
      g_assert_cmpuint (all[turn]->len, ==, 40);
      open_again (self);
    }
  g_assert_cmpmem (all[0]->data, 40 * sizeof (BytestagKvpId), all[1]->data, 40 * sizeof (BytestagKvpId));
  g_array_unref (all[0]);
  g_array_unref (all[1]);
}

/* In slices of BYTESTAG_LIMIT_EXPIRING, and off the disk. */
static void
test_expires (Fixture *self, gconstpointer user_data)
{
  for (guint i = 0; i < BYTESTAG_LIMIT_EXPIRING + 5; i++)
    write_value (self, i, SMALL, NULL);
  run_for (self, SECOND);

  g_assert_false (bytestag_kvp_table_expire (as_table (self), 2000000000));
  g_assert_true (bytestag_kvp_table_expire (as_table (self), 2000000000 + BYTESTAG_LIMIT_EXPIRING + 3));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 5);
  g_assert_false (bytestag_kvp_table_expire (as_table (self), 2000000000 + BYTESTAG_LIMIT_EXPIRING + 3));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 2);
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 2);
}

/* Nothing is kept before a limit was chosen. */
static void
test_no_limit_chosen (Fixture *self, gconstpointer user_data)
{
  Answers answers = { 0 };
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = make_value (1, 0, &record);

  close_table (self);
  self->max_bytes = 0;
  open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_max_bytes (self->table), ==, 0);
  g_assert_false (bytestag_kvp_table_can_keep (as_table (self), &record));
  write_value (self, 1, 0, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  bytestag_database_table_set_max_bytes (self->table, 1000);
  g_assert_true (bytestag_kvp_table_can_keep (as_table (self), &record));
}

/* What is above a lower limit goes in slices (BYTESTAG_LIMIT_SETTLING), farthest first; 0
 * keeps nothing, not even what is empty. */
static void
test_lower_limit (Fixture *self, gconstpointer user_data)
{
  const guint n = 3 * BYTESTAG_LIMIT_SETTLING;
  const BytestagKey center = { { 0 } };
  g_autoptr (GArray) before = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  g_autoptr (GArray) after = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  bytestag_kvp_table_set_center (as_table (self), &center);
  for (guint i = 0; i < n; i++)
    write_value (self, i, 1000, NULL);
  write_value (self, n, 0, NULL);
  run_for (self, SECOND);
  bytestag_kvp_table_visit_kept (as_table (self), NULL, n, collect_cb, before);

  bytestag_database_table_set_max_bytes (self->table, 100 * 1000);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, n + 1);
  run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 100 * 1000);
  bytestag_kvp_table_visit_kept (as_table (self), NULL, n, collect_cb, after);
  g_assert_cmpmem (after->data, 100 * sizeof (BytestagKvpId), before->data, 100 * sizeof (BytestagKvpId));
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 100 * 1000);

  bytestag_database_table_set_max_bytes (self->table, 0);
  run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  self->max_bytes = PLENTY;
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
}

/* A limit that is lower at the start than what is there. */
static void
test_lower_limit_at_start (Fixture *self, gconstpointer user_data)
{
  for (guint i = 0; i < 50; i++)
    write_value (self, i, LARGE, NULL);
  run_for (self, SECOND);
  close_table (self);
  self->max_bytes = 10 * LARGE;
  open_table (self);
  run_for (self, SECOND);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 10);
  g_assert_cmpuint (count_files (self), ==, 10);
}

/* Full: what is farther makes room, on the disk too, and a network has a quota. */
static void
test_makes_room (Fixture *self, gconstpointer user_data)
{
  const BytestagKey center = { { 0 } };
  BytestagKvpRecord record;
  g_autoptr (GBytes) value = make_value (77, 1000, &record);
  Answers answers = { 0 };

  bytestag_kvp_table_set_center (as_table (self), &center);
  bytestag_database_table_set_max_bytes (self->table, 10000);
  run_for (self, 0);
  for (guint i = 0; i < 10; i++)
    write_value (self, i, 1000, &answers);
  run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 10);

  record.id.key = (BytestagKey) { { 0xff, 0xff, 0xff } };
  g_assert_false (bytestag_kvp_table_can_keep (as_table (self), &record));
  record.id.key = center;
  g_assert_true (bytestag_kvp_table_can_keep (as_table (self), &record));
  bytestag_kvp_table_write (as_table (self), &record, value, written_cb, &answers);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 10000);
  run_for (self, SECOND);
  g_assert_cmpuint (answers.n_good, ==, 11);
  self->max_bytes = 10000;
  open_again (self);
  g_assert_true (is_held (self, &record.id));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 10);

  bytestag_endpoint_parse (&record.source, "20.0.0.1:7001", NULL);
  record.id.key.bytes[19] = 1;
  g_assert_false (bytestag_kvp_table_can_keep (as_table (self), &record));
}

/* A group does not wait when it is as large as groups get. */
static void
test_limit_group (Fixture *self, gconstpointer user_data)
{
  Answers large = { 0 };
  Answers many = { 0 };
  guint n = BYTESTAG_LIMIT_GROUP_BYTES / 262144;

  for (guint i = 0; i < n; i++)
    write_value (self, i, 262144, &large);
  run_for (self, 0);
  g_assert_cmpuint (large.n_good, ==, n);

  /* Told in slices: none takes long. */
  for (guint i = 0; i < BYTESTAG_LIMIT_GROUP_CHANGES + 1; i++)
    write_value (self, 1000 + i, 8, &many);
  g_assert_cmpuint (many.n_good, ==, 0);
  run_for (self, 0);
  g_assert_cmpuint (many.n_good, ==, BYTESTAG_LIMIT_GROUP_CHANGES);
  g_assert_cmpuint (BYTESTAG_LIMIT_GROUP_CHANGES, >, BYTESTAG_LIMIT_COMPLETIONS);
  run_for (self, BYTESTAG_LIMIT_GROUP_COMMIT_US);
  g_assert_cmpuint (many.n_good, ==, BYTESTAG_LIMIT_GROUP_CHANGES + 1);
}

/* More than one batch of the worker, and than one event takes. */
static void
test_limit_loaded (Fixture *self, gconstpointer user_data)
{
  const guint n = BYTESTAG_LIMIT_LOADED_BATCH + BYTESTAG_LIMIT_LOADED + 3;

  for (guint i = 0; i < n; i++)
    write_value (self, i, 4, NULL);
  run_for (self, SECOND);
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, n);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
}

static void
damage (const char *path, off_t offset)
{
  int fd = open (path, O_WRONLY);

  g_assert_cmpint (pwrite (fd, "damaged", 7, offset), ==, 7);
  close (fd);
}

/* A value that is not what its index says is not served, goes, and is counted. */
static void
test_damaged_value (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId changed = write_value (self, 1, LARGE, NULL);
  BytestagKvpId gone = write_value (self, 2, LARGE, NULL);
  g_autofree char *changed_path = get_file (self, &changed);
  g_autofree char *gone_path = get_file (self, &gone);

  write_value (self, 3, LARGE, NULL);
  run_for (self, SECOND);
  damage (changed_path, 1000);
  g_assert_cmpint (g_unlink (gone_path), ==, 0);

  g_assert_cmpint (read_value (self, &changed, NULL), ==, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_false (is_held (self, &changed));
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 1);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  g_assert_cmpint (read_value (self, &gone, NULL), ==, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 2);
  run_for (self, SECOND);
  g_assert_cmpuint (count_files (self), ==, 1);
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
  assert_value (self, 3, LARGE);
}

/* What is not there, or shorter, is noticed at the start; a link is not followed. */
static void
test_missing_file (Fixture *self, gconstpointer user_data)
{
  char *paths[3];

  for (guint i = 0; i < 3; i++)
    {
      BytestagKvpId id = write_value (self, i, LARGE, NULL);

      paths[i] = get_file (self, &id);
    }
  write_value (self, 9, LARGE, NULL);
  run_for (self, SECOND);
  close_table (self);
  g_assert_cmpint (g_unlink (paths[0]), ==, 0);
  g_assert_cmpint (truncate (paths[1], LARGE - 1), ==, 0);
  g_assert_cmpint (g_unlink (paths[2]), ==, 0);
  g_assert_cmpint (symlink ("/etc/passwd", paths[2]), ==, 0);
  open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 3);
  run_for (self, SECOND);
  g_assert_cmpuint (count_files (self), ==, 1);
  for (guint i = 0; i < 3; i++)
    g_free (paths[i]);
}

/* Files that no record names, and what a power cut left of others. */
static void
test_stray_files (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId known = write_value (self, 1, LARGE, NULL);
  g_autofree char *path = get_file (self, &known);
  g_autofree char *half = g_strconcat (path, ".new", NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  BytestagKvpRecord unknown;
  g_autoptr (GBytes) value = make_value (2, LARGE, &unknown);
  g_autofree char *stray = NULL;
  g_autofree char *stray_folder = NULL;

  run_for (self, SECOND);
  unknown.id.index.bytes[19] = known.index.bytes[19];
  stray = get_file (self, &unknown.id);
  stray_folder = g_path_get_dirname (stray);
  g_assert_true (g_file_set_contents (half, "half", 4, NULL));
  g_assert_true (g_file_set_contents (stray, "stray", 5, NULL));
  g_free (bytestag_test_folder_write (folder, "what", "?", 1));
  g_assert_cmpuint (count_files (self), ==, 4);
  open_again (self);
  run_for (self, SECOND);
  g_assert_cmpuint (count_files (self), ==, 1);
  assert_value (self, 1, LARGE);
}

/* The database is damaged: it is set aside, said so, and what the files tell is taken up. */
static void
test_damaged_database (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId small = write_value (self, 1, SMALL, NULL);
  BytestagKvpId large = write_value (self, 2, LARGE, NULL);
  BytestagKvpRecord record;

  run_for (self, SECOND);
  close_table (self);
  damage (self->path, 0);
  open_table (self);
  run_for (self, SECOND);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_nonnull (strstr (bytestag_database_table_get_problem (self->table), "kept.db.damaged-"));
  g_assert_false (is_held (self, &small));
  g_assert_true (bytestag_kvp_table_lookup (as_table (self), &large, &record));
  g_assert_cmpfloat (record.time_to_live, ==, 86400);
  g_assert_cmpfloat (record.last_update, >, 1);
  assert_value (self, 2, LARGE);

  write_value (self, 1, SMALL, NULL);
  open_again (self);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  assert_value (self, 1, SMALL);
  assert_value (self, 2, LARGE);
}

/* Of a newer version: served, and nothing of it is changed. */
static void
test_newer (Fixture *self, gconstpointer user_data)
{
  BytestagKvpId id = write_value (self, 1, LARGE, NULL);
  BytestagKvpId removed = write_value (self, 2, SMALL, NULL);
  Answers answers = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize n_before, n_after;
  BytestagKvpRecord record;

  run_for (self, SECOND);
  close_table (self);
  execute (self, "PRAGMA user_version=2; ALTER TABLE records ADD COLUMN more TEXT");
  g_assert_true (g_file_get_contents (self->path, &before, &n_before, NULL));

  self->max_bytes = 0;
  open_table (self);
  run_for (self, SECOND);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READ_ONLY);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  assert_value (self, 1, LARGE);
  bytestag_database_table_set_max_bytes (self->table, PLENTY);
  write_value (self, 3, SMALL, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  g_assert_true (bytestag_kvp_table_remove (as_table (self), &removed));
  g_assert_true (bytestag_kvp_table_lookup (as_table (self), &id, &record));
  g_assert_true (bytestag_kvp_table_update (as_table (self), &record));
  bytestag_database_table_delete_all (self->table, (BytestagDatabaseTableFunc) written_cb, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 2);
  run_for (self, 100 * SECOND);
  open_again (self);
  g_assert_true (is_held (self, &removed));
  g_assert_true (g_file_get_contents (self->path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
}

/* Whatever stands in the rows. */
static void
test_hostile_rows (Fixture *self, gconstpointer user_data)
{
  static const char *const columns[] = {
    "size = -1", "size = 1048576", "size = 99", "size = 'large'", "size = 20000", "timestamp = -1",
    "timestamp = x'00'", "time_to_live = -1.0", "time_to_live = 9e999", "last_update = 'now'", "last_update = 1e300",
    "until = -5", "until = 9223372036854775807", "replicated = 0.5", "source = x'010203'", "source = 'here'",
    "source = x'01020304', port = 70000", "copies = 256", "kind = 9", "handed_over = 2", "key = 'text'", "key = x'00'",
    "key = 17", "idx = x'0102'", "key = '../../../etc/passwd'", "idx = zeroblob (21)",
    /* A value that is none, and one of another length. */
    NULL, NULL,
  };
  const guint n = G_N_ELEMENTS (columns);

  for (guint i = 0; i < n + 1; i++)
    write_value (self, i, SMALL, NULL);
  run_for (self, SECOND);
  close_table (self);

  for (guint i = 0; i < n; i++)
    {
      BytestagKvpRecord record;
      g_autoptr (GBytes) value = make_value (i, SMALL, &record);
      g_autofree char *key = bytestag_key_to_hex (&record.id.key);
      g_autofree char *sql = NULL;

      if (columns[i] != NULL)
        sql = g_strdup_printf ("UPDATE records SET %s WHERE key = x'%s'", columns[i], key);
      else
        sql = g_strdup_printf ("UPDATE bytes SET value = %s WHERE key = x'%s'", i % 2 == 0 ? "'text'" : "x'00'", key);
      execute (self, sql);
    }

  open_table (self);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, n);
  assert_value (self, n, SMALL);
  open_again (self);
  g_assert_cmpuint (bytestag_database_table_get_n_damaged (self->table), ==, 0);
}

/* Tables that are not ours: an error in words, and nothing goes. */
static void
test_hostile_schema (Fixture *self, gconstpointer user_data)
{
  close_table (self);
  execute (self, "DROP TABLE bytes; DROP TABLE records; CREATE TABLE records (x)");
  open_table (self);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_FAILED);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
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
test_delete_all (Fixture *self, gconstpointer user_data)
{
  Answers waiting = { 0 };
  guint n_deleted = 0;
  BytestagKvpId id;

  for (guint i = 0; i < 100; i++)
    write_value (self, i, i % 2 == 0 ? SMALL : 100000, NULL);
  run_for (self, SECOND);
  g_assert_cmpuint (count_bytes (self), >, 5000000);

  id = write_value (self, 1000, LARGE, &waiting);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  g_assert_cmpuint (waiting.n_failed, ==, 1);
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 0);
  g_assert_cmpuint (bytestag_database_table_get_n_bytes (self->table), ==, 0);
  write_value (self, 1001, LARGE, &waiting);
  g_assert_cmpuint (waiting.n_failed, ==, 2);
  run_for (self, 0);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_cmpuint (count_files (self), ==, 0);

  write_value (self, 1002, LARGE, NULL);
  run_for (self, SECOND);
  assert_value (self, 1002, LARGE);
  open_again (self);
  g_assert_false (is_held (self, &id));
  g_assert_cmpuint (bytestag_database_table_get_n_values (self->table), ==, 1);
}

/* Also one that does not open. */
static void
test_delete_all_failed (Fixture *self, gconstpointer user_data)
{
  guint n_deleted = 0;

  write_value (self, 1, LARGE, NULL);
  close_table (self);
  execute (self, "DROP TABLE bytes; DROP TABLE records; CREATE TABLE records (x)");
  open_table (self);
  bytestag_database_table_delete_all (self->table, deleted_cb, &n_deleted);
  run_for (self, 0);
  g_assert_cmpuint (n_deleted, ==, 1);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_READY);
  g_assert_null (bytestag_database_table_get_problem (self->table));
  write_value (self, 1, LARGE, NULL);
  run_for (self, SECOND);
  assert_value (self, 1, LARGE);
}

/* What was removed is the disk's again (BYTESTAG_LIMIT_SHRINK_US later, in steps of
 * BYTESTAG_LIMIT_SHRINK_PAGES). */
static void
test_gives_space_back (Fixture *self, gconstpointer user_data)
{
  const guint n = 4 * BYTESTAG_LIMIT_SHRINK_PAGES * 4096 / 16000;
  guint64 full;

  for (guint i = 0; i < n; i++)
    write_value (self, i, 16000, NULL);
  for (guint i = 0; i < 20; i++)
    write_value (self, n + i, 100000, NULL);
  run_for (self, 20 * SECOND);
  full = count_bytes (self);

  bytestag_database_table_set_max_bytes (self->table, 100000);
  run_for (self, BYTESTAG_LIMIT_SHRINK_US - 1);
  g_assert_cmpuint (count_bytes (self), >, full / 2);
  run_for (self, 10 * SECOND);
  g_assert_cmpuint (count_bytes (self), <, full / 20);
}

/* Words for who looks at it. */
static void
test_no_folder (Fixture *self, gconstpointer user_data)
{
  Answers answers = { 0 };

  close_table (self);
  g_free (bytestag_test_folder_write (self->base, "file", "", 0));
  g_free (self->folder);
  self->folder = g_build_filename (self->base, "file", "kept", NULL);
  open_table (self);
  g_assert_cmpint (bytestag_database_table_get_state (self->table), ==, BYTESTAG_DATABASE_TABLE_FAILED);
  g_assert_nonnull (bytestag_database_table_get_problem (self->table));
  write_value (self, 1, SMALL, &answers);
  g_assert_cmpuint (answers.n_failed, ==, 1);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", pspec->name);
}

static void
test_properties (Fixture *self, gconstpointer user_data)
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
  write_value (self, 1, SMALL, NULL);
  run_for (self, SECOND);
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
test_close_flushes (Fixture *self, gconstpointer user_data)
{
  Answers answers = { 0 };

  write_value (self, 1, LARGE, &answers);
  write_value (self, 2, SMALL, &answers);
  bytestag_database_table_close (self->table);
  bytestag_database_table_close (self->table);
  write_value (self, 3, SMALL, &answers);
  run_for (self, 0);
  g_assert_cmpuint (answers.n_good, ==, 2);
  g_assert_cmpuint (answers.n_failed, ==, 1);
  open_again (self);
  assert_value (self, 1, LARGE);
  assert_value (self, 2, SMALL);
}

#define ADD(name, test) g_test_add ("/storage/database-table/" name, Fixture, NULL, set_up, test, tear_down)

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
  ADD ("limits/loaded", test_limit_loaded);
  ADD ("damaged/value", test_damaged_value);
  ADD ("damaged/missing-file", test_missing_file);
  ADD ("damaged/database", test_damaged_database);
  ADD ("stray-files", test_stray_files);
  ADD ("newer", test_newer);
  ADD ("hostile/rows", test_hostile_rows);
  ADD ("hostile/schema", test_hostile_schema);
  ADD ("delete-all/ready", test_delete_all);
  ADD ("delete-all/failed", test_delete_all_failed);
  ADD ("gives-space-back", test_gives_space_back);
  ADD ("no-folder", test_no_folder);
  ADD ("properties", test_properties);
  ADD ("close-flushes", test_close_flushes);

  return g_test_run ();
}
