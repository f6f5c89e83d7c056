/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/download-target.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/file-digest.h"
#include "wire/safe-name.h"

/* "NAME (2)" to this: then somebody should clear up. */
#define MAX_NUMBER 9999

struct _BytestagDownloadTarget
{
  char *path;   /* of what was made: a folder, or the single file */
  int parent;   /* the folder that the person chose */
  int root;     /* what we write below: the folder that we made, or @parent once more */
  char *name;   /* in @parent: of the folder that we made, or of the single file */
  gboolean single;
};

static gboolean
set_write_error (BytestagDownloadTarget  *self,
                 const char              *name,
                 int                      number,
                 GError                 **error)
{
  g_autofree char *path = self->single ? g_strdup (self->path) : g_build_filename (self->path, name, NULL);
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (number),
               _("Cannot write “%s”: %s"), shown, g_strerror (number));
  return FALSE;
}

/* (transfer full) "NAME", "NAME (2)"; of a file, the number goes before the extension, and
 * what would be over-long loses the end of its stem. */
static char *
numbered_name (const char *name,
               guint       number,
               gboolean    is_file)
{
  const char *dot = is_file ? strrchr (name, '.') : NULL;
  const char *extension = dot != NULL && dot != name ? dot : "";
  gsize stem = strlen (name) - strlen (extension);
  g_autofree char *suffix = NULL;
  const char *end;

  if (number < 2)
    return g_strdup (name);

  suffix = g_strdup_printf (" (%u)%s", number, extension);
  if (strlen (suffix) > BYTESTAG_LIMIT_NAME_BYTES / 2)
    {
      g_free (suffix);
      suffix = g_strdup_printf (" (%u)", number);
      stem = strlen (name);
    }
  end = name + MIN (stem, BYTESTAG_LIMIT_NAME_BYTES - strlen (suffix));
  /* Not amid a character. */
  while (end > name && ((guint8) *end & 0xc0) == 0x80)
    end--;

  return g_strdup_printf ("%.*s%s", (int) (end - name), name, suffix);
}

static char *
incomplete_name (const char *name)
{
  return g_strconcat (name, BYTESTAG_INCOMPLETE_SUFFIX, NULL);
}

static gboolean
exists (int         folder,
        const char *name)
{
  struct stat info;

  return fstatat (folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Makes the incomplete file of a free name. */
static int
reserve_file (BytestagDownloadTarget *self,
              const char             *name)
{
  g_autofree char *incomplete = incomplete_name (name);
  int fd;

  if (exists (self->parent, name))
    {
      errno = EEXIST;
      return -1;
    }

  fd = openat (self->parent, incomplete, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0)
    return -1;
  close (fd);
  return fcntl (self->parent, F_DUPFD_CLOEXEC, 0);
}

static int
reserve_folder (BytestagDownloadTarget *self,
                const char             *name)
{
  if (mkdirat (self->parent, name, 0777) != 0)
    return -1;
  return openat (self->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static gboolean
reserve (BytestagDownloadTarget  *self,
         const char              *name,
         GError                 **error)
{
  for (guint number = 1; number <= MAX_NUMBER; number++)
    {
      g_autofree char *candidate = numbered_name (name, number, self->single);

      self->root = self->single ? reserve_file (self, candidate) : reserve_folder (self, candidate);
      if (self->root >= 0)
        {
          self->name = g_steal_pointer (&candidate);
          fsync (self->parent);
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }

  return set_write_error (self, name, errno, error);
}

BytestagDownloadTarget *
bytestag_download_target_new (const char  *folder,
                              const char  *name,
                              gboolean     single,
                              GError     **error)
{
  g_autoptr (BytestagDownloadTarget) self = g_atomic_rc_box_new0 (BytestagDownloadTarget);

  self->path = g_strdup (folder);
  self->single = single;
  self->root = -1;
  self->parent = -1;

  if (g_mkdir_with_parents (folder, 0777) == 0)
    self->parent = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->parent < 0)
    {
      set_write_error (self, NULL, errno, error);
      return NULL;
    }
  if (!reserve (self, name, error))
    return NULL;

  g_free (self->path);
  self->path = g_build_filename (folder, self->name, NULL);

  return g_steal_pointer (&self);
}

BytestagDownloadTarget *
bytestag_download_target_ref (BytestagDownloadTarget *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
target_clear (gpointer data)
{
  BytestagDownloadTarget *self = data;

  if (self->root >= 0)
    close (self->root);
  if (self->parent >= 0)
    close (self->parent);
  g_free (self->name);
  g_free (self->path);
}

void
bytestag_download_target_unref (BytestagDownloadTarget *self)
{
  g_atomic_rc_box_release_full (self, target_clear);
}

const char *
bytestag_download_target_get_path (BytestagDownloadTarget *self)
{
  return self->path;
}

/* (transfer full) where the file goes, below root */
static char **
place (BytestagDownloadTarget *self,
       const char * const     *filename)
{
  if (!self->single)
    return g_strdupv ((char **) filename);

  return g_strdupv ((char *[]) { self->name, NULL });
}

/* Opens the folder of the last element, making what is missing when @make. -1: errno. */
static int
open_folder (BytestagDownloadTarget *self,
             char                  **elements,
             guint                   n_elements,
             gboolean                make)
{
  int fd = fcntl (self->root, F_DUPFD_CLOEXEC, 0);

  for (guint i = 0; fd >= 0 && i + 1 < n_elements; i++)
    {
      int parent = fd;
      int saved_errno;

      if (make && mkdirat (parent, elements[i], 0777) == 0)
        fsync (parent);
      fd = openat (parent, elements[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      saved_errno = errno;
      close (parent);
      errno = saved_errno;
    }

  return fd;
}

/* Opens the incomplete file; a link, or what is no plain file, is refused. -1: errno. */
static int
open_incomplete (int         folder,
                 const char *name)
{
  g_autofree char *incomplete = incomplete_name (name);
  struct stat info;
  int fd = openat (folder, incomplete, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

  /* A hard link would lead out of the folder. */
  if (fd >= 0 && (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_nlink != 1))
    {
      close (fd);
      errno = ELOOP;
      return -1;
    }

  return fd;
}

static gboolean
write_all (int           fd,
           const guint8 *data,
           gsize         length,
           guint64       offset)
{
  while (length > 0)
    {
      gssize written = pwrite (fd, data, length, (off_t) offset);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      data += written;
      offset += (guint64) written;
      length -= (gsize) written;
    }

  return TRUE;
}

gboolean
bytestag_download_target_write (BytestagDownloadTarget  *self,
                                const char * const      *filename,
                                guint64                  offset,
                                GBytes                  *bytes,
                                GError                 **error)
{
  g_auto (GStrv) elements = place (self, filename);
  guint n_elements = g_strv_length (elements);
  const char *name = elements[n_elements - 1];
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
  int folder = open_folder (self, elements, n_elements, TRUE);
  int fd = folder >= 0 ? open_incomplete (folder, name) : -1;
  gboolean written = fd >= 0 && write_all (fd, data, length, offset);
  int saved_errno = errno;

  if (fd >= 0 && close (fd) != 0 && written)
    {
      written = FALSE;
      saved_errno = errno;
    }
  if (folder >= 0)
    close (folder);

  return written || set_write_error (self, name, saved_errno, error);
}

/* Renames in @folder unless @to exists; where the file system cannot promise this in
 * one step, in two. */
static int
rename_no_replace (int         folder,
                   const char *from,
                   const char *to)
{
  if (renameat2 (folder, from, folder, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    return -1;

  if (linkat (folder, from, folder, to, 0) == 0)
    return unlinkat (folder, from, 0);
  if (errno == EEXIST || exists (folder, to))
    {
      errno = EEXIST;
      return -1;
    }

  return renameat (folder, from, folder, to);
}

static gboolean
give_name (BytestagDownloadTarget  *self,
           int                      folder,
           const char              *name,
           GError                 **error)
{
  g_autofree char *incomplete = incomplete_name (name);

  for (guint number = 1; number <= MAX_NUMBER; number++)
    {
      g_autofree char *candidate = numbered_name (name, number, TRUE);

      if (rename_no_replace (folder, incomplete, candidate) == 0)
        {
          if (fsync (folder) == 0 || errno == EINVAL || errno == ENOTSUP)
            return TRUE;
          break;
        }
      if (errno != EEXIST)
        break;
    }

  return set_write_error (self, name, errno, error);
}

static gboolean
check_file (BytestagDownloadTarget  *self,
            int                      fd,
            const char              *name,
            BytestagFileInfo        *info,
            GCancellable            *cancellable,
            GError                 **error)
{
  g_auto (BytestagFileDigest) digest = { NULL };
  const guint8 *sha256 = bytestag_file_info_get_sha256 (info);
  guint64 size = bytestag_file_info_get_size (info);

  if (!bytestag_file_digest_read (&digest, fd, NULL, cancellable, error))
    return FALSE;

  if ((size != 0 && digest.size != size) ||
      !bytestag_key_equal (&digest.hash, bytestag_file_info_get_hash (info)) ||
      (sha256 != NULL && memcmp (digest.sha256, sha256, sizeof digest.sha256) != 0))
    {
      g_autofree char *shown = g_filename_display_name (name);

      g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_WRONG_DATA,
                   _("“%s” is not what its collection says: it was forged or badly made"), shown);
      return FALSE;
    }

  return fsync (fd) == 0 || set_write_error (self, name, errno, error);
}

gboolean
bytestag_download_target_finish (BytestagDownloadTarget  *self,
                                 const char * const      *filename,
                                 BytestagFileInfo        *info,
                                 GCancellable            *cancellable,
                                 GError                 **error)
{
  g_auto (GStrv) elements = place (self, filename);
  guint n_elements = g_strv_length (elements);
  const char *name = elements[n_elements - 1];
  int folder = open_folder (self, elements, n_elements, TRUE);
  int fd = folder >= 0 ? open_incomplete (folder, name) : -1;
  gboolean finished;

  if (fd < 0)
    set_write_error (self, name, errno, error);
  finished = fd >= 0 &&
             check_file (self, fd, name, info, cancellable, error) &&
             give_name (self, folder, name, error);

  if (fd >= 0)
    close (fd);
  if (folder >= 0)
    close (folder);

  return finished;
}

void
bytestag_download_target_discard (BytestagDownloadTarget *self,
                                  const char * const     *filename)
{
  g_auto (GStrv) elements = place (self, filename);
  guint n_elements = g_strv_length (elements);
  g_autofree char *incomplete = incomplete_name (elements[n_elements - 1]);
  int folder = open_folder (self, elements, n_elements, FALSE);

  if (folder >= 0)
    {
      unlinkat (folder, incomplete, 0);
      close (folder);
    }

  /* Each succeeds only on an empty folder. */
  for (guint depth = n_elements - 1; depth > 0; depth--)
    {
      folder = open_folder (self, elements, depth, FALSE);
      if (folder >= 0)
        {
          unlinkat (folder, elements[depth - 1], AT_REMOVEDIR);
          close (folder);
        }
    }
  if (!self->single)
    unlinkat (self->parent, self->name, AT_REMOVEDIR);
}
