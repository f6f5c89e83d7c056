/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/publication.h"

static void
count_cb (guint *count)
{
  (*count)++;
}

static BytestagPublication *
make_publication (guint n_pieces)
{
  BytestagPublication *publication = bytestag_publication_new ();

  for (guint i = 0; i < n_pieces; i++)
    {
      BytestagKvpId id = { 0 };

      id.key.bytes[0] = (guint8) i;
      bytestag_publication_add (publication, &id, i + 1);
    }

  return publication;
}

static void
test_pass (void)
{
  BytestagPublication *publication = make_publication (3);
  BytestagKvpId id;
  guint n_passed = 0;
  guint piece;
  guint copies;

  g_signal_connect_swapped (publication, "passed", G_CALLBACK (count_cb), &n_passed);
  g_assert_false (bytestag_publication_take (publication, &piece, &id, &copies));
  g_assert_true (bytestag_publication_begin (publication));
  g_assert_false (bytestag_publication_begin (publication));

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (bytestag_publication_take (publication, &piece, &id, &copies));
      g_assert_cmpuint (piece, ==, i);
      g_assert_cmpuint (id.key.bytes[0], ==, i);
      g_assert_cmpuint (copies, ==, i + 1);
    }
  g_assert_false (bytestag_publication_take (publication, &piece, &id, &copies));
  bytestag_publication_give_back (publication, 2, TRUE);
  bytestag_publication_give_back (publication, 1, FALSE);
  g_assert_cmpuint (n_passed, ==, 0);
  bytestag_publication_give_back (publication, 0, TRUE);
  g_assert_cmpuint (n_passed, ==, 1);
  g_assert_false (bytestag_publication_is_passing (publication));
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 2);

  /* Only what was not sent is offered again. */
  g_assert_true (bytestag_publication_begin (publication));
  g_assert_true (bytestag_publication_take (publication, &piece, &id, &copies));
  g_assert_cmpuint (piece, ==, 1);
  bytestag_publication_give_back (publication, 1, TRUE);
  g_assert_cmpuint (n_passed, ==, 2);
  g_assert_false (bytestag_publication_begin (publication));
  g_assert_finalize_object (publication);
}

static void
test_cut_short (void)
{
  g_autoptr (BytestagPublication) publication = make_publication (3);
  BytestagKvpId id;
  guint n_passed = 0;
  guint piece;
  guint copies;

  g_signal_connect_swapped (publication, "passed", G_CALLBACK (count_cb), &n_passed);
  bytestag_publication_cut_short (publication);
  g_assert_cmpuint (n_passed, ==, 0);

  g_assert_true (bytestag_publication_begin (publication));
  g_assert_true (bytestag_publication_take (publication, &piece, &id, &copies));
  bytestag_publication_cut_short (publication);
  g_assert_false (bytestag_publication_take (publication, &piece, &id, &copies));
  g_assert_cmpuint (n_passed, ==, 0);
  bytestag_publication_give_back (publication, piece, FALSE);
  g_assert_cmpuint (n_passed, ==, 1);
  g_assert_cmpuint (bytestag_publication_get_n_sent (publication), ==, 0);
  g_assert_cmpuint (bytestag_publication_get_n_pieces (publication), ==, 3);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sharing/publication/pass", test_pass);
  g_test_add_func ("/sharing/publication/cut-short", test_cut_short);
  return g_test_run ();
}
