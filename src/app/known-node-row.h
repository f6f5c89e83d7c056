/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BYTESTAG_TYPE_KNOWN_NODE_ROW (bytestag_known_node_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagKnownNodeRow, bytestag_known_node_row, BYTESTAG, KNOWN_NODE_ROW, AdwActionRow)

/* An address of the preferences. Its button activates the action
 * "preferences.remove-node" with the address. */
GtkWidget *bytestag_known_node_row_new (const char *address);

G_END_DECLS
