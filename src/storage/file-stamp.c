/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/file-stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

static gint64
time_ns (const struct statx_timestamp *time)
{
  return time->tv_sec * G_GINT64_CONSTANT (1000000000) + time->tv_nsec;
}

void
bytestag_file_stamp_set (BytestagFileStamp *stamp, const struct statx *status)
{
  *stamp = (BytestagFileStamp) {
    .size = status->stx_size,
    .mtime = time_ns (&status->stx_mtime),
    .inode = status->stx_ino,
    .device = makedev (status->stx_dev_major, status->stx_dev_minor),
    .birth = (status->stx_mask & STATX_BTIME) != 0 ? time_ns (&status->stx_btime) : 0,
  };
}

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
  struct statx status;

  if (statx (fd, "", AT_EMPTY_PATH, BYTESTAG_FILE_STAMP_MASK, &status) < 0)
    return FALSE;

  if (!S_ISREG (status.stx_mode))
    {
      errno = EINVAL;
      return FALSE;
    }

  bytestag_file_stamp_set (stamp, &status);
  return TRUE;
}

gboolean
bytestag_file_stamp_equal (const BytestagFileStamp *a, const BytestagFileStamp *b)
{
  return a->size == b->size && a->mtime == b->mtime && a->inode == b->inode && a->device == b->device &&
         (a->birth == b->birth || a->birth == 0 || b->birth == 0);
}
