/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/message.h"

G_BEGIN_DECLS

/* What the window and the command line both say, in the person's language. */

/* (transfer full) a time span in µs: "5 s", "12 min", "3 h", "2 days". */
char       *bytestag_words_span       (gint64        span);
/* (transfer full) a round trip in µs; < 0: not measured. */
char       *bytestag_words_round_trip (gint64        rtt);
/* (transfer full) (nullable) that our clock is wrong, by as many seconds as
 * bytestag_network_get_clock_difference() says; NULL for 0. */
char       *bytestag_words_clock      (gint64        difference);
/* (transfer none) (nullable) why a datagram was dropped; NULL: it was not. */
const char *bytestag_words_drop       (BytestagDrop  drop);

G_END_DECLS
