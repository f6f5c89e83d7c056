/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/message.h"
#include "wire/scanner.h"

G_BEGIN_DECLS

/* What scanned values mean, by the rules of Python, in which the original is
 * written (A.1.3, A.1.4). Nothing here allocates. */

/* Sees from the first byte what kind of value @text, which was scanned, is. */
void           bytestag_json_value_init            (BytestagJsonValue       *self,
                                                    const char              *text,
                                                    gsize                    length);
/* The decoded string in UTF-8, without a NUL. Returns its length; -1: not a
 * string, longer than @max, or with a lone surrogate, which has no UTF-8. */
gssize         bytestag_json_value_get_string      (const BytestagJsonValue *self,
                                                    char                    *text,
                                                    gsize                    max);
/* A string that decodes to @text. */
gboolean       bytestag_json_value_equal_string    (const BytestagJsonValue *self,
                                                    const char              *text);
/* An integer, or true and false, which are 1 and 0. A greater one is cut to
 * the nearest gint64 and @overflows (nullable) set. */
gboolean       bytestag_json_value_get_integer     (const BytestagJsonValue *self,
                                                    gint64                  *integer,
                                                    gboolean                *overflows);
/* Python's float(), of a number, true or false; FALSE also when an integer has no float. */
gboolean       bytestag_json_value_get_real        (const BytestagJsonValue *self,
                                                    gdouble                 *real);
/* Python's int(): as _get_integer(), and also truncated floats and decimal text. */
gboolean       bytestag_json_value_convert_integer (const BytestagJsonValue *self,
                                                    gint64                  *integer,
                                                    gboolean                *overflows);
/* A key in text, or true (A.1.3). */
BytestagMember bytestag_json_value_get_key         (const BytestagJsonValue *self,
                                                    BytestagKey             *key);
gboolean       bytestag_json_value_is_truthy       (const BytestagJsonValue *self);

/* Decodes the escape at @text, which was scanned and starts with a backslash;
 * a surrogate pair is one. Returns how long it is; @character may be a lone
 * surrogate. */
guint          bytestag_json_unescape              (const char              *text,
                                                    const char              *end,
                                                    gunichar                *character);

G_END_DECLS
