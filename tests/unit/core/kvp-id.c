/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/kvp-id.h"

static BytestagKvpId
id_of (const char *key,
       const char *index)
{
  BytestagKvpId id;

  bytestag_key_digest (&id.key, key, 1);
  bytestag_key_digest (&id.index, index, 1);
  return id;
}

static void
test_equal_and_hash (void)
{
  BytestagKvpId a = id_of ("a", "b");
  BytestagKvpId same = id_of ("a", "b");
  BytestagKvpId other_key = id_of ("c", "b");
  BytestagKvpId other_index = id_of ("a", "c");
  g_autoptr (BytestagKvpId) copy = bytestag_kvp_id_copy (&a);

  g_assert_true (bytestag_kvp_id_equal (&a, &same));
  g_assert_true (bytestag_kvp_id_equal (&a, copy));
  g_assert_cmpuint (bytestag_kvp_id_hash (&a), ==, bytestag_kvp_id_hash (&same));
  g_assert_false (bytestag_kvp_id_equal (&a, &other_key));
  g_assert_false (bytestag_kvp_id_equal (&a, &other_index));
  g_assert_cmpuint (bytestag_kvp_id_hash (&a), !=, bytestag_kvp_id_hash (&other_key));
  g_assert_cmpuint (bytestag_kvp_id_hash (&a), !=, bytestag_kvp_id_hash (&other_index));
}

static void
test_compare (void)
{
  BytestagKvpId a = { { { 1 } }, { { 9 } } };
  BytestagKvpId b = { { { 2 } }, { { 0 } } };
  BytestagKvpId c = { { { 2 } }, { { 1 } } };

  g_assert_cmpint (bytestag_kvp_id_compare (&a, &b), <, 0);
  g_assert_cmpint (bytestag_kvp_id_compare (&b, &c), <, 0);
  g_assert_cmpint (bytestag_kvp_id_compare (&c, &a), >, 0);
  g_assert_cmpint (bytestag_kvp_id_compare (&c, &c), ==, 0);
}

static void
test_boxed (void)
{
  BytestagKvpId id = id_of ("a", "b");
  GValue value = G_VALUE_INIT;

  g_value_init (&value, BYTESTAG_TYPE_KVP_ID);
  g_value_set_boxed (&value, &id);
  g_assert_true (bytestag_kvp_id_equal (g_value_get_boxed (&value), &id));
  g_value_unset (&value);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/kvp-id/equal-and-hash", test_equal_and_hash);
  g_test_add_func ("/core/kvp-id/compare", test_compare);
  g_test_add_func ("/core/kvp-id/boxed", test_boxed);
  return g_test_run ();
}
