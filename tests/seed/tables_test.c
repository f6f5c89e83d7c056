/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seed's bytestag.dht.tables_test. */
#include "config.h"

#include "core/error.h"
#include "dht/routing-table.h"
#include "support/test-clock.h"
#include "support/test-node.h"
#include "support/test-rng.h"

typedef struct {
  BytestagTestRng *rng;
  BytestagTestClock *clock;
  BytestagRoutingTable *table;
} Test;

static void
setup (Test         *test,
       gconstpointer data)
{
  BytestagKey key;

  test->rng = bytestag_test_rng_new (8);
  test->clock = bytestag_test_clock_new ();
  bytestag_key_random (&key, BYTESTAG_RNG (test->rng));
  test->table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (test->clock));
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  bytestag_routing_table_check_invariants (test->table);
  g_clear_object (&test->table);
  g_clear_object (&test->clock);
  g_clear_object (&test->rng);
}

static BytestagNode *
make_node (Test  *test,
           guint16 port)
{
  BytestagKey key;

  bytestag_key_random (&key, BYTESTAG_RNG (test->rng));

  return bytestag_test_node_new (&key, port);
}

/* "It should add a node" */
static void
test_add_node (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 1000);
  g_autoptr (GPtrArray) close_nodes = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_routing_table_node_update (test->table, node, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 1);
  g_assert_true (bytestag_bucket_peek (bytestag_routing_table_get_bucket (test->table, node), 0) == node);

  close_nodes = bytestag_routing_table_get_close_nodes (test->table, bytestag_node_get_key (node), 3);
  g_assert_cmpuint (close_nodes->len, ==, 1);
  g_assert_true (close_nodes->pdata[0] == node);
}

/* "It should not add a Node with a KeyBytes that is ours" */
static void
test_add_self (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagNode) node = bytestag_test_node_new (bytestag_routing_table_get_key (test->table), 1000);
  g_autoptr (GError) error = NULL;

  g_assert_false (bytestag_routing_table_node_update (test->table, node, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, 0);
}

/* "It should raise exception when the 8th bucket is full" */
static void
test_full_bucket (Test         *test,
                  gconstpointer data)
{
  const BytestagKey *key = bytestag_routing_table_get_key (test->table);
  g_autoptr (BytestagNode) last = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      g_autoptr (BytestagNode) node = bytestag_test_node_new_in_bucket (key, 8, BYTESTAG_RNG (test->rng), 1000 + i);

      g_assert_true (bytestag_routing_table_node_update (test->table, node, &error));
      g_assert_no_error (error);
    }

  last = bytestag_test_node_new_in_bucket (key, 8, BYTESTAG_RNG (test->rng), 2000);
  g_assert_false (bytestag_routing_table_node_update (test->table, last, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (test->table), ==, BYTESTAG_MAX_BUCKET_SIZE);
}

/* "It should be equal if the node's id and address are equal" */
static void
test_node_equality (Test         *test,
                    gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 1000);
  g_autoptr (BytestagNode) same = bytestag_test_node_new (bytestag_node_get_key (node), 1000);
  g_autoptr (BytestagNode) other_address = bytestag_test_node_new (bytestag_node_get_key (node), 1001);
  g_autoptr (BytestagNode) other_id = make_node (test, 1000);

  g_assert_true (bytestag_node_equal (node, same));
  g_assert_false (bytestag_node_equal (node, other_address));
  g_assert_false (bytestag_node_equal (node, other_id));
}

/* "It should return that the node is in the list with two instances of Node with
 * same id and address" */
static void
test_node_in_container (Test         *test,
                        gconstpointer data)
{
  g_autoptr (BytestagNode) node = make_node (test, 1000);
  g_autoptr (BytestagNode) same = bytestag_test_node_new (bytestag_node_get_key (node), 1000);
  g_autoptr (BytestagNode) other = bytestag_test_node_new (bytestag_node_get_key (node), 1001);
  g_autoptr (GPtrArray) nodes = NULL;

  g_assert_true (bytestag_routing_table_node_update (test->table, node, NULL));
  nodes = bytestag_bucket_dup_nodes (bytestag_routing_table_get_bucket (test->table, node));

  g_assert_true (g_ptr_array_find_with_equal_func (nodes, same, (GEqualFunc) bytestag_node_equal, NULL));
  g_assert_false (g_ptr_array_find_with_equal_func (nodes, other, (GEqualFunc) bytestag_node_equal, NULL));
  g_assert_true (bytestag_routing_table_find (test->table, bytestag_node_get_key (same),
                                              bytestag_node_get_endpoint (same)) == node);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name) g_test_add ("/tables_test/TestRoutingTable/" #name, Test, NULL, setup, name, teardown)
  ADD (test_add_node);
  ADD (test_add_self);
  ADD (test_full_bucket);
  ADD (test_node_equality);
  ADD (test_node_in_container);

  return g_test_run ();
}
