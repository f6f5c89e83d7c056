/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <time.h>

#include "fuzz.h"

/* Runs a target with each file of a folder, and each file cut and with bytes
 * changed: a little fuzzing in each run of the tests, the same for one seed. With
 * "-m perf" it says what CPU time each file takes instead. */

/* For each file; fewer for a target that takes long, by its second argument. */
static guint n_mutations = 200;
#define N_MEASURES 20

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

static gint64
get_cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
measure (const guint8 *data,
         gsize         size)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < N_MEASURES; i++)
    {
      gint64 before = get_cpu_time ();

      run (data, size);
      least = MIN (least, get_cpu_time () - before);
    }
  g_test_minimized_result ((double) least, "%" G_GINT64_FORMAT " us for %" G_GSIZE_FORMAT " bytes", least, size);
}

static void
test_file (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  if (g_test_perf ())
    {
      measure ((const guint8 *) data, size);
      return;
    }
  run ((const guint8 *) data, size);
  for (guint i = 0; i < n_mutations && size > 0; i++)
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
  if (argc > 2)
    n_mutations = (guint) g_ascii_strtoull (argv[2], NULL, 10);
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
