/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_TEST_CLOCK (bytestag_test_clock_get_type ())
G_DECLARE_FINAL_TYPE (BytestagTestClock, bytestag_test_clock, BYTESTAG, TEST_CLOCK, GObject)

/* A clock that stands still until it is moved. It starts at one hour of uptime
 * (so that ages may be subtracted from it) on 2020-09-13 12:26:40 UTC. */
BytestagTestClock *bytestag_test_clock_new           (void);
/* Both times go on by @interval µs. */
void               bytestag_test_clock_advance       (BytestagTestClock *self,
                                                      gint64             interval);
/* µs of the uptime, alone. */
void               bytestag_test_clock_set_time      (BytestagTestClock *self,
                                                      gint64             time);
/* µs since 1970, alone: as when a person sets the clock. */
void               bytestag_test_clock_set_wall_time (BytestagTestClock *self,
                                                      gint64             wall_time);

G_END_DECLS
