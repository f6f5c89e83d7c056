/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What runs tells how far it is 4 times a second, not for each packet; µs. */
#define BYTESTAG_PROGRESS_INTERVAL (G_USEC_PER_SEC / 4)

G_END_DECLS
