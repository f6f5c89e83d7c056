/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a look-up waits for, and what it tells and does meanwhile; the rest is in
 * find-shortlist-task.c. */
#include "config.h"

#include "dht/network-private.h"
#include "fixture.h"

#define N_PEERS (BYTESTAG_MAX_BUCKET_SIZE + 8)
/* When a slow one answers: after its soft time-out, and before it is as good as dead. */
#define SLOW (3 * SECOND / 2)

typedef struct _Test Test;

typedef struct {
  Test *test;
  BytestagForeign *peer;
  gboolean is_slow;
  const char *members; /* of its answer */
  guint n_asked;
  JsonObject *request;
} Peer;

struct _Test
{
  Fixture fixture;
  BytestagKey key;
  GPtrArray *foreigns; /* (element-type BytestagForeign) */
  Peer peers[N_PEERS]; /* nearest to the key first */
  char *nodes;         /* an answer that names all of them */
};

static void
answer_cb (BytestagSim *sim,
           gpointer     user_data)
{
  Peer *self = user_data;

  bytestag_foreign_reply (self->peer, &self->test->fixture.address, self->request, self->members);
}

static void
asked_cb (BytestagForeign        *peer,
          const BytestagEndpoint *from,
          const char             *rpc,
          JsonObject             *message,
          gpointer                user_data)
{
  Peer *self = user_data;

  self->n_asked++;
  g_clear_pointer (&self->request, json_object_unref);
  self->request = json_object_ref (message);
  if (self->is_slow)
    bytestag_sim_call (self->test->fixture.sim, SLOW, answer_cb, self);
  else
    answer_cb (self->test->fixture.sim, self);
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      user_data)
{
  BytestagForeign *const *one = a, *const *other = b;

  return bytestag_key_compare_distance (user_data, bytestag_foreign_get_id (*one), bytestag_foreign_get_id (*other));
}

/* Those from the @first on, nearest first, are contacts. */
static void
set_up_contacts (Test         *test,
                 gconstpointer data,
                 guint         first)
{
  fixture_set_up (&test->fixture, data);
  bytestag_key_digest (&test->key, "waiting", 7);
  test->foreigns = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_foreign_free);
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.0.1", 20 + i);

      g_ptr_array_add (test->foreigns, bytestag_foreign_new (test->fixture.sim, host));
    }
  g_ptr_array_sort_with_data (test->foreigns, compare, &test->key);
  for (guint i = 0; i < N_PEERS; i++)
    {
      test->peers[i] = (Peer) { .test = test, .peer = test->foreigns->pdata[i], .members = ", \"nodes\": []" };
      bytestag_foreign_set_func (test->peers[i].peer, asked_cb, &test->peers[i]);
    }
  for (guint i = first; i < N_PEERS; i++)
    {
      g_autoptr (BytestagPingTask) ping = NULL;

      ping = bytestag_network_ping_address (test->fixture.network, bytestag_foreign_get_address (test->peers[i].peer));
      fixture_assert_done (&test->fixture, ping, SECOND);
    }
}

static void
setup (Test         *test,
       gconstpointer data)
{
  set_up_contacts (test, data, 0);
}

static void
setup_far (Test         *test,
           gconstpointer data)
{
  set_up_contacts (test, data, N_PEERS - BYTESTAG_NETWORK_PARALLELISM);
}

static void
teardown (Test         *test,
          gconstpointer data)
{
  for (guint i = 0; i < N_PEERS; i++)
    g_clear_pointer (&test->peers[i].request, json_object_unref);
  g_clear_pointer (&test->foreigns, g_ptr_array_unref);
  g_clear_pointer (&test->nodes, g_free);
  fixture_tear_down (&test->fixture, data);
}

/* Each answers with the names of all. */
static void
name_all (Test *test)
{
  g_autoptr (GString) nodes = g_string_new (", \"nodes\": [");

  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (test->peers[i].peer));
      char host[BYTESTAG_ENDPOINT_HOST_SIZE];

      bytestag_endpoint_write_host (bytestag_foreign_get_address (test->peers[i].peer), host);
      g_string_append_printf (nodes, "%s{\"host\": \"%s\", \"port\": 9001, \"id\": \"%s\"}",
                              i > 0 ? ", " : "", host, id);
    }
  test->nodes = g_strconcat (nodes->str, "]", NULL);
  for (guint i = 0; i < N_PEERS; i++)
    test->peers[i].members = test->nodes;
}

static gboolean
is_found (BytestagFindShortlistTask *task,
          Peer                      *peer)
{
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_sorted_nodes (bytestag_find_shortlist_task_get_shortlist (task));

  for (guint i = 0; i < nodes->len; i++)
    if (bytestag_key_equal (bytestag_node_get_key (nodes->pdata[i]), bytestag_foreign_get_id (peer->peer)))
      return TRUE;
  return FALSE;
}

/* A few slow ones of the nearest are far away rather than dead, and are what is looked for;
 * when there are more of them nobody waits. */
static void
test_slow (Test         *test,
           gconstpointer data)
{
  gboolean are_few = GPOINTER_TO_INT (data);
  guint n_slow = are_few ? BYTESTAG_SHORTLIST_FEW_SLOW : BYTESTAG_SHORTLIST_FEW_SLOW + 1;
  gint64 start = bytestag_sim_get_time (test->fixture.sim);
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  name_all (test);
  for (guint i = 0; i < n_slow; i++)
    test->peers[i].is_slow = TRUE;
  task = bytestag_network_find_node_shortlist (test->fixture.network, &test->key);
  fixture_assert_done (&test->fixture, task, 3 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->fixture.sim) - start >= SLOW, ==, are_few);
  for (guint i = 0; i < n_slow; i++)
    g_assert_cmpint (is_found (task, &test->peers[i]), ==, are_few);
}

/* Of those that never answer the few hold it up until they are as good as dead, no longer. */
static void
test_dead (Test         *test,
           gconstpointer data)
{
  gint64 start = bytestag_sim_get_time (test->fixture.sim);
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  name_all (test);
  bytestag_foreign_set_func (test->peers[0].peer, NULL, NULL);
  task = bytestag_network_find_node_shortlist (test->fixture.network, &test->key);
  fixture_assert_done (&test->fixture, task, 4 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->fixture.sim) - start, >=, 2 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->fixture.sim) - start, <, 5 * SECOND / 2);
}

/* Slow ones that are farther than what is looked for hold up nothing, though they were asked
 * first. */
static void
test_far (Test         *test,
          gconstpointer data)
{
  gint64 start = bytestag_sim_get_time (test->fixture.sim);
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  name_all (test);
  for (guint i = N_PEERS - BYTESTAG_NETWORK_PARALLELISM + 1; i < N_PEERS; i++)
    test->peers[i].is_slow = TRUE;
  task = bytestag_network_find_node_shortlist (test->fixture.network, &test->key);
  fixture_assert_done (&test->fixture, task, 3 * SECOND);
  g_assert_cmpint (bytestag_sim_get_time (test->fixture.sim) - start, <, SLOW);
  for (guint i = 0; i < N_PEERS; i++)
    g_assert_cmpuint (test->peers[i].n_asked, ==,
                      i < BYTESTAG_MAX_BUCKET_SIZE || i >= N_PEERS - BYTESTAG_NETWORK_PARALLELISM);
}

/* An answer that lists (key, index) of the look-up. (transfer full) */
static char *
make_values (const BytestagKey *key,
             const BytestagKey *index)
{
  g_autofree char *key_text = bytestag_key_to_base64 (key);
  g_autofree char *index_text = bytestag_key_to_base64 (index);

  return g_strdup_printf (", \"vals\": [{\"key\": \"%s\", \"index\": \"%s\", \"size\": 5, \"time\": 6}]", key_text,
                          index_text);
}

static void
value_found_cb (BytestagFindShortlistTask *task,
                BytestagNode              *node,
                GPtrArray                 *found)
{
  g_autoptr (GPtrArray) useful = NULL;

  /* The list knows it already. */
  useful = bytestag_shortlist_useful_nodes (bytestag_find_shortlist_task_get_shortlist (task));
  g_assert_true (g_ptr_array_find (useful, node, NULL));
  g_assert_false (bytestag_task_is_finished (BYTESTAG_TASK (task)));
  g_ptr_array_add (found, g_object_ref (node));
}

/* It tells of each that holds the value, as it answers; not of who holds another, nor of one
 * that nobody can reach. */
static void
test_value_found (Test         *test,
                  gconstpointer data)
{
  g_autofree char *values = make_values (&test->key, &test->key);
  g_autofree char *unreachable = g_strconcat (values, ", \"ext\": 4", NULL);
  BytestagKey other = { { 9 } };
  g_autofree char *others = make_values (&test->key, &other);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (BytestagFindShortlistTask) first = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) found_first = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 5; i++)
    test->peers[i].members = values;
  test->peers[5].members = unreachable;
  test->peers[6].members = others;
  task = bytestag_network_find_value_shortlist (test->fixture.network, &test->key, &test->key, FALSE);
  g_signal_connect (task, "value-found", G_CALLBACK (value_found_cb), found);
  fixture_assert_done (&test->fixture, task, 20 * SECOND);
  g_assert_cmpuint (found->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    {
      guint n = 0;

      for (guint j = 0; j < 5; j++)
        n += bytestag_key_equal (bytestag_node_get_key (found->pdata[j]),
                                 bytestag_foreign_get_id (test->peers[i].peer));
      g_assert_cmpuint (n, ==, 1);
    }

  /* And once alone when the first ends it. */
  first = bytestag_network_find_value_shortlist (test->fixture.network, &test->key, &test->key, TRUE);
  g_signal_connect (first, "value-found", G_CALLBACK (value_found_cb), found_first);
  fixture_assert_done (&test->fixture, first, 20 * SECOND);
  g_assert_cmpuint (found_first->len, ==, 1);
}

static guint
count_asked (Test *test)
{
  guint n = 0;

  for (guint i = 0; i < N_PEERS; i++)
    n += test->peers[i].n_asked;
  return n;
}

static void
pause_cb (BytestagFindShortlistTask *task)
{
  _bytestag_find_shortlist_task_set_paused (task, TRUE);
}

/* While it is paused answers come in, nobody else is asked, and it does not end; then it
 * goes on where it was. */
static void
test_paused (Test         *test,
             gconstpointer data)
{
  g_autofree char *values = make_values (&test->key, &test->key);
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  g_autoptr (GPtrArray) useful = NULL;
  BytestagShortlist *shortlist;

  for (guint i = 0; i < N_PEERS; i++)
    test->peers[i].members = values;
  task = bytestag_network_find_value_shortlist (test->fixture.network, &test->key, &test->key, FALSE);
  shortlist = bytestag_find_shortlist_task_get_shortlist (task);
  g_signal_connect (task, "value-found", G_CALLBACK (pause_cb), NULL);
  bytestag_sim_run (test->fixture.sim, 20 * SECOND);
  g_assert_cmpuint (count_asked (test), ==, BYTESTAG_LIMIT_ACTIVE_PATHS);
  useful = bytestag_shortlist_useful_nodes (shortlist);
  g_assert_cmpuint (useful->len, ==, BYTESTAG_LIMIT_ACTIVE_PATHS);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_RUNNING);

  /* To say it again changes nothing. */
  _bytestag_find_shortlist_task_set_paused (task, TRUE);
  g_signal_handlers_disconnect_by_func (task, pause_cb, NULL);
  _bytestag_find_shortlist_task_set_paused (task, FALSE);
  g_assert_cmpuint (bytestag_find_shortlist_task_get_n_requests (task), >, BYTESTAG_LIMIT_ACTIVE_PATHS);
  fixture_assert_done (&test->fixture, task, 20 * SECOND);
  g_assert_cmpuint (count_asked (test), >, BYTESTAG_LIMIT_ACTIVE_PATHS);
  _bytestag_find_shortlist_task_set_paused (task, TRUE);
  _bytestag_find_shortlist_task_set_paused (task, FALSE);
}

/* One whose last answer came while it was paused ends when it goes on. */
static void
test_paused_end (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;

  task = bytestag_network_find_value_shortlist (test->fixture.network, &test->key, &test->key, FALSE);
  for (guint i = 0; i < 200 && count_asked (test) < BYTESTAG_LIMIT_PATHS; i++)
    bytestag_sim_run (test->fixture.sim, SECOND / 1000);
  g_assert_cmpuint (count_asked (test), ==, BYTESTAG_LIMIT_PATHS);
  _bytestag_find_shortlist_task_set_paused (task, TRUE);
  bytestag_sim_run (test->fixture.sim, 20 * SECOND);
  g_assert_cmpint (bytestag_task_get_state (BYTESTAG_TASK (task)), ==, BYTESTAG_TASK_RUNNING);
  _bytestag_find_shortlist_task_set_paused (task, FALSE);
  fixture_assert_done (&test->fixture, task, 1);
}

static void
test_paused_cancel (Test         *test,
                    gconstpointer data)
{
  BytestagFindShortlistTask *task;

  task = bytestag_network_find_value_shortlist (test->fixture.network, &test->key, &test->key, FALSE);
  _bytestag_find_shortlist_task_set_paused (task, TRUE);
  bytestag_sim_run (test->fixture.sim, SECOND);
  bytestag_task_cancel (BYTESTAG_TASK (task));
  _bytestag_find_shortlist_task_set_paused (task, FALSE);
  bytestag_sim_run (test->fixture.sim, SECOND);
  g_assert_cmpuint (count_asked (test), ==, BYTESTAG_LIMIT_ACTIVE_PATHS);
  g_assert_finalize_object (task);
}

#define TEST(path, func) g_test_add ("/dht/find-shortlist-task/" path, Test, NULL, setup, func, teardown)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/dht/find-shortlist-task/slow/few", Test, GINT_TO_POINTER (TRUE), setup, test_slow, teardown);
  g_test_add ("/dht/find-shortlist-task/slow/many", Test, GINT_TO_POINTER (FALSE), setup, test_slow, teardown);
  TEST ("dead-one", test_dead);
  g_test_add ("/dht/find-shortlist-task/far", Test, NULL, setup_far, test_far, teardown);
  TEST ("value-found", test_value_found);
  TEST ("paused", test_paused);
  TEST ("paused-end", test_paused_end);
  TEST ("paused-cancel", test_paused_cancel);

  return g_test_run ();
}
