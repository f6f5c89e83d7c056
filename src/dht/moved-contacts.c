/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* A contact whose id answers from another endpoint (B.5): it may have started again on
 * another port, or somebody claims its id. The one that we know is asked; it stays if it
 * answers, and otherwise gives its place at once. */

/* µs until it is asked once more, as one datagram may be lost, and from then until it is
 * taken to be gone: more than any round trip. */
#define PATIENCE G_USEC_PER_SEC
#define N_PINGS 2

typedef struct {
  BytestagNetwork *network; /* borrowed */
  BytestagNode *known;
  BytestagNode *claimant;   /* has answered */
  guint64 pings[N_PINGS];
  guint n_pings;
  BytestagTimer timer;
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  bytestag_reactor_disarm (move->network->reactor, &move->timer);
  for (guint i = 0; i < move->n_pings; i++)
    _bytestag_network_cancel_request (move->network, &move->pings[i]);
  g_object_unref (move->known);
  g_object_unref (move->claimant);
  g_free (move);
}

static void
end_move (Move     *move,
          gboolean  is_gone)
{
  BytestagNetwork *self = move->network;

  if (is_gone)
    {
      bytestag_node_failed (move->known);
      if (!bytestag_routing_table_move (self->routing_table, move->known, move->claimant))
        self->counters.drops[BYTESTAG_DROP_DIVERSITY]++;
    }
  g_ptr_array_remove_fast (self->moves, move);
}

static void
known_reply_cb (const BytestagMessage  *message,
                const BytestagEndpoint *from,
                gint64                  rtt,
                gpointer                user_data)
{
  Move *move = user_data;
  g_autoptr (BytestagNode) node = NULL;

  /* After a sleep of the computer a request may be over before the timer is. */
  if (message == NULL)
    return;

  node = _bytestag_network_answered (move->network, move->known, message, from, rtt);
  /* Another id there, or none, means that it is gone. */
  end_move (move, node == NULL || !bytestag_node_equal (node, move->known));
}

static void ask_known (gpointer user_data);

static void
late_cb (gpointer user_data)
{
  Move *move = user_data;

  if (move->n_pings < N_PINGS)
    ask_known (move);
  else
    end_move (move, TRUE);
}

static void
ask_known (gpointer user_data)
{
  Move *move = user_data;
  guint64 ping = _bytestag_network_send_ping_once (move->network, bytestag_node_get_endpoint (move->known),
                                                   known_reply_cb, move);

  if (ping == 0)
    {
      /* Who was not asked cannot have answered. */
      end_move (move, FALSE);
      return;
    }

  move->pings[move->n_pings++] = ping;
  bytestag_reactor_arm (move->network->reactor, &move->timer, PATIENCE, late_cb, move);
}

void
_bytestag_network_contact_claimed (BytestagNetwork *self,
                                   BytestagNode    *known,
                                   BytestagNode    *claimant)
{
  Move *move;

  if (self->moves->len >= BYTESTAG_LIMIT_MOVES)
    return;
  for (guint i = 0; i < self->moves->len; i++)
    {
      if (((Move *) self->moves->pdata[i])->known == known)
        return;
    }

  move = g_new0 (Move, 1);
  move->network = self;
  move->known = g_object_ref (known);
  move->claimant = g_object_ref (claimant);
  g_ptr_array_add (self->moves, move);
  ask_known (move);
}

void
_bytestag_network_init_moves (BytestagNetwork *self)
{
  self->moves = g_ptr_array_new_with_free_func (move_free);
}
