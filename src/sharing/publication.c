/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/limits.h"
#include "sharing/publisher-private.h"

/* Slots lie in blocks, which never move. */
#define SLOTS_OF_BLOCK 1024

enum {
  PROP_0,
  PROP_N_PIECES,
  PROP_N_SENT,
  PROP_N_COMPLETE,
  PROP_N_THERE,
  PROP_PHASE,
  N_PROPS
};

enum {
  FIRST_COPIES,
  COMPLETE,
  PIECE_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BytestagPublication, bytestag_publication, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (BytestagPublicationPhase, bytestag_publication_phase,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PUBLICATION_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PUBLICATION_FIRST_COPIES, "first-copies"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PUBLICATION_MORE_COPIES, "more-copies"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PUBLICATION_COMPLETE, "complete"))

static void
bytestag_publication_get_property (GObject    *object,
                                   guint       property_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  BytestagPublication *self = BYTESTAG_PUBLICATION (object);

  switch (property_id)
    {
    case PROP_N_PIECES:
      g_value_set_uint (value, self->n_pieces);
      break;
    case PROP_N_SENT:
      g_value_set_uint (value, self->n_sent);
      break;
    case PROP_N_COMPLETE:
      g_value_set_uint (value, self->n_complete);
      break;
    case PROP_N_THERE:
      g_value_set_uint (value, self->n_there);
      break;
    case PROP_PHASE:
      g_value_set_enum (value, bytestag_publication_get_phase (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
bytestag_publication_finalize (GObject *object)
{
  BytestagPublication *self = BYTESTAG_PUBLICATION (object);

  g_clear_pointer (&self->blocks, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_publication_parent_class)->finalize (object);
}

static void
bytestag_publication_class_init (BytestagPublicationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_publication_get_property;
  object_class->finalize = bytestag_publication_finalize;

  properties[PROP_N_PIECES] = g_param_spec_uint ("n-pieces", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_SENT] = g_param_spec_uint ("n-sent", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_COMPLETE] = g_param_spec_uint ("n-complete", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_THERE] = g_param_spec_uint ("n-there", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PHASE] = g_param_spec_enum ("phase", NULL, NULL, BYTESTAG_TYPE_PUBLICATION_PHASE,
                                              BYTESTAG_PUBLICATION_IDLE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FIRST_COPIES] = g_signal_new ("first-copies", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 0);
  signals[COMPLETE] = g_signal_new ("complete", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 0);

  /**
   * BytestagPublication::piece-changed:
   * @self: the publication
   * @before: (type gpointer): a BytestagPiece, as it was
   * @after: (type gpointer): the same, as it is now
   */
  signals[PIECE_CHANGED] = g_signal_new ("piece-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_POINTER);
}

static void
bytestag_publication_init (BytestagPublication *self)
{
  self->blocks = g_ptr_array_new_with_free_func (g_free);
}

BytestagPublication *
_bytestag_publication_new (BytestagPublisher *publisher,
                           guint              number,
                           guint              copies)
{
  BytestagPublication *self = g_object_new (BYTESTAG_TYPE_PUBLICATION, NULL);

  self->publisher = publisher;
  self->number = number;
  self->copies = copies;
  return self;
}

guint32
_bytestag_publication_get_slot (BytestagPublication *self,
                                guint                number)
{
  guint32 *block = self->blocks->pdata[number / SLOTS_OF_BLOCK];

  return block[number % SLOTS_OF_BLOCK];
}

static void
append_slot (BytestagPublication *self,
             guint32              slot)
{
  if (self->n_pieces % SLOTS_OF_BLOCK == 0)
    g_ptr_array_add (self->blocks, g_new (guint32, SLOTS_OF_BLOCK));
  ((guint32 *) self->blocks->pdata[self->n_pieces / SLOTS_OF_BLOCK])[self->n_pieces % SLOTS_OF_BLOCK] = slot;
  self->n_pieces++;
}

/* One that another publication has too may be wanted more often now. */
static void
want_more_copies (BytestagPublication *self,
                  guint32              slot,
                  guint                copies)
{
  BytestagPieceTable *pieces = self->publisher->pieces;
  BytestagPieceEntry *entry = bytestag_piece_table_get_entry (pieces, slot);
  BytestagPiece before;

  if (entry->copies >= copies)
    return;

  bytestag_piece_table_get_piece (pieces, slot, &before);
  entry->copies = copies;
  entry->tried = FALSE;
  _bytestag_publisher_note_change (self->publisher, slot, &before,
                                   _bytestag_piece_is_complete (&before, entry->everybody));
}

static void
add_piece (BytestagPublication *self,
           const BytestagPiece *added)
{
  BytestagPieceTable *pieces = self->publisher->pieces;
  BytestagPiece piece = *added;
  guint copies;
  guint32 slot;

  if (piece.copies == 0)
    piece.copies = piece.kind == BYTESTAG_PIECE_ROOT ? BYTESTAG_MAX_BUCKET_SIZE : self->copies;
  piece.copies = CLAMP (piece.copies, 1, BYTESTAG_MAX_BUCKET_SIZE);
  copies = piece.copies;

  slot = bytestag_piece_table_add (pieces, &piece, self->number);
  if (slot == BYTESTAG_FULL_SLOT)
    self->n_refused++;
  if (slot == BYTESTAG_NO_SLOT || slot == BYTESTAG_FULL_SLOT)
    return;

  append_slot (self, slot);
  bytestag_piece_table_get_piece (pieces, slot, &piece);
  self->n_sent += _bytestag_piece_is_sent (&piece);
  self->n_complete += _bytestag_piece_is_complete (&piece, bytestag_piece_table_get_entry (pieces, slot)->everybody);
  want_more_copies (self, slot, copies);
}

void
bytestag_publication_add_pieces (BytestagPublication *self,
                                 const BytestagPiece *pieces,
                                 guint                n)
{
  gboolean has_infos = FALSE;

  g_return_if_fail (BYTESTAG_IS_PUBLICATION (self));
  g_return_if_fail (n <= BYTESTAG_LIMIT_PIECES_OF_SLICE);
  g_return_if_fail (!self->is_removed && self->publisher != NULL);

  /* Whoever is told that more copies are wanted may remove it. */
  for (guint i = 0; i < n && !self->is_removed; i++)
    {
      add_piece (self, &pieces[i]);
      has_infos |= pieces[i].kind < BYTESTAG_PIECE_PART;
    }
  if (self->is_removed)
    return;

  _bytestag_publisher_tell_later (self->publisher, self);
  if (self->is_started)
    {
      if (has_infos)
        _bytestag_lane_kick (&self->publisher->upload);
      else
        _bytestag_lane_go_on (&self->publisher->upload);
    }
}

void
_bytestag_publication_note_change (BytestagPublication *self,
                                   const BytestagPiece *before,
                                   const BytestagPiece *after,
                                   gboolean             was_complete,
                                   gboolean             is_complete)
{
  if (self->is_removed)
    return;

  self->n_sent += _bytestag_piece_is_sent (after) - _bytestag_piece_is_sent (before);
  self->n_complete += is_complete - was_complete;
  _bytestag_publisher_tell_later (self->publisher, self);
  g_signal_emit (self, signals[PIECE_CHANGED], 0, before, after);
}

void
_bytestag_publication_note_look (BytestagPublication *self,
                                 gboolean             was_there)
{
  self->n_looked++;
  self->n_there += was_there;
}

static void
tell_count (BytestagPublication *self,
            guint                property,
            guint                count,
            guint               *told)
{
  if (*told == count)
    return;

  *told = count;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
_bytestag_publication_tell (BytestagPublication *self)
{
  BytestagPublicationPhase phase = bytestag_publication_get_phase (self);
  gboolean has_first_copies = phase > BYTESTAG_PUBLICATION_FIRST_COPIES;
  gboolean is_first = has_first_copies && !self->had_first_copies;
  gboolean is_completed = phase == BYTESTAG_PUBLICATION_COMPLETE && !self->was_complete;

  self->is_dirty = FALSE;
  self->had_first_copies = has_first_copies;
  self->was_complete = phase == BYTESTAG_PUBLICATION_COMPLETE;

  g_object_freeze_notify (G_OBJECT (self));
  tell_count (self, PROP_N_PIECES, self->n_pieces, &self->told_pieces);
  tell_count (self, PROP_N_SENT, self->n_sent, &self->told_sent);
  tell_count (self, PROP_N_COMPLETE, self->n_complete, &self->told_complete);
  tell_count (self, PROP_N_THERE, self->n_there, &self->told_there);
  if (phase != self->told_phase)
    {
      self->told_phase = phase;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PHASE]);
    }
  g_object_thaw_notify (G_OBJECT (self));

  if (is_first)
    g_signal_emit (self, signals[FIRST_COPIES], 0);
  if (is_completed)
    g_signal_emit (self, signals[COMPLETE], 0);
}

void
_bytestag_publication_detach (BytestagPublication *self)
{
  self->publisher = NULL;
  self->is_removed = TRUE;
  self->n_pieces = 0;
  g_ptr_array_set_size (self->blocks, 0);
}

guint
bytestag_publication_get_n_pieces (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_pieces;
}

guint
bytestag_publication_get_n_refused (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_refused;
}

guint
bytestag_publication_get_n_sent (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_sent;
}

guint
bytestag_publication_get_n_complete (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_complete;
}

guint
bytestag_publication_get_n_there (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), 0);

  return self->n_there;
}

int
bytestag_publication_get_percent_there (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), -1);

  return self->n_looked == 0 ? -1 : (int) ((guint64) self->n_there * 100 / self->n_looked);
}

BytestagPublicationPhase
bytestag_publication_get_phase (BytestagPublication *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), BYTESTAG_PUBLICATION_IDLE);

  if (!self->is_started || self->is_removed)
    return BYTESTAG_PUBLICATION_IDLE;
  if (self->n_sent < self->n_pieces)
    return BYTESTAG_PUBLICATION_FIRST_COPIES;
  return self->n_complete < self->n_pieces ? BYTESTAG_PUBLICATION_MORE_COPIES : BYTESTAG_PUBLICATION_COMPLETE;
}

gboolean
bytestag_publication_get_piece (BytestagPublication *self,
                                guint                number,
                                BytestagPiece       *piece)
{
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (self), FALSE);
  g_return_val_if_fail (piece != NULL, FALSE);

  if (self->is_removed || number >= self->n_pieces)
    return FALSE;

  bytestag_piece_table_get_piece (self->publisher->pieces, _bytestag_publication_get_slot (self, number), piece);
  return TRUE;
}
