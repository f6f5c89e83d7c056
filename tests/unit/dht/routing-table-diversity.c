/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many contacts a network may have; the rest is in routing-table.c. */
#include "config.h"

#include "dht/routing-table.h"

#include "core/error.h"
#include "core/limits.h"
#include "support/test-clock.h"
#include "support/test-node.h"
#include "support/test-rng.h"

typedef struct {
  BytestagTestRng *rng;
  BytestagTestClock *clock;
  BytestagRoutingTable *table;
  guint16 next_port;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  BytestagKey key;

  test->rng = bytestag_test_rng_new (3);
  test->clock = bytestag_test_clock_new ();
  bytestag_key_random (&key, BYTESTAG_RNG (test->rng));
  test->table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (test->clock));
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

/* A node of bucket @number at the @n-th host of @network. */
static BytestagNode *
make_at (Test       *test,
         guint       number,
         const char *network,
         guint       n)
{
  g_autofree char *host = g_strdup_printf ("%s%u", network, n);
  BytestagEndpoint endpoint;
  BytestagKey key;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, test->next_port++));
  bytestag_key_random_in_bucket (&key, bytestag_routing_table_get_key (test->table), number,
                                 BYTESTAG_RNG (test->rng));
  return bytestag_node_new (&key, &endpoint);
}

static void
assert_enters (Test       *test,
               guint       number,
               const char *network,
               guint       n,
               gboolean    enters)
{
  g_autoptr (BytestagNode) node = make_at (test, number, network, n);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (bytestag_routing_table_has_place (test->table, bytestag_node_get_key (node),
                                                     bytestag_node_get_endpoint (node)), ==, enters);
  g_assert_cmpint (bytestag_routing_table_node_update (test->table, node, &error), ==, enters);
  if (enters)
    g_assert_no_error (error);
  else
    g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_REFUSED);
  g_assert_cmpint (contains (test, node), ==, enters);
  bytestag_routing_table_check_invariants (test->table);
}

/* Of a /24 or a /64 there are 2 in a bucket and 10 in the table (B.5). */
static void
test_diversity (Test         *test,
                gconstpointer data)
{
  static const char *const networks[][3] = {
    { "9.1.2.", "9.1.3.", "9.1.4." },
    { "2a00:0:0:1::", "2a00:0:0:2::", "2a00:0:0:3::" },
  };
  BytestagNode *leaving;

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      guint number = 10 * i;

      for (; number < 10 * i + BYTESTAG_LIMIT_NETWORK_IN_TABLE / BYTESTAG_LIMIT_NETWORK_IN_BUCKET; number++)
        {
          for (guint n = 0; n < BYTESTAG_LIMIT_NETWORK_IN_BUCKET; n++)
            assert_enters (test, number, networks[i][0], number * 10 + n, TRUE);
          assert_enters (test, number, networks[i][0], 99, FALSE);
          assert_enters (test, number, networks[i][1], number, TRUE);
        }
      assert_enters (test, number, networks[i][0], 98, FALSE);
      assert_enters (test, number, networks[i][2], 1, TRUE);

      /* Who goes leaves its place, in its bucket and in the table. */
      leaving = bytestag_bucket_peek (bytestag_routing_table_peek_bucket (test->table, 10 * i), 0);
      bytestag_routing_table_remove (test->table, leaving);
      assert_enters (test, number, networks[i][0], 97, TRUE);
      assert_enters (test, 10 * i, networks[i][0], 96, FALSE);
    }
}

static void
test_diversity_private (Test         *test,
                        gconstpointer data)
{
  static const char *const networks[] = { "192.168.1.", "fd00::" };

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    for (guint n = 0; n < 2 * BYTESTAG_LIMIT_NETWORK_IN_TABLE; n++)
      assert_enters (test, 4 + i, networks[i], n + 1, TRUE);

  bytestag_routing_table_set_limits_private (test->table, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      g_autoptr (BytestagNode) node = make_at (test, 6, networks[i], 99);

      g_assert_false (bytestag_routing_table_node_update (test->table, node, NULL));
    }
  bytestag_routing_table_set_limits_private (test->table, FALSE);
}

/* A stale member makes room for its own id at another endpoint of its network. */
static void
test_diversity_moved (Test         *test,
                      gconstpointer data)
{
  g_autoptr (BytestagNode) moved = NULL;
  BytestagEndpoint endpoint;
  BytestagNode *member;

  assert_enters (test, 3, "9.1.2.", 1, TRUE);
  assert_enters (test, 3, "9.1.2.", 2, TRUE);
  member = bytestag_bucket_peek (bytestag_routing_table_peek_bucket (test->table, 3), 0);
  endpoint = *bytestag_node_get_endpoint (member);
  endpoint.port++;
  moved = bytestag_node_new (bytestag_node_get_key (member), &endpoint);

  g_assert_false (bytestag_routing_table_has_place (test->table, bytestag_node_get_key (moved), &endpoint));
  fail_twice (test, member);
  g_assert_true (bytestag_routing_table_has_place (test->table, bytestag_node_get_key (moved), &endpoint));
  g_assert_true (bytestag_routing_table_node_update (test->table, moved, NULL));
  g_assert_true (contains (test, moved));
}

/* Those who wait: one network neither pushes out the others, nor comes in beyond its share. */
static void
test_diversity_waiting (Test         *test,
                        gconstpointer data)
{
  g_autoptr (BytestagNode) honest = make_at (test, 8, "9.7.7.", 1);
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  BytestagBucket *bucket;

  assert_enters (test, 8, "9.1.2.", 1, TRUE);
  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE - 1);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);
  g_assert_false (bytestag_routing_table_has_place (test->table, bytestag_node_get_key (honest),
                                                    bytestag_node_get_endpoint (honest)));
  g_assert_false (bytestag_routing_table_node_update (test->table, honest, NULL));
  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_REPLACEMENTS; i++)
    {
      g_ptr_array_add (crowd, make_at (test, 8, "9.1.2.", 2 + i));
      g_assert_false (bytestag_routing_table_node_update (test->table, crowd->pdata[i], NULL));
      bytestag_routing_table_check_invariants (test->table);
    }

  fail_twice (test, bytestag_bucket_peek (bucket, 5));
  g_assert_true (bytestag_bucket_peek (bucket, 5) == crowd->pdata[crowd->len - 1]);
  fail_twice (test, bytestag_bucket_peek (bucket, 6));
  g_assert_true (bytestag_bucket_peek (bucket, 6) == honest);
}

/* The one that the oldest was pinged for finds that others of its network have come in. */
static void
test_diversity_keep_new (Test         *test,
                         gconstpointer data)
{
  g_autoptr (BytestagNode) waiting = make_at (test, 8, "9.1.2.", 1);
  BytestagBucket *bucket;
  BytestagNode *oldest;

  enter (test, 8, BYTESTAG_MAX_BUCKET_SIZE);
  bucket = bytestag_routing_table_peek_bucket (test->table, 8);
  oldest = bytestag_bucket_peek (bucket, 0);
  g_assert_false (bytestag_routing_table_node_update (test->table, waiting, NULL));
  for (guint i = 0; i < BYTESTAG_LIMIT_NETWORK_IN_BUCKET; i++)
    {
      g_autoptr (BytestagNode) node = make_at (test, 8, "9.1.2.", 2 + i);

      g_assert_false (bytestag_routing_table_node_update (test->table, node, NULL));
      fail_twice (test, bytestag_bucket_peek (bucket, 5 + i));
      g_assert_true (contains (test, node));
    }

  g_assert_true (bytestag_bucket_get_asked (bucket) == oldest);
  bytestag_routing_table_keep_new_node (test->table, bucket);
  g_assert_false (bytestag_bucket_is_locked (bucket));
  g_assert_false (contains (test, waiting));
  g_assert_true (contains (test, oldest));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/routing-table/" path, Test, NULL, setup, func, teardown)
  ADD ("diversity", test_diversity);
  ADD ("diversity/private", test_diversity_private);
  ADD ("diversity/moved", test_diversity_moved);
  ADD ("diversity/waiting", test_diversity_waiting);
  ADD ("diversity/keep-new", test_diversity_keep_new);

  return g_test_run ();
}
