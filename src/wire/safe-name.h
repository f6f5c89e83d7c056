/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names from peers are never paths. */

/* The end of the name of a file that is being fetched. */
#define BYTESTAG_INCOMPLETE_SUFFIX ".bytestag-incomplete"

/* The original's rule (vectors/safe_filename): "/" and NUL become "_"; ".." is
 * refused. @length counts, since a name may hold NULs. (transfer full) */
char    *bytestag_safe_filename      (const char          *name,
                                      gssize               length,
                                      GError             **error);
/* Our rule for what is written to disk: refuses, and never mends, names with
 * "/", NUL or control characters, ".", "..", empty, over-long, not UTF-8, or
 * too many elements, or one that ends in our suffix for incomplete files. */
gboolean bytestag_safe_path_check    (const char * const  *elements,
                                      GError             **error);
/* One element, by the same rule. */
gboolean bytestag_safe_name_check    (const char          *name,
                                      GError             **error);
/* For a person's eyes: control, bidi and zero-width characters as boxes, invalid
 * UTF-8 mended. (transfer full). The result is not markup. */
char    *bytestag_name_for_display   (const char          *name);
/* The same for a text of several lines: line ends and tabs stay. (transfer full) */
char    *bytestag_text_for_display   (const char          *text);

G_END_DECLS
