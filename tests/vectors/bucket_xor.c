/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every pair of keys of bucket_xor.json: its bucket and its distance. */
#include "vectors.h"

/* A key as a decimal number: divided by ten again and again. (transfer full) */
static char *
to_decimal (BytestagKey key)
{
  GString *digits = g_string_new (NULL);
  gboolean is_zero;

  do
    {
      guint rest = 0;

      is_zero = TRUE;
      for (guint i = 0; i < BYTESTAG_KEY_SIZE; i++)
        {
          rest = rest << 8 | key.bytes[i];
          key.bytes[i] = rest / 10;
          rest %= 10;
          is_zero = is_zero && key.bytes[i] == 0;
        }
      g_string_prepend_c (digits, '0' + rest);
    }
  while (!is_zero);
  return g_string_free (digits, FALSE);
}

static void
test_bucket_xor (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  BytestagJsonValue bucket = vectors_member (vector, "bucket");
  g_autofree char *expected_number = vectors_member_text (vector, "distance_int");
  g_autofree char *number = NULL;
  BytestagKey a, b, expected, distance;
  gint64 expected_bucket = -1;

  vectors_member_key (vector, "a", &a);
  vectors_member_key (vector, "b", &b);
  vectors_member_key (vector, "xor", &expected);
  g_assert_true (bytestag_json_value_get_integer (&bucket, &expected_bucket, NULL));

  g_assert_cmpint (bytestag_key_bucket_number (&a, &b), ==, expected_bucket);
  g_assert_cmpint (bytestag_key_bucket_number (&b, &a), ==, expected_bucket);
  bytestag_key_distance (&a, &b, &distance);
  g_assert_cmpmem (&distance, sizeof distance, &expected, sizeof expected);
  number = to_decimal (distance);
  g_assert_cmpstr (number, ==, expected_number);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("bucket_xor", test_bucket_xor);
}
