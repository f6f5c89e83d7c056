/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/kvp-record.h"

static void
test_copy (void)
{
  BytestagKvpRecord record = {
    .size = 1048575,
    .timestamp = -1,
    .has_timestamp = TRUE,
    .time_to_live = 3600.5,
    .last_update = 1600000000.25,
    .until = 1600000007,
    .replicated = 1600000001,
    .copies = 20,
    .handed_over = TRUE,
    .is_original = TRUE,
  };
  g_autoptr (BytestagKvpRecord) copy = NULL;
  GValue value = G_VALUE_INIT;

  bytestag_key_digest (&record.id.key, "a", 1);
  bytestag_key_digest (&record.id.index, "b", 1);

  g_value_init (&value, BYTESTAG_TYPE_KVP_RECORD);
  g_value_set_boxed (&value, &record);
  copy = bytestag_kvp_record_copy (g_value_get_boxed (&value));
  g_value_unset (&value);

  g_assert_true (copy != &record);
  g_assert_true (bytestag_kvp_id_equal (&copy->id, &record.id));
  g_assert_cmpuint (copy->size, ==, 1048575);
  g_assert_cmpint (copy->timestamp, ==, -1);
  g_assert_true (copy->has_timestamp);
  g_assert_cmpfloat (copy->time_to_live, ==, 3600.5);
  g_assert_cmpfloat (copy->last_update, ==, 1600000000.25);
  g_assert_true (copy->is_original);
  g_assert_cmpint (copy->until, ==, 1600000007);
  g_assert_cmpint (copy->replicated, ==, 1600000001);
  g_assert_cmpuint (copy->copies, ==, 20);
  g_assert_true (copy->handed_over);
}

/* A promise goes before a time to live; what the person shares stays. */
static void
test_expiry (void)
{
  BytestagKvpRecord record = { .last_update = 1000.5 };

  g_assert_cmpfloat (bytestag_kvp_record_get_expiry (&record), ==, 0);
  record.time_to_live = 10;
  g_assert_cmpfloat (bytestag_kvp_record_get_expiry (&record), ==, 1010.5);
  record.until = 1005;
  g_assert_cmpfloat (bytestag_kvp_record_get_expiry (&record), ==, 1005);
  record.is_original = TRUE;
  g_assert_cmpfloat (bytestag_kvp_record_get_expiry (&record), ==, 0);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/kvp-record/copy", test_copy);
  g_test_add_func ("/core/kvp-record/expiry", test_expiry);
  return g_test_run ();
}
