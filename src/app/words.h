/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/common-words.h"
#include "core/node.h"
#include "sharing/download.h"
#include "sharing/share.h"

G_BEGIN_DECLS

/* What the window alone says, in the person's language. Every function returns plain text,
 * but for the two that say "markup"; (transfer full). */

/* A name from a person or a peer, for a place that parses markup (toasts, rows,
 * status pages): safe for the eyes, escaped. */
char *bytestag_words_name_markup    (const char            *name);
/* What a toast says, markup, when the link of what is called @name was copied. */
char *bytestag_words_link_copied    (const char            *name);
/* "60 files, 41.0 MB" */
char *bytestag_words_files          (guint                  n_files,
                                     guint64                size);
/* Bytes a second. */
char *bytestag_words_rate           (guint64                rate);
/* What a share does, or why it does not. @seconds_left: -1: not known; @current_file,
 * @error: (nullable) */
char *bytestag_words_share          (BytestagShareState     state,
                                     guint64                bytes_hashed,
                                     guint64                size,
                                     gint64                 seconds_left,
                                     const char            *current_file,
                                     guint                  n_pieces,
                                     guint                  n_pieces_sent,
                                     const GError          *error);
/* "12.4 MB of 41.0 MB, 3.1 MB/s" */
char *bytestag_words_progress       (BytestagDownloadState  state,
                                     guint64                bytes_done,
                                     guint64                size,
                                     guint64                rate,
                                     guint                  n_files_done,
                                     guint                  n_files);
/* @status, @error: (nullable) */
char *bytestag_words_download       (BytestagDownloadState  state,
                                     const char            *status,
                                     const GError          *error);
char *bytestag_words_part_state     (BytestagPartState      state);
char *bytestag_words_node_state     (BytestagNodeState      state);
/* A time of the system clock (CLOCK_BOOTTIME, µs) as local time; 0: never. */
char *bytestag_words_time           (gint64                 boot_time);
/* Several lines about a node, for a tooltip. */
char *bytestag_words_node           (BytestagNode          *node);

G_END_DECLS
