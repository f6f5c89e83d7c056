/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "dht/network-private.h"

/* How long a value of others is kept, and until when that is promised (B.3 "Life",
 * B.5). */

/* No life is made shorter than that; seconds. */
#define HOUR G_GINT64_CONSTANT (3600)
#define EXPIRY_INTERVAL (60 * G_USEC_PER_SEC)
/* When there is more to drop than at one time; µs. */
#define EXPIRY_PAUSE 20000

static gint64
get_wall_seconds (BytestagNetwork *self)
{
  return bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
}

guint
bytestag_network_count_nearer (BytestagNetwork   *self,
                               const BytestagKey *key)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), 0);
  g_return_val_if_fail (key != NULL, 0);

  return bytestag_routing_table_count_close_live (self->routing_table, key);
}

gint64
_bytestag_life_get_granted (gint64 life,
                            guint  n_nearer)
{
  gdouble granted;

  if (n_nearer < BYTESTAG_MAX_BUCKET_SIZE)
    return life;

  granted = (gdouble) life * exp (-((gdouble) n_nearer - BYTESTAG_MAX_BUCKET_SIZE) / BYTESTAG_MAX_BUCKET_SIZE);
  return MAX (HOUR, (gint64) granted);
}

gboolean
_bytestag_network_check_clock (BytestagNetwork *self)
{
  gint64 difference = _bytestag_clock_votes_get_difference (&self->clock_votes,
                                                            bytestag_reactor_get_time (self->reactor),
                                                            bytestag_reactor_get_wall_time (self->reactor));

  /* Whole minutes: it is shown; and not to and fro between two of them. */
  if (difference == 0 || self->clock_difference == 0 || ABS (difference - self->clock_difference) >= 60)
    _bytestag_network_set_clock_difference (self, (difference + (difference < 0 ? -30 : 30)) / 60 * 60);
  return difference == 0;
}

static gboolean
has_promise (const BytestagMessage *request)
{
  return request->extensions >= 0 && (request->keep > 0 || request->until > 0);
}

/* A replica: it goes on until when its publisher was promised it, not longer. */
static void
grant_replica (const BytestagMessage *request,
               BytestagKvpRecord     *record,
               guint                  n_nearer,
               gint64                 now,
               gboolean               clock_is_right)
{
  record->until = MIN (request->until, BYTESTAG_LIMIT_LATEST_SECOND);
  if (!clock_is_right)
    return;

  record->until = MIN (record->until, now + BYTESTAG_LIMIT_LONGEST_LIFE);
  record->until = MIN (record->until, now + _bytestag_life_get_granted (record->until - now, n_nearer));
}

/* Without a promise a value lives a day from its publisher's time, as among originals,
 * wherever it has been meanwhile. */
static void
grant_day (BytestagKvpRecord *record,
           guint              n_nearer,
           gint64             now,
           gboolean           clock_is_right)
{
  gint64 left = BYTESTAG_TIME_EXPIRE;

  if (clock_is_right && record->has_timestamp)
    left = MIN (left, record->timestamp + BYTESTAG_TIME_EXPIRE - now);
  left = MIN (left, _bytestag_life_get_granted (BYTESTAG_TIME_EXPIRE, n_nearer));
  /* 0 would be no end at all. */
  record->time_to_live = (gdouble) MAX (left, 1);
}

void
_bytestag_network_grant_life (BytestagNetwork       *self,
                              const BytestagMessage *request,
                              BytestagKvpRecord     *record)
{
  gint64 now = get_wall_seconds (self);
  gboolean clock_is_right = _bytestag_network_check_clock (self);
  guint n_nearer = bytestag_network_count_nearer (self, &record->id.key);
  gint64 keep;

  record->last_update = (gdouble) bytestag_reactor_get_wall_time (self->reactor) / G_USEC_PER_SEC;
  record->replicated = now;

  /* An original says 0 of a part that it has not published before (A.1.4). */
  if (record->timestamp == 0 && request->extensions < 0)
    record->timestamp = now;
  if (clock_is_right && (!has_promise (request) || request->until == 0))
    record->timestamp = CLAMP (record->timestamp, now - BYTESTAG_TIME_EXPIRE, now + BYTESTAG_LIMIT_CLOCK_TOLERANCE);

  if (!has_promise (request))
    {
      grant_day (record, n_nearer, now, clock_is_right);
      return;
    }

  record->copies = (guint8) MIN (request->copies, BYTESTAG_MAX_BUCKET_SIZE);
  if (request->until > 0)
    {
      grant_replica (request, record, n_nearer, now, clock_is_right);
      return;
    }

  keep = CLAMP (request->keep, BYTESTAG_LIMIT_SHORTEST_LIFE, BYTESTAG_LIMIT_LONGEST_LIFE);
  record->until = now + _bytestag_life_get_granted (keep, n_nearer);
}

/* Who may renew a promise without sending the value again: the network that stored it
 * first, and the nodes that are to hold it too. */
static gboolean
may_renew (BytestagNetwork         *self,
           const BytestagEndpoint  *from,
           const BytestagMessage   *request,
           const BytestagKvpRecord *held)
{
  BytestagNode *nodes[BYTESTAG_MAX_BUCKET_SIZE];
  BytestagEndpoint network, source;
  BytestagNode *sender;
  guint n;

  if (bytestag_endpoint_get_network (from, TRUE, &network) &&
      bytestag_endpoint_get_network (&held->source, TRUE, &source) &&
      bytestag_endpoint_equal (&network, &source))
    return TRUE;

  /* A provider's record is its owner's alone. */
  if (request->node_id_member != BYTESTAG_MEMBER_VALID || held->kind == BYTESTAG_KVP_PROVIDER)
    return FALSE;

  sender = bytestag_routing_table_find (self->routing_table, &request->node_id, from);
  n = bytestag_routing_table_select_close (self->routing_table, &held->id.key, nodes, G_N_ELEMENTS (nodes));
  for (guint i = 0; i < n; i++)
    if (nodes[i] == sender)
      return TRUE;
  return FALSE;
}

void
_bytestag_network_renew_life (BytestagNetwork         *self,
                              const BytestagEndpoint  *from,
                              const BytestagMessage   *request,
                              const BytestagKvpRecord *offer,
                              BytestagKvpRecord       *held)
{
  gdouble expiry = bytestag_kvp_record_get_expiry (held);

  if (request->extensions < 0 || expiry <= 0 || !may_renew (self, from, request, held))
    return;

  /* Never shortened, and by nothing but a promise prolonged. */
  if (has_promise (request))
    {
      gint64 until = offer->until;

      /* A record is signed anew each day. */
      if (held->kind != BYTESTAG_KVP_VALUE)
        until = MIN (until, get_wall_seconds (self) + BYTESTAG_LIMIT_RECORD_LIFE);
      held->until = MAX (until, (gint64) expiry);
      if (offer->copies > 0)
        held->copies = offer->copies;
    }
  else if (held->until == 0)
    {
      held->time_to_live = MAX (expiry - offer->last_update, 1);
    }
  held->last_update = offer->last_update;
  bytestag_kvp_table_update (self->table, held);
}

static void
expiry_cb (gpointer user_data)
{
  BytestagNetwork *self = user_data;
  gboolean more = _bytestag_network_check_clock (self) &&
                  bytestag_kvp_table_expire (self->table, get_wall_seconds (self));

  bytestag_reactor_arm (self->reactor, &self->expiry_timer, more ? EXPIRY_PAUSE : EXPIRY_INTERVAL, expiry_cb, self);
}

void
_bytestag_network_start_expiry (BytestagNetwork *self)
{
  bytestag_kvp_table_set_center (self->table, bytestag_node_get_key (self->node));
  bytestag_reactor_arm (self->reactor, &self->expiry_timer, EXPIRY_INTERVAL, expiry_cb, self);
}

void
_bytestag_network_stop_expiry (BytestagNetwork *self)
{
  bytestag_reactor_disarm (self->reactor, &self->expiry_timer);
}
