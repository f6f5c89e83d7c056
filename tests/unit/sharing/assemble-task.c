/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/assemble-task.h"

#include <glib/gstdio.h>

#include "core/error.h"
#include "fixture.h"

/* A file at @path of one part, @text, that is said to have @size bytes. */
static void
add_file (GPtrArray  *files,
          const char *path,
          const char *text,
          guint64     size)
{
  g_auto (GStrv) filename = g_strsplit (path, "/", -1);
  BytestagKey key;

  bytestag_key_digest (&key, text, strlen (text));
  g_ptr_array_add (files, bytestag_file_info_new (&key, &key, 1, size, (const char * const *) filename, NULL));
}

static BytestagAssembleTask *
make_task (Fixture   *self,
           GPtrArray *files)
{
  const BytestagKey key = { { 0 } };
  g_autoptr (GError) error = NULL;
  BytestagDownloadPlan *plan = bytestag_download_plan_new (files, "things", &key, &error);
  g_autoptr (BytestagDownloadTarget) target = bytestag_download_target_new (self->folder, "things", FALSE, &error);

  g_assert_no_error (error);
  return bytestag_assemble_task_new (self->network, self->worker, plan, target);
}

static gboolean
is_there (Fixture    *self,
          const char *name)
{
  g_autofree char *path = fixture_path (self, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static GPtrArray *
make_files (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static void
test_files (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagAssembleTask *task;
  g_autofree char *status = NULL;

  add_file (files, "a/one", "one", 3);
  add_file (files, "a/again", "one", 3);
  add_file (files, "two", "two!", 4);
  add_file (files, "empty", "", 0);
  fixture_put (self, 1, "one", -1);
  fixture_put (self, 2, "two!", -1);
  task = make_task (self, files);
  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 60));
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 10);
  g_assert_cmpuint (bytestag_assemble_task_get_n_files_done (task), ==, 4);
  g_assert_cmpuint (bytestag_part_map_get_n_parts (bytestag_assemble_task_get_part_map (task)), ==, 2);
  status = bytestag_assemble_task_dup_status (task);
  g_assert_nonnull (status);
  g_assert_true (is_there (self, "things/a/again"));
  g_assert_true (is_there (self, "things/empty"));
  g_assert_finalize_object (task);
}

/* A hash that fits, of a part that is longer than its file. */
static void
test_wrong_length (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagAssembleTask *task;

  add_file (files, "one", "one", 2);
  fixture_put (self, 1, "one", -1);
  task = make_task (self, files);
  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 60));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_cmpuint (bytestag_part_map_count (bytestag_assemble_task_get_part_map (task), BYTESTAG_PART_BAD), ==, 1);
  g_assert_false (is_there (self, "things"));
  g_assert_finalize_object (task);
}

/* What cannot be written ends it, in words, and what is complete stays. */
static void
test_cannot_write (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autofree char *in_the_way = fixture_path (self, "things/a");
  BytestagAssembleTask *task;

  add_file (files, "first", "", 0);
  add_file (files, "a/one", "one", 3);
  fixture_put (self, 1, "one", -1);
  task = make_task (self, files);
  g_assert_true (g_file_set_contents (in_the_way, "no folder", -1, NULL));
  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 60));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_nonnull (strstr (bytestag_task_get_error (BYTESTAG_TASK (task))->message, "Cannot write"));
  g_assert_true (is_there (self, "things/first"));
  g_assert_finalize_object (task);
}

static void
test_end (Fixture       *self,
          gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagAssembleTask *task;

  add_file (files, "one", "nobody has it", 13);
  task = make_task (self, files);
  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_sim_run (self->sim, SECOND / 10);
  bytestag_assemble_task_end (task, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY, "first"));
  bytestag_assemble_task_end (task, g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, "second"));
  g_assert_true (fixture_run_signal (self, task, "finished", 1));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, BYTESTAG_ERROR_BUSY);
  g_assert_false (is_there (self, "things"));
  g_assert_finalize_object (task);
}

static void
test_cancel (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagAssembleTask *task;

  add_file (files, "one", "nobody has it", 13);
  task = make_task (self, files);
  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_task_cancel (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 1));
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_CANCELLED);
  g_assert_false (is_there (self, "things"));
  g_assert_finalize_object (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/assemble-task/files", test_files);
  FIXTURE_TEST ("/sharing/assemble-task/wrong-length", test_wrong_length);
  FIXTURE_TEST ("/sharing/assemble-task/cannot-write", test_cannot_write);
  FIXTURE_TEST ("/sharing/assemble-task/end", test_end);
  FIXTURE_TEST ("/sharing/assemble-task/cancel", test_cancel);
  return g_test_run ();
}
