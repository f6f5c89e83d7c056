/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/salted-hash.h"

#include <string.h>

static guint64 hash_salt;

void
bytestag_salted_hash_set_salt (guint64 salt)
{
  hash_salt = salt;
}

static inline guint64
rotate (guint64 value,
        guint bits)
{
  return (value << bits) | (value >> (64 - bits));
}

static inline void
sip_round (guint64 v[4])
{
  v[0] += v[1];
  v[1] = rotate (v[1], 13) ^ v[0];
  v[0] = rotate (v[0], 32);
  v[2] += v[3];
  v[3] = rotate (v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate (v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate (v[1], 17) ^ v[2];
  v[2] = rotate (v[2], 32);
}

/* SipHash-1-3, as the hash tables of Rust and Python have it: the rounds that
 * are known to be enough where only collisions matter. */
guint
bytestag_salted_hash (gconstpointer data,
                      gsize length)
{
  const guint8 *bytes = data;
  gsize whole = length & ~(gsize) 7;
  guint64 word = 0;
  guint64 v[4] = {
    hash_salt ^ G_GUINT64_CONSTANT (0x736f6d6570736575),
    ~hash_salt ^ G_GUINT64_CONSTANT (0x646f72616e646f6d),
    hash_salt ^ G_GUINT64_CONSTANT (0x6c7967656e657261),
    ~hash_salt ^ G_GUINT64_CONSTANT (0x7465646279746573),
  };

  g_return_val_if_fail (data != NULL || length == 0, 0);

  for (gsize i = 0; i < whole; i += 8)
    {
      memcpy (&word, bytes + i, 8);
      v[3] ^= word;
      sip_round (v);
      v[0] ^= word;
    }

  word = (guint64) length << 56;
  for (gsize i = whole; i < length; i++)
    word |= (guint64) bytes[i] << (8 * (i - whole));
  v[3] ^= word;
  sip_round (v);
  v[0] ^= word;

  v[2] ^= 0xff;
  sip_round (v);
  sip_round (v);
  sip_round (v);
  word = v[0] ^ v[1] ^ v[2] ^ v[3];
  return (guint) (word ^ (word >> 32));
}
