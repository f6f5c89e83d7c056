/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/inflate.h"
#include "wire/message.h"
#include "wire/writer.h"

#include <libdeflate.h>

G_BEGIN_DECLS

/* The envelope of datagrams (A.1.1): one zlib stream around JSON text. Private
 * to the files of message.h. */
struct _BytestagCodec
{
  BytestagInflater *inflater;
  struct libdeflate_compressor *compressor;
  gboolean is_plain;
  BytestagWriter writer;
  char text[BYTESTAG_LIMIT_INFLATED];         /* what is being written */
  guint8 datagram[BYTESTAG_LIMIT_DATAGRAM];   /* the last one written */
};

/* Reads the members of inflated JSON @text. */
BytestagDrop  bytestag_message_parse  (BytestagMessage *self,
                                       const char      *text,
                                       gsize            length);

G_END_DECLS
