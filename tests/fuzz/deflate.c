/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <libdeflate.h>

#include "core/limits.h"
#include "fuzz.h"
#include "wire/deflate.h"

/* The writer of zlib streams: what it writes is read back by another, of whatever text,
 * stays within the room that it was given, and does not depend on what it wrote before. */

static void
check (BytestagDeflater *deflater,
       const char       *text,
       gsize             length,
       gsize             size)
{
  static struct libdeflate_decompressor *decompressor;
  guint8 stream[2 * BYTESTAG_DEFLATER_TEXT + BYTESTAG_DEFLATER_SLACK];
  char again[BYTESTAG_DEFLATER_TEXT + 1];
  gsize n_again = 0, n_stream;

  if (decompressor == NULL)
    decompressor = libdeflate_alloc_decompressor ();
  n_stream = bytestag_deflater_run (deflater, text, length, stream, size);
  g_assert_cmpuint (n_stream, <=, size);
  if (n_stream == 0)
    return;

  g_assert_cmpint (libdeflate_zlib_decompress (decompressor, stream, n_stream, again, sizeof again, &n_again), ==,
                   LIBDEFLATE_SUCCESS);
  g_assert_cmpmem (again, n_again, text, length);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static BytestagDeflater *deflater;
  gsize length = MIN (size, BYTESTAG_DEFLATER_TEXT);

  if (deflater == NULL)
    deflater = bytestag_deflater_new ();
  check (deflater, (const char *) data, length, 2 * BYTESTAG_DEFLATER_TEXT);
  /* Also where there is hardly room, or none. */
  check (deflater, (const char *) data, length, length);
  check (deflater, (const char *) data, length, length / 2);
  return 0;
}
