/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <stdatomic.h>

#include "wire/file-info.h"

G_BEGIN_DECLS

/* What one reading of a file tells. */
typedef struct {
  GArray *parts; /* (element-type BytestagKey) SHA-1 of each part, at least one */
  BytestagKey hash;
  guint8 sha256[BYTESTAG_SHA256_SIZE];
  guint64 size;
} BytestagFileDigest;

void     bytestag_file_digest_clear (BytestagFileDigest      *self);

/* Reads @fd from its start to its end, once, into three digests. Blocks: for
 * workers. @n_read: (nullable) grows by the bytes read, and may be watched from
 * any thread. Of a file that grows meanwhile it tells more bytes than there were,
 * but not all. On failure @self is cleared. Errors: G_IO_ERROR (also CANCELLED). */
gboolean bytestag_file_digest_read  (BytestagFileDigest      *self,
                                     int                      fd,
                                     _Atomic guint64         *n_read,
                                     GCancellable            *cancellable,
                                     GError                 **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BytestagFileDigest, bytestag_file_digest_clear)

G_END_DECLS
