/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"
#include "support/test-model.h"
#include "support/test-worker.h"

static BytestagLibrary *
make_library (Fixture *self)
{
  return bytestag_library_new (self->network, self->shared, self->worker);
}

static BytestagShare *
share (BytestagLibrary *library,
       const char      *path)
{
  return bytestag_library_share (library, (const char * const []) { path, NULL }, NULL, NULL);
}

static gboolean
holds (BytestagNetwork   *network,
       const BytestagKey *key)
{
  BytestagKvpId id = { *key, *key };

  return bytestag_kvp_table_lookup (bytestag_network_get_table (network), &id, NULL);
}

/* Nodes but the own one that hold it. */
static guint
count_holders (Fixture           *self,
               const BytestagKey *key)
{
  guint n = 0;

  for (guint i = 1; i < FIXTURE_N_NODES; i++)
    n += holds (bytestag_sim_get_node (self->sim, i), key);

  return n;
}

/* The @number-th part of what fixture_write() writes. */
static BytestagKey
part_key (gsize size,
          guint seed,
          guint number)
{
  g_autoptr (GBytes) bytes = bytestag_sim_make_value (size, seed);
  gsize offset = (gsize) number * BYTESTAG_PART_SIZE;
  BytestagKey key;

  bytestag_key_digest (&key, (const guint8 *) g_bytes_get_data (bytes, NULL) + offset,
                       MIN (size - offset, BYTESTAG_PART_SIZE));

  return key;
}

static void
test_share (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "things/one", 600000, 3);
  g_autofree char *empty = fixture_write (self, "things/empty", 0, 3);
  g_autofree char *folder = fixture_path (self, "things");
  g_autofree char *hidden = fixture_write (self, "things/.hidden", 3, 3);
  g_auto (GStrv) skipped = NULL;
  g_autoptr (BytestagShare) item = NULL;
  BytestagLibrary *library = make_library (self);
  const BytestagKey *key;
  BytestagKey nothing;
  BytestagKey parts[3];
  gdouble fraction;

  bytestag_library_set_link_peers (library, (const char * const []) { "a:1", "b:2", "c:3", "d:4", NULL });
  bytestag_library_set_copies (library, 3);
  item = g_object_ref (share (library, folder));
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_HASHING);
  g_assert_null (bytestag_share_get_link (item));

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  g_assert_cmpstr (bytestag_share_get_name (item), ==, "things");
  g_assert_cmpuint (bytestag_share_get_n_files (item), ==, 2);
  g_assert_cmpuint (bytestag_share_get_size (item), ==, 600000);
  g_assert_cmpuint (bytestag_share_get_bytes_hashed (item), ==, 600000);
  key = bytestag_link_get_key (bytestag_share_get_link (item));
  g_assert_cmpuint (bytestag_link_get_peers (bytestag_share_get_link (item))->len, ==, BYTESTAG_LIMIT_LINK_PEERS);
  g_assert_nonnull (bytestag_link_get_sha256 (bytestag_share_get_link (item)));
  g_object_get (item, "skipped", &skipped, NULL);
  g_assert_cmpuint (g_strv_length (skipped), ==, 1);

  g_assert_true (fixture_run_signal (self, item, "published", 300));
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_ONLINE);
  /* The ends of the last transfers are on their way. */
  bytestag_sim_run (self->sim, SECOND);
  /* The root, three parts, the file's info; the part of the empty file goes nowhere. */
  g_assert_cmpuint (bytestag_share_get_n_pieces (item), ==, 5);
  g_assert_cmpuint (bytestag_share_get_n_pieces_sent (item), ==, 5);
  g_object_get (item, "fraction", &fraction, NULL);
  g_assert_cmpfloat (fraction, ==, 1);
  g_assert_cmpuint (count_holders (self, key), ==, FIXTURE_N_NODES - 1);
  bytestag_key_digest (&nothing, "", 0);
  g_assert_cmpuint (count_holders (self, &nothing), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      parts[i] = part_key (600000, 3, i);
      g_assert_cmpuint (count_holders (self, &parts[i]), ==, 3);
    }

  g_assert_true (holds (self->network, key));
  bytestag_library_stop (library, item);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_STOPPED);
  g_assert_false (holds (self->network, key));
  g_assert_false (holds (self->network, &parts[0]));
  g_assert_finalize_object (library);
  /* The disk brings back what it was forgotten with. */
  bytestag_sim_run (self->sim, SECOND);
  g_assert_finalize_object (g_steal_pointer (&item));
}

static void
test_twin (Fixture       *self,
           gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 3000, 3);
  BytestagLibrary *library = make_library (self);
  g_autoptr (BytestagTestModel) mirror = bytestag_test_model_new (G_LIST_MODEL (library));
  g_autoptr (BytestagShare) first = g_object_ref (share (library, path));
  g_autoptr (BytestagShare) second = NULL;
  g_autoptr (BytestagShare) other = NULL;
  BytestagKey part;

  g_assert_true (fixture_run_signal (self, first, "published", 60));
  second = g_object_ref (share (library, path));
  other = g_object_ref (bytestag_library_share (library, (const char * const []) { path, NULL }, "other", "comment"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 3);
  g_assert_true (fixture_run_signal (self, second, "ready", 5));
  g_assert_true (bytestag_share_get_twin (second) == first);
  g_assert_true (bytestag_key_equal (bytestag_link_get_key (bytestag_share_get_link (first)),
                                     bytestag_link_get_key (bytestag_share_get_link (second))));
  g_assert_true (fixture_run_signal (self, other, "published", 60));
  g_assert_null (bytestag_share_get_twin (other));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 2);

  /* The file is shared twice: the one left serves it. */
  bytestag_library_stop (library, first);
  part = part_key (3000, 3, 0);
  g_assert_true (holds (self->network, &part));
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 5);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 5);
  g_clear_pointer (&mirror, bytestag_test_model_free);
  g_assert_finalize_object (library);
}

static void
assert_fails (Fixture         *self,
              BytestagLibrary *library,
              const char      *path,
              const char      *name,
              const char      *comment,
              GQuark           domain,
              int              code)
{
  g_autoptr (BytestagShare) item =
    g_object_ref (bytestag_library_share (library, (const char * const []) { path, NULL }, name, comment));

  g_assert_true (fixture_run_signal (self, item, "failed", 5));
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_FAILED);
  g_assert_error (bytestag_share_get_error (item), domain, code);
  bytestag_library_stop (library, item);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_finalize_object (g_steal_pointer (&item));
}

static void
test_bad (Fixture       *self,
          gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 30, 3);
  g_autofree char *missing = fixture_path (self, "missing");
  g_autofree char *empty = fixture_path (self, "empty");
  g_autofree char *comment = g_strnfill (BYTESTAG_LIMIT_COMMENT_BYTES + 1, 'x');
  BytestagLibrary *library = make_library (self);

  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  assert_fails (self, library, missing, NULL, NULL, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_fails (self, library, empty, NULL, NULL, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  assert_fails (self, library, path, "a/b", NULL, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME);
  assert_fails (self, library, path, NULL, comment, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
  assert_fails (self, library, path, NULL, "not \xff utf-8", BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
  g_assert_finalize_object (library);
}

/* Nobody is there at first. */
static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 300000, 3);
  BytestagLibrary *library = make_library (self);
  g_autoptr (BytestagShare) item = g_object_ref (share (library, path));

  g_assert_false (fixture_run_signal (self, item, "published", 90));
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_PUBLISHING);
  g_assert_cmpuint (bytestag_share_get_n_pieces_sent (item), ==, 0);

  g_assert_true (bytestag_sim_join_all (self->sim, 0));
  g_assert_true (fixture_run_signal (self, item, "published", 60));
  g_assert_cmpuint (bytestag_share_get_n_pieces_sent (item), ==, bytestag_share_get_n_pieces (item));
  bytestag_library_publish_again (library);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_ONLINE);
  g_assert_finalize_object (library);
}

/* Stopped in each state; the library goes while something is on its way. */
static void
test_stop (Fixture       *self,
           gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 300000, 3);
  BytestagLibrary *library = make_library (self);
  g_autoptr (BytestagShare) item = g_object_ref (share (library, path));
  BytestagShare *most;

  bytestag_library_set_copies (library, BYTESTAG_LIMIT_COPIES + 1);
  most = share (library, path);
  g_assert_cmpuint (bytestag_share_get_copies (most), ==, BYTESTAG_LIMIT_COPIES);
  bytestag_library_stop (library, most);
  bytestag_library_stop (library, item);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_STOPPED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
  bytestag_library_stop (library, item);

  g_set_object (&item, share (library, path));
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  bytestag_library_stop (library, item);
  bytestag_sim_run (self->sim, 20 * SECOND);
  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_STOPPED);

  share (library, path);
  g_set_object (&item, share (library, path));
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  g_assert_finalize_object (library);
  bytestag_sim_run (self->sim, 20 * SECOND);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

/* At most 4 times a second, however many packets come. */
static void
test_notifications (Fixture       *self,
                    gconstpointer  data)
{
  g_autofree char *path = fixture_write (self, "one", 4000000, 3);
  BytestagLibrary *library = make_library (self);
  g_autoptr (BytestagShare) item = g_object_ref (share (library, path));
  guint n_notified = 0;
  gint64 started;

  g_assert_true (fixture_run_signal (self, item, "ready", 5));
  g_signal_connect_swapped (item, "notify::n-pieces-sent", G_CALLBACK (count_cb), &n_notified);
  started = bytestag_sim_get_time (self->sim);
  g_assert_true (fixture_run_signal (self, item, "published", 300));
  g_assert_cmpuint (n_notified, >, 0);
  g_assert_cmpuint (n_notified, <=, (bytestag_sim_get_time (self->sim) - started) * 4 / SECOND + 2);
  g_assert_finalize_object (library);
}

/* A file in 2 s, of 20: it is told how long the rest takes, and nothing any more afterwards. */
static void
test_seconds_left (Fixture       *self,
                   gconstpointer  data)
{
  g_autofree char *folder = fixture_path (self, "many");
  BytestagTestWorker *worker = BYTESTAG_TEST_WORKER (self->worker);
  BytestagLibrary *library = make_library (self);
  BytestagShare *item;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("many/%u", i);
      g_autofree char *path = fixture_write (self, name, 1, i);

      g_assert_cmpint (truncate (path, BYTESTAG_LIMIT_BYTES_OF_JOB), ==, 0);
    }
  item = share (library, folder);
  g_assert_cmpint (bytestag_share_get_seconds_left (item), ==, -1);
  bytestag_test_worker_hold (worker);
  while (bytestag_share_get_bytes_hashed (item) < 10 * BYTESTAG_LIMIT_BYTES_OF_JOB)
    {
      bytestag_test_worker_run_held (worker, 1);
      bytestag_sim_run (self->sim, 2 * SECOND);
    }
  g_assert_cmpint (bytestag_share_get_seconds_left (item), >, 5);
  g_assert_cmpint (bytestag_share_get_seconds_left (item), <, 60);

  while (bytestag_share_get_state (item) == BYTESTAG_SHARE_HASHING)
    {
      bytestag_test_worker_run_held (worker, 1);
      bytestag_sim_run (self->sim, SECOND);
    }
  g_assert_cmpint (bytestag_share_get_seconds_left (item), ==, -1);
  bytestag_test_worker_release (worker);
  g_assert_finalize_object (library);
}

static void
assert_has_no_room (BytestagShare *item)
{
  const GError *error = bytestag_share_get_error (item);

  g_assert_cmpint (bytestag_share_get_state (item), ==, BYTESTAG_SHARE_FAILED);
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "stop sharing something"));
  g_assert_null (bytestag_share_get_publication (item));
}

/* BYTESTAG_LIMIT_PUBLICATIONS are looked after, and what comes then is told so; what is stopped
 * makes room. */
static void
test_limit_publications (Fixture       *self,
                         gconstpointer  data)
{
  g_autofree char *one = fixture_write (self, "one", 3000, 3);
  g_autofree char *other = fixture_write (self, "other", 3000, 4);
  g_autoptr (BytestagLibrary) library = make_library (self);
  BytestagPublisher *publisher = bytestag_library_get_publisher (library);
  g_autoptr (GPtrArray) publications = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagShare) item = NULL;
  BytestagPublication *publication;

  while ((publication = bytestag_publisher_add (publisher, 1)) != NULL)
    g_ptr_array_add (publications, publication);
  g_assert_cmpuint (publications->len, ==, BYTESTAG_LIMIT_PUBLICATIONS);

  item = g_object_ref (share (library, one));
  g_assert_true (fixture_run_signal (self, item, "failed", 5));
  assert_has_no_room (item);
  bytestag_library_stop (library, item);
  g_clear_object (&item);

  bytestag_publisher_remove (publisher, publications->pdata[4711]);
  bytestag_sim_run (self->sim, SECOND);
  item = g_object_ref (share (library, other));
  g_assert_true (fixture_run_signal (self, item, "ready", 5));
}

/* Pieces each of other publications than all others, until there are
 * BYTESTAG_LIMIT_OWNER_SETS of these sets. */
static void
fill_owner_sets (BytestagPublisher *publisher)
{
  BytestagPublication *publications[17];

  for (guint i = 0; i < G_N_ELEMENTS (publications); i++)
    publications[i] = bytestag_publisher_add (publisher, 1);
  for (guint i = 1; i < 1 << 17; i++)
    {
      BytestagPiece piece = { .size = 1, .kind = BYTESTAG_PIECE_PART };

      bytestag_key_digest (&piece.id.key, &i, sizeof i);
      piece.id.index = piece.id.key;
      for (guint j = 0; j < G_N_ELEMENTS (publications); j++)
        if ((i & 1u << j) != 0)
          bytestag_publication_add_pieces (publications[j], &piece, 1);
    }
  g_assert_cmpuint (bytestag_publication_get_n_refused (publications[16]), >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (publications); i++)
    g_object_unref (publications[i]);
}

/* What is not looked after wholly is not said to be shared; what has nothing in common is. */
static void
test_limit_owner_sets (Fixture       *self,
                       gconstpointer  data)
{
  g_autofree char *first = fixture_write (self, "things/first", 3000, 3);
  g_autofree char *second = fixture_write (self, "things/second", 3000, 4);
  g_autofree char *third = fixture_write (self, "third", 3000, 5);
  g_autofree char *folder = fixture_path (self, "things");
  g_autoptr (BytestagLibrary) library = make_library (self);
  g_autoptr (BytestagShare) single = g_object_ref (share (library, first));
  g_autoptr (BytestagShare) item = NULL;
  g_autoptr (BytestagShare) unlike = NULL;

  g_assert_true (fixture_run_signal (self, single, "ready", 5));
  fill_owner_sets (bytestag_library_get_publisher (library));

  item = g_object_ref (share (library, folder));
  g_assert_true (fixture_run_signal (self, item, "failed", 5));
  assert_has_no_room (item);
  g_assert_cmpint (bytestag_share_get_state (single), !=, BYTESTAG_SHARE_FAILED);
  unlike = g_object_ref (share (library, third));
  g_assert_true (fixture_run_signal (self, unlike, "ready", 5));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/library/share", test_share);
  FIXTURE_TEST ("/sharing/library/twin", test_twin);
  FIXTURE_TEST_ALONE ("/sharing/library/bad", test_bad);
  FIXTURE_TEST_ALONE ("/sharing/library/alone", test_alone);
  FIXTURE_TEST ("/sharing/library/stop", test_stop);
  FIXTURE_TEST ("/sharing/library/seconds-left", test_seconds_left);
  FIXTURE_TEST_ALONE ("/sharing/library/limit-publications", test_limit_publications);
  FIXTURE_TEST_ALONE ("/sharing/library/limit-owner-sets", test_limit_owner_sets);
  FIXTURE_TEST ("/sharing/library/notifications", test_notifications);
  return g_test_run ();
}
