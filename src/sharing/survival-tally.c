/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/survival-tally.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "dht/network.h"

/* A copy on an original counts for so long (B.3), seconds. */
#define ORIGINAL_COUNTS 3600

/* What a piece has now. */
typedef struct {
  guint promised;    /* copies on nodes of ours */
  guint unpromised;  /* copies on originals */
  gint64 until;      /* when one of those that count ends; 0: unknown, or none */
  gint64 changes_at; /* when this is no longer so */
} Copies;

void
bytestag_survival_tally_init (BytestagSurvivalTally *self,
                              gint64                 now,
                              guint                  enough)
{
  g_return_if_fail (self != NULL);

  memset (self, 0, sizeof *self);
  self->now = now;
  self->enough = enough;
  self->next_end = G_MAXINT64;
}

static guint
get_wanted (const BytestagSurvivalTally *self,
            const BytestagPiece         *piece)
{
  return self->enough > 0 ? MIN (piece->copies, self->enough) : piece->copies;
}

/* Without an end that is known a copy ends at the latest when its promise of the day of the
 * look would: nobody is asked for a longer one. */
static gint64
get_end (const BytestagPiece *piece)
{
  return piece->until > 0 ? (gint64) piece->until : (gint64) piece->looked + BYTESTAG_TIME_KEEP;
}

static Copies
count_copies (const BytestagPiece *piece,
              gint64               now)
{
  Copies copies = { .changes_at = G_MAXINT64 };

  if (piece->n_copies > 0 && get_end (piece) > now)
    {
      copies.promised = piece->n_copies;
      copies.until = piece->until;
      copies.changes_at = get_end (piece);
    }
  if (piece->n_originals > 0 && (gint64) piece->looked + ORIGINAL_COUNTS > now)
    {
      copies.unpromised = piece->n_originals;
      copies.changes_at = MIN (copies.changes_at, (gint64) piece->looked + ORIGINAL_COUNTS);
    }
  return copies;
}

static int
compare (const BytestagTallyPiece *a,
         const BytestagTallyPiece *b)
{
  if (a->copies != b->copies)
    return a->copies < b->copies ? -1 : 1;
  if (a->until != b->until)
    return a->until < b->until ? -1 : 1;
  return memcmp (&a->piece.id, &b->piece.id, sizeof a->piece.id);
}

static void
note_weak (BytestagSurvivalTally *self,
           const BytestagPiece   *piece,
           const Copies          *copies)
{
  BytestagTallyPiece weak = { *piece, copies->promised + copies->unpromised, copies->until };
  guint place;

  weak.piece.copies = (guint8) get_wanted (self, piece);
  self->n_weak++;
  if (self->n_weakest == BYTESTAG_LIMIT_WEAKEST && compare (&weak, &self->weakest[self->n_weakest - 1]) >= 0)
    return;

  place = self->n_weakest < BYTESTAG_LIMIT_WEAKEST ? self->n_weakest++ : self->n_weakest - 1;
  for (; place > 0 && compare (&weak, &self->weakest[place - 1]) < 0; place--)
    self->weakest[place] = self->weakest[place - 1];
  self->weakest[place] = weak;
}

/* The sooner of two ends, of which 0 is none. */
static gint64
get_sooner (gint64 a,
            gint64 b)
{
  return a == 0 || (b > 0 && b < a) ? b : a;
}

static void
note_ends (BytestagSurvivalTally *self,
           const BytestagPiece   *piece,
           const Copies          *copies)
{
  guint n = copies->promised + copies->unpromised;
  BytestagTallyRow *row = &self->rows[MIN (n, BYTESTAG_MAX_BUCKET_SIZE)];
  gboolean is_safe = copies->promised >= get_wanted (self, piece) && copies->until > 0;

  row->n_pieces++;
  row->until = get_sooner (row->until, copies->until);

  if (self->n_looked == 1)
    self->safe_until = is_safe ? copies->until : 0;
  else
    self->safe_until = is_safe ? MIN (self->safe_until, copies->until) : 0;
  self->next_end = MIN (self->next_end, copies->changes_at);
}

static void
note_wanted (BytestagSurvivalTally *self,
             const BytestagPiece   *piece)
{
  gboolean is_part = piece->kind == BYTESTAG_PIECE_PART;

  if (self->n_pieces == 0 || (is_part && !self->has_parts))
    self->wanted = piece->copies;
  else if (is_part == self->has_parts)
    self->wanted = MIN (self->wanted, piece->copies);
  self->has_parts |= is_part;
}

void
bytestag_survival_tally_add (BytestagSurvivalTally *self,
                             const BytestagPiece   *piece)
{
  Copies copies;
  guint n;

  g_return_if_fail (self != NULL && piece != NULL);

  note_wanted (self, piece);
  self->n_pieces++;
  if (piece->looked == 0)
    return;

  copies = count_copies (piece, self->now);
  n = copies.promised + copies.unpromised;
  self->least_copies = self->n_looked == 0 ? n : MIN (self->least_copies, n);
  self->oldest_look = self->n_looked == 0 ? piece->looked : MIN (self->oldest_look, piece->looked);
  self->newest_look = MAX (self->newest_look, piece->looked);
  self->n_looked++;

  self->n_unpromised += copies.unpromised > 0;
  if (copies.promised < get_wanted (self, piece))
    note_weak (self, piece, &copies);
  note_ends (self, piece, &copies);
}

static char *
describe_sample (const BytestagSurvivalTally *self)
{
  if (self->least_copies == 0)
    return g_strdup_printf (_("%u of %u pieces were looked for: some of them are only here. Keep this computer on"),
                            self->n_looked, self->n_pieces);
  return g_strdup_printf (ngettext ("%u of %u pieces were looked for: those are on %u other computer at least",
                                    "%u of %u pieces were looked for: those are on %u other computers at least",
                                    self->least_copies),
                          self->n_looked, self->n_pieces, self->least_copies);
}

static char *
describe_safe (const BytestagSurvivalTally *self)
{
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_local (self->safe_until);
  /* Translators: the day up to which something is safe, as in "9 December 2026". */
  g_autofree char *day = end != NULL ? g_date_time_format (end, _("%-d %B %Y")) : NULL;

  return g_strdup_printf (ngettext ("Every piece is on %u other computer; safe until %s",
                                    "Every piece is on %u other computers; safe until %s", self->least_copies),
                          self->least_copies, day != NULL ? day : "");
}

char *
bytestag_survival_tally_describe (const BytestagSurvivalTally *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->n_pieces == 0)
    return g_strdup (_("There is nothing to look for yet"));
  if (self->n_looked == 0)
    return g_strdup (_("Nobody was asked yet who else keeps it"));
  if (self->n_looked < self->n_pieces)
    return describe_sample (self);
  if (self->rows[0].n_pieces == self->n_pieces)
    return g_strdup (_("Only here so far: keep this computer on"));
  if (self->least_copies == 0)
    return g_strdup_printf (ngettext ("%u of %u pieces is only here: keep this computer on",
                                      "%u of %u pieces are only here: keep this computer on", self->rows[0].n_pieces),
                            self->rows[0].n_pieces, self->n_pieces);
  if (self->safe_until > 0)
    return describe_safe (self);
  return g_strdup_printf (ngettext ("Every piece is on %u other computer at least, but %u of %u on fewer than wanted",
                                    "Every piece is on %u other computers at least, but %u of %u on fewer than wanted",
                                    self->least_copies),
                          self->least_copies, self->n_weak, self->n_pieces);
}
