/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every link of magnet.json: its parameters, exact topic and keys, and that the
 * program's own reader of links takes those whose topic is ours. Ours differs on purpose:
 *
 * - white space around a link: taken off, since people copy it along */
#include <string.h>

#include "vectors.h"
#include "wire/link-params.h"
#include "wire/link.h"

static const char * const schemes[] = { BYTESTAG_MAGNET_SCHEME, NULL };

/* Values of @name in order are those of @array. Returns how many. */
static guint
check_values (GPtrArray *params, const char *name, const BytestagJsonValue *array)
{
  BytestagJsonValue element;
  BytestagScanner scanner;
  guint n = 0;

  bytestag_json_read_begin (&scanner, array);
  for (guint i = 0; i < params->len; i++)
    {
      const BytestagLinkParam *param = g_ptr_array_index (params, i);

      if (strcmp (param->name, name) != 0)
        continue;
      g_assert_true (bytestag_scanner_next_element (&scanner) && bytestag_scanner_read_value (&scanner, &element));
      g_autofree char *value = bytestag_json_read_string (&element);
      g_assert_cmpstr (param->value, ==, value);
      n++;
    }

  g_assert_false (bytestag_scanner_next_element (&scanner));
  return n;
}

static void
check_params (GPtrArray *params, const BytestagJsonValue *vector)
{
  BytestagJsonValue object = vectors_member (vector, "params");
  BytestagJsonValue name, values;
  BytestagScanner scanner;
  guint n = 0;

  bytestag_scanner_init (&scanner, object.text, object.length, BYTESTAG_SCANNER_DEPTH, G_MAXUINT);
  bytestag_scanner_begin_object (&scanner);
  while (bytestag_scanner_next_member (&scanner, &name) && bytestag_scanner_read_value (&scanner, &values))
    {
      g_autofree char *text = bytestag_json_read_string (&name);

      n += check_values (params, text, &values);
    }
  g_assert_cmpuint (n, ==, params->len);
}

static void
check_hash (const char *topic, const char *urn, const BytestagJsonValue *expected)
{
  g_autoptr (GError) error = NULL;
  BytestagKey key, expected_key;
  gboolean has_key = topic != NULL && bytestag_link_topic_read_key (topic, urn, &key, &error);

  switch (expected->type)
    {
    case BYTESTAG_JSON_STRING:
      g_assert_no_error (error);
      g_assert_true (has_key);
      g_assert_true (bytestag_json_read_key (expected, &expected_key, NULL));
      g_assert_cmpmem (&key, sizeof key, &expected_key, sizeof expected_key);
      break;
    case BYTESTAG_JSON_OBJECT: /* {"error": …} */
      g_assert_false (has_key);
      g_assert_nonnull (error);
      break;
    default:
      g_assert_false (has_key);
      g_assert_no_error (error);
    }
}

/* The link as a person gives it to the program. */
static void
check_link (const char *uri, const BytestagJsonValue *hash)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BytestagLink) link = bytestag_link_parse (uri, &error);
  BytestagKey expected;

  if (hash->type != BYTESTAG_JSON_STRING)
    {
      g_assert_nonnull (error);
      return;
    }

  g_assert_no_error (error);
  g_assert_true (bytestag_json_read_key (hash, &expected, NULL));
  g_assert_cmpmem (bytestag_link_get_key (link), sizeof expected, &expected, sizeof expected);
}

static void
test_format (const BytestagJsonValue *vector)
{
  g_autofree char *expected = vectors_member_text (vector, "xt");
  g_autofree char *topic = NULL;
  g_autofree char *magnet = NULL;
  g_autoptr (BytestagLink) link = NULL;
  BytestagKey key;

  vectors_member_key (vector, "format_key", &key);
  topic = bytestag_link_topic_new (&key);
  g_assert_cmpstr (topic, ==, expected);

  link = bytestag_link_new (&key, NULL, NULL, 0, NULL);
  magnet = bytestag_link_to_magnet (link);
  g_assert_true (g_str_has_prefix (magnet, "magnet:?xt="));
  g_assert_cmpstr (magnet + strlen ("magnet:?xt="), ==, expected);
}

static void
test_magnet (gconstpointer data)
{
  const BytestagJsonValue *vector = data;
  g_autofree char *uri = vectors_member_text (vector, "uri");
  g_autofree char *topic = vectors_member_text (vector, "exact_topic");
  g_autoptr (GPtrArray) params = NULL;
  g_autoptr (GError) error = NULL;

  if (uri == NULL)
    {
      test_format (vector);
      return;
    }

  params = bytestag_link_params_parse (uri, schemes, &error);
  if (vectors_member (vector, "error").type != BYTESTAG_JSON_ABSENT)
    {
      g_assert_nonnull (error);
      g_assert_null (params);
      return;
    }

  BytestagJsonValue hash = vectors_member (vector, "bytestag_info_hash");
  BytestagJsonValue bittorrent_hash = vectors_member (vector, "bittorrent_info_hash");

  g_assert_no_error (error);
  check_params (params, vector);
  g_assert_cmpstr (bytestag_link_params_first (params, "xt"), ==, topic);
  check_hash (topic, BYTESTAG_LINK_URN, &hash);
  check_hash (topic, BYTESTAG_BITTORRENT_URN, &bittorrent_hash);
  check_link (uri, &hash);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  return vectors_run_values ("magnet", test_magnet);
}
