/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/settings.h"

#include <string.h>

#include "core/error.h"
#include "support/test-folder.h"

static GSettings *
open_settings (const char *folder)
{
  g_autoptr (GError) error = NULL;
  GSettings *settings = bytestag_settings_new (folder, &error);

  g_assert_no_error (error);

  return settings;
}

/* Kept in the folder, by nothing else, and read back. */
static void
test_folder (void)
{
  char *folder = bytestag_test_folder_new ();
  char *other_folder = bytestag_test_folder_new ();
  g_autofree char *path = g_build_filename (folder, "settings.ini", NULL);
  g_autofree char *contents = NULL;
  GSettings *settings = open_settings (folder);
  GSettings *other = open_settings (other_folder);

  g_assert_cmpuint (g_settings_get_uint (settings, "copies"), ==, 4);
  g_assert_true (g_settings_set_uint (settings, "port", 4711));
  g_assert_true (g_settings_set_string (settings, "download-folder", "/somewhere/else"));
  g_settings_sync ();
  g_assert_cmpuint (g_settings_get_uint (other, "port"), ==, 0);
  g_assert_finalize_object (settings);
  g_assert_finalize_object (other);

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_nonnull (strstr (contents, "4711"));

  settings = open_settings (folder);
  g_assert_cmpuint (g_settings_get_uint (settings, "port"), ==, 4711);
  g_object_unref (settings);

  bytestag_test_folder_remove (folder);
  bytestag_test_folder_remove (other_folder);
}

static void
test_download_folder (void)
{
  g_autofree char *set = bytestag_settings_resolve_download_folder ("/some/where");
  g_autofree char *empty = bytestag_settings_resolve_download_folder ("");
  g_autofree char *none = bytestag_settings_resolve_download_folder (NULL);

  g_assert_cmpstr (set, ==, "/some/where");
  g_assert_true (g_path_is_absolute (empty));
  g_assert_cmpstr (none, ==, empty);
}

static void
test_desktop (void)
{
  g_autoptr (GSettings) settings = open_settings (NULL);

  g_assert_true (g_settings_set_uint (settings, "port", 1234));
  g_assert_cmpuint (g_settings_get_uint (settings, "port"), ==, 1234);
}

/* Out of range, or of another type, in a file that a person edited: the default. */
static void
test_damaged_file (void)
{
  const char text[] = "[bytestag]\nport='many'\ncopies=uint32 99\nknown-nodes=['192.0.2.1:5']\n";
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "settings.ini", text, strlen (text));
  g_autoptr (GSettings) settings = open_settings (folder);
  g_auto (GStrv) known_nodes = g_settings_get_strv (settings, "known-nodes");

  g_assert_cmpuint (g_settings_get_uint (settings, "port"), ==, 0);
  g_assert_cmpuint (g_settings_get_uint (settings, "copies"), ==, 4);
  g_assert_cmpuint (g_strv_length (known_nodes), ==, 1);
  g_assert_cmpstr (known_nodes[0], ==, "192.0.2.1:5");

  bytestag_test_folder_remove (folder);
}

/* In a process of its own, since the schemas are looked up once. */
/* A byte that is not UTF-8 is a loss to its own setting alone. */
static void
test_not_utf8 (void)
{
  static const char text[] = "[bytestag]\nport=uint32 4711\nknown-nodes=['9.1.2.3:7', 'x\xe3']\n";
  char *folder = bytestag_test_folder_new ();
  g_autofree char *path = bytestag_test_folder_write (folder, "settings.ini", text, strlen (text));
  g_autoptr (GSettings) settings = open_settings (folder);
  g_auto (GStrv) known = g_settings_get_strv (settings, "known-nodes");

  g_assert_cmpuint (g_strv_length (known), ==, 2);
  g_assert_cmpstr (known[0], ==, "9.1.2.3:7");
  g_assert_cmpstr (known[1], ==, "x\xef\xbf\xbd");
  g_assert_cmpuint (g_settings_get_uint (settings, "port"), ==, 4711);
  bytestag_test_folder_remove (folder);
}

static void
test_no_schema (void)
{
  g_autoptr (GError) error = NULL;

  if (!g_test_subprocess ())
    {
      const char *saved = g_getenv ("GSETTINGS_SCHEMA_DIR");
      g_autofree char *schema_folder = g_strdup (saved);

      g_unsetenv ("GSETTINGS_SCHEMA_DIR");
      g_setenv ("XDG_DATA_DIRS", "/nonexistent", TRUE);
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      g_unsetenv ("XDG_DATA_DIRS");
      g_setenv ("GSETTINGS_SCHEMA_DIR", schema_folder, TRUE);
      return;
    }

  g_assert_null (bytestag_settings_new ("/tmp", &error));
  g_assert_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, BYTESTAG_APPLICATION_ID));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/settings/folder", test_folder);
  g_test_add_func ("/client/settings/desktop", test_desktop);
  g_test_add_func ("/client/settings/download-folder", test_download_folder);
  g_test_add_func ("/client/settings/damaged-file", test_damaged_file);
  g_test_add_func ("/client/settings/not-utf8", test_not_utf8);
  g_test_add_func ("/client/settings/no-schema", test_no_schema);

  return g_test_run ();
}
