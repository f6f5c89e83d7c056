/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/survival-items.h"

/* Rows */

struct _BytestagSurvivalRow
{
  GObject parent_instance;

  guint copies;
  guint n_pieces;
  gint64 until;
};

enum {
  ROW_PROP_0,
  ROW_PROP_COPIES,
  ROW_PROP_N_PIECES,
  ROW_PROP_UNTIL,
  N_ROW_PROPS
};

static GParamSpec *row_properties[N_ROW_PROPS];

G_DEFINE_FINAL_TYPE (BytestagSurvivalRow, bytestag_survival_row, G_TYPE_OBJECT)

static void
bytestag_survival_row_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  BytestagSurvivalRow *self = BYTESTAG_SURVIVAL_ROW (object);

  switch (prop_id)
    {
    case ROW_PROP_COPIES:
      g_value_set_uint (value, self->copies);
      break;
    case ROW_PROP_N_PIECES:
      g_value_set_uint (value, self->n_pieces);
      break;
    case ROW_PROP_UNTIL:
      g_value_set_int64 (value, self->until);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_survival_row_class_init (BytestagSurvivalRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_survival_row_get_property;

  row_properties[ROW_PROP_COPIES] = g_param_spec_uint ("copies", NULL, NULL, 0, G_MAXUINT, 0, flags);
  row_properties[ROW_PROP_N_PIECES] = g_param_spec_uint ("n-pieces", NULL, NULL, 0, G_MAXUINT, 0, flags);
  row_properties[ROW_PROP_UNTIL] = g_param_spec_int64 ("until", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_ROW_PROPS, row_properties);
}

static void
bytestag_survival_row_init (BytestagSurvivalRow *self)
{
}

BytestagSurvivalRow *
bytestag_survival_row_new (guint copies)
{
  BytestagSurvivalRow *self = g_object_new (BYTESTAG_TYPE_SURVIVAL_ROW, NULL);

  self->copies = copies;
  return self;
}

void
bytestag_survival_row_set (BytestagSurvivalRow *self,
                           guint                n_pieces,
                           gint64               until)
{
  gboolean n_changed = self->n_pieces != n_pieces;
  gboolean until_changed = self->until != until;

  /* Both are there before anybody is told of one. */
  self->n_pieces = n_pieces;
  self->until = until;
  if (n_changed)
    g_object_notify_by_pspec (G_OBJECT (self), row_properties[ROW_PROP_N_PIECES]);
  if (until_changed)
    g_object_notify_by_pspec (G_OBJECT (self), row_properties[ROW_PROP_UNTIL]);
}

guint
bytestag_survival_row_get_copies (BytestagSurvivalRow *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL_ROW (self), 0);

  return self->copies;
}

guint
bytestag_survival_row_get_n_pieces (BytestagSurvivalRow *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL_ROW (self), 0);

  return self->n_pieces;
}

gint64
bytestag_survival_row_get_until (BytestagSurvivalRow *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL_ROW (self), 0);

  return self->until;
}

/* Weak pieces */

struct _BytestagWeakPiece
{
  GObject parent_instance;

  BytestagKvpId id;
  BytestagPieceKind kind;
  guint wanted;
  char *name;
  guint copies;
  gint64 until;
};

enum {
  PIECE_PROP_0,
  PIECE_PROP_ID,
  PIECE_PROP_KIND,
  PIECE_PROP_WANTED,
  PIECE_PROP_NAME,
  PIECE_PROP_COPIES,
  PIECE_PROP_UNTIL,
  N_PIECE_PROPS
};

static GParamSpec *piece_properties[N_PIECE_PROPS];

G_DEFINE_FINAL_TYPE (BytestagWeakPiece, bytestag_weak_piece, G_TYPE_OBJECT)

static void
bytestag_weak_piece_finalize (GObject *object)
{
  g_free (BYTESTAG_WEAK_PIECE (object)->name);

  G_OBJECT_CLASS (bytestag_weak_piece_parent_class)->finalize (object);
}

static void
bytestag_weak_piece_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  BytestagWeakPiece *self = BYTESTAG_WEAK_PIECE (object);

  switch (prop_id)
    {
    case PIECE_PROP_ID:
      g_value_set_boxed (value, &self->id);
      break;
    case PIECE_PROP_KIND:
      g_value_set_uint (value, self->kind);
      break;
    case PIECE_PROP_WANTED:
      g_value_set_uint (value, self->wanted);
      break;
    case PIECE_PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PIECE_PROP_COPIES:
      g_value_set_uint (value, self->copies);
      break;
    case PIECE_PROP_UNTIL:
      g_value_set_int64 (value, self->until);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_weak_piece_class_init (BytestagWeakPieceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = bytestag_weak_piece_finalize;
  object_class->get_property = bytestag_weak_piece_get_property;

  piece_properties[PIECE_PROP_ID] = g_param_spec_boxed ("id", NULL, NULL, BYTESTAG_TYPE_KVP_ID, flags);
  piece_properties[PIECE_PROP_KIND] = g_param_spec_uint ("kind", NULL, NULL, 0, G_MAXUINT, 0, flags);
  piece_properties[PIECE_PROP_WANTED] = g_param_spec_uint ("wanted", NULL, NULL, 0, G_MAXUINT, 0, flags);
  piece_properties[PIECE_PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  piece_properties[PIECE_PROP_COPIES] = g_param_spec_uint ("copies", NULL, NULL, 0, G_MAXUINT, 0, flags);
  piece_properties[PIECE_PROP_UNTIL] = g_param_spec_int64 ("until", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PIECE_PROPS, piece_properties);
}

static void
bytestag_weak_piece_init (BytestagWeakPiece *self)
{
}

BytestagWeakPiece *
bytestag_weak_piece_new (const BytestagPiece *piece,
                         char                *name)
{
  BytestagWeakPiece *self = g_object_new (BYTESTAG_TYPE_WEAK_PIECE, NULL);

  self->id = piece->id;
  self->kind = piece->kind;
  self->wanted = piece->copies;
  self->name = name;
  return self;
}

void
bytestag_weak_piece_set (BytestagWeakPiece *self,
                         guint              copies,
                         gint64             until)
{
  gboolean copies_changed = self->copies != copies;
  gboolean until_changed = self->until != until;

  self->copies = copies;
  self->until = until;
  if (copies_changed)
    g_object_notify_by_pspec (G_OBJECT (self), piece_properties[PIECE_PROP_COPIES]);
  if (until_changed)
    g_object_notify_by_pspec (G_OBJECT (self), piece_properties[PIECE_PROP_UNTIL]);
}

const BytestagKvpId *
bytestag_weak_piece_get_id (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), NULL);

  return &self->id;
}

BytestagPieceKind
bytestag_weak_piece_get_kind (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), BYTESTAG_PIECE_PART);

  return self->kind;
}

guint
bytestag_weak_piece_get_wanted (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), 0);

  return self->wanted;
}

const char *
bytestag_weak_piece_get_name (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), NULL);

  return self->name;
}

guint
bytestag_weak_piece_get_copies (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), 0);

  return self->copies;
}

gint64
bytestag_weak_piece_get_until (BytestagWeakPiece *self)
{
  g_return_val_if_fail (BYTESTAG_IS_WEAK_PIECE (self), 0);

  return self->until;
}
