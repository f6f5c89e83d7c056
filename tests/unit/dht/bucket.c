/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/bucket.h"

#include "core/error.h"
#include "support/test-model.h"
#include "support/test-node.h"
#include "support/test-rng.h"

#define N_NUMBER 8

typedef struct {
  BytestagTestRng *rng;
  BytestagKey root;
  BytestagBucket *bucket;
  BytestagTestModel *mirror;
  guint16 next_port;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  test->rng = bytestag_test_rng_new (1);
  bytestag_key_random (&test->root, BYTESTAG_RNG (test->rng));
  test->bucket = bytestag_bucket_new (N_NUMBER);
  test->mirror = bytestag_test_model_new (G_LIST_MODEL (test->bucket));
  test->next_port = 1000;
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  bytestag_bucket_check_invariants (test->bucket);
  g_clear_pointer (&test->mirror, bytestag_test_model_free);
  g_assert_finalize_object (test->bucket);
  g_assert_finalize_object (test->rng);
}

static BytestagNode *
make_node (Test *test)
{
  return bytestag_test_node_new_in_bucket (&test->root, N_NUMBER, BYTESTAG_RNG (test->rng), test->next_port++);
}

/* Slot n gets the n-th node, at the time n + 1. */
static void
fill (Test *test,
      guint n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    {
      g_autoptr (BytestagNode) node = make_node (test);
      g_autoptr (GError) error = NULL;

      g_assert_true (bytestag_bucket_node_update (test->bucket, node, i + 1, &error));
      g_assert_no_error (error);
    }
}

static void
assert_order (Test        *test,
              const guint *slots,
              guint        n_slots)
{
  g_autoptr (GPtrArray) nodes = bytestag_bucket_dup_nodes (test->bucket);

  g_assert_cmpuint (nodes->len, ==, n_slots);
  for (guint i = 0; i < n_slots; i++)
    {
      g_assert_true (nodes->pdata[i] == bytestag_bucket_peek (test->bucket, slots[i]));
      g_assert_true (nodes->pdata[i] == bytestag_bucket_peek_nth_oldest (test->bucket, i));
    }
  g_assert_null (bytestag_bucket_peek_nth_oldest (test->bucket, n_slots));
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
test_add (Test         *test,
          gconstpointer data)
{
  g_autoptr (BytestagNode) copy = NULL;
  BytestagNode *node;
  guint n_notified = 0;

  g_signal_connect_swapped (test->bucket, "notify::n-nodes", G_CALLBACK (count_cb), &n_notified);
  g_assert_cmpuint (bytestag_bucket_get_number (test->bucket), ==, N_NUMBER);
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 0);
  fill (test, 3);

  g_assert_cmpuint (bytestag_bucket_get_n_nodes (test->bucket), ==, 3);
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 3);
  g_assert_cmpuint (n_notified, ==, 3);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 3);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (test->mirror), ==, 3);
  assert_order (test, (guint[]) { 0, 1, 2 }, 3);

  node = bytestag_bucket_peek (test->bucket, 1);
  copy = bytestag_node_new (bytestag_node_get_key (node), bytestag_node_get_endpoint (node));
  g_assert_true (bytestag_bucket_find (test->bucket, bytestag_node_get_key (copy),
                                       bytestag_node_get_endpoint (copy)) == node);
  g_assert_true (bytestag_bucket_find_id (test->bucket, bytestag_node_get_key (copy), BYTESTAG_FAMILY_IPV4) == node);
  g_assert_null (bytestag_bucket_find_id (test->bucket, bytestag_node_get_key (copy), BYTESTAG_FAMILY_IPV6));
}

static void
test_move_to_end (Test         *test,
                  gconstpointer data)
{
  g_autoptr (BytestagNode) copy = NULL;
  g_autoptr (BytestagNode) stranger = make_node (test);
  BytestagNode *node;

  fill (test, 4);
  bytestag_test_model_take_n_signals (test->mirror);

  node = bytestag_bucket_peek (test->bucket, 1);
  copy = bytestag_node_new (bytestag_node_get_key (node), bytestag_node_get_endpoint (node));
  g_assert_true (bytestag_bucket_node_update (test->bucket, copy, 10, NULL));
  assert_order (test, (guint[]) { 0, 2, 3, 1 }, 4);
  g_assert_true (bytestag_bucket_peek (test->bucket, 1) == node);
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 10);

  g_assert_true (bytestag_bucket_touch (test->bucket, bytestag_bucket_peek (test->bucket, 0), 11));
  assert_order (test, (guint[]) { 2, 3, 1, 0 }, 4);
  g_assert_false (bytestag_bucket_touch (test->bucket, stranger, 12));
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 11);

  /* No slot has changed. */
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 0);
}

static void
full_cb (BytestagBucket *bucket,
         BytestagNode   *node,
         BytestagNode   *oldest,
         GPtrArray      *nodes)
{
  g_assert_true (bytestag_bucket_is_locked (bucket));
  g_assert_true (bytestag_bucket_get_waiting (bucket) == node);
  g_ptr_array_add (nodes, node);
  g_ptr_array_add (nodes, oldest);
}

static void
test_full (Test         *test,
           gconstpointer data)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  g_autoptr (BytestagNode) node = make_node (test);
  g_autoptr (BytestagNode) other = make_node (test);
  g_autoptr (GError) error = NULL;
  guint n_notified = 0;

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  g_signal_connect (test->bucket, "full", G_CALLBACK (full_cb), nodes);
  g_signal_connect_swapped (test->bucket, "notify::locked", G_CALLBACK (count_cb), &n_notified);

  g_assert_false (bytestag_bucket_node_update (test->bucket, node, 30, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
  g_assert_cmpuint (nodes->len, ==, 2);
  g_assert_true (nodes->pdata[0] == node);
  g_assert_true (nodes->pdata[1] == bytestag_bucket_peek (test->bucket, 0));

  /* Locked: whatever comes is ignored, members too. */
  g_assert_true (bytestag_bucket_node_update (test->bucket, other, 31, NULL));
  g_assert_true (bytestag_bucket_node_update (test->bucket, bytestag_bucket_peek (test->bucket, 0), 31, NULL));
  g_assert_cmpuint (nodes->len, ==, 2);
  g_assert_true (bytestag_bucket_peek_nth_oldest (test->bucket, 0) == bytestag_bucket_peek (test->bucket, 0));
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, BYTESTAG_MAX_BUCKET_SIZE);

  bytestag_bucket_keep_old_node (test->bucket);
  g_assert_false (bytestag_bucket_is_locked (test->bucket));
  g_assert_null (bytestag_bucket_get_waiting (test->bucket));
  g_assert_null (bytestag_bucket_find (test->bucket, bytestag_node_get_key (node),
                                       bytestag_node_get_endpoint (node)));
  bytestag_bucket_keep_old_node (test->bucket);
  g_assert_cmpuint (n_notified, ==, 2);

  /* The seed's rule asks for a ping for a member as well. */
  g_assert_false (bytestag_bucket_node_update (test->bucket, bytestag_bucket_peek (test->bucket, 5), 32, NULL));
  g_assert_cmpuint (nodes->len, ==, 4);
}

static void
test_keep_new (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test);

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  bytestag_bucket_touch (test->bucket, bytestag_bucket_peek (test->bucket, 0), 30);
  g_assert_false (bytestag_bucket_node_update (test->bucket, node, 31, NULL));
  bytestag_test_model_take_n_signals (test->mirror);
  bytestag_test_model_take_n_rows (test->mirror);

  bytestag_bucket_keep_new_node (test->bucket, 32);
  g_assert_true (bytestag_bucket_peek (test->bucket, 1) == node);
  g_assert_true (bytestag_bucket_peek_nth_oldest (test->bucket, BYTESTAG_MAX_BUCKET_SIZE - 1) == node);
  g_assert_true (bytestag_bucket_peek_nth_oldest (test->bucket, 0) == bytestag_bucket_peek (test->bucket, 2));
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 32);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (test->mirror), ==, 2);

  bytestag_bucket_keep_new_node (test->bucket, 33);
  g_assert_cmpint (bytestag_bucket_get_last_update (test->bucket), ==, 32);
}

/* A.3 B10: an original enters the member a second time. */
static void
test_keep_new_member (Test         *test,
                      gconstpointer data)
{
  g_autoptr (BytestagNode) oldest = NULL;
  BytestagNode *member;

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  oldest = g_object_ref (bytestag_bucket_peek (test->bucket, 0));
  member = bytestag_bucket_peek (test->bucket, 7);
  g_assert_false (bytestag_bucket_node_update (test->bucket, member, 30, NULL));
  bytestag_bucket_keep_new_node (test->bucket, 31);

  g_assert_cmpuint (bytestag_bucket_get_n_nodes (test->bucket), ==, BYTESTAG_MAX_BUCKET_SIZE - 1);
  g_assert_null (bytestag_bucket_find (test->bucket, bytestag_node_get_key (oldest),
                                       bytestag_node_get_endpoint (oldest)));
  g_assert_true (bytestag_bucket_peek_nth_oldest (test->bucket, BYTESTAG_MAX_BUCKET_SIZE - 2) == member);
  bytestag_bucket_check_invariants (test->bucket);
}

/* The oldest itself came back while it was being pinged. */
static void
test_keep_new_oldest (Test         *test,
                      gconstpointer data)
{
  BytestagNode *oldest;

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  oldest = bytestag_bucket_peek (test->bucket, 0);
  g_assert_false (bytestag_bucket_node_update (test->bucket, oldest, 30, NULL));
  bytestag_bucket_keep_new_node (test->bucket, 31);

  g_assert_cmpuint (bytestag_bucket_get_n_nodes (test->bucket), ==, BYTESTAG_MAX_BUCKET_SIZE);
  g_assert_true (bytestag_bucket_peek_nth_oldest (test->bucket, BYTESTAG_MAX_BUCKET_SIZE - 1) == oldest);
}

/* The slot of the pinged one went to somebody else meanwhile. */
static void
test_keep_new_too_late (Test         *test,
                        gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test);
  g_autoptr (BytestagNode) other = make_node (test);

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  g_assert_false (bytestag_bucket_node_update (test->bucket, node, 30, NULL));
  g_assert_true (bytestag_bucket_replace (test->bucket, bytestag_bucket_peek (test->bucket, 0), other, 31));
  bytestag_bucket_keep_new_node (test->bucket, 32);

  g_assert_false (bytestag_bucket_is_locked (test->bucket));
  g_assert_true (bytestag_bucket_peek (test->bucket, 0) == other);
  g_assert_null (bytestag_bucket_find (test->bucket, bytestag_node_get_key (node),
                                       bytestag_node_get_endpoint (node)));
}

static void
test_remove (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagNode) gone = NULL;

  fill (test, 5);
  bytestag_bucket_touch (test->bucket, bytestag_bucket_peek (test->bucket, 1), 10);
  gone = g_object_ref (bytestag_bucket_peek (test->bucket, 2));
  bytestag_test_model_take_n_signals (test->mirror);
  bytestag_test_model_take_n_rows (test->mirror);

  g_assert_true (bytestag_bucket_remove (test->bucket, gone));
  assert_order (test, (guint[]) { 0, 2, 3, 1 }, 4);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (test->mirror), ==, 1);
  g_assert_false (bytestag_bucket_remove (test->bucket, gone));
  bytestag_bucket_check_invariants (test->bucket);
}

static void
test_remove_unlocks (Test         *test,
                     gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test);

  fill (test, BYTESTAG_MAX_BUCKET_SIZE);
  g_assert_false (bytestag_bucket_node_update (test->bucket, node, 30, NULL));
  g_assert_true (bytestag_bucket_remove (test->bucket, bytestag_bucket_peek (test->bucket, 3)));
  g_assert_false (bytestag_bucket_is_locked (test->bucket));
  g_assert_true (bytestag_bucket_node_update (test->bucket, node, 31, NULL));
  g_assert_true (bytestag_bucket_peek (test->bucket, BYTESTAG_MAX_BUCKET_SIZE - 1) == node);
}

static void
test_properties (Test         *test,
                 gconstpointer data)
{
  guint number, n_nodes;
  gint64 last_update;
  gboolean locked;

  fill (test, 2);
  g_object_get (test->bucket, "number", &number, "n-nodes", &n_nodes, "last-update", &last_update,
                "locked", &locked, NULL);
  g_assert_cmpuint (number, ==, N_NUMBER);
  g_assert_cmpuint (n_nodes, ==, 2);
  g_assert_cmpint (last_update, ==, 2);
  g_assert_false (locked);
}

/* The bucket lets go of everybody, also of those that a lock holds. */
static void
test_finalize (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (2);
  BytestagBucket *bucket = bytestag_bucket_new (0);
  BytestagNode *nodes[BYTESTAG_MAX_BUCKET_SIZE + 1];
  BytestagKey root = { { 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    {
      nodes[i] = bytestag_test_node_new_in_bucket (&root, 0, BYTESTAG_RNG (rng), 1000 + i);
      bytestag_bucket_node_update (bucket, nodes[i], i, NULL);
    }
  g_assert_true (bytestag_bucket_is_locked (bucket));

  g_assert_finalize_object (bucket);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    g_assert_finalize_object (nodes[i]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/bucket/" path, Test, NULL, setup, func, teardown)
  ADD ("add", test_add);
  ADD ("move-to-end", test_move_to_end);
  ADD ("full", test_full);
  ADD ("keep-new", test_keep_new);
  ADD ("keep-new/member", test_keep_new_member);
  ADD ("keep-new/oldest", test_keep_new_oldest);
  ADD ("keep-new/too-late", test_keep_new_too_late);
  ADD ("remove", test_remove);
  ADD ("remove/unlocks", test_remove_unlocks);
  ADD ("properties", test_properties);
  g_test_add_func ("/dht/bucket/finalize", test_finalize);

  return g_test_run ();
}
