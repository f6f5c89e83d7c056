/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/node.h"

#include <string.h>

struct _BytestagNode
{
  GObject parent_instance;

  BytestagKey key;
  BytestagEndpoint endpoint;
  char *host; /* (nullable) only when it is not numeric, and the endpoint so unset */
  guint16 port;

  BytestagNodeState state;
  gboolean has_answered;
  int extensions;
  guint failures;
  gint64 rtt;
  gint64 rtt_deviation;
  gint64 first_seen;
  gint64 last_seen;
};

enum {
  PROP_0,
  PROP_KEY,
  PROP_ADDRESS,
  PROP_STATE,
  PROP_RTT,
  PROP_FIRST_SEEN,
  PROP_LAST_SEEN,
  PROP_FAILURES,
  PROP_EXTENSIONS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (BytestagNodeState, bytestag_node_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_NODE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_NODE_GOOD, "good"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_NODE_QUESTIONABLE, "questionable"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_NODE_STALE, "stale"))

G_DEFINE_FINAL_TYPE (BytestagNode, bytestag_node, G_TYPE_OBJECT)

static char *
dup_address (BytestagNode *self)
{
  if (self->host == NULL)
    return bytestag_endpoint_to_string (&self->endpoint);
  return g_strdup_printf ("%s:%u", self->host, self->port);
}

static void
bytestag_node_get_property (GObject *object,
                            guint prop_id,
                            GValue *value,
                            GParamSpec *pspec)
{
  BytestagNode *self = BYTESTAG_NODE (object);

  switch (prop_id)
    {
    case PROP_KEY:
      g_value_set_boxed (value, &self->key);
      break;

    case PROP_ADDRESS:
      g_value_take_string (value, dup_address (self));
      break;

    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_RTT:
      g_value_set_int64 (value, self->rtt);
      break;

    case PROP_FIRST_SEEN:
      g_value_set_int64 (value, self->first_seen);
      break;

    case PROP_LAST_SEEN:
      g_value_set_int64 (value, self->last_seen);
      break;

    case PROP_FAILURES:
      g_value_set_uint (value, self->failures);
      break;

    case PROP_EXTENSIONS:
      g_value_set_int (value, self->extensions);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
    }
}

static void
bytestag_node_finalize (GObject *object)
{
  BytestagNode *self = BYTESTAG_NODE (object);

  g_clear_pointer (&self->host, g_free);

  G_OBJECT_CLASS (bytestag_node_parent_class)->finalize (object);
}

static void
bytestag_node_class_init (BytestagNodeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_node_get_property;
  object_class->finalize = bytestag_node_finalize;

  properties[PROP_KEY] = g_param_spec_boxed ("key", NULL, NULL, BYTESTAG_TYPE_KEY, flags);
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_NODE_STATE,
                                              BYTESTAG_NODE_NEW, flags);
  properties[PROP_RTT] = g_param_spec_int64 ("rtt", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_FIRST_SEEN] = g_param_spec_int64 ("first-seen", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_LAST_SEEN] = g_param_spec_int64 ("last-seen", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_FAILURES] = g_param_spec_uint ("failures", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_EXTENSIONS] = g_param_spec_int ("extensions", NULL, NULL, -1, G_MAXINT, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_node_init (BytestagNode *self)
{
  self->extensions = -1;
  self->rtt = -1;
  self->rtt_deviation = -1;
  self->first_seen = -1;
  self->last_seen = -1;
}

BytestagNode *
bytestag_node_new (const BytestagKey *key,
                   const BytestagEndpoint *endpoint)
{
  BytestagNode *self;

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (endpoint != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_NODE, NULL);
  self->key = *key;
  self->endpoint = *endpoint;
  self->port = endpoint->port;
  return self;
}

BytestagNode *
bytestag_node_new_for_host (const BytestagKey *key,
                            const char *host,
                            guint16 port)
{
  BytestagNode *self;

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (host != NULL, NULL);

  self = g_object_new (BYTESTAG_TYPE_NODE, NULL);
  self->key = *key;
  self->port = port;
  if (!bytestag_endpoint_set_host (&self->endpoint, host, -1, port))
    self->host = g_strdup (host);
  return self;
}

const BytestagKey *
bytestag_node_get_key (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), NULL);

  return &self->key;
}

const BytestagEndpoint *
bytestag_node_get_endpoint (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), NULL);

  return &self->endpoint;
}

char *
bytestag_node_dup_host (BytestagNode *self)
{
  char host[BYTESTAG_ENDPOINT_HOST_SIZE];

  g_return_val_if_fail (BYTESTAG_IS_NODE (self), NULL);

  if (self->host != NULL)
    return g_strdup (self->host);
  bytestag_endpoint_write_host (&self->endpoint, host);
  return g_strdup (host);
}

guint16
bytestag_node_get_port (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), 0);

  return self->port;
}

gboolean
bytestag_node_equal (BytestagNode *self,
                     BytestagNode *other)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), FALSE);
  g_return_val_if_fail (BYTESTAG_IS_NODE (other), FALSE);

  return self->port == other->port && bytestag_key_equal (&self->key, &other->key) &&
         bytestag_endpoint_equal (&self->endpoint, &other->endpoint) &&
         g_strcmp0 (self->host, other->host) == 0;
}

static void
set_state (BytestagNode *self,
           BytestagNodeState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
set_failures (BytestagNode *self,
              guint failures)
{
  if (self->failures == failures)
    return;

  self->failures = failures;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FAILURES]);
}

static void
set_last_seen (BytestagNode *self,
               gint64 now)
{
  if (self->first_seen < 0)
    {
      self->first_seen = now;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FIRST_SEEN]);
    }
  if (self->last_seen != now)
    {
      self->last_seen = now;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAST_SEEN]);
    }
}

/* RFC 6298, section 2, with its weights of 1/8 and 1/4. */
static void
add_round_trip (BytestagNode *self,
                gint64 rtt)
{
  gint64 before = self->rtt;

  if (self->rtt < 0)
    {
      self->rtt = rtt;
      self->rtt_deviation = rtt / 2;
    }
  else
    {
      self->rtt_deviation += (ABS (self->rtt - rtt) - self->rtt_deviation) / 4;
      self->rtt += (rtt - self->rtt) / 8;
    }

  if (self->rtt != before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RTT]);
}

void
bytestag_node_answered (BytestagNode *self,
                        gint64 rtt,
                        gint64 now)
{
  g_return_if_fail (BYTESTAG_IS_NODE (self));

  g_object_freeze_notify (G_OBJECT (self));
  self->has_answered = TRUE;
  if (rtt >= 0)
    add_round_trip (self, rtt);
  set_failures (self, 0);
  bytestag_node_seen (self, now);
  g_object_thaw_notify (G_OBJECT (self));
}

void
bytestag_node_seen (BytestagNode *self,
                    gint64 now)
{
  g_return_if_fail (BYTESTAG_IS_NODE (self));

  /* Not frozen: freezing allocates, and this is part of each served request. */
  set_last_seen (self, now);
  bytestag_node_update_state (self, now);
}

void
bytestag_node_failed (BytestagNode *self)
{
  g_return_if_fail (BYTESTAG_IS_NODE (self));

  g_object_freeze_notify (G_OBJECT (self));
  set_failures (self, self->failures + 1);
  set_state (self, self->failures >= 2 ? BYTESTAG_NODE_STALE : BYTESTAG_NODE_QUESTIONABLE);
  g_object_thaw_notify (G_OBJECT (self));
}

gint64
bytestag_node_get_rtt (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), -1);

  return self->rtt;
}

gint64
bytestag_node_get_rtt_deviation (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), -1);

  return self->rtt_deviation;
}

gint64
bytestag_node_get_first_seen (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), -1);

  return self->first_seen;
}

gint64
bytestag_node_get_last_seen (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), -1);

  return self->last_seen;
}

guint
bytestag_node_get_failures (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), 0);

  return self->failures;
}

BytestagNodeState
bytestag_node_get_state (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), BYTESTAG_NODE_NEW);

  return self->state;
}

void
bytestag_node_update_state (BytestagNode *self,
                            gint64 now)
{
  g_return_if_fail (BYTESTAG_IS_NODE (self));

  if (self->failures >= 2)
    set_state (self, BYTESTAG_NODE_STALE);
  else if (self->failures == 1)
    set_state (self, BYTESTAG_NODE_QUESTIONABLE);
  else if (!self->has_answered)
    set_state (self, BYTESTAG_NODE_NEW);
  else if (now - self->last_seen >= BYTESTAG_NODE_SILENCE_US)
    set_state (self, BYTESTAG_NODE_QUESTIONABLE);
  else
    set_state (self, BYTESTAG_NODE_GOOD);
}

int
bytestag_node_get_extensions (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), -1);

  return self->extensions;
}

void
bytestag_node_set_extensions (BytestagNode *self,
                              int extensions)
{
  g_return_if_fail (BYTESTAG_IS_NODE (self));
  g_return_if_fail (extensions >= -1);

  if (self->extensions == extensions)
    return;

  self->extensions = extensions;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTENSIONS]);
}

gboolean
bytestag_node_is_read_only (BytestagNode *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NODE (self), FALSE);

  return self->extensions >= 0 && (self->extensions & BYTESTAG_EXTENSION_READ_ONLY) != 0;
}
