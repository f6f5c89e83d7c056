/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disjoint paths of a look-up for a value; the rest is in find-shortlist-task.c. */
#include "config.h"

#include <string.h>

#include "core/limits.h"
#include "fixture.h"
#include "inventor.h"

#define N_NODES 60

static void
grow (Fixture *test)
{
  while (bytestag_sim_get_n_nodes (test->sim) < N_NODES)
    bytestag_sim_add_node (test->sim);
  bytestag_sim_set_latency (test->sim, 80 * 1000, 0.8);
  g_assert_true (bytestag_sim_join_all (test->sim, 60 * SECOND));
}

static void
nobody_cb (BytestagForeign        *peer,
           const BytestagEndpoint *from,
           const char             *rpc,
           JsonObject             *message,
           gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message, ", \"nodes\": []");
}

/* Seven honest contacts that answer @nodes, and a liar that is nearest to the key. */
typedef struct {
  GPtrArray *honest;
  BytestagForeign *liar;
  Inventor inventor;
} Company;

static void
company_set_up (Fixture    *test,
                Company    *self,
                const char *nodes)
{
  self->honest = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  for (guint i = 0; i < 7; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);

      g_ptr_array_add (self->honest, fixture_meet_peer (test, host, fixture_says_cb, (gpointer) nodes));
    }

  self->inventor.n_live = BYTESTAG_LIMIT_NODES_OF_REPLY;
  self->inventor.is_nobody = TRUE;
  self->liar = fixture_meet_peer (test, "10.6.6.6", inventor_cb, &self->inventor);
  self->inventor.key = *bytestag_foreign_get_id (self->liar);
  self->inventor.key.bytes[0] ^= 0xff;
  memset (self->inventor.key.bytes + 1, 0, 19);
}

static void
company_tear_down (Company *self)
{
  g_ptr_array_unref (self->honest);
  bytestag_foreign_free (self->liar);
}

static char *
name_node (BytestagForeign *peer)
{
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  bytestag_endpoint_write_host (bytestag_foreign_get_address (peer), host);
  return g_strdup_printf (", \"nodes\": [{\"host\": \"%s\", \"port\": 9001, \"id\": \"%s\"}]", host, id);
}

/* With one liar of eight the value is found, which a single path would not. */
static void
test_disjoint (Fixture      *test,
               gconstpointer data)
{
  g_autoptr (BytestagForeign) holder = bytestag_foreign_new (test->sim, "9.77.0.1");
  g_autofree char *nodes = name_node (holder);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  Company company = { 0 };

  bytestag_foreign_set_func (holder, fixture_holds_cb, NULL);
  company_set_up (test, &company, nodes);
  task = bytestag_network_find_value_shortlist (test->network, &company.inventor.key, &company.inventor.key, TRUE);
  fixture_assert_done (test, task, 5 * SECOND);
  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (useful->len, ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (useful->pdata[0]), bytestag_foreign_get_id (holder)));
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), <=, 16);
  company_tear_down (&company);
}

/* A path that the liar has costs so many requests and no more; everybody else is asked once. */
static void
check_captured (Fixture            *test,
                BytestagForeignFunc func)
{
  g_autoptr (BytestagForeign) known = bytestag_foreign_new (test->sim, "9.77.0.1");
  g_autofree char *nodes = name_node (known);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  Company company = { 0 };

  bytestag_foreign_set_func (known, nobody_cb, NULL);
  company_set_up (test, &company, nodes);
  bytestag_foreign_set_func (company.liar, func, &company.inventor);
  bytestag_foreign_forget (company.liar);
  task = bytestag_network_find_value_shortlist (test->network, &company.inventor.key, &company.inventor.key, FALSE);
  fixture_assert_done (test, task, 60 * SECOND);

  g_assert_cmpuint (bytestag_foreign_forget (company.liar), ==, BYTESTAG_LIMIT_REQUESTS_OF_PATH);
  g_assert_cmpuint (bytestag_foreign_forget (known), ==, 1);
  for (guint i = 0; i < company.honest->len; i++)
    g_assert_cmpuint (bytestag_foreign_forget (company.honest->pdata[i]), ==, 1);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==,
                    BYTESTAG_LIMIT_REQUESTS_OF_PATH + 1 + company.honest->len);
  company_tear_down (&company);
}

static void
test_captured (Fixture      *test,
               gconstpointer data)
{
  check_captured (test, inventor_cb);
}

static void
invent_and_hold_cb (BytestagForeign        *peer,
                    const BytestagEndpoint *from,
                    const char             *rpc,
                    JsonObject             *message,
                    gpointer                user_data)
{
  if (g_str_equal (rpc, "findval"))
    bytestag_foreign_send (peer, from,
                           "{\"reply_id\": \"%s\", \"vals\": [{\"key\": \"%s\", "
                           "\"index\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\", \"size\": 5, \"time\": 6}]}",
                           json_object_get_string_member (message, "seq_id"),
                           json_object_get_string_member (message, "key"));
  else
    inventor_cb (peer, from, rpc, message, user_data);
}

/* Also when each of its nodes is asked twice, for the value and for nodes. */
static void
test_captured_values (Fixture      *test,
                      gconstpointer data)
{
  check_captured (test, invent_and_hold_cb);
}

/* Only so many paths at one time, one node in each; a slow one makes room for the next. */
static void
test_active_paths (Fixture      *test,
                   gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagKey key = { { 1 } };

  for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);

      g_ptr_array_add (peers, fixture_meet_peer (test, host, NULL, NULL));
    }

  task = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 4);
  bytestag_sim_run (test->sim, 40 * 1000);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 4);
  bytestag_sim_run (test->sim, 3 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, BYTESTAG_MAX_BUCKET_SIZE);
}

/* Everybody who answers knows nobody: one path after the other, up to a bound. */
static void
test_paths_bound (Fixture      *test,
                  gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagKey key = { { 1 } };

  for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);

      g_ptr_array_add (peers, fixture_meet_peer (test, host, nobody_cb, NULL));
    }

  task = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  fixture_assert_done (test, task, 5 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, BYTESTAG_LIMIT_PATHS);
}

/* The nearest four are silent, and hold up nobody. */
static void
test_slow_paths (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) nearest = NULL;
  BytestagKey key = { { 1 } };
  gint64 start;

  for (guint i = 0; i < 2 * BYTESTAG_LIMIT_ACTIVE_PATHS; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 10 + i);

      g_ptr_array_add (peers, fixture_meet_peer (test, host, fixture_holds_cb, NULL));
    }
  nearest = bytestag_routing_table_get_close_nodes (bytestag_network_get_routing_table (test->network), &key,
                                                    BYTESTAG_LIMIT_ACTIVE_PATHS);
  for (guint i = 0; i < peers->len; i++)
    for (guint n = 0; n < nearest->len; n++)
      if (bytestag_key_equal (bytestag_foreign_get_id (peers->pdata[i]), bytestag_node_get_key (nearest->pdata[n])))
        bytestag_foreign_set_func (peers->pdata[i], NULL, NULL);

  start = bytestag_sim_get_time (test->sim);
  task = bytestag_network_find_value_shortlist (test->network, &key, &key, TRUE);
  fixture_assert_done (test, task, 20 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->sim) - start, <, SECOND);
}

/* What is nowhere costs a few requests more than a look-up for nodes. */
static void
test_miss (Fixture      *test,
           gconstpointer data)
{
  guint n_for_value = 0, n_for_nodes = 0;

  grow (test);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (BytestagFindShortlistTask) value = NULL;
      g_autoptr (BytestagFindShortlistTask) nodes = NULL;
      BytestagKey key;

      bytestag_key_digest (&key, &i, sizeof i);
      nodes = bytestag_network_find_node_shortlist (test->network, &key);
      fixture_assert_done (test, nodes, 20 * SECOND);
      value = bytestag_network_find_value_shortlist (test->network, &key, &key, TRUE);
      fixture_assert_done (test, value, 20 * SECOND);
      n_for_nodes += bytestag_find_shortlist_task_get_n_requests (nodes);
      n_for_value += bytestag_find_shortlist_task_get_n_requests (value);
      g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (value), <=, 60);
    }
  g_test_message ("%u requests for values, %u for nodes", n_for_value, n_for_nodes);
  g_assert_cmpuint (n_for_value * 10, <=, n_for_nodes * 14);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/find-shortlist-task/paths/disjoint", test_disjoint);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/captured", test_captured);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/captured-values", test_captured_values);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/active-paths", test_active_paths);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/paths-bound", test_paths_bound);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/slow-paths", test_slow_paths);
  FIXTURE_TEST ("/dht/find-shortlist-task/paths/miss", test_miss);

  return g_test_run ();
}
