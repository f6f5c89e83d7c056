/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/link-params.h"

static const char * const schemes[] = { "a", "magnet", NULL };

/* The parameters of @uri as "name=value" lines. */
static void
assert_params (const char *uri, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) params = bytestag_link_params_parse (uri, schemes, &error);
  GString *lines = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < params->len; i++)
    {
      const BytestagLinkParam *param = g_ptr_array_index (params, i);

      g_string_append_printf (lines, "%s=%s\n", param->name, param->value);
    }
  g_assert_cmpstr (lines->str, ==, expected);
  g_string_free (lines, TRUE);
}

static void
test_parse (void)
{
  assert_params ("a:?", "");
  assert_params ("MAGNET:?x=1", "x=1\n");
  assert_params ("a:?x=1&&y=&=2&z&x=3&", "x=1\n=2\nx=3\n");
  assert_params ("a:?x=a=b;c?d#e", "x=a=b;c?d#e\n");
  assert_params ("a:?x=+%20%2B%zz%4&%78=1", "x=  +%zz%4\nx=1\n");
  assert_params ("a:?xt.1=1&xt=2&xt.=3&xtra=4&x.s2=5", "xt=1\nxt=2\nxt=3\nxtra=4\nx.s2=5\n");
}

static void
test_refused (void)
{
  static const char * const uris[] = { "", "?x=1", ":?x=1", "a", "a:", "a:x=1", "b:?x=1", " a:?x=1", "ab:?x=1" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (bytestag_link_params_parse (uris[i], schemes, &error));
      g_assert_nonnull (error);
    }
}

static void
test_first (void)
{
  g_autoptr (GPtrArray) params = bytestag_link_params_parse ("a:?y=0&x=1&x=2", schemes, NULL);

  g_assert_cmpstr (bytestag_link_params_first (params, "x"), ==, "1");
  g_assert_null (bytestag_link_params_first (params, "z"));
}

static void
test_topic (void)
{
  g_autoptr (GError) error = NULL;
  BytestagKey key = { { 1, 2, 3 } };
  BytestagKey again;
  g_autofree char *topic = bytestag_link_topic_new (&key);

  g_assert_cmpstr (topic, ==, "urn:bstagih:AEBAGAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  g_assert_true (bytestag_link_topic_read_key (topic, BYTESTAG_LINK_URN, &again, &error));
  g_assert_true (bytestag_key_equal (&key, &again));
  g_assert_false (bytestag_link_topic_read_key (topic, BYTESTAG_BITTORRENT_URN, &again, &error));
  g_assert_no_error (error);
  g_assert_false (bytestag_link_topic_read_key ("urn:bstagih:", BYTESTAG_LINK_URN, &again, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-params/parse", test_parse);
  g_test_add_func ("/link-params/refused", test_refused);
  g_test_add_func ("/link-params/first", test_first);
  g_test_add_func ("/link-params/topic", test_topic);
  return g_test_run ();
}
