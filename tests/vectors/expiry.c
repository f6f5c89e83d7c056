/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The original's expiry (A.4). Ours has one key for both, so where the original's
 * table had another key than its node, only the parts of the sum are compared. */
#include "config.h"

#include <math.h>

#include "dht/network.h"
#include "dht/routing-table.h"
#include "support/test-clock.h"
#include "support/test-node.h"
#include "vectors.h"

static void
read_key (JsonObject  *json,
          const char  *member,
          BytestagKey *key)
{
  g_assert_true (bytestag_key_parse (key, json_text (json, member), -1, NULL));
}

/* (transfer full) a table of this key with the case's contacts. */
static BytestagRoutingTable *
make_table (JsonObject        *json,
            const BytestagKey *key)
{
  JsonArray *contacts = json_object_get_array_member (json, "contacts");
  g_autoptr (BytestagTestClock) clock = bytestag_test_clock_new ();
  BytestagRoutingTable *table = bytestag_routing_table_new (key, BYTESTAG_CLOCK (clock));

  for (guint i = 0; i < json_array_get_length (contacts); i++)
    {
      g_autoptr (BytestagNode) node = NULL;
      BytestagKey id;

      g_assert_true (bytestag_key_parse (&id, json_array_get_string_element (contacts, i), -1, NULL));
      node = bytestag_test_node_new (&id, 1000 + i);
      bytestag_routing_table_node_update (table, node, NULL);
    }

  return table;
}

static guint
count_before (BytestagRoutingTable *table,
              guint                 end)
{
  guint n_nodes = 0;

  for (guint number = 0; number < end; number++)
    n_nodes += bytestag_bucket_get_n_nodes (bytestag_routing_table_get_nth_bucket (table, number));

  return n_nodes;
}

/* Contacts of the key's bucket that are nearer to it than the table's own key. */
static guint
count_closer (BytestagRoutingTable *table,
              const BytestagKey    *key)
{
  const BytestagKey *own = bytestag_routing_table_get_key (table);
  guint number = bytestag_routing_table_get_bucket_number (table, key);
  BytestagBucket *bucket;
  guint n_nodes = 0;

  if (number == BYTESTAG_KEY_BITS)
    return 0;

  bucket = bytestag_routing_table_get_nth_bucket (table, number);
  for (guint i = 0; i < bytestag_bucket_get_n_nodes (bucket); i++)
    n_nodes += bytestag_key_compare_distance (key, bytestag_node_get_key (bytestag_bucket_peek (bucket, i)), own) < 0;

  return n_nodes;
}

static void
run_case (gconstpointer data)
{
  JsonObject *json = (JsonObject *) data;
  gdouble ttl = json_object_get_double_member (json, "ttl");
  g_autoptr (BytestagRoutingTable) table = NULL;
  BytestagKey node_id, table_key, key;
  guint number, n_before, n_closer;

  read_key (json, "node_id", &node_id);
  read_key (json, "rt_key", &table_key);
  read_key (json, "key", &key);
  table = make_table (json, &table_key);

  number = bytestag_key_bucket_number (&node_id, &key);
  n_before = count_before (table, number);
  n_closer = count_closer (table, &key);
  g_assert_cmpuint (number, ==, json_object_get_int_member (json, "bucket_number"));
  g_assert_cmpuint (n_before, ==, json_object_get_int_member (json, "contacts_in_lower_buckets"));
  g_assert_cmpuint (n_closer, ==, json_object_get_int_member (json, "closer_in_bucket"));
  g_assert_cmpuint (n_before + n_closer, ==, json_object_get_int_member (json, "c"));
  g_assert_cmpfloat_with_epsilon (BYTESTAG_TIME_EXPIRE / exp ((n_before + n_closer) / 20.0), ttl, 1e-6);

  if (bytestag_key_equal (&node_id, &table_key))
    g_assert_cmpfloat_with_epsilon (bytestag_original_time_to_live (table, &key), ttl, 1e-6);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  return vectors_run_cases ("expiry", run_case);
}
