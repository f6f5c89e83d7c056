/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"
#include "wire/node-list.h"

/* Lists of nodes and of values as models. What can be read is written, and that is read as the same text. */

static void
check_nodes (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagNodeList) list = bytestag_node_list_from_json (text, length, &error);
  g_autoptr (BytestagNodeList) again = NULL;
  g_autofree char *written = NULL;
  g_autofree char *written_again = NULL;
  const BytestagKey target = { { 0x55 } };

  g_assert_true ((list == NULL) == (error != NULL));
  if (list == NULL)
    return;

  written = bytestag_node_list_to_json (list);
  again = bytestag_node_list_from_json (written, -1, &error);
  g_assert_no_error (error);
  written_again = bytestag_node_list_to_json (again);
  g_assert_cmpstr (written, ==, written_again);
  bytestag_node_list_sort_distance (list, &target);
}

static void
check_values (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_from_json (text, length, &error);
  g_autoptr (GPtrArray) again = NULL;
  g_autofree char *written = NULL;
  g_autofree char *written_again = NULL;

  g_assert_true ((infos == NULL) == (error != NULL));
  if (infos == NULL)
    return;

  written = bytestag_exchange_info_list_to_json (infos);
  again = bytestag_exchange_info_list_from_json (written, -1, &error);
  g_assert_no_error (error);
  written_again = bytestag_exchange_info_list_to_json (again);
  g_assert_cmpstr (written, ==, written_again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  check_nodes ((const char *) data, size);
  check_values ((const char *) data, size);
  return 0;
}
