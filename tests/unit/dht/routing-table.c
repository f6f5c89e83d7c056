/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/routing-table.h"

#include "core/error.h"
#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-model.h"
#include "support/test-node.h"
#include "support/test-rng.h"

typedef struct {
  BytestagTestRng *rng;
  BytestagTestClock *clock;
  BytestagRoutingTable *table;
  guint16 next_port;
  /* Of "bucket-full". */
  guint n_full;
  BytestagNode *oldest;
} Test;

static void
bucket_full_cb (BytestagRoutingTable *table,
                BytestagBucket       *bucket,
                BytestagNode         *node,
                BytestagNode         *oldest,
                Test                 *test)
{
  g_assert_true (bytestag_bucket_is_locked (bucket));
  g_assert_true (bytestag_bucket_get_waiting (bucket) == node);
  test->n_full++;
  test->oldest = oldest;
}

static void
setup (Test         *test,
       gconstpointer data)
{
  BytestagKey key;

  test->rng = bytestag_test_rng_new (3);
  test->clock = bytestag_test_clock_new ();
  bytestag_key_random (&key, BYTESTAG_RNG (test->rng));
  test->table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (test->clock));
  g_signal_connect (test->table, "bucket-full", G_CALLBACK (bucket_full_cb), test);
  test->next_port = 1000;
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  bytestag_routing_table_check_invariants (test->table);
  g_assert_finalize_object (test->table);
  g_assert_finalize_object (test->clock);
  g_assert_finalize_object (test->rng);
}

static BytestagNode *
make_node (Test *test,
           guint number)
{
  return bytestag_test_node_new_in_bucket (bytestag_routing_table_get_key (test->table), number,
                                           BYTESTAG_RNG (test->rng), test->next_port++);
}

static BytestagNode *
make_at_other_port (Test         *test,
                    BytestagNode *node)
{
  return bytestag_test_node_new (bytestag_node_get_key (node), test->next_port++);
}

static void
enter (Test  *test,
       guint  number,
       guint  n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    {
      g_autoptr (BytestagNode) node = make_node (test, number);

      bytestag_test_clock_advance (test->clock, 1);
      g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
    }
}

static gboolean
contains (Test         *test,
          BytestagNode *node)
{
  return bytestag_routing_table_find (test->table, bytestag_node_get_key (node),
                                      bytestag_node_get_endpoint (node)) == node;
}

static void
fail_twice (Test         *test,
            BytestagNode *node)
{
  bytestag_routing_table_node_failed (test->table, node);
  bytestag_routing_table_node_failed (test->table, node);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
test_enter (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 7);
  guint n_notified = 0, num_contacts;

  g_signal_connect_swapped (test->table, "notify::num-contacts", G_CALLBACK (count_cb), &n_notified);
  g_assert_null (bytestag_routing_table_peek_bucket (test->table, 7));
  g_assert_null (bytestag_routing_table_find (test->table, bytestag_node_get_key (node),
                                              bytestag_node_get_endpoint (node)));

  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_true (contains (test, node));
  g_assert_cmpint (bytestag_node_get_state (node), ==, BYTESTAG_NODE_GOOD);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);
  g_object_get (test->table, "num-contacts", &num_contacts, NULL);
  g_assert_cmpuint (num_contacts, ==, 1);
  g_assert_cmpuint (bytestag_routing_table_get_bucket_number (test->table, bytestag_node_get_key (node)), ==, 7);
  g_assert_true (bytestag_routing_table_get_bucket (test->table, node) ==
                 bytestag_routing_table_peek_bucket (test->table, 7));
  g_assert_cmpint (bytestag_bucket_get_last_update (bytestag_routing_table_peek_bucket (test->table, 7)), ==,
                   bytestag_clock_get_time (BYTESTAG_CLOCK (test->clock)));

  /* Again: touched, whichever object names it. */
  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);
}

/* Not entered: ourselves, and what no datagram can be sent to. */
static void
test_refused (Test         *test,
              gconstpointer data)
{
  g_autoptr (BytestagNode) self = NULL;
  g_autoptr (BytestagNode) named = NULL;
  g_autoptr (BytestagNode) unspecified = NULL;
  g_autoptr (BytestagNode) node = make_node (test, 3);
  BytestagEndpoint endpoint;

  self = bytestag_test_node_new (bytestag_routing_table_get_key (test->table), 1);
  g_assert_false (bytestag_routing_table_node_update (test->table, self, NULL));
  g_assert_null (bytestag_routing_table_get_bucket (test->table, self));
  g_assert_cmpuint (bytestag_routing_table_get_bucket_number (test->table, bytestag_node_get_key (self)), ==,
                    BYTESTAG_KEY_BITS);
  bytestag_routing_table_node_failed (test->table, self);

  named = bytestag_node_new_for_host (bytestag_node_get_key (node), "example.org", 5);
  g_assert_false (bytestag_routing_table_node_update (test->table, named, NULL));
  bytestag_endpoint_set_host (&endpoint, "0.0.0.0", -1, 5);
  unspecified = bytestag_node_new (bytestag_node_get_key (node), &endpoint);
  g_assert_false (bytestag_routing_table_node_update (test->table, unspecified, NULL));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 0);
}

/* A member takes over what another object of the same node has measured. */
static void
test_touch (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagNode) copy = NULL;
  BytestagBucket *bucket;
  BytestagNode *member;

  enter (test, 5, 3);
  bucket = bytestag_routing_table_peek_bucket (test->table, 5);
  member = bytestag_bucket_peek (bucket, 0);
  bytestag_routing_table_node_failed (test->table, member);
  g_assert_cmpuint (bytestag_node_get_failures (member), ==, 1);

  copy = bytestag_node_new (bytestag_node_get_key (member), bytestag_node_get_endpoint (member));
  bytestag_node_answered (copy, 1500, bytestag_clock_get_time (BYTESTAG_CLOCK (test->clock)));
  bytestag_node_set_extensions (copy, 3);
  g_assert_true (bytestag_routing_table_node_update (test->table, copy, NULL));

  g_assert_true (bytestag_bucket_peek_nth_oldest (bucket, 2) == member);
  g_assert_cmpuint (bytestag_node_get_failures (member), ==, 0);
  g_assert_cmpint (bytestag_node_get_rtt (member), ==, 1500);
  g_assert_cmpint (bytestag_node_get_extensions (member), ==, 3);
}

/* Members of a full bucket are touched, and never pinged for. */
static void
test_touch_full (Test         *test,
                 gconstpointer data)
{
  BytestagBucket *bucket;
  BytestagNode *member;

  enter (test, 5, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 5);
  member = bytestag_bucket_peek (bucket, 0);
  g_assert_true (bytestag_routing_table_node_update (test->table, member, NULL));
  g_assert_true (bytestag_bucket_peek_nth_oldest (bucket, BYTESTAG_MAX_BUCKET_SIZE - 1) == member);
  g_assert_cmpuint (test->n_full, ==, 0);
  g_assert_false (bytestag_bucket_is_locked (bucket));
}

static void
test_same_id (Test         *test,
              gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 4);
  g_autoptr (BytestagNode) moved = make_at_other_port (test, node);
  g_autoptr (BytestagNode) six = NULL;
  g_autoptr (GError) error = NULL;
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_false (bytestag_routing_table_node_update (test->table, moved, &error));
  g_assert_no_error (error);
  g_assert_false (contains (test, moved));

  /* One of each family. */
  bytestag_endpoint_set_host (&endpoint, "fd00::1", -1, 9);
  six = bytestag_node_new (bytestag_node_get_key (node), &endpoint);
  g_assert_true (bytestag_routing_table_node_update (test->table, six, NULL));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 2);

  /* The known one is dead: the new one takes its slot. */
  fail_twice (test, node);
  g_assert_true (contains (test, node));
  g_assert_true (bytestag_routing_table_node_update (test->table, moved, NULL));
  g_assert_true (contains (test, moved));
  g_assert_false (contains (test, node));
  g_assert_true (bytestag_bucket_peek (bytestag_routing_table_peek_bucket (test->table, 4), 0) == moved);
}

static void
test_full (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 8);
  g_autoptr (BytestagNode) other = make_node (test, 8);
  g_autoptr (GError) error = NULL;
  BytestagBucket *bucket;

  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);

  g_assert_false (bytestag_routing_table_node_update (test->table, node, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
  g_assert_cmpuint (test->n_full, ==, 1);
  g_assert_true (test->oldest == bytestag_bucket_peek (bucket, 0));

  /* Locked: the next one waits, without a further ping. */
  g_clear_error (&error);
  g_assert_false (bytestag_routing_table_node_update (test->table, other, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
  g_assert_cmpuint (test->n_full, ==, 1);
  bytestag_routing_table_check_invariants (test->table);

  bytestag_routing_table_keep_old_node (test->table, bucket);
  g_assert_false (bytestag_bucket_is_locked (bucket));
  g_assert_false (contains (test, node));

  /* The silent one makes room for the one that was announced. */
  g_assert_false (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_cmpuint (test->n_full, ==, 2);
  bytestag_routing_table_keep_new_node (test->table, bucket);
  g_assert_true (contains (test, node));
  g_assert_true (bytestag_bucket_peek (bucket, 0) == node);
  bytestag_routing_table_keep_new_node (test->table, bucket);
  bytestag_routing_table_check_invariants (test->table);

  /* The other one still waits, and replaces whoever dies. */
  fail_twice (test, bytestag_bucket_peek (bucket, 5));
  g_assert_true (bytestag_bucket_peek (bucket, 5) == other);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, BYTESTAG_MAX_BUCKET_SIZE);
}

static void
test_stale_stays (Test         *test,
                  gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 8);
  BytestagBucket *bucket;
  BytestagNode *dead;

  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);
  dead = bytestag_bucket_peek (bucket, 6);
  fail_twice (test, dead);
  g_assert_true (contains (test, dead));

  /* Until somebody comes, who then needs no ping. */
  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_true (bytestag_bucket_peek (bucket, 6) == node);
  g_assert_cmpuint (test->n_full, ==, 0);
}

static void
test_newest_replacement (Test         *test,
                         gconstpointer data)
{
  BytestagNode *waiting[BYTESTAG_LIMIT_REPLACEMENTS + 5];
  g_autoptr (BytestagTestModel) mirror = NULL;
  BytestagBucket *bucket;
  guint n_replaced = 0;

  enter (test, 2, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 2);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    {
      waiting[i] = make_node (test, 2);
      g_assert_false (bytestag_routing_table_node_update (test->table, waiting[i], NULL));
      bytestag_routing_table_check_invariants (test->table);
    }
  mirror = bytestag_test_model_new (G_LIST_MODEL (bucket));

  /* One that was seen again is the newest; one that failed is forgotten. */
  g_assert_false (bytestag_routing_table_node_update (test->table, waiting[10], NULL));
  bytestag_routing_table_node_failed (test->table, waiting[G_N_ELEMENTS (waiting) - 1]);

  fail_twice (test, bytestag_bucket_peek (bucket, 3));
  g_assert_true (bytestag_bucket_peek (bucket, 3) == waiting[10]);
  fail_twice (test, bytestag_bucket_peek (bucket, 4));
  g_assert_true (bytestag_bucket_peek (bucket, 4) == waiting[G_N_ELEMENTS (waiting) - 2]);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 2);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 4);

  /* The bound: 20 waited, 1 has failed. */
  for (guint i = 0; i < 2 * BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      guint slot = i % BYTESTAG_MAX_BUCKET_SIZE;
      BytestagNode *before = bytestag_bucket_peek (bucket, slot);

      fail_twice (test, before);
      n_replaced += bytestag_bucket_peek (bucket, slot) != before;
    }
  g_assert_cmpuint (n_replaced, ==, BYTESTAG_LIMIT_REPLACEMENTS - 3);
  bytestag_routing_table_check_invariants (test->table);

  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    g_object_unref (waiting[i]);
}

/* While the oldest is pinged, the announced id comes in at another endpoint. */
static void
test_keep_new_same_id (Test         *test,
                       gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 8);
  g_autoptr (BytestagNode) moved = make_at_other_port (test, node);
  BytestagBucket *bucket;

  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);
  g_assert_false (bytestag_routing_table_node_update (test->table, node, NULL));
  g_assert_false (bytestag_routing_table_node_update (test->table, moved, NULL));
  fail_twice (test, bytestag_bucket_peek (bucket, 9));
  g_assert_true (contains (test, moved));

  bytestag_routing_table_keep_new_node (test->table, bucket);
  g_assert_false (bytestag_bucket_is_locked (bucket));
  g_assert_false (contains (test, node));
  bytestag_routing_table_check_invariants (test->table);
}

static int
compare_distance (gconstpointer a,
                  gconstpointer b,
                  gpointer      user_data)
{
  return bytestag_key_compare_distance (user_data, bytestag_node_get_key (*(BytestagNode *const *) a),
                                        bytestag_node_get_key (*(BytestagNode *const *) b));
}

/* (transfer full) every contact, nearest first, stale ones last: by plain sorting. */
static GPtrArray *
sort_all (Test              *test,
          const BytestagKey *key)
{
  GPtrArray *live = g_ptr_array_new ();
  g_autoptr (GPtrArray) stale = g_ptr_array_new ();

  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (test->table, number);

      for (guint i = 0; bucket != NULL && i < bytestag_bucket_get_n_nodes (bucket); i++)
        {
          BytestagNode *node = bytestag_bucket_peek (bucket, i);

          g_ptr_array_add (bytestag_node_get_failures (node) >= 2 ? stale : live, node);
        }
    }

  g_ptr_array_sort_with_data (live, compare_distance, (gpointer) key);
  g_ptr_array_sort_with_data (stale, compare_distance, (gpointer) key);
  g_ptr_array_extend (live, stale, NULL, NULL);

  return live;
}

static void
assert_closest (Test              *test,
                const BytestagKey *key)
{
  g_autoptr (GPtrArray) sorted = sort_all (test, key);
  BytestagNode *nodes[300];

  for (guint count = 0; count < G_N_ELEMENTS (nodes); count = count * 2 + 1)
    {
      guint n_nodes = bytestag_routing_table_select_close (test->table, key, nodes, count);

      g_assert_cmpuint (n_nodes, ==, MIN (count, sorted->len));
      for (guint i = 0; i < n_nodes; i++)
        g_assert_true (nodes[i] == sorted->pdata[i]);
    }
}

static void
assert_count_close (Test              *test,
                    const BytestagKey *key)
{
  g_autoptr (GPtrArray) sorted = sort_all (test, key);
  const BytestagKey *own = bytestag_routing_table_get_key (test->table);
  guint n_closer = 0;

  for (guint i = 0; i < sorted->len; i++)
    n_closer += bytestag_key_compare_distance (key, bytestag_node_get_key (sorted->pdata[i]), own) < 0;

  g_assert_cmpuint (bytestag_routing_table_count_close (test->table, key), ==, n_closer);
}

static void
test_closest (Test         *test,
              gconstpointer data)
{
  const BytestagKey *own = bytestag_routing_table_get_key (test->table);
  BytestagRng *rng = BYTESTAG_RNG (test->rng);
  BytestagKey key;

  assert_closest (test, own);

  /* As a table is: far buckets full, near ones thin, and some in odd places, also
   * in each of the three words of the map of buckets. */
  for (guint number = 0; number < 12; number++)
    enter (test, number, number < 7 ? BYTESTAG_MAX_BUCKET_SIZE : 13 - number);
  enter (test, 63, 2);
  enter (test, 64, 3);
  enter (test, 127, 2);
  enter (test, 128, 2);
  enter (test, 140, BYTESTAG_MAX_BUCKET_SIZE);

  for (guint i = 0; i < 200; i++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (test->table, i % 12);

      if (i >= 100 && i < 140)
        fail_twice (test, bytestag_bucket_peek (bucket, bytestag_rng_range (rng, bytestag_bucket_get_n_nodes (bucket))));
      bytestag_key_random (&key, rng);
      assert_closest (test, &key);
      assert_count_close (test, &key);
    }

  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      bytestag_key_random_in_bucket (&key, own, number, rng);
      assert_closest (test, &key);
      assert_count_close (test, &key);
    }
  assert_closest (test, own);
  assert_count_close (test, own);
  assert_closest (test, bytestag_node_get_key (bytestag_bucket_peek (
    bytestag_routing_table_peek_bucket (test->table, 4), 3)));
}

static void
test_close_nodes (Test         *test,
                  gconstpointer data)
{
  const BytestagKey *own = bytestag_routing_table_get_key (test->table);
  g_autoptr (GPtrArray) none = bytestag_routing_table_get_close_nodes (test->table, own, 3);
  g_autoptr (GPtrArray) some = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) sorted = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  enter (test, 1, 3);
  enter (test, 90, 2);
  sorted = sort_all (test, own);
  some = bytestag_routing_table_get_close_nodes (test->table, own, 3);
  all = bytestag_routing_table_get_close_nodes (test->table, own, 100);
  g_assert_cmpuint (some->len, ==, 3);
  g_assert_cmpuint (all->len, ==, 5);
  for (guint i = 0; i < all->len; i++)
    g_assert_true (all->pdata[i] == sorted->pdata[i]);
}

/* The model is the 160 buckets; only what is looked at is made. */
static void
test_model (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagBucket) bucket = NULL;
  g_autoptr (BytestagTestModel) mirror = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (test->table)), ==, BYTESTAG_KEY_BITS);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (test->table)) == BYTESTAG_TYPE_BUCKET);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (test->table), BYTESTAG_KEY_BITS));
  bucket = g_list_model_get_item (G_LIST_MODEL (test->table), 33);
  g_assert_true (bucket == bytestag_routing_table_peek_bucket (test->table, 33));
  g_assert_cmpuint (bytestag_bucket_get_number (bucket), ==, 33);
  g_assert_null (bytestag_routing_table_peek_bucket (test->table, 34));

  mirror = bytestag_test_model_new (G_LIST_MODEL (test->table));
  enter (test, 33, 2);
  enter (test, 35, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 0);

  /* Whoever takes a member out, the table knows. */
  bytestag_bucket_remove (bucket, bytestag_bucket_peek (bucket, 0));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 2);
  bytestag_bucket_remove (bucket, bytestag_bucket_peek (bucket, 0));
  bytestag_routing_table_check_invariants (test->table);
}

/* Random events, and what must hold after each. */
static void
test_invariants (Test         *test,
                 gconstpointer data)
{
  BytestagRng *rng = BYTESTAG_RNG (test->rng);
  GPtrArray *nodes = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 120; i++)
    {
      g_ptr_array_add (nodes, make_node (test, i % 3));
      g_ptr_array_add (nodes, make_at_other_port (test, nodes->pdata[nodes->len - 1]));
    }

  for (guint i = 0; i < 5000; i++)
    {
      BytestagNode *node = nodes->pdata[bytestag_rng_range (rng, nodes->len)];
      BytestagBucket *bucket = bytestag_routing_table_get_bucket (test->table, node);

      bytestag_test_clock_advance (test->clock, 1000);
      switch (bytestag_rng_range (rng, 8))
        {
        case 0:
        case 1:
          bytestag_routing_table_node_failed (test->table, node);
          break;

        case 2:
          bytestag_routing_table_keep_old_node (test->table, bucket);
          break;

        case 3:
          bytestag_routing_table_keep_new_node (test->table, bucket);
          break;

        default:
          bytestag_routing_table_node_update (test->table, node, NULL);
        }
      bytestag_routing_table_check_invariants (test->table);
    }

  g_assert_cmpuint (test->n_full, >, 10);
  g_ptr_array_unref (nodes);
}

/* A view may hold a bucket for longer than there is a table. */
static void
test_finalize (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagBucket) bucket = NULL;
  BytestagRoutingTable *table;
  BytestagNode *node, *waiting = NULL;

  enter (test, 20, 1);
  table = bytestag_routing_table_new (bytestag_routing_table_get_key (test->table), BYTESTAG_CLOCK (test->clock));
  for (guint i = 0; i <= BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      g_clear_object (&waiting);
      waiting = make_node (test, 20);
      bytestag_routing_table_node_update (table, waiting, NULL);
    }
  bucket = g_list_model_get_item (G_LIST_MODEL (table), 20);
  node = g_object_ref (bytestag_bucket_peek (bucket, 0));

  g_assert_finalize_object (table);
  bytestag_bucket_remove (bucket, node);
  g_assert_finalize_object (node);
  g_assert_finalize_object (waiting);
}

static void
test_remove (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagNode) waiting = make_node (test, 8);
  g_autoptr (BytestagNode) stranger = make_node (test, 9);
  BytestagBucket *bucket;
  BytestagNode *dead;

  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);
  g_assert_false (bytestag_routing_table_node_update (test->table, waiting, NULL));
  bytestag_routing_table_keep_old_node (test->table, bucket);

  /* One that waits waits no longer. */
  bytestag_routing_table_remove (test->table, waiting);
  dead = bytestag_bucket_peek (bucket, 5);
  fail_twice (test, dead);
  g_assert_true (contains (test, dead));

  bytestag_routing_table_remove (test->table, dead);
  bytestag_routing_table_remove (test->table, stranger);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, BYTESTAG_MAX_BUCKET_SIZE - 1);
  g_assert_true (bytestag_routing_table_node_update (test->table, waiting, NULL));
}

static void
stale_cb (BytestagRoutingTable *table,
          BytestagNode         *node,
          GPtrArray            *stale)
{
  g_ptr_array_add (stale, g_object_ref (node));
}

/* Told once each time that it happens. */
static void
test_contact_stale (Test          *test,
                    gconstpointer  data)
{
  g_autoptr (GPtrArray) stale = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagNode) node = bytestag_test_node_new_in_bucket (bytestag_routing_table_get_key (test->table), 3,
                                                                    test->rng, 5000);

  g_signal_connect (test->table, "contact-stale", G_CALLBACK (stale_cb), stale);
  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  bytestag_routing_table_node_failed (test->table, node);
  g_assert_cmpuint (stale->len, ==, 0);
  bytestag_routing_table_node_failed (test->table, node);
  g_assert_cmpuint (stale->len, ==, 1);
  g_assert_true (stale->pdata[0] == node);
  bytestag_routing_table_node_failed (test->table, node);
  g_assert_cmpuint (stale->len, ==, 1);

  bytestag_node_answered (node, 1000, bytestag_clock_get_time (BYTESTAG_CLOCK (test->clock)));
  bytestag_routing_table_node_failed (test->table, node);
  bytestag_routing_table_node_failed (test->table, node);
  g_assert_cmpuint (stale->len, ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/routing-table/" path, Test, NULL, setup, func, teardown)
  ADD ("enter", test_enter);
  ADD ("refused", test_refused);
  ADD ("touch", test_touch);
  ADD ("touch/full", test_touch_full);
  ADD ("same-id", test_same_id);
  ADD ("full", test_full);
  ADD ("stale-stays", test_stale_stays);
  ADD ("contact-stale", test_contact_stale);
  ADD ("newest-replacement", test_newest_replacement);
  ADD ("keep-new/same-id", test_keep_new_same_id);
  ADD ("remove", test_remove);
  ADD ("closest", test_closest);
  ADD ("close-nodes", test_close_nodes);
  ADD ("model", test_model);
  ADD ("invariants", test_invariants);
  ADD ("finalize", test_finalize);

  return g_test_run ();
}
