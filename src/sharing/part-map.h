/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  BYTESTAG_PART_MISSING,
  BYTESTAG_PART_SOUGHT,    /* looked up */
  BYTESTAG_PART_RECEIVING,
  BYTESTAG_PART_CHECKED,
  BYTESTAG_PART_BAD,       /* wrong data came; asked for elsewhere */
} BytestagPartState;

#define BYTESTAG_TYPE_PART_STATE (bytestag_part_state_get_type ())
GType bytestag_part_state_get_type (void) G_GNUC_CONST;

#define BYTESTAG_TYPE_PART_MAP (bytestag_part_map_get_type ())
G_DECLARE_FINAL_TYPE (BytestagPartMap, bytestag_part_map, BYTESTAG, PART_MAP, GObject)

/* The states of the pieces of a download, in order. Properties "n-parts",
 * "n-checked". Signal "changed" (first, count). */
BytestagPartMap   *bytestag_part_map_new          (guint            n_parts);
guint              bytestag_part_map_get_n_parts  (BytestagPartMap *self);
/* Pieces in a state. */
guint              bytestag_part_map_count        (BytestagPartMap *self,
                                                   BytestagPartState state);
BytestagPartState  bytestag_part_map_get_state    (BytestagPartMap *self,
                                                   guint            part);
/* 0 to 1 of a piece that is receiving. */
gdouble            bytestag_part_map_get_fraction (BytestagPartMap *self,
                                                   guint            part);
void               bytestag_part_map_set_state    (BytestagPartMap *self,
                                                   guint            part,
                                                   BytestagPartState state,
                                                   gdouble          fraction);

G_END_DECLS
