/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"
#include "wire/message.h"

/* A datagram as it comes: inflated, read, and answered with what it says. */

static void
check_echo (BytestagCodec         *codec,
            const BytestagMessage *message)
{
  BytestagSlice seq_id = message->seq_id;
  const guint8 *reply;
  gsize length;
  BytestagMessage answer;
  gboolean is_truthy = bytestag_slice_is_truthy (&seq_id);

  bytestag_codec_begin (codec);
  bytestag_codec_add_sender (codec, &message->node_id);
  bytestag_codec_add_slice (codec, "xfer_id", &message->xferid, FALSE);
  bytestag_codec_add_slice (codec, "reply_id", &seq_id, TRUE);
  reply = bytestag_codec_end (codec, &length);
  g_assert_nonnull (reply);
  g_assert_cmpint (bytestag_codec_read (codec, reply, length, &answer), ==, BYTESTAG_DROP_NONE);
  g_assert_cmpint (answer.kind, ==, BYTESTAG_MESSAGE_REPLY);
  g_assert_cmpint (bytestag_slice_is_truthy (&answer.reply_id), ==, is_truthy);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static BytestagCodec *codec;
  BytestagWireNode nodes[BYTESTAG_LIMIT_NODES_OF_REPLY];
  BytestagExchangeInfo vals[BYTESTAG_LIMIT_VALUES_OF_REPLY];
  guint8 bytes[BYTESTAG_LIMIT_TRANSFER_DATA];
  BytestagMessage message;
  BytestagDrop drop;

  if (codec == NULL)
    codec = bytestag_codec_new ();
  drop = bytestag_codec_read (codec, data, size, &message);
  g_assert_nonnull (bytestag_drop_to_string (drop));
  if (drop != BYTESTAG_DROP_NONE)
    return 0;
  g_assert_cmpint (bytestag_message_read_nodes (&message, nodes, G_N_ELEMENTS (nodes)), <=,
                   (int) G_N_ELEMENTS (nodes));
  g_assert_cmpint (bytestag_message_read_vals (&message, vals, G_N_ELEMENTS (vals)), <=,
                   (int) G_N_ELEMENTS (vals));
  g_assert_cmpint (bytestag_message_read_data (&message, bytes, sizeof bytes), <=, (gssize) sizeof bytes);
  check_echo (codec, &message);
  return 0;
}
