/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "datagram.h"

#include <string.h>

#include <libdeflate.h>

#include "wire/inflate.h"

GBytes *
datagram_new (const char *json,
              gssize      length)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (6);
  gsize json_length = length < 0 ? strlen (json) : (gsize) length;
  gsize size = libdeflate_zlib_compress_bound (compressor, json_length);
  guint8 *data = g_malloc (size);

  size = libdeflate_zlib_compress (compressor, json, json_length, data, size);
  g_assert_cmpuint (size, >, 0);
  libdeflate_free_compressor (compressor);
  return g_bytes_new_take (data, size);
}

char *
datagram_text (const guint8 *data,
               gsize         length)
{
  g_autoptr (BytestagInflater) inflater = bytestag_inflater_new ();
  const char *text;
  gsize text_length;

  g_assert_nonnull (data);
  g_assert_cmpint (bytestag_inflater_run (inflater, data, length, &text, &text_length), ==,
                   BYTESTAG_DROP_NONE);
  return g_strndup (text, text_length);
}
