/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/collection-task.h"

#include <gnutls/crypto.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"

/* A file of @n_parts parts that @seed tells. */
static BytestagFileInfo *
make_file (guint seed,
           guint n_parts)
{
  g_autofree BytestagKey *parts = g_new0 (BytestagKey, n_parts);
  g_autofree char *name = g_strdup_printf ("file-%u", seed);
  BytestagKey hash = { { 0 } };

  for (guint i = 0; i < n_parts; i++)
    {
      memcpy (parts[i].bytes, &seed, sizeof seed);
      memcpy (parts[i].bytes + 8, &i, sizeof i);
    }
  memcpy (hash.bytes, &seed, sizeof seed);

  return bytestag_file_info_new (&hash, parts, n_parts, (guint64) n_parts * BYTESTAG_PART_SIZE,
                                 (const char * const []) { name, NULL }, NULL);
}

/* Puts all values of a collection on other nodes but the one of @left_out; returns its key. */
static BytestagKey
put_collection (Fixture   *self,
                GPtrArray *files,
                guint      left_out)
{
  g_autoptr (BytestagCollectionInfo) info = bytestag_collection_info_new (files, "name", NULL, 0);
  g_autoptr (GPtrArray) values = bytestag_collection_info_paginate (info, NULL);
  BytestagKey key = { { 0 } };

  for (guint i = 0; i < values->len; i++)
    {
      GBytes *value = g_ptr_array_index (values, i);

      if (i != left_out)
        key = fixture_put (self, 1 + i % (FIXTURE_N_NODES - 1), g_bytes_get_data (value, NULL),
                           (gssize) g_bytes_get_size (value));
    }

  return key;
}

static BytestagCollectionTask *
run_task (Fixture           *self,
          const BytestagKey *key,
          const guint8      *sha256)
{
  g_autoptr (BytestagLink) link = bytestag_link_new (key, sha256, NULL, 0, NULL);
  BytestagCollectionTask *task = bytestag_collection_task_new (self->network, self->worker, link);

  bytestag_task_start (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 200));
  return task;
}

static void
assert_fails (Fixture           *self,
              const BytestagKey *key,
              const guint8      *sha256,
              int                code)
{
  BytestagCollectionTask *task = run_task (self, key, sha256);

  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (task)), BYTESTAG_ERROR, code);
  g_assert_finalize_object (task);
}

static void
assert_fails_text (Fixture    *self,
                   const char *text,
                   int         code)
{
  BytestagKey key = fixture_put (self, 2, text, -1);

  assert_fails (self, &key, NULL, code);
}

static GPtrArray *
make_files (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static void
test_small (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagCollectionTask *task;
  BytestagKey key;

  g_ptr_array_add (files, make_file (1, 1));
  g_ptr_array_add (files, make_file (2, 3));
  key = put_collection (self, files, G_MAXUINT);
  task = run_task (self, &key, NULL);
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  g_assert_cmpuint (bytestag_collection_task_get_files (task)->len, ==, 2);
  g_assert_cmpstr (bytestag_collection_info_get_name (bytestag_collection_task_get_info (task)), ==, "name");
  g_assert_finalize_object (task);
}

static void
test_paged (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagCollectionTask *task;
  BytestagFileInfo *large;
  const BytestagKey *parts;
  BytestagKey key;
  guint n_parts;

  for (guint i = 0; i < 4000; i++)
    g_ptr_array_add (files, make_file (i, 1));
  g_ptr_array_add (files, make_file (5000, 2 * BYTESTAG_LIMIT_PARTS_OF_PAGE + 3));
  key = put_collection (self, files, G_MAXUINT);
  task = run_task (self, &key, NULL);
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));

  /* In the same order, and with all their parts. */
  g_assert_cmpuint (bytestag_collection_task_get_files (task)->len, ==, 4001);
  g_assert_cmpstr (bytestag_file_info_get_filename (bytestag_collection_task_get_files (task)->pdata[1234])[0], ==,
                   "file-1234");
  large = bytestag_collection_task_get_files (task)->pdata[4000];
  parts = bytestag_file_info_get_parts (large, &n_parts);
  g_assert_cmpmem (parts, n_parts * sizeof *parts,
                   bytestag_file_info_get_parts (files->pdata[4000], NULL),
                   (2 * BYTESTAG_LIMIT_PARTS_OF_PAGE + 3) * sizeof *parts);
  g_assert_finalize_object (task);
}

static void
test_missing_page (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  BytestagKey key;

  for (guint i = 0; i < 4000; i++)
    g_ptr_array_add (files, make_file (i, 1));
  key = put_collection (self, files, 0);
  assert_fails (self, &key, NULL, BYTESTAG_ERROR_NOT_FOUND);
}

static void
test_sha256 (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagCollectionInfo) info = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  BytestagCollectionTask *task;
  BytestagKey key;

  g_ptr_array_add (files, make_file (1, 1));
  key = put_collection (self, files, G_MAXUINT);
  info = bytestag_collection_info_new (files, "name", NULL, 0);
  bytes = bytestag_serializable_to_bytes (BYTESTAG_SERIALIZABLE (info));
  gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), sha256);
  task = run_task (self, &key, sha256);
  g_assert_no_error (bytestag_task_get_error (BYTESTAG_TASK (task)));
  g_assert_finalize_object (task);

  sha256[0] ^= 1;
  assert_fails (self, &key, sha256, BYTESTAG_ERROR_WRONG_DATA);
}

static void
test_bad (Fixture       *self,
          gconstpointer  data)
{
  BytestagKey key = { { 9 } };

  assert_fails (self, &key, NULL, BYTESTAG_ERROR_NOT_FOUND);
  assert_fails_text (self, "no JSON", BYTESTAG_ERROR_INVALID);
  assert_fails_text (self, "{\"!\":\"BytestagCollectionInfo\",\"files\":[]}", BYTESTAG_ERROR_INVALID);
}

/* A page that does not hold what the root says. */
static void
test_contradiction (Fixture       *self,
                    gconstpointer  data)
{
  g_autofree char *page_key = NULL;
  g_autofree char *root = NULL;
  g_autofree char *many = NULL;
  BytestagKey key = fixture_put (self, 3, "{\"!\":\"BytestagPage\",\"files\":[{\"!\":\"BytestagFileInfo\","
                                          "\"filename\":[\"a\"],\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
                                          "\"parts\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"],\"size\":1}]}", -1);

  page_key = bytestag_key_to_base64 (&key);
  root = g_strdup_printf ("{\"!\":\"BytestagCollectionInfo\",\"count\":2,\"name\":\"n\",\"pages\":[{\"files\":2,"
                          "\"key\":\"%s\",\"size\":2}],\"size\":2}", page_key);
  assert_fails_text (self, root, BYTESTAG_ERROR_WRONG_DATA);
  many = g_strdup_printf ("{\"!\":\"BytestagCollectionInfo\",\"count\":%u,\"name\":\"n\",\"pages\":[{\"files\":%u,"
                          "\"key\":\"%s\",\"size\":2}],\"size\":2}", BYTESTAG_LIMIT_COLLECTION_FILES + 1,
                          BYTESTAG_LIMIT_COLLECTION_FILES + 1, page_key);
  assert_fails_text (self, many, BYTESTAG_ERROR_TOO_LARGE);
}

/* A collection of one file that is said to have so many pages of parts. (transfer full) */
static BytestagCollectionTask *
start_large (Fixture *self,
             guint    n_part_pages)
{
  g_autofree BytestagKey *pages = g_new0 (BytestagKey, n_part_pages);
  const BytestagKey hash = { { 8 } };
  guint64 size = (guint64) n_part_pages * BYTESTAG_LIMIT_PARTS_OF_PAGE * BYTESTAG_PART_SIZE;
  g_autoptr (BytestagFileInfo) whole = NULL;
  g_autoptr (GPtrArray) files = make_files ();
  g_autoptr (BytestagLink) link = NULL;
  BytestagCollectionTask *task;
  BytestagKey key;

  for (guint i = 0; i < n_part_pages; i++)
    memcpy (pages[i].bytes, &i, sizeof i);
  whole = bytestag_file_info_new (&hash, pages, 1, size, (const char * const []) { "large", NULL }, NULL);
  g_ptr_array_add (files, bytestag_file_info_new_paged (whole, pages, n_part_pages));
  key = put_collection (self, files, G_MAXUINT);
  link = bytestag_link_new (&key, NULL, NULL, 0, NULL);
  task = bytestag_collection_task_new (self->network, self->worker, link);
  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_sim_run (self->sim, 5 * SECOND);
  return task;
}

/* More parts than are kept are told before they are fetched. */
static void
test_parts (Fixture       *self,
            gconstpointer  data)
{
  const guint most = BYTESTAG_LIMIT_COLLECTION_PARTS / BYTESTAG_LIMIT_PARTS_OF_PAGE;
  g_autoptr (BytestagCollectionTask) fits = start_large (self, most);
  g_autoptr (BytestagCollectionTask) larger = start_large (self, most + 1);

  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (fits)), ==, BYTESTAG_TASK_RUNNING);
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (fits)), ==, most);
  bytestag_task_cancel (BYTESTAG_TASK (fits));
  g_assert_error (bytestag_task_get_error (BYTESTAG_TASK (larger)), BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
  bytestag_sim_run (self->sim, SECOND);
}

static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  BytestagKey key = { { 9 } };

  assert_fails (self, &key, NULL, BYTESTAG_ERROR_NO_PEERS);
}

static void
test_cancel (Fixture       *self,
             gconstpointer  data)
{
  BytestagKey key = { { 9 } };
  g_autoptr (BytestagLink) link = bytestag_link_new (&key, NULL, NULL, 0, NULL);
  BytestagCollectionTask *task = bytestag_collection_task_new (self->network, self->worker, link);

  bytestag_task_start (BYTESTAG_TASK (task));
  bytestag_sim_run (self->sim, SECOND / 100);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  g_assert_true (fixture_run_signal (self, task, "finished", 2));
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_CANCELLED);
  g_assert_finalize_object (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/collection-task/small", test_small);
  FIXTURE_TEST ("/sharing/collection-task/paged", test_paged);
  FIXTURE_TEST ("/sharing/collection-task/missing-page", test_missing_page);
  FIXTURE_TEST ("/sharing/collection-task/sha256", test_sha256);
  FIXTURE_TEST ("/sharing/collection-task/bad", test_bad);
  FIXTURE_TEST ("/sharing/collection-task/contradiction", test_contradiction);
  FIXTURE_TEST ("/sharing/collection-task/parts", test_parts);
  FIXTURE_TEST_ALONE ("/sharing/collection-task/alone", test_alone);
  FIXTURE_TEST ("/sharing/collection-task/cancel", test_cancel);
  return g_test_run ();
}
