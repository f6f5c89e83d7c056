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

/* What the person named. */
typedef struct {
  char *path;
  guint64 device;
  guint64 inode;
  gboolean is_folder;
} Root;

typedef struct {
  BytestagFolderWalk *walk;
  GCancellable *cancellable;
  gsize name_offset; /* in paths below this root */
  guint depth;       /* elements of a name in the folder where we are */
} Walker;

static void
walk_file_free (gpointer data)
{
  BytestagWalkFile *file = data;

  g_free (file->path);
  g_free (file);
}

static void
root_clear (gpointer data)
{
  g_clear_pointer (&((Root *) data)->path, g_free);
}

void
bytestag_folder_walk_free (BytestagFolderWalk *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->skipped, bytestag_skip_list_free);
  g_clear_pointer (&self->roots, g_array_unref);
  g_free (self);
}

char **
bytestag_walk_file_dup_filename (const BytestagWalkFile *self)
{
  return g_strsplit (self->name, G_DIR_SEPARATOR_S, -1);
}

static void
skip (Walker             *walker,
      const char         *path,
      BytestagSkipReason  reason)
{
  bytestag_skip_list_add (walker->walk->skipped, path, reason, NULL);
}

static void
skip_unreadable (Walker     *walker,
                 const char *path,
                 int         number)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) problem = g_error_new (G_IO_ERROR, (int) g_io_error_from_errno (number),
                                            _("Cannot read “%s”: %s"), name, g_strerror (number));

  bytestag_skip_list_add (walker->walk->skipped, path, BYTESTAG_SKIP_UNREADABLE, problem);
}

/* Nobody could fetch it: better said now, to the person who can rename it. */
static void
skip_name (Walker       *walker,
           const char   *path,
           const GError *reason)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *shown = bytestag_name_for_display (name);
  g_autoptr (GError) problem = g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                                            _("“%s” cannot be shared under this name: %s"), shown, reason->message);

  bytestag_skip_list_add (walker->walk->skipped, path, BYTESTAG_SKIP_NAME, problem);
}

/* FALSE: no more than this can be shared together. */
static gboolean
add_file (Walker             *walker,
          const char         *path,
          const struct stat  *info,
          GError            **error)
{
  BytestagFolderWalk *walk = walker->walk;
  g_auto (GStrv) filename = g_strsplit (path + walker->name_offset, G_DIR_SEPARATOR_S, -1);
  g_autoptr (GError) reason = NULL;
  BytestagWalkFile *file;

  if (!bytestag_safe_path_check ((const char * const *) filename, &reason))
    {
      skip_name (walker, path, reason);
      return TRUE;
    }

  if (walk->files->len >= BYTESTAG_LIMIT_COLLECTION_FILES)
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
  file->name = file->path + walker->name_offset;
  bytestag_file_stamp_from_stat (&file->stamp, info);
  file->root = walk->roots->len - 1;
  g_ptr_array_add (walk->files, file);
  walk->size += file->stamp.size;
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

/* (transfer full) (element-type filename) sorted. Takes @fd. NULL: errno. */
static GPtrArray *
list_folder (int fd)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *folder = fdopendir (fd);
  struct dirent *entry;
  int number;

  if (folder == NULL)
    {
      number = errno;
      close (fd);
      errno = number;
      return NULL;
    }

  while ((errno = 0, entry = readdir (folder)) != NULL)
    {
      if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
        g_ptr_array_add (names, g_strdup (entry->d_name));
    }
  number = errno;
  closedir (folder);
  if (number != 0)
    {
      errno = number;
      return NULL;
    }

  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static gboolean walk_folder (Walker      *walker,
                             int          fd,
                             const char  *path,
                             GError     **error);

/* Goes into the folder @name of @parent, unless no name below it could be shared. */
static gboolean
walk_into (Walker      *walker,
           int          parent,
           const char  *name,
           const char  *path,
           GError     **error)
{
  g_autofree char *element = g_path_get_basename (path);
  g_autoptr (GError) reason = NULL;
  gboolean ok;
  int fd;

  if (!bytestag_safe_name_check (element, &reason))
    {
      skip_name (walker, path, reason);
      return TRUE;
    }

  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      skip_unreadable (walker, path, errno);
      return TRUE;
    }

  walker->depth++;
  ok = walk_folder (walker, fd, path, error);
  walker->depth--;
  return ok;
}

/* Adds @name of the folder @parent. @path: of it, in full. FALSE: the walk is over. */
static gboolean
walk_entry (Walker      *walker,
            int          parent,
            const char  *name,
            const char  *path,
            GError     **error)
{
  struct stat info;

  if (g_cancellable_set_error_if_cancelled (walker->cancellable, error))
    return FALSE;

  if (fstatat (parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    {
      skip_unreadable (walker, path, errno);
      return TRUE;
    }
  if (S_ISREG (info.st_mode))
    return add_file (walker, path, &info, error);
  if (S_ISDIR (info.st_mode))
    return walk_into (walker, parent, name, path, error);

  skip (walker, path, S_ISLNK (info.st_mode) ? BYTESTAG_SKIP_LINK : BYTESTAG_SKIP_SPECIAL);
  return TRUE;
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

  if (walker->depth >= BYTESTAG_LIMIT_PATH_ELEMENTS)
    {
      g_autofree char *name = g_filename_display_name (path);
      g_autoptr (GError) problem = g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                                                _("“%s” lies too deep to be shared"), name);

      bytestag_skip_list_add (walker->walk->skipped, path, BYTESTAG_SKIP_DEPTH, problem);
      close (fd);
      return TRUE;
    }

  /* A second one, since reading the list takes the first. */
  parent = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  names = list_folder (fd);
  if (names == NULL || parent < 0)
    {
      skip_unreadable (walker, path, errno);
      if (parent >= 0)
        close (parent);
      return TRUE;
    }

  for (guint i = 0; ok && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (name[0] == '.')
        skip (walker, child, BYTESTAG_SKIP_HIDDEN);
      else if (g_str_has_suffix (name, BYTESTAG_INCOMPLETE_SUFFIX))
        skip (walker, child, BYTESTAG_SKIP_INCOMPLETE);
      else
        ok = walk_entry (walker, parent, name, child, error);
    }

  close (parent);
  return ok;
}

static void
skip_named (Walker     *walker,
            const char *path,
            gboolean    is_link)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) problem = NULL;

  if (is_link)
    problem = g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                           _("“%s” is a symbolic link, and links are not followed: name what it points to"), name);
  else
    problem = g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is neither a file nor a folder"), name);

  bytestag_skip_list_add (walker->walk->skipped, path, is_link ? BYTESTAG_SKIP_LINK : BYTESTAG_SKIP_SPECIAL, problem);
}

/* Walks one of the paths that the person named. @alone: a folder's files are named
 * from inside it, since the collection has its name. FALSE: the walk is over. */
static gboolean
walk_named (Walker      *walker,
            const char  *path,
            gboolean     alone,
            GError     **error)
{
  struct stat info;
  Root root;
  int fd;

  if (lstat (path, &info) != 0)
    {
      skip_unreadable (walker, path, errno);
      return TRUE;
    }
  if (!S_ISREG (info.st_mode) && !S_ISDIR (info.st_mode))
    {
      skip_named (walker, path, S_ISLNK (info.st_mode));
      return TRUE;
    }

  root = (Root) { g_strdup (path), info.st_dev, info.st_ino, S_ISDIR (info.st_mode) };
  g_array_append_val (walker->walk->roots, root);
  walker->depth = 0;
  walker->name_offset = (gsize) (strrchr (path, G_DIR_SEPARATOR) + 1 - path);
  if (!alone || S_ISREG (info.st_mode))
    return walk_entry (walker, AT_FDCWD, path, path, error);

  fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      skip_unreadable (walker, path, errno);
      return TRUE;
    }
  /* Behind its slash, which only the root of all has at its end. */
  walker->name_offset = strlen (path) + (g_str_has_suffix (path, G_DIR_SEPARATOR_S) ? 0 : 1);
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
             const char          *path,
             GError             **error)
{
  g_autofree char *name = NULL;

  if (walk->files->len > 0)
    return TRUE;

  if (walk->skipped->problem != NULL)
    {
      g_propagate_error (error, g_error_copy (walk->skipped->problem));
      return FALSE;
    }

  name = g_filename_display_name (path);
  g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("“%s” is empty: there is nothing to share"), name);
  return FALSE;
}

/* Whether a walk of the folder in which @rest (of a path) lies would leave it out. */
static gboolean
is_hidden (const char *rest)
{
  g_auto (GStrv) elements = g_strsplit (rest, G_DIR_SEPARATOR_S, -1);

  for (guint i = 0; elements[i] != NULL; i++)
    {
      if (elements[i][0] == '.' || g_str_has_suffix (elements[i], BYTESTAG_INCOMPLETE_SUFFIX))
        return TRUE;
    }

  return FALSE;
}

static gboolean
lies_in_named_folder (const char *path,
                      GHashTable *named)
{
  g_autofree char *parent = g_strdup (path);
  char *slash;

  while ((slash = strrchr (parent, G_DIR_SEPARATOR)) != NULL && slash != parent)
    {
      *slash = '\0';
      if (g_hash_table_contains (named, parent) && !is_hidden (path + (slash - parent) + 1))
        return TRUE;
    }

  return FALSE;
}

/* (transfer full) (element-type filename) each once, and whatever the order in which they
 * were named: the same link. @skipped: (nullable) takes those that lie in another. */
static GPtrArray *
sort_paths (const char * const *paths,
            BytestagSkipList   *skipped)
{
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  GPtrArray *sorted = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *path = g_canonicalize_filename (paths[i], NULL);

      if (g_hash_table_contains (named, path))
        continue;
      g_ptr_array_add (all, path);
      g_hash_table_add (named, g_steal_pointer (&path));
    }

  for (guint i = 0; i < all->len; i++)
    {
      const char *path = g_ptr_array_index (all, i);

      if (!lies_in_named_folder (path, named))
        g_ptr_array_add (sorted, g_strdup (path));
      else if (skipped != NULL)
        bytestag_skip_list_add (skipped, path, BYTESTAG_SKIP_REPEATED, NULL);
    }
  g_ptr_array_sort (sorted, compare_basenames);

  return sorted;
}

char *
bytestag_folder_walk_dup_name (const char * const *paths)
{
  g_autoptr (GPtrArray) sorted = NULL;

  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  sorted = sort_paths (paths, NULL);
  return g_path_get_basename (g_ptr_array_index (sorted, 0));
}

BytestagFolderWalk *
bytestag_folder_walk (const char * const  *paths,
                      GCancellable        *cancellable,
                      GError             **error)
{
  g_autoptr (BytestagFolderWalk) walk = g_new0 (BytestagFolderWalk, 1);
  g_autoptr (GPtrArray) sorted = NULL;
  Walker walker = { .walk = walk, .cancellable = cancellable };

  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  walk->files = g_ptr_array_new_with_free_func (walk_file_free);
  walk->skipped = bytestag_skip_list_new ();
  walk->roots = g_array_new (FALSE, FALSE, sizeof (Root));
  g_array_set_clear_func (walk->roots, root_clear);

  sorted = sort_paths (paths, walk->skipped);
  walk->name = g_path_get_basename (g_ptr_array_index (sorted, 0));

  if (!check_names (sorted, error))
    return NULL;
  for (guint i = 0; i < sorted->len; i++)
    {
      if (!walk_named (&walker, g_ptr_array_index (sorted, i), sorted->len == 1, error))
        return NULL;
    }
  if (!check_found (walk, g_ptr_array_index (sorted, 0), error))
    return NULL;

  return g_steal_pointer (&walk);
}

gboolean
bytestag_folder_walk_has_root (const BytestagFolderWalk  *self,
                               const BytestagWalkFile    *file,
                               GError                   **error)
{
  const Root *root = &g_array_index (self->roots, Root, file->root);
  g_autofree char *name = NULL;
  struct stat info;

  if (!root->is_folder ||
      (lstat (root->path, &info) == 0 && info.st_dev == root->device && info.st_ino == root->inode))
    return TRUE;

  name = g_filename_display_name (root->path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
               _("“%s” went away while it was read: share it again when it is there"), name);
  return FALSE;
}
