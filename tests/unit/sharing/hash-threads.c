/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-task.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "io/system-clock.h"
#include "io/system-rng.h"
#include "io/workers.h"
#include "sharing/collection-builder.h"
#include "support/test-folder.h"

/* Hashing on real threads, which help each other. */

typedef struct {
  char *folder;
  BytestagClock *clock;
  BytestagRng *rng;
  BytestagReactor *reactor;
  BytestagWorkers *workers;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  self->folder = bytestag_test_folder_new ();
  self->clock = BYTESTAG_CLOCK (bytestag_system_clock_new ());
  self->rng = BYTESTAG_RNG (bytestag_system_rng_new ());
  self->reactor = bytestag_reactor_new (self->clock, self->rng);
}

static void
use_threads (Fixture *self,
             guint    n_threads)
{
  if (self->workers != NULL)
    bytestag_workers_stop (self->workers);
  g_clear_object (&self->workers);
  self->workers = bytestag_workers_new (self->reactor, NULL, n_threads, "hash");
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  bytestag_workers_stop (self->workers);
  g_clear_object (&self->workers);
  bytestag_reactor_close (self->reactor);
  g_clear_object (&self->reactor);
  g_clear_object (&self->rng);
  g_clear_object (&self->clock);
  bytestag_test_folder_remove (self->folder);
}

static BytestagHashTask *
make_task (Fixture *self)
{
  return bytestag_hash_task_new (self->reactor, BYTESTAG_WORKER (self->workers),
                                 (const char * const []) { self->folder, NULL });
}

static void
run (Fixture          *self,
     BytestagHashTask *task)
{
  while (!bytestag_task_is_finished (BYTESTAG_TASK (task)))
    {
      g_main_context_iteration (NULL, FALSE);
      bytestag_reactor_tick (self->reactor);
    }
  bytestag_reactor_tick (self->reactor);
}

/* (transfer full) path of a file of @size bytes: a hole, but for its first and last ones. */
static char *
make_sparse (Fixture    *self,
             const char *name,
             guint64     size,
             char        mark)
{
  char *path = bytestag_test_folder_write (self->folder, name, &mark, 1);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (pwrite (fd, &mark, 1, (off_t) size - 1), ==, 1);
  close (fd);
  return path;
}

/* Digests of all that was found, in order. */
static BytestagKey
digest_files (BytestagHashTask *task)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  GPtrArray *files = bytestag_hash_task_get_files (task);
  BytestagKey digest;

  for (guint i = 0; i < files->len; i++)
    {
      const BytestagHashedFile *file = g_ptr_array_index (files, i);
      g_autoptr (GBytes) bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (file->info));

      g_byte_array_append (all, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
    }
  bytestag_key_digest (&digest, all->data, all->len);
  return digest;
}

/* However many work together, they find the same. */
static void
test_same (Fixture       *self,
           gconstpointer  data)
{
  const guint threads[] = { 1, 2, 3, BYTESTAG_LIMIT_HASHERS };
  BytestagKey first;

  g_free (make_sparse (self, "a", 20 * 1024 * 1024, 'a'));
  g_free (make_sparse (self, "b", BYTESTAG_LIMIT_BYTES_OF_JOB + 1, 'b'));
  g_free (make_sparse (self, "z", 30 * BYTESTAG_PART_SIZE, 'z'));
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *name = g_strdup_printf ("many-%u", i);

      g_free (make_sparse (self, name, 1 + i * 97, 'm'));
    }

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      BytestagHashTask *task;
      BytestagKey digest;

      use_threads (self, threads[i]);
      task = make_task (self);
      bytestag_task_start (BYTESTAG_TASK (task));
      run (self, task);
      g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
      g_assert_cmpuint (bytestag_hash_task_get_files (task)->len, ==, 303);
      digest = digest_files (task);
      if (i == 0)
        first = digest;
      g_assert_true (bytestag_key_equal (&digest, &first));
      use_threads (self, 1);
      g_object_unref (task);
    }
}

typedef struct {
  BytestagDigestPool *pool;
  GCancellable *cancellable;
  guint64 most; /* steps of one call */
} Helper;

static gpointer
help_thread (gpointer user_data)
{
  Helper *self = user_data;

  while (bytestag_digest_pool_is_expecting (self->pool) && !g_cancellable_is_cancelled (self->cancellable))
    {
      guint64 before = bytestag_digest_pool_get_n_helped (self->pool);

      bytestag_digest_pool_help (self->pool, self->cancellable);
      self->most = MAX (self->most, bytestag_digest_pool_get_n_helped (self->pool) - before);
    }
  return NULL;
}

/* A helper takes its share, lets others have their turn, and few parts are in hand. */
static void
test_help (Fixture       *self,
           gconstpointer  data)
{
  const guint n_parts = BYTESTAG_LIMIT_STEPS_OF_HELP * 3 / 2;
  g_autofree char *path = make_sparse (self, "large", (guint64) n_parts * BYTESTAG_PART_SIZE, 'l');
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (BytestagFileDigest) digest = { NULL };
  Helper helper = { bytestag_digest_pool_new (), cancellable, 0 };
  GThread *thread;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  use_threads (self, 1);
  bytestag_digest_pool_expect (helper.pool);
  thread = g_thread_new ("help", help_thread, &helper);
  g_assert_true (bytestag_digest_pool_read (helper.pool, &digest, fd, NULL, cancellable, NULL));
  bytestag_digest_pool_settle (helper.pool);
  g_thread_join (thread);
  close (fd);

  g_assert_cmpuint (digest.parts->len, ==, n_parts);
  g_assert_cmpuint (bytestag_digest_pool_get_n_helped (helper.pool), >, 0);
  g_assert_cmpuint (helper.most, <=, BYTESTAG_LIMIT_STEPS_OF_HELP);
  g_assert_cmpuint (bytestag_digest_pool_get_n_buffers (helper.pool), <=, BYTESTAG_LIMIT_PARTS_IN_HAND + 1);
  bytestag_digest_pool_free (helper.pool);
}

typedef struct {
  _Atomic guint64 n_read;
  GCancellable *cancellable;
} Watcher;

static gpointer
watch_thread (gpointer user_data)
{
  Watcher *self = user_data;

  while (atomic_load (&self->n_read) == 0)
    g_thread_yield ();
  g_cancellable_cancel (self->cancellable);
  return NULL;
}

/* Of a file that was not read to its end nothing is counted. */
static void
test_taken_back (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *path = make_sparse (self, "large", G_GUINT64_CONSTANT (1) << 40, 'l');
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (BytestagFileDigest) digest = { NULL };
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0, cancellable };
  GThread *thread = g_thread_new ("watch", watch_thread, &watcher);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  use_threads (self, 1);
  g_assert_false (bytestag_file_digest_read (&digest, fd, &watcher.n_read, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  close (fd);
  g_assert_cmpuint (watcher.n_read, ==, 0);
}

/* Between two parts, whoever helps: not behind a file that takes minutes. */
static void
test_cancel (Fixture       *self,
             gconstpointer  data)
{
  BytestagHashTask *task;
  guint64 read;

  g_free (make_sparse (self, "large", G_GUINT64_CONSTANT (1) << 40, 'l'));
  use_threads (self, 3);
  task = make_task (self);
  bytestag_task_start (BYTESTAG_TASK (task));
  while (bytestag_task_get_progress (BYTESTAG_TASK (task)) == 0)
    {
      g_main_context_iteration (NULL, FALSE);
      bytestag_reactor_tick (self->reactor);
    }
  read = bytestag_task_get_progress (BYTESTAG_TASK (task));
  g_assert_cmpuint (bytestag_hash_task_get_bytes_left (task), ==, (G_GUINT64_CONSTANT (1) << 40) - read);
  g_assert_cmpstr (bytestag_hash_task_get_current_file (task), ==, "large");
  bytestag_task_cancel (BYTESTAG_TASK (task));
  run (self, task);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
  /* All of it ends: this waits for what runs. */
  use_threads (self, 1);
  g_assert_finalize_object (task);
}

static void
test_time_left (Fixture       *self,
                gconstpointer  data)
{
  BytestagHashTask *task;

  g_free (make_sparse (self, "large", G_GUINT64_CONSTANT (1) << 40, 'l'));
  use_threads (self, 2);
  task = make_task (self);
  g_assert_cmpint (bytestag_hash_task_get_seconds_left (task), ==, -1);
  bytestag_task_start (BYTESTAG_TASK (task));
  while (bytestag_hash_task_get_seconds_left (task) < 0)
    {
      g_main_context_iteration (NULL, FALSE);
      bytestag_reactor_tick (self->reactor);
    }
  /* A terabyte at some hundred megabytes a second. */
  g_assert_cmpint (bytestag_hash_task_get_seconds_left (task), >, 60);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  run (self, task);
  use_threads (self, 1);
  g_assert_finalize_object (task);
}

typedef struct {
  const char *path;
  int step; /* bytes that it grows by each time */
  gint stop;
} Meddler;

static gpointer
meddle_thread (gpointer user_data)
{
  Meddler *self = user_data;
  off_t size = 64 * 1024 * 1024;

  while (!g_atomic_int_get (&self->stop))
    {
      size += self->step;
      g_assert_cmpint (truncate (self->path, size), ==, 0);
      g_thread_yield ();
    }
  return NULL;
}

/* What grows, shrinks, or is only written to all the time is left out, and the others are
 * shared. */
static void
test_restless (Fixture       *self,
               gconstpointer  data)
{
  const int steps[] = { 1, -1, 0 };
  g_autofree char *path = make_sparse (self, "restless", 64 * 1024 * 1024, 'r');

  g_free (make_sparse (self, "still", 1000, 's'));
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      Meddler meddler = { path, steps[i], FALSE };
      GThread *thread = g_thread_new ("meddle", meddle_thread, &meddler);
      BytestagHashTask *task;

      use_threads (self, 2);
      task = make_task (self);
      bytestag_task_start (BYTESTAG_TASK (task));
      run (self, task);
      g_atomic_int_set (&meddler.stop, TRUE);
      g_thread_join (thread);

      g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
      g_assert_cmpuint (bytestag_hash_task_get_files (task)->len, ==, 1);
      g_assert_cmpuint (bytestag_hash_task_get_skipped (task)->n_skipped[BYTESTAG_SKIP_CHANGING], ==, 1);
      g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, 1000);
      g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 1000);
      use_threads (self, 1);
      g_assert_finalize_object (task);
    }
}

static void
count_pages (BytestagBuiltKind    kind,
             const BytestagKvpId *id,
             GBytes              *bytes,
             gpointer             user_data)
{
  GPtrArray *values = user_data;

  g_assert_cmpuint (g_bytes_get_size (bytes), <=, BYTESTAG_LIMIT_INFO_WRITTEN);
  g_ptr_array_add (values, g_bytes_ref (bytes));
}

/* 4 GiB that take no room on the disk: its list needs pages, and comes back from them. */
static void
test_sparse (Fixture       *self,
             gconstpointer  data)
{
  const guint n_parts = 16384;
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (BytestagCollectionBuilder) builder = NULL;
  g_autoptr (GArray) read = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  g_autoptr (GPtrArray) files = NULL;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  const BytestagHashedFile *file;
  const BytestagKey *parts;
  BytestagHashTask *task;
  BytestagKey key;
  guint n;

  g_free (make_sparse (self, "sparse", (guint64) n_parts * BYTESTAG_PART_SIZE, 's'));
  use_threads (self, 2);
  task = make_task (self);
  bytestag_task_start (BYTESTAG_TASK (task));
  run (self, task);
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  file = g_ptr_array_index (bytestag_hash_task_get_files (task), 0);
  parts = bytestag_file_info_get_parts (file->info, &n);
  g_assert_cmpuint (n, ==, n_parts);
  g_assert_true (bytestag_key_equal (&parts[1], &parts[n_parts - 2]));
  g_assert_false (bytestag_key_equal (&parts[0], &parts[1]));
  g_assert_false (bytestag_key_equal (&parts[0], &parts[n_parts - 1]));

  builder = bytestag_collection_builder_new ("sparse", NULL, 0, count_pages, values);
  g_assert_true (bytestag_collection_builder_add (builder, file->info, NULL));
  g_assert_true (bytestag_collection_builder_finish (builder, &key, sha256, NULL));
  g_assert_cmpuint (values->len, ==, 4);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GArray) page = bytestag_parts_page_from_bytes (g_ptr_array_index (values, i), NULL);

      g_array_append_vals (read, page->data, page->len);
    }
  g_assert_cmpmem (read->data, read->len * sizeof (BytestagKey), parts, n_parts * sizeof (BytestagKey));
  files = bytestag_collection_page_from_bytes (g_ptr_array_index (values, 2), NULL);
  g_assert_cmpuint (bytestag_file_info_get_size (files->pdata[0]), ==, G_GUINT64_CONSTANT (1) << 32);
  use_threads (self, 1);
  g_assert_finalize_object (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  TEST ("/sharing/hash-threads/same", test_same);
  TEST ("/sharing/hash-threads/help", test_help);
  TEST ("/sharing/hash-threads/taken-back", test_taken_back);
  TEST ("/sharing/hash-threads/cancel", test_cancel);
  TEST ("/sharing/hash-threads/time-left", test_time_left);
  TEST ("/sharing/hash-threads/restless", test_restless);
  TEST ("/sharing/hash-threads/sparse", test_sparse);
  return g_test_run ();
}
