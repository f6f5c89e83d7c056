/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "fixture.h"
#include "io/folder-watcher.h"

#define ONE_SIZE 600000
#define TWO_SIZE 700

/* "things/one" (seed 3) and "things/sub/two" (seed 4) are shared; time is the simulator's. */
typedef struct {
  Fixture base;
  char *database;
  BytestagLibrary *library;
  BytestagShare *share;
  BytestagKey key;
  guint n_told; /* "changed" */
  guint64 n_read;
} Changes;

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
open_library (Changes *self)
{
  self->library = bytestag_library_new_saved (self->base.network, self->base.shared, self->base.worker,
                                              self->database, self->base.worker);
}

/* Bytes that this process has read, of files and all else. */
static guint64
count_bytes_read (void)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/io", &text, NULL, NULL));
  return g_ascii_strtoull (text + strlen ("rchar: "), NULL, 10);
}

static void
set_up (Changes       *self,
        gconstpointer  data)
{
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *folder = NULL;

  fixture_set_up (&self->base, data);
  self->database = fixture_path (&self->base, "library.db");
  one = fixture_write (&self->base, "things/one", ONE_SIZE, 3);
  two = fixture_write (&self->base, "things/sub/two", TWO_SIZE, 4);
  folder = fixture_path (&self->base, "things");
  open_library (self);
  self->share = g_object_ref (bytestag_library_share (self->library, (const char * const []) { folder, NULL },
                                                      NULL, NULL));
  g_assert_true (fixture_run_signal (&self->base, self->share, "published", 300));
  self->key = *bytestag_link_get_key (bytestag_share_get_link (self->share));
  g_signal_connect_swapped (self->share, "changed", G_CALLBACK (count_cb), &self->n_told);
}

static void
tear_down (Changes       *self,
           gconstpointer  data)
{
  g_clear_object (&self->share);
  bytestag_library_close (self->library);
  bytestag_sim_run (self->base.sim, SECOND);
  g_assert_finalize_object (self->library);
  g_free (self->database);
  fixture_tear_down (&self->base, data);
}

/* Without anybody who tells of changes. */
static void
watch (Changes *self)
{
  bytestag_library_set_watcher (self->library, NULL, self->base.worker);
  bytestag_sim_run (self->base.sim, 20 * SECOND);
  g_assert_cmpint (bytestag_share_get_last_checked (self->share), >, 0);
}

static void
check_soon (Changes *self)
{
  bytestag_library_check_soon (self->library, self->share);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
}

/* It comes back as it was, without its process. */
static void
restart (Changes *self)
{
  g_clear_object (&self->share);
  bytestag_library_close (self->library);
  bytestag_sim_run (self->base.sim, SECOND);
  g_assert_finalize_object (self->library);
  open_library (self);
  bytestag_sim_run (self->base.sim, 10 * SECOND);
  self->share = g_list_model_get_item (G_LIST_MODEL (self->library), 0);
  g_assert_nonnull (self->share);
  g_signal_connect_swapped (self->share, "changed", G_CALLBACK (count_cb), &self->n_told);
}

static void
move (Changes    *self,
      const char *from,
      const char *to)
{
  g_autofree char *from_path = fixture_path (&self->base, from);
  g_autofree char *to_path = fixture_path (&self->base, to);

  g_assert_cmpint (g_rename (from_path, to_path), ==, 0);
}

/* In place. */
static void
overwrite (Changes    *self,
           const char *name,
           gsize       size,
           guint       seed)
{
  g_autofree char *path = fixture_path (&self->base, name);
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);
  FILE *stream = g_fopen (path, "r+");

  g_assert_nonnull (stream);
  g_assert_cmpuint (fwrite (g_bytes_get_data (bytes, NULL), 1, size, stream), ==, size);
  fclose (stream);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  GBytes **read = user_data;

  *read = value != NULL ? g_bytes_ref (value) : NULL;
}

/* Whether the first part of what fixture_write() wrote is served, right, to whoever asks. */
static gboolean
is_served (Changes *self,
           gsize    size,
           guint    seed)
{
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);
  g_autoptr (GBytes) first = g_bytes_new_from_bytes (bytes, 0, MIN (size, BYTESTAG_PART_SIZE));
  g_autoptr (GBytes) read = NULL;
  BytestagKvpTable *table = bytestag_network_get_table (self->base.network);
  BytestagKvpId id;
  gboolean listed;

  bytestag_key_digest (&id.key, g_bytes_get_data (first, NULL), g_bytes_get_size (first));
  id.index = id.key;
  listed = bytestag_kvp_table_lookup (table, &id, NULL);
  bytestag_kvp_table_read (table, &id, read_cb, &read);
  bytestag_sim_run (self->base.sim, SECOND / 10);
  if (read != NULL)
    g_assert_true (g_bytes_equal (read, first));

  return listed && read != NULL;
}

static void
assert_as_it_was (Changes *self)
{
  g_assert_true (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (self->share)), &self->key));
  g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 0);
  g_assert_cmpuint (bytestag_share_get_n_deleted (self->share), ==, 0);
  g_assert_cmpuint (bytestag_share_get_n_new (self->share), ==, 0);
  g_assert_false (bytestag_share_is_away (self->share));
  g_assert_true (is_served (self, ONE_SIZE, 3));
  g_assert_true (is_served (self, TWO_SIZE, 4));
  g_assert_cmpuint (self->n_told, ==, 0);
}

/* Files and folders, while we are here and while we are not: the link stays, and nothing is hashed. */
static void
test_moved (Changes       *self,
            gconstpointer  data)
{
  guint64 read_before;

  watch (self);
  assert_as_it_was (self);

  read_before = count_bytes_read ();
  move (self, "things/one", "things/sub/uno");
  check_soon (self);
  g_assert_cmpuint (count_bytes_read () - read_before, <, ONE_SIZE);
  assert_as_it_was (self);

  move (self, "things/sub", "things/below");
  check_soon (self);
  assert_as_it_was (self);

  /* Swapped. */
  move (self, "things/below/uno", "things/x");
  move (self, "things/below/two", "things/below/uno");
  move (self, "things/x", "things/below/two");
  check_soon (self);
  assert_as_it_was (self);

  /* All of it. */
  read_before = count_bytes_read ();
  move (self, "things", "stuff");
  check_soon (self);
  g_assert_cmpuint (count_bytes_read () - read_before, <, ONE_SIZE);
  assert_as_it_was (self);
  g_assert_true (g_str_has_suffix (bytestag_share_get_paths (self->share)[0], "/stuff"));

  restart (self);
  assert_as_it_was (self);
  watch (self);
  assert_as_it_was (self);

  restart (self);
  move (self, "stuff", "again");
  move (self, "again/below/two", "again/one");
  watch (self);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  assert_as_it_was (self);

  /* Asked for before it was looked where it is: nobody is told that it is gone. */
  move (self, "again/one", "again/uno");
  g_assert_false (is_served (self, ONE_SIZE, 3));
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  assert_as_it_was (self);
}

/* The kernel tells. */
static void
test_told (Changes       *self,
           gconstpointer  data)
{
  GMainContext *context = g_main_context_new ();
  g_autoptr (BytestagFolderWatcher) watcher = bytestag_gio_folder_watcher_new (context);
  guint n_words = 0;

  bytestag_library_set_watcher (self->library, watcher, self->base.worker);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  g_signal_connect_swapped (watcher, "changed", G_CALLBACK (count_cb), &n_words);
  move (self, "things/one", "things/uno");
  while (n_words == 0)
    g_main_context_iteration (context, TRUE);
  bytestag_sim_run (self->base.sim, 15 * SECOND);
  assert_as_it_was (self);

  bytestag_library_close (self->library);
  g_clear_object (&watcher);
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_main_context_unref (context);
}

/* Changed, and offered as a new version with a link of its own. */
static void
test_changed (Changes       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagShare) version = NULL;

  watch (self);
  g_assert_true (is_served (self, ONE_SIZE, 3));
  overwrite (self, "things/one", ONE_SIZE, 5);
  g_assert_false (is_served (self, ONE_SIZE, 3));
  check_soon (self);
  g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 1);
  g_assert_cmpuint (self->n_told, ==, 1);
  g_assert_false (is_served (self, ONE_SIZE, 3));
  g_assert_true (is_served (self, TWO_SIZE, 4));
  g_assert_true (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (self->share)), &self->key));

  /* It stays so; also after a restart. */
  check_soon (self);
  g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 1);
  g_assert_cmpuint (self->n_told, ==, 1);
  restart (self);
  watch (self);
  bytestag_sim_run (self->base.sim, 60 * SECOND);
  g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 1);

  /* The same bytes again, whatever their time. */
  overwrite (self, "things/one", ONE_SIZE, 3);
  check_soon (self);
  self->n_told = 0;
  assert_as_it_was (self);

  overwrite (self, "things/one", ONE_SIZE, 5);
  check_soon (self);
  g_assert_cmpuint (self->n_told, ==, 1);
  version = g_object_ref (bytestag_library_share_new_version (self->library, self->share));
  g_assert_true (fixture_run_signal (&self->base, version, "published", 300));
  g_assert_false (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (version)), &self->key));
  g_assert_true (is_served (self, ONE_SIZE, 5));
  g_assert_cmpuint (bytestag_share_get_n_changed (version), ==, 0);
}

/* Bytes that were changed, and the time set back: only a read finds it, and no check takes it back. */
static void
test_hidden (Changes       *self,
             gconstpointer  data)
{
  g_autofree char *path = fixture_path (&self->base, "things/one");
  struct timespec times[2];
  struct stat status;

  g_assert_cmpint (stat (path, &status), ==, 0);
  times[0] = times[1] = status.st_mtim;
  overwrite (self, "things/one", ONE_SIZE, 5);
  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  restart (self);
  watch (self);
  g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 0);

  g_assert_false (is_served (self, ONE_SIZE, 3));
  for (guint i = 0; i < 4; i++)
    {
      check_soon (self);
      g_assert_cmpuint (bytestag_share_get_n_changed (self->share), ==, 1);
      g_assert_false (is_served (self, ONE_SIZE, 3));
    }
  g_assert_cmpuint (self->n_told, ==, 1);
}

static void
test_deleted (Changes       *self,
              gconstpointer  data)
{
  g_autofree char *path = fixture_path (&self->base, "things/sub/two");
  g_autofree char *new_file = NULL;

  watch (self);
  g_assert_cmpint (g_remove (path), ==, 0);
  new_file = fixture_write (&self->base, "things/three", 5, 6);
  check_soon (self);
  g_assert_cmpuint (bytestag_share_get_n_deleted (self->share), ==, 1);
  g_assert_cmpuint (bytestag_share_get_n_new (self->share), ==, 1);
  g_assert_cmpuint (self->n_told, ==, 1);
  g_assert_false (is_served (self, TWO_SIZE, 4));
  g_assert_true (is_served (self, ONE_SIZE, 3));

  restart (self);
  g_assert_cmpuint (bytestag_share_get_n_deleted (self->share), ==, 1);
  watch (self);
  g_assert_cmpuint (bytestag_share_get_n_deleted (self->share), ==, 1);
  g_assert_cmpuint (bytestag_share_get_n_new (self->share), ==, 1);
}

/* The drive is not there: nothing is served or forgotten, and all of it is back with it. */
static void
test_away (Changes       *self,
           gconstpointer  data)
{
  g_autofree char *folder = fixture_path (&self->base, "things");
  BytestagKvpRecord record;
  BytestagKvpId id = { self->key, self->key };
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (TWO_SIZE, 4);

  watch (self);
  move (self, "things", ".drive");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_false (is_served (self, TWO_SIZE, 4));
  check_soon (self);
  g_assert_true (bytestag_share_is_away (self->share));
  g_assert_cmpuint (bytestag_share_get_n_deleted (self->share), ==, 0);
  g_assert_cmpuint (self->n_told, ==, 0);
  g_assert_false (is_served (self, ONE_SIZE, 3));
  g_assert_true (bytestag_kvp_table_lookup (bytestag_network_get_table (self->base.network), &id, NULL));
  /* Its copies are looked after. */
  bytestag_key_digest (&id.key, g_bytes_get_data (bytes, NULL), TWO_SIZE);
  id.index = id.key;
  g_assert_true (bytestag_shared_files_table_describe (self->base.shared, &id, &record));

  restart (self);
  g_assert_true (bytestag_share_is_away (self->share));
  watch (self);
  g_assert_true (bytestag_share_is_away (self->share));

  g_assert_cmpint (g_rmdir (folder), ==, 0);
  move (self, ".drive", "things");
  bytestag_sim_run (self->base.sim, 5 * 60 * SECOND);
  assert_as_it_was (self);
}

/* Out of what was shared, into what another share has. */
static void
test_stray (Changes       *self,
            gconstpointer  data)
{
  g_autofree char *three = fixture_write (&self->base, "guests/three", 5, 6);
  g_autofree char *guests = fixture_path (&self->base, "guests");
  g_autoptr (BytestagShare) other = g_object_ref (bytestag_library_share (self->library,
                                                                          (const char * const []) { guests, NULL },
                                                                          NULL, NULL));

  g_assert_true (fixture_run_signal (&self->base, other, "published", 300));
  watch (self);
  move (self, "things/one", "guests/one");
  bytestag_library_check_soon (self->library, other);
  check_soon (self);
  assert_as_it_was (self);
  g_assert_cmpuint (bytestag_share_get_n_new (other), ==, 1);

  move (self, "guests/one", "guests/uno");
  bytestag_library_check_soon (self->library, other);
  check_soon (self);
  assert_as_it_was (self);
  check_soon (self);
  assert_as_it_was (self);
}

/* It is stopped, or the library closed, while something is being found out. */
static void
test_stopped (Changes       *self,
              gconstpointer  data)
{
  bytestag_library_set_watcher (self->library, NULL, self->base.worker);
  bytestag_library_stop (self->library, self->share);
  bytestag_sim_run (self->base.sim, 600 * SECOND);
  g_assert_cmpint (bytestag_share_get_last_checked (self->share), ==, 0);
}

#define TEST(name, func) g_test_add ("/sharing/library-changes/" name, Changes, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("moved", test_moved);
  TEST ("told", test_told);
  TEST ("changed", test_changed);
  TEST ("hidden", test_hidden);
  TEST ("deleted", test_deleted);
  TEST ("away", test_away);
  TEST ("stray", test_stray);
  TEST ("stopped", test_stopped);
  return g_test_run ();
}
