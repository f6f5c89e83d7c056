/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/database.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "support/test-folder.h"

#define APPLICATION_ID 0x62747374

static const char * const one[] = {
  "CREATE TABLE words (word TEXT NOT NULL)",
  NULL,
};

static const char * const two[] = {
  "CREATE TABLE words (word TEXT NOT NULL)",
  "ALTER TABLE words ADD COLUMN n INTEGER NOT NULL DEFAULT 7; CREATE TABLE more (x INTEGER)",
  NULL,
};

static const char * const two_failing[] = {
  "CREATE TABLE words (word TEXT NOT NULL)",
  "CREATE TABLE more (x INTEGER); INSERT INTO nowhere VALUES (1)",
  NULL,
};

typedef struct
{
  char *folder;
  char *path;
  char *log;
} Fixture;

static void
set_up (Fixture *self, gconstpointer user_data)
{
  self->folder = bytestag_test_folder_new ();
  self->path = g_build_filename (self->folder, "test.db", NULL);
  self->log = g_strconcat (self->path, "-wal", NULL);
}

static void
tear_down (Fixture *self, gconstpointer user_data)
{
  g_free (self->log);
  g_free (self->path);
  bytestag_test_folder_remove (self->folder);
}

/* Opens it, which must go, and come out as @expected. */
static BytestagDatabase *
open_as (Fixture *self, const char * const *migrations, BytestagDatabaseOpening expected, char **set_aside)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = NULL;
  BytestagDatabaseOpening opening;
  BytestagDatabase *database;

  database = bytestag_database_open (self->path, APPLICATION_ID, migrations, &opening, &aside, &error);
  g_assert_no_error (error);
  g_assert_nonnull (database);
  g_assert_cmpint (opening, ==, expected);
  g_assert_true ((aside != NULL) == (expected == BYTESTAG_DATABASE_REBUILT));
  if (set_aside != NULL)
    *set_aside = g_steal_pointer (&aside);

  return database;
}

static void
expect_error (Fixture *self, const char * const *migrations, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = NULL;
  BytestagDatabaseOpening opening;

  g_assert_null (bytestag_database_open (self->path, APPLICATION_ID, migrations, &opening, &aside, &error));
  g_assert_error (error, domain, code);
  g_assert_null (aside);
}

static void
execute (BytestagDatabase *database, const char *sql)
{
  g_autoptr (GError) error = NULL;

  bytestag_database_execute (database, sql, &error);
  g_assert_no_error (error);
}

static gint64
get_number (BytestagDatabase *database, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gint64 value = -1;

  bytestag_database_get_number (database, sql, &value, &error);
  g_assert_no_error (error);

  return value;
}

/* Some hundred pages of words, in the file and none in the log. */
static const char insert_words[] =
  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
  "INSERT INTO words SELECT printf ('%0500d', i) FROM n";

static void
make_filled (Fixture *self)
{
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);

  execute (database, insert_words);
}

static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);

  return g_bytes_new_take (contents, length);
}

static void
assert_file_is (const char *path, GBytes *expected)
{
  g_autoptr (GBytes) bytes = read_file (path);

  g_assert_true (g_bytes_equal (bytes, expected));
}

static void
overwrite (const char *path, off_t offset, guint8 byte, gsize length)
{
  g_autofree guint8 *bytes = g_malloc (length);
  int fd = open (path, O_WRONLY);

  memset (bytes, byte, length);
  g_assert_cmpint (pwrite (fd, bytes, length, offset), ==, length);
  close (fd);
}

static void
test_new (Fixture *self, gconstpointer user_data)
{
  struct stat status;

  for (guint turn = 0; turn < 2; turn++)
    {
      g_autoptr (BytestagDatabase) database =
        open_as (self, two, turn == 0 ? BYTESTAG_DATABASE_CREATED : BYTESTAG_DATABASE_OPENED, NULL);

      g_assert_cmpint (get_number (database, "PRAGMA user_version"), ==, 2);
      g_assert_cmpint (get_number (database, "PRAGMA application_id"), ==, APPLICATION_ID);
      /* Full, incremental, the write-ahead log's header. */
      g_assert_cmpint (get_number (database, "PRAGMA synchronous"), ==, 2);
      g_assert_cmpint (get_number (database, "PRAGMA auto_vacuum"), ==, 2);
      g_assert_cmpint (get_number (database, "PRAGMA foreign_keys"), ==, 1);
      execute (database, "INSERT INTO words (word) VALUES ('hello')");
      g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, turn + 1);

      g_assert_cmpint (g_stat (self->path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
      g_assert_cmpint (g_stat (self->log, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
      g_assert_cmpint (status.st_size, >, 0);
    }

  /* Closed, the log is in the file. */
  g_assert_false (g_file_test (self->log, G_FILE_TEST_EXISTS));
}

static void
test_in_memory (Fixture *self, gconstpointer user_data)
{
  Fixture none = { NULL, NULL, NULL };
  g_autoptr (BytestagDatabase) first = open_as (&none, two, BYTESTAG_DATABASE_CREATED, NULL);
  g_autoptr (BytestagDatabase) second = open_as (&none, two, BYTESTAG_DATABASE_CREATED, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_database_begin (first, &error));
  execute (first, "INSERT INTO words (word) VALUES ('hello')");
  g_assert_true (bytestag_database_commit (first, &error));
  g_assert_true (bytestag_database_checkpoint (first, &error));
  g_assert_cmpint (get_number (first, "SELECT count(*) FROM words"), ==, 1);
  g_assert_cmpint (get_number (second, "SELECT count(*) FROM words"), ==, 0);
}

/* No file of shared memory is made, and nobody else gets in. */
static void
test_locked (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);
  g_autofree char *shared = g_strconcat (self->path, "-shm", NULL);

  g_assert_false (g_file_test (shared, G_FILE_TEST_EXISTS));
  expect_error (self, one, BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

static void
test_migrates (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) first = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);
  g_autoptr (BytestagDatabase) second = NULL;

  execute (first, "INSERT INTO words VALUES ('hello')");
  g_clear_pointer (&first, bytestag_database_close);

  second = open_as (self, two, BYTESTAG_DATABASE_OPENED, NULL);
  g_assert_cmpint (get_number (second, "PRAGMA user_version"), ==, 2);
  g_assert_cmpint (get_number (second, "SELECT n FROM words WHERE word = 'hello'"), ==, 7);
}

/* A migration that fails changes nothing, and is no damage. */
static void
test_migration_fails (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = NULL;

  make_filled (self);
  expect_error (self, two_failing, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);

  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  g_assert_cmpint (get_number (database, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1000);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"), ==, 0);
}

static void
damage_header (Fixture *self)
{
  overwrite (self->path, 0, 0x5a, 100);
}

/* Of a table's page: what SQLite meets only when it reads all. */
static void
damage_middle (Fixture *self)
{
  overwrite (self->path, 60 * 4096, 0xa5, 4096);
}

static void
damage_end (Fixture *self)
{
  g_assert_cmpint (truncate (self->path, 20 * 4096 + 100), ==, 0);
}

/* Twice, so that the second is set aside beside the first. Its log goes with it: a new
 * database must not find that of another. */
static void
test_damaged (Fixture *self, gconstpointer user_data)
{
  void (*damage) (Fixture *self) = user_data;
  char *asides[2];
  GBytes *contents[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagDatabase) database = NULL;
      g_autofree char *log_aside = NULL;

      make_filled (self);
      damage (self);
      g_free (bytestag_test_folder_write (self->folder, "test.db-wal", "log", 3));
      contents[i] = read_file (self->path);

      database = open_as (self, one, BYTESTAG_DATABASE_REBUILT, &asides[i]);
      g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 0);
      g_assert_nonnull (strstr (asides[i], "/test.db.damaged-20"));
      log_aside = g_strconcat (asides[i], "-wal", NULL);
      g_assert_true (g_file_test (log_aside, G_FILE_TEST_EXISTS));
      g_clear_pointer (&database, bytestag_database_close);
      g_assert_cmpint (g_unlink (self->path), ==, 0);
    }

  g_assert_cmpstr (asides[0], !=, asides[1]);
  for (guint i = 0; i < 2; i++)
    {
      assert_file_is (asides[i], contents[i]);
      g_free (asides[i]);
      g_bytes_unref (contents[i]);
    }
}

/* A log that was never synced is no damage: what is in the file stays. */
static void
test_garbage_log (Fixture *self, gconstpointer user_data)
{
  g_autofree guint8 *garbage = g_malloc (100000);
  g_autoptr (BytestagDatabase) database = NULL;

  make_filled (self);
  memset (garbage, 0x77, 100000);
  g_free (bytestag_test_folder_write (self->folder, "test.db-wal", garbage, 100000));
  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1000);
  execute (database, "INSERT INTO words VALUES ('more')");
}

/* The process was killed and the end of the log is lost: what was committed before it stays. */
static void
test_truncated_log (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);
  g_autofree char *file = NULL;
  g_autofree char *log = NULL;
  gsize length, log_length;

  execute (database, "INSERT INTO words VALUES ('first')");
  execute (database, "INSERT INTO words VALUES ('second')");
  g_assert_true (g_file_get_contents (self->path, &file, &length, NULL));
  g_assert_true (g_file_get_contents (self->log, &log, &log_length, NULL));
  g_clear_pointer (&database, bytestag_database_close);

  g_free (bytestag_test_folder_write (self->folder, "test.db", file, length));
  g_free (bytestag_test_folder_write (self->folder, "test.db-wal", log, log_length - 1));
  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1);
}

static void
assert_unchanged (Fixture *self)
{
  g_autoptr (GBytes) before = read_file (self->path);
  g_autoptr (GBytes) log_before = g_file_test (self->log, G_FILE_TEST_EXISTS) ? read_file (self->log) : NULL;
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_NEWER, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1);
  g_assert_false (bytestag_database_execute (database, "INSERT INTO words VALUES ('ours')", &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED);
  g_clear_pointer (&database, bytestag_database_close);

  assert_file_is (self->path, before);
  if (log_before != NULL)
    assert_file_is (self->log, log_before);
}

/* @sql makes a file that is not for us. */
static void
test_foreign (Fixture *self, gconstpointer user_data)
{
  const char *sql = user_data;
  sqlite3 *handle;

  g_assert_cmpint (sqlite3_open (self->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);
  assert_unchanged (self);
}

/* What is still in its log is read, and not brought into the file. */
static void
test_newer_with_log (Fixture *self, gconstpointer user_data)
{
  sqlite3 *handle;

  g_assert_cmpint (sqlite3_open (self->path, &handle), ==, SQLITE_OK);
  sqlite3_db_config (handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_assert_cmpint (sqlite3_exec (handle,
                                 "PRAGMA journal_mode=WAL; PRAGMA application_id=1651798900; PRAGMA user_version=9;"
                                 "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('theirs')",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);
  g_assert_true (g_file_test (self->log, G_FILE_TEST_EXISTS));
  assert_unchanged (self);
}

static void
test_link (Fixture *self, gconstpointer user_data)
{
  g_autofree char *target = g_build_filename (self->folder, "target.db", NULL);

  g_assert_cmpint (symlink (target, self->path), ==, 0);
  expect_error (self, one, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
}

/* Of the folder a link is followed: homes may lie behind one. */
static void
test_linked_folder (Fixture *self, gconstpointer user_data)
{
  g_autofree char *link = g_build_filename (self->folder, "link", NULL);
  g_autofree char *path = g_build_filename (link, "test.db", NULL);
  g_autofree char *aside = NULL;
  g_autoptr (GError) error = NULL;
  BytestagDatabaseOpening opening;
  BytestagDatabase *database;

  g_assert_cmpint (symlink (self->folder, link), ==, 0);
  database = bytestag_database_open (path, APPLICATION_ID, one, &opening, &aside, &error);
  g_assert_no_error (error);
  bytestag_database_close (database);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_IS_REGULAR));
}

static void
test_not_a_file (Fixture *self, gconstpointer user_data)
{
  g_assert_cmpint (g_mkdir (self->path, 0700), ==, 0);
  expect_error (self, one, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_cmpint (g_rmdir (self->path), ==, 0);
  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  expect_error (self, one, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

static void
test_no_folder (Fixture *self, gconstpointer user_data)
{
  Fixture missing = { .path = (char *) "/nonexistent/folder/test.db" };

  expect_error (&missing, one, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

/* As somebody who may not write; for root everything can be written. */
static void
test_read_only_folder (Fixture *self, gconstpointer user_data)
{
  uid_t user = geteuid ();

  g_assert_cmpint (g_chmod (self->folder, 0555), ==, 0);
  if (user == 0)
    g_assert_cmpint (seteuid (65534), ==, 0);
  expect_error (self, one, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  if (user == 0)
    g_assert_cmpint (seteuid (user), ==, 0);
  g_assert_cmpint (g_chmod (self->folder, 0700), ==, 0);
}

/* The file may be read only: an error, and it stays as it is. */
static void
test_read_only_file (Fixture *self, gconstpointer user_data)
{
  uid_t user = geteuid ();
  g_autoptr (GBytes) before = NULL;

  make_filled (self);
  before = read_file (self->path);
  g_assert_cmpint (g_chmod (self->path, 0444), ==, 0);
  g_assert_cmpint (g_chmod (self->folder, 0555), ==, 0);
  if (user == 0)
    g_assert_cmpint (seteuid (65534), ==, 0);
  expect_error (self, two, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  if (user == 0)
    g_assert_cmpint (seteuid (user), ==, 0);
  g_assert_cmpint (g_chmod (self->folder, 0700), ==, 0);
  assert_file_is (self->path, before);
}

/* As SQLite tells a full disk. Nothing of what did not fit stays, and nothing else goes. */
static void
test_full (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = NULL;
  g_autoptr (GError) error = NULL;

  make_filled (self);
  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  execute (database, "PRAGMA max_page_count=200");
  g_assert_true (bytestag_database_begin (database, &error));
  g_assert_false (bytestag_database_execute (database, insert_words, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  bytestag_database_rollback (database);
  bytestag_database_rollback (database);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1000);
  execute (database, "PRAGMA max_page_count=2000; INSERT INTO words VALUES ('one more')");
}

static void
test_statements (Fixture *self, gconstpointer user_data)
{
  static const char insert[] = "INSERT INTO words VALUES (?)";
  static const char select[] = "SELECT word FROM words ORDER BY word";
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);
  g_autoptr (GError) error = NULL;
  sqlite3_stmt *statement = bytestag_database_prepare (database, insert, &error);
  gboolean row;

  g_assert_no_error (error);
  sqlite3_bind_text (statement, 1, "b", -1, SQLITE_STATIC);
  g_assert_true (bytestag_database_step (database, statement, &row, &error));
  g_assert_false (row);

  /* Its binding is gone, so that it would be a word that may not be. */
  g_assert_true (bytestag_database_prepare (database, insert, &error) == statement);
  g_assert_false (bytestag_database_step (database, statement, NULL, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_clear_error (&error);

  statement = bytestag_database_prepare (database, select, &error);
  g_assert_true (bytestag_database_step (database, statement, &row, &error));
  g_assert_true (row);
  g_assert_cmpstr ((const char *) sqlite3_column_text (statement, 0), ==, "b");
  g_assert_true (bytestag_database_step (database, statement, &row, &error));
  g_assert_false (row);

  g_assert_null (bytestag_database_prepare (database, "SELECT nothing", &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
}

static void
test_rolls_back (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = open_as (self, one, BYTESTAG_DATABASE_CREATED, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_database_begin (database, &error));
  execute (database, "INSERT INTO words VALUES ('kept')");
  g_assert_true (bytestag_database_commit (database, &error));
  g_assert_true (bytestag_database_begin (database, &error));
  execute (database, "INSERT INTO words VALUES ('dropped')");
  g_clear_pointer (&database, bytestag_database_close);

  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  g_assert_cmpint (get_number (database, "SELECT count(*) FROM words"), ==, 1);
}

/* In steps; what was free is the disk's again. */
static void
test_gives_space_back (Fixture *self, gconstpointer user_data)
{
  g_autoptr (BytestagDatabase) database = NULL;
  g_autoptr (GError) error = NULL;
  struct stat status;
  gboolean more = TRUE;
  guint n_steps;

  make_filled (self);
  g_stat (self->path, &status);
  g_assert_cmpint (status.st_size, >, 100 * 4096);

  database = open_as (self, one, BYTESTAG_DATABASE_OPENED, NULL);
  execute (database, "DELETE FROM words");
  for (n_steps = 0; more; n_steps++)
    g_assert_true (bytestag_database_shrink (database, 32, &more, &error));
  g_assert_cmpuint (n_steps, >, 3);
  g_assert_true (bytestag_database_checkpoint (database, &error));
  g_stat (self->path, &status);
  g_assert_cmpint (status.st_size, <, 10 * 4096);
  g_stat (self->log, &status);
  g_assert_cmpint (status.st_size, ==, 0);
}

#define ADD(name, data, test) g_test_add ("/storage/database/" name, Fixture, data, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("new", NULL, test_new);
  ADD ("in-memory", NULL, test_in_memory);
  ADD ("locked", NULL, test_locked);
  ADD ("migrates", NULL, test_migrates);
  ADD ("migration-fails", NULL, test_migration_fails);
  ADD ("damaged/header", damage_header, test_damaged);
  ADD ("damaged/middle", damage_middle, test_damaged);
  ADD ("damaged/end", damage_end, test_damaged);
  ADD ("log/garbage", NULL, test_garbage_log);
  ADD ("log/truncated", NULL, test_truncated_log);
  ADD ("newer/version", "PRAGMA application_id=1651798900; PRAGMA user_version=2;"
                        "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('theirs')", test_foreign);
  ADD ("newer/negative", "PRAGMA application_id=1651798900; PRAGMA user_version=-1;"
                         "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('theirs')", test_foreign);
  ADD ("newer/other-program", "PRAGMA application_id=77; PRAGMA user_version=1;"
                              "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('theirs')", test_foreign);
  ADD ("newer/no-program", "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('theirs')", test_foreign);
  ADD ("newer/log", NULL, test_newer_with_log);
  ADD ("link", NULL, test_link);
  ADD ("linked-folder", NULL, test_linked_folder);
  ADD ("not-a-file", NULL, test_not_a_file);
  ADD ("no-folder", NULL, test_no_folder);
  ADD ("read-only-folder", NULL, test_read_only_folder);
  ADD ("read-only-file", NULL, test_read_only_file);
  ADD ("full", NULL, test_full);
  ADD ("statements", NULL, test_statements);
  ADD ("rolls-back", NULL, test_rolls_back);
  ADD ("gives-space-back", NULL, test_gives_space_back);

  return g_test_run ();
}
