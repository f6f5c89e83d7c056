/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "app/bucket-strip.h"

#include "picture.h"

static Picture *
draw (BytestagBucket *bucket,
      gboolean        mirrored)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  bytestag_bucket_draw (snapshot, bucket, 360, 18, mirrored, picture_palette ());
  return picture_new (snapshot, 360, 18);
}

static BytestagNode *
add_node (BytestagBucket *bucket,
          guint8          number)
{
  g_autoptr (BytestagNode) node = NULL;
  BytestagKey key = { { number } };
  BytestagEndpoint endpoint = { 0 };

  g_assert_true (bytestag_endpoint_set_host (&endpoint, "192.0.2.1", -1, 4000 + number));
  node = bytestag_node_new (&key, &endpoint);
  g_assert_true (bytestag_bucket_node_update (bucket, node, 1, NULL));
  return node; /* the bucket's */
}

static void
test_slots (void)
{
  g_autoptr (BytestagBucket) bucket = bytestag_bucket_new (0);
  const BytestagPalette *palette = picture_palette ();
  g_autoptr (Picture) picture = NULL;
  g_autoptr (Picture) mirrored = NULL;

  bytestag_node_answered (add_node (bucket, 0), 1000, 1);
  bytestag_node_answered (add_node (bucket, 1), 1000, 1);
  bytestag_node_failed (bytestag_bucket_peek (bucket, 1));
  add_node (bucket, 2);
  for (int i = 0; i < 3; i++)
    bytestag_node_failed (bytestag_bucket_peek (bucket, 2));
  add_node (bucket, 3);
  g_assert_cmpint (bytestag_node_get_state (bytestag_bucket_peek (bucket, 0)), ==, BYTESTAG_NODE_GOOD);
  g_assert_cmpint (bytestag_node_get_state (bytestag_bucket_peek (bucket, 1)), ==, BYTESTAG_NODE_QUESTIONABLE);
  g_assert_cmpint (bytestag_node_get_state (bytestag_bucket_peek (bucket, 2)), ==, BYTESTAG_NODE_STALE);
  g_assert_cmpint (bytestag_node_get_state (bytestag_bucket_peek (bucket, 3)), ==, BYTESTAG_NODE_NEW);

  /* Slots of 18: disc, half a disc, cross, ring, and a dot where nobody is. */
  picture = draw (bucket, FALSE);
  g_assert_true (picture_has (picture, 9, 9, &palette->success));
  g_assert_true (picture_has (picture, 9, 5, &palette->success));
  g_assert_true (picture_has (picture, 27, 12, &palette->warning));
  g_assert_false (picture_has (picture, 27, 6, &palette->warning));
  g_assert_true (picture_has (picture, 45, 9, &palette->error));
  g_assert_false (picture_has (picture, 45, 4, &palette->error));
  g_assert_cmpuint (picture_count (picture, 54, 0, 18, 18, &palette->accent), >, 8);
  g_assert_false (picture_has (picture, 63, 9, &palette->accent));
  g_assert_true (picture_has (picture, 81, 9, &palette->faint));
  g_assert_true (picture_has (picture, 351, 9, &palette->faint));

  mirrored = draw (bucket, TRUE);
  g_assert_true (picture_has (mirrored, 351, 9, &palette->success));
  g_assert_true (picture_has (mirrored, 9, 9, &palette->faint));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gtk_init_check ();

  g_test_add_func ("/bucket-drawing/slots", test_slots);

  return g_test_run ();
}
