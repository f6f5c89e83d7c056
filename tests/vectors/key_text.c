/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every text of key_text.json, as a JSON value and as plain text. */
#include "vectors.h"

static void
check_plain_text (const BytestagJsonValue *input, gboolean is_valid, const BytestagKey *expected)
{
  g_autofree char *text = bytestag_json_read_string (input);
  BytestagKey key;

  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    return;

  g_assert_cmpint (bytestag_key_parse (&key, text, -1, NULL), ==, is_valid);
  if (is_valid)
    g_assert_cmpmem (&key, sizeof key, expected, sizeof *expected);
}

static void
test_key_text (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  BytestagJsonValue input = vectors_member (vector, "input");
  BytestagKey key, expected;
  BytestagMember member = bytestag_json_value_get_key (&input, &key);

  if (vectors_member (vector, "random_key").type == BYTESTAG_JSON_TRUE)
    {
      g_assert_cmpint (member, ==, BYTESTAG_MEMBER_RANDOM);
      return;
    }

  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_true (member == BYTESTAG_MEMBER_INVALID || member == BYTESTAG_MEMBER_ABSENT);
      check_plain_text (&input, FALSE, NULL);
      return;
    }

  vectors_member_key (vector, "hex", &expected);
  g_assert_cmpint (member, ==, BYTESTAG_MEMBER_VALID);
  g_assert_cmpmem (&key, sizeof key, &expected, sizeof expected);
  check_plain_text (&input, TRUE, &expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("key_text", test_key_text);
}
