/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/statistics.h"

#include <glib/gi18n-lib.h>

#include "client/common-words.h"

/* Counters reach the screen 4 times a second, whatever comes in meanwhile. */
#define REFRESH_INTERVAL_MS 250

typedef enum {
  UPTIME,
  CONTACTS,
  ROUND_TRIP_MEDIAN,
  ROUND_TRIP_P95,
  DATAGRAMS_RECEIVED,
  DATAGRAMS_SENT,
  BYTES_RECEIVED,
  BYTES_SENT,
  REQUESTS_SERVED,
  STORES_ACCEPTED,
  STORES_KEPT,
  STORES_WRONG,
  UPLOADS,
  VALUES_KEPT,
  BYTES_KEPT,
  PIECES_SHARED,
  PIECES_LOOKED_AT,
  LOOK_REQUESTS,
  COPIES_SENT,
  PROMISES_RENEWED,
  COPIES_CHECKED,
  CHECKS_FAILED,
  N_COUNTERS
} CounterNumber;

static const struct {
  const char *name;
  const char *label;
  BytestagCounterKind kind;
} descriptions[N_COUNTERS] = {
  [UPTIME] = { "uptime", N_("Running for"), BYTESTAG_COUNTER_SECONDS },
  [CONTACTS] = { "contacts", N_("Contacts"), BYTESTAG_COUNTER_NUMBER },
  [ROUND_TRIP_MEDIAN] = { "round-trip-median", N_("Round trip, median"), BYTESTAG_COUNTER_ROUND_TRIP },
  [ROUND_TRIP_P95] = { "round-trip-p95", N_("Round trip, 95 of 100 within"), BYTESTAG_COUNTER_ROUND_TRIP },
  [DATAGRAMS_RECEIVED] = { "datagrams-received", N_("Datagrams received"), BYTESTAG_COUNTER_NUMBER },
  [DATAGRAMS_SENT] = { "datagrams-sent", N_("Datagrams sent"), BYTESTAG_COUNTER_NUMBER },
  [BYTES_RECEIVED] = { "bytes-received", N_("Bytes received"), BYTESTAG_COUNTER_BYTES },
  [BYTES_SENT] = { "bytes-sent", N_("Bytes sent"), BYTESTAG_COUNTER_BYTES },
  [REQUESTS_SERVED] = { "requests-served", N_("Requests answered"), BYTESTAG_COUNTER_NUMBER },
  [STORES_ACCEPTED] = { "stores-accepted", N_("Offered values accepted"), BYTESTAG_COUNTER_NUMBER },
  [STORES_KEPT] = { "stores-kept", N_("Accepted values that arrived whole"), BYTESTAG_COUNTER_NUMBER },
  [STORES_WRONG] = { "stores-wrong", N_("Accepted values that arrived wrong"), BYTESTAG_COUNTER_NUMBER },
  [UPLOADS] = { "uploads", N_("Values sent"), BYTESTAG_COUNTER_NUMBER },
  [VALUES_KEPT] = { "values-kept", N_("Values kept for others"), BYTESTAG_COUNTER_NUMBER },
  [BYTES_KEPT] = { "bytes-kept", N_("Space they take"), BYTESTAG_COUNTER_BYTES },
  [PIECES_SHARED] = { "pieces-shared", N_("Pieces shared"), BYTESTAG_COUNTER_NUMBER },
  [PIECES_LOOKED_AT] = { "pieces-looked-at", N_("Pieces whose holders were asked"), BYTESTAG_COUNTER_NUMBER },
  [LOOK_REQUESTS] = { "look-requests", N_("Requests that this took"), BYTESTAG_COUNTER_NUMBER },
  [COPIES_SENT] = { "copies-sent", N_("Copies sent"), BYTESTAG_COUNTER_NUMBER },
  [PROMISES_RENEWED] = { "promises-renewed", N_("Promises renewed"), BYTESTAG_COUNTER_NUMBER },
  [COPIES_CHECKED] = { "copies-checked", N_("Copies checked"), BYTESTAG_COUNTER_NUMBER },
  [CHECKS_FAILED] = { "checks-failed", N_("Checked copies that were missing or wrong"), BYTESTAG_COUNTER_NUMBER },
};

struct _BytestagStatistics
{
  GObject parent_instance;

  BytestagNetwork *network;
  BytestagKvpTable *kept;
  BytestagPublisher *publisher;
  GMainContext *context;
  gint64 started_at; /* µs of the reactor's clock */

  GListStore *counters;
  GListStore *drops;
  guint places[BYTESTAG_N_DROPS]; /* in drops, plus 1; 0: not there */

  guint n_watching;
  GSource *source; /* (nullable) refreshes while somebody watches */
};

G_DEFINE_FINAL_TYPE (BytestagStatistics, bytestag_statistics, G_TYPE_OBJECT)

static void
stop_refreshing (BytestagStatistics *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
bytestag_statistics_dispose (GObject *object)
{
  BytestagStatistics *self = BYTESTAG_STATISTICS (object);

  stop_refreshing (self);
  g_clear_object (&self->network);
  g_clear_object (&self->publisher);
  g_clear_object (&self->kept);
  g_clear_object (&self->counters);
  g_clear_object (&self->drops);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (bytestag_statistics_parent_class)->dispose (object);
}

static void
bytestag_statistics_class_init (BytestagStatisticsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = bytestag_statistics_dispose;
}

static void
bytestag_statistics_init (BytestagStatistics *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->drops = g_list_store_new (BYTESTAG_TYPE_COUNTER);
  self->counters = g_list_store_new (BYTESTAG_TYPE_COUNTER);
  for (guint i = 0; i < N_COUNTERS; i++)
    {
      g_autoptr (BytestagCounter) counter =
        bytestag_counter_new (descriptions[i].name, _(descriptions[i].label), descriptions[i].kind);

      g_list_store_append (self->counters, counter);
    }
}

static gint64
get_now (BytestagStatistics *self)
{
  return bytestag_reactor_get_time (bytestag_network_get_reactor (self->network));
}

BytestagStatistics *
bytestag_statistics_new (BytestagNetwork   *network,
                         BytestagKvpTable  *kept,
                         BytestagPublisher *publisher)
{
  BytestagStatistics *self;

  g_return_val_if_fail (BYTESTAG_IS_NETWORK (network), NULL);
  g_return_val_if_fail (BYTESTAG_IS_KVP_TABLE (kept), NULL);
  g_return_val_if_fail (BYTESTAG_IS_PUBLISHER (publisher), NULL);

  self = g_object_new (BYTESTAG_TYPE_STATISTICS, NULL);
  self->network = g_object_ref (network);
  self->kept = g_object_ref (kept);
  self->publisher = g_object_ref (publisher);
  self->started_at = get_now (self);
  return self;
}

static void
set_counter (BytestagStatistics *self,
             CounterNumber       number,
             guint64             value)
{
  g_autoptr (BytestagCounter) counter = g_list_model_get_item (G_LIST_MODEL (self->counters), number);

  bytestag_counter_set_value (counter, (gint64) value);
}

/* What happened for the first time takes its place in the order of the reasons. */
static void
set_drop (BytestagStatistics *self,
          BytestagDrop        drop,
          guint64             count)
{
  g_autoptr (BytestagCounter) counter = NULL;
  guint place = 0;

  if (self->places[drop] > 0)
    {
      counter = g_list_model_get_item (G_LIST_MODEL (self->drops), self->places[drop] - 1);
      bytestag_counter_set_value (counter, (gint64) count);
      return;
    }
  if (count == 0)
    return;

  for (guint i = 0; i < BYTESTAG_N_DROPS; i++)
    {
      if (i < drop)
        place = MAX (place, self->places[i]);
      else if (self->places[i] > 0)
        self->places[i]++;
    }
  self->places[drop] = place + 1;
  counter = bytestag_counter_new (bytestag_drop_to_string (drop), bytestag_words_drop (drop), BYTESTAG_COUNTER_NUMBER);
  bytestag_counter_set_value (counter, (gint64) count);
  g_list_store_insert (self->drops, place, counter);
}

static void
set_kept (BytestagStatistics *self)
{
  guint n_values;
  guint64 n_bytes;

  g_object_get (self->kept, "n-values", &n_values, "n-bytes", &n_bytes, NULL);
  set_counter (self, VALUES_KEPT, n_values);
  set_counter (self, BYTES_KEPT, n_bytes);
}

static void
set_published (BytestagStatistics *self)
{
  const BytestagPublisherCounters *counts = bytestag_publisher_get_counters (self->publisher);

  set_counter (self, PIECES_SHARED, bytestag_publisher_get_n_pieces (self->publisher));
  set_counter (self, PIECES_LOOKED_AT, counts->n_looked);
  set_counter (self, LOOK_REQUESTS, counts->n_requests);
  set_counter (self, COPIES_SENT, counts->n_stored);
  set_counter (self, PROMISES_RENEWED, counts->n_renewed);
  set_counter (self, COPIES_CHECKED, counts->n_checked);
  set_counter (self, CHECKS_FAILED, counts->n_failed_checks);
}

void
bytestag_statistics_refresh (BytestagStatistics *self)
{
  const BytestagNetworkCounters *counts;

  g_return_if_fail (BYTESTAG_IS_STATISTICS (self));

  counts = bytestag_network_get_counters (self->network);
  set_counter (self, UPTIME, (guint64) (get_now (self) - self->started_at) / G_USEC_PER_SEC);
  set_counter (self, CONTACTS,
               bytestag_routing_table_get_num_contacts (bytestag_network_get_routing_table (self->network)));
  set_counter (self, ROUND_TRIP_MEDIAN, (guint64) bytestag_network_get_round_trip (self->network, 50));
  set_counter (self, ROUND_TRIP_P95, (guint64) bytestag_network_get_round_trip (self->network, 95));
  set_counter (self, DATAGRAMS_RECEIVED, counts->datagrams_received);
  set_counter (self, DATAGRAMS_SENT, counts->datagrams_sent);
  set_counter (self, BYTES_RECEIVED, counts->bytes_received);
  set_counter (self, BYTES_SENT, counts->bytes_sent);
  set_counter (self, REQUESTS_SERVED, counts->requests_served);
  set_counter (self, STORES_ACCEPTED, counts->stores_accepted);
  set_counter (self, STORES_KEPT, counts->stores_kept);
  set_counter (self, STORES_WRONG, counts->stores_wrong);
  set_counter (self, UPLOADS, counts->uploads);
  set_kept (self);
  set_published (self);

  for (guint drop = BYTESTAG_DROP_NONE + 1; drop < BYTESTAG_N_DROPS; drop++)
    set_drop (self, drop, counts->drops[drop]);
}

static gboolean
refresh_cb (gpointer user_data)
{
  bytestag_statistics_refresh (user_data);
  return G_SOURCE_CONTINUE;
}

void
bytestag_statistics_watch (BytestagStatistics *self)
{
  g_return_if_fail (BYTESTAG_IS_STATISTICS (self));

  bytestag_statistics_refresh (self);
  if (self->n_watching++ > 0)
    return;

  self->source = g_timeout_source_new (REFRESH_INTERVAL_MS);
  g_source_set_static_name (self->source, "bytestag-statistics");
  g_source_set_callback (self->source, refresh_cb, self, NULL);
  g_source_attach (self->source, self->context);
}

void
bytestag_statistics_unwatch (BytestagStatistics *self)
{
  g_return_if_fail (BYTESTAG_IS_STATISTICS (self));
  g_return_if_fail (self->n_watching > 0);

  if (--self->n_watching == 0)
    stop_refreshing (self);
}

GListModel *
bytestag_statistics_get_counters (BytestagStatistics *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STATISTICS (self), NULL);

  return G_LIST_MODEL (self->counters);
}

GListModel *
bytestag_statistics_get_drops (BytestagStatistics *self)
{
  g_return_val_if_fail (BYTESTAG_IS_STATISTICS (self), NULL);

  return G_LIST_MODEL (self->drops);
}

const char *
bytestag_statistics_describe (guint                 number,
                              const char          **label,
                              BytestagCounterKind  *kind)
{
  if (number >= N_COUNTERS)
    return NULL;

  *label = _(descriptions[number].label);
  *kind = descriptions[number].kind;
  return descriptions[number].name;
}
