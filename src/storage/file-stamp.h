/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* What tells that a file is still the one that was hashed. */
typedef struct
{
  guint64 size;
  gint64 mtime; /* ns */
  guint64 inode;
  guint64 device;
  gint64 birth; /* ns; 0: the file system does not say. Of another file that got the same inode, another */
} BytestagFileStamp;

/* What is looked at for a stamp, as the mask of statx(). */
#define BYTESTAG_FILE_STAMP_MASK (STATX_BASIC_STATS | STATX_BTIME)

/* FALSE with errno; EINVAL: not a regular file. */
gboolean bytestag_file_stamp_read  (BytestagFileStamp       *stamp,
                                    int                      fd);
/* From what statx() said. */
void     bytestag_file_stamp_set   (BytestagFileStamp       *stamp,
                                    const struct statx      *status);
void     bytestag_file_stamp_from_stat (BytestagFileStamp   *stamp,
                                    const struct stat       *status);
/* A birth that one of them does not know is no difference. */
gboolean bytestag_file_stamp_equal (const BytestagFileStamp *a,
                                    const BytestagFileStamp *b);

G_END_DECLS
