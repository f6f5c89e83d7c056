/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "fixture.h"
#include "sharing/publisher.h"

#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* A value of node 0, as a piece that nobody knows anything of yet. */
static BytestagPiece
make_piece (Fixture           *self,
            guint              number,
            BytestagPieceKind  kind)
{
  g_autofree char *text = g_strdup_printf ("piece %u", number);
  g_autoptr (GBytes) value = g_bytes_new (text, strlen (text));
  BytestagKvpRecord record = { .size = strlen (text), .is_original = TRUE };
  BytestagPiece piece = { .size = strlen (text), .kind = kind };

  bytestag_key_digest (&record.id.index, text, strlen (text));
  record.id.key = record.id.index;
  if (kind == BYTESTAG_PIECE_FILE_INFO)
    bytestag_key_digest (&record.id.key, text, strlen (text) - 1);
  bytestag_kvp_table_write (bytestag_network_get_table (self->network), &record, value, NULL, NULL);
  piece.id = record.id;
  return piece;
}

static BytestagKvpTable *
table_of (Fixture *self,
          guint    node)
{
  return bytestag_network_get_table (bytestag_sim_get_node (self->sim, node));
}

static gint64
now_of (Fixture *self)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / G_USEC_PER_SEC;
}

/* Nodes but the own one that hold it. */
static guint
count_holders (Fixture             *self,
               const BytestagKvpId *id)
{
  guint n = 0;

  for (guint i = 1; i < bytestag_sim_get_n_nodes (self->sim); i++)
    n += bytestag_kvp_table_lookup (table_of (self, i), id, NULL);
  return n;
}

/* Node @node holds the piece already; @text (nullable): it says so, but has this. */
static void
let_hold (Fixture             *self,
          guint                node,
          const BytestagPiece *piece,
          guint                number,
          const char          *text,
          gint64               until)
{
  g_autofree char *own = g_strdup_printf ("piece %u", number);
  const char *bytes = text != NULL ? text : own;
  g_autoptr (GBytes) value = g_bytes_new (bytes, strlen (bytes));
  BytestagKvpRecord record = { .id = piece->id, .size = strlen (bytes), .until = until, .copies = 3 };

  record.last_update = (gdouble) now_of (self);
  bytestag_kvp_table_write (table_of (self, node), &record, value, NULL, NULL);
}

static BytestagPublication *
publish (BytestagPublisher   *publisher,
         const BytestagPiece *pieces,
         guint                n,
         guint                copies)
{
  BytestagPublication *publication = bytestag_publisher_add (publisher, copies);

  bytestag_publication_add_pieces (publication, pieces, n);
  bytestag_publisher_start (publisher, publication);
  return publication;
}

static BytestagPiece
get_piece (BytestagPublication *publication,
           guint                number)
{
  BytestagPiece piece;

  g_assert_true (bytestag_publication_get_piece (publication, number, &piece));
  return piece;
}

typedef struct {
  GArray *ids; /* (element-type BytestagKvpId) in the order in which nodes took them */
} Log;

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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  pieces[40] = make_piece (self, 40, BYTESTAG_PIECE_FILE_INFO);
  pieces[41] = make_piece (self, 41, BYTESTAG_PIECE_ROOT);
  publication = publish (publisher, pieces, 42, 3);
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
      BytestagPiece piece = get_piece (publication, i);

      g_assert_cmpuint (count_holders (self, &piece.id), ==, i == 41 ? 7 : 3);
      g_assert_cmpuint (piece.n_copies, ==, i == 41 ? 7 : 3);
      g_assert_cmpuint (piece.n_originals, ==, 0);
      g_assert_cmpuint (piece.copies, ==, i == 41 ? 20 : 3);
      g_assert_cmpint (piece.until, >, now_of (self) + BYTESTAG_TIME_KEEP - 300);
      g_assert_cmpint (piece.looked, >, now_of (self) - 300);
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
      pieces[i] = make_piece (self, i, i == 9 ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_PART);
      for (guint j = 0; j < (i < 2 ? 0 : i < 4 ? 2 : 3); j++)
        let_hold (self, 1 + (i + j) % 7, &pieces[i], i, NULL, now_of (self) + 10 * 86400);
    }
  publication = publish (publisher, pieces, 10, 3);
  g_assert_cmpint (bytestag_publication_get_percent_there (publication), ==, -1);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));

  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, ==, 2 * 3 + 2);
  g_assert_cmpuint (bytestag_publication_get_n_there (publication), ==, 6);
  g_assert_cmpint (bytestag_publication_get_percent_there (publication), ==, 60);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (count_holders (self, &pieces[i].id), ==, 3);
}

/* Renewed when a third is left, without a byte, and never over. */
static void
test_renews (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[5];
  guint64 n_stored, n_looked;

  for (guint i = 0; i < 5; i++)
    pieces[i] = make_piece (self, i, i == 4 ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_PART);
  publication = publish (publisher, pieces, 5, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  n_stored = bytestag_publisher_get_counters (publisher)->n_stored;
  g_assert_cmpuint (n_stored, ==, 15);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_looked, ==, 0);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_requests, ==, 0);
  n_looked = bytestag_publisher_get_counters (publisher)->n_looked;

  bytestag_sim_run (self->sim, 8 * DAY);
  /* From then on all looks are of upkeep. */
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_looked, ==,
                    bytestag_publisher_get_counters (publisher)->n_looked - n_looked);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_upkeep_requests, >, 0);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_renewed, ==, 0);
  for (guint day = 8; day < 24; day++)
    {
      for (guint i = 0; i < 5; i++)
        {
          g_assert_cmpuint (count_holders (self, &pieces[i].id), ==, 3);
          g_assert_cmpint (get_piece (publication, i).until, >, now_of (self) + 4 * 86400);
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
  BytestagPiece piece = make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  bytestag_sim_set_wall_offset (self->sim, 0, -30 * DAY);
  bytestag_sim_run (self->sim, 20 * DAY);
  g_assert_cmpint (bytestag_network_get_clock_difference (self->network), ==, -30 * 86400);
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_renewed, ==, 6);
  g_assert_cmpuint (count_holders (self, &piece.id), ==, 3);
}

/* A copy that is gone is sent again after a day at the latest. */
static void
test_lost (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  for (guint i = 1; count_holders (self, &piece.id) > 1; i++)
    bytestag_kvp_table_remove (table_of (self, i), &piece.id);

  bytestag_sim_run (self->sim, DAY + HOUR);
  g_assert_cmpuint (count_holders (self, &piece.id), ==, 3);
  g_assert_cmpuint (get_piece (publication, 0).n_copies, ==, 3);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = publish (publisher, pieces, n, 2);
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
  publication = publish (publisher, pieces, n, 2);
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, n_sent);
  g_assert_true (fixture_run_signal (self, publication, "complete", 600));
  /* Those that were on their way are there already. */
  g_assert_cmpuint (bytestag_publisher_get_counters (publisher)->n_stored, <=, 2 * n - n_sent);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (count_holders (self, &pieces[i].id), ==, 2);

  /* All is well and was looked at: nothing is asked. */
  for (guint i = 0; i < n; i++)
    pieces[i] = get_piece (publication, i);
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  publisher = bytestag_publisher_new (self->network);
  publication = publish (publisher, pieces, n, 2);
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
  BytestagPiece piece = make_piece (self, 1, BYTESTAG_PIECE_PART);

  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = publish (publisher, &piece, 1, 2);
  while (get_piece (publication, 0).looked == 0)
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_save_func (publisher, save_cb, &saved);
  publication = publish (publisher, pieces, 64, 2);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  one = publish (publisher, pieces, 20, 2);
  other = publish (publisher, pieces + 10, 20, 2);
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
  BytestagPiece piece = make_piece (self, 1, BYTESTAG_PIECE_PART);

  one = publish (publisher, &piece, 1, 2);
  g_assert_true (fixture_run_signal (self, one, "complete", 60));
  other = publish (publisher, &piece, 1, 5);
  g_assert_cmpuint (bytestag_publication_get_n_complete (one), ==, 0);
  g_assert_true (fixture_run_signal (self, other, "complete", 60));
  g_assert_cmpuint (bytestag_publication_get_n_complete (one), ==, 1);
  g_assert_cmpuint (count_holders (self, &piece.id), ==, 5);
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
        pieces[j] = make_piece (self, i * 20 + j, BYTESTAG_PIECE_PART);
      publication = publish (publisher, pieces, 20, 3);
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
        pieces[j] = make_piece (self, i * 20 + j, BYTESTAG_PIECE_PART);
      publication = publish (publisher, pieces, 20, 3);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  bytestag_publisher_set_paused (publisher, "metered");
  publication = publish (publisher, pieces, 60, 3);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = publish (publisher, pieces, 5, 3);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = publish (publisher, pieces, n, 3);
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
    pieces[i] = make_piece (self, i, BYTESTAG_PIECE_PART);
  publication = publish (publisher, pieces, 20, 8);
  /* There are seven others. */
  g_assert_true (fixture_run_signal (self, publication, "complete", 120));
  bytestag_sim_run (self->sim, 10 * SECOND);
  g_assert_cmpuint (get_piece (publication, 3).n_copies, ==, 7);
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
    g_assert_cmpuint (get_piece (publication, i).n_copies, ==, 8);

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
  BytestagPiece piece = make_piece (self, 1, BYTESTAG_PIECE_PART);

  publication = publish (publisher, &piece, 1, 3);
  g_assert_true (fixture_run_signal (self, publication, "complete", 60));
  g_assert_true (bytestag_kvp_table_remove (table_of (self, 0), &piece.id));
  bytestag_sim_run (self->sim, 20 * DAY);
  g_assert_cmpuint (count_holders (self, &piece.id), ==, 3);
  g_assert_cmpint (get_piece (publication, 0).until, >, now_of (self) + 4 * 86400);
}

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
  g_autoptr (BytestagPublication) publication = publish (publisher, pieces, n, 3);

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
      Taker *taker = g_memdup2 (&(Taker) { first, i }, sizeof *taker);

      g_signal_connect_data (bytestag_sim_get_node (self->sim, i), "value-stored", G_CALLBACK (taken_cb), taker,
                             (GClosureNotify) g_free, 0);
    }

  /* Those that choose the nearest node while nothing is under way. */
  for (guint i = 0; n < 60; i++)
    {
      pieces[n] = make_piece (self, i, BYTESTAG_PIECE_PART);
      n += pieces[n].id.key.bytes[BYTESTAG_KEY_SIZE - 1] % 3 == 0;
    }
  publish_all (self, publisher, pieces, n);
  for (guint i = 1000; n < G_N_ELEMENTS (pieces); i++, n++)
    {
      pieces[n] = make_piece (self, i, BYTESTAG_PIECE_PART);
      publish_all (self, publisher, &pieces[n], 1);
    }

  for (guint i = 0; i < n; i++)
    n_nearest[i >= 60] += is_nearest (self, &pieces[i].id.key,
                                      GPOINTER_TO_UINT (g_hash_table_lookup (first, &pieces[i].id)));
  g_assert_true (n_nearest[0] >= 10 && n_nearest[0] <= 40);
  g_assert_true (n_nearest[1] >= 4 && n_nearest[1] <= 16);
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
    pieces[i] = make_piece (&fixture, i, BYTESTAG_PIECE_PART);
  publication = publish (publisher, pieces, 20, 3);
  g_assert_true (fixture_run_signal (&fixture, publication, "complete", 60));
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpuint (count_holders (&fixture, &pieces[i].id), ==, 3);
      g_assert_cmpuint (get_piece (publication, i).n_copies, ==, 3);
    }
  g_clear_object (&publication);
  g_assert_finalize_object (publisher);
  bytestag_sim_free (fixture.sim);
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
  FIXTURE_TEST ("/sharing/publisher/first-copies", test_first_copies);
  g_test_add_func ("/sharing/publisher/private", test_private);

  return g_test_run ();
}
