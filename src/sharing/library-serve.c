/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sharing/library-private.h"

#include <glib/gi18n-lib.h>

#include "core/error.h"
#include "core/limits.h"

G_STATIC_ASSERT (BYTESTAG_LIMIT_PARTS_OF_SLICE + BYTESTAG_LIMIT_PARTS_OF_ROW <= BYTESTAG_LIMIT_PIECES_OF_SLICE);

/* Files that are looked for in one step: those whose parts do not fit are looked for again. */
#define FILES_OF_BATCH 32

/* What was read of a share in one step: at most a slice of it. */
typedef struct {
  /* From here on. */
  guint first_info;
  gboolean infos_read;
  gint64 after;      /* position of the last file that was read wholly */
  guint next_part;   /* of the file behind it, when some of its parts were read */
  gint64 open_file;  /* its row */
  guint n_open;      /* its parts */

  GArray *infos;     /* (element-type BytestagSavedInfo) */
  GPtrArray *files;  /* (element-type BytestagSavedFile) whose n_parts is what comes of them now */
  guint n_continued; /* parts of the file of the step before */
  GArray *keys;      /* (element-type BytestagKey) all of these parts */
  GArray *states;    /* (element-type BytestagSavedPiece) of all infos, or all parts, in this order */
  gboolean over;
} Batch;

static void
batch_free (gpointer data)
{
  Batch *self = data;

  g_array_unref (self->infos);
  g_ptr_array_unref (self->files);
  g_array_unref (self->keys);
  g_array_unref (self->states);
  g_free (self);
}

static Batch *
batch_new (void)
{
  Batch *self = g_new0 (Batch, 1);

  self->after = -1;
  self->infos = g_array_new (FALSE, FALSE, sizeof (BytestagSavedInfo));
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) bytestag_saved_file_free);
  self->keys = g_array_new (FALSE, FALSE, sizeof (BytestagKey));
  self->states = g_array_new (FALSE, TRUE, sizeof (BytestagSavedPiece));

  return self;
}

/* Parts of the open file, as many as there is room for; those that are not as many as its
 * size says are an error. */
static gboolean
read_open_file (BytestagLibraryStep *step,
                Batch               *self,
                guint               *n)
{
  guint n_before = self->keys->len;

  if (!bytestag_library_store_read_parts (step->store, self->open_file, self->next_part,
                                          MIN (self->n_open - self->next_part,
                                               BYTESTAG_LIMIT_PARTS_OF_SLICE - n_before),
                                          self->keys, &step->error))
    return FALSE;

  *n = self->keys->len - n_before;
  self->next_part += *n;
  if (self->next_part > self->n_open)
    {
      g_set_error_literal (&step->error, BYTESTAG_ERROR, BYTESTAG_ERROR_INVALID,
                           _("The list of what is shared holds what this program has not written"));
      return FALSE;
    }
  if (self->next_part == self->n_open)
    {
      self->after++;
      self->next_part = 0;
    }

  return TRUE;
}

static void
read_files (BytestagLibraryStep *step,
            Batch               *self)
{
  g_autoptr (GPtrArray) files = NULL;

  if (self->next_part > 0 && !read_open_file (step, self, &self->n_continued))
    return;
  if (self->next_part > 0)
    return;

  files = bytestag_library_store_list_files (step->store, step->saved->id, self->after, FILES_OF_BATCH,
                                             &step->error);
  if (files == NULL)
    return;
  self->over = files->len == 0;
  while (files->len > 0 && self->keys->len < BYTESTAG_LIMIT_PARTS_OF_SLICE && self->next_part == 0)
    {
      BytestagSavedFile *file = g_ptr_array_steal_index (files, 0);

      g_ptr_array_add (self->files, file);
      self->after = (gint64) file->position - 1;
      self->open_file = file->id;
      self->n_open = file->n_parts;
      if (!read_open_file (step, self, &file->n_parts))
        return;
    }
}

/* How well what was read is kept by others. */
static void
read_states (BytestagLibraryStep *step,
             Batch               *self)
{
  g_array_set_size (self->states, self->infos->len + self->keys->len);
  for (guint i = 0; i < self->infos->len; i++)
    g_array_index (self->states, BytestagSavedPiece, i).id = g_array_index (self->infos, BytestagSavedInfo, i).id;
  for (guint i = 0; i < self->keys->len; i++)
    {
      BytestagKvpId *id = &g_array_index (self->states, BytestagSavedPiece, self->infos->len + i).id;

      id->key = id->index = g_array_index (self->keys, BytestagKey, i);
    }
  bytestag_library_store_load_pieces (step->store, (gpointer) self->states->data, self->states->len,
                                      &step->error);
}

/* On the disk worker. */
static void
serve_run (BytestagLibraryStep *step)
{
  Batch *self = step->data;

  if (self->infos_read)
    {
      read_files (step, self);
    }
  else if (bytestag_library_store_list_infos (step->store, step->saved->id, self->first_info,
                                              BYTESTAG_LIMIT_PARTS_OF_SLICE, self->infos, &step->error))
    {
      self->first_info += self->infos->len;
      self->infos_read = self->infos->len < BYTESTAG_LIMIT_PARTS_OF_SLICE;
    }

  if (step->error == NULL)
    read_states (step, self);
}

static void
add_piece (GArray                   *pieces,
           const BytestagSavedPiece *state,
           gsize                     size,
           BytestagPieceKind         kind)
{
  BytestagPiece piece = {
    .id = state->id,
    .size = (guint32) size,
    .until = state->until,
    .looked = state->looked,
    .kind = (guint8) kind,
    .n_copies = state->n_copies,
    .n_originals = state->n_originals,
  };

  g_array_append_val (pieces, piece);
}

static void
add_infos (BytestagLibrary *self,
           BytestagShare   *share,
           const Batch     *batch)
{
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (BytestagPiece));

  for (guint i = 0; i < batch->infos->len; i++)
    {
      const BytestagSavedInfo *info = &g_array_index (batch->infos, BytestagSavedInfo, i);

      bytestag_shared_files_table_add_value (self->table, &info->id, info->size, NULL);
      g_array_append_val (share->values, info->id);
      add_piece (pieces, &g_array_index (batch->states, BytestagSavedPiece, i), info->size, info->kind);
    }
  bytestag_publication_add_pieces (share->publication, (gconstpointer) pieces->data, pieces->len);
}

/* The next @n parts of file @number of the set. */
static void
add_parts (BytestagLibrary          *self,
           BytestagShare            *share,
           guint                     number,
           const BytestagSavedPiece *states,
           guint                     n,
           GArray                   *pieces)
{
  const BytestagSharedFile *file = bytestag_shared_set_get_file (share->set, number);
  guint first = bytestag_shared_set_get_n_parts (share->set) - file->first;

  for (guint i = 0; i < n; i++)
    {
      gsize length = bytestag_shared_file_get_length (file, first + i);

      /* The part of an empty file is fetched from nowhere. */
      if (bytestag_shared_files_table_add_part (self->table, share->set, &states[i].id.key) && length > 0)
        add_piece (pieces, &states[i], length, BYTESTAG_PIECE_PART);
    }
}

static void
add_files (BytestagLibrary *self,
           BytestagShare   *share,
           const Batch     *batch)
{
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (BytestagPiece));
  const BytestagSavedPiece *states = (gconstpointer) batch->states->data;

  if (batch->n_continued > 0)
    add_parts (self, share, bytestag_shared_set_get_n_files (share->set) - 1, states, batch->n_continued, pieces);
  states += batch->n_continued;
  for (guint i = 0; i < batch->files->len; i++)
    {
      const BytestagSavedFile *file = g_ptr_array_index (batch->files, i);
      guint number = bytestag_shared_files_table_add_file (self->table, share->set, file->id, file->path, &file->stamp);

      bytestag_shared_files_table_set_state (self->table, share->set, number, file->state);
      share->n_of_state[file->state]++;
      add_parts (self, share, number, states, file->n_parts, pieces);
      states += file->n_parts;
    }
  bytestag_publication_add_pieces (share->publication, (gconstpointer) pieces->data, pieces->len);
}

static void
add_batch (BytestagLibrary *self,
           BytestagShare   *share,
           Batch           *batch)
{
  if (batch->infos->len > 0)
    add_infos (self, share, batch);
  else
    add_files (self, share, batch);

  g_array_set_size (batch->infos, 0);
  g_array_set_size (batch->keys, 0);
  g_array_set_size (batch->states, 0);
  g_ptr_array_set_size (batch->files, 0);
  batch->n_continued = 0;
}

/* What @share is a new version of is stopped, now that nobody need do without. */
static void
replace_old (BytestagShare *share)
{
  BytestagLibrary *self = share->library;

  for (guint i = 0; self != NULL && share->saved->replaces != 0 && i < self->shares->len; i++)
    {
      BytestagShare *old = g_ptr_array_index (self->shares, i);

      if (old->saved->id == share->saved->replaces)
        {
          bytestag_library_stop (self, old);
          return;
        }
    }
}

/* Whoever has the link gets all of it, also without us: the other copies are for safety. */
static void
first_copies_cb (BytestagPublication *publication,
                 BytestagShare       *share)
{
  bytestag_share_set_state (share, BYTESTAG_SHARE_ONLINE);
  bytestag_share_flush (share);
}

static void
complete_cb (BytestagPublication *publication,
             BytestagShare       *share)
{
  gboolean first = !share->published;

  first_copies_cb (publication, share);
  share->published = TRUE;
  replace_old (share);
  if (first)
    bytestag_share_emit_published (share);
}

/* Who asks for it is told when it was last published. */
static void
piece_changed_cb (BytestagPublication *publication,
                  gpointer             before,
                  gpointer             after,
                  BytestagLibrary     *self)
{
  const BytestagPiece *piece = after;

  if (piece->n_copies > 0 || piece->n_originals > 0)
    bytestag_shared_files_table_set_published (self->table, &piece->id, piece->looked);
}

static char *
name_piece (const BytestagKvpId *id,
            gpointer             user_data)
{
  g_autofree char *path = bytestag_shared_files_table_dup_path (user_data, id);

  return path != NULL ? g_filename_display_name (path) : NULL;
}

static void
watch_survival (BytestagLibrary *self,
                BytestagShare   *share)
{
  g_autoptr (BytestagSurvival) survival = bytestag_survival_new (self->network, share->publication);

  /* The table outlives it: the library has both. */
  bytestag_survival_set_name_func (survival, name_piece, self->table);
  bytestag_share_set_survival (share, survival);
}

/* It is all there: the person may pass the link on. */
static void
finish_serving (BytestagLibrary *self,
                BytestagShare   *share)
{
  g_autoptr (GPtrArray) followers = g_steal_pointer (&share->followers);

  share->followers = g_ptr_array_new_with_free_func (g_object_unref);
  share->served = TRUE;
  bytestag_share_tell_check (share);
  g_object_freeze_notify (G_OBJECT (share));
  if (share->link == NULL)
    bytestag_library_set_link (self, share);
  bytestag_share_set_state (share, BYTESTAG_SHARE_PUBLISHING);
  g_object_thaw_notify (G_OBJECT (share));
  g_signal_connect_object (share->publication, "first-copies", G_CALLBACK (first_copies_cb), share, 0);
  g_signal_connect_object (share->publication, "complete", G_CALLBACK (complete_cb), share, 0);
  g_signal_connect_object (share->publication, "piece-changed", G_CALLBACK (piece_changed_cb), self, 0);
  bytestag_publisher_start (self->publisher, share->publication);
  watch_survival (self, share);
  bytestag_library_flush_later (self);
  bytestag_library_watch_share (self, share);
  bytestag_share_emit_ready (share);

  for (guint i = 0; i < followers->len; i++)
    {
      BytestagShare *follower = g_ptr_array_index (followers, i);

      bytestag_share_set_link (follower, share->link);
      bytestag_share_emit_ready (follower);
    }
}

/* Why the pieces of @share cannot all be published, or NULL. (transfer full) (nullable) */
static GError *
check_room (BytestagShare *share)
{
  if (share->publication == NULL)
    return g_error_new (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                        _("As much is shared as this program can look after (%u): stop sharing something first"),
                        BYTESTAG_LIMIT_PUBLICATIONS);
  if (bytestag_publication_get_n_refused (share->publication) > 0)
    return g_error_new_literal (BYTESTAG_ERROR, BYTESTAG_ERROR_TOO_LARGE,
                                _("What is shared has parts in common in more ways than this program can look after: "
                                  "stop sharing something first"));
  return NULL;
}

static void serve_first (BytestagLibrary *self);

static void
serve_done (BytestagLibraryStep *step)
{
  BytestagLibrary *self = step->library;
  BytestagShare *share = step->share;
  Batch *batch = step->data;

  if (self->closed)
    return;

  if (bytestag_library_step_is_wanted (step) && step->error == NULL)
    {
      add_batch (self, share, batch);
      step->error = check_room (share);
      if (step->error == NULL && !batch->over)
        {
          bytestag_library_run_step (self, share, g_steal_pointer (&step->data), batch_free, serve_run, serve_done);
          return;
        }
    }

  g_object_unref (g_queue_pop_head (&self->serving));
  serve_first (self);
  if (!bytestag_library_step_is_wanted (step))
    return;
  if (step->error != NULL)
    {
      /* The rows stay as they are, for whoever can mend them. */
      bytestag_library_withdraw (self, share);
      bytestag_share_fail (share, g_steal_pointer (&step->error));
      return;
    }
  finish_serving (self, share);
}

static void
serve_first (BytestagLibrary *self)
{
  BytestagShare *share = g_queue_peek_head (&self->serving);

  if (share != NULL)
    bytestag_library_run_step (self, share, batch_new (), batch_free, serve_run, serve_done);
}

/* One at a time: the pieces of one are added in a row (see _add_part). */
void
bytestag_library_serve (BytestagLibrary *self,
                        BytestagShare   *share)
{
  GError *error;

  share->publication = bytestag_publisher_add (self->publisher, share->saved->copies);
  error = check_room (share);
  if (error != NULL)
    {
      /* Its rows stay: after the next start there may be room. */
      bytestag_share_fail (share, error);
      return;
    }

  share->set = bytestag_shared_files_table_add_set (self->table);
  g_queue_push_tail (&self->serving, g_object_ref (share));
  if (self->serving.length == 1)
    serve_first (self);
}

/* What is being taken out of the table. */
typedef struct {
  BytestagSharedSet *set; /* (nullable) */
  GArray *values;         /* (element-type BytestagKvpId) */
} Withdrawal;

void
bytestag_library_free_withdrawal (gpointer data)
{
  Withdrawal *self = data;

  g_clear_pointer (&self->set, bytestag_shared_set_unref);
  g_array_unref (self->values);
  g_free (self);
}

/* Whether there is more of it. */
static gboolean
withdraw_slice (BytestagLibrary *self,
                Withdrawal      *withdrawal)
{
  GArray *values = withdrawal->values;
  guint n = MIN (values->len, BYTESTAG_LIMIT_PARTS_OF_SLICE);

  for (guint i = 0; i < n; i++)
    bytestag_shared_files_table_remove_value (self->table, &g_array_index (values, BytestagKvpId, values->len - 1 - i));
  g_array_set_size (values, values->len - n);

  return values->len > 0 ||
         (withdrawal->set != NULL &&
          bytestag_shared_files_table_remove_set (self->table, withdrawal->set, BYTESTAG_LIMIT_PARTS_OF_SLICE - n));
}

/* By a timer and not as events, of which a turn takes as many as fit into it. */
static void
withdraw_cb (gpointer user_data)
{
  BytestagLibrary *self = user_data;

  if (!withdraw_slice (self, g_queue_peek_head (&self->withdrawals)))
    bytestag_library_free_withdrawal (g_queue_pop_head (&self->withdrawals));
  if (self->withdrawals.length > 0)
    bytestag_reactor_arm (self->reactor, &self->withdraw_timer, 0, withdraw_cb, self);
}

void
bytestag_library_withdraw (BytestagLibrary *self,
                           BytestagShare   *share)
{
  Withdrawal *withdrawal = g_new0 (Withdrawal, 1);

  if (share->publication != NULL && self->publisher != NULL)
    bytestag_publisher_remove (self->publisher, share->publication);
  bytestag_share_set_survival (share, NULL);
  g_clear_object (&share->publication);
  bytestag_library_unwatch_share (self, share);
  share->served = FALSE;

  withdrawal->set = g_steal_pointer (&share->set);
  withdrawal->values = g_steal_pointer (&share->values);
  share->values = g_array_new (FALSE, FALSE, sizeof (BytestagKvpId));

  /* Small ones are gone when this returns; of others the parts are listed no more. */
  if (withdrawal->set != NULL)
    bytestag_shared_files_table_remove_set (self->table, withdrawal->set, 0);
  if (!withdraw_slice (self, withdrawal))
    {
      bytestag_library_free_withdrawal (withdrawal);
      return;
    }
  g_queue_push_tail (&self->withdrawals, withdrawal);
  bytestag_reactor_arm (self->reactor, &self->withdraw_timer, 0, withdraw_cb, self);
}

/* On the disk worker. */
static void
forget_run (BytestagLibraryStep *step)
{
  gboolean *more = step->data;

  bytestag_library_store_remove_share (step->store, step->saved->id, more, &step->error);
}

static void
forget_done (BytestagLibraryStep *step)
{
  gboolean *more = step->data;

  /* What is left is taken out after the next start. */
  if (step->error != NULL)
    g_warning ("A share is not yet forgotten: %s", step->error->message);
  else if (*more && !step->library->closed)
    bytestag_library_run_step (step->library, step->share, g_steal_pointer (&step->data), g_free, forget_run,
                               forget_done);
}

void
bytestag_library_forget (BytestagLibrary *self,
                         BytestagShare   *share)
{
  if (share->saved->id == 0)
    return;

  bytestag_library_run_step (self, share, g_new0 (gboolean, 1), g_free, forget_run, forget_done);
}

/* On the disk worker. */
static void
save_pieces_run (BytestagLibraryStep *step)
{
  const GArray *states = step->data;

  bytestag_library_store_save_pieces (step->store, (gconstpointer) states->data, states->len,
                                      &step->error);
}

static void
save_pieces_done (BytestagLibraryStep *step)
{
  /* They are looked at once more after the next start. */
  if (step->error != NULL)
    g_message ("What is known of copies is not saved: %s", step->error->message);
}

void
bytestag_library_save_pieces (const BytestagPiece *pieces,
                              guint                n,
                              gpointer             user_data)
{
  GArray *states = g_array_sized_new (FALSE, FALSE, sizeof (BytestagSavedPiece), n);

  for (guint i = 0; i < n; i++)
    {
      BytestagSavedPiece state = {
        .id = pieces[i].id,
        .until = pieces[i].until,
        .looked = pieces[i].looked,
        .n_copies = pieces[i].n_copies,
        .n_originals = pieces[i].n_originals,
      };

      g_array_append_val (states, state);
    }
  bytestag_library_run_step (user_data, NULL, states, (GDestroyNotify) g_array_unref, save_pieces_run,
                             save_pieces_done);
}
