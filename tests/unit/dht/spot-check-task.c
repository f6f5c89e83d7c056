/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "fixture.h"

#include <string.h>

#define SIZE 3000
#define NODES ", \"nodes\": [{\"host\": \"9.0.0.1\", \"port\": 10, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]"

/* What a holder gives for a getval; and whether it answers anything else. */
typedef struct {
  GBytes *given; /* NULL: nothing */
  gboolean answers;
  gint64 valofs;
  gboolean says_that_it_holds;
} Holder;

static void
holder_cb (BytestagForeign        *peer,
           const BytestagEndpoint *from,
           const char             *rpc,
           JsonObject             *message,
           gpointer                user_data)
{
  Holder *holder = user_data;

  if (g_str_equal (rpc, "getval"))
    {
      const char *transfer = json_object_get_string_member (message, "xferid");

      holder->valofs = json_object_get_int_member_with_default (message, "valofs", 0);
      if (holder->given != NULL)
        {
          g_autofree char *text = g_base64_encode (g_bytes_get_data (holder->given, NULL),
                                                   g_bytes_get_size (holder->given));

          bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"s\"}", transfer,
                                 text);
          bytestag_foreign_send (peer, from, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", transfer);
        }
    }
  else if (g_str_equal (rpc, "findval") && holder->says_that_it_holds)
    {
      const char *key = json_object_get_string_member (message, "key");
      g_autofree char *vals = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": 3000, "
                                               "\"time\": 5, \"until\": 1700000000}]", key, key);

      bytestag_foreign_reply (peer, from, message, vals);
    }
  else if (g_str_equal (rpc, "findval") && holder->answers)
    {
      bytestag_foreign_reply (peer, from, message, NODES);
    }
}

static BytestagSpotCheckTask *
check (Fixture *test,
       Holder  *holder,
       gboolean is_held)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (SIZE, 7);
  BytestagKvpId id;

  bytestag_key_digest (&id.key, g_bytes_get_data (value, NULL), SIZE);
  id.index = id.key;
  if (is_held)
    bytestag_sim_put_value (test->sim, 0, value, &id.key);
  bytestag_foreign_set_is_ours (test->peer, TRUE);
  bytestag_node_set_extensions (test->contact, 2);
  bytestag_foreign_set_func (test->peer, holder_cb, holder);
  return bytestag_network_spot_check (test->network, test->contact, &id);
}

/* (transfer full) the last @length bytes. */
static GBytes *
get_tail (gsize length)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (SIZE, 7);

  return g_bytes_new_from_bytes (value, SIZE - length, length);
}

static void
test_passed (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (GBytes) tail = get_tail (1024);
  Holder holder = { tail, TRUE, 0 };
  g_autoptr (BytestagSpotCheckTask) task = check (test, &holder, TRUE);

  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (task), ==, BYTESTAG_SPOT_CHECK_PASSED);
  g_assert_true (bytestag_spot_check_task_get_node (task) == test->contact);
  g_assert_cmpint (holder.valofs, ==, -1024);
}

static void
test_failed (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (GBytes) other = bytestag_sim_make_value (1024, 8);
  g_autoptr (GBytes) shorter = get_tail (1000);
  Holder holders[] = { { other, TRUE, 0 }, { shorter, TRUE, 0 }, { NULL, TRUE, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (holders); i++)
    {
      g_autoptr (BytestagSpotCheckTask) task = check (test, &holders[i], TRUE);

      fixture_assert_done (test, task, 25 * SECOND);
      g_assert_cmpint (bytestag_spot_check_task_get_outcome (task), ==, BYTESTAG_SPOT_CHECK_FAILED);
    }
}

/* As one does whose places are all taken: that is no proof of anything. */
static void
test_refused (Fixture      *test,
              gconstpointer data)
{
  Holder busy = { .answers = TRUE, .says_that_it_holds = TRUE };
  g_autoptr (BytestagSpotCheckTask) task = check (test, &busy, TRUE);

  fixture_assert_done (test, task, 25 * SECOND);
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (task), ==, BYTESTAG_SPOT_CHECK_REFUSED);
}

static void
test_unknown (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (GBytes) tail = get_tail (1024);
  Holder gone = { NULL, FALSE, 0 };
  Holder right = { tail, TRUE, 0 };
  g_autoptr (BytestagSpotCheckTask) unanswered = NULL;
  g_autoptr (BytestagSpotCheckTask) not_here = NULL;

  not_here = check (test, &right, FALSE);
  fixture_assert_done (test, not_here, SECOND);
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (not_here), ==, BYTESTAG_SPOT_CHECK_UNKNOWN);

  unanswered = check (test, &gone, TRUE);
  fixture_assert_done (test, unanswered, 45 * SECOND);
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (unanswered), ==, BYTESTAG_SPOT_CHECK_UNKNOWN);
}

/* One of ours gives what it is asked for. */
static void
test_ours (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (SIZE, 7);
  g_autoptr (BytestagSpotCheckTask) task = NULL;
  g_autoptr (BytestagNode) node = NULL;
  BytestagKvpId id;

  bytestag_sim_add_node (test->sim);
  bytestag_sim_put_value (test->sim, 0, value, &id.key);
  bytestag_sim_put_value (test->sim, 1, value, &id.key);
  id.index = id.key;
  node = bytestag_sim_make_contact (test->sim, 1);
  bytestag_node_set_extensions (node, 2);
  task = bytestag_network_spot_check (test->network, node, &id);
  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpint (bytestag_spot_check_task_get_outcome (task), ==, BYTESTAG_SPOT_CHECK_PASSED);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  Holder gone = { NULL, FALSE, 0 };
  BytestagSpotCheckTask *task = check (test, &gone, TRUE);

  bytestag_sim_run (test->sim, SECOND);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_finalize_object (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/spot-check-task/passed", test_passed);
  FIXTURE_TEST ("/dht/spot-check-task/failed", test_failed);
  FIXTURE_TEST ("/dht/spot-check-task/refused", test_refused);
  FIXTURE_TEST ("/dht/spot-check-task/unknown", test_unknown);
  FIXTURE_TEST ("/dht/spot-check-task/ours", test_ours);
  FIXTURE_TEST ("/dht/spot-check-task/cancel", test_cancel);

  return g_test_run ();
}
