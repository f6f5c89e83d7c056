/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "io/engine-source.h"

#include "core/limits.h"
#include "core/reactor.h"
#include "io/system-clock.h"
#include "support/test-clock.h"
#include "support/test-rng.h"

/* The smallest engine: counts, and ticks a reactor. */
#define TYPE_COUNTER (counter_get_type ())
G_DECLARE_FINAL_TYPE (Counter, counter, TEST, COUNTER, GObject)

struct _Counter
{
  GObject parent_instance;
  BytestagReactor *reactor;
  guint n_received;
  guint n_received_at_tick; /* most between two ticks */
  guint n_received_since_tick;
  guint n_ticks;
  gint64 work; /* µs that each datagram costs */
  GSource *destroy_source; /* at the first datagram */
  /* (nullable) sends each datagram back, and one more at each tick. */
  BytestagTransport *echo;
  BytestagEndpoint echo_to;
  BytestagUdpTransport *echo_peer; /* at echo_to */
  guint n_early;                   /* datagrams that it got before the turn was over */
  GMainContext *nested; /* (nullable) is iterated at each datagram */
};

static void counter_engine_init (BytestagEngineInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (Counter, counter, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_ENGINE, counter_engine_init))

static void
counter_receive (BytestagEngine *engine, const BytestagEndpoint *from, const guint8 *data, gsize length)
{
  Counter *self = TEST_COUNTER (engine);
  gint64 end = g_get_monotonic_time () + self->work;

  self->n_received++;
  if (self->nested != NULL)
    g_main_context_iteration (self->nested, FALSE);
  self->n_received_since_tick++;
  while (self->work > 0 && g_get_monotonic_time () < end)
    continue;

  if (self->echo != NULL)
    bytestag_transport_send (self->echo, &self->echo_to, data, length);
  if (self->destroy_source != NULL)
    g_source_destroy (self->destroy_source);
}

static void
counter_tick (BytestagEngine *engine)
{
  Counter *self = TEST_COUNTER (engine);

  self->n_ticks++;
  self->n_received_at_tick = MAX (self->n_received_at_tick, self->n_received_since_tick);
  self->n_received_since_tick = 0;
  if (self->echo != NULL)
    {
      BytestagEndpoint from;
      const guint8 *data;
      gsize length;

      self->n_early += bytestag_udp_transport_receive (self->echo_peer, &from, &data, &length);
      bytestag_transport_send (self->echo, &self->echo_to, (const guint8 *) "tick", 4);
    }
  bytestag_reactor_tick (self->reactor);
}

static gint64
counter_get_deadline (BytestagEngine *engine)
{
  return bytestag_reactor_get_deadline (TEST_COUNTER (engine)->reactor);
}

static void
counter_engine_init (BytestagEngineInterface *iface)
{
  iface->receive = counter_receive;
  iface->tick = counter_tick;
  iface->get_deadline = counter_get_deadline;
}

static void
counter_dispose (GObject *object)
{
  g_clear_object (&TEST_COUNTER (object)->reactor);

  G_OBJECT_CLASS (counter_parent_class)->dispose (object);
}

static void
counter_class_init (CounterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = counter_dispose;
}

static void
counter_init (Counter *self)
{
}

typedef struct
{
  GMainContext *context;
  BytestagClock *clock;
  BytestagUdpTransport *transport;
  BytestagEndpoint address;
  Counter *counter;
  GSource *source;
} Fixture;

static void
set_up_with_clock (Fixture *fixture, BytestagClock *clock)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (GError) error = NULL;

  fixture->context = g_main_context_new ();
  fixture->clock = clock;
  fixture->transport = bytestag_udp_transport_new ("127.0.0.1", 0, &error);
  g_assert_no_error (error);
  bytestag_transport_get_address (BYTESTAG_TRANSPORT (fixture->transport), &fixture->address);
  fixture->counter = g_object_new (TYPE_COUNTER, NULL);
  fixture->counter->reactor = bytestag_reactor_new (clock, BYTESTAG_RNG (rng));
  fixture->source = bytestag_engine_source_new (fixture->transport, BYTESTAG_ENGINE (fixture->counter), clock);
  g_source_attach (fixture->source, fixture->context);
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  set_up_with_clock (fixture, BYTESTAG_CLOCK (bytestag_system_clock_new ()));
}

static void
set_up_virtual (Fixture *fixture, gconstpointer user_data)
{
  set_up_with_clock (fixture, BYTESTAG_CLOCK (bytestag_test_clock_new ()));
}

/* The source lets go of all that it held. */
static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_source_destroy (fixture->source);
  g_source_unref (fixture->source);
  g_main_context_unref (fixture->context);
  g_assert_finalize_object (fixture->counter);
  g_assert_finalize_object (fixture->transport);
  g_assert_finalize_object (fixture->clock);
}

/* To itself: loopback has it in the socket's buffer before sendto() returns. */
static void
send_datagrams (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_true (bytestag_transport_send (BYTESTAG_TRANSPORT (fixture->transport), &fixture->address,
                                            (const guint8 *) "x", 1));
}

static void
fired_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static void
test_receives (Fixture *fixture, gconstpointer user_data)
{
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
  send_datagrams (fixture, 3);
  /* In one turn, or in some where this thread has to wait for its processor. */
  while (fixture->counter->n_received < 3)
    g_assert_true (g_main_context_iteration (fixture->context, TRUE));
  g_assert_cmpuint (fixture->counter->n_received, ==, 3);
  g_assert_cmpuint (fixture->counter->n_ticks, >=, 1);
  g_assert_cmpuint (fixture->counter->n_ticks, <=, 3);
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
  g_assert_cmpint (bytestag_engine_source_get_longest_turn (fixture->source), >=, 0);
}

static void
test_limit_datagrams_of_turn (Fixture *fixture, gconstpointer user_data)
{
  const guint n_sent = BYTESTAG_LIMIT_DATAGRAMS_OF_TURN * 2 + 1;

  send_datagrams (fixture, n_sent);
  while (g_main_context_iteration (fixture->context, FALSE))
    continue;

  g_assert_cmpuint (fixture->counter->n_received, ==, n_sent);
  g_assert_cmpuint (fixture->counter->n_received_at_tick, <=, BYTESTAG_LIMIT_DATAGRAMS_OF_TURN);
  g_assert_cmpuint (fixture->counter->n_ticks, >=, 3);
}

/* Datagrams that cost as much as a turn has for them come one a turn, also those that one read
 * took from the socket together: no poll tells of them. */
static void
test_limit_receiving (Fixture *fixture, gconstpointer user_data)
{
  fixture->counter->work = BYTESTAG_LIMIT_RECEIVING_US;
  send_datagrams (fixture, 3);
  for (guint i = 1; i <= 3; i++)
    {
      g_assert_true (g_main_context_iteration (fixture->context, FALSE));
      g_assert_cmpuint (fixture->counter->n_received, ==, i);
      g_assert_cmpuint (fixture->counter->n_ticks, ==, i);
    }
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
  g_assert_cmpint (bytestag_engine_source_get_longest_turn (fixture->source), >=, BYTESTAG_LIMIT_RECEIVING_US);
}

/* A deadline wakes a loop that has nothing else to do. */
static void
test_deadline (Fixture *fixture, gconstpointer user_data)
{
  BytestagTimer timer = { 0 };
  gboolean fired = FALSE;
  gint64 start = bytestag_clock_get_time (fixture->clock);

  bytestag_reactor_arm (fixture->counter->reactor, &timer, 5000, fired_cb, &fired);
  while (!fired)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpint (bytestag_clock_get_time (fixture->clock), >=, start + 5000);
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
}

static void
test_deadline_of_engine_clock (Fixture *fixture, gconstpointer user_data)
{
  BytestagTimer timer = { 0 };
  gboolean fired = FALSE;

  bytestag_reactor_arm (fixture->counter->reactor, &timer, 3600 * (gint64) G_USEC_PER_SEC, fired_cb, &fired);
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
  bytestag_test_clock_advance (BYTESTAG_TEST_CLOCK (fixture->clock), 3600 * (gint64) G_USEC_PER_SEC - 1);
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
  g_assert_false (fired);
  bytestag_test_clock_advance (BYTESTAG_TEST_CLOCK (fixture->clock), 1);
  g_assert_true (g_main_context_iteration (fixture->context, FALSE));
  g_assert_true (fired);
}

/* What is posted outside of a turn is run without waiting for a datagram. */
static void
test_event (Fixture *fixture, gconstpointer user_data)
{
  gboolean fired = FALSE;

  bytestag_reactor_post (fixture->counter->reactor, fired_cb, &fired, NULL);
  g_assert_true (g_main_context_iteration (fixture->context, TRUE));
  g_assert_true (fired);
}

static void
test_priority (Fixture *fixture, gconstpointer user_data)
{
  /* GDK_PRIORITY_REDRAW */
  g_assert_cmpint (g_source_get_priority (fixture->source), >, G_PRIORITY_HIGH_IDLE + 20);
  g_assert_cmpint (g_source_get_priority (fixture->source), <, G_PRIORITY_DEFAULT_IDLE);
}

/* The engine's user may stop everything from inside. */
static void
test_destroyed_in_dispatch (Fixture *fixture, gconstpointer user_data)
{
  fixture->counter->destroy_source = fixture->source;
  send_datagrams (fixture, 3);
  g_assert_true (g_main_context_iteration (fixture->context, TRUE));
  g_assert_cmpuint (fixture->counter->n_received, ==, 1);
  g_assert_cmpuint (fixture->counter->n_ticks, ==, 0);
  g_assert_false (g_main_context_iteration (fixture->context, FALSE));
}

/* What an engine sends in a turn leaves together, in order, when the turn is over, also
 * when it is the last one. */
static void
check_sent (Fixture *fixture, gboolean last)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagUdpTransport) peer = bytestag_udp_transport_new ("127.0.0.1", 0, &error);
  BytestagEndpoint from;
  const guint8 *data;
  gsize length;

  g_assert_no_error (error);
  bytestag_transport_get_address (BYTESTAG_TRANSPORT (peer), &fixture->counter->echo_to);
  fixture->counter->echo = BYTESTAG_TRANSPORT (fixture->transport);
  fixture->counter->echo_peer = peer;
  if (last)
    fixture->counter->destroy_source = fixture->source;
  send_datagrams (fixture, 3);
  g_assert_true (g_main_context_iteration (fixture->context, TRUE));

  g_assert_cmpuint (fixture->counter->n_early, ==, 0);
  for (guint i = 0; i < (last ? 1 : 3); i++)
    {
      g_assert_true (bytestag_udp_transport_receive (peer, &from, &data, &length));
      g_assert_cmpmem (data, length, "x", 1);
    }
  if (!last)
    {
      g_assert_true (bytestag_udp_transport_receive (peer, &from, &data, &length));
      g_assert_cmpmem (data, length, "tick", 4);
    }
  g_assert_false (bytestag_udp_transport_receive (peer, &from, &data, &length));

  /* Between turns nothing is held. */
  bytestag_transport_send (BYTESTAG_TRANSPORT (fixture->transport), &fixture->counter->echo_to,
                           (const guint8 *) "late", 4);
  g_assert_true (bytestag_udp_transport_receive (peer, &from, &data, &length));
  g_assert_cmpmem (data, length, "late", 4);
}

static void
test_sent (Fixture *fixture, gconstpointer user_data)
{
  check_sent (fixture, FALSE);
}

static void
test_sent_in_last_turn (Fixture *fixture, gconstpointer user_data)
{
  check_sent (fixture, TRUE);
}

/* A loop within a turn gets neither datagrams nor ticks: the one that is being read
 * would go. */
static void
test_nested (Fixture *fixture, gconstpointer user_data)
{
  fixture->counter->nested = fixture->context;
  send_datagrams (fixture, 3);
  /* In one turn, or in some where this thread has to wait for its processor. */
  while (fixture->counter->n_received < 3)
    g_assert_true (g_main_context_iteration (fixture->context, TRUE));
  g_assert_cmpuint (fixture->counter->n_received, ==, 3);
  g_assert_cmpuint (fixture->counter->n_ticks, >=, 1);
  g_assert_cmpuint (fixture->counter->n_ticks, <=, 3);
}

#define ADD(name, set_up, test) \
  g_test_add ("/io/engine-source/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("receives", set_up, test_receives);
  ADD ("limit-datagrams-of-turn", set_up, test_limit_datagrams_of_turn);
  ADD ("limit-receiving", set_up, test_limit_receiving);
  ADD ("deadline", set_up, test_deadline);
  ADD ("deadline-of-engine-clock", set_up_virtual, test_deadline_of_engine_clock);
  ADD ("event", set_up, test_event);
  ADD ("priority", set_up, test_priority);
  ADD ("destroyed-in-dispatch", set_up, test_destroyed_in_dispatch);
  ADD ("nested", set_up, test_nested);
  ADD ("sent", set_up, test_sent);
  ADD ("sent-in-last-turn", set_up, test_sent_in_last_turn);

  return g_test_run ();
}
