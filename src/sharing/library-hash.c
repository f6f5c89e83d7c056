/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"
#include "sharing/collection-builder.h"
#include "sharing/folder-walk.h"
#include "sharing/known-files.h"
#include "wire/safe-name.h"

static GError *
check_words (BytestagShare *share)
{
  const char * const *paths = bytestag_share_get_paths (share);
  g_autofree char *own_name = share->name == NULL ? bytestag_folder_walk_dup_name (paths) : NULL;
  const char *name = share->name != NULL ? share->name : own_name;
  g_autoptr (GError) reason = NULL;

  if (!bytestag_safe_name_check (name, &reason))
    {
      g_autofree char *shown = bytestag_name_for_display (name);

      return g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_UNSAFE_NAME,
                          own_name != NULL ? _("“%s” cannot be shared under this name: %s")
                                           : _("A collection cannot be called “%s”: %s"), shown, reason->message);
    }
  if (share->comment != NULL && !g_utf8_validate (share->comment, -1, NULL))
    return g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID, _("The comment is not valid text"));
  if (share->comment != NULL && strlen (share->comment) > BYTESTAG_LIMIT_COMMENT_BYTES)
    {
      g_autofree char *limit = g_format_size_full (BYTESTAG_LIMIT_COMMENT_BYTES, G_FORMAT_SIZE_IEC_UNITS);

      return g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                          _("The comment is too long: at most %s"), limit);
    }

  return NULL;
}

/* Parts of a file that library.db has. (transfer full) (element-type BytestagKey) (nullable) */
static GArray *
read_all_parts (BytestagLibraryStore     *store,
                const BytestagSavedFile  *file,
                GError                  **error)
{
  g_autoptr (GArray) keys = g_array_sized_new (FALSE, FALSE, sizeof (BytestagKey), file->n_parts);

  if (!bytestag_library_store_read_parts (store, file->id, 0, file->n_parts, keys, error))
    return NULL;
  if (keys->len != file->n_parts)
    {
      g_set_error_literal (error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                           _("The list of what is shared is not complete"));
      return NULL;
    }

  return g_steal_pointer (&keys);
}

/* Calls @func for each file of a share, with its parts. */
static gboolean
each_file (BytestagLibraryStore  *store,
           gint64                 share,
           void                 (*func) (const BytestagSavedFile *file, const GArray *keys, gpointer user_data),
           gpointer               user_data,
           GError               **error)
{
  gint64 after = -1;

  for (;;)
    {
      g_autoptr (GPtrArray) files = bytestag_library_store_list_files (store, share, after,
                                                                       BYTESTAG_LIMIT_ROWS_OF_STEP, error);

      if (files == NULL)
        return FALSE;
      if (files->len == 0)
        return TRUE;

      for (guint i = 0; i < files->len; i++)
        {
          const BytestagSavedFile *file = g_ptr_array_index (files, i);
          g_autoptr (GArray) keys = read_all_parts (store, file, error);

          if (keys == NULL)
            return FALSE;
          func (file, keys, user_data);
          after = file->position;
        }
    }
}

static void
add_known (const BytestagSavedFile *file,
           const GArray            *keys,
           gpointer                 user_data)
{
  bytestag_known_files_add (user_data, &file->stamp, &file->hash, file->sha256, (const BytestagKey *) keys->data,
                            keys->len);
}

/* On the disk worker: the share is there after a restart from now on; what was hashed of it
 * before, or of the version that it replaces, is known. */
static void
prepare_run (BytestagLibraryStep *step)
{
  BytestagSavedShare *saved = step->saved;
  BytestagKnownFiles *known = step->data;

  if (saved->id == 0 && !bytestag_library_store_add_share (step->store, saved, &step->error))
    return;
  if (!each_file (step->store, saved->id, add_known, known, &step->error)
      || !bytestag_library_store_begin_round (step->store, saved, &step->error))
    return;
  if (saved->replaces != 0)
    each_file (step->store, saved->replaces, add_known, known, &step->error);
}

static void build (BytestagLibrary *self, BytestagShare *share);
static void save (BytestagLibrary *self, BytestagShare *share);

/* On the disk worker. */
static void
save_run (BytestagLibraryStep *step)
{
  GPtrArray *hashed = step->data;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);

  for (guint i = 0; i < hashed->len; i++)
    {
      const BytestagHashedFile *from = g_ptr_array_index (hashed, i);
      BytestagSavedFile *file = g_new0 (BytestagSavedFile, 1);
      const BytestagKey *parts = bytestag_file_info_get_parts (from->info, &file->n_parts);

      file->position = from->position;
      file->path = g_strdup (from->path);
      file->filename = g_strdupv ((char **) bytestag_file_info_get_filename (from->info));
      file->stamp = from->stamp;
      file->hash = *bytestag_file_info_get_hash (from->info);
      memcpy (file->sha256, bytestag_file_info_get_sha256 (from->info), BYTESTAG_SHA256_SIZE);
      file->parts = g_memdup2 (parts, file->n_parts * sizeof (BytestagKey));
      g_ptr_array_add (files, file);
    }
  bytestag_library_store_save_files (step->store, step->saved, files, &step->error);
}

static void
save_done (BytestagLibraryStep *step)
{
  BytestagShare *share = step->share;

  share->saving = FALSE;
  if (!bytestag_library_step_is_wanted (step))
    return;

  if (step->error != NULL)
    {
      bytestag_task_cancel (BYTESTAG_TASK (share->hash_task));
      bytestag_library_fail (step->library, share, g_steal_pointer (&step->error));
      return;
    }
  save (step->library, share);
}

/* What was hashed since the last time, all in one transaction; then, after the last file,
 * the collection is made. */
static void
save (BytestagLibrary *self,
      BytestagShare   *share)
{
  GPtrArray *files;

  if (share->saving)
    return;

  if (share->unsaved->len > 0)
    {
      files = g_steal_pointer (&share->unsaved);
      share->unsaved = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_hashed_file_free);
      share->saving = TRUE;
      bytestag_library_run_step (self, share, files, (GDestroyNotify) g_ptr_array_unref, save_run, save_done);
    }
  else if (share->hashed)
    {
      build (self, share);
    }
}

static void
take_files (GPtrArray *files,
            gpointer   user_data)
{
  BytestagShare *share = user_data;

  if (share->state != BYTESTAG_SHARE_HASHING || share->library == NULL || share->library->closed)
    {
      g_ptr_array_unref (files);
      return;
    }

  g_ptr_array_extend_and_steal (share->unsaved, files);
  save (share->library, share);
}

static void
hashed_cb (BytestagTask  *task,
           BytestagShare *share)
{
  BytestagLibrary *self = share->library;

  if (share->state != BYTESTAG_SHARE_HASHING || self == NULL || self->closed)
    return;

  if (bytestag_task_get_state (task) != BYTESTAG_TASK_DONE)
    {
      bytestag_share_flush (share);
      bytestag_library_fail (self, share, g_error_copy (bytestag_task_get_error (task)));
      return;
    }

  share->hashed = TRUE;
  save (self, share);
}

static void
prepare_done (BytestagLibraryStep *step)
{
  BytestagLibrary *self = step->library;
  BytestagShare *share = step->share;

  share->saved->id = step->saved->id;
  share->saved->round = step->saved->round;
  if (!bytestag_library_step_is_wanted (step))
    {
      /* Stopped before there was a row to remove. */
      if (share->state == BYTESTAG_SHARE_STOPPED && step->error == NULL)
        bytestag_library_forget (self, share);
      return;
    }
  if (step->error != NULL)
    {
      bytestag_library_fail (self, share, g_steal_pointer (&step->error));
      return;
    }

  share->hash_task = bytestag_hash_task_new (self->reactor, self->worker, bytestag_share_get_paths (share));
  bytestag_hash_task_set_known (share->hash_task, step->data);
  /* The task is the share's own, and is cancelled before it goes. */
  bytestag_hash_task_set_taker (share->hash_task, take_files, share, NULL);
  g_signal_connect_object (share->hash_task, "finished", G_CALLBACK (hashed_cb), share, 0);
  bytestag_task_start (BYTESTAG_TASK (share->hash_task));
  bytestag_library_flush_later (self);
}

void
bytestag_library_hash (BytestagLibrary *self,
                       BytestagShare   *share)
{
  GError *error = check_words (share);

  if (error != NULL)
    {
      bytestag_library_fail (self, share, error);
      return;
    }

  /* At once, for whoever watches it being hashed, or failing. */
  if (share->name == NULL)
    {
      g_autofree char *name = bytestag_folder_walk_dup_name (bytestag_share_get_paths (share));

      bytestag_share_set_name (share, name);
    }
  g_free (share->saved->name);
  share->saved->name = g_strdup (share->name);
  bytestag_library_run_step (self, share, bytestag_known_files_new (), (GDestroyNotify) bytestag_known_files_unref,
                             prepare_run, prepare_done);
}

/* The collection being made of what is in library.db, and written there. */
typedef struct {
  BytestagLibraryStep *step; /* that runs */
  BytestagCollectionBuilder *builder;
  guint n_infos;
  gboolean cleared;  /* of what an earlier attempt left */
  gint64 after;      /* position of the last file */
  guint n_files;
  guint64 size;
  gboolean over;
  BytestagKey key;
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  /* Of a new version: what it would be without its own time. */
  BytestagCollectionBuilder *plain_builder;
  BytestagKey plain_key;
} Build;

static void
build_free (gpointer data)
{
  Build *self = data;

  bytestag_collection_builder_free (self->builder);
  g_clear_pointer (&self->plain_builder, bytestag_collection_builder_free);
  g_free (self);
}

/* On the disk worker, in a transaction. */
static void
built_cb (BytestagBuiltKind    kind,
          const BytestagKvpId *id,
          GBytes              *bytes,
          gpointer             user_data)
{
  Build *self = user_data;
  BytestagPieceKind piece = kind == BYTESTAG_BUILT_FILE_INFO ? BYTESTAG_PIECE_FILE_INFO : BYTESTAG_PIECE_ROOT;

  if (self->step->error == NULL)
    bytestag_library_store_add_info (self->step->store, self->step->saved->id, self->n_infos++, (guint8) piece, id,
                                     bytes, &self->step->error);
}

static void
plain_cb (BytestagBuiltKind    kind,
          const BytestagKvpId *id,
          GBytes              *bytes,
          gpointer             user_data)
{
}

static gboolean
build_file (BytestagLibraryStep     *step,
            const BytestagSavedFile *file)
{
  Build *self = step->data;
  g_autoptr (GArray) keys = read_all_parts (step->store, file, &step->error);
  g_autoptr (BytestagFileInfo) info = NULL;

  if (keys == NULL)
    return FALSE;

  info = bytestag_file_info_new (&file->hash, (const BytestagKey *) keys->data, keys->len, file->stamp.size,
                                 (const char * const *) file->filename, file->sha256);
  self->after = file->position;
  self->n_files++;
  self->size += file->stamp.size;

  return bytestag_collection_builder_add (self->builder, info, &step->error) && step->error == NULL &&
         (self->plain_builder == NULL ||
          bytestag_collection_builder_add (self->plain_builder, info, &step->error));
}

static gboolean
build_end (BytestagLibraryStep *step)
{
  Build *self = step->data;
  guint8 sha256[BYTESTAG_SHA256_SIZE];

  self->over = TRUE;
  return bytestag_collection_builder_finish (self->builder, &self->key, self->sha256, &step->error) &&
         step->error == NULL &&
         (self->plain_builder == NULL ||
          bytestag_collection_builder_finish (self->plain_builder, &self->plain_key, sha256, &step->error));
}

/* On the disk worker: a step of some files, so that values are read between two. */
static void
build_run (BytestagLibraryStep *step)
{
  Build *self = step->data;
  g_autoptr (GPtrArray) files = NULL;
  gboolean more = TRUE;
  gboolean good = TRUE;

  self->step = step;
  while (!self->cleared && more)
    {
      if (!bytestag_library_store_clear_infos (step->store, step->saved->id, &more, &step->error))
        return;
    }
  if (!self->cleared && !bytestag_library_store_end_round (step->store, step->saved, &step->error))
    return;
  self->cleared = TRUE;

  files = bytestag_library_store_list_files (step->store, step->saved->id, self->after, BYTESTAG_LIMIT_ROWS_OF_STEP,
                                             &step->error);
  if (files == NULL || !bytestag_library_store_begin (step->store, &step->error))
    return;
  for (guint i = 0; good && i < files->len; i++)
    good = build_file (step, g_ptr_array_index (files, i));
  if (good && files->len < BYTESTAG_LIMIT_ROWS_OF_STEP)
    good = build_end (step);
  bytestag_library_store_commit (step->store, good, good ? &step->error : NULL);
}

/* On the disk worker. The share has its link when this is on the disk. */
static void
confirm_run (BytestagLibraryStep *step)
{
  step->saved->state = BYTESTAG_SAVED_SHARED;
  bytestag_library_store_update_share (step->store, step->saved, &step->error);
}

static void
confirm_done (BytestagLibraryStep *step)
{
  BytestagLibrary *self = step->library;
  BytestagShare *share = step->share;

  if (!bytestag_library_step_is_wanted (step))
    return;

  g_clear_object (&share->hash_task);
  if (step->error != NULL)
    {
      bytestag_library_fail (self, share, g_steal_pointer (&step->error));
      return;
    }
  share->saved->state = BYTESTAG_SAVED_SHARED;
  bytestag_library_serve (self, share);
}

/* The same collection is shared already: this item leaves the list for the one that is. */
static void
yield_to_twin (BytestagLibrary *self,
               BytestagShare   *share,
               BytestagShare   *twin)
{
  share->twin = g_object_ref (twin);
  bytestag_library_forget (self, share);
  bytestag_share_set_state (share, BYTESTAG_SHARE_STOPPED);
  bytestag_library_remove_item (self, share);
  if (twin->link != NULL)
    {
      bytestag_share_set_link (share, twin->link);
      bytestag_share_emit_ready (share);
    }
  else
    {
      /* It is being saved: what holds for it will hold for this one. */
      g_ptr_array_add (twin->followers, g_object_ref (share));
    }
}

/* (transfer none) (nullable) what @share is a new version of. */
static BytestagShare *
find_old (BytestagLibrary *self,
          BytestagShare   *share)
{
  for (guint i = 0; share->saved->replaces != 0 && i < self->shares->len; i++)
    {
      BytestagShare *old = g_ptr_array_index (self->shares, i);

      if (old->saved->id == share->saved->replaces)
        return old;
    }

  return NULL;
}

static void
finish_building (BytestagLibrary *self,
                 BytestagShare   *share,
                 const Build     *job)
{
  BytestagShare *old = find_old (self, share);
  BytestagShare *twin;

  share->saved->key = job->key;
  memcpy (share->saved->sha256, job->sha256, BYTESTAG_SHA256_SIZE);
  share->saved->n_files = job->n_files;
  share->saved->size = job->size;
  share->has_key = TRUE;
  twin = bytestag_library_find_twin (self, share);
  if (old != NULL && job->plain_builder != NULL && bytestag_key_equal (&old->saved->key, &job->plain_key))
    twin = old;

  if (twin != NULL)
    {
      g_clear_object (&share->hash_task);
      yield_to_twin (self, share, twin);
    }
  else
    {
      bytestag_library_run_step (self, share, NULL, NULL, confirm_run, confirm_done);
    }
}

static void
build_done (BytestagLibraryStep *step)
{
  BytestagLibrary *self = step->library;
  BytestagShare *share = step->share;
  Build *job = step->data;

  if (!bytestag_library_step_is_wanted (step))
    return;

  bytestag_share_flush (share);
  if (step->error != NULL)
    {
      g_clear_object (&share->hash_task);
      bytestag_library_fail (self, share, g_steal_pointer (&step->error));
    }
  else if (job->over)
    {
      finish_building (self, share, job);
    }
  else
    {
      bytestag_library_run_step (self, share, g_steal_pointer (&step->data), build_free, build_run, build_done);
    }
}

static void
build (BytestagLibrary *self,
       BytestagShare   *share)
{
  Build *job = g_new0 (Build, 1);
  BytestagShare *old = find_old (self, share);

  job->after = -1;
  job->builder = bytestag_collection_builder_new (share->name, share->comment, share->saved->timestamp, built_cb, job);
  if (old != NULL)
    job->plain_builder = bytestag_collection_builder_new (share->name, share->comment, old->saved->timestamp,
                                                          plain_cb, NULL);
  bytestag_library_run_step (self, share, job, build_free, build_run, build_done);
}
