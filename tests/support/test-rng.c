/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "support/test-rng.h"

#include <string.h>

struct _BytestagTestRng
{
  GObject parent_instance;

  guint64 state[4];
};

static void bytestag_test_rng_rng_init (BytestagRngInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BytestagTestRng, bytestag_test_rng, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_RNG, bytestag_test_rng_rng_init))

static guint64
rotate (guint64 value,
        guint bits)
{
  return (value << bits) | (value >> (64 - bits));
}

static guint64
next_word (BytestagTestRng *self)
{
  guint64 *s = self->state;
  guint64 word = rotate (s[1] * 5, 7) * 9;
  guint64 shifted = s[1] << 17;

  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate (s[3], 45);
  return word;
}

static void
bytestag_test_rng_fill (BytestagRng *rng,
                        guint8 *bytes,
                        gsize length)
{
  BytestagTestRng *self = BYTESTAG_TEST_RNG (rng);

  for (gsize i = 0; i < length; i += 8)
    {
      guint64 word = GUINT64_TO_LE (next_word (self));

      memcpy (bytes + i, &word, MIN (length - i, 8));
    }
}

static void
bytestag_test_rng_rng_init (BytestagRngInterface *iface)
{
  iface->fill = bytestag_test_rng_fill;
}

static void
bytestag_test_rng_class_init (BytestagTestRngClass *klass)
{
}

static void
bytestag_test_rng_init (BytestagTestRng *self)
{
}

BytestagTestRng *
bytestag_test_rng_new (guint64 seed)
{
  BytestagTestRng *self = g_object_new (BYTESTAG_TYPE_TEST_RNG, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (self->state); i++)
    {
      guint64 word = seed += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

      word = (word ^ (word >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
      word = (word ^ (word >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
      self->state[i] = word ^ (word >> 31);
    }
  return self;
}
