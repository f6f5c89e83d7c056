/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/printer.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "client/common-words.h"
#include "client/control.h"
#include "client/statistics.h"
#include "wire/safe-name.h"

/* Characters of a bar. */
#define BAR_WIDTH 24
/* Without a terminal, a line of progress each tenth of the way. */
#define STEPS 10
/* Characters of a column of amounts, which stand to its right. */
#define AMOUNT_WIDTH 12
/* Weak pieces that are named, the weakest first. */
#define MAX_WEAK 10

struct _BytestagPrinter
{
  gboolean json;
  gboolean terminal;
  gboolean bar;      /* a bar stands in the current line */
  char *stage;       /* of the last line of progress */
  guint step;
  guint n_weak;      /* of the last survival, */
  guint n_named;     /* those that were printed */
};

typedef struct {
  const char *event;
  void (*print) (BytestagPrinter *self, GVariantDict *line);
} EventPrinter;

BytestagPrinter *
bytestag_printer_new (gboolean json)
{
  BytestagPrinter *self = g_new0 (BytestagPrinter, 1);

  self->json = json;
  self->terminal = !json && isatty (STDOUT_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;

  return self;
}

static void
clear_bar (BytestagPrinter *self)
{
  if (!self->bar)
    return;

  g_print ("\r\033[K");
  self->bar = FALSE;
}

void
bytestag_printer_free (BytestagPrinter *self)
{
  if (self == NULL)
    return;

  clear_bar (self);
  fflush (stdout);
  g_free (self->stage);
  g_free (self);
}

void
bytestag_printer_complain (BytestagPrinter *self,
                           const char      *message)
{
  /* Names from peers and from disk stand in it. */
  g_autofree char *shown = bytestag_name_for_display (message);
  gboolean ended = g_str_has_suffix (shown, ".") || g_str_has_suffix (shown, "?");

  clear_bar (self);
  fflush (stdout);
  g_printerr ("bytestag-node: %s%s\n", shown, ended ? "" : ".");
}

static gint64
get_number (GVariantDict *line,
            const char   *name)
{
  gint64 number = 0;

  g_variant_dict_lookup (line, name, "x", &number);
  return number;
}

/* (transfer full) safe to print */
static char *
dup_text (GVariantDict *line,
          const char   *name)
{
  const char *text = "";

  g_variant_dict_lookup (line, name, "&s", &text);
  return bytestag_name_for_display (text);
}

/* @done of @total, and words that go with it. */
static void
print_progress (BytestagPrinter *self,
                const char      *stage,
                gint64           done,
                gint64           total,
                const char      *words)
{
  gdouble fraction = total > 0 ? CLAMP ((gdouble) done / (gdouble) total, 0, 1) : 0;
  guint step = (guint) (fraction * STEPS);

  if (self->terminal)
    {
      guint n_full = (guint) (fraction * BAR_WIDTH);
      char bar[BAR_WIDTH + 1];

      memset (bar, ' ', BAR_WIDTH);
      memset (bar, '=', n_full);
      bar[BAR_WIDTH] = '\0';
      /* Not wrapped where the terminal is narrow: only one line can be taken back. */
      g_print ("\r\033[K\033[?7l%3d %% [%s] %s\033[?7h", (int) (fraction * 100), bar, words);
      self->bar = TRUE;
      return;
    }

  if (g_strcmp0 (self->stage, stage) == 0 && step <= self->step)
    return;

  g_free (self->stage);
  self->stage = g_strdup (stage);
  self->step = step;
  g_print ("%s (%d %%)\n", words, (int) (fraction * 100));
}

static void
print_ready (BytestagPrinter *self,
             GVariantDict    *line)
{
  g_autofree char *address = dup_text (line, "address");
  g_autofree char *id = dup_text (line, "id");

  g_print (_("Address: %s\n"), address);
  g_print (_("Id: %s\n"), id);
  g_print ("%s\n", _("Ready."));
}

static void
print_joined (BytestagPrinter *self,
              GVariantDict    *line)
{
  guint n = (guint) get_number (line, "peers");

  clear_bar (self);
  if (n == 0)
    g_print ("%s\n", _("Nobody answered yet; the known nodes will be asked again."));
  else
    g_print (ngettext ("Joined the network: %u contact.\n", "Joined the network: %u contacts.\n", n), n);
}

static void
print_hashing (BytestagPrinter *self,
               GVariantDict    *line)
{
  g_autofree char *done = g_format_size ((guint64) get_number (line, "bytes"));
  g_autofree char *total = g_format_size ((guint64) get_number (line, "size"));
  gint64 seconds_left = MIN (get_number (line, "seconds-left"), G_MAXINT64 / G_TIME_SPAN_SECOND);
  g_autofree char *left = bytestag_words_span (seconds_left * G_TIME_SPAN_SECOND);
  g_autofree char *words = NULL;

  if (seconds_left > 0)
    /* Translators: bytes read of all bytes, and a time span like "7 min" */
    words = g_strdup_printf (_("Reading: %s of %s, %s left"), done, total, left);
  else
    words = g_strdup_printf (_("Reading: %s of %s"), done, total);
  print_progress (self, "hashing", get_number (line, "bytes"), get_number (line, "size"), words);
}

static void
print_skipped (BytestagPrinter *self,
               GVariantDict    *line)
{
  g_autofree char *path = dup_text (line, "path");

  clear_bar (self);
  g_printerr (_("Left out: %s\n"), path);
}

static void
print_link (BytestagPrinter *self,
            GVariantDict    *line)
{
  g_autofree char *link = dup_text (line, "link");

  clear_bar (self);
  g_print ("%s\n", link);
}

static void
print_publishing (BytestagPrinter *self,
                  GVariantDict    *line)
{
  guint sent = (guint) get_number (line, "sent");
  guint pieces = (guint) get_number (line, "pieces");
  gint64 there = get_number (line, "percent-there");
  g_autofree char *words =
    g_strdup_printf (ngettext ("Publishing: %u of %u piece", "Publishing: %u of %u pieces", pieces), sent, pieces);
  g_autofree char *more = NULL;

  if (there > 0)
    /* Translators: what others had before anything was sent, behind "Publishing: 3 of 9 pieces" */
    more = g_strdup_printf (_("%s, %d %% already on the network"), words, (int) there);
  print_progress (self, "publishing", sent, pieces, more != NULL ? more : words);
}

static void
print_published (BytestagPrinter *self,
                 GVariantDict    *line)
{
  guint sent = (guint) get_number (line, "sent");
  guint pieces = (guint) get_number (line, "pieces");

  clear_bar (self);
  if (sent == 0)
    g_print ("%s\n", _("Nobody is there to send pieces to; they are served from here."));
  else
    g_print (ngettext ("Published: %u of %u piece.\n", "Published: %u of %u pieces.\n", pieces), sent, pieces);
}

static void
print_opening (BytestagPrinter *self,
               GVariantDict    *line)
{
  g_autofree char *status = dup_text (line, "status");

  print_progress (self, status, 0, 0, status);
}

static void
print_fetching (BytestagPrinter *self,
                GVariantDict    *line)
{
  g_autofree char *rate = g_format_size ((guint64) get_number (line, "rate"));
  g_autofree char *status = dup_text (line, "status");
  guint n = (guint) get_number (line, "files");
  g_autofree char *words =
    g_strdup_printf (ngettext ("%u of %u file, %s a second. %s", "%u of %u files, %s a second. %s", n),
                     (guint) get_number (line, "files-done"), n, rate, status);
  /* Without its numbers a status says whether it goes on or waits, which is worth a line. */
  g_autofree char *stage = g_strndup (status, strcspn (status, "0123456789"));

  print_progress (self, stage, get_number (line, "bytes"), get_number (line, "size"), words);
}

static void
print_saved (BytestagPrinter *self,
             GVariantDict    *line)
{
  g_autofree char *path = dup_text (line, "path");
  g_autofree char *size = g_format_size ((guint64) get_number (line, "size"));
  guint n = (guint) get_number (line, "files");

  clear_bar (self);
  g_print (ngettext ("%s: %u file, %s.\n", "%s: %u files, %s.\n", n), path, n, size);
}

static void
print_peer (BytestagPrinter *self,
            GVariantDict    *line)
{
  g_autofree char *id = dup_text (line, "id");
  g_autofree char *address = dup_text (line, "address");
  g_autofree char *state = dup_text (line, "state");
  gint64 rtt = get_number (line, "rtt");

  g_print ("%s  %-21s  %-12s", id, address, state);
  if (rtt >= 0)
    g_print (_("  %8.1f ms"), (gdouble) rtt / 1000);
  g_print (_("  seen %u s ago\n"), (guint) get_number (line, "age"));
}

static void
print_bucket (BytestagPrinter *self,
              GVariantDict    *line)
{
  gboolean locked = FALSE;
  guint number = (guint) get_number (line, "number");
  guint n = (guint) get_number (line, "nodes");

  g_variant_dict_lookup (line, "locked", "b", &locked);
  if (locked)
    g_print (ngettext ("Bucket %u: %u node, full, its oldest is being asked\n",
                       "Bucket %u: %u nodes, full, its oldest is being asked\n", n), number, n);
  else
    g_print (ngettext ("Bucket %u: %u node\n", "Bucket %u: %u nodes\n", n), number, n);
}

static void
print_candidate (BytestagPrinter *self,
                 GVariantDict    *line)
{
  g_autofree char *id = dup_text (line, "id");
  g_autofree char *address = dup_text (line, "address");
  g_autofree char *state = dup_text (line, "state");

  g_print (_("Step %u  %s  %-21s  %s\n"), (guint) get_number (line, "step"), id, address, state);
}

static void
print_value (BytestagPrinter *self,
             GVariantDict    *line)
{
  g_autofree char *index = dup_text (line, "index");
  g_autofree char *address = dup_text (line, "address");

  guint n = (guint) get_number (line, "size");

  g_print (ngettext ("%s holds the value %s of %u byte\n", "%s holds the value %s of %u bytes\n", n),
           address, index, n);
}

static void
print_found (BytestagPrinter *self,
             GVariantDict    *line)
{
  guint asked = (guint) get_number (line, "asked");
  guint closest = (guint) get_number (line, "closest");

  g_print (ngettext ("Over after %u question.\n", "Over after %u questions.\n", asked), asked);
  g_print (ngettext ("Found %u closest node.\n", "Found %u closest nodes.\n", closest), closest);
}

static void
print_id (BytestagPrinter *self,
          GVariantDict    *line)
{
  g_autofree char *id = dup_text (line, "id");

  g_print ("%s\n", id);
}

static void
print_amount (BytestagCounterKind  kind,
              gint64               amount,
              const char          *label)
{
  g_autofree char *words = bytestag_counter_words (kind, amount);

  g_print ("%*s%s  %s\n", MAX (0, AMOUNT_WIDTH - (int) g_utf8_strlen (words, -1)), "", words, label);
}

static void
print_stats (BytestagPrinter *self,
             GVariantDict    *line)
{
  BytestagCounterKind kind;
  const char *name, *label;

  for (guint i = 0; (name = bytestag_statistics_describe (i, &label, &kind)) != NULL; i++)
    print_amount (kind, get_number (line, name), label);
}

/* A reason that a newer Bytestag knows stands there by its word for machines. */
static void
print_drop (BytestagPrinter *self,
            GVariantDict    *line)
{
  g_autofree char *reason = dup_text (line, "reason");
  gint64 count = get_number (line, "count");
  g_autofree char *label = NULL;
  const char *words = reason;

  if (count == 0)
    return;

  for (BytestagDrop drop = BYTESTAG_DROP_NONE + 1; drop < BYTESTAG_N_DROPS; drop++)
    {
      if (g_str_equal (bytestag_drop_to_string (drop), reason))
        words = bytestag_words_drop (drop);
    }
  /* Translators: why so many datagrams were dropped, like "no message in it" */
  label = g_strdup_printf (_("Dropped: %s"), words);
  print_amount (BYTESTAG_COUNTER_NUMBER, count, label);
}

/* What became of the files of a share since they were read. */
static void
print_state_of_files (GVariantDict *line)
{
  guint n_changed = (guint) get_number (line, "changed");
  guint n_deleted = (guint) get_number (line, "deleted");
  guint n_new = (guint) get_number (line, "new");
  gboolean away = FALSE;

  g_variant_dict_lookup (line, "away", "b", &away);
  if (away)
    g_print ("  %s\n", _("Away: the drive or folder is not there now; copies of others are looked after"));
  if (n_changed > 0)
    g_print (ngettext ("  %u file changed\n", "  %u files changed\n", n_changed), n_changed);
  if (n_deleted > 0)
    g_print (ngettext ("  %u file deleted\n", "  %u files deleted\n", n_deleted), n_deleted);
  if (n_new > 0)
    g_print (ngettext ("  %u file is new, and not shared\n", "  %u files are new, and not shared\n", n_new), n_new);
}

static void
print_share (BytestagPrinter *self,
             GVariantDict    *line)
{
  g_autofree char *link = dup_text (line, "link");
  g_autofree char *name = dup_text (line, "name");
  g_autofree char *problem = dup_text (line, "problem");
  g_autofree char *paused = dup_text (line, "paused");
  g_autofree char *size = g_format_size ((guint64) get_number (line, "size"));
  guint n_files = (guint) get_number (line, "files");
  guint n_pieces = (guint) get_number (line, "pieces");

  g_print ("%s\n", name);
  g_print (ngettext ("  %u file, %s\n", "  %u files, %s\n", n_files), n_files, size);
  if (problem[0] != '\0')
    g_print ("  %s\n", problem);
  else
    g_print (ngettext ("  %u of %u piece sent\n", "  %u of %u pieces sent\n", n_pieces),
             (guint) get_number (line, "sent"), n_pieces);
  print_state_of_files (line);
  if (paused[0] != '\0')
    g_print ("  %s\n", paused);
  if (link[0] != '\0')
    g_print ("  %s\n", link);
}

static void
print_paused (BytestagPrinter *self,
              GVariantDict    *line)
{
  g_autofree char *reason = dup_text (line, "reason");

  clear_bar (self);
  g_print ("%s\n", reason);
}

/* (transfer full) a day and time; @seconds 0: a dash */
static char *
dup_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local (seconds) : NULL;

  return time != NULL ? g_date_time_format (time, "%x %H:%M") : g_strdup ("-");
}

static void
print_survival (BytestagPrinter *self,
                GVariantDict    *line)
{
  g_autofree char *name = dup_text (line, "name");
  g_autofree char *words = dup_text (line, "words");
  g_autofree char *oldest = dup_time (get_number (line, "oldest"));
  g_autofree char *newest = dup_time (get_number (line, "newest"));
  g_autofree char *safe = dup_time (get_number (line, "safe-until"));
  guint n = (guint) get_number (line, "pieces");

  self->n_weak = (guint) get_number (line, "weak");
  self->n_named = 0;
  g_print ("%s: %s\n", name, words);
  if (get_number (line, "looked") > 0)
    g_print (ngettext ("Looked at %u of %u piece, from %s to %s\n", "Looked at %u of %u pieces, from %s to %s\n", n),
             (guint) get_number (line, "looked"), n, oldest, newest);
  if (get_number (line, "percent-there") > 0)
    g_print (_("%d %% was already on the network\n"), (int) get_number (line, "percent-there"));
  if (get_number (line, "safe-until") > 0)
    g_print (_("Safe until %s\n"), safe);
}

static void
print_copies (BytestagPrinter *self,
              GVariantDict    *line)
{
  guint copies = (guint) get_number (line, "copies");
  guint pieces = (guint) get_number (line, "pieces");
  g_autofree char *until = dup_time (get_number (line, "until"));
  g_autofree char *kept = g_strdup_printf (ngettext ("%u copy", "%u copies", copies), copies);

  if (pieces == 0)
    return;

  if (get_number (line, "until") == 0)
    {
      /* Translators: like "12 pieces: 4 copies" */
      g_print (ngettext ("%6u piece: %s\n", "%6u pieces: %s\n", pieces), pieces, kept);
      return;
    }

  /* Translators: like "12 pieces: 4 copies, until 12/24/26 10:00", when the first of them ends */
  g_print (ngettext ("%6u piece: %s, until %s\n", "%6u pieces: %s, until %s\n", pieces), pieces, kept, until);
}

static void
print_weak (BytestagPrinter *self,
            GVariantDict    *line)
{
  g_autofree char *key = dup_text (line, "key");
  g_autofree char *file = dup_text (line, "file");
  guint copies = (guint) get_number (line, "copies");

  if (self->n_named == MAX_WEAK)
    return;

  self->n_named++;
  if (file[0] != '\0')
    g_print (ngettext ("Weak: %s, %u copy, of %s\n", "Weak: %s, %u copies, of %s\n", copies), key, copies, file);
  else
    g_print (ngettext ("Weak: %s, %u copy\n", "Weak: %s, %u copies\n", copies), key, copies);
  if (self->n_named == MAX_WEAK && self->n_weak > MAX_WEAK)
    g_print (ngettext ("and %u more\n", "and %u more\n", self->n_weak - MAX_WEAK), self->n_weak - MAX_WEAK);
}

static void
print_budget (BytestagPrinter *self,
              GVariantDict    *line)
{
  g_autofree char *initial = g_format_size ((guint64) get_number (line, "initial-bytes"));
  g_autofree char *upkeep = g_format_size ((guint64) get_number (line, "upkeep-bytes"));
  g_autofree char *verdict = dup_text (line, "verdict");
  guint percent = (guint) get_number (line, "percent-kept");
  guint copies = (guint) get_number (line, "recommended-copies");

  clear_bar (self);
  g_print (_("To be sent: %s at first, then about %s a day\n"), initial, upkeep);
  if (g_str_equal (verdict, "partly"))
    g_print (_("Within the upload limit and the hours that this computer is on, about %u %% of it can be kept\n"),
             percent);
  else if (g_str_equal (verdict, "nothing"))
    g_print ("%s\n", _("Within the upload limit nothing of it can be kept"));
  if (copies > 0)
    g_print (ngettext ("As fast as computers go here, %u copy is recommended\n",
                       "As fast as computers go here, %u copies are recommended\n", copies), copies);
}

static void
print_sending (BytestagPrinter *self,
               GVariantDict    *line)
{
  guint n = (guint) get_number (line, "pieces");

  g_print (ngettext ("Sending copies of %u piece.\n", "Sending copies of %u pieces.\n", n), n);
}

static void
print_deleting (BytestagPrinter *self,
                GVariantDict    *line)
{
  guint n = (guint) get_number (line, "values");
  g_autofree char *size = g_format_size ((guint64) get_number (line, "bytes"));

  g_print (ngettext ("Deleting %u value, %s.\n", "Deleting %u values, %s.\n", n), n, size);
}

static void
print_clearing (BytestagPrinter *self,
                GVariantDict    *line)
{
  g_print (_("It is deleted. The disk is slow: its space comes back within the next minutes.\n"));
}

static void
print_stopped (BytestagPrinter *self,
               GVariantDict    *line)
{
  g_autofree char *name = dup_text (line, "name");

  g_print (_("“%s” is no longer shared.\n"), name);
}

static void
print_clock (BytestagPrinter *self,
             GVariantDict    *line)
{
  g_autofree char *words = bytestag_words_clock (get_number (line, "difference"));

  if (words != NULL)
    bytestag_printer_complain (self, words);
}

static const EventPrinter events[] = {
  { "ready", print_ready },
  { "joined", print_joined },
  { "hashing", print_hashing },
  { "skipped", print_skipped },
  { "link", print_link },
  { "publishing", print_publishing },
  { "published", print_published },
  { "opening", print_opening },
  { "fetching", print_fetching },
  { "saved", print_saved },
  { "peer", print_peer },
  { "bucket", print_bucket },
  { "candidate", print_candidate },
  { "value", print_value },
  { "found", print_found },
  { "id", print_id },
  { "stats", print_stats },
  { "drop", print_drop },
  { "clock", print_clock },
  { "paused", print_paused },
  { "share", print_share },
  { "survival", print_survival },
  { "copies", print_copies },
  { "weak", print_weak },
  { "sending", print_sending },
  { "budget", print_budget },
  { "stopped", print_stopped },
  { "deleting", print_deleting },
  { "clearing", print_clearing },
};

void
bytestag_printer_print (BytestagPrinter *self,
                        GVariant        *line)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (line);
  const char *event = "";

  if (self->json)
    {
      g_autofree char *json = bytestag_control_to_json (line);

      /* Not g_print(): JSON is UTF-8 in every locale. */
      fputs (json, stdout);
      fputc ('\n', stdout);
      fflush (stdout);
      return;
    }

  g_variant_dict_lookup (&dict, "event", "&s", &event);
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    {
      if (g_str_equal (events[i].event, event))
        events[i].print (self, &dict);
    }
  fflush (stdout);
}
