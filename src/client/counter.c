/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/counter.h"

#include "client/common-words.h"

struct _BytestagCounter
{
  GObject parent_instance;

  const char *name;
  const char *label;
  BytestagCounterKind kind;
  gint64 value;
};

enum {
  PROP_0,
  PROP_LABEL,
  PROP_TEXT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagCounter, bytestag_counter, G_TYPE_OBJECT)

static void
bytestag_counter_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  BytestagCounter *self = BYTESTAG_COUNTER (object);

  switch (prop_id)
    {
    case PROP_LABEL:
      g_value_set_static_string (value, self->label);
      break;
    case PROP_TEXT:
      g_value_take_string (value, bytestag_counter_words (self->kind, self->value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_counter_class_init (BytestagCounterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_counter_get_property;

  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_counter_init (BytestagCounter *self)
{
}

BytestagCounter *
bytestag_counter_new (const char          *name,
                      const char          *label,
                      BytestagCounterKind  kind)
{
  BytestagCounter *self;

  g_return_val_if_fail (name != NULL && label != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_COUNTER, NULL);
  self->name = name;
  self->label = label;
  self->kind = kind;
  return self;
}

const char *
bytestag_counter_get_name (BytestagCounter *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COUNTER (self), NULL);

  return self->name;
}

const char *
bytestag_counter_get_label (BytestagCounter *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COUNTER (self), NULL);

  return self->label;
}

gint64
bytestag_counter_get_value (BytestagCounter *self)
{
  g_return_val_if_fail (BYTESTAG_IS_COUNTER (self), 0);

  return self->value;
}

void
bytestag_counter_set_value (BytestagCounter *self,
                            gint64           value)
{
  g_return_if_fail (BYTESTAG_IS_COUNTER (self));

  if (self->value == value)
    return;

  self->value = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

char *
bytestag_counter_words (BytestagCounterKind kind,
                        gint64              value)
{
  switch (kind)
    {
    case BYTESTAG_COUNTER_BYTES:
      return g_format_size ((guint64) value);
    case BYTESTAG_COUNTER_SECONDS:
      return bytestag_words_span (value * G_TIME_SPAN_SECOND);
    case BYTESTAG_COUNTER_ROUND_TRIP:
      return bytestag_words_round_trip (value);
    case BYTESTAG_COUNTER_NUMBER:
    default:
      /* With the thousands apart, where the language does that. */
      return g_strdup_printf ("%'" G_GINT64_FORMAT, value);
    }
}
