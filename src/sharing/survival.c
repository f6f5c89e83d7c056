/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/survival.h"

#include "sharing/sharing-private.h"
#include "sharing/survival-tally.h"

/* Pieces that are taken at one time: some 0.5 ms. */
#define PIECES_OF_SLICE 2048
/* While pieces change, a pass over all takes this share of the time at most: after it comes
 * a rest of so long for each piece, µs. */
#define REST_OF_PIECE 10
/* Between two passes where nothing changes but the time, µs. */
#define LONGEST_REST (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

struct _BytestagSurvival
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagReactor *reactor;
  BytestagPublication *publication;
  BytestagSurvivalNameFunc name_func;
  gpointer name_data;

  /* the pass */
  BytestagTimer timer;
  BytestagSurvivalTally *tally; /* (nullable) while it runs */
  guint next;
  gboolean changed;             /* since it began */

  /* as last told */
  guint n_pieces, n_looked, n_weak, n_unpromised, wanted, least_copies;
  gint64 oldest_look, newest_look, safe_until;
  char *words;
  GListStore *histogram;
  GListStore *weakest;
};

enum {
  PROP_0,
  PROP_N_PIECES,
  PROP_N_LOOKED,
  PROP_SAMPLED,
  PROP_N_WEAK,
  PROP_N_UNPROMISED,
  PROP_WANTED,
  PROP_LEAST_COPIES,
  PROP_OLDEST_LOOK,
  PROP_NEWEST_LOOK,
  PROP_SAFE_UNTIL,
  PROP_WORDS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagSurvival, bytestag_survival, G_TYPE_OBJECT)

/* What is told */

static void
set_uint (BytestagSurvival *self,
          guint            *member,
          guint             value,
          guint             property)
{
  if (*member == value)
    return;

  *member = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_time (BytestagSurvival *self,
          gint64           *member,
          gint64            value,
          guint             property)
{
  if (*member == value)
    return;

  *member = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
tell_figures (BytestagSurvival            *self,
              const BytestagSurvivalTally *tally)
{
  gboolean is_all = tally->n_looked == tally->n_pieces;
  gboolean was_sampled = bytestag_survival_is_sampled (self);
  g_autofree char *words = bytestag_survival_tally_describe (tally);

  g_object_freeze_notify (G_OBJECT (self));
  set_uint (self, &self->n_pieces, tally->n_pieces, PROP_N_PIECES);
  set_uint (self, &self->n_looked, tally->n_looked, PROP_N_LOOKED);
  set_uint (self, &self->n_weak, tally->n_weak, PROP_N_WEAK);
  set_uint (self, &self->n_unpromised, tally->n_unpromised, PROP_N_UNPROMISED);
  set_uint (self, &self->wanted, tally->wanted, PROP_WANTED);
  set_uint (self, &self->least_copies, tally->least_copies, PROP_LEAST_COPIES);
  set_time (self, &self->oldest_look, tally->oldest_look, PROP_OLDEST_LOOK);
  set_time (self, &self->newest_look, tally->newest_look, PROP_NEWEST_LOOK);
  /* Of what nobody has looked for nobody knows that it is safe. */
  set_time (self, &self->safe_until, is_all ? tally->safe_until : 0, PROP_SAFE_UNTIL);
  if (was_sampled != bytestag_survival_is_sampled (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SAMPLED]);
  if (g_strcmp0 (self->words, words) != 0)
    {
      g_free (self->words);
      self->words = g_steal_pointer (&words);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WORDS]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static void
tell_histogram (BytestagSurvival            *self,
                const BytestagSurvivalTally *tally)
{
  guint n_had = g_list_model_get_n_items (G_LIST_MODEL (self->histogram));
  guint n_rows = G_N_ELEMENTS (tally->rows);
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);

  while (n_rows > 0 && tally->rows[n_rows - 1].n_pieces == 0)
    n_rows--;

  for (guint i = 0; i < n_rows; i++)
    {
      g_autoptr (BytestagSurvivalRow) row = i < n_had ? g_list_model_get_item (G_LIST_MODEL (self->histogram), i)
                                                      : bytestag_survival_row_new (i);

      bytestag_survival_row_set (row, tally->rows[i].n_pieces, tally->rows[i].until);
      if (i >= n_had)
        g_ptr_array_add (added, g_steal_pointer (&row));
    }

  if (n_rows != n_had)
    g_list_store_splice (self->histogram, MIN (n_rows, n_had), n_had - MIN (n_rows, n_had), added->pdata, added->len);
}

static gboolean
is_of (BytestagSurvival    *self,
       guint                position,
       const BytestagPiece *piece)
{
  g_autoptr (BytestagWeakPiece) item = g_list_model_get_item (G_LIST_MODEL (self->weakest), position);

  return bytestag_kvp_id_equal (bytestag_weak_piece_get_id (item), &piece->id) &&
         bytestag_weak_piece_get_wanted (item) == piece->copies;
}

/* (transfer full) the item of @piece: one of those from @begin to @end that only moves, or a
 * new one. */
static BytestagWeakPiece *
take_item (BytestagSurvival    *self,
           guint                begin,
           guint                end,
           const BytestagPiece *piece)
{
  for (guint i = begin; i < end; i++)
    if (is_of (self, i, piece))
      return g_list_model_get_item (G_LIST_MODEL (self->weakest), i);

  return bytestag_weak_piece_new (piece, self->name_func != NULL ? self->name_func (&piece->id, self->name_data) : NULL);
}

static void
tell_weakest (BytestagSurvival            *self,
              const BytestagSurvivalTally *tally)
{
  guint n_had = g_list_model_get_n_items (G_LIST_MODEL (self->weakest));
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_before = 0, n_behind = 0;

  while (n_before < MIN (n_had, tally->n_weakest) && is_of (self, n_before, &tally->weakest[n_before].piece))
    n_before++;
  while (n_behind < MIN (n_had, tally->n_weakest) - n_before &&
         is_of (self, n_had - 1 - n_behind, &tally->weakest[tally->n_weakest - 1 - n_behind].piece))
    n_behind++;

  for (guint i = n_before; i < tally->n_weakest - n_behind; i++)
    g_ptr_array_add (added, take_item (self, n_before, n_had - n_behind, &tally->weakest[i].piece));
  if (added->len > 0 || n_had > n_before + n_behind)
    g_list_store_splice (self->weakest, n_before, n_had - n_before - n_behind, added->pdata, added->len);

  for (guint i = 0; i < tally->n_weakest; i++)
    {
      g_autoptr (BytestagWeakPiece) item = g_list_model_get_item (G_LIST_MODEL (self->weakest), i);

      bytestag_weak_piece_set (item, tally->weakest[i].copies, tally->weakest[i].until);
    }
}

/* The pass */

static void go_on (gpointer user_data);

/* The ends of promises are by clocks of others, that most of them agree on (B.5). */
static gint64
get_now (BytestagSurvival *self)
{
  return bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC -
         bytestag_network_get_clock_difference (self->network);
}

static gint64
get_rest (BytestagSurvival            *self,
          const BytestagSurvivalTally *tally)
{
  gint64 shortest = MAX (BYTESTAG_PROGRESS_INTERVAL, (gint64) tally->n_pieces * REST_OF_PIECE);
  gint64 left;

  if (self->changed)
    return shortest;
  if (tally->next_end == G_MAXINT64)
    return LONGEST_REST;
  left = tally->next_end - get_now (self);
  return left >= LONGEST_REST / G_USEC_PER_SEC ? LONGEST_REST : MAX (shortest, left * G_USEC_PER_SEC);
}

static void
end_pass (BytestagSurvival *self)
{
  g_autofree BytestagSurvivalTally *tally = g_steal_pointer (&self->tally);
  G_GNUC_UNUSED g_autoptr (BytestagSurvival) alive = g_object_ref (self);

  bytestag_reactor_arm (self->reactor, &self->timer, get_rest (self, tally), go_on, self);
  tell_histogram (self, tally);
  tell_weakest (self, tally);
  tell_figures (self, tally);
}

/* The copies of a part, by which all are judged: parts come last. */
static guint
get_enough (BytestagSurvival *self)
{
  guint n = bytestag_publication_get_n_pieces (self->publication);
  BytestagPiece piece;

  if (n > 0 && bytestag_publication_get_piece (self->publication, n - 1, &piece) &&
      piece.kind == BYTESTAG_PIECE_PART)
    return piece.copies;
  return self->wanted;
}

static void
go_on (gpointer user_data)
{
  BytestagSurvival *self = user_data;
  BytestagPiece piece;
  guint end;

  if (self->tally == NULL)
    {
      self->tally = g_new (BytestagSurvivalTally, 1);
      bytestag_survival_tally_init (self->tally, get_now (self), get_enough (self));
      self->next = 0;
      self->changed = FALSE;
    }

  for (end = self->next + PIECES_OF_SLICE; self->next < end; self->next++)
    {
      if (!bytestag_publication_get_piece (self->publication, self->next, &piece))
        {
          end_pass (self);
          return;
        }
      bytestag_survival_tally_add (self->tally, &piece);
    }
  bytestag_reactor_arm (self->reactor, &self->timer, 0, go_on, self);
}

static void
changed_cb (BytestagSurvival *self)
{
  gint64 soon = self->n_pieces * (gint64) REST_OF_PIECE;

  /* A pass that runs has perhaps been there already; and a rest after changes is short. */
  if (self->tally == NULL && !self->changed)
    bytestag_reactor_arm (self->reactor, &self->timer, MAX (BYTESTAG_PROGRESS_INTERVAL, soon), go_on, self);
  self->changed = TRUE;
}

/* The object */

static void
bytestag_survival_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  BytestagSurvival *self = BYTESTAG_SURVIVAL (object);

  switch (prop_id)
    {
    case PROP_N_PIECES:
      g_value_set_uint (value, self->n_pieces);
      break;
    case PROP_N_LOOKED:
      g_value_set_uint (value, self->n_looked);
      break;
    case PROP_SAMPLED:
      g_value_set_boolean (value, bytestag_survival_is_sampled (self));
      break;
    case PROP_N_WEAK:
      g_value_set_uint (value, self->n_weak);
      break;
    case PROP_N_UNPROMISED:
      g_value_set_uint (value, self->n_unpromised);
      break;
    case PROP_WANTED:
      g_value_set_uint (value, self->wanted);
      break;
    case PROP_LEAST_COPIES:
      g_value_set_uint (value, self->least_copies);
      break;
    case PROP_OLDEST_LOOK:
      g_value_set_int64 (value, self->oldest_look);
      break;
    case PROP_NEWEST_LOOK:
      g_value_set_int64 (value, self->newest_look);
      break;
    case PROP_SAFE_UNTIL:
      g_value_set_int64 (value, self->safe_until);
      break;
    case PROP_WORDS:
      g_value_set_string (value, self->words);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_survival_dispose (GObject *object)
{
  BytestagSurvival *self = BYTESTAG_SURVIVAL (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  if (self->publication != NULL)
    g_signal_handlers_disconnect_by_data (self->publication, self);
  g_clear_pointer (&self->tally, g_free);
  g_clear_object (&self->publication);
  g_clear_object (&self->network);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_survival_parent_class)->dispose (object);
}

static void
bytestag_survival_finalize (GObject *object)
{
  BytestagSurvival *self = BYTESTAG_SURVIVAL (object);

  g_clear_object (&self->histogram);
  g_clear_object (&self->weakest);
  g_free (self->words);

  G_OBJECT_CLASS (bytestag_survival_parent_class)->finalize (object);
}

static void
bytestag_survival_class_init (BytestagSurvivalClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_survival_dispose;
  object_class->finalize = bytestag_survival_finalize;
  object_class->get_property = bytestag_survival_get_property;

  properties[PROP_N_PIECES] = g_param_spec_uint ("n-pieces", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_LOOKED] = g_param_spec_uint ("n-looked", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SAMPLED] = g_param_spec_boolean ("sampled", NULL, NULL, FALSE, flags);
  properties[PROP_N_WEAK] = g_param_spec_uint ("n-weak", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_UNPROMISED] = g_param_spec_uint ("n-unpromised", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_WANTED] = g_param_spec_uint ("wanted", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_LEAST_COPIES] = g_param_spec_uint ("least-copies", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_OLDEST_LOOK] = g_param_spec_int64 ("oldest-look", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_NEWEST_LOOK] = g_param_spec_int64 ("newest-look", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_SAFE_UNTIL] = g_param_spec_int64 ("safe-until", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_WORDS] = g_param_spec_string ("words", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_survival_init (BytestagSurvival *self)
{
  BytestagSurvivalTally nothing;

  bytestag_survival_tally_init (&nothing, 0, 0);
  self->words = bytestag_survival_tally_describe (&nothing);
  self->histogram = g_list_store_new (BYTESTAG_TYPE_SURVIVAL_ROW);
  self->weakest = g_list_store_new (BYTESTAG_TYPE_WEAK_PIECE);
}

BytestagSurvival *
bytestag_survival_new (BytestagNetwork     *network,
                       BytestagPublication *publication)
{
  BytestagSurvival *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_PUBLICATION (publication), NULL);

  self = g_object_new (BYTESTAG_TYPE_SURVIVAL, NULL);
  self->network = g_object_ref (network);
  self->reactor = g_object_ref (bytestag_network_get_reactor (network));
  self->publication = g_object_ref (publication);
  g_signal_connect_swapped (publication, "piece-changed", G_CALLBACK (changed_cb), self);
  g_signal_connect_swapped (publication, "notify::n-pieces", G_CALLBACK (changed_cb), self);
  g_signal_connect_object (network, "notify::clock-difference", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  bytestag_reactor_arm (self->reactor, &self->timer, 0, go_on, self);

  return self;
}

guint
bytestag_survival_get_n_pieces (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->n_pieces;
}

guint
bytestag_survival_get_n_looked (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->n_looked;
}

gboolean
bytestag_survival_is_sampled (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), FALSE);

  return self->n_looked < self->n_pieces;
}

guint
bytestag_survival_get_n_weak (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->n_weak;
}

guint
bytestag_survival_get_n_unpromised (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->n_unpromised;
}

guint
bytestag_survival_get_wanted (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->wanted;
}

guint
bytestag_survival_get_least_copies (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->least_copies;
}

gint64
bytestag_survival_get_oldest_look (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->oldest_look;
}

gint64
bytestag_survival_get_newest_look (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->newest_look;
}

gint64
bytestag_survival_get_safe_until (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), 0);

  return self->safe_until;
}

const char *
bytestag_survival_get_words (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), NULL);

  return self->words;
}

GListModel *
bytestag_survival_get_histogram (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), NULL);

  return G_LIST_MODEL (self->histogram);
}

GListModel *
bytestag_survival_get_weakest (BytestagSurvival *self)
{
  g_return_val_if_fail (BYTESTAG_IS_SURVIVAL (self), NULL);

  return G_LIST_MODEL (self->weakest);
}

void
bytestag_survival_set_name_func (BytestagSurvival         *self,
                                 BytestagSurvivalNameFunc  func,
                                 gpointer                  user_data)
{
  g_return_if_fail (BYTESTAG_IS_SURVIVAL (self));

  self->name_func = func;
  self->name_data = user_data;
}
