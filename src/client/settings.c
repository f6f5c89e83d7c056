/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/settings.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>
#include <glib/gi18n-lib.h>
#include <sys/statvfs.h>

#include "core/error.h"

#define SCHEMA_ID BYTESTAG_APPLICATION_ID
#define SCHEMA_PATH "/io/github/bytestag/Bytestag/"
#define FILE_NAME "settings.ini"
#define GROUP "bytestag"
/* Space for others that nobody misses on most disks. */
#define LEND (G_GINT64_CONSTANT (2) << 30)

/* g_settings_new() aborts when there is no such schema. */
static GSettingsSchema *
find_schema (GError **error)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  GSettingsSchema *schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SCHEMA_ID, TRUE);
  if (schema == NULL)
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_NOT_FOUND,
                 _("The description of the settings (%s) is not installed; GSETTINGS_SCHEMA_DIR may name the "
                   "folder that holds it compiled"),
                 SCHEMA_ID);

  return schema;
}

/* GLib takes settings that are not UTF-8 for an error of the program; a file may be
 * damaged all the same. What cannot be written is told when the settings are. */
static void
mend_file (const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *valid = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL) || g_utf8_validate_len (text, length, NULL))
    return;

  valid = g_utf8_make_valid (text, (gssize) length);
  g_file_set_contents_full (path, valid, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, NULL);
}

GSettings *
bytestag_settings_new (const char *folder, GError **error)
{
  g_autoptr (GSettingsSchema) schema = find_schema (error);
  g_autoptr (GSettingsBackend) backend = NULL;
  g_autofree char *path = NULL;

  if (schema == NULL)
    return NULL;

  if (folder != NULL)
    {
      path = g_build_filename (folder, FILE_NAME, NULL);
      mend_file (path);
      backend = g_keyfile_settings_backend_new (path, SCHEMA_PATH, GROUP);
    }

  return g_settings_new_full (schema, backend, NULL);
}

char *
bytestag_settings_resolve_download_folder (const char *setting)
{
  const char *folder = setting;

  if (folder == NULL || *folder == '\0')
    folder = g_get_user_special_dir (G_USER_DIRECTORY_DOWNLOAD);
  return folder != NULL ? g_strdup (folder) : g_build_filename (g_get_home_dir (), "Downloads", NULL);
}

gint64
bytestag_settings_propose_lend (const char *folder)
{
  struct statvfs info;

  if (statvfs (folder, &info) != 0)
    return LEND;

  return (gint64) MIN ((guint64) info.f_bavail * info.f_frsize / 20, (guint64) LEND);
}
