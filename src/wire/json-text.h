/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/key.h"

G_BEGIN_DECLS

/* A walk over JSON text that loses nothing: lone surrogates, NULs in strings and
 * integers of any length survive (A.5), which json-glib 1.6 cannot carry.
 *
 * Strings come out as UTF-8 with two additions, so that they are C strings: a NUL
 * is C0 80, a lone surrogate is three bytes (ED A0 80 to ED BF BF). Neither is
 * valid UTF-8: who needs that, checks it. */

typedef enum {
  BYTESTAG_JSON_TEXT_NONE, /* not there */
  BYTESTAG_JSON_TEXT_OBJECT,
  BYTESTAG_JSON_TEXT_ARRAY,
  BYTESTAG_JSON_TEXT_STRING,
  BYTESTAG_JSON_TEXT_INTEGER,
  BYTESTAG_JSON_TEXT_FLOAT, /* also NaN and the infinities */
  BYTESTAG_JSON_TEXT_TRUE,
  BYTESTAG_JSON_TEXT_FALSE,
  BYTESTAG_JSON_TEXT_NULL,
} BytestagJsonTextKind;

/* The text of one value, borrowed, without space around; text NULL: not there. */
typedef struct {
  const char *text;
  gsize length;
} BytestagJsonText;

typedef struct {
  const char *at;
  const char *end;
  gboolean is_object;
} BytestagJsonTextIter;

/* A whole number as Python reads it: true is 1. @text: (nullable) how to write
 * it again when @value cannot say (true, and above 2^64 - 1: @value is that). */
typedef struct {
  guint64 value;
  char *text;
} BytestagJsonInteger;

/* Checks @text (json-guard.h) and gives its value. All other functions take
 * only what this one gave. */
gboolean             bytestag_json_text_parse        (BytestagJsonText     *self,
                                                      const char           *text,
                                                      gsize                 length,
                                                      guint                 max_depth,
                                                      guint                 max_tokens,
                                                      GError              **error);
BytestagJsonTextKind bytestag_json_text_get_kind     (const BytestagJsonText *self);
/* Missing, or null. */
gboolean             bytestag_json_text_is_null      (const BytestagJsonText *self);
/* Of an object: the values of @names (of repeated ones the last), into @values. */
void                 bytestag_json_text_get_members  (const BytestagJsonText *self,
                                                      const char * const   *names,
                                                      BytestagJsonText     *values,
                                                      guint                 n_names);
/* Of an array or object. */
void                 bytestag_json_text_iter_init    (BytestagJsonTextIter *iter,
                                                      const BytestagJsonText *self);
/* @name: (nullable) (out), for objects. */
gboolean             bytestag_json_text_iter_next    (BytestagJsonTextIter *iter,
                                                      BytestagJsonText     *name,
                                                      BytestagJsonText     *value);
/* Elements of an array. */
guint                bytestag_json_text_count        (const BytestagJsonText *self);
/* Of a string: (transfer full). */
char                *bytestag_json_text_dup_string   (const BytestagJsonText *self);
gboolean             bytestag_json_text_equals       (const BytestagJsonText *self,
                                                      const char           *string);
/* A string that is a key in one of its forms (A.1.3). */
gboolean             bytestag_json_text_read_key     (const BytestagJsonText *self,
                                                      BytestagKey          *key,
                                                      GError              **error);
/* An array of at least one key: (transfer full) (element-type BytestagKey). */
GArray              *bytestag_json_text_read_keys    (const BytestagJsonText *self,
                                                      GError              **error);
/* A whole number that is not negative; missing and null are 0. Free with
 * bytestag_json_integer_clear(). */
gboolean             bytestag_json_text_read_integer (const BytestagJsonText *self,
                                                      BytestagJsonInteger  *integer,
                                                      GError              **error);
/* A number of any kind that fits; true is 1. */
gboolean             bytestag_json_text_read_int64   (const BytestagJsonText *self,
                                                      gint64               *value);
gboolean             bytestag_json_text_read_double  (const BytestagJsonText *self,
                                                      gdouble              *value);
void                 bytestag_json_integer_clear     (BytestagJsonInteger  *integer);

G_END_DECLS
