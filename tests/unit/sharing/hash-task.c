/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-task.h"

#include <glib/gstdio.h>

#include "core/error.h"
#include "fixture.h"

static BytestagHashTask *
make_task (Fixture    *self,
           const char *path)
{
  return bytestag_hash_task_new (bytestag_network_get_reactor (self->network), self->worker,
                                 (const char * const []) { path, NULL });
}

static void
test_folder (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "all/one", 300000, 3);
  g_autofree char *two = fixture_write (self, "all/two", 0, 3);
  g_autofree char *folder = fixture_path (self, "all");
  BytestagHashTask *task = make_task (self, folder);
  const BytestagHashedFile *file;
  GPtrArray *files;

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("all/%02u", i);

      g_free (fixture_write (self, name, i, i));
    }

  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 5));
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_DONE);
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, 300000 + 39 * 40 / 2);
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 300000 + 39 * 40 / 2);
  g_assert_cmpstr (bytestag_hash_task_get_name (task), ==, "all");
  g_assert_cmpuint (bytestag_hash_task_get_n_files (task), ==, 42);

  files = bytestag_hash_task_get_files (task);
  file = g_ptr_array_index (files, 40);
  g_assert_cmpstr (file->path, ==, one);
  g_assert_cmpuint (file->stamp.size, ==, 300000);
  g_assert_cmpuint (bytestag_file_info_get_size (file->info), ==, 300000);
  g_assert_cmpstr (bytestag_file_info_get_filename (file->info)[0], ==, "one");
  g_assert_nonnull (bytestag_file_info_get_sha256 (file->info));
  g_assert_finalize_object (task);
}

static void
test_unreadable (Fixture       *self,
                 gconstpointer  data)
{
  /* A plain file by its type, which fails when it is read, for root too. */
  BytestagHashTask *task = make_task (self, "/proc/self/mem");

  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 5));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (bytestag_task_get_error (BYTESTAG_TASK (task))->message, "/proc/self/mem"));
  g_assert_finalize_object (task);
}

static void
test_changing (Fixture       *self,
               gconstpointer  data)
{
  /* Its size is 0, and yet bytes come: each reading finds another file. */
  BytestagHashTask *task = make_task (self, "/proc/self/stat");

  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 5));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED);
  g_assert_finalize_object (task);
}

static void
test_cancel (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 300000, 3);
  BytestagHashTask *task = make_task (self, path);

  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_task_cancel (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 5));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED);
  g_assert_finalize_object (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST_ALONE ("/sharing/hash-task/folder", test_folder);
  FIXTURE_TEST_ALONE ("/sharing/hash-task/unreadable", test_unreadable);
  FIXTURE_TEST_ALONE ("/sharing/hash-task/changing", test_changing);
  FIXTURE_TEST_ALONE ("/sharing/hash-task/cancel", test_cancel);
  return g_test_run ();
}
