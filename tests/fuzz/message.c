/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"
#include "wire/packet.h"

/* The JSON text of a datagram: behind the checksum of zlib, which changed bytes
 * do not pass. */

static void
check_slice (const BytestagSlice *slice)
{
  BytestagKey key;

  g_assert_true (bytestag_slice_equal (slice, slice));
  g_assert_true (slice->length <= BYTESTAG_LIMIT_ECHOED_ID);
  if (bytestag_slice_get_key (slice, &key))
    g_assert_true (bytestag_slice_is_truthy (slice) && bytestag_slice_is_scalar (slice));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  guint8 bytes[BYTESTAG_LIMIT_TRANSFER_DATA];
  BytestagMessage message;

  if (bytestag_message_parse (&message, (const char *) data, size) != BYTESTAG_DROP_NONE)
    return 0;
  check_slice (&message.seq_id);
  check_slice (&message.reply_id);
  check_slice (&message.xferid);
  check_slice (&message.xfer_id);
  bytestag_message_read_data (&message, bytes, sizeof bytes);
  if (message.has_you)
    g_assert_true (bytestag_endpoint_is_usable (&message.you));
  return 0;
}
