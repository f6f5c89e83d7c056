/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Shows the lines of an answer (client/verbs.h) to a person, or, as JSON lines, to a
 * machine. On a terminal, progress is one bar that stays in its line; elsewhere, a line now and then. */
typedef struct _BytestagPrinter BytestagPrinter;

BytestagPrinter *bytestag_printer_new     (gboolean         json);
void             bytestag_printer_free    (BytestagPrinter *self);
/* @line: a{sv} */
void             bytestag_printer_print   (BytestagPrinter *self,
                                           GVariant        *line);
/* One sentence on stderr. */
void             bytestag_printer_complain (BytestagPrinter *self,
                                            const char      *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagPrinter, bytestag_printer_free)

G_END_DECLS
