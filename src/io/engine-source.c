/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/engine-source.h"

#include <glib-unix.h>

#include "core/limits.h"

/* poll() does not count the time that the computer sleeps, the engine's clock
 * does: a deadline that passed in the sleep is seen at most so much later. */
#define LONGEST_WAIT_MS 10000

typedef struct
{
  GSource source;

  BytestagUdpTransport *transport;
  BytestagEngine *engine;
  BytestagClock *clock;
  gint64 longest_turn;
  gboolean dispatching;
} EngineSource;

/* µs until the engine wants a tick; 0 when it is due. */
static gint64
get_wait (EngineSource *self)
{
  gint64 deadline = bytestag_engine_get_deadline (self->engine);
  gint64 now;

  if (deadline == G_MAXINT64)
    return G_MAXINT64;

  now = bytestag_clock_get_time (self->clock);

  return deadline > now ? deadline - now : 0;
}

static gboolean
engine_source_prepare (GSource *source, int *timeout)
{
  EngineSource *self = (EngineSource *) source;
  gint64 wait = bytestag_udp_transport_has_pending (self->transport) ? 0 : get_wait (self);

  /* Rounded up: waking a little early would spin until the deadline. */
  *timeout = wait >= LONGEST_WAIT_MS * (gint64) 1000 ? LONGEST_WAIT_MS : (int) ((wait + 999) / 1000);

  return wait == 0;
}

/* GLib itself looks at the sockets. */
static gboolean
engine_source_check (GSource *source)
{
  return get_wait ((EngineSource *) source) == 0;
}

/* Up to a turn's end in datagrams or time. What the engine does with one may destroy
 * the source. */
static void
receive_datagrams (EngineSource *self, gint64 start)
{
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  for (guint n = 0; n < BYTESTAG_LIMIT_DATAGRAMS_OF_TURN; n++)
    {
      if (!bytestag_udp_transport_receive (self->transport, &from, &data, &length))
        break;
      bytestag_engine_receive (self->engine, &from, data, length);
      if (g_source_is_destroyed (&self->source) || g_get_monotonic_time () - start >= BYTESTAG_LIMIT_RECEIVING_US)
        break;
    }
}

static gboolean
engine_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  EngineSource *self = (EngineSource *) source;
  gint64 start = g_get_monotonic_time ();
  gint64 turn;

  /* From a loop inside of what the engine called: its turn is not over. */
  if (self->dispatching)
    return G_SOURCE_CONTINUE;

  self->dispatching = TRUE;

  /* Answers to a batch leave as a batch. */
  bytestag_udp_transport_hold (self->transport);
  receive_datagrams (self, start);
  if (!g_source_is_destroyed (source))
    bytestag_engine_tick (self->engine);
  bytestag_udp_transport_release (self->transport);
  self->dispatching = FALSE;

  turn = g_get_monotonic_time () - start;
  self->longest_turn = MAX (self->longest_turn, turn);

  return g_source_is_destroyed (source) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
engine_source_finalize (GSource *source)
{
  EngineSource *self = (EngineSource *) source;

  g_clear_object (&self->transport);
  g_clear_object (&self->engine);
  g_clear_object (&self->clock);
}

static GSourceFuncs engine_source_funcs = {
  .prepare = engine_source_prepare,
  .check = engine_source_check,
  .dispatch = engine_source_dispatch,
  .finalize = engine_source_finalize,
};

GSource *
bytestag_engine_source_new (BytestagUdpTransport *transport, BytestagEngine *engine, BytestagClock *clock)
{
  GSource *source;
  EngineSource *self;
  int sockets[BYTESTAG_UDP_TRANSPORT_MAX_SOCKETS];
  guint n_sockets;

  g_return_val_if_fail (BYTESTAG_IS_UDP_TRANSPORT (transport), NULL);
  g_return_val_if_fail (BYTESTAG_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (BYTESTAG_IS_CLOCK (clock), NULL);

  source = g_source_new (&engine_source_funcs, sizeof (EngineSource));
  g_source_set_static_name (source, "[bytestag] engine");
  g_source_set_priority (source, BYTESTAG_PRIORITY_ENGINE);
  /* Otherwise GLib takes the sockets from its list for each dispatch, and allocates
   * when it puts them back. */
  g_source_set_can_recurse (source, TRUE);

  self = (EngineSource *) source;
  self->transport = g_object_ref (transport);
  self->engine = g_object_ref (engine);
  self->clock = g_object_ref (clock);

  n_sockets = bytestag_udp_transport_get_sockets (transport, sockets);
  for (guint i = 0; i < n_sockets; i++)
    g_source_add_unix_fd (source, sockets[i], G_IO_IN | G_IO_ERR);

  return source;
}

gint64
bytestag_engine_source_get_longest_turn (GSource *source)
{
  g_return_val_if_fail (source != NULL && source->source_funcs == &engine_source_funcs, 0);

  return ((EngineSource *) source)->longest_turn;
}
