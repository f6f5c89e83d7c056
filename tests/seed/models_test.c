/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seed's bytestag.dht.models_test. */
#include "config.h"

#include <string.h>

#include "wire/collection-info.h"
#include "wire/node-list.h"

#define K0 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define K1 "AAAAAAAAAAAAAAAAAAAAAAAAAP8="

static const BytestagKey keys[2] = { { { 0 } }, { { [19] = 0xff } } };

static BytestagFileInfo *
read_file (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  BytestagFileInfo *info = bytestag_file_info_from_bytes (bytes, &error);
  guint n_parts;

  g_assert_no_error (error);
  g_assert_true (bytestag_key_equal (bytestag_file_info_get_hash (info), &keys[0]));
  g_assert_cmpmem (bytestag_file_info_get_parts (info, &n_parts), sizeof keys, keys, sizeof keys);
  g_assert_cmpuint (n_parts, ==, 2);
  return info;
}

/* "It should read in a json with basic info" */
static void
test_file_info_read_json (void)
{
  g_autoptr (BytestagFileInfo) info =
    read_file ("{\"!\":\"BytestagFileInfo\",\"hash\":\"" K0 "\",\"parts\":[\"" K0 "\",\"" K1 "\"]}");

  g_assert_cmpuint (bytestag_file_info_get_size (info), ==, 0);
  g_assert_null (bytestag_file_info_get_filename (info));
}

/* "It should read in a json with extended info" */
static void
test_file_info_read_json_extended (void)
{
  g_autoptr (BytestagFileInfo) info =
    read_file ("{\"!\":\"BytestagFileInfo\",\"filename\":[\"my_file.txt\"],\"hash\":\"" K0 "\","
               "\"parts\":[\"" K0 "\",\"" K1 "\"],\"size\":123}");

  g_assert_cmpuint (bytestag_file_info_get_size (info), ==, 123);
  g_assert_cmpstr (bytestag_file_info_get_filename (info)[0], ==, "my_file.txt");
  g_assert_null (bytestag_file_info_get_filename (info)[1]);
}

/* "It should read in json with basic info" */
static void
test_collection_info_read_json (void)
{
  const char text[] = "{\"!\":\"BytestagCollectionInfo\",\"comment\":\"hello\",\"files\":[{\"!\":\"BytestagFileInfo\","
                      "\"hash\":\"" K0 "\",\"parts\":[\"" K1 "\"]}],\"timestamp\":123456789}";
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagCollectionInfo) info = bytestag_collection_info_from_bytes (bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (bytestag_collection_info_get_comment (info), ==, "hello");
  g_assert_cmpint (bytestag_collection_info_get_timestamp (info), ==, 123456789);
  g_assert_cmpuint (bytestag_collection_info_get_files (info)->len, ==, 1);
}

static void
assert_same_info (const BytestagExchangeInfo *a, const BytestagExchangeInfo *b)
{
  g_assert_true (bytestag_kvp_id_equal (&a->id, &b->id));
  g_assert_cmpint (a->size, ==, b->size);
  g_assert_cmpfloat (a->timestamp, ==, b->timestamp);
}

/* Writes and reads @n values. */
static void
assert_exchange_infos (const BytestagExchangeInfo *values, guint n)
{
  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_new ();
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (infos, bytestag_exchange_info_copy (&values[i]));
  json = bytestag_exchange_info_list_to_json (infos);
  again = bytestag_exchange_info_list_from_json (json, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, n);
  for (guint i = 0; i < n; i++)
    assert_same_info (g_ptr_array_index (again, i), &values[i]);
}

static const BytestagExchangeInfo exchange_infos[] = {
  { .id = { { { 1 } }, { { 2 } } }, .size = 123, .timestamp = 456, .time_kind = BYTESTAG_TIME_INTEGER },
  { .id = { { { 3 } }, { { 4 } } }, .size = 0, .timestamp = 7.5, .time_kind = BYTESTAG_TIME_FLOAT },
  { .id = { { { 5 } }, { { 6 } } }, .size = -1, .time_kind = BYTESTAG_TIME_NULL },
};

/* "It should convert to json and back" */
static void
test_exchange_info_json_support (void)
{
  assert_exchange_infos (exchange_infos, 1);
}

/* "It should convert to json and back" */
static void
test_exchange_info_list_json_support (void)
{
  assert_exchange_infos (exchange_infos, G_N_ELEMENTS (exchange_infos));
}

/* "It should convert to json and back" */
static void
test_node_list_json_support (void)
{
  g_autoptr (BytestagNodeList) list = bytestag_node_list_new ();
  g_autoptr (BytestagNodeList) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (BytestagNode) node = bytestag_node_new_for_host (&keys[i], "127.0.0.1", 1000 + i);

      bytestag_node_list_add (list, node);
    }

  json = bytestag_node_list_to_json (list);
  again = bytestag_node_list_from_json (json, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (again)), ==, G_N_ELEMENTS (keys));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (BytestagNode) node = g_list_model_get_item (G_LIST_MODEL (list), i);
      g_autoptr (BytestagNode) node_again = g_list_model_get_item (G_LIST_MODEL (again), i);

      g_assert_true (bytestag_node_equal (node, node_again));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models_test/TestCollectionInfo/test_read_json", test_collection_info_read_json);
  g_test_add_func ("/models_test/TestFileInfo/test_read_json", test_file_info_read_json);
  g_test_add_func ("/models_test/TestFileInfo/test_read_json_extended", test_file_info_read_json_extended);
  g_test_add_func ("/models_test/TestKVPExchangeInfo/test_json_support", test_exchange_info_json_support);
  g_test_add_func ("/models_test/TestKVPExchangeInfoList/test_josn_support", test_exchange_info_list_json_support);
  g_test_add_func ("/models_test/TestNodeList/test_josn_support", test_node_list_json_support);
  return g_test_run ();
}
