/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/message.h"

#include "wire/json-value.h"

#include <string.h>

const char *
bytestag_drop_to_string (BytestagDrop drop)
{
  static const char *const words[] = {
    [BYTESTAG_DROP_NONE] = "none",
    [BYTESTAG_DROP_TOO_LONG] = "too-long",
    [BYTESTAG_DROP_NOT_ZLIB] = "not-zlib",
    [BYTESTAG_DROP_NOT_JSON] = "not-json",
    [BYTESTAG_DROP_LIMITS] = "limits",
    [BYTESTAG_DROP_NET_ID] = "net-id",
    [BYTESTAG_DROP_UNKNOWN_RPC] = "unknown-rpc",
    [BYTESTAG_DROP_BAD_MEMBER] = "bad-member",
    [BYTESTAG_DROP_UNMATCHED] = "unmatched",
    [BYTESTAG_DROP_RATE] = "rate",
    [BYTESTAG_DROP_NETWORK_RATE] = "network-rate",
    [BYTESTAG_DROP_TOTAL_RATE] = "total-rate",
    [BYTESTAG_DROP_UNPROVEN] = "unproven",
    [BYTESTAG_DROP_DIVERSITY] = "diversity",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (words) == BYTESTAG_N_DROPS);
  g_return_val_if_fail (drop < BYTESTAG_N_DROPS, NULL);
  return words[drop];
}

gboolean
bytestag_slice_is_truthy (const BytestagSlice *slice)
{
  BytestagJsonValue value;

  bytestag_json_value_init (&value, slice->text, slice->length);
  return bytestag_json_value_is_truthy (&value);
}

gboolean
bytestag_slice_is_scalar (const BytestagSlice *slice)
{
  return slice->text != NULL && slice->text[0] != '[' && slice->text[0] != '{';
}

static gssize
get_string (const BytestagSlice *slice,
            char                *text,
            gsize                max)
{
  BytestagJsonValue value;

  bytestag_json_value_init (&value, slice->text, slice->length);
  return bytestag_json_value_get_string (&value, text, max);
}

gboolean
bytestag_slice_equal (const BytestagSlice *a,
                      const BytestagSlice *b)
{
  char a_text[BYTESTAG_LIMIT_ECHOED_ID], b_text[BYTESTAG_LIMIT_ECHOED_ID];
  gssize a_length, b_length;

  if (a->text == NULL || b->text == NULL)
    return a->text == b->text;
  if (a->length == b->length && memcmp (a->text, b->text, a->length) == 0)
    return TRUE;
  /* Some writers escape "/", which is in base64: then texts differ, values do not. */
  a_length = get_string (a, a_text, sizeof a_text);
  b_length = get_string (b, b_text, sizeof b_text);
  return a_length >= 0 && a_length == b_length && memcmp (a_text, b_text, a_length) == 0;
}

gboolean
bytestag_slice_get_key (const BytestagSlice *slice,
                        BytestagKey         *key)
{
  BytestagJsonValue value;

  bytestag_json_value_init (&value, slice->text, slice->length);
  return bytestag_json_value_get_key (&value, key) == BYTESTAG_MEMBER_VALID;
}
