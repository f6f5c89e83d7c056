/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "core/node.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PEER_ROW (bytestag_peer_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPeerRow, bytestag_peer_row, BYTESTAG, PEER_ROW, AdwBin)

/* Another computer of the network. Property "node" (BytestagNode, nullable). */
GtkWidget *bytestag_peer_row_new (void);

G_END_DECLS
