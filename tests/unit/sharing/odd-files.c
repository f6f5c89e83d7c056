/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-task.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"
#include "support/test-worker.h"

/* What becomes of files that are not what one expects, or change between the walk and
 * their reading: each test walks, meddles, and then lets the jobs that hash run. */

typedef struct {
  guint n_batches;
  guint n_files;
  guint longest;
  GArray *positions;
} Taken;

static BytestagHashTask *
walk (Fixture    *self,
      const char *path)
{
  BytestagHashTask *task = bytestag_hash_task_new (bytestag_network_get_reactor (self->network), self->worker,
                                                   (const char * const []) { path, NULL });

  bytestag_test_worker_hold (BYTESTAG_TEST_WORKER (self->worker));
  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_test_worker_run_held (BYTESTAG_TEST_WORKER (self->worker), 1);
  bytestag_sim_run (self->sim, SECOND / 10);
  return task;
}

static void
hash (Fixture          *self,
      BytestagHashTask *task)
{
  while (bytestag_test_worker_get_n_held (BYTESTAG_TEST_WORKER (self->worker)) > 0)
    {
      bytestag_test_worker_run_held (BYTESTAG_TEST_WORKER (self->worker), G_MAXUINT);
      bytestag_sim_run (self->sim, SECOND / 100);
    }
  g_assert_true (bytestag_task_is_finished (BYTESTAG_TASK (task)));
}

/* Lets go of @task; what it found is freed by a job. */
static void
end (Fixture          *self,
     BytestagHashTask *task)
{
  g_assert_finalize_object (task);
  bytestag_test_worker_run_held (BYTESTAG_TEST_WORKER (self->worker), G_MAXUINT);
  bytestag_sim_run (self->sim, SECOND / 100);
}

static void
assert_done (BytestagHashTask   *task,
             const char         *names,
             BytestagSkipReason  reason,
             guint               n_skipped)
{
  g_autoptr (GString) found = g_string_new (NULL);
  GPtrArray *files = bytestag_hash_task_get_files (task);

  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  for (guint i = 0; i < files->len; i++)
    {
      const BytestagHashedFile *file = g_ptr_array_index (files, i);

      g_string_append_printf (found, "%s%s", i > 0 ? " " : "", bytestag_file_info_get_filename (file->info)[0]);
    }
  g_assert_cmpstr (found->str, ==, names);
  g_assert_cmpuint (bytestag_hash_task_get_n_files (task), ==, files->len);
  g_assert_cmpuint (bytestag_hash_task_get_skipped (task)->n_skipped[reason], ==, n_skipped);
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==,
                    bytestag_task_get_total (BYTESTAG_TASK (task)));
  g_assert_cmpuint (bytestag_hash_task_get_bytes_left (task), ==, 0);
}

static void
test_gone (Fixture       *self,
           gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *kept = fixture_write (self, "all/kept", 1000, 1);
  g_autofree char *gone = fixture_write (self, "all/gone", 1000, 2);
  BytestagHashTask *task = walk (self, folder);

  g_assert_cmpuint (bytestag_hash_task_get_n_files (task), ==, 2);
  g_assert_cmpint (g_unlink (gone), ==, 0);
  hash (self, task);
  assert_done (task, "kept", BYTESTAG_SKIP_UNREADABLE, 1);
  end (self, task);
}

/* A drive that is pulled: not thousands of files that cannot be read. */
static void
test_root_gone (Fixture       *self,
                gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *elsewhere = fixture_path (self, "elsewhere");
  BytestagHashTask *task;

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%u", i);

      g_free (fixture_write (self, name, 10, i));
    }
  task = walk (self, folder);
  g_assert_cmpint (g_rename (folder, elsewhere), ==, 0);
  hash (self, task);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (bytestag_task_get_error (BYTESTAG_TASK (task))->message, "went away"));
  end (self, task);

  /* Nor another folder in its place. */
  g_assert_cmpint (g_rename (elsewhere, folder), ==, 0);
  task = walk (self, folder);
  g_assert_cmpint (g_rename (folder, elsewhere), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  hash (self, task);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  end (self, task);
}

/* What is there when it is read counts; a link or a fifo is nothing to share. */
static void
test_replaced (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *longer = fixture_write (self, "all/longer", 10, 1);
  g_autofree char *fifo = fixture_write (self, "all/fifo", 10, 2);
  g_autofree char *link = fixture_write (self, "all/link", 10, 3);
  BytestagHashTask *task = walk (self, folder);
  const BytestagHashedFile *file;

  g_assert_cmpint (g_unlink (longer), ==, 0);
  g_free (fixture_write (self, "all/longer", 300000, 4));
  g_assert_cmpint (g_unlink (fifo), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (g_unlink (link), ==, 0);
  g_assert_cmpint (symlink ("longer", link), ==, 0);
  hash (self, task);

  assert_done (task, "longer", BYTESTAG_SKIP_SPECIAL, 1);
  g_assert_cmpuint (bytestag_hash_task_get_skipped (task)->n_skipped[BYTESTAG_SKIP_LINK], ==, 1);
  file = g_ptr_array_index (bytestag_hash_task_get_files (task), 0);
  g_assert_cmpuint (file->stamp.size, ==, 300000);
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, 300000);
  end (self, task);
}

/* Fails when it is read, for root too: /proc/self/mem, which another path makes one of several. */
static void
test_unreadable (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *plain = fixture_write (self, "plain", 1000, 1);
  const char *paths[] = { "/proc/self/mem", "/proc/self/stat", plain, NULL };
  BytestagHashTask *task = bytestag_hash_task_new (bytestag_network_get_reactor (self->network), self->worker, paths);
  const BytestagSkippedFile *file;

  bytestag_test_worker_hold (BYTESTAG_TEST_WORKER (self->worker));
  bytestag_task_start (BYTESTAG_TASK (task));
  hash (self, task);
  assert_done (task, "plain", BYTESTAG_SKIP_UNREADABLE, 1);
  g_assert_cmpuint (bytestag_hash_task_get_skipped (task)->n_skipped[BYTESTAG_SKIP_CHANGING], ==, 1);
  file = g_ptr_array_index (bytestag_hash_task_get_skipped (task)->files, 0);
  g_assert_cmpstr (file->path, ==, "/proc/self/mem");
  end (self, task);
}

static void
test_all_unreadable (Fixture       *self,
                     gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *one = fixture_write (self, "all/one", 10, 1);
  BytestagHashTask *task = walk (self, folder);

  g_assert_cmpint (g_unlink (one), ==, 0);
  hash (self, task);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (bytestag_task_get_error (BYTESTAG_TASK (task))->message, "one"));
  end (self, task);

  g_free (fixture_write (self, "all/one", 10, 1));
  task = walk (self, folder);
  g_assert_cmpint (g_unlink (one), ==, 0);
  g_assert_cmpint (mkfifo (one, 0600), ==, 0);
  hash (self, task);
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  end (self, task);
}

static void
test_hard_links (Fixture       *self,
                 gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *one = fixture_write (self, "all/one", 300000, 1);
  g_autofree char *two = fixture_path (self, "all/two");
  g_autofree char *empty = fixture_write (self, "all/empty", 0, 1);
  const BytestagHashedFile *files[3];
  BytestagHashTask *task;
  BytestagKey nothing;
  guint n_parts;

  g_assert_cmpint (link (one, two), ==, 0);
  task = walk (self, folder);
  hash (self, task);
  assert_done (task, "empty one two", BYTESTAG_SKIP_UNREADABLE, 0);
  for (guint i = 0; i < 3; i++)
    files[i] = g_ptr_array_index (bytestag_hash_task_get_files (task), i);
  g_assert_true (bytestag_key_equal (bytestag_file_info_get_hash (files[1]->info),
                                     bytestag_file_info_get_hash (files[2]->info)));
  bytestag_key_digest (&nothing, "", 0);
  g_assert_true (bytestag_key_equal (bytestag_file_info_get_parts (files[0]->info, &n_parts), &nothing));
  g_assert_cmpuint (n_parts, ==, 1);
  end (self, task);
}

static void
take_cb (GPtrArray *files,
         gpointer   user_data)
{
  Taken *taken = user_data;

  taken->n_batches++;
  taken->n_files += files->len;
  taken->longest = MAX (taken->longest, files->len);
  for (guint i = 0; i < files->len; i++)
    g_array_append_val (taken->positions, ((BytestagHashedFile *) g_ptr_array_index (files, i))->position);
  g_ptr_array_unref (files);
}

/* Many to a job, few jobs at a time, and given out as they come. */
static void
test_batches (Fixture       *self,
              gconstpointer  data)
{
  const guint n_files = BYTESTAG_LIMIT_HASH_JOBS * BYTESTAG_LIMIT_FILES_OF_JOB + 10;
  g_autofree char *folder = fixture_path (self, "all");
  BytestagTestWorker *worker = BYTESTAG_TEST_WORKER (self->worker);
  Taken taken = { .positions = g_array_new (FALSE, FALSE, sizeof (guint)) };
  BytestagHashTask *task;

  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%05u", i);

      g_free (fixture_write (self, name, i % 7, i));
    }

  task = walk (self, folder);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (worker), ==, BYTESTAG_LIMIT_HASH_JOBS);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  hash (self, task);
  end (self, task);

  task = bytestag_hash_task_new (bytestag_network_get_reactor (self->network), self->worker,
                                 (const char * const []) { folder, NULL });
  bytestag_hash_task_set_taker (task, take_cb, &taken, NULL);
  bytestag_task_start (BYTESTAG_TASK (task));
  hash (self, task);
  g_assert_cmpuint (taken.n_files, ==, n_files);
  g_assert_cmpuint (taken.n_batches, ==, BYTESTAG_LIMIT_HASH_JOBS + 1);
  g_assert_cmpuint (taken.longest, ==, BYTESTAG_LIMIT_FILES_OF_JOB);
  for (guint i = 0; i < n_files; i++)
    g_assert_cmpuint (g_array_index (taken.positions, guint, i), ==, i);
  g_assert_cmpuint (bytestag_hash_task_get_files (task)->len, ==, 0);
  end (self, task);
  g_array_unref (taken.positions);
}

/* A large file is a job of its own, and wants help: of no more than there is work for. */
static void
test_large (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *small = fixture_write (self, "all/a", 10, 1);
  g_autofree char *large = fixture_write (self, "all/b", 10, 2);
  BytestagTestWorker *worker = BYTESTAG_TEST_WORKER (self->worker);
  BytestagHashTask *task;

  g_assert_cmpint (truncate (large, BYTESTAG_LIMIT_BYTES_OF_JOB), ==, 0);
  task = walk (self, folder);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (worker), ==, 2 + BYTESTAG_LIMIT_HASH_HELPERS);
  hash (self, task);
  assert_done (task, "a b", BYTESTAG_SKIP_UNREADABLE, 0);
  end (self, task);

  g_assert_cmpint (truncate (large, BYTESTAG_LIMIT_BYTES_OF_JOB - 100), ==, 0);
  task = walk (self, folder);
  g_assert_cmpuint (bytestag_test_worker_get_n_held (worker), ==, 1);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  hash (self, task);
  end (self, task);
}

static void
test_known (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "all");
  g_autofree char *same = fixture_write (self, "all/same", 600000, 1);
  g_autofree char *changed = fixture_write (self, "all/changed", 1000, 2);
  g_autofree char *moved = fixture_path (self, "all/moved");
  g_autoptr (BytestagKnownFiles) known = bytestag_known_files_new ();
  BytestagHashTask *task = walk (self, folder);
  const guint8 marked[BYTESTAG_SHA256_SIZE] = { 42 };
  const BytestagHashedFile *file;
  BytestagKey first, found;
  guint n_parts;

  hash (self, task);
  for (guint i = 0; i < 2; i++)
    {
      const BytestagKey *parts;

      file = g_ptr_array_index (bytestag_hash_task_get_files (task), i);
      parts = bytestag_file_info_get_parts (file->info, &n_parts);
      first = parts[0];
      bytestag_known_files_add (known, &file->stamp, bytestag_file_info_get_hash (file->info), marked, parts, n_parts);
      /* Does not fit together: it is not taken. */
      bytestag_known_files_add (known, &file->stamp, bytestag_file_info_get_hash (file->info), marked, parts, n_parts - 1);
    }
  end (self, task);

  g_assert_cmpint (g_rename (same, moved), ==, 0);
  g_free (fixture_write (self, "all/changed", 1001, 2));
  task = bytestag_hash_task_new (bytestag_network_get_reactor (self->network), self->worker,
                                 (const char * const []) { folder, NULL });
  bytestag_hash_task_set_known (task, known);
  bytestag_task_start (BYTESTAG_TASK (task));
  hash (self, task);
  assert_done (task, "changed moved", BYTESTAG_SKIP_UNREADABLE, 0);
  g_assert_cmpuint (bytestag_hash_task_get_n_known (task), ==, 1);
  file = g_ptr_array_index (bytestag_hash_task_get_files (task), 0);
  g_assert_cmpuint (bytestag_file_info_get_sha256 (file->info)[0], !=, 42);
  file = g_ptr_array_index (bytestag_hash_task_get_files (task), 1);
  g_assert_cmpmem (bytestag_file_info_get_sha256 (file->info), sizeof marked, marked, sizeof marked);
  found = bytestag_file_info_get_parts (file->info, &n_parts)[0];
  g_assert_cmpuint (n_parts, ==, 3);
  g_assert_true (bytestag_key_equal (&found, &first));
  end (self, task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/gone", test_gone);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/root-gone", test_root_gone);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/replaced", test_replaced);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/unreadable", test_unreadable);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/all-unreadable", test_all_unreadable);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/hard-links", test_hard_links);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/batches", test_batches);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/large", test_large);
  FIXTURE_TEST_ALONE ("/sharing/odd-files/known", test_known);
  return g_test_run ();
}
