/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a look-up may ask of one network, and in which path; the rest is in shortlist.c. */
#include "config.h"

#include "shortlist-fixture.h"

#include "core/limits.h"

typedef ShortlistFixture Test;

static BytestagNode *
make_at (Test       *test,
         guint       distance,
         const char *host)
{
  g_autoptr (BytestagNode) named = shortlist_make_node (test, distance, 1000);
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, 1000));
  return bytestag_node_new (bytestag_node_get_key (named), &endpoint);
}

static gboolean
add_at (Test       *test,
        guint       distance,
        const char *host,
        guint       path)
{
  guint n_before = g_list_model_get_n_items (G_LIST_MODEL (test->shortlist));
  g_autoptr (BytestagNode) node = make_at (test, distance, host);

  bytestag_shortlist_add_to_path (test->shortlist, node, path);
  return g_list_model_get_n_items (G_LIST_MODEL (test->shortlist)) > n_before;
}

/* Two endpoints of a network may be asked, whatever became of them (B.5). */
static void
test_network (Test         *test,
              gconstpointer data)
{
  static const char *const hosts[][4] = {
    { "9.1.2.1", "9.1.2.2", "9.1.2.3", "9.1.3.1" },
    { "2a00::1", "2a00::ffff:2", "2a00::3", "2a00:0:0:1::1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      guint first = 100 * (i + 1);

      g_assert_true (add_at (test, first + 1, hosts[i][0], 0));
      g_assert_true (add_at (test, first + 2, hosts[i][1], 0));
      g_assert_false (add_at (test, first + 3, hosts[i][2], 0));
      g_assert_true (add_at (test, first + 4, hosts[i][3], 0));

      shortlist_contact_all (test);
      shortlist_mark (test, first + 1, FALSE);
      shortlist_mark (test, first + 2, FALSE);
      g_assert_false (add_at (test, first + 3, hosts[i][2], 0));
    }
}

/* The nearest of those that are named together. */
static void
test_network_nearest (Test         *test,
                      gconstpointer data)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.1.2.%u", i + 1);

      g_ptr_array_add (nodes, make_at (test, 50 - i, host));
    }
  bytestag_shortlist_add_nodes (test->shortlist, nodes, NULL);
  shortlist_assert_contacting (test, 5, (guint[]) { 46, 47 }, 2);
}

/* Another endpoint of an id takes a place too. */
static void
test_network_alternate (Test         *test,
                        gconstpointer data)
{
  g_assert_true (add_at (test, 1, "9.1.2.1", 0));
  g_assert_false (add_at (test, 1, "9.1.2.2", 0));
  g_assert_false (add_at (test, 2, "9.1.2.3", 0));
  g_assert_false (add_at (test, 1, "9.1.2.4", 0));
  shortlist_contact_all (test);
  shortlist_mark (test, 1, FALSE);
  shortlist_assert_state (test, 1, BYTESTAG_CANDIDATE_NEW);
  shortlist_contact_all (test);
  shortlist_mark (test, 1, FALSE);
  shortlist_assert_state (test, 1, BYTESTAG_CANDIDATE_FAILED);
}

static void
test_network_private (Test         *test,
                      gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    g_assert_true (add_at (test, i + 1, "10.1.2.3", 0));

  bytestag_shortlist_set_limits_private (test->shortlist, TRUE);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (add_at (test, 20 + i, "10.1.3.3", 0), ==, i < BYTESTAG_LIMIT_NETWORK_IN_LOOKUP);
}

/* Whoever names two of a network keeps it out of his own path alone. */
static void
test_network_of_path (Test         *test,
                      gconstpointer data)
{
  g_assert_true (add_at (test, 1, "9.1.2.1", 0));
  g_assert_true (add_at (test, 2, "9.1.2.2", 0));
  g_assert_false (add_at (test, 3, "9.1.2.3", 0));
  g_assert_true (add_at (test, 3, "9.1.2.3", BYTESTAG_LIMIT_PATHS - 1));
  g_assert_true (add_at (test, 4, "9.1.2.4", BYTESTAG_LIMIT_PATHS - 1));
  g_assert_false (add_at (test, 5, "9.1.2.5", BYTESTAG_LIMIT_PATHS - 1));
}

static void
add_networks (Test *test,
              guint first,
              guint n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *host = g_strdup_printf ("9.%u.%u.1", 3 + i / 256, i % 256);

      add_at (test, 2000 + i, host, 0);
    }
}

/* As many networks as one path can name do not make it forget one; beyond, it does. */
static void
test_networks_bound (Test         *test,
                     gconstpointer data)
{
  const guint n_of_path = BYTESTAG_LIMIT_REQUESTS_OF_PATH * BYTESTAG_LIMIT_NODES_OF_REPLY;

  g_assert_true (add_at (test, 1, "9.1.2.1", 0));
  g_assert_true (add_at (test, 2, "9.1.2.2", 0));
  add_networks (test, 0, n_of_path);
  add_at (test, 3, "9.1.2.3", 0);
  shortlist_assert_contacting (test, 3, (guint[]) { 1, 2, 2000 }, 3);
  add_networks (test, n_of_path, BYTESTAG_LIMIT_NETWORKS_OF_LOOKUP);
  add_at (test, 3, "9.1.2.3", 0);
  shortlist_assert_contacting (test, 1, (guint[]) { 3 }, 1);
}

static void
assert_next (Test *test,
             guint path,
             guint distance)
{
  g_autoptr (BytestagNode) node = bytestag_shortlist_take_next_of_path (test->shortlist, path);

  if (distance == 0)
    g_assert_null (node);
  else
    g_assert_cmpuint (shortlist_get_distance (test, node), ==, distance);
}

/* Paths are disjoint: each node is asked in one, the nearest that was named there. */
static void
test_paths (Test         *test,
            gconstpointer data)
{
  add_at (test, 40, "10.0.0.1", 0);
  add_at (test, 50, "10.0.0.1", 1);
  assert_next (test, 2, 0);
  g_assert_true (bytestag_shortlist_is_path_finished (test->shortlist, 2));
  assert_next (test, 0, 40);
  assert_next (test, 0, 0);
  assert_next (test, 1, 50);
  g_assert_false (bytestag_shortlist_is_path_finished (test->shortlist, 0));

  /* What one names belongs to its path; what both name, to whom asks first. */
  shortlist_mark (test, 40, TRUE);
  shortlist_mark (test, 50, TRUE);
  shortlist_add (test, bytestag_candidate_get_node (shortlist_peek (test, 40)), 2, 10, 20);
  shortlist_add (test, bytestag_candidate_get_node (shortlist_peek (test, 50)), 2, 20, 30);
  assert_next (test, 1, 20);
  assert_next (test, 0, 10);
  assert_next (test, 0, 0);
  assert_next (test, 1, 30);
  assert_next (test, 1, 0);

  /* A path waits for its own nodes only. */
  shortlist_mark (test, 10, TRUE);
  shortlist_mark (test, 20, TRUE);
  g_assert_true (bytestag_shortlist_is_path_finished (test->shortlist, 0));
  g_assert_false (bytestag_shortlist_is_path_finished (test->shortlist, 1));
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_mark (test, 30, FALSE);
  g_assert_true (bytestag_shortlist_is_path_finished (test->shortlist, 1));
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
}

static guint
get_n_items (Test *test)
{
  return g_list_model_get_n_items (G_LIST_MODEL (test->shortlist));
}

/* Begins a path with a node at this distance, which is asked; (transfer full) it. */
static BytestagNode *
begin_path (Test *test,
            guint path,
            guint distance)
{
  g_autoptr (BytestagNode) start = shortlist_make_node (test, distance, 1000);
  BytestagNode *next;

  bytestag_shortlist_add_to_path (test->shortlist, start, path);
  next = bytestag_shortlist_take_next_of_path (test->shortlist, path);
  g_assert_true (next == start);
  return next;
}

/* @source names nodes at the distances first to last. */
static void
name_range (Test         *test,
            BytestagNode *source,
            guint         first,
            guint         last)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint distance = first; distance <= last; distance++)
    g_ptr_array_add (nodes, shortlist_make_node (test, distance, 1000));
  bytestag_shortlist_add_nodes (test->shortlist, nodes, source);
}

/* Of what a path names only the nearest stay, so many as it could ask, and who was asked. */
static void
test_trim (Test         *test,
           gconstpointer data)
{
  g_autoptr (BytestagNode) start = begin_path (test, 3, 60000);
  g_autoptr (BytestagNode) other = NULL;

  name_range (test, start, 1000, 1000 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH - 1);
  g_assert_cmpuint (get_n_items (test), ==, 1 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH);
  name_range (test, start, 2000, 2000);
  g_assert_cmpuint (get_n_items (test), ==, 1 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH);
  name_range (test, start, 999, 999);
  g_assert_cmpuint (get_n_items (test), ==, 1 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH);
  g_assert_cmpuint (shortlist_get_distance (test, bytestag_candidate_get_node (shortlist_peek (test, 999))), ==, 999);

  /* One that another path has too stays there, and is no more of this one. */
  other = begin_path (test, 4, 50000);
  name_range (test, other, 1000 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH - 2, 1000 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH - 2);
  name_range (test, start, 998, 998);
  g_assert_cmpuint (get_n_items (test), ==, 2 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH + 1);
  for (guint i = 0; i < BYTESTAG_LIMIT_CANDIDATES_OF_PATH; i++)
    {
      g_autoptr (BytestagNode) next = bytestag_shortlist_take_next_of_path (test->shortlist, 4);

      if (next == NULL)
        break;
      g_assert_cmpuint (shortlist_get_distance (test, next), ==, 1000 + BYTESTAG_LIMIT_CANDIDATES_OF_PATH - 2);
      g_assert_cmpuint (i, ==, 0);
    }
}

/* A path that is led astray names ever nearer nodes: the others begin all the same. */
static void
test_captured (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagNode) captured = begin_path (test, 0, 60000);

  for (guint last = 50000; last > 50000 - 2 * BYTESTAG_LIMIT_CANDIDATES; last -= BYTESTAG_LIMIT_NODES_OF_REPLY)
    name_range (test, captured, last - BYTESTAG_LIMIT_NODES_OF_REPLY + 1, last);
  for (guint path = 1; path < BYTESTAG_LIMIT_PATHS; path++)
    g_object_unref (begin_path (test, path, 60000 + path));
  g_assert_cmpuint (get_n_items (test), ==, BYTESTAG_LIMIT_PATHS + BYTESTAG_LIMIT_CANDIDATES_OF_PATH);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/shortlist/" path, Test, NULL, shortlist_set_up, func, shortlist_tear_down)
  ADD ("network", test_network);
  ADD ("network/nearest", test_network_nearest);
  ADD ("network/alternate", test_network_alternate);
  ADD ("network/private", test_network_private);
  ADD ("network/of-path", test_network_of_path);
  ADD ("network/bound", test_networks_bound);
  ADD ("paths", test_paths);
  ADD ("trim", test_trim);
  ADD ("captured", test_captured);

  return g_test_run ();
}
