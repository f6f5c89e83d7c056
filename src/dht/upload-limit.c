/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dht/network-private.h"

/* The limit of what goes out of values: one bucket for all, and one queue, in which each
 * upload waits with its next chunk, so that they have turns. What is sent again because an ack
 * did not come is not counted: it is little, and late already. */

/* What may be saved up, part of a second; and the longest chunk, which must fit in. */
#define BURST_PER_SECOND 4
#define LONGEST_CHUNK BYTESTAG_LIMIT_DATAGRAM

static void turn_cb (gpointer user_data);

static void
await_turn (BytestagNetwork *self)
{
  const BytestagUpload *next = g_queue_peek_head (&self->uploads_waiting);
  gint64 now = bytestag_reactor_get_time (self->reactor);

  if (next == NULL || bytestag_timer_is_armed (&self->upload_timer))
    return;

  bytestag_reactor_arm (self->reactor, &self->upload_timer,
                        bytestag_token_bucket_wait (&self->upload_bucket,
                                                    (gdouble) _bytestag_upload_get_next_length (next), now),
                        turn_cb, self);
}

static void
turn_cb (gpointer user_data)
{
  BytestagNetwork *self = user_data;
  BytestagUpload *upload = g_queue_peek_head (&self->uploads_waiting);
  gint64 now = bytestag_reactor_get_time (self->reactor);

  /* The one that this was armed for may have gone, and the next have a longer chunk. */
  if (upload != NULL && (self->upload_limit == 0 ||
                         bytestag_token_bucket_take (&self->upload_bucket,
                                                     (gdouble) _bytestag_upload_get_next_length (upload), now)))
    {
      g_queue_pop_head (&self->uploads_waiting);
      /* Who is told of its end may end others. */
      _bytestag_upload_go_on (upload);
    }
  await_turn (self);
}

gboolean
_bytestag_network_take_upload (BytestagNetwork *self,
                               BytestagUpload  *upload,
                               gsize            length)
{
  gint64 now = bytestag_reactor_get_time (self->reactor);

  if (self->upload_limit == 0)
    return TRUE;
  if (g_queue_is_empty (&self->uploads_waiting) &&
      bytestag_token_bucket_take (&self->upload_bucket, (gdouble) length, now))
    return TRUE;

  self->counters.chunks_delayed++;
  g_queue_push_tail (&self->uploads_waiting, upload);
  await_turn (self);
  return FALSE;
}

void
_bytestag_network_forget_upload (BytestagNetwork *self,
                                 BytestagUpload  *upload)
{
  g_queue_remove (&self->uploads_waiting, upload);
  if (g_queue_is_empty (&self->uploads_waiting))
    bytestag_reactor_disarm (self->reactor, &self->upload_timer);
}

/* One that gets less than a transfer must bring is of no use to anybody; half of that is kept
 * for what is published. */
guint
_bytestag_network_get_max_uploads (BytestagNetwork *self)
{
  if (self->upload_limit == 0)
    return BYTESTAG_LIMIT_UPLOADS;

  return (guint) CLAMP (self->upload_limit / (2 * BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND), 1, BYTESTAG_LIMIT_UPLOADS);
}

void
bytestag_network_set_upload_limit (BytestagNetwork *self,
                                   guint64          bytes_per_second)
{
  g_return_if_fail (BYTESTAG_IS_NETWORK (self));

  self->upload_limit = bytes_per_second;
  bytestag_token_bucket_init (&self->upload_bucket, (gdouble) bytes_per_second,
                              MAX ((gdouble) bytes_per_second / BURST_PER_SECOND, LONGEST_CHUNK),
                              bytestag_reactor_get_time (self->reactor));
  bytestag_reactor_disarm (self->reactor, &self->upload_timer);
  await_turn (self);
}

guint64
bytestag_network_get_upload_limit (BytestagNetwork *self)
{
  g_return_val_if_fail (BYTESTAG_IS_NETWORK (self), 0);

  return self->upload_limit;
}
