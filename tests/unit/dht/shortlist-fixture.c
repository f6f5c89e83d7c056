/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "shortlist-fixture.h"

void
shortlist_set_up (ShortlistFixture *test,
                  gconstpointer     data)
{
  test->rng = bytestag_test_rng_new (5);
  bytestag_key_random (&test->key, BYTESTAG_RNG (test->rng));
  bytestag_key_random (&test->own_id, BYTESTAG_RNG (test->rng));
  test->shortlist = bytestag_shortlist_new (&test->key, &test->own_id);
  test->mirror = bytestag_test_model_new (G_LIST_MODEL (test->shortlist));
}

void
shortlist_tear_down (ShortlistFixture *test,
                     gconstpointer     data)
{
  g_clear_pointer (&test->mirror, bytestag_test_model_free);
  g_assert_finalize_object (test->shortlist);
  g_assert_finalize_object (test->rng);
}

BytestagNode *
shortlist_make_node (ShortlistFixture *test,
                     guint16           distance,
                     guint16           port)
{
  BytestagKey id = test->key;

  id.bytes[0] ^= distance >> 8;
  id.bytes[1] ^= distance & 0xff;

  return bytestag_test_node_new (&id, port);
}

void
shortlist_add (ShortlistFixture *test,
               BytestagNode     *source,
               guint             n_distances,
               ...)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);
  va_list distances;

  va_start (distances, n_distances);
  for (guint i = 0; i < n_distances; i++)
    g_ptr_array_add (nodes, shortlist_make_node (test, va_arg (distances, guint), 1000));
  va_end (distances);

  bytestag_shortlist_add_nodes (test->shortlist, nodes, source);
}

guint
shortlist_get_distance (ShortlistFixture *test,
                        BytestagNode     *node)
{
  BytestagKey distance;

  bytestag_key_distance (&test->key, bytestag_node_get_key (node), &distance);

  return distance.bytes[0] << 8 | distance.bytes[1];
}

BytestagCandidate *
shortlist_peek (ShortlistFixture *test,
                guint             distance)
{
  GListModel *model = G_LIST_MODEL (test->shortlist);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (BytestagCandidate) candidate = g_list_model_get_item (model, i);

      if (shortlist_get_distance (test, bytestag_candidate_get_node (candidate)) == distance)
        return candidate;
    }

  g_assert_not_reached ();
}

void
shortlist_mark (ShortlistFixture *test,
                guint             distance,
                gboolean          active)
{
  bytestag_shortlist_mark_node (test->shortlist, bytestag_candidate_get_node (shortlist_peek (test, distance)),
                                active, FALSE, NULL);
}

void
shortlist_assert_distances (ShortlistFixture *test,
                            GPtrArray        *nodes,
                            const guint      *distances,
                            guint             n_distances)
{
  g_assert_cmpuint (nodes->len, ==, n_distances);
  for (guint i = 0; i < n_distances; i++)
    g_assert_cmpuint (shortlist_get_distance (test, nodes->pdata[i]), ==, distances[i]);
}

void
shortlist_assert_contacting (ShortlistFixture *test,
                             guint             count,
                             const guint      *distances,
                             guint             n_distances)
{
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_get_nodes_for_contacting (test->shortlist, count);

  shortlist_assert_distances (test, nodes, distances, n_distances);
}

void
shortlist_contact_all (ShortlistFixture *test)
{
  g_autoptr (GPtrArray) nodes = bytestag_shortlist_get_nodes_for_contacting (test->shortlist, G_MAXUINT);

  g_assert_cmpuint (nodes->len, >, 0);
}

void
shortlist_assert_state (ShortlistFixture       *test,
                        guint                   distance,
                        BytestagCandidateState  state)
{
  g_assert_cmpint (bytestag_candidate_get_state (shortlist_peek (test, distance)), ==, state);
}
