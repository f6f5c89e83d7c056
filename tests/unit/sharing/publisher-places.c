/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "piece-fixture.h"

/* Where the publisher sends pieces to, and whoever hears of it. */

typedef struct {
  GHashTable *first; /* numbers of nodes, by BytestagKvpId */
  guint node;
} Taker;

static void
taken_cb (BytestagNetwork     *network,
          const BytestagKvpId *id,
          Taker               *taker)
{
  if (!g_hash_table_contains (taker->first, id))
    g_hash_table_insert (taker->first, g_memdup2 (id, sizeof *id), GUINT_TO_POINTER (taker->node));
}

static gboolean
is_nearest (Fixture          *self,
            const BytestagKey *key,
            guint              node)
{
  const BytestagKey *id = bytestag_network_get_key (bytestag_sim_get_node (self->sim, node));

  for (guint i = 1; i < bytestag_sim_get_n_nodes (self->sim); i++)
    if (bytestag_key_compare_distance (key, bytestag_network_get_key (bytestag_sim_get_node (self->sim, i)), id) < 0)
      return FALSE;
  return TRUE;
}

static void
publish_all (Fixture             *self,
             BytestagPublisher   *publisher,
             const BytestagPiece *pieces,
             guint                n)
{
  g_autoptr (BytestagPublication) publication = fixture_publish (publisher, pieces, n, 3);

  g_assert_true (fixture_run_signal (self, publication, "complete", 60));
}

/* Of pieces with neighbouring keys, and of one after the other, the first copies go to any of
 * the 3 nodes that are to have them, not all to the nearest one. */
static void
test_first_copies (Fixture       *self,
                   gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (GHashTable) first = g_hash_table_new_full (bytestag_kvp_id_hash, bytestag_kvp_id_equal, g_free, NULL);
  BytestagPiece pieces[90];
  guint n_nearest[2] = { 0, 0 };
  guint n = 0;

  for (guint i = 1; i < FIXTURE_N_NODES; i++)
    {
      Taker *taker = g_new (Taker, 1);

      *taker = (Taker) { first, i };
      g_signal_connect_data (bytestag_sim_get_node (self->sim, i), "value-stored", G_CALLBACK (taken_cb), taker,
                             (GClosureNotify) g_free, 0);
    }

  /* Those that choose the nearest node while nothing is under way. */
  for (guint i = 0; n < 60; i++)
    {
      pieces[n] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
      n += pieces[n].id.key.bytes[BYTESTAG_KEY_SIZE - 1] % 3 == 0;
    }
  publish_all (self, publisher, pieces, n);
  for (guint i = 1000; n < G_N_ELEMENTS (pieces); i++, n++)
    {
      pieces[n] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
      publish_all (self, publisher, &pieces[n], 1);
    }

  for (guint i = 0; i < n; i++)
    n_nearest[i >= 60] += is_nearest (self, &pieces[i].id.key,
                                      GPOINTER_TO_UINT (g_hash_table_lookup (first, &pieces[i].id)));
  g_test_message ("%u of 60 and %u of 30 at the nearest node", n_nearest[0], n_nearest[1]);
  g_assert_cmpuint (n_nearest[0], >=, 10);
  g_assert_cmpuint (n_nearest[0], <=, 40);
  g_assert_cmpuint (n_nearest[1], >=, 4);
  g_assert_cmpuint (n_nearest[1], <=, 16);
}

/* On one computer, or in one house, all nodes are of one network, and hold copies all the
 * same (B.5). */
static void
test_private (void)
{
  Fixture fixture = { .sim = bytestag_sim_new (5) };
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPublisher *publisher;
  BytestagPiece pieces[20];

  for (guint i = 0; i < FIXTURE_N_NODES; i++)
    {
      BytestagEndpoint address;
      BytestagKey id;

      g_assert_true (bytestag_endpoint_set_host (&address, "127.0.0.1", -1, (guint16) (7001 + i)));
      bytestag_key_digest (&id, &i, sizeof i);
      bytestag_sim_add_node_at (fixture.sim, &address, &id);
    }
  fixture.network = bytestag_sim_get_node (fixture.sim, 0);
  g_assert_true (bytestag_sim_join_all (fixture.sim, 30 * SECOND));

  publisher = bytestag_publisher_new (fixture.network);
  for (guint i = 0; i < 20; i++)
    pieces[i] = fixture_make_piece (&fixture, i, BYTESTAG_PIECE_PART);
  publication = fixture_publish (publisher, pieces, 20, 3);
  g_assert_true (fixture_run_signal (&fixture, publication, "complete", 60));
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpuint (fixture_count_holders (&fixture, &pieces[i].id), ==, 3);
      g_assert_cmpuint (fixture_get_piece (publication, i).n_copies, ==, 3);
    }
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  bytestag_sim_free (fixture.sim);
}

/* What a handler of "piece-changed" does when it is told for the @at-th time. */
typedef struct {
  BytestagPublisher *publisher; /* reference */
  BytestagPublication *other;
  enum { PAUSES, REMOVES, REMOVES_OTHER, CLOSES, LETS_GO } action;
  guint at;
  guint n_told;
} Meddler;

static void
meddle_cb (BytestagPublication *publication,
           const BytestagPiece *before,
           const BytestagPiece *after,
           Meddler             *self)
{
  if (++self->n_told != self->at)
    return;

  switch (self->action)
    {
    case PAUSES:
      bytestag_publisher_set_paused (self->publisher, "paused");
      break;
    case REMOVES:
      bytestag_publisher_remove (self->publisher, publication);
      break;
    case REMOVES_OTHER:
      bytestag_publisher_remove (self->publisher, self->other);
      break;
    case CLOSES:
      bytestag_publisher_close (self->publisher);
      break;
    case LETS_GO:
      g_clear_object (&self->publisher);
      break;
    }
}

/* Whoever is told of a piece may end any of the work there is, and nothing of it is touched
 * afterwards. */
static void
test_meddler (Fixture       *self,
              gconstpointer  data)
{
  static const guint at[] = { 1, 2, 5, 30 };

  for (guint i = 0; i < (LETS_GO + 1) * G_N_ELEMENTS (at); i++)
    {
      Meddler meddler = { .action = i / G_N_ELEMENTS (at), .at = at[i % G_N_ELEMENTS (at)] };
      g_autoptr (BytestagPublication) publication = NULL;
      g_autoptr (BytestagPublication) other = NULL;
      BytestagPiece pieces[20];

      for (guint j = 0; j < G_N_ELEMENTS (pieces); j++)
        {
          pieces[j] = fixture_make_piece (self, 100 * i + j, j == 0 ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_PART);
          /* Of some nothing is to be sent, so that the work ends as it begins. */
          for (guint node = 1; node <= 2 && j % 4 == 0; node++)
            fixture_let_hold (self, node, &pieces[j], 100 * i + j, NULL, fixture_now (self) + 10 * 86400);
        }
      meddler.publisher = bytestag_publisher_new (self->network);
      publication = fixture_publish (meddler.publisher, pieces, G_N_ELEMENTS (pieces), 2);
      /* Half of the pieces have two owners. */
      other = fixture_publish (meddler.publisher, pieces, G_N_ELEMENTS (pieces) / 2, 2);
      meddler.other = other;
      g_signal_connect (publication, "piece-changed", G_CALLBACK (meddle_cb), &meddler);
      g_signal_connect (other, "piece-changed", G_CALLBACK (meddle_cb), &meddler);
      bytestag_sim_run (self->sim, 30 * SECOND);
      g_assert_cmpuint (meddler.n_told, >=, meddler.at);

      if (meddler.action == PAUSES)
        {
          bytestag_publisher_set_paused (meddler.publisher, NULL);
          bytestag_sim_run (self->sim, 60 * SECOND);
        }
      if (meddler.action == PAUSES || meddler.action == REMOVES_OTHER)
        g_assert_cmpint (bytestag_publication_get_phase (publication), ==, BYTESTAG_PUBLICATION_COMPLETE);
      g_signal_handlers_disconnect_by_data (publication, &meddler);
      g_signal_handlers_disconnect_by_data (other, &meddler);
      g_clear_object (&meddler.publisher);
    }
}

/* Who refused once, since it had just started, has all a minute later. */
static void
test_refused_at_first (void)
{
  Fixture fixture = { .sim = bytestag_sim_new (5) };
  g_autoptr (BytestagPublication) publication = NULL;
  g_autoptr (BytestagDenylist) refused = bytestag_denylist_new ();
  g_autoptr (GString) list = g_string_new (NULL);
  BytestagPublisher *publisher;
  BytestagPiece pieces[14];

  fixture.network = bytestag_sim_add_node (fixture.sim);
  bytestag_sim_add_node (fixture.sim);
  g_assert_true (bytestag_sim_join_all (fixture.sim, 30 * SECOND));
  publisher = bytestag_publisher_new (fixture.network);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      pieces[i] = fixture_make_piece (&fixture, i, i == 0 ? BYTESTAG_PIECE_ROOT : BYTESTAG_PIECE_PART);
      if (i != 3)
        {
          g_autofree char *key = bytestag_key_to_base32 (&pieces[i].id.key);

          g_string_append_printf (list, "%s\n", key);
        }
    }
  bytestag_denylist_load (refused, list->str, (gssize) list->len);
  bytestag_network_set_denylist (bytestag_sim_get_node (fixture.sim, 1), refused);
  publication = fixture_publish (publisher, pieces, G_N_ELEMENTS (pieces), 4);
  bytestag_sim_run (fixture.sim, 2 * SECOND);
  bytestag_denylist_load (refused, "", 0);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    g_assert_cmpuint (fixture_count_holders (&fixture, &pieces[i].id), ==, i == 3);
  bytestag_sim_run (fixture.sim, 65 * SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    g_assert_cmpuint (fixture_count_holders (&fixture, &pieces[i].id), ==, 1);
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  bytestag_sim_free (fixture.sim);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sharing/publisher-places/refused-at-first", test_refused_at_first);
  FIXTURE_TEST ("/sharing/publisher-places/meddler", test_meddler);
  FIXTURE_TEST ("/sharing/publisher-places/first-copies", test_first_copies);
  g_test_add_func ("/sharing/publisher-places/private", test_private);

  return g_test_run ();
}
