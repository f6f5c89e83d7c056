/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/survival.h"

#include "core/limits.h"
#include "fixture.h"
#include "sharing/publisher.h"
#include "support/test-model.h"

#define DAY (G_GINT64_CONSTANT (86400) * SECOND)
#define COPIES 4

static gint64
now_of (Fixture *self)
{
  return bytestag_reactor_get_wall_time (bytestag_network_get_reactor (self->network)) / SECOND;
}

/* A part told by @number, as it was saved a minute ago. */
static BytestagPiece
make_piece (Fixture *self,
            guint    number,
            guint8   n_copies,
            gint64   until)
{
  BytestagPiece piece = {
    .size = 1000,
    .until = (guint32) until,
    .looked = (guint32) (now_of (self) - 60),
    .kind = BYTESTAG_PIECE_PART,
    .copies = COPIES,
    .n_copies = n_copies,
  };

  bytestag_key_digest (&piece.id.key, &number, sizeof number);
  piece.id.index = piece.id.key;
  return piece;
}

/* Of pieces that are only told of: nobody works on them. */
static BytestagSurvival *
make_survival (Fixture              *self,
               BytestagPublisher    *publisher,
               const BytestagPiece  *pieces,
               guint                 n,
               BytestagPublication **publication)
{
  *publication = bytestag_publisher_add (publisher, COPIES);
  for (guint i = 0; i < n; i += BYTESTAG_LIMIT_PIECES_OF_SLICE)
    bytestag_publication_add_pieces (*publication, pieces + i, MIN (n - i, BYTESTAG_LIMIT_PIECES_OF_SLICE));
  return bytestag_survival_new (self->network, *publication);
}

static guint
count_in_row (BytestagSurvival *survival,
              guint             copies)
{
  GListModel *rows = bytestag_survival_get_histogram (survival);
  g_autoptr (BytestagSurvivalRow) row = g_list_model_get_item (rows, copies);

  if (row == NULL)
    return 0;
  g_assert_cmpuint (bytestag_survival_row_get_copies (row), ==, copies);
  return bytestag_survival_row_get_n_pieces (row);
}

static void
test_nothing (Fixture      *self,
              gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  g_autoptr (BytestagSurvival) survival = make_survival (self, publisher, NULL, 0, &publication);

  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (bytestag_survival_get_n_pieces (survival), ==, 0);
  g_assert_false (bytestag_survival_is_sampled (survival));
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_survival_get_histogram (survival)), ==, 0);
  g_assert_cmpstr (bytestag_survival_get_words (survival), ==, "There is nothing to look for yet");
}

/* What was looked for is safe; of the other piece nobody knows. */
static void
test_sample (Fixture      *self,
             gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece pieces[] = {
    make_piece (self, 0, 4, now_of (self) + 86400),
    make_piece (self, 1, 0, 0),
  };
  g_autoptr (BytestagSurvival) survival = NULL;

  pieces[1].looked = 0;
  survival = make_survival (self, publisher, pieces, 2, &publication);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_true (bytestag_survival_is_sampled (survival));
  g_assert_cmpuint (bytestag_survival_get_n_looked (survival), ==, 1);
  g_assert_cmpuint (bytestag_survival_get_least_copies (survival), ==, 4);
  g_assert_cmpint (bytestag_survival_get_safe_until (survival), ==, 0);
}

static char *
name_cb (const BytestagKvpId *id,
         gpointer             user_data)
{
  guint *n_asked = user_data;

  ++*n_asked;
  return g_strdup ("holiday.mkv");
}

/* What was saved is told at once; and when a promise is over, with nothing else said. */
static void
test_saved (Fixture      *self,
            gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  /* Not at the hour at which it would look at all anyway. */
  gint64 until = now_of (self) + 3 * 86400 - 1800;
  BytestagPiece pieces[] = {
    make_piece (self, 0, 4, until),
    make_piece (self, 1, 5, until + 86400),
    make_piece (self, 2, 2, until + 2 * 86400),
  };
  g_autoptr (BytestagSurvival) survival = make_survival (self, publisher, pieces, 3, &publication);
  BytestagTestModel *rows = bytestag_test_model_new (bytestag_survival_get_histogram (survival));
  BytestagTestModel *weakest = bytestag_test_model_new (bytestag_survival_get_weakest (survival));
  g_autoptr (BytestagWeakPiece) weak = NULL;
  guint n_asked = 0;

  bytestag_survival_set_name_func (survival, name_cb, &n_asked);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (bytestag_survival_get_n_pieces (survival), ==, 3);
  g_assert_cmpuint (bytestag_survival_get_n_looked (survival), ==, 3);
  g_assert_cmpuint (bytestag_survival_get_n_weak (survival), ==, 1);
  g_assert_cmpuint (bytestag_survival_get_wanted (survival), ==, COPIES);
  g_assert_cmpuint (bytestag_survival_get_least_copies (survival), ==, 2);
  g_assert_cmpint (bytestag_survival_get_safe_until (survival), ==, 0);
  g_assert_cmpint (bytestag_survival_get_oldest_look (survival), ==, pieces[0].looked);
  g_assert_cmpuint (count_in_row (survival, 4), ==, 1);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (rows), ==, 6);

  g_assert_cmpuint (n_asked, ==, 1);
  weak = g_list_model_get_item (bytestag_survival_get_weakest (survival), 0);
  g_assert_true (bytestag_kvp_id_equal (bytestag_weak_piece_get_id (weak), &pieces[2].id));
  g_assert_cmpstr (bytestag_weak_piece_get_name (weak), ==, "holiday.mkv");
  g_assert_cmpuint (bytestag_weak_piece_get_copies (weak), ==, 2);
  g_assert_cmpuint (bytestag_weak_piece_get_wanted (weak), ==, COPIES);
  g_assert_cmpint (bytestag_weak_piece_get_kind (weak), ==, BYTESTAG_PIECE_PART);
  g_assert_cmpint (bytestag_weak_piece_get_until (weak), ==, until + 2 * 86400);

  /* To the second before, and then. The rows stay. */
  bytestag_sim_run (self->sim, 3 * DAY - 1810 * SECOND);
  g_assert_cmpuint (count_in_row (survival, 0), ==, 0);
  bytestag_sim_run (self->sim, 20 * SECOND);
  g_assert_cmpuint (count_in_row (survival, 0), ==, 1);
  g_assert_cmpuint (count_in_row (survival, 4), ==, 0);
  g_assert_cmpuint (bytestag_survival_get_n_weak (survival), ==, 2);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (rows), ==, 0);
  g_assert_cmpuint (bytestag_test_model_take_n_rows (weakest), >=, 1);

  /* The last row goes with its last piece, and the item that is still weak is the same. */
  bytestag_sim_run (self->sim, DAY);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_survival_get_histogram (survival)), ==, 3);
  bytestag_sim_run (self->sim, DAY);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_survival_get_histogram (survival)), ==, 1);
  g_assert_cmpuint (bytestag_weak_piece_get_copies (weak), ==, 0);
  g_assert_cmpstr (bytestag_survival_get_words (survival), ==, "Only here so far: keep this computer on");

  bytestag_test_model_free (rows);
  bytestag_test_model_free (weakest);
}

static void
note_time (GObject    *object,
           GParamSpec *pspec,
           GArray     *times)
{
  BytestagSurvival *survival = BYTESTAG_SURVIVAL (object);
  gint64 now = *(gint64 *) g_object_get_data (object, "now");

  g_assert_cmpuint (bytestag_survival_get_n_looked (survival), <=, bytestag_survival_get_n_pieces (survival));
  if (times->len == 0 || g_array_index (times, gint64, times->len - 1) != now)
    g_array_append_val (times, now);
}

/* A real publisher brings pieces to real nodes: the figures come to say so, 4 times a second
 * at most. */
static void
test_published (Fixture      *self,
                gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  g_autoptr (BytestagSurvival) survival = NULL;
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  BytestagPiece pieces[30];
  gint64 now;

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autofree char *text = g_strdup_printf ("piece %u", i);

      pieces[i] = (BytestagPiece) { .kind = BYTESTAG_PIECE_PART, .size = (guint32) strlen (text) };
      pieces[i].id.key = pieces[i].id.index = fixture_put (self, 0, text, -1);
    }
  survival = make_survival (self, publisher, pieces, G_N_ELEMENTS (pieces), &publication);
  g_object_set_data (G_OBJECT (survival), "now", &now);
  g_signal_connect (survival, "notify", G_CALLBACK (note_time), times);
  now = bytestag_sim_get_time (self->sim);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (bytestag_survival_get_n_looked (survival), ==, 0);
  g_assert_true (bytestag_survival_is_sampled (survival));
  g_assert_cmpstr (bytestag_survival_get_words (survival), ==, "Nobody was asked yet who else keeps it");

  bytestag_publisher_start (publisher, publication);
  for (guint i = 0; i < 60 * 100; i++)
    {
      now = bytestag_sim_get_time (self->sim);
      bytestag_sim_run (self->sim, SECOND / 100);
    }
  for (guint i = 1; i < times->len; i++)
    g_assert_cmpint (g_array_index (times, gint64, i) - g_array_index (times, gint64, i - 1), >=, SECOND / 4 - SECOND / 100);
  g_assert_cmpuint (times->len, >=, 2);

  g_assert_cmpuint (bytestag_survival_get_n_looked (survival), ==, G_N_ELEMENTS (pieces));
  g_assert_false (bytestag_survival_is_sampled (survival));
  g_assert_cmpuint (bytestag_survival_get_n_weak (survival), ==, 0);
  g_assert_cmpuint (bytestag_survival_get_least_copies (survival), >=, COPIES);
  g_assert_cmpint (bytestag_survival_get_safe_until (survival), >, now_of (self) + BYTESTAG_TIME_KEEP - 120);
  g_assert_cmpint (bytestag_survival_get_safe_until (survival), <=, now_of (self) + BYTESTAG_TIME_KEEP);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_survival_get_weakest (survival)), ==, 0);
}

/* Our clock is a day ahead, others say so: no promise is over for that (B.5). */
static void
test_wrong_clock (Fixture      *self,
                  gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = make_piece (self, 0, 4, now_of (self) + 86400 / 2);
  g_autoptr (BytestagSurvival) survival = make_survival (self, publisher, &piece, 1, &publication);

  bytestag_sim_run (self->sim, 3600 * SECOND);
  bytestag_sim_set_wall_offset (self->sim, 0, DAY);
  bytestag_sim_run (self->sim, 2 * 3600 * SECOND);
  g_assert_cmpint (bytestag_network_get_clock_difference (self->network), ==, 86400);
  g_assert_cmpuint (bytestag_survival_get_least_copies (survival), ==, 4);
  bytestag_sim_run (self->sim, DAY / 2);
  g_assert_cmpuint (bytestag_survival_get_least_copies (survival), ==, 0);
}

/* More than a slice, and more weak ones than are listed. */
static void
test_many (Fixture      *self,
           gconstpointer data)
{
  const guint n = 10000;
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  g_autofree BytestagPiece *pieces = g_new (BytestagPiece, n);
  g_autoptr (BytestagSurvival) survival = NULL;

  for (guint i = 0; i < n; i++)
    pieces[i] = make_piece (self, i, i % 5, i % 5 > 0 ? now_of (self) + 86400 : 0);
  survival = make_survival (self, publisher, pieces, n, &publication);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_cmpuint (bytestag_survival_get_n_pieces (survival), ==, n);
  g_assert_cmpuint (bytestag_survival_get_n_weak (survival), ==, n / 5 * 4);
  for (guint copies = 0; copies < 5; copies++)
    g_assert_cmpuint (count_in_row (survival, copies), ==, n / 5);
  g_assert_cmpuint (g_list_model_get_n_items (bytestag_survival_get_weakest (survival)), ==, BYTESTAG_LIMIT_WEAKEST);

  /* It goes while it counts. */
  g_clear_object (&survival);
  survival = bytestag_survival_new (self->network, publication);
  bytestag_sim_run (self->sim, 1);
  g_assert_finalize_object (g_steal_pointer (&survival));
  bytestag_sim_run (self->sim, SECOND);
}

static void
test_finalize (Fixture      *self,
               gconstpointer data)
{
  g_autoptr (BytestagPublisher) publisher = bytestag_publisher_new (self->network);
  g_autoptr (BytestagPublication) publication = NULL;
  BytestagPiece piece = make_piece (self, 0, 1, now_of (self) + 86400);
  BytestagSurvival *survival = make_survival (self, publisher, &piece, 1, &publication);
  GListModel *rows = g_object_ref (bytestag_survival_get_histogram (survival));
  GListModel *weakest = g_object_ref (bytestag_survival_get_weakest (survival));
  BytestagWeakPiece *weak;
  BytestagSurvivalRow *row;

  bytestag_sim_run (self->sim, SECOND);
  bytestag_publisher_remove (publisher, publication);
  bytestag_sim_run (self->sim, SECOND);
  g_assert_finalize_object (survival);

  weak = g_list_model_get_item (weakest, 0);
  row = g_list_model_get_item (rows, 1);
  g_assert_finalize_object (rows);
  g_assert_finalize_object (weakest);
  if (weak != NULL)
    g_assert_finalize_object (weak);
  if (row != NULL)
    g_assert_finalize_object (row);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  FIXTURE_TEST_ALONE ("/sharing/survival/nothing", test_nothing);
  FIXTURE_TEST_ALONE ("/sharing/survival/sample", test_sample);
  FIXTURE_TEST_ALONE ("/sharing/survival/saved", test_saved);
  FIXTURE_TEST ("/sharing/survival/published", test_published);
  FIXTURE_TEST ("/sharing/survival/wrong-clock", test_wrong_clock);
  FIXTURE_TEST_ALONE ("/sharing/survival/many", test_many);
  FIXTURE_TEST_ALONE ("/sharing/survival/finalize", test_finalize);

  return g_test_run ();
}
