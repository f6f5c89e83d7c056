/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/inflate.h"

#include <libdeflate.h>

struct _BytestagInflater
{
  struct libdeflate_decompressor *decompressor;
  char text[BYTESTAG_LIMIT_INFLATED];
};

BytestagInflater *
bytestag_inflater_new (void)
{
  BytestagInflater *self = g_new (BytestagInflater, 1);

  self->decompressor = libdeflate_alloc_decompressor ();
  if (self->decompressor == NULL)
    g_error ("No memory for a decompressor");
  return self;
}

void
bytestag_inflater_free (BytestagInflater *self)
{
  libdeflate_free_decompressor (self->decompressor);
  g_free (self);
}

BytestagDrop
bytestag_inflater_run (BytestagInflater  *self,
                       const guint8      *data,
                       gsize              length,
                       const char       **text,
                       gsize             *text_length)
{
  if (length > BYTESTAG_LIMIT_DATAGRAM)
    return BYTESTAG_DROP_TOO_LONG;

  switch (libdeflate_zlib_decompress_ex (self->decompressor, data, length, self->text, sizeof self->text,
                                         NULL, text_length))
    {
    case LIBDEFLATE_SUCCESS:
      *text = self->text;
      return BYTESTAG_DROP_NONE;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return BYTESTAG_DROP_TOO_LONG;
    default:
      return BYTESTAG_DROP_NOT_ZLIB;
    }
}
