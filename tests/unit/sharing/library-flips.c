/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A good library.db in which bytes were changed by chance: the library is there, with what is
 * right of it, or it says what became of it; what is served has the key it is asked by. */
#include "config.h"

#include "sharing/library.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "core/limits.h"
#include "fixture.h"
#include "support/test-rng.h"

#define N_COPIES 200
#define N_FOLDERS 3

typedef struct {
  Fixture *fixture;
  BytestagRng *rng;
  char *path;
  char *database;
  gsize length;
  guint n_problems;
  guint n_whole;
} Flips;

static BytestagLibrary *
start (Flips *self)
{
  Fixture *fixture = self->fixture;
  BytestagLibrary *library =
    bytestag_library_new_saved (fixture->network, fixture->shared, fixture->worker, self->path, fixture->worker);

  for (guint i = 0; i < 100 && !bytestag_library_is_loaded (library); i++)
    bytestag_sim_run (fixture->sim, SECOND / 50);
  g_assert_true (bytestag_library_is_loaded (library) || bytestag_library_get_problem (library) != NULL);

  return library;
}

static void
end (Flips           *self,
     BytestagLibrary *library)
{
  bytestag_library_close (library);
  bytestag_sim_run (self->fixture->sim, SECOND / 10);
  g_assert_finalize_object (library);
  bytestag_sim_run (self->fixture->sim, SECOND / 10);
}

/* Files, of which the parts begin with those of PART_SIZE that the second seed tells. */
static void
make_good (Flips *self)
{
  BytestagLibrary *library = start (self);

  for (guint i = 0; i < N_FOLDERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("folder-%u", i);
      g_autofree char *folder = fixture_path (self->fixture, name);
      BytestagShare *share;

      for (guint j = 0; j < 12; j++)
        {
          g_autofree char *file = g_strdup_printf ("folder-%u/%u", i, j);
          g_autofree char *path = fixture_write (self->fixture, file, j % 4 == 0 ? BYTESTAG_PART_SIZE : 100 * j, 1 + j);
        }
      share = bytestag_library_share (library, (const char * const []) { folder, NULL }, name, NULL);
      g_assert_true (fixture_run_signal (self->fixture, share, "ready", 5));
    }
  end (self, library);
  g_assert_true (g_file_get_contents (self->path, &self->database, &self->length, NULL));
}

static void
make_copy (Flips *self)
{
  g_autofree char *bytes = g_memdup2 (self->database, self->length);
  g_autoptr (GDir) dir = g_dir_open (self->fixture->folder, 0, NULL);
  guint n = 1 + bytestag_rng_range (self->rng, 12);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = fixture_path (self->fixture, name);

      if (g_str_has_prefix (name, "library.db"))
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  for (guint i = 0; i < n; i++)
    bytes[bytestag_rng_range (self->rng, (guint) self->length)] ^= (char) (1 << bytestag_rng_range (self->rng, 8));
  if (bytestag_rng_range (self->rng, 4) == 0)
    memset (bytes + bytestag_rng_range (self->rng, (guint) self->length - 200),
            (int) bytestag_rng_range (self->rng, 256), 200);
  g_assert_true (g_file_set_contents (self->path, bytes, (gssize) self->length, NULL));
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  GBytes **read = user_data;

  *read = value != NULL ? g_bytes_ref (value) : NULL;
}

static guint
check_parts (Flips *self)
{
  guint n_served = 0;

  for (guint j = 0; j < 12; j += 4)
    {
      g_autoptr (GBytes) expected = bytestag_sim_make_value (BYTESTAG_PART_SIZE, 1 + j);
      g_autoptr (GBytes) value = NULL;
      BytestagKvpId id;

      bytestag_key_digest (&id.key, g_bytes_get_data (expected, NULL), BYTESTAG_PART_SIZE);
      id.index = id.key;
      bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (self->fixture->shared), &id, read_cb, &value);
      bytestag_sim_run (self->fixture->sim, SECOND / 50);
      g_assert_true (value == NULL || g_bytes_equal (value, expected));
      n_served += value != NULL;
    }

  return n_served;
}

/* All that is in the list may be asked for whatever there is to ask. */
static guint
check_list (BytestagLibrary *library)
{
  guint n_linked = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (BytestagShare) share = g_list_model_get_item (G_LIST_MODEL (library), i);
      BytestagLink *link = bytestag_share_get_link (share);
      g_autofree char *uri = link != NULL ? bytestag_link_to_uri (link) : NULL;

      n_linked += uri != NULL;
      g_assert_nonnull (bytestag_share_get_paths (share));
      g_assert_true (bytestag_share_get_state (share) != BYTESTAG_SHARE_FAILED
                     || bytestag_share_get_error (share) != NULL);
    }

  return n_linked;
}

static void
check_copy (Flips *self)
{
  BytestagLibrary *library = start (self);
  gboolean is_whole;

  bytestag_sim_run (self->fixture->sim, SECOND);
  is_whole = check_list (library) == N_FOLDERS;
  is_whole = check_parts (self) == 3 && is_whole;
  self->n_problems += bytestag_library_get_problem (library) != NULL;
  self->n_whole += is_whole;
  /* A list that is not what it was is said to be so. */
  if (g_list_model_get_n_items (G_LIST_MODEL (library)) < N_FOLDERS)
    g_assert_nonnull (bytestag_library_get_problem (library));
  end (self, library);
}

static void
test_flips (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (g_test_rand_int ());
  g_autofree char *path = fixture_path (fixture, "library.db");
  Flips self = { .fixture = fixture, .rng = BYTESTAG_RNG (rng), .path = path };

  make_good (&self);
  for (guint i = 0; i < N_COPIES; i++)
    {
      make_copy (&self);
      check_copy (&self);
    }
  g_test_message ("%u with problems, %u whole", self.n_problems, self.n_whole);
  g_assert_cmpuint (self.n_problems, >, 0);
  g_free (self.database);
}

static void
execute (Flips      *self,
         const char *sql)
{
  sqlite3 *database = NULL;
  g_autofree char *problem = NULL;

  g_assert_cmpint (sqlite3_open (self->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, &problem), ==, SQLITE_OK);
  sqlite3_close (database);
}

#define SET_INDEX(columns) \
  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX files_of_share ON files (" columns ")'" \
  "  WHERE name = 'files_of_share';"

/* The order of files is damaged such that behind the last of them the first one comes again: the
 * list is not read for ever, and said to be wrong. (Some flip does that in about one of 500 copies.) */
static void
test_round (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autofree char *path = fixture_path (fixture, "library.db");
  Flips self = { .fixture = fixture, .rng = BYTESTAG_RNG (rng), .path = path };
  BytestagLibrary *library;

  make_good (&self);
  execute (&self, SET_INDEX ("share, position DESC"));
  execute (&self, "REINDEX files_of_share");
  execute (&self, SET_INDEX ("share, position"));

  library = start (&self);
  bytestag_sim_run (fixture->sim, 10 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, N_FOLDERS);
  for (guint i = 0; i < N_FOLDERS; i++)
    {
      g_autoptr (BytestagShare) share = g_list_model_get_item (G_LIST_MODEL (library), i);

      g_assert_cmpint (bytestag_share_get_state (share), ==, BYTESTAG_SHARE_FAILED);
      g_assert_nonnull (bytestag_share_get_error (share));
    }
  end (&self, library);
  g_free (self.database);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST_ALONE ("/sharing/library/flips", test_flips);
  FIXTURE_TEST_ALONE ("/sharing/library/round", test_round);

  return g_test_run ();
}
