/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define BYTESTAG_TYPE_DROP_AREA (bytestag_drop_area_get_type ())
G_DECLARE_FINAL_TYPE (BytestagDropArea, bytestag_drop_area, BYTESTAG, DROP_AREA, GtkWidget)

/* Takes what is dropped on its child, and says over it what a drop will do.
 * Property "child". Signals:
 * "files-dropped" (GListModel of GFile, each local);
 * "link-dropped" (string: the text of a link, not yet read);
 * "failed" (string: why what was dropped could not be taken, in words). */
GtkWidget *bytestag_drop_area_new       (void);
/* (transfer none) (nullable) */
GtkWidget *bytestag_drop_area_get_child (BytestagDropArea *self);
void       bytestag_drop_area_set_child (BytestagDropArea *self,
                                         GtkWidget        *child);
/* Sorts what came by a drop and tells by the signals: files win over links. */
void       bytestag_drop_area_take      (BytestagDropArea *self,
                                         const GValue     *value);

G_END_DECLS
