/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/common-words.h"

#include <glib/gi18n-lib.h>

char *
bytestag_words_span (gint64 span)
{
  guint seconds = (guint) CLAMP (span / G_TIME_SPAN_SECOND, 0, G_MAXUINT);

  if (seconds < 60)
    return g_strdup_printf (_("%u s"), seconds);
  if (seconds < 60 * 60)
    return g_strdup_printf (_("%u min"), seconds / 60);
  if (seconds < 48 * 60 * 60)
    return g_strdup_printf (_("%u h"), seconds / (60 * 60));
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u day", "%u days", seconds / (24 * 60 * 60)),
                          seconds / (24 * 60 * 60));
}

char *
bytestag_words_clock (gint64 difference)
{
  g_autofree char *span = bytestag_words_span (ABS (difference) * G_TIME_SPAN_SECOND);

  if (difference == 0)
    return NULL;

  /* Translators: %s is a time span like "7 min" */
  return g_strdup_printf (difference > 0
                            ? _("The clock of this computer is %s ahead of those of others. Please set it.")
                            : _("The clock of this computer is %s behind those of others. Please set it."),
                          span);
}

char *
bytestag_words_round_trip (gint64 rtt)
{
  if (rtt < 0)
    return g_strdup (_("not measured"));
  if (rtt < 10 * G_TIME_SPAN_MILLISECOND)
    return g_strdup_printf (_("%.1f ms"), (double) rtt / G_TIME_SPAN_MILLISECOND);
  return g_strdup_printf (_("%.0f ms"), (double) rtt / G_TIME_SPAN_MILLISECOND);
}

const char *
bytestag_words_drop (BytestagDrop drop)
{
  static const char *const words[] = {
    [BYTESTAG_DROP_NONE] = NULL,
    [BYTESTAG_DROP_TOO_LONG] = N_("longer than a datagram may be"),
    [BYTESTAG_DROP_NOT_ZLIB] = N_("not compressed as the network does"),
    [BYTESTAG_DROP_NOT_JSON] = N_("no message in it"),
    [BYTESTAG_DROP_LIMITS] = N_("nested too deeply, or too much in it"),
    [BYTESTAG_DROP_NET_ID] = N_("a request of another network"),
    [BYTESTAG_DROP_UNKNOWN_RPC] = N_("a request that this node does not know"),
    [BYTESTAG_DROP_BAD_MEMBER] = N_("a member of the message is missing or wrong"),
    [BYTESTAG_DROP_UNMATCHED] = N_("a reply or a chunk that nobody waits for"),
    [BYTESTAG_DROP_RATE] = N_("more than this node takes at one time"),
    [BYTESTAG_DROP_NETWORK_RATE] = N_("more than one network may send"),
    [BYTESTAG_DROP_TOTAL_RATE] = N_("more than all unknown networks together may send"),
    [BYTESTAG_DROP_UNPROVEN] = N_("too long an answer for an address that has not answered"),
    [BYTESTAG_DROP_DIVERSITY] = N_("a node of a network that has enough contacts"),
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (words) == BYTESTAG_N_DROPS);
  g_return_val_if_fail (drop < BYTESTAG_N_DROPS, NULL);
  return words[drop] != NULL ? _(words[drop]) : NULL;
}
