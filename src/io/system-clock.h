/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ports.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SYSTEM_CLOCK (bytestag_system_clock_get_type ())
G_DECLARE_FINAL_TYPE (BytestagSystemClock, bytestag_system_clock, BYTESTAG, SYSTEM_CLOCK, GObject)
/* CLOCK_BOOTTIME and CLOCK_REALTIME. */
BytestagSystemClock *bytestag_system_clock_new (void);

G_END_DECLS
