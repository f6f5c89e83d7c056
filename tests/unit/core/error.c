/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/error.h"

static void
test_quark (void)
{
  g_autoptr (GError) error = g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL, "full");

  g_assert_cmpstr (g_quark_to_string (BYTESTAG_ERROR), ==, "bytestag-error-quark");
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_BUCKET_FULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/core/error/quark", test_quark);
  return g_test_run ();
}
