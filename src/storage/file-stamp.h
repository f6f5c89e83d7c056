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
} BytestagFileStamp;

/* FALSE with errno; EINVAL: not a regular file. */
gboolean bytestag_file_stamp_read  (BytestagFileStamp       *stamp,
                                    int                      fd);
void     bytestag_file_stamp_from_stat (BytestagFileStamp   *stamp,
                                    const struct stat       *status);
gboolean bytestag_file_stamp_equal (const BytestagFileStamp *a,
                                    const BytestagFileStamp *b);

G_END_DECLS
