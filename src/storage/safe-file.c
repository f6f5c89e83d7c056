/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/safe-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

static void
set_error (int saved_errno, GError **error)
{
  if (saved_errno == ENOSPC || saved_errno == EDQUOT)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _("There is no space left on the disk"));
  else
    g_set_error (error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot write to the disk: %s"),
                 g_strerror (saved_errno));
}

static gboolean
sync_descriptor (int fd)
{
  int code;

  do
    code = fsync (fd);
  while (code < 0 && errno == EINTR);

  return code == 0;
}

gboolean
bytestag_safe_folder_sync (int folder, GError **error)
{
  if (sync_descriptor (folder))
    return TRUE;

  set_error (errno, error);

  return FALSE;
}

int
bytestag_safe_folder_open (int parent, const char *name, GError **error)
{
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (parent, name, flags);
  gboolean made = FALSE;

  if (fd < 0 && errno == ENOENT)
    {
      made = mkdirat (parent, name, 0700) == 0;
      if (made || errno == EEXIST)
        fd = openat (parent, name, flags);
    }
  if (fd >= 0 && made)
    {
      /* A path is not opened again for the folder it lies in, but by its own way up. */
      int above = openat (fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      gboolean synced = above >= 0 && sync_descriptor (above);
      int saved_errno = errno;

      if (above >= 0)
        close (above);
      if (!synced)
        {
          close (fd);
          fd = -1;
          errno = saved_errno;
        }
    }
  if (fd < 0)
    set_error (errno, error);

  return fd;
}

static gboolean
write_fully (int fd, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, data, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      length -= (gsize) n;
    }

  return TRUE;
}

int
bytestag_safe_file_write (int folder, const char *name, gconstpointer data, gsize length, GError **error)
{
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (folder, name, flags, 0600);

  if (fd < 0 && errno == EEXIST && unlinkat (folder, name, 0) == 0)
    fd = openat (folder, name, flags, 0600);
  if (fd < 0)
    {
      set_error (errno, error);
      return -1;
    }

  if (!write_fully (fd, data, length))
    {
      set_error (errno, error);
      close (fd);
      unlinkat (folder, name, 0);
      return -1;
    }
  /* So that the sync of the first of many finds all of them on their way; it promises
   * nothing, and so may fail. */
  sync_file_range (fd, 0, 0, SYNC_FILE_RANGE_WRITE);

  return fd;
}

gboolean
bytestag_safe_file_sync (int fd, GError **error)
{
  gboolean good = sync_descriptor (fd);
  int saved_errno = errno;

  if (close (fd) < 0 && good)
    {
      good = FALSE;
      saved_errno = errno;
    }
  if (!good)
    set_error (saved_errno, error);

  return good;
}
