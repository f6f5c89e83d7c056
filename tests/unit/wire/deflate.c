/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/deflate.h"

#include <libdeflate.h>
#include <string.h>

#define STREAM_SIZE 8192

typedef struct {
  BytestagDeflater *deflater;
  guint8 stream[STREAM_SIZE + BYTESTAG_DEFLATER_SLACK];
} Test;

static void
set_up (Test         *test,
        gconstpointer data)
{
  test->deflater = bytestag_deflater_new ();
}

static void
tear_down (Test         *test,
           gconstpointer data)
{
  bytestag_deflater_free (test->deflater);
}

/* What another library reads of the stream is the text. Returns its length. */
static gsize
assert_there_and_back (Test       *test,
                       const char *text,
                       gsize       length)
{
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor ();
  g_autofree char *inflated = g_malloc (length + 1);
  gsize stream_length, n_read, inflated_length;

  stream_length = bytestag_deflater_run (test->deflater, text, length, test->stream, STREAM_SIZE);
  g_assert_cmpuint (stream_length, >, 0);
  g_assert_cmpint (libdeflate_zlib_decompress_ex (decompressor, test->stream, stream_length, inflated, length,
                                                  &n_read, &inflated_length), ==, LIBDEFLATE_SUCCESS);
  g_assert_cmpuint (n_read, ==, stream_length);
  g_assert_cmpmem (inflated, inflated_length, text, length);
  libdeflate_free_decompressor (decompressor);
  return stream_length;
}

/* As originals write it (A.1.1). */
static void
test_header (Test         *test,
             gconstpointer data)
{
  assert_there_and_back (test, "{}", 2);
  g_assert_cmphex (test->stream[0], ==, 0x78);
  g_assert_cmphex (test->stream[1], ==, 0x9c);
}

static void
test_empty (Test         *test,
            gconstpointer data)
{
  assert_there_and_back (test, "", 0);
}

static void
append_key (GString *text)
{
  guint8 bytes[20];
  g_autofree char *key = NULL;

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = g_test_rand_int ();
  key = g_base64_encode (bytes, sizeof bytes);
  g_string_append_printf (text, "\"%s\"", key);
}

static GString *
make_nodes (guint n)
{
  GString *text = g_string_new ("{\"netid\": \"BYTESTAG\", \"nodeid\": ");

  append_key (text);
  g_string_append (text, ", \"nodes\": [");
  for (guint i = 0; i < n; i++)
    {
      g_string_append_printf (text, "%s{\"host\": \"%d.%d.%d.%d\", \"port\": %d, \"id\": ", i > 0 ? ", " : "",
                              g_test_rand_int_range (1, 224), g_test_rand_int_range (0, 256),
                              g_test_rand_int_range (0, 256), g_test_rand_int_range (1, 255),
                              g_test_rand_int_range (1024, 65536));
      append_key (text);
      g_string_append_c (text, '}');
    }
  g_string_append (text, "], \"reply_id\": ");
  append_key (text);
  g_string_append_c (text, '}');
  return text;
}

static GString *
make_chunk (void)
{
  GString *text = g_string_new ("{\"xfer_id\": ");
  guint8 bytes[1024];
  g_autofree char *data = NULL;

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = g_test_rand_int ();
  data = g_base64_encode (bytes, sizeof bytes);
  append_key (text);
  g_string_append_printf (text, ", \"xfer_data\": \"%s\", \"seq_id\": ", data);
  append_key (text);
  g_string_append_c (text, '}');
  return text;
}

static GString *
make_ping (void)
{
  GString *text = g_string_new ("{\"netid\": \"BYTESTAG\", \"nodeid\": ");

  append_key (text);
  g_string_append (text, ", \"rpc\": \"ping\", \"seq_id\": ");
  append_key (text);
  g_string_append_c (text, '}');
  return text;
}

/* Each form of message stays within some percent of what a general compressor
 * makes of it, which takes the right code. */
static void
assert_short (Test    *test,
              GString *text,
              guint    percent)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (6);
  guint8 best[STREAM_SIZE];
  gsize best_length = libdeflate_zlib_compress (compressor, text->str, text->len, best, sizeof best);
  gsize length = assert_there_and_back (test, text->str, text->len);

  g_assert_cmpuint (length * 100, <=, best_length * (100 + percent));
  libdeflate_free_compressor (compressor);
  g_string_free (text, TRUE);
}

static void
test_size_of_messages (Test         *test,
                       gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      assert_short (test, make_ping (), 3);
      assert_short (test, make_nodes (20), 5);
      assert_short (test, make_nodes (7), 6);
      assert_short (test, make_chunk (), 3);
    }
}

/* All lengths and distances of matches, and every byte. */
static void
test_any_text (Test         *test,
               gconstpointer data)
{
  char text[BYTESTAG_DEFLATER_TEXT];

  for (guint i = 0; i < 2000; i++)
    {
      guint length = g_test_rand_int_range (0, sizeof text + 1);
      guint n_letters = g_test_rand_int_range (1, 257);

      for (guint at = 0; at < length;)
        {
          guint n = g_test_rand_int_range (1, 300);
          guint distance = at > 0 ? g_test_rand_int_range (1, at + 1) : 0;

          if (g_test_rand_bit () || distance == 0)
            for (n = MIN (n, 20); n > 0 && at < length; n--)
              text[at++] = n_letters == 256 ? g_test_rand_int () : ' ' + g_test_rand_int_range (0, n_letters);
          else
            for (; n > 0 && at < length; n--, at++)
              text[at] = text[at - distance];
        }
      assert_there_and_back (test, text, length);
    }
}

/* A text that no code of ours has letters for, as long as may be. */
static void
test_limit_text (Test         *test,
                 gconstpointer data)
{
  char text[BYTESTAG_DEFLATER_TEXT];

  for (guint i = 0; i < sizeof text; i++)
    text[i] = (char) (144 + g_test_rand_int_range (0, 112));
  assert_there_and_back (test, text, sizeof text);

  /* One letter that our codes lack among thousands that they have. */
  memset (text, 'A', sizeof text);
  for (guint i = 0; i < sizeof text; i++)
    text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[g_test_rand_int_range (0, 26)];
  text[1000] = '\\';
  assert_there_and_back (test, text, sizeof text);
}

static void
test_no_room (Test         *test,
              gconstpointer data)
{
  g_autoptr (GString) text = make_nodes (20);
  gsize length = assert_there_and_back (test, text->str, text->len);

  g_assert_cmpuint (bytestag_deflater_run (test->deflater, text->str, text->len, test->stream, length), ==, length);
  memset (test->stream, 0xee, sizeof test->stream);
  g_assert_cmpuint (bytestag_deflater_run (test->deflater, text->str, text->len, test->stream, length - 1), ==, 0);
  g_assert_cmphex (test->stream[0], ==, 0xee);
  g_assert_cmpuint (bytestag_deflater_run (test->deflater, text->str, text->len, test->stream, length), ==, length);
  for (gsize i = length + BYTESTAG_DEFLATER_SLACK; i < sizeof test->stream; i++)
    g_assert_cmphex (test->stream[i], ==, 0xee);
}

#define ADD(name, test) g_test_add ("/deflate/" name, Test, NULL, set_up, test, tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("header", test_header);
  ADD ("empty", test_empty);
  ADD ("size-of-messages", test_size_of_messages);
  ADD ("any-text", test_any_text);
  ADD ("limit-text", test_limit_text);
  ADD ("no-room", test_no_room);

  return g_test_run ();
}
