/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/instance.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "support/test-folder.h"

typedef struct
{
  char *parent;
  char *folder; /* not there yet */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->parent = bytestag_test_folder_new ();
  fixture->folder = g_build_filename (fixture->parent, "a", "data", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_free (fixture->folder);
  bytestag_test_folder_remove (fixture->parent);
}

static BytestagInstance *
open_instance (const char *folder)
{
  g_autoptr (GError) error = NULL;
  BytestagInstance *instance = bytestag_instance_open (folder, &error);

  g_assert_no_error (error);

  return instance;
}

static void
assert_error (const char *folder, BytestagError code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_instance_open (folder, &error));
  g_assert_error (error, BYTESTAG_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_makes_folder (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagInstance) instance = open_instance (fixture->folder);
  GStatBuf status;

  g_assert_cmpstr (bytestag_instance_get_folder (instance), ==, fixture->folder);
  g_assert_cmpint (g_stat (fixture->folder, &status), ==, 0);
  g_assert_true (S_ISDIR (status.st_mode));
  g_assert_cmpuint (status.st_mode & 0777, ==, 0700);
}

/* The folder's name does not change when the program changes its own folder. */
static void
test_relative_folder (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *here = g_get_current_dir ();
  g_autoptr (BytestagInstance) instance = NULL;
  g_autofree char *expected = g_build_filename (fixture->parent, "data", NULL);

  g_assert_cmpint (g_chdir (fixture->parent), ==, 0);
  instance = open_instance ("./x/../data/");
  g_assert_cmpint (g_chdir (here), ==, 0);
  g_assert_cmpstr (bytestag_instance_get_folder (instance), ==, expected);
}

static void
test_held_once (Fixture *fixture, gconstpointer user_data)
{
  BytestagInstance *instance = open_instance (fixture->folder);
  g_autofree char *other_folder = g_build_filename (fixture->parent, "other", NULL);
  g_autoptr (BytestagInstance) other = open_instance (other_folder);
  g_autoptr (BytestagInstance) again = NULL;

  assert_error (fixture->folder, BYTESTAG_ERROR_BUSY, "Another Bytestag");
  g_assert_finalize_object (instance);
  again = open_instance (fixture->folder);
}

static void
test_not_a_folder (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *file = bytestag_test_folder_write (fixture->parent, "file", "x", 1);
  g_autofree char *below = g_build_filename (file, "data", NULL);

  assert_error (file, BYTESTAG_ERROR_INVALID, "is not a folder");
  assert_error (below, BYTESTAG_ERROR_INVALID, "is not a folder");
}

static void
test_no_permission (Fixture *fixture, gconstpointer user_data)
{
  /* Nobody makes a folder there, root neither. */
  assert_error ("/proc/bytestag", BYTESTAG_ERROR_FAILED, "“/proc/bytestag”");
}

static void
test_paths (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *folder = bytestag_instance_default_folder ();
  g_autofree char *expected = g_build_filename (g_get_user_data_dir (), "bytestag", NULL);
  g_autofree char *control = bytestag_instance_control_path (NULL);
  g_autofree char *other_control = bytestag_instance_control_path ("/x/../data");

  g_assert_cmpstr (folder, ==, expected);
  g_assert_true (g_str_has_prefix (control, folder));
  g_assert_true (g_str_has_suffix (control, "/control"));
  g_assert_cmpstr (other_control, ==, "/data/control");
}

#define ADD(name, test) g_test_add ("/client/instance/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("makes-folder", test_makes_folder);
  ADD ("relative-folder", test_relative_folder);
  ADD ("held-once", test_held_once);
  ADD ("not-a-folder", test_not_a_folder);
  ADD ("no-permission", test_no_permission);
  ADD ("paths", test_paths);

  return g_test_run ();
}
