/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/packet.h"

#include <string.h>

/* Level 1 takes half the time of level 6 for 1 % more bytes; an original reads any. */
#define COMPRESSION_LEVEL 1

static _Thread_local gboolean plain_at_first;

void
bytestag_codec_set_plain (gboolean plain)
{
  plain_at_first = plain;
}

BytestagCodec *
bytestag_codec_new (void)
{
  BytestagCodec *self = g_new (BytestagCodec, 1);

  self->inflater = bytestag_inflater_new ();
  self->deflater = bytestag_deflater_new ();
  self->is_plain = plain_at_first;
  self->is_stored = FALSE;
  self->compressor = libdeflate_alloc_compressor (COMPRESSION_LEVEL);
  self->storer = libdeflate_alloc_compressor (0);
  if (self->compressor == NULL || self->storer == NULL)
    g_error ("No memory for a compressor");
  bytestag_writer_init (&self->writer, self->text, sizeof self->text);
  return self;
}

void
bytestag_codec_free (BytestagCodec *self)
{
  bytestag_inflater_free (self->inflater);
  bytestag_deflater_free (self->deflater);
  libdeflate_free_compressor (self->compressor);
  libdeflate_free_compressor (self->storer);
  g_free (self);
}

BytestagDrop
bytestag_codec_read (BytestagCodec   *self,
                     const guint8    *data,
                     gsize            length,
                     BytestagMessage *message)
{
  const char *text = (const char *) data;
  gsize text_length = length;
  BytestagDrop drop = BYTESTAG_DROP_NONE;

  if (!self->is_plain)
    drop = bytestag_inflater_run (self->inflater, data, length, &text, &text_length);
  if (drop != BYTESTAG_DROP_NONE)
    return drop;

  drop = bytestag_message_parse (message, text, text_length);
  message->datagram_length = length;
  return drop;
}

void
bytestag_codec_begin (BytestagCodec *self)
{
  bytestag_writer_init (&self->writer, self->text, sizeof self->text);
  bytestag_writer_begin_object (&self->writer);
  self->is_stored = FALSE;
}

void
bytestag_codec_store (BytestagCodec *self)
{
  self->is_stored = TRUE;
}

const guint8 *
bytestag_codec_end (BytestagCodec *self,
                    gsize         *length)
{
  bytestag_writer_end_object (&self->writer);
  if (self->writer.overflows)
    return NULL;
  if (self->is_plain)
    {
      *length = self->writer.length;
      return *length <= BYTESTAG_LIMIT_DATAGRAM ? (const guint8 *) self->text : NULL;
    }
  if (self->is_stored)
    *length = libdeflate_zlib_compress (self->storer, self->text, self->writer.length,
                                        self->datagram, BYTESTAG_LIMIT_DATAGRAM);
  else if (self->writer.length <= BYTESTAG_DEFLATER_TEXT)
    *length = bytestag_deflater_run (self->deflater, self->text, self->writer.length,
                                     self->datagram, BYTESTAG_LIMIT_DATAGRAM);
  else
    *length = libdeflate_zlib_compress (self->compressor, self->text, self->writer.length,
                                        self->datagram, BYTESTAG_LIMIT_DATAGRAM);
  return *length > 0 ? self->datagram : NULL;
}

const guint8 *
bytestag_codec_end_padded (BytestagCodec *self,
                           gsize          min_length,
                           gsize         *length)
{
  const guint8 *datagram = bytestag_codec_end (self, length);

  g_return_val_if_fail (min_length <= sizeof self->datagram, NULL);

  if (datagram != NULL && *length < min_length)
    {
      /* What JSON allows after a value, and what zlib allows after a stream. */
      if (self->is_plain)
        memset (self->text + *length, ' ', min_length - *length);
      else
        memset (self->datagram + *length, 0, min_length - *length);
      *length = min_length;
    }
  return datagram;
}
