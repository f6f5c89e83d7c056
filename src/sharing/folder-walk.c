/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/folder-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "wire/safe-name.h"

typedef struct {
  BytestagFolderWalk *walk;
  GPtrArray *elements; /* (element-type utf8) of the FileInfo, down to where we are */
  GCancellable *cancellable;
} Walker;

static void
walk_file_free (gpointer data)
{
  BytestagWalkFile *file = data;

  g_free (file->path);
  g_strfreev (file->filename);
  g_free (file);
}

void
bytestag_folder_walk_free (BytestagFolderWalk *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->skipped, g_ptr_array_unref);
  g_free (self);
}

static void
skip (Walker     *walker,
      const char *path)
{
  g_ptr_array_add (walker->walk->skipped, g_filename_display_name (path));
}

static gboolean
set_read_error (GError     **error,
                const char  *path,
                int          number)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (number),
               _("Cannot read “%s”: %s"), name, g_strerror (number));
  return FALSE;
}

static gboolean
add_file (Walker             *walker,
          const char         *path,
          const struct stat  *info,
          GError            **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) filename = NULL;
  g_autoptr (GError) reason = NULL;
  BytestagWalkFile *file;

  for (guint i = 0; i < walker->elements->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (walker->elements, i));
  filename = g_strv_builder_end (builder);

  /* Nobody could fetch it: better said now, to the person who can rename it. */
  if (!bytestag_safe_path_check ((const char * const *) filename, &reason))
    {
      g_autofree char *name = g_filename_display_name (path);
      g_autofree char *shown = bytestag_name_for_display (name);

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                   _("“%s” cannot be shared under this name: %s"), shown, reason->message);
      return FALSE;
    }

  if (walker->walk->files->len >= BYTESTAG_LIMIT_COLLECTION_FILES)
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                   g_dngettext (GETTEXT_PACKAGE, "These are more than %d file, too many for one collection",
                                "These are more than %d files, too many for one collection",
                                BYTESTAG_LIMIT_COLLECTION_FILES),
                   BYTESTAG_LIMIT_COLLECTION_FILES);
      return FALSE;
    }

  file = g_new0 (BytestagWalkFile, 1);
  file->path = g_strdup (path);
  file->filename = g_steal_pointer (&filename);
  file->size = (guint64) info->st_size;
  g_ptr_array_add (walker->walk->files, file);
  walker->walk->size += file->size;
  return TRUE;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

/* Paths, by the name at their end, since the collection knows no more of them. */
static int
compare_basenames (gconstpointer a,
                   gconstpointer b)
{
  const char *one = strrchr (*(const char * const *) a, G_DIR_SEPARATOR);
  const char *other = strrchr (*(const char * const *) b, G_DIR_SEPARATOR);

  return strcmp (one, other);
}

/* (transfer full) (element-type filename) sorted. Takes @fd. */
static GPtrArray *
list_folder (int          fd,
             const char  *path,
             GError     **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *folder = fdopendir (fd);
  struct dirent *entry;

  if (folder == NULL)
    {
      set_read_error (error, path, errno);
      close (fd);
      return NULL;
    }

  while ((errno = 0, entry = readdir (folder)) != NULL)
    {
      if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
        g_ptr_array_add (names, g_strdup (entry->d_name));
    }
  if (errno != 0)
    {
      set_read_error (error, path, errno);
      closedir (folder);
      return NULL;
    }

  closedir (folder);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static gboolean walk_folder (Walker      *walker,
                             int          fd,
                             const char  *path,
                             GError     **error);

/* Adds @name of the folder @parent. @path: of it, in full. */
static gboolean
walk_entry (Walker      *walker,
            int          parent,
            const char  *name,
            const char  *path,
            GError     **error)
{
  struct stat info;
  gboolean ok = TRUE;

  if (g_cancellable_set_error_if_cancelled (walker->cancellable, error))
    return FALSE;
  if (fstatat (parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return set_read_error (error, path, errno);

  g_ptr_array_add (walker->elements, g_path_get_basename (path));
  if (S_ISREG (info.st_mode))
    {
      ok = add_file (walker, path, &info, error);
    }
  else if (S_ISDIR (info.st_mode))
    {
      int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

      ok = fd >= 0 ? walk_folder (walker, fd, path, error) : set_read_error (error, path, errno);
    }
  else
    {
      skip (walker, path);
    }
  g_ptr_array_set_size (walker->elements, (int) walker->elements->len - 1);

  return ok;
}

/* Takes @fd. Recursion ends at BYTESTAG_LIMIT_PATH_ELEMENTS. */
static gboolean
walk_folder (Walker      *walker,
             int          fd,
             const char  *path,
             GError     **error)
{
  g_autoptr (GPtrArray) names = NULL;
  int parent;
  gboolean ok = TRUE;

  if (walker->elements->len >= BYTESTAG_LIMIT_PATH_ELEMENTS)
    {
      g_autofree char *name = g_filename_display_name (path);

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE, _("“%s” lies too deep to be shared"), name);
      close (fd);
      return FALSE;
    }

  parent = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  names = list_folder (fd, path, error);
  if (names == NULL || parent < 0)
    {
      if (parent >= 0)
        close (parent);
      else if (error != NULL && *error == NULL)
        set_read_error (error, path, errno);
      return FALSE;
    }

  for (guint i = 0; ok && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (name[0] == '.' || g_str_has_suffix (name, BYTESTAG_INCOMPLETE_SUFFIX))
        skip (walker, child);
      else
        ok = walk_entry (walker, parent, name, child, error);
    }

  close (parent);
  return ok;
}

/* Walks one of the paths that the person named. @alone: a folder's files are named
 * from inside it, since the collection has its name. */
static gboolean
walk_named (Walker      *walker,
            const char  *path,
            gboolean     alone,
            GError     **error)
{
  g_autofree char *name = g_filename_display_name (path);
  struct stat info;
  int fd;

  if (lstat (path, &info) != 0)
    return set_read_error (error, path, errno);

  if (S_ISLNK (info.st_mode))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                   _("“%s” is a symbolic link, and links are not followed: name what it points to"), name);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode) && !S_ISDIR (info.st_mode))
    {
      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is neither a file nor a folder"), name);
      return FALSE;
    }
  if (!alone || S_ISREG (info.st_mode))
    return walk_entry (walker, AT_FDCWD, path, path, error);

  fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return set_read_error (error, path, errno);
  return walk_folder (walker, fd, path, error);
}

/* Two things of one name cannot lie in one collection. */
static gboolean
check_names (GPtrArray  *paths,
             GError    **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < paths->len; i++)
    {
      char *name = g_path_get_basename (g_ptr_array_index (paths, i));

      if (!g_hash_table_add (names, name))
        {
          g_autofree char *shown = g_filename_display_basename (g_ptr_array_index (paths, i));

          g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                       _("Two of the files to share have the same name, “%s”"), shown);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
check_found (BytestagFolderWalk  *walk,
             GPtrArray           *paths,
             GError             **error)
{
  g_autofree char *name = NULL;

  if (walk->files->len > 0)
    return TRUE;

  name = g_filename_display_name (g_ptr_array_index (paths, 0));
  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is empty: there is nothing to share"), name);
  return FALSE;
}

/* (transfer full) (element-type filename) whatever the order in which they were named: the same link. */
static GPtrArray *
sort_paths (const char * const *paths)
{
  GPtrArray *sorted = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; paths[i] != NULL; i++)
    g_ptr_array_add (sorted, g_canonicalize_filename (paths[i], NULL));
  g_ptr_array_sort (sorted, compare_basenames);

  return sorted;
}

char *
bytestag_folder_walk_dup_name (const char * const *paths)
{
  g_autoptr (GPtrArray) sorted = NULL;

  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  sorted = sort_paths (paths);
  return g_path_get_basename (g_ptr_array_index (sorted, 0));
}

BytestagFolderWalk *
bytestag_folder_walk (const char * const  *paths,
                      GCancellable        *cancellable,
                      GError             **error)
{
  g_autoptr (BytestagFolderWalk) walk = g_new0 (BytestagFolderWalk, 1);
  g_autoptr (GPtrArray) sorted = NULL;
  g_autoptr (GPtrArray) elements = g_ptr_array_new_with_free_func (g_free);
  Walker walker = { walk, elements, cancellable };

  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  walk->files = g_ptr_array_new_with_free_func (walk_file_free);
  walk->skipped = g_ptr_array_new_with_free_func (g_free);

  sorted = sort_paths (paths);
  walk->name = g_path_get_basename (g_ptr_array_index (sorted, 0));

  if (!check_names (sorted, error))
    return NULL;
  for (guint i = 0; i < sorted->len; i++)
    {
      if (!walk_named (&walker, g_ptr_array_index (sorted, i), sorted->len == 1, error))
        return NULL;
    }
  if (!check_found (walk, sorted, error))
    return NULL;

  return g_steal_pointer (&walk);
}
