/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A root that is not at its path. */
typedef struct {
  guint32 root;
  guint64 inode;
} Sought;

void
bytestag_root_identity_parse (BytestagRootIdentity *self,
                              const char           *text)
{
  g_auto (GStrv) words = g_strsplit (text != NULL ? text : "", " ", 5);

  *self = (BytestagRootIdentity) { 0 };
  if (g_strv_length (words) != 5 || words[4][0] != G_DIR_SEPARATOR)
    return;

  self->folder = strcmp (words[0], "folder") == 0;
  self->inode = g_ascii_strtoull (words[1], NULL, 10);
  self->device = g_ascii_strtoull (words[2], NULL, 10);
  self->birth = g_ascii_strtoll (words[3], NULL, 10);
  self->mount = g_strcompress (words[4]);
}

char *
bytestag_root_identity_to_text (const BytestagRootIdentity *self)
{
  g_autofree char *mount = g_strescape (self->mount, NULL);

  return g_strdup_printf ("%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %s",
                          self->folder ? "folder" : "file", self->inode, self->device, self->birth, mount);
}

char *
bytestag_library_check_identify (const char              *identity,
                                 const BytestagFileStamp *stamp)
{
  BytestagRootIdentity self;
  char *text;

  bytestag_root_identity_parse (&self, identity);
  if (self.mount == NULL)
    return NULL;

  self.folder = FALSE;
  self.inode = stamp->inode;
  self.device = stamp->device;
  self.birth = stamp->birth;
  text = bytestag_root_identity_to_text (&self);
  g_free (self.mount);

  return text;
}

/* (transfer full) the highest folder above @path, or itself, that is on the same drive. */
static char *
find_mount (const char *path)
{
  g_autofree char *mount = g_strdup (path);
  struct stat status;
  struct stat above;

  if (stat (mount, &status) != 0)
    return g_steal_pointer (&mount);

  for (;;)
    {
      g_autofree char *parent = g_path_get_dirname (mount);

      if (strcmp (parent, mount) == 0 || stat (parent, &above) != 0 || above.st_dev != status.st_dev)
        return g_steal_pointer (&mount);

      g_free (mount);
      mount = g_steal_pointer (&parent);
    }
}

static void
identify (BytestagRootIdentity *identity,
          const char           *path,
          const struct statx   *status)
{
  g_autofree char *folder = S_ISDIR (status->stx_mode) ? g_strdup (path) : g_path_get_dirname (path);
  BytestagFileStamp stamp;

  bytestag_file_stamp_set (&stamp, status);
  g_free (identity->mount);
  *identity = (BytestagRootIdentity) {
    .folder = S_ISDIR (status->stx_mode) != 0,
    .inode = stamp.inode,
    .device = stamp.device,
    .birth = stamp.birth,
    .mount = find_mount (folder),
  };
}

static gboolean
is_same_root (const BytestagRootIdentity *one,
              const BytestagRootIdentity *other)
{
  return one->folder == other->folder && one->inode == other->inode &&
         (one->birth == other->birth || one->birth == 0 || other->birth == 0);
}

static void
set_root (BytestagLibraryCheck *self,
          BytestagCheckRoot    *root,
          BytestagRootOutcome   outcome,
          const char           *path)
{
  g_autofree char *text = bytestag_root_identity_to_text (&root->now);

  root->told.outcome = outcome;
  root->told.path = g_string_chunk_insert (self->strings, path);
  root->told.identity = g_string_chunk_insert (self->strings, text);
}

/* TRUE: that is where it is, or nobody can tell where. */
static gboolean
look_at_root (BytestagLibraryCheck *self,
              BytestagCheckRoot    *root)
{
  struct statx status;

  if (!bytestag_library_check_look (AT_FDCWD, root->told.path, &status))
    {
      root->told.outcome = BYTESTAG_ROOT_AWAY;
      return errno != ENOENT && errno != ENOTDIR;
    }
  if (!S_ISREG (status.stx_mode) && !S_ISDIR (status.stx_mode))
    {
      root->told.outcome = BYTESTAG_ROOT_AWAY;
      return FALSE;
    }

  identify (&root->now, root->told.path, &status);
  if (root->was.inode != 0 && !is_same_root (&root->was, &root->now))
    {
      root->replaced = root->was.folder == root->now.folder;
      return FALSE;
    }

  /* Drives are numbered anew when the computer starts. */
  if (root->was.inode != 0)
    bytestag_library_check_see_device (self, root->was.device);
  set_root (self, root, BYTESTAG_ROOT_HERE, root->told.path);
  return TRUE;
}

static int
compare_sought (gconstpointer a,
                gconstpointer b)
{
  const Sought *one = a;
  const Sought *other = b;

  if (one->inode != other->inode)
    return one->inode < other->inode ? -1 : 1;
  return one->root < other->root ? -1 : one->root > other->root;
}

static guint
find_sought (GArray  *sought,
             guint64  inode)
{
  guint from = 0;
  guint to = sought->len;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;

      if (g_array_index (sought, Sought, middle).inode < inode)
        from = middle + 1;
      else
        to = middle;
    }

  return from;
}

/* Where inodes have no birth, a file must have the size and time too of the one that was shared. */
static gboolean
is_sought (BytestagLibraryCheck    *self,
           const BytestagCheckRoot *root,
           const struct statx      *status)
{
  BytestagFileStamp now;

  bytestag_file_stamp_set (&now, status);
  if (now.birth != 0 && root->was.birth != 0)
    return now.birth == root->was.birth;
  if (now.device != root->was.device)
    return FALSE;
  if (root->was.folder)
    return TRUE;

  return root->n_files > 0 &&
         bytestag_file_stamp_equal (&now, &bytestag_check_file (self, g_array_index (self->order, guint32,
                                                                                     root->first))->stamp);
}

/* An editor that keeps what a file was beside it ("name~") has changed the file, not moved it. */
static gboolean
is_backup (const BytestagCheckRoot *root,
           const char              *path)
{
  return root->replaced && !root->now.folder && g_str_has_prefix (path, root->told.path);
}

static void
try_entry (BytestagLibraryCheck *self,
           GArray               *sought,
           int                   folder,
           const char           *place,
           const struct dirent  *entry)
{
  struct statx status;

  for (guint i = find_sought (sought, entry->d_ino);
       i < sought->len && g_array_index (sought, Sought, i).inode == entry->d_ino; i++)
    {
      BytestagCheckRoot *root = bytestag_check_root (self, g_array_index (sought, Sought, i).root);
      g_autofree char *path = g_build_filename (place, entry->d_name, NULL);

      if (root->told.outcome == BYTESTAG_ROOT_MOVED || is_backup (root, path) ||
          !bytestag_library_check_look (folder, entry->d_name, &status) || status.stx_ino != entry->d_ino ||
          (root->was.folder ? !S_ISDIR (status.stx_mode) : !S_ISREG (status.stx_mode)) ||
          !is_sought (self, root, &status))
        continue;

      bytestag_library_check_see_device (self, root->was.device);
      identify (&root->now, path, &status);
      root->replaced = FALSE;
      set_root (self, root, BYTESTAG_ROOT_MOVED, path);
    }
}

static void
search_place (BytestagLibraryCheck *self,
              GArray               *sought,
              const char           *place)
{
  int fd = open (place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (folder == NULL)
    {
      if (fd >= 0)
        close (fd);
      return;
    }

  while ((entry = readdir (folder)) != NULL && bytestag_library_check_count_entry (self))
    {
      if (entry->d_name[0] != '.')
        try_entry (self, sought, dirfd (folder), place, entry);
    }

  closedir (folder);
}

static int
compare_places (gconstpointer a,
                gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

static void
search_places (BytestagLibraryCheck *self,
               GArray               *sought)
{
  const char *last = NULL;

  for (guint i = 0; i < self->roots->len; i++)
    {
      g_autofree char *parent = g_path_get_dirname (bytestag_check_root (self, i)->told.path);

      g_ptr_array_add (self->places, g_string_chunk_insert (self->strings, parent));
    }
  g_ptr_array_sort (self->places, compare_places);

  for (guint i = 0; i < self->places->len; i++)
    {
      const char *place = g_ptr_array_index (self->places, i);

      if (last == NULL || strcmp (last, place) != 0)
        search_place (self, sought, place);
      last = place;
    }
}

/* It is nowhere. Is its drive? */
static void
explain_absence (BytestagLibraryCheck *self,
                 BytestagCheckRoot    *root)
{
  g_autofree char *above = g_path_get_dirname (root->told.path);
  g_autofree char *mount = NULL;
  struct stat status;

  while (stat (above, &status) != 0 || !S_ISDIR (status.st_mode))
    {
      char *parent = g_path_get_dirname (above);

      g_free (above);
      above = parent;
    }

  mount = find_mount (above);
  root->told.outcome = g_strcmp0 (mount, root->was.mount) == 0 ? BYTESTAG_ROOT_GONE : BYTESTAG_ROOT_AWAY;
  g_ptr_array_add (root->folders, g_string_chunk_insert (self->strings, above));
}

void
bytestag_library_check_find_roots (BytestagLibraryCheck *self)
{
  g_autoptr (GArray) sought = g_array_new (FALSE, FALSE, sizeof (Sought));

  for (guint32 i = 0; i < self->roots->len; i++)
    {
      Sought one = { i, bytestag_check_root (self, i)->was.inode };

      if (!look_at_root (self, bytestag_check_root (self, i)))
        g_array_append_val (sought, one);
    }
  if (sought->len == 0)
    return;

  g_array_sort (sought, compare_sought);
  search_places (self, sought);
  for (guint i = 0; i < sought->len; i++)
    {
      BytestagCheckRoot *root = bytestag_check_root (self, g_array_index (sought, Sought, i).root);

      if (root->told.outcome == BYTESTAG_ROOT_MOVED)
        continue;
      if (root->replaced)
        set_root (self, root, BYTESTAG_ROOT_HERE, root->told.path);
      else
        explain_absence (self, root);
    }
}

/* None of its files is there, and the folder at its path is another one: a mount point without
 * its drive, or with another. */
static gboolean
is_without_drive (const BytestagCheckRoot *root)
{
  return root->replaced && root->now.folder &&
         (root->empty || g_strcmp0 (root->was.mount, root->now.mount) != 0 ||
          strcmp (root->now.mount, root->told.path) == 0);
}

void
bytestag_library_check_judge_roots (BytestagLibraryCheck *self)
{
  for (guint i = 0; i < self->roots->len; i++)
    {
      BytestagCheckRoot *root = bytestag_check_root (self, i);

      if (root->n_files == 0 || root->n_seen > 0)
        continue;

      if (root->told.outcome == BYTESTAG_ROOT_HERE && is_without_drive (root))
        {
          g_autofree char *text = bytestag_root_identity_to_text (&root->was);

          root->told.outcome = BYTESTAG_ROOT_AWAY;
          root->told.identity = g_string_chunk_insert (self->strings, text);
        }
      else if (root->told.outcome == BYTESTAG_ROOT_MOVED && root->now.birth == 0)
        {
          /* Only another folder with the same inode. */
          root->told.outcome = BYTESTAG_ROOT_GONE;
        }
    }
}
