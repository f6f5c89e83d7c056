/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BYTESTAG_ERROR (bytestag_error_quark ())

/**
 * BytestagError:
 * @BYTESTAG_ERROR_INVALID: text or bytes that do not have the form they should
 * @BYTESTAG_ERROR_TOO_LARGE: a bound of limits.h was passed
 * @BYTESTAG_ERROR_BUCKET_FULL: the bucket is full and now locked (seed: BucketFullError)
 * @BYTESTAG_ERROR_TIMED_OUT: no answer came
 * @BYTESTAG_ERROR_REFUSED: the peer answered, and said no
 * @BYTESTAG_ERROR_DENIED: it is on the denylist of this node
 * @BYTESTAG_ERROR_NOT_FOUND: no node has it, or no node is known
 * @BYTESTAG_ERROR_NO_PEERS: there is nobody to ask
 * @BYTESTAG_ERROR_WRONG_DATA: bytes whose digest is not the one asked for
 * @BYTESTAG_ERROR_FULL: no room
 * @BYTESTAG_ERROR_CANCELLED: the caller ended it
 * @BYTESTAG_ERROR_BUSY: somebody else holds the lock, the port, or the slot
 * @BYTESTAG_ERROR_CHANGED: a shared file is not what it was
 * @BYTESTAG_ERROR_UNSAFE_NAME: a name from a peer that cannot be a file name
 * @BYTESTAG_ERROR_FAILED: anything else
 *
 * Messages are a sentence for a person, without a full stop at the end: whoever shows one
 * alone adds it, and one may stand after a colon in another.
 */
typedef enum {
  BYTESTAG_ERROR_INVALID,
  BYTESTAG_ERROR_TOO_LARGE,
  BYTESTAG_ERROR_BUCKET_FULL,
  BYTESTAG_ERROR_TIMED_OUT,
  BYTESTAG_ERROR_REFUSED,
  BYTESTAG_ERROR_DENIED,
  BYTESTAG_ERROR_NOT_FOUND,
  BYTESTAG_ERROR_NO_PEERS,
  BYTESTAG_ERROR_WRONG_DATA,
  BYTESTAG_ERROR_FULL,
  BYTESTAG_ERROR_CANCELLED,
  BYTESTAG_ERROR_BUSY,
  BYTESTAG_ERROR_CHANGED,
  BYTESTAG_ERROR_UNSAFE_NAME,
  BYTESTAG_ERROR_FAILED,
} BytestagError;

GQuark bytestag_error_quark (void);

G_END_DECLS
