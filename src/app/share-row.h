/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "sharing/share.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_SHARE_ROW (bytestag_share_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagShareRow, bytestag_share_row, BYTESTAG, SHARE_ROW, AdwBin)

/* A collection that is shared from here. Property "share" (BytestagShare,
 * nullable). Signals "link-copied", "stop-requested"
 * and "new-version-requested" (BytestagShare). */
GtkWidget *bytestag_share_row_new (void);

G_END_DECLS
