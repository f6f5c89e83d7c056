/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/library-store.h"

#include <sqlite3.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "support/test-folder.h"

typedef struct
{
  char *folder;
  char *path;
  BytestagLibraryStore *store;
  BytestagSavedShare *share;
} Fixture;

static void
open_store (Fixture *fixture, BytestagDatabaseOpening expected)
{
  g_autofree char *set_aside = NULL;
  g_autoptr (GError) error = NULL;
  BytestagDatabaseOpening opening;

  fixture->store = bytestag_library_store_new (fixture->path);
  g_assert_true (bytestag_library_store_open (fixture->store, &opening, &set_aside, &error));
  g_assert_no_error (error);
  g_assert_cmpint (opening, ==, expected);
}

static void
open_again (Fixture *fixture)
{
  bytestag_library_store_unref (fixture->store);
  open_store (fixture, BYTESTAG_DATABASE_OPENED);
}

static BytestagSavedShare *
make_share (const char *first, const char *second)
{
  BytestagSavedShare *share = bytestag_saved_share_new ();

  share->roots = g_strdupv ((char *[]) { (char *) first, (char *) second, NULL });
  share->name = g_strdup ("name");
  share->comment = g_strdup ("comment");
  share->copies = 7;
  share->created = 1600000000;
  share->timestamp = 1500000000;

  return share;
}

static void
add_share (Fixture *fixture, BytestagSavedShare *share)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_library_store_add_share (fixture->store, share, &error));
  g_assert_no_error (error);
  g_assert_true (bytestag_library_store_begin_round (fixture->store, share, &error));
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->folder = bytestag_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "library.db", NULL);
  open_store (fixture, BYTESTAG_DATABASE_CREATED);
  fixture->share = make_share ("/home/one", "/home/two/");
  add_share (fixture, fixture->share);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  bytestag_library_store_unref (fixture->store);
  bytestag_saved_share_free (fixture->share);
  g_free (fixture->path);
  bytestag_test_folder_remove (fixture->folder);
}

static BytestagKey
make_key (guint number)
{
  BytestagKey key;

  bytestag_key_digest (&key, &number, sizeof number);

  return key;
}

static BytestagSavedFile *
make_file (const char *path, guint position, guint n_parts)
{
  BytestagSavedFile *file = g_new0 (BytestagSavedFile, 1);

  file->position = position;
  file->path = g_strdup (path);
  file->filename = g_strsplit ("sub/näme", "/", -1);
  file->stamp = (BytestagFileStamp) { (guint64) n_parts * BYTESTAG_PART_SIZE, G_MININT64, G_MAXUINT64, G_MAXUINT64, 5 };
  file->hash = make_key (position);
  file->sha256[31] = 9;
  file->n_parts = n_parts;
  file->parts = g_new (BytestagKey, n_parts);
  for (guint i = 0; i < n_parts; i++)
    file->parts[i] = make_key (i);

  return file;
}

static void
save (Fixture *fixture, BytestagSavedFile *file)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (files, file);
  g_assert_true (bytestag_library_store_save_files (fixture->store, fixture->share, files, &error));
  g_assert_no_error (error);
  g_assert_cmpint (file->id, >, 0);
}

static GPtrArray *
list (Fixture *fixture, gint64 after, guint max)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *files = bytestag_library_store_list_files (fixture->store, fixture->share->id, after, max, &error);

  g_assert_no_error (error);

  return files;
}

static void
test_shares (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GPtrArray) shares = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagSavedShare) copy = bytestag_saved_share_copy (fixture->share);
  const BytestagSavedShare *share;

  copy->state = BYTESTAG_SAVED_SHARED;
  copy->key = make_key (3);
  copy->sha256[0] = 8;
  copy->n_files = 12;
  copy->size = 34;
  copy->checked = 56;
  g_assert_true (bytestag_library_store_update_share (fixture->store, copy, &error));
  g_assert_no_error (error);
  open_again (fixture);
  shares = bytestag_library_store_list_shares (fixture->store, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (shares->len, ==, 1);
  share = g_ptr_array_index (shares, 0);
  g_assert_cmpint (share->id, ==, fixture->share->id);
  g_assert_cmpint (share->state, ==, BYTESTAG_SAVED_SHARED);
  g_assert_cmpstrv (share->roots, fixture->share->roots);
  g_assert_cmpstr (share->name, ==, "name");
  g_assert_cmpstr (share->comment, ==, "comment");
  g_assert_cmpint (share->timestamp, ==, 1500000000);
  g_assert_cmpint (share->created, ==, 1600000000);
  g_assert_cmpint (share->checked, ==, 56);
  g_assert_cmpint (share->round, ==, 1);
  g_assert_cmpuint (share->copies, ==, 7);
  g_assert_cmpuint (share->n_files, ==, 12);
  g_assert_cmpuint (share->size, ==, 34);
  g_assert_true (bytestag_key_equal (&share->key, &copy->key));
  g_assert_cmpuint (share->sha256[0], ==, 8);
}

/* Everything of a file comes back, bit for bit; paths are kept as seen from their root. */
static void
test_files (Fixture *fixture, gconstpointer user_data)
{
  const char * const paths[] = { "/home/one", "/home/one/a\xff" "b", "/home/two/c/d", "/home/twofold", "/elsewhere" };
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GPtrArray) rest = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    save (fixture, make_file (paths[i], 10 * i, 1));
  open_again (fixture);
  files = list (fixture, -1, 100);
  g_assert_cmpuint (files->len, ==, G_N_ELEMENTS (paths));
  for (guint i = 0; i < files->len; i++)
    {
      const BytestagSavedFile *file = g_ptr_array_index (files, i);
      g_autoptr (BytestagSavedFile) expected = make_file (paths[i], 10 * i, 1);

      g_assert_cmpstr (file->path, ==, paths[i]);
      g_assert_cmpuint (file->position, ==, 10 * i);
      g_assert_cmpstrv (file->filename, expected->filename);
      g_assert_cmpmem (&file->stamp, sizeof file->stamp, &expected->stamp, sizeof expected->stamp);
      g_assert_true (bytestag_key_equal (&file->hash, &expected->hash));
      g_assert_cmpmem (file->sha256, BYTESTAG_SHA256_SIZE, expected->sha256, BYTESTAG_SHA256_SIZE);
      g_assert_cmpuint (file->n_parts, ==, 1);
      g_assert_null (file->parts);
    }
  rest = list (fixture, 20, 1);
  g_assert_cmpuint (rest->len, ==, 1);
  g_assert_cmpstr (((BytestagSavedFile *) g_ptr_array_index (rest, 0))->path, ==, paths[3]);
}

/* One that is saved again takes the place of the first; what another round had goes. */
static void
test_rounds (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) files = NULL;

  save (fixture, make_file ("/home/one/a", 0, 3));
  save (fixture, make_file ("/home/one/b", 1, 1));
  save (fixture, make_file ("/home/one/a", 0, 2));
  g_assert_true (bytestag_library_store_begin_round (fixture->store, fixture->share, &error));
  save (fixture, make_file ("/home/one/c", 0, 1));
  save (fixture, make_file ("/home/one/a", 1, 1));
  g_assert_true (bytestag_library_store_end_round (fixture->store, fixture->share, &error));
  g_assert_no_error (error);
  files = list (fixture, -1, 100);
  g_assert_cmpuint (files->len, ==, 2);
  g_assert_cmpstr (((BytestagSavedFile *) g_ptr_array_index (files, 0))->path, ==, "/home/one/c");
  g_assert_cmpstr (((BytestagSavedFile *) g_ptr_array_index (files, 1))->path, ==, "/home/one/a");
  g_assert_cmpuint (((BytestagSavedFile *) g_ptr_array_index (files, 1))->n_parts, ==, 1);
}

/* Parts come in rows, from any row on. */
static void
test_limit_parts_of_row (Fixture *fixture, gconstpointer user_data)
{
  const guint n = 2 * BYTESTAG_LIMIT_PARTS_OF_ROW + 5;
  BytestagSavedFile *file = make_file ("/home/one/a", 0, n);
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id;

  save (fixture, file);
  files = list (fixture, -1, 1);
  id = ((BytestagSavedFile *) g_ptr_array_index (files, 0))->id;
  g_assert_true (bytestag_library_store_read_parts (fixture->store, id, 0, 1, keys, &error));
  g_assert_cmpuint (keys->len, ==, BYTESTAG_LIMIT_PARTS_OF_ROW);
  g_assert_true (bytestag_library_store_read_parts (fixture->store, id, keys->len, n, keys, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      BytestagKey key = make_key (i);

      g_assert_true (bytestag_key_equal (&g_array_index (keys, BytestagKey, i), &key));
    }
  /* There is no such row. */
  g_assert_false (bytestag_library_store_read_parts (fixture->store, id, 3, n, keys, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
}

static void
add_info (Fixture *fixture, gint64 share, guint position, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  BytestagKvpId id = { make_key (1), { { 0 } } };

  bytestag_key_digest (&id.index, text, strlen (text));
  g_assert_true (bytestag_library_store_begin (fixture->store, &error));
  g_assert_true (bytestag_library_store_add_info (fixture->store, share, position, 1, &id, bytes, &error));
  g_assert_true (bytestag_library_store_commit (fixture->store, TRUE, &error));
  g_assert_no_error (error);
}

static GBytes *
read_info (Fixture *fixture, const char *text, BytestagError code)
{
  BytestagKvpId id = { make_key (1), { { 0 } } };
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  bytestag_key_digest (&id.index, text, strlen (text));
  bytes = bytestag_library_store_read_info (fixture->store, &id, &error);
  if (bytes == NULL)
    g_assert_error (error, BYTESTAG_ERROR, (int) code);

  return bytes;
}

static void
remove_share (Fixture *fixture, gint64 share, guint n_steps)
{
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;
  guint n = 0;

  for (; more; n++)
    {
      g_assert_true (bytestag_library_store_remove_share (fixture->store, share, &more, &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (n, ==, n_steps);
}

/* Bytes are kept once, as long as a share has them. */
static void
test_infos (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagSavedShare) other = make_share ("/other", NULL);
  g_autoptr (GArray) infos = g_array_new (FALSE, FALSE, sizeof (BytestagSavedInfo));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;

  add_share (fixture, other);
  add_info (fixture, fixture->share->id, 0, "both");
  add_info (fixture, fixture->share->id, 1, "one");
  add_info (fixture, other->id, 0, "both");
  g_assert_true (bytestag_library_store_list_infos (fixture->store, fixture->share->id, 0, 10, infos, &error));
  g_assert_cmpuint (infos->len, ==, 2);
  g_assert_cmpuint (g_array_index (infos, BytestagSavedInfo, 0).size, ==, 4);
  g_assert_cmpuint (g_array_index (infos, BytestagSavedInfo, 1).kind, ==, 1);
  g_array_set_size (infos, 0);
  g_assert_true (bytestag_library_store_list_infos (fixture->store, fixture->share->id, 1, 10, infos, &error));
  g_assert_cmpuint (infos->len, ==, 1);

  remove_share (fixture, fixture->share->id, 1);
  g_assert_null (read_info (fixture, "one", BYTESTAG_ERROR_NOT_FOUND));
  bytes = read_info (fixture, "both", BYTESTAG_ERROR_FAILED);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "both", 4);
  remove_share (fixture, other->id, 1);
  g_assert_null (read_info (fixture, "both", BYTESTAG_ERROR_NOT_FOUND));
}

/* What is damaged on the disk is not given out. */
static void
test_damaged_info (Fixture *fixture, gconstpointer user_data)
{
  sqlite3 *database = NULL;

  add_info (fixture, fixture->share->id, 0, "text");
  bytestag_library_store_unref (fixture->store);
  g_assert_cmpint (sqlite3_open (fixture->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, "UPDATE infos SET bytes = 'tent'", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
  open_store (fixture, BYTESTAG_DATABASE_OPENED);
  g_assert_null (read_info (fixture, "text", BYTESTAG_ERROR_WRONG_DATA));
}

/* Taken out in steps; not shared any more from the first on. */
static void
test_limit_rows_of_step (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  g_autoptr (GPtrArray) shares = NULL;
  g_autoptr (GError) error = NULL;
  gboolean more;

  for (guint i = 0; i < BYTESTAG_LIMIT_ROWS_OF_STEP + 1; i++)
    {
      g_autofree char *path = g_strdup_printf ("/home/one/%u", i);

      g_ptr_array_add (files, make_file (path, i, 1));
    }
  g_assert_true (bytestag_library_store_save_files (fixture->store, fixture->share, files, &error));
  g_assert_true (bytestag_library_store_remove_share (fixture->store, fixture->share->id, &more, &error));
  g_assert_true (more);
  open_again (fixture);
  shares = bytestag_library_store_list_shares (fixture->store, &error);
  g_assert_cmpuint (shares->len, ==, 1);
  g_assert_cmpint (((BytestagSavedShare *) g_ptr_array_index (shares, 0))->state, ==, BYTESTAG_SAVED_STOPPED);
  remove_share (fixture, fixture->share->id, 1);
  g_clear_pointer (&shares, g_ptr_array_unref);
  shares = bytestag_library_store_list_shares (fixture->store, &error);
  g_assert_cmpuint (shares->len, ==, 0);
}

static void
test_pieces (Fixture *fixture, gconstpointer user_data)
{
  BytestagSavedPiece pieces[] = {
    { .id = { make_key (1), make_key (1) }, .n_copies = 3, .n_originals = 2, .until = G_MAXUINT32, .looked = 7 },
    { .id = { make_key (1), make_key (2) }, .n_copies = 20, .until = 5, .looked = G_MAXUINT32 },
  };
  BytestagSavedPiece read[3] = { { .id = pieces[0].id }, { .id = pieces[1].id }, { .id = { make_key (2), make_key (1) } } };
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_library_store_save_pieces (fixture->store, pieces, 2, &error));
  pieces[0].n_copies = 4;
  g_assert_true (bytestag_library_store_save_pieces (fixture->store, pieces, 1, &error));
  open_again (fixture);
  g_assert_true (bytestag_library_store_load_pieces (fixture->store, read, 3, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (&read[0], sizeof read[0], &pieces[0], sizeof pieces[0]);
  g_assert_cmpmem (&read[1], sizeof read[1], &pieces[1], sizeof pieces[1]);
  g_assert_cmpuint (read[2].n_copies + read[2].looked + read[2].until, ==, 0);
}

/* Nothing is open: an error, and no crash. */
static void
test_closed (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  bytestag_library_store_close (fixture->store);
  g_assert_null (bytestag_library_store_list_shares (fixture->store, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (bytestag_library_store_add_share (fixture->store, fixture->share, &error));
  g_clear_error (&error);
  g_assert_false (bytestag_library_store_remove_share (fixture->store, 1, &more, &error));
  g_clear_error (&error);
  g_assert_false (bytestag_library_store_save_pieces (fixture->store, NULL, 0, &error));
}

#define ADD(name, test) g_test_add ("/storage/library-store/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("shares", test_shares);
  ADD ("files", test_files);
  ADD ("rounds", test_rounds);
  ADD ("limit-parts-of-row", test_limit_parts_of_row);
  ADD ("infos", test_infos);
  ADD ("damaged-info", test_damaged_info);
  ADD ("limit-rows-of-step", test_limit_rows_of_step);
  ADD ("pieces", test_pieces);
  ADD ("closed", test_closed);

  return g_test_run ();
}
