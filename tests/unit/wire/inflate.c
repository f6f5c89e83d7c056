/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <libdeflate.h>

#include "wire/inflate.h"

#define TEXT "{\"netid\": \"BYTESTAG\", \"rpc\": \"ping\", \"seq_id\": \"seq\"}"

typedef gsize (*CompressFunc) (struct libdeflate_compressor *compressor,
                               const void                   *in,
                               size_t                        in_length,
                               void                         *out,
                               size_t                        out_length);

static GByteArray *
compress_with (CompressFunc function,
               int          level,
               const char  *text,
               gsize        length)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (level);
  GByteArray *data = g_byte_array_new ();

  g_byte_array_set_size (data, length + 1024);
  g_byte_array_set_size (data, function (compressor, text, length, data->data, data->len));
  g_assert_cmpuint (data->len, >, 0);
  libdeflate_free_compressor (compressor);
  return data;
}

static void
assert_inflates (GByteArray *data,
                 const char *expected,
                 gsize       expected_length)
{
  g_autoptr (BytestagInflater) inflater = bytestag_inflater_new ();
  const char *text;
  gsize length;

  g_assert_cmpint (bytestag_inflater_run (inflater, data->data, data->len, &text, &length), ==,
                   BYTESTAG_DROP_NONE);
  g_assert_cmpmem (text, length, expected, expected_length);
}

static void
assert_dropped (const guint8 *data,
                gsize         length,
                BytestagDrop  drop)
{
  g_autoptr (BytestagInflater) inflater = bytestag_inflater_new ();
  /* An exact copy on the heap, so that a sanitizer sees reads past its end. */
  g_autofree guint8 *copy = g_memdup2 (data, length);
  const char *text;
  gsize text_length;

  g_assert_cmpint (bytestag_inflater_run (inflater, copy, length, &text, &text_length), ==, drop);
}

static void
test_levels (void)
{
  for (int level = 0; level <= 12; level++)
    {
      g_autoptr (GByteArray) data = compress_with (libdeflate_zlib_compress, level, TEXT, strlen (TEXT));

      assert_inflates (data, TEXT, strlen (TEXT));
    }
}

static void
test_bytes_after_the_stream (void)
{
  g_autoptr (GByteArray) data = compress_with (libdeflate_zlib_compress, 6, TEXT, strlen (TEXT));

  g_byte_array_append (data, (const guint8 *) "garbage", 7);
  assert_inflates (data, TEXT, strlen (TEXT));
}

static void
test_other_formats (void)
{
  g_autoptr (GByteArray) raw = compress_with (libdeflate_deflate_compress, 6, TEXT, strlen (TEXT));
  g_autoptr (GByteArray) gzip = compress_with (libdeflate_gzip_compress, 6, TEXT, strlen (TEXT));

  assert_dropped (raw->data, raw->len, BYTESTAG_DROP_NOT_ZLIB);
  assert_dropped (gzip->data, gzip->len, BYTESTAG_DROP_NOT_ZLIB);
  assert_dropped ((const guint8 *) TEXT, strlen (TEXT), BYTESTAG_DROP_NOT_ZLIB);
  assert_dropped ((const guint8 *) "", 0, BYTESTAG_DROP_NOT_ZLIB);
  /* A stream that asks for a preset dictionary. */
  assert_dropped ((const guint8 *) "\x78\xbb\x00\x00\x00\x01\x03\x00\x00\x00\x00\x01", 12,
                  BYTESTAG_DROP_NOT_ZLIB);
}

static void
test_cut (void)
{
  g_autoptr (GByteArray) data = compress_with (libdeflate_zlib_compress, 6, TEXT, strlen (TEXT));

  for (guint length = 0; length < data->len; length++)
    assert_dropped (data->data, length, BYTESTAG_DROP_NOT_ZLIB);
}

static void
test_bad_checksum (void)
{
  g_autoptr (GByteArray) data = compress_with (libdeflate_zlib_compress, 6, TEXT, strlen (TEXT));

  for (guint i = 1; i <= 4; i++)
    {
      data->data[data->len - i] ^= 1;
      assert_dropped (data->data, data->len, BYTESTAG_DROP_NOT_ZLIB);
      data->data[data->len - i] ^= 1;
    }
  assert_inflates (data, TEXT, strlen (TEXT));
}

static void
test_longest_datagram (void)
{
  g_autofree char *text = g_malloc (BYTESTAG_LIMIT_DATAGRAM);
  g_autoptr (GByteArray) data = NULL;
  guint length = BYTESTAG_LIMIT_DATAGRAM - 200;

  for (guint i = 0; i < BYTESTAG_LIMIT_DATAGRAM; i++)
    text[i] = (char) g_test_rand_int ();
  data = compress_with (libdeflate_zlib_compress, 0, text, length);
  g_assert_cmpuint (data->len, <=, BYTESTAG_LIMIT_DATAGRAM);
  /* Bytes behind the stream fill it up: only the length decides. */
  g_byte_array_set_size (data, BYTESTAG_LIMIT_DATAGRAM);
  assert_inflates (data, text, length);
  g_byte_array_set_size (data, BYTESTAG_LIMIT_DATAGRAM + 1);
  assert_dropped (data->data, data->len, BYTESTAG_DROP_TOO_LONG);
}

static void
test_bomb (void)
{
  g_autofree char *text = g_malloc0 (BYTESTAG_LIMIT_INFLATED + 1);
  g_autofree char *large = g_malloc0 (7000000);
  g_autoptr (GByteArray) fits = compress_with (libdeflate_zlib_compress, 9, text, BYTESTAG_LIMIT_INFLATED);
  g_autoptr (GByteArray) longer = compress_with (libdeflate_zlib_compress, 9, text,
                                                 BYTESTAG_LIMIT_INFLATED + 1);
  g_autoptr (GByteArray) bomb = compress_with (libdeflate_zlib_compress, 9, large, 7000000);

  g_assert_cmpuint (bomb->len, <=, BYTESTAG_LIMIT_DATAGRAM);
  assert_inflates (fits, text, BYTESTAG_LIMIT_INFLATED);
  assert_dropped (longer->data, longer->len, BYTESTAG_DROP_TOO_LONG);
  assert_dropped (bomb->data, bomb->len, BYTESTAG_DROP_TOO_LONG);
}

/* A bad datagram leaves nothing behind that spoils the next one. */
static void
test_used_again (void)
{
  g_autoptr (BytestagInflater) inflater = bytestag_inflater_new ();
  g_autoptr (GByteArray) data = compress_with (libdeflate_zlib_compress, 6, TEXT, strlen (TEXT));
  const char *text;
  gsize length;

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (bytestag_inflater_run (inflater, data->data, data->len, &text, &length), ==,
                       BYTESTAG_DROP_NONE);
      g_assert_cmpmem (text, length, TEXT, strlen (TEXT));
      g_assert_cmpint (bytestag_inflater_run (inflater, data->data, data->len - 6, &text, &length), ==,
                       BYTESTAG_DROP_NOT_ZLIB);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inflate/levels", test_levels);
  g_test_add_func ("/inflate/bytes-after-the-stream", test_bytes_after_the_stream);
  g_test_add_func ("/inflate/other-formats", test_other_formats);
  g_test_add_func ("/inflate/cut", test_cut);
  g_test_add_func ("/inflate/bad-checksum", test_bad_checksum);
  g_test_add_func ("/inflate/longest-datagram", test_longest_datagram);
  g_test_add_func ("/inflate/bomb", test_bomb);
  g_test_add_func ("/inflate/used-again", test_used_again);
  return g_test_run ();
}
