/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/hash-job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

BytestagHashJobShared *
bytestag_hash_job_shared_new (BytestagFolderWalk *walk,
                              BytestagKnownFiles *known)
{
  BytestagHashJobShared *self = g_new0 (BytestagHashJobShared, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->walk = walk;
  self->known = known != NULL ? bytestag_known_files_ref (known) : NULL;
  self->pool = bytestag_digest_pool_new ();

  return self;
}

void
bytestag_hash_job_shared_unref (BytestagHashJobShared *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->walk, bytestag_folder_walk_free);
  g_clear_pointer (&self->known, bytestag_known_files_unref);
  g_clear_pointer (&self->pool, bytestag_digest_pool_free);
  g_free (self);
}

BytestagHashJob *
bytestag_hash_job_new (BytestagHashJobShared *shared,
                       guint                  first)
{
  const GPtrArray *files = shared->walk->files;
  BytestagHashJob *self = g_new0 (BytestagHashJob, 1);
  guint64 size = 0;

  g_atomic_ref_count_inc (&shared->ref_count);
  self->shared = shared;
  self->first = first;
  self->hashed = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_hashed_file_free);
  self->skipped = bytestag_skip_list_new ();

  while (first + self->n_files < files->len && self->n_files < BYTESTAG_LIMIT_FILES_OF_JOB)
    {
      const BytestagWalkFile *file = g_ptr_array_index (files, first + self->n_files);

      if (self->n_files > 0 && file->stamp.size > BYTESTAG_LIMIT_BYTES_OF_JOB - size)
        break;
      self->n_files++;
      size += MIN (file->stamp.size, BYTESTAG_LIMIT_BYTES_OF_JOB);
    }

  if (self->n_files == 1 && size >= BYTESTAG_LIMIT_BYTES_OF_JOB)
    {
      self->is_helped = TRUE;
      bytestag_digest_pool_expect (shared->pool);
    }

  return self;
}

void
bytestag_hash_job_free (BytestagHashJob *self)
{
  g_clear_pointer (&self->shared, bytestag_hash_job_shared_unref);
  g_clear_pointer (&self->hashed, g_ptr_array_unref);
  g_clear_pointer (&self->skipped, bytestag_skip_list_free);
  g_clear_error (&self->error);
  g_free (self);
}

static void
skip (BytestagHashJob        *self,
      const BytestagWalkFile *file,
      int                     code,
      const char             *words)
{
  g_autofree char *name = g_filename_display_name (file->path);
  g_autoptr (GError) problem = NULL;

  /* A drive that was pulled: else each of its files would be told of. */
  if (self->error == NULL)
    bytestag_folder_walk_has_root (self->shared->walk, file, &self->error);

  problem = g_error_new (G_IO_ERROR, code, _("Cannot read “%s”: %s"), name, words);
  bytestag_skip_list_add (self->skipped, file->path, BYTESTAG_SKIP_UNREADABLE, problem);
}

static void
skip_changing (BytestagHashJob        *self,
               const BytestagWalkFile *file)
{
  g_autofree char *name = g_filename_display_name (file->path);
  g_autoptr (GError) problem = g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_CHANGED,
                                            _("“%s” changes while it is read: share it again when it is at rest"),
                                            name);

  bytestag_skip_list_add (self->skipped, file->path, BYTESTAG_SKIP_CHANGING, problem);
}

/* FALSE with no error: it changed while it was read. */
static gboolean
hash_once (BytestagHashJob     *self,
           int                  fd,
           BytestagFileStamp   *stamp,
           BytestagFileDigest  *digest,
           GCancellable        *cancellable,
           GError             **error)
{
  BytestagHashJobShared *shared = self->shared;
  BytestagFileStamp after;

  if (lseek (fd, 0, SEEK_SET) != 0 || !bytestag_file_stamp_read (stamp, fd))
    {
      g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_errno (errno), g_strerror (errno));
      return FALSE;
    }

  if (shared->known != NULL && bytestag_known_files_lookup (shared->known, stamp, digest))
    {
      atomic_fetch_add (&shared->n_known, stamp->size);
      atomic_fetch_add (&shared->n_read, stamp->size);
      self->n_known++;
      return TRUE;
    }

  if (!bytestag_digest_pool_read (shared->pool, digest, fd, &shared->n_read, cancellable, error))
    return FALSE;

  if (bytestag_file_stamp_read (&after, fd) && bytestag_file_stamp_equal (stamp, &after) &&
      digest->size == stamp->size)
    return TRUE;

  atomic_fetch_sub (&shared->n_read, digest->size);
  bytestag_file_digest_clear (digest);
  return FALSE;
}

static void
take_digest (BytestagHashJob          *self,
             guint                     position,
             const BytestagFileStamp  *stamp,
             const BytestagFileDigest *digest)
{
  const BytestagWalkFile *found = g_ptr_array_index (self->shared->walk->files, position);
  g_auto (GStrv) filename = bytestag_walk_file_dup_filename (found);
  BytestagHashedFile *file = g_new0 (BytestagHashedFile, 1);

  file->path = g_strdup (found->path);
  file->stamp = *stamp;
  file->position = position;
  file->info = bytestag_file_info_new (&digest->hash, (const BytestagKey *) digest->parts->data, digest->parts->len,
                                       digest->size, (const char * const *) filename, digest->sha256);
  g_ptr_array_add (self->hashed, file);
  self->size += digest->size;
}

static void
hash_file (BytestagHashJob *self,
           guint            position,
           GCancellable    *cancellable)
{
  const BytestagWalkFile *file = g_ptr_array_index (self->shared->walk->files, position);
  g_auto (BytestagFileDigest) digest = { NULL };
  g_autoptr (GError) error = NULL;
  BytestagFileStamp stamp;
  struct stat info;
  gboolean hashed;
  /* Not blocking: it may have become a fifo since the walk. */
  int fd = open (file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0 && errno == ELOOP)
    {
      bytestag_skip_list_add (self->skipped, file->path, BYTESTAG_SKIP_LINK, NULL);
      return;
    }
  if (fd < 0 || fstat (fd, &info) != 0)
    {
      skip (self, file, (int) g_io_error_from_errno (errno), g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return;
    }
  if (!S_ISREG (info.st_mode))
    {
      bytestag_skip_list_add (self->skipped, file->path, BYTESTAG_SKIP_SPECIAL, NULL);
      close (fd);
      return;
    }

  hashed = hash_once (self, fd, &stamp, &digest, cancellable, &error);
  if (!hashed && error == NULL)
    hashed = hash_once (self, fd, &stamp, &digest, cancellable, &error);
  close (fd);

  if (hashed)
    take_digest (self, position, &stamp, &digest);
  else if (error == NULL)
    skip_changing (self, file);
  else if (!g_cancellable_is_cancelled (cancellable))
    skip (self, file, error->code, error->message);
}

void
bytestag_hash_job_run (gpointer      data,
                       GCancellable *cancellable)
{
  BytestagHashJob *self = data;

  for (guint i = 0; i < self->n_files && self->error == NULL && !g_cancellable_is_cancelled (cancellable); i++)
    {
      atomic_store (&self->shared->current, self->first + i);
      hash_file (self, self->first + i, cancellable);
    }

  if (self->is_helped)
    bytestag_digest_pool_settle (self->shared->pool);
}
