/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every key of random_bucket_key.json, from the random bytes that the original drew. */
#include <string.h>

#include "core/ports.h"
#include "vectors.h"

/* Randomness that is known: the bytes of a key, once. */
#define TEST_TYPE_KNOWN_RNG (test_known_rng_get_type ())
G_DECLARE_FINAL_TYPE (TestKnownRng, test_known_rng, TEST, KNOWN_RNG, GObject)

struct _TestKnownRng
{
  GObject parent_instance;

  BytestagKey bytes;
};

static void rng_init (BytestagRngInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestKnownRng, test_known_rng, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (BYTESTAG_TYPE_RNG, rng_init))

static void
test_known_rng_fill (BytestagRng *rng, guint8 *bytes, gsize length)
{
  g_assert_cmpuint (length, ==, BYTESTAG_KEY_SIZE);
  memcpy (bytes, TEST_KNOWN_RNG (rng)->bytes.bytes, length);
}

static void
rng_init (BytestagRngInterface *iface)
{
  iface->fill = test_known_rng_fill;
}

static void
test_known_rng_class_init (TestKnownRngClass *klass)
{
}

static void
test_known_rng_init (TestKnownRng *self)
{
}

static void
test_random_bucket_key (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  BytestagJsonValue bucket = vectors_member (vector, "bucket");
  BytestagJsonValue bucket_of_key = vectors_member (vector, "bucket_of_key");
  g_autoptr (TestKnownRng) rng = g_object_new (TEST_TYPE_KNOWN_RNG, NULL);
  BytestagKey node, expected, key;
  gint64 number = -1, number_of_key = -1;

  vectors_member_key (vector, "node", &node);
  vectors_member_key (vector, "random20", &rng->bytes);
  vectors_member_key (vector, "key", &expected);
  g_assert_true (bytestag_json_value_get_integer (&bucket, &number, NULL));
  g_assert_true (bytestag_json_value_get_integer (&bucket_of_key, &number_of_key, NULL));

  bytestag_key_random_in_bucket (&key, &node, number, BYTESTAG_RNG (rng));
  g_assert_cmpmem (&key, sizeof key, &expected, sizeof expected);
  g_assert_cmpint (bytestag_key_bucket_number (&node, &key), ==, number_of_key);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("random_bucket_key", test_random_bucket_key);
}
