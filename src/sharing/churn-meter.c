/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/churn-meter.h"

#include <math.h>

#include "core/limits.h"

/* Between two looks at the contacts, µs. */
#define LOOK_INTERVAL (5 * 60 * G_USEC_PER_SEC)
#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
/* After so long a count weighs half, µs. */
#define HALF_WEIGHT (24 * HOUR)

typedef struct {
  BytestagNode *node;
  gint64 known_to; /* µs: it lived then, and its time up to then is counted */
  guint look;      /* the last one that met it in the table */
} Watched;

struct _BytestagChurnMeter
{
  GObject parent_instance;

  BytestagReactor *reactor;
  BytestagRoutingTable *routing_table;
  BytestagTimer timer;
  GPtrArray *watched;   /* (element-type Watched) in the order in which they were met */
  GHashTable *by_node;  /* for finding, never walked */
  guint n_looks;
  gdouble hours;
  gdouble losses;
  guint n_silent;       /* watched ones that failed, and are not lost yet, */
  gdouble silent_hours; /* and how long they lived since their last answer, as far as is known */
  gint64 weighed_at;    /* µs */
};

enum {
  PROP_0,
  PROP_KNOWN,
  PROP_LOSS_PER_HOUR,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (BytestagChurnMeter, bytestag_churn_meter, G_TYPE_OBJECT)

static void
watched_free (gpointer data)
{
  Watched *watched = data;

  g_object_unref (watched->node);
  g_free (watched);
}

static void
meet (BytestagChurnMeter *self,
      BytestagNode       *node)
{
  Watched *watched = g_hash_table_lookup (self->by_node, node);

  if (watched == NULL)
    {
      if (bytestag_node_get_last_seen (node) < 0 || bytestag_node_get_state (node) == BYTESTAG_NODE_STALE)
        return;

      watched = g_new0 (Watched, 1);
      watched->node = g_object_ref (node);
      watched->known_to = bytestag_node_get_last_seen (node);
      g_ptr_array_add (self->watched, watched);
      g_hash_table_insert (self->by_node, node, watched);
    }
  watched->look = self->n_looks;
}

static void
meet_all (BytestagChurnMeter *self)
{
  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagBucket *bucket = bytestag_routing_table_peek_bucket (self->routing_table, number);

      for (guint slot = 0; bucket != NULL && slot < bytestag_bucket_get_n_nodes (bucket); slot++)
        meet (self, bytestag_bucket_peek (bucket, slot));
    }
}

/* What was counted long ago weighs less. */
static void
weigh (BytestagChurnMeter *self,
       gint64              now)
{
  gdouble weight = exp2 (-(gdouble) (now - self->weighed_at) / (gdouble) HALF_WEIGHT);

  self->hours *= weight;
  self->losses *= weight;
  self->weighed_at = now;
}

/* One that is lost went at some time between its last answer and now: half of that counts. */
static gdouble
get_hours (const Watched *watched,
           gboolean       is_lost,
           gint64         now)
{
  gint64 last_seen = MAX (bytestag_node_get_last_seen (watched->node), watched->known_to);
  gint64 lived = last_seen - watched->known_to;

  if (is_lost)
    lived += (now - last_seen) / 2;
  return (gdouble) lived / (gdouble) HOUR;
}

static void
count (BytestagChurnMeter *self,
       gint64              now)
{
  guint n_lost = 0, n_answered = 0, n_left = 0, n_silent = 0;
  gdouble hours = 0, hours_of_lost = 0, silent_hours = 0;

  for (guint i = 0; i < self->watched->len; i++)
    {
      Watched *watched = self->watched->pdata[i];
      gboolean is_lost = bytestag_node_get_state (watched->node) == BYTESTAG_NODE_STALE;

      if (is_lost)
        {
          n_lost++;
          hours_of_lost += get_hours (watched, TRUE, now);
        }
      else
        {
          hours += get_hours (watched, FALSE, now);
          n_answered += bytestag_node_get_last_seen (watched->node) > watched->known_to;
          watched->known_to = MAX (watched->known_to, bytestag_node_get_last_seen (watched->node));
        }

      /* Most of those will be lost when they are asked again, which takes an hour where little is
       * asked; those that answered are counted at once. */
      if (!is_lost && bytestag_node_get_failures (watched->node) > 0)
        {
          n_silent++;
          silent_hours += get_hours (watched, TRUE, now);
        }

      /* Who made room for another without having failed is no loss: nobody knows. */
      if (is_lost || watched->look != self->n_looks)
        {
          g_hash_table_remove (self->by_node, watched->node);
          watched_free (watched);
        }
      else
        {
          self->watched->pdata[n_left++] = watched;
        }
    }
  /* Those behind have gone, or moved to the front. */
  self->watched->len = n_left;

  /* Where most are silent it is us who hear nobody. */
  self->n_silent = n_silent <= n_left / 2 ? n_silent : 0;
  self->silent_hours = self->n_silent > 0 ? silent_hours : 0;

  self->hours += hours;
  if (n_lost <= n_answered)
    {
      self->hours += hours_of_lost;
      self->losses += n_lost;
    }
}

static void
look (gpointer user_data)
{
  BytestagChurnMeter *self = user_data;
  gint64 now = bytestag_reactor_get_time (self->reactor);
  gboolean was_known = bytestag_churn_meter_is_known (self);

  bytestag_reactor_arm (self->reactor, &self->timer, LOOK_INTERVAL, look, self);
  self->n_looks++;
  weigh (self, now);
  meet_all (self);
  count (self, now);

  g_object_freeze_notify (G_OBJECT (self));
  if (was_known != bytestag_churn_meter_is_known (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KNOWN]);
  if (was_known || bytestag_churn_meter_is_known (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOSS_PER_HOUR]);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
bytestag_churn_meter_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  BytestagChurnMeter *self = BYTESTAG_CHURN_METER (object);

  switch (prop_id)
    {
    case PROP_KNOWN:
      g_value_set_boolean (value, bytestag_churn_meter_is_known (self));
      break;
    case PROP_LOSS_PER_HOUR:
      g_value_set_double (value, bytestag_churn_meter_get_loss_per_hour (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bytestag_churn_meter_dispose (GObject *object)
{
  BytestagChurnMeter *self = BYTESTAG_CHURN_METER (object);

  if (self->reactor != NULL)
    bytestag_reactor_disarm (self->reactor, &self->timer);
  g_clear_pointer (&self->by_node, g_hash_table_unref);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_object (&self->routing_table);
  g_clear_object (&self->reactor);

  G_OBJECT_CLASS (bytestag_churn_meter_parent_class)->dispose (object);
}

static void
bytestag_churn_meter_class_init (BytestagChurnMeterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = bytestag_churn_meter_dispose;
  object_class->get_property = bytestag_churn_meter_get_property;

  properties[PROP_KNOWN] = g_param_spec_boolean ("known", NULL, NULL, FALSE, flags);
  properties[PROP_LOSS_PER_HOUR] = g_param_spec_double ("loss-per-hour", NULL, NULL, 0, 1, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bytestag_churn_meter_init (BytestagChurnMeter *self)
{
  self->watched = g_ptr_array_new_with_free_func (watched_free);
  self->by_node = g_hash_table_new (NULL, NULL);
}

BytestagChurnMeter *
bytestag_churn_meter_new (BytestagReactor      *reactor,
                          BytestagRoutingTable *routing_table)
{
  BytestagChurnMeter *self;

  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);
  g_return_val_if_fail (BYTESTAG_IS_ROUTING_TABLE (routing_table), NULL);

  self = g_object_new (BYTESTAG_TYPE_CHURN_METER, NULL);
  self->reactor = g_object_ref (reactor);
  self->routing_table = g_object_ref (routing_table);
  self->weighed_at = bytestag_reactor_get_time (reactor);
  bytestag_reactor_arm (reactor, &self->timer, LOOK_INTERVAL, look, self);

  return self;
}

gboolean
bytestag_churn_meter_is_known (BytestagChurnMeter *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CHURN_METER (self), FALSE);

  return self->hours + self->silent_hours >= BYTESTAG_LIMIT_CHURN_KNOWN_HOURS;
}

gdouble
bytestag_churn_meter_get_loss_per_hour (BytestagChurnMeter *self)
{
  g_return_val_if_fail (BYTESTAG_IS_CHURN_METER (self), 0);

  if (!bytestag_churn_meter_is_known (self))
    return 0;

  return 1 - exp (-(self->losses + self->n_silent + 1) / (self->hours + self->silent_hours));
}

void
bytestag_churn_meter_get_counts (BytestagChurnMeter *self,
                                 gdouble            *hours,
                                 gdouble            *losses)
{
  g_return_if_fail (BYTESTAG_IS_CHURN_METER (self));

  *hours = self->hours + self->silent_hours;
  *losses = self->losses + self->n_silent;
}

void
bytestag_churn_meter_restore (BytestagChurnMeter *self,
                              gdouble             hours,
                              gdouble             losses,
                              gint64              age)
{
  gdouble weight;

  g_return_if_fail (BYTESTAG_IS_CHURN_METER (self));

  /* It comes from a file that anybody may have written. */
  if (!(hours >= 0 && losses >= 0 && hours <= BYTESTAG_LIMIT_CHURN_HOURS && losses <= BYTESTAG_LIMIT_CHURN_HOURS))
    return;

  weight = exp2 (-(gdouble) MAX (age, 0) * G_USEC_PER_SEC / (gdouble) HALF_WEIGHT);
  self->hours += weight * hours;
  self->losses += weight * losses;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KNOWN]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOSS_PER_HOUR]);
}
