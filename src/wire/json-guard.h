/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Looks at JSON text before json-glib does: json-glib 1.6 recurses without limit
 * and reads much that is not JSON (comments, 01, single quotes). Strict RFC 8259
 * but for NaN, Infinity and -Infinity, which originals write; checks UTF-8,
 * nesting and tokens. */
gboolean bytestag_json_guard (const char *text,
                              gsize       length,
                              guint       max_depth,
                              guint       max_tokens,
                              GError    **error);

G_END_DECLS
