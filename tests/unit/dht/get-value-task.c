/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/error.h"
#include "fixture.h"

/* Foreign holders, whose id and so whose distance the host decides. */
typedef struct {
  const char *value;      /* what it gives from, whole */
  guint n_bytes;          /* after so many of them it falls silent; 0: none at all */
  gboolean ends;          /* sends an end after them */
  guint n_getvals;
  gint64 last_offset;
  char *transfer;
  guint sent;
} Holder;

static void
send_next (BytestagForeign        *peer,
           const BytestagEndpoint *to,
           Holder                 *self)
{
  guint length = (guint) strlen (self->value);

  if (self->sent < MIN (self->n_bytes, length))
    {
      guint n = MIN (10, MIN (self->n_bytes, length) - self->sent);
      g_autofree char *data = g_base64_encode ((const guint8 *) self->value + self->sent, n);

      self->sent += n;
      bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"xfer_data\": \"%s\", \"seq_id\": \"%u\"}",
                             self->transfer, data, self->sent);
    }
  else if (self->ends)
    {
      bytestag_foreign_send (peer, to, "{\"xfer_id\": \"%s\", \"xfer_data\": null}", self->transfer);
    }
}

static void
holder_cb (BytestagForeign        *peer,
           const BytestagEndpoint *from,
           const char             *rpc,
           JsonObject             *message,
           gpointer                user_data)
{
  Holder *self = user_data;

  if (g_str_equal (rpc, "findval"))
    {
      g_autofree char *values = NULL;

      values = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": 30, \"time\": 6}]",
                                json_object_get_string_member (message, "key"),
                                json_object_get_string_member (message, "index"));
      bytestag_foreign_reply (peer, from, message, values);
    }
  else if (g_str_equal (rpc, "getval"))
    {
      self->n_getvals++;
      self->last_offset = json_object_get_int_member_with_default (message, "valofs", 0);
      self->sent = (guint) self->last_offset;
      g_free (self->transfer);
      self->transfer = g_strdup (json_object_get_string_member (message, "xferid"));
      send_next (peer, from, self);
    }
  else if (g_str_equal (rpc, "reply"))
    {
      send_next (peer, from, self);
    }
}

#define VALUE "thirty bytes of a good value.."
#define EVIL "thirty bytes of a bad value..."

typedef struct {
  Fixture fixture;
  BytestagForeign *peers[2]; /* nearest to the key first */
  Holder holders[2];
  BytestagKey key;
} Test;

static void
add_peer (Test       *test,
          guint       i,
          const char *host)
{
  g_autoptr (BytestagPingTask) ping = NULL;

  test->peers[i] = bytestag_foreign_new (test->fixture.sim, host);
  ping = bytestag_network_ping_address (test->fixture.network, bytestag_foreign_get_address (test->peers[i]));
  fixture_assert_done (&test->fixture, ping, SECOND);
}

static void
setup (Test         *test,
       gconstpointer data)
{
  fixture_set_up (&test->fixture, data);
  bytestag_key_digest (&test->key, VALUE, strlen (VALUE));
  add_peer (test, 0, "9.7.0.1");
  add_peer (test, 1, "9.7.0.2");
  if (bytestag_key_compare_distance (&test->key, bytestag_foreign_get_id (test->peers[0]),
                                     bytestag_foreign_get_id (test->peers[1])) > 0)
    {
      BytestagForeign *first = test->peers[0];

      test->peers[0] = test->peers[1];
      test->peers[1] = first;
    }
  for (guint i = 0; i < 2; i++)
    {
      test->holders[i] = (Holder) { .value = VALUE, .n_bytes = 100, .ends = TRUE };
      bytestag_foreign_set_func (test->peers[i], holder_cb, &test->holders[i]);
    }
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&test->peers[i], bytestag_foreign_free);
      g_free (test->holders[i].transfer);
    }
  fixture_tear_down (&test->fixture, data);
}

static BytestagGetValueTask *
get (Test *test)
{
  return bytestag_network_get_value (test->fixture.network, &test->key, &test->key);
}

static void
assert_got (Test                 *test,
            BytestagGetValueTask *task)
{
  gsize length;
  const char *data;

  fixture_assert_done (&test->fixture, task, 120 * SECOND);
  data = g_bytes_get_data (bytestag_get_value_task_get_bytes (task), &length);
  g_assert_cmpmem (data, length, VALUE, strlen (VALUE));
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, strlen (VALUE));
  g_assert_cmpuint (bytestag_task_get_total (BYTESTAG_TASK (task)), ==, strlen (VALUE));
}

static void
test_simple (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = get (test);

  assert_got (test, task);
  /* The look-up has stopped at the first who has it. */
  g_assert_cmpuint (test->holders[0].n_getvals + test->holders[1].n_getvals, ==, 1);
}

static void
test_own_table (Test         *test,
                gconstpointer data)
{
  g_autoptr (GBytes) value = g_bytes_new_static (VALUE, strlen (VALUE));
  g_autoptr (BytestagGetValueTask) task = NULL;

  bytestag_sim_put_value (test->fixture.sim, 0, value, &test->key);
  task = get (test);
  assert_got (test, task);
  g_assert_cmpuint (bytestag_foreign_forget (test->peers[0]) + bytestag_foreign_forget (test->peers[1]), ==, 0);
}

/* The SHA-1 of nothing is fetched from nowhere. */
static void
test_empty (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  bytestag_key_digest (&test->key, NULL, 0);
  task = get (test);
  fixture_assert_done (&test->fixture, task, SECOND);
  g_assert_cmpuint (g_bytes_get_size (bytestag_get_value_task_get_bytes (task)), ==, 0);
  g_assert_cmpuint (bytestag_foreign_forget (test->peers[0]) + bytestag_foreign_forget (test->peers[1]), ==, 0);
}

/* One falls silent; the other goes on where it stopped. */
static void
test_resume (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;
  guint first;

  test->holders[0].n_bytes = test->holders[1].n_bytes = 10;
  test->holders[0].ends = test->holders[1].ends = FALSE;
  task = get (test);
  bytestag_sim_run (test->fixture.sim, SECOND);
  first = test->holders[0].n_getvals == 1 ? 0 : 1;
  g_assert_cmpuint (test->holders[0].n_getvals + test->holders[1].n_getvals, ==, 1);
  g_assert_cmpuint (bytestag_task_get_progress (BYTESTAG_TASK (task)), ==, 10);

  test->holders[1 - first].n_bytes = 100;
  test->holders[1 - first].ends = TRUE;
  assert_got (test, task);
  g_assert_cmpint (test->holders[1 - first].last_offset, ==, 10);
  g_assert_cmpuint (test->holders[first].n_getvals, ==, 1);
}

/* A wrong value is thrown away, and its giver not asked again. */
static void
test_wrong (Test         *test,
            gconstpointer data)
{
  for (guint evil = 0; evil < 2; evil++)
    {
      g_autoptr (BytestagGetValueTask) task = NULL;

      test->holders[evil].value = EVIL;
      test->holders[1 - evil].value = VALUE;
      test->holders[0].n_getvals = test->holders[1].n_getvals = 0;
      task = get (test);
      assert_got (test, task);
      g_assert_cmpuint (test->holders[evil].n_getvals, <=, 1);
      g_assert_cmpuint (test->holders[1 - evil].n_getvals, ==, 1);
      g_assert_cmpint (test->holders[1 - evil].last_offset, ==, 0);
    }
}

/* A wrong beginning of one, a right rest of the other: the other alone has it right. */
static void
test_wrong_beginning (Test         *test,
                      gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;
  guint first;

  for (guint i = 0; i < 2; i++)
    test->holders[i] = (Holder) { .value = "evil bytes", .n_bytes = 10 };
  task = get (test);
  bytestag_sim_run (test->fixture.sim, SECOND);
  first = test->holders[0].n_getvals == 1 ? 0 : 1;
  test->holders[1 - first] = (Holder) { .value = VALUE, .n_bytes = 100, .ends = TRUE };
  assert_got (test, task);
  g_assert_cmpuint (test->holders[1 - first].n_getvals, ==, 2);
  g_assert_cmpuint (test->holders[first].n_getvals, ==, 1);
}

static void
test_all_wrong (Test         *test,
                gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->holders[0].value = test->holders[1].value = EVIL;
  task = get (test);
  fixture_assert_fails (&test->fixture, task, 120 * SECOND, BYTESTAG_ERROR_WRONG_DATA);
  g_assert_null (bytestag_get_value_task_get_bytes (task));
}

/* Everything but the end came. */
static void
test_no_end (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  test->holders[0].ends = test->holders[1].ends = FALSE;
  task = get (test);
  assert_got (test, task);
  g_assert_cmpuint (test->holders[0].n_getvals + test->holders[1].n_getvals, ==, 1);
}

static void
test_silent (Test         *test,
             gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  for (guint i = 0; i < 2; i++)
    test->holders[i] = (Holder) { .value = VALUE };
  task = get (test);
  fixture_assert_fails (&test->fixture, task, 120 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
}

static void
no_value_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, ", \"nodes\": []");
}

static void
test_not_found (Test         *test,
                gconstpointer data)
{
  g_autoptr (BytestagGetValueTask) task = NULL;

  for (guint i = 0; i < 2; i++)
    bytestag_foreign_set_func (test->peers[i], no_value_cb, NULL);
  task = get (test);
  fixture_assert_fails (&test->fixture, task, 20 * SECOND, BYTESTAG_ERROR_NOT_FOUND);
}

static void
test_nobody (Test         *test,
             gconstpointer data)
{
  BytestagNetwork *alone = bytestag_sim_add_node (test->fixture.sim);
  g_autoptr (BytestagGetValueTask) task = bytestag_network_get_value (alone, &test->key, &test->key);

  fixture_assert_fails (&test->fixture, task, 20 * SECOND, BYTESTAG_ERROR_NO_PEERS);
}

static void
test_cancel (Test         *test,
             gconstpointer data)
{
  static const gint64 moments[] = { 5 * 1000, 30 * 1000, 70 * 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      BytestagGetValueTask *task = get (test);

      bytestag_sim_run (test->fixture.sim, moments[i]);
      bytestag_task_cancel (BYTESTAG_TASK (task));
      bytestag_sim_run (test->fixture.sim, SECOND);
      g_assert_finalize_object (task);
    }
}

#define TEST(path, func) g_test_add ("/dht/get-value-task/" path, Test, NULL, setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST ("simple", test_simple);
  TEST ("own-table", test_own_table);
  TEST ("empty", test_empty);
  TEST ("resume", test_resume);
  TEST ("wrong", test_wrong);
  TEST ("wrong-beginning", test_wrong_beginning);
  TEST ("all-wrong", test_all_wrong);
  TEST ("no-end", test_no_end);
  TEST ("silent", test_silent);
  TEST ("not-found", test_not_found);
  TEST ("nobody", test_nobody);
  TEST ("cancel", test_cancel);

  return g_test_run ();
}
