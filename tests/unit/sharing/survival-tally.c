/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/survival-tally.h"

#include <locale.h>

#include "dht/network.h"

/* 2020-09-13 12:26:40 UTC, and the end of a promise that was given then. */
#define NOW 1600000000
#define UNTIL (NOW + BYTESTAG_TIME_KEEP)

/* A part that is told by @number, of which 4 copies are wanted, looked at a minute ago. */
static BytestagPiece
make_piece (guint   number,
            guint8  n_copies,
            guint32 until)
{
  BytestagPiece piece = {
    .size = 262144,
    .until = until,
    .looked = NOW - 60,
    .kind = BYTESTAG_PIECE_PART,
    .copies = 4,
    .n_copies = n_copies,
  };

  bytestag_key_digest (&piece.id.key, &number, sizeof number);
  piece.id.index = piece.id.key;
  return piece;
}

static void
assert_words (const BytestagSurvivalTally *tally,
              const char                  *words)
{
  g_autofree char *told = bytestag_survival_tally_describe (tally);

  g_assert_cmpstr (told, ==, words);
}

static void
test_nothing (void)
{
  BytestagSurvivalTally tally;

  bytestag_survival_tally_init (&tally, NOW, 0);
  g_assert_cmpuint (tally.n_pieces, ==, 0);
  g_assert_cmpuint (tally.n_looked, ==, 0);
  g_assert_cmpint (tally.safe_until, ==, 0);
  g_assert_cmpint (tally.next_end, ==, G_MAXINT64);
  assert_words (&tally, "There is nothing to look for yet");
}

static void
test_unlooked (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = { .copies = 4, .kind = BYTESTAG_PIECE_PART };

  bytestag_survival_tally_init (&tally, NOW, 0);
  for (guint i = 0; i < 10; i++)
    bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.n_pieces, ==, 10);
  g_assert_cmpuint (tally.n_looked, ==, 0);
  g_assert_cmpuint (tally.n_weak, ==, 0);
  g_assert_cmpuint (tally.rows[0].n_pieces, ==, 0);
  g_assert_cmpuint (tally.wanted, ==, 4);
  assert_words (&tally, "Nobody was asked yet who else keeps it");
}

/* Of pieces of which some were not looked for nothing is said but what the others have. */
static void
test_sample (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 5, UNTIL);
  BytestagPiece unlooked = { .copies = 4, .kind = BYTESTAG_PIECE_PART };

  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  bytestag_survival_tally_add (&tally, &unlooked);
  g_assert_cmpuint (tally.least_copies, ==, 5);
  assert_words (&tally, "1 of 2 pieces were looked for: those are on 5 other computers at least");

  piece = make_piece (2, 0, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 0);
  assert_words (&tally, "2 of 3 pieces were looked for: some of them are only here. Keep this computer on");
}

static void
test_safe_until (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece pieces[] = {
    make_piece (1, 4, UNTIL),
    make_piece (2, 6, UNTIL - 86400),
    make_piece (3, 4, UNTIL + 86400),
  };

  bytestag_survival_tally_init (&tally, NOW, 0);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    bytestag_survival_tally_add (&tally, &pieces[i]);
  g_assert_cmpint (tally.safe_until, ==, UNTIL - 86400);
  g_assert_cmpint (tally.next_end, ==, UNTIL - 86400);
  g_assert_cmpuint (tally.n_weak, ==, 0);
  g_assert_cmpuint (tally.n_weakest, ==, 0);
  g_assert_cmpuint (tally.least_copies, ==, 4);
  g_assert_cmpuint (tally.rows[4].n_pieces, ==, 2);
  g_assert_cmpint (tally.rows[4].until, ==, UNTIL);
  g_assert_cmpuint (tally.rows[6].n_pieces, ==, 1);
  g_assert_cmpint (tally.rows[6].until, ==, UNTIL - 86400);
  assert_words (&tally, "Every piece is on 4 other computers; safe until 26 September 2020");

  /* One that has fewer copies than are wanted is not safe, whatever its promise. */
  pieces[0] = make_piece (4, 3, UNTIL);
  bytestag_survival_tally_add (&tally, &pieces[0]);
  g_assert_cmpint (tally.safe_until, ==, 0);
  g_assert_cmpuint (tally.n_weak, ==, 1);
  assert_words (&tally, "Every piece is on 3 other computers at least, but 1 of 4 on fewer than wanted");

  /* It stays so with all that come later. */
  bytestag_survival_tally_add (&tally, &pieces[1]);
  g_assert_cmpint (tally.safe_until, ==, 0);

  pieces[0] = make_piece (5, 0, 0);
  bytestag_survival_tally_add (&tally, &pieces[0]);
  assert_words (&tally, "1 of 6 pieces is only here: keep this computer on");
}

/* The same from the first piece on. */
static void
test_unsafe_first (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 2, UNTIL);

  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpint (tally.safe_until, ==, 0);
  piece = make_piece (2, 4, UNTIL);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpint (tally.safe_until, ==, 0);
}

/* The program was off: a promise that is over is none, to the second. */
static void
test_promise_over (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 4, UNTIL);

  bytestag_survival_tally_init (&tally, UNTIL - 1, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 4);
  g_assert_cmpint (tally.safe_until, ==, UNTIL);

  bytestag_survival_tally_init (&tally, UNTIL, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 0);
  g_assert_cmpint (tally.safe_until, ==, 0);
  g_assert_cmpuint (tally.rows[0].n_pieces, ==, 1);
  g_assert_cmpuint (tally.n_weak, ==, 1);
  assert_words (&tally, "Only here so far: keep this computer on");
}

/* Without an end it counts for as long as it can have been promised, and is never safe. */
static void
test_end_unknown (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 4, 0);

  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 4);
  g_assert_cmpint (tally.rows[4].until, ==, 0);
  g_assert_cmpint (tally.safe_until, ==, 0);
  g_assert_cmpint (tally.next_end, ==, NOW - 60 + BYTESTAG_TIME_KEEP);

  bytestag_survival_tally_init (&tally, NOW - 60 + BYTESTAG_TIME_KEEP, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 0);
}

/* Originals: for one hour, and never safe (B.3). */
static void
test_originals (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 0, 0);

  piece.n_originals = 4;
  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 4);
  g_assert_cmpuint (tally.n_unpromised, ==, 1);
  g_assert_cmpuint (tally.n_weak, ==, 1);
  g_assert_cmpint (tally.safe_until, ==, 0);
  g_assert_cmpint (tally.rows[4].until, ==, 0);
  g_assert_cmpint (tally.next_end, ==, NOW - 60 + 3600);

  bytestag_survival_tally_init (&tally, NOW - 60 + 3600, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 0);
  g_assert_cmpuint (tally.n_unpromised, ==, 0);

  /* Beside promises they are more copies, but safe is what is promised. */
  piece = make_piece (1, 3, UNTIL);
  piece.n_originals = 1;
  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 4);
  g_assert_cmpint (tally.safe_until, ==, 0);
}

/* The clock was set back: what was looked at in the future counts, and nothing is over. */
static void
test_clock_set_back (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 4, UNTIL);

  piece.n_originals = 1;
  bytestag_survival_tally_init (&tally, NOW - 86400, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.least_copies, ==, 5);
  g_assert_cmpint (tally.safe_until, ==, UNTIL);
}

static void
test_looks (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 4, UNTIL);

  bytestag_survival_tally_init (&tally, NOW, 0);
  piece.looked = NOW - 500;
  bytestag_survival_tally_add (&tally, &piece);
  piece.looked = NOW - 5000;
  bytestag_survival_tally_add (&tally, &piece);
  piece.looked = NOW - 50;
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpint (tally.oldest_look, ==, NOW - 5000);
  g_assert_cmpint (tally.newest_look, ==, NOW - 50);
}

/* 20 copies of a root are wanted; that is not what a person is told of. */
static void
test_wanted (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 20, UNTIL);

  piece.kind = BYTESTAG_PIECE_ROOT;
  piece.copies = 20;
  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.wanted, ==, 20);
  piece = make_piece (2, 4, UNTIL);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.wanted, ==, 4);
  piece.kind = BYTESTAG_PIECE_FILE_INFO;
  piece.copies = 2;
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.wanted, ==, 4);

  /* More than a row is for. */
  piece = make_piece (3, 255, UNTIL);
  piece.n_originals = 255;
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.rows[BYTESTAG_MAX_BUCKET_SIZE].n_pieces, ==, 2);
}

/* In a network of 12 nodes no root has its 20 copies: it is as safe as a part with as many. */
static void
test_enough (void)
{
  BytestagSurvivalTally tally;
  BytestagPiece piece = make_piece (1, 11, UNTIL);

  piece.kind = BYTESTAG_PIECE_ROOT;
  piece.copies = 20;
  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.n_weak, ==, 1);
  g_assert_cmpint (tally.safe_until, ==, 0);

  bytestag_survival_tally_init (&tally, NOW, 4);
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.n_weak, ==, 0);
  g_assert_cmpint (tally.safe_until, ==, UNTIL);
  piece.n_copies = 3;
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.n_weak, ==, 1);
  g_assert_cmpuint (tally.weakest[0].piece.copies, ==, 4);

  /* Never more than it wants. */
  piece.n_copies = piece.copies = 2;
  bytestag_survival_tally_add (&tally, &piece);
  g_assert_cmpuint (tally.n_weak, ==, 1);
}

/* More weak pieces than are listed, in any order: the weakest are, in order. */
static void
test_weakest (void)
{
  BytestagSurvivalTally tally, backwards;
  const guint n = 3 * BYTESTAG_LIMIT_WEAKEST;

  bytestag_survival_tally_init (&tally, NOW, 0);
  bytestag_survival_tally_init (&backwards, NOW, 0);
  for (guint i = 0; i < n; i++)
    {
      guint number = i * 7 % n;
      BytestagPiece piece = make_piece (number, number % 4, UNTIL - number);
      BytestagPiece other = make_piece (n - 1 - number, (n - 1 - number) % 4, UNTIL - (n - 1 - number));

      bytestag_survival_tally_add (&tally, &piece);
      bytestag_survival_tally_add (&backwards, &other);
    }
  g_assert_cmpuint (tally.n_weak, ==, n);
  g_assert_cmpuint (tally.n_weakest, ==, BYTESTAG_LIMIT_WEAKEST);

  for (guint i = 0; i < BYTESTAG_LIMIT_WEAKEST; i++)
    {
      g_assert_cmpuint (tally.weakest[i].copies, ==, i < n / 4 ? 0 : 1);
      g_assert_true (bytestag_kvp_id_equal (&tally.weakest[i].piece.id, &backwards.weakest[i].piece.id));
    }
  for (guint i = n / 4 + 1; i < BYTESTAG_LIMIT_WEAKEST; i++)
    g_assert_cmpint (tally.weakest[i - 1].until, <, tally.weakest[i].until);
}

int
main (int   argc,
      char *argv[])
{
  g_setenv ("TZ", "UTC", TRUE);
  setlocale (LC_ALL, "C");
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/survival-tally/nothing", test_nothing);
  g_test_add_func ("/survival-tally/unlooked", test_unlooked);
  g_test_add_func ("/survival-tally/sample", test_sample);
  g_test_add_func ("/survival-tally/safe-until", test_safe_until);
  g_test_add_func ("/survival-tally/unsafe-first", test_unsafe_first);
  g_test_add_func ("/survival-tally/promise-over", test_promise_over);
  g_test_add_func ("/survival-tally/end-unknown", test_end_unknown);
  g_test_add_func ("/survival-tally/originals", test_originals);
  g_test_add_func ("/survival-tally/clock-set-back", test_clock_set_back);
  g_test_add_func ("/survival-tally/looks", test_looks);
  g_test_add_func ("/survival-tally/wanted", test_wanted);
  g_test_add_func ("/survival-tally/enough", test_enough);
  g_test_add_func ("/survival-tally/weakest", test_weakest);

  return g_test_run ();
}
