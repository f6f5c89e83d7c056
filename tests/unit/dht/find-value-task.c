/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

#define NODES ", \"nodes\": [{\"host\": \"127.0.0.1\", \"port\": 10, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]"
#define VAL(size) "{\"key\": \"E/vXnD05Dl1lhaIeEf9ewZcM/ww=\", \"index\": \"BC3EUS+j05HFFwzzqmHmpjj4Q0I=\", \"size\": " size ", \"time\": 6}"

static void
reply_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, user_data);
}

static BytestagFindValueTask *
ask (Fixture    *test,
     const char *members)
{
  bytestag_foreign_set_func (test->peer, reply_cb, (gpointer) members);
  return bytestag_network_find_value_from_node (test->network, test->contact,
                                                bytestag_network_get_key (test->network), NULL);
}

static void
test_values (Fixture      *test,
             gconstpointer data)
{
  /* "vals" wins. */
  g_autoptr (BytestagFindValueTask) task = ask (test, ", \"vals\": [" VAL ("5") "]" NODES);
  const BytestagFindValueResult *result;
  const BytestagExchangeInfo *info;

  fixture_assert_done (test, task, SECOND);
  result = bytestag_find_value_task_get_result (task);
  g_assert_null (result->nodes);
  g_assert_cmpuint (result->values->len, ==, 1);
  info = result->values->pdata[0];
  g_assert_cmpint (info->size, ==, 5);
  g_assert_cmpfloat (info->timestamp, ==, 6);
}

static void
test_no_values (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagFindValueTask) task = ask (test, ", \"vals\": []");

  fixture_assert_done (test, task, SECOND);
  g_assert_cmpuint (bytestag_find_value_task_get_result (task)->values->len, ==, 0);
}

static void
test_nodes (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagFindValueTask) task = ask (test, NODES);

  fixture_assert_done (test, task, SECOND);
  g_assert_null (bytestag_find_value_task_get_result (task)->values);
  g_assert_cmpuint (bytestag_find_value_task_get_result (task)->nodes->len, ==, 1);
}

static void
test_bad (Fixture      *test,
          gconstpointer data)
{
  static const char *const members[] = {
    "",
    ", \"nodes\": []",
    ", \"vals\": {}" NODES,
    ", \"vals\": [" VAL ("5") ", " VAL ("\"5\"") "]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (BytestagFindValueTask) task = ask (test, members[i]);

      fixture_assert_fails (test, task, SECOND, BYTESTAG_ERROR_INVALID);
      g_assert_null (bytestag_find_value_task_get_result (task));
    }
}

static void
test_result (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagFindValueTask) task = ask (test, NODES);
  BytestagFindValueResult *copy;

  fixture_assert_done (test, task, SECOND);
  copy = g_boxed_copy (BYTESTAG_TYPE_FIND_VALUE_RESULT, bytestag_find_value_task_get_result (task));
  g_assert_true (copy->nodes == bytestag_find_value_task_get_result (task)->nodes);
  g_boxed_free (BYTESTAG_TYPE_FIND_VALUE_RESULT, copy);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  BytestagFindValueTask *task = ask (test, NODES);

  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_finalize_object (task);
}

static void
test_cancel_inside (Fixture      *test,
                    gconstpointer data)
{
  fixture_cancel_inside (test, ask (test, NODES), "notify::last-seen");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/find-value-task/values", test_values);
  FIXTURE_TEST ("/dht/find-value-task/no-values", test_no_values);
  FIXTURE_TEST ("/dht/find-value-task/nodes", test_nodes);
  FIXTURE_TEST ("/dht/find-value-task/bad", test_bad);
  FIXTURE_TEST ("/dht/find-value-task/result", test_result);
  FIXTURE_TEST ("/dht/find-value-task/cancel", test_cancel);
  FIXTURE_TEST ("/dht/find-value-task/cancel-inside", test_cancel_inside);

  return g_test_run ();
}
