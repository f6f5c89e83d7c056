/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every list of lists_parse.json: read and written again it is the recorded list, or is
 * refused. Ours differs on purpose:
 *
 * - a list that is no array: refused; the original returns the exception (A.3 B14)
 * - "port": true: written as the port 1 that it means
 * - "size": -1: written as null, since no value has that size
 *
 * The reader of datagrams, which leaves out nodes without a numeric address, takes and
 * refuses the same lists. */
#include "vectors.h"
#include "wire/message.h"
#include "wire/node-list.h"

static char *
read_and_write (const BytestagJsonValue *vector, GError **error)
{
  g_autofree char *kind = vectors_member_text (vector, "kind");
  BytestagJsonValue input = vectors_member (vector, "input");

  if (g_str_equal (kind, "nodes"))
    {
      g_autoptr (BytestagNodeList) list = bytestag_node_list_from_json (input.text, input.length, error);

      return list != NULL ? bytestag_node_list_to_json (list) : NULL;
    }

  g_assert_cmpstr (kind, ==, "vals");
  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_from_json (input.text, input.length, error);
  return infos != NULL ? bytestag_exchange_info_list_to_json (infos) : NULL;
}

static void
apply_differences (JsonArray *list)
{
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *object = json_array_get_object_element (list, i);
      JsonNode *port = json_object_get_member (object, "port");
      JsonNode *size = json_object_get_member (object, "size");

      if (port != NULL && json_node_get_value_type (port) == G_TYPE_BOOLEAN)
        json_object_set_int_member (object, "port", 1);
      if (size != NULL && json_node_get_value_type (size) == G_TYPE_INT64 && json_node_get_int (size) == -1)
        json_object_set_null_member (object, "size");
    }
}

static void
check_message (const BytestagJsonValue *vector, gboolean is_taken)
{
  g_autofree char *kind = vectors_member_text (vector, "kind");
  BytestagJsonValue input = vectors_member (vector, "input");
  BytestagSlice list = { input.text, input.length };
  BytestagMessage message = { .nodes = list, .vals = list };
  BytestagWireNode nodes[BYTESTAG_LIMIT_NODES_OF_REPLY];
  BytestagExchangeInfo infos[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  int n = g_str_equal (kind, "nodes")
    ? bytestag_message_read_nodes (&message, nodes, G_N_ELEMENTS (nodes))
    : bytestag_message_read_vals (&message, infos, G_N_ELEMENTS (infos));

  g_assert_cmpint (n >= 0, ==, is_taken);
}

static void
test_lists_parse (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = read_and_write (vector, &error);
  BytestagJsonValue result = vectors_member (vector, "result");

  check_message (vector, result.type == BYTESTAG_JSON_ARRAY);
  if (result.type != BYTESTAG_JSON_ARRAY)
    {
      g_assert_nonnull (error);
      g_assert_null (text);
      return;
    }

  g_autofree char *expected_text = g_strndup (result.text, result.length);
  g_autoptr (JsonNode) expected = json_from_string (expected_text, NULL);
  g_autoptr (JsonNode) actual = NULL;

  g_assert_no_error (error);
  apply_differences (json_node_get_array (expected));
  actual = json_from_string (text, NULL);
  if (!json_node_equal (actual, expected))
    g_assert_cmpstr (text, ==, expected_text);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("lists_parse", test_lists_parse);
}
