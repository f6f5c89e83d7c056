/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BytestagWriter:
 * @overflows: something did not fit; what is written since is of no use
 *
 * Writes JSON into a fixed buffer, in the form of Python's json.dumps (A.1.1):
 * ASCII, with ", " and ": ".
 */
typedef struct {
  char *text;
  gsize size;
  gsize length;
  gboolean needs_comma;
  gboolean overflows;
} BytestagWriter;

void  bytestag_writer_init         (BytestagWriter *self,
                                    char           *buffer,
                                    gsize           size);
void  bytestag_writer_begin_object (BytestagWriter *self);
void  bytestag_writer_end_object   (BytestagWriter *self);
void  bytestag_writer_begin_array  (BytestagWriter *self);
void  bytestag_writer_end_array    (BytestagWriter *self);
/* The name of a member; its value comes next. @name needs no escapes. */
void  bytestag_writer_add_name     (BytestagWriter *self,
                                    const char     *name);
void  bytestag_writer_add_null     (BytestagWriter *self);
/* @text: valid UTF-8; @length may be -1. */
void  bytestag_writer_add_string   (BytestagWriter *self,
                                    const char     *text,
                                    gssize          length);
void  bytestag_writer_add_integer  (BytestagWriter *self,
                                    gint64          value);
/* As Python's repr(): the shortest text that reads back as @value, with ".0" or
 * an exponent. What is not finite is written as null. */
void  bytestag_writer_add_real     (BytestagWriter *self,
                                    gdouble         value);
void  bytestag_writer_add_base64   (BytestagWriter *self,
                                    const guint8   *data,
                                    gsize           length);
/* JSON text, as it is. */
void  bytestag_writer_add_raw      (BytestagWriter *self,
                                    const char     *json,
                                    gsize           length);

G_END_DECLS
