/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "bytestag-core"

#include "config.h"

#include "core/key.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "core/ports.h"
#include "core/salted-hash.h"

G_DEFINE_BOXED_TYPE (BytestagKey, bytestag_key, bytestag_key_copy, bytestag_key_free)

BytestagKey *
bytestag_key_copy (const BytestagKey *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
bytestag_key_free (BytestagKey *self)
{
  g_free (self);
}

void
bytestag_key_digest (BytestagKey *self,
                     gconstpointer data,
                     gsize length)
{
  int result;

  g_return_if_fail (self != NULL);
  g_return_if_fail (data != NULL || length == 0);

  result = gnutls_hash_fast (GNUTLS_DIG_SHA1, data != NULL ? data : "", length, self->bytes);
  if (G_UNLIKELY (result < 0))
    g_error ("No SHA-1: %s", gnutls_strerror (result));
}

void
bytestag_key_random (BytestagKey *self,
                     BytestagRng *rng)
{
  g_return_if_fail (self != NULL);

  bytestag_rng_fill (rng, self->bytes, BYTESTAG_KEY_SIZE);
}

void
bytestag_key_random_in_bucket (BytestagKey *self,
                               const BytestagKey *node,
                               guint number,
                               BytestagRng *rng)
{
  BytestagKey random;
  guint byte = number / 8;
  guint8 inverted = 0x80 >> (number % 8);
  guint8 rest = inverted - 1;

  g_return_if_fail (self != NULL);
  g_return_if_fail (node != NULL);
  g_return_if_fail (number < BYTESTAG_KEY_BITS);

  bytestag_key_random (&random, rng);
  memcpy (random.bytes, node->bytes, byte);
  random.bytes[byte] = ((node->bytes[byte] ^ inverted) & ~rest) | (random.bytes[byte] & rest);
  *self = random;
}

gboolean
bytestag_key_equal (gconstpointer a,
                    gconstpointer b)
{
  return memcmp (a, b, sizeof (BytestagKey)) == 0;
}

guint
bytestag_key_hash (gconstpointer self)
{
  return bytestag_salted_hash (self, sizeof (BytestagKey));
}

void
bytestag_key_set_hash_salt (guint64 salt)
{
  bytestag_salted_hash_set_salt (salt);
}

int
bytestag_key_compare (const BytestagKey *a,
                      const BytestagKey *b)
{
  return memcmp (a->bytes, b->bytes, BYTESTAG_KEY_SIZE);
}

void
bytestag_key_distance (const BytestagKey *a,
                       const BytestagKey *b,
                       BytestagKey *distance)
{
  g_return_if_fail (a != NULL && b != NULL && distance != NULL);

  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    distance->bytes[i] = a->bytes[i] ^ b->bytes[i];
}

/* Bit by bit, from the highest on: what may be set is. */
void
bytestag_key_get_reach (const BytestagKey *target,
                        const BytestagKey *center,
                        const BytestagKey *radius,
                        BytestagKey       *reach)
{
  gboolean is_free = FALSE; /* below the radius already: all further bits are ours to choose */

  g_return_if_fail (target != NULL && center != NULL && radius != NULL && reach != NULL);

  bytestag_key_distance (target, center, reach);
  for (guint i = 0; i < BYTESTAG_KEY_BITS; i++)
    {
      guint8 bit = (guint8) (0x80 >> i % 8);

      if (is_free)
        reach->bytes[i / 8] |= bit;
      else if ((radius->bytes[i / 8] & bit) != 0 && (reach->bytes[i / 8] & bit) != 0)
        is_free = TRUE;
      else if ((radius->bytes[i / 8] & bit) != 0)
        reach->bytes[i / 8] |= bit;
    }
}

int
bytestag_key_compare_distance (const BytestagKey *target,
                               const BytestagKey *a,
                               const BytestagKey *b)
{
  /* The first byte in which they differ decides: no need of whole distances. */
  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    if (a->bytes[i] != b->bytes[i])
      return (int) (a->bytes[i] ^ target->bytes[i]) - (int) (b->bytes[i] ^ target->bytes[i]);
  return 0;
}

guint
bytestag_key_bucket_number (const BytestagKey *a,
                            const BytestagKey *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, BYTESTAG_KEY_BITS);

  for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
    {
      guint differing = a->bytes[i] ^ b->bytes[i];

      if (differing != 0)
        return 8 * i + 8 - g_bit_storage (differing);
    }
  return BYTESTAG_KEY_BITS;
}
