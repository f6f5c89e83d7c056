/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-files-table.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/exchange-info.h"
#include "core/limits.h"
#include "core/reactor.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

typedef struct
{
  char *folder;
  BytestagReactor *reactor;
  BytestagSharedFilesTable *table;
  BytestagKvpTable *kvp_table;
  GPtrArray *changed; /* paths that "file-changed" told */
  GHashTable *sets;   /* (element-type utf8 BytestagSharedSet) of one file each, by its path */
} Fixture;

static void
file_changed_cb (BytestagSharedFilesTable *table, BytestagSharedSet *set, guint file, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (bytestag_shared_set_get_file (set, file)->path));
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagTestWorker) worker = NULL;

  fixture->folder = bytestag_test_folder_new ();
  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  worker = bytestag_test_worker_new (fixture->reactor);
  fixture->table = bytestag_shared_files_table_new (BYTESTAG_WORKER (worker));
  fixture->kvp_table = BYTESTAG_KVP_TABLE (fixture->table);
  fixture->sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) bytestag_shared_set_unref);
  fixture->changed = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (fixture->table, "file-changed", G_CALLBACK (file_changed_cb), fixture->changed);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_hash_table_unref (fixture->sets);
  g_assert_finalize_object (fixture->table);
  g_assert_finalize_object (fixture->reactor);
  g_ptr_array_unref (fixture->changed);
  bytestag_test_folder_remove (fixture->folder);
}

/* The bytes of part @seed: all parts of one seed are equal. */
static guint8 *
make_part (guint seed)
{
  guint8 *part = g_malloc (BYTESTAG_PART_SIZE);

  for (guint i = 0; i < BYTESTAG_PART_SIZE; i++)
    part[i] = (guint8) (i * seed + i / 251);

  return part;
}

static BytestagKvpId
part_id (guint seed, gsize length)
{
  g_autofree guint8 *part = make_part (seed);
  BytestagKvpId id;

  bytestag_key_digest (&id.key, part, length);
  id.index = id.key;

  return id;
}

static void
read_stamp (const char *path, BytestagFileStamp *stamp)
{
  int fd = open (path, O_RDONLY);

  g_assert_true (bytestag_file_stamp_read (stamp, fd));
  close (fd);
}

/* A file with a part for each of @n_seeds seeds, the last one @last bytes long. */
static char *
share_file (Fixture *fixture, const char *name, const guint *seeds, guint n_seeds, gsize last)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_seeds);
  BytestagSharedSet *set = bytestag_shared_files_table_add_set (fixture->table);
  BytestagFileStamp stamp;
  char *path;

  for (guint i = 0; i < n_seeds; i++)
    {
      g_autofree guint8 *part = make_part (seeds[i]);
      gsize length = i + 1 < n_seeds ? BYTESTAG_PART_SIZE : last;

      g_byte_array_append (bytes, part, (guint) length);
      bytestag_key_digest (&parts[i], part, length);
    }

  path = bytestag_test_folder_write (fixture->folder, name, bytes->data, bytes->len);
  read_stamp (path, &stamp);
  g_assert_cmpuint (bytestag_shared_files_table_add_file (fixture->table, set, 0, path, &stamp), ==, 0);
  for (guint i = 0; i < n_seeds; i++)
    bytestag_shared_files_table_add_part (fixture->table, set, &parts[i]);
  g_hash_table_insert (fixture->sets, g_strdup (path), set);

  return path;
}

static void
remove_set (Fixture *fixture, const char *path)
{
  BytestagSharedSet *set = g_hash_table_lookup (fixture->sets, path);

  while (bytestag_shared_files_table_remove_set (fixture->table, set, 2))
    ;
  g_hash_table_remove (fixture->sets, path);
}

static void
set_state (Fixture *fixture, const char *path, BytestagSharedFileState state)
{
  bytestag_shared_files_table_set_state (fixture->table, g_hash_table_lookup (fixture->sets, path), 0, state);
}

static BytestagSharedFileState
get_state (Fixture *fixture, const char *path)
{
  return bytestag_shared_set_get_file (g_hash_table_lookup (fixture->sets, path), 0)->state;
}

typedef struct
{
  GBytes *value;
  GError *error;
  guint n_calls;
} Answer;

static void
answer_cb (GBytes *value, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;

  answer->n_calls++;
  if (value != NULL)
    answer->value = g_bytes_ref (value);
  if (error != NULL)
    answer->error = g_error_copy (error);
}

static void
read_value (Fixture *fixture, const BytestagKvpId *id, Answer *answer)
{
  *answer = (Answer) { 0 };
  bytestag_kvp_table_read (fixture->kvp_table, id, answer_cb, answer);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (answer->n_calls, ==, 1);
}

static void
assert_read (Fixture *fixture, const BytestagKvpId *id, gconstpointer expected, gsize length)
{
  Answer answer;

  read_value (fixture, id, &answer);
  g_assert_no_error (answer.error);
  g_assert_cmpmem (g_bytes_get_data (answer.value, NULL), g_bytes_get_size (answer.value), expected, length);
  g_bytes_unref (answer.value);
}

static void
assert_part (Fixture *fixture, guint seed, gsize length)
{
  g_autofree guint8 *part = make_part (seed);
  BytestagKvpId id = part_id (seed, length);
  BytestagKvpRecord record;

  g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &id, &record));
  g_assert_true (bytestag_kvp_id_equal (&record.id, &id));
  g_assert_cmpuint (record.size, ==, length);
  g_assert_true (record.is_original);
  assert_read (fixture, &id, part, length);
}

static void
assert_no_part (Fixture *fixture, guint seed, gsize length)
{
  BytestagKvpId id = part_id (seed, length);

  g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
}

static void
assert_read_error (Fixture *fixture, const BytestagKvpId *id, BytestagError code)
{
  Answer answer;

  read_value (fixture, id, &answer);
  g_assert_error (answer.error, BYTESTAG_ERROR, (int) code);
  g_assert_null (answer.value);
  g_error_free (answer.error);
}

static void
test_parts (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1, 2, 3 };
  g_autofree char *path = share_file (fixture, "file", seeds, 3, 100);
  BytestagKvpId id = part_id (1, BYTESTAG_PART_SIZE);

  assert_part (fixture, 1, BYTESTAG_PART_SIZE);
  assert_part (fixture, 2, BYTESTAG_PART_SIZE);
  assert_part (fixture, 3, 100);
  assert_no_part (fixture, 4, 100);

  /* Another index under a part's key is not held. */
  id.index.bytes[0] ^= 1;
  g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
  assert_read_error (fixture, &id, BYTESTAG_ERROR_NOT_FOUND);

  /* Not one of its parts is listed from the first slice on. */
  g_assert_true (bytestag_shared_files_table_remove_set (fixture->table, g_hash_table_lookup (fixture->sets, path), 1));
  assert_no_part (fixture, 1, BYTESTAG_PART_SIZE);
  remove_set (fixture, path);
  assert_no_part (fixture, 1, BYTESTAG_PART_SIZE);
  assert_no_part (fixture, 3, 100);
  g_assert_cmpuint (fixture->changed->len, ==, 0);
}

static void
test_whole_last_part (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1, 2 };
  g_autofree char *path = share_file (fixture, "file", seeds, 2, BYTESTAG_PART_SIZE);

  assert_part (fixture, 2, BYTESTAG_PART_SIZE);
}

static void
test_empty_file (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1 };
  g_autofree char *path = share_file (fixture, "empty", seeds, 1, 0);

  assert_part (fixture, 1, 0);
}

/* Equal parts, in one file and in several: one entry, served by any of them that
 * is still shared. */
static void
test_equal_parts (Fixture *fixture, gconstpointer user_data)
{
  const guint first_seeds[] = { 7, 7, 1 };
  const guint second_seeds[] = { 2, 7, 7 };
  const guint third_seeds[] = { 7, 7 };
  g_autofree char *first = share_file (fixture, "1", first_seeds, 3, 10);
  g_autofree char *second = share_file (fixture, "2", second_seeds, 3, BYTESTAG_PART_SIZE);
  g_autofree char *third = share_file (fixture, "3", third_seeds, 2, 20);

  g_unlink (second);
  g_unlink (third);
  assert_part (fixture, 7, BYTESTAG_PART_SIZE);

  remove_set (fixture, third);
  assert_no_part (fixture, 7, 20);
  assert_part (fixture, 7, BYTESTAG_PART_SIZE);

  /* The second takes over, which is the one that cannot be read. */
  remove_set (fixture, first);
  assert_no_part (fixture, 1, 10);
  {
    BytestagKvpId id = part_id (7, BYTESTAG_PART_SIZE);

    assert_read_error (fixture, &id, BYTESTAG_ERROR_CHANGED);
  }
  g_assert_cmpuint (fixture->changed->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (fixture->changed, 0), ==, second);
  g_assert_cmpint (get_state (fixture, second), ==, BYTESTAG_SHARED_FILE_GONE);

  remove_set (fixture, second);
  assert_no_part (fixture, 7, BYTESTAG_PART_SIZE);
}

/* Of many files with one part, those that cannot be read are passed over, a few at a time. */
static void
test_limit_twins_tried (Fixture *fixture, gconstpointer user_data)
{
  const guint n = 3 * BYTESTAG_LIMIT_TWINS_TRIED;
  const guint seeds[] = { 7 };
  BytestagKvpId id = part_id (7, 10);
  BytestagKvpRecord record;
  guint n_lookups = 1;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = share_file (fixture, name, seeds, 1, 10);

      /* The one that is present is the last that is tried. */
      if (i != 1)
        set_state (fixture, path, BYTESTAG_SHARED_FILE_AWAY);
    }

  /* Not in the first request, then found, and then at once. */
  g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
  while (!bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL))
    n_lookups++;
  g_assert_cmpuint (n_lookups, <=, n / BYTESTAG_LIMIT_TWINS_TRIED + 1);
  assert_part (fixture, 7, 10);

  {
    g_autofree char *present = g_build_filename (fixture->folder, "1", NULL);

    set_state (fixture, present, BYTESTAG_SHARED_FILE_CHANGED);
  }
  for (guint i = 0; i < n; i++)
    g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
  g_assert_true (bytestag_shared_files_table_describe (fixture->table, &id, &record));
  g_assert_cmpuint (record.size, ==, 10);
}

static void
unexpected_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_assert_not_reached ();
}

/* The last of the twins goes, and another becomes the last: none is lost. */
static void
test_twins_in_any_order (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 7 };
  const guint n = 6;

  for (guint gone = 0; gone < n; gone++)
    {
      g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

      for (guint i = 0; i < n; i++)
        {
          g_autofree char *name = g_strdup_printf ("%u", i);

          g_ptr_array_add (paths, share_file (fixture, name, seeds, 1, 10));
        }
      /* Away are moved behind the others by the look-up. */
      set_state (fixture, g_ptr_array_index (paths, 0), BYTESTAG_SHARED_FILE_AWAY);
      assert_part (fixture, 7, 10);
      remove_set (fixture, g_ptr_array_index (paths, gone));
      for (guint i = 1; i < n; i++)
        {
          if (i != gone)
            {
              assert_part (fixture, 7, 10);
              set_state (fixture, g_ptr_array_index (paths, i), BYTESTAG_SHARED_FILE_AWAY);
            }
        }
      assert_no_part (fixture, 7, 10);
      for (guint i = 0; i < n; i++)
        {
          if (i != gone)
            remove_set (fixture, g_ptr_array_index (paths, i));
        }
      assert_no_part (fixture, 7, 10);
    }
}

/* Away, changed and gone: told to nobody, known to us. */
static void
test_states (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 7, 1 };
  g_autofree char *path = share_file (fixture, "1", seeds, 2, 10);
  BytestagKvpId id = part_id (1, 10);
  BytestagKvpRecord record;

  for (guint i = BYTESTAG_SHARED_FILE_AWAY; i <= BYTESTAG_SHARED_FILE_GONE; i++)
    {
      set_state (fixture, path, (BytestagSharedFileState) i);
      assert_no_part (fixture, 1, 10);
      assert_read_error (fixture, &id, BYTESTAG_ERROR_NOT_FOUND);
      g_assert_cmpuint (bytestag_kvp_table_visit_key (fixture->kvp_table, &id.key, unexpected_cb, NULL), ==, 0);
      g_assert_true (bytestag_shared_files_table_describe (fixture->table, &id, &record));
      g_assert_true (bytestag_kvp_id_equal (&record.id, &id));
      g_assert_cmpuint (record.size, ==, 10);
    }
  set_state (fixture, path, BYTESTAG_SHARED_FILE_PRESENT);
  assert_part (fixture, 1, 10);
}

typedef void (*ChangeFunc) (const char *path);

static void
change_bytes (const char *path)
{
  struct stat status;
  int fd = open (path, O_RDWR);

  /* Same size, same time, same inode: only the hash tells. */
  g_assert_cmpint (fstat (fd, &status), ==, 0);
  g_assert_cmpint (pwrite (fd, "x", 1, 5), ==, 1);
  g_assert_cmpint (futimens (fd, (struct timespec[]) { status.st_atim, status.st_mtim }), ==, 0);
  close (fd);
}

static void
change_time (const char *path)
{
  const struct timespec times[] = { { 1, 0 }, { 1, 0 } };

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

static void
change_size (const char *path)
{
  g_assert_cmpint (truncate (path, 9), ==, 0);
}

static void
remove_file (const char *path)
{
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* Whoever may write to the folder must not make us read another file. */
static void
replace_by_link (const char *path)
{
  g_autofree char *target = g_strconcat (path, ".moved", NULL);

  g_assert_cmpint (g_rename (path, target), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
replace_by_pipe (const char *path)
{
  remove_file (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
}

static void
replace_by_folder (const char *path)
{
  remove_file (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
test_changed (Fixture *fixture, gconstpointer user_data)
{
  const ChangeFunc changes[] = {
    change_bytes, change_time, change_size, remove_file, replace_by_link, replace_by_pipe, replace_by_folder,
  };
  /* Served before, and so compared with its hash before: then a change that leaves the stamp
   * is not noticed. */
  const gboolean served = GPOINTER_TO_INT (user_data);

  for (guint i = served ? 1 : 0, n = 0; i < G_N_ELEMENTS (changes); i++, n++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u", i);
      const guint seeds[] = { i + 1 };
      g_autofree char *path = share_file (fixture, name, seeds, 1, 10);
      BytestagKvpId id = part_id (i + 1, 10);

      if (served)
        assert_part (fixture, i + 1, 10);
      changes[i](path);
      assert_read_error (fixture, &id, BYTESTAG_ERROR_CHANGED);
      g_assert_cmpuint (fixture->changed->len, ==, n + 1);
      g_assert_cmpstr (g_ptr_array_index (fixture->changed, n), ==, path);
      g_assert_cmpint (get_state (fixture, path), ==,
                       changes[i] == remove_file ? BYTESTAG_SHARED_FILE_GONE : BYTESTAG_SHARED_FILE_CHANGED);
      /* Never sent, and not listed any more. */
      assert_no_part (fixture, i + 1, 10);
    }
}

/* Size, time and inode are what a person's programs change, and a part is hashed once for
 * them: who writes and sets the time back is not noticed until the file gets a new stamp. */
static void
test_epoch (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 3, 4 };
  g_autofree char *path = share_file (fixture, "file", seeds, 2, 10);
  g_autofree guint8 *part = make_part (3);
  BytestagKvpId id = part_id (3, BYTESTAG_PART_SIZE);
  BytestagSharedSet *set = g_hash_table_lookup (fixture->sets, path);
  BytestagFileStamp stamp;

  assert_part (fixture, 3, BYTESTAG_PART_SIZE);
  g_assert_true (bytestag_shared_file_is_checked (bytestag_shared_set_get_file (set, 0), 0));
  g_assert_false (bytestag_shared_file_is_checked (bytestag_shared_set_get_file (set, 0), 1));
  change_bytes (path);
  part[5] = 'x';
  assert_read (fixture, &id, part, BYTESTAG_PART_SIZE);

  read_stamp (path, &stamp);
  bytestag_shared_files_table_set_stamp (fixture->table, set, 0, path, &stamp);
  assert_read_error (fixture, &id, BYTESTAG_ERROR_CHANGED);
  assert_no_part (fixture, 3, BYTESTAG_PART_SIZE);
}

/* Another file takes the place of one that is being read, with the same time: what was read
 * says nothing of it. */
static void
test_epoch_while_read (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 3 };
  g_autofree char *path = share_file (fixture, "file", seeds, 1, 10);
  g_autofree char *other = g_strconcat (path, "~", NULL);
  BytestagKvpId id = part_id (3, 10);
  BytestagSharedSet *set = g_hash_table_lookup (fixture->sets, path);
  BytestagFileStamp before;
  BytestagFileStamp stamp;
  Answer answer = { NULL };
  struct timespec times[2];

  read_stamp (path, &before);
  times[0] = times[1] = (struct timespec) { before.mtime / 1000000000, before.mtime % 1000000000 };
  bytestag_kvp_table_read (fixture->kvp_table, &id, answer_cb, &answer);
  g_assert_cmpuint (answer.n_calls, ==, 0);

  g_assert_true (g_file_set_contents (other, "ten others", 10, NULL));
  g_assert_cmpint (utimensat (AT_FDCWD, other, times, 0), ==, 0);
  g_assert_cmpint (g_rename (other, path), ==, 0);
  read_stamp (path, &stamp);
  g_assert_cmpint (stamp.mtime, ==, before.mtime);
  g_assert_false (bytestag_file_stamp_equal (&stamp, &before));
  bytestag_shared_files_table_set_stamp (fixture->table, set, 0, path, &stamp);
  bytestag_reactor_drain (fixture->reactor, -1);
  g_assert_cmpuint (answer.n_calls, ==, 1);
  g_clear_pointer (&answer.value, g_bytes_unref);

  g_assert_false (bytestag_shared_file_is_checked (bytestag_shared_set_get_file (set, 0), 0));
  assert_read_error (fixture, &id, BYTESTAG_ERROR_CHANGED);
}

/* Told to be at another path: read there, and each part compared again. */
static void
test_moved (Fixture *fixture, gconstpointer user_data)
{
  guint seeds[70];
  g_autofree char *path = NULL;
  g_autofree char *moved = g_build_filename (fixture->folder, "moved", NULL);
  BytestagSharedSet *set;
  BytestagFileStamp stamp;

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    seeds[i] = 1 + i % 3;
  path = share_file (fixture, "file", seeds, G_N_ELEMENTS (seeds), 10);
  set = g_hash_table_lookup (fixture->sets, path);
  assert_part (fixture, 2, BYTESTAG_PART_SIZE);
  g_assert_cmpint (g_rename (path, moved), ==, 0);
  read_stamp (moved, &stamp);
  bytestag_shared_files_table_set_stamp (fixture->table, set, 0, moved, &stamp);
  g_assert_false (bytestag_shared_file_is_checked (bytestag_shared_set_get_file (set, 0), 1));
  assert_part (fixture, 2, BYTESTAG_PART_SIZE);
  g_assert_cmpuint (fixture->changed->len, ==, 0);
}

/* No permission says nothing about the file. */
static void
test_unreadable (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1 };
  g_autofree char *path = NULL;
  BytestagKvpId id = part_id (1, 10);

  if (geteuid () == 0)
    {
      g_test_skip ("root may read everything");
      return;
    }

  path = share_file (fixture, "file", seeds, 1, 10);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  assert_read_error (fixture, &id, BYTESTAG_ERROR_FAILED);
  g_assert_cmpuint (fixture->changed->len, ==, 0);
}

static BytestagKvpId
add_value (Fixture *fixture, const BytestagKey *key, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  BytestagKvpId id = { .key = *key };

  bytestag_key_digest (&id.index, text, strlen (text));
  bytestag_shared_files_table_add_value (fixture->table, &id, g_bytes_get_size (bytes), bytes);

  return id;
}

static void
test_values (Fixture *fixture, gconstpointer user_data)
{
  const BytestagKey key = { .bytes = { 1 } };
  BytestagKvpId id = add_value (fixture, &key, "info");
  BytestagKvpRecord record;

  add_value (fixture, &key, "info");
  g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &id, &record));
  g_assert_cmpuint (record.size, ==, 4);
  g_assert_true (record.is_original);
  assert_read (fixture, &id, "info", 4);

  bytestag_shared_files_table_remove_value (fixture->table, &id);
  assert_read (fixture, &id, "info", 4);
  bytestag_shared_files_table_remove_value (fixture->table, &id);
  g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
  assert_read_error (fixture, &id, BYTESTAG_ERROR_NOT_FOUND);
  bytestag_shared_files_table_remove_value (fixture->table, &id);
}

/* A.1.4, "vals": null for an info of a file, a float for what goes by its own hash. */
static void
test_times (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1 };
  g_autofree char *path = share_file (fixture, "file", seeds, 1, 10);
  BytestagKvpId part = part_id (1, 10);
  BytestagKvpId info = add_value (fixture, &part.key, "info");
  BytestagKvpRecord record;
  BytestagExchangeInfo exchange_info;

  g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &part, &record));
  bytestag_exchange_info_from_record (&exchange_info, &record);
  g_assert_cmpint (exchange_info.time_kind, ==, BYTESTAG_TIME_FLOAT);
  g_assert_cmpfloat (exchange_info.timestamp, ==, 0);

  bytestag_shared_files_table_set_published (fixture->table, &part, 1600000000);
  g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &part, &record));
  bytestag_exchange_info_from_record (&exchange_info, &record);
  g_assert_cmpint (exchange_info.time_kind, ==, BYTESTAG_TIME_FLOAT);
  g_assert_cmpfloat (exchange_info.timestamp, ==, 1600000000);

  bytestag_shared_files_table_set_published (fixture->table, &info, 1600000000);
  g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &info, &record));
  g_assert_cmpfloat (record.last_update, ==, 1600000000);
  bytestag_exchange_info_from_record (&exchange_info, &record);
  g_assert_cmpint (exchange_info.time_kind, ==, BYTESTAG_TIME_NULL);
}

static void
collect_cb (const BytestagKvpRecord *record, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, record->id);
}

/* The part among the infos of its key, each once, in order of index. */
static void
test_visit_key (Fixture *fixture, gconstpointer user_data)
{
  const guint seeds[] = { 1 };
  g_autofree char *path = share_file (fixture, "file", seeds, 1, 10);
  g_autofree guint8 *part = make_part (1);
  g_autoptr (GBytes) same_as_part = g_bytes_new (part, 10);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  BytestagKvpId id = part_id (1, 10);
  gboolean seen = FALSE;

  g_assert_cmpuint (bytestag_kvp_table_visit_key (fixture->kvp_table, &id.key, collect_cb, ids), ==, 1);
  g_assert_true (bytestag_kvp_id_equal (&g_array_index (ids, BytestagKvpId, 0), &id));

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("info %u", i);

      add_value (fixture, &id.key, text);
    }
  /* Held as a part and as an info: the same value. */
  bytestag_shared_files_table_add_value (fixture->table, &id, 10, same_as_part);

  g_array_set_size (ids, 0);
  g_assert_cmpuint (bytestag_kvp_table_visit_key (fixture->kvp_table, &id.key, collect_cb, ids), ==, 21);
  g_assert_cmpuint (ids->len, ==, 21);
  for (guint i = 0; i < ids->len; i++)
    {
      const BytestagKvpId *this = &g_array_index (ids, BytestagKvpId, i);

      if (i > 0)
        g_assert_cmpint (bytestag_kvp_id_compare (this - 1, this), <, 0);
      seen = seen || bytestag_kvp_id_equal (this, &id);
    }
  g_assert_true (seen);
}

static void
test_limit_indices_of_key (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));
  const BytestagKey key = { .bytes = { 1 } };

  for (guint i = 0; i < BYTESTAG_LIMIT_INDICES_OF_KEY + 1; i++)
    {
      g_autofree char *text = g_strdup_printf ("info %u", i);

      add_value (fixture, &key, text);
    }
  g_assert_cmpuint (bytestag_kvp_table_visit_key (fixture->kvp_table, &key, collect_cb, ids), ==,
                    BYTESTAG_LIMIT_INDICES_OF_KEY);
}

static void
refused_cb (const GError *error, gpointer user_data)
{
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED);
  *(gboolean *) user_data = TRUE;
}

static void
test_read_only (Fixture *fixture, gconstpointer user_data)
{
  const BytestagKey key = { .bytes = { 1 } };
  BytestagKvpRecord record = { .id = add_value (fixture, &key, "info") };
  g_autoptr (GBytes) value = g_bytes_new_static ("x", 1);
  gboolean called = FALSE;

  bytestag_kvp_table_write (fixture->kvp_table, &record, value, refused_cb, &called);
  g_assert_true (called);
  bytestag_kvp_table_write (fixture->kvp_table, &record, value, NULL, NULL);
  g_assert_false (bytestag_kvp_table_can_keep (fixture->kvp_table, &record));
  g_assert_false (bytestag_kvp_table_update (fixture->kvp_table, &record));
  g_assert_cmpuint (bytestag_kvp_table_count_kept (fixture->kvp_table), ==, 0);
  g_assert_cmpuint (bytestag_kvp_table_visit_kept (fixture->kvp_table, NULL, 9, unexpected_cb, NULL), ==, 0);
  bytestag_kvp_table_expire (fixture->kvp_table, G_MAXINT64);
  g_assert_false (bytestag_kvp_table_remove (fixture->kvp_table, &record.id));
  assert_read (fixture, &record.id, "info", 4);
}

#define ADD(name, test) g_test_add ("/storage/shared-files-table/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("parts", test_parts);
  ADD ("whole-last-part", test_whole_last_part);
  ADD ("empty-file", test_empty_file);
  ADD ("equal-parts", test_equal_parts);
  ADD ("limit-twins-tried", test_limit_twins_tried);
  ADD ("twins-in-any-order", test_twins_in_any_order);
  ADD ("states", test_states);
  ADD ("changed", test_changed);
  g_test_add ("/storage/shared-files-table/changed-later", Fixture, GINT_TO_POINTER (TRUE), set_up, test_changed,
              tear_down);
  ADD ("epoch", test_epoch);
  ADD ("epoch-while-read", test_epoch_while_read);
  ADD ("moved", test_moved);
  ADD ("unreadable", test_unreadable);
  ADD ("values", test_values);
  ADD ("times", test_times);
  ADD ("visit-key", test_visit_key);
  ADD ("limit-indices-of-key", test_limit_indices_of_key);
  ADD ("read-only", test_read_only);

  return g_test_run ();
}
