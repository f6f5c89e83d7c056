/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/types.h"

G_BEGIN_DECLS

#define BYTESTAG_KEY_SIZE 20
#define BYTESTAG_KEY_BITS 160
/* Characters of the three text forms, without the final NUL. */
#define BYTESTAG_KEY_HEX_LENGTH 40
#define BYTESTAG_KEY_BASE32_LENGTH 32
#define BYTESTAG_KEY_BASE64_LENGTH 28

#define BYTESTAG_TYPE_KEY (bytestag_key_get_type ())

/**
 * BytestagKey:
 *
 * A 160-bit key of the table, by value: a node id, a SHA-1, or a key made
 * otherwise. (Seed: KeyBytes.)
 */
struct _BytestagKey
{
  guint8 bytes[BYTESTAG_KEY_SIZE];
};

GType        bytestag_key_get_type         (void) G_GNUC_CONST;
BytestagKey *bytestag_key_copy             (const BytestagKey *self);
void         bytestag_key_free             (BytestagKey       *self);

/* SHA-1 of @length bytes (GnuTLS's, which uses the CPU's SHA instructions). @data:
 * (nullable) when @length is 0. */
void         bytestag_key_digest           (BytestagKey       *self,
                                            gconstpointer      data,
                                            gsize              length);
void         bytestag_key_random           (BytestagKey       *self,
                                            BytestagRng       *rng);
/* A key of bucket @number of @node (A.4): bits before @number as @node's, that
 * bit inverted, the rest random. @number < 160. @self may be @node. */
void         bytestag_key_random_in_bucket (BytestagKey       *self,
                                            const BytestagKey *node,
                                            guint              number,
                                            BytestagRng       *rng);

/* Reads hex, base32 or base64 as A.1.3 says: in this order, the first form that
 * decodes decides, and must then give 20 bytes. @length in bytes, -1: up to the
 * NUL. On failure (BYTESTAG_ERROR_INVALID) @self is untouched. */
gboolean     bytestag_key_parse            (BytestagKey       *self,
                                            const char        *text,
                                            gssize             length,
                                            GError           **error);
/* The three texts: (transfer full), lower-case hex, upper-case base32,
 * standard padded base64. */
char        *bytestag_key_to_hex           (const BytestagKey *self);
char        *bytestag_key_to_base32        (const BytestagKey *self);
char        *bytestag_key_to_base64        (const BytestagKey *self);
/* Writes 28 characters, no NUL; for the wire's writer, allocates nothing. */
void         bytestag_key_write_base64     (const BytestagKey *self,
                                            char              *text);

gboolean     bytestag_key_equal            (gconstpointer      a,
                                            gconstpointer      b);
/* A salted hash for GHashTable: peers choose keys. */
guint        bytestag_key_hash             (gconstpointer      self);
/* The salt of all such hashes in the process, 0 until set; to be set before the
 * first table is filled. */
void         bytestag_key_set_hash_salt    (guint64            salt);
/* As numbers. */
int          bytestag_key_compare          (const BytestagKey *a,
                                            const BytestagKey *b);
/* XOR distance, a big-endian number of 160 bits. @distance may be @a or @b. */
void         bytestag_key_distance         (const BytestagKey *a,
                                            const BytestagKey *b,
                                            BytestagKey       *distance);
/* < 0 when @a is nearer to @target than @b. */
int          bytestag_key_compare_distance (const BytestagKey *target,
                                            const BytestagKey *a,
                                            const BytestagKey *b);
/* The largest distance from @target of any key that is at most @radius from @center. */
void         bytestag_key_get_reach        (const BytestagKey *target,
                                            const BytestagKey *center,
                                            const BytestagKey *radius,
                                            BytestagKey       *reach);
/* Leading equal bits of @a and @b (A.4), 0 to 160: 0 is the farther half of all
 * keys; 160, for equal keys, is no bucket. */
guint        bytestag_key_bucket_number    (const BytestagKey *a,
                                            const BytestagKey *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BytestagKey, bytestag_key_free)

G_END_DECLS
