/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "sharing/part-map.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_PIECE_MAP (bytestag_piece_map_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPieceMap, bytestag_piece_map, BYTESTAG, PIECE_MAP, GtkWidget)

/* A strip that shows which pieces of a download are here. Property "map"
 * (BytestagPartMap, nullable): shows nothing while there is none. */
GtkWidget       *bytestag_piece_map_new     (void);
/* (nullable) NULL: nothing is drawn. */
void             bytestag_piece_map_set_map (BytestagPieceMap *self,
                                             BytestagPartMap  *map);

G_END_DECLS
