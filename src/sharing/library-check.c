/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-check-private.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "core/limits.h"
#include "wire/safe-name.h"

static void
check_root_clear (gpointer data)
{
  BytestagCheckRoot *root = data;

  g_free (root->was.mount);
  g_free (root->now.mount);
  g_ptr_array_unref (root->folders);
}

BytestagLibraryCheck *
bytestag_library_check_new (GHashTable *digests)
{
  BytestagLibraryCheck *self = g_new0 (BytestagLibraryCheck, 1);

  self->n_references = 1;
  self->strings = g_string_chunk_new (16 * 1024);
  self->roots = g_array_new (FALSE, FALSE, sizeof (BytestagCheckRoot));
  g_array_set_clear_func (self->roots, check_root_clear);
  self->files = g_array_new (FALSE, FALSE, sizeof (BytestagCheckFile));
  self->found = g_array_new (FALSE, FALSE, sizeof (BytestagFoundFile));
  self->order = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->devices = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->changes = g_array_new (FALSE, FALSE, sizeof (BytestagFileChange));
  self->places = g_ptr_array_new ();
  self->digests = digests != NULL ? g_hash_table_ref (digests) : NULL;

  return self;
}

BytestagLibraryCheck *
bytestag_library_check_ref (BytestagLibraryCheck *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  self->n_references++;
  return self;
}

void
bytestag_library_check_set_worker (BytestagLibraryCheck *self,
                                   BytestagWorker       *worker)
{
  g_return_if_fail (self != NULL);

  g_set_object (&self->worker, worker);
}

/* On the worker, if there is one: 100,000 files take some milliseconds. */
static void
free_run (gpointer      data,
          GCancellable *cancellable)
{
  BytestagLibraryCheck *self = data;

  g_array_unref (self->roots);
  g_array_unref (self->files);
  g_array_unref (self->found);
  g_array_unref (self->order);
  g_array_unref (self->devices);
  g_array_unref (self->changes);
  g_ptr_array_unref (self->places);
  g_clear_pointer (&self->digests, g_hash_table_unref);
  g_string_chunk_free (self->strings);
  g_free (self);
}

static void
freed_cb (gpointer data,
          gpointer user_data)
{
}

void
bytestag_library_check_unref (BytestagLibraryCheck *self)
{
  g_autoptr (BytestagWorker) worker = NULL;

  if (self == NULL || --self->n_references > 0)
    return;

  worker = g_steal_pointer (&self->worker);
  if (worker != NULL)
    bytestag_worker_run (worker, free_run, self, NULL, freed_cb, NULL);
  else
    free_run (self, NULL);
}

void
bytestag_library_check_begin_share (BytestagLibraryCheck *self)
{
  g_return_if_fail (self != NULL);

  self->n_shares++;
}

guint
bytestag_library_check_add_root (BytestagLibraryCheck *self,
                                 const char           *path,
                                 const char           *identity)
{
  BytestagCheckRoot root = { 0 };

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), 0);

  root.share = self->n_shares;
  root.told.path = g_string_chunk_insert (self->strings, path);
  root.told.identity = identity != NULL ? g_string_chunk_insert (self->strings, identity) : NULL;
  root.folders = g_ptr_array_new ();
  bytestag_root_identity_parse (&root.was, identity);
  g_array_append_val (self->roots, root);

  return self->roots->len - 1;
}

void
bytestag_library_check_set_created (BytestagLibraryCheck *self,
                                    guint                 root,
                                    gint64                seconds)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (root < self->roots->len);

  bytestag_check_root (self, root)->created = seconds;
}

guint
bytestag_library_check_add_file (BytestagLibraryCheck    *self,
                                 guint                    root,
                                 const char              *path,
                                 const BytestagFileStamp *stamp,
                                 const guint8            *sha256)
{
  BytestagCheckFile file = { .stamp = *stamp, .root = root, .now = BYTESTAG_CHECK_NOTHING };

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (root < self->roots->len, 0);
  g_return_val_if_fail (path != NULL, 0);

  file.path = g_string_chunk_insert (self->strings, path);
  if (sha256 != NULL)
    {
      file.has_sha256 = TRUE;
      memcpy (file.sha256, sha256, sizeof file.sha256);
    }
  g_array_append_val (self->files, file);

  return self->files->len - 1;
}

void
bytestag_library_check_doubt_file (BytestagLibraryCheck *self,
                                   guint                 file)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (file < self->files->len);

  bytestag_check_file (self, file)->doubted = TRUE;
}

void
bytestag_library_check_add_place (BytestagLibraryCheck *self,
                                  const char           *path)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (path != NULL && g_path_is_absolute (path));

  g_ptr_array_add (self->places, g_string_chunk_insert (self->strings, path));
}

gboolean
bytestag_library_check_count_entry (BytestagLibraryCheck *self)
{
  if (self->n_entries_left == 0 || g_cancellable_is_cancelled (self->cancellable))
    return FALSE;

  self->n_entries_left--;
  return TRUE;
}

gboolean
bytestag_library_check_look (int           folder,
                             const char   *name,
                             struct statx *status)
{
  return statx (folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, BYTESTAG_FILE_STAMP_MASK, status) == 0;
}

gboolean
bytestag_library_check_has_device (BytestagLibraryCheck *self,
                                   guint64               device)
{
  for (guint i = 0; i < self->devices->len; i++)
    {
      if (g_array_index (self->devices, guint64, i) == device)
        return TRUE;
    }

  return FALSE;
}

void
bytestag_library_check_see_device (BytestagLibraryCheck *self,
                                   guint64               device)
{
  if (!bytestag_library_check_has_device (self, device))
    g_array_append_val (self->devices, device);
}

static int
compare_files (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  BytestagLibraryCheck *self = user_data;
  const BytestagCheckFile *one = bytestag_check_file (self, *(const guint32 *) a);
  const BytestagCheckFile *other = bytestag_check_file (self, *(const guint32 *) b);

  if (one->root != other->root)
    return one->root < other->root ? -1 : 1;
  return strcmp (one->path, other->path);
}

static void
order_files (BytestagLibraryCheck *self)
{
  g_array_set_size (self->order, self->files->len);
  for (guint32 i = 0; i < self->files->len; i++)
    {
      g_array_index (self->order, guint32, i) = i;
      bytestag_check_root (self, bytestag_check_file (self, i)->root)->n_files++;
    }
  g_array_sort_with_data (self->order, compare_files, self);

  for (guint i = 1; i < self->roots->len; i++)
    bytestag_check_root (self, i)->first =
      bytestag_check_root (self, i - 1)->first + bytestag_check_root (self, i - 1)->n_files;
}

static int
compare_folders (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

/* Whether a new version would have it: what sharing leaves out for its name is never new. */
static gboolean
is_shareable (const char *path)
{
  g_auto (GStrv) elements = g_strsplit (path, G_DIR_SEPARATOR_S, -1);

  return path[0] == '\0' || bytestag_safe_path_check ((const char * const *) elements, NULL);
}

static void
tell_changes (BytestagLibraryCheck *self)
{
  for (guint32 i = 0; i < self->files->len; i++)
    {
      const BytestagCheckFile *file = bytestag_check_file (self, i);
      BytestagFileChange change = { .file = i, .outcome = file->outcome };

      if (change.outcome == BYTESTAG_FILE_UNCHANGED)
        continue;

      if (file->now != BYTESTAG_CHECK_NOTHING)
        {
          const BytestagFoundFile *now = bytestag_check_found (self, file->now);

          change.stamp = now->stamp;
          if (change.outcome == BYTESTAG_FILE_MOVED)
            {
              change.root = now->root;
              change.path = now->path;
            }
        }
      g_array_append_val (self->changes, change);
    }

  for (guint i = 0; i < self->roots->len; i++)
    g_ptr_array_sort (bytestag_check_root (self, i)->folders, compare_folders);
  for (guint i = 0; i < self->found->len; i++)
    {
      const BytestagFoundFile *found = bytestag_check_found (self, i);

      BytestagCheckRoot *root = bytestag_check_root (self, found->root);

      if (found->owner == BYTESTAG_CHECK_NOTHING && found->claimant != root->share && !found->old &&
          is_shareable (found->path))
        root->told.n_new++;
    }
}

static gint64
get_cpu_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

gboolean
bytestag_library_check_run (BytestagLibraryCheck *self,
                            GCancellable         *cancellable)
{
  gint64 started = get_cpu_time ();

  g_return_val_if_fail (self != NULL, FALSE);

  self->cancellable = cancellable;
  self->n_entries_left = 2 * self->files->len + BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES;
  order_files (self);
  bytestag_library_check_find_roots (self);
  for (guint i = 0; i < self->roots->len; i++)
    bytestag_library_check_walk (self, i);
  bytestag_library_check_judge_roots (self);
  bytestag_library_check_match (self);
  tell_changes (self);
  self->cancellable = NULL;
  self->cpu_time = get_cpu_time () - started;

  return !g_cancellable_is_cancelled (cancellable);
}

const BytestagCheckedRoot *
bytestag_library_check_get_root (BytestagLibraryCheck *self,
                                 guint                 root)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (root < self->roots->len, NULL);

  return &bytestag_check_root (self, root)->told;
}

guint
bytestag_library_check_get_n_roots (BytestagLibraryCheck *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->roots->len;
}

guint
bytestag_library_check_get_n_files (BytestagLibraryCheck *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->files->len;
}

const char *
bytestag_library_check_get_file (BytestagLibraryCheck *self,
                                 guint                 file,
                                 guint                *root)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (file < self->files->len, NULL);

  *root = bytestag_check_file (self, file)->root;
  return bytestag_check_file (self, file)->path;
}

const BytestagFileChange *
bytestag_library_check_get_changes (BytestagLibraryCheck *self,
                                    guint                *n)
{
  g_return_val_if_fail (self != NULL, NULL);

  *n = self->changes->len;
  return (const BytestagFileChange *) (gpointer) self->changes->data;
}

const BytestagFileChange *
bytestag_library_check_find_changes (BytestagLibraryCheck *self,
                                     guint                 first,
                                     guint                 n_files,
                                     guint                *n)
{
  guint total;
  const BytestagFileChange *changes = bytestag_library_check_get_changes (self, &total);
  guint from = 0;
  guint to = total;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;

      if (changes[middle].file < first)
        from = middle + 1;
      else
        to = middle;
    }
  for (*n = 0; from + *n < total && changes[from + *n].file - first < n_files; (*n)++)
    continue;

  return changes + from;
}

const char * const *
bytestag_library_check_get_folders (BytestagLibraryCheck *self,
                                    guint                 root,
                                    guint                *n)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (root < self->roots->len, NULL);

  *n = bytestag_check_root (self, root)->folders->len;
  return (const char * const *) bytestag_check_root (self, root)->folders->pdata;
}

gint64
bytestag_library_check_get_cpu_time (BytestagLibraryCheck *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->cpu_time;
}

guint64
bytestag_library_check_get_n_read (BytestagLibraryCheck *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return atomic_load (&self->n_read);
}
