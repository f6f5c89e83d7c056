/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/peer-list.h"

#include "support/test-clock.h"
#include "support/test-model.h"
#include "support/test-node.h"
#include "support/test-rng.h"

typedef struct {
  BytestagTestRng *rng;
  BytestagRoutingTable *table;
  guint16 port;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  BytestagKey key;

  self->rng = bytestag_test_rng_new (3);
  bytestag_key_random (&key, BYTESTAG_RNG (self->rng));
  self->table = bytestag_routing_table_new (&key, BYTESTAG_CLOCK (clock));
  self->port = 1000;
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_assert_finalize_object (self->table);
  g_assert_finalize_object (self->rng);
}

static BytestagNode *
add (Fixture *self,
     guint    bucket)
{
  BytestagNode *node = bytestag_test_node_new_in_bucket (bytestag_routing_table_get_key (self->table), bucket,
                                                         BYTESTAG_RNG (self->rng), self->port++);

  g_assert_true (bytestag_routing_table_node_update (self->table, node, NULL));
  return node;
}

static void
test_changes (Fixture       *self,
              gconstpointer  data)
{
  g_autoptr (BytestagNode) before = add (self, 4);
  BytestagPeerList *list = bytestag_peer_list_new (self->table);
  g_autoptr (BytestagTestModel) mirror = bytestag_test_model_new (G_LIST_MODEL (list));
  g_autoptr (BytestagNode) near_one = add (self, 6);
  g_autoptr (BytestagNode) far_one = add (self, 0);
  g_autoptr (BytestagNode) second = add (self, 4);
  BytestagBucket *bucket = bytestag_routing_table_get_nth_bucket (self->table, 4);
  BytestagNode *expected[] = { far_one, before, second, near_one };

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (list)) == BYTESTAG_TYPE_NODE);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 4);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (BytestagNode) node = g_list_model_get_item (G_LIST_MODEL (list), i);

      g_assert_true (bytestag_node_equal (node, expected[i]));
    }
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 4));
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 3);

  g_assert_true (bytestag_bucket_remove (bucket, bytestag_bucket_peek (bucket, 0)));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 3);
  bytestag_test_model_check (mirror);

  for (guint i = 0; i < 300; i++)
    g_object_unref (add (self, 10 + i / 15));
  bytestag_test_model_check (mirror);
  g_clear_pointer (&mirror, bytestag_test_model_free);
  g_assert_finalize_object (list);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/client/peer-list/changes", Fixture, NULL, set_up, test_changes, tear_down);
  return g_test_run ();
}
