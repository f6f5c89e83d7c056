/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim/byzantine.h"

#include <string.h>

#include <libdeflate.h>

#include "wire/json-keys.h"
#include "wire/message.h"

/* Bytes that an invented id shares with the key that it is next to. */
#define SHARED_BYTES 10

/* Ports of a host at which invented ids live, apart from that of its own. */
#define FIRST_PORT 20000
#define N_PORTS 40000

#define WRONG_BYTES 500
/* Within what a receiver waits for the next chunk, µs. */
#define CHUNK_INTERVAL (G_GINT64_CONSTANT (8) * G_USEC_PER_SEC)
#define N_FLOOD 50
#define BOMB_TEXT (16 * 1024 * 1024)

struct _BytestagByzantine
{
  BytestagSim *sim;
  BytestagCrowd *crowd;
  BytestagByzantineFlags flags;
  BytestagCodec *codec;
  GArray *fellows;    /* (element-type guint): numbers */
  GHashTable *ids;    /* BytestagKey by the endpoint at which it was invented */
  GPtrArray *trickles; /* (element-type Trickle) */
  GBytes *deep_bomb, *wide_bomb;
};

/* A transfer that does not end. */
typedef struct {
  BytestagByzantine *byzantine;
  BytestagEndpoint from, to;
  char transfer[BYTESTAG_LIMIT_ECHOED_ID];
  gsize length;
} Trickle;

/* Bombs */

static GBytes *
compress (const char *text,
          gsize       length)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (12);
  gsize bound = libdeflate_zlib_compress_bound (compressor, length);
  guint8 *data = g_malloc (bound);
  gsize size = libdeflate_zlib_compress (compressor, text, length, data, bound);

  libdeflate_free_compressor (compressor);
  return g_bytes_new_take (data, size);
}

GBytes *
bytestag_byzantine_make_deep_bomb (void)
{
  g_autofree char *text = g_malloc (BYTESTAG_LIMIT_INFLATED);

  memset (text, '[', BYTESTAG_LIMIT_INFLATED);
  memcpy (text, "{\"a\":", 5);
  return compress (text, BYTESTAG_LIMIT_INFLATED);
}

GBytes *
bytestag_byzantine_make_wide_bomb (void)
{
  g_autofree char *text = g_malloc (BOMB_TEXT);
  g_autoptr (GBytes) whole = NULL;

  memset (text, '0', BOMB_TEXT);
  memcpy (text, "{\"a\":[", 6);
  whole = compress (text, BOMB_TEXT);
  /* What a datagram has room for. */
  return g_bytes_new_from_bytes (whole, 0, MIN (g_bytes_get_size (whole), BYTESTAG_LIMIT_DATAGRAM));
}

/* Ids */

/* Who @endpoint says to be. */
static void
get_id (BytestagByzantine      *self,
        const BytestagEndpoint *endpoint,
        BytestagKey            *id)
{
  const BytestagKey *invented = g_hash_table_lookup (self->ids, endpoint);
  guint number;

  if (self->flags & BYTESTAG_BYZANTINE_CHANGES_IDS)
    bytestag_key_random (id, bytestag_sim_get_rng (self->sim));
  else if (invented != NULL)
    *id = *invented;
  else if (bytestag_crowd_find_at (self->crowd, endpoint, &number))
    *id = *bytestag_crowd_get_id (self->crowd, number);
  else
    bytestag_key_digest (id, endpoint, sizeof *endpoint);
}

/* A new id next to @key, at a port of a fellow. */
static void
invent (BytestagByzantine *self,
        const BytestagKey *key,
        BytestagKey       *id,
        BytestagEndpoint  *endpoint)
{
  BytestagRng *rng = bytestag_sim_get_rng (self->sim);
  guint fellow = bytestag_rng_range (rng, self->fellows->len);

  bytestag_crowd_get_address (self->crowd, g_array_index (self->fellows, guint, fellow), endpoint);
  endpoint->port = (guint16) (FIRST_PORT + bytestag_rng_range (rng, N_PORTS));
  bytestag_key_random (id, rng);
  memcpy (id, key, SHARED_BYTES);
  g_hash_table_replace (self->ids, bytestag_endpoint_copy (endpoint), bytestag_key_copy (id));
}

static void
name_fellow (BytestagByzantine *self,
             BytestagKey       *id,
             BytestagEndpoint  *endpoint)
{
  guint fellow = bytestag_rng_range (bytestag_sim_get_rng (self->sim), self->fellows->len);

  bytestag_crowd_get_address (self->crowd, g_array_index (self->fellows, guint, fellow), endpoint);
  get_id (self, endpoint, id);
}

/* Replies */

static void
begin_reply (BytestagByzantine      *self,
             const BytestagEndpoint *as)
{
  BytestagKey id;

  get_id (self, as, &id);
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_sender (self->codec, &id);
}

static void
end_reply (BytestagByzantine      *self,
           const BytestagEndpoint *as,
           const BytestagEndpoint *to,
           const BytestagMessage  *request)
{
  const guint8 *data;
  gsize length;

  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_REPLY_ID, &request->seq_id, TRUE);
  bytestag_codec_add_integer (self->codec, BYTESTAG_JSON_EXTENSIONS, 0);
  data = bytestag_codec_end (self->codec, &length);
  g_assert_nonnull (data);
  bytestag_sim_send (self->sim, as, to, data, length);
}

static void
add_nodes (BytestagByzantine *self,
           const BytestagKey *key)
{
  bytestag_codec_begin_nodes (self->codec);
  for (guint i = 0; i < BYTESTAG_MAX_BUCKET_SIZE; i++)
    {
      BytestagKey id;
      BytestagEndpoint endpoint;

      if (self->flags & BYTESTAG_BYZANTINE_INVENTS_IDS)
        invent (self, key, &id, &endpoint);
      else
        name_fellow (self, &id, &endpoint);
      bytestag_codec_add_node (self->codec, &id, &endpoint);
    }
  bytestag_codec_end_nodes (self->codec);
}

static void
add_value (BytestagByzantine     *self,
           const BytestagMessage *request)
{
  BytestagExchangeInfo info = {
    .id = { request->key, request->index_member == BYTESTAG_MEMBER_VALID ? request->index : request->key },
    .size = WRONG_BYTES,
  };

  bytestag_codec_begin_vals (self->codec);
  bytestag_codec_add_val (self->codec, &info);
  bytestag_codec_end_vals (self->codec);
}

static void
reply (BytestagByzantine      *self,
       const BytestagEndpoint *as,
       const BytestagEndpoint *to,
       const BytestagMessage  *request)
{
  begin_reply (self, as);
  if (request->rpc == BYTESTAG_RPC_FIND_VALUE &&
      self->flags & (BYTESTAG_BYZANTINE_GIVES_WRONG_VALUES | BYTESTAG_BYZANTINE_GIVES_FOR_EVER))
    add_value (self, request);
  else if (request->rpc == BYTESTAG_RPC_FIND_NODE || request->rpc == BYTESTAG_RPC_FIND_VALUE)
    add_nodes (self, &request->key);
  end_reply (self, as, to, request);
}

/* The same reply from elsewhere, and one to nothing: both must be dropped. */
static void
forge (BytestagByzantine      *self,
       const BytestagEndpoint *as,
       const BytestagEndpoint *to,
       const BytestagMessage  *request)
{
  BytestagEndpoint elsewhere = *as;
  const guint8 *data;
  gsize length;
  BytestagKey id;

  elsewhere.port++;
  begin_reply (self, as);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_REPLY_ID, &request->seq_id, TRUE);
  data = bytestag_codec_end (self->codec, &length);
  bytestag_sim_send_forged (self->sim, &elsewhere, to, data, length);

  bytestag_key_random (&id, bytestag_sim_get_rng (self->sim));
  begin_reply (self, as);
  bytestag_codec_add_key (self->codec, BYTESTAG_JSON_REPLY_ID, &id);
  data = bytestag_codec_end (self->codec, &length);
  bytestag_sim_send_forged (self->sim, as, to, data, length);
}

/* Transfers */

static void
send_chunk (BytestagByzantine      *self,
            const BytestagEndpoint *as,
            const BytestagEndpoint *to,
            const BytestagSlice    *transfer,
            gsize                   size)
{
  guint8 bytes[WRONG_BYTES] = { 0 };
  BytestagKey id;
  const guint8 *data;
  gsize length;

  bytestag_key_random (&id, bytestag_sim_get_rng (self->sim));
  bytestag_codec_begin (self->codec);
  bytestag_codec_add_slice (self->codec, BYTESTAG_JSON_PACKET_TRANSFER_ID, transfer, FALSE);
  if (size > 0)
    {
      bytestag_codec_add_data (self->codec, BYTESTAG_JSON_PACKET_DATA, bytes, size);
      bytestag_codec_add_key (self->codec, BYTESTAG_JSON_SEQUENCE_ID, &id);
    }
  else
    {
      bytestag_codec_add_null (self->codec, BYTESTAG_JSON_PACKET_DATA);
    }
  data = bytestag_codec_end (self->codec, &length);
  bytestag_sim_send (self->sim, as, to, data, length);
}

static void
trickle_cb (BytestagSim *sim,
            gpointer     user_data)
{
  Trickle *trickle = user_data;
  BytestagSlice transfer = { trickle->transfer, trickle->length };

  send_chunk (trickle->byzantine, &trickle->from, &trickle->to, &transfer, 1);
  bytestag_sim_call (sim, CHUNK_INTERVAL, trickle_cb, trickle);
}

static void
give (BytestagByzantine      *self,
      const BytestagEndpoint *as,
      const BytestagEndpoint *to,
      const BytestagMessage  *request)
{
  if (self->flags & BYTESTAG_BYZANTINE_GIVES_FOR_EVER && request->xferid.length <= BYTESTAG_LIMIT_ECHOED_ID)
    {
      Trickle *trickle = g_new0 (Trickle, 1);

      trickle->byzantine = self;
      trickle->from = *as;
      trickle->to = *to;
      trickle->length = request->xferid.length;
      memcpy (trickle->transfer, request->xferid.text, trickle->length);
      g_ptr_array_add (self->trickles, trickle);
      trickle_cb (self->sim, trickle);
    }
  else if (self->flags & BYTESTAG_BYZANTINE_GIVES_WRONG_VALUES)
    {
      send_chunk (self, as, to, &request->xferid, WRONG_BYTES);
      send_chunk (self, as, to, &request->xferid, 0);
    }
}

/* Others */

static void
send_bombs (BytestagByzantine      *self,
            const BytestagEndpoint *as,
            const BytestagEndpoint *to)
{
  GBytes *bombs[] = { self->deep_bomb, self->wide_bomb };

  for (guint i = 0; i < G_N_ELEMENTS (bombs); i++)
    bytestag_sim_send_forged (self->sim, as, to, g_bytes_get_data (bombs[i], NULL), g_bytes_get_size (bombs[i]));
}

static void
flood (BytestagByzantine      *self,
       const BytestagEndpoint *as,
       const BytestagEndpoint *to)
{
  for (guint i = 0; i < N_FLOOD; i++)
    {
      BytestagKey id;
      const guint8 *data;
      gsize length;

      bytestag_key_random (&id, bytestag_sim_get_rng (self->sim));
      begin_reply (self, as);
      bytestag_codec_add_string (self->codec, BYTESTAG_JSON_RPC, BYTESTAG_JSON_RPC_FIND_NODE);
      bytestag_codec_add_key (self->codec, BYTESTAG_JSON_KEY, &id);
      bytestag_codec_add_key (self->codec, BYTESTAG_JSON_SEQUENCE_ID, &id);
      data = bytestag_codec_end (self->codec, &length);
      bytestag_sim_send (self->sim, as, to, data, length);
    }
}

static void
hear_cb (const BytestagEndpoint *from,
         const BytestagEndpoint *to,
         const guint8           *data,
         gsize                   length,
         gpointer                user_data)
{
  BytestagByzantine *self = user_data;
  BytestagMessage message;
  gboolean is_ping;

  if (bytestag_codec_read (self->codec, data, length, &message) != BYTESTAG_DROP_NONE ||
      message.kind != BYTESTAG_MESSAGE_REQUEST)
    return;

  is_ping = message.rpc == BYTESTAG_RPC_PING;
  if (message.rpc == BYTESTAG_RPC_GET_VALUE)
    give (self, to, from, &message);
  else if (is_ping || !(self->flags & BYTESTAG_BYZANTINE_IS_SILENT))
    reply (self, to, from, &message);
  if (self->flags & BYTESTAG_BYZANTINE_FORGES)
    forge (self, to, from, &message);
  if (self->flags & BYTESTAG_BYZANTINE_BOMBS)
    send_bombs (self, to, from);
  if (self->flags & BYTESTAG_BYZANTINE_FLOODS)
    flood (self, to, from);
}

BytestagByzantine *
bytestag_byzantine_new (BytestagSim            *sim,
                        BytestagCrowd          *crowd,
                        gdouble                 share,
                        gboolean                one_network,
                        BytestagByzantineFlags  flags)
{
  BytestagByzantine *self = g_new0 (BytestagByzantine, 1);

  self->sim = sim;
  self->crowd = crowd;
  self->flags = flags;
  self->codec = bytestag_codec_new ();
  self->ids = g_hash_table_new_full (bytestag_endpoint_hash, bytestag_endpoint_equal,
                                     (GDestroyNotify) bytestag_endpoint_free, (GDestroyNotify) bytestag_key_free);
  self->trickles = g_ptr_array_new_with_free_func (g_free);
  self->deep_bomb = bytestag_byzantine_make_deep_bomb ();
  self->wide_bomb = bytestag_byzantine_make_wide_bomb ();

  bytestag_crowd_corrupt (crowd, share, one_network, hear_cb, self);
  self->fellows = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < bytestag_crowd_get_size (crowd); i++)
    if (bytestag_crowd_is_hostile (crowd, i))
      g_array_append_val (self->fellows, i);
  g_assert_cmpuint (self->fellows->len, >, 0);
  return self;
}

void
bytestag_byzantine_free (BytestagByzantine *self)
{
  g_bytes_unref (self->deep_bomb);
  g_bytes_unref (self->wide_bomb);
  g_ptr_array_unref (self->trickles);
  g_hash_table_unref (self->ids);
  g_array_unref (self->fellows);
  bytestag_codec_free (self->codec);
  g_free (self);
}
