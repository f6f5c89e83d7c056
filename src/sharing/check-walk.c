/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/limits.h"
#include "wire/safe-name.h"

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif

typedef struct {
  BytestagLibraryCheck *check;
  guint32 index;
  BytestagCheckRoot *root;
  GString *path; /* within the root */
} Walk;

/* The first file of the root whose path is not before @path. */
static guint
find_place (Walk       *walk,
            const char *path)
{
  guint from = walk->root->first;
  guint to = from + walk->root->n_files;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;
      guint32 file = g_array_index (walk->check->order, guint32, middle);

      if (strcmp (bytestag_check_file (walk->check, file)->path, path) < 0)
        from = middle + 1;
      else
        to = middle;
    }

  return from;
}

static guint32
find_file (Walk *walk)
{
  guint place = find_place (walk, walk->path->str);
  guint32 file;

  if (place == walk->root->first + walk->root->n_files)
    return BYTESTAG_CHECK_NOTHING;

  file = g_array_index (walk->check->order, guint32, place);
  return strcmp (bytestag_check_file (walk->check, file)->path, walk->path->str) == 0 ? file : BYTESTAG_CHECK_NOTHING;
}

static void
hide_file (BytestagCheckFile *file)
{
  if (file->state == BYTESTAG_CHECK_UNSEEN)
    file->state = BYTESTAG_CHECK_HIDDEN;
}

/* Nothing can be said of what lies here, a file or the rest of a folder. */
static void
hide (Walk *walk)
{
  g_autofree char *prefix = walk->path->len > 0 ? g_strconcat (walk->path->str, G_DIR_SEPARATOR_S, NULL)
                                                : g_strdup ("");
  guint end = walk->root->first + walk->root->n_files;
  guint32 own = find_file (walk);

  if (own != BYTESTAG_CHECK_NOTHING)
    hide_file (bytestag_check_file (walk->check, own));
  for (guint i = find_place (walk, prefix); i < end; i++)
    {
      BytestagCheckFile *file = bytestag_check_file (walk->check, g_array_index (walk->check->order, guint32, i));

      if (!g_str_has_prefix (file->path, prefix))
        break;
      hide_file (file);
    }
}

/* The same file for sure. A drive that is mounted again may have another device number. */
static gboolean
is_same (const BytestagCheckRoot *root,
         const BytestagFileStamp *was,
         const BytestagFileStamp *now)
{
  return was->size == now->size && was->mtime == now->mtime &&
         (root->inodes_vary ||
          (was->inode == now->inode && (was->birth == now->birth || was->birth == 0 || now->birth == 0)));
}

static void
note_file (Walk               *walk,
           const struct statx *status)
{
  BytestagLibraryCheck *check = walk->check;
  guint32 index = find_file (walk);
  BytestagFoundFile found = {
    .root = walk->index,
    .owner = index,
    .claimant = BYTESTAG_CHECK_NOTHING,
    /* Moving a file into a folder is a change of its status, too. */
    .old = status->stx_ctime.tv_sec < walk->root->created,
  };
  BytestagCheckFile *file = index != BYTESTAG_CHECK_NOTHING ? bytestag_check_file (check, index) : NULL;

  bytestag_file_stamp_set (&found.stamp, status);
  if (file != NULL && !file->doubted && is_same (walk->root, &file->stamp, &found.stamp))
    {
      file->state = BYTESTAG_CHECK_SAME;
      walk->root->n_seen++;
      bytestag_library_check_see_device (check, file->stamp.device);
      if (bytestag_file_stamp_equal (&file->stamp, &found.stamp))
        return;
      file->outcome = BYTESTAG_FILE_RESTAMPED;
      found.claimant = walk->root->share;
    }
  else if (file != NULL)
    {
      file->state = BYTESTAG_CHECK_DIFFERS;
      walk->root->n_seen += file->stamp.size == found.stamp.size;
    }

  found.path = file != NULL ? file->path : g_string_chunk_insert_len (check->strings, walk->path->str,
                                                                      (gssize) walk->path->len);
  g_array_append_val (check->found, found);
  if (file != NULL)
    file->now = check->found->len - 1;
}

static void walk_folder (Walk *walk,
                         int   fd);

/* Of a kind that sharing a folder takes along (as bytestag_folder_walk()). */
static gboolean
is_shared_name (const char *name)
{
  return name[0] != '.' && !g_str_has_suffix (name, BYTESTAG_INCOMPLETE_SUFFIX);
}

static void
walk_entry (Walk       *walk,
            int         folder,
            const char *name)
{
  gsize length = walk->path->len;
  struct statx status;

  if (length > 0)
    g_string_append_c (walk->path, G_DIR_SEPARATOR);
  g_string_append (walk->path, name);

  if (!bytestag_library_check_look (folder, name, &status))
    {
      /* Else it went just now. */
      if (errno != ENOENT)
        hide (walk);
    }
  else if (S_ISREG (status.stx_mode))
    {
      note_file (walk, &status);
    }
  else if (S_ISDIR (status.stx_mode))
    {
      int fd = openat (folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

      if (fd >= 0)
        walk_folder (walk, fd);
      else if (errno != ENOENT)
        hide (walk);
    }
  g_string_truncate (walk->path, length);
}

static void
note_folder (Walk *walk,
             int   fd)
{
  g_autofree char *path = walk->path->len > 0 ? g_build_filename (walk->root->told.path, walk->path->str, NULL)
                                              : g_strdup (walk->root->told.path);
  struct statx status;

  g_ptr_array_add (walk->root->folders, g_string_chunk_insert (walk->check->strings, path));
  if (statx (fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0)
    bytestag_library_check_see_device (walk->check, makedev (status.stx_dev_major, status.stx_dev_minor));
}

/* Takes @fd. No shared file lies deeper than BYTESTAG_LIMIT_PATH_ELEMENTS. */
static void
walk_folder (Walk *walk,
             int   fd)
{
  DIR *folder = fdopendir (fd);
  guint depth = walk->path->len > 0 ? 1 : 0;
  gboolean empty = TRUE;
  struct dirent *entry;

  for (const char *c = walk->path->str; *c != '\0'; c++)
    depth += *c == G_DIR_SEPARATOR;
  if (folder == NULL || depth >= BYTESTAG_LIMIT_PATH_ELEMENTS)
    {
      if (folder != NULL)
        closedir (folder);
      else
        close (fd);
      hide (walk);
      return;
    }

  note_folder (walk, fd);
  while ((errno = 0, entry = readdir (folder)) != NULL)
    {
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      empty = FALSE;
      if (!bytestag_library_check_count_entry (walk->check))
        break;
      if (is_shared_name (entry->d_name))
        walk_entry (walk, dirfd (folder), entry->d_name);
    }
  if (errno != 0)
    hide (walk);
  if (walk->path->len == 0)
    walk->root->empty = empty;

  closedir (folder);
}

/* FAT knows no inodes, and what user space or a server shows may be numbered as it comes. */
static gboolean
do_inodes_vary (int fd)
{
  struct statfs status;

  if (fstatfs (fd, &status) != 0)
    return FALSE;

  return status.f_type == MSDOS_SUPER_MAGIC || status.f_type == EXFAT_SUPER_MAGIC ||
         status.f_type == FUSE_SUPER_MAGIC || (guint32) status.f_type == CIFS_SUPER_MAGIC ||
         (guint32) status.f_type == SMB2_SUPER_MAGIC;
}

static void
walk_root_folder (Walk *walk)
{
  int fd = open (walk->root->told.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    {
      walk->root->told.outcome = BYTESTAG_ROOT_AWAY;
      return;
    }

  walk->root->inodes_vary = do_inodes_vary (fd);
  walk_folder (walk, fd);
}

/* A shared file changes with the folder that it lies in. */
static void
walk_root_file (Walk *walk)
{
  g_autofree char *parent = g_path_get_dirname (walk->root->told.path);
  int fd = open (parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct statx status;

  g_ptr_array_add (walk->root->folders, g_string_chunk_insert (walk->check->strings, parent));
  if (fd >= 0)
    {
      walk->root->inodes_vary = do_inodes_vary (fd);
      close (fd);
    }
  if (bytestag_library_check_look (AT_FDCWD, walk->root->told.path, &status) && S_ISREG (status.stx_mode))
    note_file (walk, &status);
}

void
bytestag_library_check_walk (BytestagLibraryCheck *self,
                             guint                 root)
{
  g_autoptr (GString) path = g_string_new (NULL);
  Walk walk = { self, root, bytestag_check_root (self, root), path };

  if (walk.root->told.outcome != BYTESTAG_ROOT_HERE && walk.root->told.outcome != BYTESTAG_ROOT_MOVED)
    return;

  if (walk.root->now.folder)
    walk_root_folder (&walk);
  else
    walk_root_file (&walk);
}
