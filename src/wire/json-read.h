/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/json-value.h"

G_BEGIN_DECLS

/* What models read, with reasons for a person: scanned values that lose nothing.
 * Lone surrogates, NULs in strings and integers of any length survive (A.5), which
 * json-glib 1.6 cannot carry. */

/* A whole number as Python reads it: true is 1. @text: (nullable) how to write
 * it again when @value cannot say (true, and above 2^64 - 1: @value is that). */
typedef struct {
  guint64 value;
  char *text;
} BytestagJsonInteger;

/* The one value in @text, an array or object as @type says. */
gboolean bytestag_json_read         (BytestagJsonValue       *self,
                                     BytestagJsonType         type,
                                     const char              *text,
                                     gsize                    length,
                                     guint                    max_depth,
                                     guint                    max_tokens,
                                     GError                 **error);
/* To walk over an array that was scanned: bytestag_scanner_next_element() and
 * bytestag_scanner_read_value() cannot fail on it but at its end. */
void     bytestag_json_read_begin   (BytestagScanner         *scanner,
                                     const BytestagJsonValue *array);
/* Of an object: the values of @names (of repeated ones the last), into @values. */
void     bytestag_json_read_members (const BytestagJsonValue *object,
                                     const char * const      *names,
                                     BytestagJsonValue       *values,
                                     guint                    n_names);
/* Missing, or null. */
gboolean bytestag_json_read_is_null (const BytestagJsonValue *self);
/**
 * bytestag_json_read_string:
 *
 * UTF-8 with two additions, so that any string is a C string: a NUL is C0 80, a
 * lone surrogate is three bytes (ED A0 80 to ED BF BF). Neither is valid UTF-8:
 * who needs that, checks it. bytestag_canonical_string() writes them as they were.
 *
 * Returns: (transfer full) (nullable): %NULL when @self is not a string
 */
char    *bytestag_json_read_string  (const BytestagJsonValue *self);
/* A string that is a key in one of its forms (A.1.3). */
gboolean bytestag_json_read_key     (const BytestagJsonValue *self,
                                     BytestagKey             *key,
                                     GError                 **error);
/* An array of at least one key: (transfer full) (element-type BytestagKey). */
GArray  *bytestag_json_read_keys    (const BytestagJsonValue *self,
                                     GError                 **error);
/* A whole number that is not negative; missing and null are 0. Free with
 * bytestag_json_integer_clear(). */
gboolean bytestag_json_read_integer (const BytestagJsonValue *self,
                                     BytestagJsonInteger     *integer,
                                     GError                 **error);
void     bytestag_json_integer_clear (BytestagJsonInteger    *integer);

G_END_DECLS
