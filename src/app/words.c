/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/words.h"

#include <time.h>

#include <glib/gi18n.h>

#include "wire/safe-name.h"

/* Nobody plans further ahead; seconds. */
#define LONGEST_LEFT G_GINT64_CONSTANT (31536000)

char *
bytestag_words_name_markup (const char *name)
{
  g_autofree char *display = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  display = bytestag_name_for_display (name);
  return g_markup_escape_text (display, -1);
}

char *
bytestag_words_link_copied (const char *name)
{
  g_autofree char *markup = bytestag_words_name_markup (name);

  return g_strdup_printf (_("Link to “%s” copied"), markup);
}

char *
bytestag_words_files (guint   n_files,
                      guint64 size)
{
  g_autofree char *bytes = g_format_size (size);

  /* Translators: how many files, and how many bytes in them ("41.0 MB") */
  return g_strdup_printf (ngettext ("%u file, %s", "%u files, %s", n_files), n_files, bytes);
}

char *
bytestag_words_rate (guint64 rate)
{
  g_autofree char *bytes = g_format_size (rate);

  /* Translators: bytes a second, like "3.1 MB/s" */
  return g_strdup_printf (_("%s/s"), bytes);
}

static char *
words_hashing (guint64     bytes_hashed,
               guint64     size,
               gint64      seconds_left,
               const char *current_file)
{
  g_autofree char *done = g_format_size (bytes_hashed);
  g_autofree char *total = g_format_size (size);
  g_autofree char *left = bytestag_words_span (MIN (seconds_left, LONGEST_LEFT) * G_TIME_SPAN_SECOND);
  g_autofree char *file = NULL;

  if (size == 0)
    return g_strdup (_("Looking for files…"));
  if (current_file == NULL)
    /* Translators: bytes read of all bytes */
    return g_strdup_printf (_("Reading: %s of %s"), done, total);

  file = bytestag_name_for_display (current_file);
  if (seconds_left > 0)
    /* Translators: bytes read of all bytes, a time span like "7 min", and the file that is being read */
    return g_strdup_printf (_("Reading: %s of %s, %s left, now “%s”"), done, total, left, file);
  /* Translators: bytes read of all bytes, and the file that is being read */
  return g_strdup_printf (_("Reading: %s of %s, now “%s”"), done, total, file);
}

char *
bytestag_words_share (BytestagShareState  state,
                      guint64             bytes_hashed,
                      guint64             size,
                      gint64              seconds_left,
                      const char         *current_file,
                      guint               n_pieces,
                      guint               n_pieces_sent,
                      const GError       *error)
{
  switch (state)
    {
    case BYTESTAG_SHARE_HASHING:
      return words_hashing (bytes_hashed, size, seconds_left, current_file);
    case BYTESTAG_SHARE_PUBLISHING:
      /* Nobody is there, or nobody has taken one yet. */
      if (n_pieces_sent == 0)
        return g_strdup (_("Only on this computer so far"));
      return g_strdup_printf (ngettext ("Sending copies to others: %u of %u piece",
                                        "Sending copies to others: %u of %u pieces", n_pieces),
                              n_pieces_sent, n_pieces);
    case BYTESTAG_SHARE_ONLINE:
      if (n_pieces_sent == 0)
        return g_strdup (_("Only on this computer"));
      if (n_pieces_sent < n_pieces)
        return g_strdup_printf (_("Online: other computers have copies of %u of %u pieces"),
                                n_pieces_sent, n_pieces);
      return g_strdup (_("Online: other computers have copies of every piece"));
    case BYTESTAG_SHARE_STOPPED:
      return g_strdup (_("No longer shared"));
    case BYTESTAG_SHARE_FAILED:
    default:
      if (error == NULL)
        return g_strdup (_("Cannot be shared"));
      return g_strdup_printf (_("Cannot be shared: %s"), error->message);
    }
}

char *
bytestag_words_progress (BytestagDownloadState state,
                         guint64               bytes_done,
                         guint64               size,
                         guint64               rate,
                         guint                 n_files_done,
                         guint                 n_files)
{
  g_autofree char *done = g_format_size (bytes_done);
  g_autofree char *total = g_format_size (size);
  g_autofree char *speed = NULL;

  if (state == BYTESTAG_DOWNLOAD_DONE)
    return bytestag_words_files (n_files, size);
  if (n_files == 0)
    return size != 0 ? g_steal_pointer (&total) : g_strdup (_("Size not known yet"));
  if (state != BYTESTAG_DOWNLOAD_RUNNING || rate == 0)
    /* Translators: bytes of all bytes, then files of all files */
    return g_strdup_printf (ngettext ("%s of %s, %u of %u file", "%s of %s, %u of %u files", n_files),
                            done, total, n_files_done, n_files);

  speed = bytestag_words_rate (rate);
  /* Translators: bytes of all bytes, then files of all files, then bytes a second */
  return g_strdup_printf (ngettext ("%s of %s, %u of %u file, %s", "%s of %s, %u of %u files, %s", n_files),
                          done, total, n_files_done, n_files, speed);
}

char *
bytestag_words_download (BytestagDownloadState  state,
                         const char            *status,
                         const GError          *error)
{
  switch (state)
    {
    case BYTESTAG_DOWNLOAD_OPENING:
      return g_strdup (status != NULL ? status : _("Looking for people who have it…"));
    case BYTESTAG_DOWNLOAD_RUNNING:
      return g_strdup (status != NULL ? status : _("Downloading"));
    case BYTESTAG_DOWNLOAD_DONE:
      return g_strdup (_("Complete, every piece checked"));
    case BYTESTAG_DOWNLOAD_CANCELLED:
      return g_strdup (_("Cancelled"));
    case BYTESTAG_DOWNLOAD_FAILED:
    default:
      if (error == NULL)
        return g_strdup (_("Failed"));
      return g_strdup_printf (_("Failed: %s"), error->message);
    }
}

char *
bytestag_words_part_state (BytestagPartState state)
{
  switch (state)
    {
    case BYTESTAG_PART_MISSING:
      return g_strdup (_("missing"));
    case BYTESTAG_PART_SOUGHT:
      return g_strdup (_("sought"));
    case BYTESTAG_PART_RECEIVING:
      return g_strdup (_("arriving"));
    case BYTESTAG_PART_CHECKED:
      return g_strdup (_("checked"));
    case BYTESTAG_PART_BAD:
    default:
      return g_strdup (_("wrong data came"));
    }
}

char *
bytestag_words_node_state (BytestagNodeState state)
{
  switch (state)
    {
    case BYTESTAG_NODE_GOOD:
      return g_strdup (_("Good: answered lately"));
    case BYTESTAG_NODE_QUESTIONABLE:
      return g_strdup (_("Questionable: silent for a while"));
    case BYTESTAG_NODE_STALE:
      return g_strdup (_("Stale: does not answer"));
    case BYTESTAG_NODE_NEW:
    default:
      return g_strdup (_("New: has not answered yet"));
    }
}

static gint64
boot_time_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);
  return now.tv_sec * G_TIME_SPAN_SECOND + now.tv_nsec / 1000;
}

char *
bytestag_words_time (gint64 boot_time)
{
  g_autoptr (GDateTime) now = NULL;
  g_autoptr (GDateTime) then = NULL;

  if (boot_time <= 0)
    return g_strdup (_("never"));

  now = g_date_time_new_now_local ();
  then = g_date_time_add (now, boot_time - boot_time_now ());
  if (g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (now))
    return g_date_time_format (then, "%X");
  return g_date_time_format (then, "%c");
}

char *
bytestag_words_node (BytestagNode *node)
{
  gint64 now = boot_time_now ();
  g_autofree char *hex = bytestag_key_to_hex (bytestag_node_get_key (node));
  g_autofree char *address = bytestag_endpoint_to_string (bytestag_node_get_endpoint (node));
  g_autofree char *state = bytestag_words_node_state (bytestag_node_get_state (node));
  g_autofree char *rtt = bytestag_words_round_trip (bytestag_node_get_rtt (node));
  g_autofree char *known = bytestag_words_span (now - bytestag_node_get_first_seen (node));
  g_autofree char *seen = bytestag_words_span (now - bytestag_node_get_last_seen (node));

  /* Translators: id, address, state, then four facts about another computer */
  return g_strdup_printf (_("%s\n%s\n%s\nRound trip: %s\nKnown for: %s\nSeen: %s ago\nFailures: %u"),
                          hex, address, state, rtt, known, seen, bytestag_node_get_failures (node));
}
