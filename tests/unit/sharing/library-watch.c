/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-watch.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/limits.h"
#include "io/folder-watcher.h"
#include "io/workers.h"
#include "support/test-clock.h"
#include "support/test-folder.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* Files and folders are real, and so is what tells of them; time is not. */
typedef struct {
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagWorker *worker;
  GMainContext *context;
  BytestagFolderWatcher *watcher;
  BytestagLibraryWatch *watch;
  char *folder;
  GString *log; /* what was filled and found */
  gint64 cpu_time;
  gboolean stop_when_filled;
  gboolean stop_when_told;
  const char *move_when_told; /* (nullable) where the root goes */
} Fixture;

typedef struct {
  Fixture *fixture;
  const char *name; /* of its root */
  char *root;
  char *identity;
  GPtrArray *paths;
  GArray *stamps;
  guint n_checks;
  gint64 time;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
} Share;

static gboolean
fill (gpointer              data,
      BytestagLibraryCheck *check,
      guint                 first_root,
      guint                 position,
      gpointer              user_data)
{
  Share *share = data;
  Fixture *self = user_data;
  guint end = MIN (position + BYTESTAG_LIMIT_CHECK_SLICE, share->paths->len);

  if (position == 0)
    g_assert_cmpuint (bytestag_library_check_add_root (check, share->root, share->identity), ==, first_root);
  for (guint i = position; i < end; i++)
    bytestag_library_check_add_file (check, first_root, g_ptr_array_index (share->paths, i),
                                     &g_array_index (share->stamps, BytestagFileStamp, i), share->sha256);
  if (self->stop_when_filled)
    bytestag_library_watch_remove (self->watch, share);

  return end < share->paths->len;
}

static void
checked (gpointer                  data,
         const BytestagShareCheck *found,
         gpointer                  user_data)
{
  static const char *outcomes[] = { "unchanged", "moved", "restamped", "changed", "deleted", "away", "doubtful" };
  static const char *roots[] = { "here", "moved", "away", "gone" };
  Share *share = data;
  Fixture *self = user_data;
  const BytestagCheckedRoot *root = bytestag_library_check_get_root (found->check, found->first_root);
  const BytestagFileChange *changes;
  guint n;

  g_assert_cmpuint (found->n_roots, ==, 1);
  g_assert_cmpuint (found->n_files, ==, share->paths->len);
  changes = bytestag_library_check_find_changes (found->check, found->first_file, found->n_files, &n);
  g_string_append_printf (self->log, "%s:%s", share->name, roots[root->outcome]);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (self->log, ",%s:%s",
                            (char *) g_ptr_array_index (share->paths, changes[i].file - found->first_file),
                            outcomes[changes[i].outcome]);
  g_string_append_c (self->log, ' ');
  g_free (share->identity);
  share->identity = g_strdup (root->identity);
  share->n_checks++;
  share->time = found->time;
  self->cpu_time = bytestag_library_check_get_cpu_time (found->check);
  if (self->move_when_told != NULL)
    g_assert_cmpint (g_rename (share->root, g_steal_pointer (&self->move_when_told)), ==, 0);
  if (self->stop_when_told)
    bytestag_library_watch_stop (self->watch);
}

static const BytestagLibraryWatchFuncs funcs = { fill, checked };

static void
set_up_with (Fixture  *self,
             gboolean  watched)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  self->clock = bytestag_test_clock_new ();
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  self->worker = BYTESTAG_WORKER (bytestag_test_worker_new (self->reactor));
  self->context = g_main_context_new ();
  self->watcher = watched ? bytestag_gio_folder_watcher_new (self->context) : NULL;
  self->folder = bytestag_test_folder_new ();
  self->log = g_string_new (NULL);
  self->watch = bytestag_library_watch_new (self->reactor, self->worker, self->watcher, &funcs, self);
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  set_up_with (self, TRUE);
}

static void
set_up_polling (Fixture       *self,
                gconstpointer  data)
{
  set_up_with (self, FALSE);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  if (self->watch != NULL)
    {
      bytestag_library_watch_stop (self->watch);
      bytestag_reactor_drain (self->reactor, -1);
      g_assert_finalize_object (self->watch);
    }
  g_clear_object (&self->watcher);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_unref (self->context);
  g_clear_object (&self->worker);
  g_assert_finalize_object (self->reactor);
  g_object_unref (self->clock);
  g_string_free (self->log, TRUE);
  bytestag_test_folder_remove (self->folder);
}

static void
run_for (Fixture *self,
         gint64   duration)
{
  gint64 end = bytestag_reactor_get_time (self->reactor) + duration;

  for (;;)
    {
      gint64 deadline = bytestag_reactor_get_deadline (self->reactor);
      gint64 now = bytestag_reactor_get_time (self->reactor);

      if (deadline > end)
        break;
      bytestag_test_clock_advance (self->clock, MAX (deadline - now, 0));
      bytestag_reactor_tick (self->reactor);
    }
  bytestag_test_clock_advance (self->clock, end - bytestag_reactor_get_time (self->reactor));
}

static void
assert_log (Fixture    *self,
            const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

static void
count_cb (BytestagFolderWatcher *watcher,
          const char            *path,
          guint                 *count)
{
  (*count)++;
}

static gboolean
too_late_cb (gpointer user_data)
{
  g_error ("Nothing was told");
  return G_SOURCE_REMOVE;
}

/* So many folders changed, as the kernel says. */
static void
wait_for_words (Fixture *self,
                guint    n_words)
{
  guint n_told = 0;
  gulong handler = g_signal_connect (self->watcher, "changed", G_CALLBACK (count_cb), &n_told);
  GSource *guard = g_timeout_source_new_seconds (60);

  g_source_set_callback (guard, too_late_cb, NULL, NULL);
  g_source_attach (guard, self->context);
  while (n_told < n_words)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (guard);
  g_source_unref (guard);
  g_signal_handler_disconnect (self->watcher, handler);
}

static void
share_file (Share      *share,
            const char *path)
{
  g_autofree char *whole = g_build_filename (share->root, path, NULL);
  g_autofree char *parent = g_path_get_dirname (whole);
  BytestagFileStamp stamp;
  int fd;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  fd = open (whole, O_CREAT | O_RDWR, 0600);
  g_assert_cmpint (fd, >=, 0);
  g_assert_true (bytestag_file_stamp_read (&stamp, fd));
  close (fd);
  g_ptr_array_add (share->paths, g_strdup (path));
  g_array_append_val (share->stamps, stamp);
}

static void
rename_file (Share      *share,
             const char *from,
             const char *to)
{
  g_autofree char *from_path = g_canonicalize_filename (from, share->root);
  g_autofree char *to_path = g_canonicalize_filename (to, share->root);

  g_assert_cmpint (g_rename (from_path, to_path), ==, 0);
}

static void
init_share (Share      *share,
            Fixture    *self,
            const char *name)
{
  *share = (Share) { .fixture = self, .name = name };
  share->root = g_build_filename (self->folder, name, NULL);
  share->paths = g_ptr_array_new_with_free_func (g_free);
  share->stamps = g_array_new (FALSE, FALSE, sizeof (BytestagFileStamp));
  share_file (share, "one");
}

static void
clear_share (Share *share)
{
  g_free (share->root);
  g_free (share->identity);
  g_ptr_array_unref (share->paths);
  g_array_unref (share->stamps);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Share, clear_share)

/* Looked at when it is added, and once more, for what changed before it was watched; then rarely. */
static void
test_told (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  bytestag_library_watch_add (self->watch, &share);
  bytestag_library_watch_add (self->watch, &share);
  assert_log (self, "");
  g_assert_false (bytestag_library_watch_is_told (self->watch, &share));
  run_for (self, SECOND);
  assert_log (self, "a:here ");
  g_assert_true (bytestag_library_watch_is_told (self->watch, &share));
  g_assert_cmpint (share.time, ==, bytestag_reactor_get_wall_time (self->reactor) / SECOND - 1);
  run_for (self, MINUTE);
  assert_log (self, "a:here ");
  run_for (self, 59 * MINUTE);
  assert_log (self, "");
  run_for (self, MINUTE);
  assert_log (self, "a:here ");

  rename_file (&share, "one", "two");
  wait_for_words (self, 1);
  run_for (self, 10 * SECOND);
  assert_log (self, "a:here,one:moved ");

  /* It was watched again before it was looked at: once is enough. */
  run_for (self, MINUTE);
  assert_log (self, "");
}

/* What goes after it was looked at, and before it is watched, is looked at soon again too. */
static void
test_gone (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };
  g_autofree char *elsewhere = g_build_filename (self->folder, "elsewhere", NULL);

  init_share (&share, self, "a");
  self->move_when_told = elsewhere;
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, SECOND);
  assert_log (self, "a:here ");
  run_for (self, MINUTE);
  assert_log (self, "a:moved a:moved ");
}

static void
test_polled (Fixture       *self,
             gconstpointer  data)
{
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, 5 * MINUTE - SECOND);
  assert_log (self, "a:here ");
  g_assert_false (bytestag_library_watch_is_told (self->watch, &share));
  rename_file (&share, "one", "two");
  run_for (self, 2 * SECOND);
  assert_log (self, "a:here,one:moved ");
  run_for (self, HOUR);
  g_assert_cmpuint (share.n_checks, <=, 14);
  g_assert_cmpuint (share.n_checks, >=, 12);
}

/* However many doubts there are. */
static void
test_soon (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };
  g_auto (Share) other = { 0 };

  init_share (&share, self, "a");
  init_share (&other, self, "b");
  bytestag_library_watch_add (self->watch, &share);
  bytestag_library_watch_add (self->watch, &other);
  run_for (self, MINUTE);
  assert_log (self, "a:here b:here ");

  for (guint i = 0; i < 1000; i++)
    bytestag_library_watch_check_soon (self->watch, &share);
  bytestag_library_watch_check_soon (self->watch, &self);
  run_for (self, 2 * SECOND);
  assert_log (self, "");
  run_for (self, 2 * SECOND);
  assert_log (self, "a:here ");

  /* Not before it has rested. */
  bytestag_library_watch_check_soon (self->watch, &share);
  run_for (self, 8 * SECOND);
  assert_log (self, "");
  run_for (self, 2 * SECOND);
  assert_log (self, "a:here ");
}

/* Found in another share, since both changed. */
static void
test_across_shares (Fixture       *self,
                    gconstpointer  data)
{
  g_autofree char *to = g_build_filename (self->folder, "b", "from a", NULL);
  g_autofree char *from = g_build_filename (self->folder, "a", "one", NULL);
  g_auto (Share) share = { 0 };
  g_auto (Share) other = { 0 };

  init_share (&share, self, "a");
  init_share (&other, self, "b");
  bytestag_library_watch_add (self->watch, &share);
  bytestag_library_watch_add (self->watch, &other);
  run_for (self, MINUTE);
  g_string_truncate (self->log, 0);

  g_assert_cmpint (g_rename (from, to), ==, 0);
  wait_for_words (self, 2);
  run_for (self, 10 * SECOND);
  assert_log (self, "a:here,one:moved b:here ");
}

/* At most 2 % of a core: a check that took long rests long. */
static void
test_rest (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };
  g_autofree char *path = NULL;
  gint64 rest;

  init_share (&share, self, "a");
  path = g_build_filename (share.root, "one", NULL);
  g_assert_cmpint (truncate (path, 512 * 1024 * 1024), ==, 0);
  g_array_index (share.stamps, BytestagFileStamp, 0).size = 512 * 1024 * 1024;
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, SECOND);
  assert_log (self, "a:here,one:changed ");
  rest = 50 * self->cpu_time;
  g_assert_cmpint (rest, >, 10 * SECOND);

  bytestag_library_watch_check_soon (self->watch, &share);
  run_for (self, rest - 2 * SECOND);
  assert_log (self, "");
  run_for (self, 2 * SECOND);
  assert_log (self, "a:here,one:changed ");
}

/* A drive is not there: nobody tells when it is mounted. */
static void
test_away (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, MINUTE);
  g_string_truncate (self->log, 0);

  g_free (share.identity);
  share.identity = g_strdup_printf ("folder 1 2 3 %s", share.root);
  rename_file (&share, "", "../elsewhere");
  wait_for_words (self, 1);
  run_for (self, 10 * SECOND);
  assert_log (self, "a:away ");
  run_for (self, 5 * MINUTE);
  run_for (self, 5 * MINUTE);
  g_assert_cmpuint (share.n_checks, >=, 4);

  /* It is told, when it is a folder above. */
  rename_file (&share, "../elsewhere", "");
  wait_for_words (self, 1);
  g_string_truncate (self->log, 0);
  run_for (self, 20 * SECOND);
  g_assert_true (g_str_has_prefix (self->log->str, "a:here "));
}

/* More than one event takes, of files and of folders. */
static void
test_slices (Fixture       *self,
             gconstpointer  data)
{
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  for (guint i = 0; i < BYTESTAG_LIMIT_CHECK_SLICE; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u/%u", i % (3 * BYTESTAG_LIMIT_WATCH_SLICE), i);

      share_file (&share, path);
    }
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, MINUTE);
  assert_log (self, "a:here a:here ");
  g_assert_true (bytestag_library_watch_is_told (self->watch, &share));

  rename_file (&share, "47/47", "47/x");
  wait_for_words (self, 1);
  run_for (self, 10 * SECOND);
  assert_log (self, "a:here,47/47:moved ");

  /* Watched again, though it has told once. */
  rename_file (&share, "47/x", "47/y");
  wait_for_words (self, 1);
  run_for (self, 10 * SECOND);
  assert_log (self, "a:here,47/47:moved ");

  /* A folder that comes. */
  rename_file (&share, "47", "new");
  wait_for_words (self, 1);
  run_for (self, 30 * SECOND);
  g_string_truncate (self->log, 0);
  rename_file (&share, "new/y", "new/z");
  wait_for_words (self, 1);
  run_for (self, 10 * SECOND);
  g_assert_true (g_str_has_prefix (self->log->str, "a:here,47/47:moved,47/95:moved,"));
}

/* In each stage of a check. */
static void
test_remove (Fixture       *self,
             gconstpointer  data)
{
  g_auto (Share) share = { 0 };
  g_auto (Share) other = { 0 };

  init_share (&share, self, "a");
  init_share (&other, self, "b");
  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_CHECK_SLICE; i++)
    share_file (&share, "one");
  bytestag_library_watch_remove (self->watch, &share);
  bytestag_library_watch_add (self->watch, &share);
  bytestag_library_watch_remove (self->watch, &share);
  run_for (self, SECOND);
  assert_log (self, "");

  self->stop_when_filled = TRUE;
  bytestag_library_watch_add (self->watch, &share);
  run_for (self, SECOND);
  assert_log (self, "");
  self->stop_when_filled = FALSE;

  bytestag_library_watch_add (self->watch, &other);
  run_for (self, MINUTE);
  assert_log (self, "b:here b:here ");
  bytestag_library_watch_remove (self->watch, &other);
  run_for (self, 2 * HOUR);
  assert_log (self, "");
}

static void
test_stop (Fixture       *self,
           gconstpointer  data)
{
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  bytestag_library_watch_add (self->watch, &share);
  self->stop_when_told = TRUE;
  run_for (self, 2 * HOUR);
  assert_log (self, "a:here ");
  bytestag_library_watch_stop (self->watch);
  g_assert_finalize_object (g_steal_pointer (&self->watch));
}

/* On a thread of its own; stopped while it looks. */
static void
test_thread (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagWorkers) workers = bytestag_workers_new (self->reactor, self->context, 1, "check");
  BytestagLibraryWatch *watch = bytestag_library_watch_new (self->reactor, BYTESTAG_WORKER (workers), self->watcher,
                                                            &funcs, self);
  g_auto (Share) share = { 0 };

  init_share (&share, self, "a");
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u/%u", i % 3, i);

      share_file (&share, path);
    }
  bytestag_library_watch_add (watch, &share);
  run_for (self, SECOND);
  while (share.n_checks == 0)
    {
      g_main_context_iteration (self->context, TRUE);
      run_for (self, 0);
    }
  assert_log (self, "a:here ");

  rename_file (&share, "one", "two");
  run_for (self, 10 * SECOND);
  bytestag_library_watch_check_soon (watch, &share);
  run_for (self, 10 * SECOND);
  bytestag_library_watch_stop (watch);
  bytestag_workers_stop (workers);
  bytestag_reactor_drain (self->reactor, -1);
  assert_log (self, "");
  g_assert_finalize_object (watch);
}

#define TEST(name, func) g_test_add ("/sharing/library-watch/" name, Fixture, NULL, set_up, func, tear_down)
#define TEST_POLLING(name, func) \
  g_test_add ("/sharing/library-watch/" name, Fixture, NULL, set_up_polling, func, tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("told", test_told);
  TEST ("gone", test_gone);
  TEST_POLLING ("polled", test_polled);
  TEST_POLLING ("soon", test_soon);
  TEST ("across-shares", test_across_shares);
  TEST_POLLING ("rest", test_rest);
  TEST ("away", test_away);
  TEST ("slices", test_slices);
  TEST ("remove", test_remove);
  TEST ("stop", test_stop);
  TEST ("thread", test_thread);
  return g_test_run ();
}
