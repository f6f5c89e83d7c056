/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/exchange-info.h"

#include "core/kvp-record.h"

/* A.1.4, "vals": how the time of each kind of value is told. */
static void
test_from_record (void)
{
  BytestagKvpRecord record = { .size = 262144, .timestamp = 1600000000, .last_update = 1600000100.5 };
  BytestagExchangeInfo info;

  bytestag_key_digest (&record.id.key, "a", 1);
  bytestag_key_digest (&record.id.index, "b", 1);

  /* Kept for others: its publisher's time. */
  record.has_timestamp = TRUE;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_true (bytestag_kvp_id_equal (&info.id, &record.id));
  g_assert_cmpint (info.size, ==, 262144);
  g_assert_cmpint (info.time_kind, ==, BYTESTAG_TIME_INTEGER);
  g_assert_cmpfloat (info.timestamp, ==, 1600000000);
  g_assert_cmpint (info.until, ==, 0);

  /* The end of its life is a promise, however it was granted (B.3 "Life"). */
  record.time_to_live = 10;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_cmpint (info.until, ==, 1600000110);
  record.until = 1600000200;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_cmpint (info.until, ==, 1600000200);

  /* The same with a time above 2⁶³ is kept without. */
  record.has_timestamp = FALSE;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_cmpint (info.time_kind, ==, BYTESTAG_TIME_NULL);
  g_assert_cmpfloat (info.timestamp, ==, 0);

  /* A part of a shared file: when it was last published. */
  record.is_original = TRUE;
  record.has_timestamp = TRUE;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_cmpint (info.time_kind, ==, BYTESTAG_TIME_FLOAT);
  g_assert_cmpfloat (info.timestamp, ==, 1600000100.5);
  g_assert_cmpint (info.until, ==, 0);

  /* The FileInfo of a shared file. */
  record.has_timestamp = FALSE;
  bytestag_exchange_info_from_record (&info, &record);
  g_assert_cmpint (info.time_kind, ==, BYTESTAG_TIME_NULL);
}

static void
test_list (void)
{
  g_autoptr (GPtrArray) list = bytestag_exchange_info_list_new ();
  BytestagExchangeInfo info = { .size = -1, .timestamp = 2.5, .time_kind = BYTESTAG_TIME_FLOAT };
  GValue value = G_VALUE_INIT;

  g_assert_cmpuint (list->len, ==, 0);
  g_ptr_array_add (list, bytestag_exchange_info_copy (&info));
  g_value_init (&value, BYTESTAG_TYPE_EXCHANGE_INFO);
  g_value_set_boxed (&value, &info);
  g_ptr_array_add (list, g_value_dup_boxed (&value));
  g_value_unset (&value);

  for (guint i = 0; i < list->len; i++)
    {
      const BytestagExchangeInfo *copy = list->pdata[i];

      g_assert_cmpint (copy->size, ==, -1);
      g_assert_cmpfloat (copy->timestamp, ==, 2.5);
      g_assert_cmpint (copy->time_kind, ==, BYTESTAG_TIME_FLOAT);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/exchange-info/from-record", test_from_record);
  g_test_add_func ("/core/exchange-info/list", test_list);
  return g_test_run ();
}
