/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "core/limits.h"
#include "fuzz.h"
#include "wire/packet.h"

/* Bounded inflating, then the scanner. The input is taken once as a datagram, and once
 * as raw deflate inside an envelope that is made for it, since changed bytes do not
 * pass its checksum; zlib says what should come out. */

static guint32
adler32 (const guint8 *data,
         gsize         length)
{
  guint32 a = 1, b = 0;

  for (gsize i = 0; i < length; i++)
    {
      a = (a + data[i]) % 65521;
      b = (b + a) % 65521;
    }
  return b << 16 | a;
}

/* Inflates by zlib, one byte more than a datagram may have. @n_read: of the input.
 * FALSE: there is no whole stream. */
static gboolean
inflate_raw (const guint8 *data,
             gsize         size,
             GByteArray   *output,
             gsize        *n_read)
{
  static GZlibDecompressor *decompressor;
  GConverterResult result;
  gsize n_written = 0, n = 0;

  if (decompressor == NULL)
    decompressor = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW);
  g_converter_reset (G_CONVERTER (decompressor));
  g_byte_array_set_size (output, BYTESTAG_LIMIT_INFLATED + 1);
  result = g_converter_convert (G_CONVERTER (decompressor), data, size, output->data, output->len,
                                G_CONVERTER_INPUT_AT_END, &n, &n_written, NULL);
  g_byte_array_set_size (output, (guint) n_written);
  *n_read = n;
  return result == G_CONVERTER_FINISHED
         || (result == G_CONVERTER_CONVERTED && n_written > BYTESTAG_LIMIT_INFLATED);
}

static void
scan (const char *text,
      gsize       length)
{
  BytestagMessage message;
  BytestagDrop drop;

  g_assert_cmpuint (length, <=, BYTESTAG_LIMIT_INFLATED);
  drop = bytestag_message_parse (&message, text, length);
  g_assert_cmpint (drop, !=, BYTESTAG_DROP_NOT_ZLIB);
  g_assert_cmpint (drop, !=, BYTESTAG_DROP_TOO_LONG);
}

static void
check_datagram (BytestagInflater *inflater,
                const guint8     *data,
                gsize             size)
{
  const char *text = NULL;
  gsize length = 0;
  BytestagDrop drop = bytestag_inflater_run (inflater, data, size, &text, &length);

  g_assert_true (size <= BYTESTAG_LIMIT_DATAGRAM || drop == BYTESTAG_DROP_TOO_LONG);
  if (drop == BYTESTAG_DROP_NONE)
    scan (text, length);
}

static void
check_raw (BytestagInflater *inflater,
           const guint8     *data,
           gsize             size)
{
  static const guint8 header[] = { 0x78, 0x9c };
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) datagram = g_byte_array_new ();
  const char *text = NULL;
  gsize length = 0, n_read;
  guint32 checksum;
  BytestagDrop drop;

  if (!inflate_raw (data, size, expected, &n_read))
    return;

  checksum = GUINT32_TO_BE (adler32 (expected->data, expected->len));
  g_byte_array_append (datagram, header, sizeof header);
  g_byte_array_append (datagram, data, (guint) (expected->len > BYTESTAG_LIMIT_INFLATED ? size : n_read));
  g_byte_array_append (datagram, (const guint8 *) &checksum, sizeof checksum);
  drop = bytestag_inflater_run (inflater, datagram->data, datagram->len, &text, &length);
  if (datagram->len > BYTESTAG_LIMIT_DATAGRAM || expected->len > BYTESTAG_LIMIT_INFLATED)
    {
      /* What comes behind the bound need not be zlib at all. */
      g_assert_true (drop == BYTESTAG_DROP_TOO_LONG || drop == BYTESTAG_DROP_NOT_ZLIB);
      return;
    }
  g_assert_cmpint (drop, ==, BYTESTAG_DROP_NONE);
  g_assert_cmpmem (text, length, expected->data, expected->len);
  scan (text, length);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static BytestagInflater *inflater;

  if (inflater == NULL)
    inflater = bytestag_inflater_new ();
  check_datagram (inflater, data, size);
  check_raw (inflater, data, size);
  return 0;
}
