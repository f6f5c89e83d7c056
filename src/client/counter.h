/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  BYTESTAG_COUNTER_NUMBER,
  BYTESTAG_COUNTER_BYTES,
  BYTESTAG_COUNTER_SECONDS,
  BYTESTAG_COUNTER_ROUND_TRIP, /* µs; < 0: not measured */
} BytestagCounterKind;

#define BYTESTAG_TYPE_COUNTER (bytestag_counter_get_type ())
G_DECLARE_FINAL_TYPE (BytestagCounter, bytestag_counter, BYTESTAG, COUNTER, GObject)

/* One number that is told of the node. Properties: "label" (string, in the person's
 * language), "text" (string: its value in words), notified when the value changes. */

/* @name: a word for machines; @label: translated; both static. */
BytestagCounter *bytestag_counter_new       (const char          *name,
                                             const char          *label,
                                             BytestagCounterKind  kind);
const char      *bytestag_counter_get_name  (BytestagCounter     *self);
const char      *bytestag_counter_get_label (BytestagCounter     *self);
gint64           bytestag_counter_get_value (BytestagCounter     *self);
void             bytestag_counter_set_value (BytestagCounter     *self,
                                             gint64               value);
/* (transfer full) what "text" says of @value */
char            *bytestag_counter_words     (BytestagCounterKind  kind,
                                             gint64               value);

G_END_DECLS
