/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fixture.h"
#include "sharing/publisher-private.h"

#define HOUR (3600 * SECOND)
#define N_PIECES 300

static BytestagNode *
make_node (const char *host,
           guint8      id)
{
  BytestagKey key = { { id } };
  BytestagEndpoint endpoint;

  g_assert_true (bytestag_endpoint_set_host (&endpoint, host, -1, 7001));
  return bytestag_node_new (&key, &endpoint);
}

/* One vote for each network, of which the latest promise counts; each private host is one by
 * itself. What has no end, or is over, is no promise. */
static void
test_votes (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  gint64 now = _bytestag_publisher_get_seconds (publisher);
  const struct {
    const char *host;
    gint64 until;
  } said[] = {
    { "20.1.1.1", now + 500 }, { "20.1.1.200", now + 900 }, { "20.1.2.1", now + 700 },
    { "10.0.0.1", now + 600 }, { "10.0.0.2", now + 800 }, { "20.1.3.1", BYTESTAG_HELD_UNPROMISED },
    { "20.1.4.1", now - 5 }, { "2a00:1:1:1::1", now + 300 }, { "2a00:1:1:1::2", now + 200 },
  };
  BytestagHolder holders[G_N_ELEMENTS (said)];
  const gint64 ends[] = { now + 900, now + 800, now + 700, now + 600, now + 300, now + 300 };
  guint n_promised;
  guint n_unpromised;

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    holders[i] = (BytestagHolder) { make_node (said[i].host, (guint8) i), said[i].until };
  for (guint copies = 1; copies <= G_N_ELEMENTS (ends); copies++)
    {
      g_assert_cmpint (_bytestag_publisher_count_votes (publisher, holders, G_N_ELEMENTS (said), copies, &n_promised,
                                                        &n_unpromised), ==, ends[copies - 1]);
      g_assert_cmpuint (n_promised, ==, 5);
      g_assert_cmpuint (n_unpromised, ==, 1);
    }
  g_assert_cmpint (_bytestag_publisher_count_votes (publisher, holders, 0, 4, &n_promised, &n_unpromised), ==, 0);

  /* One of them lied: the other of its network has the vote. */
  _bytestag_publisher_distrust (publisher, holders[1].node);
  g_assert_cmpint (_bytestag_publisher_count_votes (publisher, holders, 2, 1, &n_promised, &n_unpromised), ==, now + 500);
  g_assert_cmpuint (n_promised, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    g_object_unref (holders[i].node);
}

/* For a day, under its id and at its address; and only so many are remembered. */
static void
test_distrust (Fixture       *self,
               gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagNode) liar = make_node ("20.1.1.1", 1);
  g_autoptr (BytestagNode) moved = make_node ("20.9.9.9", 1);
  g_autoptr (BytestagNode) renamed = make_node ("20.1.1.1", 2);
  g_autoptr (BytestagNode) neighbour = make_node ("20.1.1.2", 3);

  g_assert_true (_bytestag_publisher_trusts (publisher, liar));
  _bytestag_publisher_distrust (publisher, liar);
  g_assert_false (_bytestag_publisher_trusts (publisher, liar));
  g_assert_false (_bytestag_publisher_trusts (publisher, moved));
  g_assert_false (_bytestag_publisher_trusts (publisher, renamed));
  g_assert_true (_bytestag_publisher_trusts (publisher, neighbour));
  bytestag_sim_run (self->sim, 23 * HOUR);
  g_assert_false (_bytestag_publisher_trusts (publisher, liar));
  bytestag_sim_run (self->sim, HOUR + SECOND);
  g_assert_true (_bytestag_publisher_trusts (publisher, liar));

  _bytestag_publisher_distrust (publisher, liar);
  for (guint i = 0; i < BYTESTAG_LIMIT_DISTRUSTED; i++)
    {
      g_autofree char *host = g_strdup_printf ("30.1.%u.%u", i / 200, 1 + i % 200);
      g_autoptr (BytestagNode) other = make_node (host, 100);

      g_assert_cmpint (_bytestag_publisher_trusts (publisher, liar), ==, FALSE);
      _bytestag_publisher_distrust (publisher, other);
    }
  g_assert_cmpuint (publisher->distrusted->len, ==, BYTESTAG_LIMIT_DISTRUSTED);
  g_assert_true (_bytestag_publisher_trusts (publisher, liar));
}

/* Node @node says that it holds the value of node 0, and has @text. */
static void
let_hold (Fixture             *self,
          guint                node,
          const BytestagKvpId *id,
          const char          *text)
{
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .id = *id, .size = strlen (text), .copies = 2 };

  record.until = bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / G_USEC_PER_SEC +
                 10 * 86400;
  bytestag_kvp_table_write (bytestag_network_get_table (bytestag_sim_get_node (self->sim, node)), &record, value, NULL,
                            NULL);
}

/* One of 32 copies is checked: who says that it holds what it does not loses its vote, and the
 * copies go elsewhere. */
static void
test_checks (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = bytestag_publisher_add (publisher, 2);
  const BytestagPublisherCounters *counters;
  g_autofree BytestagPiece *pieces = g_new0 (BytestagPiece, N_PIECES);
  guint most = 0;
  guint n_weak = 0;

  for (guint i = 0; i < N_PIECES; i++)
    {
      g_autofree char *text = g_strdup_printf ("piece %u", i);

      pieces[i].kind = BYTESTAG_PIECE_PART;
      pieces[i].size = strlen (text);
      pieces[i].id.key = pieces[i].id.index = fixture_put (self, 0, text, -1);
      let_hold (self, 1, &pieces[i].id, "something else");
      let_hold (self, 2, &pieces[i].id, text);
    }
  bytestag_publication_add_pieces (publication, pieces, N_PIECES);
  bytestag_publisher_start (publisher, publication);
  for (guint i = 0; i < 6000; i++)
    {
      bytestag_sim_run (self->sim, SECOND / 100);
      most = MAX (most, publisher->checks->len);
    }
  counters = bytestag_publisher_get_counters (publisher);
  g_assert_cmpuint (counters->n_checked, >, 0);
  g_assert_cmpuint (counters->n_checked, <, 2 * N_PIECES / 10);
  g_assert_cmpuint (counters->n_failed_checks, >, 0);
  g_assert_cmpuint (most, ==, BYTESTAG_LIMIT_SPOT_CHECKS);

  /* Within a day all are looked at again, and it has no vote yet. */
  bytestag_sim_run (self->sim, 23 * HOUR);
  for (guint i = 0; i < N_PIECES; i++)
    {
      BytestagPiece piece;
      guint n_true = 0;

      g_assert_true (bytestag_publication_get_piece (publication, i, &piece));
      g_assert_cmpuint (piece.n_copies, ==, 2);
      for (guint j = 2; j < FIXTURE_N_NODES; j++)
        n_true += bytestag_kvp_table_lookup (bytestag_network_get_table (bytestag_sim_get_node (self->sim, j)), &piece.id,
                                             NULL);
      n_weak += n_true < 2;
    }
  g_assert_cmpuint (n_weak, <, N_PIECES);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, >, 0);
}

/* Lets chance go on until it is checked. */
static void
check (BytestagPublisher   *publisher,
       BytestagNode        *node,
       const BytestagKvpId *id)
{
  guint n = publisher->checks->len;

  while (publisher->checks->len == n)
    _bytestag_publisher_check (publisher, node, id);
}

/* Node 1 sends next to nothing from now on; checks that it passes before its limit bites are
 * over. */
static void
make_busy (Fixture             *self,
           BytestagPublisher   *publisher,
           BytestagNode        *node,
           const BytestagKvpId *id)
{
  bytestag_network_set_upload_limit (bytestag_sim_get_node (self->sim, 1), 1);
  while (publisher->refused_checks->len == 0)
    {
      check (publisher, node, id);
      bytestag_sim_run (self->sim, 60 * SECOND);
      g_assert_cmpuint (publisher->checks->len, ==, 0);
    }
}

/* A holder that has no place for a transfer is not checked then, but later; who has none three
 * times has no vote. */
static void
test_busy (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagNode) node = bytestag_sim_make_contact (self->sim, 1);
  const BytestagPublisherCounters *counters = bytestag_publisher_get_counters (publisher);
  g_autofree char *text = g_strnfill (2000, 'x');
  BytestagKvpId id;
  guint64 n_checked;

  bytestag_node_set_extensions (node, 2);
  id.key = id.index = fixture_put (self, 0, text, -1);
  fixture_put (self, 1, text, -1);
  make_busy (self, publisher, node, &id);
  n_checked = counters->n_checked;
  g_assert_cmpuint (counters->n_failed_checks, ==, 0);
  g_assert_true (_bytestag_publisher_trusts (publisher, node));

  bytestag_network_set_upload_limit (bytestag_sim_get_node (self->sim, 1), 0);
  bytestag_sim_run (self->sim, HOUR / 2);
  g_assert_cmpuint (publisher->refused_checks->len, ==, 0);
  g_assert_cmpuint (counters->n_checked, ==, n_checked + 1);
  g_assert_cmpuint (counters->n_failed_checks, ==, 0);

  /* However many are refused, no more than BYTESTAG_LIMIT_REFUSED_CHECKS wait. */
  make_busy (self, publisher, node, &id);
  for (guint i = 0; i < BYTESTAG_LIMIT_REFUSED_CHECKS + 4; i++)
    {
      check (publisher, node, &id);
      if (publisher->checks->len == BYTESTAG_LIMIT_SPOT_CHECKS)
        bytestag_sim_run (self->sim, 60 * SECOND);
    }
  g_assert_cmpuint (publisher->refused_checks->len, ==, BYTESTAG_LIMIT_REFUSED_CHECKS);
  g_assert_true (_bytestag_publisher_trusts (publisher, node));
  bytestag_sim_run (self->sim, HOUR);
  g_assert_false (_bytestag_publisher_trusts (publisher, node));
  g_assert_cmpuint (counters->n_failed_checks, >, 0);

  /* What waits goes with the publisher. */
  make_busy (self, publisher, node, &id);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/publisher-trust/votes", test_votes);
  FIXTURE_TEST ("/sharing/publisher-trust/distrust", test_distrust);
  FIXTURE_TEST ("/sharing/publisher-trust/checks", test_checks);
  FIXTURE_TEST ("/sharing/publisher-trust/busy", test_busy);
  return g_test_run ();
}
