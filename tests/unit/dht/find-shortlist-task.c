/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"
#include "core/limits.h"
#include "fixture.h"
#include "inventor.h"
#include "support/test-model.h"

#define N_NODES 60

static void
grow (Fixture *test)
{
  while (bytestag_sim_get_n_nodes (test->sim) < N_NODES)
    bytestag_sim_add_node (test->sim);
  bytestag_sim_set_latency (test->sim, 80 * 1000, 0.8);
  g_assert_true (bytestag_sim_join_all (test->sim, 60 * SECOND));
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      key)
{
  return bytestag_key_compare_distance (key, bytestag_network_get_key (*(BytestagNetwork *const *) a),
                                        bytestag_network_get_key (*(BytestagNetwork *const *) b));
}

/* The 20 that a look-up must find are the 20 nearest of all others; now and then one is
 * too slow for it. */
static void
test_nearest (Fixture      *test,
              gconstpointer data)
{
  grow (test);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (BytestagFindShortlistTask) task = NULL;
      g_autoptr (GPtrArray) all = g_ptr_array_new ();
      g_autoptr (GPtrArray) found = NULL;
      g_autoptr (BytestagTestModel) model = NULL;
      BytestagKey key;
      guint n_right = 0;

      for (guint n = 1; n < N_NODES; n++)
        g_ptr_array_add (all, bytestag_sim_get_node (test->sim, n));
      bytestag_key_digest (&key, &i, sizeof i);
      g_ptr_array_sort_with_data (all, compare, &key);

      task = bytestag_network_find_node_shortlist (test->network, &key);
      model = bytestag_test_model_new (G_LIST_MODEL (bytestag_find_shortlist_task_get_shortlist (task)));
      fixture_assert_done (test, task, 20 * SECOND);
      found = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (task));
      g_assert_cmpuint (found->len, >=, 20);
      for (guint n = 0, next = 0; n < 20; n++)
        {
          gboolean is_next = bytestag_key_equal (bytestag_node_get_key (found->pdata[next]),
                                                 bytestag_network_get_key (all->pdata[n]));

          next += is_next;
          n_right += is_next;
        }
      g_assert_cmpuint (n_right, >=, 19);
      g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), <, 45);
    }
}

static void
test_no_peers (Fixture      *test,
               gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  fixture_assert_fails (test, task, SECOND, BYTESTAG_ERROR_NO_PEERS);
}

static void
test_silence (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  fixture_meet (test);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  fixture_assert_fails (test, task, 11 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
}

/* Alpha: three at one time, and a slow one makes room for the next. */
static void
test_parallel (Fixture      *test,
               gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  guint n = 0;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i + 1);
      BytestagForeign *peer = bytestag_foreign_new (test->sim, host);
      g_autoptr (BytestagPingTask) ping = NULL;

      g_ptr_array_add (peers, peer);
      ping = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
      fixture_assert_done (test, ping, SECOND);
    }

  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  bytestag_sim_run (test->sim, 40 * 1000);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, BYTESTAG_NETWORK_PARALLELISM);
  bytestag_sim_run (test->sim, 2 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 10);
  for (guint i = 0; i < 10; i++)
    n += bytestag_foreign_forget (peers->pdata[i]);
  g_assert_cmpuint (n, ==, 10);
}

/* Where nodes are silent a few more are asked at a time, and no more than that. */
static void
test_more_parallel (Fixture      *test,
                    gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagShortlist *shortlist;
  guint most = 0;

  for (guint i = 0; i < 18; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i + 1);
      BytestagForeign *peer = bytestag_foreign_new (test->sim, host);
      g_autoptr (BytestagPingTask) ping = NULL;

      g_ptr_array_add (peers, peer);
      ping = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peer));
      fixture_assert_done (test, ping, SECOND);
    }

  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  shortlist = bytestag_find_shortlist_task_get_shortlist (task);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (shortlist), ==, BYTESTAG_NETWORK_PARALLELISM);
  for (guint i = 0; i < 1000; i++)
    {
      bytestag_sim_run (test->sim, 1000);
      most = MAX (most, bytestag_shortlist_get_n_contacted (shortlist));
    }
  g_assert_cmpuint (most, ==, BYTESTAG_NETWORK_PARALLELISM + BYTESTAG_LIMIT_EXTRA_PARALLELISM);
}

static void
late_cb (BytestagForeign        *peer,
         const BytestagEndpoint *from,
         const char             *rpc,
         JsonObject             *message,
         gpointer                user_data)
{
  /* Only the request that is sent again after 5 s is answered. */
  if (++*(guint *) user_data == 2)
    bytestag_foreign_reply (peer, from, message,
                            ", \"nodes\": [{\"host\": \"9.9.9.9\", \"port\": 9001, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]");
}

static void
name_private_cb (BytestagForeign        *peer,
                 const BytestagEndpoint *from,
                 const char             *rpc,
                 JsonObject             *message,
                 gpointer                user_data)
{
  bytestag_foreign_reply (peer, from, message,
                          ", \"nodes\": [{\"host\": \"192.168.1.1\", \"port\": 53, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"},"
                          " {\"host\": \"9.9.9.9\", \"port\": 9001, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0s=\"},"
                          " {\"host\": \"127.0.0.1\", \"port\": 9002, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0w=\"}]");
}

/* A peer out there sends nobody to a device of our own network. */
static void
test_private (Fixture      *test,
              gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  GListModel *shortlist;

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, name_private_cb, NULL);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  g_assert_true (bytestag_sim_run_task (test->sim, task, 60 * SECOND));
  shortlist = G_LIST_MODEL (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (g_list_model_get_n_items (shortlist), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (shortlist, i);

      g_assert_false (bytestag_endpoint_is_private (bytestag_node_get_endpoint (bytestag_candidate_get_node (candidate))));
    }
}

/* A late answer still counts (B.5). */
static void
test_late (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) found = NULL;
  guint n_requests = 0;

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, late_cb, &n_requests);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  fixture_assert_done (test, task, 20 * SECOND);
  found = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_true (bytestag_node_equal (found->pdata[0], test->contact));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bytestag_find_shortlist_task_get_shortlist (task))), ==, 2);
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

static void
late_value_cb (BytestagForeign        *peer,
               const BytestagEndpoint *from,
               const char             *rpc,
               JsonObject             *message,
               gpointer                user_data)
{
  g_autofree char *values = NULL;

  values = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": 5, \"time\": 6}]",
                            json_object_get_string_member (message, "key"),
                            json_object_get_string_member (message, "index"));
  if (++*(guint *) user_data == 2)
    bytestag_foreign_reply (peer, from, message, values);
}

/* The only one that holds the value may be the slow one. */
static void
test_late_value (Fixture      *test,
                 gconstpointer data)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  BytestagKey key = { { 1 } };
  guint n_requests = 0;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", i + 1);
      g_autoptr (BytestagPingTask) ping = NULL;

      g_ptr_array_add (peers, bytestag_foreign_new (test->sim, host));
      ping = bytestag_network_ping_address (test->network, bytestag_foreign_get_address (peers->pdata[i]));
      fixture_assert_done (test, ping, SECOND);
      bytestag_foreign_set_func (peers->pdata[i], i == 0 ? late_value_cb : nobody_cb, &n_requests);
    }

  task = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  fixture_assert_done (test, task, 20 * SECOND);
  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (useful->len, ==, 1);
}

/* Dead nodes of a small network must not cost the whole time-out. */
static void
test_dead (Fixture      *test,
           gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  gint64 start;

  while (bytestag_sim_get_n_nodes (test->sim) < 8)
    bytestag_sim_add_node (test->sim);
  g_assert_true (bytestag_sim_join_all (test->sim, 10 * SECOND));
  bytestag_sim_set_online (test->sim, 3, FALSE);
  bytestag_sim_set_online (test->sim, 5, FALSE);

  start = bytestag_sim_get_time (test->sim);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  fixture_assert_done (test, task, 20 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->sim) - start, <, 3 * SECOND);
}

static void
test_values (Fixture      *test,
             gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) all = NULL;
  g_autoptr (BytestagFindShortlistTask) first = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  g_autoptr (GPtrArray) useful_first = NULL;
  g_autoptr (GBytes) value = bytestag_sim_make_value (100, 3);
  g_autoptr (BytestagExchangeInfo) info = NULL;
  BytestagKey key;

  grow (test);
  for (guint i = 10; i < 15; i++)
    bytestag_sim_put_value (test->sim, i, value, &key);

  /* Values do not end a look-up unless the caller says so. */
  all = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  fixture_assert_done (test, all, 20 * SECOND);
  first = bytestag_network_find_value_shortlist (test->network, &key, &key, TRUE);
  fixture_assert_done (test, first, 20 * SECOND);

  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (all));
  useful_first = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (first));
  g_assert_cmpuint (useful_first->len, <=, 1);
  g_assert_cmpuint (useful->len, >=, useful_first->len);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (first), <=,
                    bytestag_find_shortlist_task_get_n_requests (all));
  if (useful->len > 0)
    {
      info = bytestag_shortlist_get_common_exchange_info (bytestag_find_shortlist_task_get_shortlist (all), &key, &key);
      g_assert_cmpint (info->size, ==, 100);
    }
}

static void
other_value_cb (BytestagForeign        *peer,
                const BytestagEndpoint *from,
                const char             *rpc,
                JsonObject             *message,
                gpointer                user_data)
{
  g_autofree char *values = NULL;

  values = g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\", \"size\": 5, \"time\": 6}]",
                            json_object_get_string_member (message, "key"));
  bytestag_foreign_reply (peer, from, message, g_str_equal (rpc, "findval") ? values : user_data);
}

/* A node that has become another one is not what was looked for. */
static void
test_changed_id (Fixture      *test,
                 gconstpointer data)
{
  BytestagRoutingTable *table = bytestag_network_get_routing_table (test->network);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (BytestagNode) before = NULL;
  BytestagKey key = { { 1 } };

  before = bytestag_node_new (&key, bytestag_foreign_get_address (test->peer));
  g_assert_true (bytestag_routing_table_node_update (table, before, NULL));
  bytestag_foreign_set_func (test->peer, nobody_cb, NULL);
  task = bytestag_network_find_node_shortlist (test->network, &key);
  fixture_assert_fails (test, task, 20 * SECOND, BYTESTAG_ERROR_TIMED_OUT);
  g_assert_cmpuint (bytestag_node_get_failures (before), ==, 1);
  g_assert_nonnull (bytestag_routing_table_find (table, bytestag_foreign_get_id (test->peer),
                                                 bytestag_foreign_get_address (test->peer)));
}

/* Whoever holds another value of the key is asked for nodes too. */
static void
test_other_value (Fixture      *test,
                  gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  BytestagKey key = { { 1 } };

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, other_value_cb,
                             (gpointer) ", \"nodes\": [{\"host\": \"9.9.9.9\", \"port\": 9001, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]");
  task = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  fixture_assert_done (test, task, 20 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 3);
  found = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (found->len, ==, 1);
  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_cmpuint (useful->len, ==, 0);
}

static void
values_for_ever_cb (BytestagForeign        *peer,
                    const BytestagEndpoint *from,
                    const char             *rpc,
                    JsonObject             *message,
                    gpointer                user_data)
{
  other_value_cb (peer, from, "findval", message, NULL);
}

/* One that gives values also when it is asked for nodes has none to name. */
static void
test_values_for_ever (Fixture      *test,
                      gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  BytestagKey key = { { 1 } };

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, values_for_ever_cb, NULL);
  task = bytestag_network_find_value_shortlist (test->network, &key, &key, FALSE);
  fixture_assert_done (test, task, 20 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 2);
}

/* A look-up that is led on and on ends, with what it has (limits.h). By private hosts,
 * since public ones are few of a network. */
static void
test_nearer_for_ever (Fixture      *test,
                      gconstpointer data)
{
  static const guint n_live[] = { 1, 3, BYTESTAG_LIMIT_NODES_OF_REPLY };
  g_autoptr (BytestagForeign) peer = fixture_meet_peer (test, "10.1.2.3", NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (n_live); i++)
    {
      g_autoptr (BytestagFindShortlistTask) task = NULL;
      Inventor inventor = { .n_live = n_live[i], .dead_host = "10.200.0.1", .is_nobody = TRUE };

      bytestag_foreign_set_func (peer, inventor_cb, &inventor);
      task = bytestag_network_find_node_shortlist (test->network, &inventor.key);
      fixture_assert_done (test, task, 300 * SECOND);
      g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP);
    }
}

/* The same among public hosts: two of the liar's network, and two of the one it names. */
static void
test_nearer_of_one_network (Fixture      *test,
                            gconstpointer data)
{
  Inventor inventor = { .n_live = 32, .is_nobody = TRUE };
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (BytestagForeign) peer = fixture_meet_peer (test, "9.1.2.9", inventor_cb, &inventor);

  task = bytestag_network_find_node_shortlist (test->network, &inventor.key);
  fixture_assert_done (test, task, 300 * SECOND);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), ==, 2 * BYTESTAG_LIMIT_NETWORK_IN_LOOKUP);
}

static void
count_cb (BytestagSim            *sim,
          const BytestagEndpoint *from,
          const guint8           *data,
          gsize                   length,
          gpointer                user_data)
{
  ++*(guint *) user_data;
}

/* A liar whose every answer names one victim does not make us storm it (B.5): the victim
 * gets what a host that never answers gets, however many look-ups there are. */
static void
test_victim (Fixture      *test,
             gconstpointer data)
{
  Inventor inventor = { .dead_host = "9.200.0.1" };
  g_autoptr (BytestagForeign) liar = fixture_meet_peer (test, "9.6.6.6", inventor_cb, &inventor);
  BytestagEndpoint victim;
  guint n_received = 0, n_tokens;
  gint64 start = bytestag_sim_get_time (test->sim);

  g_assert_true (bytestag_endpoint_set_host (&victim, inventor.dead_host, -1, 1024));
  for (; victim.port < 1024 + 33000; victim.port++)
    bytestag_sim_add_peer (test->sim, &victim, count_cb, &n_received);

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (BytestagFindShortlistTask) task = NULL;

      task = i % 2 == 0 ? bytestag_network_find_node_shortlist (test->network, &inventor.key)
                        : bytestag_network_find_value_shortlist (test->network, &inventor.key, &inventor.key, FALSE);
      fixture_assert_done (test, task, 30 * SECOND);
    }
  bytestag_sim_run (test->sim, 10 * SECOND);
  g_assert_cmpuint (inventor.n_asked, ==, 500);

  n_tokens = (guint) ((bytestag_sim_get_time (test->sim) - start) / SECOND) *
               BYTESTAG_LIMIT_UNPROVEN_OF_HOST_PER_MINUTE / 60 + BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST;
  g_assert_cmpuint (n_received, >=, BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST);
  g_assert_cmpuint (n_received, <=, n_tokens);
  g_assert_cmpuint (n_tokens, <, 250);
}

static char *
name_node (BytestagForeign *peer)
{
  g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (peer));
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  bytestag_endpoint_write_host (bytestag_foreign_get_address (peer), host);
  return g_strdup_printf (", \"nodes\": [{\"host\": \"%s\", \"port\": 9001, \"id\": \"%s\"}]", host, id);
}

/* One that nobody can reach tells of others, and is itself no place for a value, though
 * it says that it holds it. */
static void
test_read_only (Fixture      *test,
                gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) for_nodes = NULL;
  g_autoptr (BytestagFindShortlistTask) for_value = NULL;
  g_autoptr (BytestagForeign) known = bytestag_foreign_new (test->sim, "9.77.0.1");
  g_autofree char *nodes = name_node (known);
  g_autofree char *answer = g_strconcat (nodes, ", \"ext\": 4", NULL);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  g_autoptr (BytestagForeign) late = NULL;
  BytestagKey key = { { 1 } };
  guint n_requests = 0;

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, fixture_says_cb, answer);
  bytestag_foreign_set_func (known, nobody_cb, NULL);
  for_nodes = bytestag_network_find_node_shortlist (test->network, &key);
  fixture_assert_done (test, for_nodes, 5 * SECOND);
  found = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (for_nodes));
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (found->pdata[0]), bytestag_foreign_get_id (known)));

  bytestag_foreign_set_func (known, fixture_holds_cb, (gpointer) ", \"ext\": 4");
  late = fixture_meet_peer (test, "9.88.0.1", late_value_cb, &n_requests);
  fixture_meet (test);
  for_value = bytestag_network_find_value_shortlist (test->network, &key, &key, TRUE);
  fixture_assert_done (test, for_value, 10 * SECOND);
  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (for_value));
  g_assert_cmpuint (useful->len, ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_node_get_key (useful->pdata[0]), bytestag_foreign_get_id (late)));
  g_assert_cmpuint (bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (test->network)), ==, 1);
}

static void
test_shown (Fixture      *test,
            gconstpointer data)
{
  g_autoptr (BytestagTestModel) model = bytestag_test_model_new (bytestag_network_get_tasks (test->network));
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  fixture_meet (test);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), ==, 1);
  g_assert_true (bytestag_key_equal (bytestag_find_shortlist_task_get_key (task),
                                     bytestag_network_get_key (test->network)));
  bytestag_sim_run (test->sim, 20 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_network_get_tasks (test->network)), ==, 0);
  bytestag_test_model_check (model);
}

static void
test_cancel (Fixture      *test,
             gconstpointer data)
{
  BytestagFindShortlistTask *task;

  fixture_meet (test);
  task = bytestag_network_find_node_shortlist (test->network, bytestag_network_get_key (test->network));
  bytestag_sim_run (test->sim, SECOND / 100);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  bytestag_sim_run (test->sim, SECOND);
  g_assert_finalize_object (task);
}

static void
cancel_cb (BytestagTask *task)
{
  bytestag_task_cancel (task);
}

static void
watch_states_cb (GListModel   *shortlist,
                 guint         position,
                 guint         removed,
                 guint         added,
                 BytestagTask *task)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) candidate = g_list_model_get_item (shortlist, i);

      g_signal_connect_swapped (candidate, "notify::state", G_CALLBACK (cancel_cb), task);
    }
}

/* Whoever sees the list of candidates, one of them or a contact change, may end the look-up there. */
static void
test_cancel_inside (Fixture      *test,
                    gconstpointer data)
{
  static const char *const signals[] = { "items-changed", "notify::state", "notify::last-seen" };
  static const gint64 latencies[] = { 20 * 1000, SECOND };
  Inventor inventor = { .n_live = 3 };

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, inventor_cb, &inventor);
  for (guint i = 0; i < G_N_ELEMENTS (signals) * G_N_ELEMENTS (latencies); i++)
    {
      const char *signal = signals[i % G_N_ELEMENTS (signals)];
      BytestagFindShortlistTask *task = bytestag_network_find_node_shortlist (test->network, &inventor.key);
      BytestagShortlist *shortlist = bytestag_find_shortlist_task_get_shortlist (task);

      bytestag_sim_set_latency (test->sim, latencies[i / G_N_ELEMENTS (signals)], 0);
      if (g_str_equal (signal, "items-changed"))
        g_signal_connect_swapped (shortlist, signal, G_CALLBACK (cancel_cb), task);
      else if (g_str_equal (signal, "notify::state"))
        {
          g_signal_connect (shortlist, "items-changed", G_CALLBACK (watch_states_cb), task);
          watch_states_cb (G_LIST_MODEL (shortlist), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (shortlist)),
                           BYTESTAG_TASK (task));
        }
      else
        g_signal_connect_object (test->contact, signal, G_CALLBACK (cancel_cb), task, G_CONNECT_SWAPPED);

      g_assert_true (bytestag_sim_run_task (test->sim, task, 30 * SECOND));
      g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_CANCELLED);
      bytestag_sim_run (test->sim, 20 * SECOND);
      g_assert_finalize_object (task);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/find-shortlist-task/nearest", test_nearest);
  FIXTURE_TEST ("/dht/find-shortlist-task/no-peers", test_no_peers);
  FIXTURE_TEST ("/dht/find-shortlist-task/silence", test_silence);
  FIXTURE_TEST ("/dht/find-shortlist-task/parallel", test_parallel);
  FIXTURE_TEST ("/dht/find-shortlist-task/private", test_private);
  FIXTURE_TEST ("/dht/find-shortlist-task/more-parallel", test_more_parallel);
  FIXTURE_TEST ("/dht/find-shortlist-task/late", test_late);
  FIXTURE_TEST ("/dht/find-shortlist-task/late-value", test_late_value);
  FIXTURE_TEST ("/dht/find-shortlist-task/dead", test_dead);
  FIXTURE_TEST ("/dht/find-shortlist-task/values", test_values);
  FIXTURE_TEST ("/dht/find-shortlist-task/changed-id", test_changed_id);
  FIXTURE_TEST ("/dht/find-shortlist-task/other-value", test_other_value);
  FIXTURE_TEST ("/dht/find-shortlist-task/values-for-ever", test_values_for_ever);
  FIXTURE_TEST ("/dht/find-shortlist-task/nearer-for-ever", test_nearer_for_ever);
  FIXTURE_TEST ("/dht/find-shortlist-task/nearer-of-one-network", test_nearer_of_one_network);
  FIXTURE_TEST ("/dht/find-shortlist-task/victim", test_victim);
  FIXTURE_TEST ("/dht/find-shortlist-task/read-only", test_read_only);
  FIXTURE_TEST ("/dht/find-shortlist-task/shown", test_shown);
  FIXTURE_TEST ("/dht/find-shortlist-task/cancel", test_cancel);
  FIXTURE_TEST ("/dht/find-shortlist-task/cancel-inside", test_cancel_inside);

  return g_test_run ();
}
