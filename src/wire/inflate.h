/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/message.h"

G_BEGIN_DECLS

/* Inflates datagrams into one fixed buffer. */
typedef struct _BytestagInflater BytestagInflater;

BytestagInflater *bytestag_inflater_new  (void);
void              bytestag_inflater_free (BytestagInflater *self);

/* Inflates the zlib stream that @data starts with; bytes after it are ignored
 * (A.1.1). *@text (transfer none) is valid until the next call.
 * Returns BYTESTAG_DROP_NONE, _NOT_ZLIB (also: cut, bad checksum) or _TOO_LONG,
 * before or after inflating. */
BytestagDrop      bytestag_inflater_run  (BytestagInflater  *self,
                                          const guint8      *data,
                                          gsize              length,
                                          const char       **text,
                                          gsize             *text_length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagInflater, bytestag_inflater_free)

G_END_DECLS
