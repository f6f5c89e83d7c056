/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "piece-fixture.h"

#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void
stored_cb (BytestagNetwork     *network,
           const BytestagKvpId *id,
           GArray              *log)
{
  g_array_append_vals (log, id, 1);
}

/* (transfer full) what other nodes take from now on. */
static GArray *
watch_stores (Fixture *self)
{
  GArray *log = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  for (guint i = 1; i < bytestag_sim_get_n_nodes (self->sim); i++)
    g_signal_connect_data (bytestag_sim_get_node (self->sim, i), "value-stored", G_CALLBACK (stored_cb),
                           g_array_ref (log), (GClosureNotify) g_array_unref, 0);
  return log;
}

/* Infos to all their copies, then every part once, then the others; and to no more nodes. */
static void
test_order (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  g_autoptr (GArray) log = watch_stores (self);
  g_autoptr (GHashTable) seen = g_hash_table_new (bytestag_kvp_id_hash, bytestag_kvp_id_equal);
  BytestagPiece pieces[42];

  for (guint i = 0; i < 40; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  pieces[40] = fixture_make_piece (self, 40, BYTESTAG_PIECE_FILE_INFO);
  pieces[41] = fixture_make_piece (self, 41, BYTESTAG_PIECE_ROOT);
  publication = fixture_publish (publisher, pieces, 42, 3);
  g_assert_cmpint (bytestag_publication_get_phase (publication), ==, BYTESTAG_PUBLICATION_FIRST_COPIES);
  g_assert_true (fixture_run_signal (self, publication, "first-copies", 60));
  g_assert_cmpint (bytestag_publication_get_phase (publication), ==, BYTESTAG_PUBLICATION_MORE_COPIES);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  g_assert_cmpint (bytestag_publication_get_phase (publication), ==, BYTESTAG_PUBLICATION_COMPLETE);

  /* All of the 7 others hold the root, which is wanted at 20. */
  g_assert_cmpuint (log->len, ==, 7 + 3 + 40 * 3);
  for (guint i = 0; i < log->len; i++)
    {
      BytestagKvpId *id = &g_array_index (log, BytestagKvpId, i);
      gboolean is_info = bytestag_kvp_id_equal (id, &pieces[40].id) || bytestag_kvp_id_equal (id, &pieces[41].id);

      g_assert_cmpint (is_info, ==, i < 10);
      if (i >= 10 && i < 50)
        g_assert_true (g_hash_table_add (seen, id));
    }
  for (guint i = 0; i < 42; i++)
    {
      BytestagPiece piece = fixture_get_piece (publication, i);

      g_assert_cmpuint (fixture_count_holders (self, &piece.id), ==, i == 41 ? 7 : 3);
      g_assert_cmpuint (piece.n_copies, ==, i == 41 ? 7 : 3);
      g_assert_cmpuint (piece.n_originals, ==, 0);
      g_assert_cmpuint (piece.copies, ==, i == 41 ? 20 : 3);
      g_assert_cmpint (piece.until, >, fixture_now (self) + BYTESTAG_TIME_KEEP - 300);
      g_assert_cmpint (piece.looked, >, fixture_now (self) - 300);
    }
}

/* What enough nodes hold is not sent, and of the others only what is missing. */
static void
test_asks_first (Fixture       *self,
                 gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[10];

  for (guint i = 0; i < 10; i++)
    {
      pieces[i] = fixture_make_piece (self, i, i == 9 ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_PART);
      for (guint j = 0; j < (i < 2 ? 0 : i < 4 ? 2 : 3); j++)
        fixture_let_hold (self, 1 + (i + j) % 7, &pieces[i], i, NULL, fixture_now (self) + 10 * 86400);
    }
  publication = fixture_publish (publisher, pieces, 10, 3);
  g_assert_cmpint (bytestag_publication_get_percent_there (publication), ==, -1);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));

  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, ==, 2 * 3 + 2);
  g_assert_cmpuint (bytestag_publication_get_n_there (publication), ==, 6);
  g_assert_cmpint (bytestag_publication_get_percent_there (publication), ==, 60);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (fixture_count_holders (self, &pieces[i].id), ==, 3);
}

/* Renewed when a third is left, without a byte, and never over. */
static void
test_renews (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[5];
  guint64 n_stored, n_looked, n_requests;

  for (guint i = 0; i < 5; i++)
    pieces[i] = fixture_make_piece (self, i, i == 4 ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_PART);
  publication = fixture_publish (publisher, pieces, 5, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  n_stored = bytestag_publisher_get_counters (publisher)->n_stored;
  g_assert_cmpuint (n_stored, ==, 15);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_looked, ==, 0);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_requests, ==, 0);
  n_looked = bytestag_publisher_get_counters (publisher)->n_looked;
  n_requests = bytestag_publisher_get_counters (publisher)->n_requests;

  bytestag_sim_run (self->sim, 8 * DAY);
  /* From then on all looks are of upkeep. */
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, >, n_looked);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_looked, ==,
                    bytestag_publisher_get_counters (publisher)->n_looked - n_looked);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_requests, ==,
                    bytestag_publisher_get_counters (publisher)->n_requests - n_requests);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_renewed, ==, 0);
  for (guint day = 8; day < 24; day++)
    {
      for (guint i = 0; i < 5; i++)
        {
          g_assert_cmpuint (fixture_count_holders (self, &pieces[i].id), ==, 3);
          g_assert_cmpint (fixture_get_piece (publication, i).until, >, fixture_now (self) + 4 * 86400);
        }
      bytestag_sim_run (self->sim, DAY);
    }
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_renewed, ==, 30);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, ==, n_stored);
}

/* By our clock, which is a month behind, no promise ever ends soon: the others' counts (B.5). */
static void
test_wrong_clock (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = fixture_make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = fixture_publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  bytestag_sim_set_wall_offset (self->sim, 0, -30 * DAY);
  bytestag_sim_run (self->sim, 20 * DAY);
  g_assert_cmpint (bytestag_network_get_clock_difference (self->network), ==, -30 * 86400);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_renewed, ==, 6);
  g_assert_cmpuint (fixture_count_holders (self, &piece.id), ==, 3);
}

/* A copy that is gone is sent again after a day at the latest. */
static void
test_lost (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = fixture_make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = fixture_publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  for (guint i = 1; fixture_count_holders (self, &piece.id) > 1; i++)
    bytestag_kvp_table_remove (fixture_table_of (self, i), &piece.id);

  bytestag_sim_run (self->sim, DAY + HOUR);
  g_assert_cmpuint (fixture_count_holders (self, &piece.id), ==, 3);
  g_assert_cmpuint (fixture_get_piece (publication, 0).n_copies, ==, 3);
}

typedef struct {
  GHashTable *pieces; /* BytestagPiece by its id */
  guint n_calls;
  guint most;
} Saved;

static void
save_cb (const BytestagPiece *pieces,
         guint                n,
         gpointer             user_data)
{
  Saved *saved = user_data;

  saved->n_calls++;
  saved->most = MAX (saved->most, n);
  for (guint i = 0; i < n; i++)
    {
      BytestagPiece *piece = g_memdup2 (&pieces[i], sizeof *pieces);

      g_hash_table_replace (saved->pieces, &piece->id, piece);
    }
}

/* The queue is in what was saved: what has its copies is left alone, what has not goes on. */
static void
test_restart (Fixture       *self,
              gconstpointer  data)
{
  Saved saved = { g_hash_table_new_full (bytestag_kvp_id_hash, bytestag_kvp_id_equal, NULL, g_free), 0, 0 };
  BytestagPublisher *publisher = bytestag_publisher_new (self->network);
  BytestagPublication *publication;
  g_autofree BytestagPiece *pieces = g_new (BytestagPiece, BYTESTAG_LIMIT_PIECES_OF_SLICE);
  guint n = BYTESTAG_LIMIT_PIECES_OF_SLICE;
  guint n_saved;
  guint n_sent;

  for (guint i = 0; i < n; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = fixture_publish (publisher, pieces, n, 2);
  while (bytestag_publication_get_n_sent (publication) < n / 2)
    bytestag_sim_run (self->sim, SECOND / 10);
  n_sent = bytestag_publication_get_n_sent (publication);
  g_assert_cmpuint (n_sent, <, n);
  g_assert_finalize_object (publisher);
  g_assert_false (bytestag_publication_get_piece (publication, 0, &pieces[0]));
  g_assert_finalize_object (publication);
  n_saved = g_hash_table_size (saved.pieces);
  g_assert_cmpuint (n_saved, ==, n_sent);
  g_assert_cmpuint (saved.n_calls, <, n_saved / 2);
  g_assert_cmpuint (saved.most, <=, BYTESTAG_LIMIT_PIECES_OF_SLICE);

  for (guint i = 0; i < n; i++)
    {
      const BytestagPiece *piece = g_hash_table_lookup (saved.pieces, &pieces[i].id);

      if (piece != NULL)
        pieces[i] = *piece;
    }
  publisher = bytestag_publisher_new (self->network);
  publication = fixture_publish (publisher, pieces, n, 2);
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, n_sent);
  g_assert_true (fixture_run_signal (self, publication, "complete", 600));
  /* Those that were on their way are there already. */
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, <=, 2 * n - n_sent);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (fixture_count_holders (self, &pieces[i].id), ==, 2);

  /* All is well and was looked at: nothing is asked. */
  for (guint i = 0; i < n; i++)
    pieces[i] = fixture_get_piece (publication, i);
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  publisher = bytestag_publisher_new (self->network);
  publication = fixture_publish (publisher, pieces, n, 2);
  bytestag_sim_run (self->sim, 3 * HOUR);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_requests, ==, 0);
  g_assert_cmpint (bytestag_publication_get_phase (publication), ==, BYTESTAG_PUBLICATION_COMPLETE);
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  g_hash_table_unref (saved.pieces);
}

/* In batches: a full one at once, the rest within a second. */
static void
test_saves (Fixture       *self,
            gconstpointer  data)
{
  Saved saved = { g_hash_table_new_full (bytestag_kvp_id_hash, bytestag_kvp_id_equal, NULL, g_free), 0, 0 };
  BytestagPublisher *publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = fixture_make_piece (self, 1, BYTESTAG_PIECE_PART);

  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = fixture_publish (publisher, &piece, 1, 2);
  while (fixture_get_piece (publication, 0).looked == 0)
    bytestag_sim_run (self->sim, SECOND / 10);
  g_assert_cmpuint (saved.n_calls, ==, 0);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (saved.n_calls, ==, 1);
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  g_hash_table_unref (saved.pieces);
}

/* Whoever shows its counts may hold it longer than the library. */
static void
test_close (Fixture       *self,
            gconstpointer  data)
{
  Saved saved = { g_hash_table_new_full (bytestag_kvp_id_hash, bytestag_kvp_id_equal, NULL, g_free), 0, 0 };
  BytestagPublisher *publisher = bytestag_publisher_new (self->network);
  g_autofree BytestagPiece *pieces = g_new (BytestagPiece, 64);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPublisherCounters counters;

  for (guint i = 0; i < 64; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = fixture_publish (publisher, pieces, 64, 2);
  while (bytestag_publication_get_n_sent (publication) == 0)
    bytestag_sim_run (self->sim, SECOND / 10);
  g_assert_cmpuint (saved.n_calls, ==, 0);

  bytestag_publisher_close (publisher);
  g_assert_cmpuint (saved.n_calls, ==, 1);
  g_assert_cmpuint (bytestag_publisher_get_n_sending (publisher), ==, 0);
  g_assert_false (bytestag_publication_get_piece (publication, 0, &pieces[0]));
  counters = *bytestag_publisher_get_counters (publisher);
  g_assert_cmpuint (counters.n_requests, >, 0);

  bytestag_publisher_close (publisher);
  bytestag_publisher_set_paused (publisher, "metered");
  bytestag_publisher_set_paused (publisher, NULL);
  bytestag_publisher_remove (publisher, publication);
  bytestag_sim_run (self->sim, HOUR);
  g_assert_cmpmem (bytestag_publisher_get_counters (publisher), sizeof counters, &counters, sizeof counters);
  g_assert_cmpuint (saved.n_calls, ==, 1);
  g_assert_finalize_object (publisher);
  g_assert_cmpuint (saved.n_calls, ==, 1);
  g_hash_table_unref (saved.pieces);
}

static void
changed_cb (BytestagPublication *publication,
            const BytestagPiece *before,
            const BytestagPiece *after,
            guint               *n)
{
  g_assert_true (bytestag_kvp_id_equal (&before->id, &after->id));
  (*n)++;
}

/* A piece of two publications goes out once, counts in both, and stays until both went. */
static void
test_shared (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) one = NULL;
  g_autoptr (BytestagPublication) other = NULL;
  BytestagPiece pieces[30];
  guint n_changed = 0;

  for (guint i = 0; i < 30; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  one = fixture_publish (publisher, pieces, 20, 2);
  other = fixture_publish (publisher, pieces + 10, 20, 2);
  g_signal_connect (other, "piece-changed", G_CALLBACK (changed_cb), &n_changed);
  bytestag_publication_add_pieces (other, pieces + 10, 3);
  g_assert_cmpuint (bytestag_publication_get_n_pieces (other), ==, 20);
  g_assert_cmpuint (bytestag_publisher_get_n_pieces (publisher), ==, 30);
  bytestag_sim_run (self->sim, 2 * MINUTE);
  g_assert_cmpuint (bytestag_publication_get_n_complete (one), ==, 20);
  g_assert_cmpuint (bytestag_publication_get_n_complete (other), ==, 20);
  g_assert_cmpuint (n_changed, ==, 40);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, ==, 60);

  bytestag_publisher_remove (publisher, one);
  bytestag_sim_run (self->sim, MINUTE);
  g_assert_cmpint (bytestag_publication_get_phase (one), ==, BYTESTAG_PUBLICATION_IDLE);
  g_assert_cmpuint (bytestag_publication_get_n_pieces (one), ==, 0);
  g_assert_cmpuint (bytestag_publisher_get_n_pieces (publisher), ==, 20);
  g_assert_cmpuint (bytestag_publication_get_n_complete (other), ==, 20);
  bytestag_publisher_remove (publisher, other);
  bytestag_publisher_remove (publisher, other);
  bytestag_sim_run (self->sim, MINUTE);
  g_assert_cmpuint (bytestag_publisher_get_n_pieces (publisher), ==, 0);
}

/* A later publication may want more copies of the same. */
static void
test_more_copies (Fixture       *self,
                  gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) one = NULL;
  g_autoptr (BytestagPublication) other = NULL;
  BytestagPiece piece = fixture_make_piece (self, 1, BYTESTAG_PIECE_PART);

  one = fixture_publish (publisher, &piece, 1, 2);
  g_assert_true (fixture_run_signal (self, one, "complete", 60));
  other = fixture_publish (publisher, &piece, 1, 5);
  g_assert_cmpuint (bytestag_publication_get_n_complete (one), ==, 0);
  g_assert_true (fixture_run_signal (self, other, "complete", 60));
  g_assert_cmpuint (bytestag_publication_get_n_complete (one), ==, 1);
  g_assert_cmpuint (fixture_count_holders (self, &piece.id), ==, 5);
}

/* At any moment of a pass; nothing of it goes out after that. */
static void
test_remove (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (GArray) log = watch_stores (self);

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
      g_autoptr (BytestagPublication) publication = NULL;
      BytestagPiece pieces[20];
      guint n_stored;

      for (guint j = 0; j < 20; j++)
        pieces[j] = fixture_make_piece (self, i * 20 + j, BYTESTAG_PIECE_PART);
      publication = fixture_publish (publisher, pieces, 20, 3);
      bytestag_sim_run (self->sim, i * SECOND / 10);
      bytestag_publisher_remove (publisher, publication);
      g_assert_cmpuint (bytestag_publisher_get_n_sending (publisher), ==, 0);
      /* Those whose bytes are there are stored, when no more come for 10 s. */
      bytestag_sim_run (self->sim, 15 * SECOND);
      n_stored = log->len;
      g_assert_cmpuint (bytestag_publisher_get_n_pieces (publisher), ==, 0);
      bytestag_sim_run (self->sim, MINUTE);
      g_assert_cmpuint (log->len, ==, n_stored);
    }
}

/* It may go at any moment. */
static void
test_finalize (Fixture       *self,
               gconstpointer  data)
{
  for (guint i = 0; i < 40; i++)
    {
      BytestagPublisher *publisher = bytestag_publisher_new (self->network);
      g_autoptr (BytestagPublication) publication = NULL;
      BytestagPiece pieces[20];

      for (guint j = 0; j < 20; j++)
        pieces[j] = fixture_make_piece (self, i * 20 + j, BYTESTAG_PIECE_PART);
      publication = fixture_publish (publisher, pieces, 20, 3);
      bytestag_sim_run (self->sim, i * SECOND / 10);
      g_assert_finalize_object (publisher);
      bytestag_sim_run (self->sim, SECOND);
    }
}

/* While a reason stands nothing goes out; then it goes on where it was. */
static void
test_paused (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  g_autoptr (GArray) log = watch_stores (self);
  BytestagPiece pieces[60];
  guint n;

  for (guint i = 0; i < 60; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_paused (publisher, "metered");
  publication = fixture_publish (publisher, pieces, 60, 3);
  bytestag_sim_run (self->sim, HOUR);
  g_assert_cmpuint (log->len, ==, 0);
  g_assert_cmpstr (bytestag_publisher_get_paused (publisher), ==, "metered");

  bytestag_publisher_set_paused (publisher, NULL);
  while (log->len < 30)
    bytestag_sim_run (self->sim, SECOND / 100);
  bytestag_publisher_set_paused (publisher, "limit");
  g_assert_cmpuint (bytestag_publisher_get_n_sending (publisher), ==, 0);
  /* Those whose bytes are there are stored, when no more come for 10 s. */
  bytestag_sim_run (self->sim, 15 * SECOND);
  n = log->len;
  g_assert_cmpuint (n, <, 60);
  bytestag_sim_run (self->sim, HOUR);
  g_assert_cmpuint (log->len, ==, n);

  bytestag_publisher_set_paused (publisher, NULL);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  g_assert_null (bytestag_publisher_get_paused (publisher));
}

/* Nobody is there: it waits, and goes on when somebody comes. */
static void
test_alone (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[5];

  for (guint i = 0; i < 5; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = fixture_publish (publisher, pieces, 5, 3);
  bytestag_sim_run (self->sim, 5 * HOUR);
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 0);
  g_assert_true (bytestag_sim_join_all (self->sim, 0));
  g_assert_true (fixture_run_signal (self, publication, "first-copies", 60));
}

/* At most so many at a time, and so many that wait to be confirmed. */
static void
test_bound (Fixture       *self,
            gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  guint n = 2 * BYTESTAG_LIMIT_UNCONFIRMED;
  g_autofree BytestagPiece *pieces = g_new (BytestagPiece, n);
  guint most = 0;

  for (guint i = 0; i < n; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = fixture_publish (publisher, pieces, n, 3);
  while (bytestag_publication_get_n_sent (publication) < n)
    {
      bytestag_sim_run (self->sim, SECOND / 100);
      most = MAX (most, bytestag_publisher_get_n_sending (publisher));
    }
  g_assert_cmpuint (most, ==, BYTESTAG_LIMIT_PUBLISHING);
}

/* Only what is weak: one that lost copies since the last look is not known to be. */
static void
test_send_again (Fixture       *self,
                 gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[20];
  guint64 n_looked;

  for (guint i = 0; i < 20; i++)
    pieces[i] = fixture_make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = fixture_publish (publisher, pieces, 20, 8);
  /* There are seven others. */
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (fixture_get_piece (publication, 3).n_copies, ==, 7);
  n_looked = bytestag_publisher_get_counters (publisher)->n_looked;
  bytestag_sim_run (self->sim, 30 * SECOND);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, ==, n_looked);

  /* Somebody comes, whom the last look-up did not know. */
  bytestag_sim_add_node (self->sim);
  g_assert_true (bytestag_sim_join_all (self->sim, 3 * MINUTE));
  bytestag_publisher_send_again (publisher, publication);
  bytestag_publisher_send_again (publisher, publication);
  bytestag_sim_run (self->sim, MINUTE);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpuint (fixture_get_piece (publication, i).n_copies, ==, 8);

  /* Now none is. */
  n_looked = bytestag_publisher_get_counters (publisher)->n_looked;
  bytestag_publisher_send_again (publisher, publication);
  bytestag_sim_run (self->sim, MINUTE);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_looked, ==, n_looked);
}

/* Bytes that cannot be read now keep no promise from being renewed. */
static void
test_away (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = fixture_make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = fixture_publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 60));
  g_assert_true (bytestag_kvp_table_remove (fixture_table_of (self, 0), &piece.id));
  bytestag_sim_run (self->sim, 20 * DAY);
  g_assert_cmpuint (fixture_count_holders (self, &piece.id), ==, 3);
  g_assert_cmpint (fixture_get_piece (publication, 0).until, >, fixture_now (self) + 4 * 86400);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST ("/sharing/publisher/order", test_order);
  FIXTURE_TEST ("/sharing/publisher/asks-first", test_asks_first);
  FIXTURE_TEST ("/sharing/publisher/renews", test_renews);
  FIXTURE_TEST ("/sharing/publisher/wrong-clock", test_wrong_clock);
  FIXTURE_TEST ("/sharing/publisher/lost", test_lost);
  FIXTURE_TEST ("/sharing/publisher/restart", test_restart);
  FIXTURE_TEST ("/sharing/publisher/saves", test_saves);
  FIXTURE_TEST ("/sharing/publisher/close", test_close);
  FIXTURE_TEST ("/sharing/publisher/shared", test_shared);
  FIXTURE_TEST ("/sharing/publisher/more-copies", test_more_copies);
  FIXTURE_TEST ("/sharing/publisher/remove", test_remove);
  FIXTURE_TEST ("/sharing/publisher/finalize", test_finalize);
  FIXTURE_TEST ("/sharing/publisher/paused", test_paused);
  FIXTURE_TEST_ALONE ("/sharing/publisher/alone", test_alone);
  FIXTURE_TEST ("/sharing/publisher/bound", test_bound);
  FIXTURE_TEST ("/sharing/publisher/send-again", test_send_again);
  FIXTURE_TEST ("/sharing/publisher/away", test_away);

  return g_test_run ();
}
