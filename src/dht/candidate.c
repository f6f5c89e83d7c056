/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/candidate-private.h"

#include <string.h>

enum {
  PROP_0,
  PROP_NODE,
  PROP_STATE,
  PROP_USEFUL,
  PROP_STEP,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (BytestagCandidateState, bytestag_candidate_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_CANDIDATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_CANDIDATE_CONTACTED, "contacted"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_CANDIDATE_SLOW, "slow"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_CANDIDATE_ANSWERED, "answered"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_CANDIDATE_FAILED, "failed"))

G_DEFINE_FINAL_TYPE (BytestagCandidate, bytestag_candidate, G_TYPE_OBJECT)

static void
bytestag_candidate_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  BytestagCandidate *self = BYTESTAG_CANDIDATE (object);

  switch (prop_id)
    {
    case PROP_NODE:
      g_value_set_object (value, self->node);
      break;

    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_USEFUL:
      g_value_set_boolean (value, self->useful);
      break;

    case PROP_STEP:
      g_value_set_uint (value, self->step);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_candidate_finalize (GObject *object)
{
  BytestagCandidate *self = BYTESTAG_CANDIDATE (object);

  g_clear_object (&self->node);
  for (guint i = 0; i < self->n_alternates; i++)
    g_clear_object (&self->alternates[i]);
  g_clear_pointer (&self->infos, g_ptr_array_unref);

  G_OBJECT_CLASS (bytestag_candidate_parent_class)->finalize (object);
}

static void
bytestag_candidate_class_init (BytestagCandidateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = bytestag_candidate_get_property;
  object_class->finalize = bytestag_candidate_finalize;

  properties[PROP_NODE] =
    g_param_spec_object ("node", NULL, NULL, BYTESTAG_TYPE_NODE,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_CANDIDATE_STATE, BYTESTAG_CANDIDATE_NEW,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_USEFUL] =
    g_param_spec_boolean ("useful", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_STEP] =
    g_param_spec_uint ("step", NULL, NULL, 0, G_MAXUINT16, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_candidate_init (BytestagCandidate *self)
{
}

BytestagCandidate *
bytestag_candidate_new (BytestagNode *node,
                        guint         step)
{
  BytestagCandidate *self = g_object_new (BYTESTAG_TYPE_CANDIDATE, NULL);

  self->node = g_object_ref (node);
  self->id = *bytestag_node_get_key (node);
  self->step = MIN (step, G_MAXUINT16);

  return self;
}

BytestagNode *
bytestag_candidate_get_node (BytestagCandidate *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CANDIDATE (self), NULL);

  return self->node;
}

BytestagCandidateState
bytestag_candidate_get_state (BytestagCandidate *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CANDIDATE (self), BYTESTAG_CANDIDATE_NEW);

  return self->state;
}

gboolean
bytestag_candidate_get_useful (BytestagCandidate *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CANDIDATE (self), FALSE);

  return self->useful;
}

guint
bytestag_candidate_get_step (BytestagCandidate *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CANDIDATE (self), 0);

  return self->step;
}

void
bytestag_candidate_set_state (BytestagCandidate     *self,
                              BytestagCandidateState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
bytestag_candidate_set_useful (BytestagCandidate *self,
                               GPtrArray         *infos)
{
  if (infos != NULL && infos != self->infos)
    {
      g_clear_pointer (&self->infos, g_ptr_array_unref);
      self->infos = g_ptr_array_ref (infos);
    }

  if (!self->useful)
    {
      self->useful = TRUE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USEFUL]);
    }
}

static gboolean
same_endpoint (BytestagNode *a,
               BytestagNode *b)
{
  return bytestag_endpoint_equal (bytestag_node_get_endpoint (a), bytestag_node_get_endpoint (b));
}

gboolean
bytestag_candidate_has_room (BytestagCandidate *self,
                             BytestagNode      *node)
{
  /* Its answer is there: nobody else is asked. */
  if (self->state == BYTESTAG_CANDIDATE_ANSWERED || self->state == BYTESTAG_CANDIDATE_FAILED)
    return FALSE;
  if (self->n_alternates == BYTESTAG_LIMIT_ALTERNATES || same_endpoint (self->node, node))
    return FALSE;

  for (guint i = 0; i < self->n_alternates; i++)
    {
      if (same_endpoint (self->alternates[i], node))
        return FALSE;
    }

  return TRUE;
}

void
bytestag_candidate_add_alternate (BytestagCandidate *self,
                                  BytestagNode      *node)
{
  g_assert (bytestag_candidate_has_room (self, node));

  self->alternates[self->n_alternates++] = g_object_ref (node);
}

gboolean
bytestag_candidate_switch_node (BytestagCandidate *self)
{
  if (self->n_alternates == 0)
    return FALSE;

  g_object_unref (self->node);
  self->node = self->alternates[0];
  self->n_alternates--;
  memmove (self->alternates, self->alternates + 1, self->n_alternates * sizeof *self->alternates);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NODE]);

  return TRUE;
}
