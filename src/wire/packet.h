/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/deflate.h"
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
  BytestagDeflater *deflater;              /* of what is short */
  struct libdeflate_compressor *compressor; /* of what is long */
  struct libdeflate_compressor *storer;     /* of what is stored */
  gboolean is_plain;
  gboolean is_stored;                      /* what is being written is not to be compressed */
  BytestagWriter writer;
  char text[BYTESTAG_LIMIT_INFLATED];         /* what is being written */
  guint8 datagram[BYTESTAG_LIMIT_DATAGRAM + BYTESTAG_DEFLATER_SLACK]; /* the last one written */
};

/* Reads the members of inflated JSON @text. */
BytestagDrop  bytestag_message_parse  (BytestagMessage *self,
                                       const char      *text,
                                       gsize            length);

G_END_DECLS
