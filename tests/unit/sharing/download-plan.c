/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/download-plan.h"

#include "core/error.h"
#include "core/limits.h"

static const BytestagKey no_key;

/* A file at @path ("a/b"; NULL: without a name) whose parts are keys of the letters in @parts. */
static void
add_file (GPtrArray  *files,
          const char *path,
          const char *parts,
          guint64     size)
{
  g_auto (GStrv) filename = path != NULL ? g_strsplit (path, "/", -1) : NULL;
  guint n_parts = (guint) strlen (parts);
  g_autofree BytestagKey *keys = g_new0 (BytestagKey, MAX (n_parts, 1));
  BytestagKey hash = { { 'h' } };

  for (guint i = 0; i < n_parts; i++)
    memset (keys[i].bytes, parts[i], sizeof keys[i].bytes);
  if (n_parts == 0)
    bytestag_key_digest (&keys[0], "", 0);

  g_ptr_array_add (files, bytestag_file_info_new (&hash, keys, MAX (n_parts, 1), size,
                                                  (const char * const *) filename, NULL));
}

static GPtrArray *
make_files (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static const BytestagPlanPiece *
get_piece (BytestagDownloadPlan *plan,
           guint                 number)
{
  return &g_array_index (plan->pieces, BytestagPlanPiece, number);
}

static guint
count_places (BytestagDownloadPlan *plan,
              guint                 piece)
{
  guint n = 0;

  for (guint i = get_piece (plan, piece)->first_place; i != BYTESTAG_PLAN_NO_PLACE;
       i = g_array_index (plan->places, BytestagPlanPlace, i).next)
    n++;

  return n;
}

static void
test_pieces (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagDownloadPlan) plan = NULL;

  add_file (files, "one", "aab", 2 * BYTESTAG_PART_SIZE + 5);
  add_file (files, "folder/two", "b", 5);
  add_file (files, "empty", "", 0);
  plan = bytestag_download_plan_new (files, "name", &no_key, NULL);

  g_assert_nonnull (plan);
  g_assert_cmpstr (plan->name, ==, "name");
  g_assert_false (plan->single);
  g_assert_cmpuint (plan->size, ==, 2 * BYTESTAG_PART_SIZE + 10);
  g_assert_cmpuint (plan->pieces->len, ==, 2);
  g_assert_cmpint (get_piece (plan, 0)->key.bytes[0], ==, 'a');
  g_assert_cmpuint (count_places (plan, 0), ==, 2);
  g_assert_cmpuint (count_places (plan, 1), ==, 2);
  g_assert_cmpuint (g_array_index (plan->files, BytestagPlanFile, 2).n_parts, ==, 0);

  g_assert_true (bytestag_download_plan_check_length (plan, 0, BYTESTAG_PART_SIZE));
  g_assert_false (bytestag_download_plan_check_length (plan, 0, BYTESTAG_PART_SIZE - 1));
  g_assert_true (bytestag_download_plan_check_length (plan, 1, 5));
  g_assert_false (bytestag_download_plan_check_length (plan, 1, 6));
}

/* What an original made: neither names nor sizes. */
static void
test_bare (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagDownloadPlan) plan = NULL;

  add_file (files, NULL, "ab", 0);
  plan = bytestag_download_plan_new (files, NULL, &no_key, NULL);
  g_assert_true (plan->single);
  g_assert_cmpuint (strlen (plan->name), ==, BYTESTAG_KEY_HEX_LENGTH);
  g_assert_cmpuint (plan->size, ==, 2 * BYTESTAG_PART_SIZE);
  g_assert_true (bytestag_download_plan_check_length (plan, 0, BYTESTAG_PART_SIZE));
  g_assert_false (bytestag_download_plan_check_length (plan, 0, 1));
  g_assert_true (bytestag_download_plan_check_length (plan, 1, 1));
  g_assert_false (bytestag_download_plan_check_length (plan, 1, 0));
  g_assert_false (bytestag_download_plan_check_length (plan, 1, BYTESTAG_PART_SIZE + 1));
}

static void
test_single (void)
{
  struct { const char *path, *name; gboolean single; } cases[] = {
    { "file", "file", TRUE },
    { "file", NULL, TRUE },
    { "file", "other", FALSE },
    { "folder/file", "folder", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) files = make_files ();
      g_autoptr (BytestagDownloadPlan) plan = NULL;

      add_file (files, cases[i].path, "a", 1);
      plan = bytestag_download_plan_new (files, cases[i].name, &no_key, NULL);
      g_assert_cmpint (plan->single, ==, cases[i].single);
    }
}

static void
assert_refused (GPtrArray  *files,
                const char *name,
                int         code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (bytestag_download_plan_new (files, name, &no_key, &error));
  g_assert_error (error, BYTESTAG_ERROR, code);
}

static void
test_hidden (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagDownloadPlan) file = NULL;
  g_autoptr (BytestagDownloadPlan) folder = NULL;

  add_file (files, ".bash_login", "a", 5);
  file = bytestag_download_plan_new (files, ".bash_login", &no_key, NULL);
  g_assert_true (file->single);
  g_assert_cmpstr (file->name, ==, "_bash_login");

  /* Below a folder of its own a hidden file is only hidden. */
  folder = bytestag_download_plan_new (files, ".config", &no_key, NULL);
  g_assert_false (folder->single);
  g_assert_cmpstr (folder->name, ==, "_config");
  g_assert_cmpstr (g_array_index (folder->files, BytestagPlanFile, 0).filename[0], ==, ".bash_login");
}

static void
test_unsafe (void)
{
  const char *paths[] = { "..", "a/../b", "a/", "a//b", "nul\x01", "." };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GPtrArray) files = make_files ();

      add_file (files, "fine", "a", 1);
      add_file (files, paths[i], "a", 1);
      assert_refused (files, "name", BYTESTAG_ERROR_UNSAFE_NAME);
    }
}

static void
test_unsafe_collection (void)
{
  g_autoptr (GPtrArray) files = make_files ();

  add_file (files, "a/b", "a", 1);
  assert_refused (files, "..", BYTESTAG_ERROR_UNSAFE_NAME);
  assert_refused (files, "a/b", BYTESTAG_ERROR_UNSAFE_NAME);
  assert_refused (files, "", BYTESTAG_ERROR_UNSAFE_NAME);
}

static void
test_twice (void)
{
  const char *paths[][2] = { { "a", "a" }, { "a", "a/b" }, { "a/b/c", "a/b" } };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GPtrArray) files = make_files ();

      add_file (files, paths[i][0], "a", 1);
      add_file (files, "a.b", "a", 1);
      add_file (files, paths[i][1], "a", 1);
      assert_refused (files, "name", BYTESTAG_ERROR_UNSAFE_NAME);
    }
}

static void
test_sizes (void)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (GPtrArray) none = make_files ();

  add_file (files, "a", "ab", BYTESTAG_PART_SIZE);
  assert_refused (files, "name", BYTESTAG_ERROR_INVALID);
  assert_refused (none, "name", BYTESTAG_ERROR_INVALID);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/download-plan/pieces", test_pieces);
  g_test_add_func ("/sharing/download-plan/bare", test_bare);
  g_test_add_func ("/sharing/download-plan/single", test_single);
  g_test_add_func ("/sharing/download-plan/hidden", test_hidden);
  g_test_add_func ("/sharing/download-plan/unsafe", test_unsafe);
  g_test_add_func ("/sharing/download-plan/unsafe-collection", test_unsafe_collection);
  g_test_add_func ("/sharing/download-plan/twice", test_twice);
  g_test_add_func ("/sharing/download-plan/sizes", test_sizes);
  return g_test_run ();
}
