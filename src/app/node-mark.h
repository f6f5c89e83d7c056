/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "core/node.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_NODE_MARK (bytestag_node_mark_get_type ())
G_DECLARE_FINAL_TYPE (BytestagNodeMark, bytestag_node_mark, BYTESTAG, NODE_MARK, GtkWidget)

/* The mark of one node, as in a BytestagBucketStrip. Property "state". */
GtkWidget *bytestag_node_mark_new (void);

G_END_DECLS
