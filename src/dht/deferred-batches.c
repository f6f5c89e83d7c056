/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "dht/network-private.h"

/* A batch (B.3) of who has not answered us yet: it gets none of what it asks for, so it is
 * pinged, and its answer waits for the ping to come back. Otherwise it would have to ask again.
 * Without a proof it is answered late, and as anybody is. */

/* µs: what nodes on the other side of the earth need, and less than an asker waits. */
#define PATIENCE (400 * 1000)
/* Text of the keys; of BYTESTAG_LIMIT_KEYS_OF_REQUEST there are 1,024 bytes as ours write them. */
#define MAX_KEYS_TEXT 2048

typedef struct {
  BytestagNetwork *network; /* borrowed */
  BytestagEndpoint from;
  BytestagMessage request;  /* its slices are the two below, or nothing */
  BytestagTimer timer;
  char seq_id[BYTESTAG_LIMIT_ECHOED_ID];
  char keys[MAX_KEYS_TEXT];
} Deferred;

static void
deferred_free (gpointer data)
{
  Deferred *deferred = data;

  bytestag_reactor_disarm (deferred->network->reactor, &deferred->timer);
  g_free (deferred);
}

static void
late_cb (gpointer user_data)
{
  Deferred *deferred = user_data;
  BytestagNetwork *network = deferred->network;

  /* The ping was a part of what it may be sent (B.5). */
  deferred->request.datagram_length -= MIN (deferred->request.datagram_length,
                                            BYTESTAG_PING_BYTES / BYTESTAG_LIMIT_AMPLIFICATION + 1);
  _bytestag_network_answer_find_value (network, &deferred->from, &deferred->request);
  g_ptr_array_remove (network->deferred, deferred);
}

gboolean
_bytestag_network_defer_batch (BytestagNetwork        *self,
                               const BytestagEndpoint *from,
                               const BytestagMessage  *request)
{
  Deferred *deferred;

  if (request->keys.text == NULL || request->keys.length > MAX_KEYS_TEXT ||
      request->seq_id.length > BYTESTAG_LIMIT_ECHOED_ID || self->deferred->len >= BYTESTAG_LIMIT_DEFERRED_BATCHES ||
      request->extensions < 0 || (request->extensions & BYTESTAG_EXTENSION_PROMISES) == 0 ||
      _bytestag_network_is_proven (self, request, from) || !_bytestag_network_wants_proof (self, request, from))
    return FALSE;

  deferred = g_new0 (Deferred, 1);
  deferred->network = self;
  deferred->from = *from;
  memcpy (deferred->keys, request->keys.text, request->keys.length);
  if (request->seq_id.text != NULL)
    memcpy (deferred->seq_id, request->seq_id.text, request->seq_id.length);
  deferred->request = (BytestagMessage) {
    .datagram_length = request->datagram_length,
    .kind = request->kind,
    .rpc = request->rpc,
    .node_id_member = request->node_id_member,
    .key_member = request->key_member,
    .index_member = request->index_member,
    .node_id = request->node_id,
    .key = request->key,
    .index = request->index,
    .extensions = request->extensions,
    .seq_id = { request->seq_id.text != NULL ? deferred->seq_id : NULL, request->seq_id.length },
    .keys = { deferred->keys, request->keys.length },
  };
  g_ptr_array_add (self->deferred, deferred);
  bytestag_reactor_arm (self->reactor, &deferred->timer, PATIENCE, late_cb, deferred);
  return TRUE;
}

void
_bytestag_network_answer_deferred (BytestagNetwork        *self,
                                   const BytestagEndpoint *from)
{
  for (guint i = self->deferred->len; i > 0; i--)
    {
      Deferred *deferred = self->deferred->pdata[i - 1];

      if (!bytestag_endpoint_equal (&deferred->from, from))
        continue;
      _bytestag_network_answer_find_value (self, from, &deferred->request);
      g_ptr_array_remove_index_fast (self->deferred, i - 1);
    }
}

void
_bytestag_network_init_deferred (BytestagNetwork *self)
{
  self->deferred = g_ptr_array_new_with_free_func (deferred_free);
}
