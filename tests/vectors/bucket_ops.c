/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bucket against an original's: results, order and lock. */
#include "config.h"

#include "core/error.h"
#include "dht/bucket.h"
#include "support/test-node.h"
#include "vectors.h"

static BytestagNode *
make_node (JsonObject *operation)
{
  BytestagKey key;

  g_assert_true (bytestag_key_parse (&key, json_text (operation, "update"), -1, NULL));

  return bytestag_test_node_new (&key, json_object_get_int_member (operation, "port"));
}

static void
run_update (BytestagBucket *bucket,
            JsonObject     *operation,
            gint64          now)
{
  g_autoptr (BytestagNode) node = make_node (operation);
  g_autoptr (GError) error = NULL;
  const char *result = json_text (operation, "result");

  if (g_str_has_prefix (result, "full, ping "))
    {
      g_autofree char *oldest = NULL;

      g_assert_false (bytestag_bucket_node_update (bucket, node, now, &error));
      g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
      g_assert_true (bytestag_bucket_is_locked (bucket));
      oldest = bytestag_key_to_hex (bytestag_node_get_key (bytestag_bucket_peek_nth_oldest (bucket, 0)));
      g_assert_cmpstr (oldest, ==, result + strlen ("full, ping "));
    }
  else
    {
      g_assert_true (bytestag_bucket_node_update (bucket, node, now, &error));
      g_assert_no_error (error);
    }
}

/* FALSE: what comes then differs from the original on purpose. */
static gboolean
resolve (BytestagBucket *bucket,
         const char     *resolution,
         gint64          now)
{
  BytestagNode *waiting = bytestag_bucket_get_waiting (bucket);
  gboolean is_member;

  if (g_str_equal (resolution, "keep-old"))
    {
      bytestag_bucket_keep_old_node (bucket);
      return TRUE;
    }

  is_member = waiting != NULL && bytestag_bucket_find (bucket, bytestag_node_get_key (waiting),
                                                       bytestag_node_get_endpoint (waiting)) != NULL;
  bytestag_bucket_keep_new_node (bucket, now);

  return !is_member;
}

static void
run_case (gconstpointer data)
{
  JsonObject *json = (JsonObject *) data;
  JsonArray *operations = json_object_get_array_member (json, "ops");
  JsonArray *order = json_object_get_array_member (json, "final_oldest_first");
  g_autoptr (BytestagBucket) bucket = bytestag_bucket_new (0);

  for (guint i = 0; i < json_array_get_length (operations); i++)
    {
      JsonObject *operation = json_array_get_object_element (operations, i);

      if (json_object_has_member (operation, "update"))
        {
          run_update (bucket, operation, i + 1);
        }
      else if (!resolve (bucket, json_text (operation, "resolve"), i + 1))
        {
          g_test_message ("An original enters the member twice (A.3 B10); ours does not");
          bytestag_bucket_check_invariants (bucket);
          return;
        }
      bytestag_bucket_check_invariants (bucket);
    }

  g_assert_cmpint (bytestag_bucket_is_locked (bucket), ==, json_object_get_boolean_member (json, "locked"));
  g_assert_cmpuint (bytestag_bucket_get_n_nodes (bucket), ==, json_array_get_length (order));
  for (guint i = 0; i < json_array_get_length (order); i++)
    {
      BytestagNode *node = bytestag_bucket_peek_nth_oldest (bucket, i);
      g_autofree char *hex = bytestag_key_to_hex (bytestag_node_get_key (node));

      g_assert_cmpstr (hex, ==, json_array_get_string_element (order, i));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  return vectors_run_cases ("bucket_ops", run_case);
}
