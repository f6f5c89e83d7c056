/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/part-map.h"

struct _BytestagPartMap
{
  GObject parent_instance;

  guint n_parts;
  guint8 *states;
  guint8 *fractions; /* in 1/255 */
  guint counts[BYTESTAG_PART_BAD + 1];
};

enum {
  PROP_0,
  PROP_N_PARTS,
  PROP_N_CHECKED,
  N_PROPS
};

enum {
  CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (BytestagPartState, bytestag_part_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PART_MISSING, "missing"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PART_SOUGHT, "sought"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PART_RECEIVING, "receiving"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PART_CHECKED, "checked"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_PART_BAD, "bad"))

G_DEFINE_FINAL_TYPE (BytestagPartMap, bytestag_part_map, G_TYPE_OBJECT)

static void
bytestag_part_map_finalize (GObject *object)
{
  BytestagPartMap *self = BYTESTAG_PART_MAP (object);

  g_clear_pointer (&self->states, g_free);
  g_clear_pointer (&self->fractions, g_free);

  G_OBJECT_CLASS (bytestag_part_map_parent_class)->finalize (object);
}

static void
bytestag_part_map_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  BytestagPartMap *self = BYTESTAG_PART_MAP (object);

  switch (prop_id)
    {
    case PROP_N_PARTS:
      g_value_set_uint (value, self->n_parts);
      break;
    case PROP_N_CHECKED:
      g_value_set_uint (value, self->counts[BYTESTAG_PART_CHECKED]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_part_map_class_init (BytestagPartMapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = bytestag_part_map_finalize;
  object_class->get_property = bytestag_part_map_get_property;

  properties[PROP_N_PARTS] =
    g_param_spec_uint ("n-parts", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_N_CHECKED] =
    g_param_spec_uint ("n-checked", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
}

static void
bytestag_part_map_init (BytestagPartMap *self)
{
}

BytestagPartMap *
bytestag_part_map_new (guint n_parts)
{
  BytestagPartMap *self = g_object_new (BYTESTAG_TYPE_PART_MAP, NULL);

  self->n_parts = n_parts;
  self->states = g_new0 (guint8, n_parts);
  self->fractions = g_new0 (guint8, n_parts);
  self->counts[BYTESTAG_PART_MISSING] = n_parts;

  return self;
}

guint
bytestag_part_map_get_n_parts (BytestagPartMap *self)
{
  g_return_val_if_fail (BYTESTAG_IS_PART_MAP (self), 0);

  return self->n_parts;
}

guint
bytestag_part_map_count (BytestagPartMap   *self,
                         BytestagPartState  state)
{
  g_return_val_if_fail (BYTESTAG_IS_PART_MAP (self), 0);
  g_return_val_if_fail (state <= BYTESTAG_PART_BAD, 0);

  return self->counts[state];
}

BytestagPartState
bytestag_part_map_get_state (BytestagPartMap *self,
                             guint            part)
{
  g_return_val_if_fail (BYTESTAG_IS_PART_MAP (self), BYTESTAG_PART_MISSING);
  g_return_val_if_fail (part < self->n_parts, BYTESTAG_PART_MISSING);

  return self->states[part];
}

gdouble
bytestag_part_map_get_fraction (BytestagPartMap *self,
                                guint            part)
{
  g_return_val_if_fail (BYTESTAG_IS_PART_MAP (self), 0);
  g_return_val_if_fail (part < self->n_parts, 0);

  return self->fractions[part] / 255.0;
}

void
bytestag_part_map_set_state (BytestagPartMap   *self,
                             guint              part,
                             BytestagPartState  state,
                             gdouble            fraction)
{
  BytestagPartState old;
  guint8 scaled;

  g_return_if_fail (BYTESTAG_IS_PART_MAP (self));
  g_return_if_fail (part < self->n_parts);
  g_return_if_fail (state <= BYTESTAG_PART_BAD);

  old = self->states[part];
  scaled = (guint8) (CLAMP (fraction, 0.0, 1.0) * 255.0);
  if (old == state && self->fractions[part] == scaled)
    return;

  self->states[part] = state;
  self->fractions[part] = scaled;
  self->counts[old]--;
  self->counts[state]++;

  g_signal_emit (self, signals[CHANGED], 0, part, 1);
  if ((old == BYTESTAG_PART_CHECKED) != (state == BYTESTAG_PART_CHECKED))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_CHECKED]);
}
