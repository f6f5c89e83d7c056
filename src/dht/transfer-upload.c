/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "dht/network-private.h"

/* The sending side of a transfer (A.1.5): stop and wait, then one end. A peer of
 * ours knows a chunk again by its seq_id, so it may be sent as often as need be;
 * an original appends whatever comes, so each chunk goes to it once (A.2, 3). */

/* A chunk to a peer of ours is sent again after so many µs, then after twice as
 * many, within what the reply table waits. */
#define RESEND_FIRST (1000 * 1000)
#define RESEND_MIN (250 * 1000)

/* Chunks to peers of ours, which take any length (A.1.5): as many bytes of a value as a datagram
 * that no network cuts into fragments carries (B.1), and, where packets hardly get lost and
 * round trips and time are all that counts, what one carries that a receiver still takes, with
 * the longest transfer id, and not compressed. */
#define CHUNK_TO_OURS 1090
#define CHUNK_NEARBY 5700

struct _BytestagUpload
{
  BytestagNetwork *network; /* borrowed */
  BytestagEndpoint to;
  char *transfer;
  gsize transfer_length;
  GBytes *bytes;
  gboolean is_ours;
  BytestagUploadFunc func;
  gpointer user_data;

  BytestagTimer timer; /* the start, then each resending */
  gint64 resend_delay;
  gint64 rtt; /* smoothed, µs; 0: not measured */

  gint64 started_at;
  guint64 handle; /* of the chunk in flight */
  BytestagKey chunk_id;
  gsize chunk_size;
  gsize offset; /* of the chunk in flight */
  gsize n_acked;
  guint n_unacked; /* in a row */
  gboolean resent;
  gboolean end_sent;
};

static gboolean send_chunk (BytestagUpload *self);
static gboolean send_next (BytestagUpload *self);

static BytestagSlice
get_transfer (const BytestagUpload *self)
{
  return (BytestagSlice) { self->transfer, self->transfer_length };
}

static gsize
get_chunk_length (const BytestagUpload *self)
{
  return MIN (g_bytes_get_size (self->bytes) - self->offset, self->chunk_size);
}

static const guint8 *
get_chunk (const BytestagUpload *self)
{
  return (const guint8 *) g_bytes_get_data (self->bytes, NULL) + self->offset;
}

static gsize
choose_chunk_size (BytestagNetwork        *network,
                   const BytestagEndpoint *to,
                   gboolean                is_ours)
{
  if (!is_ours)
    return BYTESTAG_CHUNK_SIZE;

  /* A long chunk would keep others waiting for their turn. */
  if (!bytestag_endpoint_is_private (to) || network->upload_limit > 0 ||
      bytestag_endpoint_cache_peek (network->short_chunks, to) != NULL)
    return CHUNK_TO_OURS;
  return CHUNK_NEARBY;
}

/* Not one long chunk was acked: fragments may not get through. The upload cannot go on with
 * shorter ones, since the receiver may have taken what was sent; the next one does. */
static void
note_failure (BytestagUpload *self)
{
  if (self->chunk_size == CHUNK_NEARBY && self->n_acked == 0 && self->n_unacked > 0)
    bytestag_endpoint_cache_use (self->network->short_chunks, &self->to, NULL);
}

/* Sent exactly once, and nothing after it (A.2, 2); also by an upload that gives
 * up, so that the peer need not wait. */
static void
end_upload (BytestagUpload *self)
{
  BytestagSlice transfer = get_transfer (self);

  bytestag_reactor_disarm (self->network->reactor, &self->timer);
  _bytestag_network_forget_upload (self->network, self);
  self->end_sent = TRUE;
  _bytestag_network_send_end (self->network, &self->to, &transfer);
  self->func (self, TRUE, self->user_data);
}

/* Too many chunks without an ack, or acks so late that they only hold the place. */
static gboolean
has_given_up (const BytestagUpload *self)
{
  guint max_unacked = self->is_ours ? BYTESTAG_LIMIT_UNACKED_CHUNKS : BYTESTAG_LIMIT_UNACKED_CHUNKS_TO_ORIGINAL;
  gint64 age = bytestag_reactor_get_time (self->network->reactor) - self->started_at;

  return self->n_unacked >= max_unacked || age > _bytestag_transfer_get_allowance (self->offset);
}

static void
measure (BytestagUpload *self,
         gint64          rtt)
{
  /* After a resending nobody knows which of the two was acked. */
  if (rtt < 0 || self->resent)
    return;

  self->rtt = self->rtt == 0 ? MAX (rtt, 1) : (7 * self->rtt + rtt) / 8;
}

static void
ack_cb (const BytestagMessage  *message,
        const BytestagEndpoint *from,
        gint64                  rtt,
        gpointer                user_data)
{
  BytestagUpload *self = user_data;
  BytestagSlice transfer = get_transfer (self);

  self->handle = 0;
  /* Nothing is sent again while the next chunk waits for its turn. */
  bytestag_reactor_disarm (self->network->reactor, &self->timer);

  if (message == NULL)
    {
      self->n_unacked++;
      /* To an original: it was most likely taken, and the ack is lost. */
      if (!self->is_ours)
        self->offset += get_chunk_length (self);
    }
  else
    {
      measure (self, rtt);
      self->n_unacked = 0;
      /* An ack of another transfer delivers the chunk, but does not count. */
      if (bytestag_slice_equal (&message->xfer_id, &transfer))
        self->n_acked += get_chunk_length (self);
      self->offset += get_chunk_length (self);
    }

  note_failure (self);
  /* The owner comes last: it may free the upload. */
  if (has_given_up (self) || self->offset == g_bytes_get_size (self->bytes) || !send_next (self))
    end_upload (self);
  else if (message != NULL)
    self->func (self, FALSE, self->user_data);
}

static void
resend_cb (gpointer user_data)
{
  BytestagUpload *self = user_data;
  BytestagSlice transfer = get_transfer (self);

  self->resent = TRUE;
  self->network->counters.bytes_uploaded += get_chunk_length (self);
  _bytestag_network_resend_chunk (self->network, &self->to, &transfer, &self->chunk_id,
                                  get_chunk (self), get_chunk_length (self));
  self->resend_delay *= 2;
  bytestag_reactor_arm (self->network->reactor, &self->timer, self->resend_delay, resend_cb, self);
}

/* FALSE when it could not be sent. */
static gboolean
send_chunk (BytestagUpload *self)
{
  BytestagSlice transfer = get_transfer (self);

  /* A chunk that is tried again keeps its id. */
  if (self->n_unacked == 0 || !self->is_ours)
    bytestag_reply_table_make_id (self->network->replies, &self->chunk_id);

  self->resent = self->n_unacked > 0 && self->is_ours;
  self->handle = _bytestag_network_send_chunk (self->network, &self->to, &transfer, &self->chunk_id,
                                               get_chunk (self), get_chunk_length (self), !self->is_ours,
                                               ack_cb, self);
  if (self->handle == 0)
    return FALSE;

  self->network->counters.bytes_uploaded += get_chunk_length (self);
  if (self->is_ours)
    {
      self->resend_delay = self->rtt > 0 ? MAX (4 * self->rtt, RESEND_MIN) : RESEND_FIRST;
      bytestag_reactor_arm (self->network->reactor, &self->timer, self->resend_delay, resend_cb, self);
    }
  return TRUE;
}

/* The same, when its turn comes. */
static gboolean
send_next (BytestagUpload *self)
{
  return !_bytestag_network_take_upload (self->network, self, get_chunk_length (self)) || send_chunk (self);
}

void
_bytestag_upload_go_on (BytestagUpload *self)
{
  if (!send_chunk (self))
    end_upload (self);
}

gsize
_bytestag_upload_get_next_length (const BytestagUpload *self)
{
  return get_chunk_length (self);
}

static void
start_cb (gpointer user_data)
{
  BytestagUpload *self = user_data;

  self->started_at = bytestag_reactor_get_time (self->network->reactor);
  /* An empty value is its end alone. */
  if (g_bytes_get_size (self->bytes) == 0 || !send_next (self))
    end_upload (self);
}

BytestagUpload *
_bytestag_upload_new (BytestagNetwork        *network,
                      const BytestagEndpoint *to,
                      const BytestagSlice    *transfer,
                      GBytes                 *bytes,
                      gboolean                is_ours,
                      gint64                  delay,
                      BytestagUploadFunc      func,
                      gpointer                user_data)
{
  BytestagUpload *self = g_new0 (BytestagUpload, 1);

  self->network = network;
  self->to = *to;
  self->transfer = g_memdup2 (transfer->text, transfer->length);
  self->transfer_length = transfer->length;
  self->bytes = g_bytes_ref (bytes);
  self->is_ours = is_ours;
  self->chunk_size = choose_chunk_size (network, to, is_ours);
  self->func = func;
  self->user_data = user_data;
  bytestag_reactor_arm (network->reactor, &self->timer, delay, start_cb, self);
  return self;
}

void
_bytestag_upload_free (BytestagUpload *self)
{
  bytestag_reactor_disarm (self->network->reactor, &self->timer);
  _bytestag_network_forget_upload (self->network, self);
  _bytestag_network_cancel_request (self->network, &self->handle);
  g_bytes_unref (self->bytes);
  g_free (self->transfer);
  g_free (self);
}

gsize
_bytestag_upload_get_n_acked (const BytestagUpload *self)
{
  return self->n_acked;
}

gboolean
_bytestag_upload_is_complete (const BytestagUpload *self)
{
  return self->end_sent && self->n_acked == g_bytes_get_size (self->bytes);
}

/* Answers to getval: uploads that the network itself owns. */

typedef struct {
  BytestagNetwork *network; /* borrowed; a reference while the table reads */
  BytestagEndpoint to;
  char *transfer;
  gsize transfer_length;
  gint64 offset;
  gboolean is_ours;
  BytestagKvpId id;
  BytestagTimer proof_timer; /* armed while its receiver has yet to prove its address */
  gboolean reading;
  GBytes *value; /* NULL until the table has read */
  BytestagUpload *upload; /* NULL until the table has read */
} ServedValue;

static void
served_value_free (ServedValue *served)
{
  bytestag_reactor_disarm (served->network->reactor, &served->proof_timer);
  g_clear_pointer (&served->upload, _bytestag_upload_free);
  g_clear_pointer (&served->value, g_bytes_unref);
  g_free (served->transfer);
  g_free (served);
}

static void
served_value_remove (ServedValue *served)
{
  g_ptr_array_remove_fast (served->network->uploads, served);
  served_value_free (served);
}

static void
served_cb (BytestagUpload *upload,
           gboolean        ended,
           gpointer        user_data)
{
  if (ended)
    served_value_remove (user_data);
}

/* Python's slice: negative offsets count from the end, and none is too large. */
static gsize
resolve_offset (gint64 offset,
                gsize  size)
{
  if (offset < 0)
    return offset < -(gint64) size ? 0 : size - (gsize) -offset;
  return MIN ((gsize) offset, size);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  ServedValue *served = user_data;
  g_autoptr (BytestagNetwork) network = served->network;
  g_autoptr (GBytes) rest = NULL;
  gsize offset;

  served->reading = FALSE;

  /* No word for it in the protocol: silence is "no value". */
  if (value == NULL || network->replies == NULL)
    {
      served_value_remove (served);
      return;
    }

  offset = resolve_offset (served->offset, g_bytes_get_size (value));
  rest = g_bytes_new_from_bytes (value, offset, g_bytes_get_size (value) - offset);
  network->counters.uploads++;
  served->value = g_bytes_ref (value);
  served->upload = _bytestag_upload_new (network, &served->to,
                                         &(BytestagSlice) { served->transfer, served->transfer_length }, rest,
                                         served->is_ours, 0, served_cb, served);
}

/* (transfer full) (nullable) the value, when it goes out to somebody else now. */
static GBytes *
find_value (BytestagNetwork     *self,
            const BytestagKvpId *id)
{
  for (guint i = 0; i < self->uploads->len; i++)
    {
      const ServedValue *other = self->uploads->pdata[i];

      if (other->value != NULL && bytestag_kvp_id_compare (&other->id, id) == 0)
        return g_bytes_ref (other->value);
    }
  return NULL;
}

static void
start_reading (ServedValue *served)
{
  /* However many ask for one part, it is in memory once. */
  g_autoptr (GBytes) value = find_value (served->network, &served->id);

  g_object_ref (served->network);
  served->reading = TRUE;
  if (value != NULL)
    {
      read_cb (value, NULL, served);
      return;
    }
  bytestag_kvp_table_read (served->network->table, &served->id, read_cb, served);
}

static void
unproven_cb (gpointer user_data)
{
  ServedValue *served = user_data;

  served->network->counters.drops[BYTESTAG_DROP_UNPROVEN]++;
  served_value_remove (served);
}

void
_bytestag_network_serve_proven (BytestagNetwork        *self,
                                const BytestagEndpoint *to)
{
  /* From the end: one that cannot be read goes at once, and the last takes its place. */
  for (guint i = self->uploads->len; i > 0; i--)
    {
      ServedValue *served = self->uploads->pdata[i - 1];

      if (!bytestag_timer_is_armed (&served->proof_timer) || !bytestag_endpoint_equal (&served->to, to))
        continue;
      bytestag_reactor_disarm (self->reactor, &served->proof_timer);
      start_reading (served);
    }
}

static guint
count_to_host (BytestagNetwork        *self,
               const BytestagEndpoint *to)
{
  guint n = 0;

  for (guint i = 0; i < self->uploads->len; i++)
    n += bytestag_endpoint_same_host (&((const ServedValue *) self->uploads->pdata[i])->to, to);

  return n;
}

/* All places are taken, which four addresses can do by asking and falling silent: one that
 * waits for a proof gives way to anybody, one of who has more places to who has proven its
 * address. Which one is by chance: whoever has most is met most often. */
static gboolean
make_place (BytestagNetwork        *self,
            const BytestagEndpoint *to,
            gboolean                is_proven)
{
  guint n = self->uploads->len;
  guint first = bytestag_rng_range (bytestag_reactor_get_rng (self->reactor), n);
  ServedValue *met = self->uploads->pdata[first];

  for (guint i = 0; i < n; i++)
    {
      ServedValue *served = self->uploads->pdata[(first + i) % n];

      if (bytestag_timer_is_armed (&served->proof_timer))
        {
          unproven_cb (served);
          return TRUE;
        }
    }

  if (!is_proven || met->upload == NULL || count_to_host (self, &met->to) <= count_to_host (self, to) + 1)
    return FALSE;

  end_upload (met->upload);
  return TRUE;
}

/* Whether this getval may be answered: a copy of one that is, is not. */
static BytestagDrop
check_place (BytestagNetwork        *self,
             const BytestagEndpoint *to,
             const BytestagSlice    *transfer,
             gboolean                is_proven)
{
  guint n_to_address = 0, n_unproven = 0, max_uploads = _bytestag_network_get_max_uploads (self);

  for (guint i = 0; i < self->uploads->len; i++)
    {
      const ServedValue *served = self->uploads->pdata[i];

      n_unproven += bytestag_timer_is_armed (&served->proof_timer);
      if (!bytestag_endpoint_same_host (&served->to, to))
        continue;
      if (bytestag_endpoint_equal (&served->to, to) && served->transfer_length == transfer->length &&
          memcmp (served->transfer, transfer->text, transfer->length) == 0)
        return BYTESTAG_DROP_UNMATCHED;
      n_to_address++;
    }

  if (n_to_address >= BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS ||
      (!is_proven && n_unproven >= BYTESTAG_LIMIT_UNPROVEN_UPLOADS) ||
      (self->uploads->len >= max_uploads && !make_place (self, to, is_proven)))
    return BYTESTAG_DROP_RATE;
  return BYTESTAG_DROP_NONE;
}

BytestagDrop
_bytestag_network_serve_value (BytestagNetwork        *self,
                               const BytestagEndpoint *to,
                               const BytestagMessage  *message)
{
  BytestagKvpId id = { message->key, message->index };
  BytestagDrop drop;
  ServedValue *served;
  gboolean is_proven;

  if (message->key_member != BYTESTAG_MEMBER_VALID || message->index_member != BYTESTAG_MEMBER_VALID ||
      message->xferid.text == NULL || !bytestag_slice_is_scalar (&message->xferid) ||
      (message->xferid.length == 4 && memcmp (message->xferid.text, "null", 4) == 0) ||
      (message->has_valofs && !message->valofs_valid))
    return BYTESTAG_DROP_BAD_MEMBER;

  if (bytestag_network_is_denied (self, &id) || !bytestag_kvp_table_lookup (self->table, &id, NULL))
    return BYTESTAG_DROP_NONE;

  is_proven = _bytestag_network_is_proven (self, message, to);
  drop = check_place (self, to, &message->xferid, is_proven);
  if (drop != BYTESTAG_DROP_NONE)
    return drop;

  self->counters.requests_served++;
  served = g_new0 (ServedValue, 1);
  served->network = self;
  served->to = *to;
  served->transfer = g_memdup2 (message->xferid.text, message->xferid.length);
  served->transfer_length = message->xferid.length;
  served->offset = message->has_valofs ? message->valofs : 0;
  served->is_ours = message->extensions >= 0;
  served->id = id;
  g_ptr_array_add (self->uploads, served);

  /* A value is far larger than what asks for it: no byte of it to an address that may be
   * somebody else's (B.5). */
  if (is_proven)
    {
      start_reading (served);
    }
  else
    {
      bytestag_reactor_arm (self->reactor, &served->proof_timer, BYTESTAG_REPLY_TIMEOUT_US, unproven_cb, served);
      /* No getval is so short that the ping would be too long for it. */
      _bytestag_network_ask_for_proof (self, to);
    }
  return BYTESTAG_DROP_NONE;
}

void
_bytestag_network_stop_uploads (BytestagNetwork *self)
{
  /* Those that the table still reads for end in their callback. */
  for (guint i = self->uploads->len; i > 0; i--)
    {
      ServedValue *served = self->uploads->pdata[i - 1];

      if (!served->reading)
        served_value_remove (served);
    }
}
