/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

/* Runs a target with each file of a folder, and each file cut and with bytes
 * changed: a little fuzzing in each run of the tests, the same for one seed. */

#define N_MUTATIONS 200

/* An exact copy on the heap, so that a sanitizer sees reads past its end. */
static void
run (const guint8 *data,
     gsize         size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);

  LLVMFuzzerTestOneInput (copy, size);
}

static void
run_mutated (const guint8 *data,
             gsize         size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  gsize cut = size;

  for (int n = g_test_rand_int_range (1, 4); n > 0; n--)
    copy[g_test_rand_int_range (0, size)] = g_test_rand_bit () ? g_test_rand_int_range (0x20, 0x7f)
                                                               : g_test_rand_int_range (0, 0x100);
  if (g_test_rand_int_range (0, 4) == 0)
    cut = g_test_rand_int_range (0, size);
  run (copy, cut);
}

static void
test_file (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  run ((const guint8 *) data, size);
  for (guint i = 0; i < N_MUTATIONS && size > 0; i++)
    run_mutated ((const guint8 *) data, size);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = NULL;
  const char *name;
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_open (argc > 1 ? argv[1] : "", 0, &error);
  if (folder == NULL)
    g_error ("%s", error->message);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *test = g_strconcat ("/corpus/", name, NULL);

      g_test_add_data_func_full (test, g_build_filename (argv[1], name, NULL), test_file, g_free);
    }
  result = g_test_run ();
  return result;
}
