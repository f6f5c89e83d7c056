/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "value-lost" of network.c, of which find-shortlist-task.c takes care. */
#include "config.h"

#include "fixture.h"

#include <string.h>

#define NODES ", \"nodes\": [{\"host\": \"9.1.2.3\", \"port\": 9001, \"id\": \"lcsL/Sl3x2EpjZYk5LTUxyo5l0o=\"}]"

/* (key, index) of a value that node 0 holds. */
static BytestagKvpId
put (Fixture *test,
     guint    seed,
     gboolean is_original,
     guint8   kind,
     guint8   copies)
{
  g_autoptr (GBytes) value = bytestag_sim_make_value (5, seed);
  BytestagKvpRecord record = { .size = 5, .until = 1600900000, .is_original = is_original, .kind = kind,
                               .copies = copies };

  bytestag_key_digest (&record.id.key, g_bytes_get_data (value, NULL), 5);
  record.id.index = record.id.key;
  bytestag_kvp_table_write (bytestag_sim_get_table (test->sim, 0), &record, value, NULL, NULL);
  return record.id;
}

static void
lost_cb (BytestagNetwork     *network,
         const BytestagKvpId *id,
         guint               *n_lost)
{
  (*n_lost)++;
}

/* How often a look-up for it shows a loss; the one peer holds it, or does not. */
static guint
look_up (Fixture             *test,
         const BytestagKvpId *id,
         gboolean             peer_holds,
         gboolean             stop_at_value)
{
  g_autoptr (BytestagFindShortlistTask) task = NULL;
  guint n_lost = 0;
  gulong handler = g_signal_connect (test->network, "value-lost", G_CALLBACK (lost_cb), &n_lost);

  fixture_meet (test);
  bytestag_foreign_set_func (test->peer, peer_holds ? fixture_holds_cb : fixture_says_cb,
                             peer_holds ? NULL : (gpointer) NODES);
  task = bytestag_network_find_value_shortlist (test->network, &id->key, &id->index, stop_at_value);
  g_assert_true (bytestag_sim_run_task (test->sim, task, 60 * SECOND));
  bytestag_foreign_set_func (test->peer, NULL, NULL);
  g_signal_handler_disconnect (test->network, handler);
  return n_lost;
}

static void
test_lost (Fixture      *test,
           gconstpointer data)
{
  BytestagKvpId id = put (test, 7, FALSE, BYTESTAG_KVP_VALUE, 4);

  g_assert_cmpuint (look_up (test, &id, FALSE, FALSE), ==, 1);
  g_assert_cmpuint (look_up (test, &id, TRUE, FALSE), ==, 0);
  /* One that ends early has not asked those that are to hold it. */
  g_assert_cmpuint (look_up (test, &id, FALSE, TRUE), ==, 0);
}

static void
test_not_ours_to_repair (Fixture      *test,
                         gconstpointer data)
{
  BytestagKvpId other = { { { 1 } }, { { 1 } } };
  BytestagKvpId original = put (test, 7, TRUE, BYTESTAG_KVP_VALUE, 4);

  g_assert_cmpuint (look_up (test, &other, FALSE, FALSE), ==, 0);
  g_assert_cmpuint (look_up (test, &original, FALSE, FALSE), ==, 0);
}

/* Nobody but its owner stores a provider's record. */
static void
test_provider (Fixture      *test,
               gconstpointer data)
{
  BytestagKvpId id = put (test, 7, FALSE, BYTESTAG_KVP_PROVIDER, 4);

  g_assert_cmpuint (look_up (test, &id, FALSE, FALSE), ==, 0);
}

/* Whether the peer is nearer to the key of @id than we are. */
static gboolean
is_peer_nearer (Fixture             *test,
                const BytestagKvpId *id)
{
  return bytestag_key_compare_distance (&id->key, bytestag_foreign_get_id (test->peer),
                                        bytestag_network_get_key (test->network)) < 0;
}

/* With one copy in all: it is the peer's where that is nearer, and else ours. */
static void
test_copies (Fixture      *test,
             gconstpointer data)
{
  guint n_nearer = 0, n_farther = 0;

  for (guint seed = 1; seed <= 10; seed++)
    {
      BytestagKvpId id = put (test, seed, FALSE, BYTESTAG_KVP_VALUE, 1);
      gboolean is_nearer = is_peer_nearer (test, &id);

      n_nearer += is_nearer;
      n_farther += !is_nearer;
      g_assert_cmpuint (look_up (test, &id, FALSE, FALSE), ==, is_nearer ? 1 : 0);
      bytestag_kvp_table_remove (bytestag_sim_get_table (test->sim, 0), &id);
      id = put (test, seed, FALSE, BYTESTAG_KVP_VALUE, 2);
      g_assert_cmpuint (look_up (test, &id, FALSE, FALSE), ==, 1);
    }
  g_assert_cmpuint (n_nearer, >, 0);
  g_assert_cmpuint (n_farther, >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/dht/lost-values/lost", test_lost);
  FIXTURE_TEST ("/dht/lost-values/not-ours-to-repair", test_not_ours_to_repair);
  FIXTURE_TEST ("/dht/lost-values/provider", test_provider);
  FIXTURE_TEST ("/dht/lost-values/copies", test_copies);

  return g_test_run ();
}
