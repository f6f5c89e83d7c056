/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/byzantine.h"
#include "sim/population.h"
#include "sim/scenario.h"
#include "wire/json-keys.h"

/* One node under more than it can be asked to bear: the others still get their
 * answers, and what it sends to forged addresses harms nobody. */

#define SECOND G_GINT64_CONSTANT (1000000)
#define N_NODES 30
#define VICTIM 0

#define FLOOD_INTERVAL (SECOND / 1000)
#define PING_INTERVAL (SECOND / 5)
#define FLOOD_SECONDS 60

/* Addresses of the world at which nobody lives, each in a /24 of its own. */
#define FIRST_FORGED 1000
#define N_FORGED 5000

typedef struct {
  BytestagPopulation *population;
  BytestagEndpoint victim;
  BytestagCodec *codec;
  GBytes *bombs[2];
  gboolean is_over;
  guint n_sent;
  guint64 bytes_from_forged, bytes_to_forged;
  guint n_asked, n_answered;
} Flood;

static void
send_bytes (Flood                  *flood,
            const BytestagEndpoint *from,
            const guint8           *data,
            gsize                   length)
{
  bytestag_sim_send (flood->population->sim, from, &flood->victim, data, length);
}

/* The shortest request to the longest answer. */
static void
send_request (Flood                  *flood,
              const BytestagEndpoint *from,
              gsize                  *length)
{
  BytestagKey key;
  const guint8 *data;

  bytestag_key_random (&key, bytestag_sim_get_rng (flood->population->sim));
  bytestag_codec_begin (flood->codec);
  bytestag_codec_add_sender (flood->codec, NULL);
  bytestag_codec_add_string (flood->codec, BYTESTAG_JSON_RPC, BYTESTAG_JSON_RPC_FIND_NODE);
  bytestag_codec_add_key (flood->codec, BYTESTAG_JSON_KEY, &key);
  data = bytestag_codec_end (flood->codec, length);
  send_bytes (flood, from, data, *length);
}

/* One in ten is of a forged address, the others are requests and bombs of one host. */
static void
flood_cb (BytestagSim *sim,
          gpointer     user_data)
{
  Flood *flood = user_data;
  BytestagEndpoint from;
  gsize length;

  if (flood->is_over)
    return;

  if (flood->n_sent % 10 == 0)
    {
      bytestag_sim_make_address (FIRST_FORGED + bytestag_rng_range (bytestag_sim_get_rng (sim), N_FORGED), &from);
      send_request (flood, &from, &length);
      flood->bytes_from_forged += length;
    }
  else
    {
      GBytes *bomb = flood->bombs[flood->n_sent % 2];

      g_assert_true (bytestag_endpoint_set_host (&from, "11.0.0.1", -1, 4000));
      if (flood->n_sent % 10 == 1)
        send_bytes (flood, &from, g_bytes_get_data (bomb, NULL), g_bytes_get_size (bomb));
      else
        send_request (flood, &from, &length);
    }
  flood->n_sent++;
  bytestag_sim_call (sim, FLOOD_INTERVAL, flood_cb, flood);
}

static gboolean
nobody_cb (BytestagSim            *sim,
           const BytestagEndpoint *from,
           const BytestagEndpoint *to,
           const guint8           *data,
           gsize                   length,
           gpointer                user_data)
{
  Flood *flood = user_data;
  guint number;

  if (bytestag_sim_read_address (to, &number))
    flood->bytes_to_forged += length;
  return FALSE;
}

static void
pinged_cb (BytestagTask *task,
           Flood        *flood)
{
  flood->n_answered += bytestag_task_get_state (task) == BYTESTAG_TASK_DONE;
}

static void
ping_cb (BytestagSim *sim,
         gpointer     user_data)
{
  Flood *flood = user_data;
  guint index = 1 + bytestag_rng_range (bytestag_sim_get_rng (sim), N_NODES - 1);
  g_autoptr (BytestagPingTask) task = NULL;

  if (flood->is_over)
    return;

  task = bytestag_network_ping_address (bytestag_sim_get_node (sim, index), &flood->victim);
  g_signal_connect (task, "finished", G_CALLBACK (pinged_cb), flood);
  flood->n_asked++;
  bytestag_sim_call (sim, PING_INTERVAL, ping_cb, flood);
}

void
bytestag_scenario_flood (guint64              seed,
                         BytestagScenarioSize size,
                         GArray              *metrics)
{
  g_autoptr (BytestagPopulation) population = bytestag_population_new (seed, N_NODES);
  BytestagSim *sim = population->sim;
  Flood flood = {
    .population = population,
    .codec = bytestag_codec_new (),
    .bombs = { bytestag_byzantine_make_deep_bomb (), bytestag_byzantine_make_wide_bomb () },
  };

  g_assert_true (bytestag_sim_join_all (sim, 60 * SECOND));
  bytestag_sim_get_address (sim, VICTIM, &flood.victim);
  bytestag_sim_set_nobody_func (sim, nobody_cb, &flood);
  bytestag_sim_call (sim, FLOOD_INTERVAL, flood_cb, &flood);
  bytestag_sim_call (sim, PING_INTERVAL, ping_cb, &flood);
  bytestag_sim_run (sim, FLOOD_SECONDS * SECOND);
  flood.is_over = TRUE;
  bytestag_sim_run (sim, 20 * SECOND);

  bytestag_metrics_add (metrics, "pings of others answered, %", 100.0 * flood.n_answered / flood.n_asked,
                        BYTESTAG_AT_LEAST, 99);
  bytestag_metrics_add (metrics, "bytes to forged addresses for each from there",
                        (gdouble) flood.bytes_to_forged / (gdouble) flood.bytes_from_forged, BYTESTAG_AT_MOST, 3);

  bytestag_codec_free (flood.codec);
  for (guint i = 0; i < G_N_ELEMENTS (flood.bombs); i++)
    g_bytes_unref (flood.bombs[i]);
}
