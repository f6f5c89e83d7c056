/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/shared-files-table.h"

#include "core/limits.h"
#include "core/reactor.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-worker.h"

/* Parts of files that nobody reads, many of them. */
typedef struct
{
  BytestagReactor *reactor;
  BytestagSharedFilesTable *table;
  BytestagKvpTable *kvp_table;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagTestWorker) worker = NULL;

  fixture->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (clock), BYTESTAG_RNG (rng));
  worker = bytestag_test_worker_new (fixture->reactor);
  fixture->table = bytestag_shared_files_table_new (BYTESTAG_WORKER (worker));
  fixture->kvp_table = BYTESTAG_KVP_TABLE (fixture->table);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_assert_finalize_object (fixture->table);
  g_assert_finalize_object (fixture->reactor);
}

/* What tells whether a part is the first of its set: so that each goes once to the
 * publisher. */
static void
test_first_of_set (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (BytestagSharedSet) one = bytestag_shared_files_table_add_set (fixture->table);
  g_autoptr (BytestagSharedSet) other = bytestag_shared_files_table_add_set (fixture->table);
  BytestagSharedSet *sets[] = { one, other };
  const BytestagFileStamp stamp = { .size = 5 * BYTESTAG_PART_SIZE };
  const BytestagKey a = { { 1 } };
  const BytestagKey b = { { 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      bytestag_shared_files_table_add_file (fixture->table, sets[i], 0, "/x", &stamp);
      g_assert_true (bytestag_shared_files_table_add_part (fixture->table, sets[i], &a));
      g_assert_false (bytestag_shared_files_table_add_part (fixture->table, sets[i], &a));
      g_assert_true (bytestag_shared_files_table_add_part (fixture->table, sets[i], &b));
      g_assert_false (bytestag_shared_files_table_add_part (fixture->table, sets[i], &a));
      g_assert_false (bytestag_shared_files_table_add_part (fixture->table, sets[i], &b));
    }
}

/* Many parts, added and removed in an odd order: what is left is found, and nothing else.
 * Some keys are in all sets. */
static void
test_many (Fixture *fixture, gconstpointer user_data)
{
  enum { N_SETS = 7, N_PARTS = 3000 };
  BytestagSharedSet *sets[N_SETS];
  const BytestagFileStamp stamp = { .size = (guint64) N_PARTS * BYTESTAG_PART_SIZE };

  for (guint i = 0; i < N_SETS; i++)
    {
      sets[i] = bytestag_shared_files_table_add_set (fixture->table);
      bytestag_shared_files_table_add_file (fixture->table, sets[i], i + 1, "/x", &stamp);
      for (guint j = 0; j < N_PARTS; j++)
        {
          BytestagKey key = { { j % 256, j / 256, j % 5 == 0 ? 255 : i } };

          bytestag_shared_files_table_add_part (fixture->table, sets[i], &key);
        }
      g_assert_cmpuint (bytestag_shared_set_get_n_parts (sets[i]), ==, N_PARTS);
    }

  for (guint n = 0; n < N_SETS; n++)
    {
      guint removed = (n * 3) % N_SETS;
      guint n_calls = 0;

      while (bytestag_shared_files_table_remove_set (fixture->table, sets[removed], 100))
        n_calls++;
      g_assert_cmpuint (n_calls, ==, N_PARTS / 100);
      g_clear_pointer (&sets[removed], bytestag_shared_set_unref);
      for (guint i = 0; i < N_SETS; i++)
        {
          for (guint j = 0; j < N_PARTS; j++)
            {
              BytestagKey key = { { j % 256, j / 256, j % 5 == 0 ? 255 : i } };
              BytestagKvpId id = { key, key };
              gboolean held = bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL);

              g_assert_true (held == (j % 5 == 0 ? n + 1 < N_SETS : sets[i] != NULL));
            }
        }
    }
}

/* An all-zero file of a million parts, twice: no call is slower for it. */
static void
test_sparse (Fixture *fixture, gconstpointer user_data)
{
  enum { N_PARTS = 200000 };
  const BytestagFileStamp stamp = { .size = (guint64) N_PARTS * BYTESTAG_PART_SIZE };
  const BytestagKey key = { { 3 } };
  BytestagKvpId id = { key, key };
  BytestagSharedSet *sets[2];

  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      sets[i] = bytestag_shared_files_table_add_set (fixture->table);
      bytestag_shared_files_table_add_file (fixture->table, sets[i], 0, "/x", &stamp);
      for (guint j = 0; j < N_PARTS; j++)
        bytestag_shared_files_table_add_part (fixture->table, sets[i], &key);
    }
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      g_assert_true (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
      while (bytestag_shared_files_table_remove_set (fixture->table, sets[i], BYTESTAG_LIMIT_PIECES_OF_SLICE))
        ;
      bytestag_shared_set_unref (sets[i]);
    }
  g_assert_false (bytestag_kvp_table_lookup (fixture->kvp_table, &id, NULL));
}

#define ADD(name, test) g_test_add ("/storage/shared-parts/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("first-of-set", test_first_of_set);
  ADD ("many", test_many);
  ADD ("sparse", test_sparse);

  return g_test_run ();
}
