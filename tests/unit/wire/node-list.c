/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/node-list.h"

#include "core/error.h"
#include "core/limits.h"
#include "support/test-model.h"
#include "support/test-node.h"

#define K0 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define K1 "AAAAAAAAAAAAAAAAAAAAAAAAAP8="

static void
add_node (BytestagNodeList *list, guint8 first, guint16 port)
{
  const BytestagKey key = { { first } };
  g_autoptr (BytestagNode) node = bytestag_test_node_new (&key, port);

  bytestag_node_list_add (list, node);
}

static guint16
port_at (BytestagNodeList *list, guint position)
{
  g_autoptr (BytestagNode) node = g_list_model_get_item (G_LIST_MODEL (list), position);

  return node != NULL ? bytestag_node_get_port (node) : 0;
}

static void
test_model (void)
{
  g_autoptr (BytestagNodeList) list = bytestag_node_list_new ();
  g_autoptr (BytestagTestModel) mirror = bytestag_test_model_new (G_LIST_MODEL (list));

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (list)) == BYTESTAG_TYPE_NODE);
  add_node (list, 1, 1);
  add_node (list, 2, 2);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 2);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 2);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 2);
  g_assert_cmpuint (port_at (list, 1), ==, 2);
  g_assert_cmpuint (port_at (list, 2), ==, 0);
  bytestag_test_model_check (mirror);
}

static void
test_sort (void)
{
  g_autoptr (BytestagNodeList) list = bytestag_node_list_new ();
  g_autoptr (BytestagTestModel) mirror = NULL;
  const BytestagKey target = { { 4 } };

  add_node (list, 4, 1); /* at distance 0 */
  add_node (list, 1, 2); /* 5 */
  add_node (list, 6, 3); /* 2 */
  add_node (list, 6, 4); /* 2 */
  add_node (list, 255, 5);
  mirror = bytestag_test_model_new (G_LIST_MODEL (list));

  bytestag_node_list_sort_distance (list, &target);
  bytestag_test_model_check (mirror);
  g_assert_cmpuint (port_at (list, 0), ==, 1);
  g_assert_cmpuint (port_at (list, 1), ==, 3);
  g_assert_cmpuint (port_at (list, 2), ==, 4);
  g_assert_cmpuint (port_at (list, 3), ==, 2);
  g_assert_cmpuint (port_at (list, 4), ==, 5);
  /* The ends did not move: three rows out, three in. */
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (mirror), ==, 6);

  bytestag_node_list_sort_distance (list, &target);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (mirror), ==, 0);
}

static void
test_json (void)
{
  const char text[] = "[{\"host\":\"10.0.0.1\",\"id\":\"" K0 "\",\"port\":80},"
                      "{\"host\":\"\\u00e9.example\",\"id\":\"" K1 "\",\"port\":65535}]";
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagNodeList) list = bytestag_node_list_from_json (text, -1, &error);
  g_autofree char *again = NULL;

  g_assert_no_error (error);
  again = bytestag_node_list_to_json (list);
  g_assert_cmpstr (again, ==, text);
}

static void
test_bad_json (void)
{
#define NODE "{\"host\":\"h\",\"id\":\"" K0 "\",\"port\":1}"
  static const char * const texts[] = {
    "", "{}", "null", "[1]", "[" NODE ",null]", "[{\"host\":\"h\",\"id\":\"" K0 "\",\"port\":65536}]",
    "[{\"host\":\"h\",\"id\":\"" K0 "\",\"port\":36893488147419103233}]", "[{\"id\":\"" K0 "\",\"port\":1}]",
    "[{\"host\":\"h\",\"id\":true,\"port\":1}]", "[" NODE "]x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (bytestag_node_list_from_json (texts[i], -1, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

static void
test_limits (void)
{
  GString *many = g_string_new ("[" NODE);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < BYTESTAG_LIMIT_JSON_TOKENS; i++)
    g_string_append (many, "," NODE);
  g_string_append_c (many, ']');
  g_assert_null (bytestag_node_list_from_json (many->str, many->len, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE);
  g_string_free (many, TRUE);
}

static void
test_exchange_infos (void)
{
  const char text[] = "[{\"index\":\"" K1 "\",\"key\":\"" K0 "\",\"size\":3,\"time\":4.25},"
                      "{\"index\":\"" K1 "\",\"key\":\"" K0 "\",\"size\":null,\"time\":null}]";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_from_json (text, -1, &error);
  g_autofree char *again = NULL;
  g_autofree char *integer = NULL;
  BytestagExchangeInfo *first;

  g_assert_no_error (error);
  again = bytestag_exchange_info_list_to_json (infos);
  g_assert_cmpstr (again, ==, text);

  first = g_ptr_array_index (infos, 0);
  first->time_kind = BYTESTAG_TIME_INTEGER;
  g_ptr_array_set_size (infos, 1);
  integer = bytestag_exchange_info_list_to_json (infos);
  g_assert_cmpstr (integer, ==, "[{\"index\":\"" K1 "\",\"key\":\"" K0 "\",\"size\":3,\"time\":4}]");
}

static void
test_bad_exchange_infos (void)
{
#define IDS "\"index\":\"" K1 "\",\"key\":\"" K0 "\""
  static const char * const texts[] = {
    "{}", "[[]]", "[{\"key\":\"" K0 "\"}]", "[{" IDS ",\"size\":1.0}]", "[{" IDS ",\"time\":\"1\"}]",
    "[{" IDS ",\"time\":NaN}]", "[{" IDS ",\"time\":1e999}]", "[{" IDS "},{}]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (bytestag_exchange_info_list_from_json (texts[i], -1, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID);
    }
}

static void
test_finalize (void)
{
  BytestagNodeList *list = bytestag_node_list_new ();
  BytestagNode *node;

  add_node (list, 1, 1);
  node = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_assert_finalize_object (list);
  g_assert_finalize_object (node);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/node-list/model", test_model);
  g_test_add_func ("/node-list/sort", test_sort);
  g_test_add_func ("/node-list/json", test_json);
  g_test_add_func ("/node-list/bad-json", test_bad_json);
  g_test_add_func ("/node-list/limits", test_limits);
  g_test_add_func ("/node-list/exchange-infos", test_exchange_infos);
  g_test_add_func ("/node-list/bad-exchange-infos", test_bad_exchange_infos);
  g_test_add_func ("/node-list/finalize", test_finalize);
  return g_test_run ();
}
