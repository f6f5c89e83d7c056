/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire/safe-name.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define BOX "\u25a1"

static void
assert_safe (const char *name)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (bytestag_safe_name_check (name, &error));
  g_assert_no_error (error);
}

static void
assert_unsafe (const char *name)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (bytestag_safe_name_check (name, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME);
}

static void
test_name (void)
{
  assert_safe ("a");
  assert_safe ("...");
  assert_safe (".hidden");
  assert_safe ("a\\b");
  assert_safe ("Fish & <Chips>");
  assert_safe ("r\u00e9sum\u00e9 \u65e5\u672c");
  assert_safe (BYTESTAG_INCOMPLETE_SUFFIX ".txt");

  assert_unsafe ("");
  assert_unsafe (".");
  assert_unsafe ("..");
  assert_unsafe ("/");
  assert_unsafe ("/etc/passwd");
  assert_unsafe ("a/b");
  assert_unsafe ("a\nb");
  assert_unsafe ("a\x7f");
  assert_unsafe ("a\xc2\x85");
  assert_unsafe ("a\xc0\x80" "b"); /* a NUL, as readers give it */
  assert_unsafe ("\xed\xa0\x80");  /* a lone surrogate */
  assert_unsafe ("\xff");
  assert_unsafe ("film" BYTESTAG_INCOMPLETE_SUFFIX);
  assert_unsafe (BYTESTAG_INCOMPLETE_SUFFIX);
}

static void
test_name_length (void)
{
  g_autofree char *longest = g_strnfill (BYTESTAG_LIMIT_NAME_BYTES, 'n');
  g_autofree char *too_long = g_strnfill (BYTESTAG_LIMIT_NAME_BYTES + 1, 'n');

  assert_safe (longest);
  assert_unsafe (too_long);
  /* With our suffix it is a name of Linux. */
  g_assert_cmpuint (BYTESTAG_LIMIT_NAME_BYTES + strlen (BYTESTAG_INCOMPLETE_SUFFIX), <=, 255);
}

/* A path of @n elements of @length bytes. */
static gboolean
check_path (guint n, guint length)
{
  g_autofree char *name = g_strnfill (length, 'n');
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (elements, name);
  g_ptr_array_add (elements, NULL);
  return bytestag_safe_path_check ((const char * const *) elements->pdata, NULL);
}

/* A path of @length bytes, the "/" between its elements among them. */
static gboolean
check_path_of (guint length)
{
  g_autofree char *name = g_strnfill (95, 'n');
  g_autofree char *last = g_strnfill (length - 31 * 96, 'n');
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint i = 0; i < 31; i++)
    g_ptr_array_add (elements, name);
  g_ptr_array_add (elements, last);
  g_ptr_array_add (elements, NULL);
  return bytestag_safe_path_check ((const char * const *) elements->pdata, NULL);
}

static void
test_path (void)
{
  const char * const bad[] = { "folder", "..", "file", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (check_path (1, 1));
  g_assert_true (check_path (BYTESTAG_LIMIT_PATH_ELEMENTS, 1));
  g_assert_false (check_path (BYTESTAG_LIMIT_PATH_ELEMENTS + 1, 1));
  g_assert_false (check_path (0, 1));

  g_assert_true (check_path_of (BYTESTAG_LIMIT_PATH_BYTES));
  g_assert_false (check_path_of (BYTESTAG_LIMIT_PATH_BYTES + 1));

  g_assert_false (bytestag_safe_path_check (bad, &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME);
}

static void
assert_shown (const char *name, const char *expected)
{
  g_autofree char *shown = bytestag_name_for_display (name);

  g_assert_cmpstr (shown, ==, expected);
}

static void
test_display (void)
{
  g_autofree char *text = bytestag_text_for_display ("one\n\ttwo\r\x1b\u202e");

  assert_shown ("plain name.txt", "plain name.txt");
  assert_shown ("\u65e5\u672c e\u0301 \u0915\u094d\u0937", "\u65e5\u672c e\u0301 \u0915\u094d\u0937");
  assert_shown ("a\nb\tc\x7f\xc2\x85", "a" BOX "b" BOX "c" BOX BOX);
  assert_shown ("photo\u202egpj.exe", "photo" BOX "gpj.exe");
  assert_shown ("\u200e\u200f\u061c\u2066\u2069", BOX BOX BOX BOX BOX);
  assert_shown ("a\u200bb\u200d\u2060\ufeff\u00ad", "a" BOX "b" BOX BOX BOX BOX);
  assert_shown ("\u2028\u2029\u3164\u115f", BOX BOX BOX BOX);
  assert_shown ("\u0600", "\u0600");
  assert_shown ("bad\xff", "bad\ufffd");
  g_assert_cmpstr (text, ==, "one\n\ttwo" BOX BOX BOX);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/safe-name/name", test_name);
  g_test_add_func ("/safe-name/name-length", test_name_length);
  g_test_add_func ("/safe-name/path", test_path);
  g_test_add_func ("/safe-name/display", test_display);
  return g_test_run ();
}
