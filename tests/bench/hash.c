/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "io/system-clock.h"
#include "io/system-rng.h"
#include "io/workers.h"
#include "sharing/hash-task.h"

/* What ./dev bench hash runs: hashes as a node does, or measures what GnuTLS's digests allow.
 *
 * hash files THREADS PATH…   hash limits SECONDS
 *
 * Prints one line of JSON. */

static double
get_seconds (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static int
hash_files (int    n_threads,
            char **paths)
{
  g_autoptr (BytestagClock) clock = BYTESTAG_CLOCK (bytestag_system_clock_new ());
  g_autoptr (BytestagRng) rng = BYTESTAG_RNG (bytestag_system_rng_new ());
  g_autoptr (BytestagReactor) reactor = bytestag_reactor_new (clock, rng);
  g_autoptr (BytestagWorkers) workers = bytestag_workers_new (reactor, NULL, (guint) n_threads, "hash");
  BytestagHashTask *task = bytestag_hash_task_new (reactor, BYTESTAG_WORKER (workers), (const char * const *) paths);
  double wall = get_seconds (CLOCK_MONOTONIC);
  double cpu = get_seconds (CLOCK_PROCESS_CPUTIME_ID);
  double longest = 0;
  struct rusage usage;
  gboolean done;

  bytestag_task_start (BYTESTAG_TASK (task));
  while (!bytestag_task_is_finished (BYTESTAG_TASK (task)))
    {
      double before;

      g_main_context_iteration (NULL, TRUE);
      before = get_seconds (CLOCK_THREAD_CPUTIME_ID);
      bytestag_reactor_tick (reactor);
      longest = MAX (longest, get_seconds (CLOCK_THREAD_CPUTIME_ID) - before);
    }
  wall = get_seconds (CLOCK_MONOTONIC) - wall;
  cpu = get_seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;

  done = bytestag_task_get_state (BYTESTAG_TASK (task)) == BYTESTAG_TASK_DONE;
  if (!done)
    g_printerr ("%s\n", bytestag_task_get_error (BYTESTAG_TASK (task))->message);
  getrusage (RUSAGE_SELF, &usage);
  g_print ("{\"bytes\": %" G_GUINT64_FORMAT ", \"files\": %u, \"wall\": %.4f, \"cpu\": %.4f, "
           "\"longest_dispatch\": %.6f, \"peak_kb\": %ld}\n",
           bytestag_task_get_progress (BYTESTAG_TASK (task)), bytestag_hash_task_get_n_files (task), wall, cpu,
           longest, usage.ru_maxrss);

  bytestag_workers_stop (workers);
  g_object_unref (task);
  bytestag_reactor_close (reactor);
  return done ? 0 : 1;
}

/* Bytes a second of CPU time that one core digests, part after part. */
static double
measure (gnutls_digest_algorithm_t algorithm,
         gboolean                  of_parts,
         guint8                   *buffer,
         double                    seconds)
{
  double start = get_seconds (CLOCK_THREAD_CPUTIME_ID);
  double end;
  guint64 bytes = 0;
  guint8 digest[64];
  gnutls_hash_hd_t whole;

  if (gnutls_hash_init (&whole, algorithm) < 0)
    abort ();
  do
    {
      for (guint i = 0; i < 32; i++)
        {
          if (of_parts)
            gnutls_hash_fast (algorithm, buffer, BYTESTAG_PART_SIZE, digest);
          else
            gnutls_hash (whole, buffer, BYTESTAG_PART_SIZE);
          bytes += BYTESTAG_PART_SIZE;
        }
      end = get_seconds (CLOCK_THREAD_CPUTIME_ID);
    }
  while (end - start < seconds);
  gnutls_hash_deinit (whole, digest);

  return (double) bytes / (end - start);
}

static int
measure_limits (double seconds)
{
  guint8 *buffer = aligned_alloc (4096, BYTESTAG_PART_SIZE);
  double part, sha1, sha256;

  memset (buffer, 7, BYTESTAG_PART_SIZE);
  part = measure (GNUTLS_DIG_SHA1, TRUE, buffer, seconds);
  sha1 = measure (GNUTLS_DIG_SHA1, FALSE, buffer, seconds);
  sha256 = measure (GNUTLS_DIG_SHA256, FALSE, buffer, seconds);
  free (buffer);

  g_print ("{\"part\": %.0f, \"sha1\": %.0f, \"sha256\": %.0f}\n", part, sha1, sha256);
  return 0;
}

int
main (int    argc,
      char **argv)
{
  if (argc >= 4 && g_str_equal (argv[1], "files") && atoi (argv[2]) > 0)
    return hash_files (atoi (argv[2]), argv + 3);
  if (argc == 3 && g_str_equal (argv[1], "limits"))
    return measure_limits (g_ascii_strtod (argv[2], NULL));

  g_printerr ("Usage: hash files THREADS PATH…, or hash limits SECONDS\n");
  return 2;
}
