/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fixture.h"
#include "sharing/publisher-private.h"
#include "sim/foreign.h"

#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void
make_pieces (Fixture       *self,
             BytestagPiece *pieces,
             guint          n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("piece %u", i);

      pieces[i] = (BytestagPiece) { .kind = BYTESTAG_PIECE_PART, .size = strlen (text) };
      pieces[i].id.key = pieces[i].id.index = fixture_put (self, 0, text, -1);
    }
}

static BytestagPublication *
publish (BytestagPublisher   *publisher,
         const BytestagPiece *pieces,
         guint                n)
{
  BytestagPublication *publication = bytestag_publisher_add (publisher, 3);

  bytestag_publication_add_pieces (publication, pieces, n);
  bytestag_publisher_start (publisher, publication);
  return publication;
}

static gint64
now_of (Fixture *self)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / G_USEC_PER_SEC;
}

/* A computer that is on for two hours a day looks at every piece in them, and no promise ends; and
 * it spreads the work over some of that time. */
static void
test_two_hours_a_day (Fixture       *self,
                      gconstpointer  data)
{
  BytestagPiece pieces[60];
  guint64 n_stored = 0;

  make_pieces (self, pieces, 60);
  for (guint day = 0; day < 16; day++)
    {
      g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
      g_autoptr (BytestagPublication) publication = publish (publisher, pieces, 60);
      gint64 began = now_of (self);
      const BytestagPublisherCounters *counters = bytestag_publisher_get_counters (publisher);

      bytestag_sim_set_online (self->sim, 0, TRUE);
      bytestag_sim_run (self->sim, 2 * HOUR);
      n_stored += counters->n_stored;
      for (guint i = 0; i < 60; i++)
        {
          g_assert_true (bytestag_publication_get_piece (publication, i, &pieces[i]));
          g_assert_cmpuint (pieces[i].n_copies, ==, 3);
          g_assert_cmpint (pieces[i].looked, >=, began);
          g_assert_cmpint (pieces[i].until, >, now_of (self) + 4 * 86400);
        }
      /* Each once or, on the first day, with its first copy and then with the others. */
      g_assert_cmpuint (counters->n_looked, ==, day == 0 ? 120 : 60);
      bytestag_sim_set_online (self->sim, 0, FALSE);
      bytestag_sim_run (self->sim, 22 * HOUR);
    }
  g_assert_cmpuint (n_stored, ==, 180);
}

/* One that is always on looks at each piece once a day. */
static void
test_always (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[60];

  make_pieces (self, pieces, 60);
  publication = publish (publisher, pieces, 60);
  bytestag_sim_run (self->sim, 5 * DAY);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, >=, 120 + 4 * 60);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, <=, 120 + 5 * 60);
}

/* After the lid was closed for hours a session begins: what falls due in half a day is done. */
static void
test_lid (Fixture       *self,
          gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[10];
  guint64 n_looked;

  make_pieces (self, pieces, 10);
  publication = publish (publisher, pieces, 10);
  bytestag_sim_run (self->sim, 13 * HOUR);
  n_looked = bytestag_publisher_get_counters (publisher)->n_looked;
  g_assert_cmpuint (n_looked, ==, 20);
  publisher->last_step -= 2 * HOUR;
  bytestag_sim_run (self->sim, HOUR);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, ==, n_looked + 10);
}

static void
renewed_cb (BytestagPublication *publication,
            const BytestagPiece *before,
            const BytestagPiece *after,
            GArray              *order)
{
  if (after->until > before->until)
    g_array_append_val (order, before->until);
}

/* The soonest-ending first, by days. */
static void
test_ending_first (Fixture       *self,
                   gconstpointer  data)
{
  BytestagPublisher *publisher = bytestag_publisher_new (self->network);
  BytestagPublication *publication;
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));
  BytestagPiece pieces[60];

  make_pieces (self, pieces, 60);
  publication = publish (publisher, pieces, 60);
  bytestag_sim_run (self->sim, HOUR);
  for (guint i = 0; i < 60; i++)
    {
      BytestagKvpRecord record;

      g_assert_true (bytestag_publication_get_piece (publication, i, &pieces[i]));
      pieces[i].until = (guint32) now_of (self) + 7 * 3600 + (i * 7 % 5) * 86400;
      pieces[i].looked -= 7 * 3600;
      for (guint j = 1; j < FIXTURE_N_NODES; j++)
        {
          BytestagKvpTable *table = bytestag_network_get_table (bytestag_sim_get_node (self->sim, j));

          if (!bytestag_kvp_table_lookup (table, &pieces[i].id, &record))
            continue;
          record.until = pieces[i].until;
          bytestag_kvp_table_update (table, &record);
        }
    }
  g_object_unref (publication);
  g_assert_finalize_object (publisher);

  publisher = bytestag_publisher_new (self->network);
  publication = publish (publisher, pieces, 60);
  g_signal_connect (publication, "piece-changed", G_CALLBACK (renewed_cb), order);
  bytestag_sim_run (self->sim, 3 * HOUR);
  g_assert_cmpuint (order->len, ==, 60);
  for (guint i = 1; i < order->len; i++)
    g_assert_cmpuint (g_array_index (order, guint32, i), >=, g_array_index (order, guint32, i - 1));
  g_object_unref (publication);
  g_assert_finalize_object (publisher);
}

/* Originals */

typedef struct {
  Fixture *fixture;
  BytestagForeign *peers[3];
  guint n_stores, n_finds, n_others;
} Originals;

/* An original that holds everything already, and knows the others. */
static void
original_cb (BytestagForeign        *peer,
             const BytestagEndpoint *from,
             const char             *rpc,
             JsonObject             *message,
             gpointer                user_data)
{
  Originals *originals = user_data;
  g_autoptr (GString) nodes = g_string_new (", \"nodes\": [");

  originals->n_stores += g_str_equal (rpc, "store");
  originals->n_finds += g_str_equal (rpc, "findnode");
  originals->n_others += !g_str_equal (rpc, "store") && !g_str_equal (rpc, "findnode");
  if (g_str_equal (rpc, "store"))
    {
      g_assert_false (json_object_has_member (message, "keep"));
      bytestag_foreign_reply (peer, from, message, "");
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (originals->peers); i++)
    {
      g_autofree char *id = bytestag_key_to_base64 (bytestag_foreign_get_id (originals->peers[i]));
      const BytestagEndpoint *address = bytestag_foreign_get_address (originals->peers[i]);
      char host[BYTESTAG_ENDPOINT_HOST_SIZE];

      bytestag_endpoint_write_host (address, host);
      g_string_append_printf (nodes, "%s{\"host\": \"%s\", \"port\": %u, \"id\": \"%s\"}", i > 0 ? ", " : "", host,
                              address->port, id);
    }
  g_string_append_c (nodes, ']');
  if (g_str_equal (rpc, "findnode"))
    bytestag_foreign_reply (peer, from, message, nodes->str);
}

/* Among originals alone: asked by store and nothing else (A.2, 1), again each day, and what they
 * hold is no promise. */
static void
test_originals (Fixture       *self,
                gconstpointer  data)
{
  Originals originals = { .fixture = self };
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[10];

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *host = g_strdup_printf ("90.%u.1.1", i);

      originals.peers[i] = bytestag_foreign_new (self->sim, host);
      bytestag_foreign_set_func (originals.peers[i], original_cb, &originals);
      bytestag_sim_introduce (self->sim, 0, bytestag_foreign_get_id (originals.peers[i]),
                              bytestag_foreign_get_address (originals.peers[i]));
    }

  make_pieces (self, pieces, 10);
  publication = publish (publisher, pieces, 10);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  g_assert_cmpuint (originals.n_stores, ==, 30);
  for (guint i = 0; i < 10; i++)
    {
      BytestagPiece piece;

      g_assert_true (bytestag_publication_get_piece (publication, i, &piece));
      g_assert_cmpuint (piece.n_copies, ==, 0);
      g_assert_cmpuint (piece.n_originals, ==, 3);
      g_assert_cmpuint (piece.until, ==, 0);
    }

  bytestag_sim_run (self->sim, 20 * HOUR);
  g_assert_cmpuint (originals.n_stores, ==, 30);
  bytestag_sim_run (self->sim, 12 * HOUR);
  g_assert_cmpuint (originals.n_stores, ==, 60);
  g_assert_cmpuint (originals.n_finds, >, 0);
  g_assert_cmpuint (originals.n_others, ==, 0);
  for (guint i = 0; i < 3; i++)
    bytestag_foreign_free (originals.peers[i]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  FIXTURE_TEST ("/sharing/publisher-lane/two-hours-a-day", test_two_hours_a_day);
  FIXTURE_TEST ("/sharing/publisher-lane/always", test_always);
  FIXTURE_TEST ("/sharing/publisher-lane/lid", test_lid);
  FIXTURE_TEST ("/sharing/publisher-lane/ending-first", test_ending_first);
  FIXTURE_TEST_ALONE ("/sharing/publisher-lane/originals", test_originals);
  return g_test_run ();
}
