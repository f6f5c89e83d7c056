/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/file-digest.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Direct reads need no more, and huge pages nothing less. */
#define BUFFER_ALIGNMENT 4096

void
bytestag_file_digest_clear (BytestagFileDigest *self)
{
  g_clear_pointer (&self->parts, g_array_unref);
  memset (self, 0, sizeof *self);
}

/* Fills @buffer with a whole part, less only at the end of the file. -1: errno. */
static gssize
read_part (int           fd,
           guint8       *buffer,
           GCancellable *cancellable)
{
  gsize have = 0;

  while (have < BYTESTAG_PART_SIZE)
    {
      gssize got;

      if (g_cancellable_is_cancelled (cancellable))
        {
          errno = ECANCELED;
          return -1;
        }

      got = read (fd, buffer + have, BYTESTAG_PART_SIZE - have);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      if (got == 0)
        break;
      have += (gsize) got;
    }

  return (gssize) have;
}

/* Ends after @size bytes too, at the next part: a file that grows as fast as it is
 * read would have no end. */
static gboolean
read_parts (BytestagFileDigest *self,
            int                 fd,
            guint64             size,
            guint8             *buffer,
            gnutls_hash_hd_t    sha1,
            gnutls_hash_hd_t    sha256,
            _Atomic guint64    *n_read,
            GCancellable       *cancellable)
{
  gssize got;

  do
    {
      BytestagKey part;

      got = read_part (fd, buffer, cancellable);
      if (got < 0)
        return FALSE;

      /* An empty file has one part too: the SHA-1 of nothing (B.3). */
      if (got == 0 && self->parts->len > 0)
        break;

      bytestag_key_digest (&part, buffer, (gsize) got);
      g_array_append_val (self->parts, part);
      gnutls_hash (sha1, buffer, (gsize) got);
      gnutls_hash (sha256, buffer, (gsize) got);
      self->size += (guint64) got;
      if (n_read != NULL)
        atomic_fetch_add (n_read, (guint64) got);
    }
  while (got == BYTESTAG_PART_SIZE && self->size <= size);

  return TRUE;
}

gboolean
bytestag_file_digest_read (BytestagFileDigest  *self,
                           int                  fd,
                           _Atomic guint64     *n_read,
                           GCancellable        *cancellable,
                           GError             **error)
{
  guint8 *buffer = aligned_alloc (BUFFER_ALIGNMENT, BYTESTAG_PART_SIZE);
  gnutls_hash_hd_t sha1 = NULL;
  gnutls_hash_hd_t sha256 = NULL;
  struct stat info;
  gboolean read;
  int saved_errno;

  memset (self, 0, sizeof *self);
  self->parts = g_array_new (FALSE, FALSE, sizeof (BytestagKey));

  if (buffer == NULL ||
      gnutls_hash_init (&sha1, GNUTLS_DIG_SHA1) < 0 ||
      gnutls_hash_init (&sha256, GNUTLS_DIG_SHA256) < 0)
    g_error ("No digests, or no memory for them");

  read = fstat (fd, &info) == 0 &&
         read_parts (self, fd, (guint64) info.st_size, buffer, sha1, sha256, n_read, cancellable);
  saved_errno = errno;
  gnutls_hash_deinit (sha1, self->hash.bytes);
  gnutls_hash_deinit (sha256, self->sha256);
  free (buffer);

  if (!read)
    {
      bytestag_file_digest_clear (self);
      if (saved_errno == ECANCELED)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, g_strerror (saved_errno));
      else
        g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_errno (saved_errno), g_strerror (saved_errno));
    }

  return read;
}
