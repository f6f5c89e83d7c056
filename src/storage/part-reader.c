/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage/part-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/error.h"

struct _BytestagPartReader
{
  char *path;
  BytestagFileStamp stamp;
  guint64 offset;
  gsize length;
  BytestagKey hash;
  gboolean checked;
  gboolean gone;

  GBytes *bytes;
  GError *error;
};

BytestagPartReader *
bytestag_part_reader_new (const char              *path,
                          const BytestagFileStamp *stamp,
                          guint64                  offset,
                          gsize                    length,
                          const BytestagKey       *hash,
                          gboolean                 checked)
{
  BytestagPartReader *self = g_new0 (BytestagPartReader, 1);

  self->path = g_strdup (path);
  self->stamp = *stamp;
  self->offset = offset;
  self->length = length;
  self->hash = *hash;
  self->checked = checked;

  return self;
}

void
bytestag_part_reader_free (BytestagPartReader *self)
{
  g_free (self->path);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static void
set_changed (BytestagPartReader *self)
{
  g_set_error (&self->error, BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED,
               _("“%s” is not the file that was shared any more"), self->path);
}

/* Nothing at the path, or something other than a file: the file is gone. Other
 * errors (no permission, a broken disk) say nothing about the file. */
static void
set_open_error (BytestagPartReader *self, int saved_errno)
{
  switch (saved_errno)
    {
    case ENOENT:
    case ENOTDIR:
    case ELOOP: /* a symbolic link is there now */
    case ENXIO: /* a socket */
    case EINVAL:
      self->gone = saved_errno == ENOENT || saved_errno == ENOTDIR;
      set_changed (self);
      break;
    default:
      g_set_error (&self->error, BYTESTAG_ERROR, BYTESTAG_ERROR_FAILED, _("Cannot read “%s”: %s"), self->path,
                   g_strerror (saved_errno));
    }
}

/* A descriptor of the very file that was hashed, or -1 with the error set. */
static int
open_file (BytestagPartReader *self)
{
  BytestagFileStamp stamp;
  /* O_NONBLOCK: a named pipe in the file's place must not hang the worker. */
  int fd = open (self->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    {
      set_open_error (self, errno);
      return -1;
    }

  if (!bytestag_file_stamp_read (&stamp, fd))
    set_open_error (self, errno);
  else if (!bytestag_file_stamp_equal (&stamp, &self->stamp))
    set_changed (self);
  else
    return fd;

  close (fd);

  return -1;
}

static gboolean
read_fully (BytestagPartReader *self, int fd, guint8 *buffer)
{
  gsize n_read = 0;

  while (n_read < self->length)
    {
      gssize n = pread (fd, buffer + n_read, self->length - n_read, (off_t) (self->offset + n_read));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        set_open_error (self, errno);
      else if (n == 0)
        set_changed (self);
      if (n <= 0)
        return FALSE;
      n_read += (gsize) n;
    }

  return TRUE;
}

static gboolean
check_hash (BytestagPartReader *self, const guint8 *buffer)
{
  BytestagKey hash;

  bytestag_key_digest (&hash, buffer, self->length);

  return bytestag_key_equal (&hash, &self->hash);
}

/* What was written while we read is not known by the stamp from before. */
static gboolean
is_same_file (BytestagPartReader *self, int fd)
{
  BytestagFileStamp stamp;

  return bytestag_file_stamp_read (&stamp, fd) && bytestag_file_stamp_equal (&stamp, &self->stamp);
}

void
bytestag_part_reader_run (BytestagPartReader *self, GCancellable *cancellable)
{
  g_autofree guint8 *buffer = NULL;
  int fd;

  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (&self->error, BYTESTAG_ERROR, BYTESTAG_ERROR_CANCELLED, _("Reading was cancelled"));
      return;
    }

  fd = open_file (self);
  if (fd < 0)
    return;

  buffer = g_malloc (MAX (self->length, 1));
  if (read_fully (self, fd, buffer))
    {
      if ((self->checked || check_hash (self, buffer)) && is_same_file (self, fd))
        self->bytes = g_bytes_new_take (g_steal_pointer (&buffer), self->length);
      else
        set_changed (self);
    }
  close (fd);
}

const char *
bytestag_part_reader_get_path (BytestagPartReader *self)
{
  return self->path;
}

GBytes *
bytestag_part_reader_get_bytes (BytestagPartReader *self)
{
  return self->bytes;
}

const GError *
bytestag_part_reader_get_error (BytestagPartReader *self)
{
  return self->error;
}

gboolean
bytestag_part_reader_is_gone (BytestagPartReader *self)
{
  return self->gone;
}
