/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "shortlist-fixture.h"

#include "core/limits.h"
#include "dht/bucket.h"

typedef ShortlistFixture Test;

/* Nodes at the distances first to last. */
static void
add_range (Test *test,
           guint first,
           guint last)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint distance = first; distance <= last; distance++)
    g_ptr_array_add (nodes, shortlist_make_node (test, distance, 1000));
  bytestag_shortlist_add_nodes (test->shortlist, nodes, NULL);
}

static void
add_at_port (Test *test,
             guint distance,
             guint port)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (nodes, shortlist_make_node (test, distance, port));
  bytestag_shortlist_add_nodes (test->shortlist, nodes, NULL);
}

static void
mark_slow (Test *test,
           guint distance)
{
  bytestag_shortlist_mark_slow (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, distance)));
}

static void
test_order (Test         *test,
            gconstpointer data)
{
  GListModel *model = G_LIST_MODEL (test->shortlist);

  g_assert_true (bytestag_key_equal (bytestag_shortlist_get_key (test->shortlist), &test->key));
  shortlist_add (test, NULL, 4, 30, 10, 40, 20);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (test->mirror), ==, 4);

  /* Runs: before 10, between 20 and 30 (two), after 40. The known one is not new. */
  shortlist_add (test, NULL, 5, 25, 50, 5, 24, 30);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 3);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (test->mirror), ==, 4);

  shortlist_add (test, NULL, 3, 5, 24, 50);
  shortlist_add (test, NULL, 0);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 0);

  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 8);
  for (guint i = 0, before = 0; i < 8; i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (model, i);
      guint distance = shortlist_get_distance (test, bytestag_candidate_get_node (candidate));

      g_assert_cmpuint (distance, >, before);
      before = distance;
    }
}

/* Ourselves, and what no datagram can be sent to. */
static void
test_refused (Test         *test,
              gconstpointer data)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (BytestagNode) node = shortlist_make_node (test, 1, 1000);

  g_ptr_array_add (nodes, bytestag_test_node_new (&test->own_id, 1000));
  g_ptr_array_add (nodes, shortlist_make_node (test, 1, 0));
  g_ptr_array_add (nodes, bytestag_node_new_for_host (bytestag_node_get_key (node), "example.org", 1000));
  bytestag_shortlist_add_nodes (test->shortlist, nodes, NULL);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (test->shortlist)), ==, 0);
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
}

static void
test_steps (Test         *test,
            gconstpointer data)
{
  g_autoptr (BytestagNode) unknown = shortlist_make_node (test, 500, 1000);

  shortlist_add (test, NULL, 1, 40);
  shortlist_add (test, bytestag_candidate_get_node (shortlist_peek (test, 40)), 2, 30, 40);
  shortlist_add (test, bytestag_candidate_get_node (shortlist_peek (test, 30)), 1, 20);
  shortlist_add (test, unknown, 1, 10);

  g_assert_cmpuint (bytestag_candidate_get_step (shortlist_peek (test, 40)), ==, 0);
  g_assert_cmpuint (bytestag_candidate_get_step (shortlist_peek (test, 30)), ==, 1);
  g_assert_cmpuint (bytestag_candidate_get_step (shortlist_peek (test, 20)), ==, 2);
  g_assert_cmpuint (bytestag_candidate_get_step (shortlist_peek (test, 10)), ==, 1);
}

static void
test_contacting (Test         *test,
                 gconstpointer data)
{
  shortlist_add (test, NULL, 4, 40, 10, 30, 20);
  shortlist_assert_contacting (test, 3, (guint[]) { 10, 20, 30 }, 3);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 3);
  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_CONTACTED);
  shortlist_assert_state (test, 40, BYTESTAG_CANDIDATE_NEW);

  shortlist_add (test, NULL, 1, 15);
  shortlist_assert_contacting (test, 1, (guint[]) { 15 }, 1);
  shortlist_assert_contacting (test, 3, (guint[]) { 40 }, 1);
  shortlist_assert_contacting (test, 3, NULL, 0);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 5);

  shortlist_mark (test, 10, TRUE);
  shortlist_mark (test, 20, FALSE);
  mark_slow (test, 30);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 2);
  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_ANSWERED);
  shortlist_assert_state (test, 20, BYTESTAG_CANDIDATE_FAILED);
  shortlist_assert_state (test, 30, BYTESTAG_CANDIDATE_SLOW);

  /* A late answer counts; a late failure of one that answered does not. */
  shortlist_mark (test, 30, TRUE);
  shortlist_assert_state (test, 30, BYTESTAG_CANDIDATE_ANSWERED);
  shortlist_mark (test, 30, FALSE);
  mark_slow (test, 30);
  shortlist_assert_state (test, 30, BYTESTAG_CANDIDATE_ANSWERED);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 2);
}

static void
count_cb (guint *count)
{
  (*count)++;
}

/* Attributes change by notify alone. */
static void
test_notify (Test         *test,
             gconstpointer data)
{
  guint n_states = 0, n_useful = 0, n_nodes = 0, step;
  g_autoptr (BytestagNode) node = NULL;
  BytestagCandidateState state;
  gboolean useful;

  shortlist_add (test, NULL, 1, 10);
  add_at_port (test, 10, 2000);
  bytestag_test_model_take_n_signals (test->mirror);
  g_signal_connect_swapped (shortlist_peek (test, 10), "notify::state", G_CALLBACK (count_cb), &n_states);
  g_signal_connect_swapped (shortlist_peek (test, 10), "notify::useful", G_CALLBACK (count_cb), &n_useful);
  g_signal_connect_swapped (shortlist_peek (test, 10), "notify::node", G_CALLBACK (count_cb), &n_nodes);

  shortlist_contact_all (test);
  mark_slow (test, 10);
  mark_slow (test, 10);
  g_assert_cmpuint (n_states, ==, 2);
  shortlist_mark (test, 10, FALSE);
  g_assert_cmpuint (n_states, ==, 3);
  g_assert_cmpuint (n_nodes, ==, 1);
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, 10)),
                               TRUE, TRUE, NULL);
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, 10)),
                               TRUE, TRUE, NULL);
  g_assert_cmpuint (n_states, ==, 4);
  g_assert_cmpuint (n_useful, ==, 1);

  g_object_get (shortlist_peek (test, 10), "node", &node, "state", &state, "useful", &useful, "step", &step, NULL);
  g_assert_cmpuint (bytestag_node_get_port (node), ==, 2000);
  g_assert_cmpint (state, ==, BYTESTAG_CANDIDATE_ANSWERED);
  g_assert_true (useful);
  g_assert_true (bytestag_candidate_get_useful (shortlist_peek (test, 10)));
  g_assert_cmpuint (step, ==, 0);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 0);
}

/* One candidate for each id; its other endpoints are tried in turn. */
static void
test_alternates (Test         *test,
                 gconstpointer data)
{
  g_autoptr (BytestagNode) first = shortlist_make_node (test, 10, 1000);

  add_at_port (test, 10, 1000);
  for (guint i = 0; i < BYTESTAG_LIMIT_ALTERNATES + 3; i++)
    {
      add_at_port (test, 10, 1001 + i);
      add_at_port (test, 10, 1001);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (test->shortlist)), ==, 1);

  for (guint i = 0; i <= BYTESTAG_LIMIT_ALTERNATES; i++)
    {
      g_autoptr (GPtrArray) nodes = NULL;

      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      nodes = bytestag_shortlist_get_nodes_for_contacting (test->shortlist, 3);
      g_assert_cmpuint (nodes->len, ==, 1);
      g_assert_cmpuint (bytestag_node_get_port (nodes->pdata[0]), ==, 1000 + i);
      /* The former endpoint has no say any more. */
      if (i > 0)
        bytestag_shortlist_mark_node (test->shortlist, first, TRUE, TRUE, NULL);
      shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_CONTACTED);
      shortlist_mark (test, 10, FALSE);
    }

  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_FAILED);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 0);
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));

  /* It has had its chances. */
  add_at_port (test, 10, 5000);
  shortlist_assert_contacting (test, 3, NULL, 0);
}

/* Two endpoints of an id in one list. */
static void
test_alternates_in_list (Test         *test,
                         gconstpointer data)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (nodes, shortlist_make_node (test, 10, 1000));
  g_ptr_array_add (nodes, shortlist_make_node (test, 5, 1000));
  g_ptr_array_add (nodes, shortlist_make_node (test, 10, 1001));
  bytestag_shortlist_add_nodes (test->shortlist, nodes, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (test->shortlist)), ==, 2);

  shortlist_contact_all (test);
  shortlist_mark (test, 10, FALSE);
  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_NEW);
}

static void
test_finished (Test         *test,
               gconstpointer data)
{
  add_range (test, 1, 30);
  for (guint distance = 1; distance <= BYTESTAG_MAX_BUCKET_SIZE; distance++)
    {
      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      shortlist_assert_contacting (test, 1, &distance, 1);
      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      shortlist_mark (test, distance, TRUE);
    }
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
  /* Nobody else is worth a request. */
  shortlist_assert_contacting (test, 3, NULL, 0);

  /* Somebody nearer was named; then he fails, and is as if he were not there. */
  shortlist_add (test, NULL, 1, 0x0);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_assert_contacting (test, 3, (guint[]) { 0 }, 1);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_mark (test, 0, FALSE);
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
}

/* However many are silent, only so many more are asked (limits.h). */
static void
test_finished_silent (Test         *test,
                      gconstpointer data)
{
  guint n_wanted = BYTESTAG_MAX_BUCKET_SIZE + BYTESTAG_LIMIT_EXTRA_OF_LOOKUP;

  add_range (test, 1, 60);
  for (guint distance = 1; distance <= 20 + n_wanted; distance++)
    {
      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      shortlist_assert_contacting (test, 1, &distance, 1);
      shortlist_mark (test, distance, distance > 20);
    }
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_assert_contacting (test, 3, NULL, 0);
}

/* For one that fails among the closest, the next one is asked; and one more for each but
 * three, since whoever is silent took a place in what others name. */
static void
test_finished_failed (Test         *test,
                      gconstpointer data)
{
  add_range (test, 1, 40);
  shortlist_contact_all (test);
  for (guint distance = 1; distance <= BYTESTAG_MAX_BUCKET_SIZE; distance++)
    shortlist_mark (test, distance, distance % 4 != 0);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  for (guint distance = 21; distance <= 27; distance++)
    {
      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      shortlist_mark (test, distance, TRUE);
    }
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
}

/* A slow one holds nobody back where there are others. */
static void
test_finished_slow (Test         *test,
                    gconstpointer data)
{
  add_range (test, 1, 22);
  shortlist_contact_all (test);
  mark_slow (test, 3);
  mark_slow (test, 7);
  for (guint distance = 1; distance <= 22; distance++)
    {
      if (distance == 3 || distance == 7)
        continue;
      g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
      shortlist_mark (test, distance, TRUE);
    }
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));
}

/* Where there are fewer than 20, they are waited for while they are the most. */
static void
test_finished_few (Test         *test,
                   gconstpointer data)
{
  add_range (test, 1, 5);
  shortlist_contact_all (test);
  for (guint distance = 1; distance <= 5; distance++)
    mark_slow (test, distance);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_mark (test, 1, TRUE);
  shortlist_mark (test, 2, TRUE);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
  shortlist_mark (test, 3, FALSE);
  g_assert_true (bytestag_shortlist_is_finished (test->shortlist));

  shortlist_add (test, NULL, 1, 6);
  g_assert_false (bytestag_shortlist_is_finished (test->shortlist));
}

static void
test_results (Test         *test,
              gconstpointer data)
{
  g_autoptr (GPtrArray) sorted = NULL;
  g_autoptr (GPtrArray) useful = NULL;

  add_range (test, 1, 6);
  shortlist_contact_all (test);
  shortlist_mark (test, 5, TRUE);
  shortlist_mark (test, 2, TRUE);
  shortlist_mark (test, 3, FALSE);
  mark_slow (test, 4);
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, 6)),
                               TRUE, TRUE, NULL);
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, 1)),
                               TRUE, TRUE, NULL);

  sorted = bytestag_shortlist_sorted_nodes (test->shortlist);
  useful = bytestag_shortlist_useful_nodes (test->shortlist);
  shortlist_assert_distances (test, sorted, (guint[]) { 1, 2, 5, 6 }, 4);
  shortlist_assert_distances (test, useful, (guint[]) { 1, 6 }, 2);
}

/* The candidate at this distance says that it holds the index with this size. */
static void
mark_info (Test              *test,
           guint              distance,
           const BytestagKey *index,
           gint64             size,
           guint              n_copies)
{
  g_autoptr (GPtrArray) infos = bytestag_exchange_info_list_new ();

  for (guint i = 0; i < n_copies; i++)
    {
      BytestagExchangeInfo info = { .size = size, .timestamp = distance, .time_kind = BYTESTAG_TIME_INTEGER };

      info.id.key = test->key;
      info.id.index = *index;
      g_ptr_array_add (infos, bytestag_exchange_info_copy (&info));
    }

  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, distance)),
                                TRUE, TRUE, infos);
}

static void
test_common_info (Test         *test,
                  gconstpointer data)
{
  g_autoptr (BytestagExchangeInfo) none = NULL;
  g_autoptr (BytestagExchangeInfo) common = NULL;
  g_autoptr (BytestagExchangeInfo) wrong_key = NULL;
  g_autoptr (BytestagExchangeInfo) tied = NULL;
  BytestagKey index, other;

  bytestag_key_random (&index, BYTESTAG_RNG (test->rng));
  bytestag_key_random (&other, BYTESTAG_RNG (test->rng));
  add_range (test, 1, 8);
  shortlist_contact_all (test);
  none = bytestag_shortlist_get_common_exchange_info (test->shortlist, &test->key, &index);
  g_assert_null (none);

  /* Two say 100, one says 50 many times, three speak of something else. */
  mark_info (test, 1, &index, 50, 10);
  mark_info (test, 2, &other, 7, 1);
  mark_info (test, 3, &index, 100, 1);
  mark_info (test, 4, &other, 7, 1);
  mark_info (test, 5, &index, 100, 1);
  mark_info (test, 6, &other, 7, 1);
  common = bytestag_shortlist_get_common_exchange_info (test->shortlist, &test->key, &index);
  g_assert_nonnull (common);
  g_assert_cmpint (common->size, ==, 100);
  g_assert_cmpfloat (common->timestamp, ==, 3);
  g_assert_true (bytestag_key_equal (&common->id.index, &index));

  wrong_key = bytestag_shortlist_get_common_exchange_info (test->shortlist, &other, &index);
  g_assert_null (wrong_key);

  /* As many votes: the nearest node's word. */
  mark_info (test, 7, &index, 50, 1);
  tied = bytestag_shortlist_get_common_exchange_info (test->shortlist, &test->key, &index);
  g_assert_cmpint (tied->size, ==, 50);
}

/* The bound on candidates: nearer ones come in, the farthest idle ones go. */
static void
test_limit (Test         *test,
            gconstpointer data)
{
  GListModel *model = G_LIST_MODEL (test->shortlist);
  guint last = 1000 + BYTESTAG_LIMIT_CANDIDATES - 1;

  add_range (test, 1000, last);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, BYTESTAG_LIMIT_CANDIDATES);

  /* Farther than all: not taken. */
  shortlist_add (test, NULL, 1, 5000);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, BYTESTAG_LIMIT_CANDIDATES);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 1);

  /* The farthest are asked: then those before them go. */
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, last)),
                               TRUE, FALSE, NULL);
  shortlist_add (test, NULL, 3, 10, 20, 6000);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, BYTESTAG_LIMIT_CANDIDATES);
  shortlist_assert_state (test, last, BYTESTAG_CANDIDATE_ANSWERED);
  shortlist_assert_state (test, last - 3, BYTESTAG_CANDIDATE_NEW);
  g_assert_cmpuint (bytestag_test_model_take_n_signals (test->mirror), ==, 3);

  /* More than fit at once. */
  add_range (test, 100, 900);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, BYTESTAG_LIMIT_CANDIDATES);
  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_NEW);
  shortlist_assert_state (test, 100 + BYTESTAG_LIMIT_CANDIDATES - 4, BYTESTAG_CANDIDATE_NEW);
  shortlist_assert_state (test, last, BYTESTAG_CANDIDATE_ANSWERED);
}

/* All are waited for: nobody makes room. */
static void
test_limit_contacted (Test         *test,
                      gconstpointer data)
{
  g_autoptr (BytestagCandidate) first = NULL;
  guint n_asked = 0;

  add_range (test, 1000, 1000 + BYTESTAG_LIMIT_CANDIDATES - 1);
  while (n_asked < BYTESTAG_LIMIT_CANDIDATES)
    {
      g_autoptr (GPtrArray) nodes = bytestag_shortlist_get_nodes_for_contacting (test->shortlist, G_MAXUINT);

      g_assert_cmpuint (nodes->len, >, 0);
      n_asked += nodes->len;
      for (guint i = 0; i < nodes->len; i++)
        bytestag_shortlist_mark_slow (test->shortlist, nodes->pdata[i]);
    }

  shortlist_add (test, NULL, 2, 1, 2);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (test->shortlist)), ==, BYTESTAG_LIMIT_CANDIDATES);
  first = g_list_model_get_item (G_LIST_MODEL (test->shortlist), 0);
  g_assert_cmpuint (shortlist_get_distance (test, bytestag_candidate_get_node (first)), ==, 1000);
}

/* A node that is no candidate has no say. */
static void
test_stranger (Test         *test,
               gconstpointer data)
{
  g_autoptr (BytestagNode) stranger = shortlist_make_node (test, 77, 1000);

  shortlist_add (test, NULL, 1, 10);
  bytestag_shortlist_mark_node (test->shortlist, stranger, TRUE, TRUE, NULL);
  bytestag_shortlist_mark_node (test->shortlist, stranger, FALSE, FALSE, NULL);
  bytestag_shortlist_mark_slow (test->shortlist, stranger);
  shortlist_assert_state (test, 10, BYTESTAG_CANDIDATE_NEW);
  g_assert_cmpuint (bytestag_shortlist_get_n_contacted (test->shortlist), ==, 0);
}

static void
test_finalize (Test         *test,
               gconstpointer data)
{
  BytestagShortlist *shortlist = bytestag_shortlist_new (&test->key, &test->own_id);
  BytestagNode *node = shortlist_make_node (test, 10, 1000);
  BytestagNode *alternate = shortlist_make_node (test, 10, 1001);
  GPtrArray *nodes = g_ptr_array_new ();
  GPtrArray *infos = bytestag_exchange_info_list_new ();
  BytestagCandidate *candidate;

  g_ptr_array_add (nodes, node);
  g_ptr_array_add (nodes, alternate);
  bytestag_shortlist_add_nodes (shortlist, nodes, NULL);
  bytestag_shortlist_mark_node (shortlist, node, TRUE, TRUE, infos);
  candidate = g_list_model_get_item (G_LIST_MODEL (shortlist), 0);
  g_ptr_array_unref (nodes);
  g_ptr_array_unref (infos);

  g_assert_finalize_object (shortlist);
  g_assert_finalize_object (candidate);
  g_assert_finalize_object (node);
  g_assert_finalize_object (alternate);
}

/* How many of the closest must have answered when so many nearer ones are silent: none
 * more for the few that may only be far away, then one for each, up to a bound. */
static void
test_wanted (Test         *test,
             gconstpointer data)
{
  static const guint most = BYTESTAG_SHORTLIST_FEW_SLOW + BYTESTAG_LIMIT_EXTRA_OF_LOOKUP;

  for (guint n_silent = 0; n_silent <= most + 1; n_silent++)
    {
      guint n_more = n_silent <= BYTESTAG_SHORTLIST_FEW_SLOW ? 0 : MIN (n_silent, most) - BYTESTAG_SHORTLIST_FEW_SLOW;
      g_autoptr (BytestagShortlist) shortlist = bytestag_shortlist_new (&test->key, &test->own_id);
      g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);
      g_autoptr (GPtrArray) first = NULL;
      g_autoptr (GPtrArray) rest = NULL;

      for (guint distance = 1; distance <= 60; distance++)
        g_ptr_array_add (nodes, shortlist_make_node (test, distance, 1000));
      bytestag_shortlist_add_nodes (shortlist, nodes, NULL);
      first = bytestag_shortlist_get_nodes_for_contacting (shortlist, n_silent);
      for (guint i = 0; i < n_silent; i++)
        bytestag_shortlist_mark_slow (shortlist, first->pdata[i]);
      rest = bytestag_shortlist_get_nodes_for_contacting (shortlist, G_MAXUINT);
      g_assert_cmpuint (rest->len, ==, BYTESTAG_MAX_BUCKET_SIZE + n_more);
    }
}

/* Slow ones count while fewer nearer ones have answered than are looked for. */
static void
test_count_slow (Test         *test,
                 gconstpointer data)
{
  add_range (test, 1, 60);
  shortlist_contact_all (test);
  g_assert_cmpuint (bytestag_shortlist_count_slow (test->shortlist), ==, 0);
  mark_slow (test, 2);
  mark_slow (test, 20);
  shortlist_contact_all (test);
  g_assert_cmpuint (bytestag_shortlist_count_slow (test->shortlist), ==, 2);

  /* With 19 that answered before 22 it counts, and with one more it does not. */
  mark_slow (test, 22);
  for (guint distance = 1; distance <= 21; distance++)
    if (distance != 2 && distance != 20)
      shortlist_mark (test, distance, TRUE);
  g_assert_cmpuint (bytestag_shortlist_count_slow (test->shortlist), ==, 3);
  shortlist_mark (test, 20, TRUE);
  g_assert_cmpuint (bytestag_shortlist_count_slow (test->shortlist), ==, 1);
  shortlist_mark (test, 2, FALSE);
  g_assert_cmpuint (bytestag_shortlist_count_slow (test->shortlist), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/dht/shortlist/" path, Test, NULL, shortlist_set_up, func, shortlist_tear_down)
  ADD ("order", test_order);
  ADD ("refused", test_refused);
  ADD ("steps", test_steps);
  ADD ("contacting", test_contacting);
  ADD ("notify", test_notify);
  ADD ("alternates", test_alternates);
  ADD ("alternates/in-list", test_alternates_in_list);
  ADD ("finished", test_finished);
  ADD ("finished/silent", test_finished_silent);
  ADD ("finished/failed", test_finished_failed);
  ADD ("finished/slow", test_finished_slow);
  ADD ("finished/few", test_finished_few);
  ADD ("results", test_results);
  ADD ("common-info", test_common_info);
  ADD ("limit", test_limit);
  ADD ("limit/contacted", test_limit_contacted);
  ADD ("stranger", test_stranger);
  ADD ("finalize", test_finalize);
  ADD ("wanted", test_wanted);
  ADD ("count-slow", test_count_slow);

  return g_test_run ();
}
