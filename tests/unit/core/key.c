/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/key.h"

#include "support/test-rng.h"

static void
assert_hex (const BytestagKey *key,
            const char *hex)
{
  g_autofree char *text = bytestag_key_to_hex (key);

  g_assert_cmpstr (text, ==, hex);
}

static BytestagKey
key_of_hex (const char *hex)
{
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, hex, -1, NULL));
  return key;
}

/* FIPS 180: the SHA-1 of nothing, of "abc", and of a million "a". */
static void
test_digest (void)
{
  g_autofree char *million = g_strnfill (1000000, 'a');
  BytestagKey key;

  bytestag_key_digest (&key, NULL, 0);
  assert_hex (&key, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  bytestag_key_digest (&key, "abc", 3);
  assert_hex (&key, "a9993e364706816aba3e25717850c26c9cd0d89d");
  bytestag_key_digest (&key, million, 1000000);
  assert_hex (&key, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

static void
test_copy (void)
{
  BytestagKey key = key_of_hex ("00112233445566778899aabbccddeeff01234567");
  g_autoptr (BytestagKey) copy = bytestag_key_copy (&key);
  GValue value = G_VALUE_INIT;

  g_assert_true (bytestag_key_equal (&key, copy));

  g_value_init (&value, BYTESTAG_TYPE_KEY);
  g_value_set_boxed (&value, &key);
  g_assert_true (bytestag_key_equal (&key, g_value_get_boxed (&value)));
  g_value_unset (&value);
}

static void
test_equal_and_hash (void)
{
  BytestagKey a = key_of_hex ("00112233445566778899aabbccddeeff01234567");
  BytestagKey b = a;
  guint hash = bytestag_key_hash (&a);

  g_assert_true (bytestag_key_equal (&a, &b));
  g_assert_cmpuint (bytestag_key_hash (&b), ==, hash);

  b.bytes[19] ^= 1;
  g_assert_false (bytestag_key_equal (&a, &b));
  g_assert_cmpuint (bytestag_key_hash (&b), !=, hash);

  bytestag_key_set_hash_salt (42);
  g_assert_cmpuint (bytestag_key_hash (&a), !=, hash);
  bytestag_key_set_hash_salt (0);
}

static void
test_compare (void)
{
  BytestagKey low = key_of_hex ("7fffffffffffffffffffffffffffffffffffffff");
  BytestagKey high = key_of_hex ("8000000000000000000000000000000000000000");

  g_assert_cmpint (bytestag_key_compare (&low, &high), <, 0);
  g_assert_cmpint (bytestag_key_compare (&high, &low), >, 0);
  g_assert_cmpint (bytestag_key_compare (&low, &low), ==, 0);
}

static void
test_distance (void)
{
  BytestagKey a = key_of_hex ("8e7200f30d504adeef17aa01d56175b31bface30");
  BytestagKey b = key_of_hex ("9f7ed217835e00fa26d57ec85310e6c60c3a46ee");
  BytestagKey distance;

  bytestag_key_distance (&a, &b, &distance);
  assert_hex (&distance, "110cd2e48e0e4a24c9c2d4c98671937517c088de");

  /* In place. */
  bytestag_key_distance (&a, &distance, &a);
  g_assert_true (bytestag_key_equal (&a, &b));
}

static void
test_bucket_number (void)
{
  BytestagKey a = key_of_hex ("0000000000000000000000000000000000000000");

  g_assert_cmpuint (bytestag_key_bucket_number (&a, &a), ==, 160);
  for (guint bit = 0; bit < BYTESTAG_KEY_BITS; bit++)
    {
      BytestagKey b = a;

      b.bytes[bit / 8] = 0x80 >> (bit % 8);
      g_assert_cmpuint (bytestag_key_bucket_number (&a, &b), ==, bit);
      /* What follows the first differing bit does not matter. */
      for (guint i = bit / 8 + 1; i < BYTESTAG_KEY_SIZE; i++)
        b.bytes[i] = 0xff;
      g_assert_cmpuint (bytestag_key_bucket_number (&b, &a), ==, bit);
    }
}

/* No key within the radius is farther, and one is as far. */
static void
test_reach (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (11);

  for (guint round = 0; round < 200; round++)
    {
      BytestagKey target = { { 0 } }, center = { { 0 } }, radius = { { 0 } };
      BytestagKey reach, most = { { 0 } };

      /* All that differs is in the last byte, so that all keys can be tried. */
      target.bytes[BYTESTAG_KEY_SIZE - 1] = (guint8) bytestag_rng_range (BYTESTAG_RNG (rng), 256);
      center.bytes[BYTESTAG_KEY_SIZE - 1] = (guint8) bytestag_rng_range (BYTESTAG_RNG (rng), 256);
      radius.bytes[BYTESTAG_KEY_SIZE - 1] = (guint8) bytestag_rng_range (BYTESTAG_RNG (rng), 256);
      for (guint byte = 0; byte < 256; byte++)
        {
          BytestagKey key = { { 0 } };
          BytestagKey distance;

          key.bytes[BYTESTAG_KEY_SIZE - 1] = (guint8) byte;
          bytestag_key_distance (&center, &key, &distance);
          if (bytestag_key_compare (&distance, &radius) > 0)
            continue;
          bytestag_key_distance (&target, &key, &distance);
          if (bytestag_key_compare (&distance, &most) > 0)
            most = distance;
        }
      bytestag_key_get_reach (&target, &center, &radius, &reach);
      g_assert_true (bytestag_key_equal (&reach, &most));
    }
}

/* The short way must say what the distances say. */
static void
test_compare_distance (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);

  for (guint i = 0; i < 2000; i++)
    {
      BytestagKey target, a, b, distance_a, distance_b;
      int expected, order;

      bytestag_key_random (&target, BYTESTAG_RNG (rng));
      bytestag_key_random_in_bucket (&a, &target, i % 160, BYTESTAG_RNG (rng));
      bytestag_key_random_in_bucket (&b, &target, i * 7 % 160, BYTESTAG_RNG (rng));
      bytestag_key_distance (&target, &a, &distance_a);
      bytestag_key_distance (&target, &b, &distance_b);

      expected = bytestag_key_compare (&distance_a, &distance_b);
      order = bytestag_key_compare_distance (&target, &a, &b);
      g_assert_cmpint (order < 0, ==, expected < 0);
      g_assert_cmpint (order > 0, ==, expected > 0);
      g_assert_cmpint (bytestag_key_compare_distance (&target, &b, &a), ==, -order);
    }
}

static void
test_random (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (1);
  g_autoptr (BytestagTestRng) same = bytestag_test_rng_new (1);
  BytestagKey a, b, c;

  bytestag_key_random (&a, BYTESTAG_RNG (rng));
  bytestag_key_random (&b, BYTESTAG_RNG (rng));
  bytestag_key_random (&c, BYTESTAG_RNG (same));
  g_assert_false (bytestag_key_equal (&a, &b));
  g_assert_true (bytestag_key_equal (&a, &c));
}

static void
test_random_in_bucket (void)
{
  g_autoptr (BytestagTestRng) rng = bytestag_test_rng_new (2);
  BytestagKey node;

  bytestag_key_random (&node, BYTESTAG_RNG (rng));
  for (guint number = 0; number < BYTESTAG_KEY_BITS; number++)
    {
      BytestagKey a, b;

      bytestag_key_random_in_bucket (&a, &node, number, BYTESTAG_RNG (rng));
      bytestag_key_random_in_bucket (&b, &node, number, BYTESTAG_RNG (rng));
      g_assert_cmpuint (bytestag_key_bucket_number (&node, &a), ==, number);
      g_assert_cmpuint (bytestag_key_bucket_number (&node, &b), ==, number);
      /* The rest is random: two are equal only where nothing is left to choose. */
      if (number < 120)
        g_assert_false (bytestag_key_equal (&a, &b));
      if (number == 159)
        g_assert_true (bytestag_key_equal (&a, &b));
    }

  /* In place. */
  {
    BytestagKey key = node;

    bytestag_key_random_in_bucket (&key, &key, 77, BYTESTAG_RNG (rng));
    g_assert_cmpuint (bytestag_key_bucket_number (&node, &key), ==, 77);
  }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/key/digest", test_digest);
  g_test_add_func ("/core/key/copy", test_copy);
  g_test_add_func ("/core/key/equal-and-hash", test_equal_and_hash);
  g_test_add_func ("/core/key/compare", test_compare);
  g_test_add_func ("/core/key/distance", test_distance);
  g_test_add_func ("/core/key/bucket-number", test_bucket_number);
  g_test_add_func ("/core/key/reach", test_reach);
  g_test_add_func ("/core/key/compare-distance", test_compare_distance);
  g_test_add_func ("/core/key/random", test_random);
  g_test_add_func ("/core/key/random-in-bucket", test_random_in_bucket);
  return g_test_run ();
}
