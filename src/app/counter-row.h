/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/counter.h"

G_BEGIN_DECLS

#define BYTESTAG_TYPE_COUNTER_ROW (bytestag_counter_row_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCounterRow, bytestag_counter_row, BYTESTAG, COUNTER_ROW, AdwActionRow)

/* A counter's label and its value. Property "counter" (BytestagCounter, nullable). */
GtkWidget *bytestag_counter_row_new (void);

G_END_DECLS
