/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/file-stamp.h"

#include <errno.h>

void
bytestag_file_stamp_from_stat (BytestagFileStamp *stamp, const struct stat *status)
{
  *stamp = (BytestagFileStamp) {
    .size = (guint64) status->st_size,
    .mtime = (gint64) status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
    .inode = status->st_ino,
    .device = status->st_dev,
  };
}

gboolean
bytestag_file_stamp_read (BytestagFileStamp *stamp, int fd)
{
  struct stat status;

  if (fstat (fd, &status) < 0)
    return FALSE;

  if (!S_ISREG (status.st_mode))
    {
      errno = EINVAL;
      return FALSE;
    }

  bytestag_file_stamp_from_stat (stamp, &status);
  return TRUE;
}

gboolean
bytestag_file_stamp_equal (const BytestagFileStamp *a, const BytestagFileStamp *b)
{
  return a->size == b->size && a->mtime == b->mtime && a->inode == b->inode && a->device == b->device;
}
