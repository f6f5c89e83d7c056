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
 * but not all. On failure @self is cleared, and what was added to @n_read is taken back.
 * Errors: G_IO_ERROR (also CANCELLED). */
gboolean bytestag_file_digest_read  (BytestagFileDigest      *self,
                                     int                      fd,
                                     _Atomic guint64         *n_read,
                                     GCancellable            *cancellable,
                                     GError                 **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BytestagFileDigest, bytestag_file_digest_clear)

/* What jobs that hash share: their buffers, and the files that are being read, so that
 * a worker with nothing else to do can take digests of a large one over. For any
 * thread; freed when none uses it. */
typedef struct _BytestagDigestPool BytestagDigestPool;

BytestagDigestPool *bytestag_digest_pool_new    (void);
void                bytestag_digest_pool_free   (BytestagDigestPool  *self);

/* As bytestag_file_digest_read(), with the buffers of @self, and with whoever helps;
 * waits for nobody who does not. */
gboolean            bytestag_digest_pool_read   (BytestagDigestPool  *self,
                                                 BytestagFileDigest  *digest,
                                                 int                  fd,
                                                 _Atomic guint64     *n_read,
                                                 GCancellable        *cancellable,
                                                 GError             **error);

/* A job was given to the worker that reads a file for which help is worth while, and
 * it is over. */
void                bytestag_digest_pool_expect (BytestagDigestPool  *self);
void                bytestag_digest_pool_settle (BytestagDigestPool  *self);
/* Whether such a job is given and not over. */
gboolean            bytestag_digest_pool_is_expecting (BytestagDigestPool *self);
/* Helps with what is read, for BYTESTAG_LIMIT_STEPS_OF_HELP steps at most, so that other
 * jobs get their turn; waits meanwhile, so it is for jobs that were given to the worker behind
 * all that were expected. */
void                bytestag_digest_pool_help   (BytestagDigestPool  *self,
                                                 GCancellable        *cancellable);
/* Steps that helpers took, and buffers that there are: for tests and measurements. */
guint64             bytestag_digest_pool_get_n_helped  (BytestagDigestPool *self);
guint               bytestag_digest_pool_get_n_buffers (BytestagDigestPool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagDigestPool, bytestag_digest_pool_free)

G_END_DECLS
