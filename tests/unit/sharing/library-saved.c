/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"
#include "storage/library-store.h"
#include "support/test-model.h"

/* What is there after the process ended: each library of these tests is made of the same
 * library.db, in a network where nobody has met anybody. */

static BytestagLibrary *
start (Fixture *self)
{
  g_autofree char *path = fixture_path (self, "library.db");
  BytestagLibrary *library = bytestag_library_new_saved (self->network, self->shared, self->worker, path, self->worker);

  while (!bytestag_library_is_loaded (library))
    bytestag_sim_run (self->sim, SECOND / 20);

  return library;
}

/* As a kill does: nothing is told to end. The sets of the table go, as they would. */
static void
end (Fixture         *self,
     BytestagLibrary *library)
{
  g_assert_finalize_object (library);
  bytestag_sim_run (self->sim, SECOND);
}

static BytestagShare *
get_item (BytestagLibrary *library,
          guint            position)
{
  g_autoptr (BytestagShare) share = g_list_model_get_item (G_LIST_MODEL (library), position);

  g_assert_nonnull (share);

  return share;
}

static guint
count_items (BytestagLibrary *library)
{
  return g_list_model_get_n_items (G_LIST_MODEL (library));
}

static gboolean
holds (Fixture           *self,
       const BytestagKey *key)
{
  BytestagKvpId id = { *key, *key };

  return bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->shared), &id, NULL);
}

static BytestagKey
part_key (gsize size,
          guint seed)
{
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);
  BytestagKey key;

  bytestag_key_digest (&key, g_bytes_get_data (bytes, NULL), MIN (size, BYTESTAG_PART_SIZE));

  return key;
}

typedef struct {
  GBytes *bytes;
  GError *error;
} Answer;

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  Answer *answer = user_data;

  answer->bytes = value != NULL ? g_bytes_ref (value) : NULL;
  answer->error = error != NULL ? g_error_copy (error) : NULL;
}

/* (transfer full) (nullable) */
static GBytes *
read_value (Fixture           *self,
            const BytestagKey *key)
{
  BytestagKvpId id = { *key, *key };
  Answer answer = { NULL, NULL };

  bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (self->shared), &id, read_cb, &answer);
  bytestag_sim_run (self->sim, SECOND / 10);
  g_clear_error (&answer.error);

  return answer.bytes;
}

static void
test_restart (Fixture       *self,
              gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 600000, 3);
  g_autofree char *empty = fixture_write (self, "things/empty", 0, 3);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  g_autofree char *uri = NULL;
  g_autoptr (GBytes) root = NULL;
  g_autoptr (GBytes) part = NULL;
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { folder, NULL }, "Näme", "word");
  BytestagKey key;
  BytestagKey first = part_key (600000, 3);

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  uri = bytestag_link_to_uri (bytestag_share_get_link (item));
  key = *bytestag_link_get_key (bytestag_share_get_link (item));
  end (self, library);
  g_assert_false (holds (self, &first));

  library = start (self);
  g_assert_null (bytestag_library_get_problem (library));
  g_assert_cmpuint (count_items (library), ==, 1);
  item = get_item (library, 0);
  {
    g_autofree char *again = bytestag_link_to_uri (bytestag_share_get_link (item));

    g_assert_cmpstr (again, ==, uri);
  }
  g_assert_cmpstr (bytestag_share_get_name (item), ==, "Näme");
  g_assert_cmpuint (bytestag_share_get_n_files (item), ==, 2);
  g_assert_cmpuint (bytestag_share_get_size (item), ==, 600000);
  g_assert_cmpuint (bytestag_share_get_copies (item), ==, 4);
  g_assert_cmpstr (bytestag_share_get_paths (item)[0], ==, folder);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_PUBLISHING);
  bytestag_sim_run (self->sim, SECOND);

  /* Served as before, without having been read. */
  g_assert_cmpuint (bytestag_share_get_n_pieces (item), ==, 5);
  root = read_value (self, &key);
  g_assert_nonnull (root);
  part = read_value (self, &first);
  g_assert_cmpuint (g_bytes_get_size (part), ==, BYTESTAG_PART_SIZE);

  bytestag_library_stop (library, item);
  g_assert_cmpuint (count_items (library), ==, 0);
  g_assert_false (holds (self, &key));
  g_assert_false (holds (self, &first));
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);
  library = start (self);
  g_assert_cmpuint (count_items (library), ==, 0);
  end (self, library);
}

static gint64
count_rows (Fixture    *self,
            const char *sql)
{
  g_autofree char *path = fixture_path (self, "library.db");
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  gint64 n;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  n = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (database);

  return n;
}

static void
run_sql (Fixture    *self,
         const char *sql)
{
  g_autofree char *path = fixture_path (self, "library.db");
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
}

/* The row of every table goes with the share that it is of, and what another has stays. */
static void
test_forgotten (Fixture       *self,
                gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 600000, 3);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { folder, NULL }, NULL, NULL);
  BytestagShare *other = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);

  /* One within the other: two collections, the same part once. */
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  bytestag_sim_run (self->sim, SECOND);
  g_assert_nonnull (bytestag_share_get_link (other));
  g_assert_cmpuint (count_items (library), ==, 2);
  bytestag_library_stop (library, item);
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM shares"), ==, 1);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM files"), ==, 1);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM parts"), ==, 1);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM roots"), ==, 1);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM share_infos"), ==, 2);
  /* The root of the other, and the info of its file, which both had. */
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM infos"), ==, 2);
  g_assert_cmpint (count_rows (self, "SELECT max(n_shares) FROM infos"), ==, 1);

  library = start (self);
  bytestag_sim_run (self->sim, SECOND);
  {
    BytestagKey part = part_key (600000, 3);

    g_assert_true (holds (self, &part));
  }
  bytestag_library_stop (library, get_item (library, 0));
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT (SELECT count(*) FROM shares) + (SELECT count(*) FROM files) +"
                                     "  (SELECT count(*) FROM parts) + (SELECT count(*) FROM roots) +"
                                     "  (SELECT count(*) FROM infos) + (SELECT count(*) FROM share_infos) +"
                                     "  (SELECT count(*) FROM pieces)"), ==, 0);
}

/* It ended while files were being hashed: those that were saved are not read again. Whether a
 * file is read is told by making it unlike what was saved, under the same stamp. */
static void
test_resume (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *two = fixture_write (self, "things/two", 3000, 4);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { folder, NULL }, "name", NULL);
  g_autofree char *uri = NULL;
  struct stat status;
  int fd;

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  uri = bytestag_link_to_uri (bytestag_share_get_link (item));
  end (self, library);

  /* As if it had ended after the first file, with one more that was deleted meanwhile. */
  run_sql (self, "UPDATE shares SET state = 0; DELETE FROM parts WHERE file IN (SELECT id FROM files WHERE position = 1);"
                 "DELETE FROM files WHERE position = 1;"
                 "INSERT INTO files SELECT 99, share, root, 1, round, 'deleted', filename, size, mtime, inode + 1, device,"
                 "  birth, state, hash, sha256 FROM files WHERE position = 0;"
                 "INSERT INTO parts SELECT 99, first, keys FROM parts");
  fd = open (one, O_RDWR);
  g_assert_cmpint (fstat (fd, &status), ==, 0);
  g_assert_cmpint (pwrite (fd, "x", 1, 5), ==, 1);
  g_assert_cmpint (futimens (fd, (struct timespec[]) { status.st_atim, status.st_mtim }), ==, 0);
  close (fd);

  library = start (self);
  item = get_item (library, 0);
  bytestag_sim_run (self->sim, SECOND);
  {
    g_autofree char *again = bytestag_link_to_uri (bytestag_share_get_link (item));

    g_assert_cmpstr (again, ==, uri);
  }
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM files"), ==, 2);
}

/* Files that were hashed are in the database within a second, while others are being read. */
static void
test_kill_while_saving (Fixture       *self,
                        gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);

  bytestag_library_share (library, (const char * const []) { folder, NULL }, "name", NULL);
  bytestag_sim_run (self->sim, 0);
  end (self, library);
  /* At whatever point that was: it goes on. */
  library = start (self);
  g_assert_cmpuint (count_items (library), ==, 1);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_nonnull (bytestag_share_get_link (get_item (library, 0)));
  end (self, library);
}

static void
test_new_version (Fixture       *self,
                  gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  g_autoptr (BytestagShare) item =
    g_object_ref (bytestag_library_share (library, (const char * const []) { folder, NULL }, NULL, NULL));
  g_autoptr (BytestagShare) version = NULL;
  g_autofree char *two = NULL;

  g_assert_null (bytestag_library_share_new_version (library, item));
  g_assert_true (fixture_run_signal (self, item, "published", 60));

  /* Nothing is new. */
  version = g_object_ref (bytestag_library_share_new_version (library, item));
  g_assert_true (fixture_run_signal (self, version, "ready", 5));
  g_assert_true (bytestag_share_get_twin (version) == item);
  g_assert_cmpuint (count_items (library), ==, 1);

  two = fixture_write (self, "things/two", 3000, 4);
  g_set_object (&version, bytestag_library_share_new_version (library, item));
  g_assert_true (fixture_run_signal (self, version, "ready", 5));
  g_assert_cmpuint (bytestag_share_get_n_files (version), ==, 2);
  /* Both, until the new one is where it should be. */
  g_assert_cmpuint (count_items (library), ==, 2);
  g_assert_false (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (item)),
                                      bytestag_link_get_key (bytestag_share_get_link (version))));
  g_assert_true (fixture_run_signal (self, version, "published", 60));
  g_assert_cmpuint (count_items (library), ==, 1);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_STOPPED);
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM shares WHERE timestamp > 0"), ==, 1);
}

/* A file that a peer asks for is not what it was: told, never sent, remembered. */
static void
test_file_changed (Fixture       *self,
                   gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *two = fixture_write (self, "things/two", 3000, 4);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { folder, NULL }, NULL, NULL);
  BytestagKey parts[] = { part_key (3000, 3), part_key (3000, 4) };

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  g_assert_cmpuint (bytestag_share_get_n_changed (item), ==, 0);
  g_assert_cmpint (truncate (one, 5), ==, 0);
  g_assert_cmpint (g_unlink (two), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_assert_true (holds (self, &parts[i]));
      g_assert_null (read_value (self, &parts[i]));
      g_assert_false (holds (self, &parts[i]));
    }
  g_assert_cmpuint (bytestag_share_get_n_changed (item), ==, 1);
  g_assert_cmpuint (bytestag_share_get_n_deleted (item), ==, 1);
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);

  library = start (self);
  bytestag_sim_run (self->sim, SECOND);
  item = get_item (library, 0);
  g_assert_cmpuint (bytestag_share_get_n_changed (item), ==, 1);
  g_assert_cmpuint (bytestag_share_get_n_deleted (item), ==, 1);
  g_assert_false (holds (self, &parts[0]));
  /* The list is still the person's: its root is served, and looked after. */
  g_assert_true (holds (self, bytestag_link_get_key (bytestag_share_get_link (item))));
  end (self, library);
}

static void
collect_cb (GPtrArray    *files,
            const GError *error,
            gpointer      user_data)
{
  g_assert_no_error (error);
  for (guint i = 0; i < files->len; i++)
    {
      const BytestagSavedFile *file = g_ptr_array_index (files, i);

      g_ptr_array_add (user_data, g_strjoinv ("/", file->filename));
    }
}

static void
test_list_files (Fixture       *self,
                 gconstpointer  data)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = fixture_path (self, "things");
  BytestagLibrary *library = start (self);
  BytestagShare *item;

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("things/sub/%u", i);
      g_autofree char *path = fixture_write (self, name, 10, i + 1);
    }
  item = bytestag_library_share (library, (const char * const []) { folder, NULL }, NULL, NULL);
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  bytestag_library_list_files (library, item, -1, 3, collect_cb, names);
  bytestag_library_list_files (library, item, 2, 3, collect_cb, names);
  g_assert_cmpuint (names->len, ==, 0);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (names->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("sub/%u", i);

      g_assert_cmpstr (g_ptr_array_index (names, i), ==, name);
    }
  end (self, library);
}

/* Damaged: put aside, said so, and the files are shared again under the same link. */
static void
test_damaged (Fixture       *self,
              gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *database = fixture_path (self, "library.db");
  g_autofree char *junk = g_strnfill (8192, 'x');
  g_autofree char *uri = NULL;
  g_autofree char *again = NULL;
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  uri = bytestag_link_to_uri (bytestag_share_get_link (item));
  end (self, library);
  g_assert_true (g_file_set_contents (database, junk, 8192, NULL));

  library = start (self);
  g_assert_cmpuint (count_items (library), ==, 0);
  g_assert_nonnull (strstr (bytestag_library_get_problem (library), "library.db.damaged-"));
  item = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  again = bytestag_link_to_uri (bytestag_share_get_link (item));
  g_assert_cmpstr (again, ==, uri);
  end (self, library);
}

/* Made by a newer version: nothing is changed, and nothing new can be shared. */
static void
test_newer (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *two = fixture_write (self, "things/two", 3000, 4);
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  end (self, library);
  run_sql (self, "PRAGMA user_version = 1000");

  library = start (self);
  g_assert_nonnull (bytestag_library_get_problem (library));
  g_assert_cmpuint (count_items (library), ==, 1);
  item = bytestag_library_share (library, (const char * const []) { two, NULL }, NULL, NULL);
  g_assert_true (fixture_run_signal (self, item, "failed", 5));
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM shares"), ==, 1);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM files"), ==, 1);
}

/* Rows that we have not written: a failed share, said in words, and nothing of it lost. */
static void
test_hostile_rows (Fixture       *self,
                   gconstpointer  data)
{
  const char * const attacks[] = {
    "UPDATE parts SET keys = x'00'",
    "UPDATE parts SET keys = zeroblob(20 * 2)",
    "UPDATE parts SET keys = zeroblob(20 + 1)",
    "UPDATE parts SET keys = zeroblob(20 * 100000)",
    "UPDATE parts SET first = 7",
    "DELETE FROM parts",
    "UPDATE files SET size = -1",
    "UPDATE files SET size = 9223372036854775807",
    "UPDATE files SET hash = x'0011'",
    "UPDATE files SET filename = x''",
    "UPDATE files SET filename = 'no end'",
    "UPDATE files SET state = 17",
    "UPDATE files SET root = 5, path = 'relative'",
    "UPDATE infos SET key = 'short'",
    "UPDATE infos SET bytes = x''",
  };
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *database = fixture_path (self, "library.db");
  g_autofree char *copy = NULL;
  gsize length;
  BytestagLibrary *library = start (self);

  g_assert_true (fixture_run_signal (self, bytestag_library_share (library, (const char * const []) { one, NULL }, NULL,
                                                                   NULL), "ready", 5));
  end (self, library);
  g_assert_true (g_file_get_contents (database, &copy, &length, NULL));

  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      BytestagShare *item;

      g_assert_true (g_file_set_contents (database, copy, (gssize) length, NULL));
      run_sql (self, attacks[i]);
      library = start (self);
      bytestag_sim_run (self->sim, SECOND);
      item = get_item (library, 0);
      g_test_message ("%s", attacks[i]);
      g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_FAILED);
      g_assert_error (bytestag_share_get_error (item), BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
      end (self, library);
      g_assert_cmpint (count_rows (self, "SELECT count(*) FROM shares"), ==, 1);
    }
}

/* A list that cannot be read at all is said, and stays as it is. */
static void
test_hostile_list (Fixture       *self,
                   gconstpointer  data)
{
  const char * const attacks[] = {
    "UPDATE shares SET state = 9", "UPDATE shares SET copies = 0", "UPDATE shares SET copies = 21",
    "UPDATE shares SET key = x'11'", "UPDATE shares SET n_files = -5", "UPDATE roots SET path = 'relative'",
  };
  g_autofree char *one = fixture_write (self, "things/one", 3000, 3);
  g_autofree char *database = fixture_path (self, "library.db");
  g_autofree char *copy = NULL;
  gsize length;
  BytestagLibrary *library = start (self);

  g_assert_true (fixture_run_signal (self, bytestag_library_share (library, (const char * const []) { one, NULL }, NULL,
                                                                   NULL), "ready", 5));
  end (self, library);
  g_assert_true (g_file_get_contents (database, &copy, &length, NULL));

  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_assert_true (g_file_set_contents (database, copy, (gssize) length, NULL));
      run_sql (self, attacks[i]);
      library = start (self);
      g_assert_cmpuint (count_items (library), ==, 0);
      g_assert_nonnull (bytestag_library_get_problem (library));
      end (self, library);
    }
}

/* More shares than one event adds. */
static void
test_limit_shares_of_slice (Fixture       *self,
                            gconstpointer  data)
{
  const guint n = 2 * BYTESTAG_LIMIT_SHARES_OF_SLICE + 1;
  BytestagLibrary *library = start (self);
  g_autoptr (BytestagTestModel) mirror = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = fixture_write (self, name, 10, i + 1);

      bytestag_library_share (library, (const char * const []) { path, NULL }, NULL, NULL);
    }
  bytestag_sim_run (self->sim, SECOND);
  end (self, library);

  library = start (self);
  mirror = bytestag_test_model_new (G_LIST_MODEL (library));
  g_assert_cmpuint (count_items (library), ==, n);
  bytestag_sim_run (self->sim, SECOND);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_cmpstr (bytestag_share_get_name (get_item (library, i)), ==, name);
      g_assert_cmpuint (bytestag_share_get_n_pieces (get_item (library, i)), ==, 2);
    }
  g_clear_pointer (&mirror, bytestag_test_model_free);
  end (self, library);
}

/* What the publisher knows of the copies survives. */
static void
test_pieces (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "one", 600000, 3);
  BytestagLibrary *library = start (self);
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);
  BytestagPublication *publication;
  BytestagPiece piece;
  gint64 started;

  g_assert_true (fixture_run_signal (self, item, "published", 300));
  bytestag_sim_run (self->sim, 5 * SECOND);
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM pieces WHERE n_copies > 0 AND looked > 0"), ==, 5);

  /* All is there, so that nothing needs to be sent. */
  library = start (self);
  started = bytestag_sim_get_time (self->sim);
  item = get_item (library, 0);
  for (guint i = 0; i < 20 && bytestag_share_get_state (item) != BYTESTAG_SHARE_ONLINE; i++)
    bytestag_sim_run (self->sim, SECOND / 10);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_ONLINE);
  g_assert_cmpint (bytestag_sim_get_time (self->sim) - started, <, 2 * SECOND);
  g_assert_cmpuint (bytestag_share_get_n_pieces_sent (item), ==, 5);
  /* Known by what was saved, and not by another look. */
  publication = bytestag_share_get_publication (item);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (bytestag_publication_get_piece (publication, i, &piece));
      g_assert_cmpuint (piece.looked, >, 0);
      g_assert_cmpuint (piece.until, >, piece.looked);
    }
  g_assert_cmpuint (bytestag_publisher_get_counters (bytestag_library_get_publisher (library))->n_stored, ==, 0);
  end (self, library);
}

/* Somebody shows the counts of the publisher while the library ends: nothing is lost of what
 * it knows, and it does nothing more. */
static void
test_publisher_held (Fixture       *self,
                     gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "one", 600000, 3);
  BytestagLibrary *library = start (self);
  BytestagPublisher *publisher = g_object_ref (bytestag_library_get_publisher (library));
  BytestagShare *item = bytestag_library_share (library, (const char * const []) { one, NULL }, NULL, NULL);
  guint64 n_requests;

  g_assert_true (fixture_run_signal (self, item, "published", 300));
  end (self, library);
  g_assert_cmpint (count_rows (self, "SELECT count(*) FROM pieces WHERE n_copies > 0 AND looked > 0"), ==, 5);

  n_requests = bytestag_publisher_get_counters (publisher)->n_requests;
  g_assert_cmpuint (n_requests, >, 0);
  bytestag_sim_run (self->sim, 24 * 3600 * SECOND);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_requests, ==, n_requests);
  g_assert_finalize_object (publisher);
}

/* Looks between events at how much the last one did. */
typedef struct {
  BytestagReactor *reactor;
  BytestagShare *share;
  guint n;
  guint most;
  gboolean over;
} Probe;

static void
probe_cb (gpointer user_data)
{
  Probe *probe = user_data;
  BytestagPublication *publication = bytestag_share_get_publication (probe->share);
  guint n = publication != NULL ? bytestag_publication_get_n_pieces (publication) : 0;

  if (n > probe->n)
    probe->most = MAX (probe->most, n - probe->n);
  probe->n = n;
  if (!probe->over)
    bytestag_reactor_post (probe->reactor, probe_cb, probe, NULL);
  probe->over = bytestag_share_get_survival (probe->share) != NULL;
}

/* However long the list, no event adds more than a slice (and a row) of it. */
static void
test_limit_parts_of_slice (Fixture       *self,
                           gconstpointer  data)
{
  const guint n_parts = 5 * BYTESTAG_LIMIT_PARTS_OF_SLICE;
  const guint n_large = 3 * BYTESTAG_LIMIT_PARTS_OF_ROW;
  g_autofree char *folder = fixture_path (self, "things");
  g_autoptr (BytestagShare) item = NULL;
  BytestagLibrary *library = start (self);
  g_autofree char *database = fixture_path (self, "library.db");
  Probe probe = { bytestag_network_get_reactor (self->network), NULL, 0, 0, FALSE };

  for (guint i = 0; i < n_parts; i++)
    {
      g_autofree char *name = g_strdup_printf ("things/%u", i);
      g_autofree char *path = fixture_write (self, name, 10 + i, 3);
    }
  {
    g_autofree char *large = fixture_write (self, "things/large", 0, 3);
    int fd = open (large, O_WRONLY);

    /* No two parts alike. */
    for (guint i = 0; i < n_large; i++)
      g_assert_cmpint (pwrite (fd, &i, sizeof i, (off_t) i * BYTESTAG_PART_SIZE), ==, sizeof i);
    close (fd);
  }
  item = g_object_ref (bytestag_library_share (library, (const char * const []) { folder, NULL }, NULL, NULL));
  probe.share = item;
  bytestag_reactor_post (probe.reactor, probe_cb, &probe, NULL);
  g_assert_true (fixture_run_signal (self, item, "ready", 60));
  bytestag_sim_run (self->sim, SECOND);
  g_assert_true (probe.over);
  g_assert_cmpuint (probe.n, ==, bytestag_share_get_n_pieces (item));
  g_assert_cmpuint (probe.n, >=, n_parts + n_large);
  g_assert_cmpuint (probe.most, <, BYTESTAG_LIMIT_PARTS_OF_SLICE + BYTESTAG_LIMIT_PARTS_OF_ROW);
  g_assert_cmpuint (probe.most, >, 10);
  end (self, library);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/restart", test_restart);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/forgotten", test_forgotten);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/resume", test_resume);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/kill-while-saving", test_kill_while_saving);
  FIXTURE_TEST ("/sharing/library-saved/new-version", test_new_version);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/file-changed", test_file_changed);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/list-files", test_list_files);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/damaged", test_damaged);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/newer", test_newer);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/hostile-rows", test_hostile_rows);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/hostile-list", test_hostile_list);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/limit-shares-of-slice", test_limit_shares_of_slice);
  FIXTURE_TEST_ALONE ("/sharing/library-saved/limit-parts-of-slice", test_limit_parts_of_slice);
  FIXTURE_TEST ("/sharing/library-saved/pieces", test_pieces);
  FIXTURE_TEST ("/sharing/library-saved/publisher-held", test_publisher_held);
  return g_test_run ();
}
