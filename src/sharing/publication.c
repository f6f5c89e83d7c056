/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/publication.h"

typedef struct {
  BytestagKvpId id;
  guint8 copies;
  gboolean sent;
} Piece;

struct _BytestagPublication
{
  GObject parent_instance;

  GArray *pieces; /* (element-type Piece) */
  guint n_sent;
  guint next;     /* of the pass */
  guint n_taken;
  gboolean passing;
};

enum {
  PASSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagPublication, bytestag_publication, G_TYPE_OBJECT)

static void
bytestag_publication_finalize (GObject *object)
{
  BytestagPublication *self = BYTESTAG_PUBLICATION (object);

  g_clear_pointer (&self->pieces, g_array_unref);

  G_OBJECT_CLASS (bytestag_publication_parent_class)->finalize (object);
}

static void
bytestag_publication_class_init (BytestagPublicationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = bytestag_publication_finalize;

  signals[PASSED] = g_signal_new ("passed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                  0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
bytestag_publication_init (BytestagPublication *self)
{
  self->pieces = g_array_new (FALSE, FALSE, sizeof (Piece));
}

BytestagPublication *
bytestag_publication_new (void)
{
  return g_object_new (BYTESTAG_TYPE_PUBLICATION, NULL);
}

void
bytestag_publication_add (BytestagPublication *self,
                          const BytestagKvpId *id,
                          guint                copies)
{
  Piece piece = { *id, (guint8) copies, FALSE };

  g_return_if_fail (BYTESTAG_IS_PUBLICATION (self));
  g_return_if_fail (!self->passing);
  g_return_if_fail (copies >= 1 && copies <= 20);

  g_array_append_val (self->pieces, piece);
}

guint
bytestag_publication_get_n_pieces (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->pieces->len;
}

guint
bytestag_publication_get_n_sent (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_sent;
}

gboolean
bytestag_publication_is_passing (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), FALSE);

  return self->passing;
}

gboolean
bytestag_publication_begin (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), FALSE);

  if (self->passing || self->n_sent == self->pieces->len)
    return FALSE;

  self->next = 0;
  self->passing = TRUE;
  return TRUE;
}

gboolean
bytestag_publication_take (BytestagPublication *self,
                           guint               *piece,
                           BytestagKvpId       *id,
                           guint               *copies)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), FALSE);

  if (!self->passing)
    return FALSE;

  while (self->next < self->pieces->len)
    {
      const Piece *next = &g_array_index (self->pieces, Piece, self->next++);

      if (!next->sent)
        {
          *piece = self->next - 1;
          *id = next->id;
          *copies = next->copies;
          self->n_taken++;
          return TRUE;
        }
    }

  return FALSE;
}

static void
end_when_over (BytestagPublication *self)
{
  if (!self->passing || self->n_taken > 0)
    return;

  /* Those at the end may be sent already. */
  while (self->next < self->pieces->len && g_array_index (self->pieces, Piece, self->next).sent)
    self->next++;
  if (self->next < self->pieces->len)
    return;

  self->passing = FALSE;
  g_signal_emit (self, signals[PASSED], 0);
}

void
bytestag_publication_give_back (BytestagPublication *self,
                                guint                piece,
                                gboolean             sent)
{
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (self));
  g_return_if_fail (piece < self->pieces->len && self->n_taken > 0);

  self->n_taken--;
  if (sent)
    {
      g_array_index (self->pieces, Piece, piece).sent = TRUE;
      self->n_sent++;
    }

  end_when_over (self);
}

void
bytestag_publication_cut_short (BytestagPublication *self)
{
  g_return_if_fail (BYTESTAG_IS_PUBLICATION (self));

  self->next = self->pieces->len;
  end_when_over (self);
}
