/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/key.h"

G_BEGIN_DECLS

/* Containers inside each other that the writer knows of: a collection has 4. */
#define BYTESTAG_CANONICAL_DEPTH 8

/**
 * BytestagCanonical:
 *
 * Writes canonical JSON (A.5): members sorted by name, no space, ASCII only. The
 * caller gives members in their order; another order is a programming error.
 */
typedef struct {
  /*< private >*/
  GString *text;
  guint depth;
  gboolean is_first;
  const char *names[BYTESTAG_CANONICAL_DEPTH]; /* the last member at each depth */
} BytestagCanonical;

void    bytestag_canonical_init         (BytestagCanonical *self);
/* (transfer full) the text; @self is empty then. */
GBytes *bytestag_canonical_finish       (BytestagCanonical *self);
/* (transfer full), with its final NUL */
char   *bytestag_canonical_finish_text  (BytestagCanonical *self);
void    bytestag_canonical_begin_object (BytestagCanonical *self);
void    bytestag_canonical_end_object   (BytestagCanonical *self);
void    bytestag_canonical_begin_array  (BytestagCanonical *self);
void    bytestag_canonical_end_array    (BytestagCanonical *self);
/* @name: a constant without characters to escape. A value follows. */
void    bytestag_canonical_member       (BytestagCanonical *self,
                                         const char        *name);
/* @string as bytestag_json_read_string() gives it; any other byte that is not UTF-8 becomes U+FFFD. */
void    bytestag_canonical_string       (BytestagCanonical *self,
                                         const char        *string);
void    bytestag_canonical_null         (BytestagCanonical *self);
void    bytestag_canonical_unsigned     (BytestagCanonical *self,
                                         guint64            value);
void    bytestag_canonical_signed       (BytestagCanonical *self,
                                         gint64             value);
/* The shortest text that reads as @value again, with a point (4.0); finite. */
void    bytestag_canonical_double       (BytestagCanonical *self,
                                         gdouble            value);
void    bytestag_canonical_key          (BytestagCanonical *self,
                                         const BytestagKey *key);
void    bytestag_canonical_keys         (BytestagCanonical *self,
                                         const BytestagKey *keys,
                                         guint              n_keys);
void    bytestag_canonical_base64       (BytestagCanonical *self,
                                         const guint8      *data,
                                         gsize              length);
/* A value that is canonical text already. */
void    bytestag_canonical_raw          (BytestagCanonical *self,
                                         const char        *text,
                                         gsize              length);

G_END_DECLS
