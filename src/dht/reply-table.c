/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/reply-table.h"

#include <string.h>

#include "core/limits.h"

/* Room for the bytes of a request: an RPC, a transfer chunk, and any datagram. */
#define N_CLASSES 3
static const guint16 class_sizes[N_CLASSES] = { 256, 2048, BYTESTAG_LIMIT_DATAGRAM };

/* Chains of the hash tables at the start; doubled when records outnumber them. */
#define FIRST_N_CHAINS 16

typedef struct _Pending Pending;

struct _Pending
{
  BytestagReplyTable *table;
  BytestagTimer timer;
  BytestagKey id;
  BytestagEndpoint to;
  BytestagReplyFunc func;
  gpointer user_data;
  guint64 handle;
  gint64 sent_at;
  /* In order of sending; or, of an idle record, the next idle one. */
  GList link;
  Pending *next_by_id;
  Pending *next_by_handle;
  guint16 length;
  guint8 class;
  gboolean once;
  gboolean sent_again;
  guint8 data[];
};

struct _BytestagReplyTable
{
  BytestagReactor *reactor;
  BytestagTransport *transport;

  GQueue pending;
  GQueue idle[N_CLASSES];
  Pending **by_id;
  Pending **by_handle;
  guint n_chains;
  guint64 last_handle;
  gboolean closed;
};

BytestagReplyTable *
bytestag_reply_table_new (BytestagReactor   *reactor,
                          BytestagTransport *transport)
{
  BytestagReplyTable *self;

  g_return_val_if_fail (BYTESTAG_IS_REACTOR (reactor), NULL);
  g_return_val_if_fail (BYTESTAG_IS_TRANSPORT (transport), NULL);

  self = g_new0 (BytestagReplyTable, 1);
  self->reactor = g_object_ref (reactor);
  self->transport = g_object_ref (transport);
  self->n_chains = FIRST_N_CHAINS;
  self->by_id = g_new0 (Pending *, self->n_chains);
  self->by_handle = g_new0 (Pending *, self->n_chains);

  return self;
}

/* Ids are our own randomness: no peer can choose one, so they need no salt. */
static Pending **
chain_of_id (BytestagReplyTable *self,
             const BytestagKey  *id)
{
  guint32 hash;

  memcpy (&hash, id->bytes, sizeof hash);

  return &self->by_id[hash & (self->n_chains - 1)];
}

static Pending **
chain_of_handle (BytestagReplyTable *self,
                 guint64             handle)
{
  return &self->by_handle[handle & (self->n_chains - 1)];
}

static void
insert_in_chains (BytestagReplyTable *self,
                  Pending            *pending)
{
  Pending **by_id = chain_of_id (self, &pending->id);
  Pending **by_handle = chain_of_handle (self, pending->handle);

  pending->next_by_id = *by_id;
  *by_id = pending;
  pending->next_by_handle = *by_handle;
  *by_handle = pending;
}

static void
grow_chains (BytestagReplyTable *self)
{
  self->n_chains *= 2;
  g_free (self->by_id);
  g_free (self->by_handle);
  self->by_id = g_new0 (Pending *, self->n_chains);
  self->by_handle = g_new0 (Pending *, self->n_chains);

  for (GList *link = self->pending.head; link != NULL; link = link->next)
    insert_in_chains (self, link->data);
}

/* (transfer full) a record with room for @length bytes. */
static Pending *
take_record (BytestagReplyTable *self,
             gsize               length)
{
  Pending *pending;
  GList *link;
  guint class = 0;

  while (class_sizes[class] < length)
    class++;

  link = g_queue_pop_head_link (&self->idle[class]);
  if (link != NULL)
    return link->data;

  pending = g_malloc0 (sizeof *pending + class_sizes[class]);
  pending->table = self;
  pending->class = class;
  pending->link.data = pending;

  return pending;
}

/* Takes a record out of the table, so that it can neither fire nor be found. */
static void
release_record (BytestagReplyTable *self,
                Pending            *pending)
{
  Pending **chain;

  bytestag_reactor_disarm (self->reactor, &pending->timer);

  for (chain = chain_of_id (self, &pending->id); *chain != pending;)
    chain = &(*chain)->next_by_id;
  *chain = pending->next_by_id;
  for (chain = chain_of_handle (self, pending->handle); *chain != pending;)
    chain = &(*chain)->next_by_handle;
  *chain = pending->next_by_handle;
  g_queue_unlink (&self->pending, &pending->link);

  if (self->idle[pending->class].length < BYTESTAG_LIMIT_IDLE_REQUESTS)
    g_queue_push_head_link (&self->idle[pending->class], &pending->link);
  else
    g_free (pending);
}

/* The record is released first: the function may send, cancel and be called for
 * another request. */
static void
finish (BytestagReplyTable    *self,
        Pending               *pending,
        const BytestagMessage *message)
{
  BytestagEndpoint to = pending->to;
  BytestagReplyFunc func = pending->func;
  gpointer user_data = pending->user_data;
  gint64 rtt = -1;

  if (message != NULL && !pending->sent_again)
    rtt = bytestag_reactor_get_time (self->reactor) - pending->sent_at;

  release_record (self, pending);
  func (message, &to, rtt, user_data);
}

void
bytestag_reply_table_free (BytestagReplyTable *self)
{
  g_return_if_fail (self != NULL);

  self->closed = TRUE;
  while (self->pending.head != NULL)
    finish (self, self->pending.head->data, NULL);

  for (guint i = 0; i < N_CLASSES; i++)
    {
      GList *link;

      while ((link = g_queue_pop_head_link (&self->idle[i])) != NULL)
        g_free (link->data);
    }

  g_free (self->by_id);
  g_free (self->by_handle);
  g_clear_object (&self->reactor);
  g_clear_object (&self->transport);
  g_free (self);
}

void
bytestag_reply_table_make_id (BytestagReplyTable *self,
                              BytestagKey        *id)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (id != NULL);

  bytestag_key_random (id, bytestag_reactor_get_rng (self->reactor));
}

static void
timer_cb (gpointer user_data)
{
  Pending *pending = user_data;
  BytestagReplyTable *self = pending->table;

  if (pending->sent_again || pending->once)
    {
      finish (self, pending, NULL);
      return;
    }

  pending->sent_again = TRUE;
  bytestag_reactor_arm (self->reactor, &pending->timer,
                        BYTESTAG_REPLY_TIMEOUT_US - BYTESTAG_REPLY_RETRANSMIT_US, timer_cb, pending);
  bytestag_transport_send (self->transport, &pending->to, pending->data, pending->length);
}

guint64
bytestag_reply_table_send (BytestagReplyTable     *self,
                           const BytestagEndpoint *to,
                           const BytestagKey      *id,
                           const guint8           *data,
                           gsize                   length,
                           gboolean                once,
                           BytestagReplyFunc       func,
                           gpointer                user_data)
{
  Pending *pending;
  guint64 handle;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (to != NULL && id != NULL && func != NULL, 0);
  g_return_val_if_fail (length <= BYTESTAG_LIMIT_DATAGRAM, 0);

  if (self->closed || self->pending.length == BYTESTAG_LIMIT_PENDING_REQUESTS)
    return 0;

  if (self->pending.length == self->n_chains)
    grow_chains (self);

  pending = take_record (self, length);
  pending->id = *id;
  pending->to = *to;
  pending->func = func;
  pending->user_data = user_data;
  handle = pending->handle = ++self->last_handle;
  pending->sent_at = bytestag_reactor_get_time (self->reactor);
  pending->once = once;
  pending->sent_again = FALSE;
  pending->length = length;
  memcpy (pending->data, data, length);
  insert_in_chains (self, pending);
  g_queue_push_tail_link (&self->pending, &pending->link);

  bytestag_reactor_arm (self->reactor, &pending->timer,
                        once ? BYTESTAG_REPLY_TIMEOUT_US : BYTESTAG_REPLY_RETRANSMIT_US, timer_cb, pending);
  /* One that is dropped here is sent again like one that is lost. */
  bytestag_transport_send (self->transport, to, data, length);

  return handle;
}

void
bytestag_reply_table_cancel (BytestagReplyTable *self,
                             guint64             handle)
{
  g_return_if_fail (self != NULL);

  for (Pending *pending = *chain_of_handle (self, handle); pending != NULL; pending = pending->next_by_handle)
    {
      if (pending->handle == handle)
        {
          release_record (self, pending);
          return;
        }
    }
}

/* The character at @text, which may be escaped ("\/", "\u002f": base64 has "/",
 * and many JSON writers escape it). Returns how long it is, 0 when malformed. */
static gsize
read_character (const char *text,
                gsize       length,
                char       *character)
{
  guint code = 0;

  if (length == 0)
    return 0;

  *character = text[0];
  if (text[0] != '\\')
    return 1;
  if (length < 2)
    return 0;

  *character = text[1];
  if (text[1] == '/')
    return 2;
  if (text[1] != 'u' || length < 6)
    return 0;

  for (guint i = 2; i < 6; i++)
    {
      if (!g_ascii_isxdigit (text[i]))
        return 0;
      code = code * 16 + g_ascii_xdigit_value (text[i]);
    }
  *character = code < 128 ? (char) code : '\0';

  return 6;
}

/* The id in a reply_id that came from us: the base64 of 20 bytes, in a string. */
static gboolean
read_id (const BytestagSlice *slice,
         BytestagKey         *id)
{
  char text[BYTESTAG_KEY_BASE64_LENGTH];
  char again[BYTESTAG_KEY_BASE64_LENGTH];
  guint8 bytes[BYTESTAG_KEY_BASE64_LENGTH];
  gsize offset = 1;
  gsize n_read;
  int state = 0;
  guint save = 0;

  if (slice->text == NULL || slice->length < 2 || slice->text[0] != '"')
    return FALSE;

  for (guint i = 0; i < sizeof text; i++, offset += n_read)
    {
      n_read = read_character (slice->text + offset, slice->length - 1 - offset, &text[i]);
      if (n_read == 0)
        return FALSE;
    }
  if (offset != slice->length - 1)
    return FALSE;

  if (g_base64_decode_step (text, sizeof text, bytes, &state, &save) != sizeof id->bytes)
    return FALSE;
  memcpy (id->bytes, bytes, sizeof id->bytes);

  /* Only the very text that was sent: decoding is lenient. */
  bytestag_key_write_base64 (id, again);

  return memcmp (text, again, sizeof text) == 0;
}

gboolean
bytestag_reply_table_dispatch (BytestagReplyTable     *self,
                               const BytestagEndpoint *from,
                               const BytestagMessage  *message)
{
  BytestagKey id;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (from != NULL && message != NULL, FALSE);

  /* The id of a reply is its seq_id when that is truthy (A.1.2); ours then are not matched. */
  if (message->kind != BYTESTAG_MESSAGE_REPLY || bytestag_slice_is_truthy (&message->seq_id) ||
      !read_id (&message->reply_id, &id))
    return FALSE;

  for (Pending *pending = *chain_of_id (self, &id); pending != NULL; pending = pending->next_by_id)
    {
      if (bytestag_key_equal (&pending->id, &id) && bytestag_endpoint_equal (&pending->to, from))
        {
          finish (self, pending, message);
          return TRUE;
        }
    }

  return FALSE;
}

gboolean
bytestag_reply_table_waits_for (BytestagReplyTable     *self,
                                const BytestagEndpoint *from)
{
  g_return_val_if_fail (self != NULL && from != NULL, FALSE);

  for (GList *link = self->pending.head; link != NULL; link = link->next)
    {
      const Pending *pending = link->data;

      if (bytestag_endpoint_equal (&pending->to, from))
        return TRUE;
    }
  return FALSE;
}

guint
bytestag_reply_table_get_n_pending (BytestagReplyTable *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->pending.length;
}
