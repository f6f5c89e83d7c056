/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/assemble-task.h"

#include <glib/gstdio.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

/* A disk that does nothing while it is held up. */
#define TYPE_DISK (disk_get_type ())
G_DECLARE_FINAL_TYPE (Disk, disk, TEST, DISK, GObject)

typedef struct {
  BytestagJobFunc func;
  gpointer job;
  GCancellable *cancellable; /* (nullable) */
  BytestagJobDoneFunc done;
  gpointer user_data;
} Job;

struct _Disk
{
  GObject parent_instance;

  BytestagWorker *worker; /* does the work */
  gboolean is_held_up;
  GQueue jobs; /* of Job */
};

static void
disk_run (BytestagWorker      *worker,
          BytestagJobFunc      func,
          gpointer             job,
          GCancellable        *cancellable,
          BytestagJobDoneFunc  done,
          gpointer             user_data)
{
  Disk *self = TEST_DISK (worker);

  if (!self->is_held_up)
    {
      bytestag_worker_run (self->worker, func, job, cancellable, done, user_data);
      return;
    }

  g_queue_push_tail (&self->jobs, g_new (Job, 1));
  *(Job *) self->jobs.tail->data = (Job) { func, job, cancellable, done, user_data };
  if (cancellable != NULL)
    g_object_ref (cancellable);
}

/* Does the first @n jobs that wait. */
static void
disk_work (Disk  *self,
           guint  n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree Job *next = g_queue_pop_head (&self->jobs);

      g_assert_nonnull (next);
      bytestag_worker_run (self->worker, next->func, next->job, next->cancellable, next->done, next->user_data);
      g_clear_object (&next->cancellable);
    }
}

static void
disk_worker_init (BytestagWorkerInterface *iface)
{
  iface->run = disk_run;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (Disk, disk, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_WORKER, disk_worker_init))

static void
disk_dispose (GObject *object)
{
  Disk *self = TEST_DISK (object);

  g_assert_cmpuint (self->jobs.length, ==, 0);
  g_clear_object (&self->worker);

  G_OBJECT_CLASS (disk_parent_class)->dispose (object);
}

static void
disk_class_init (DiskClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disk_dispose;
}

static void
disk_init (Disk *self)
{
}

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

/* While so many pieces wait for the disk no more are asked for; those under way still come. */
static void
test_unwritten (Fixture       *self,
                gconstpointer  data)
{
  const guint n_pieces = BYTESTAG_LIMIT_PIECES_UNWRITTEN + 3 * BYTESTAG_LIMIT_FETCHING;
  BytestagWorker *worker = self->worker;
  g_autoptr (Disk) disk = g_object_new (TYPE_DISK, NULL);
  g_autoptr (GPtrArray) files = make_files ();
  BytestagAssembleTask *task;
  BytestagPartMap *map;
  guint n, n_missing;

  for (guint i = 0; i < n_pieces; i++)
    {
      g_autofree char *text = g_strdup_printf ("piece %03u", i);

      add_file (files, text, text, strlen (text));
      fixture_put (self, 1, text, -1);
    }
  disk->worker = g_object_ref (worker);
  self->worker = BYTESTAG_WORKER (disk);
  task = make_task (self, files);
  self->worker = worker;
  bytestag_task_start (BYTESTAG_TASK (task));
  disk->is_held_up = TRUE;
  bytestag_sim_run (self->sim, 60 * SECOND);
  map = bytestag_assemble_task_get_part_map (task);
  n_missing = bytestag_part_map_count (map, BYTESTAG_PART_MISSING);
  n = disk->jobs.length;
  g_assert_cmpuint (n, >=, BYTESTAG_LIMIT_PIECES_UNWRITTEN);
  g_assert_cmpuint (n, <, BYTESTAG_LIMIT_PIECES_UNWRITTEN + BYTESTAG_LIMIT_FETCHING);

  g_assert_cmpuint (n_missing, ==, n_pieces - n);

  /* At the bound it still waits, and at one less it goes on. */
  disk_work (disk, n - BYTESTAG_LIMIT_PIECES_UNWRITTEN);
  bytestag_sim_run (self->sim, 60 * SECOND);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_MISSING), ==, n_missing);
  disk_work (disk, 1);
  bytestag_sim_run (self->sim, 60 * SECOND);
  g_assert_cmpuint (bytestag_part_map_count (map, BYTESTAG_PART_MISSING), <, n_missing);

  disk->is_held_up = FALSE;
  disk_work (disk, disk->jobs.length);
  g_assert_true (fixture_run_signal (self, task, "finished", 300));
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  g_assert_cmpuint (bytestag_assemble_task_get_n_files_done (task), ==, n_pieces);
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
  FIXTURE_TEST ("/sharing/assemble-task/unwritten", test_unwritten);
  FIXTURE_TEST ("/sharing/assemble-task/end", test_end);
  FIXTURE_TEST ("/sharing/assemble-task/cancel", test_cancel);
  return g_test_run ();
}
