/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/kept-store-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

/* How all is deleted at once: to unlink as many files as there may be takes minutes on a
 * busy disk, to give their folder another name takes one step. */

#define CLEARED_PREFIX "deleted-"
/* Of the folders below one that was set aside: the values' own are one deep, and whatever
 * else was put there is not followed without end. */
#define CLEARED_DEPTH 4

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot remove “%s”: %s"), path, g_strerror (errno));

  return FALSE;
}

/* Gives the folder of the files a name that none has. */
static gboolean
set_files_aside (BytestagKeptStore *self, GError **error)
{
  for (guint n = 1;; n++)
    {
      g_autofree char *name = g_strdup_printf (CLEARED_PREFIX "%u", n);

      /* Over one that is empty it goes too. */
      if (renameat (self->top, "values", self->top, name) == 0 || errno == ENOENT)
        return TRUE;
      if ((errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) || n == G_MAXUINT)
        return fail (self->folder, error);
    }
}

/* Not row by row, which would need room on a disk that may be full. The database before its
 * log, which is nothing without it; where the log went first, what it says was removed would
 * come back. */
static gboolean
remove_database (BytestagKeptStore *self, GError **error)
{
  static const char * const suffixes[] = { "", "-journal", "-wal" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (self->path, suffixes[i], NULL);

      if (unlink (path) < 0 && errno != ENOENT)
        return fail (path, error);
    }

  return TRUE;
}

gboolean
bytestag_kept_store_delete_all (BytestagKeptStore *self, GError **error)
{
  BytestagDatabaseOpening opening;
  g_autofree char *set_aside = NULL;

  if (self->is_read_only)
    return bytestag_kept_store_fail_closed (error);

  bytestag_kept_store_close (self);
  if (!bytestag_kept_store_open_folders (self, error))
    return FALSE;

  /* The database first: a value without a record is nothing. */
  if (!remove_database (self, error) || !set_files_aside (self, error))
    {
      bytestag_kept_store_close (self);
      return FALSE;
    }
  bytestag_kept_store_drop_reserve (self);

  /* Makes the folder of the files anew, and so syncs the one above with all that was done
   * to it. */
  return bytestag_kept_store_open (self, &opening, &set_aside, error);
}

/* Unlinks up to *@n entries below the folder @name, counted down, and then the folder. */
static void
clear_folder (int parent, const char *name, guint depth, guint *n)
{
  int folder = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = folder >= 0 ? fdopendir (folder) : NULL;
  struct dirent *found;

  if (dir == NULL)
    {
      if (folder >= 0)
        close (folder);
      return;
    }

  while (*n > 0 && (found = readdir (dir)) != NULL)
    {
      if (strcmp (found->d_name, ".") == 0 || strcmp (found->d_name, "..") == 0)
        continue;
      /* What cannot be unlinked stays, and stops nothing else. */
      if (unlinkat (folder, found->d_name, 0) == 0)
        (*n)--;
      else if (depth > 0)
        clear_folder (folder, found->d_name, depth - 1, n);
    }
  closedir (dir);

  /* If it is empty. */
  unlinkat (parent, name, AT_REMOVEDIR);
}

gboolean
bytestag_kept_store_clear (BytestagKeptStore *self)
{
  int top = open (self->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = top >= 0 ? fdopendir (top) : NULL;
  guint n = BYTESTAG_LIMIT_CLEARED_FILES;
  struct dirent *found;

  while (dir != NULL && n > 0 && (found = readdir (dir)) != NULL)
    {
      if (g_str_has_prefix (found->d_name, CLEARED_PREFIX))
        clear_folder (top, found->d_name, CLEARED_DEPTH, &n);
    }
  if (dir != NULL)
    closedir (dir);
  else if (top >= 0)
    close (top);

  return n == 0;
}
