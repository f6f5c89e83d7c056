/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "subject.h"

#include <libdeflate.h>
#include <string.h>

#include "storage/memory-table.h"
#include "support/test-clock.h"
#include "support/test-rng.h"
#include "support/test-transport.h"

#define N_ENDPOINTS 16
/* Requests that wait for the target; it forgets the oldest. */
#define MAX_REQUESTS 512
#define MAX_TABLE_BYTES (64 * 1024)

struct _Subject
{
  BytestagTestClock *clock;
  BytestagReactor *reactor;
  BytestagTestTransport *transport;
  BytestagMemoryTable *table;
  BytestagNetwork *network;

  GQueue requests; /* (element-type SubjectRequest) */
  SubjectRequest *taken;
  char *last_id, *last_transfer_id; /* JSON text */
  SubjectRequest last;

  /* What is being received, for what is sent in answer. */
  const BytestagEndpoint *from;
  gsize reply_limit;

  guint n_own, n_stored;
};

static const struct {
  const char *host;
  guint16 port;
} endpoints[N_ENDPOINTS] = {
  { "8.8.4.1", 1000 },
  { "8.8.4.1", 1001 },
  { "8.8.4.2", 1000 },
  { "8.8.4.3", 1000 },
  { "9.1.2.3", 5000 },
  { "77.66.55.44", 65535 },
  { "10.0.0.1", 18600 },
  { "192.168.1.2", 18600 },
  { "127.0.0.1", 18600 },
  { "2001:db8::1", 18600 },
  { "2001:db8::2", 18600 },
  { "fd00::1", 18600 },
  { "5.5.5.5", 5555 }, /* the node's own */
  { "0.0.0.0", 7 },
  { "224.0.0.1", 18600 },
  { "8.8.4.1", 0 },
};
#define OWN_ENDPOINT 12

/* Of all subjects, one after the other: they are large. */
static BytestagCodec *codec;
static struct libdeflate_compressor *compressor;

const BytestagEndpoint *
subject_endpoint (guint number)
{
  static BytestagEndpoint made[N_ENDPOINTS];
  BytestagEndpoint *endpoint = &made[number % N_ENDPOINTS];

  if (endpoint->family == BYTESTAG_FAMILY_NONE)
    g_assert_true (bytestag_endpoint_set_host (endpoint, endpoints[number % N_ENDPOINTS].host, -1,
                                               endpoints[number % N_ENDPOINTS].port));
  return endpoint;
}

static void
request_clear (SubjectRequest *request)
{
  g_clear_pointer (&request->id, g_free);
  g_clear_pointer (&request->transfer_id, g_free);
}

static void
request_free (gpointer data)
{
  request_clear (data);
  g_free (data);
}

static char *
slice_to_text (const BytestagSlice *slice)
{
  return slice->text != NULL ? g_strndup (slice->text, slice->length) : NULL;
}

static void
note_request (Subject                *self,
              const BytestagEndpoint *to,
              const BytestagMessage  *message)
{
  const BytestagSlice *transfer = message->kind == BYTESTAG_MESSAGE_TRANSFER ? &message->xfer_id
                                                                              : &message->xferid;
  SubjectRequest *request = g_new0 (SubjectRequest, 1);

  request->to = *to;
  request->rpc = message->kind == BYTESTAG_MESSAGE_REQUEST ? message->rpc : BYTESTAG_RPC_UNKNOWN;
  request->id = slice_to_text (&message->seq_id);
  request->transfer_id = slice_to_text (transfer);

  request_clear (&self->last);
  self->last = *request;
  self->last.id = g_strdup (request->id);
  self->last.transfer_id = g_strdup (request->transfer_id);
  g_queue_push_tail (&self->requests, request);
  if (self->requests.length > MAX_REQUESTS)
    request_free (g_queue_pop_head (&self->requests));
}

/* What the node sent: within the bounds of A.1.1 and B.1, an answer to nobody but
 * who asked, and nothing to where nothing may be sent. */
static void
look_at (Subject                *self,
         const BytestagEndpoint *to,
         GBytes                 *datagram)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (datagram, &length);
  BytestagMessage message;

  g_assert_true (bytestag_endpoint_is_usable (to));
  g_assert_cmpuint (length, <=, BYTESTAG_LIMIT_DATAGRAM);
  g_assert_cmpint (bytestag_codec_read (codec, data, length, &message), ==, BYTESTAG_DROP_NONE);
  if (message.kind == BYTESTAG_MESSAGE_REPLY)
    {
      g_assert_nonnull (self->from);
      g_assert_true (bytestag_endpoint_equal (to, self->from));
      g_assert_cmpuint (length, <=, self->reply_limit);
    }
  else
    {
      note_request (self, to, &message);
    }

  if (message.xferid.text != NULL || message.xfer_id.text != NULL)
    {
      g_free (self->last_transfer_id);
      self->last_transfer_id = slice_to_text (message.xferid.text != NULL ? &message.xferid : &message.xfer_id);
    }
  if (message.kind != BYTESTAG_MESSAGE_REPLY && message.seq_id.text != NULL)
    {
      g_free (self->last_id);
      self->last_id = slice_to_text (&message.seq_id);
    }
}

static void
look_at_all (Subject *self)
{
  BytestagEndpoint to;
  GBytes *datagram;

  while ((datagram = bytestag_test_transport_take (self->transport, &to)) != NULL)
    {
      look_at (self, &to, datagram);
      g_bytes_unref (datagram);
    }
}

static void
look (Subject *self)
{
  look_at_all (self);
  bytestag_network_check_invariants (self->network);
  g_assert_cmpuint (bytestag_memory_table_get_n_values (self->table), ==, self->n_own + self->n_stored);
  g_assert_cmpuint (bytestag_memory_table_get_n_bytes (self->table), <=, MAX_TABLE_BYTES);
}

static void
read_cb (GBytes       *value,
         const GError *error,
         gpointer      user_data)
{
  const BytestagKvpId *id = user_data;
  BytestagKey digest;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (value), <, BYTESTAG_MAX_VALUE_SIZE);
  bytestag_key_digest (&digest, g_bytes_get_data (value, NULL), g_bytes_get_size (value));
  g_assert_true (bytestag_key_equal (&digest, &id->index));
}

/* Nothing wrong is stored. */
static void
stored_cb (BytestagNetwork *network,
           BytestagKvpId   *id,
           Subject         *self)
{
  self->n_stored++;
  bytestag_kvp_table_read (BYTESTAG_KVP_TABLE (self->table), id, read_cb, id);
}

static void
begin (Subject *self)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  self->clock = bytestag_test_clock_new ();
  self->reactor = bytestag_reactor_new (BYTESTAG_CLOCK (self->clock), BYTESTAG_RNG (rng));
  self->transport = bytestag_test_transport_new (subject_endpoint (OWN_ENDPOINT));
  self->table = bytestag_memory_table_new (MAX_TABLE_BYTES);
  self->network = bytestag_network_new (self->reactor, BYTESTAG_TRANSPORT (self->transport),
                                        BYTESTAG_KVP_TABLE (self->table), NULL, NULL);
}

Subject *
subject_new (void)
{
  static Subject idle;
  Subject *self = g_new0 (Subject, 1);

  if (codec == NULL)
    {
      codec = bytestag_codec_new ();
      compressor = libdeflate_alloc_compressor (0);
      /* Networks share a codec as long as there is one. */
      begin (&idle);
      bytestag_network_shut_down (idle.network);
    }
  begin (self);
  g_signal_connect (self->network, "value-stored", G_CALLBACK (stored_cb), self);
  return self;
}

void
subject_free (Subject *self)
{
  bytestag_network_shut_down (self->network);
  bytestag_reactor_close (self->reactor);
  g_assert_finalize_object (self->network);
  g_clear_object (&self->table);
  g_clear_object (&self->transport);
  g_clear_object (&self->reactor);
  g_clear_object (&self->clock);
  g_queue_clear_full (&self->requests, request_free);
  g_clear_pointer (&self->taken, request_free);
  request_clear (&self->last);
  g_free (self->last_id);
  g_free (self->last_transfer_id);
  g_free (self);
}

BytestagNetwork *
subject_get_network (Subject *self)
{
  return self->network;
}

void
subject_receive (Subject                *self,
                 const BytestagEndpoint *from,
                 const guint8           *data,
                 gsize                   length)
{
  BytestagMessage message;

  self->from = from;
  self->reply_limit = BYTESTAG_LIMIT_DATAGRAM;
  if (bytestag_codec_read (codec, data, length, &message) == BYTESTAG_DROP_NONE
      && message.kind == BYTESTAG_MESSAGE_REQUEST && message.extensions >= 0)
    self->reply_limit = BYTESTAG_LIMIT_REPLY;
  bytestag_network_receive (self->network, from, data, length);
  look (self);
  self->from = NULL;
}

/* (transfer full) @text with the ids in their places. */
static GString *
fill_in (Subject    *self,
         const char *text,
         gsize       length)
{
  GString *filled = g_string_sized_new (length + 128);

  for (gsize i = 0; i < length; i++)
    {
      const char *id = text[i] == '@' ? self->last_id : text[i] == '#' ? self->last_transfer_id : NULL;

      if (id != NULL)
        g_string_append (filled, id);
      else
        g_string_append_c (filled, text[i]);
    }
  return filled;
}

void
subject_receive_text (Subject                *self,
                      const BytestagEndpoint *from,
                      const char             *text,
                      gsize                   length)
{
  g_autoptr (GString) filled = fill_in (self, text, length);
  gsize bound = libdeflate_zlib_compress_bound (compressor, filled->len);
  g_autofree guint8 *datagram = g_malloc (bound);
  gsize size = libdeflate_zlib_compress (compressor, filled->str, filled->len, datagram, bound);

  g_assert_cmpuint (size, >, 0);
  subject_receive (self, from, datagram, size);
}

void
subject_advance (Subject *self,
                 gint64   interval)
{
  gint64 end = bytestag_reactor_get_time (self->reactor) + interval;
  gint64 deadline;

  look_at_all (self);
  while ((deadline = bytestag_network_get_deadline (self->network)) <= end)
    {
      gint64 now = bytestag_reactor_get_time (self->reactor);

      bytestag_test_clock_advance (self->clock, MAX (deadline - now, 0));
      bytestag_network_tick (self->network);
      look_at_all (self);
    }
  look (self);
  bytestag_test_clock_advance (self->clock, end - bytestag_reactor_get_time (self->reactor));
}

static void
send_printf (Subject                *self,
             const BytestagEndpoint *from,
             const char             *format,
             ...) G_GNUC_PRINTF (3, 4);

static void
send_printf (Subject                *self,
             const BytestagEndpoint *from,
             const char             *format,
             ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  subject_receive_text (self, from, text, strlen (text));
}

void
subject_store (Subject                *self,
               const BytestagEndpoint *from,
               const guint8           *value,
               gsize                   length,
               gboolean                is_wrong)
{
  g_autofree guint8 *sent = g_memdup2 (value, length);
  g_autofree char *key_text = NULL;
  g_autofree char *transfer_id = NULL;
  BytestagKvpId id;
  gboolean was_held;

  bytestag_key_digest (&id.key, value, length);
  id.index = id.key;
  key_text = bytestag_key_to_base64 (&id.key);
  was_held = bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->table), &id, NULL);
  if (is_wrong && length > 0)
    sent[length / 2] ^= 1;

  g_clear_pointer (&self->last_transfer_id, g_free);
  send_printf (self, from,
               "{\"netid\":\"BYTESTAG\",\"rpc\":\"store\",\"key\":\"%s\",\"index\":\"%s\",\"size\":%" G_GSIZE_FORMAT
               ",\"timestmp\":1600000000,\"seq_id\":\"s\"}",
               key_text, key_text, length);
  transfer_id = g_strdup (self->last_transfer_id);
  if (transfer_id == NULL)
    return;

  for (gsize offset = 0; offset < length; offset += BYTESTAG_CHUNK_SIZE)
    {
      g_autofree char *data = g_base64_encode (sent + offset, MIN (length - offset, BYTESTAG_CHUNK_SIZE));

      send_printf (self, from, "{\"xfer_id\":%s,\"xfer_data\":\"%s\",\"seq_id\":\"%" G_GSIZE_FORMAT "\"}",
                   transfer_id, data, offset);
    }
  send_printf (self, from, "{\"xfer_id\":%s,\"xfer_data\":null}", transfer_id);
  if (is_wrong && !was_held && length > 0)
    g_assert_false (bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->table), &id, NULL));
}

static void
written_cb (const GError *error,
            gpointer      user_data)
{
  Subject *self = user_data;

  self->n_own += error == NULL;
}

void
subject_own_value (Subject     *self,
                   const char  *value,
                   BytestagKey *key)
{
  BytestagKvpRecord record = { .is_original = TRUE };
  g_autoptr (GBytes) bytes = g_bytes_new (value, strlen (value));

  bytestag_key_digest (key, value, strlen (value));
  record.id.key = record.id.index = *key;
  record.size = strlen (value);
  if (!bytestag_kvp_table_lookup (BYTESTAG_KVP_TABLE (self->table), &record.id, NULL))
    bytestag_kvp_table_write (BYTESTAG_KVP_TABLE (self->table), &record, bytes, written_cb, self);
}

const SubjectRequest *
subject_next_request (Subject *self)
{
  g_clear_pointer (&self->taken, request_free);
  self->taken = g_queue_pop_head (&self->requests);
  return self->taken;
}

const SubjectRequest *
subject_last_request (Subject *self)
{
  return self->last.id != NULL || self->last.transfer_id != NULL ? &self->last : NULL;
}
