/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/task.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/reactor.h"

/* The rate is that of the last few seconds: bytes are counted in slots of time,
 * the oldest of which is always given up for the newest. */
#define RATE_SLOTS 8
#define RATE_SLOT_US (G_USEC_PER_SEC / 2)

typedef struct {
  /* Strong, but weak while the "finished" event waits in the reactor: the event
   * holds the task, and the three would keep one another for ever. */
  BytestagReactor *reactor;
  gboolean reactor_is_weak;

  BytestagTaskState state;
  gboolean started; /* the class's start() was called */
  GError *error;
  guint64 progress;
  guint64 total;

  guint64 rate_bytes[RATE_SLOTS];
  gint64 rate_slot; /* the number of the newest slot since the clock's zero */
  gint64 start_time;
} BytestagTaskPrivate;

enum {
  PROP_0,
  PROP_REACTOR,
  PROP_STATE,
  PROP_PROGRESS,
  PROP_TOTAL,
  PROP_RATE,
  PROP_ERROR,
  N_PROPS
};

enum {
  FINISHED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ENUM_TYPE (BytestagTaskState, bytestag_task_state,
                    G_DEFINE_ENUM_VALUE (BYTESTAG_TASK_PENDING, "pending"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_TASK_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_TASK_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_TASK_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (BYTESTAG_TASK_CANCELLED, "cancelled"))

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (BytestagTask, bytestag_task, G_TYPE_OBJECT)

static BytestagTaskPrivate *
get_private (BytestagTask *self)
{
  return bytestag_task_get_instance_private (self);
}

static void
hold_reactor (BytestagTaskPrivate *priv)
{
  priv->reactor_is_weak = FALSE;
  g_object_remove_weak_pointer (G_OBJECT (priv->reactor), (gpointer *) &priv->reactor);
  g_object_ref (priv->reactor);
}

static void
release_reactor (BytestagTaskPrivate *priv)
{
  BytestagReactor *reactor = priv->reactor;

  priv->reactor_is_weak = TRUE;
  g_object_add_weak_pointer (G_OBJECT (reactor), (gpointer *) &priv->reactor);
  g_object_unref (reactor);
}

static void
bytestag_task_get_property (GObject *object,
                            guint prop_id,
                            GValue *value,
                            GParamSpec *pspec)
{
  BytestagTask *self = BYTESTAG_TASK (object);

  switch (prop_id)
    {
    case PROP_REACTOR:
      g_value_set_object (value, bytestag_task_get_reactor (self));
      break;

    case PROP_STATE:
      g_value_set_enum (value, bytestag_task_get_state (self));
      break;

    case PROP_PROGRESS:
      g_value_set_uint64 (value, bytestag_task_get_progress (self));
      break;

    case PROP_TOTAL:
      g_value_set_uint64 (value, bytestag_task_get_total (self));
      break;

    case PROP_RATE:
      g_value_set_uint64 (value, bytestag_task_get_rate (self));
      break;

    case PROP_ERROR:
      g_value_set_boxed (value, bytestag_task_get_error (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
    }
}

static void
bytestag_task_set_property (GObject *object,
                            guint prop_id,
                            const GValue *value,
                            GParamSpec *pspec)
{
  BytestagTaskPrivate *priv = get_private (BYTESTAG_TASK (object));

  switch (prop_id)
    {
    case PROP_REACTOR:
      priv->reactor = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
    }
}

static void
bytestag_task_constructed (GObject *object)
{
  G_OBJECT_CLASS (bytestag_task_parent_class)->constructed (object);

  g_assert (BYTESTAG_IS_REACTOR (get_private (BYTESTAG_TASK (object))->reactor));
}

static void
bytestag_task_finalize (GObject *object)
{
  BytestagTaskPrivate *priv = get_private (BYTESTAG_TASK (object));

  /* Not in dispose: there subclasses disarm their timers. */
  if (priv->reactor_is_weak)
    g_clear_weak_pointer (&priv->reactor);
  else
    g_clear_object (&priv->reactor);
  g_clear_error (&priv->error);

  G_OBJECT_CLASS (bytestag_task_parent_class)->finalize (object);
}

static void
bytestag_task_class_init (BytestagTaskClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = bytestag_task_get_property;
  object_class->set_property = bytestag_task_set_property;
  object_class->constructed = bytestag_task_constructed;
  object_class->finalize = bytestag_task_finalize;

  properties[PROP_REACTOR] = g_param_spec_object ("reactor", NULL, NULL, BYTESTAG_TYPE_REACTOR,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                    G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, BYTESTAG_TYPE_TASK_STATE,
                                              BYTESTAG_TASK_PENDING, flags);
  properties[PROP_PROGRESS] = g_param_spec_uint64 ("progress", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    g_cclosure_marshal_VOID__VOID, G_TYPE_NONE, 0);
}

static void
bytestag_task_init (BytestagTask *self)
{
}

static void
finished_event (gpointer user_data)
{
  BytestagTask *self = user_data;

  hold_reactor (get_private (self));
  g_signal_emit (self, signals[FINISHED], 0);
}

/* Ends the task; takes @error. Only the first end counts. */
static void
finish (BytestagTask *self,
        BytestagTaskState state,
        GError *error)
{
  BytestagTaskPrivate *priv = get_private (self);
  BytestagTaskState before = priv->state;

  if (bytestag_task_is_finished (self))
    {
      g_clear_error (&error);
      return;
    }

  /* Letting go of the reactor may be the end of both. */
  g_object_ref (self);
  g_object_freeze_notify (G_OBJECT (self));
  priv->state = state;
  priv->error = error;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (error != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  if (priv->started)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RATE]);

  if (state == BYTESTAG_TASK_CANCELLED && priv->started && BYTESTAG_TASK_GET_CLASS (self)->stop != NULL)
    BYTESTAG_TASK_GET_CLASS (self)->stop (self);

  bytestag_reactor_post (priv->reactor, finished_event, g_object_ref (self), g_object_unref);
  release_reactor (priv);
  g_object_thaw_notify (G_OBJECT (self));

  /* What it held of itself while it ran. */
  if (before == BYTESTAG_TASK_RUNNING)
    g_object_unref (self);
  g_object_unref (self);
}

void
bytestag_task_start (BytestagTask *self)
{
  BytestagTaskPrivate *priv = get_private (self);

  g_return_if_fail (BYTESTAG_IS_TASK (self));
  g_return_if_fail (priv->state == BYTESTAG_TASK_PENDING);

  g_object_ref (self);
  priv->state = BYTESTAG_TASK_RUNNING;
  priv->start_time = bytestag_reactor_get_time (priv->reactor);
  priv->rate_slot = priv->start_time / RATE_SLOT_US;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);

  /* Who is told that it runs may cancel it. */
  if (priv->state != BYTESTAG_TASK_RUNNING)
    return;
  priv->started = TRUE;
  BYTESTAG_TASK_GET_CLASS (self)->start (self);
}

void
bytestag_task_cancel (BytestagTask *self)
{
  g_return_if_fail (BYTESTAG_IS_TASK (self));

  finish (self, BYTESTAG_TASK_CANCELLED,
          g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Cancelled")));
}

void
bytestag_task_done (BytestagTask *self)
{
  g_return_if_fail (BYTESTAG_IS_TASK (self));

  finish (self, BYTESTAG_TASK_DONE, NULL);
}

void
bytestag_task_fail (BytestagTask *self,
                    GError *error)
{
  g_return_if_fail (BYTESTAG_IS_TASK (self));
  g_return_if_fail (error != NULL);

  finish (self, BYTESTAG_TASK_FAILED, error);
}

void
bytestag_task_fail_literal (BytestagTask *self,
                            int code,
                            const char *message)
{
  g_return_if_fail (BYTESTAG_IS_TASK (self));
  g_return_if_fail (message != NULL);

  finish (self, BYTESTAG_TASK_FAILED, g_error_new_literal (BYTESTAG_ERROR, code, message));
}

BytestagTaskState
bytestag_task_get_state (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), BYTESTAG_TASK_PENDING);

  return get_private (self)->state;
}

gboolean
bytestag_task_is_finished (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), FALSE);

  return get_private (self)->state >= BYTESTAG_TASK_DONE;
}

guint64
bytestag_task_get_progress (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), 0);

  return get_private (self)->progress;
}

guint64
bytestag_task_get_total (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), 0);

  return get_private (self)->total;
}

const GError *
bytestag_task_get_error (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), NULL);

  return get_private (self)->error;
}

BytestagReactor *
bytestag_task_get_reactor (BytestagTask *self)
{
  g_return_val_if_fail (BYTESTAG_IS_TASK (self), NULL);

  return get_private (self)->reactor;
}

/* Makes the slot of @now the newest; returns whether it was another before. */
static gboolean
move_to_slot (BytestagTaskPrivate *priv,
              gint64 now)
{
  gint64 slot = now / RATE_SLOT_US;
  gint64 n_passed = slot - priv->rate_slot;

  if (n_passed <= 0)
    return FALSE;

  for (gint64 i = 1; i <= MIN (n_passed, RATE_SLOTS); i++)
    priv->rate_bytes[(priv->rate_slot + i) % RATE_SLOTS] = 0;
  priv->rate_slot = slot;
  return TRUE;
}

guint64
bytestag_task_get_rate (BytestagTask *self)
{
  BytestagTaskPrivate *priv = get_private (self);
  guint64 bytes = 0;
  gint64 now;
  gint64 span;

  g_return_val_if_fail (BYTESTAG_IS_TASK (self), 0);

  if (priv->state != BYTESTAG_TASK_RUNNING)
    return 0;

  now = bytestag_reactor_get_time (priv->reactor);
  move_to_slot (priv, now);
  for (guint i = 0; i < RATE_SLOTS; i++)
    bytes += priv->rate_bytes[i];

  /* Not less than a slot, or the first packet would be a burst of gigabytes. */
  span = MIN (now - priv->start_time, (RATE_SLOTS - 1) * RATE_SLOT_US + now % RATE_SLOT_US);
  span = MAX (span, RATE_SLOT_US);
  return (guint64) ((gdouble) bytes * G_USEC_PER_SEC / (gdouble) span);
}

void
bytestag_task_set_total (BytestagTask *self,
                         guint64 total)
{
  BytestagTaskPrivate *priv = get_private (self);

  g_return_if_fail (BYTESTAG_IS_TASK (self));

  if (priv->total == total)
    return;

  priv->total = total;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TOTAL]);
}

void
bytestag_task_set_progress (BytestagTask *self,
                            guint64 progress)
{
  BytestagTaskPrivate *priv = get_private (self);
  gboolean rate_changed = FALSE;

  g_return_if_fail (BYTESTAG_IS_TASK (self));

  if (priv->progress == progress)
    return;

  if (priv->state == BYTESTAG_TASK_RUNNING)
    {
      rate_changed = move_to_slot (priv, bytestag_reactor_get_time (priv->reactor));
      if (progress > priv->progress)
        priv->rate_bytes[priv->rate_slot % RATE_SLOTS] += progress - priv->progress;
    }

  g_object_freeze_notify (G_OBJECT (self));
  priv->progress = progress;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  if (rate_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RATE]);
  g_object_thaw_notify (G_OBJECT (self));
}
