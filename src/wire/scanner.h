/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The most that max_depth may be. */
#define BYTESTAG_SCANNER_DEPTH 64

typedef enum {
  BYTESTAG_JSON_ABSENT, /* 0: no such member */
  BYTESTAG_JSON_NULL,
  BYTESTAG_JSON_FALSE,
  BYTESTAG_JSON_TRUE,
  BYTESTAG_JSON_INTEGER,
  BYTESTAG_JSON_REAL, /* also NaN, Infinity and -Infinity */
  BYTESTAG_JSON_STRING,
  BYTESTAG_JSON_ARRAY,
  BYTESTAG_JSON_OBJECT,
} BytestagJsonType;

/* A value where it stands in the text, with its quotes or brackets. */
typedef struct {
  BytestagJsonType type;
  const char *text;
  gsize length;
} BytestagJsonValue;

typedef enum {
  BYTESTAG_SCAN_OK,
  BYTESTAG_SCAN_SYNTAX, /* not JSON */
  BYTESTAG_SCAN_LIMIT,  /* deeper, or more, than allowed */
} BytestagScanResult;

/**
 * BytestagScanner:
 * @result: the first error; nothing is read after one
 *
 * A reader that walks over JSON text of a peer: bounded, without recursion or
 * allocation. It takes what Python's json module takes (A.1.1), byte for byte:
 * RFC 8259 with NaN, Infinity and -Infinity, lone surrogate escapes and
 * duplicate members, in valid UTF-8 without a byte order mark.
 *
 * A value is a token: an object or array is one, and each value in it.
 */
typedef struct {
  const char *at;
  const char *end;
  guint64 objects;      /* bit n: what is open at depth n + 1 is an object */
  guint depth;
  guint max_depth;
  guint tokens_left;
  gboolean first;       /* nothing yet in what was opened last */
  BytestagScanResult result;
} BytestagScanner;

void               bytestag_scanner_init         (BytestagScanner   *self,
                                                  const char        *text,
                                                  gsize              length,
                                                  guint              max_depth,
                                                  guint              max_tokens);
/* The next value is an object (an array), and is entered. FALSE: it is none,
 * which is no error and moves nothing, unless @result says so. */
gboolean           bytestag_scanner_begin_object (BytestagScanner   *self);
gboolean           bytestag_scanner_begin_array  (BytestagScanner   *self);
/* Moves to the next member and its value. FALSE: the object has ended and was
 * left, or an error. */
gboolean           bytestag_scanner_next_member  (BytestagScanner   *self,
                                                  BytestagJsonValue *name);
/* The same for an array. */
gboolean           bytestag_scanner_next_element (BytestagScanner   *self);
/* Walks over the next value, whatever it is. */
gboolean           bytestag_scanner_read_value   (BytestagScanner   *self,
                                                  BytestagJsonValue *value);
/* Nothing but white space is left. Returns TRUE when all was well. */
gboolean           bytestag_scanner_finish       (BytestagScanner   *self);

G_END_DECLS
