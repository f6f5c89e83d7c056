/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/words.h"

#include <pango/pango.h>

#include "core/error.h"

#define assert_words(words, expected) \
  G_STMT_START { \
    g_autofree char *words_ = (words); \
    g_assert_cmpstr (words_, ==, (expected)); \
  } G_STMT_END

static void
test_name (void)
{
  g_autofree char *markup = bytestag_words_name_markup ("a&b<i>\xe2\x80\xaegpj.exe");

  g_assert_nonnull (strstr (markup, "a&amp;b&lt;i&gt;"));
  /* The character that turns the writing around is gone. */
  g_assert_null (strstr (markup, "\xe2\x80\xae"));
  g_assert_true (g_str_has_suffix (markup, "gpj.exe"));
  g_assert_true (pango_parse_markup (markup, -1, 0, NULL, NULL, NULL, NULL));
}

static void
test_amounts (void)
{
  assert_words (bytestag_words_files (1, 1000), "1 file, 1.0\xc2\xa0kB");
  assert_words (bytestag_words_files (60, 41000000), "60 files, 41.0\xc2\xa0MB");
  assert_words (bytestag_words_rate (3100000), "3.1\xc2\xa0MB/s");
  assert_words (bytestag_words_round_trip (-1), "not measured");
  assert_words (bytestag_words_round_trip (1234), "1.2 ms");
  assert_words (bytestag_words_round_trip (56789), "57 ms");
  assert_words (bytestag_words_span (-5), "0 s");
  assert_words (bytestag_words_span (59 * G_TIME_SPAN_SECOND), "59 s");
  assert_words (bytestag_words_span (60 * G_TIME_SPAN_SECOND), "1 min");
  assert_words (bytestag_words_span (3 * G_TIME_SPAN_HOUR), "3 h");
  assert_words (bytestag_words_span (2 * G_TIME_SPAN_DAY), "2 days");
  assert_words (bytestag_words_time (0), "never");
  assert_words (bytestag_words_clock (420), "The clock of this computer is 7 min ahead of those of others. Please set it.");
  assert_words (bytestag_words_clock (-86400),
                "The clock of this computer is 24 h behind those of others. Please set it.");
  g_assert_null (bytestag_words_clock (0));
}

static void
test_share (void)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED, "It changed.");

  assert_words (bytestag_words_share (BYTESTAG_SHARE_HASHING, 0, 0, -1, NULL, 0, 0, NULL), "Looking for files…");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_HASHING, 1000, 2000, -1, NULL, 0, 0, NULL),
                "Reading: 1.0\xc2\xa0kB of 2.0\xc2\xa0kB");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_HASHING, 1000, 2000, 150, "a.txt", 0, 0, NULL),
                "Reading: 1.0\xc2\xa0kB of 2.0\xc2\xa0kB, 2 min left, now “a.txt”");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_HASHING, 1000, 2000, G_MAXINT64, "a.txt", 0, 0, NULL),
                "Reading: 1.0\xc2\xa0kB of 2.0\xc2\xa0kB, 365 days left, now “a.txt”");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_PUBLISHING, 0, 0, -1, NULL, 9, 0, NULL),
                "Only on this computer so far");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_PUBLISHING, 0, 0, -1, NULL, 9, 3, NULL),
                "Sending copies to others: 3 of 9 pieces");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_ONLINE, 0, 0, -1, NULL, 9, 0, NULL), "Only on this computer");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_ONLINE, 0, 0, -1, NULL, 9, 8, NULL),
                "Online: other computers have copies of 8 of 9 pieces");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_ONLINE, 0, 0, -1, NULL, 9, 9, NULL),
                "Online: other computers have copies of every piece");
  assert_words (bytestag_words_share (BYTESTAG_SHARE_FAILED, 0, 0, -1, NULL, 0, 0, error), "Cannot be shared: It changed.");
}

static void
test_download (void)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND, "Nobody has it.");

  assert_words (bytestag_words_download (BYTESTAG_DOWNLOAD_OPENING, NULL, NULL), "Looking for people who have it…");
  assert_words (bytestag_words_download (BYTESTAG_DOWNLOAD_RUNNING, "Waiting", NULL), "Waiting");
  assert_words (bytestag_words_download (BYTESTAG_DOWNLOAD_DONE, "Waiting", NULL), "Complete, every piece checked");
  assert_words (bytestag_words_download (BYTESTAG_DOWNLOAD_FAILED, NULL, error), "Failed: Nobody has it.");
  assert_words (bytestag_words_progress (BYTESTAG_DOWNLOAD_OPENING, 0, 0, 0, 0, 0), "Size not known yet");
  assert_words (bytestag_words_progress (BYTESTAG_DOWNLOAD_OPENING, 0, 5000, 0, 0, 0), "5.0\xc2\xa0kB");
  assert_words (bytestag_words_progress (BYTESTAG_DOWNLOAD_RUNNING, 1000, 5000, 2000, 1, 3),
                "1.0\xc2\xa0kB of 5.0\xc2\xa0kB, 1 of 3 files, 2.0\xc2\xa0kB/s");
  assert_words (bytestag_words_progress (BYTESTAG_DOWNLOAD_DONE, 5000, 5000, 0, 3, 3), "3 files, 5.0\xc2\xa0kB");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/words/name", test_name);
  g_test_add_func ("/words/amounts", test_amounts);
  g_test_add_func ("/words/share", test_share);
  g_test_add_func ("/words/download", test_download);

  return g_test_run ();
}
